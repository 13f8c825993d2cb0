//! `engine`: what people need who start an engine by other means.

use std::io::Write;

use super::ExitStatus;
use crate::engine::spark;

/// Arguments of `engine`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim engine spark-job > job.py

`scopetrim ingest --engine spark` starts this driver itself; with --job DIR it writes the driver and all that it needs into a folder, for those who submit by other means (docs/scale.md).")]
pub(super) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Print the driver, for `spark-submit`
    #[command(after_help = "Examples:
  scopetrim engine spark-job > job.py")]
    SparkJob,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match args.task {
        Task::SparkJob => out.write_all(spark::DRIVER.as_bytes())?,
    }
    Ok(ExitStatus::Done)
}
