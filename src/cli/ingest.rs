//! `ingest`: adds logs to the usage ledger.

mod share;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::{ExitStatus, diagnostics, settings};
use crate::engine::Rows;
use crate::engine::spark::Spark;
use crate::input::{Shard, SourceStatus};
use crate::model::Day;
use crate::model::words::{plural, shell_word};
use crate::report::escape;
use crate::run::{self, Advised, Cluster, Ingest, Ingested, Record};
use crate::usage::SourceFacts;
use crate::usage::ledger::{Added, OnRecord};

/// Arguments of `ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim ingest 'logs/2026-10-31/*.gz' --ledger usage --catalog openapi.yaml
  scopetrim ingest access.log --ledger usage --catalog openapi.yaml --grants grants.yaml
  scopetrim ingest --dir samples/shop --ledger usage
  scopetrim ingest march.log --ledger usage --catalog openapi.yaml --grants march.yaml --grants-as-of 2026-03-31
  scopetrim ingest 'logs/gw-1/*.gz' --catalog openapi.yaml --partial part-1
  scopetrim ingest logs --catalog openapi.yaml --shard 3/8 --partial parts/3
  scopetrim ingest s3://acme-logs/gateway --catalog openapi.yaml --ledger s3://acme-usage/ledger
  scopetrim ingest access.log --ledger usage --catalog openapi.yaml --rejects rejects.ndjson
  scopetrim ingest logs --ledger usage --catalog openapi.yaml --engine spark://10.0.0.1:7077
  scopetrim ingest --table gateway.requests --column line --ledger usage --catalog openapi.yaml --engine spark
  scopetrim ingest s3://acme-logs/gateway --catalog openapi.yaml --ledger s3://acme-usage/ledger --engine spark --job job

The same content is counted once, whatever its name or compression; a log that has grown replaces \
its earlier part. What the policy files grant is recorded, too, as of the last day of the ledger. Who brings \
old logs in later says with --grants-as-of of which day the files are, or reads them with --grants-at as git \
had them: else grants of today pass for old ones. Exit codes: 0 done, 2 error (the ledger is as it was), 3 done \
but some input was incomplete.")]
pub(super) struct Args {
    /// Access logs: files, folders, globs, s3://..., or `-` for standard input; default: those of the configuration
    #[arg(value_name = "LOG")]
    files: Vec<String>,
    /// Folder to start from; paths of its scopetrim.toml are relative to it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Policy file, to record what is held; repeatable
    #[arg(long, value_name = "FILE")]
    grants: Vec<String>,
    #[command(flatten)]
    record: RecordArgs,
    /// Write the result of these logs alone into this new folder, for `ledger merge`
    #[arg(long, value_name = "DIR", conflicts_with = "ledger")]
    partial: Option<PathBuf>,
    /// Read only this share of the logs, as I/N; who names the same logs gets the same shares
    #[arg(
        long,
        value_name = "I/N",
        requires = "partial",
        conflicts_with = "ledger"
    )]
    shard: Option<Shard>,
    /// Take the logs from a list, as an engine is given it
    #[arg(long, value_name = "FILE", hide = true, requires = "shard", conflicts_with_all = ["files", "logs"])]
    listed: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Write the lines that could not be read (the first 1,000 of each log) into this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Where the logs are read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct EngineArgs {
    /// Read the logs on your own cluster: spark, or spark://HOST:PORT for a master
    #[arg(long, value_name = "ENGINE", conflicts_with_all = ["partial", "rejects", "grants_at"])]
    engine: Option<Spark>,
    /// The program that starts your Spark; default: the one of `$SPARK_HOME`, or on the path
    #[arg(long, value_name = "PATH", requires = "engine")]
    spark_submit: Option<PathBuf>,
    /// Shares that the engine reads; default: four for each core of the cluster
    #[arg(long, value_name = "N", requires = "engine", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tasks: Option<u32>,
    /// Read lines from a table, a view or a query in brackets of the cluster's SQL, in the place of logs
    #[arg(long, value_name = "TABLE", requires = "engine", conflicts_with_all = ["files", "logs"])]
    table: Option<String>,
    /// The column of the table with the lines
    #[arg(long, value_name = "NAME", requires = "table", default_value = "value")]
    column: String,
    /// The program for the machines of the cluster, where they are of another kind than this one
    #[arg(long, value_name = "FILE", requires = "engine")]
    engine_binary: Option<PathBuf>,
    /// Start nothing: write the job into this new folder, to be submitted by other means
    #[arg(long, value_name = "DIR", requires = "engine", conflicts_with_all = ["grants_as_of", "json"])]
    job: Option<PathBuf>,
}

