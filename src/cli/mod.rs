//! One file per subcommand: its arguments, and how its result is printed. The stages are in [`crate::run`].
//!
//! Results go to the writer that `run` is given, talk and progress to standard
//! error. A subcommand returns a status instead of exiting.

mod analyze;
mod apply;
mod args;
mod backtest;
mod boundary_tests;
mod call;
mod catalog;
mod check;
mod colour;
mod compare;
mod config_overrides;
mod demand;
mod diagnostics;
mod enforce;
mod engine;
mod events;
mod explain;
mod formats;
mod help;
mod ingest;
mod init;
mod ledger;
mod man;
mod output;
mod replay;
mod report;
mod report_command;
mod review;
mod roles;
mod rules;
mod settings;
mod show;
mod usage;
mod windows;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::report::next::Call;
use crate::run::Advised;

/// Cuts API permissions down to what is really used.
#[derive(Debug, Parser)]
#[command(
    name = "scopetrim",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Cli {
    /// When to colour the output: on a terminal (auto), always or never; `NO_COLOR` turns it off
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        global = true,
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: colour::Colour,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what can be removed from the policy files, why, and the diff
    Analyze(analyze::Args),
    /// Go through the removals one by one on a terminal: accept, defer or reject each
    Review(Box<review::Args>),
    /// Make the edits of a plan that `analyze --out` wrote, or write them as patches
    Apply(apply::Args),
    /// Add logs to the usage ledger
    Ingest(ingest::Args),
    /// Inspect, check, compact, prune or merge the usage ledger
    Ledger(ledger::Args),
    /// Print the driver with which logs are read on a cluster
    Engine(engine::Args),
    /// Show every fact behind the verdicts of one client
    Explain(explain::Args),
    /// Show what clients ask for and do not get, and what their tokens carried
    Demand(demand::Args),
    /// Show what the advice of past months would have denied
    Backtest(backtest::Args),
    /// Show which observed requests a proposed policy would deny
    Replay(replay::Args),
    /// Show what one layer allows and another one refuses: two policies, or gateway and service
    Compare(Box<compare::Args>),
    /// Fail when grants can be removed, or when something is found: the gate for CI
    Check(check::Args),
    /// Write the monthly audit report
    Report(Box<report::Args>),
    /// Print the operations and what they require, or propose that from the logs
    Catalog(catalog::Args),
    /// Print who holds what, and through which role
    Grants(show::GrantsArgs),
    /// Propose a small set of roles that gives each client exactly what it needs
    Roles(roles::Args),
    /// Generate requests that the trimmed policy must refuse, and ones that must pass
    BoundaryTests(boundary_tests::Args),
    /// Write the trimmed policy in the language of a gateway or a policy engine
    Enforce(enforce::Args),
    /// List the rules behind the findings, or explain one
    Rules(rules::Args),
    /// List the log formats, or say which one a file is in
    Formats(formats::Args),
    /// Write a commented scopetrim.toml from what is found in a folder
    Init(init::Args),
    /// Print shell completions
    #[command(after_help = "Examples:
  scopetrim completions bash > /etc/bash_completion.d/scopetrim
  scopetrim completions zsh > ~/.zfunc/_scopetrim")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for every subcommand
    Man(man::Args),
    /// Show the normalised events, or write all of them for another engine
    Events(events::Args),
    /// Count requests per day, client and operation
    Usage(usage::Args),
    /// Compare used with granted over windows and calendar months
    Windows(windows::Args),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// `check`, `replay`, `compare` or another gate found something.
    Found,
    /// Usage, configuration or input error, or a promise could not be kept.
    Failed,
    /// Done, but some input was incomplete.
    Incomplete,
    /// The reader of the output went away before its end.
    CutOff,
}

impl ExitStatus {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Failed => 2,
            Self::Incomplete => 3,
            // 128 and the number of SIGPIPE, as a shell shows a program that this signal ended.
            Self::CutOff => 141,
        }
    }
}

/// The whole command line.
fn command() -> clap::Command {
    let command = Cli::command().mut_subcommand("report", report::keep_format);
    help::grouped(command.mut_subcommand("roles", roles::rename_objective))
}

