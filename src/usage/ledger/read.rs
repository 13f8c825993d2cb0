//! The ledger as what reading the logs would give.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::columns::{Columns, join_names, text_at};
use super::judge::{self, Verdict};
use super::operations::{Operations, as_cluster};
use super::source::SourceRecord;
use super::{Contribution, Ledger, LedgerError, Table, credentials, part, tokens};
use crate::catalog::matcher::Matcher;
use crate::event::identity::Identities;
use crate::input::Source;
use crate::model::{Day, Method, Outcome};
use crate::usage::SourceFacts;
use crate::usage::aggregate::{Aggregate, NOBODY, Names, key};
use crate::usage::bounded::{Clusters, Counts, stable_hash};
use crate::usage::cell::Cell;
use crate::usage::credentials::CredentialTable;
use crate::usage::table::{OTHERS_NAME, UNMATCHED, UsageTable, merge};

/// How the ledger's names are understood.
pub struct Reading<'a> {
    /// Names in the log to clients.
    pub identities: &'a Identities,
    /// Templates to routes.
    pub matcher: &'a Matcher,
    /// The same, by name.
    pub operations: &'a Operations,
    /// Clients outside the policy that are kept apart.
    pub max_clients: usize,
}

/// What the ledger, and logs beside it, hold.
pub struct Recalled {
    /// Counts per day, client, route, outcome.
    pub usage: UsageTable,
    /// Each source, by name.
    pub facts: Vec<SourceFacts>,
    /// Credentials and issued scopes.
    pub credentials: CredentialTable,
    /// Requests that matched only without regard to case or to a trailing slash.
    pub looser: u64,
    /// Sources that were counted with another catalogue.
    pub other_catalogue: usize,
    /// Requests on operations that the catalogue no longer knows.
    pub unknown_operation: u64,
}

type Worker = (Names, Aggregate, Clusters);

impl Ledger {
    /// Reads everything. `logs` are sources beside the ledger: content that it holds
    /// already is not counted again, and one that continues its content takes its place.
    pub fn recall(
        dir: &Path,
        reading: &Reading<'_>,
        logs: &[(&Source, Contribution)],
    ) -> Result<Recalled, LedgerError> {
        Self::consistent(dir, |ledger| ledger.recall_once(reading, logs))
    }

    fn recall_once(
        &self,
        reading: &Reading<'_>,
        logs: &[(&Source, Contribution)],
    ) -> Result<Recalled, LedgerError> {
        let Overlay {
            records,
            replaced,
            added,
        } = self.overlay(logs)?;
        let mut beside: BTreeMap<(Table, Day), Vec<&RecordBatch>> = BTreeMap::new();
        for own in added.values() {
            for (key, batch) in &own.batches {
                beside.entry(*key).or_default().push(batch);
            }
        }
        let records: Vec<SourceRecord> = records.into_values().collect();
        let days = |table: Table| -> Vec<Day> {
            let mut days: Vec<Day> = self.manifest.of(table).map(|own| own.day).collect();
            days.extend(beside.keys().filter(|key| key.0 == table).map(|key| key.1));
            days.sort_unstable();
            days.dedup();
            days
        };
        let batches = |table: Table, day: Day| -> Result<Vec<RecordBatch>, LedgerError> {
            let mut all = Vec::new();
            for own in self.manifest.of(table).filter(|own| own.day == day) {
                for batch in part::read(&self.dir, own)? {
                    all.push(if replaced.is_empty() {
                        batch
                    } else {
                        part::of_sources(&batch, &replaced, false)?
                    });
                }
            }
            let own = beside.get(&(table, day)).into_iter().flatten();
            all.extend(own.map(|batch| (*batch).clone()));
            Ok(all)
        };
        let read = |table: Table| -> Result<Vec<(Worker, u64)>, LedgerError> {
            days(table)
                .into_par_iter()
                .map(|day| {
                    let mut worker = (
                        Names::new(usize::MAX),
                        Aggregate::default(),
                        Clusters::new(usize::MAX),
                    );
                    let mut unknown = 0;
                    for batch in batches(table, day)? {
                        match table {
                            Table::Usage => usage(&batch, day, reading, &mut worker, &mut unknown)?,
                            _ => unmatched(table, &batch, &mut worker)?,
                        }
                    }
                    Ok((worker, unknown))
                })
                .collect()
        };
        let mut workers = read(Table::Usage)?;
        workers.extend(read(Table::Unmatched)?);
        workers.extend(read(Table::Served)?);
        let mut tables = Vec::new();
        for table in [Table::Credentials, Table::Issued] {
            for day in days(table) {
                for batch in batches(table, day)? {
                    tables.push(credentials::table(table, day, &batch, reading.identities)?);
                }
            }
        }
        for table in [Table::Carried, Table::Lifetimes] {
            for day in days(table) {
                for batch in batches(table, day)? {
                    tables.push(tokens::table(table, day, &batch, reading)?);
                }
            }
        }
        let mut covered: BTreeMap<String, BTreeMap<Day, u64>> = BTreeMap::new();
        for day in days(Table::Coverage) {
            for batch in batches(Table::Coverage, day)? {
                let columns = Columns(&batch);
                let (source, count) = (columns.text("source")?, columns.number("records")?);
                for row in 0..batch.num_rows() {
                    let own = covered.entry(source.value(row).to_owned()).or_default();
                    *own.entry(day).or_default() += count.value(row);
                }
            }
        }
        let unknown_operation = workers.iter().map(|(_, unknown)| unknown).sum();
        let usage = merge(
            workers.into_iter().map(|(worker, _)| worker).collect(),
            reading.identities,
            reading.max_clients,
            Arc::from(reading.matcher.routes()),
            false,
        );
        let other = |own: &&SourceRecord| own.catalogue != reading.operations.digest();
        Ok(Recalled {
            usage,
            looser: records.iter().map(|own| own.looser).sum(),
            other_catalogue: records.iter().filter(other).count(),
            facts: facts(records, &mut covered),
            credentials: CredentialTable::sum(&tables),
            unknown_operation,
        })
    }
}

