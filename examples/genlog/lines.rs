//! One request as a line of text. The Kong format is in `kong`.
//!
//! In: a request. Out: bytes appended to a buffer; no formatting machinery, since this is what limits the speed.

use crate::index;
use crate::kong;
use crate::rng::mix;
use crate::routes::Route;
use crate::stamp::Stamp;

/// Appends texts and byte strings in a row.
macro_rules! push {
    ($out:ident, $($part:expr),+ $(,)?) => { $( $out.extend_from_slice(AsRef::<[u8]>::as_ref($part)); )+ };
}
pub(crate) use push;

const AGENTS: [&str; 7] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "curl/8.7.1",
    "night-sync/2.3 (+https://example.com/about)",
];

/// The formats that can be written.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Kong,
    Flat,
    Combined,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "kong" => Some(Self::Kong),
            "flat" => Some(Self::Flat),
            "combined" => Some(Self::Combined),
            _ => None,
        }
    }
}

/// A client with everything about it that never changes.
pub(crate) struct Client {
    pub(crate) hash: u64,
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) address: String,
    agent: &'static str,
}

impl Client {
    pub(crate) fn new(number: u64) -> Self {
        let hash = mix(number + 77);
        let mut digits = Vec::new();
        hex(&mut digits, hash);
        let digits = String::from_utf8_lossy(&digits);
        Self {
            hash,
            name: format!("client-{number:06}"),
            uuid: format!(
                "{}-{}-4{}-a{}-{number:012x}",
                &digits[..8],
                &digits[8..12],
                &digits[12..15],
                &digits[13..]
            ),
            address: format!(
                "10.{}.{}.{}",
                (hash >> 8) % 256,
                (hash >> 16) % 256,
                1 + (hash >> 24) % 254
            ),
            agent: AGENTS[index(hash % 7)],
        }
    }
}

/// What happened.
pub(crate) struct Request<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) client: &'a Client,
    pub(crate) route: &'a Route,
    /// Path and query.
    pub(crate) path: &'a [u8],
    /// No route has this path.
    pub(crate) junk: bool,
    pub(crate) status: u64,
    pub(crate) bytes: u64,
    pub(crate) millis: u64,
    pub(crate) id: (u64, u64),
    /// The user agent holds quotes, which both JSON and the combined format escape by a backslash.
    pub(crate) quoted_agent: bool,
}

impl Request<'_> {
    /// Appends the line with its end.
    pub(crate) fn write(&self, format: Format, out: &mut Vec<u8>) {
        match format {
            Format::Kong => kong::write(self, out),
            Format::Flat => self.flat(out),
            Format::Combined => self.combined(out),
        }
        out.push(b'\n');
    }

    /// Whoever is refused by 401 stays unknown.
    pub(crate) fn known(&self) -> Option<&Client> {
        (self.status != 401).then_some(self.client)
    }

    pub(crate) fn agent(&self, out: &mut Vec<u8>) {
        push!(out, self.client.agent);
        if self.quoted_agent {
            push!(out, " \\\"beta\\\"");
        }
    }

    pub(crate) fn request_id(&self, out: &mut Vec<u8>) {
        hex(out, self.id.0);
        hex(out, self.id.1);
    }

    fn combined(&self, out: &mut Vec<u8>) {
        let name = self.known().map_or("-", |client| client.name.as_str());
        push!(
            out,
            &self.client.address,
            " - ",
            name,
            " [",
            &self.stamp.date[1],
            &self.stamp.clock
        );
        push!(
            out,
            " +0000] \"",
            self.route.method,
            " ",
            self.path,
            " HTTP/1.1\" "
        );
        decimal(out, self.status);
        out.push(b' ');
        decimal(out, self.bytes);
        push!(out, " \"https://app.example.com/console\" \"");
        self.agent(out);
        out.push(b'"');
    }

    fn flat(&self, out: &mut Vec<u8>) {
        let name = self.known().map_or("-", |client| client.name.as_str());
        push!(
            out,
            "{\"time\":\"",
            &self.stamp.date[0],
            &self.stamp.clock,
            "."
        );
        padded(out, self.stamp.millis % 1_000, 3);
        push!(out, "Z\",\"request_id\":\"");
        self.request_id(out);
        push!(
            out,
            "\",\"remote_addr\":\"",
            &self.client.address,
            "\",\"client_id\":\"",
            name
        );
        push!(
            out,
            "\",\"method\":\"",
            self.route.method,
            "\",\"path\":\"",
            self.path
        );
        push!(out, "\",\"protocol\":\"HTTP/1.1\",\"status\":");
        decimal(out, self.status);
        push!(out, ",\"bytes_sent\":");
        decimal(out, self.bytes);
        push!(out, ",\"duration_ms\":");
        decimal(out, self.millis);
        push!(
            out,
            ",\"upstream\":\"10.0.7.",
            if self.junk { "1" } else { "2" },
            ":8080\",\"upstream_status\":\""
        );
        decimal(out, self.status);
        push!(out, "\",\"host\":\"api.example.com\",\"user_agent\":\"");
        self.agent(out);
        push!(
            out,
            "\",\"x_forwarded_for\":\"",
            &self.client.address,
            "\"}"
        );
    }
}

/// Appends a number in decimal digits.
pub(crate) fn decimal(out: &mut Vec<u8>, number: u64) {
    padded(out, number, 1);
}

/// The same with leading zeros up to a width.
pub(crate) fn padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b"0123456789"[index(number % 10)];
        number /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// Appends sixteen hexadecimal digits.
pub(crate) fn hex(out: &mut Vec<u8>, number: u64) {
    let digits = std::array::from_fn::<u8, 16, _>(|at| {
        b"0123456789abcdef"[index((number >> (60 - 4 * at)) & 15)]
    });
    out.extend_from_slice(&digits);
}
