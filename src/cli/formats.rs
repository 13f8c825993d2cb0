//! `formats`: the log formats that are read, why a file is taken for one, and descriptions of
//! further ones.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;

use super::ExitStatus;
use crate::event::secret;
use crate::format::mapping::Mapping;
use crate::format::mapping::samples::{Checked, SECRET};
use crate::format::propose::propose;
use crate::format::{self, ALL, LogFormat as _, detect};
use crate::input::{self, discover, head};
use crate::report::escape;
use crate::run::Advised;
use crate::usage;

/// Arguments of `formats`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim formats
  scopetrim formats detect samples/shop/logs/kong-2026-10.log.gz
  scopetrim formats show nginx-json
  scopetrim formats new edge.log > edge.toml
  scopetrim formats check edge.toml")]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say how many lines of each file fit which format
    #[command(after_help = "Examples:
  scopetrim formats detect access.log
  scopetrim formats detect 'logs/*.gz'")]
    Detect {
        /// Files, folders or globs
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
    /// Print a format of the program as a description, to start one's own from
    #[command(after_help = "Examples:
  scopetrim formats show kong
  scopetrim formats show nginx-json > ours.toml")]
    Show {
        /// Name of the format
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Propose a description for a log that no format reads; exit code 1 when a needed field was not found
    #[command(after_help = "Examples:
  scopetrim formats new edge.log > edge.toml
  scopetrim formats new --name edge 'logs/edge-*.gz' > edge.toml")]
    New {
        /// The log, or several of one kind: the first one is looked at
        #[arg(value_name = "LOG")]
        log: String,
        /// Name of the new format; default: that of the file
        #[arg(long, value_name = "NAME", help_heading = "Output")]
        name: Option<String>,
    },
    /// Read the samples of a description, field by field; exit code 1 when one is read otherwise
    #[command(after_help = "Examples:
  scopetrim formats check edge.toml")]
    Check {
        /// The file of the description
        #[arg(value_name = "FILE")]
        file: String,
    },
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &args.what {
        None => list(out),
        Some(What::Detect { files }) => detect_files(files, out),
        Some(What::Show { name }) => show(name, out),
        Some(What::New { log, name }) => new(log, name.as_deref(), out),
        Some(What::Check { file }) => check(file, out),
    }
}

fn list(out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    for format in ALL {
        writeln!(out, "{:<14} {}", format.name(), format.title())?;
        for line in format.identity_help().lines() {
            writeln!(out, "{:14}   {line}", "")?;
        }
    }
    Ok(ExitStatus::Done)
}

fn detect_files(files: &[String], out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let inputs = discover(files, Path::new(""))
        .map_err(|error| Advised::new(error.to_string(), error.help()))?;
    let mut sure = true;
    for source in head(&inputs, usage::layers()) {
        let name = escape::terminal(&source.input.shown).into_owned();
        if let Some(why) = &source.refused {
            writeln!(out, "{name}: not read: {}", escape::terminal(why))?;
            sure = false;
            continue;
        }
        let seen = detect::detect(source.sample());
        let verdict = seen
            .format()
            .map_or("not recognised", |format| format.name());
        sure &= seen.format().is_some();
        writeln!(out, "{name}: {verdict} ({})", seen.explain())?;
    }
    Ok(done(sure))
}

fn done(well: bool) -> ExitStatus {
    if well {
        ExitStatus::Done
    } else {
        ExitStatus::Failed
    }
}

fn show(name: &str, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(format) = format::by_name(name) else {
        let known: Vec<&str> = ALL.iter().map(|format| format.name()).collect();
        let close = crate::model::words::closest(name, known.iter().copied());
        let help = match close {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        return Err(Advised::new(format!("`{name}` is not a log format"), help));
    };
    match format.as_description() {
        Some(text) => write!(out, "{text}")?,
        None => writeln!(
            out,
            "# {}\n# All of `{name}` is code: its lines cannot be said in a description.",
            format.title()
        )?,
    }
    Ok(ExitStatus::Done)
}

fn new(log: &str, name: Option<&str>, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let inputs = discover(&[log.to_owned()], Path::new(""))
        .map_err(|error| Advised::new(error.to_string(), error.help()))?;
    let sources = head(&inputs, usage::layers());
    let Some(source) = sources.first() else {
        return Err(Advised::new(format!("`{log}` names no file"), "name a log"));
    };
    if let Some(why) = &source.refused {
        return Err(Advised::new(
            format!("`{log}` cannot be read: {why}"),
            "name a log",
        ));
    }
    let of_file = || {
        let file = source.input.shown.rsplit('/').next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        stem.chars().filter(is_name).collect::<String>()
    };
    let name = name.map_or_else(of_file, str::to_owned);
    let name = match format::by_name(&name) {
        Some(_) => format!("my-{name}"),
        None if name.is_empty() => "ours".to_owned(),
        None => name,
    };
    let Some(proposal) = propose(&name, source.sample()) else {
        return Err(Advised::new(
            format!(
                "the lines of `{}` have no layout in common",
                source.input.shown
            ),
            "describe them by a regular expression: docs/mapping-files.md has an example under `regex`; or give the \
             gateway's own format line with --log-format-string",
        ));
    };
    let seen = detect::detect(source.sample());
    if let Some(known) = seen.format() {
        writeln!(
            out,
            "# This log is read as `{}` without a description.",
            known.name()
        )?;
    }
    // What a log holds may be anything, a key as well.
    for line in proposal.text.lines() {
        writeln!(out, "{}", escape::terminal(line))?;
    }
    Ok(done(proposal.missing.is_empty()))
}

fn check(file: &str, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let help = "docs/mapping-files.md has every key with an example";
    let bytes = input::read_whole(Path::new(file), 1 << 20)
        .map_err(|error| Advised::new(format!("cannot read `{file}`: {error}"), help))?;
    let text = String::from_utf8_lossy(&bytes);
    let mapping = Mapping::unchecked(&text).map_err(|why| {
        Advised::new(
            format!("`{file}` does not describe a log format: {why}"),
            help,
        )
    })?;
    let samples = mapping.checked();
    if samples.is_empty() {
        writeln!(
            out,
            "`{}` has no samples: nothing was checked. Add a [[sample]] with a line and what you expect.",
            mapping.name()
        )?;
        return Ok(ExitStatus::Failed);
    }
    let mut well = true;
    for (number, sample) in samples.iter().enumerate() {
        well &= sample.problem().is_none();
        print(number + 1, sample, out)?;
    }
    Ok(if well {
        ExitStatus::Done
    } else {
        ExitStatus::Found
    })
}

/// A sample, field by field.
fn print(number: usize, sample: &Checked, out: &mut dyn Write) -> anyhow::Result<()> {
    let verdict = sample
        .problem()
        .map_or("as expected", |_| "NOT as expected");
    writeln!(out, "sample {number}: {verdict}")?;
    match (sample.skipped, &sample.expected_skip) {
        (Some(skip), expected) => {
            let expected = expected.as_deref().unwrap_or("a record");
            writeln!(out, "  skipped as {skip}; expected: {expected}")?;
        }
        (None, Some(expected)) => writeln!(out, "  a record; expected: skipped as {expected}")?,
        (None, None) => {}
    }
    for (name, read, expected) in &sample.values {
        let shown = |text: &String| {
            if SECRET.contains(&name.as_str()) || secret::is_secret(text.as_bytes()) {
                "(kept as a hash, not shown)".to_owned()
            } else {
                escape::terminal(text).into_owned()
            }
        };
        let value = read.as_ref().map_or_else(|| "-".to_owned(), &shown);
        let wrong = sample.wrong().any(|(own, _, _)| own == name);
        match expected {
            Some(expected) if wrong => {
                writeln!(out, "  {name:<16} {value}   expected: {}", shown(expected))?;
            }
            Some(_) => writeln!(out, "  {name:<16} {value}   ok")?,
            None => writeln!(out, "  {name:<16} {value}")?,
        }
    }
    Ok(())
}
