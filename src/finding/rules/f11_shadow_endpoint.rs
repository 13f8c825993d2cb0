//! F11: paths that serve and that nobody described.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::rule::{nist, owasp};
use crate::finding::shared::{is_static, named};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;
use crate::model::{Cause, Method};

pub(super) struct ShadowEndpoint;

static DOC: Doc = Doc {
    number: "F11",
    id: "shadow-endpoint",
    title: "An endpoint that is not in the API description",
    what: "Requests to a path that matches no operation were answered: with success (status 200 to 399) where a caller is named, in the policy or not; with anything but a refusal or a 404 where none is named.",
    why: "What is not in the description is in nobody's review, and its scopes are unknown. Requests to it also lower the confidence of every removal for these clients.",
    example: "GET /internal/export is in no API description and answered 312 requests of 2 clients",
    guards: "Two callers or ten requests at least; low where no request names a caller, for such a path may be public on purpose; an answer 404 shows that nothing is there. Paths of static files are left out. Ids in paths are replaced by `{}`. Check the base path and the trailing slash first: a wrong base path makes everything a shadow.",
    action: "Describe the operation with its scopes, or switch it off.",
    fields: &["client", "path", "status", "API description"],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "min_clients",
            unit: Unit::Count,
            default: 2,
            text: "named callers, or",
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
        let mut paths: BTreeMap<(Method, &str), Served<'_>> = BTreeMap::new();
        for caller in context.callers() {
            let outside = context.unplaced_of(&caller).iter();
            for cluster in outside.filter(|cluster| cluster.cause == Cause::NoOperation) {
                // Without a caller a success cannot be told from an error, but a missing path can.
                let served = if caller.is_nobody() {
                    cluster.counts.nameless
                } else {
                    cluster.counts.served
                };
                if served == 0 || is_static(&cluster.path) {
                    continue;
                }
                let path = paths.entry((cluster.method, &cluster.path)).or_default();
                if !caller.is_nobody() {
                    path.named.insert(caller.name);
                    path.known |= caller.client.is_some();
                }
                path.requests += served;
            }
        }
        let least = (
            settings.threshold(&DOC, "min_clients"),
            settings.threshold(&DOC, "min_requests"),
        );
        paths
            .into_iter()
            .filter(|(_, served)| {
                served.named.len() as u64 >= least.0 || served.requests >= least.1
            })
            .map(|((method, path), served)| {
                let subject = format!("{method} {path}");
                let names: Vec<&str> = served.named.iter().copied().collect();
                let of = if names.is_empty() {
                    "without a caller".to_owned()
                } else {
                    let who = plural(names.len(), if served.known { "client" } else { "caller" });
                    format!("of {who} ({})", named(&names))
                };
                let message = format!(
                    "{subject} is in no API description and answered {} {of}",
                    plural(served.requests, "request")
                );
                let mut finding = Finding::new(&DOC, settings, "", subject, message);
                finding.requests = served.requests;
                let severity = if names.is_empty() {
                    Severity::Low
                } else {
                    DOC.severity
                };
                finding.graded(settings, severity).extent(names.len())
            })
            .collect()
    }
}

/// What a path outside the description served.
#[derive(Default)]
struct Served<'a> {
    named: BTreeSet<&'a str>,
    /// Some of them are in the policy.
    known: bool,
    requests: u64,
}
