//! F24: callers that no policy file names and that get answers where a scope is asked for.

use std::cmp::Reverse;

use crate::analysis::category::Category;
use crate::finding::by_token::ByToken;
use crate::finding::context::{Caller, count};
use crate::finding::rule::{iso, nist, owasp, soc2};
use crate::finding::shared::{Tally, named, needs_grants, needs_requirements};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::Outcome;
use crate::model::words::plural;
use crate::usage::DayUse;

pub(super) struct UngovernedCaller;

static DOC: Doc = Doc {
    number: "F24",
    id: "ungoverned-caller",
    title: "A caller that no policy file names",
    what: "A caller that no policy file names got answers from operations that ask for a scope.",
    why: "What the policy does not name, nobody reviews and nobody can take away. It may be a client that was set up by hand, one that was deleted and lives on at the gateway, or somebody who should not be there.",
    example: "ghost: no policy file names it, and 25 of its requests to 1 operation passed: DELETE /v1/orders/{id}",
    guards: "Only answers that prove that authorisation passed count. Names that differ from a client's only in case or whitespace are left out (the warning `alike-name` is about them), and so are requests whose tokens lacked the scope: they are F1's. High where an operation writes, or belongs to the categories `escalation` or `credentials`; else medium. Of more than `many` such callers the gravest get a finding each, and one low finding counts the rest. Where there are more of them than four times the clients of the policy, the policy is not the whole one: then one note says so.",
    action: "Find out whose it is. Give it an entry in the policy with what it needs, or revoke it.",
    fields: &["client", "operation", "status", "policy file"],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 1,
            text: "requests that passed before a caller is reported",
        },
        Threshold {
            key: "many",
            unit: Unit::Count,
            default: 20,
            text: "callers above which the rest share one finding",
        },
    ],
    controls: &[
        nist("AC-2"),
        nist("AC-3"),
        iso("A.5.16"),
        soc2("CC6.2"),
        owasp("API5"),
        owasp("API9"),
    ],
};

/// One such caller.
struct Ungoverned<'a> {
    name: &'a str,
    severity: Severity,
    sum: Tally,
    /// The route with most requests, and all labels, that one first.
    route: u32,
    labels: Vec<String>,
}

impl Rule for UngovernedCaller {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)?;
        needs_requirements(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let tokens = ByToken::new(context);
        let least = settings.threshold(&DOC, "min_requests");
        let alike = |name: &str| context.alike.values().any(|names| names.contains(name));
        let others = context
            .callers()
            .filter(|caller| caller.client.is_none() && !caller.is_nobody() && !alike(caller.name));
        let mut found: Vec<Ungoverned<'_>> = others
            .filter_map(|caller| ungoverned(context, &tokens, &caller))
            .filter(|caller| caller.sum.events >= least)
            .collect();
        found.sort_by_key(|caller| {
            (
                Reverse(caller.severity),
                Reverse(caller.sum.events),
                caller.name,
            )
        });
        let many = usize::try_from(settings.threshold(&DOC, "many")).unwrap_or(usize::MAX);
        if found.len() > many && found.len() > 4 * context.analysis.clients.len() {
            let note = rest(settings, &found, "the policy files do not name");
            return vec![note.graded(settings, Severity::Note)];
        }
        let mut findings: Vec<Finding> = found
            .iter()
            .take(many)
            .map(|caller| say(settings, caller))
            .collect();
        if let Some(others) = found.get(many..).filter(|callers| !callers.is_empty()) {
            let more = rest(settings, others, "no policy file names further");
            findings.push(more.graded(settings, Severity::Low));
        }
        findings
    }
}

fn ungoverned<'a>(
    context: &Context<'a>,
    tokens: &ByToken<'_>,
    caller: &Caller<'a>,
) -> Option<Ungoverned<'a>> {
    let risky = [Category::Escalation, Category::Credentials];
    let mut sum: Option<Tally> = None;
    let mut severity = DOC.severity;
    let mut routes: Vec<(u64, u32)> = Vec::new();
    for (route, days) in context.used_by(caller) {
        let operations = context.operations(route);
        if !operations
            .iter()
            .any(|op| context.universe.is_restricted(*op))
        {
            continue;
        }
        let told = tokens.days(caller.name, route, false);
        let passed = |day: &DayUse| {
            let lacked = told.get(&day.day).map_or(0, |told| told.lacked);
            count(day, Outcome::Used).saturating_sub(lacked)
        };
        let Some(tally) = Tally::of(days.iter(), passed, DayUse::passed) else {
            continue;
        };
        routes.push((tally.events, route));
        sum = Some(sum.map_or(tally, |sum| sum.and(&tally)));
        let writes = |op: &usize| context.catalog.operations[*op].is_write();
        if operations
            .iter()
            .any(|op| writes(op) || context.in_category(*op, &risky))
        {
            severity = Severity::High;
        }
    }
    routes.sort_unstable_by_key(|(events, route)| (Reverse(*events), *route));
    Some(Ungoverned {
        name: caller.name,
        severity,
        sum: sum?,
        route: routes.first()?.1,
        labels: routes.iter().map(|route| context.label(route.1)).collect(),
    })
}

fn say(settings: &RuleSettings, caller: &Ungoverned<'_>) -> Finding {
    let labels: Vec<&str> = caller.labels.iter().map(String::as_str).collect();
    let message = format!(
        "no policy file names it, and {} of its requests to {} passed: {}",
        caller.sum.events,
        plural(labels.len(), "operation"),
        named(&labels)
    );
    let finding = Finding::new(&DOC, settings, caller.name, "client", message);
    let finding = finding
        .graded(settings, caller.severity)
        .extent(labels.len());
    caller.sum.on(finding, caller.route, false)
}

/// One finding in place of many.
fn rest(settings: &RuleSettings, found: &[Ungoverned<'_>], how: &str) -> Finding {
    let names: Vec<&str> = found.iter().map(|caller| caller.name).collect();
    let sums = found.iter().map(|caller| caller.sum);
    let sum = sums.reduce(|all, tally| all.and(&tally));
    let (requests, first, last) = sum.map_or((0, 0, 0), |sum| (sum.events, sum.first, sum.last));
    let message = format!(
        "{how} {} that got answers where a scope is asked for ({}; {})",
        plural(names.len(), "caller"),
        named(&names),
        plural(requests, "request")
    );
    Finding::new(&DOC, settings, "", "other callers", message)
        .extent(names.len())
        .seen(requests, first, last)
}
