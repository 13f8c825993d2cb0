//! Asks a running gateway the requests of a policy, in plain HTTP/1.1.
//!
//! In: an address, requests, and tokens of clients. Out: the status of each answer.
//!
//! Invariants:
//! * a request target goes out byte for byte: no step is resolved, no escape is changed;
//! * a token is in the request that it is for, and nowhere else;
//! * one request to a connection, one after the other; no redirect is followed;
//! * a gateway that answers nothing is left alone after a few requests.
//!
//! There is no TLS here: `https` is for Hurl and k6, or for a proxy in front.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use super::Advised;
use crate::enforce::Checks;
use crate::enforce::gateway::{Answer, LeftOut, Said};
use crate::enforce::policy::requests::Request;

/// How long a connection and an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway that leaves so many requests in a row without an answer is asked no more.
const SILENT: usize = 5;

/// Most that is read of an answer: its status stands at the beginning.
const HEAD: usize = 64 << 10;

/// Where the gateway is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// As in the `Host` header.
    authority: String,
    host: String,
    port: u16,
    /// What stands in front of every target; may be empty.
    prefix: String,
}

impl Address {
    /// Reads `http://HOST[:PORT][/PREFIX]`.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("https:") {
            return Err(Advised::new(
                "there is no TLS in this program, so it cannot ask a gateway over https",
                "leave --ask out and run what is written with Hurl or k6, or put a proxy in front that ends TLS",
            ));
        }
        // The text itself is not repeated: it may hold a password.
        let wrong = || {
            Advised::new(
                "--ask names no gateway",
                "write http://HOST:PORT or http://HOST:PORT/PREFIX",
            )
        };
        if !lower.starts_with("http://") || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        let rest = &text["http://".len()..];
        let (authority, prefix) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(Advised::new(
                "--ask holds a user or a password",
                "say who calls with --client-header or --tokens",
            ));
        }
        let after_host = authority.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match authority[after_host..].find(':') {
            Some(at) => {
                let (host, port) = authority.split_at(after_host + at);
                (host, port[1..].parse().map_err(|_| wrong())?)
            }
            None => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || text.contains(['?', '#', '\\']) {
            return Err(wrong());
        }
        Ok(Self {
            authority: authority.to_owned(),
            host: host.to_owned(),
            port,
            prefix: prefix.trim_end_matches('/').to_owned(),
        })
    }

    /// The first of its addresses that takes a connection.
    fn reach(&self) -> anyhow::Result<SocketAddr> {
        let all = (self.host.as_str(), self.port).to_socket_addrs();
        let mut said = match &all {
            Ok(_) => "the host has no address".to_owned(),
            Err(error) => error.to_string(),
        };
        for address in all.into_iter().flatten() {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(address),
                Err(error) => said = error.to_string(),
            }
        }
        Err(Advised::new(
            format!("no gateway answers at `{self}`: {said}"),
            "start it, or name another address with --ask",
        ))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

/// Asks all that may be asked. `token` gives the token in a variable.
///
/// What is not asked is counted in the checks.
pub(crate) fn ask(
    address: &Address,
    checks: &mut Checks,
    token: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<Answer>> {
    let peer = address.reach()?;
    let mut answers = Vec::with_capacity(checks.requests.len());
    let (mut silent, mut untold) = (0, 0);
    for (at, request) in checks.requests.iter().enumerate() {
        let caller = match checks.caller(request) {
            None => String::new(),
            Some((header, Said::Text(text))) => format!("{header}: {text}\r\n"),
            Some((header, Said::Token(name))) => {
                let Some(token) = token(&name) else {
                    untold += 1;
                    continue;
                };
                format!("{header}: Bearer {token}\r\n")
            }
        };
        let status = status(peer, &sent(address, request, &caller));
        silent = if status.is_none() { silent + 1 } else { 0 };
        answers.push(Answer {
            verdict: checks.judge(request, status),
            request: request.clone(),
            status,
        });
        if silent == SILENT {
            let left = checks.requests.len() - at - 1;
            checks.leave_out(LeftOut::Silent, left);
            break;
        }
    }
    if untold > 0 {
        checks.leave_out(LeftOut::NoToken, untold);
    }
    Ok(answers)
}

/// The request as it goes out.
fn sent(address: &Address, request: &Request, caller: &str) -> String {
    let length = match request.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => "",
        _ => "Content-Length: 0\r\n",
    };
    format!(
        "{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: scopetrim\r\nAccept: */*\r\n{caller}{length}Connection: close\r\n\r\n",
        request.method, address.prefix, request.target, address.authority
    )
}

/// The status of the answer.
fn status(peer: SocketAddr, request: &str) -> Option<u16> {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&peer, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    // A gateway that refuses may close before all is sent; its answer is there all the same.
    let _ = stream.write_all(request.as_bytes());
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while head.len() < HEAD && Instant::now() < deadline {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => head.extend_from_slice(&buffer[..read]),
            _ => break,
        }
        if let Some(status) = final_status(&head) {
            return Some(status);
        }
    }
    final_status(&head)
}

/// The first status that is no interim one (RFC 9110 section 15.2).
fn final_status(mut head: &[u8]) -> Option<u16> {
    loop {
        let line = head.strip_prefix(b"HTTP/1.")?;
        let code = line.get(1..5)?.strip_prefix(b" ")?;
        let code: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
        if code >= 200 {
            return Some(code);
        }
        let end = head.windows(4).position(|end| end == b"\r\n\r\n")?;
        head = &head[end + 4..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_with_or_without_port_and_prefix() {
        let parts = |text: &str| {
            let address = Address::parse(text).unwrap();
            (
                address.host.clone(),
                address.port,
                address.prefix.clone(),
                address.to_string(),
            )
        };
        let expected = |host: &str, port, prefix: &str, text: &str| {
            (host.to_owned(), port, prefix.to_owned(), text.to_owned())
        };
        assert_eq!(parts("http://gw"), expected("gw", 80, "", "http://gw"));
        assert_eq!(
            parts("HTTP://gw:81/"),
            expected("gw", 81, "", "http://gw:81")
        );
        assert_eq!(
            parts("http://[::1]:8/a/b/"),
            expected("::1", 8, "/a/b", "http://[::1]:8/a/b")
        );
        assert_eq!(
            parts("http://[::1]"),
            expected("::1", 80, "", "http://[::1]")
        );
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_is_not_repeated() {
        for text in [
            "",
            "gw:80",
            "http://",
            "http://:80",
            "http://gw:x",
            "http://gw?a",
            "http://g w",
            "http://gw/#x",
            "ftp://gw",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        let said = |text: &str| Address::parse(text).unwrap_err().to_string();
        assert!(
            said("https://gw").contains("no TLS"),
            "{}",
            said("https://gw")
        );
        assert!(!said("http://me:s3cret@gw").contains("s3cret"));
    }

    #[test]
    fn the_status_is_that_of_the_final_answer() {
        let of = |text: &str| final_status(text.as_bytes());
        assert_eq!(of("HTTP/1.1 403 Forbidden\r\n"), Some(403));
        assert_eq!(of("HTTP/1.0 200"), Some(200));
        assert_eq!(
            of("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 \r\n"),
            Some(404)
        );
        for none in [
            "",
            "HTTP/1.1",
            "HTTP/1.1 20",
            "HTTP/1.1 abc",
            "SSH-2.0",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
