use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::analysis::Status;
use crate::catalog::matcher::Route;
use crate::model::{Catalog, Day, Method, Operation, Policy, Semantics, Window};
use crate::usage::credentials::{CredentialRow, Facts, Hours, Issued, Which};
use crate::usage::{ClientUse, Coverage, PossibleNeeds};

/// `a` holds `orders:read`; `POST /orders` needs `orders:write + audit` or `admin`.
struct World {
    catalog: Catalog,
    routes: Vec<Route>,
    policy: Policy,
    semantics: Semantics,
}

fn world(grants: &str) -> World {
    let all = |sets: &[&[&str]]| {
        let clause = |set: &&[&str]| set.iter().map(|scope| Scope::new(scope)).collect();
        Requirement::AnyOf(sets.iter().map(clause).collect())
    };
    let operations = vec![
        Operation::new(Method::Get, "/orders", all(&[&["orders:read"]])),
        Operation::new(
            Method::Post,
            "/orders",
            all(&[
                &["admin"],
                &["orders:write", "orders:read"],
                &["orders:write", "audit"],
            ]),
        ),
        Operation::new(Method::Delete, "/users", all(&[&["admin"]])),
        Operation::new(Method::Get, "/open", Requirement::none()),
        Operation::new(Method::Get, "/unsaid", Requirement::Unspecified),
    ];
    let routes = (0..operations.len())
        .map(|operation| Route {
            method: operations[operation].method,
            template: operations[operation].path.clone(),
            operations: vec![operation],
        })
        .collect();
    let file = crate::grants::read(Arc::from(grants.as_bytes()), "grants.yaml").unwrap();
    World {
        catalog: Catalog {
            operations,
            ..Catalog::default()
        },
        routes,
        policy: Policy {
            files: vec![file],
            ..Policy::default()
        },
        semantics: Semantics::default(),
    }
}

