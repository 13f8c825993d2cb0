//! `usage`: requests per day, client and operation, as counted from the logs.

use std::io::Write;
use std::path::PathBuf;

use super::ExitStatus;
use super::args::InputArgs;
use super::pipeline;
use crate::report::usage_csv;

/// Arguments of `usage`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  scopetrim usage --logs 'logs/*.gz' --catalog openapi.yaml\n  scopetrim usage --logs access.log --catalog openapi.yaml --out usage.csv"
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: InputArgs,
    /// Write comma-separated values (the default)
    #[arg(long)]
    csv: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let setup = super::settings::setup(&args.inputs, None)?;
    // A bad path should fail before the long work.
    let mut file = match &args.out {
        Some(path) => Some(std::io::BufWriter::with_capacity(
            1 << 20,
            pipeline::create(path)?,
        )),
        None => None,
    };
    let catalog = pipeline::catalog(&setup)?;
    let read = pipeline::read_logs(&setup, &catalog, std::collections::BTreeSet::new())?;
    let out: &mut dyn Write = match &mut file {
        Some(file) => file,
        None => out,
    };
    usage_csv::write(&read.collected.usage, out)?;
    out.flush()?;
    Ok(if read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
