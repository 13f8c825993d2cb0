//! `usage`: requests per day, client and operation, as counted from the logs.

use std::io::Write;
use std::path::PathBuf;

use super::args::{Folder, InputArgs, PolicyArgs};
use super::{ExitStatus, diagnostics};
use crate::format::Skip;
use crate::model::words::plural;
use crate::report::{escape, usage_csv, usage_json};
use crate::run::atomic_file::Whole;
use crate::run::{input_diagnostics, pipeline, read_usage};
use crate::usage::write_usage;

/// Arguments of `usage`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  scopetrim usage samples/shop\n  scopetrim usage --logs 'logs/*.gz' --catalog openapi.yaml\n  scopetrim usage --logs access.log --catalog openapi.yaml --out usage.csv\n  scopetrim usage --logs access.log --catalog openapi.yaml --parquet usage.parquet"
)]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    /// Write comma-separated values (the default)
    #[arg(long, conflicts_with_all = ["json", "parquet"])]
    csv: bool,
    /// Write a JSON array
    #[arg(long)]
    json: bool,
    /// Write a Parquet file, one row for each outcome
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "out"])]
    parquet: Option<PathBuf>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        ..PolicyArgs::default()
    };
    let mut settings = super::settings::settings(&args.inputs, &policy)?;
    // Only a ledger knows its sources by their digests.
    settings.limits.digests = settings.ledger.is_some();
    // A bad path should fail before the long work.
    let path = args.out.as_deref().or(args.parquet.as_deref());
    let whole = path.map(Whole::create).transpose()?;
    let mut file = match &whole {
        Some(whole) if args.out.is_some() => {
            Some(std::io::BufWriter::with_capacity(1 << 20, whole.file()?))
        }
        _ => None,
    };
    let catalog = pipeline::catalog(&settings)?;
    let read = read_usage::read_logs(&settings, &catalog, std::collections::BTreeSet::new())?;
    let out: &mut dyn Write = match &mut file {
        Some(file) => file,
        None => out,
    };
    let table = &read.collected.usage;
    if let (Some(path), Some(whole)) = (&args.parquet, &whole) {
        let rows = write_usage(table, whole.file()?)?;
        let name = path.display().to_string();
        writeln!(
            out,
            "{} in {}",
            plural(rows, "row"),
            escape::terminal(&name)
        )?;
    } else if args.json {
        usage_json::write(table, out)?;
    } else {
        usage_csv::write(table, out)?;
    }
    out.flush()?;
    if let Some(whole) = whole {
        whole.finish()?;
    }
    if let Some(text) = input_diagnostics::ran_ahead_as_logged(&read, settings.reject_share) {
        diagnostics::note(settings.quiet, &text);
    }
    for text in &read.incomplete {
        diagnostics::note(settings.quiet, &format!("incomplete: {text}"));
    }
    let mut skips = [0; Skip::ALL.len()];
    for own in &read.facts {
        skips
            .iter_mut()
            .zip(own.counts.skips)
            .for_each(|(sum, own)| *sum += own);
    }
    let lost = diagnostics::say_skips(&skips, settings.quiet);
    Ok(if read.incomplete.is_empty() && !lost {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
