//! What of one client's use cannot be seen, although the logs show others'.
//!
//! Invariants: what is found here only makes answers about the client more
//! careful; with one source nothing is found.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Coverage;
use super::presence::{Presence, is_dated, stem};
use super::quiet::quiet;
use super::source_summary::SourceFacts;
use super::stated::stated;
use crate::model::{Calendar, Day};

/// Days with data that make the files of one name a source of their own. With fewer
/// they may be parts of a sequence, for which nobody expects data on other days.
const DAYS: usize = 30;

/// What cannot be seen of one client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blind {
    /// Covered days on which a source that carries the client has no records, though it
    /// usually has.
    pub days: BTreeSet<Day>,
    /// Routes that its requests may have been on, counted as others.
    pub routes: BTreeSet<u32>,
    /// The share (0..1) of requests that the thinnest log with its requests holds, where
    /// one is stated to be a sample.
    pub sampled: Option<f64>,
}

/// A source without data on days on which others have some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Its name.
    pub source: String,
    /// Days with records of others and none of it.
    pub days: BTreeSet<Day>,
    /// Clients that it carries.
    pub clients: BTreeSet<String>,
}

impl Blind {
    /// By client; and which sources are the cause.
    pub fn of_all(
        presence: &Presence,
        facts: &[SourceFacts],
        coverage: &Coverage,
        calendar: &Calendar,
    ) -> (BTreeMap<String, Self>, Vec<Absence>) {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for (client, routes) in &presence.hidden {
            let blind_spots = all.entry(client.clone()).or_default();
            blind_spots.routes.extend(routes);
        }
        let mut absences = Vec::new();
        // Only a log that is cut by date shows by its names that its parts go together:
        // any other split of the same lines must not change the answer.
        let dated = facts.iter().any(|source| is_dated(&source.shown));
        if presence.sources.len() < 2 || !dated {
            return (all, absences);
        }
        let (names, places) = Presence::of(facts.iter().map(|source| source.shown.as_ref()));
        let mut days: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
        for (source, place) in facts.iter().zip(places) {
            if let Some(name) = names.sources.get(place) {
                let days = days.entry(name).or_default();
                days.extend(source.counts.days.keys());
            }
        }
        for (index, source) in presence.sources.iter().enumerate() {
            let Some(seen) = days.get(source.as_str()).filter(|days| days.len() >= DAYS) else {
                continue;
            };
            // Its own weekends are silence, and no missing data.
            let files = facts.iter().filter(|facts| stem(&facts.shown) == *source);
            let mut silent = stated(seen, files, calendar);
            silent.extend(quiet(seen, &silent));
            let covered = coverage.days.keys().copied();
            let missing: BTreeSet<Day> = covered
                .filter(|day| !seen.contains(day) && !silent.contains(day))
                .collect();
            let clients = presence.clients.iter();
            let clients: BTreeSet<String> = clients
                .filter(|(_, sources)| sources.contains(&index))
                .map(|(client, _)| client.clone())
                .collect();
            if missing.is_empty() || clients.is_empty() {
                continue;
            }
            for client in &clients {
                let blind_spots = all.entry(client.clone()).or_default();
                blind_spots.days.extend(&missing);
            }
            absences.push(Absence {
                source: source.clone(),
                days: missing,
                clients,
            });
        }
        (all, absences)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::input::SourceStatus;
    use crate::usage::FileCounts;

    fn facts(name: &str, days: impl Iterator<Item = i32>) -> SourceFacts {
        SourceFacts {
            shown: Arc::from(name),
            format: None,
            counts: FileCounts {
                days: days.map(|day| (Day(day), 1)).collect(),
                ..FileCounts::default()
            },
            digest: None,
            status: SourceStatus::Complete,
            bytes: 1,
        }
    }

    fn blind(facts: &[SourceFacts], clients: &[(&str, &[&str])]) -> BTreeMap<String, Vec<i32>> {
        let (mut presence, _) = Presence::of(facts.iter().map(|source| source.shown.as_ref()));
        for (client, inputs) in clients {
            let (of, places) = Presence::of(inputs.iter().copied());
            let places = places.into_iter().map(|at| &of.sources[at]);
            let places = places.map(|name| presence.sources.binary_search(name).unwrap());
            presence
                .clients
                .insert((*client).to_owned(), places.collect());
        }
        let coverage = Coverage::new(facts, 0.01);
        let (all, _) = Blind::of_all(&presence, facts, &coverage, &Calendar::default());
        all.into_iter()
            .map(|(client, blind_spots)| {
                (client, blind_spots.days.iter().map(|day| day.0).collect())
            })
            .collect()
    }

    #[test]
    fn the_days_of_another_source_are_none_of_the_clients_that_it_does_not_carry() {
        let facts = [
            facts("gw-1/2026-01.log", 0..50),
            facts("gw-1/2026-02.log", 50..100),
            facts(
                "gw-2/2026.log",
                (0..100).filter(|day| !(40..43).contains(day)),
            ),
        ];
        let clients: [(&str, &[&str]); 3] = [
            ("one", &["gw-1/2026-01.log"]),
            ("two", &["gw-2/2026.log"]),
            ("both", &["gw-1/2026-02.log", "gw-2/2026.log"]),
        ];
        let found = blind(&facts, &clients);
        assert_eq!(found.get("one"), None);
        assert_eq!(found["two"], [40, 41, 42]);
        assert_eq!(found["both"], [40, 41, 42]);
    }

    #[test]
    fn one_source_and_parts_of_a_sequence_leave_everything_as_it_is() {
        let months = [
            facts("a-2026-01.log", 0..50),
            facts("a-2026-02.log", 60..99),
        ];
        let carried: [(&str, &[&str]); 1] = [("one", &["a-2026-01.log"])];
        assert_eq!(blind(&months, &carried), BTreeMap::new());
        let parts = [facts("part-a.log", 0..20), facts("part-b.log", 20..40)];
        let carried: [(&str, &[&str]); 1] = [("one", &["part-a.log"])];
        assert_eq!(blind(&parts, &carried), BTreeMap::new());
    }
}
