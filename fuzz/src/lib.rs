//! What the fuzz targets do with their input, and what must hold.
//!
//! The upper layers of scopetrim are compiled into this package from their own files: nothing
//! of them has to be public, and nothing below them is built.
//!
//! Every target: no panic, no endless loop, memory in proportion to the input. What else holds
//! is said at each function.

#![allow(dead_code, unused_imports, missing_docs)]

#[path = "../../src/catalog/mod.rs"]
mod catalog;
#[path = "../../src/document/mod.rs"]
mod document;
#[path = "../../src/event/mod.rs"]
mod event;
#[path = "../../src/format/mod.rs"]
mod format;
#[path = "../../src/grants/mod.rs"]
mod grants;
#[path = "../../src/input/mod.rs"]
mod input;
#[path = "../../src/model/mod.rs"]
mod model;
#[path = "../../src/patch/mod.rs"]
mod patch;
#[path = "../../src/storage/mod.rs"]
mod storage;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use format::{Format, Opened, Scratch, Skip, detect};
use input::{Block, BlockSink, Input, Limits};
use model::{Entry, Policy, PolicyFile};
use patch::{PatchError, Removal};

/// The first byte chooses a format of the registry, the rest is a log of it.
///
/// Every line gives a record or a reason; a record names nothing longer than its line.
pub fn records(data: &[u8]) {
    let Some((choice, log)) = data.split_first() else {
        return;
    };
    let format = format::ALL[usize::from(*choice) % format::ALL.len()];
    let seen = detect::detect(log);
    let _ = (seen.format().is_some(), seen.explain());
    read_lines(&Opened::new(Format::Known(format), log), log);
}

fn read_lines(opened: &Opened, log: &[u8]) {
    let mut scratch = Scratch::asking(true);
    opened.reader.begin(0, &mut scratch);
    let rules = event::EventRules::default();
    let mut path = Vec::new();
    for line in log.split(|byte| *byte == b'\n').map(detect::trim) {
        match opened.reader.parse(line, &mut scratch) {
            Ok(raw) => {
                assert!(
                    raw.target.len() <= line.len() + 1,
                    "a target out of nothing"
                );
                assert!(
                    raw.client
                        .is_none_or(|client| client.len() <= 2 * line.len())
                );
                let _ = rules.outcome(&raw);
                let _ = event::path::normalise(raw.target, raw.host, &rules.paths, &mut path);
            }
            Err(Skip::Blank) => assert!(line.is_empty(), "a line counted as blank"),
            Err(_) => {}
        }
    }
}

/// Lines and bytes that came to a worker.
#[derive(Default)]
struct Seen {
    lines: u64,
    bytes: u64,
    records: u64,
    skipped: u64,
}

struct Count<'a>(&'a Opened);

impl BlockSink for Count<'_> {
    type State = (Seen, Scratch);

    fn begin(&self) -> Self::State {
        (Seen::default(), Scratch::asking(true))
    }

    fn block(&self, (seen, scratch): &mut Self::State, block: Block<'_>) {
        self.0.reader.begin(block.offset, scratch);
        seen.bytes += block.bytes.len() as u64;
        for line in block.bytes.split(|byte| *byte == b'\n').map(detect::trim) {
            seen.lines += 1;
            match self.0.reader.parse(line, scratch) {
                Ok(_) => seen.records += 1,
                Err(_) => seen.skipped += 1,
            }
        }
    }
}

