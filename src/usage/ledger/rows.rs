//! Rows of the ledger as counts of one worker.

use std::collections::HashMap;

use arrow::array::{Array as _, RecordBatch};

use super::columns::{Columns, join_names, text_at};
use super::operations::as_cluster;
use super::read::Reading;
use super::seen::{Known, Seen};
use super::source::parse_days;
use super::view::View;
use super::{LedgerError, Table, outcomes};
use crate::event::identity::Identities;
use crate::model::{Cause, Day, Method, Outcome};
use crate::usage::aggregate::{Aggregate, Key, NOBODY, Names, key};
use crate::usage::day_table::PackedDay;
use crate::usage::number::conceal;
use crate::usage::packed_count::{Arena, Cell};
use crate::usage::table::{OTHERS_NAME, UNMATCHED};
use crate::usage::unplaced::{Counts, Unplaced};

pub(super) type Worker = (Names, Aggregate, Unplaced);

/// The rows of one day: sorted once, where a hash table would be asked for each.
#[derive(Default)]
struct Rows {
    cells: Vec<(Key, Cell)>,
    arena: Arena,
}

/// One worker's part.
pub(super) struct LoadedRows {
    pub(super) worker: Worker,
    /// Requests on operations that the catalogue does not know.
    pub(super) unknown: u64,
    pub(super) seen: Seen,
}

impl LoadedRows {
    /// Reads some days of `usage` or `unplaced`.
    pub(super) fn days(
        view: &View<'_>,
        table: Table,
        days: &[Day],
        (reading, known): (&Reading<'_>, &Known<'_>),
    ) -> Result<Self, LedgerError> {
        let mut loaded = Self {
            worker: (
                Names::new(usize::MAX),
                Aggregate::default(),
                Unplaced::whole(),
            ),
            unknown: 0,
            seen: Seen::default(),
        };
        let mut rows = Rows::default();
        for day in days {
            if table != Table::Usage {
                for batch in view.batches(table, *day)? {
                    unplaced(&batch, reading.identities, &mut loaded.worker)?;
                }
                continue;
            }
            for batch in view.usage(*day, reading.ids)? {
                usage(&batch, *day, (reading, known), &mut loaded, &mut rows)?;
            }
            // Only one day of each worker is in memory at its full size.
            let Rows { cells, arena } = &mut rows;
            let packed = PackedDay::of(*day, cells, arena);
            loaded.worker.1.packed.push(packed);
            cells.clear();
            *arena = Arena::default();
        }
        Ok(loaded)
    }
}

/// The number of a client in the worker's names.
fn number(
    (client, alt): (Option<&str>, Option<&str>),
    through: bool,
    identities: &Identities,
    names: &mut Names,
    buffer: &mut Vec<u8>,
) -> u32 {
    match client {
        None => NOBODY,
        Some(OTHERS_NAME) => crate::usage::aggregate::OTHERS,
        Some(name) => {
            join_names(name, alt, buffer);
            // The limit is taken over all days when they are merged.
            names.number(
                (buffer, through),
                |_| true,
                |joined| conceal(joined, identities),
            )
        }
    }
}

