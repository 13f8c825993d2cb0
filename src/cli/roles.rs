//! `roles`: a small set of roles that gives each client exactly what it needs.

use std::io::Write;
use std::path::PathBuf;

use super::args::{Folder, InputArgs, PolicyArgs, PolicyFlags};
use super::colour::Colour;
use super::diagnostics::note;
use super::output::{Destination, OutputArgs};
use super::settings::settings;
use super::{ExitStatus, analyze};
use crate::analysis::role_mining::{Aim, By, RoleOptions};
use crate::report::roles as report;
use crate::report::table::Format;
use crate::run::role_proposal::{self, MinedRoles};
use crate::run::{atomic_file, role_diff};

/// Arguments of `roles`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim roles mine samples/shop
  scopetrim roles mine --grants grants.yaml --json
  scopetrim roles mine samples/shop --diff")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Propose roles from what clients hold or need, and say which roles there are that do not fit
    Mine(Box<Mine>),
}

/// Arguments of `roles mine`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim roles mine samples/shop
  scopetrim roles mine --grants grants.yaml --json
  scopetrim roles mine samples/shop --objective roles --max-per-client 3 --markdown
  scopetrim roles mine --grants grants.yaml --diff --undo undo.diff | git apply

Without logs and ledger a client needs what it holds. With them it needs what is left to it after the \
removals up to --level. No role gives a member anything that it does not need, and together they give all \
of that. docs/roles.md says how they are found, and when their number is proven to be the smallest.")]
#[expect(clippy::struct_excessive_bools, reason = "switches, each on its own")]
struct Mine {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    policy: PolicyFlags,
    /// What is to be small: the number of roles, or roles, memberships and terms of roles together; default: complexity
    #[arg(id = "aim", long = "objective", value_name = "roles|complexity", value_parser = ["roles", "complexity"])]
    aim: Option<String>,
    /// Leave the roles that there are as they are, and propose roles for the rest
    #[arg(long)]
    keep_roles: bool,
    /// At most so many roles; what they do not give is left as direct grants
    #[arg(long, value_name = "N")]
    max_roles: Option<usize>,
    /// At most so many roles for each client; what they do not give is left as direct grants
    #[arg(long, value_name = "N")]
    max_per_client: Option<usize>,
    /// No role for clients of two owners, or with terms of two tags
    #[arg(long, value_name = "owner|tag", value_parser = ["owner", "tag"])]
    by: Option<String>,
    /// Write Markdown, for a pull request or a page
    #[arg(long, conflicts_with_all = ["output", "csv", "json", "ndjson", "parquet"])]
    markdown: bool,
    /// Print the diff of grants.yaml, or its JSON, that brings the roles into it
    #[arg(long, conflicts_with_all = ["markdown", "output", "csv", "json", "ndjson", "parquet"])]
    diff: bool,
    /// With --diff, write the diff that takes it back to this file
    #[arg(long, value_name = "FILE", requires = "diff")]
    undo: Option<PathBuf>,
    /// Write a page, in the design of the monthly report
    #[arg(long, conflicts_with_all = ["markdown", "diff", "output", "csv", "json", "ndjson", "parquet"])]
    html: bool,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// `--objective` says here what is minimised about roles; what `analyze` minimises keeps another name.
pub(super) fn rename_objective(command: clap::Command) -> clap::Command {
    command.mut_subcommand("mine", |mine| {
        mine.mut_arg("objective", |arg| arg.long("scope-objective"))
    })
}

pub(super) fn run(args: &Args, colour: Colour, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let What::Mine(args) = &args.what;
    let output = args.output.open(Format::Table)?;
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        flags: args.policy.clone(),
    };
    let options = RoleOptions {
        aim: match args.aim.as_deref() {
            Some("roles") => Aim::Roles,
            _ => Aim::Complexity,
        },
        keep_roles: args.keep_roles,
        max_roles: args.max_roles,
        max_per_client: args.max_per_client,
        by: match args.by.as_deref() {
            Some("owner") => Some(By::Owner),
            Some("tag") => Some(By::Tag),
            _ => None,
        },
    };
    let mined = role_proposal::roles(settings(&args.inputs, &policy)?, &options)?;
    let found = &mined.proposal;
    if args.diff {
        write_diff(&mined, args, (output, colour), out)?;
    } else {
        output.write(out, "row", |format, out| {
            match format {
                Format::Table if args.html => out.write_all(report::html(found)?.as_bytes())?,
                Format::Table if args.markdown => report::markdown(found, out)?,
                Format::Table => report::table(found, out, analyze::width())?,
                Format::Json => out.write_all(report::json(found)?.as_bytes())?,
                _ => return Ok(report::rows(found).write(format, out)?),
            }
            Ok(0)
        })?;
    }
    Ok(if found.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
}

fn write_diff(
    mined: &MinedRoles,
    args: &Mine,
    (output, colour): (Destination, Colour),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let edit = role_diff::diff(mined)?;
    if let Some(path) = &args.undo {
        atomic_file::write_text(path, &edit.undo)?;
    }
    let whole = (&mined.proposal, &mined.policy);
    let text = report::diff_head(whole, &edit.patch, analyze::width()) + &edit.diff;
    // What goes into a file is for a program.
    let paint = if args.output.is_file() {
        Colour::Never.paint()
    } else {
        colour.paint()
    };
    output.write(out, "row", |_, out| {
        out.write_all(paint.diff(&text).as_bytes())?;
        Ok(0)
    })?;
    if let Some(text) = report::larger(&mined.policy, &edit.patch) {
        note(false, &text);
    }
    Ok(())
}
