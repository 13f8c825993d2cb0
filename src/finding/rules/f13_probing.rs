//! F13: clients that try doors.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ClientAnalysis;
use crate::finding::rule::{nist, soc2};
use crate::finding::shared::needs_status;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::{either, plural};
use crate::model::{Day, Millis, Term, Window};
use crate::usage::ledger::Withdrawn;

pub(super) struct Probing;

static DOC: Doc = Doc {
    number: "F13",
    id: "probing",
    title: "A client tries many operations and is refused",
    what: "On one day a client was refused at more distinct operations than the limit, none of which its grants permit; or the share of its requests that are refused has risen lately.",
    why: "A person or a program that looks for what it may do looks like this. So does a stolen key, or a rollout that went wrong.",
    example: "partner-export: refused at 17 different operations on 2026-10-03, 140 requests",
    guards: "Operations that the grants permit are left out: a refusal there is F2 or F18. Removals of your own come first: what a grant permitted that the ledger saw and that is gone is no probing, and when only that explains a burst, the finding is low and names the grant. Without a ledger that records grants (`ingest --grants`) this cannot be told: look for a change of the policy on that day. The share is compared only for clients with requests on `before` earlier days.",
    action: "Ask the owner. If nobody knows, revoke the credential.",
    fields: &[
        "client",
        "operation",
        "status",
        "the ledger's grants (for removals of your own)",
    ],
    severity: Severity::High,
    thresholds: &[
        Threshold {
            key: "operations",
            unit: Unit::Count,
            default: 10,
            text: "distinct refused operations on one day that are still tolerated",
        },
        Threshold {
            key: "recent",
            unit: Unit::Days,
            default: 7,
            text: "days before the end of the window whose share of refusals is compared with the days before",
        },
        Threshold {
            key: "before",
            unit: Unit::Count,
            default: 28,
            text: "earlier days with requests that the comparison needs",
        },
        Threshold {
            key: "share",
            unit: Unit::Percent,
            default: 20,
            text: "share of refusals in the recent days from which it is reported",
        },
        Threshold {
            key: "rise",
            unit: Unit::Count,
            default: 3,
            text: "times by which the share must have risen",
        },
        Threshold {
            key: "min_events",
            unit: Unit::Count,
            default: 20,
            text: "refusals in the recent days",
        },
    ],
    controls: &[nist("AU-6"), nist("AC-6(9)"), soc2("CC7.2")],
};

/// Refusals of one day.
#[derive(Default)]
struct Burst {
    /// At operations that nothing the client holds or held permits.
    routes: Vec<u32>,
    /// At operations that a grant permitted that is gone.
    taken: Vec<u32>,
    requests: u64,
    first: Millis,
    last: Millis,
}

impl Rule for Probing {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_status(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            findings.extend(burst(context, settings, client));
            findings.extend(rise(context, settings, client));
        }
        findings
    }
}

fn burst(
    context: &Context<'_>,
    settings: &RuleSettings,
    client: &ClientAnalysis,
) -> Option<Finding> {
    let limit = settings.threshold(&DOC, "operations");
    let mut days: BTreeMap<Day, Burst> = BTreeMap::new();
    let mut blamed: BTreeSet<&Withdrawn> = BTreeSet::new();
    for (route, used) in context.used(client) {
        if context.operations(route).is_empty() || context.permits(client, route) {
            continue;
        }
        let gone = permitted_before(context, client, route);
        for day in used.iter().filter(|day| day.denied() > 0) {
            let (first, last) = day.refused();
            let own = days.entry(Day(day.day)).or_insert_with(|| Burst {
                first,
                last,
                ..Burst::default()
            });
            match gone.filter(|gone| Day(day.day) > gone.until) {
                Some(gone) => {
                    own.taken.push(route);
                    blamed.insert(gone);
                }
                None => own.routes.push(route),
            }
            own.requests += day.denied();
            own.first = own.first.min(first);
            own.last = own.last.max(last);
        }
    }
    let many = |routes: &[u32]| routes.len() as u64 > limit;
    let probing: Vec<(Day, &Burst)> = days
        .iter()
        .filter(|(_, own)| many(&own.routes))
        .map(|(day, own)| (*day, own))
        .collect();
    let (bursts, subject) = if probing.is_empty() {
        let explained = days
            .iter()
            .filter(|(_, own)| (own.routes.len() + own.taken.len()) as u64 > limit);
        let explained = explained.map(|(day, own)| (*day, own)).collect();
        (explained, "refusals after a removal")
    } else {
        (probing, "refusals")
    };
    let number = |own: &Burst| match subject {
        "refusals" => own.routes.len(),
        _ => own.routes.len() + own.taken.len(),
    };
    let (day, own) = bursts
        .iter()
        .max_by_key(|(day, own)| (number(own), std::cmp::Reverse(*day)))?;
    let more = match bursts.len() {
        1 => String::new(),
        days => format!("; {days} such days"),
    };
    let mut message = format!(
        "refused at {} on {day}, {}{more}",
        plural(number(own), "different operation"),
        plural(own.requests, "request")
    );
    let mut severity = DOC.severity;
    if subject != "refusals" {
        let names: Vec<String> = blamed
            .iter()
            .take(3)
            .map(|gone| format!("`{}` (held until {})", gone.term, gone.until))
            .collect();
        message = format!(
            "{message}; {} of them {} permitted by {}: a removal of your own",
            own.taken.len(),
            either(own.taken.len(), "was", "were"),
            names.join(", ")
        );
        severity = Severity::Low;
    }
    let requests = bursts.iter().map(|(_, own)| own.requests).sum();
    let first = bursts.iter().map(|(_, own)| own.first).min();
    let last = bursts.iter().map(|(_, own)| own.last).max();
    let route = own.routes.iter().chain(&own.taken).next().copied();
    let finding = Finding::new(&DOC, settings, client.id.as_str(), subject, message)
        .graded(settings, severity)
        .extent(number(own))
        .seen(
            requests,
            first.unwrap_or(own.first),
            last.unwrap_or(own.last),
        );
    Some(finding.traced(*day, route?, true))
}

