//! Grants that several places give one client for different resources or under different
//! conditions.
//!
//! A log says what was used, and not which place allowed it. So a wildcard of one place must not
//! go because another gives a part of it somewhere else, nor the other way round: such entries
//! are not edited. One term in several places needs no such care: it is needed or not.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ClientName, Granted, PolicyFile, RoleName, ScopeMatch, Subject};

/// How far an entry reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// For which resources and under which conditions; two that are alike are spelt alike.
    pub(super) scope: String,
    /// What it gives, with `*` and `?` for other characters.
    pub(super) patterns: Vec<String>,
}

const WHY: &str = "another place gives a part of the same for other resources or under other conditions, so which of them a request needed is not known";

/// Freezes such entries; `reaches` has one for each entry.
pub(super) fn freeze_overlaps(file: &mut PolicyFile, reaches: &[Reach]) {
    let mut frozen = BTreeSet::new();
    for held in by_holder(file) {
        let overlapping = overlapping(file, reaches, &held);
        for (entry, membership) in held {
            if overlapping.contains(&entry) {
                frozen.insert(entry);
                frozen.extend(membership);
            }
        }
    }
    for index in frozen {
        if let Some(entry) = file.entries.get_mut(index) {
            entry.frozen.get_or_insert_with(|| WHY.to_owned());
        }
    }
}

/// An entry, and the membership through which it is held.
type Held = (usize, Option<usize>);

/// The entries with terms that each client holds, and each role, whose members may stand in other
/// files.
fn by_holder(file: &PolicyFile) -> Vec<Vec<Held>> {
    let mut roles: BTreeMap<&RoleName, Vec<usize>> = BTreeMap::new();
    for (index, entry) in file.entries.iter().enumerate() {
        if let (Subject::Role(role), Granted::Term(_)) = (&entry.subject, &entry.granted) {
            roles.entry(role).or_default().push(index);
        }
    }
    let mut clients: BTreeMap<ClientName, Vec<Held>> = BTreeMap::new();
    for (index, entry) in file.entries.iter().enumerate() {
        let Subject::Client(client) = &entry.subject else {
            continue;
        };
        let held = clients.entry(client.clone()).or_default();
        match &entry.granted {
            Granted::Term(_) => held.push((index, None)),
            Granted::Role(role) => {
                let own = roles.get(role).into_iter().flatten();
                held.extend(own.map(|term| (*term, Some(index))));
            }
        }
    }
    let direct = |entries: Vec<usize>| entries.into_iter().map(|entry| (entry, None)).collect();
    let mut all: Vec<Vec<Held>> = clients.into_values().collect();
    all.extend(roles.into_values().map(direct));
    all
}

/// One pattern of one entry.
struct Pattern<'a> {
    entry: usize,
    text: &'a str,
    reach: &'a Reach,
}

fn overlapping(file: &PolicyFile, reaches: &[Reach], held: &[Held]) -> BTreeSet<usize> {
    let known = held
        .iter()
        .filter_map(|(entry, _)| Some((*entry, reaches.get(*entry)?)));
    let all: Vec<Pattern<'_>> = known
        .flat_map(|(entry, reach)| {
            let patterns = reach.patterns.iter();
            patterns.map(move |text| Pattern { entry, text, reach })
        })
        .collect();
    let granted = |at: usize| file.entries.get(at).map(|entry| &entry.granted);
    let mut found = BTreeSet::new();
    let mut note = |a: &Pattern<'_>, b: &Pattern<'_>| {
        if a.reach.scope != b.reach.scope && granted(a.entry) != granted(b.entry) {
            found.extend([a.entry, b.entry]);
        }
    };
    // The same but for upper and lower case.
    let mut alike: BTreeMap<String, Vec<&Pattern<'_>>> = BTreeMap::new();
    for own in &all {
        let known = alike.entry(own.text.to_ascii_lowercase()).or_default();
        for other in &*known {
            note(other, own);
        }
        // Those that are equal in everything are compared through one of them.
        let same = |other: &&Pattern<'_>| {
            other.reach.scope == own.reach.scope && granted(other.entry) == granted(own.entry)
        };
        if !known.iter().any(same) {
            known.push(own);
        }
    }
    for pattern in all.iter().filter(|own| own.text.contains(['*', '?'])) {
        for own in all.iter().filter(|own| meet(pattern.text, own.text)) {
            note(pattern, own);
        }
    }
    found
}

/// Whether something may be of both.
pub(super) fn meet(a: &str, b: &str) -> bool {
    if !b.contains(['*', '?']) {
        return ScopeMatch::GlobAnyCase.covers(a, b);
    }
    let fixed = |text: &str| {
        let end = text.find(['*', '?']).unwrap_or(text.len());
        text[..end].to_ascii_lowercase()
    };
    let (a, b) = (fixed(a), fixed(b));
    a.starts_with(&b) || b.starts_with(&a)
}
