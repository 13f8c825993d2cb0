//! `check`: the gate for continuous integration.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::ExitStatus;
use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::{self, say_incomplete, say_possible};
use super::settings::settings;
use crate::analysis::Analysis;
use crate::finding::Severity;
use crate::grants::history::SinceFrom;
use crate::input;
use crate::model::words::plural;
use crate::model::{ClientName, Level, Reason, Term, Verdict};
use crate::report::check::{self, Baseline, Outcome, Thresholds, weigh};
use crate::run::{Advised, analyse, atomic_file};

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

Exit codes: 0 passed, 1 something is at or above --fail-on, 2 error (also where the age of grants \
is missing in a shallow clone), 3 passed but some input was incomplete. The output never changes the exit code.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// What fails: grants of this level, findings of this severity, or none; repeatable
    ///
    /// Grants that can go at this level or safer (safe, likely, review), findings of this severity or
    /// graver (critical, high, medium, low, note).
    #[arg(long, value_name = "LIMIT", hide_possible_values = true, default_values = ["likely", "high"],
          value_parser = ["safe", "likely", "review", "critical", "high", "medium", "low", "note", "none"])]
    fail_on: Vec<String>,
    /// Issues in this file fail only when they have become worse
    ///
    /// A file that --write-baseline wrote, or an earlier --output json.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all issues of this run as a baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Share (0..1) of the risk-weighted API above which a client fails
    #[arg(long, value_name = "SHARE")]
    max_exposure: Option<f64>,
    /// Pass in a shallow clone, in which the age of grants is not known
    #[arg(long)]
    allow_shallow: bool,
    /// Format: text, github, junit or json
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, default_value = "text", value_parser = ["text", "github", "junit", "json"])]
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
            format!("`{form}` is not an output format"),
            "use text, github, junit or json",
        )
    })?;
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    let outcome = weigh(&run.view(), &thresholds, &baseline);
    for text in &run.history.cut_off {
        diagnostics::note(run.settings.quiet, text);
    }
    let passes = outcome.failing().next().is_none();
    if passes && !args.allow_shallow {
        refuse_shallow(&cut_off(&run.analysis, &outcome, &thresholds))?;
    }
    if let Some(path) = &args.write_baseline {
        atomic_file::write_text(path, &Baseline::write(&outcome))?;
    }
    out.write_all(output.render(&outcome).as_bytes())?;
    say_possible(&run);
    say_incomplete(&run);
    Ok(if !passes {
        ExitStatus::Found
    } else if outcome.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

/// Grants that can go and that nothing keeps below the limit but their age, which a
/// shallow clone does not show. What the baseline excuses is not among them.
fn cut_off<'a>(
    analysis: &'a Analysis,
    outcome: &Outcome,
    thresholds: &Thresholds,
) -> Vec<(&'a ClientName, &'a Term)> {
    let Some(limit) = thresholds.level.filter(|limit| *limit < Level::Review) else {
        return Vec::new();
    };
    let known: BTreeSet<(&str, &str)> = outcome
        .issues
        .iter()
        .filter(|issue| issue.known && issue.rule == check::SURPLUS)
        .map(|issue| (issue.client.as_str(), issue.subject.as_str()))
        .collect();
    let age_alone = |reason: &Reason| {
        reason.is_of_the_role()
            || matches!(
                reason,
                Reason::NeverUsed
                    | Reason::NotUsedInWindow
                    | Reason::GrantAgeUnknown
                    | Reason::GrantTooYoung
            )
    };
    let clients = analysis.clients.iter();
    let all = clients.flat_map(|client| client.terms.iter().map(move |term| (&client.id, term)));
    all.filter(|(client, term)| {
        term.since_from == Some(SinceFrom::GitBoundary)
            && term.verdict == Verdict::Remove
            && term.level.is_some_and(|level| level > limit)
            && term.reasons.iter().all(age_alone)
            && !known.contains(&(client.as_str(), term.term.as_str()))
    })
    .map(|(client, term)| (client, &term.term))
    .collect()
}

fn refuse_shallow(found: &[(&ClientName, &Term)]) -> anyhow::Result<()> {
    let Some((client, term)) = found.first() else {
        return Ok(());
    };
    Err(Advised::new(
        format!(
            "the clone is shallow, so the age of {} that can go is not known, for example of `{term}` of client `{client}`: nothing passes for lack of history",
            plural(found.len() as u64, "grant")
        ),
        "fetch the whole history: git fetch --unshallow (`fetch-depth: 0` for actions/checkout); or pass without it with --allow-shallow",
    ))
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
