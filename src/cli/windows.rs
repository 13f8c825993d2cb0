//! `windows`: used against granted over windows and calendar months.

use std::collections::BTreeMap;
use std::io::Write;

use super::ExitStatus;
use super::analyze::width;
use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::diagnostics::{say_incomplete, say_ran_ahead};
use super::output::OutputArgs;
use super::settings::settings;
use crate::analysis::{ClientAnalysis, serving};
use crate::model::words::closest;
use crate::model::{Term, Verdict};
use crate::report::table::Format;
use crate::report::{json_text, windows};
use crate::run::Advised;
use crate::run::{AnalysisRun, analyse};
use crate::usage::{Holding, Matrix, matrix, periods};

/// Arguments of `windows`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim windows samples/shop
  scopetrim windows samples/shop --client quarter-close --months 24
  scopetrim windows samples/shop --term orders:write --csv
  scopetrim windows samples/shop --output parquet --out windows.parquet

Windows of 7, 30, 60, 90, 180 and 365 days end at as-of. Use is what needed the scope: served requests, \
and throttled or aborted ones, which prove nothing but cannot be told apart.")]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Only this client, as the policy file names it; repeatable
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// Only this term; repeatable
    #[arg(long, value_name = "TERM")]
    term: Vec<String>,
    /// Calendar months, counted back from the month of as-of
    #[arg(long, value_name = "N", default_value_t = 13, value_parser = clap::value_parser!(u32).range(0..=120))]
    months: u32,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        flags: args.policy.clone(),
    };
    let output = args.output.open(Format::Table)?;
    let run = analyse(settings(&args.inputs, &policy)?)?;
    check_names(args, &run)?;
    let wanted =
        |names: &[String], name: &str| names.is_empty() || names.iter().any(|known| known == name);
    let clients: Vec<&ClientAnalysis> = run
        .analysis
        .clients
        .iter()
        .filter(|client| wanted(&args.client, client.id.as_str()))
        .collect();
    let found = of(&run, &clients, args.months, |term| {
        wanted(&args.term, term.as_str())
    })?;
    output.write(out, "row", |format, out| {
        match format {
            Format::Table => windows::table(&found, out, width())?,
            Format::Json => {
                let as_of = run.read.coverage.span().map(|_| run.analysis.window.to);
                let value = windows::json(&found, as_of, &run.read.incomplete)?;
                writeln!(out, "{}", json_text::pretty(&value)?)?;
            }
            _ => return Ok(windows::rows(&found).write(format, out)?),
        }
        Ok(0)
    })?;
    say_incomplete(&run);
    say_ran_ahead(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

/// The matrix of these clients and the terms asked for.
pub(super) fn of<'s>(
    run: &'s AnalysisRun,
    clients: &[&'s ClientAnalysis],
    months: u32,
    wanted: impl Fn(&Term) -> bool,
) -> anyhow::Result<Matrix<'s>> {
    let routes = run.routes.matcher.routes();
    let mut holdings = Vec::new();
    for client in clients {
        let usage = run.usage.get(&client.id);
        let mut served = usage.map_or_else(BTreeMap::new, |usage| {
            serving(&run.universe, routes, &client.granted, usage)
        });
        for found in client.terms.iter().filter(|found| wanted(&found.term)) {
            holdings.push(Holding {
                client: client.id.as_str(),
                term: found.term.as_str(),
                observable: found.verdict != Verdict::Unobservable,
                usage,
                routes: served.remove(&found.term).unwrap_or_default(),
            });
        }
    }
    let periods = periods(run.analysis.window.to, months, &run.read.coverage);
    Ok(matrix(holdings, periods)?)
}

/// A name that nobody has would give an empty table, which could pass for "no use".
fn check_names(args: &Args, run: &AnalysisRun) -> anyhow::Result<()> {
    let clients = &run.analysis.clients;
    let names: Vec<&str> = clients.iter().map(|client| client.id.as_str()).collect();
    let terms: Vec<&str> = clients
        .iter()
        .flat_map(|client| client.granted.iter().map(Term::as_str))
        .collect();
    let sides = [
        (&args.client, &names, "no policy file names a client"),
        (&args.term, &terms, "no client holds a term"),
    ];
    for (wanted, known, what) in sides {
        if let Some(name) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
            let help = closest(name, known.iter().copied()).map_or_else(
                || "`scopetrim grants` lists who holds what".to_owned(),
                |close| format!("did you mean `{close}`?"),
            );
            return Err(Advised::new(format!("{what} `{name}`"), help));
        }
    }
    Ok(())
}
