//! `init`: a commented `scopetrim.toml` from what lies in a folder.
//!
//! In: a folder. Out: the file, and a list of what was found and what was not.
//!
//! Invariants:
//! * an existing file stays as it is without `--force`;
//! * the text written is one that [`crate::run::config`] reads;
//! * files are judged by their content; nothing is moved, changed or sent.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::diagnostics;
use crate::grants::Proposed;
use crate::model::words::{first, plural};
use crate::report::escape;
use crate::run::config::{self, FILE_NAME};
use crate::run::init::{self, FolderContents};
use crate::run::{Advised, atomic_file};

/// What is needed where none was found, and where to get it.
const LOGS: &str = "they come from your gateway (`scopetrim formats` lists what is read, docs/log-formats.md what to log)";
const CATALOGS: &str = "an OpenAPI file says which scopes an operation requires; without one \
    `scopetrim catalog scaffold --logs LOG` proposes a routes.yaml";
const GRANTS: &str = "export them from where clients get their scopes, or write a grants.yaml (docs/policy-formats.md)";
/// Other files that are named.
const OTHERS: usize = 5;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  scopetrim init\n  scopetrim init gateway --stdout")]
pub(super) struct Args {
    /// Folder to search; default: the current folder
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Replace an existing scopetrim.toml
    #[arg(long)]
    force: bool,
    /// Print the configuration instead of writing it
    #[arg(long, conflicts_with = "force")]
    stdout: bool,
}

/// Looks into the folder, then writes or prints the configuration.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let target = args.dir.join(FILE_NAME);
    if !args.stdout && !args.force && target.symlink_metadata().is_ok() {
        return Err(exists(&target));
    }
    let found = init::look(&args.dir).map_err(|error| {
        Advised::new(
            format!("cannot read the folder `{}`: {error}", args.dir.display()),
            "name the folder that holds the logs, the API description and the policy files",
        )
    })?;
    let text = init::text(&found);
    // What cannot be read back must not be handed out.
    config::parse(&text, FILE_NAME)?;
    if args.stdout {
        for line in summary(&found) {
            diagnostics::note(false, &line);
        }
        out.write_all(text.as_bytes())?;
        return Ok(());
    }
    save(&target, &text, args.force)?;
    for line in summary(&found) {
        writeln!(out, "{}", escape::terminal(&line))?;
    }
    writeln!(
        out,
        "wrote {}",
        escape::terminal(&target.display().to_string())
    )?;
    Ok(())
}

fn exists(target: &Path) -> anyhow::Error {
    Advised::new(
        format!("`{}` exists already", target.display()),
        "print the new text with --stdout, or replace the file with --force",
    )
}

fn save(target: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    if force {
        return atomic_file::write_text(target, text);
    }
    // `create_new` also refuses a file that appeared while the folder was read.
    let file = OpenOptions::new().write(true).create_new(true).open(target);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(target),
        _ => Advised::new(
            format!("cannot write `{}`: {error}", target.display()),
            "check the folder's permissions",
        ),
    })
}

/// One line for each kind of input, found or not, and for what was left out.
fn summary(found: &FolderContents) -> Vec<String> {
    let mut lines = Vec::new();
    let formats: Vec<String> = found
        .formats()
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    lines.push(if found.logs.is_empty() {
        format!("access logs: none found; {LOGS}")
    } else {
        format!("access logs: {} ({})", found.logs.len(), formats.join(", "))
    });
    for (what, files, needed) in [
        ("API descriptions", &found.catalogs, CATALOGS),
        ("policy files", &found.grants, GRANTS),
    ] {
        lines.push(if files.is_empty() {
            format!("{what}: none found; {needed}")
        } else {
            format!("{what}: {}", files.join(", "))
        });
    }
    for (files, proposed) in &found.proposed {
        let files = files.join(", ");
        lines.push(match proposed {
            Proposed::One(own) => format!(
                "proposed: [[policies]] `{}` for {files} ({}, {}): check it in {FILE_NAME}",
                own.description.name,
                plural(own.clients as u64, "client"),
                plural(own.grants as u64, "grant")
            ),
            _ => format!("not clear: {files} may hold grants; {FILE_NAME} says what to write"),
        });
    }
    lines.extend(
        found
            .left_out
            .iter()
            .map(|what| format!("left out: {what}")),
    );
    if !found.others.is_empty() {
        lines.push(format!(
            "not used: {}: no log, API description or policy file that is known",
            first(&found.others, OTHERS)
        ));
    }
    lines
}

#[cfg(test)]
#[path = "init/tests.rs"]
mod tests;
