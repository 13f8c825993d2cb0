//! `events`: the normalised events as Parquet.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use super::args::{InputArgs, PolicyArgs};
use super::talk::Advised;
use super::{ExitStatus, pipeline, settings};
use crate::input::SourceStatus;

/// Arguments of `events`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim events --dir samples/shop --parquet events.parquet
  scopetrim events --logs access.jsonl --catalog openapi.yaml --parquet events.parquet")]
pub(super) struct Args {
    /// Folder to start from; paths of its scopetrim.toml are relative to it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Parquet file to write
    #[arg(long, value_name = "FILE")]
    parquet: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        dir: args.dir.clone(),
        ..PolicyArgs::default()
    };
    let setup = settings::setup(&args.inputs, Some(&policy))?;
    let file = pipeline::create(&args.parquet)?;
    let routes = pipeline::catalog(&setup)?;
    let (reports, rows) = pipeline::export(&setup, &routes, BTreeSet::new(), file)?;
    writeln!(
        out,
        "{rows} events in {}",
        crate::report::escape::terminal(&args.parquet.display().to_string())
    )?;
    let broken = reports
        .iter()
        .filter(|report| report.status != SourceStatus::Complete)
        .count();
    if broken > 0 {
        super::talk::note(
            setup.quiet,
            &Advised::new(format!("{broken} inputs were incomplete"), "").to_string(),
        );
        return Ok(ExitStatus::Incomplete);
    }
    Ok(ExitStatus::Done)
}
