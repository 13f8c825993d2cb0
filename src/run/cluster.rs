//! Logs that are read on a cluster become rows of the usage ledger, in one commit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::from_ledger::advised;
use super::ingestion::{Ingest, Ingested};
use super::snapshot_day::{self, DayOfPolicy};
use super::{Advised, Settings, git_history, pipeline, policy, routes};
use crate::engine::spark::Spark;
use crate::engine::{EngineError, Job, Rows};
use crate::input::{Input, discover};
use crate::model::Policy;
use crate::model::words::{either, plural};
use crate::storage::is_remote;
use crate::usage::SourceFacts;
use crate::usage::ledger::{Added, Ledger, LedgerError, Writer, missing_shards};

/// The cluster, and what it needs to know.
pub(crate) struct Cluster<'a> {
    /// Which Spark.
    pub(crate) spark: &'a Spark,
    /// The program that starts Spark.
    pub(crate) submit: Option<&'a Path>,
    /// The program for the cluster's machines.
    pub(crate) binary: Option<&'a Path>,
    /// Rows of a table in the place of logs.
    pub(crate) rows: Option<&'a Rows>,
    /// How many shares.
    pub(crate) tasks: Option<u32>,
    /// Threads of each task.
    pub(crate) threads: Option<u16>,
    /// The files that say how logs are read.
    pub(crate) files: &'a [String],
    /// Arguments of `ingest` on a share.
    pub(crate) args: &'a [String],
}

/// What a cluster is told, looked at here: what is wrong is wrong on every machine, and said before any
/// of them starts.
struct Prepared {
    held: Option<Policy>,
    inputs: Vec<Input>,
    files: Vec<Input>,
}

impl Prepared {
    fn new(cluster: &Cluster<'_>, settings: &Settings, job: &Ingest) -> anyhow::Result<Self> {
        routes::routes(settings)?;
        let held = if settings.grants.is_empty() && job.stated.is_none() {
            None
        } else {
            Some(policy::policy(settings)?)
        };
        match Ledger::open(&job.into) {
            Err(error) if !matches!(error, LedgerError::Missing(_)) => return Err(advised(&error)),
            _ => {}
        }
        let inputs = match cluster.rows {
            None => pipeline::inputs(settings)?,
            Some(_) => Vec::new(),
        };
        if inputs.iter().any(|input| input.path.is_none()) {
            return Err(Advised::new(
                "standard input cannot be read on a cluster",
                "name files, folders or globs that all its machines see",
            ));
        }
        Ok(Self {
            held,
            inputs,
            files: files(cluster.files)?,
        })
    }

    fn job<'a>(&'a self, cluster: &'a Cluster<'_>, into: Option<&'a Path>) -> Job<'a> {
        Job {
            inputs: &self.inputs,
            rows: cluster.rows,
            files: &self.files,
            args: cluster.args,
            tasks: cluster.tasks,
            threads: cluster.threads,
            binary: cluster.binary,
            into,
        }
    }
}

fn failed(error: &EngineError) -> anyhow::Error {
    Advised::new(error.to_string(), error.help())
}

/// Writes what a cluster needs to add the logs of the settings to a ledger into a new folder. Out: the
/// words of the command line that submits it.
pub(crate) fn job_for(
    cluster: &Cluster<'_>,
    settings: &Settings,
    job: &Ingest,
    dir: &Path,
) -> anyhow::Result<Vec<OsString>> {
    let prepared = Prepared::new(cluster, settings, job)?;
    let work = prepared.job(cluster, Some(&job.into));
    let program = cluster.submit.unwrap_or(Path::new("spark-submit"));
    let args = cluster.spark.prepare(&work, dir);
    let args = args.map_err(|error| failed(&error))?;
    Ok(std::iter::once(program.into()).chain(args).collect())
}

/// Adds the logs of the settings to a ledger, read on a cluster. After an error it is as it was.
/// `say` is told of progress, and of what the cluster complains about.
pub(crate) fn ingest_on(
    cluster: &Cluster<'_>,
    settings: &Settings,
    job: &Ingest,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Ingested> {
    let prepared = Prepared::new(cluster, settings, job)?;
    let (held, inputs) = (&prepared.held, &prepared.inputs);
    let mut notes: Vec<String> = held.iter().flat_map(git_history::sentences).collect();
    let folder = tempfile::tempdir()?;
    let parts = cluster
        .spark
        .run(
            cluster.submit,
            &prepared.job(cluster, None),
            folder.path(),
            say,
        )
        .map_err(|error| failed(&error))?;
    let (mut writer, sources) = merged(&job.into, &parts)?;
    if cluster.rows.is_none() {
        notes.extend(twice(inputs, &sources));
    }
    let days = sources
        .iter()
        .flat_map(|(facts, _)| facts.counts.days.keys());
    let day = DayOfPolicy {
        stated: job.stated,
        files_named: job.files_named,
        partial: false,
        last: days.max().copied(),
    };
    let record = match held {
        None => None,
        Some(policy) => snapshot_day::record(&day, settings, &mut writer, policy)?,
    };
    let committed = writer.commit().map_err(|error| advised(&error))?;
    Ok(Ingested {
        sources,
        record,
        committed,
        notes,
    })
}

/// The partial results in a ledger, not yet committed, and what became of each log in them.
fn merged(into: &Path, parts: &[PathBuf]) -> anyhow::Result<(Writer, Vec<(SourceFacts, Added)>)> {
    let others: Vec<Ledger> = parts
        .iter()
        .map(|dir| Ledger::open(dir))
        .collect::<Result<_, _>>()
        .map_err(|error| advised(&error))?;
    let missing = missing_shards(&others);
    if others.is_empty() || !missing.is_empty() {
        // A share that got lost must not look like days without records.
        return Err(Advised::new(
            format!(
                "the cluster gave no whole result: {} missing",
                missing.join("; ")
            ),
            "this is a fault of scopetrim or of the cluster; the ledger is as it was",
        ));
    }
    let mut writer = Writer::open(into).map_err(|error| advised(&error))?;
    let sources = writer.merge_all(&others).map_err(|error| advised(&error))?;
    Ok((writer, sources))
}

/// Logs that have no place in the result: another one has their content.
fn twice(inputs: &[Input], sources: &[(SourceFacts, Added)]) -> Option<String> {
    let known: BTreeSet<&str> = sources.iter().map(|(facts, _)| &*facts.shown).collect();
    let archives = known.iter().filter_map(|shown| shown.split_once('!'));
    let archives: BTreeSet<&str> = archives.map(|(archive, _)| archive).collect();
    let left: Vec<&str> = inputs
        .iter()
        .map(|input| &*input.shown)
        .filter(|shown| !known.contains(shown) && !archives.contains(shown))
        .collect();
    let first = left.first()?;
    Some(format!(
        "{} {} the content of another one, or its beginning, and {} not counted again: `{first}` is the first",
        plural(left.len(), "log"),
        either(left.len(), "has", "have"),
        either(left.len(), "is", "are"),
    ))
}

/// What is named and lies on this machine, with every file of the folders that are named. What is
/// in a bucket every machine reads from there.
fn files(named: &[String]) -> anyhow::Result<Vec<Input>> {
    let here = named.iter().filter(|name| !is_remote(name));
    let named: Vec<String> = here.cloned().collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    discover(&named, Path::new("")).map_err(|error| Advised::new(error.to_string(), error.help()))
}
