//! Which credential each client presented, from where, and for how long it is valid.
//!
//! In: the records that are counted. Out: a [`CredentialTable`]: rows per day,
//! client, credential and kind, and the scopes that tokens carried.
//!
//! Invariants:
//! * a credential's id is replaced by a keyed hash before it is kept in a row;
//!   networks are cut to /24 (IPv4) and /48 (IPv6), user agents to their family;
//! * memory grows with clients × days: at most [`MAX_CREDENTIALS`] credentials of a
//!   client and day are kept separate (those with the smallest hashes) and the rest
//!   is counted as one, [`Which::Others`];
//! * merging is commutative and associative: order, split and threads do not matter.
//!
//! What a row means (old, shared, long-lived) is up to the findings.

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

pub(crate) use agent::Agent;
pub(super) use collector::{Collector, Request};
pub(crate) use daily_credential::{Facts, Hours, MAX_AGENTS, MAX_NETWORKS, Network, SKEW_SECONDS};
pub(crate) use tokens::Carried;
pub(super) use tokens::split;

use hashbrown::HashSet;

use super::bounded::stable_hash;
pub(crate) use crate::event::hash::CredentialHash;
pub use crate::event::hash::HashKey;
use crate::format::AuthKind;
use crate::model::numbers::Numbers;
use crate::model::{Day, Millis};

/// Credentials of one client and day that are kept separate.
pub(crate) const MAX_CREDENTIALS: usize = 16;
/// Distinct scopes in the tokens of one client that are kept.
pub(crate) const MAX_ISSUED: usize = 256;
/// Stands in [`CredentialTable::issued`] for what a token carried and could not be kept:
/// a list or a name that is too long. No scope has an empty name.
pub(crate) const UNREAD: &str = "";

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
    /// How the caller authenticated.
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
            .binary_search_by(|known| known.as_str().cmp(client))
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
            let number = |client: u32| numbers.get(client as usize).copied().unwrap_or(u32::MAX);
            whole.rows.extend(table.rows.into_iter().map(|row| {
                let client = number(row.client);
                CredentialRow { client, ..row }
            }));
            for ((client, scope), more) in table.issued {
                let scopes = issued.entry(number(client)).or_default();
                scopes.add(&scope, &more);
            }
            let set = |index: u32| {
                let text = table.sets.get(index as usize)?;
                u32::try_from(whole.sets.binary_search(text).ok()?).ok()
            };
            let carried = table.carried.iter().map(|carried| Carried {
                client: number(carried.client),
                set: carried.set.and_then(set),
                ..*carried
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
            let sorted = scopes.0.into_iter();
            whole
                .issued
                .extend(sorted.map(|(scope, issued)| ((client, scope), issued)));
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

/// The position of each name of a sorted list in a sorted list that has them all.
fn places(names: &[String], all: &[String]) -> Vec<u32> {
    let mut at = 0;
    let place = |name: &String| {
        while all.get(at).is_some_and(|known| known < name) {
            at += 1;
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    };
    names.iter().map(place).collect()
}

/// A table under construction: clients have the numbers in which they came.
#[derive(Default)]
struct Sum {
    clients: Numbers<String>,
    groups: BTreeMap<(Day, u32), Group>,
    issued: BTreeMap<u32, Scopes>,
    tokens: tokens::Counted,
}

impl Sum {
    fn add(&mut self, table: &CredentialTable) {
        let numbers: Vec<u32> = table
            .clients
            .iter()
            .map(|name| self.clients.of(name))
            .collect();
        let number = |client: u32| numbers.get(client as usize).copied();
        for row in &table.rows {
            if let Some(client) = number(row.client) {
                let group = self.groups.entry((row.day, client)).or_default();
                group.add((row.credential, row.kind), &row.facts);
            }
        }
        for ((client, scope), issued) in &table.issued {
            if let Some(client) = number(*client) {
                self.issued.entry(client).or_default().add(scope, issued);
            }
        }
        self.tokens.add(table, number);
    }

    /// The table with its clients in the order of their names; those of whom nothing is known
    /// are not in it.
    fn finish(self) -> CredentialTable {
        let mut seen = vec![false; self.clients.len()];
        let keys = self.groups.keys().map(|(_, client)| *client);
        let keys = keys.chain(self.issued.keys().copied());
        for client in keys.chain(self.tokens.clients()) {
            seen[client as usize] = true;
        }
        let (clients, places) = self.clients.sorted(|number| seen[number as usize]);
        let place = |client: u32| places[client as usize];
        let mut groups: Vec<((Day, u32), Group)> = self.groups.into_iter().collect();
        groups.sort_unstable_by_key(|((day, client), _)| (*day, place(*client)));
        let rows = groups.into_iter().flat_map(|((day, client), group)| {
            let client = place(client);
            let rows = group.rows.into_iter();
            rows.map(move |((credential, kind), facts)| CredentialRow {
                day,
                client,
                credential,
                kind,
                facts,
            })
        });
        let rows = rows.collect();
        let issued = self.issued.into_iter().flat_map(|(client, scopes)| {
            let client = place(client);
            let scopes = scopes.0.into_iter();
            scopes.map(move |(scope, own)| ((client, scope), own))
        });
        let issued = issued.collect();
        let (sets, carried, lifetimes) = self.tokens.finish(place);
        CredentialTable {
            clients,
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
/// Which ones are kept separate depends on their hashes alone: a credential among the
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
        match self.rows.binary_search_by(|(row, _)| row.cmp(&key)) {
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
