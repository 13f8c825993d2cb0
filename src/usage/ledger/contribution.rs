//! What one source adds to the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch, StringBuilder};

use super::columns::{self, Values, batch, names};
use super::operations::Operations;
use super::source::{Heads, SourceRecord};
use super::{LedgerError, Table, outcomes};
use crate::input::SourceStatus;
use crate::model::{ContentDigest, Day, Millis};
use crate::usage::table::OTHERS_NAME;
use crate::usage::{Collected, SourceFacts};

/// One source's rows, by table and day.
pub(crate) struct Contribution {
    /// The source.
    pub record: SourceRecord,
    pub(super) batches: BTreeMap<(Table, Day), RecordBatch>,
}

impl Contribution {
    /// From one source that was collected alone, with names as logged, and the digests of its head.
    pub(crate) fn new(
        heads: &Heads,
        facts: SourceFacts,
        collected: &Collected,
        operations: &Operations,
    ) -> Result<Self, LedgerError> {
        let record = record(heads, facts, collected, operations);
        let mut batches = BTreeMap::new();
        let mut spans = BTreeMap::new();
        for day in collected.usage.days() {
            let (rows, span) = usage(&record, *day, collected, operations)?;
            spans.insert(*day, span);
            batches.insert((Table::Usage, *day), rows);
        }
        let nobody = &record.facts.counts.nobody_days;
        for (day, count) in &record.facts.counts.days {
            let span = spans.get(day).copied().flatten();
            let rows = vec![
                Values::Same(record.id.clone(), 1),
                Values::Number(vec![*count]),
                Values::Number(vec![nobody.get(day).copied().unwrap_or(0)]),
                Values::Instant(vec![span.map(|(first, _)| first)]),
                Values::Instant(vec![span.map(|(_, last)| last)]),
                Values::Flag(vec![record.is_complete()]),
            ];
            batches.insert((Table::Coverage, *day), batch(Table::Coverage, rows)?);
        }
        if let Some(rows) = unplaced(&record, collected)? {
            batches.insert((Table::Unplaced, record.last_partition()), rows);
        }
        batches.extend(super::credentials::batches(
            &record,
            &collected.credentials,
        )?);
        batches.extend(super::tokens::batches(
            &record,
            &collected.credentials,
            operations,
        )?);
        batches.insert((Table::Sources, record.partition()), record.to_batch()?);
        Ok(Self { record, batches })
    }

    /// Rows in all tables.
    pub(super) fn rows(&self) -> usize {
        self.batches.values().map(RecordBatch::num_rows).sum()
    }
}

fn record(
    heads: &Heads,
    mut facts: SourceFacts,
    collected: &Collected,
    operations: &Operations,
) -> SourceRecord {
    let read: Option<ContentDigest> = collected.sources.first().and_then(|report| report.read);
    if collected.usage.served_capped && facts.status == SourceStatus::Complete {
        // Which clients they were is lost for every later policy.
        facts.status = SourceStatus::Partial(format!(
            "more clients than can be kept separate: the rest was counted as {OTHERS_NAME}"
        ));
        facts.digest = None;
    }
    let unreadable = matches!(facts.status, SourceStatus::Unreadable(_));
    let read = read
        .filter(|_| !unreadable)
        .map(|digest| digest.to_string());
    // A part whose digest is unknown has holes: it is known by its name and length.
    let key = read.clone().unwrap_or_else(|| {
        let name = format!("{} {}", facts.bytes, facts.shown);
        ContentDigest::of(name.as_bytes()).to_string()
    });
    let prefix = if read.is_some() { "" } else { "x" };
    let hex = key.strip_prefix("blake3:").unwrap_or(&key);
    let (head, head_bytes, first_line) = if unreadable {
        (None, 0, None)
    } else {
        heads.clone()
    };
    SourceRecord {
        id: format!("{prefix}{}", hex.get(..32).unwrap_or(hex)),
        read,
        head,
        head_bytes,
        first_line,
        looser: collected.looser,
        first_day: facts.counts.days.keys().next().copied(),
        last_day: facts.counts.days.keys().next_back().copied(),
        catalogue: operations.digest().to_owned(),
        facts,
    }
}