fn usage(
    batch: &RecordBatch,
    day: Day,
    (reading, known): (&Reading<'_>, &Known<'_>),
    loaded: &mut LoadedRows,
    rows: &mut Rows,
) -> Result<(), LedgerError> {
    let LoadedRows {
        worker: (names, _, clusters),
        unknown,
        seen,
    } = loaded;
    let columns = Columns(batch);
    let source = columns.text("source")?;
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (method, template) = (columns.text("method")?, columns.text("template")?);
    let (outcome, count) = (columns.text("outcome")?, columns.number("count")?);
    let (first, last) = (columns.instant("first")?, columns.instant("last")?);
    let sample = columns.text("sample_request_id")?;
    let mut buffer = Vec::new();
    let mut routes: HashMap<(&str, &str), Option<u32>, foldhash::fast::FixedState> =
        HashMap::default();
    let mut previous = (None, NOBODY);
    let mut of = known.source(None);
    let Rows { cells, arena } = rows;
    cells.reserve(batch.num_rows());
    for row in 0..batch.num_rows() {
        let client_names = (text_at(client, row), text_at(alt, row));
        let turns = row == 0 || source.value(row) != source.value(row - 1);
        if turns {
            of = known.source(Some(source.value(row)));
        }
        let outcome = outcomes::read(outcome.value(row)).ok_or_else(|| {
            LedgerError::Columns(format!("`{}` is not an outcome", outcome.value(row)))
        })?;
        let through = !outcome.is_denied();
        if turns || previous.0 != Some((client_names, through)) {
            previous = (
                Some((client_names, through)),
                number(
                    client_names,
                    through,
                    reading.identities,
                    names,
                    &mut buffer,
                ),
            );
            seen.client(&of, previous.1);
        }
        let client = previous.1;
        let route = match (text_at(method, row), text_at(template, row)) {
            (Some(method), Some(template)) => {
                let route = *routes.entry((method, template)).or_insert_with(|| {
                    let method = Method::parse(method.as_bytes());
                    reading.operations.route(reading.matcher, method, template)
                });
                if route.is_none() {
                    let count = count.value(row);
                    *unknown += count;
                    let nobody = client == NOBODY && outcome == Outcome::Attempted;
                    let nobody = nobody || outcome == Outcome::Unauthenticated;
                    let kinds = [outcome.is_need() && !nobody, nobody];
                    // With its operation known once, it was there.
                    let served = outcome == Outcome::Used;
                    let [need, nameless] = kinds.map(|counted| if counted { count } else { 0 });
                    let other = count - need - nameless;
                    let served = if served { count } else { 0 };
                    let counts = Counts::of(
                        [need, nameless, other, served],
                        [
                            std::iter::once(day).filter(|_| other == 0).collect(),
                            std::iter::once(day).filter(|_| other > 0).collect(),
                        ],
                        (other == 0).then(|| (first.value(row), last.value(row))),
                        text_at(sample, row)
                            .filter(|_| other == 0)
                            .map(str::to_owned),
                    );
                    let method = Method::parse(method.as_bytes());
                    for template in template.split(" | ") {
                        let path = as_cluster(template).into_boxed_slice();
                        let place = (client, Cause::NoOperation, method, path);
                        clusters.put(names.hash(client), place, &counts);
                    }
                }
                route
            }
            _ => None,
        };
        if let Some(route) = route {
            seen.route(&of, client, route, outcome);
        }
        let ms = |instant: i64| u32::try_from(instant - day.start()).unwrap_or(0);
        let id = text_at(sample, row).unwrap_or_default().as_bytes();
        let span = (ms(first.value(row)), ms(last.value(row)));
        let cell = Cell::of(count.value(row), span, id, arena);
        let key = key(client, route.unwrap_or(UNMATCHED), outcome as u8);
        cells.push((key, cell));
    }
    Ok(())
}

/// Rows of `unplaced`.
fn unplaced(
    batch: &RecordBatch,
    identities: &Identities,
    (names, _, clusters): &mut Worker,
) -> Result<(), LedgerError> {
    let columns = Columns(batch);
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (cause, method) = (columns.text("cause")?, columns.text("method")?);
    let (path, days) = (columns.text("path")?, columns.text("days")?);
    let (first, last) = (columns.instant("first")?, columns.instant("last")?);
    let (sample, tried) = (columns.text("sample_request_id")?, columns.text("tried")?);
    let mut numbers = Vec::with_capacity(4);
    for name in ["need", "nameless", "other", "served"] {
        numbers.push(columns.number(name)?);
    }
    let mut buffer = Vec::new();
    for row in 0..batch.num_rows() {
        let counts: [u64; 4] =
            std::array::from_fn(|at| numbers.get(at).map_or(0, |column| column.value(row)));
        let [need, ..] = counts;
        let client_names = (text_at(client, row), text_at(alt, row));
        let client = number(client_names, need > 0, identities, names, &mut buffer);
        let cause = Cause::named(cause.value(row)).ok_or_else(|| {
            LedgerError::Columns(format!("`{}` is not a cause", cause.value(row)))
        })?;
        let method = Method::parse(method.value(row).as_bytes());
        let path = path.value(row).as_bytes().into();
        let span = (first.is_valid(row) && last.is_valid(row))
            .then(|| (first.value(row), last.value(row)));
        let sample = text_at(sample, row).map(str::to_owned);
        // Older ledgers do not have it.
        let tried = text_at(tried, row).unwrap_or_default();
        let days = [parse_days(days.value(row))?, parse_days(tried)?];
        let counts = Counts::of(counts, days, span, sample);
        clusters.put(names.hash(client), (client, cause, method, path), &counts);
    }
    Ok(())
}
