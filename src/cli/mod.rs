//! One file per subcommand; `pipeline` names the stages in order.
//!
//! Results go to the writer that `run` is given, talk and progress to standard
//! error. A subcommand returns a status instead of exiting.

mod analyze;
mod args;
pub mod config;
pub mod init;
mod pipeline;
mod settings;
mod study;
pub mod suggest;
mod talk;
mod usage;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

/// Cuts API permissions down to what is really used.
#[derive(Debug, Parser)]
#[command(
    name = "scopetrim",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what can go from the policy files, why, and the diff
    Analyze(analyze::Args),
    /// Count requests per day, client and operation
    Usage(usage::Args),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// `check` found something.
    Found,
    /// Usage, configuration or input error, or a promise could not be kept.
    Failed,
    /// Done, but some input was incomplete.
    Incomplete,
}

impl ExitStatus {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Failed => 2,
            Self::Incomplete => 3,
        }
    }
}

/// Runs the program with these arguments.
pub fn run(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitStatus {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitStatus::Failed
            } else {
                ExitStatus::Done
            };
        }
    };
    let result = match &cli.command {
        Command::Analyze(args) => analyze::run(args, out),
        Command::Usage(args) => usage::run(args, out),
    };
    let result = result.and_then(|status| {
        out.flush()?;
        Ok(status)
    });
    result.unwrap_or_else(|error| {
        talk::error(&error);
        ExitStatus::Failed
    })
}
