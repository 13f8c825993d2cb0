//! `formats`: the log formats that are read, and why a file is taken for one.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;

use super::ExitStatus;
use crate::format::{ALL, detect};
use crate::input::{discover, head};
use crate::report::escape;
use crate::run::Advised;

/// Arguments of `formats`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim formats
  scopetrim formats detect samples/shop/logs/kong-2026-10.log.gz")]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say how many lines of each file fit which format
    Detect {
        /// Files, folders or globs
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(What::Detect { files }) = &args.what else {
        for format in ALL {
            writeln!(out, "{:<14} {}", format.name(), format.title())?;
            for line in format.identity_help().lines() {
                writeln!(out, "{:14}   {line}", "")?;
            }
        }
        return Ok(ExitStatus::Done);
    };
    let inputs = discover(files, Path::new(""))
        .map_err(|error| Advised::new(error.to_string(), error.help()))?;
    let mut sure = true;
    for source in head(&inputs) {
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
    Ok(if sure {
        ExitStatus::Done
    } else {
        ExitStatus::Failed
    })
}
