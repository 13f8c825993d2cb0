//! `explain`: every fact behind one verdict, also for *keep* and *cannot tell*.

use std::io::Write;
use std::path::PathBuf;

use super::ExitStatus;
use super::analyze::width;
use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::diagnostics::say_incomplete;
use super::settings::settings;
use super::windows::of;
use crate::model::Term;
use crate::model::words::closest;
use crate::report::explain_strip::{Letters, strip};
use crate::report::{explain, windows};
use crate::run::Advised;
use crate::run::analyse;
use crate::usage::Coverage;

/// Calendar months shown.
const MONTHS: u32 = 13;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim explain --dir samples/shop storefront-web
  scopetrim explain --dir samples/shop storefront-web invoices:read
  scopetrim explain --dir samples/shop order-viewer --json")]
pub(super) struct Args {
    /// Client, as the policy file names it
    client: String,
    /// One of its scopes; default: all of them
    scope: Option<String>,
    /// Folder to start from; paths of its scopetrim.toml are relative to it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    inputs: InputArgs,
    /// Draw the days with ASCII characters
    #[arg(long)]
    ascii: bool,
    /// Print the client's part of the report as JSON, with guards, windows, months and days
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: Folder::at(args.dir.clone()),
        flags: args.policy.clone(),
    };
    let run = analyse(settings(&args.inputs, &policy)?)?;
    let clients = &run.analysis.clients;
    let Some(client) = clients
        .iter()
        .find(|client| client.id.as_str() == args.client)
    else {
        let close = closest(
            &args.client,
            clients.iter().map(|client| client.id.as_str()),
        );
        let help = close.map_or_else(
            || "`scopetrim grants` lists the clients of the policy files".to_owned(),
            |close| format!("did you mean `{close}`?"),
        );
        return Err(Advised::new(
            format!("no policy file names a client `{}`", args.client),
            help,
        ));
    };
    let wanted = |term: &Term| {
        let scope = args.scope.as_deref();
        scope.is_none_or(|scope| scope == term.as_str())
    };
    let found = of(&run, &[client], MONTHS, wanted)?;
    if args.json {
        let as_of = run.read.coverage.span().map(|_| run.analysis.window.to);
        let value = windows::json(&found, as_of, &run.read.incomplete)?;
        let view = run.view();
        let document =
            explain::json::explained(&view, &run.universe, client, &found.holdings, value);
        writeln!(out, "{}", crate::report::json_text::pretty(&document)?)?;
    } else {
        explain::explain(
            (&run.view(), &run.universe),
            client,
            args.scope.as_deref().map(Term::new).as_ref(),
            out,
            width(),
        )?;
        if !found.holdings.is_empty() {
            writeln!(out)?;
            windows::table(&found, out, width())?;
            writeln!(out)?;
            let letters = if args.ascii {
                Letters::Ascii
            } else {
                Letters::Blocks
            };
            // A day without the client's source is not a day without use.
            let coverage = Coverage {
                days: client.covered(&run.read.coverage).into_owned(),
                gaps: Vec::new(),
            };
            strip(
                &found.holdings,
                &coverage,
                run.analysis.window,
                letters,
                width(),
                out,
            )?;
        }
    }
    say_incomplete(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}
