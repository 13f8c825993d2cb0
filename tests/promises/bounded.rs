//! Promise 9: hostile input costs bounded memory and is reported.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use scopetrim::run::Limits;
use scopetrim::stages::{Block, BlockSink, SourceStatus, discover, head, read_once};

use crate::common::{Case, Folder, gzip};

/// Counts bytes, and the largest block.
struct Largest {
    block: AtomicU64,
}

impl BlockSink for Largest {
    type State = u64;

    fn begin(&self) -> u64 {
        0
    }

    fn block(&self, state: &mut u64, block: Block<'_>) {
        *state += block.bytes.len() as u64;
        self.block
            .fetch_max(block.bytes.len() as u64, Ordering::Relaxed);
    }
}

#[test]
fn a_bomb_is_stopped_and_said() {
    let folder = Folder::new();
    // One member of zeros, many times over: 256 MiB in a quarter of a mebibyte.
    for (name, fill) in [("zeros.gz", 0_u8), ("lines.gz", b'\n')] {
        let member = gzip(&vec![fill; 1 << 20]);
        folder.put(name, member.repeat(256));
        let limits = Limits {
            ratio: 100,
            ratio_from: 8 << 20,
            threads: 2,
            ..Limits::default()
        };
        let patterns = [folder.path(name).to_str().unwrap().to_owned()];
        let sources = head(&discover(&patterns, Path::new("")).unwrap(), &[]);
        let sink = Largest {
            block: AtomicU64::new(0),
        };
        let (states, reports) = read_once(&sources, &limits, &sink, &AtomicU64::new(0));
        let SourceStatus::Partial(reason) = &reports[0].status else {
            panic!("{:?}", reports[0].status);
        };
        assert!(reason.contains("bomb"), "{reason}");
        assert!(reports[0].bytes < 64 << 20, "{}", reports[0].bytes);
        assert!(states.iter().sum::<u64>() < 64 << 20);
        assert!(sink.block.into_inner() <= 4 << 20);
        assert_eq!(reports[0].digest, None);
    }
}

#[test]
fn an_archive_of_exactly_some_blocks_is_read_to_its_end() {
    let case = Case::new(7);
    for blocks in [1, 2] {
        let folder = case.folder();
        let mut text = case.lines().join("\n").into_bytes();
        text.resize(blocks << 20, b'\n');
        folder.put("log.gz", gzip(&text));
        let report = case.analyze(&folder, &["log.gz"], &[]).report(0);
        assert_eq!(report["inputs"][0]["counted"], case.events.len());
    }
}

#[test]
fn a_line_of_fifty_mebibytes_costs_one_reject() {
    let case = Case::new(9);
    let folder = case.folder();
    for packed in [false, true] {
        let mut text = case.lines().join("\n").into_bytes();
        text.push(b'\n');
        text.resize(text.len() + (50 << 20), b'x');
        text.extend_from_slice(b"\n");
        text.extend_from_slice(case.lines()[0].as_bytes());
        folder.put("long.log", if packed { gzip(&text) } else { text });
        let more = ["--max-reject-share", "1", "--threads", "2"];
        let run = case.analyze(&folder, &["long.log"], &more);
        let report = run.report(0);
        assert_eq!(report["inputs"][0]["rejected_by_reason"]["oversize"], 1);
        assert_eq!(report["inputs"][0]["counted"], case.events.len() + 1);
        assert!(folder.read("out/rejects.ndjson").len() < 4_096);
    }
}

#[test]
fn a_scanner_with_three_hundred_thousand_names_does_not_drown_the_clients() {
    let case = Case::new(11);
    let folder = case.folder();
    let quiet = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
    let mut log = std::io::BufWriter::new(std::fs::File::create(folder.path("scan.log")).unwrap());
    for line in case.lines() {
        writeln!(log, "{line}").unwrap();
    }
    for number in 0..300_000 {
        writeln!(log, r#"{{"time":1767225600,"client_id":"scan{number}","method":"GET","path":"/p{number}/x","status":404}}"#).unwrap();
    }
    log.flush().unwrap();
    let report = case
        .analyze(&folder, &["scan.log"], &["--threads", "2"])
        .report(0);
    assert_eq!(report["inputs"][0]["counted"], case.events.len() + 300_000);
    assert_eq!(report["clients"], quiet["clients"]);
    let named = report["only_in_log"].as_array().unwrap();
    assert!(named.len() < 1 << 18, "{}", named.len());
    let shown: u64 = named
        .iter()
        .map(|name| name["requests"].as_u64().unwrap())
        .sum();
    assert!(shown > 0);
}

#[test]
fn deep_nesting_ends_in_a_sentence() {
    let case = Case::new(13);
    let deep = "[".repeat(200_000);
    let folder = case.folder();
    let line = format!(
        r#"{{"time":1767225600,"client_id":"c0","method":"GET","path":"/r0x","status":200,"x":{deep}"#
    );
    let closed = format!("{line}{}}}", "]".repeat(200_000));
    folder.put(
        "deep.log",
        [case.lines().join("\n"), line, closed, String::new()].join("\n"),
    );
    let run = case.analyze(&folder, &["deep.log"], &["--max-reject-share", "1"]);
    let report = run.report(0);
    let input = &report["inputs"][0];
    let counts = [&input["counted"], &input["rejected"]].map(|count| count.as_u64().unwrap());
    assert_eq!(input["records"], case.events.len() + 2);
    assert_eq!(counts[0] + counts[1], case.events.len() as u64 + 2);
    assert!(counts[1] >= 1);
    let nested = [
        format!("{{\"operations\":{deep}"),
        format!("{{\"operations\":{deep}{}}}", "]".repeat(200_000)),
        format!("{{\"a\":{}", "{\"a\":".repeat(100_000)),
        "- ".repeat(100_000),
        deep.clone(),
    ];
    for name in [
        "catalog.json",
        case.policy_name(),
        "grants.yaml",
        "scopetrim.toml",
    ] {
        for text in &nested {
            let folder = case.folder();
            folder.put(name, text);
            let policy = if name.starts_with("grants") {
                name
            } else {
                case.policy_name()
            };
            let args = [
                "analyze",
                "--logs",
                "log.jsonl",
                "--catalog",
                "catalog.json",
                "--grants",
                policy,
            ];
            let run = folder.run(&args);
            assert_eq!(run.code, Some(2), "{name}: {}", run.stderr);
            assert!(
                run.stderr.len() < 10_000,
                "{name}: {} bytes of error",
                run.stderr.len()
            );
        }
    }
}
