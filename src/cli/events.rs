//! `events`: the normalised events, as a table of the first ones or all in any format.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::mpsc::sync_channel;

use super::args::{Folder, InputArgs, PolicyArgs};
use super::output::OutputArgs;
use super::{ExitStatus, diagnostics, settings};
use crate::model::rows::{EachRow, Part, Rows};
use crate::model::words::plural;
use crate::report::events::{SHORT, short};
use crate::report::table::{Format, Table};
use crate::run::Advised;
use crate::run::{pipeline, routes};
use crate::usage::{EVENT_COLUMNS, EventRow, EventsRead, read_events};

/// Rows of the table when no limit is given.
const FIRST: u64 = 20;

/// Arguments of `events`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scopetrim events samples/shop
  scopetrim events --logs access.jsonl --catalog openapi.yaml --ndjson
  scopetrim events samples/shop --output parquet --out events.parquet

--json prints one object per line, as --ndjson does; --output json prints an array.")]
pub(super) struct Args {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Print at most this many events; default: 20 in the table, all in other formats
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
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
    let output = args.output.clone().json_as_ndjson().open(Format::Table)?;
    // Without an API description the events are shown all the same, only without operations.
    let routes = if settings.no_description() {
        pipeline::no_catalog()
    } else {
        routes::routes(&settings)?
    };
    let in_table = output.format() == Format::Table;
    let all = if in_table { FIRST } else { u64::MAX };
    let limit = args.limit.unwrap_or(all);
    let events = Events {
        settings: &settings,
        routes: &routes,
        limit,
        cells: |event: &EventRow, each: &mut EachRow<'_>| {
            if in_table {
                short(event, each);
            } else {
                each(event.cells());
            }
        },
        read: RefCell::new(None),
    };
    let columns: &[_] = if in_table { &SHORT } else { &EVENT_COLUMNS };
    let table = Table::new(columns, events);
    let mut read = None;
    output.write(out, "event", |format, out| {
        let written = table.write(format, out);
        read = table.rows().read.take().transpose()?;
        Ok(written?)
    })?;
    let Some(read) = read else {
        return Err(anyhow::anyhow!("the reading broke off"));
    };
    if in_table && read.rows > limit {
        diagnostics::note(
            settings.quiet,
            &format!(
                "the first {}; --limit N shows more, --ndjson all",
                plural(limit, "event")
            ),
        );
    }
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

/// The events of the logs, rendered while they are read: they need not fit in memory.
struct Events<'s, F> {
    settings: &'s settings::Settings,
    routes: &'s pipeline::Routes,
    limit: u64,
    cells: F,
    /// What the reading came to.
    read: RefCell<Option<anyhow::Result<EventsRead>>>,
}

impl<F: Fn(&EventRow, &mut EachRow<'_>) + Sync> Rows for Events<'_, F> {
    fn for_each_part<T: Send, E>(
        &self,
        render: impl Fn(&Part<'_>) -> T + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self {
            settings,
            routes,
            limit,
            cells,
            read,
        } = self;
        let (send, receive) = sync_channel::<T>(4);
        let (mut left, render) = (*limit, &render);
        let hand_over = move |rows: Vec<EventRow>| {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let rows = rows.get(..most).unwrap_or(&rows);
            left -= rows.len() as u64;
            let part = render(&|each| rows.iter().for_each(|event| cells(event, each)));
            // Nobody listens any more when the writing failed.
            send.send(part).is_ok() && left > 0
        };
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                pipeline::events(
                    settings,
                    routes,
                    BTreeSet::new(),
                    |sources, options, progress| read_events(sources, options, progress, hand_over),
                )
            });
            let taken = receive.into_iter().try_for_each(take);
            *read.borrow_mut() = reading.join().ok();
            taken
        })
    }
}
