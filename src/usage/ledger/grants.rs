//! What was held at which day, as the policy files stated it at that ingest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;

use super::columns::{Columns, Values, batch, text_at};
use super::{Ledger, LedgerError, Table, Writer, part};
use crate::grants::history::grant_snapshots::Row;
use crate::model::{ClientName, Day, Policy, RoleName, Term};

/// Client, term, role.
type Held = (String, String, Option<String>);

/// A record of grants compared with what the ledger has of that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRecord {
    /// The ledger has no record of the day.
    Nothing,
    /// It has this one.
    Same,
    /// It has another one.
    Other,
}

impl Writer {
    /// Records what the policy files grant at a day; a later record of the same day
    /// takes its place. That nobody holds anything is a record, too: anyone who holds
    /// something again afterwards has not held it without a break.
    pub(crate) fn record_grants(
        &mut self,
        as_of: Day,
        policy: &Policy,
    ) -> Result<OnRecord, LedgerError> {
        let found = self.grants_on_record(as_of, policy)?;
        // An equal record is left alone: nothing changes, nothing is written.
        if found != OnRecord::Same {
            let rows = rows(&held(policy))?;
            self.replace_day(Table::Grants, as_of, rows);
        }
        Ok(found)
    }

    /// What the ledger has of a day, compared with what the policy files grant.
    pub(crate) fn grants_on_record(
        &self,
        day: Day,
        policy: &Policy,
    ) -> Result<OnRecord, LedgerError> {
        Ok(match self.grants_at(day)? {
            None => OnRecord::Nothing,
            Some(known) if known == held(policy) => OnRecord::Same,
            Some(_) => OnRecord::Other,
        })
    }

    /// Adds rows of another ledger.
    pub(super) fn add_grants(
        &mut self,
        day: Day,
        rows_of_other: Vec<RecordBatch>,
    ) -> Result<(), LedgerError> {
        self.flush()?;
        let known = self.grants_at(day)?;
        let mut all = known.clone().unwrap_or_default();
        for batch in rows_of_other {
            all.extend(read(&batch)?);
        }
        if known.as_ref() != Some(&all) {
            let rows = rows(&all)?;
            self.replace_day(Table::Grants, day, rows);
        }
        Ok(())
    }

    /// What was held at a day; `None` without a record.
    fn grants_at(&self, day: Day) -> Result<Option<BTreeSet<Held>>, LedgerError> {
        let mut held = None;
        for part in self.manifest.on(Table::Grants, day) {
            let held = held.get_or_insert_with(BTreeSet::new);
            for batch in part::read(&self.dir, part)? {
                held.extend(read(&batch)?);
            }
        }
        Ok(held)
    }
}

fn held(policy: &Policy) -> BTreeSet<Held> {
    let mut held = BTreeSet::new();
    for (client, terms) in policy.holdings() {
        for (term, vias) in terms {
            for via in vias {
                let role = via.role.map(|held| held.role.to_string());
                held.insert((client.to_string(), term.to_string(), role));
            }
        }
    }
    held
}

impl Ledger {
    /// Since when each client has been seen to hold each term without a break: the first
    /// of the last records that all name it, up to a day. What the latest of them does
    /// not name is left out.
    ///
    /// It may have been held for longer: the first record of the ledger does not show that.
    pub(crate) fn granted_since(
        &self,
        as_of: Day,
    ) -> Result<BTreeMap<(ClientName, Term), Day>, LedgerError> {
        let mut since: BTreeMap<(ClientName, Term), Day> = BTreeMap::new();
        let mut records = self.grant_records();
        // The latest record, and since when what is left of it was seen without a break.
        let mut unbroken: Option<(Day, BTreeSet<(ClientName, Term)>)> = None;
        let mut last: Option<Arc<BTreeSet<Row>>> = None;
        let days = self.grant_days();
        for day in days.into_iter().rev().filter(|day| *day <= as_of) {
            let rows = records.on(day)?;
            let same = last
                .as_ref()
                .is_some_and(|b_tree_set| Arc::ptr_eq(b_tree_set, &rows));
            match &mut unbroken {
                Some((first, _)) if same => *first = day,
                Some((first, left)) => {
                    let held: BTreeSet<(&ClientName, &Term)> = rows
                        .iter()
                        .map(|(client, term, _)| (client, term))
                        .collect();
                    let gone =
                        left.extract_if(.., |(client, term)| !held.contains(&(client, term)));
                    since.extend(gone.map(|grant| (grant, *first)));
                    *first = day;
                    if left.is_empty() {
                        break;
                    }
                }
                None => {
                    let held = rows.iter();
                    let held = held.map(|(client, term, _)| (client.clone(), term.clone()));
                    unbroken = Some((day, held.collect()));
                }
            }
            last = Some(rows);
        }
        if let Some((first, left)) = unbroken {
            since.extend(left.into_iter().map(|grant| (grant, first)));
        }
        Ok(since)
    }

