//! F3: tokens that live longer than they should, or without end.

use std::collections::BTreeMap;

use crate::analysis::category::Category;
use crate::finding::rule::{nist, owasp, pci};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;
use crate::usage::credentials::Facts;

pub(super) struct LongLivedToken;

static DOC: Doc = Doc {
    number: "F3",
    id: "long-lived-token",
    title: "Tokens live too long",
    what: "The time between a token's issue and its end (`exp - iat`) is above the limit, the token has no end, or it still passed after its end.",
    why: "A stolen token is worth what is left of its life. A removed scope also lives on in tokens that were issued before.",
    example: "legacy-cron: tokens live up to 30 days (half of the requests 1 hour or less, 95 % 8 hours or less), limit 1 hour (412 requests)",
    guards: "Clocks may differ by five minutes. Refused requests do not count as use after the end. Opaque tokens show no lifetime: then the rule is not evaluable. Lifetimes are kept rounded up (to the minute within an hour, to 15 minutes within a day, to the day within 30); the longest one is exact. The count is of the requests of days and credentials with such a token. Clients that can change permissions or credentials have the shorter limit `admin_lifetime`; above it, but within `max_lifetime`, the finding is low.",
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

impl Rule for LongLivedToken {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let told = |facts: &Facts| facts.lifetime.is_some() || facts.endless > 0;
        if context.credential_rows().any(|(_, row)| told(&row.facts)) {
            return Ok(());
        }
        Err(MissingField::new("iat and exp of the token"))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let window = context.analysis.window;
        let mut clients: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
        for (client, row) in context.credential_rows() {
            if window.contains(row.day) {
                clients.entry(client).or_default().push(&row.facts);
            }
        }
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
            let mut say =
                |subject: &str, severity: Severity, which: &dyn Fn(&Facts) -> u64, text: String| {
                    let own: Vec<&&Facts> = rows.iter().filter(|facts| which(facts) > 0).collect();
                    let requests: u64 = own.iter().map(|facts| which(facts)).sum();
                    let first = own.iter().map(|facts| facts.first).min();
                    let last = own.iter().map(|facts| facts.last).max();
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
                .map(|own| own.1)
                .max();
            let privileged = context.client(client).is_some_and(|own| {
                let risky = [Category::Escalation, Category::Credentials];
                context
                    .universe
                    .opens(&own.granted)
                    .into_iter()
                    .any(|op| context.in_category(op, &risky))
            });
            let limit = settings.threshold(&DOC, "max_lifetime");
            let admin = settings.threshold(&DOC, "admin_lifetime");
            let own = if privileged { admin.min(limit) } else { limit };
            if let Some(longest) = longest.filter(|longest| u64::from(*longest) > own) {
                let severity = match u64::from(longest) {
                    seconds if seconds <= limit => Severity::Low,
                    seconds if seconds > 24 * 3_600 => Severity::High,
                    _ => Severity::Medium,
                };
                say(
                    "lifetime",
                    severity,
                    &|facts| {
                        let long = facts.lifetime.is_some_and(|life| u64::from(life.1) > own);
                        if long { facts.count } else { 0 }
                    },
                    format!(
                        "tokens live up to {}{}, limit {}",
                        span(u64::from(longest)),
                        shares(lives.get(client)),
                        span(own)
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
        span(found.map_or(0, |(seconds, _)| u64::from(*seconds)))
    };
    format!(
        " (half of the requests {} or less, 95 % {} or less)",
        within(50),
        within(95)
    )
}

/// `30 days`, `90 minutes`, `45 seconds`.
fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        86_400.. if seconds.is_multiple_of(86_400) || seconds > 4 * 86_400 => {
            (seconds / 86_400, "day")
        }
        3_600.. if seconds.is_multiple_of(3_600) || seconds > 8 * 3_600 => {
            (seconds / 3_600, "hour")
        }
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    plural(count, unit)
}
