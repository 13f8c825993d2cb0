//! F1: requests that passed although nothing the client holds permits them.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ClientAnalysis;
use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::shared::{ByToken, Tally, needs_requirements};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::grants::history::SinceFrom;
use crate::model::words::{either, plural};
use crate::model::{Day, Outcome, Term};
use crate::usage::DayUse;

pub(super) struct EnforcementHole;

static DOC: Doc = Doc {
    number: "F1",
    id: "enforcement-hole",
    title: "Requests passed that no grant permits",
    what: "A client got an answer from an operation that the scopes in its token do not open; where the log carries no scopes of tokens, from one that none of the scopes it held at that time opens.",
    why: "Either nobody checks the scope there, or the mapping of operations to scopes is wrong. The first is an open door; the second makes every other answer about this client doubtful.",
    example: "partner-export: 214 requests to DELETE /v1/exports/{id} passed although no grant permits them",
    guards: "Only answers that prove that authorisation passed are counted; operations that are public or state no requirement are left out. When more than `map_share` of all active clients (at least five) pass an operation in this way, one finding says that the requirement map is probably wrong, in place of one for each client. Held at that time: a grant that the ledger saw and that is gone counts up to its last record; a request from before the date that the policy file gives a grant, and more than five minutes before it, is a low finding of its own. Without a ledger, a grant that was removed meanwhile shows up here. What a token carries beyond the grants is F22's affair.",
    action: "Send one such request with a token that lacks the scope. If it passes, enforce the scope at the gateway or in the service; if it is refused, correct the catalogue or the aliases.",
    fields: &[
        "client",
        "operation",
        "status",
        "scopes required by the operation",
        "scopes of the token (else the grants)",
    ],
    severity: Severity::Critical,
    thresholds: &[
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 1,
            text: "requests before it is reported",
        },
        Threshold {
            key: "map_share",
            unit: Unit::Percent,
            default: 20,
            text: "share of all active clients above which the map is doubted",
        },
    ],
    controls: &[
        nist("AC-3"),
        nist("AC-6"),
        soc2("CC6.1"),
        owasp("API5"),
        owasp("API1"),
    ],
};

impl Rule for EnforcementHole {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_requirements(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let tokens = ByToken::new(context);
        let mut holes: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for (route, days) in context.used(client) {
                if context.operations(route).is_empty() {
                    continue;
                }
                let held = Held::of(context, client, route);
                let told = tokens.days(&client.id, route, false);
                let untold = |day: &DayUse| {
                    let told = told.get(&day.day).copied().unwrap_or_default();
                    count(day, Outcome::Used).saturating_sub(told.carried + told.lacked)
                };
                let of = |wanted: Then| {
                    let own = |day: &DayUse| {
                        if held.on(day) == wanted {
                            untold(day)
                        } else {
                            0
                        }
                    };
                    Tally::of(days.iter(), own, DayUse::passed)
                };
                let new = |subject: String, text| {
                    Finding::new(&DOC, settings, client.id.as_str(), subject, text)
                };
                let label = context.label(route);
                if let Some((sum, text)) =
                    hole(tokens.lacking(&client.id, route), of(Then::Never), &label)
                    && sum.events >= settings.threshold(&DOC, "min_requests")
                {
                    let finding = sum.on(new(label.clone(), text), route, false);
                    holes.entry(route).or_default().push(finding);
                }
                if let (Some(sum), Some((term, since))) = (of(Then::Early), &held.youngest) {
                    let text = format!(
                        "{} to {label} passed before {since}, the day from which `{term}` is granted",
                        plural(sum.events, "request")
                    );
                    let finding = new(format!("{label} (before its grant)"), text);
                    findings.push(
                        sum.on(finding, route, false)
                            .graded(settings, Severity::Low),
                    );
                }
            }
        }
        let active = context.analysis.clients.iter();
        let active = active.filter(|client| client.requests > 0).count();
        let share = settings.threshold(&DOC, "map_share");
        for (route, own) in holes {
            if active >= 5 && own.len() as u64 * 100 > active as u64 * share {
                findings.push(doubt(context, settings, (route, active), &own));
            } else {
                findings.extend(own);
            }
        }
        findings
    }
}