impl EngineArgs {
    fn rows(&self) -> Option<Rows> {
        Some(Rows {
            table: self.table.clone()?,
            column: self.column.clone(),
        })
    }
}

/// The day that the policy files are declared to be of.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct RecordArgs {
    /// Record what is held as of this day; default: the last day of the ledger
    #[arg(long, value_name = "DATE", conflicts_with = "grants_at")]
    grants_as_of: Option<String>,
    /// Record the policy files as git had them at the end of this day, under this day
    #[arg(long, value_name = "DATE")]
    pub(super) grants_at: Option<String>,
}

impl RecordArgs {
    /// The day that is named, if one is.
    pub(super) fn day(&self) -> anyhow::Result<Option<Day>> {
        let named = self.grants_as_of.as_ref().or(self.grants_at.as_ref());
        named.map(|text| settings::date(text)).transpose()
    }
}

pub(super) fn run(
    args: &Args,
    line: &[OsString],
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let mut inputs = args.inputs.clone();
    // The configuration's logs and ledger both count here; flags are put over them.
    let (logs, ledger) = (std::mem::take(&mut inputs.logs), inputs.ledger.take());
    let policy = PolicyArgs {
        folder: Folder::at(args.dir.clone()),
        flags: PolicyFlags {
            grants: args.grants.clone(),
            grants_at: args.record.grants_at.clone(),
            ..PolicyFlags::default()
        },
    };
    let source = settings::source(&inputs, &policy)?;
    let mut settings = settings::of(&source, inputs.quiet)?;
    let named: Vec<String> = args.files.iter().chain(&logs).cloned().collect();
    if !named.is_empty() {
        settings.logs = named;
    }
    let dir = args.partial.clone().or(ledger).or(settings.ledger.take());
    let Some(dir) = dir else {
        return Err(Advised::new(
            "no ledger given",
            "name its folder with --ledger DIR, or as `ledger` in scopetrim.toml",
        ));
    };
    let job = Ingest {
        into: dir,
        stated: args.record.day()?,
        files_named: !args.grants.is_empty(),
        partial: args.partial.is_some(),
        shard: args.shard,
        listed: args.listed.clone(),
        rejects: args.rejects.clone(),
    };
    let done = match &args.engine.engine {
        None => run::ingest(&settings, &job)?,
        Some(spark) => {
            let rows = args.engine.rows();
            let cluster = Cluster {
                spark,
                submit: args.engine.spark_submit.as_deref(),
                binary: args.engine.engine_binary.as_deref(),
                rows: rows.as_ref(),
                tasks: args.engine.tasks,
                threads: args.inputs.threads,
                files: &source.files()?,
                args: &share::arguments(line)?,
            };
            let say = |text: &str| diagnostics::note(settings.quiet, text);
            if let Some(dir) = &args.engine.job {
                let command = run::job_for(&cluster, &settings, &job, dir)?;
                if !settings.grants.is_empty() {
                    say(
                        "what is held is not recorded by a job: the next `scopetrim ingest --grants` does that",
                    );
                }
                return submit_by_hand(&command, &job.into, dir, out);
            }
            run::ingest_on(&cluster, &settings, &job, &say)?
        }
    };
    for text in &done.notes {
        diagnostics::note(settings.quiet, text);
    }
    let incomplete = say_incomplete(settings.quiet, &done.sources);
    if let Some(Record::Not(why)) = &done.record {
        let text = format!("what is held is not recorded: {why}");
        diagnostics::note(settings.quiet, &text);
    }
    if args.json {
        print_json(&job.into, &done, out)?;
    } else {
        print(&done, out)?;
    }
    Ok(if incomplete {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Done
    })
}

