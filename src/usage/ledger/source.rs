//! What the ledger knows about one source: the row that makes content known.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch};

use super::LedgerError;
use super::Table;
use super::columns::{Columns, Values, batch, text_at};
use crate::event::Ignored;
use crate::format::{self, Skip};
use crate::input::SourceStatus;
use crate::model::{ContentDigest, Day, DaySet};
use crate::usage::SourceFacts;

/// Bytes of the head that is compared.
pub(super) const HEAD: usize = 4096;

/// What a beginning is known by: the digest of the whole, its length, the digest of its first line.
pub(crate) type Heads = (Option<String>, u64, Option<String>);

/// The digests of the first bytes of a source, of no more than are compared.
pub(crate) fn heads(head: &[u8]) -> Heads {
    let head = &head[..head.len().min(HEAD)];
    if head.is_empty() {
        return (None, 0, None);
    }
    let line = memchr::memchr(b'\n', head).map_or(head, |end| &head[..end]);
    let digest = |bytes: &[u8]| Some(ContentDigest::of(bytes).to_string());
    (digest(head), head.len() as u64, digest(line))
}

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceRecord {
    /// Its key: the digest of what was read, cut; for what could not be read, of its name.
    pub id: String,
    /// What became of its records. Its counts by day are in the table `coverage`.
    pub facts: SourceFacts,
    /// Digest of what could be read.
    pub(super) read: Option<String>,
    /// Digest of the first [`HEAD`] bytes, or of all when there are fewer.
    pub(super) head: Option<String>,
    pub(super) head_bytes: u64,
    pub(super) first_line: Option<String>,
    /// Requests that matched only without regard to case or to a trailing slash.
    pub(super) looser: u64,
    pub(super) first_day: Option<Day>,
    pub(super) last_day: Option<Day>,
    /// The catalogue it was counted with.
    pub(super) catalogue: String,
}

impl SourceRecord {
    /// Whether the heads leave open that `self` is an earlier part of `longer`.
    pub(super) fn may_begin(&self, longer: &Self) -> bool {
        if self.facts.bytes > longer.facts.bytes || self.head.is_none() {
            return false;
        }
        if self.head_bytes < HEAD as u64 {
            self.first_line == longer.first_line
        } else {
            self.head == longer.head
        }
    }

