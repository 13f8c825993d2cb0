//! Small cases for the rules' tests: a catalogue, a policy, and what was done.

mod credentials;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Context, Finding, Settings, by_name};
use crate::analysis::category::{CategoryOverrides, categories};
use crate::analysis::minimum::Universe;
use crate::analysis::weight::weights;
use crate::analysis::{self, Hints, Inputs, Objective, PROTOCOL_SCOPES};
use crate::catalog::matcher::{MatchOptions, Matcher};
use crate::format::AuthKind;
use crate::grants;
use crate::model::{
    Catalog, ClientName, Day, Exception, Method, Millis, Operation, Outcome, Policy, Requirement,
    Scope, ScopeMatch, Semantics, Window,
};
use crate::usage::credentials::{
    Agent, Carried, CredentialRow, Facts, HashKey, Hours, Network, Which,
};
use crate::usage::ledger::Withdrawn;
use crate::usage::{
    ClientUse, Cluster, Coverage, DayUse, Days, PossibleNeeds, RouteUse, SourceFacts, UsageTable,
    Within,
};

/// First and last instant.
type Span = Option<(Millis, Millis)>;
type Cells = BTreeMap<(String, u32, i32), [u64; Outcome::ALL.len()]>;

pub(super) struct Case {
    pub(super) catalog: Catalog,
    pub(super) grants: (String, &'static str),
    pub(super) days: i32,
    pub(super) matching: ScopeMatch,
    pub(super) exceptions: Vec<Exception>,
    pub(super) unmatched: BTreeMap<ClientName, Vec<Cluster>>,
    pub(super) settings: Settings,
    pub(super) withdrawn: Vec<Withdrawn>,
    pub(super) sources: Vec<SourceFacts>,
    cells: Cells,
    hours: BTreeMap<(String, u32, i32), [Span; 2]>,
    rows: Vec<(String, CredentialRow)>,
    tokens: Vec<(String, &'static str, Carried)>,
}

/// Operations as `METHOD /path = scopes`; scopes are separated by `|` (any of them).
pub(super) fn case(operations: &[&str], grants: &str) -> Case {
    let operations = operations
        .iter()
        .map(|text| {
            let (label, scopes) = text.split_once(" = ").unwrap();
            let (method, path) = label.split_once(' ').unwrap();
            let clauses = scopes
                .split('|')
                .filter(|scope| !scope.is_empty())
                .map(|scope| BTreeSet::from([Scope::new(scope)]))
                .collect();
            let method = Method::parse(method.as_bytes());
            Operation::new(method, path, Requirement::AnyOf(clauses))
        })
        .collect();
    let name = if grants.trim_start().starts_with('{') {
        "grants.json"
    } else {
        "grants.yaml"
    };
    Case {
        catalog: Catalog {
            operations,
            ..Catalog::default()
        },
        grants: (grants.to_owned(), name),
        days: 200,
        matching: ScopeMatch::Exact,
        exceptions: Vec::new(),
        unmatched: BTreeMap::new(),
        settings: Settings::default(),
        withdrawn: Vec::new(),
        sources: Vec::new(),
        cells: Cells::new(),
        hours: BTreeMap::new(),
        rows: Vec::new(),
        tokens: Vec::new(),
    }
}

impl Case {
    fn route(&self, operation: &str) -> u32 {
        let matcher = self.matcher();
        let mut routes = matcher.routes().iter();
        let route = routes.position(|route| route.label() == operation).unwrap();
        u32::try_from(route).unwrap()
    }

    /// Of a day's requests, those of one kind lie between these hours.
    pub(super) fn at(
        mut self,
        client: &str,
        operation: &str,
        day: i32,
        (refused, from, to): (bool, i64, i64),
    ) -> Self {
        let route = self.route(operation);
        let spans = self
            .hours
            .entry((client.to_owned(), route, day))
            .or_default();
        let of = |hour: i64| Day(day).start() + hour * 3_600_000;
        spans[usize::from(refused)] = Some((of(from), of(to)));
        self
    }

    /// `count` of a day's requests had a token with these scopes.
    pub(super) fn with_token(
        mut self,
        (client, scopes): (&str, &'static str),
        operation: &str,
        days: impl IntoIterator<Item = i32>,
        (refused, count): (bool, u64),
    ) -> Self {
        let route = self.route(operation);
        for day in days {
            let noon = Day(day).start() + 43_200_000;
            let carried = Carried {
                day: Day(day),
                client: 0,
                route,
                refused,
                set: None,
                count,
                first: noon,
                last: noon + 1,
            };
            self.tokens.push((client.to_owned(), scopes, carried));
        }
        self
    }

    fn matcher(&self) -> Matcher {
        Matcher::new(&self.catalog.operations, MatchOptions::default()).0
    }

    /// `count` requests on each of the days.
    pub(super) fn did(
        mut self,
        client: &str,
        operation: &str,
        days: impl IntoIterator<Item = i32>,
        (outcome, count): (Outcome, u64),
    ) -> Self {
        let route = self.route(operation);
        for day in days {
            let cell = self
                .cells
                .entry((client.to_owned(), route, day))
                .or_default();
            cell[outcome as usize] += count;
        }
        self
    }

    /// A credential seen on each of the days; `set` fills in the facts.
    pub(super) fn showed(
        mut self,
        client: &str,
        (id, kind): (&str, AuthKind),
        days: impl IntoIterator<Item = i32>,
        set: impl Fn(&mut Facts),
    ) -> Self {
        for day in days {
            let noon = Day(day).start() + 43_200_000;
            let mut facts = Facts {
                count: 10,
                refused: 0,
                first: noon,
                last: noon + 1,
                lifetime: None,
                left: None,
                endless: 0,
                scoped: 0,
                expired: 0,
                networks: Hours::default(),
                agents: Hours::default(),
            };
            set(&mut facts);
            let credential = match id {
                "" => Which::Unnamed,
                id => Which::Named(HashKey::default().hash(id.as_bytes())),
            };
            let row = CredentialRow {
                day: Day(day),
                client: 0,
                credential,
                kind,
                facts,
            };
            self.rows.push((client.to_owned(), row));
        }
        self
    }

    /// What a rule says, or what it misses.
    pub(super) fn run(&self, rule: &str) -> Result<Vec<Finding>, String> {
        let rule = by_name(rule).unwrap();
        self.with(|context| {
            let settings = self.settings.of(rule.doc());
            rule.evaluable(context, &settings)
                .map_err(|missing| missing.0)?;
            Ok(rule.check(context, &settings))
        })
    }

    /// The messages of a rule.
    pub(super) fn says(&self, rule: &str) -> Vec<String> {
        let found = self.run(rule).unwrap();
        found
            .into_iter()
            .map(|finding| {
                format!(
                    "{} {}: {}",
                    finding.severity.name(),
                    finding.client,
                    finding.message
                )
            })
            .collect()
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&Context<'_>) -> T) -> T {
        let matcher = self.matcher();
        let (text, name) = &self.grants;
        let file = grants::read(Arc::from(text.as_bytes()), name).unwrap();
        let semantics = Semantics {
            matching: self.matching,
            implies: BTreeMap::new(),
        };
        let policy = Policy {
            files: vec![file],
            ..Policy::default()
        };
        let weights = weights(&self.catalog, &[]);
        let coverage = Coverage {
            days: (0..self.days).map(|day| (Day(day), 1)).collect(),
            gaps: Vec::new(),
        };
        let mut usage = self.usage();
        let clients = policy.clients();
        for name in self.unmatched.keys() {
            usage.entry(name.clone()).or_insert_with(|| ClientUse {
                client: Self::number(name.as_str()),
                routes: Vec::new(),
            });
        }
        let unplaced = self.unmatched.iter();
        let unplaced = unplaced
            .map(|(name, clusters)| (Self::number(name.as_str()), clusters.clone()))
            .collect();
        let nobody = usage.remove(&ClientName::new("")).unwrap_or_default();
        let others = usage.extract_if(.., |name, _| !clients.contains(name));
        let others: BTreeMap<ClientName, ClientUse> = others.collect();
        let inputs = Inputs {
            catalog: &self.catalog,
            semantics: &semantics,
            routes: matcher.routes(),
            weights: &weights,
            policy: &policy,
            usage: &usage,
            former: &BTreeMap::new(),
            unmatched: &self.unmatched,
            coverage: &coverage,
            possible: &PossibleNeeds::default(),
            blind: &BTreeMap::new(),
            history: &grants::history::History::default(),
            exceptions: &self.exceptions,
        };
        let options = analysis::Options {
            window: Window {
                from: Day(0),
                to: Day(self.days - 1),
            },
            hints: Hints::default(),
            objective: Objective::default(),
            narrow: false,
            protocol: PROTOCOL_SCOPES
                .iter()
                .map(|name| Scope::new(name))
                .collect(),
            protected: Vec::new(),
            needs: Vec::new(),
            thresholds: analysis::landmark::Thresholds::default(),
            all_operations_logged: None,
            node_budget: 10_000,
        };
        let mut analysis = analysis::analyse(&inputs, &options);
        let universe = Universe::new(&self.catalog, &semantics, &weights);
        let credentials = self.table();
        let outside = analysis::replay::observed::Outside {
            late_counts: true,
            begins: None,
        };
        let seen = (&UsageTable::default(), outside, &credentials);
        analysis::demand::fill(&mut analysis, &inputs, &universe, &options.protocol, seen);
        let categories = categories(&self.catalog, &CategoryOverrides::default());
        look(&Context {
            analysis: &analysis,
            policy: &policy,
            catalog: &self.catalog,
            routes: matcher.routes(),
            universe: &universe,
            semantics: &semantics,
            weights: &weights,
            categories: &categories,
            usage: &usage,
            coverage: &coverage,
            exceptions: &self.exceptions,
            credentials: &credentials,
            withdrawn: &self.withdrawn,
            others: &others,
            nobody: &nobody,
            alike: &BTreeMap::new(),
            unplaced: &unplaced,
            sources: &self.sources,
        })
    }

    /// The index of a client in the usage table of a case.
    pub(super) fn number(client: &str) -> u32 {
        client
            .bytes()
            .fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 1_000_003)
    }

    fn usage(&self) -> BTreeMap<ClientName, ClientUse> {
        let mut usage: BTreeMap<ClientName, ClientUse> = BTreeMap::new();
        for ((client, route, day), counts) in &self.cells {
            let client_use = usage.entry(ClientName::new(client)).or_insert(ClientUse {
                client: Self::number(client),
                routes: Vec::new(),
            });
            if client_use
                .routes
                .last()
                .is_none_or(|last| last.route != *route)
            {
                client_use.routes.push(RouteUse {
                    route: *route,
                    days: Days::default(),
                });
            }
            let noon = Day(*day).start() + 43_200_000;
            let key = (client.clone(), *route, *day);
            let [passed, refused] = self.hours.get(&key).copied().unwrap_or_default();
            let within = |span| Within::new(Day(*day), span);
            let days = &mut client_use.routes.last_mut().unwrap().days;
            let next = DayUse {
                day: *day,
                counts: *counts,
                first: noon,
                last: noon + 60_000,
                passed: within(passed),
                refused: within(refused),
            };
            *days = days.iter().chain([next]).collect();
        }
        usage
    }
}

/// Networks `10.0.n.0/24` that were active in the same hour.
pub(super) fn networks(facts: &mut Facts, count: u8) {
    for n in 0..count {
        let network = Network::of(format!("10.0.{n}.1").as_bytes()).unwrap();
        facts.networks.add(&network, 1 << 12, 8);
    }
}

/// User agents that were active in the same hour.
pub(super) fn agents(facts: &mut Facts, names: &[&str]) {
    for name in names {
        facts.agents.add(&Agent::named(name), 1 << 12, 4);
    }
}
