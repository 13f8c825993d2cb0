//! `report`: the monthly audit report.

mod command;
mod earlier;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::analysis_run::{AnalysisRun, analysis_run_with_backtest, say_incomplete};
use super::analyze::{diff_text, prove};
use super::args::{InputArgs, PolicyArgs};
use super::config_overrides::MAX_KEY;
use super::diagnostics::Advised;
use super::{ExitStatus, atomic_file, settings};

use crate::analysis::backtest::GrantsOf;
use crate::analysis::minimum::Universe;
use crate::input;
use crate::model::words::{either, plural};
use crate::model::{ClientName, Day};
use crate::report::monthly::{
    self, Activity, CredentialLine, Extra, FileRow, History, Month, Previous, Proof, Sealed,
    file_row, seal,
};
use crate::report::output::{self, Renderer};
use crate::report::possible;
use crate::report::pseudonym::{Masked, Private, Pseudonyms};
use crate::usage::{ClientUse, summarise};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim report samples/shop --month 2026-10 > report.html
  scopetrim report samples/shop --month 2026-10 --format html,md,json,csv,sarif,ocsf --out 2026-10
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
    /// Kinds of output: html, md, json, csv, sarif, ocsf (the logs' own format is --log-format here)
    #[arg(
        long = "format",
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

/// `--format` means the report's own formats here, so that of the logs gets another name.
pub(super) fn rename_log_format(command: clap::Command) -> clap::Command {
    command.mut_arg("format", |arg| arg.long("log-format"))
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
    let mut key = args.pseudonymise.as_deref().map(key).transpose()?;
    let earlier = earlier::read(&args.previous)?;
    let run = month_study(args, month)?;
    let sealed = sealed(args, line, &run, (month, earlier, key.as_mut()))?;
    match &args.out {
        None => {
            for file in renderers[0].files(&sealed)? {
                out.write_all(file.text.as_bytes())?;
            }
        }
        Some(folder) => {
            for renderer in renderers {
                for file in renderer.files(&sealed)? {
                    atomic_file::write_text(&folder.join(file.name), &file.text)?;
                }
            }
            summary(folder, &sealed, out)?;
        }
    }
    say_incomplete(&run);
    Ok(if run.read.incomplete.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Incomplete
    })
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

/// The study with its window at the end of the month.
fn month_study(args: &Args, month: Month) -> anyhow::Result<AnalysisRun> {
    let mut policy = args.policy.clone();
    if policy.flags.as_of.is_some() {
        return Err(Advised::new(
            "--as-of and --month both say where the window ends",
            "leave --as-of out: a month ends with its last day",
        ));
    }
    policy.flags.as_of = Some(month.days().to.to_string());
    let run = analysis_run_with_backtest(&args.inputs, &policy, GrantsOf::Today)?;
    let days = month.days();
    if let Some(span) = run.read.coverage.span()
        && run.read.coverage.covered(days) == 0
    {
        return Err(Advised::new(
            format!(
                "the logs hold no record of {month}: they cover {} to {}",
                span.from, span.to
            ),
            "choose a month inside the days of the logs with --month, or add its logs",
        ));
    }
    Ok(run)
}

