//! `usage`: requests per day, client and operation, as counted from the logs.

use std::io::Write;

use super::args::{Folder, InputArgs, PolicyArgs};
use super::output::OutputArgs;
use super::{ExitStatus, diagnostics};
use crate::format::Skip;
use crate::report::table::Format;
use crate::report::usage;
use crate::run::{input_diagnostics, read_usage, routes};

/// Arguments of `usage`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim usage samples/shop
  scopetrim usage --logs 'logs/*.gz' --catalog openapi.yaml
  scopetrim usage --logs access.log --catalog openapi.yaml --out usage.csv
  scopetrim usage --logs access.log --catalog openapi.yaml --output parquet --out usage.parquet

One row for each day, client and operation; in Parquet one for each outcome of them.")]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        ..PolicyArgs::default()
    };
    let mut settings = super::settings::settings(&args.inputs, &policy)?;
    // Only a ledger knows its sources by their digests.
    settings.limits.digests = settings.ledger.is_some();
    let output = args.output.open(Format::Csv)?;
    let catalog = routes::routes(&settings)?;
    let read = read_usage::read_logs(&settings, &catalog, std::collections::BTreeSet::new())?;
    let table = &read.collected.usage;
    output.write(out, "row", |format, out| {
        Ok(match format {
            Format::Parquet => usage::by_outcome(table).write(format, out),
            _ => usage::by_route(table).write(format, out),
        }?)
    })?;
    if let Some(text) = input_diagnostics::ran_ahead_as_logged(&read, settings.reject_share) {
        diagnostics::note(settings.quiet, &text);
    }
    for text in &read.incomplete {
        diagnostics::note(settings.quiet, &format!("incomplete: {text}"));
    }
    let mut skips = [0; Skip::ALL.len()];
    for source in &read.facts {
        skips
            .iter_mut()
            .zip(source.counts.skips)
            .for_each(|(sum, count)| *sum += count);
    }
    let lost = diagnostics::say_skips(&skips, settings.quiet);
    Ok(if read.incomplete.is_empty() && !lost {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
