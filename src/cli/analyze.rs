//! `analyze`: the main job: what can go, why, the diff, the proof.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::analysis_run::{AnalysisRun, analysis_run, analysis_run_with_backtest, say_incomplete};
use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::Advised;
use super::{ExitStatus, atomic_file, git_history, recommendation_log};
use crate::analysis::backtest::GrantsOf;
use crate::analysis::minimum::Universe;
use crate::analysis::replay::{Replay, replay};
use crate::model::words::plural;
use crate::model::{ClientName, Policy};
use crate::patch::{self, Patch, Removal, Replacement};
use crate::report::{difftext, json, possible, shown_diff, suspend, terminal};

/// Arguments of `analyze`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim analyze samples/shop
  scopetrim analyze --logs 'logs/*.gz' --catalog openapi.yaml --grants grants.yaml
  scopetrim analyze --logs access.jsonl --catalog catalog.json --grants grants.json --json
  scopetrim analyze samples/shop --level review --out result && git apply result/policy.diff

Nothing is changed: the diff is printed, or written to --out. Exit codes: 0 done, 2 error, 3 done but \
some input was incomplete.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print the whole result as JSON (docs/report.schema.json)
    #[arg(long)]
    json: bool,
    /// Also replay the advice of past months (`backtest` in the report)
    #[arg(long)]
    backtest: bool,
    /// Write report.json, policy.diff, undo.diff, recommendations.json and rejects.ndjson into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A diff that was proved, and what proved it.
pub(super) struct Proved {
    pub(super) patch: Patch,
    pub(super) replay: Replay,
    /// Clients left out because the proof failed for them, with the evidence.
    pub(super) refused: Vec<(ClientName, String)>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| {
            Advised::new(
                format!("cannot make the folder `{}`: {error}", folder.display()),
                "choose another folder with --out",
            )
        })?;
    }
    let mut run = if args.backtest {
        analysis_run_with_backtest(&args.inputs, &args.policy, GrantsOf::Today)?
    } else {
        analysis_run(&args.inputs, &args.policy)?
    };
    run.forget_usage();
    let proved = prove(&run)?;
    if let Some(folder) = &args.out {
        write_all(folder, &run, &proved)?;
        // Advice about a policy of the past is no advice to follow up.
        if run.read.coverage.span().is_some() && run.settings.grants_at.is_none() {
            recommendation_log::publish(folder, &run.analysis)?;
        }
    }
    if args.json {
        json::write(&run.view(), &mut *out)?;
        say_incomplete(&run);
    } else {
        terminal::summary(&run.view(), out, width())?;
        writeln!(out)?;
        write_diff(&run, &proved, out)?;
    }
    for (client, why) in &proved.refused {
        super::diagnostics::note(false, &format!("no diff for `{client}`: {why}"));
    }
    Ok(status(&run, &proved))
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
    let columns: usize = known.unwrap_or(if std::io::stdout().is_terminal() {
        100
    } else {
        80
    });
    columns.clamp(60, 200)
}

