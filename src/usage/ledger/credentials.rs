//! Credentials and issued scopes as rows, and back.

use std::collections::BTreeMap;

use arrow::array::{Array as _, RecordBatch};
use serde::{Deserialize, Serialize};

use super::columns::{Columns, Values, batch, names, text_at};
use super::source::SourceRecord;
use super::{LedgerError, Table};
use crate::event::identity::Identities;
use crate::format::AuthKind;
use crate::model::Day;
use crate::usage::credentials::{
    Agent, CredentialHash, CredentialRow, CredentialTable, Facts, Hours, Issued, Network, Which,
};

/// A bounded set in one text column: JSON that any engine can parse.
#[derive(Serialize, Deserialize)]
struct Set {
    /// Name, and the hours (UTC) of activity as bits.
    items: Vec<(String, u32)>,
    /// There were more.
    more: bool,
}

/// The rows of one source, by table and day.
pub(super) fn batches(
    record: &SourceRecord,
    table: &CredentialTable,
) -> Result<BTreeMap<(Table, Day), RecordBatch>, LedgerError> {
    let mut all = BTreeMap::new();
    let mut by_day: BTreeMap<Day, Vec<&CredentialRow>> = BTreeMap::new();
    for row in &table.rows {
        by_day.entry(row.day).or_default().push(row);
    }
    for (day, rows) in by_day {
        all.insert(
            (Table::Credentials, day),
            credentials(record, table, &rows)?,
        );
    }
    if !table.issued.is_empty() {
        let rows = issued(record, table)?;
        all.insert((Table::Issued, record.last_partition()), rows);
    }
    Ok(all)
}

pub(super) fn client(table: &CredentialTable, index: u32) -> (String, Option<String>) {
    let (name, alt) = names(table.clients.get(index as usize).map_or("", String::as_str));
    (name.to_owned(), alt.map(str::to_owned))
}

fn credentials(
    record: &SourceRecord,
    table: &CredentialTable,
    rows: &[&CredentialRow],
) -> Result<RecordBatch, LedgerError> {
    let owners: Vec<(String, Option<String>)> =
        rows.iter().map(|row| client(table, row.client)).collect();
    let number =
        |pick: fn(&Facts) -> u64| Values::Number(rows.iter().map(|row| pick(&row.facts)).collect());
    let instant = |pick: fn(&Facts) -> i64| {
        Values::Instant(rows.iter().map(|row| Some(pick(&row.facts))).collect())
    };
    let lifetime = |pick: fn((u32, u32)) -> u32| {
        Values::Small(
            rows.iter()
                .map(|row| row.facts.lifetime.map(pick))
                .collect(),
        )
    };
    let named = |row: &&CredentialRow| match row.credential {
        Which::Named(hash) => Some(hash.to_string()),
        Which::Unnamed | Which::Others => None,
    };
    let networks = rows.iter().map(|row| set(&row.facts.networks));
    let agents = rows.iter().map(|row| set(&row.facts.agents));
    batch(
        Table::Credentials,
        vec![
            Values::Same(record.id.clone(), rows.len()),
            Values::Text(owners.iter().map(|(name, _)| Some(name.clone())).collect()),
            Values::Text(owners.into_iter().map(|(_, alt)| alt).collect()),
            Values::Text(rows.iter().map(named).collect()),
            Values::Flag(
                rows.iter()
                    .map(|row| row.credential == Which::Others)
                    .collect(),
            ),
            Values::Text(
                rows.iter()
                    .map(|row| Some(row.kind.name().to_owned()))
                    .collect(),
            ),
            number(|facts| facts.count),
            instant(|facts| facts.first),
            instant(|facts| facts.last),
            lifetime(|(shortest, _)| shortest),
            lifetime(|(_, longest)| longest),
            number(|facts| facts.refused),
            number(|facts| facts.endless),
            number(|facts| facts.expired),
            number(|facts| facts.scoped),
            Values::Text(networks.collect::<Result<_, _>>()?),
            Values::Text(agents.collect::<Result<_, _>>()?),
            Values::Small(rows.iter().map(|row| row.facts.left).collect()),
        ],
    )
}

fn issued(record: &SourceRecord, table: &CredentialTable) -> Result<RecordBatch, LedgerError> {
    let owners: Vec<(String, Option<String>)> = table
        .issued
        .keys()
        .map(|(index, _)| client(table, *index))
        .collect();
    let all = || table.issued.values();
    batch(
        Table::Issued,
        vec![
            Values::Same(record.id.clone(), owners.len()),
            Values::Text(owners.iter().map(|(name, _)| Some(name.clone())).collect()),
            Values::Text(owners.into_iter().map(|(_, alt)| alt).collect()),
            Values::Text(
                table
                    .issued
                    .keys()
                    .map(|(_, scope)| Some(scope.clone()))
                    .collect(),
            ),
            Values::Number(all().map(|issued| issued.count).collect()),
            Values::Instant(all().map(|issued| Some(issued.first)).collect()),
            Values::Instant(all().map(|issued| Some(issued.last)).collect()),
        ],
    )
}

