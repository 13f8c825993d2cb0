//! A small result made by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::View;
use crate::analysis::{
    Action, Analysis, Basis, ClientAnalysis, Completeness, Exposure, Rhythm, Served, Status,
    TermAnalysis,
};
use crate::catalog::matcher::Route;
use crate::grants::history::SinceFrom;
use crate::model::{
    Catalog, Cause, ClientName, ContentDigest, Day, Entry, Granted, Kind, Level, Membership,
    Method, Operation, Place, Policy, PolicyFile, Reason, Requirement, Role, RoleName, Scope, Span,
    Subject, Term, Verdict, Via, Warning, Window,
};
use crate::usage::{Cluster, ClusterCounts, Coverage};

/// Owns what a view borrows.
pub(super) struct Sample {
    pub(super) analysis: Analysis,
    pub(super) policy: Policy,
    pub(super) catalog: Catalog,
    pub(super) routes: Vec<Route>,
    pub(super) coverage: Coverage,
    pub(super) actions: Vec<Action>,
    pub(super) level: Level,
    pub(super) warnings: Vec<Warning>,
    pub(super) only_in_log: Vec<(String, u64)>,
    pub(super) unused_names: Vec<ClientName>,
    pub(super) incomplete: Vec<String>,
    pub(super) usage_notes: Vec<String>,
    pub(super) outcomes: crate::finding::Outcomes,
}

impl Sample {
    pub(super) fn view(&self) -> View<'_> {
        View {
            analysis: &self.analysis,
            compared: &[],
            policy: &self.policy,
            catalog: &self.catalog,
            routes: &self.routes,
            coverage: &self.coverage,
            inputs: &[],
            actions: &self.actions,
            level: self.level,
            warnings: &self.warnings,
            only_in_log: &self.only_in_log,
            unused_names: &self.unused_names,
            incomplete: &self.incomplete,
            usage_notes: &self.usage_notes,
            backtest: None,
            outcomes: &self.outcomes,
            blast: &[],
        }
    }
}

pub(super) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn entry(line: u32, subject: Subject, granted: Granted) -> Entry {
    Entry {
        subject,
        granted,
        optional: false,
        since: None,
        since_line: None,
        owner: None,
        keep: None,
        place: Place {
            file: Arc::from("grants.yaml"),
            line,
        },
        span: Span { start: 0, end: 0 },
        audience: None,
        frozen: None,
    }
}

pub(super) fn term(name: &str, entry: usize) -> TermAnalysis {
    TermAnalysis {
        term: Term::new(name),
        vias: vec![Via {
            file: 0,
            entry,
            role: None,
        }],
        verdict: Verdict::Remove,
        kind: Some(Kind::Unused),
        level: Some(Level::Likely),
        reasons: vec![Reason::NeverUsed],
        since: Some(day("2025-01-15")),
        since_from: Some(SinceFrom::PolicyFile),
        rhythm: Rhythm::default(),
        evidence: None,
        witness: Vec::new(),
        serves: Vec::new(),
        replace_with: Vec::new(),
        held_by: BTreeSet::new(),
        held_by_more: 0,
        goes_with: BTreeSet::new(),
        possible: Vec::new(),
        strangers: Vec::new(),
        unseen: (0, Vec::new()),
    }
}

pub(super) fn client(name: &str, terms: Vec<TermAnalysis>) -> ClientAnalysis {
    let granted: BTreeSet<Term> = terms.iter().map(|term| term.term.clone()).collect();
    let kept = |term: &&TermAnalysis| term.verdict == Verdict::Keep;
    ClientAnalysis {
        id: ClientName::new(name),
        status: Status::Active,
        requests: 1204,
        last_seen: Some(day("2026-10-31").start() + 45_000_000),
        absent: BTreeSet::new(),
        seen: Completeness::default(),
        exposure: Exposure {
            before: 0.62,
            after_safe: 0.62,
            after_likely: 0.3,
            after_all: 0.11,
            needed: 0.1,
        },
        minimal: terms
            .iter()
            .filter(kept)
            .map(|term| term.term.clone())
            .collect(),
        suspend: None,
        minimal_proven: true,
        gap: None,
        granted,
        terms,
        needed: Vec::new(),
        unmatched_requests: 0,
        unmatched: Vec::new(),
        faint: false,
        denied: Vec::new(),
        complete: true,
        without_grant: Vec::new(),
        demand: crate::analysis::demand::Demand::default(),
    }
}

