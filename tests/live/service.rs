//! What stands behind every gateway: the API, and the service that checks tokens.
//!
//! It keeps which requests came through to the API, so that the comparison knows without any
//! log who answered.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::client::PATIENCE;
use crate::token::{CLIENT, Token};

/// What a request's `User-Agent` begins with; its marker follows.
pub(crate) const AGENT: &str = "live/";

/// Where gateways ask whether a token is good.
pub(crate) const CHECK: &str = "/_check";

/// How long the API keeps those waiting who ask for `give=slow`.
const SLOW: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Seen {
    /// What each asked for, as it came.
    markers: Mutex<BTreeMap<String, String>>,
    grown: Condvar,
}

/// The service, which goes on until the test ends.
pub(crate) struct Service {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let of = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&of);
                // A gateway may close whenever it likes.
                std::thread::spawn(move || stream.ok().and_then(|stream| answer(&stream, &seen)));
            }
        });
        Self { port, seen }
    }

    /// Whether the request with this marker came to the API.
    pub(crate) fn saw(&self, marker: &str) -> bool {
        self.seen.markers.lock().unwrap().contains_key(marker)
    }

    /// What the request with this marker asked the API for.
    pub(crate) fn target(&self, marker: &str) -> Option<String> {
        self.seen.markers.lock().unwrap().get(marker).cloned()
    }

    /// Waits until it did.
    pub(crate) fn wait_for(&self, marker: &str) {
        let markers = self.seen.markers.lock().unwrap();
        let missing = |markers: &mut BTreeMap<_, _>| !markers.contains_key(marker);
        let waited = self
            .seen
            .grown
            .wait_timeout_while(markers, PATIENCE, missing);
        // Where it never came the comparison says so.
        drop(waited.unwrap());
    }
}

fn answer(stream: &TcpStream, seen: &Seen) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream);
    let asked = line(&mut reader)?;
    let target = asked.split(' ').nth(1)?.to_owned();
    let (mut token, mut marker, mut length) = (Token::None, String::new(), 0);
    loop {
        let header = line(&mut reader)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("authorization", value) => token = Token::of(value),
            ("content-length", value) => length = value.parse().ok()?,
            ("user-agent", value) => {
                let own = value.strip_prefix(AGENT).unwrap_or_default();
                own.split(' ').next()?.clone_into(&mut marker);
            }
            _ => {}
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
    if target.starts_with(CHECK) {
        return match token {
            Token::Erp => say(stream, "200", &format!("X-Client-Id: {CLIENT}\r\n")),
            Token::Powerless => say(stream, "403", &format!("X-Client-Id: {CLIENT}\r\n")),
            Token::None | Token::Forged => say(stream, "401", ""),
        };
    }
    let mut markers = seen.markers.lock().unwrap();
    markers.insert(marker, target.clone());
    drop(markers);
    seen.grown.notify_all();
    let give = target.split("give=").nth(1).unwrap_or("200");
    match give.split(['&', '#', '"']).next()? {
        "close" => Some(()),
        "slow" => {
            stream.set_read_timeout(Some(SLOW)).ok()?;
            // Ends at once when the gateway hangs up.
            let _ = reader.read(&mut [0]);
            say(stream, "200", "")
        }
        // A gateway that believed this would name the wrong caller.
        status => say(stream, status, "X-Client-Id: from-the-api\r\n"),
    }
}

/// One line without its end; headers may hold any byte.
fn line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes).ok()?;
    let text = bytes.strip_suffix(b"\n")?;
    Some(String::from_utf8_lossy(text.trim_ascii_end()).into_owned())
}

fn say(mut stream: &TcpStream, status: &str, headers: &str) -> Option<()> {
    let length = if matches!(status, "204" | "304") {
        ""
    } else {
        "Content-Length: 0\r\n"
    };
    let answer = format!("HTTP/1.1 {status} Said\r\n{length}{headers}Connection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).ok()
}
