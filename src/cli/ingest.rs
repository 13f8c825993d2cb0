//! `ingest`: adds logs to the usage ledger.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::diagnostics::{self, Advised};
use super::from_ledger::{advised, each_source};
use super::settings;
use super::snapshot_day::{self, Record, RecordArgs};
use super::{ExitStatus, analysis_run, atomic_file, git_history, pipeline};
use crate::input::SourceStatus;
use crate::model::words::plural;
use crate::report::escape;
use crate::usage::SourceFacts;
use crate::usage::ledger::{Added, Committed, Ledger, LedgerError, Operations, Writer};

/// Arguments of `ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim ingest 'logs/2026-10-31/*.gz' --ledger usage --catalog openapi.yaml
  scopetrim ingest access.log --ledger usage --catalog openapi.yaml --grants grants.yaml
  scopetrim ingest --dir samples/shop --ledger usage
  scopetrim ingest march.log --ledger usage --catalog openapi.yaml --grants march.yaml --grants-as-of 2026-03-31
  scopetrim ingest 'logs/gw-1/*.gz' --catalog openapi.yaml --partial part-1
  scopetrim ingest access.log --ledger usage --catalog openapi.yaml --rejects rejects.ndjson

The same content is counted once, whatever its name or compression; a log that has grown replaces \
its earlier part. What the policy files grant is recorded, too, as of the last day of the ledger. Who brings \
old logs in later says with --grants-as-of of which day the files are, or reads them with --grants-at as git \
had them: else grants of today pass for old ones. Exit codes: 0 done, 2 error (the ledger is as it was), 3 done \
but some input was incomplete.")]
pub(super) struct Args {
    /// Access logs: files, folders, globs, or `-` for standard input; default: those of the configuration
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
    /// Write the lines that could not be read (of each log the first 1,000) into this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
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
    let mut settings = settings::settings(&inputs, &policy)?;
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
    if args.partial.is_some() && Ledger::open(&dir).is_ok() {
        return Err(advised(&LedgerError::Exists(dir)));
    }
    // A wrong day should fail before anything is written.
    args.record.day()?;
    let routes = pipeline::catalog(&settings)?;
    let held = if settings.grants.is_empty() && !args.record.is_stated() {
        None
    } else {
        Some(analysis_run::policy(&settings)?)
    };
    for text in held.iter().flat_map(git_history::sentences) {
        diagnostics::note(settings.quiet, &text);
    }
    let holders = held.iter().flat_map(crate::model::Policy::clients);
    let known = holders.map(|name| name.as_str().as_bytes().to_vec());
    let (identities, uncertain) = pipeline::names(&settings, &routes, known.collect());
    let operations = Operations::new(&routes.matcher, &routes.catalog.operations);
    let opened = pipeline::open_logs(&settings)?;
    let mut writer = Writer::open(&dir).map_err(|error| advised(&error))?;
    let counted = writer.counted_with(&settings.rules.outcomes);
    counted.map_err(|error| advised(&error))?;
    let mut done = Vec::new();
    let mut rejects = String::new();
    let sources = &opened.sources;
    each_source(
        (&settings, &settings.rules),
        &routes,
        (&identities, &uncertain),
        &operations,
        &opened,
        |index, found| {
            if args.rejects.is_some() {
                let own = std::slice::from_ref(&sources[index]);
                rejects.push_str(&super::rejects::lines(own, &found.rejects)?);
            }
            let facts = found.contribution.record.facts.clone();
            let added = writer
                .add(found.contribution, &sources[index])
                .map_err(|error| advised(&error))?;
            done.push((facts, added));
            Ok(())
        },
    )?;
    let days = done.iter().flat_map(|(facts, _)| facts.counts.days.keys());
    let ways = (
        !args.grants.is_empty(),
        args.partial.is_some(),
        days.max().copied(),
    );
    let recorded = match &held {
        None => None,
        Some(policy) => snapshot_day::record(&args.record, &settings, &mut writer, policy, ways)?,
    };
    // Before the commit: who lost the list could not get it again by a second run.
    if let Some(path) = &args.rejects {
        atomic_file::write_text(path, &rejects)?;
    }
    let committed = writer.commit().map_err(|error| advised(&error))?;
    let incomplete = say_incomplete(settings.quiet, &done);
    let line = recorded.as_ref().and_then(|own| own.line(settings.quiet));
    if args.json {
        print_json(&dir, &done, committed, recorded.as_ref(), out)?;
    } else {
        print(&done, line, out)?;
    }
    Ok(if incomplete {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Done
    })
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

fn print_json(
    dir: &Path,
    done: &[(SourceFacts, Added)],
    committed: Committed,
    recorded: Option<&Record>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let list: Vec<serde_json::Value> = done
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
        "grants": recorded.map(Record::json),
        "files_written": committed.written,
        "files_dropped": committed.dropped,
    });
    writeln!(out, "{whole:#}")?;
    Ok(())
}

fn print(
    done: &[(SourceFacts, Added)],
    recorded: Option<String>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let inputs = done.iter().map(|(facts, added)| {
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
    for line in inputs.chain(recorded) {
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