    /// The same where the content of `longer` is at hand to prove it: then `self` may
    /// also end within its first line, about which its head says nothing.
    pub(super) fn may_begin_at_hand(&self, longer: &Self) -> bool {
        let cut = self.head.is_some()
            && self.head == self.first_line
            && self.head_bytes < HEAD as u64
            && self.facts.bytes <= longer.facts.bytes;
        cut || self.may_begin(longer)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.facts.status == SourceStatus::Complete
    }

    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self.facts.status, SourceStatus::Unreadable(_))
    }

    /// The day under which the row lies.
    pub(super) fn partition(&self) -> Day {
        self.first_day.unwrap_or(Day(0))
    }

    /// The day under which rows without a day of their own lie.
    pub(super) fn last_partition(&self) -> Day {
        self.last_day.unwrap_or(Day(0))
    }

    /// The row.
    pub(super) fn to_batch(&self) -> Result<RecordBatch, LedgerError> {
        let facts = &self.facts;
        let text = |value: &str| Values::Text(vec![Some(value.to_owned())]);
        let may = |value: Option<&str>| Values::Text(vec![value.map(str::to_owned)]);
        let number = |value: u64| Values::Number(vec![value]);
        let (status, reason) = match &facts.status {
            SourceStatus::Complete => ("complete", None),
            SourceStatus::Partial(reason) => ("partial", Some(reason.as_str())),
            SourceStatus::Unreadable(reason) => ("unreadable", Some(reason.as_str())),
            // Inputs are read one at a time here: the ledger itself knows what it has already.
            SourceStatus::Duplicate(_) => {
                return Err(LedgerError::Columns("a duplicate has no rows".to_owned()));
            }
        };
        batch(
            Table::Sources,
            vec![
                text(&self.id),
                text(&facts.shown),
                may(facts.format),
                text(status),
                may(reason),
                number(facts.bytes),
                may(self.read.as_deref()),
                may(self.head.as_deref()),
                number(self.head_bytes),
                may(self.first_line.as_deref()),
                number(facts.counts.records),
                number(facts.counts.counted),
                number(facts.counts.nobody),
                number(self.looser),
                text(&counts(
                    Ignored::ALL.map(Ignored::name),
                    facts.counts.ignored,
                )),
                text(&counts(Skip::ALL.map(Skip::name), facts.counts.skips)),
                Values::Day(vec![self.first_day]),
                Values::Day(vec![self.last_day]),
                text(&self.catalogue),
                number(facts.counts.zoneless),
                number(facts.counts.success),
                number(facts.counts.untold),
                text(&facts.counts.untold_days.to_text()),
                may(formats(&facts.counts.formats).as_deref()),
            ],
        )
    }

    /// The rows of a batch.
    pub(super) fn from_batch(rows: &RecordBatch) -> Result<Vec<Self>, LedgerError> {
        let columns = Columns(rows);
        let (id, path) = (columns.text("source")?, columns.text("path")?);
        let (format, status) = (columns.text("format")?, columns.text("status")?);
        let (reason, bytes) = (columns.text("reason")?, columns.number("bytes")?);
        let (digest, head) = (columns.text("digest")?, columns.text("head")?);
        let head_bytes = columns.number("head_bytes")?;
        let first_line = columns.text("first_line")?;
        let (records, counted) = (columns.number("records")?, columns.number("counted")?);
        let (nobody, looser) = (columns.number("nobody")?, columns.number("looser")?);
        let (ignored, skipped) = (columns.text("ignored")?, columns.text("skipped")?);
        let (first, last) = (columns.day("first_day")?, columns.day("last_day")?);
        let catalogue = columns.text("catalogue")?;
        let zoneless = columns.number("zoneless")?;
        let (success, untold) = (columns.number("success")?, columns.number("untold")?);
        let untold_days = columns.text("untold_days")?;
        let formats = columns.text("formats")?;
        let owned = |column, row| text_at(column, row).map(str::to_owned);
        (0..rows.num_rows())
            .map(|row| {
                let why = owned(reason, row).unwrap_or_default();
                let status = match status.value(row) {
                    "complete" => SourceStatus::Complete,
                    "partial" => SourceStatus::Partial(why),
                    "unreadable" => SourceStatus::Unreadable(why),
                    other => {
                        return Err(LedgerError::Columns(format!("`{other}` is not a status")));
                    }
                };
                let read = owned(digest, row);
                let whole = match (&read, &status) {
                    (Some(text), SourceStatus::Complete) => Some(parse_digest(text)?),
                    _ => None,
                };
                let mut facts = SourceFacts {
                    shown: Arc::from(path.value(row)),
                    format: text_at(format, row)
                        .and_then(format::by_name)
                        .map(|format| format.name()),
                    counts: crate::usage::FileCounts::default(),
                    digest: whole,
                    status,
                    bytes: bytes.value(row),
                };
                facts.counts.records = records.value(row);
                facts.counts.counted = counted.value(row);
                facts.counts.nobody = nobody.value(row);
                if zoneless.is_valid(row) {
                    facts.counts.zoneless = zoneless.value(row);
                }
                facts.counts.success = success.value(row);
                facts.counts.untold = untold.value(row);
                facts.counts.untold_days = parse_days(untold_days.value(row))?;
                facts.counts.formats = read_formats(text_at(formats, row))?;
                facts.counts.ignored =
                    read_counts(ignored.value(row), Ignored::ALL.map(Ignored::name))?;
                facts.counts.skips = read_counts(skipped.value(row), Skip::ALL.map(Skip::name))?;
                Ok(Self {
                    id: id.value(row).to_owned(),
                    facts,
                    read,
                    head: owned(head, row),
                    head_bytes: head_bytes.value(row),
                    first_line: owned(first_line, row),
                    looser: looser.value(row),
                    first_day: first.is_valid(row).then(|| Day(first.value(row))),
                    last_day: last.is_valid(row).then(|| Day(last.value(row))),
                    catalogue: catalogue.value(row).to_owned(),
                })
            })
            .collect()
    }
}

fn counts<const N: usize>(names: [&str; N], counts: [u64; N]) -> String {
    let parts: Vec<String> = names
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    parts.join(" ")
}

/// Records of each format; `None` where the source is of one.
fn formats(counts: &BTreeMap<&'static str, u64>) -> Option<String> {
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn read_formats(text: Option<&str>) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
    let parts = text.into_iter().flat_map(str::split_whitespace);
    let read = |part: &str| {
        let (name, count) = part.split_once('=')?;
        Some((format::by_name(name)?.name(), count.parse().ok()?))
    };
    parts
        .map(|part| {
            read(part).ok_or_else(|| LedgerError::Columns(format!("`{part}` is not a count")))
        })
        .collect()
}

fn read_counts<const N: usize>(text: &str, names: [&str; N]) -> Result<[u64; N], LedgerError> {
    let mut counts = [0; N];
    for part in text.split_whitespace() {
        let known = part.split_once('=').and_then(|(name, count)| {
            let at = names.iter().position(|known| *known == name)?;
            Some((at, count.parse().ok()?))
        });
        let (at, count) =
            known.ok_or_else(|| LedgerError::Columns(format!("`{part}` is not a count")))?;
        counts[at] = count;
    }
    Ok(counts)
}

/// Days as [`DaySet::to_text`] writes them.
pub(super) fn parse_days(text: &str) -> Result<DaySet, LedgerError> {
    DaySet::parse(text)
        .ok_or_else(|| LedgerError::Columns(format!("`{text}` is not a list of days")))
}

fn parse_digest(text: &str) -> Result<ContentDigest, LedgerError> {
    text.strip_prefix("blake3:")
        .and_then(|hex| blake3::Hash::from_hex(hex).ok())
        .map(|hash| ContentDigest(*hash.as_bytes()))
        .ok_or_else(|| LedgerError::Columns(format!("`{text}` is not a digest")))
}
