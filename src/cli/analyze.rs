//! `analyze`: the main job: what can go, why, the diff, the proof.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use super::args::{InputArgs, PolicyArgs};
use super::colour::Colour;
use super::diagnostics::say_incomplete;
use super::settings::settings;
use super::{ExitStatus, diagnostics};
use crate::analysis::backtest::GrantsOf;
use crate::model::words::plural;
use crate::report::next::Call;
use crate::report::terminal::Look;
use crate::report::{difftext, json, possible, shown_diff, suspend, terminal};
use crate::run::config::FILE_NAME;
use crate::run::{self, Advised, AnalysisRun, Proved, recommendation_log};

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim analyze samples/shop
  scopetrim analyze --logs 'logs/*.gz' --catalog openapi.yaml --grants grants.yaml
  scopetrim analyze --logs access.jsonl --catalog catalog.json --grants grants.json --json
  scopetrim analyze samples/shop --level review --out result && git apply result/policy.diff
  scopetrim analyze samples/shop --out result && scopetrim apply result

Nothing is changed: the diff is printed, or written to --out. A diff with the text around it can be piped into \
`git apply`. Exit codes: 0 done, 2 error, 3 done but \
some input was incomplete.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print the whole result as JSON (docs/report.schema.json)
    #[arg(long)]
    json: bool,
    /// Show the figures, warnings and findings in full, and every client
    #[arg(long)]
    stats: bool,
    /// Also replay the advice of past months (`backtest` in the report)
    #[arg(long)]
    backtest: bool,
    /// Write report.json, plan.json, policy.diff, undo.diff, recommendations.json and rejects.ndjson into this
    /// folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(
    args: &Args,
    colour: Colour,
    call: Call,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| {
            Advised::new(
                format!("cannot make the folder `{}`: {error}", folder.display()),
                "choose another folder with --out",
            )
        })?;
    }
    let settings = settings(&args.inputs, &args.policy)?;
    let mut run = if args.backtest {
        run::analyse_with_backtest(settings, GrantsOf::Today)?
    } else {
        run::analyse(settings)?
    };
    run.forget_usage();
    let proved = run::prove(&run)?;
    if let Some(folder) = &args.out {
        proved.write(&run, folder)?;
        // Advice about a policy of the past is not advice to follow up.
        if run.read.coverage.span().is_some() && run.settings.grants_at.is_none() {
            recommendation_log::publish(folder, &run.analysis)?;
        }
    }
    if args.json {
        json::write(&run.view(), &mut *out)?;
        say_incomplete(&run);
    } else {
        let call = completed(call, args, &run);
        let look = Look {
            width: width(),
            paint: colour.paint(),
            stats: args.stats,
            call: &call,
        };
        terminal::summary(&run.view(), out, look)?;
        writeln!(out)?;
        write_diff(&run, &proved, look, out)?;
    }
    for (client, why) in &proved.refused {
        diagnostics::note(false, &format!("no diff for `{client}`: {why}"));
    }
    let status = status(&run, &proved);
    // The process ends here: to give back millions of small values one by one takes longer
    // than to write the result.
    std::mem::forget((run, proved));
    Ok(status)
}

/// How a run with a proof ends.
pub(super) fn status(run: &AnalysisRun, proved: &Proved) -> ExitStatus {
    if !proved.refused.is_empty() {
        ExitStatus::Failed
    } else if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    }
}

pub(super) fn width() -> usize {
    let known = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let columns: usize = match known {
        Some(columns) => columns,
        None if std::io::stdout().is_terminal() => terminal().unwrap_or(100),
        None => 80,
    };
    columns.clamp(60, 200)
}

/// What `apply` needs beside the plan.
fn completed(mut call: Call, args: &Args, run: &AnalysisRun) -> Call {
    call.of_today = run.settings.grants_at.is_none();
    if run.settings.formats.has_own() {
        let given = call.flags.windows(2);
        let given = given.filter(|pair| ["--config", "--policy-format"].contains(&&*pair[0]));
        call.formats = given.flatten().cloned().collect();
        let beside = args
            .policy
            .folder
            .path()
            .map(|folder| folder.join(FILE_NAME));
        if let (None, Some(file)) = (&args.inputs.config, beside.filter(|file| file.is_file())) {
            call.formats
                .extend(["--config".to_owned(), file.display().to_string()]);
        }
    }
    call
}

fn write_diff(
    run: &AnalysisRun,
    proved: &Proved,
    look: Look<'_>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let text = proved.diff_within(run, look.width);
    let whole = suspend::proof(&run.view(), look.width);
    if text.is_empty() {
        writeln!(out, "no removals at level {} or safer", run.level.name())?;
        out.write_all(whole.as_bytes())?;
        return terminal::no_diff(&run.view(), out, look);
    }
    let replayed = format!(
        "{} ({}) replayed on the edit: none refused, none opened",
        plural(proved.replay.operations, "needed operation"),
        plural(proved.replay.requests, "request")
    );
    let further = possible::sentences(&run.analysis);
    let proofs = std::iter::once(replayed).chain(further);
    let proofs = proofs.map(|text| difftext::wrapped("# ", &format!("proof: {text}"), look.width));
    let proofs = proofs.collect::<String>() + whole.as_str();
    out.write_all(look.paint.diff(&proofs).as_bytes())?;
    let text = if std::io::stdout().is_terminal() {
        shown_diff::for_terminal(&text)
    } else {
        text.as_str().into()
    };
    out.write_all(look.paint.diff(&text).as_bytes())?;
    terminal::closing(&run.view(), &proved.refused, out, look)
}
