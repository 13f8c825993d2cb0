//! F11: paths that serve and that nobody described.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::rule::{nist, owasp};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::Method;
use crate::model::words::plural;

pub(super) struct ShadowEndpoint;

static DOC: Doc = Doc {
    number: "F11",
    id: "shadow-endpoint",
    title: "An endpoint that is not in the API description",
    what: "Requests of known clients to a path that matches no operation were answered with success (status 200 to 399).",
    why: "What is not in the description is in nobody's review, and its scopes are unknown. Requests to it also lower the confidence of every removal for these clients.",
    example: "GET /internal/export is in no API description and answered 312 requests of 2 clients",
    guards: "Two clients or ten requests at least; an answer 404 shows that nothing is there. Paths of static files are left out. Ids in paths are replaced by `{}`. Check the base path and the trailing slash first: a wrong base path makes everything a shadow.",
    action: "Describe the operation with its scopes, or switch it off.",
    fields: &["client", "path", "status", "API description"],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "min_clients",
            unit: Unit::Count,
            default: 2,
            text: "clients that call it, or",
        },
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 10,
            text: "requests to it",
        },
    ],
    controls: &[owasp("API9"), nist("CM-8")],
};

/// Endings of files that no API serves as an operation.
const STATIC: [&str; 10] = [
    ".css", ".js", ".png", ".ico", ".svg", ".map", ".woff", ".woff2", ".jpg", ".gif",
];

impl Rule for ShadowEndpoint {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let matched = context.analysis.clients.iter().any(|client| {
            context
                .used(client)
                .iter()
                .any(|(route, _)| !context.operations(*route).is_empty())
        });
        if matched {
            return Ok(());
        }
        Err(MissingField::new(
            "requests that match the API description (none does: check the base path)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut paths: BTreeMap<(Method, &str), (BTreeSet<&str>, u64)> = BTreeMap::new();
        for client in &context.analysis.clients {
            for cluster in client.unmatched.iter().filter(|own| own.counts.served > 0) {
                if STATIC.iter().any(|end| cluster.path.ends_with(end)) {
                    continue;
                }
                let own = paths.entry((cluster.method, &cluster.path)).or_default();
                own.0.insert(client.id.as_str());
                own.1 += cluster.counts.served;
            }
        }
        let least = (
            settings.threshold(&DOC, "min_clients"),
            settings.threshold(&DOC, "min_requests"),
        );
        paths
            .into_iter()
            .filter(|(_, (clients, requests))| {
                clients.len() as u64 >= least.0 || *requests >= least.1
            })
            .map(|((method, path), (clients, requests))| {
                let subject = format!("{method} {path}");
                let names: Vec<&str> = clients.iter().copied().take(5).collect();
                let more = match clients.len() - names.len() {
                    0 => String::new(),
                    rest => format!(" and {rest} more"),
                };
                let message = format!(
                    "{subject} is in no API description and answered {} of {} ({}{more})",
                    plural(requests, "request"),
                    plural(clients.len(), "client"),
                    names.join(", ")
                );
                let mut finding = Finding::new(&DOC, settings, "", subject, message);
                finding.requests = requests;
                finding
            })
            .collect()
    }
}