/// Which sources count, when logs stand beside a ledger.
struct Overlay<'a> {
    records: BTreeMap<String, SourceRecord>,
    /// Sources of the ledger whose rows do not count.
    replaced: BTreeSet<String>,
    /// Logs that count.
    added: BTreeMap<String, &'a Contribution>,
}

impl Ledger {
    fn overlay<'a>(&self, logs: &'a [(&Source, Contribution)]) -> Result<Overlay<'a>, LedgerError> {
        let known = self.records()?;
        let mut overlay = Overlay {
            records: known.into_iter().map(|own| (own.id.clone(), own)).collect(),
            replaced: BTreeSet::new(),
            added: BTreeMap::new(),
        };
        for (source, own) in logs {
            let rows = |known: &SourceRecord| match overlay.added.get(&known.id) {
                Some(log) => Ok(judge::whole(log)),
                None => judge::rows_of(&self.dir, &self.manifest, known),
            };
            let verdict = judge::judge(
                overlay.records.values(),
                own,
                |known| judge::begins(known, source, own, || rows(known)),
                |known| judge::covers(&judge::whole(own), &rows(known)?),
            )?;
            let Verdict::Add(replaced) = verdict else {
                continue;
            };
            for id in replaced {
                overlay.records.remove(&id);
                if overlay.added.remove(&id).is_none() {
                    overlay.replaced.insert(id);
                }
            }
            overlay
                .records
                .insert(own.record.id.clone(), own.record.clone());
            overlay.added.insert(own.record.id.clone(), own);
        }
        Ok(overlay)
    }
}

fn facts(
    records: Vec<SourceRecord>,
    covered: &mut BTreeMap<String, BTreeMap<Day, u64>>,
) -> Vec<SourceFacts> {
    let mut facts: Vec<SourceFacts> = records
        .into_iter()
        .map(|mut record| {
            record.facts.counts.days = covered.remove(&record.id).unwrap_or_default();
            record.facts
        })
        .collect();
    facts.sort_by(|a, b| (&a.shown, a.digest).cmp(&(&b.shown, b.digest)));
    facts
}

/// The number of a client in the worker's names.
fn number(
    (client, alt): (Option<&str>, Option<&str>),
    names: &mut Names,
    buffer: &mut Vec<u8>,
) -> u32 {
    match client {
        None => NOBODY,
        Some(OTHERS_NAME) => crate::usage::aggregate::OTHERS,
        Some(name) => {
            join_names(name, alt, buffer);
            // The limit is taken over all days when they are merged.
            names.number(buffer, |_| true)
        }
    }
}