fn set<T: ToString>(hours: &Hours<T>) -> Result<Option<String>, LedgerError> {
    let items = hours
        .items
        .iter()
        .map(|(item, hours)| (item.to_string(), *hours))
        .collect();
    let more = hours.more;
    serde_json::to_string(&Set { items, more })
        .map(Some)
        .map_err(|error| LedgerError::Columns(error.to_string()))
}

fn read_set<T: Ord>(text: &str, item: impl Fn(&str) -> Option<T>) -> Result<Hours<T>, LedgerError> {
    let wrong = || LedgerError::Columns(format!("`{text}` is not a set"));
    let stored: Set = serde_json::from_str(text).map_err(|_| wrong())?;
    let mut items = Vec::with_capacity(stored.items.len());
    for (name, hours) in stored.items {
        items.push((item(&name).ok_or_else(wrong)?, hours));
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Hours {
        items,
        more: stored.more,
    })
}

/// The hash as it was shown.
fn hash(text: &str) -> Option<CredentialHash> {
    let hex = text.strip_prefix("cred:").filter(|hex| hex.len() == 32)?;
    let number = u128::from_str_radix(hex, 16).ok()?;
    Some(CredentialHash(number.to_be_bytes()))
}

/// Names that rows use, numbered for one table.
#[derive(Default)]
pub(super) struct Clients(BTreeMap<String, u32>);

impl Clients {
    pub(super) fn number(&mut self, name: String) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(name).or_insert(next)
    }

    /// The numbers in order of name, as tables have them.
    pub(super) fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut moved = vec![0; self.0.len()];
        for (new, old) in (0..).zip(self.0.values()) {
            if let Some(slot) = moved.get_mut(*old as usize) {
                *slot = new;
            }
        }
        (self.0.into_keys().collect(), moved)
    }
}

/// The table of these rows: `credentials` of one day, or `issued`.
pub(super) fn table(
    kind: Table,
    day: Day,
    rows: &RecordBatch,
    identities: &Identities,
) -> Result<CredentialTable, LedgerError> {
    let columns = Columns(rows);
    let (client, alt) = (columns.text("client")?, columns.text("client_alt")?);
    let mut clients = Clients::default();
    let numbers: Vec<u32> = (0..rows.num_rows())
        .map(|row| {
            let alt = text_at(alt, row).map(str::as_bytes);
            let name = identities.resolve(client.value(row).as_bytes(), alt);
            clients.number(String::from_utf8_lossy(&name).into_owned())
        })
        .collect();
    let (names, moved) = clients.sorted();
    let number = |row: usize| moved.get(numbers[row] as usize).copied().unwrap_or(0);
    let mut table = CredentialTable {
        clients: names,
        ..CredentialTable::default()
    };
    let (count, first) = (columns.number("count")?, columns.instant("first")?);
    let last = columns.instant("last")?;
    if kind == Table::Issued {
        let scope = columns.text("scope")?;
        for row in 0..rows.num_rows() {
            let issued = Issued {
                count: count.value(row),
                first: first.value(row),
                last: last.value(row),
            };
            let key = (number(row), scope.value(row).to_owned());
            table
                .issued
                .entry(key)
                .and_modify(|known| {
                    known.count += issued.count;
                    known.first = known.first.min(issued.first);
                    known.last = known.last.max(issued.last);
                })
                .or_insert(issued);
        }
        return Ok(table);
    }
    let (credential, others) = (columns.text("credential")?, columns.flag("others")?);
    let auth = columns.text("auth_kind")?;
    let (shortest, longest) = (
        columns.small("lifetime_min_s")?,
        columns.small("lifetime_max_s")?,
    );
    let left = columns.small("lifetime_left_s")?;
    let (refused, endless) = (columns.number("refused")?, columns.number("endless")?);
    let expired = columns.number("expired")?;
    let scoped = columns.number("scoped")?;
    let (networks, agents) = (columns.text("networks")?, columns.text("agents")?);
    for row in 0..rows.num_rows() {
        let wrong = |text: &str| LedgerError::Columns(format!("`{text}` is not a credential"));
        let which = match text_at(credential, row) {
            Some(text) => Which::Named(hash(text).ok_or_else(|| wrong(text))?),
            None if others.value(row) => Which::Others,
            None => Which::Unnamed,
        };
        let network = |text: &str| Network::of(text.split_once('/')?.0.as_bytes());
        table.rows.push(CredentialRow {
            day,
            client: number(row),
            credential: which,
            kind: AuthKind::parse(auth.value(row)).ok_or_else(|| wrong(auth.value(row)))?,
            facts: Facts {
                count: count.value(row),
                refused: refused.value(row),
                first: first.value(row),
                last: last.value(row),
                lifetime: (shortest.is_valid(row) && longest.is_valid(row))
                    .then(|| (shortest.value(row), longest.value(row))),
                left: left.is_valid(row).then(|| left.value(row)),
                endless: endless.value(row),
                expired: expired.value(row),
                scoped: scoped.value(row),
                networks: read_set(networks.value(row), network)?,
                agents: read_set(agents.value(row), |name| Some(Agent::named(name)))?,
            },
        });
    }
    Ok(table)
}
