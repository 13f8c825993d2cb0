//! What every gateway is asked: requests that are awkward to log.

use crate::service::AGENT;
use crate::token::Token;

#[path = "requests_list.rs"]
mod list;

/// How a request goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// The caller hangs up before the answer.
    Leaves,
    /// These bytes, with `{m}` for the marker.
    Raw(Vec<u8>),
}

/// One request, and what a log has to say about it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What it is: rules of a gateway name it so.
    pub(crate) name: &'static str,
    /// What no other request has in it.
    pub(crate) marker: String,
    pub(crate) method: &'static str,
    /// The method as events have it: the unusual ones have no name there.
    pub(crate) logged_method: &'static str,
    target: Vec<u8>,
    version: &'static str,
    pub(crate) token: Token,
    more: Vec<(&'static str, Vec<u8>)>,
    body: usize,
    pub(crate) wire: Wire,
    /// The path, written down by hand; `None` where it is none. One for each request on the
    /// connection.
    pub(crate) paths: Vec<Option<String>>,
}

/// All of them, each with its marker.
pub(crate) fn all() -> Vec<Asked> {
    let mut all = list::all();
    for (number, asked) in all.iter_mut().enumerate() {
        asked.marker = format!("k{number:03}k");
    }
    all
}

/// A request of the client `erp` for this target, whose path is the same.
fn get(name: &'static str, target: &str) -> Asked {
    let path = target.split('?').next().unwrap_or_default();
    Asked {
        name,
        marker: String::new(),
        method: "GET",
        logged_method: "GET",
        target: target.as_bytes().to_vec(),
        version: "HTTP/1.1",
        token: Token::Erp,
        more: Vec::new(),
        body: 0,
        wire: Wire::Http1,
        paths: vec![Some(path.to_owned())],
    }
}

/// Bytes that are hardly a request.
fn raw(name: &'static str, bytes: &[u8]) -> Asked {
    Asked {
        wire: Wire::Raw(bytes.to_vec()),
        token: Token::None,
        ..get(name, "/").no_path()
    }
}

impl Asked {
    fn path(mut self, path: &str) -> Self {
        self.paths = vec![Some(path.to_owned())];
        self
    }

    fn no_path(mut self) -> Self {
        self.paths = vec![None];
        self
    }

    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self.logged_method = method;
        self
    }

    fn logged_as(mut self, method: &'static str) -> Self {
        self.logged_method = method;
        self
    }

    fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn token(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    fn header(mut self, name: &'static str, value: &[u8]) -> Self {
        self.more.push((name, value.to_vec()));
        self
    }

    fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    fn bytes_of_target(mut self, target: &[u8]) -> Self {
        self.target = target.to_vec();
        self
    }

    fn over(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// The paths, with the marker in its place.
    pub(crate) fn expected_paths(&self) -> Vec<Option<String>> {
        let filled = |path: &String| path.replace("{m}", &self.marker);
        self.paths
            .iter()
            .map(|path| path.as_ref().map(filled))
            .collect()
    }

    pub(crate) fn target(&self) -> Vec<u8> {
        self.filled(&self.target)
    }

    /// All headers but `Host` and `Connection`, which HTTP/2 does not have.
    pub(crate) fn headers(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut all = vec![("User-Agent", format!("{AGENT}{}", self.marker).into_bytes())];
        if let Some(token) = self.token.text() {
            all.push(("Authorization", format!("Bearer {token}").into_bytes()));
        }
        for (name, value) in &self.more {
            all.retain(|(known, _)| known != name);
            all.push((name, self.filled(value)));
        }
        all
    }

    /// The request as it goes out over HTTP/1.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        if let Wire::Raw(bytes) = &self.wire {
            return self.filled(bytes);
        }
        let mut out = [self.method.as_bytes(), b" ", &self.target()].concat();
        if self.version.is_empty() {
            out.extend_from_slice(b"\r\n");
            return out;
        }
        out.extend_from_slice(format!(" {}\r\n", self.version).as_bytes());
        let mut headers = self.headers();
        if self.version != "HTTP/1.0" {
            headers.push(("Host", b"api.example.com".to_vec()));
            headers.push(("Connection", b"close".to_vec()));
        }
        if self.body > 0 {
            headers.push(("Content-Length", self.body.to_string().into_bytes()));
        }
        for (name, value) in headers {
            out.extend_from_slice(&[name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        out.extend_from_slice(b"\r\n");
        out.resize(out.len() + self.body, b'x');
        out
    }

    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.windows(3).position(|window| window == b"{m}") {
            parts.extend_from_slice(&rest[..at]);
            parts.extend_from_slice(self.marker.as_bytes());
            rest = &rest[at + 3..];
        }
        parts.extend_from_slice(rest);
        parts
    }
}
