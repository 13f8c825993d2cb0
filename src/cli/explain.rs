//! `explain`: every fact behind one verdict, also for *keep* and *cannot tell*.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::ExitStatus;
use super::analyze::width;
use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::diagnostics::say_incomplete;
use super::settings::settings;
use super::windows::of;
use crate::analysis::ClientAnalysis;
use crate::model::Term;
use crate::model::words::{closest, first};
use crate::report::explain_strip::{Letters, strip};
use crate::report::{explain, windows};
use crate::run::Advised;
use crate::run::analyse;
use crate::run::config::FILE_NAME;
use crate::usage::Coverage;

/// Calendar months shown.
const MONTHS: u32 = 13;
/// Scopes that are named where another one was asked for.
const HELD: usize = 12;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "scopetrim explain [OPTIONS] [DIR] <CLIENT> [SCOPE]",
    after_help = "Examples:
  scopetrim explain samples/shop storefront-web
  scopetrim explain samples/shop storefront-web invoices:read
  scopetrim explain --dir samples/shop order-viewer --json

Of several names the first is DIR when it is an existing folder. For a client with the name of a folder, say \
where to start: --dir . CLIENT SCOPE."
)]
pub(super) struct Args {
    /// The client as the policy file names it, then one of its scopes (default: all of them); before
    /// both may stand DIR, the folder to start from
    #[arg(value_name = "NAME", num_args = 1..=3, required = true)]
    names: Vec<String>,
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

/// What is to be explained.
struct Asked {
    folder: Option<PathBuf>,
    client: String,
    scope: Option<Term>,
}

/// Which of the names is the folder, which the client, which its scope.
fn asked(args: &Args) -> anyhow::Result<Asked> {
    let is_folder = |name: &String| Path::new(name).is_dir();
    let (folder, names) = match args.names.as_slice() {
        [first, rest @ ..] if args.dir.is_none() && !rest.is_empty() && is_folder(first) => {
            (Some(PathBuf::from(first)), rest)
        }
        names => (args.dir.clone(), names),
    };
    match names {
        // Its configuration says that the folder was meant, and a client is missing.
        [only] if folder.is_none() && Path::new(only).join(FILE_NAME).is_file() => {
            Err(Advised::new(
                format!("`{only}` is a folder, and no client is named"),
                "write scopetrim explain DIR CLIENT; `scopetrim grants DIR` lists the clients",
            ))
        }
        [client] => Ok(Asked {
            folder,
            client: client.clone(),
            scope: None,
        }),
        [client, scope] => Ok(Asked {
            folder,
            client: client.clone(),
            scope: Some(Term::new(scope)),
        }),
        names => Err(Advised::new(
            match names.first() {
                Some(first) if args.dir.is_none() => format!("there is no folder `{first}`"),
                _ => "a client and one of its scopes are all that can be named beside --dir"
                    .to_owned(),
            },
            "write scopetrim explain DIR CLIENT SCOPE",
        )),
    }
}

fn unknown_client(asked: &Asked, clients: &[ClientAnalysis]) -> anyhow::Error {
    let close = closest(
        &asked.client,
        clients.iter().map(|client| client.id.as_str()),
    );
    let help = match close {
        Some(close) => format!("did you mean `{close}`?"),
        None if Path::new(&asked.client).is_dir() => {
            format!("`{}` is a folder: name the client after it", asked.client)
        }
        None => "`scopetrim grants` lists the clients of the policy files".to_owned(),
    };
    Advised::new(
        format!("no policy file names a client `{}`", asked.client),
        help,
    )
}

fn unknown_scope(scope: &Term, client: &ClientAnalysis) -> anyhow::Error {
    let held: Vec<&str> = client.granted.iter().map(Term::as_str).collect();
    let advice = match closest(scope.as_str(), held.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if held.is_empty() => "it holds nothing".to_owned(),
        None => format!("it holds {}", first(&held, HELD)),
    };
    Advised::new(format!("`{}` does not hold `{scope}`", client.id), advice)
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let asked = asked(args)?;
    let policy = PolicyArgs {
        folder: Folder::at(asked.folder.clone()),
        flags: args.policy.clone(),
    };
    let run = analyse(settings(&args.inputs, &policy)?)?;
    let clients = &run.analysis.clients;
    let Some(client) = clients
        .iter()
        .find(|client| client.id.as_str() == asked.client)
    else {
        return Err(unknown_client(&asked, clients));
    };
    if let Some(scope) = &asked.scope
        && client.term(scope).is_none()
    {
        return Err(unknown_scope(scope, client));
    }
    let wanted = |term: &Term| asked.scope.as_ref().is_none_or(|scope| scope == term);
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
            asked.scope.as_ref(),
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
