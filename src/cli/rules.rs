//! `rules`: what is looked for, and the page of each rule.

use std::io::Write;

use super::ExitStatus;
use crate::finding::{self, Doc};
use crate::report::rulebook;
use crate::run::Advised;

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim rules
  scopetrim rules explain F3
  scopetrim rules explain shared-credential --json

Thresholds, severity and allow lists are set under [rules.F3] in scopetrim.toml (docs/findings.md).")]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Print the rules as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the page of one rule: what, why, guards, thresholds, controls
    #[command(after_help = "Examples:
  scopetrim rules explain F3
  scopetrim rules explain shared-credential --json")]
    Explain {
        /// Number or id of the rule: F3, long-lived-token
        rule: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &args.what {
        None if args.json => {
            let all: Vec<&Doc> = finding::ALL.iter().map(|rule| rule.doc()).collect();
            writeln!(out, "{}", crate::report::json_text::pretty(&all)?)?;
        }
        None => out.write_all(rulebook::list().as_bytes())?,
        Some(What::Explain { rule, json }) => {
            let doc = finding::by_name(rule).ok_or_else(|| unknown(rule))?.doc();
            if *json || args.json {
                writeln!(out, "{}", crate::report::json_text::pretty(doc)?)?;
            } else {
                out.write_all(rulebook::page(doc).as_bytes())?;
            }
        }
    }
    Ok(ExitStatus::Done)
}

fn unknown(name: &str) -> anyhow::Error {
    let known = finding::ALL.iter().map(|rule| rule.doc().id);
    let close = crate::model::words::closest(name, known);
    let hint = close
        .map(|close| format!("did you mean `{close}`? "))
        .unwrap_or_default();
    Advised::new(
        format!("`{name}` is not a rule"),
        format!("{hint}`scopetrim rules` lists them"),
    )
}
