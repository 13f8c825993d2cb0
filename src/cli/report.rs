//! `report`: the monthly audit report.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{InputArgs, PolicyArgs};
use super::diagnostics::say_incomplete;
use super::settings::{settings, source};
use super::{ExitStatus, diagnostics, report_command};
use crate::input;
use crate::report::monthly::{Month, Sealed};
use crate::report::output::{self, Renderer};
use crate::report::pseudonym::Pseudonyms;
use crate::run::settings::MAX_KEY;
use crate::run::{self, Advised, MonthlyReport, atomic_file};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim report samples/shop --month 2026-10 > report.html
  scopetrim report samples/shop --month 2026-10 --output html,md,json,csv,sarif,ocsf --out 2026-10
  scopetrim report samples/shop --month 2026-10 --previous 2026-09/report.json --out 2026-10
  scopetrim report samples/shop --month 2026-10 --pseudonymise key.txt --out for-the-auditor

Formats: html is the page to read, print and sign; md for a pull request; json is the contract that the \
next report reads with --previous; csv for spreadsheets; sarif for code scanning on the policy file; \
ocsf for a SIEM. Findings do not change the exit code: 0 done, 2 error, 3 done but some input was \
incomplete.")]
pub(super) struct Args {
    /// The month, for example 2026-10; the window ends with its last day
    #[arg(long, value_name = "MONTH")]
    month: String,
    /// Report of an earlier month: a report.json, or a folder that holds some; repeatable
    #[arg(long, value_name = "PATH")]
    previous: Vec<PathBuf>,
    /// Folder for the files; without it one format goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Kinds of output: html, md, json, csv, sarif, ocsf
    #[arg(
        long = "output",
        alias = "format",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "html"
    )]
    outputs: Vec<String>,
    /// Replace names of clients, owners, roles and files by hashes under the key in this file
    #[arg(long, value_name = "KEYFILE")]
    pseudonymise: Option<PathBuf>,
    /// Name of the organisation, for the head of the report
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// When the report is made, for its head; no clock is read
    #[arg(long, value_name = "DATE")]
    now: Option<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    inputs: InputArgs,
}

/// `--format` has always meant the report's own formats here; elsewhere it is that of the logs.
pub(super) fn keep_format(command: clap::Command) -> clap::Command {
    command.mut_arg("format", |arg| arg.alias(None))
}

pub(super) fn run(
    args: &Args,
    line: &[OsString],
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let month = Month::parse(&args.month).ok_or_else(|| {
        Advised::new(
            format!("`{}` is not a month", args.month),
            "write for example 2026-10",
        )
    })?;
    if args.policy.flags.as_of.is_some() {
        return Err(Advised::new(
            "--as-of and --month both say where the window ends",
            "leave --as-of out: a month ends with its last day",
        ));
    }
    if args.policy.flags.grants_at.is_some() {
        return Err(Advised::new(
            "--grants-at is not for the monthly report, which states the digests of today's files",
            "`scopetrim analyze --grants-at DATE` looks at a policy of the past",
        ));
    }
    let renderers = renderers(args)?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| {
            Advised::new(
                format!("cannot make the folder `{}`: {error}", folder.display()),
                "choose another folder with --out",
            )
        })?;
    }
    let key = args.pseudonymise.as_deref().map(key).transpose()?;
    let (previous, notes) = run::earlier_reports(&args.previous)?;
    for text in notes {
        diagnostics::note(false, &text);
    }
    let source = source(&args.inputs, &args.policy)?;
    let order = MonthlyReport {
        month,
        previous,
        key,
        organisation: args.organisation.clone(),
        now: args.now.clone(),
        command: report_command::line(line),
        inputs: report_command::inputs(line, args.policy.folder.positional()),
        configuration: source.shown_file(),
    };
    run::month(
        settings(&args.inputs, &args.policy)?,
        order,
        |run, sealed| {
            write(args.out.as_deref(), &renderers, sealed, out)?;
            say_incomplete(run);
            Ok(if run.read.incomplete.is_empty() {
                ExitStatus::Done
            } else {
                ExitStatus::Incomplete
            })
        },
    )
}

fn write(
    folder: Option<&Path>,
    renderers: &[&dyn Renderer],
    sealed: &Sealed<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Some(folder) = folder else {
        for file in renderers[0].files(sealed)? {
            out.write_all(file.text.as_bytes())?;
        }
        return Ok(());
    };
    for renderer in renderers {
        for file in renderer.files(sealed)? {
            atomic_file::write_text(&folder.join(file.name), &file.text)?;
        }
    }
    Ok(summary(folder, sealed, out)?)
}

fn renderers(args: &Args) -> anyhow::Result<Vec<&'static dyn Renderer>> {
    let mut chosen: Vec<&'static dyn Renderer> = Vec::new();
    for name in &args.outputs {
        let found = output::by_name(name.trim()).ok_or_else(|| {
            let known: Vec<String> = output::ALL
                .iter()
                .map(|own| format!("{} ({})", own.name(), own.purpose()))
                .collect();
            Advised::new(
                format!("`{name}` is not a kind of report"),
                format!("choose from {}", known.join(", ")),
            )
        })?;
        if !chosen.iter().any(|own| own.name() == found.name()) {
            chosen.push(found);
        }
    }
    let files = chosen.len() > 1 || chosen.iter().any(|own| own.name() == "csv");
    if args.out.is_none() && files {
        return Err(Advised::new(
            "several files do not fit on standard output",
            "name a folder with --out DIR, or one format (csv is three files)",
        ));
    }
    Ok(chosen)
}

fn key(path: &Path) -> anyhow::Result<Pseudonyms> {
    let advice = "a line of random text will do: `head -c 32 /dev/urandom | base64 > key.txt`; keep it, and keep it secret";
    let bytes = input::read_whole(path, MAX_KEY).map_err(|error| {
        Advised::new(
            format!("cannot read the key file `{}`: {error}", path.display()),
            advice,
        )
    })?;
    if bytes.trim_ascii().len() < 16 {
        // A short key is guessed, and with it every name.
        return Err(Advised::new(
            format!(
                "the key file `{}` holds fewer than 16 bytes",
                path.display()
            ),
            advice,
        ));
    }
    Ok(Pseudonyms::new(&bytes))
}

fn summary(folder: &Path, sealed: &Sealed<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let own = &sealed.page.verdict;
    writeln!(
        out,
        "{}: {} of {} can go now, exposure {:.2} -> {:.2}; written to {}",
        sealed.page.head.month,
        own.removals,
        sealed
            .page
            .clients
            .iter()
            .map(|client| client.found.terms.len())
            .sum::<usize>(),
        own.before,
        own.after,
        crate::report::escape::terminal(&folder.display().to_string())
    )
}
