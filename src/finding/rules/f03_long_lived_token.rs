//! F3: tokens that live longer than they should, or without end.

use std::collections::BTreeMap;

use crate::analysis::category::Category;
use crate::finding::presented::{by_client, rows_of_all, showing_tokens};
use crate::finding::rule::{nist, owasp, pci};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::{exact_duration, plural};
use crate::usage::credentials::Facts;

pub(super) struct LongLivedToken;

/// Seconds above a limit that are not spoken of: identity providers round `iat` and `exp`.
const TOLERANCE: u64 = 5;

static DOC: Doc = Doc {
    number: "F3",
    id: "long-lived-token",
    title: "Tokens live too long",
    what: "The time between a token's issue and its end (`exp - iat`) is above the limit, the token has no end, or requests still passed with it after its end.",
    why: "A stolen token is worth what is left of its life. A removed scope also lives on in tokens that were issued before.",
    example: "legacy-cron: tokens live up to 30 days (half of the requests 1 hour or less, 95 % 8 hours or less), limit 1 hour (412 requests)",
    guards: "Five seconds above the limit are not reported, because identity providers round. Clocks may differ by five minutes, and only requests that passed count as use after the end. Where `exp` is logged without `iat`, the time from the request to `exp` is a lower bound (\"live at least\"). Opaque tokens show no lifetime: clients that show nothing else are named as not evaluable. Lifetimes are kept rounded up (to the minute within an hour, to 15 minutes within a day, to the day within 30); the longest one is exact. The count is of the requests of days and credentials with such a token. Clients that can change permissions or credentials have the shorter limit `admin_lifetime`; above it, but within `max_lifetime`, the finding is low.",
    action: "Shorten the lifetime at the identity provider; use a refresh token or the client credentials flow again for long jobs.",
    fields: &["client", "iat", "exp"],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "max_lifetime",
            unit: Unit::Seconds,
            default: 3_600,
            text: "longest lifetime of a token",
        },
        Threshold {
            key: "admin_lifetime",
            unit: Unit::Seconds,
            default: 900,
            text: "the same for clients that can change permissions or credentials",
        },
    ],
    controls: &[nist("IA-5"), nist("AC-12"), owasp("API2"), pci("8.6.3")],
};

const FIELD: &str = "iat and exp of the token";

fn is_told(facts: &Facts) -> bool {
    facts.lifetime.is_some() || facts.endless > 0
}

/// The client's own limit, and the one of everybody, in seconds.
fn limits(context: &Context<'_>, settings: &RuleSettings, client: &str) -> (u64, u64) {
    let risky = [Category::Escalation, Category::Credentials];
    let privileged = context.client(client).is_some_and(|client| {
        let mut open = context.universe.opens(&client.granted).into_iter();
        open.any(|op| context.in_category(op, &risky))
    });
    let limit = settings.threshold(&DOC, "max_lifetime");
    let admin = settings.threshold(&DOC, "admin_lifetime");
    (if privileged { admin.min(limit) } else { limit }, limit)
}