fn usage(
    batch: &RecordBatch,
    day: Day,
    reading: &Reading<'_>,
    (names, aggregate, clusters): &mut Worker,
    unknown: &mut u64,
) -> Result<(), LedgerError> {
    let columns = Columns(batch);
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (method, template) = (columns.text("method")?, columns.text("template")?);
    let (outcome, count) = (columns.text("outcome")?, columns.number("count")?);
    let (first, last) = (columns.instant("first")?, columns.instant("last")?);
    let sample = columns.text("sample_request_id")?;
    let mut buffer = Vec::new();
    let mut routes: HashMap<(&str, &str), Option<u32>, foldhash::fast::FixedState> =
        HashMap::default();
    let mut previous = (None, NOBODY);
    let cells = aggregate.day(day, batch.num_rows());
    for row in 0..batch.num_rows() {
        let own = (text_at(client, row), text_at(alt, row));
        if row == 0 || previous.0 != Some(own) {
            previous = (Some(own), number(own, names, &mut buffer));
        }
        let client = previous.1;
        let outcome = Outcome::ALL
            .into_iter()
            .find(|known| known.name() == outcome.value(row))
            .ok_or_else(|| {
                LedgerError::Columns(format!("`{}` is no outcome", outcome.value(row)))
            })?;
        let route = match (text_at(method, row), text_at(template, row)) {
            (Some(method), Some(template)) => {
                let route = *routes.entry((method, template)).or_insert_with(|| {
                    let method = Method::parse(method.as_bytes());
                    reading.operations.route(reading.matcher, method, template)
                });
                if route.is_none() {
                    *unknown += count.value(row);
                    let need = outcome.is_need();
                    let count = count.value(row);
                    // With its operation known once, it was there.
                    let served = if outcome == Outcome::Used { count } else { 0 };
                    let counts = if need {
                        [count, 0, served]
                    } else {
                        [0, count, 0]
                    };
                    let method = Method::parse(method.as_bytes());
                    for template in template.split(" | ") {
                        let path = as_cluster(template);
                        cluster(clusters, (client, names.hash(client)), method, path, counts);
                    }
                }
                route.unwrap_or(UNMATCHED)
            }
            _ => UNMATCHED,
        };
        let ms = |instant: i64| u32::try_from(instant - day.start()).unwrap_or(0);
        let id = text_at(sample, row).unwrap_or_default().as_bytes();
        let span = (ms(first.value(row)), ms(last.value(row)));
        let cell = Cell::of(count.value(row), span, id, cells.1);
        match cells.0.entry(key(client, route, outcome as u8)) {
            hashbrown::hash_map::Entry::Occupied(mut known) => {
                known.get_mut().merge(&cell, cells.1);
            }
            hashbrown::hash_map::Entry::Vacant(slot) => {
                slot.insert(cell);
            }
        }
    }
    Ok(())
}

fn cluster(
    clusters: &mut Clusters,
    (client, hash): (u32, u64),
    method: Method,
    path: Vec<u8>,
    [need, other, served]: [u64; 3],
) {
    let hash = stable_hash(&path) ^ hash.rotate_left(17);
    let counts = clusters
        .map
        .entry((client, method, path.into_boxed_slice()))
        .or_insert(Counts {
            hash,
            ..Counts::default()
        });
    counts.need += need;
    counts.other += other;
    counts.served += served;
}

/// Rows of `unmatched` or `served`.
fn unmatched(
    table: Table,
    batch: &RecordBatch,
    (names, _, clusters): &mut Worker,
) -> Result<(), LedgerError> {
    let columns = Columns(batch);
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (method, path) = (columns.text("method")?, columns.text("path")?);
    let columns: [Option<&str>; 3] = match table {
        Table::Served => [None, None, Some("count")],
        _ => [Some("need"), Some("other"), None],
    };
    let mut numbers = [None; 3];
    for (slot, name) in numbers.iter_mut().zip(columns) {
        *slot = name.map(|name| Columns(batch).number(name)).transpose()?;
    }
    let mut buffer = Vec::new();
    for row in 0..batch.num_rows() {
        let own = (text_at(client, row), text_at(alt, row));
        let client = number(own, names, &mut buffer);
        let method = Method::parse(method.value(row).as_bytes());
        let path = path.value(row).as_bytes().to_vec();
        let counts = numbers.map(|own| own.map_or(0, |own| own.value(row)));
        cluster(clusters, (client, names.hash(client)), method, path, counts);
    }
    Ok(())
}