/// Runs the program with these arguments.
pub fn run(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitStatus {
    let line: Vec<OsString> = args.into_iter().collect();
    let mut parser = command().color(colour::Colour::stated(&line).of_parser());
    let parsed = parser
        .try_get_matches_from_mut(&line)
        .and_then(|found| Ok((Cli::from_arg_matches(&found)?, call::call(&parser, &found))));
    let (cli, call) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.kind() == clap::error::ErrorKind::InvalidUtf8 => {
            diagnostics::error(&Advised::new(
                "an argument is not UTF-8",
                "name the folder that contains the file, or rename it",
            ));
            return ExitStatus::Failed;
        }
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitStatus::Failed
            } else {
                ExitStatus::Done
            };
        }
    };
    let out = &mut Output::new(out);
    let result = dispatch(&cli, call, &line, out).and_then(|status| {
        out.flush()?;
        Ok(status)
    });
    match (&out.failed, result) {
        // A reader that went away is not an error. But a gate must not call a run that was cut off clean.
        (Some(error), _) if error.kind() == ErrorKind::BrokenPipe => match cli.command {
            Command::Check(_) => ExitStatus::Failed,
            _ => ExitStatus::CutOff,
        },
        (Some(error), _) => {
            diagnostics::error(&Advised::new(
                format!("the output cannot be written: {error}"),
                "free some space, or write it elsewhere; what was written is incomplete",
            ));
            ExitStatus::Failed
        }
        (None, Ok(status)) => status,
        (None, Err(error)) => {
            diagnostics::error(&error);
            ExitStatus::Failed
        }
    }
}

fn dispatch(
    cli: &Cli,
    call: Call,
    line: &[OsString],
    out: &mut Output<'_>,
) -> anyhow::Result<ExitStatus> {
    match &cli.command {
        Command::Analyze(args) => analyze::run(args, cli.color, call, out),
        Command::Review(args) => review::run(args, out),
        Command::Apply(args) => apply::run(args, out),
        Command::Ingest(args) => ingest::run(args, line, out),
        Command::Ledger(args) => ledger::run(args, out),
        Command::Engine(args) => engine::run(args, out),
        Command::Explain(args) => explain::run(args, out),
        Command::Demand(args) => demand::run(args, out),
        Command::Backtest(args) => backtest::run(args, out),
        Command::Replay(args) => replay::run(args, out),
        Command::Compare(args) => compare::run(args, out),
        Command::Check(args) => check::run(args, out),
        Command::Report(args) => report::run(args, line, out),
        Command::Catalog(args) => catalog::run(args, out),
        Command::Grants(args) => show::grants(args, out),
        Command::BoundaryTests(args) => boundary_tests::run(args, out),
        Command::Roles(args) => roles::run(args, cli.color, out),
        Command::Enforce(args) => enforce::run(args, out),
        Command::Rules(args) => rules::run(args, out),
        Command::Formats(args) => formats::run(args, out),
        Command::Init(args) => init::run(args, out).map(|()| ExitStatus::Done),
        Command::Completions { shell } => {
            // Its writer panics when writing fails, and one into memory cannot fail.
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut command(), "scopetrim", &mut text);
            out.write_all(&text)
                .map(|()| ExitStatus::Done)
                .map_err(anyhow::Error::from)
        }
        Command::Man(args) => man::run(args, out),
        Command::Events(args) => events::run(args, out),
        Command::Usage(args) => usage::run(args, out),
        Command::Windows(args) => windows::run(args, out),
    }
}

/// Where results go. It remembers why a write failed, in whatever error a library wraps it.
struct Output<'a> {
    to: &'a mut dyn Write,
    failed: Option<std::io::Error>,
}

impl<'a> Output<'a> {
    fn new(to: &'a mut dyn Write) -> Self {
        Self { to, failed: None }
    }

    fn noted<T>(&mut self, done: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(error) = &done
            && error.kind() != ErrorKind::Interrupted
        {
            let system = error.raw_os_error().map(std::io::Error::from_raw_os_error);
            self.failed = Some(system.unwrap_or_else(|| error.kind().into()));
        }
        done
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let done = self.to.write(bytes);
        self.noted(done)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.to.flush();
        self.noted(done)
    }
}