/// The last grant that is gone and with which the route was permitted.
fn permitted_before<'a>(
    context: &Context<'a>,
    client: &ClientAnalysis,
    route: u32,
) -> Option<&'a Withdrawn> {
    let own = context
        .withdrawn
        .iter()
        .filter(|own| own.client == client.id);
    own.filter(|own| {
        let held: BTreeSet<&Term> = client.granted.iter().chain([&own.term]).collect();
        let operations = context.operations(route).iter();
        operations
            .copied()
            .any(|op| context.universe.permits(held.iter().copied(), op))
    })
    .max_by_key(|own| own.until)
}

/// Requests and refusals of some days.
#[derive(Default)]
struct Share {
    requests: u64,
    refused: u64,
    days: BTreeSet<i32>,
    span: Option<(Millis, Millis)>,
}

impl Share {
    fn percent(&self) -> u64 {
        (self.refused * 100).checked_div(self.requests).unwrap_or(0)
    }
}

fn rise(
    context: &Context<'_>,
    settings: &RuleSettings,
    client: &ClientAnalysis,
) -> Option<Finding> {
    let window = context.analysis.window;
    let from = window.to.plus(1 - settings.days(&DOC, "recent"));
    let recent = Window { from, ..window };
    let (mut now, mut before) = (Share::default(), Share::default());
    let mut example = None;
    for (route, used) in context.used(client) {
        let gone = permitted_before(context, client, route);
        for day in used {
            let own = if recent.contains(Day(day.day)) {
                &mut now
            } else {
                &mut before
            };
            own.days.insert(day.day);
            own.requests += day.counts.iter().sum::<u64>();
            // What was taken away by a removal of one's own is refused as it should be.
            if day.denied() == 0 || gone.is_some_and(|gone| Day(day.day) > gone.until) {
                continue;
            }
            own.refused += day.denied();
            let (first, last) = day.refused();
            let span = own.span.unwrap_or((first, last));
            own.span = Some((span.0.min(first), span.1.max(last)));
            if recent.contains(Day(day.day)) {
                example.get_or_insert((Day(day.day), route));
            }
        }
    }
    let risen = now.refused >= settings.threshold(&DOC, "min_events")
        && before.days.len() as u64 >= settings.threshold(&DOC, "before")
        && now.percent() >= settings.threshold(&DOC, "share")
        // In whole numbers: now / requests >= rise × before / requests.
        && u128::from(now.refused) * u128::from(before.requests)
            >= u128::from(settings.threshold(&DOC, "rise"))
                * u128::from(before.refused)
                * u128::from(now.requests);
    if !risen {
        return None;
    }
    let message = format!(
        "{} % of its requests since {from} were refused ({} of {}), {} % before ({} of {})",
        now.percent(),
        now.refused,
        now.requests,
        before.percent(),
        before.refused,
        before.requests
    );
    let (first, last) = now.span?;
    let finding = Finding::new(
        &DOC,
        settings,
        client.id.as_str(),
        "rising share of refusals",
        message,
    )
    .graded(settings, Severity::Medium)
    .seen(now.refused, first, last);
    let (day, route) = example?;
    Some(finding.traced(day, route, true))
}
