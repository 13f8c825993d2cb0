//! `backtest`: had the advice of past months been followed, what would have been denied?

use std::io::Write;

use super::args::{InputArgs, PolicyArgs};
use super::study::{say_incomplete, study_and_backtest};
use super::{ExitStatus, analyze};
use crate::report::backtest as report;

/// Arguments of `backtest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim backtest samples/shop
  scopetrim backtest --logs 'logs/*.gz' --catalog openapi.yaml --grants grants.yaml --json

For each month end with 90 covered days before it and 30 days behind it, the recommendation is made
from the days up to it alone, and then replayed on the 90 days that followed. A level contains
everything safer, as --level does in `analyze`.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values: one line for each month end and level
    #[arg(long)]
    csv: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let study = study_and_backtest(&args.inputs, &args.policy)?;
    let found = study.backtest.clone().unwrap_or_default();
    let catalog = &study.routes.catalog;
    if args.json {
        let value = report::value(&found, catalog);
        writeln!(out, "{}", crate::report::json_text::pretty(&value)?)?;
    } else if args.csv {
        out.write_all(report::csv(&found).as_bytes())?;
    } else {
        report::table(
            &found,
            catalog,
            &study.read.incomplete,
            out,
            analyze::width(),
        )?;
    }
    say_incomplete(&study);
    Ok(if study.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
