//! The same against stores that others wrote: moto (S3) and Azurite (Azure Blob Storage).
//!
//! `SCOPETRIM_MOTO` names a Python that has `moto[server]`, `SCOPETRIM_AZURITE` the program
//! `azurite-blob`. What is not there is named, and its test passes.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::{World, files, log, text};

/// A store that is ended with the test.
struct Store(Child);

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn start(variable: &str, command: impl FnOnce(&str, u16) -> Command) -> Option<(Store, u16)> {
    let Ok(program) = std::env::var(variable) else {
        println!("object storage: skipped, {variable} names no store");
        return None;
    };
    let port = free_port();
    let mut command = command(&program, port);
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let store = Store(started.unwrap());
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((store, port));
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the store of {variable} does not listen");
}

/// Ingest, shares and merge, analysis, and two writers, whose tables are those of a folder.
fn round(world: &World, at: &str, set: &dyn Fn(&mut Command)) {
    let run = |args: &str| {
        let mut command = world.command(args);
        set(&mut command);
        command.output().unwrap()
    };
    let ok = |args: &str| {
        let output = run(args);
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    ok(&format!(
        "ingest logs --catalog openapi.yaml --ledger {at}/ledger"
    ));
    ok("ingest logs --catalog openapi.yaml --ledger local");
    ok(&format!("ledger compact {at}/ledger"));
    ok("ledger compact local");
    let flags = "--catalog openapi.yaml --grants grants.yaml --json";
    let remote = ok(&format!("analyze --ledger {at}/ledger {flags}"));
    let local = ok(&format!("analyze --ledger local {flags}"));
    assert_eq!(remote.replace(&format!("{at}/ledger"), "local"), local);
    for share in [2, 1] {
        ok(&format!(
            "ingest logs --catalog openapi.yaml --shard {share}/2 --partial {at}/parts/{share}"
        ));
    }
    ok(&format!("ledger merge {at}/parts/ --into merged"));
    assert_eq!(files(&world.path("merged")), files(&world.path("local")));
    ok(&format!("ledger merge {at}/parts --into {at}/merged"));
    assert!(ok(&format!("ledger verify {at}/merged")).contains("0 faults"));
    // Both read the same state; whoever comes second is refused by the store itself.
    let more = |name: &str| {
        let mut command = world.command(&format!(
            "ingest {name} --catalog openapi.yaml --ledger {at}/ledger"
        ));
        set(&mut command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [more("more-a"), more("more-b")];
    let done = both.map(|child| child.wait_with_output().unwrap());
    assert!(
        done.iter().any(|output| output.status.success()),
        "{done:?}"
    );
    for output in done.iter().filter(|output| !output.status.success()) {
        assert!(
            text(&output.stderr).contains("was changed by another run meanwhile"),
            "{output:?}"
        );
    }
    ok(&format!(
        "ingest more-a more-b --catalog openapi.yaml --ledger {at}/ledger"
    ));
    ok(&format!("ledger compact {at}/ledger"));
    ok("ingest more-a more-b --catalog openapi.yaml --ledger local");
    ok("ledger compact local");
    let status = |of: &str| {
        let text = ok(&format!("ledger status {of}"));
        text.replace(of, "")
    };
    assert_eq!(status(&format!("{at}/ledger")), status("local"));
    // What does not count any more is removed, and what counts is there.
    let prune = |ledger: &str| ok(&format!("ledger prune {ledger} --keep 6d --remove"));
    let told = prune(&format!("{at}/ledger"));
    assert!(!told.contains("; 0 files"), "{told}");
    prune("local");
    assert_eq!(status(&format!("{at}/ledger")), status("local"));
    let verified = ok(&format!("ledger verify {at}/ledger"));
    assert!(
        verified.trim().ends_with("are right, 0 faults"),
        "{verified}"
    );
}

fn world() -> World {
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..8, 40));
    world.add("logs/b.log", &log("storefront-web", 4..12, 40));
    world.add("more-a/c.log", &log("partner-export", 12..16, 40));
    world.add("more-b/d.log", &log("loyalty-app", 13..17, 40));
    world
}

#[test]
fn moto() {
    let Some((_store, port)) = start("SCOPETRIM_MOTO", |python, port| {
        let mut command = Command::new(python);
        command.args([
            "-m",
            "moto.server",
            "-H",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]);
        command
    }) else {
        return;
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    make_bucket(port);
    round(&world(), "s3://bucket/some/prefix", &|command| {
        command.env("AWS_ENDPOINT", &endpoint);
    });
    println!("object storage: moto was used");
}

fn make_bucket(port: u16) {
    put(
        port,
        "PUT /bucket HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/s3/aws4_request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
}

fn put(port: u16, request: &str) {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

#[test]
fn azurite() {
    let Some((_store, port)) = start("SCOPETRIM_AZURITE", |program, port| {
        let mut command = Command::new(program);
        command.args([
            "--silent",
            "--inMemoryPersistence",
            "--skipApiVersionCheck",
            "--disableTelemetry",
        ]);
        command.args(["--blobPort", &port.to_string()]);
        command
    }) else {
        return;
    };
    make_container(port);
    let url = format!("http://127.0.0.1:{port}");
    round(&world(), "az://bucket/some/prefix", &|command| {
        command
            .env("AZURE_STORAGE_USE_EMULATOR", "true")
            .env("AZURITE_BLOB_STORAGE_URL", &url);
    });
    println!("object storage: Azurite was used");
}

/// The key that every emulator of Azure's storage has.
const EMULATOR: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn make_container(port: u16) {
    use base64::Engine as _;
    let date = Command::new("date")
        .args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C")
        .output();
    let date = text(&date.unwrap().stdout);
    let headers = format!("x-ms-date:{}\nx-ms-version:2021-08-06", date.trim());
    let signed = format!(
        "PUT{}{headers}\n/devstoreaccount1/devstoreaccount1/bucket\nrestype:container",
        "\n".repeat(12)
    );
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64.decode(EMULATOR).unwrap();
    let signature = base64.encode(hmac_sha256(&key, signed.as_bytes()));
    let headers = headers.replace('\n', "\r\n");
    put(
        port,
        &format!(
            "PUT /devstoreaccount1/bucket?restype=container HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\nAuthorization: SharedKey devstoreaccount1:{signature}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
    );
}

/// RFC 2104 with SHA-256, for keys of a block.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    assert!(key.len() <= 64);
    let padded = |with: u8| -> Vec<u8> {
        (0..64)
            .map(|at| key.get(at).copied().unwrap_or(0) ^ with)
            .collect()
    };
    let inner = Sha256::digest([&padded(0x36)[..], text].concat());
    Sha256::digest([&padded(0x5c)[..], &inner[..]].concat()).to_vec()
}