fn sealed(
    args: &Args,
    line: &[OsString],
    run: &AnalysisRun,
    (month, earlier, key): (Month, Vec<Previous>, Option<&mut Pseudonyms>),
) -> anyhow::Result<Sealed> {
    let universe = Universe::new(&run.routes.catalog, &run.semantics, &run.weights);
    let activity = activity(run, month);
    let credentials = credentials(run);
    let view = run.view();
    let pseudonymised = key.is_some();
    let configuration = settings::configuration_file(&args.inputs, &args.policy);
    let mut extra = Extra {
        month,
        organisation: args.organisation.as_deref(),
        now: args.now.as_deref(),
        command: &command::line(line),
        configuration: configuration.map(|path| file_row(&path)),
        catalogues: run
            .settings
            .catalogs
            .iter()
            .map(|path| file_row(path))
            .collect(),
        universe: &universe,
        exceptions: &run.settings.exceptions,
        activity: &activity,
        credentials: &credentials,
        history: &History::default(),
        proof: None,
        pseudonymised,
    };
    let Some(key) = key else {
        if let Some(hidden) = earlier.iter().find(|report| report.pseudonymised) {
            return Err(Advised::new(
                format!(
                    "`{}` holds pseudonyms, and this report would hold names",
                    hidden.path
                ),
                "give the key of that report with --pseudonymise, or the report with names",
            ));
        }
        let history = History::before(month, earlier);
        extra.history = &history;
        extra.proof = Some(proof(run)?);
        return Ok(seal(&view, &extra)?);
    };
    let settings = &run.settings;
    let patterns = settings
        .needs
        .iter()
        .chain(settings.weights.iter().map(|own| &own.matches));
    let named = earlier.iter().filter(|report| !report.pseudonymised);
    let private = Private {
        exceptions: &settings.exceptions,
        stated: &settings.granted,
        aliases: &settings.aliases,
        patterns: patterns.map(String::as_str).collect(),
        earlier: named.flat_map(Previous::clients).collect(),
        files: extra
            .catalogues
            .iter()
            .chain(&extra.configuration)
            .map(|file| &file.path)
            .chain(&settings.expected_sources)
            .chain(earlier.iter().map(|report| &report.path))
            .map(String::as_str)
            .collect(),
        semantics: &run.semantics,
        protocol: &settings.protocol,
    };
    let masked = Masked::new(&view, &private, key);
    let hidden = key.by_client(&activity);
    let hidden_credentials = key.by_client(&credentials);
    let earlier = earlier
        .into_iter()
        .map(|report| {
            if report.pseudonymised {
                report
            } else {
                report.renamed(key)
            }
        })
        .collect();
    let mut history = History::before(month, earlier);
    history.notes = history.notes.iter().map(|text| key.text(text)).collect();
    let rows = |rows: Vec<FileRow>| -> Vec<FileRow> {
        let hide = |row: FileRow| FileRow {
            path: key.path(&row.path),
            digest: row.digest,
        };
        rows.into_iter().map(hide).collect()
    };
    extra.exceptions = &masked.exceptions;
    extra.activity = &hidden;
    extra.credentials = &hidden_credentials;
    extra.history = &history;
    extra.command = "scopetrim report (arguments withheld)";
    extra.catalogues = rows(extra.catalogues);
    extra.configuration = rows(extra.configuration.into_iter().collect()).pop();
    Ok(seal(&masked.view(), &extra)?)
}

/// The diff at the chosen level, with what proves it.
fn proof(run: &AnalysisRun) -> anyhow::Result<Proof> {
    let proved = prove(run)?;
    let mut sentence = format!(
        "{} ({}) {} replayed against the edited files: none refused, none opened.",
        plural(proved.replay.operations, "needed operation"),
        plural(proved.replay.requests, "request"),
        either(proved.replay.operations, "was", "were")
    );
    if !proved.refused.is_empty() {
        let names: Vec<&str> = proved
            .refused
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let names = names.join(", ");
        sentence = format!("{sentence} No diff for {names}: the proof failed.");
    }
    for text in possible::sentences(&run.analysis) {
        sentence = format!("{sentence} {text}.");
    }
    Ok(Proof {
        diff: diff_text(run, &proved),
        sentence,
    })
}

/// Requests and refusals of the month itself, by client of the policy.
fn activity(run: &AnalysisRun, month: Month) -> BTreeMap<ClientName, Activity> {
    let table = &run.read.collected.usage;
    let names: BTreeMap<u32, ClientName> = run
        .policy
        .clients()
        .into_iter()
        .filter_map(|name| Some((table.client(name.as_str())?, name)))
        .collect();
    let days = month.days();
    let rows = summarise(table, &names.keys().copied().collect(), Some(days.to));
    let of = |own: &ClientUse| {
        let mut activity = Activity::default();
        for route in &own.routes {
            for day in route.days.iter().filter(|day| days.contains(Day(day.day))) {
                activity.requests += day.counts.iter().sum::<u64>();
                if day.denied() > 0 {
                    *activity.denied.entry(route.route).or_default() += day.denied();
                }
            }
        }
        activity
    };
    let rows = rows.iter();
    rows.filter_map(|own| Some((names.get(&own.client)?.clone(), of(own))))
        .collect()
}

/// With what each client of the policy proved who it is.
fn credentials(run: &AnalysisRun) -> BTreeMap<ClientName, Vec<CredentialLine>> {
    let to = run.analysis.window.to;
    let start = run.read.coverage.span().map_or(to, |span| span.from);
    let table = &run.read.collected.credentials;
    monthly::credentials::credentials(table, &run.policy.clients(), start, to)
}

fn summary(folder: &Path, sealed: &Sealed, out: &mut dyn Write) -> std::io::Result<()> {
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
            .map(|client| client.terms.len())
            .sum::<usize>(),
        own.before,
        own.after,
        crate::report::escape::terminal(&folder.display().to_string())
    )
}
