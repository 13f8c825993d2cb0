//! What was held at past days, as records of the ledger state it.
//!
//! In: month ends, the days of the records, the rows of a record on demand. Out: for
//! each month end with a record of its time who held what, since when that was seen,
//! and what came in the days after.
//!
//! Invariants:
//! * a month end takes the latest record on or before it, and none that is more than
//!   [`AGE`] days older: a record of later days changes neither what was held nor its age;
//! * what came later counts from the first record that names it;
//! * the order in which records were written plays no part.
//!
//! Which ledger they come from is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{History, SinceFrom};
use crate::model::{
    ClientName, Day, Entry, Granted, Place, Policy, PolicyFile, Role, RoleName, Span, Subject, Term,
};

/// Days that a record may be older than the month end that it represents.
pub(crate) const AGE: i32 = 31;

/// Client, term, and the role through which it is held.
pub(crate) type Row = (ClientName, Term, Option<RoleName>);

/// What was held at one month end.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Its rows.
    pub rows: Arc<BTreeSet<Row>>,
    /// The first of the records without a break that name a grant, and whether an earlier
    /// record lacks it.
    seen: BTreeMap<(ClientName, Term), (Day, bool)>,
    /// What each client got after the month end, and when, in order of time.
    pub later: BTreeMap<ClientName, Vec<(Day, Term)>>,
    came: BTreeSet<(ClientName, Term)>,
}

/// What was held at each of these month ends; one without a record of its time is left
/// out. `days` are those of the records, `after` the number of days in which later grants matter.
///
/// `read` gives the rows of a day; two equal records may be one and the same [`Arc`].
pub(crate) fn recorded<E>(
    origins: &[Day],
    days: &BTreeSet<Day>,
    after: i32,
    mut read: impl FnMut(Day) -> Result<Arc<BTreeSet<Row>>, E>,
) -> Result<BTreeMap<Day, Recorded>, E> {
    let mut wanted: BTreeMap<Day, Vec<Day>> = BTreeMap::new();
    for origin in origins {
        let latest = days.range(..=*origin).next_back();
        if let Some(day) = latest.filter(|day| origin.0 - day.0 <= AGE) {
            wanted.entry(*day).or_default().push(*origin);
        }
    }
    let Some(last) = wanted.values().flatten().max() else {
        return Ok(BTreeMap::new());
    };
    let mut seen: BTreeMap<(ClientName, Term), (Day, bool)> = BTreeMap::new();
    let mut before: Option<Arc<BTreeSet<Row>>> = None;
    let mut found: BTreeMap<Day, Recorded> = BTreeMap::new();
    for day in days.range(..=last.plus(after)) {
        let rows = read(*day)?;
        if before
            .as_ref()
            .is_none_or(|before| !Arc::ptr_eq(before, &rows))
        {
            let lacked = before.is_some();
            let pairs = rows
                .iter()
                .map(|(client, term, _)| (client.clone(), term.clone()));
            seen = pairs
                .map(|grant| {
                    let known = seen.get(&grant).copied();
                    (grant, known.unwrap_or((*day, lacked)))
                })
                .collect();
            for (origin, recorded) in &mut found {
                if *day > *origin && *day <= origin.plus(after) {
                    recorded.add(*day, seen.keys());
                }
            }
        }
        for origin in wanted.get(day).into_iter().flatten() {
            let recorded = Recorded {
                rows: Arc::clone(&rows),
                seen: seen.clone(),
                later: BTreeMap::new(),
                came: BTreeSet::new(),
            };
            found.insert(*origin, recorded);
        }
        before = Some(rows);
    }
    Ok(found)
}