type Span = Option<(Millis, Millis)>;

fn usage(
    record: &SourceRecord,
    day: Day,
    collected: &Collected,
    operations: &Operations,
) -> Result<(RecordBatch, Span), LedgerError> {
    let rows = collected.usage.day_rows(day);
    let n = rows.len();
    let text = || Vec::with_capacity(n);
    let (mut client, mut alt, mut method, mut template) = (text(), text(), text(), text());
    let mut outcome = text();
    let mut sample = StringBuilder::with_capacity(n, 0);
    let mut count = Vec::with_capacity(n);
    let (mut first, mut last) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let mut span: Span = None;
    rows.for_each(|row| {
        let (main, second) = client_names(&collected.usage.clients, row.client);
        client.push(main);
        alt.push(second);
        let operation = operations.name(row.route);
        method.push(operation.map(|(method, _)| method.name()));
        template.push(operation.map(|(_, template)| template));
        outcome.push(Some(outcomes::stored(row.outcome)));
        count.push(row.count);
        first.push(Some(row.first));
        last.push(Some(row.last));
        sample.append_option(row.sample.map(String::from_utf8_lossy));
        span = Some(span.map_or((row.first, row.last), |(from, to)| {
            (from.min(row.first), to.max(row.last))
        }));
    });
    let column = |values: &[Option<&str>]| Values::Column(Arc::new(columns::text(values)));
    let mut sample = sample.finish();
    sample.shrink_to_fit();
    let columns = vec![
        Values::Same(record.id.clone(), count.len()),
        column(&client),
        column(&alt),
        column(&method),
        column(&template),
        column(&outcome),
        Values::Number(count),
        Values::Instant(first),
        Values::Instant(last),
        Values::Column(Arc::new(sample)),
    ];
    Ok((batch(Table::Usage, columns)?, span))
}

fn unplaced(
    record: &SourceRecord,
    collected: &Collected,
) -> Result<Option<RecordBatch>, LedgerError> {
    let (mut client, mut alt, mut cause, mut method) = (vec![], vec![], vec![], vec![]);
    let (mut path, mut days, mut tried, mut sample) = (vec![], vec![], vec![], vec![]);
    let mut counts: [Vec<u64>; 4] = Default::default();
    let (mut first, mut last) = (vec![], vec![]);
    for (index, clusters) in &collected.usage.unplaced {
        let (main, second) = client_names(&collected.usage.clients, *index);
        for cluster in clusters {
            client.push(main.map(str::to_owned));
            alt.push(second.map(str::to_owned));
            cause.push(Some(cluster.cause.name().to_owned()));
            method.push(Some(cluster.method.name().to_owned()));
            path.push(Some(cluster.path.clone()));
            let tally = &cluster.counts;
            let numbers = [tally.need, tally.nameless, tally.other, tally.served];
            for (all, number) in counts.iter_mut().zip(numbers) {
                all.push(number);
            }
            days.push(Some(tally.days.to_text()));
            tried.push(Some(tally.tried.to_text()));
            first.push(tally.span.map(|span| span.0));
            last.push(tally.span.map(|span| span.1));
            sample.push(tally.sample.clone());
        }
    }
    if path.is_empty() {
        return Ok(None);
    }
    let mut columns = vec![
        Values::Same(record.id.clone(), path.len()),
        Values::Text(client),
        Values::Text(alt),
        Values::Text(cause),
        Values::Text(method),
        Values::Text(path),
    ];
    columns.extend(counts.map(Values::Number));
    columns.extend([
        Values::Text(days),
        Values::Instant(first),
        Values::Instant(last),
        Values::Text(sample),
        Values::Text(tried),
    ]);
    batch(Table::Unplaced, columns).map(Some)
}

/// Both names of a client; nobody has none.
fn client_names(clients: &[String], index: u32) -> (Option<&str>, Option<&str>) {
    match clients.get(index as usize) {
        Some(raw) if !raw.is_empty() => {
            let (name, alt) = names(raw);
            (Some(name), alt)
        }
        _ => (None, None),
    }
}
