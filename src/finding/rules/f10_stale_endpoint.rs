//! F10: old operations and old ways to authenticate that still serve.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::format::AuthKind;
use crate::model::words::plural;
use crate::model::{Method, Outcome};

pub(super) struct StaleEndpoint;

static DOC: Doc = Doc {
    number: "F10",
    id: "stale-endpoint",
    title: "A deprecated or outdated endpoint still serves",
    what: "An operation that is marked as deprecated, or of which a newer version exists (`/v1/x` beside `/v2/x`), still serves clients; or a client authenticates with a password or with a key in the query string.",
    why: "Old versions miss the checks of the new ones. A key in a query string ends up in logs, caches and browser histories.",
    example: "GET /v1/orders is deprecated and still serves 3 clients (412 requests): billing, erp-sync, till",
    guards: "Only requests that passed count, and at least `min_requests`. Requests that match no operation are F11's affair. Health checks are left out on reading.",
    action: "Move the named clients, then switch the operation off.",
    fields: &["`deprecated` or versions in the API description, or the kind of authentication"],
    severity: Severity::Medium,
    thresholds: &[Threshold {
        key: "min_requests",
        unit: Unit::Count,
        default: 1,
        text: "requests before it is reported",
    }],
    controls: &[owasp("API9"), owasp("API2"), nist("CM-8"), soc2("CC6.8")],
};

impl Rule for StaleEndpoint {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let kinds = context
            .credential_rows()
            .any(|(_, row)| row.kind != AuthKind::Unknown);
        if !kinds && stale(context).is_empty() {
            return Err(MissingField::new(
                "`deprecated` or a version in the paths of the API description, or the kind of authentication in the log",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let least = settings.threshold(&DOC, "min_requests");
        let mut findings = operations(context, settings, least);
        let window = context.analysis.window;
        let mut kinds: BTreeMap<(&str, AuthKind), (u64, i64, i64)> = BTreeMap::new();
        for (client, row) in context.credential_rows() {
            let old = matches!(row.kind, AuthKind::Basic | AuthKind::QueryKey);
            let passed = row.facts.count - row.facts.refused;
            if old && passed > 0 && window.contains(row.day) {
                let own =
                    kinds
                        .entry((client, row.kind))
                        .or_insert((0, row.facts.first, row.facts.last));
                own.0 += passed;
                own.1 = own.1.min(row.facts.first);
                own.2 = own.2.max(row.facts.last);
            }
        }
        for ((client, kind), (requests, first, last)) in kinds {
            let what = if kind == AuthKind::Basic {
                "a user name and password"
            } else {
                "a key in the query string"
            };
            if requests >= least {
                let message = format!(
                    "authenticates with {what} ({})",
                    plural(requests, "request")
                );
                findings.push(
                    Finding::new(&DOC, settings, client, kind.name(), message)
                        .seen(requests, first, last),
                );
            }
        }
        findings
    }
}

fn operations(context: &Context<'_>, settings: &RuleSettings, least: u64) -> Vec<Finding> {
    let stale = stale(context);
    let mut by_operation: BTreeMap<usize, (BTreeSet<&str>, u64, i64, i64)> = BTreeMap::new();
    for client in &context.analysis.clients {
        for (route, days) in context.used(client) {
            for operation in context.operations(route) {
                if !stale.contains_key(operation) {
                    continue;
                }
                for day in days.iter().filter(|day| count(day, Outcome::Used) > 0) {
                    let own = by_operation.entry(*operation).or_insert((
                        BTreeSet::new(),
                        0,
                        day.first,
                        day.last,
                    ));
                    own.0.insert(client.id.as_str());
                    own.1 += count(day, Outcome::Used);
                    own.2 = own.2.min(day.first);
                    own.3 = own.3.max(day.last);
                }
            }
        }
    }
    by_operation
        .into_iter()
        .filter(|(_, (_, requests, ..))| *requests >= least)
        .map(|(operation, (clients, requests, first, last))| {
            let own = &context.catalog.operations[operation];
            let names: Vec<&str> = clients.iter().copied().take(5).collect();
            let rest = clients.len().saturating_sub(names.len());
            let more = if rest > 0 {
                format!(" and {rest} more")
            } else {
                String::new()
            };
            let message = format!(
                "{} {} and still serves {} ({}): {}{more}",
                own.label(),
                stale[&operation],
                plural(clients.len(), "client"),
                plural(requests, "request"),
                names.join(", ")
            );
            Finding::new(&DOC, settings, "", own.label(), message)
                .seen(requests, first, last)
                .at(own.place.clone())
        })
        .collect()
}

/// Operations that are deprecated, or of which a later version exists, and why.
fn stale(context: &Context<'_>) -> BTreeMap<usize, String> {
    let versioned = |path: &str| -> Option<(u32, String)> {
        let mut found = None;
        let rest: Vec<&str> = path
            .split('/')
            .map(|part| {
                match part
                    .strip_prefix('v')
                    .and_then(|digits| digits.parse().ok())
                {
                    Some(version) if found.is_none() => {
                        found = Some(version);
                        "v*"
                    }
                    _ if part.starts_with('{') => "{}",
                    _ => part,
                }
            })
            .collect();
        found.map(|version: u32| (version, rest.join("/")))
    };
    let mut latest: BTreeMap<(Method, String), u32> = BTreeMap::new();
    for operation in &context.catalog.operations {
        if let Some((version, path)) = versioned(&operation.path) {
            let own = latest.entry((operation.method, path)).or_default();
            *own = version.max(*own);
        }
    }
    let mut stale = BTreeMap::new();
    for (index, operation) in context.catalog.operations.iter().enumerate() {
        if operation.deprecated {
            stale.insert(index, "is deprecated".to_owned());
        } else if let Some((version, path)) = versioned(&operation.path)
            && let Some(newest) = latest
                .get(&(operation.method, path))
                .filter(|own| **own > version)
        {
            stale.insert(index, format!("has a newer version v{newest}"));
        }
    }
    stale
}