fn policy() -> Policy {
    let named = |name: &str| Subject::Client(ClientName::new(name));
    let role = || RoleName::new("admin");
    let entries = vec![
        entry(
            11,
            named("billing"),
            Granted::Term(Term::new("orders:read")),
        ),
        entry(
            12,
            named("billing"),
            Granted::Term(Term::new("orders:write")),
        ),
        entry(
            30,
            Subject::Role(role()),
            Granted::Term(Term::new("refunds:write")),
        ),
        entry(44, named("worker"), Granted::Role(role())),
    ];
    Policy {
        files: vec![PolicyFile {
            path: Arc::from("grants.yaml"),
            format: Arc::from("native"),
            bytes: Arc::from(&b""[..]),
            digest: ContentDigest::of(b""),
            entries,
            clients: BTreeSet::from([ClientName::new("billing"), ClientName::new("worker")]),
            roles: BTreeMap::from([(RoleName::new("admin"), Role::default())]),
            warnings: Vec::new(),
            matching: None,
            implies: BTreeMap::new(),
            ladders: BTreeMap::new(),
            in_parts: false,
            aliases: BTreeMap::new(),
            document: None,
        }],
        audience: None,
    }
}

fn billing(window: Window) -> ClientAnalysis {
    let (first, last) = (
        window.from.start() + 3_600_000,
        day("2026-10-31").start() + 45_000_000,
    );
    let mut read = term("orders:read", 0);
    read.verdict = Verdict::Keep;
    (read.kind, read.level, read.reasons) = (None, None, vec![Reason::Needed]);
    (read.serves, read.witness) = (vec![0], vec![0]);
    read.rhythm.add(window.from, 4, (first, first), window.to);
    read.rhythm
        .add(day("2026-10-31"), 1200, (last, last), window.to);
    let mut billing = client("billing", vec![read, term("orders:write", 1)]);
    billing.needed = vec![Served {
        operation: 0,
        count: 1204,
        used: 1200,
        first,
        last,
    }];
    billing.unmatched_requests = 2;
    billing.unmatched = vec![Cluster {
        cause: Cause::NoOperation,
        method: Method::Get,
        path: "/v2/orders/{}".to_owned(),
        counts: ClusterCounts {
            need: 2,
            served: 2,
            ..ClusterCounts::default()
        },
    }];
    billing.denied = vec![(1, 3, false)];
    billing
}

fn worker() -> ClientAnalysis {
    let mut refunds = term("refunds:write", 2);
    refunds.vias = vec![Via {
        file: 0,
        entry: 2,
        role: Some(Membership {
            role: RoleName::new("admin"),
            file: 0,
            entry: 3,
        }),
    }];
    (refunds.level, refunds.since) = (Some(Level::Review), None);
    refunds.reasons = vec![
        Reason::NeverUsed,
        Reason::GrantAgeUnknown,
        Reason::ClientSilent,
    ];
    let mut worker = client("worker", vec![refunds]);
    worker.status = Status::Silent;
    worker.last_seen = Some(day("2026-09-01").start());
    worker
}

fn actions() -> Vec<Action> {
    let action =
        |entry: usize, client: &str, term: &str, level: Level, reasons: &[Reason]| Action {
            file: 0,
            entry,
            clients: BTreeSet::from([ClientName::new(client)]),
            terms: BTreeSet::from([Term::new(term)]),
            level,
            reasons: reasons.iter().copied().collect(),
            replace_with: Vec::new(),
        };
    vec![
        action(
            1,
            "billing",
            "orders:write",
            Level::Likely,
            &[Reason::NeverUsed],
        ),
        action(
            2,
            "worker",
            "refunds:write",
            Level::Review,
            &[Reason::NeverUsed, Reason::GrantAgeUnknown],
        ),
    ]
}

/// `billing` reads orders and never writes them; `worker` has a role that it does not need.
pub(super) fn sample() -> Sample {
    let window = Window {
        from: day("2026-08-04"),
        to: day("2026-11-01"),
    };
    let needs = |scope: &str| Requirement::AnyOf(vec![BTreeSet::from([Scope::new(scope)])]);
    let operations = vec![
        Operation::new(Method::Get, "/v1/orders/{id}", needs("orders:read")),
        Operation::new(Method::Post, "/v1/refunds", needs("refunds:write")),
    ];
    let route = |op: usize| Route {
        method: operations[op].method,
        template: operations[op].path.clone(),
        operations: vec![op],
    };
    let routes = vec![route(0), route(1)];
    let days = (window.from.0..=window.to.0)
        .filter(|day| day % 45 != 0)
        .map(|day| (Day(day), 100))
        .collect();
    let coverage = Coverage {
        days,
        gaps: Vec::new(),
    };

    Sample {
        analysis: Analysis {
            window,
            basis: Basis::default(),
            clients: vec![billing(window), worker()],
            warnings: Vec::new(),
            possible: Vec::new(),
        },
        policy: policy(),
        catalog: Catalog {
            operations,
            ..Catalog::default()
        },
        routes,
        coverage,
        actions: actions(),
        level: Level::Likely,
        warnings: Vec::new(),
        only_in_log: Vec::new(),
        unused_names: Vec::new(),
        incomplete: Vec::new(),
        usage_notes: Vec::new(),
        outcomes: crate::finding::Outcomes::default(),
    }
}
