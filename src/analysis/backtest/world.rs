//! A small world for tests: operations, a policy, days of use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::analysis::minimum::Universe;
use crate::analysis::{Hints, Objective, landmark::Thresholds};
use crate::catalog::matcher::Route;
use crate::model::{Catalog, Method, Operation, Outcome, Policy, Requirement, Scope, Semantics};
use crate::usage::{ClientUse, Coverage, DayUse, Days, PossibleNeeds, RouteUse};

pub(in crate::analysis) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Everything the analysis borrows. Operation and route n asks for the n-th letter.
#[derive(Clone)]
pub(in crate::analysis) struct World {
    pub(in crate::analysis) catalog: Catalog,
    semantics: Semantics,
    routes: Vec<Route>,
    pub(in crate::analysis) policy: Policy,
    pub(in crate::analysis) usage: BTreeMap<ClientName, ClientUse>,
    pub(in crate::analysis) coverage: Coverage,
}

impl World {
    /// A log of every day of the span, and a policy file as YAML.
    pub(super) fn new(letters: &[&str], policy: &str, span: (&str, &str)) -> Self {
        let needs: Vec<Vec<String>> = letters
            .iter()
            .map(|letter| vec![(*letter).to_owned()])
            .collect();
        Self::of(&needs, policy, span)
    }

    /// The same, with operations that any of some scopes opens.
    pub(in crate::analysis) fn of(
        needs: &[Vec<String>],
        policy: &str,
        (from, to): (&str, &str),
    ) -> Self {
        let operations = needs.iter().enumerate().map(|(number, scopes)| {
            let clauses = scopes.iter().map(|scope| [Scope::new(scope)].into());
            let needs = Requirement::AnyOf(clauses.collect());
            Operation::new(Method::Get, format!("/{number}"), needs)
        });
        let route = |operation: usize| Route {
            method: Method::Get,
            template: format!("/{operation}"),
            operations: vec![operation],
        };
        let days = (day(from).0..=day(to).0).map(|day| (Day(day), 1));
        let file = crate::grants::read(Arc::from(policy.as_bytes()), "grants.yaml").unwrap();
        Self {
            catalog: Catalog {
                operations: operations.collect(),
                ..Catalog::default()
            },
            semantics: Semantics::default(),
            routes: (0..needs.len()).map(route).collect(),
            policy: Policy {
                files: vec![file],
                ..Policy::default()
            },
            usage: BTreeMap::new(),
            coverage: Coverage {
                days: days.collect(),
                gaps: Vec::new(),
            },
        }
    }

    pub(in crate::analysis) fn uses(
        &mut self,
        client: &str,
        route: u32,
        days: impl IntoIterator<Item = Day>,
    ) {
        let next = u32::try_from(self.usage.len()).unwrap() + 1;
        let entry = self.usage.entry(ClientName::new(client));
        let (client, routes) = (next, Vec::new());
        let client_use = entry.or_insert(ClientUse { client, routes });
        if !client_use
            .routes
            .iter()
            .any(|route_use| route_use.route == route)
        {
            client_use.routes.push(RouteUse {
                route,
                days: Days::default(),
            });
        }
        client_use.routes.sort_by_key(|route_use| route_use.route);
        let known = client_use
            .routes
            .iter_mut()
            .find(|route_use| route_use.route == route);
        let known = known.unwrap();
        let mut all: Vec<DayUse> = known.days.iter().collect();
        for day in days {
            let mut counts = [0; Outcome::ALL.len()];
            counts[Outcome::Used as usize] = 2;
            all.push(DayUse {
                day: day.0,
                counts,
                first: day.start() + 1,
                last: day.start() + 2,
                ..DayUse::default()
            });
        }
        all.sort_by_key(|day| day.day);
        all.dedup_by_key(|day| day.day);
        known.days = all.into();
    }

    pub(in crate::analysis) fn ask<T>(&self, work: impl FnOnce(&Inputs<'_>, &Options) -> T) -> T {
        let weights = vec![1; self.catalog.operations.len()];
        let inputs = Inputs {
            catalog: &self.catalog,
            semantics: &self.semantics,
            routes: &self.routes,
            weights: &weights,
            policy: &self.policy,
            history: &History::default(),
            usage: &self.usage,
            former: &BTreeMap::new(),
            unmatched: &BTreeMap::new(),
            coverage: &self.coverage,
            possible: &PossibleNeeds::default(),
            blind: &BTreeMap::new(),
            exceptions: &[],
        };
        let span = self.coverage.span().unwrap();
        let options = Options {
            window: Window::ending(span.to, span.days().min(365)),
            hints: Hints::Tiebreak,
            objective: Objective::Reach,
            narrow: false,
            protocol: BTreeSet::new(),
            protected: Vec::new(),
            needs: Vec::new(),
            thresholds: Thresholds {
                likely_p: 1.0,
                likely_upper: 1.0,
                ..Thresholds::default()
            },
            all_operations_logged: None,
            node_budget: 100_000,
        };
        work(&inputs, &options)
    }

    pub(super) fn backtest(&self) -> Backtest {
        self.ask_prepared(backtest)
    }

    /// With what does not change with the date.
    pub(super) fn ask_prepared<T>(
        &self,
        work: impl FnOnce(&Prepared<'_>, &Inputs<'_>, &Options) -> T,
    ) -> T {
        self.ask(|inputs, options| {
            let universe = Universe::new(inputs.catalog, inputs.semantics, inputs.weights);
            work(&Prepared::new(inputs, options, &universe), inputs, options)
        })
    }
}
