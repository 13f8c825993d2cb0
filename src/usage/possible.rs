//! Possible needs: requests that were, or may have been, let through, and whose client,
//! operation or outcome is not certain.
//!
//! In: the usage table, what became of each source's lines, the names of the policy,
//! and which operations a path is near. Out: for each kind of such requests whom they
//! may belong to, which operations they may have been, how many, when, and an example.
//!
//! Invariants:
//! * what cannot have been a served request is none: refused requests, requests of
//!   nobody near no operation or on operations that accept anonymous callers;
//! * the order of the list does not depend on the order of the log.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::presence::Presence;
use super::source_summary::SourceFacts;
use super::table::UsageTable;
use super::uncertain_requests::guess;
use super::unplaced::Cluster;
use crate::catalog::near::{Near, Nearness};
use crate::event::identity::Identities;
use crate::event::secret::is_concealed;
use crate::model::{Catalog, Cause, ClientName, Day, DaySet, Method, Millis};
use rows::{Class, Key, Sum, rows};

/// So many lines that show nothing, out of so many records, are more than an accident ...
const UNTOLD_SHARE: u64 = 10_000;
/// ... and so are such lines on so many days.
const UNTOLD_DAYS: usize = 3;

/// Whom a request may belong to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Any client of the policy.
    Everyone,
    /// One of these.
    Clients(BTreeSet<ClientName>),
    /// Another identity; a client of the policy only where it was never seen, or fell
    /// silent when the name came up.
    Stranger,
}

/// Requests of one kind that may have needed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleNeed {
    /// What is not certain.
    pub cause: Cause,
    /// Whom they may belong to.
    pub who: Who,
    /// Operations that they may have been, as indices into the catalogue. `None`: nothing
    /// that the catalogue has is near, so what they needed is not in it.
    pub operations: Near,
    /// What was seen: method and template, or method and clustered path; `None` where
    /// nothing can be said.
    pub seen: Option<(Method, String)>,
    /// Some of the callers' names.
    pub names: BTreeSet<String>,
    /// Requests.
    pub requests: u64,
    /// Their days; none where they have no time.
    pub days: DaySet,
    /// First and last of them.
    pub span: Option<(Millis, Millis)>,
    /// Id of the earliest of them, where the log has ids.
    pub sample: Option<String>,
}

impl PossibleNeed {
    /// Whether some of them may lie between two days, both included.
    pub fn touches(&self, from: Day, to: Day) -> bool {
        self.days.is_empty() || self.days.range(from..=to).next().is_some()
    }
}

/// A caller that no policy file names, and that was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its name in the log.
    pub name: String,
    /// Its first and last day.
    pub span: (Day, Day),
}

/// All possible needs of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PossibleNeeds {
    /// One entry for each kind.
    pub needs: Vec<PossibleNeed>,
    /// Callers that may be clients of the policy under another name.
    pub strangers: Vec<Stranger>,
    /// Names in the log that differ from a client's only in case or whitespace.
    pub alike: BTreeMap<ClientName, BTreeSet<String>>,
    /// Routes that any request of anybody was counted on.
    pub routes: BTreeSet<u32>,
}

/// What possible needs are found in.
pub struct Evidence<'a> {
    /// Counts per day, client, route, outcome.
    pub table: &'a UsageTable,
    /// What became of each source's lines.
    pub facts: &'a [SourceFacts],
    /// Which clients appear in which sources.
    pub presence: &'a Presence,
    /// The names of the policy.
    pub identities: &'a Identities,
    /// Operations and what they require.
    pub catalog: &'a Catalog,
    /// Which operations a path is near.
    pub near: &'a Nearness,
}

impl PossibleNeeds {
    /// Finds them.
    pub fn find(from: &Evidence<'_>) -> Self {
        let mut needs = Self::default();
        let classes = needs.classes(from);
        let (sums, spans, routes) = rows(from.table, &classes);
        needs.routes = routes;
        for ((class, route, client), sum) in sums {
            needs.on_route(from, (class, route, client), sum);
        }
        for (client, clusters) in &from.table.unplaced {
            for cluster in clusters {
                needs.unplaced(from, &classes, *client, cluster);
            }
        }
        needs.untold(from);
        let stranger = |(client, span): (u32, (Day, Day))| Stranger {
            name: name(from.table, client).to_owned(),
            span,
        };
        needs.strangers = spans.into_iter().map(stranger).collect();
        needs
    }

    /// What was known at the end of a day. How many of the requests came later is not
    /// known: all are counted.
    #[must_use]
    pub fn until(&self, end: Day) -> Self {
        let needs = self
            .needs
            .iter()
            .filter(|need| need.days.first().is_none_or(|first| first <= end));
        let cut = |need: &PossibleNeed| PossibleNeed {
            days: need.days.until(end),
            span: need
                .span
                .map(|(first, last)| (first, last.min(end.plus(1).start() - 1))),
            ..need.clone()
        };
        let strangers = self
            .strangers
            .iter()
            .filter(|stranger| stranger.span.0 <= end);
        Self {
            needs: needs.map(cut).collect(),
            strangers: strangers.cloned().collect(),
            alike: self.alike.clone(),
            routes: self.routes.clone(),
        }
    }

    /// The class of each client, and the names that are similar.
    fn classes(&mut self, from: &Evidence<'_>) -> Vec<Class> {
        let class = |(client, name): (usize, &String)| {
            let number = u32::try_from(client).unwrap_or(u32::MAX);
            if name.is_empty() {
                return Class::Nobody;
            }
            if from.identities.is_known(name.as_bytes()) {
                return Class::Known;
            }
            if is_concealed(name) {
                return Class::Secret;
            }
            let mut alike = from.identities.alike(name.as_bytes()).peekable();
            if alike.peek().is_none() || from.table.is_nameless(number) {
                return Class::Stranger;
            }
            for spelling in alike {
                let client = ClientName::new(&String::from_utf8_lossy(spelling));
                self.alike.entry(client).or_default().insert(name.clone());
            }
            Class::Alike
        };
        from.table.clients.iter().enumerate().map(class).collect()
    }

