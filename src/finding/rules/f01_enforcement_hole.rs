//! F1: requests that passed although nothing the caller holds permits them.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ClientAnalysis;
use crate::finding::by_token::ByToken;
use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::shared::{Tally, named, needs_requirements};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::grants::history::SinceFrom;
use crate::model::words::{either, plural};
use crate::model::{Day, Outcome, Term};
use crate::usage::{DayUse, nameless_days};

pub(super) struct EnforcementHole;

/// Up to this many clients get a finding each, even where the map is in doubt.
const EACH: usize = 5;

static DOC: Doc = Doc {
    number: "F1",
    id: "enforcement-hole",
    title: "Requests passed that no grant permits",
    what: "A caller got an answer from an operation that the scopes in its token do not open; where the log carries no scopes of tokens, a client of the policy got one from an operation that none of the scopes it held at that time opens; or somebody without any name got one from an operation that asks for a scope.",
    why: "Either nobody checks the scope there, or the mapping of operations to scopes is wrong. The first is an open door; the second makes every other answer about this client doubtful.",
    example: "partner-export: 214 requests to DELETE /v1/exports/{id} passed although no grant permits them",
    guards: "Only answers that prove that authorisation passed are counted (of requests without a caller only successes, 200 to 299); operations that are public, also let anonymous callers in or state no requirement are left out. Callers that no policy file names are judged by their tokens; without tokens they are left to F24. Requests without a caller are judged only where every input that has such requests names callers too, and not on days on which an input lost all names; else the rule says that it cannot judge them. When more than `map_share` of all active clients (at least five) pass an operation in this way, the finding says that the requirement map may be wrong as well, and more than five clients share one finding. Held at that time: a grant that the ledger saw and that is gone counts up to its last record; a request from before the date that the policy file gives a grant, and more than five minutes before it, is a low finding of its own. Without a ledger, a grant that was removed meanwhile shows up here. What a token carries beyond the grants is left to F22.",
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
            text: "share of all active clients above which the map is doubted as well",
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

    /// Requests without a caller, in inputs that name nobody.
    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        let silent = silent_sources(context);
        let requests: u64 = silent.iter().map(|(_, requests)| requests).sum();
        if requests == 0 {
            return Vec::new();
        }
        let names: Vec<&str> = silent.iter().map(|(name, _)| *name).collect();
        let missing = format!(
            "the caller of {} in {} that {} nobody ({})",
            plural(requests, "request"),
            plural(names.len(), "input"),
            either(names.len(), "names", "name"),
            named(&names)
        );
        vec![Unjudged {
            missing,
            clients: Vec::new(),
        }]
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let tokens = ByToken::new(context);
        let mut holes: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        let mut findings = Vec::new();
        let least = settings.threshold(&DOC, "min_requests");
        for caller in context.callers() {
            for (route, days) in context.used_by(&caller) {
                if context.operations(route).is_empty() {
                    continue;
                }
                let label = context.label(route);
                let new = |subject: String, text| {
                    Finding::new(&DOC, settings, caller.name, subject, text)
                };
                let Some(client) = caller.client else {
                    let hole = if caller.is_nobody() {
                        anonymous(context, route, &days, &label)
                    } else {
                        let lacking = tokens.lacking(caller.name, route);
                        hole(lacking, None, &label)
                    };
                    if let Some((sum, text)) = hole.filter(|(sum, _)| sum.events >= least) {
                        let (subject, text) = if caller.is_nobody() {
                            (format!("{label} (no caller)"), text)
                        } else {
                            (label, format!("{text}; no policy file names this caller"))
                        };
                        findings.push(sum.on(new(subject, text), route, false));
                    }
                    continue;
                };
                let held = Held::of(context, client, route);
                let told = tokens.days(caller.name, route, false);
                let untold = |day: &DayUse| {
                    let told = told.get(&day.day).copied().unwrap_or_default();
                    count(day, Outcome::Used).saturating_sub(told.carried + told.lacked)
                };
                let of = |wanted: Then| {
                    let suspect = |day: &DayUse| {
                        if held.on(day) == wanted {
                            untold(day)
                        } else {
                            0
                        }
                    };
                    Tally::of(days.iter(), suspect, DayUse::passed)
                };
                let lacking = tokens.lacking(caller.name, route);
                if let Some((sum, text)) = hole(lacking, of(Then::Never), &label)
                    && sum.events >= least
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
        for (route, found) in holes {
            let many = found.len() >= 2 && found.len() as u64 * 100 > active as u64 * share;
            findings.extend(doubted(
                context,
                settings,
                (route, active),
                found,
                many && active >= 5,
            ));
        }
        findings
    }
}

/// Inputs with requests that name no caller and not one that does, and how many of these.
fn silent_sources<'a>(context: &Context<'a>) -> Vec<(&'a str, u64)> {
    let sources = context.sources.iter();
    let silent = sources.filter(|source| source.counts.nobody > 0);
    let silent = silent.filter(|source| source.counts.nobody >= source.counts.counted);
    silent
        .map(|source| (source.shown.as_ref(), source.counts.nobody))
        .collect()
}