/// How a job is submitted, by people or by what starts jobs for them.
fn submit_by_hand(
    command: &[OsString],
    into: &Path,
    dir: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let words = command.iter().map(|word| word.to_string_lossy());
    let words: Vec<String> = words.map(|word| shell_word(&word)).collect();
    let (dir, into) = (dir.display().to_string(), into.display().to_string());
    let (dir, into) = (escape::terminal(&dir), escape::terminal(&into));
    writeln!(
        out,
        "The job in `{dir}` adds the logs to `{into}`. It is submitted by:\n"
    )?;
    writeln!(out, "  {}", escape::terminal(&words.join(" ")))?;
    Ok(ExitStatus::Done)
}

/// Whether some new input is incomplete; says which.
fn say_incomplete(quiet: bool, done: &[(SourceFacts, Added)]) -> bool {
    let mut incomplete = false;
    for (facts, added) in done {
        let reason = match &facts.status {
            SourceStatus::Complete | SourceStatus::Duplicate(_) => continue,
            SourceStatus::Partial(reason) | SourceStatus::Unreadable(reason) => reason,
        };
        if !matches!(added, Added::Known | Added::Earlier(_)) {
            incomplete = true;
            let text = format!("incomplete: `{}`: {reason}", facts.shown);
            diagnostics::note(quiet, &text);
        }
    }
    incomplete
}

fn print_json(dir: &Path, done: &Ingested, out: &mut dyn Write) -> anyhow::Result<()> {
    let list: Vec<serde_json::Value> = done
        .sources
        .iter()
        .map(|(facts, added)| {
            let (what, of) = words(added);
            serde_json::json!({
                "path": facts.shown,
                "digest": facts.digest,
                "records": facts.counts.records,
                "counted": facts.counts.counted,
                "rejected": facts.counts.rejected(),
                "result": what,
                "of": of,
            })
        })
        .collect();
    let whole = serde_json::json!({
        "ledger": dir.display().to_string(),
        "inputs": list,
        "grants": done.record.as_ref().map(record_json),
        "files_written": done.committed.written,
        "files_dropped": done.committed.dropped,
    });
    writeln!(out, "{whole:#}")?;
    Ok(())
}

fn print(done: &Ingested, out: &mut dyn Write) -> anyhow::Result<()> {
    let inputs = done.sources.iter().map(|(facts, added)| {
        let (what, of) = words(added);
        let of = if of.is_empty() {
            String::new()
        } else {
            format!(" {}", of.join(", "))
        };
        format!(
            "{}: {what}{of}; {}, {} counted, {} rejected",
            facts.shown,
            plural(facts.counts.records, "record"),
            facts.counts.counted,
            facts.counts.rejected()
        )
    });
    for line in inputs.chain(done.record.as_ref().and_then(record_line)) {
        writeln!(out, "{}", escape::terminal(&line))?;
    }
    Ok(())
}

/// What became of a source, and which other ones that is about.
pub(super) fn words(added: &Added) -> (&'static str, Vec<String>) {
    match added {
        Added::New => ("added", Vec::new()),
        Added::Known => ("known already", Vec::new()),
        Added::Replaces(of) => ("added, in place of", of.clone()),
        Added::Earlier(of) => ("known already as a part of", vec![of.clone()]),
    }
}

/// The line of the table about what is held; what was not done goes to standard error.
fn record_line(record: &Record) -> Option<String> {
    let Record::Held(day, found, grants) = record else {
        return None;
    };
    let what = match found {
        OnRecord::Nothing => "recorded",
        OnRecord::Same => "recorded already",
        OnRecord::Other => "recorded, in place of what was,",
    };
    Some(format!(
        "{} {what} as of {day}",
        plural(*grants as u64, "grant")
    ))
}

fn record_json(record: &Record) -> serde_json::Value {
    match record {
        Record::Held(day, found, grants) => serde_json::json!({
            "as_of": day.to_string(),
            "grants": grants,
            "result": match found {
                OnRecord::Nothing => "added",
                OnRecord::Same => "known already",
                OnRecord::Other => "replaced",
            },
        }),
        Record::Not(why) => serde_json::json!({"result": "not recorded", "reason": why}),
    }
}