/// Plans the edits up to the level and replays what was needed against the
/// edited files. A client for which a request would be lost gets no edit.
pub(super) fn prove(run: &AnalysisRun) -> anyhow::Result<Proved> {
    let universe = Universe::new(&run.routes.catalog, &run.semantics, &run.weights);
    let mut refused: Vec<(ClientName, String)> = Vec::new();
    loop {
        let wanted = run.actions.iter().filter(|action| {
            action.level <= run.level
                && !refused
                    .iter()
                    .any(|(client, _)| action.clients.contains(client))
        });
        let (mut removals, mut replacements) = (Vec::new(), Vec::new());
        for action in wanted {
            if action.replace_with.is_empty() {
                removals.push(Removal {
                    file: action.file,
                    entry: action.entry,
                });
            } else {
                replacements.push(Replacement {
                    file: action.file,
                    entry: action.entry,
                    with: action.replace_with.clone(),
                });
            }
        }
        let patch = patch::plan(&run.policy, &removals, &replacements)
            .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
        let after = after(&run.policy, &patch);
        let replay = replay(&universe, &run.analysis.clients, &after);
        let bad = |client: &ClientName| refused.iter().any(|(known, _)| known == client);
        let mut fresh = Vec::new();
        for loss in replay.lost.iter().filter(|loss| !bad(&loss.client)) {
            let label = run
                .routes
                .catalog
                .operations
                .get(loss.operation)
                .map(crate::model::Operation::label)
                .unwrap_or_default();
            fresh.push((
                loss.client.clone(),
                format!(
                    "{} observed requests to {label} would be refused",
                    loss.count
                ),
            ));
        }
        for widening in replay.opened.iter().filter(|own| !bad(&own.client)) {
            let label = run
                .routes
                .catalog
                .operations
                .get(widening.operation)
                .map(crate::model::Operation::label)
                .unwrap_or_default();
            fresh.push((widening.client.clone(), format!("{label} would be opened")));
        }
        if fresh.is_empty() {
            check_unchanged(run)?;
            return Ok(Proved {
                patch,
                replay,
                refused,
            });
        }
        refused.extend(fresh);
    }
}

/// Refuses edits of files that changed while the run lasted. Files of the past are
/// commits, which do not change.
fn check_unchanged(run: &AnalysisRun) -> anyhow::Result<()> {
    if run.settings.grants_at.is_some() {
        return Ok(());
    }
    for (file, path) in run.policy.files.iter().zip(&run.settings.grants) {
        // A file that is not there any more is another one, too.
        let bytes = std::fs::read(path).unwrap_or_default();
        patch::check_unchanged(file, &bytes)
            .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    }
    Ok(())
}

/// The policy as the edited bytes state it.
pub(super) fn after(policy: &Policy, patch: &Patch) -> Policy {
    let mut after = policy.clone();
    for file in &patch.files {
        after.files[file.file].clone_from(&file.reread);
    }
    after
}

/// The diff with its reasons, ready for `git apply`.
pub(super) fn diff_text(run: &AnalysisRun, proved: &Proved) -> String {
    let view = run.view();
    let mut text = String::new();
    if !proved.patch.files.is_empty() {
        text = git_history::above_diff(&run.policy);
    }
    for file in &proved.patch.files {
        text.push_str(&difftext::reasons(&view, file.file));
        text.push_str(&file.diff);
    }
    text
}

fn write_diff(run: &AnalysisRun, proved: &Proved, out: &mut dyn Write) -> std::io::Result<()> {
    let text = diff_text(run, proved);
    let whole = suspend::proof(&run.view());
    if text.is_empty() {
        writeln!(out, "no removals at level {} or safer", run.level.name())?;
        return out.write_all(whole.as_bytes());
    }
    writeln!(
        out,
        "# proof: {} ({}) replayed against the edited files: none refused, none opened",
        plural(proved.replay.operations, "needed operation"),
        plural(proved.replay.requests, "request")
    )?;
    for text in possible::sentences(&run.analysis) {
        writeln!(out, "# proof: {text}")?;
    }
    out.write_all(whole.as_bytes())?;
    if std::io::stdout().is_terminal() {
        return out.write_all(shown_diff::for_terminal(&text).as_bytes());
    }
    out.write_all(text.as_bytes())
}

fn write_all(folder: &Path, run: &AnalysisRun, proved: &Proved) -> anyhow::Result<()> {
    let mut undo = String::new();
    if !proved.patch.files.is_empty() {
        undo = git_history::above_diff(&run.policy);
    }
    undo.extend(proved.patch.files.iter().map(|file| file.undo.as_str()));
    let rejects = super::rejects::lines(&run.read.sources, &run.read.collected.rejects)?;
    let files = [
        ("policy.diff", diff_text(run, proved)),
        ("undo.diff", undo),
        ("rejects.ndjson", rejects),
    ];
    atomic_file::write(&folder.join("report.json"), |file| {
        json::write(&run.view(), file)
    })?;
    for (name, text) in files {
        atomic_file::write_text(&folder.join(name), &text)?;
    }
    Ok(())
}
