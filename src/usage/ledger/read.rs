//! The ledger as what reading the logs would give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::judge::{self, Verdict};
use super::operations::Operations;
use super::rows::{LoadedRows, Worker};
use super::seen::{Known, Seen};
use super::source::SourceRecord;
use super::view::View;
use super::{Contribution, Ledger, LedgerError, Table, credentials, tokens};
use crate::catalog::matcher::Matcher;
use crate::event::identity::Identities;
use crate::event::mask::Mask;
use crate::input::Source;
use crate::model::Day;
use crate::usage::Presence;
use crate::usage::SourceFacts;
use crate::usage::Uncertain;
use crate::usage::credentials::CredentialTable;
use crate::usage::merge::merge;
use crate::usage::table::UsageTable;

/// How the ledger's names are understood.
pub(crate) struct Reading<'a> {
    /// Names in the log to clients.
    pub identities: &'a Identities,
    /// Templates to routes.
    pub matcher: &'a Matcher,
    /// The same, by name.
    pub operations: &'a Operations,
    /// What shows which operations unmatched paths may have been.
    pub uncertain: &'a Uncertain,
    /// Secrets in paths.
    pub mask: &'a Mask,
    /// Clients outside the policy that are kept separate.
    pub max_clients: usize,
    /// The sample ids that are wanted.
    pub ids: Ids,
    /// Read credentials and issued scopes too.
    pub credentials: bool,
}

/// Which rows keep the id of their sample. An id takes more room than the rest of its
/// row, and of most rows nobody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// All of them.
    All,
    /// Refused requests and those without a client; [`Ledger::day`] has those of the others.
    Refused,
}

/// What the ledger and additional logs hold.
pub(crate) struct Recalled {
    /// Counts per day, client, route, outcome.
    pub usage: UsageTable,
    /// Each source, by name.
    pub facts: Vec<SourceFacts>,
    /// Credentials and issued scopes.
    pub credentials: CredentialTable,
    /// Which clients appear in which sources, and where an older catalogue distinguished less.
    pub presence: Presence,
    /// Requests that matched only without regard to case or to a trailing slash.
    pub looser: u64,
    /// Sources that were counted with another catalogue.
    pub other_catalogue: usize,
    /// Requests on operations that the catalogue no longer knows.
    pub unknown_operation: u64,
}

/// Parts in which the days are read.
const WORKERS: usize = 32;

impl Ledger {
    /// Reads everything. `logs` are sources in addition to the ledger: content that it holds
    /// already is not counted again, and one that continues its content takes its place.
    pub(crate) fn recall(
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
        let read = |table: Table| -> Result<Vec<LoadedRows>, LedgerError> {
            let days = view.days(table);
            // A few workers with many days each: the names of a worker are kept once.
            days.par_chunks(days.len().div_ceil(WORKERS).max(1))
                .map(|days| LoadedRows::days(&view, table, days, (reading, &known)))
                .collect()
        };
        let mut workers = read(Table::Usage)?;
        workers.extend(read(Table::Unplaced)?);
        let unknown_operation = workers.iter().map(|loaded| loaded.unknown).sum();
        let (workers, seen): (Vec<Worker>, Vec<Seen>) = workers
            .into_iter()
            .map(|loaded| (loaded.worker, loaded.seen))
            .unzip();
        let usage = merge(
            workers,
            reading.identities,
            reading.max_clients,
            Arc::from(reading.matcher.routes()),
            (false, reading.uncertain.near(), reading.mask),
        );
        let presence = known.presence(presence, &seen, &usage);
        // Not before: the rows take twice their room while they are merged.
        let credentials = if reading.credentials {
            credentials(&view, reading)?
        } else {
            CredentialTable::default()
        };
        let mut covered = view.covered()?;
        let other = |record: &&SourceRecord| record.catalogue != reading.operations.digest();
        Ok(Recalled {
            looser: records.iter().map(|record| record.looser).sum(),
            other_catalogue: records.iter().filter(other).count(),
            facts: facts(records, &mut covered),
            credentials,
            presence,
            unknown_operation,
            usage,
        })
    }

    /// One day of a ledger without additional logs, with every id that `reading` asks for.
    pub(crate) fn day(
        dir: &Path,
        reading: &Reading<'_>,
        day: Day,
    ) -> Result<UsageTable, LedgerError> {
        Self::consistent(dir, |ledger| {
            let none = BTreeSet::new();
            let view = View::new(ledger, &none, std::iter::empty());
            let (known, _) = Known::new(&[], reading);
            let loaded = LoadedRows::days(&view, Table::Usage, &[day], (reading, &known))?;
            Ok(merge(
                vec![loaded.worker],
                reading.identities,
                reading.max_clients,
                Arc::from(reading.matcher.routes()),
                (false, reading.uncertain.near(), reading.mask),
            ))
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
                let batches = view.batches(table, day)?;
                let tables = batches.iter().map(|rows| match table {
                    Table::Carried | Table::Lifetimes => tokens::table(table, day, rows, reading),
                    _ => credentials::table(table, day, rows, reading.identities),
                });
                let tables: Vec<CredentialTable> = tables.collect::<Result<_, _>>()?;
                Ok(CredentialTable::sum(&tables))
            })
            .collect();
        tables.extend(summed?);
    }
    Ok(CredentialTable::join(tables))
}

/// Which sources count when there are logs in addition to a ledger.
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
            records: known
                .into_iter()
                .map(|record| (record.id.clone(), record))
                .collect(),
            replaced: BTreeSet::new(),
            added: BTreeMap::new(),
        };
        for (source, contribution) in logs {
            let rows = |known: &SourceRecord| match overlay.added.get(&known.id) {
                Some(log) => Ok(judge::whole(log)),
                None => judge::rows_of(&self.dir, &self.manifest, known),
            };
            let verdict = judge::judge(
                overlay.records.values(),
                contribution,
                |known| judge::begins(known, source, contribution, || rows(known)),
                |known| judge::covers(&judge::whole(contribution), &rows(known)?),
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
                .insert(contribution.record.id.clone(), contribution.record.clone());
            overlay
                .added
                .insert(contribution.record.id.clone(), contribution);
        }
        Ok(overlay)
    }
}

fn facts(
    records: Vec<SourceRecord>,
    covered: &mut BTreeMap<String, BTreeMap<Day, [u64; 2]>>,
) -> Vec<SourceFacts> {
    let mut facts = Vec::with_capacity(records.len());
    for mut record in records {
        let days = covered.remove(&record.id);
        // All its days were pruned. Without them, what is wrong with it would be wrong with
        // every day; only after a broken one anything may follow.
        if record.is_complete() && record.last_day.is_some() && days.is_none() {
            continue;
        }
        for (day, [all, nobody]) in days.unwrap_or_default() {
            record.facts.counts.days.insert(day, all);
            if nobody > 0 {
                record.facts.counts.nobody_days.insert(day, nobody);
            }
        }
        facts.push(record.facts);
    }
    facts.sort_by(|a, b| (&a.shown, a.digest).cmp(&(&b.shown, b.digest)));
    facts
}
