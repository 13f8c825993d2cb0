//! `catalog` and `grants`: what was read, normalised.

use std::io::Write;

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::{ExitStatus, diagnostics, settings};
use crate::catalog;
use crate::model::words::{either, plural};
use crate::model::{Granted, Subject};
use crate::report::{escape, json_text};
use crate::run::{self, git_history, pipeline};

/// Arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim catalog samples/shop
  scopetrim catalog --catalog openapi.yaml --scopes any --json > catalog.json")]
pub(super) struct CatalogArgs {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print the normal form, which is also accepted as input
    #[arg(long)]
    json: bool,
}

/// Arguments of `grants`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim grants samples/shop
  scopetrim grants --grants grants.yaml --json")]
pub(super) struct GrantsArgs {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn catalog(args: &CatalogArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        ..PolicyArgs::default()
    };
    let settings = settings::settings(&args.inputs, &policy)?;
    let routes = pipeline::catalog(&settings)?;
    if args.json {
        writeln!(
            out,
            "{}",
            json_text::pretty(&catalog::to_json(&routes.catalog))?
        )?;
    } else {
        for operation in &routes.catalog.operations {
            let needs = operation.demands();
            writeln!(
                out,
                "{:<8} {:<48} {}",
                operation.method.name(),
                escape::terminal(&operation.path),
                escape::terminal(&needs)
            )?;
        }
    }
    for warning in &routes.warnings {
        diagnostics::note(
            settings.quiet,
            &format!("{} ({})", warning.message, warning.code),
        );
    }
    Ok(ExitStatus::Done)
}

pub(super) fn grants(args: &GrantsArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        flags: args.policy.clone(),
    };
    let settings = settings::settings(&args.inputs, &policy)?;
    let policy = run::policy::policy(&settings)?;
    for text in git_history::sentences(&policy) {
        diagnostics::note(settings.quiet, &text);
    }
    let mut rows = Vec::new();
    for (client, held) in policy.holdings() {
        for (term, vias) in held {
            for via in vias {
                let entry = policy
                    .files
                    .get(via.file)
                    .and_then(|file| file.entries.get(via.entry));
                rows.push(serde_json::json!({
                    "client": client, "term": term, "via": via.role.map(|(role, _)| role),
                    "since": entry.and_then(|entry| entry.since), "owner": entry.and_then(|entry| entry.owner.clone()),
                    "optional": entry.is_some_and(|entry| entry.optional),
                    "source": entry.map(|entry| entry.place.clone()),
                }));
            }
        }
    }
    if args.json {
        writeln!(out, "{}", json_text::pretty(&rows)?)?;
        return Ok(ExitStatus::Done);
    }
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let place = format!(
            "{}:{}",
            row["source"]["file"].as_str().unwrap_or("?"),
            row["source"]["line"]
        );
        let line = format!(
            "{:<24} {:<28} {:<16} {:<11} {place}",
            text("client"),
            text("term"),
            text("via"),
            text("since")
        );
        writeln!(out, "{}", escape::terminal(&line))?;
    }
    let unused = policy.files.iter().flat_map(|file| &file.entries).filter(|entry| {
        matches!((&entry.subject, &entry.granted), (Subject::Role(role), Granted::Term(_))
            if policy.files.iter().enumerate().all(|(file, _)| policy.members(file, role).is_empty()))
    });
    let unused = unused.count();
    if unused > 0 {
        diagnostics::note(
            settings.quiet,
            &format!(
                "{} {} to roles that no client has",
                plural(unused, "term"),
                either(unused, "belongs", "belong")
            ),
        );
    }
    Ok(ExitStatus::Done)
}
