//! Logs become rows of the usage ledger, and what is held on a day is recorded with them.

use std::path::PathBuf;

use super::from_ledger::{Job, advised, each_source};
use super::pipeline::{self, Logs};
use super::snapshot_day::{self, DayOfPolicy, Record};
use super::{Advised, Settings, atomic_file, git_history, policy, rejects, routes};
use crate::input::{Input, Shard, read_list};
use crate::model::{Day, Policy};
use crate::usage::SourceFacts;
use crate::usage::ledger::{Added, Committed, Ledger, Operations, Writer};

/// What is written where.
pub struct Ingest {
    /// Folder of the ledger.
    pub into: PathBuf,
    /// The day that the policy files are said to be of.
    pub stated: Option<Day>,
    /// The policy files are named for this run, not in the configuration.
    pub files_named: bool,
    /// The folder is a new one, for `ledger merge`.
    pub partial: bool,
    /// This share of the logs alone.
    pub shard: Option<Shard>,
    /// The logs are those of this list. It is a part of a run that records what is held itself.
    pub listed: Option<PathBuf>,
    /// Where the lines that could not be read go, as JSON lines.
    pub rejects: Option<PathBuf>,
}

/// What became of the logs.
pub struct Ingested {
    /// Each log, in order, and what was done with it.
    pub sources: Vec<(SourceFacts, Added)>,
    /// What became of the record of what is held, where there was something to record.
    pub record: Option<Record>,
    /// Files of the ledger that were written and dropped.
    pub committed: Committed,
    /// What the reviewer should know.
    pub notes: Vec<String>,
}

/// All logs that are named, and which share of them is to be read: the only one, where none is said.
struct Named {
    all: Vec<Input>,
    share: (Shard, String),
}

impl Named {
    fn new(settings: &Settings, job: &Ingest) -> anyhow::Result<Self> {
        let all = match &job.listed {
            None => pipeline::inputs(settings)?,
            Some(file) => read_list(file).map_err(|error| {
                let text = format!("`{}` is not a list of logs: {error}", file.display());
                Advised::new(text, "`--engine` writes such a list")
            })?,
        };
        let named = Self {
            share: (job.shard.unwrap_or(Shard::WHOLE), Shard::list(&all)),
            all,
        };
        if job.shard.is_some() && named.has_stdin() {
            return Err(Advised::new(
                "standard input cannot be split into shards",
                "name files, folders or globs, the same for every shard",
            ));
        }
        Ok(named)
    }

    fn has_stdin(&self) -> bool {
        self.all.iter().any(|input| input.path.is_none())
    }

    fn open(&self, settings: &Settings) -> anyhow::Result<Logs> {
        let own = self.share.0.take(&self.all);
        let alone = own.len() == self.all.len();
        pipeline::open_inputs(settings, &own, alone)
    }

    /// What is in the folder of the partial result already, when it is what is asked for.
    /// Another result there is an error; one that was interrupted is none.
    fn known(&self, settings: &Settings, job: &Ingest, operations: &Operations) -> Known {
        let Ok(ledger) = Ledger::open(&job.into) else {
            // What is wrong with the folder, its writer will say.
            return Ok(None);
        };
        let outcomes = &settings.rules.outcomes;
        let same = ledger.is_result_of(&self.share, operations, outcomes);
        if !same.map_err(|error| advised(&error))? {
            return Ok(None);
        }
        let records = ledger.records().map_err(|error| advised(&error))?;
        let records = records.into_iter().map(|record| record.facts);
        let mut sources: Vec<_> = records.map(|facts| (facts, Added::Known)).collect();
        sources.sort_by(|a, b| a.0.shown.cmp(&b.0.shown));
        let note = format!(
            "`{}` has the result of these logs already; to read them again, remove the folder",
            job.into.display()
        );
        Ok(Some(Ingested {
            sources,
            record: None,
            committed: Committed::default(),
            notes: vec![note],
        }))
    }
}

type Known = anyhow::Result<Option<Ingested>>;

/// Adds the logs of the settings to a ledger. After an error it is as it was.
pub fn ingest(settings: &Settings, job: &Ingest) -> anyhow::Result<Ingested> {
    let routes = routes::routes(settings)?;
    let named_day = job.stated.is_some() || settings.grants_at.is_some();
    let held = if settings.grants.is_empty() && !named_day {
        None
    } else {
        Some(policy::policy(settings)?)
    };
    let notes = held.iter().flat_map(git_history::sentences).collect();
    let holders = held.iter().flat_map(Policy::clients);
    let known = holders.map(|name| name.as_str().as_bytes().to_vec());
    let (identities, uncertain) = pipeline::names(settings, &routes, known.collect());
    let operations = Operations::new(&routes.matcher, &routes.catalog.operations);
    let named = Named::new(settings, job)?;
    if job.partial
        && let Some(known) = named.known(settings, job, &operations)?
    {
        return Ok(known);
    }
    let opened = named.open(settings)?;
    let writer = if job.partial {
        Writer::open_uncleaned(&job.into)
    } else {
        Writer::open(&job.into)
    };
    let mut writer = writer.map_err(|error| advised(&error))?;
    if job.partial {
        // Somebody else may have ended just before the lock was free.
        if let Some(known) = named.known(settings, job, &operations)? {
            return Ok(known);
        }
        if !named.has_stdin() {
            writer.is_shard(named.share.0, &named.share.1);
        }
    }
    let counted = writer.counted_with(&settings.rules.outcomes);
    counted.map_err(|error| advised(&error))?;
    let mut sources = Vec::new();
    let mut rejected = String::new();
    let reading = Job {
        settings,
        rules: &settings.rules,
        routes: &routes,
        identities: &identities,
        uncertain: &uncertain,
        operations: &operations,
    };
    each_source(&reading, &opened, |index, found| {
        let source = &opened.sources[index];
        if job.rejects.is_some() {
            rejected.push_str(&rejects::lines(
                std::slice::from_ref(source),
                &found.rejects,
            )?);
        }
        let facts = found.contribution.record.facts.clone();
        let added = writer
            .add(found.contribution, source)
            .map_err(|error| advised(&error))?;
        sources.push((facts, added));
        Ok(())
    })?;
    let days = sources
        .iter()
        .flat_map(|(facts, _)| facts.counts.days.keys());
    let day = DayOfPolicy {
        stated: job.stated,
        files_named: job.files_named,
        partial: job.partial,
        last: days.max().copied(),
    };
    let record = match &held {
        None => None,
        // Its policy is here for the names alone.
        Some(_) if job.listed.is_some() => None,
        Some(policy) => snapshot_day::record(&day, settings, &mut writer, policy)?,
    };
    // Before the commit: who lost the list could not get it again by a second run.
    if let Some(path) = &job.rejects {
        atomic_file::write_text(path, &rejected)?;
    }
    let committed = writer.commit().map_err(|error| advised(&error))?;
    Ok(Ingested {
        sources,
        record,
        committed,
        notes,
    })
}
