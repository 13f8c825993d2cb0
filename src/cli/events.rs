//! `events`: the normalised events, as a table, as NDJSON or as Parquet.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use super::args::{Folder, InputArgs, PolicyArgs};
use super::{ExitStatus, diagnostics, settings};
use crate::model::words::plural;
use crate::report::{escape, events_text};
use crate::run::Advised;
use crate::run::atomic_file::Whole;
use crate::run::pipeline;
use crate::usage::{EventRow, EventsRead, ExportError, read_events, write_events};

/// Rows of the table when no limit is given.
const FIRST: u64 = 20;

/// Arguments of `events`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim events samples/shop
  scopetrim events --logs access.jsonl --catalog openapi.yaml --ndjson
  scopetrim events samples/shop --parquet events.parquet")]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    /// Print one JSON object a line
    #[arg(long, visible_alias = "json")]
    ndjson: bool,
    /// Print at most so many events; default: 20 in the table, all as NDJSON
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Parquet file to write
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ndjson", "limit"])]
    parquet: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let policy = PolicyArgs {
        folder: args.folder.clone(),
        ..PolicyArgs::default()
    };
    let mut settings = settings::settings(&args.inputs, &policy)?;
    settings.limits.digests = false;
    // Counts of a day cannot be turned back into requests.
    if settings.ledger.is_some() && settings.logs.is_empty() {
        return Err(Advised::new(
            "the ledger keeps counts, not requests: there are no events in it",
            "name the logs with --logs PATH, or see the counts with `scopetrim usage --ledger DIR`",
        ));
    }
    let whole = args.parquet.as_deref().map(Whole::create).transpose()?;
    // Without an API description the events are shown all the same, only without operations.
    let routes = if settings.catalogs.is_empty() {
        pipeline::no_catalog()
    } else {
        pipeline::catalog(&settings)?
    };
    let read = if let Some(whole) = whole {
        let file = whole.file()?;
        let read = pipeline::events(
            &settings,
            &routes,
            BTreeSet::new(),
            |sources, options, progress| write_events(sources, options, file, progress),
        )??;
        whole.finish()?;
        let name = args
            .parquet
            .as_deref()
            .unwrap_or(Path::new(""))
            .display()
            .to_string();
        writeln!(
            out,
            "{} in {}",
            plural(read.rows, "event"),
            escape::terminal(&name)
        )?;
        read
    } else {
        print(args, &settings, &routes, out)?
    };
    let lost = diagnostics::say_skips(&read.skips, settings.quiet);
    let broken = read
        .reports
        .iter()
        .filter(|report| !report.status.is_whole())
        .count();
    if broken > 0 {
        diagnostics::note(settings.quiet, &format!("{broken} inputs were incomplete"));
    }
    Ok(if broken > 0 || lost {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Done
    })
}

/// Prints events while they are read: they need not fit in memory.
fn print(
    args: &Args,
    settings: &settings::Settings,
    routes: &pipeline::Routes,
    out: &mut dyn Write,
) -> anyhow::Result<EventsRead> {
    let all = if args.ndjson { u64::MAX } else { FIRST };
    let limit = args.limit.unwrap_or(all);
    let (send, receive) = sync_channel::<Vec<u8>>(4);
    let mut left = limit;
    let take = move |rows: Vec<EventRow>| {
        let (text, count) = rendered(&rows, args.ndjson, left)?;
        left -= count;
        // Nobody listens any more when the writing failed.
        Ok(send.send(text).is_ok() && left > 0)
    };
    if !args.ndjson {
        events_text::header(out)?;
    }
    let (read, more) = std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            pipeline::events(
                settings,
                routes,
                BTreeSet::new(),
                |sources, options, progress| read_events(sources, options, progress, take),
            )
        });
        for text in receive {
            out.write_all(&text)?;
        }
        let read = reading
            .join()
            .map_err(|_| anyhow::anyhow!("the reading broke off"))?;
        let read = read??;
        let more = read.rows > limit;
        Ok::<_, anyhow::Error>((read, more))
    })?;
    if more && !args.ndjson {
        diagnostics::note(
            settings.quiet,
            &format!(
                "the first {}; --limit N shows more, --ndjson all",
                plural(limit, "event")
            ),
        );
    }
    Ok(read)
}

/// The text of the first `most` events, and how many they are.
fn rendered(rows: &[EventRow], ndjson: bool, most: u64) -> Result<(Vec<u8>, u64), ExportError> {
    let mut text = Vec::new();
    let mut count = 0;
    for row in rows
        .iter()
        .take(usize::try_from(most).unwrap_or(usize::MAX))
    {
        let written = if ndjson {
            events_text::ndjson(row, &mut text)
        } else {
            events_text::table(row, &mut text)
        };
        written.map_err(|error| ExportError::new(&error))?;
        count += 1;
    }
    Ok((text, count))
}
