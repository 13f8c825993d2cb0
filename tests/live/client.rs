//! Sends one request as it stands, byte for byte, and keeps what came back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::gateway::LOOK;
use crate::h2;
use crate::requests::{Asked, Wire};
use crate::service::Service;

/// How long an answer may take: no request here is answered later than the service answers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The final statuses of the answers, in order; none where the connection ended without one.
pub(crate) fn send(asked: &Asked, ports: (u16, u16), service: &Service) -> Vec<u16> {
    match &asked.wire {
        Wire::Http2 => h2::ask(ports.1, asked).into_iter().collect(),
        Wire::Leaves => {
            let mut stream = open(ports.0);
            write(&mut stream, &asked.bytes());
            service.wait_for(&asked.marker);
            Vec::new()
        }
        Wire::Http1 | Wire::Raw(_) => {
            let mut stream = open(ports.0);
            write(&mut stream, &asked.bytes());
            statuses(&answer(&mut stream))
        }
    }
}

/// Asks for a path until something else than 404 comes back.
pub(crate) fn wait_until_served(port: u16, path: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut stream = open(port);
        write(
            &mut stream,
            format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes(),
        );
        if statuses(&answer(&mut stream)) != [404] {
            return;
        }
        assert!(Instant::now() < deadline, "{path} is never served");
        std::thread::sleep(LOOK);
    }
}

pub(crate) fn open(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A gateway that refuses may close before all is sent; its answer is there all the same.
pub(crate) fn write(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// Everything until the gateway closes.
fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    let end = Instant::now() + PATIENCE;
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        all.extend_from_slice(&buffer[..read]);
        assert!(Instant::now() < end, "an answer without an end");
    }
    all
}

/// Statuses of the status lines, without those of interim answers.
pub(crate) fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.split("HTTP/1.").skip(1);
    let codes = lines.filter_map(|line| line.get(2..5)?.parse().ok());
    codes.filter(|code| *code >= 200).collect()
}