/// The requests of one client and route that should not have passed, in words.
fn hole(lacking: Option<Tally>, unheld: Option<Tally>, label: &str) -> Option<(Tally, String)> {
    let wrong =
        "the gateway does not enforce, or the aliases, the scope rule or the catalogue are wrong";
    Some(match (lacking, unheld) {
        (Some(own), None) => (
            own,
            format!(
                "{} to {label} passed although the scopes in {} do not permit it: {wrong}",
                plural(own.events, "request"),
                either(own.events, "its token", "their tokens")
            ),
        ),
        (None, Some(own)) => (
            own,
            format!(
                "{} to {label} passed although no grant permits {}: {wrong}",
                plural(own.events, "request"),
                either(own.events, "it", "them")
            ),
        ),
        (Some(own), Some(other)) => (
            own.and(&other),
            format!(
                "{} requests to {label} passed although neither their tokens ({}) nor a grant ({}) permit them: {wrong}",
                own.events + other.events,
                own.events,
                other.events
            ),
        ),
        (None, None) => return None,
    })
}

/// One finding in place of many: so many clients cannot all have found a hole.
fn doubt(
    context: &Context<'_>,
    settings: &RuleSettings,
    (route, active): (u32, usize),
    own: &[Finding],
) -> Finding {
    let label = context.label(route);
    let message = format!(
        "{} of {active} active clients {} {label} without a scope that permits it: the requirement map is probably wrong, not the gateway",
        own.len(),
        either(own.len(), "uses", "use")
    );
    let requests = own.iter().map(|finding| finding.requests).sum();
    let first = own.iter().filter_map(|finding| finding.first_seen).min();
    let last = own.iter().filter_map(|finding| finding.last_seen).max();
    Finding::new(&DOC, settings, "", label, message)
        .graded(settings, Severity::Medium)
        .extent(own.len())
        .seen(requests, first.unwrap_or(0), last.unwrap_or(0))
}

/// Whether a client held what a route asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Yes,
    /// It holds it now, and did not yet.
    Early,
    Never,
}

/// What a client held, day by day, as far as a route is concerned.
struct Held {
    now: bool,
    /// The last day up to which grants that are gone permitted it.
    until: Option<Day>,
    /// The first day on which its dated grants permit it, and the term that came then.
    youngest: Option<(Term, Day)>,
}

impl Held {
    fn of(context: &Context<'_>, client: &ClientAnalysis, route: u32) -> Self {
        let permits = |terms: &BTreeSet<&Term>| {
            let operations = context.operations(route).iter();
            operations
                .copied()
                .any(|op| context.universe.permits(terms.iter().copied(), op))
        };
        let now = context.permits(client, route);
        let gone = context
            .withdrawn
            .iter()
            .filter(|own| own.client == client.id);
        let until = gone
            .filter(|own| !now && permits(&client.granted.iter().chain([&own.term]).collect()))
            .map(|own| own.until)
            .max();
        // Terms in the order of their dates: with which one does it open?
        let mut dated: Vec<(Option<Day>, &Term)> = client
            .terms
            .iter()
            .map(|own| {
                let stated = own.since_from == Some(SinceFrom::PolicyFile);
                (own.since.filter(|_| stated), &own.term)
            })
            .collect();
        dated.sort();
        let mut held = BTreeSet::new();
        let mut youngest = None;
        for (since, term) in dated.into_iter().filter(|_| now) {
            held.insert(term);
            if permits(&held) {
                youngest = since.map(|since| (term.clone(), since));
                break;
            }
        }
        Self {
            now,
            until,
            youngest,
        }
    }

    fn on(&self, day: &DayUse) -> Then {
        /// Clocks of policy and gateway may differ by this much.
        const SKEW: i64 = 300_000;
        let own = Day(day.day);
        if !self.now {
            let held = self.until.is_some_and(|until| own <= until);
            return if held { Then::Yes } else { Then::Never };
        }
        match &self.youngest {
            Some((_, since)) if own < *since && day.passed().0 < since.start() - SKEW => {
                Then::Early
            }
            _ => Then::Yes,
        }
    }
}
