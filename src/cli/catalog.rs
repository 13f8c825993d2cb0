//! `catalog`: what the operations require, as it was read; what is doubtful about it; or a proposal made
//! from the logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::{Folder, InputArgs, PolicyArgs};
use super::output::OutputArgs;
use super::settings::Settings;
use super::{ExitStatus, diagnostics, settings};
use crate::catalog;
use crate::model::words::plural;
use crate::model::{Cause, Method};
use crate::report::table::Format;
use crate::report::{json_text, listings};
use crate::run::pipeline::{self, Routes};
use crate::run::{Advised, atomic_file, read_usage, routes};
use crate::usage::seen_paths;

/// Arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  scopetrim catalog samples/shop
  scopetrim catalog --catalog openapi.yaml --scopes any --json > catalog.json
  scopetrim catalog samples/shop --output csv
  scopetrim catalog lint --catalog openapi.yaml --fail-on warning
  scopetrim catalog scaffold --logs 'logs/*.gz' --out routes.yaml

JSON is the normal form, which is also accepted as input.

A routes.yaml by hand:
  version: 1
  routes:
    GET /orders/{id}: orders:read                  # one scope
    POST /orders: [orders:write, orders:admin]     # any of them
    POST /refunds: orders:write + payments:write   # all of them
    GET /health: public                            # or authenticated: a token, whatever its scopes
    ANY /admin/**: orders:admin                    # every method, the rest of the path"
)]
pub(super) struct Args {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Propose a routes.yaml: a route for each path that was called with success, with made-up scopes to be edited
    Scaffold(Box<Scaffold>),
    /// Find what makes an API description hard to rely on: scopes that are not declared or not used, operations
    /// that state nothing, templates that cannot be told apart, lists that may mean any or all
    Lint(Box<Lint>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim catalog lint samples/shop
  scopetrim catalog lint --catalog openapi.yaml --fail-on warning

Exit codes: 0 done, 1 something was found and --fail-on is warning, 2 error.")]
struct Lint {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// What makes the exit code 1: any finding, or none
    #[arg(long, value_name = "LIMIT", default_value = "none", value_parser = ["warning", "none"])]
    fail_on: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim catalog scaffold --logs 'logs/*.gz' --out routes.yaml
  scopetrim catalog scaffold --logs access.log --catalog openapi.yaml > routes.yaml
  scopetrim catalog scaffold --ledger usage

With an API description, its operations come first; those that say what they require keep that.")]
struct Scaffold {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    /// Write to this file instead of standard output; it must not exist yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file of --out
    #[arg(long, requires = "out")]
    force: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &args.task {
        None => list(args, out),
        Some(Task::Scaffold(args)) => scaffold(args, out),
        Some(Task::Lint(args)) => lint(args, out),
    }
}

fn settings_of(folder: &Folder, inputs: &InputArgs) -> anyhow::Result<Settings> {
    let policy = PolicyArgs {
        folder: folder.clone(),
        ..PolicyArgs::default()
    };
    settings::settings(inputs, &policy)
}

fn list(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let settings = settings_of(&args.folder, &args.inputs)?;
    let output = args.output.open(Format::Table)?;
    let routes = routes::routes(&settings)?;
    output.write(out, "row", |format, out| {
        if format == Format::Json {
            let text = json_text::pretty(&catalog::to_json(&routes.catalog))?;
            writeln!(out, "{text}")?;
            return Ok(0);
        }
        Ok(listings::operations(&routes.catalog).write(format, out)?)
    })?;
    for warning in &routes.warnings {
        diagnostics::note(
            settings.quiet,
            &format!("{} ({})", warning.message, warning.code),
        );
    }
    Ok(ExitStatus::Done)
}

fn lint(args: &Lint, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let settings = settings_of(&args.folder, &args.inputs)?;
    let output = args.output.open(Format::Table)?;
    let routes = routes::routes(&settings)?;
    let found = catalog::findings(&routes.catalog, &routes.warnings);
    output.write(out, "finding", |format, out| {
        Ok(listings::findings(&found).write(format, out)?)
    })?;
    Ok(if found.is_empty() || args.fail_on == "none" {
        ExitStatus::Done
    } else {
        ExitStatus::Found
    })
}

fn scaffold(args: &Scaffold, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let mut settings = settings_of(&args.folder, &args.inputs)?;
    if let Some(path) = args.out.as_ref().filter(|_| !args.force)
        && path.symlink_metadata().is_ok()
    {
        return Err(exists(path));
    }
    let routes = if settings.no_description() {
        pipeline::no_catalog()
    } else {
        routes::routes(&settings)?
    };
    let mut seen = BTreeMap::new();
    let mut whole = true;
    if !settings.logs.is_empty() || settings.ledger.is_none() {
        whole &= from_logs(&settings, &routes, &mut seen)?;
    }
    if settings.ledger.is_some() {
        settings.logs.clear();
        whole &= from_ledger(&settings, &routes, &mut seen)?;
    }
    let draft = catalog::draft(&routes.catalog.operations, &seen, settings.match_options);
    for label in &draft.left_out {
        diagnostics::note(
            settings.quiet,
            &format!("no route can be written for `{label}`"),
        );
    }
    if draft.routes == 0 {
        return Err(Advised::new(
            "no request of a named client succeeded, so that there is nothing to propose",
            "name logs with such requests with --logs PATH; `scopetrim events` shows how they are read",
        ));
    }
    match &args.out {
        None => out.write_all(draft.text.as_bytes())?,
        Some(path) if args.force => atomic_file::write_text(path, &draft.text)?,
        Some(path) => write_new(path, &draft.text)?,
    }
    Ok(if whole {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

/// Requests by method and path with `{}` for ids.
type Seen = BTreeMap<(Method, String), u64>;

/// Whether all of the logs could be read.
fn from_logs(settings: &Settings, routes: &Routes, all: &mut Seen) -> anyhow::Result<bool> {
    let (seen, reports) = pipeline::events(settings, routes, BTreeSet::new(), seen_paths)?;
    if seen.full {
        return Err(Advised::new(
            "the logs have more different paths than any API has operations",
            "where names serve as ids, propose from the logs of one day, or of one part of the API",
        ));
    }
    for (count, what) in [
        (seen.nameless, "name no client"),
        (
            seen.named,
            "name their permission themselves, and need no API description",
        ),
        (
            seen.unreadable,
            "have no path or method that a route can have",
        ),
    ] {
        if count > 0 {
            let requests = plural(count, "request");
            let text = format!("left out: {requests} that succeeded and {what}");
            diagnostics::note(settings.quiet, &text);
        }
    }
    all.extend(seen.paths);
    let lost = diagnostics::say_skips(&seen.skips, settings.quiet);
    let broken = reports.iter().filter(|report| !report.status.is_whole());
    let broken = broken.count();
    if broken > 0 {
        let text = format!("{} incomplete", plural(broken, "input"));
        diagnostics::note(settings.quiet, &text);
    }
    Ok(!lost && broken == 0)
}

/// The ledger keeps paths without an operation by client, and not more than fit in its tables.
fn from_ledger(settings: &Settings, routes: &Routes, all: &mut Seen) -> anyhow::Result<bool> {
    /// From here on some may have been dropped.
    const MANY: usize = 8_000;
    let read = read_usage::read_logs(settings, routes, BTreeSet::new())?;
    let clusters = read.collected.usage.unplaced.values().flatten();
    let mut count = 0;
    let mut whole = true;
    for cluster in clusters {
        count += 1;
        let named = !matches!(cluster.method, Method::Any | Method::Other | Method::Named);
        let placed = cluster.cause == Cause::NoOperation;
        whole &= cluster.cause != Cause::TooMany;
        if placed && named && cluster.counts.served > 0 {
            *all.entry((cluster.method, cluster.path.clone()))
                .or_default() += cluster.counts.served;
        }
    }
    whole &= count < MANY;
    if !whole {
        let text = "the ledger has so many paths without an operation that some were dropped: propose from the logs";
        diagnostics::note(settings.quiet, text);
    }
    Ok(whole && read.incomplete.is_empty())
}

fn exists(path: &Path) -> anyhow::Error {
    Advised::new(
        format!("`{}` exists already", path.display()),
        "name another file with --out, or replace it with --force",
    )
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => Advised::new(
            format!("cannot write `{}`: {error}", path.display()),
            "check the folder and its permissions",
        ),
    })
}
