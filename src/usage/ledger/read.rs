//! The ledger as what reading the logs would give.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::columns::{Columns, join_names, text_at};
use super::judge::{self, Verdict};
use super::operations::{Operations, as_cluster};
use super::seen::{Known, Seen};
use super::source::SourceRecord;
use super::view::View;
use super::{Contribution, Ledger, LedgerError, Table, credentials, tokens};
use crate::catalog::matcher::Matcher;
use crate::event::identity::Identities;
use crate::input::Source;
use crate::model::{Day, Method, Outcome};
use crate::usage::Presence;
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
    /// Which clients appear in which sources, and where an older catalogue told less.
    pub presence: Presence,
    /// Requests that matched only without regard to case or to a trailing slash.
    pub looser: u64,
    /// Sources that were counted with another catalogue.
    pub other_catalogue: usize,
    /// Requests on operations that the catalogue no longer knows.
    pub unknown_operation: u64,
}

type Worker = (Names, Aggregate, Clusters);

/// One worker's part.
struct Read {
    worker: Worker,
    unknown: u64,
    seen: Seen,
}

/// Parts in which the days are read.
const WORKERS: usize = 32;

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
        let records: Vec<SourceRecord> = records.into_values().collect();
        let view = View::new(self, &replaced, added.values().copied());
        let (known, presence) = Known::new(&records, reading);
        let read = |table: Table| -> Result<Vec<Read>, LedgerError> {
            let days = view.days(table);
            // A few workers with many days each: the names of a worker are kept once.
            days.par_chunks(days.len().div_ceil(WORKERS).max(1))
                .map(|days| {
                    let mut own = Read {
                        worker: (
                            Names::new(usize::MAX),
                            Aggregate::default(),
                            Clusters::new(usize::MAX),
                        ),
                        unknown: 0,
                        seen: Seen::default(),
                    };
                    for day in days {
                        for batch in view.batches(table, *day)? {
                            match table {
                                Table::Usage => usage(&batch, *day, reading, &known, &mut own)?,
                                _ => unmatched(table, &batch, &mut own.worker)?,
                            }
                        }
                        // Only one day of each worker is in memory at its full size.
                        own.worker.1.pack();
                    }
                    Ok(own)
                })
                .collect()
        };
        let mut workers = read(Table::Usage)?;
        workers.extend(read(Table::Unmatched)?);
        workers.extend(read(Table::Served)?);
        let credentials = credentials(&view, reading)?;
        let mut covered = view.covered()?;
        let unknown_operation = workers.iter().map(|own| own.unknown).sum();
        let (workers, seen): (Vec<Worker>, Vec<Seen>) = workers
            .into_iter()
            .map(|own| (own.worker, own.seen))
            .unzip();
        let usage = merge(
            workers,
            reading.identities,
            reading.max_clients,
            Arc::from(reading.matcher.routes()),
            false,
        );
        let presence = known.presence(presence, &seen, &usage);
        let other = |own: &&SourceRecord| own.catalogue != reading.operations.digest();
        Ok(Recalled {
            looser: records.iter().map(|own| own.looser).sum(),
            other_catalogue: records.iter().filter(other).count(),
            facts: facts(records, &mut covered),
            credentials,
            presence,
            unknown_operation,
            usage,
        })
    }
}

fn credentials(view: &View<'_>, reading: &Reading<'_>) -> Result<CredentialTable, LedgerError> {
    let mut tables = Vec::new();
    for table in [
        Table::Credentials,
        Table::Issued,
        Table::Carried,
        Table::Lifetimes,
    ] {
        // Summed day by day: a sum under way takes ten times as much as its rows.
        let summed: Result<Vec<CredentialTable>, LedgerError> = view
            .days(table)
            .into_par_iter()
            .map(|day| {
                let own = view.batches(table, day)?;
                let own = own.iter().map(|rows| match table {
                    Table::Carried | Table::Lifetimes => tokens::table(table, day, rows, reading),
                    _ => credentials::table(table, day, rows, reading.identities),
                });
                let own: Vec<CredentialTable> = own.collect::<Result<_, _>>()?;
                Ok(CredentialTable::sum(&own))
            })
            .collect();
        tables.extend(summed?);
    }
    Ok(CredentialTable::join(tables))
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
    known: &Known<'_>,
    own: &mut Read,
) -> Result<(), LedgerError> {
    let Read {
        worker: (names, aggregate, clusters),
        unknown,
        seen,
    } = own;
    let columns = Columns(batch);
    let source = columns.text("source")?;
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (method, template) = (columns.text("method")?, columns.text("template")?);
    let (outcome, count) = (columns.text("outcome")?, columns.number("count")?);
    let (first, last) = (columns.instant("first")?, columns.instant("last")?);
    let sample = columns.text("sample_request_id")?;
    let mut buffer = Vec::new();
    let mut routes: HashMap<(&str, &str), Option<u32>, foldhash::fast::FixedState> =
        HashMap::default();
    let mut previous = (None, NOBODY);
    let mut of = known.source(None);
    let cells = aggregate.day(day, batch.num_rows());
    for row in 0..batch.num_rows() {
        let own = (text_at(client, row), text_at(alt, row));
        let turns = row == 0 || source.value(row) != source.value(row - 1);
        if turns {
            of = known.source(Some(source.value(row)));
        }
        if turns || previous.0 != Some(own) {
            previous = (Some(own), number(own, names, &mut buffer));
            seen.client(&of, previous.1);
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
                route
            }
            _ => None,
        };
        if let Some(route) = route {
            seen.route(&of, client, route, outcome);
        }
        let ms = |instant: i64| u32::try_from(instant - day.start()).unwrap_or(0);
        let id = text_at(sample, row).unwrap_or_default().as_bytes();
        let span = (ms(first.value(row)), ms(last.value(row)));
        let cell = Cell::of(count.value(row), span, id, cells.1);
        match cells
            .0
            .entry(key(client, route.unwrap_or(UNMATCHED), outcome as u8))
        {
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
