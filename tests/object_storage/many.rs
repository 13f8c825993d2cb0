//! A bucket with many keys: the listing comes page by page, and what is kept of a key is its name
//! and its size.

use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::server::Fault;
use crate::{World, log, text};

/// What a share of a listing took.
struct Taken {
    /// Requests for pages.
    pages: usize,
    /// The most memory until the first log was read, in KiB; 0 where the system does not say.
    peak: u64,
    seconds: f32,
}

/// Reads a share of one log of `keys` keys.
fn share_of(keys: usize) -> Taken {
    let world = World::new();
    let line = log("billing", 1..2, 1);
    for number in 0..keys {
        let key = format!(
            "b/gateway/2026/10/{:02}/access-{number:09}.log",
            number % 31 + 1
        );
        world.server.put(&key, &line);
    }
    let child = Arc::new(Mutex::new(0));
    let counts = Arc::new(Mutex::new((0, 0)));
    let (own, seen) = (Arc::clone(&child), Arc::clone(&counts));
    world.server.plan(move |request| {
        let (pages, peak) = &mut *seen.lock().unwrap();
        if request.is_listing() {
            *pages += 1;
        } else if request.path.starts_with("b/gateway/") && *peak == 0 {
            *peak = most_memory(*own.lock().unwrap());
        }
        Fault::None
    });
    let share = format!(
        "ingest s3://b/gateway --catalog openapi.yaml --shard 1/{} --partial p",
        keys.min(100_000)
    );
    let mut command = world.command(&share);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut number = child.lock().unwrap();
    let process = command.spawn().unwrap();
    *number = process.id();
    drop(number);
    let output = process.wait_with_output().unwrap();
    let seconds = begun.elapsed().as_secs_f32();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (pages, peak) = *counts.lock().unwrap();
    Taken {
        pages,
        peak,
        seconds,
    }
}

/// The most memory that a process has had so far, in KiB.
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    number.unwrap_or(0)
}

/// Bytes of memory for each key beyond a listing of one.
fn bytes_a_key(keys: usize, taken: &Taken) -> u64 {
    let least = share_of(1).peak;
    taken.peak.saturating_sub(least) * 1024 / keys as u64
}

#[test]
fn of_a_listing_of_many_pages_a_share_asks_each_page_once_and_keeps_a_name_of_each_key() {
    let keys = 30_000;
    let taken = share_of(keys);
    assert_eq!(taken.pages, 30);
    if taken.peak > 0 {
        let each = bytes_a_key(keys, &taken);
        println!("object storage: {each} bytes for each of {keys} keys");
        assert!(each < 1500, "{each} bytes for each key");
    }
}

#[test]
#[ignore = "a measurement: `cargo test --release --features object-storage --test object_storage -- --ignored --nocapture a_million`"]
fn a_million_keys() {
    let keys = 1_000_000;
    let taken = share_of(keys);
    println!(
        "object storage: {keys} keys in {} pages: {:.1} s, {} MiB, {} bytes for each",
        taken.pages,
        taken.seconds,
        taken.peak / 1024,
        bytes_a_key(keys, &taken)
    );
    assert_eq!(taken.pages, 1000);
}
