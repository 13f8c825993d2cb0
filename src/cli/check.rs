//! `check`: the gate for continuous integration.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::ExitStatus;
use super::args::{InputArgs, PolicyArgs};
use super::study::{say_incomplete, study};
use super::talk::Advised;
use super::whole;
use crate::finding::Severity;
use crate::input;
use crate::model::Level;
use crate::report::check::{self, Baseline, Thresholds, weigh};

/// Far above the issues of the largest policy.
const MAX_BASELINE: u64 = 1 << 30;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim check samples/shop --fail-on safe
  scopetrim check --fail-on likely --fail-on high --max-exposure 0.5
  scopetrim check --write-baseline baseline.json         # accept what is there today
  scopetrim check --baseline baseline.json               # only what is new fails
  scopetrim check --output junit > scopetrim.xml

Exit codes: 0 passed, 1 something is at or above --fail-on, 2 error, 3 passed but some input was incomplete. \
The output never changes the exit code.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// What fails: grants that can go at this level or safer (safe, likely, review), findings of this
    /// severity or graver (critical, high, medium, low, note), or none; repeatable
    #[arg(long, value_name = "LIMIT", default_values = ["likely", "high"],
          value_parser = ["safe", "likely", "review", "critical", "high", "medium", "low", "note", "none"])]
    fail_on: Vec<String>,
    /// Issues in this file do not fail: one that --write-baseline wrote, or an earlier --output json
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all issues of this run as a baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Share (0..1) of the risk-weighted API above which a client fails
    #[arg(long, value_name = "SHARE")]
    max_exposure: Option<f64>,
    /// Form of the output
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = ["text", "github", "junit", "json"])]
    output: String,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let thresholds = thresholds(args)?;
    let baseline = match &args.baseline {
        Some(path) => read_baseline(path)?,
        None => Baseline::default(),
    };
    let form = if args.json { "json" } else { &args.output };
    let output = check::by_name(form).ok_or_else(|| {
        Advised::new(
            format!("`{form}` is not a form of output"),
            "use text, github, junit or json",
        )
    })?;
    let study = study(&args.inputs, &args.policy)?;
    let outcome = weigh(&study.view(), &thresholds, &baseline);
    if let Some(path) = &args.write_baseline {
        whole::write_text(path, &Baseline::write(&outcome))?;
    }
    out.write_all(output.render(&outcome).as_bytes())?;
    say_incomplete(&study);
    Ok(if outcome.failing().next().is_some() {
        ExitStatus::Found
    } else if outcome.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

fn thresholds(args: &Args) -> anyhow::Result<Thresholds> {
    let mut thresholds = Thresholds {
        exposure: args.max_exposure,
        ..Thresholds::default()
    };
    if args
        .max_exposure
        .is_some_and(|share| !(0.0..=1.0).contains(&share))
    {
        return Err(Advised::new(
            format!("`{}` is not a share", args.max_exposure.unwrap_or_default()),
            "--max-exposure takes a number from 0 to 1, for example 0.5",
        ));
    }
    for limit in &args.fail_on {
        match limit.as_str() {
            "safe" => thresholds.level = thresholds.level.max(Some(Level::Safe)),
            "likely" => thresholds.level = thresholds.level.max(Some(Level::Likely)),
            "review" => thresholds.level = thresholds.level.max(Some(Level::Review)),
            // The mildest of several decides, as with the levels.
            other => {
                if let Some(severity) = Severity::parse(other) {
                    let known = thresholds.severity.unwrap_or(severity);
                    thresholds.severity = Some(known.min(severity));
                }
            }
        }
    }
    Ok(thresholds)
}

fn read_baseline(path: &Path) -> anyhow::Result<Baseline> {
    let bytes = input::read_whole(path, MAX_BASELINE).map_err(|error| {
        Advised::new(
            format!("cannot read the baseline `{}`: {error}", path.display()),
            "write one with --write-baseline FILE",
        )
    })?;
    Baseline::read(&bytes).map_err(|error| {
        Advised::new(
            format!("`{}` is not a baseline: {error}", path.display()),
            "it has to be a file that --write-baseline or --output json wrote",
        )
    })
}
