//! Rows of the ledger as counts of one worker.

use std::collections::HashMap;

use arrow::array::RecordBatch;

use super::columns::{Columns, join_names, text_at};
use super::operations::as_cluster;
use super::read::Reading;
use super::seen::{Known, Seen};
use super::view::View;
use super::{LedgerError, Table};
use crate::event::identity::Identities;
use crate::model::{Day, Method, Outcome};
use crate::usage::aggregate::{Aggregate, Key, NOBODY, Names, key};
use crate::usage::bounded::{Clusters, Counts, stable_hash};
use crate::usage::cell::{Arena, Cell};
use crate::usage::number::conceal;
use crate::usage::packed::PackedDay;
use crate::usage::table::{OTHERS_NAME, UNMATCHED};

pub(super) type Worker = (Names, Aggregate, Clusters);

/// The rows of one day: sorted once, where a hash table would be asked for each.
#[derive(Default)]
struct Rows {
    cells: Vec<(Key, Cell)>,
    arena: Arena,
}

/// One worker's part.
pub(super) struct Read {
    pub(super) worker: Worker,
    /// Requests on operations that the catalogue does not know.
    pub(super) unknown: u64,
    pub(super) seen: Seen,
}

impl Read {
    /// Reads some days of `usage`, `unmatched` or `served`.
    pub(super) fn days(
        view: &View<'_>,
        table: Table,
        days: &[Day],
        (reading, known): (&Reading<'_>, &Known<'_>),
    ) -> Result<Self, LedgerError> {
        let mut own = Self {
            worker: (
                Names::new(usize::MAX),
                Aggregate::default(),
                Clusters::new(usize::MAX),
            ),
            unknown: 0,
            seen: Seen::default(),
        };
        let mut rows = Rows::default();
        for day in days {
            if table != Table::Usage {
                for batch in view.batches(table, *day)? {
                    unmatched(table, &batch, reading.identities, &mut own.worker)?;
                }
                continue;
            }
            for batch in view.usage(*day, reading.ids)? {
                usage(&batch, *day, (reading, known), &mut own, &mut rows)?;
            }
            // Only one day of each worker is in memory at its full size.
            let Rows { cells, arena } = &mut rows;
            let packed = PackedDay::of(*day, cells, arena);
            own.worker.1.packed.push(packed);
            cells.clear();
            *arena = Arena::default();
        }
        Ok(own)
    }
}

/// The number of a client in the worker's names.
fn number(
    (client, alt): (Option<&str>, Option<&str>),
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
            names.number(buffer, |_| true, |joined| conceal(joined, identities))
        }
    }
}

fn usage(
    batch: &RecordBatch,
    day: Day,
    (reading, known): (&Reading<'_>, &Known<'_>),
    own: &mut Read,
    rows: &mut Rows,
) -> Result<(), LedgerError> {
    let Read {
        worker: (names, _, clusters),
        unknown,
        seen,
    } = own;
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
        let own = (text_at(client, row), text_at(alt, row));
        let turns = row == 0 || source.value(row) != source.value(row - 1);
        if turns {
            of = known.source(Some(source.value(row)));
        }
        if turns || previous.0 != Some(own) {
            previous = (
                Some(own),
                number(own, reading.identities, names, &mut buffer),
            );
            seen.client(&of, previous.1);
        }
        let client = previous.1;
        let outcome = Outcome::ALL
            .into_iter()
            .find(|known| known.name() == outcome.value(row))
            .ok_or_else(|| {
                LedgerError::Columns(format!("`{}` is not an outcome", outcome.value(row)))
            })?;
        let route = match (text_at(method, row), text_at(template, row)) {
            (Some(method), Some(template)) => {
                let route = *routes.entry((method, template)).or_insert_with(|| {
                    let method = Method::parse(method.as_bytes());
                    reading.operations.route(reading.matcher, method, template)
                });
                if route.is_none() {
                    *unknown += count.value(row);
                    let need = outcome.is_need();
                    let count = count.value(row);
                    // With its operation known once, it was there.
                    let served = if outcome == Outcome::Used { count } else { 0 };
                    let counts = if need {
                        [count, 0, served]
                    } else {
                        [0, count, 0]
                    };
                    let method = Method::parse(method.as_bytes());
                    for template in template.split(" | ") {
                        let path = as_cluster(template);
                        cluster(clusters, (client, names.hash(client)), method, path, counts);
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

fn cluster(
    clusters: &mut Clusters,
    (client, hash): (u32, u64),
    method: Method,
    path: Vec<u8>,
    [need, other, served]: [u64; 3],
) {
    let hash = stable_hash(&path) ^ hash.rotate_left(17);
    let counts = clusters
        .map
        .entry((client, method, path.into_boxed_slice()))
        .or_insert(Counts {
            hash,
            ..Counts::default()
        });
    counts.need += need;
    counts.other += other;
    counts.served += served;
}

/// Rows of `unmatched` or `served`.
fn unmatched(
    table: Table,
    batch: &RecordBatch,
    identities: &Identities,
    (names, _, clusters): &mut Worker,
) -> Result<(), LedgerError> {
    let columns = Columns(batch);
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let (method, path) = (columns.text("method")?, columns.text("path")?);
    let columns: [Option<&str>; 3] = match table {
        Table::Served => [None, None, Some("count")],
        _ => [Some("need"), Some("other"), None],
    };
    let mut numbers = [None; 3];
    for (slot, name) in numbers.iter_mut().zip(columns) {
        *slot = name.map(|name| Columns(batch).number(name)).transpose()?;
    }
    let mut buffer = Vec::new();
    for row in 0..batch.num_rows() {
        let own = (text_at(client, row), text_at(alt, row));
        let client = number(own, identities, names, &mut buffer);
        let method = Method::parse(method.value(row).as_bytes());
        let path = path.value(row).as_bytes().to_vec();
        let counts = numbers.map(|own| own.map_or(0, |own| own.value(row)));
        cluster(clusters, (client, names.hash(client)), method, path, counts);
    }
    Ok(())
}