impl Rule for LongLivedToken {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let window = context.analysis.window;
        let mut rows = rows_of_all(context).filter(|(_, row)| window.contains(row.day));
        if rows.any(|(_, row)| is_told(&row.facts) || row.facts.left.is_some()) {
            return Ok(());
        }
        Err(MissingField::new(FIELD))
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let clients = showing_tokens(context);
        let of = clients.len();
        let untold = clients.into_iter().filter(|(client, rows)| {
            let limit = limits(context, settings, client).0 + TOLERANCE;
            let beyond = |facts: &Facts| facts.left.is_some_and(|left| u64::from(left) > limit);
            !rows
                .iter()
                .any(|row| is_told(&row.facts) || beyond(&row.facts))
        });
        let untold = untold.map(|(client, _)| client.to_owned()).collect();
        Unjudged::clients(FIELD, untold, of).into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let window = context.analysis.window;
        let clients = by_client(rows_of_all(context).filter(|(_, row)| window.contains(row.day)));
        let mut lives: BTreeMap<&str, BTreeMap<u32, u64>> = BTreeMap::new();
        let table = context.credentials;
        for ((day, client, seconds), count) in &table.lifetimes {
            let client = table.clients.get(*client as usize);
            if let Some(client) = client.filter(|_| window.contains(*day)) {
                *lives
                    .entry(client)
                    .or_default()
                    .entry(*seconds)
                    .or_default() += count;
            }
        }
        let mut findings = Vec::new();
        for (client, rows) in clients {
            let rows: Vec<&Facts> = rows.into_iter().map(|row| &row.facts).collect();
            let mut say =
                |subject: &str, severity: Severity, which: &dyn Fn(&Facts) -> u64, text: String| {
                    let concerned: Vec<&&Facts> =
                        rows.iter().filter(|facts| which(facts) > 0).collect();
                    let requests: u64 = concerned.iter().map(|facts| which(facts)).sum();
                    let first = concerned.iter().map(|facts| facts.first).min();
                    let last = concerned.iter().map(|facts| facts.last).max();
                    if let (Some(first), Some(last)) = (first, last) {
                        findings.push(
                            Finding::new(
                                &DOC,
                                settings,
                                client,
                                subject,
                                format!("{text} ({})", plural(requests, "request")),
                            )
                            .graded(settings, severity)
                            .seen(requests, first, last),
                        );
                    }
                };
            let longest = rows
                .iter()
                .filter_map(|facts| facts.lifetime)
                .map(|row| row.1)
                .max();
            let (allowed, limit) = limits(context, settings, client);
            let above = |seconds: u32| u64::from(seconds) > allowed + TOLERANCE;
            let graded = |seconds: u32| match u64::from(seconds) {
                seconds if seconds <= limit => Severity::Low,
                seconds if seconds > 24 * 3_600 => Severity::High,
                _ => Severity::Medium,
            };
            let left = rows.iter().filter_map(|facts| facts.left).max();
            if let Some(longest) = longest.filter(|longest| above(*longest)) {
                say(
                    "lifetime",
                    graded(longest),
                    &|facts| {
                        let long = facts.lifetime.is_some_and(|life| above(life.1));
                        if long { facts.count } else { 0 }
                    },
                    format!(
                        "tokens live up to {}{}, limit {}",
                        exact_duration(u64::from(longest)),
                        shares(lives.get(client)),
                        exact_duration(allowed)
                    ),
                );
            } else if let Some(left) = left.filter(|left| above(*left)) {
                say(
                    "lifetime",
                    graded(left),
                    &|facts| {
                        if facts.left.is_some_and(above) {
                            facts.count
                        } else {
                            0
                        }
                    },
                    format!(
                        "tokens live at least {} (their start is not logged), limit {}",
                        exact_duration(u64::from(left)),
                        exact_duration(allowed)
                    ),
                );
            }
            say(
                "no end",
                Severity::High,
                &|facts| facts.endless,
                "tokens have a start and no end".to_owned(),
            );
            say(
                "used after its end",
                Severity::High,
                &|facts| facts.expired,
                "requests passed with a token after its end".to_owned(),
            );
        }
        findings
    }
}

/// `(half of the requests 1 hour or less, 95 % 2 hours or less)`: the lifetimes by
/// request, rounded up as they are kept.
fn shares(lives: Option<&BTreeMap<u32, u64>>) -> String {
    let Some(lives) = lives.filter(|lives| lives.len() > 1) else {
        return String::new();
    };
    let total: u64 = lives.values().sum();
    let within = |percent: u64| {
        let mut seen = 0;
        let mut all = lives.iter();
        let found = all.find(|(_, count)| {
            seen += *count;
            seen * 100 >= total * percent
        });
        exact_duration(found.map_or(0, |(seconds, _)| u64::from(*seconds)))
    };
    format!(
        " (half of the requests {} or less, 95 % {} or less)",
        within(50),
        within(95)
    )
}
