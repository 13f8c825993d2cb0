//! F13: callers that try doors.

mod doors;

use std::collections::BTreeSet;

use crate::analysis::ClientAnalysis;
use crate::finding::context::Caller;
use crate::finding::rule::{nist, soc2};
use crate::finding::shared::needs_status;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::{either, percent_of, plural};
use crate::model::{Day, Millis, Window};

use doors::{Tried, doors, permitted_before};

pub(super) struct Probing;

static DOC: Doc = Doc {
    number: "F13",
    id: "probing",
    title: "A caller tries many operations and is refused",
    what: "On one day, or spread over the window, a caller tried more distinct doors than the limit: operations at which it was refused and that its grants do not permit, and paths outside the API description that refused it or are not there (forced browsing). Any caller counts: clients of the policy, other names, and requests that name nobody. Or the share of a client's requests that are refused has risen lately.",
    why: "A person or a program that looks for what it may do looks like this. So does a stolen key, or a rollout that went wrong.",
    example: "partner-export: tried 57 doors on 2026-10-03 (refused at 17 different operations, 40 different paths outside the description), 140 requests",
    guards: "Operations that the grants permit are left out: a refusal there is F2 or F18. Of paths outside the description only those count that never answered with success, that were asked for on at most two days (a wrong base path is asked for every day), and that are not static files. Of requests without a caller a 401 at a described operation does not count: gateways log renewed tokens so. A burst is high, a spread medium, and both are medium where nobody is named: the internet is full of it. Removals of your own come first: what was permitted by a grant that the ledger saw and that is gone is not probing, and when only that explains a burst, the finding is low and names the grant. Without a ledger that records grants (`ingest --grants`) this cannot be told: look for a change of the policy on that day. The share is compared only for clients with requests on `before` earlier days.",
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
            text: "distinct doors tried on one day that are still tolerated",
        },
        Threshold {
            key: "spread",
            unit: Unit::Count,
            default: 12,
            text: "distinct doors tried in the whole window that are still tolerated",
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

impl Rule for Probing {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_status(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = Vec::new();
        for caller in context.callers() {
            findings.extend(many_doors(context, settings, &caller));
            if let Some(client) = caller.client {
                findings.extend(rise(context, settings, client));
            }
        }
        findings
    }
}

fn many_doors(
    context: &Context<'_>,
    settings: &RuleSettings,
    caller: &Caller<'_>,
) -> Option<Finding> {
    let limit = settings.threshold(&DOC, "operations");
    let (days, blamed) = doors(context, caller);
    let above = |of: &dyn Fn(&Tried<'_>) -> u64| -> Vec<(Day, &Tried<'_>)> {
        let days = days.iter().map(|(day, tried)| (*day, tried));
        days.filter(|(_, tried)| of(tried) > limit).collect()
    };
    let bursts = above(&|tried| tried.unexplained());
    let mut whole = Tried::default();
    for tried in days.values() {
        whole.join(tried);
    }
    let explained = above(&|tried| tried.doors.len() as u64);
    let mut severity = DOC.severity;
    let (found, subject, message) = if let Some((day, tried)) = widest(&bursts) {
        let more = match bursts.len() {
            1 => String::new(),
            days => format!("; {days} such days"),
        };
        let requests = plural(tried.requests, "request");
        let message = format!("{} on {day}, {requests}{more}", tried.words());
        (bursts, "refusals", message)
    } else if whole.unexplained() > settings.threshold(&DOC, "spread") {
        severity = Severity::Medium;
        let message = format!(
            "{}, spread over {}, {}",
            whole.words(),
            plural(days.len(), "day"),
            plural(whole.requests, "request")
        );
        let all = days.iter().map(|(day, tried)| (*day, tried)).collect();
        (all, "refusals", message)
    } else {
        let (day, tried) = widest(&explained)?;
        let names: Vec<String> = blamed
            .iter()
            .take(3)
            .map(|gone| format!("`{}` (held until {})", gone.term, gone.until))
            .collect();
        let taken = tried.doors.len() as u64 - tried.unexplained();
        severity = Severity::Low;
        let message = format!(
            "{} on {day}, {}; {taken} of them {} permitted by {}: a removal of your own",
            tried.words(),
            plural(tried.requests, "request"),
            either(taken, "was", "were"),
            names.join(", ")
        );
        (explained, "refusals after a removal", message)
    };
    if caller.is_nobody() {
        severity = severity.min(Severity::Medium);
    }
    let mut sum = Tried::default();
    for (_, tried) in &found {
        sum.join(tried);
    }
    let (first, last) = sum.span?;
    let (message, subject) = if caller.is_nobody() {
        (
            format!("requests that name no caller: {message}"),
            "no caller",
        )
    } else {
        (message, subject)
    };
    let finding = Finding::new(&DOC, settings, caller.name, subject, message)
        .graded(settings, severity)
        .extent(sum.doors.len())
        .seen(sum.requests, first, last);
    let (day, tried) = widest(&found)?;
    Some(match tried.route() {
        Some(route) => finding.traced(day, route, true),
        None => finding,
    })
}

/// The day with most doors, of several the first.
fn widest<'t, 'a>(days: &[(Day, &'t Tried<'a>)]) -> Option<(Day, &'t Tried<'a>)> {
    let days = days.iter().copied();
    days.max_by_key(|(day, tried)| (tried.doors.len(), std::cmp::Reverse(*day)))
}

/// Requests and refusals of some days.
#[derive(Default)]
struct Share {
    requests: u64,
    refused: u64,
    days: BTreeSet<i32>,
    span: Option<(Millis, Millis)>,
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
            let share = if recent.contains(Day(day.day)) {
                &mut now
            } else {
                &mut before
            };
            share.days.insert(day.day);
            share.requests += day.counts.iter().sum::<u64>();
            // What was taken away by a removal of one's own is refused as it should be.
            if day.forbidden() == 0 || gone.is_some_and(|gone| Day(day.day) > gone.until) {
                continue;
            }
            share.refused += day.forbidden();
            let (first, last) = day.refused();
            let span = share.span.unwrap_or((first, last));
            share.span = Some((span.0.min(first), span.1.max(last)));
            if recent.contains(Day(day.day)) {
                example.get_or_insert((Day(day.day), route));
            }
        }
    }
    let risen = now.refused >= settings.threshold(&DOC, "min_events")
        && before.days.len() as u64 >= settings.threshold(&DOC, "before")
        && percent_of(now.refused, now.requests) >= settings.threshold(&DOC, "share")
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
        percent_of(now.refused, now.requests),
        now.refused,
        now.requests,
        percent_of(before.refused, before.requests),
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
