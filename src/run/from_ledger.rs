//! Usage from the ledger, alone or with additional logs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rayon::prelude::*;

use super::Advised;
use super::pipeline::{LoadedUsage, Logs, MAX_CLIENTS, Routes, names, open_logs};
use super::settings::Settings;
use crate::event::EventRules;
use crate::event::identity::Identities;
use crate::format::opened;
use crate::input::{Limits, Source};
use crate::model::words::{either, plural};
use crate::model::{Day, OutcomeTable, Policy};
use crate::usage::ledger::{Contribution, Ids, Ledger, LedgerError, Operations, Reading, Recalled};
use crate::usage::{
    CollectOptions, Collected, Reject, SourceFacts, Uncertain, UsageTable, collect_as_logged,
};

/// A failure of the ledger, with its advice.
pub(crate) fn advised(error: &LedgerError) -> anyhow::Error {
    Advised::new(error.to_string(), error.help())
}

/// Reads the ledger, and the logs that are given with it.
pub(crate) fn read(
    dir: &Path,
    settings: &Settings,
    routes: &Routes,
    names: (Identities, Uncertain),
) -> anyhow::Result<LoadedUsage> {
    // A wrong folder should fail before the long work.
    let ledger = Ledger::open(dir).map_err(|error| advised(&error))?;
    ledger.complete().map_err(|error| advised(&error))?;
    let (rules, counted) = rules(&ledger, settings)?;
    let operations = Operations::new(&routes.matcher, &routes.catalog.operations);
    let logs = if settings.logs.is_empty() {
        Logs {
            sources: Vec::new(),
            formats: Vec::new(),
            heads: Vec::new(),
            total: 0,
        }
    } else {
        open_logs(settings)?
    };
    let mut contributions: Vec<(&Source, Contribution)> = Vec::new();
    let mut rejects: Vec<Reject> = Vec::new();
    let job = Job {
        settings,
        rules: &rules,
        routes,
        identities: &names.0,
        uncertain: &names.1,
        operations: &operations,
    };
    each_source(&job, &logs, |index, found| {
        rejects.extend(found.rejects.into_iter().map(|reject| Reject {
            source: index,
            ..reject
        }));
        contributions.push((&logs.sources[index], found.contribution));
        Ok(())
    })?;
    // Beside logs all ids are kept: they cannot be looked up again.
    let ids = if settings.credentials && settings.logs.is_empty() {
        Ids::Refused
    } else {
        Ids::All
    };
    let reading = Reading {
        identities: &names.0,
        matcher: &routes.matcher,
        operations: &operations,
        uncertain: &names.1,
        mask: &settings.rules.mask,
        max_clients: MAX_CLIENTS,
        ids,
        credentials: settings.credentials,
    };
    let recalled =
        Ledger::recall(dir, &reading, &contributions).map_err(|error| advised(&error))?;
    drop(contributions);
    let Recalled {
        usage,
        facts,
        credentials,
        presence,
        looser,
        other_catalogue,
        unknown_operation,
    } = recalled;
    let mut notes = super::input_diagnostics::notes(looser);
    notes.extend(counted);
    if other_catalogue > 0 {
        notes.push(format!(
            "{} of the ledger {} counted with another catalogue: operations that it did not have were counted as others or as unmatched",
            plural(other_catalogue, "input"),
            either(other_catalogue, "was", "were")
        ));
    }
    if unknown_operation > 0 {
        notes.push(format!(
            "{} of the ledger {} on operations that the catalogue no longer has, and {} as unmatched",
            plural(unknown_operation, "request"),
            either(unknown_operation, "is", "are"),
            either(unknown_operation, "counts", "count")
        ));
    }
    let collected = Collected {
        usage,
        files: Vec::new(),
        sources: Vec::new(),
        rejects,
        looser,
        credentials,
        presence,
        noise: Vec::new(),
    };
    let formats = facts.iter().map(|source| opened(source.format?)).collect();
    let read = LoadedUsage::new(
        settings,
        names,
        (logs.sources, formats),
        collected,
        facts,
        notes,
    );
    Ok(LoadedUsage {
        ids_left_out: ids == Ids::Refused,
        ..read
    })
}

