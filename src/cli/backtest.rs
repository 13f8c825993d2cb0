//! `backtest`: had the advice of past months been followed, what would have been denied?

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::{say_incomplete, say_possible};
use super::output::OutputArgs;
use super::settings::settings;
use super::{ExitStatus, analyze, diagnostics};
use crate::analysis::Inputs;
use crate::analysis::backtest::GrantsOf;
use crate::analysis::backtest::recommendation_log::{follow, follow_suspended};
use crate::report::backtest::{self as report, grants_of};
use crate::report::table::Format;
use crate::report::{followed, json_text};
use crate::run::{AnalysisRun, analyse, analyse_with_backtest, recommendation_log};

/// Arguments of `backtest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim backtest samples/shop
  scopetrim backtest samples/shop --follow result
  scopetrim backtest . --ledger usage --grants-history ledger
  scopetrim backtest --logs 'logs/*.gz' --catalog openapi.yaml --grants grants.yaml --output csv

For each month end with 90 covered days before it and 30 days after it, the recommendation is made \
from the days up to it alone, and then replayed on the 90 days that followed. A level contains \
everything safer, as --level does in `analyze`.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Show instead what became of the recommendations that `analyze --out` wrote: a file, or a folder of them
    #[arg(long, value_name = "PATH")]
    follow: Option<PathBuf>,
    /// Grants of each month end: today's except those that the files date later, as git had the
    /// policy files then, or as `ingest --grants` recorded them last, at most 31 days before
    #[arg(long, value_name = "today|git|ledger", value_parser = ["today", "git", "ledger"], default_value = "today", conflicts_with_all = ["follow", "grants_at"])]
    grants_history: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    if let Some(path) = &args.follow {
        return follow_up(args, path, out);
    }
    let output = args.output.open(Format::Table)?;
    let grants = match args.grants_history.as_str() {
        "git" => GrantsOf::Git,
        "ledger" => GrantsOf::Ledger,
        _ => GrantsOf::Today,
    };
    let run = analyse_with_backtest(settings(&args.inputs, &args.policy)?, grants)?;
    let found = run.backtest.clone().unwrap_or_default();
    let catalog = &run.routes.catalog;
    output.write(out, "row", |format, out| {
        match format {
            Format::Table => {
                let incomplete = &run.read.incomplete;
                report::table(&found, catalog, incomplete, out, analyze::width())?;
            }
            Format::Json => {
                let value = report::value(&found, catalog);
                writeln!(out, "{}", json_text::pretty(&value)?)?;
            }
            _ => {
                // The rows have no room for months that are not among them.
                if let Some(text) = grants_of::left_out(&found) {
                    diagnostics::note(run.settings.quiet, &format!("left out: {text}"));
                }
                return Ok(report::rows(&found).write(format, out)?);
            }
        }
        Ok(0)
    })?;
    say_possible(&run);
    say_incomplete(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

/// What became of earlier recommendations.
fn follow_up(args: &Args, path: &Path, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let output = args.output.open(Format::Table)?;
    // A changed file should be refused before the long work.
    let (files, missing) = recommendation_log::load(path)?;
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    let (inputs, today) = (inputs(&run), run.analysis.window.to);
    let found = follow(&inputs, &files, today);
    let whole = follow_suspended(&inputs, &files, today);
    let both = (&*found, &*whole);
    output.write(out, "row", |format, out| {
        match format {
            Format::Table => followed::table(both, &missing, out, analyze::width())?,
            Format::Json => out.write_all(followed::json(both, &missing)?.as_bytes())?,
            _ => {
                // The rows have no room for publications that are not among them.
                for hash in &missing {
                    let text = format!("missing: {}", followed::missing(hash));
                    diagnostics::note(run.settings.quiet, &text);
                }
                return Ok(followed::rows(&found, &whole).write(format, out)?);
            }
        }
        Ok(0)
    })?;
    say_possible(&run);
    say_incomplete(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

fn inputs(run: &AnalysisRun) -> Inputs<'_> {
    static NONE: BTreeMap<crate::model::ClientName, Vec<crate::usage::Cluster>> = BTreeMap::new();
    Inputs {
        catalog: &run.routes.catalog,
        semantics: &run.semantics,
        routes: run.routes.matcher.routes(),
        weights: &run.weights,
        policy: &run.policy,
        usage: &run.usage,
        former: &run.former,
        unmatched: &NONE,
        coverage: &run.read.coverage,
        possible: &run.possible,
        blind: &run.blind,
        history: &run.history,
        exceptions: &run.settings.exceptions,
    }
}
