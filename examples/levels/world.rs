//! What the analysis reads of one organisation, made from its grants and days of use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scopetrim::analysis::{
    Analysis, Basis, Evidence, Hints, Inputs, Objective, Options, Thresholds, analyse,
};
use scopetrim::model::{
    Catalog, ClientName, Day, Entry, Granted, Level, Method, Operation, Place, Policy, PolicyFile,
    Reason, Requirement, Scope, Semantics, Span, Subject, Term, Verdict, Window,
};
use scopetrim::run::{History, Route};
use scopetrim::stages::{SourceStatus, in_rhythm, is_old, weights};
use scopetrim::usage::{
    ClientUse, Coverage, DayUse, FileCounts, PossibleNeeds, RouteUse, SourceFacts,
};

/// Longest window of a run without `--window`.
pub(crate) const WINDOW: u32 = 365;

/// A client and a scope.
pub(crate) type Key = (String, String);

/// What an organisation granted, and what was used when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenant {
    /// Since when each grant is held.
    pub(crate) grants: BTreeMap<Key, Day>,
    /// The days on which it was used, in order; also of what is no longer granted.
    pub(crate) uses: BTreeMap<Key, Vec<Day>>,
    /// Days of the log on which somebody without a grant was seen.
    pub(crate) others: BTreeSet<Day>,
}

/// What is said about one grant.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) evidence: Option<Evidence>,
    /// What the program says; `None` when it is kept or cannot be told.
    pub(crate) level: Option<Level>,
    /// What the method alone says of a removal, without the guards that look at other things.
    pub(crate) method: Level,
    /// Advice to suspend its client, and how safe that is.
    pub(crate) suspend: Option<Level>,
    /// What holds the level down, and the facts of its use.
    pub(crate) reasons: Vec<Reason>,
}

impl Tenant {
    /// What would have been said at the end of a day, of a log from `from` on.
    pub(crate) fn said(&self, from: Day, at: Day) -> BTreeMap<Key, Said> {
        self.said_within(WINDOW, from, at)
    }

    /// The same, where a use in the last `window` days keeps a grant.
    pub(crate) fn said_within(&self, window: u32, from: Day, at: Day) -> BTreeMap<Key, Said> {
        let analysis = self.analyse(window, from, at);
        let thresholds = Thresholds::default();
        let mut said = BTreeMap::new();
        for client in &analysis.clients {
            let suspend = client.suspend.as_ref().map(|suspension| suspension.level);
            for found in &client.terms {
                let removed = found.verdict == Verdict::Remove;
                let verdict = Said {
                    evidence: found.evidence,
                    level: found.level.filter(|_| removed),
                    method: found.evidence.map_or(Level::Review, |evidence| {
                        method(&evidence, &analysis.basis, &thresholds)
                    }),
                    suspend,
                    reasons: found.reasons.clone(),
                };
                said.insert((client.id.to_string(), found.term.to_string()), verdict);
            }
        }
        said
    }