impl World {
    fn with<T>(&self, look: impl FnOnce(&Judge<'_>, &mut ClientAnalysis) -> T) -> T {
        let weights = [1; 5];
        let universe = Universe::new(&self.catalog, &self.semantics, &weights);
        let coverage = Coverage {
            days: (0..100).map(|day| (Day(day), 1)).collect(),
            gaps: Vec::new(),
        };
        let usage: BTreeMap<ClientName, ClientUse> = BTreeMap::new();
        let inputs = Inputs {
            catalog: &self.catalog,
            semantics: &self.semantics,
            routes: &self.routes,
            weights: &weights,
            policy: &self.policy,
            usage: &usage,
            former: &BTreeMap::new(),
            unmatched: &BTreeMap::new(),
            coverage: &coverage,
            history: &crate::grants::history::History::default(),
            possible: &PossibleNeeds::default(),
            blind: &BTreeMap::new(),
            exceptions: &[],
        };
        let options = crate::analysis::Options {
            window: Window {
                from: Day(0),
                to: Day(99),
            },
            hints: crate::analysis::Hints::default(),
            objective: crate::analysis::Objective::default(),
            narrow: false,
            protocol: BTreeSet::new(),
            protected: Vec::new(),
            needs: Vec::new(),
            thresholds: crate::analysis::landmark::Thresholds::default(),
            all_operations_logged: None,
            node_budget: 1_000,
        };
        let mut analysis = crate::analysis::analyse(&inputs, &options);
        let judge = Judge {
            inputs: &inputs,
            universe: &universe,
        };
        assert_ne!(analysis.clients[0].status, Status::Active);
        look(&judge, &mut analysis.clients[0])
    }

    /// What the tokens carried on the first `days` days.
    fn tokens(&self, days: i32, scopes: &[&str]) -> Tokens {
        let row = |day: i32| CredentialRow {
            day: Day(day),
            client: 0,
            credential: Which::Unnamed,
            kind: crate::format::AuthKind::Token,
            facts: Facts {
                count: 2,
                refused: 0,
                first: 0,
                last: 1,
                lifetime: None,
                left: None,
                endless: 0,
                expired: 0,
                scoped: 2,
                networks: Hours::default(),
                agents: Hours::default(),
            },
        };
        let issued = Issued {
            count: 5,
            first: 0,
            last: Day(days).start() - 1,
        };
        let table = CredentialTable {
            clients: vec!["a".to_owned()],
            rows: (0..days).map(row).collect(),
            issued: scopes
                .iter()
                .map(|scope| ((0, (*scope).to_owned()), issued))
                .collect(),
            ..CredentialTable::default()
        };
        let protocol = BTreeSet::from([Scope::new("openid")]);
        self.with(|judge, client| {
            let carried = tokens::by_client(&table, Day(99));
            let tokens = carried.get("a");
            tokens::judge(client, judge.inputs, judge.universe, &protocol, tokens)
        })
    }

    fn refused(&self, route: u32, tokens: &Tokens) -> Refused {
        let seen = RefusedUse {
            service: 3,
            days: 1,
            ..RefusedUse::default()
        };
        self.with(|judge, client| {
            let issued = IssuedTerms::of(tokens, judge.universe);
            judge.refused(client, (tokens, &issued), route, &seen)
        })
    }
}

const GRANTS: &str = "version: 1\nclients:\n  a: {scopes: [orders:read, reports]}\n";

#[test]
fn what_would_open_an_operation_lacks_what_is_held_and_the_least_comes_first() {
    let world = world(GRANTS);
    let found = world.refused(1, &Tokens::default());
    assert_eq!(found.cause, Cause::NotGranted);
    let ways: Vec<(String, usize, usize)> = found
        .ways
        .iter()
        .map(|way| {
            let names: Vec<String> = way.scopes.iter().map(ToString::to_string).collect();
            (names.join("+"), way.operations, way.writes)
        })
        .collect();
    assert_eq!(
        ways,
        [
            ("orders:write".to_owned(), 1, 1),
            ("admin".to_owned(), 2, 2)
        ],
        "`orders:write + audit` asks for more than `orders:write` with what is held"
    );
    // One of three restricted operations of equal weight.
    assert!((found.ways[0].exposure - 0.3333).abs() < 1e-4, "{found:?}");
    assert_eq!(found.in_token, None, "no token was seen");
}

#[test]
fn the_cause_is_told_apart_and_nothing_is_called_not_granted_without_a_requirement() {
    let world = world(GRANTS);
    let cause = |route| world.refused(route, &Tokens::default()).cause;
    assert_eq!(cause(0), Cause::Granted);
    assert_eq!(cause(2), Cause::NotGranted);
    assert_eq!(cause(3), Cause::AsksNothing);
    assert_eq!(cause(4), Cause::Unknown);
    assert_eq!(cause(UNMATCHED), Cause::Unknown);
    assert_eq!(cause(77), Cause::Unknown);
    let held = world.refused(0, &Tokens::default());
    assert_eq!(held.terms, [Term::new("orders:read")]);
}

#[test]
fn a_token_that_carried_it_is_said_in_both_directions() {
    let world = world(GRANTS);
    let tokens = world.tokens(40, &["admin", "openid"]);
    assert_eq!(world.refused(1, &tokens).in_token, Some(true));
    assert_eq!(
        world.refused(1, &tokens).ways[1].carried,
        [Scope::new("admin")]
    );
    // Granted, and the token did not have it.
    let write = world.tokens(40, &["orders:write"]);
    assert_eq!(world.refused(0, &write).in_token, Some(false));
}

#[test]
fn never_issued_needs_tokens_on_enough_days_since_the_grant_and_comparable_names() {
    let granted = "version: 1\nclients:\n  a: {scopes: [orders:read, orders:write]}\n";
    let with = world(granted);
    let never = |days, scopes: &[&str]| with.tokens(days, scopes).never_issued;
    assert_eq!(Tokens::default().never_issued, Err(NotEvaluable::NoScopes));
    assert_eq!(never(29, &["orders:read"]), Err(NotEvaluable::FewDays));
    assert_eq!(
        never(30, &["orders:read"]),
        Ok(vec![Term::new("orders:write")])
    );
    assert_eq!(never(30, &["orders:read", "orders:write"]), Ok(Vec::new()));
    assert_eq!(
        never(30, &["api://x/.default"]),
        Err(NotEvaluable::OtherNames)
    );
    assert_eq!(never(30, &["orders:read", ""]), Err(NotEvaluable::Unread));
    let many: Vec<String> = (0..256).map(|at| format!("orders:{at}")).collect();
    let many: Vec<&str> = many
        .iter()
        .map(String::as_str)
        .chain(["orders:read"])
        .collect();
    assert_eq!(never(30, &many), Err(NotEvaluable::TooMany));
    let young = world(
        "version: 1\nclients:\n  a: {scopes: [orders:read, {scope: orders:write, since: 1970-01-20}]}\n",
    );
    assert_eq!(
        young.tokens(40, &["orders:read"]).never_issued,
        Ok(Vec::new())
    );
}

#[test]
fn what_is_issued_and_not_granted_is_named_and_protocol_scopes_are_not() {
    let tokens = world(GRANTS).tokens(3, &["orders:read", "admin", "openid"]);
    let beyond: Vec<&str> = tokens
        .not_granted()
        .map(|issued| issued.scope.as_str())
        .collect();
    assert_eq!(beyond, ["admin"]);
    let others = world(GRANTS).tokens(3, &["urn:x"]);
    assert_eq!(others.scopes[0].standing, Standing::Unknown);
}
