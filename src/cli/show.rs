//! `grants`: what was read, normalised.

use std::io::Write;

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::output::OutputArgs;
use super::{ExitStatus, diagnostics, settings};
use crate::model::words::{either, plural};
use crate::model::{Entry, Granted, Subject};
use crate::report::table::Format;
use crate::report::{grants_explained, json_text, listings};
use crate::run::{self, Advised, Settings, git_history};

/// Arguments of `grants`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  scopetrim grants samples/shop
  scopetrim grants --grants grants.yaml --output ndjson
  scopetrim grants explain samples/gateway/kong.yaml"
)]
pub(super) struct GrantsArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what was taken from where in policy files, what is frozen and why, and what is left alone
    #[command(after_help = "Examples:
  scopetrim grants explain kong.yaml
  scopetrim grants explain kong.yaml realm.json --output json

One row says what each file is and by what it is known, then one for each grant, and one for each place in which \
no grant stands. Of these the keys are shown, and no value: it may be a secret. Formats of your own are those of \
scopetrim.toml ([[policies]]). For a file that no format reads and that looks like clients with grants, a \
description is proposed.")]
    Explain {
        /// Policy files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// Configuration file; default: scopetrim.toml in the current folder
        #[arg(long, value_name = "FILE")]
        config: Option<std::path::PathBuf>,
        #[command(flatten)]
        output: OutputArgs,
    },
}

fn explain(
    files: &[String],
    config: Option<&std::path::PathBuf>,
    output: &OutputArgs,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let inputs = InputArgs {
        config: config.cloned(),
        ..InputArgs::default()
    };
    let settings = settings::settings(&inputs, &PolicyArgs::default())?;
    let format = output.format(Format::Table);
    let output = output.open(Format::Table)?;
    let policy = match run::policy::load_today(files, &settings) {
        Ok(policy) => policy,
        Err(error) => return Err(with_proposals(error, files, (&settings, format), out)?),
    };
    output.write(out, "row", |format, out| {
        Ok(grants_explained::table(&policy).write(format, out)?)
    })?;
    Ok(ExitStatus::Done)
}

/// The error, after what is proposed for the files that no format reads.
fn with_proposals(
    error: anyhow::Error,
    files: &[String],
    (settings, format): (&Settings, Format),
    out: &mut dyn Write,
) -> anyhow::Result<anyhow::Error> {
    let proposals = run::policy::proposals(files, settings);
    if proposals.is_empty() {
        return Ok(error);
    }
    if format != Format::Table {
        let help = "leave --output out to see what is proposed for it";
        return Ok(Advised::new(error.to_string(), help));
    }
    for (text, _) in &proposals {
        writeln!(out, "{text}")?;
    }
    let help = if proposals.iter().any(|(_, found)| *found) {
        "check what is proposed above, and add it to scopetrim.toml"
    } else {
        "it may hold grants: see above what is not clear"
    };
    Ok(Advised::new(error.to_string(), help))
}

pub(super) fn grants(args: &GrantsArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    if let Some(What::Explain {
        files,
        config,
        output,
    }) = &args.what
    {
        return explain(files, config.as_ref(), output, out);
    }
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
    let roles = policy.roles();
    let unused = |(file, entry): (usize, &Entry)| {
        matches!((&entry.subject, &entry.granted), (Subject::Role(role), Granted::Term(_))
            if roles.members(file, role).is_empty() && roles.strangers(file, role).is_empty())
    };
    let files = policy.files.iter().enumerate();
    let entries = files.flat_map(|(at, file)| file.entries.iter().map(move |entry| (at, entry)));
    let unused = entries.filter(|entry| unused(*entry)).count();
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