    /// The analysis as the command line would run it.
    fn analyse(&self, longest: u32, from: Day, at: Day) -> Analysis {
        let window = from..=at;
        let scopes: BTreeSet<&String> = self
            .grants
            .keys()
            .chain(self.uses.keys())
            .map(|grant| &grant.1)
            .collect();
        let scopes: Vec<&String> = scopes.into_iter().collect();
        let mut days: BTreeMap<Day, u64> = BTreeMap::new();
        let mut usage: BTreeMap<&String, Vec<RouteUse>> = BTreeMap::new();
        for ((client, scope), dates) in &self.uses {
            let dates_used: Vec<Day> = dates
                .iter()
                .copied()
                .filter(|day| window.contains(day))
                .collect();
            for day in &dates_used {
                *days.entry(*day).or_default() += 1;
            }
            let route = scopes.binary_search(&scope).unwrap_or_default();
            if !dates_used.is_empty() {
                usage.entry(client).or_default().push(RouteUse {
                    route: u32::try_from(route).unwrap_or(u32::MAX),
                    days: dates_used.into_iter().map(used).collect(),
                });
            }
        }
        for day in self.others.iter().filter(|day| window.contains(day)) {
            *days.entry(*day).or_default() += 1;
        }
        let catalog = Catalog {
            operations: scopes.iter().map(|scope| operation(scope)).collect(),
            ..Catalog::default()
        };
        let routes: Vec<Route> = scopes
            .iter()
            .enumerate()
            .map(|(index, scope)| Route {
                method: Method::Get,
                template: format!("/{scope}"),
                operations: vec![index],
            })
            .collect();
        let usage = usage
            .into_iter()
            .zip(0..)
            .map(|((client, routes), number)| {
                (
                    ClientName::new(client),
                    ClientUse {
                        client: number,
                        routes,
                    },
                )
            });
        let held: BTreeSet<&String> = self
            .grants
            .iter()
            .filter(|(_, since)| **since <= at)
            .map(|(key, _)| &key.0)
            .collect();
        let (usage, former) = usage.partition(|(name, _)| held.contains(&name.as_str().to_owned()));
        let inputs = Inputs {
            semantics: &Semantics::default(),
            routes: &routes,
            weights: &weights(&catalog, &[]),
            catalog: &catalog,
            policy: &self.policy(at),
            usage: &usage,
            former: &former,
            unmatched: &BTreeMap::new(),
            coverage: &Coverage::new(&[source(days)], 0.01),
            blind: &BTreeMap::new(),
            possible: &PossibleNeeds::default(),
            history: &History::default(),
            exceptions: &[],
        };
        let mut window = Window::ending(at, longest);
        window.from = window.from.max(from);
        let options = Options {
            window,
            hints: Hints::default(),
            objective: Objective::default(),
            narrow: false,
            protocol: BTreeSet::new(),
            protected: Vec::new(),
            needs: Vec::new(),
            thresholds: Thresholds::default(),
            all_operations_logged: None,
            node_budget: 2_000_000,
        };
        analyse(&inputs, &options)
    }

    /// Whether a grant was used in the days that follow `at`.
    pub(crate) fn comes_back(&self, key: &Key, at: Day, within: i32) -> bool {
        let days = self.uses.get(key).map_or(&[][..], |dates| dates);
        let next = days.get(days.partition_point(|day| *day <= at));
        next.is_some_and(|next| next.0 - at.0 <= within)
    }

    fn policy(&self, at: Day) -> Policy {
        let file: Arc<str> = Arc::from("grants.csv");
        let held = self.grants.iter().filter(|(_, since)| **since <= at);
        let entries = held
            .clone()
            .zip(2..)
            .map(|(((client, scope), since), line)| Entry {
                audience: None,
                subject: Subject::Client(ClientName::new(client)),
                granted: Granted::Term(Term::new(scope)),
                optional: false,
                since: Some(*since),
                since_line: None,
                owner: None,
                keep: None,
                place: Place {
                    file: Arc::clone(&file),
                    line,
                },
                span: Span { start: 0, end: 0 },
                frozen: None,
            });
        let entries = entries.collect();
        let clients = held.map(|((client, _), _)| ClientName::new(client));
        Policy {
            audience: None,
            files: vec![PolicyFile {
                clients: clients.collect(),
                entries,
                ..PolicyFile::new(Arc::clone(&file), "csv", Arc::from(&[][..]))
            }],
        }
    }
}

/// The method's own level: the estimate, age and rhythm, the season, and the brake.
fn method(evidence: &Evidence, basis: &Basis, thresholds: &Thresholds) -> Level {
    if basis.covered < 90 || !is_old(&evidence.state) || in_rhythm(&evidence.state) {
        return Level::Review;
    }
    let season = evidence.season.map_or(Level::Safe, |(level, _)| level);
    thresholds
        .level(&evidence.odds)
        .max(season)
        .max(basis.past.safest())
}

fn operation(scope: &str) -> Operation {
    let needs = Requirement::AnyOf(vec![BTreeSet::from([Scope::new(scope)])]);
    Operation::new(Method::Get, format!("/{scope}"), needs)
}

/// One log with records on these days.
fn source(days: BTreeMap<Day, u64>) -> SourceFacts {
    SourceFacts {
        shown: Arc::from("access.log"),
        format: None,
        counts: FileCounts {
            records: days.values().sum(),
            days,
            ..FileCounts::default()
        },
        digest: None,
        status: SourceStatus::Complete,
        bytes: 1,
    }
}

/// One served request.
fn used(day: Day) -> DayUse {
    let mut counts = [0; scopetrim::model::Outcome::ALL.len()];
    counts[0] = 1;
    DayUse {
        day: day.0,
        counts,
        first: day.start(),
        last: day.start(),
        ..DayUse::default()
    }
}