    fn clients_alike(&self, name: &str) -> BTreeSet<ClientName> {
        let matching = self.alike.iter().filter(|(_, names)| names.contains(name));
        matching.map(|(client, _)| client.clone()).collect()
    }

    fn who(&self, table: &UsageTable, class: Class, client: u32) -> Option<(Cause, Who)> {
        let name = name(table, client);
        Some(match class {
            Class::Known => return None,
            Class::Nobody => (Cause::NoClient, Who::Everyone),
            Class::Secret => (Cause::SecretName, Who::Everyone),
            Class::Alike => (Cause::AlikeName, Who::Clients(self.clients_alike(name))),
            Class::Stranger => (Cause::UnknownName, Who::Stranger),
        })
    }

    fn on_route(&mut self, from: &Evidence<'_>, (class, route, client): Key, sum: Sum) {
        let Some(route) = from.table.routes.get(route as usize) else {
            return;
        };
        let Some((cause, who)) = self.who(from.table, class, client) else {
            return;
        };
        let operation = |op: &&usize| {
            let found = from.catalog.operations.get(**op);
            found.is_some_and(|operation| {
                let anonymous = operation.optional_auth && class == Class::Nobody;
                !operation.requirement.is_open() && !anonymous
            })
        };
        let operations: BTreeSet<usize> =
            route.operations.iter().filter(operation).copied().collect();
        if operations.is_empty() {
            return;
        }
        let operations = Arc::new(operations);
        let callers = sum.callers.iter().filter(|_| class != Class::Nobody);
        self.needs.push(PossibleNeed {
            cause,
            who,
            operations: Near::Some(operations),
            seen: Some((route.method, route.template.clone())),
            names: callers
                .map(|caller| name(from.table, *caller).to_owned())
                .collect(),
            requests: sum.requests,
            days: sum.days,
            span: sum.span,
            sample: sum.sample.map(|sample| sample.1),
        });
    }

    fn unplaced(&mut self, from: &Evidence<'_>, classes: &[Class], client: u32, cluster: &Cluster) {
        let class = classes
            .get(client as usize)
            .copied()
            .unwrap_or(Class::Nobody);
        let requests = match class {
            Class::Nobody => cluster.counts.nameless,
            // Another identity, on operations that nobody knows: whom it may be is asked by day.
            Class::Stranger => 0,
            _ => cluster.counts.need,
        };
        if requests == 0 {
            return;
        }
        let name = name(from.table, client);
        let who = match self.who(from.table, class, client) {
            None => Who::Clients(BTreeSet::from([ClientName::new(name)])),
            Some((_, who)) => who,
        };
        let place = (cluster.method, cluster.path.as_str());
        let operations = guess(from.near, cluster.cause, place);
        let nothing = operations == Near::None;
        // Of nobody near nothing, or what looks like a health check and is near nothing: noise.
        if nothing && (class == Class::Nobody || cluster.cause == Cause::LooksAside) {
            return;
        }
        let path = (cluster.method, cluster.path.clone());
        self.needs.push(PossibleNeed {
            cause: cluster.cause,
            who,
            operations,
            seen: (cluster.path != "/**").then_some(path),
            names: Some(name.to_owned())
                .filter(|name| !name.is_empty())
                .into_iter()
                .collect(),
            requests,
            days: cluster.counts.days.clone(),
            span: cluster.counts.span,
            sample: cluster.counts.sample.clone(),
        });
    }

    /// Lines that show nothing at all, source by source.
    fn untold(&mut self, from: &Evidence<'_>) {
        let (names, places) = Presence::of(from.facts.iter().map(|source| source.shown.as_ref()));
        let mut sources: BTreeMap<usize, (u64, u64, DaySet)> = BTreeMap::new();
        for (source, place) in from.facts.iter().zip(places) {
            let sum = sources.entry(place).or_default();
            sum.0 += source.counts.records;
            sum.1 += source.counts.untold;
            sum.2.add(&source.counts.untold_days);
        }
        for (place, (records, untold, days)) in sources {
            if untold == 0 {
                continue;
            }
            let often = untold > 1 && untold * UNTOLD_SHARE > records;
            let recurs = often || days.len() >= UNTOLD_DAYS;
            // With one source no client can be told from another.
            let several = from.presence.sources.len() > 1;
            let name = names.sources.get(place);
            let index = name.and_then(|source| from.presence.sources.binary_search(source).ok());
            let carried = |places: &&BTreeSet<usize>| index.is_some_and(|at| places.contains(&at));
            let clients = from
                .presence
                .clients
                .iter()
                .filter(|client| carried(&client.1));
            let span = match (days.first(), days.last()) {
                (Some(first), Some(last)) => Some((first.start(), last.start())),
                _ => None,
            };
            self.needs.push(PossibleNeed {
                cause: Cause::Unreadable,
                who: if several {
                    Who::Clients(clients.map(|client| ClientName::new(client.0)).collect())
                } else {
                    Who::Everyone
                },
                operations: if recurs { Near::All } else { Near::None },
                seen: None,
                names: BTreeSet::new(),
                requests: untold,
                days,
                span,
                sample: None,
            });
        }
    }
}

fn name(table: &UsageTable, client: u32) -> &str {
    table
        .clients
        .get(client as usize)
        .map_or("", String::as_str)
}
