//! Whether content is new, known, or continues something that is known.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::columns::{Columns, text_at};
use super::contribution::Contribution;
use super::manifest::Manifest;
use super::source::SourceRecord;
use super::store::Store;
use super::{LedgerError, Table, part};
use crate::input::Source;
use crate::model::Day;

/// Rows by table and day.
pub(super) type Batches = BTreeMap<(Table, Day), Vec<RecordBatch>>;

/// What is to become of one source.
pub(super) enum Verdict {
    /// Its content is there already.
    Known,
    /// It is an earlier part of this source.
    Earlier(String),
    /// It is new, and takes the place of these.
    Add(BTreeSet<String>),
}

/// Compares one source with every known one.
///
/// `begins` says whether a known source is an earlier part of `own`, `covered`
/// whether every row of `own` has its counterpart in a known one.
pub(super) fn judge<'a>(
    known: impl IntoIterator<Item = &'a SourceRecord>,
    contribution: &Contribution,
    begins: impl Fn(&SourceRecord) -> Result<bool, LedgerError>,
    covered: impl Fn(&SourceRecord) -> Result<bool, LedgerError>,
) -> Result<Verdict, LedgerError> {
    let mut replaced = BTreeSet::new();
    let record = &contribution.record;
    for known in known {
        if known.id == record.id {
            // A file that breaks off after its last byte has the content of the whole one.
            if known.is_complete() || !record.is_complete() {
                return Ok(Verdict::Known);
            }
            replaced.insert(known.id.clone());
        } else if known.is_unreadable() || record.is_unreadable() {
            if known.is_unreadable() && known.facts.shown == record.facts.shown {
                replaced.insert(known.id.clone());
            }
        } else if known.may_begin_at_hand(record) && begins(known)? {
            replaced.insert(known.id.clone());
        } else if record.may_begin(known) && covered(known)? {
            return Ok(Verdict::Earlier(known.facts.shown.to_string()));
        }
    }
    Ok(Verdict::Add(replaced))
}

/// Whether `known` is an earlier part of the source whose content is at hand.
pub(super) fn begins(
    known: &SourceRecord,
    source: &Source,
    contribution: &Contribution,
    rows: impl Fn() -> Result<Batches, LedgerError>,
) -> Result<bool, LedgerError> {
    match source.prefix_digest(known.facts.bytes) {
        Some(digest) => Ok(Some(digest.to_string()) == known.read),
        // Standard input cannot be read again: its rows have to show it.
        None if source.input.path.is_none() => covers(&rows()?, &whole(contribution)),
        None => Ok(false),
    }
}

/// The rows of a contribution.
pub(super) fn whole(contribution: &Contribution) -> Batches {
    contribution
        .batches
        .iter()
        .map(|(key, batch)| (*key, vec![batch.clone()]))
        .collect()
}

/// The rows of one source on disk, on the days it has.
pub(super) fn rows_of(
    dir: &Store,
    manifest: &Manifest,
    record: &SourceRecord,
) -> Result<Batches, LedgerError> {
    let ids = BTreeSet::from([record.id.clone()]);
    let days = record.partition()..=record.last_partition();
    let mut found = Batches::new();
    for part in manifest
        .of(Table::Usage)
        .filter(|part| days.contains(&part.day))
    {
        for batch in part::read(dir, part)? {
            let batch = part::of_sources(&batch, &ids, true)?;
            found.entry((part.table, part.day)).or_default().push(batch);
        }
    }
    Ok(found)
}

/// Client, method, template, outcome.
type Key = ([Option<String>; 4], String);
/// Count, first, last, sample.
type Facts = (u64, i64, i64, Option<String>);

/// Whether each row of the shorter source has its counterpart in the longer one:
/// the same first request, and at least as many. Then dropping it loses no need.
pub(super) fn covers(shorter: &Batches, longer: &Batches) -> Result<bool, LedgerError> {
    let mut any = false;
    let none = Vec::new();
    for (key, batches) in shorter.iter().filter(|(key, _)| key.0 == Table::Usage) {
        let other = usage(longer.get(key).unwrap_or(&none))?;
        for (key, row) in usage(batches)? {
            any = true;
            let covered = other.get(&key).is_some_and(|other| {
                row.0 <= other.0 && row.1 == other.1 && row.2 <= other.2 && row.3 == other.3
            });
            if !covered {
                return Ok(false);
            }
        }
    }
    // Without a single row the heads prove nothing.
    Ok(any)
}

fn usage(batches: &[RecordBatch]) -> Result<BTreeMap<Key, Facts>, LedgerError> {
    let mut rows = BTreeMap::new();
    for batch in batches {
        let columns = Columns(batch);
        let names = [
            columns.text("client")?,
            columns.text("client_alt")?,
            columns.text("method")?,
            columns.text("template")?,
        ];
        let (outcome, count) = (columns.text("outcome")?, columns.number("count")?);
        let sample = columns.text("sample_request_id")?;
        let (first, last) = (columns.instant("first")?, columns.instant("last")?);
        for row in 0..batch.num_rows() {
            let names = names.map(|column| text_at(column, row).map(str::to_owned));
            let sample = text_at(sample, row).map(str::to_owned);
            rows.insert(
                (names, outcome.value(row).to_owned()),
                (count.value(row), first.value(row), last.value(row), sample),
            );
        }
    }
    Ok(rows)
}
