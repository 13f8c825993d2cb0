//! `catalog` and `grants`: what was read, normalised.

use std::io::Write;

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::output::OutputArgs;
use super::{ExitStatus, diagnostics, settings};
use crate::catalog;
use crate::model::words::{either, plural};
use crate::model::{Granted, Subject};
use crate::report::table::Format;
use crate::report::{json_text, listings};
use crate::run::{self, git_history, pipeline};

/// Arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim catalog samples/shop
  scopetrim catalog --catalog openapi.yaml --scopes any --json > catalog.json
  scopetrim catalog samples/shop --output csv

JSON is the normal form, which is also accepted as input.")]
pub(super) struct CatalogArgs {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `grants`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim grants samples/shop
  scopetrim grants --grants grants.yaml --output ndjson")]
pub(super) struct GrantsArgs {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn catalog(args: &CatalogArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        ..PolicyArgs::default()
    };
    let settings = settings::settings(&args.inputs, &policy)?;
    let output = args.output.open(Format::Table)?;
    let routes = pipeline::catalog(&settings)?;
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

pub(super) fn grants(args: &GrantsArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        flags: args.policy.clone(),
    };
    let settings = settings::settings(&args.inputs, &policy)?;
    let output = args.output.open(Format::Table)?;
    let policy = run::policy::policy(&settings)?;
    for text in git_history::sentences(&policy) {
        diagnostics::note(settings.quiet, &text);
    }
    let rows = listings::Grants::of(&policy);
    output.write(out, "row", |format, out| {
        if format == Format::Json {
            writeln!(out, "{}", json_text::pretty(&rows.json())?)?;
            return Ok(0);
        }
        Ok(rows.table().write(format, out)?)
    })?;
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