    /// The days at which grants were recorded, in order.
    pub(crate) fn grant_days(&self) -> Vec<Day> {
        let days: BTreeSet<Day> = self
            .manifest
            .of(Table::Grants)
            .map(|part| part.day)
            .collect();
        days.into_iter().collect()
    }
}

/// The records of grants, one after another; one that is equal to the one before it is
/// not read again.
pub(crate) struct Records<'a> {
    ledger: &'a Ledger,
    last: Option<(Vec<&'a str>, Arc<BTreeSet<Row>>)>,
    terms: BTreeSet<Term>,
}

impl Ledger {
    /// Reads the records of grants.
    pub(crate) fn grant_records(&self) -> Records<'_> {
        Records {
            ledger: self,
            last: None,
            terms: BTreeSet::new(),
        }
    }

    /// Every client that some record of grants names.
    pub(crate) fn grant_clients(&self) -> Result<BTreeSet<ClientName>, LedgerError> {
        let mut clients = BTreeSet::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for part in self.manifest.of(Table::Grants) {
            if !known.insert(&part.digest) {
                continue;
            }
            for batch in part::read(&self.dir, part)? {
                let names: BTreeSet<&str> =
                    Columns(&batch).text("client")?.iter().flatten().collect();
                clients.extend(names.into_iter().map(ClientName::new));
            }
        }
        Ok(clients)
    }
}

impl Records<'_> {
    /// Who held what at a day of [`Ledger::grant_days`].
    pub(crate) fn on(&mut self, day: Day) -> Result<Arc<BTreeSet<Row>>, LedgerError> {
        let parts = || self.ledger.manifest.on(Table::Grants, day);
        let digests: Vec<&str> = parts().map(|part| part.digest.as_str()).collect();
        if let Some((_, rows)) = self.last.as_ref().filter(|(known, _)| *known == digests) {
            return Ok(Arc::clone(rows));
        }
        let mut rows = BTreeSet::new();
        for part in parts() {
            for batch in part::read(&self.ledger.dir, part)? {
                self.add(&batch, &mut rows)?;
            }
        }
        let rows = Arc::new(rows);
        self.last = Some((digests, Arc::clone(&rows)));
        Ok(rows)
    }

    fn add(&mut self, batch: &RecordBatch, rows: &mut BTreeSet<Row>) -> Result<(), LedgerError> {
        let columns = Columns(batch);
        let (clients, terms) = (columns.text("client")?, columns.text("term")?);
        let via = columns.text("via")?;
        let mut client = ClientName::new("");
        for row in 0..batch.num_rows() {
            // Rows are sorted by client, and there are few terms and roles.
            if client.as_str() != clients.value(row) {
                client = ClientName::new(clients.value(row));
            }
            let term = self.terms.get(terms.value(row)).cloned();
            let term = term.unwrap_or_else(|| {
                let term = Term::new(terms.value(row));
                self.terms.insert(term.clone());
                term
            });
            let role = text_at(via, row).map(RoleName::new);
            rows.insert((client.clone(), term, role));
        }
        Ok(())
    }
}

fn rows(held: &BTreeSet<Held>) -> Result<RecordBatch, LedgerError> {
    let all = || held.iter();
    batch(
        Table::Grants,
        vec![
            Values::Text(all().map(|(client, ..)| Some(client.clone())).collect()),
            Values::Text(all().map(|(_, term, _)| Some(term.clone())).collect()),
            Values::Text(all().map(|(.., via)| via.clone()).collect()),
        ],
    )
}

pub(super) fn read(rows: &RecordBatch) -> Result<Vec<Held>, LedgerError> {
    let columns = Columns(rows);
    let (client, term) = (columns.text("client")?, columns.text("term")?);
    let via = columns.text("via")?;
    let held = (0..rows.num_rows()).map(|row| {
        (
            client.value(row).to_owned(),
            term.value(row).to_owned(),
            text_at(via, row).map(str::to_owned),
        )
    });
    Ok(held.collect())
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
