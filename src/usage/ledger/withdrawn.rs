//! What was held once and is held no longer.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::read;
use super::{Ledger, LedgerError, Table, part};
use crate::model::{ClientName, Day, Term};

/// A grant that a record of the ledger names and a later one does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withdrawn {
    /// The client.
    pub client: ClientName,
    /// What it held.
    pub term: Term,
    /// The last day on which it was recorded as held.
    pub until: Day,
    /// The first record without it.
    pub gone: Day,
}

impl Ledger {
    /// Every grant that was recorded as held and that the next record does not name,
    /// sorted. The removal lies between the two days.
    pub(crate) fn withdrawn(&self) -> Result<Vec<Withdrawn>, LedgerError> {
        let mut held: BTreeMap<Day, BTreeSet<(String, String)>> = BTreeMap::new();
        for part in self.manifest.of(Table::Grants) {
            let day = held.entry(part.day).or_default();
            for batch in part::read(&self.dir, part)? {
                let rows = read(&batch)?.into_iter();
                day.extend(rows.map(|(client, term, _)| (client, term)));
            }
        }
        let mut all = Vec::new();
        for ((until, before), (gone, after)) in held.iter().zip(held.iter().skip(1)) {
            // A record without a single grant is not a policy: nothing was withdrawn.
            for (client, term) in before.difference(after).filter(|_| !after.is_empty()) {
                all.push(Withdrawn {
                    client: ClientName::new(client),
                    term: Term::new(term.as_str()),
                    until: *until,
                    gone: *gone,
                });
            }
        }
        all.sort();
        Ok(all)
    }
}
