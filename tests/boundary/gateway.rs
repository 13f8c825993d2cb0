//! A stub gateway that knows the routes by heart and asks only for scopes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What each token may do: the holdings of a policy file, by the variable's value.
pub(crate) type Held = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn held(pairs: &[(&str, &[&str])]) -> Held {
    pairs
        .iter()
        .map(|(client, scopes)| {
            let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            ((*client).to_owned(), scopes)
        })
        .collect()
}

/// Starts it on a free port of this machine; its address.
pub(crate) fn gateway(held: Held) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let held = Arc::new(held);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let held = Arc::clone(&held);
            std::thread::spawn(move || answer(stream.unwrap(), &held));
        }
    });
    address
}

fn answer(mut stream: TcpStream, held: &Held) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut token = None;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap() < 3 {
            break;
        }
        if let Some(value) = header.trim_end().strip_prefix("Authorization: Bearer ") {
            token = Some(value.to_owned());
        }
    }
    let collection = path.split('/').nth(1).unwrap();
    let needs: &[&[&str]] = match (method, collection, path.matches('/').count()) {
        ("GET", "orders", _) => &[&["orders:read"]],
        ("POST", "orders", 1) => &[&["orders:write"]],
        ("DELETE", "orders", 2) => &[&["orders:admin"]],
        ("GET", "reports", 1) => &[&["reports:read"], &["orders:admin"]],
        ("GET", "audit", 2) => &[&["audit:read", "orders:read"]],
        _ => &[],
    };
    let status = match token.as_ref().map(|token| held.get(token)) {
        None | Some(None) => "401 Unauthorized",
        Some(Some(answer))
            if needs
                .iter()
                .any(|all| all.iter().all(|one| answer.contains(*one))) =>
        {
            if path.contains("00000000") {
                "404 Not Found"
            } else {
                "200 OK"
            }
        }
        Some(Some(_)) => "403 Forbidden",
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
}