/// The rules for logs given with a ledger: what they count as refused is what it was counted
/// with. A run that states another table is refused, and a run that states none is told which one counts.
fn rules(ledger: &Ledger, settings: &Settings) -> anyhow::Result<(EventRules, Option<String>)> {
    let (mut rules, table) = (settings.rules.clone(), settings.rules.outcomes.sorted());
    let Some(known) = ledger.outcomes().filter(|known| **known != table) else {
        return Ok((rules, None));
    };
    if table != OutcomeTable::default().sorted() {
        return Err(advised(&LedgerError::Outcomes {
            dir: ledger.dir().into(),
            known: known.flags(),
            stated: table.flags(),
        }));
    }
    rules.outcomes = known.clone();
    let text = format!(
        "the ledger was counted with {}, and so is this run",
        known.flags()
    );
    Ok((rules, Some(text)))
}

/// Single days of the ledger, with all their ids.
pub(crate) struct Days<'a> {
    dir: &'a Path,
    settings: &'a Settings,
    routes: &'a Routes,
    names: (Identities, Uncertain),
    operations: Operations,
}

impl<'a> Days<'a> {
    pub(crate) fn new(
        dir: &'a Path,
        settings: &'a Settings,
        routes: &'a Routes,
        policy: &Policy,
    ) -> Self {
        let known = policy.clients();
        let known = known.iter().map(|name| name.as_str().as_bytes().to_vec());
        Self {
            dir,
            settings,
            routes,
            names: names(settings, routes, known.collect()),
            operations: Operations::new(&routes.matcher, &routes.catalog.operations),
        }
    }

    pub(crate) fn of(&self, day: Day) -> anyhow::Result<UsageTable> {
        let reading = Reading {
            identities: &self.names.0,
            matcher: &self.routes.matcher,
            operations: &self.operations,
            uncertain: &self.names.1,
            mask: &self.settings.rules.mask,
            max_clients: MAX_CLIENTS,
            ids: Ids::All,
            credentials: false,
        };
        Ledger::day(self.dir, &reading, day).map_err(|error| advised(&error))
    }
}

/// How sources are read for a ledger.
pub(crate) struct Job<'a> {
    pub(crate) settings: &'a Settings,
    /// What counts as refused may be what the ledger was counted with.
    pub(crate) rules: &'a EventRules,
    pub(crate) routes: &'a Routes,
    pub(crate) identities: &'a Identities,
    pub(crate) uncertain: &'a Uncertain,
    pub(crate) operations: &'a Operations,
}

/// One source, read by itself.
pub(crate) struct ReadSource {
    pub(crate) contribution: Contribution,
    pub(crate) rejects: Vec<Reject>,
}

/// Reads each source by itself and hands it over, in their order. Several small ones
/// are read at the same time; a few large ones with all threads each.
pub(crate) fn each_source(
    job: &Job<'_>,
    logs: &Logs,
    mut take: impl FnMut(usize, ReadSource) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let threads = job.settings.limits.threads.max(1);
    let many = logs.sources.len() >= 2 * threads;
    let limits = Limits {
        threads: if many { 1 } else { threads },
        ..job.settings.limits.clone()
    };
    let progress = Arc::new(AtomicU64::new(0));
    let one = |index: usize| -> Result<ReadSource, LedgerError> {
        let source = std::slice::from_ref(&logs.sources[index]);
        let formats = std::slice::from_ref(&logs.formats[index]);
        let options = CollectOptions {
            formats,
            rules: job.rules,
            identities: job.identities,
            matcher: &job.routes.matcher,
            uncertain: job.uncertain,
            limits: &limits,
            max_clients: MAX_CLIENTS,
            credentials: Some(&job.settings.hash_key),
        };
        let mut collected = collect_as_logged(source, &options, &progress);
        let rejects = std::mem::take(&mut collected.rejects);
        let facts = SourceFacts::of_all(source, formats, &collected)
            .pop()
            .ok_or_else(|| LedgerError::Columns("a source has no facts".to_owned()))?;
        Ok(ReadSource {
            contribution: Contribution::new(&logs.heads[index], facts, &collected, job.operations)?,
            rejects,
        })
    };
    let group = if many { 4 * threads } else { 1 };
    let indices: Vec<usize> = (0..logs.sources.len()).collect();
    let _followed = job.settings.progress.follow(logs.total, &progress);
    for group in indices.chunks(group) {
        let done: Vec<Result<ReadSource, LedgerError>> =
            group.par_iter().map(|index| one(*index)).collect();
        for (index, found) in group.iter().zip(done) {
            take(*index, found.map_err(|error| advised(&error))?)?;
        }
    }
    Ok(())
}