/// A whole file through compression, archives, layers and envelopes, within small limits.
///
/// Each line is a record or skipped with a reason, also with several threads; no byte is read
/// that is not there; two runs find the same sources and read the same.
pub fn layers(data: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else {
        return;
    };
    if file.write_all(data).is_err() {
        return;
    }
    let read = |threads| {
        let input = Input {
            path: Some(file.path().to_owned()),
            shown: Arc::from("input"),
            size: data.len() as u64,
        };
        let limits = Limits {
            threads,
            unpacked: 1 << 24,
            ratio_from: 1 << 22,
            members: 16,
            ..Limits::default()
        };
        let mut sources = input::head_within(&[input], format::LAYERS, &limits);
        assert!(!sources.is_empty(), "an input without a word");
        let sample = sources[0].sample().to_vec();
        let found = detect::detect(&sample).format();
        let format = found.unwrap_or(Format::Known(format::ALL[0]));
        let opened = Opened::new(format, &sample);
        // The first member of an archive decides for all.
        for source in &mut sources {
            if let Some(framing) = opened.reader.framing() {
                source.frame(framing);
            }
        }
        let progress = AtomicU64::new(0);
        let (states, reports) = input::read_once(&sources, &limits, &Count(&opened), &progress);
        let mut all = Seen::default();
        for (seen, _) in states {
            assert_eq!(seen.lines, seen.records + seen.skipped, "a line is lost");
            all.bytes += seen.bytes;
            all.records += seen.records;
        }
        let unpacked: u64 = reports.iter().map(|report| report.bytes).sum();
        assert!(all.bytes <= unpacked, "bytes out of nothing");
        let digests: Vec<_> = reports.iter().map(|report| report.digest).collect();
        (all.bytes, all.records, digests)
    };
    assert_eq!(read(1), read(3), "threads decide what is read");
}

/// The parsers of YAML, JSON, HCL and CSV: every span lies in the text.
pub fn documents(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for tree in [
        document::yaml::parse(text, "f.yaml").ok(),
        document::json::parse(text, "f.json").ok(),
        document::hcl::parse(text, "f.tf").ok(),
    ] {
        tree.iter().for_each(|node| spans(node, text));
    }
    if let Ok(rows) = document::csv::rows(text, &Arc::from("f.csv")) {
        for row in rows {
            assert!(text.get(row.span.start..row.span.end).is_some());
            for cell in row.cells {
                for split in [
                    document::csv::Split::Blank,
                    document::csv::Split::At(','),
                    document::csv::Split::Never,
                ] {
                    let _ = document::csv::words(text, cell, split);
                }
            }
        }
    }
}

fn spans(node: &document::Node, text: &str) {
    assert!(
        text.get(node.span.start..node.span.end).is_some(),
        "a span cuts a letter"
    );
    if let Some(items) = node.as_seq() {
        items.iter().for_each(|item| spans(item, text));
    }
    if let Some(entries) = node.as_map() {
        entries.iter().for_each(|(_, value)| spans(value, text));
    }
}

/// A policy file: each of its first entries removed alone, and the result read again.
///
/// What is read then is what was read before, without that entry; or the edit is refused.
pub fn policies(data: &[u8]) {
    for name in ["f.yaml", "f.json", "f.csv", "f.tf"] {
        let Ok(file) = grants::read(Arc::from(data), name) else {
            continue;
        };
        let _ = grants::comments_affected(&file);
        let before = granted(&file);
        let count = file.entries.len().min(8);
        let policy = Policy {
            files: vec![file],
            ..Policy::default()
        };
        for entry in 0..count {
            match patch::plan(&policy, &[Removal { file: 0, entry }], &[]) {
                Ok(done) => {
                    let mut left = before.clone();
                    let gone = told(&policy.files[0].entries[entry]);
                    left.remove(left.iter().position(|own| *own == gone).unwrap());
                    let again = grants::read(Arc::from(done.files[0].new.as_slice()), name);
                    assert_eq!(granted(&again.unwrap()), left, "not the plan");
                }
                Err(PatchError::Frozen(_) | PatchError::Refused(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn told(entry: &Entry) -> String {
    format!(
        "{:?} {:?} {:?} {}",
        entry.subject, entry.granted, entry.audience, entry.optional
    )
}

fn granted(file: &PolicyFile) -> Vec<String> {
    let mut all: Vec<String> = file.entries.iter().map(told).collect();
    all.sort();
    all
}

/// A mapping file, and after a line `---` a log that it reads.
pub fn mappings(data: &[u8]) {
    let mark = data.windows(5).position(|window| window == b"\n---\n");
    let (file, log) = mark.map_or((data, &b""[..]), |at| (&data[..at], &data[at + 5..]));
    let Ok(text) = std::str::from_utf8(file) else {
        return;
    };
    if let Ok(format) = format::Format::described(text) {
        read_lines(&Opened::new(format, log), log);
    }
}
