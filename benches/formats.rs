//! Throughput of the reader of every log format, alone and on one thread.
//!
//! The lines are the samples of `docs/formats.md`, which a test compares with the registry, so
//! that a new format is measured without a change here. Those of one format and one kind come
//! one after the other until there are four megabytes of them; lines that are no records are
//! left out. Nothing is done with the records: this is the work that the format alone answers for.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a benchmark may panic and say what it leaves out"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scopetrim::stages::log_format_for;

/// Bytes of one text.
const TEXT: usize = 4 << 20;

/// Each format with its sample lines, in the order of the registry.
fn samples() -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let (mut is_sample, mut is_open) = (false, false);
    for line in include_str!("../docs/formats.md").lines() {
        if let Some(name) = line.strip_prefix("## `") {
            all.push((name.trim_end_matches('`').to_owned(), Vec::new()));
        } else if line == "**A line.**" {
            is_sample = true;
        } else if line.starts_with("```") {
            is_open = is_sample && !is_open;
            is_sample &= is_open;
        } else if is_open {
            all.last_mut().unwrap().1.push(line.to_owned());
        }
    }
    all
}

/// What readers of lines like this one have in common.
fn kind(line: &str) -> &'static str {
    let is_nested = |line: &str| line.contains(":{") || line.contains(":[");
    match line.as_bytes()[0] {
        b'{' if is_nested(line) => "nested JSON",
        b'{' => "flat JSON",
        _ if line.contains('\t') => "table",
        _ if !line.contains('"') && line.matches(',').count() > 4 => "table",
        _ if !line.contains('"') && line.matches(' ').count() > 4 => "words",
        _ => "quoted text",
    }
}

/// The text of each format and kind, with its header where lines are rows of a table.
fn texts() -> BTreeMap<&'static str, Vec<(String, String, u64)>> {
    let mut texts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (name, lines) in samples() {
        let whole = lines.join("\n");
        let opened = log_format_for(&name, whole.as_bytes()).unwrap();
        let is_record = |line: &str| opened.records_in(line.as_bytes()) == 1;
        let alone = lines.iter().any(|line| is_record(line));
        let header = if alone { "" } else { lines[0].as_str() };
        let head = if alone {
            String::new()
        } else {
            header.to_owned() + "\n"
        };
        let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in &lines {
            if opened.records_in((head.clone() + line).as_bytes()) == 1 {
                kinds.entry(kind(line)).or_default().push(line);
            }
        }
        if kinds.is_empty() {
            // A reader of a piece of a line is measured with the layer that cuts it out, not here.
            eprintln!("{name}: not measured, no line of its sample is a record by itself");
        }
        for (kind, lines) in kinds {
            let round = lines.join("\n") + "\n";
            let text = head.clone() + &round.repeat(TEXT.div_ceil(round.len()));
            let records = opened.records_in(text.as_bytes());
            texts
                .entry(kind)
                .or_default()
                .push((name.clone(), text, records));
        }
    }
    texts
}

fn reading(criterion: &mut Criterion) {
    for (kind, formats) in texts() {
        let mut group = criterion.benchmark_group(kind);
        for (name, text, records) in formats {
            let opened = log_format_for(&name, text.as_bytes()).unwrap();
            assert!(records > 1_000, "{name}: {records} records");
            group.throughput(Throughput::ElementsAndBytes {
                elements: records,
                bytes: text.len() as u64,
            });
            group.bench_function(name, |bencher| {
                bencher.iter(|| black_box(opened.records_in(black_box(text.as_bytes()))));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
