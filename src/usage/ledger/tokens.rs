//! What tokens carried and how long they live, as rows, and back.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::columns::{Columns, Values, batch, text_at};
use super::credentials::{Clients, client};
use super::operations::Operations;
use super::read::Reading;
use super::source::SourceRecord;
use super::{LedgerError, Table};
use crate::model::{Day, Method};
use crate::usage::credentials::{Carried, CredentialTable};

/// The rows of one source, by table and day.
pub(super) fn batches(
    record: &SourceRecord,
    table: &CredentialTable,
    operations: &Operations,
) -> Result<BTreeMap<(Table, Day), RecordBatch>, LedgerError> {
    let mut all = BTreeMap::new();
    for rows in table.carried.chunk_by(|a, b| a.day == b.day) {
        let named: Vec<(&Carried, (Method, &str))> = rows
            .iter()
            .filter_map(|carried| Some((carried, operations.name(carried.route)?)))
            .collect();
        if let Some((first, _)) = named.first() {
            let key = (Table::Carried, first.day);
            all.insert(key, carried(record, table, &named)?);
        }
    }
    let mut days: BTreeMap<Day, Vec<(u32, u32, u64)>> = BTreeMap::new();
    for ((day, client, seconds), count) in &table.lifetimes {
        days.entry(*day)
            .or_default()
            .push((*client, *seconds, *count));
    }
    for (day, rows) in days {
        let (names, alts): (Vec<_>, Vec<_>) =
            rows.iter().map(|(row, ..)| client(table, *row)).unzip();
        let columns = vec![
            Values::Same(record.id.clone(), rows.len()),
            Values::Text(names.into_iter().map(Some).collect()),
            Values::Text(alts),
            Values::Number(
                rows.iter()
                    .map(|(_, number, _)| u64::from(*number))
                    .collect(),
            ),
            Values::Number(rows.iter().map(|(.., count)| *count).collect()),
        ];
        all.insert((Table::Lifetimes, day), batch(Table::Lifetimes, columns)?);
    }
    Ok(all)
}

fn carried(
    record: &SourceRecord,
    table: &CredentialTable,
    rows: &[(&Carried, (Method, &str))],
) -> Result<RecordBatch, LedgerError> {
    let (names, alts): (Vec<_>, Vec<_>) = rows
        .iter()
        .map(|(carried, _)| client(table, carried.client))
        .unzip();
    let scopes = |carried: &Carried| table.sets.get(carried.set? as usize).cloned();
    let columns = vec![
        Values::Same(record.id.clone(), rows.len()),
        Values::Text(names.into_iter().map(Some).collect()),
        Values::Text(alts),
        Values::Text(
            rows.iter()
                .map(|(_, (method, _))| Some(method.name().to_owned()))
                .collect(),
        ),
        Values::Text(
            rows.iter()
                .map(|(_, (_, template))| Some((*template).to_owned()))
                .collect(),
        ),
        Values::Flag(rows.iter().map(|(carried, _)| carried.refused).collect()),
        Values::Text(rows.iter().map(|(carried, _)| scopes(carried)).collect()),
        Values::Number(rows.iter().map(|(carried, _)| carried.count).collect()),
        Values::Instant(
            rows.iter()
                .map(|(carried, _)| Some(carried.first))
                .collect(),
        ),
        Values::Instant(rows.iter().map(|(carried, _)| Some(carried.last)).collect()),
    ];
    batch(Table::Carried, columns)
}

/// The table of these rows: `carried` or `lifetimes` of one day. Operations that the
/// catalogue no longer knows are left out: nothing can be said about their scopes.
pub(super) fn table(
    kind: Table,
    day: Day,
    rows: &RecordBatch,
    reading: &Reading<'_>,
) -> Result<CredentialTable, LedgerError> {
    let columns = Columns(rows);
    let (name, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let mut clients = Clients::default();
    let numbers: Vec<u32> = (0..rows.num_rows())
        .map(|row| {
            let alt = text_at(alt, row).map(str::as_bytes);
            let name = reading.identities.resolve(name.value(row).as_bytes(), alt);
            clients.number(String::from_utf8_lossy(&name).into_owned())
        })
        .collect();
    let (clients, moved) = clients.sorted();
    let number = |row: usize| moved.get(numbers[row] as usize).copied().unwrap_or(0);
    let mut table = CredentialTable {
        clients,
        ..CredentialTable::default()
    };
    let count = columns.number("count")?;
    if kind == Table::Lifetimes {
        let lifetime = columns.number("lifetime_s")?;
        for row in 0..rows.num_rows() {
            let seconds = u32::try_from(lifetime.value(row)).unwrap_or(u32::MAX);
            let lifetime = table.lifetimes.entry((day, number(row), seconds));
            *lifetime.or_default() += count.value(row);
        }
        return Ok(table);
    }
    let (method, template) = (columns.text("method")?, columns.text("template")?);
    let (refused, scopes) = (columns.flag("refused")?, columns.text("scopes")?);
    let (first, last) = (columns.instant("first")?, columns.instant("last")?);
    let mut sets: Vec<String> = (0..rows.num_rows())
        .filter_map(|row| text_at(scopes, row).map(str::to_owned))
        .collect();
    sets.sort_unstable();
    sets.dedup();
    let mut routes: BTreeMap<(&str, &str), Option<u32>> = BTreeMap::new();
    for row in 0..rows.num_rows() {
        let operation = (method.value(row), template.value(row));
        let route = *routes.entry(operation).or_insert_with(|| {
            let method = Method::parse(operation.0.as_bytes());
            reading
                .operations
                .route(reading.matcher, method, operation.1)
        });
        let Some(route) = route else { continue };
        let set = text_at(scopes, row)
            .and_then(|set| sets.binary_search_by(|known| known.as_str().cmp(set)).ok())
            .and_then(|at| u32::try_from(at).ok());
        table.carried.push(Carried {
            day,
            client: number(row),
            route,
            refused: refused.value(row),
            set,
            count: count.value(row),
            first: first.value(row),
            last: last.value(row),
        });
    }
    table.sets = sets;
    Ok(table)
}