/// Requests that name no caller and got a success where a scope is asked for.
fn anonymous(
    context: &Context<'_>,
    route: u32,
    days: &[DayUse],
    label: &str,
) -> Option<(Tally, String)> {
    let operations = context.operations(route);
    let closed = operations.iter().all(|op| {
        let optional = context.catalog.operations.get(*op);
        context.universe.is_restricted(*op)
            && !optional.is_some_and(|operation| operation.optional_auth)
    });
    if !closed || !silent_sources(context).is_empty() {
        return None;
    }
    let lost: BTreeSet<Day> = nameless_days(context.sources)
        .into_iter()
        .flat_map(|(_, days)| days)
        .collect();
    let passed = |day: &DayUse| {
        if lost.contains(&Day(day.day)) {
            0
        } else {
            count(day, Outcome::Unauthenticated)
        }
    };
    let sum = Tally::of(days, passed, |day| (day.first, day.last))?;
    let text = format!(
        "{} to {label} got a success without naming any caller, although the operation asks for a scope: nobody checks who calls there, or the gateway does not log it",
        plural(sum.events, "request")
    );
    Some((sum, text))
}

/// The requests of one client and route that should not have passed, in words.
fn hole(lacking: Option<Tally>, unheld: Option<Tally>, label: &str) -> Option<(Tally, String)> {
    let wrong =
        "the gateway does not enforce, or the aliases, the scope rule or the catalogue are wrong";
    Some(match (lacking, unheld) {
        (Some(tally), None) => (
            tally,
            format!(
                "{} to {label} passed although the scopes in {}: {wrong}",
                plural(tally.events, "request"),
                either(
                    tally.events,
                    "its token do not permit it",
                    "their tokens do not permit them"
                )
            ),
        ),
        (None, Some(tally)) => (
            tally,
            format!(
                "{} to {label} passed although no grant permits {}: {wrong}",
                plural(tally.events, "request"),
                either(tally.events, "it", "them")
            ),
        ),
        (Some(tally), Some(other)) => (
            tally.and(&other),
            format!(
                "{} requests to {label} passed although neither their tokens ({}) nor a grant ({}) permit them: {wrong}",
                tally.events + other.events,
                tally.events,
                other.events
            ),
        ),
        (None, None) => return None,
    })
}

/// Many clients with the same hole: the map may be wrong as well, and very many share one
/// finding. An operation that nobody checks looks exactly like this, so it stays as grave.
fn doubted(
    context: &Context<'_>,
    settings: &RuleSettings,
    (route, active): (u32, usize),
    mut each: Vec<Finding>,
    doubt: bool,
) -> Vec<Finding> {
    if !doubt {
        return each;
    }
    let so = format!(
        "{} of {active} active clients pass it so, so that the requirement map may be wrong instead of the gateway",
        each.len()
    );
    if each.len() <= EACH {
        for finding in &mut each {
            finding.message = format!("{}; {so}", finding.message);
        }
        return each;
    }
    let label = context.label(route);
    let names: Vec<&str> = each.iter().map(|finding| finding.client.as_str()).collect();
    let requests = each.iter().map(|finding| finding.requests).sum();
    let message = format!(
        "{} of {} ({}) to {label} passed without a scope that permits them; {so}",
        plural(requests, "request"),
        plural(each.len(), "client"),
        named(&names)
    );
    let first = each.iter().filter_map(|finding| finding.first_seen).min();
    let last = each.iter().filter_map(|finding| finding.last_seen).max();
    let finding = Finding::new(&DOC, settings, "", label, message).extent(each.len());
    vec![finding.seen(requests, first.unwrap_or(0), last.unwrap_or(0))]
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
            .filter(|withdrawn| withdrawn.client == client.id);
        let until = gone
            .filter(|withdrawn| {
                !now && permits(&client.granted.iter().chain([&withdrawn.term]).collect())
            })
            .map(|withdrawn| withdrawn.until)
            .max();
        // Terms in the order of their dates: with which one does it open?
        let mut dated: Vec<(Option<Day>, &Term)> = client
            .terms
            .iter()
            .map(|term| {
                let stated = term.since_from == Some(SinceFrom::PolicyFile);
                (term.since.filter(|_| stated), &term.term)
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
        let date = Day(day.day);
        if !self.now {
            let held = self.until.is_some_and(|until| date <= until);
            return if held { Then::Yes } else { Then::Never };
        }
        match &self.youngest {
            Some((_, since)) if date < *since && day.passed().0 < since.start() - SKEW => {
                Then::Early
            }
            _ => Then::Yes,
        }
    }
}
