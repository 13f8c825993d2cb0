//! The keys of a description: which there are, and where.
//!
//! In: the text of a file. Out: the first key that is not known, with its line and the one that
//! was probably meant.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rules::Verdict;
use crate::model::words::closest;

/// Keys at the top of a description.
pub(super) const KEYS: [&str; 22] = [
    "format",
    "extends",
    "title",
    "identity",
    "separator",
    "columns",
    "requires",
    "pattern",
    "unwrap",
    "prefix",
    "when",
    "key_case",
    "missing",
    "unescape",
    "field",
    "outcome",
    "redact",
    "sample",
    // As descriptions were written first.
    "name",
    "kind",
    "fields",
    "samples",
];
/// Keys of a field.
pub(super) const FIELD_KEYS: [&str; 15] = [
    "at", "json", "regex", "join", "parse", "tz", "basis", "split", "first_of", "last_of", "type",
    "unit", "unescape", "missing", "basic",
];
/// Keys of a condition.
pub(super) const CONDITION_KEYS: [&str; 12] = [
    "at",
    "field",
    "eq",
    "in",
    "prefix",
    "contains",
    "regex",
    "present",
    "not",
    "and_present",
    "and_absent",
    "json",
];
const REDACT_KEYS: [&str; 3] = ["headers", "query", "paths"];
const SAMPLE_KEYS: [&str; 3] = ["line", "expect", "skip"];
const UNWRAP_KEYS: [&str; 2] = ["string", "values"];
const PREFIX_KEYS: [&str; 1] = ["regex"];

/// The first key that is not known, in words.
pub(super) fn unknown(root: &DeTable<'_>, fields: &[&str], text: &str) -> Option<String> {
    let mut found = Vec::new();
    check(root, &KEYS, "", &mut found);
    let verdicts: Vec<&str> = Verdict::NAMES.iter().map(|(name, _)| *name).collect();
    for (key, value) in root {
        let name: &str = key.get_ref();
        match name {
            "field" | "fields" => {
                let Some(table) = value.get_ref().as_table() else {
                    continue;
                };
                check(table, fields, name, &mut found);
                for inner in table.values() {
                    tables(inner, &FIELD_KEYS, name, &mut found);
                }
            }
            "when" => tables(value, &CONDITION_KEYS, name, &mut found),
            "outcome" => {
                let Some(table) = value.get_ref().as_table() else {
                    continue;
                };
                check(table, &verdicts, name, &mut found);
                for inner in table.values() {
                    tables(inner, &CONDITION_KEYS, name, &mut found);
                }
            }
            "redact" => tables(value, &REDACT_KEYS, name, &mut found),
            "unwrap" => tables(value, &UNWRAP_KEYS, name, &mut found),
            "prefix" => tables(value, &PREFIX_KEYS, name, &mut found),
            "sample" | "samples" => {
                tables(value, &SAMPLE_KEYS, name, &mut found);
                if let Some(samples) = value.get_ref().as_array() {
                    let all = samples.iter();
                    all.for_each(|own| expected(own, fields, &mut found));
                }
            }
            _ => {}
        }
    }
    found.sort();
    let (at, what) = found.into_iter().next()?;
    Some(format!("line {}: {what}", line_of(text, at)))
}

/// The values that a sample expects.
fn expected(sample: &Spanned<DeValue<'_>>, fields: &[&str], found: &mut Vec<(usize, String)>) {
    let expect = sample
        .get_ref()
        .as_table()
        .and_then(|own| own.get("expect"));
    if let Some(expect) = expect.and_then(|own| own.get_ref().as_table()) {
        let more = ["answered_by", "decision"];
        let known: Vec<&str> = fields.iter().copied().chain(more).collect();
        check(expect, &known, "expect", found);
    }
}

/// The keys of a table, or of each table of a list.
fn tables(
    value: &Spanned<DeValue<'_>>,
    known: &[&str],
    place: &str,
    found: &mut Vec<(usize, String)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => check(table, known, place, found),
        DeValue::Array(list) => list
            .iter()
            .for_each(|inner| tables(inner, known, place, found)),
        _ => {}
    }
}

fn check(table: &DeTable<'_>, known: &[&str], place: &str, found: &mut Vec<(usize, String)>) {
    for key in table.keys() {
        let name: &str = key.get_ref();
        if known.contains(&name) {
            continue;
        }
        let full = if place.is_empty() {
            name.to_owned()
        } else {
            format!("{place}.{name}")
        };
        let help = match closest(name, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        found.push((key.span().start, format!("`{full}` is not known: {help}")));
    }
}

/// The number of the line of a place.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at)
        .map_or(1, |before| before.matches('\n').count() + 1)
}
