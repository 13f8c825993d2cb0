//! Which sources carry a client, and what an older catalogue counted as something else.
//!
//! The catalogue of a source is known by its digest alone. An operation that no row
//! of any source with that catalogue names may not have been in it: then its
//! requests were counted under a more general one, where there is one.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};

use super::read::Reading;
use super::source::SourceRecord;
use crate::catalog::matcher::{Route, may_have_taken};
use crate::model::Outcome;
use crate::usage::Presence;
use crate::usage::aggregate::NOBODY;
use crate::usage::table::UsageTable;

/// What there is to know about the sources before their rows are read.
pub(super) struct Known<'a> {
    /// By source: its place among the sources of the presence, and its catalogue.
    sources: BTreeMap<&'a str, RowSource>,
    routes: &'a [Route],
    catalogues: usize,
}

/// Where a row comes from.
#[derive(Clone, Copy, Default)]
pub(super) struct RowSource {
    place: Option<usize>,
    /// A catalogue that is not the present one.
    older: Option<usize>,
}

impl<'a> Known<'a> {
    pub(super) fn new(records: &'a [SourceRecord], reading: &Reading<'a>) -> (Self, Presence) {
        let shown = records.iter().map(|record| record.facts.shown.as_ref());
        let (presence, places) = Presence::of(shown);
        let several = presence.sources.len() > 1;
        let current = reading.operations.digest();
        let older: BTreeSet<&str> = records
            .iter()
            .map(|record| record.catalogue.as_str())
            .filter(|catalogue| *catalogue != current)
            .collect();
        let older: Vec<&str> = older.into_iter().collect();
        let sources = records.iter().zip(places).map(|(record, place)| {
            let of = RowSource {
                place: several.then_some(place),
                older: older.binary_search(&record.catalogue.as_str()).ok(),
            };
            (record.id.as_str(), of)
        });
        let known = Self {
            sources: sources.collect(),
            routes: reading.matcher.routes(),
            catalogues: older.len(),
        };
        (known, presence)
    }

    /// What is known of a row's source.
    pub(super) fn source(&self, id: Option<&str>) -> RowSource {
        let source = id.and_then(|id| self.sources.get(id));
        source.copied().unwrap_or_default()
    }

    /// Everything that the workers have seen, by the clients' names.
    pub(super) fn presence(
        &self,
        mut presence: Presence,
        seen: &[Seen],
        table: &UsageTable,
    ) -> Presence {
        let mut known: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); self.catalogues];
        let mut needed: Vec<BTreeMap<u32, BTreeSet<String>>> =
            vec![BTreeMap::new(); self.catalogues];
        for (worker, worker_seen) in seen.iter().enumerate() {
            let mut places: Vec<(u32, usize)> = worker_seen.places.iter().copied().collect();
            places.sort_unstable();
            for (client, place) in places {
                if let Some(name) = table.name_in(worker, client) {
                    presence.clients.entry(name).or_default().insert(place);
                }
            }
            let mut routes: Vec<((usize, u32, u32), bool)> = worker_seen
                .routes
                .iter()
                .map(|(key, need)| (*key, *need))
                .collect();
            routes.sort_unstable();
            for ((catalogue, client, route), need) in routes {
                known[catalogue].insert(route);
                if let Some(name) = table.name_in(worker, client).filter(|_| need) {
                    let requirements = needed[catalogue].entry(route).or_default();
                    requirements.insert(name);
                }
            }
        }
        for (known, needed) in known.iter().zip(needed) {
            for (route, clients) in needed {
                let Some(general) = self.routes.get(route as usize) else {
                    continue;
                };
                let hidden: Vec<u32> = (0..)
                    .zip(self.routes)
                    .filter(|(number, special)| {
                        !known.contains(number) && may_have_taken(general, special)
                    })
                    .map(|(number, _)| number)
                    .collect();
                if hidden.is_empty() {
                    continue;
                }
                for client in clients {
                    let of_client = presence.hidden.entry(client).or_default();
                    of_client.extend(&hidden);
                }
            }
        }
        presence
    }
}

/// What one worker has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Client, source.
    places: HashSet<(u32, usize), foldhash::fast::FixedState>,
    /// Older catalogue, client, route; and whether the client needed it.
    routes: HashMap<(usize, u32, u32), bool, foldhash::fast::FixedState>,
}

impl Seen {
    pub(super) fn client(&mut self, of: &RowSource, client: u32) {
        if let Some(place) = of.place.filter(|_| client != NOBODY) {
            self.places.insert((client, place));
        }
    }

    pub(super) fn route(&mut self, of: &RowSource, client: u32, route: u32, outcome: Outcome) {
        if let Some(older) = of.older {
            *self.routes.entry((older, client, route)).or_default() |=
                outcome.is_need() && client != NOBODY;
        }
    }
}
