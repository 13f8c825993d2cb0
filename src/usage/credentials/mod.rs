//! Which credential each client presented, from where, and for how long it is valid.
//!
//! In: the records that are counted. Out: a [`CredentialTable`]: rows per day,
//! client, credential and kind, and the scopes that tokens carried.
//!
//! Invariants:
//! * a credential's id is replaced by a keyed hash before it is kept in a row;
//!   networks are cut to /24 (IPv4) and /48 (IPv6), user agents to their family;
//! * memory grows with clients × days: at most [`MAX_CREDENTIALS`] credentials of a
//!   client and day are kept apart (those with the smallest hashes) and the rest
//!   is counted as one, [`Which::Others`];
//! * merging is commutative and associative: order, split and threads do not matter.
//!
//! What a row means (old, shared, long-lived) is the affair of the findings.

mod agent;
mod collector;
#[cfg(test)]
mod combination_tests;
mod combinations;
mod daily_credential;
#[cfg(test)]
mod lifetime_tests;
#[cfg(test)]
mod query_tests;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

pub use agent::Agent;
pub(super) use collector::{Collector, Request};
pub use daily_credential::{Facts, Hours, MAX_AGENTS, MAX_NETWORKS, Network, Ranked, SKEW_SECONDS};
pub(super) use tokens::split;
pub use tokens::{Carried, MAX_SETS};

use hashbrown::HashSet;

use super::bounded::stable_hash;
pub use crate::event::hash::{CredentialHash, HashKey};
use crate::format::AuthKind;
use crate::model::{Day, Millis};

/// Credentials of one client and day that are kept apart.
pub const MAX_CREDENTIALS: usize = 16;
/// Distinct scopes in the tokens of one client that are kept.
pub const MAX_ISSUED: usize = 256;
/// Stands in [`CredentialTable::issued`] for what a token carried and could not be kept:
/// a list or a name that is too long. No scope has an empty name.
pub const UNREAD: &str = "";

/// Which credential a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The log names none.
    Unnamed,
    /// The keyed hash of its id.
    Named(CredentialHash),
    /// All beyond [`MAX_CREDENTIALS`].
    Others,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// The day (UTC).
    pub day: Day,
    /// Index into [`CredentialTable::clients`].
    pub client: u32,
    /// The credential.
    pub credential: Which,
    /// How the caller proved who it is.
    pub kind: AuthKind,
    /// What was seen.
    pub facts: Facts,
}

/// Requests whose token carried a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Requests.
    pub count: u64,
    /// First of them.
    pub first: Millis,
    /// Last of them.
    pub last: Millis,
}

impl Issued {
    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Credentials and issued scopes by client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialTable {
    /// Client names, sorted.
    pub clients: Vec<String>,
    /// Sorted by day, client, credential, kind.
    pub rows: Vec<CredentialRow>,
    /// Scopes seen in tokens, by client index and scope.
    pub issued: BTreeMap<(u32, String), Issued>,
    /// Distinct sets of token scopes, sorted; the scopes of one set are sorted and
    /// separated by spaces.
    pub sets: Vec<String>,
    /// What was done with which set; sorted.
    pub carried: Vec<Carried>,
    /// Requests by day, client index and lifetime of the token (`exp - iat`) in
    /// seconds, rounded up: to the minute within an hour, to 15 minutes within a day,
    /// to the day within 30 days, else to 30 days.
    pub lifetimes: BTreeMap<(Day, u32, u32), u64>,
}

impl CredentialTable {
    /// The rows of one client, in order of day.
    pub fn of<'a>(&'a self, client: &str) -> impl Iterator<Item = &'a CredentialRow> + 'a {
        let index = self
            .clients
            .binary_search_by(|own| own.as_str().cmp(client))
            .ok()
            .and_then(|index| u32::try_from(index).ok());
        self.rows
            .iter()
            .filter(move |row| Some(row.client) == index)
    }

    /// Both tables as one. The order of the operands does not matter.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        Self::sum([self, other])
    }

    /// All tables as one, in any order.
    #[must_use]
    pub fn sum<'a>(tables: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Sum::default();
        for table in tables {
            sum.add(table);
        }
        sum.finish()
    }

    /// Tables whose rows lie on different days as one: row by row, for many days.
    #[must_use]
    pub fn join(tables: Vec<Self>) -> Self {
        let mut whole = Self {
            clients: all_names(&tables),
            ..Self::default()
        };
        let sets: BTreeSet<String> = tables
            .iter()
            .flat_map(|table| table.sets.iter().cloned())
            .collect();
        whole.sets = sets.into_iter().collect();
        let mut issued: BTreeMap<u32, Scopes> = BTreeMap::new();
        let rows = tables.iter().map(|table| table.rows.len()).sum();
        whole.rows.reserve_exact(rows);
        for table in tables {
            let numbers = places(&table.clients, &whole.clients);
            let number = |own: u32| numbers.get(own as usize).copied().unwrap_or(u32::MAX);
            whole.rows.extend(table.rows.into_iter().map(|row| {
                let client = number(row.client);
                CredentialRow { client, ..row }
            }));
            for ((client, scope), own) in table.issued {
                let scopes = issued.entry(number(client)).or_default();
                scopes.add(&scope, &own);
            }
            let set = |own: u32| {
                let text = table.sets.get(own as usize)?;
                u32::try_from(whole.sets.binary_search(text).ok()?).ok()
            };
            let carried = table.carried.iter().map(|own| Carried {
                client: number(own.client),
                set: own.set.and_then(set),
                ..*own
            });
            whole.carried.extend(carried);
            for ((day, client, step), count) in table.lifetimes {
                let key = (day, number(client), step);
                *whole.lifetimes.entry(key).or_default() += count;
            }
        }
        whole.rows.sort_by_key(|row| row.day);
        whole.carried.sort_unstable();
        for (client, scopes) in issued {
            let own = scopes.0.into_iter();
            whole
                .issued
                .extend(own.map(|(scope, own)| ((client, scope), own)));
        }
        whole
    }
}

