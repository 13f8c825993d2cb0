//! `review`: the removals one by one, each accepted, deferred or rejected.

mod terminal;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use super::args::{InputArgs, PolicyArgs};
use super::settings::{date, settings};
use super::{ExitStatus, analyze, diagnostics};
use crate::model::words::{plural, shell_word};
use crate::report::escape;
use crate::report::explain_strip::Letters;
use crate::run::review::{Order, Review};
use crate::run::{self, Advised};

/// Arguments of `review`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim review samples/shop --out result
  scopetrim review samples/shop --level review --out result --reviewer ann --now 2026-11-02
  scopetrim review samples/shop --out result --decisions decisions.ndjson
  scopetrim apply result

The analysis is that of `analyze` with the same arguments. Each decision is written before the next \
removal is shown, and the same command goes on where it stopped. DIR then holds the plan of what was \
accepted (plan.json, policy.diff, undo.diff), the record (review.json), and exceptions for what was deferred \
or rejected (exceptions.toml). Policy files are not changed. Exit codes: 0 done, 2 error, 3 done but some \
input was incomplete.")]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// Folder for the plan, the record and the exceptions; an earlier review in it goes on
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Take the decisions from this file, one JSON object a line, and ask nothing
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Who decides, for the record
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// The day of the review, for the record; no clock is read
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    /// Draw the days with ASCII characters
    #[arg(long)]
    ascii: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let asks = args.decisions.is_none();
    if asks && !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Advised::new(
            "a review asks on a terminal, and this is none",
            "run it in a terminal (`ssh -t` gives one), or name a file of decisions with --decisions",
        ));
    }
    let on = args.now.as_deref().map(date).transpose()?;
    let settings = settings(&args.inputs, &args.policy)?;
    if let Some(day) = settings.grants_at {
        return Err(Advised::new(
            format!("the policy files of {day} cannot be reviewed: nothing of them can be edited"),
            "leave --grants-at out; `scopetrim explain --grants-at` shows what was held then",
        ));
    }
    std::fs::create_dir_all(&args.out).map_err(|error| {
        Advised::new(
            format!("cannot make the folder `{}`: {error}", args.out.display()),
            "choose another folder with --out",
        )
    })?;
    let run = run::analyse(settings)?;
    let proved = run::prove(&run)?;
    let order = Order {
        folder: args.out.clone(),
        by: args.reviewer.clone(),
        on: on.map(|day| day.to_string()),
        letters: if args.ascii {
            Letters::Ascii
        } else {
            Letters::Blocks
        },
    };
    let mut review = Review::open(&run, &proved, order)?;
    let resumed = review.resumed();
    if let Some(file) = &args.decisions {
        review.take(file)?;
    }
    // From here on the folder holds no edit that nobody accepted.
    review.save()?;
    if asks && !review.session.items.is_empty() {
        review.session.notice.clone_from(&resumed);
        terminal::ask(&mut review)?;
    }
    for (client, why) in &proved.refused {
        diagnostics::note(false, &format!("no edit for `{client}`: {why}"));
    }
    if let Some(text) = resumed {
        diagnostics::note(run.settings.quiet, &text);
    }
    diagnostics::say_incomplete(&run);
    summary(&review, &args.out.display().to_string(), out)?;
    Ok(analyze::status(&run, &proved))
}

/// What was decided, and what to do next.
fn summary(review: &Review<'_>, folder: &str, out: &mut dyn Write) -> std::io::Result<()> {
    let counts = review.session.counts();
    let folder = shell_word(folder);
    let shown = escape::terminal(&folder);
    if review.session.items.is_empty() {
        return writeln!(out, "nothing to review: no removal is proposed");
    }
    writeln!(
        out,
        "{}: {} accepted, {} deferred, {} rejected, {} open",
        plural(review.session.items.len(), "removal"),
        counts.accepted,
        counts.deferred,
        counts.rejected,
        counts.skipped + counts.unseen
    )?;
    if counts.accepted > 0 {
        writeln!(out, "apply:    scopetrim apply {shown}")?;
    }
    if review.exceptions() > 0 {
        writeln!(
            out,
            "hold:     add {shown}/exceptions.toml to the end of scopetrim.toml"
        )?;
    }
    if counts.skipped + counts.unseen > 0 {
        writeln!(out, "go on:    the same command again")?;
    }
    Ok(())
}