impl Recorded {
    fn add<'a>(&mut self, day: Day, held: impl Iterator<Item = &'a (ClientName, Term)>) {
        for grant in held {
            if !self.seen.contains_key(grant) && self.came.insert(grant.clone()) {
                let changes = self.later.entry(grant.0.clone()).or_default();
                changes.push((day, grant.1.clone()));
            }
        }
    }

    /// The policy of that time. A client is in the file that names it today; what a
    /// file states with a grant that it still gives (a reviewed keep) is taken from it.
    ///
    /// One role may have been in two files with different terms: then each of the two
    /// is a role of its own.
    pub(crate) fn policy(&self, today: &Policy) -> Policy {
        let mut files: Vec<File<'_>> = today.files.iter().map(File::of).collect();
        // For clients that none of several files names any more it is unknown where they were.
        let elsewhere = if files.len() == 1 { 0 } else { files.len() };
        if elsewhere > 0 {
            files.push(File::default());
        }
        let mut roles: Vec<BTreeMap<&RoleName, BTreeMap<&ClientName, BTreeSet<&Term>>>> =
            vec![BTreeMap::new(); files.len()];
        for (client, term, role) in &*self.rows {
            let named = |file: &PolicyFile| file.clients.contains(client);
            let index = today.files.iter().position(named).unwrap_or(elsewhere);
            for (file, of_today) in files.iter_mut().zip(&today.files) {
                if named(of_today) {
                    file.file.clients.insert(client.clone());
                }
            }
            files[index].file.clients.insert(client.clone());
            match role {
                None => files[index].push(
                    Subject::Client(client.clone()),
                    Granted::Term(term.clone()),
                    None,
                ),
                Some(role) => {
                    let members = roles[index].entry(role).or_default();
                    members.entry(client).or_default().insert(term);
                }
            }
        }
        for (file, roles) in files.iter_mut().zip(roles) {
            for (role, members) in roles {
                file.role(role, members);
            }
        }
        Policy {
            files: files.into_iter().map(|file| file.file).collect(),
            audience: today.audience.clone(),
        }
    }

    /// Since when each grant was held at the month end: as known today, unless an earlier
    /// record lacks it; else since the first record that names it.
    pub(crate) fn history(&self, origin: Day, today: &Policy, known: &History) -> History {
        let holdings = today.holdings();
        let mut history = History::default();
        for ((client, term), (first, lacked)) in &self.seen {
            let vias = holdings.get(client).and_then(|held| held.get(term));
            let stated = vias.and_then(|vias| known.known(today, (client, term), vias, origin));
            let stated = stated.filter(|(day, from)| *day <= origin && *from != SinceFrom::Ledger);
            let seen = (*first, SinceFrom::Ledger);
            let since = match stated {
                Some(stated) if !lacked => stated,
                Some(stated) => stated.max(seen),
                None => seen,
            };
            history.add(client.clone(), term.clone(), since.0, since.1);
        }
        history
    }
}

/// A policy file that is made from rows.
struct File<'a> {
    file: PolicyFile,
    /// What comes with the same grant in the file of today.
    current: BTreeMap<(&'a Subject, &'a Granted), &'a Entry>,
}

impl Default for File<'_> {
    fn default() -> Self {
        Self {
            file: PolicyFile::new(Arc::from("the ledger"), "ledger", Arc::from([])),
            current: BTreeMap::new(),
        }
    }
}

impl<'a> File<'a> {
    fn of(today: &'a PolicyFile) -> Self {
        let entries = today.entries.iter();
        let mut draft = Self::default();
        draft.file.path = Arc::clone(&today.path);
        draft.current = entries
            .map(|entry| ((&entry.subject, &entry.granted), entry))
            .collect();
        draft
    }

    /// `name` is the role under another name than in the file of today.
    fn push(&mut self, subject: Subject, granted: Granted, name: Option<&RoleName>) {
        let today = self.current.get(&(&subject, &granted)).copied();
        let named = |role: &RoleName| name.unwrap_or(role).clone();
        self.file.entries.push(Entry {
            subject: match subject {
                Subject::Role(role) => Subject::Role(named(&role)),
                client @ Subject::Client(_) => client,
            },
            granted: match granted {
                Granted::Role(role) => Granted::Role(named(&role)),
                term @ Granted::Term(_) => term,
            },
            optional: today.is_some_and(|entry| entry.optional),
            since: None,
            since_line: None,
            owner: today.and_then(|entry| entry.owner.clone()),
            keep: today.and_then(|entry| entry.keep.clone()),
            place: Place {
                file: Arc::clone(&self.file.path),
                line: 1,
            },
            span: Span { start: 0, end: 0 },
            audience: None,
            frozen: None,
        });
    }

    fn role(&mut self, role: &RoleName, members: BTreeMap<&ClientName, BTreeSet<&Term>>) {
        let mut forms: BTreeMap<BTreeSet<&Term>, Vec<&ClientName>> = BTreeMap::new();
        for (client, terms) in members {
            forms.entry(terms).or_default().push(client);
        }
        let several = forms.len() > 1;
        for (number, (terms, members)) in forms.into_iter().enumerate() {
            // No policy file can spell this name.
            let other = several.then(|| RoleName::new(&format!("{role}\u{0}{number}")));
            let name = other.as_ref().unwrap_or(role).clone();
            self.file.roles.insert(name, Role::default());
            for term in terms {
                self.push(
                    Subject::Role(role.clone()),
                    Granted::Term(term.clone()),
                    other.as_ref(),
                );
            }
            for client in members {
                self.push(
                    Subject::Client(client.clone()),
                    Granted::Role(role.clone()),
                    other.as_ref(),
                );
            }
        }
    }
}

#[cfg(test)]
#[path = "grant_snapshots_tests.rs"]
mod tests;