/// The names of all tables, sorted. Most are in every table.
fn all_names(tables: &[CredentialTable]) -> Vec<String> {
    let mut seen: HashSet<&str, foldhash::fast::FixedState> = HashSet::default();
    let names = tables.iter().flat_map(|table| &table.clients);
    let mut names: Vec<String> = names.filter(|name| seen.insert(name)).cloned().collect();
    names.sort_unstable();
    names
}

/// Where each name of a sorted list stands in a sorted list that has them all.
fn places(names: &[String], all: &[String]) -> Vec<u32> {
    let mut at = 0;
    let place = |name: &String| {
        while all.get(at).is_some_and(|own| own < name) {
            at += 1;
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    };
    names.iter().map(place).collect()
}

type RowKey = (Day, String);

/// A table under construction, by client name.
#[derive(Default)]
struct Sum {
    groups: BTreeMap<RowKey, Group>,
    issued: BTreeMap<String, Scopes>,
    tokens: tokens::Named,
}

impl Sum {
    fn add(&mut self, table: &CredentialTable) {
        let name = |client: u32| table.clients.get(client as usize).cloned();
        for row in &table.rows {
            if let Some(name) = name(row.client) {
                let group = self.groups.entry((row.day, name)).or_default();
                group.add((row.credential, row.kind), &row.facts);
            }
        }
        for ((client, scope), issued) in &table.issued {
            if let Some(name) = name(*client) {
                self.issued.entry(name).or_default().add(scope, issued);
            }
        }
        self.tokens.add(table, name);
    }

    fn finish(self) -> CredentialTable {
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for name in self
            .groups
            .keys()
            .map(|(_, name)| name)
            .chain(self.issued.keys())
            .chain(self.tokens.clients())
        {
            if !numbers.contains_key(name) {
                numbers.insert(name.clone(), 0);
            }
        }
        for (index, number) in numbers.values_mut().enumerate() {
            *number = u32::try_from(index).unwrap_or(u32::MAX);
        }
        let mut rows = Vec::new();
        for ((day, name), group) in self.groups {
            let client = numbers.get(&name).copied().unwrap_or(u32::MAX);
            rows.extend(
                group
                    .rows
                    .into_iter()
                    .map(|((credential, kind), facts)| CredentialRow {
                        day,
                        client,
                        credential,
                        kind,
                        facts,
                    }),
            );
        }
        let mut issued = BTreeMap::new();
        for (name, scopes) in self.issued {
            let client = numbers.get(&name).copied().unwrap_or(u32::MAX);
            issued.extend(
                scopes
                    .0
                    .into_iter()
                    .map(|(scope, own)| ((client, scope), own)),
            );
        }
        let (sets, carried, lifetimes) = self.tokens.finish(&numbers);
        CredentialTable {
            clients: numbers.into_keys().collect(),
            rows,
            issued,
            sets,
            carried,
            lifetimes,
        }
    }
}

/// The scopes of one client's tokens: of too many, those with the smallest hashes.
#[derive(Clone, Debug, Default)]
struct Scopes(BTreeMap<String, Issued>);

impl Scopes {
    fn add(&mut self, scope: &str, issued: &Issued) {
        if let Some(known) = self.0.get_mut(scope) {
            known.merge(issued);
            return;
        }
        self.0.insert(scope.to_owned(), *issued);
        let named = |scope: &&String| !scope.is_empty();
        if self.0.keys().filter(named).count() > MAX_ISSUED {
            let rank = |scope: &&String| (stable_hash(scope.as_bytes()), (*scope).clone());
            if let Some(largest) = self.0.keys().filter(named).max_by_key(rank).cloned() {
                self.0.remove(&largest);
            }
        }
    }
}

/// The credentials of one client on one day, bounded.
///
/// Which ones are kept apart depends on their hashes alone: a credential among the
/// smallest of all was among the smallest at every moment, so its counts are whole.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Sorted. Nearly every group has one row, for which a tree would keep room for eleven.
    rows: Vec<((Which, AuthKind), Facts)>,
}

impl Group {
    fn add(&mut self, key: (Which, AuthKind), facts: &Facts) {
        self.put(key, facts);
        let named = |row: &((Which, AuthKind), Facts)| matches!(row.0.0, Which::Named(_));
        while self.rows.iter().filter(|row| named(row)).count() > MAX_CREDENTIALS {
            let Some(largest) = self.rows.iter().rposition(named) else {
                return;
            };
            let ((_, kind), moved) = self.rows.remove(largest);
            self.put((Which::Others, kind), &moved);
        }
    }

    fn put(&mut self, key: (Which, AuthKind), facts: &Facts) {
        match self.rows.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(at) => self.rows[at].1.merge(facts),
            Err(at) => {
                if self.rows.is_empty() {
                    self.rows.reserve_exact(1);
                }
                self.rows.insert(at, (key, facts.clone()));
            }
        }
    }
}
