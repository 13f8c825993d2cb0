//! F10: old operations and old ways to authenticate that still serve.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::context::Caller;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::served::served;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::format::AuthKind;
use crate::model::words::plural;
use crate::model::{Method, Millis, Scheme, Security};

pub(super) struct StaleEndpoint;

static DOC: Doc = Doc {
    number: "F10",
    id: "stale-endpoint",
    title: "A deprecated or outdated endpoint still serves",
    what: "An operation that is marked as deprecated, or of which a newer version exists (`/v1/x` next to `/v2/x`), still serves; or one that by its declared security schemes asks for a user name and password (HTTP basic) or for a key in the query string; or the log shows that a client authenticates in one of these ways. Whoever it serves counts: clients of the policy, callers that no policy file names, and requests that name no caller.",
    why: "Old versions miss the checks of the new ones. A key in a query string ends up in logs, caches and browser histories.",
    example: "GET /v1/orders is deprecated and still serves 3 clients (412 requests): billing, erp-sync, till",
    guards: "Only requests that passed count, and at least `min_requests`. Where an operation also accepts something newer, nobody knows which of them was used: a note. A client whose requests to such operations explain all that the log shows of it is not reported a second time. A key in the query counts under well-known names (`api_key`, `access_token`) and, on the operations that declare it, under its declared name; its value is never read. Requests that match no operation are left to F11. Health checks are left out on reading.",
    action: "Move the named clients, then switch the operation off.",
    fields: &[
        "`deprecated`, versions or security schemes in the API description, or the kind of authentication in the log",
    ],
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
        let mut rows = context.credentials.rows.iter();
        let kinds = rows.any(|row| row.kind != AuthKind::Unknown);
        if !kinds && !declares(context) && stale(context).is_empty() {
            return Err(MissingField::new(
                "`deprecated`, a version in the paths or security schemes of the API description, or the kind of authentication in the log",
            ));
        }
        Ok(())
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        let declared = if declares(context) {
            "apart from what the API description declares, it is not known"
        } else {
            "the API description declares no security schemes"
        };
        let formats: BTreeSet<&str> = context
            .sources
            .iter()
            .filter_map(|source| source.format)
            .collect();
        let silent = formats.into_iter().filter_map(|format| {
            let what = match format {
                "native" => return None,
                "aws-apigw" => "HTTP basic, or a key in the query string",
                _ => "HTTP basic",
            };
            Some(Unjudged {
                missing: format!("{what}: {format} logs do not show it, and {declared}"),
                clients: Vec::new(),
            })
        });
        silent.collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = operations(context, settings);
        findings.extend(logged(context, settings));
        findings
    }
}

/// The API description states for some operation how callers prove who they are.
fn declares(context: &Context<'_>) -> bool {
    let mut operations = context.catalog.operations.iter();
    operations.any(|operation| operation.security.ways().next().is_some())
}

/// The outdated way that a scheme is.
fn outdated(scheme: &Scheme) -> Option<(AuthKind, String)> {
    match scheme {
        Scheme::Basic => Some((
            AuthKind::Basic,
            "a user name and password (HTTP basic)".to_owned(),
        )),
        Scheme::QueryKey(name) => Some((
            AuthKind::QueryKey,
            format!("a key in the query string (`{name}`)"),
        )),
        _ => None,
    }
}

/// Outdated ways that an operation accepts.
struct Accepts {
    kinds: BTreeSet<AuthKind>,
    words: BTreeSet<String>,
    /// It accepts something newer as well.
    newer: bool,
}

fn accepts(security: &Security) -> Option<Accepts> {
    let mut accepts = Accepts {
        kinds: BTreeSet::new(),
        words: BTreeSet::new(),
        newer: false,
    };
    for way in security.ways() {
        // What is asked for together with something newer is not all that protects.
        let old: Option<Vec<_>> = way.iter().map(outdated).collect();
        accepts.newer |= old.is_none();
        for (kind, words) in old.into_iter().flatten() {
            accepts.kinds.insert(kind);
            accepts.words.insert(words);
        }
    }
    (!accepts.kinds.is_empty()).then_some(accepts)
}

fn operations(context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let stale = stale(context);
    let all = &context.catalog.operations;
    let served = served(context, |index| {
        stale.contains_key(&index) || accepts(&all[index].security).is_some()
    });
    let least = settings.threshold(&DOC, "min_requests");
    let served = served
        .into_iter()
        .filter(|entry| entry.1.requests() >= least);
    let said = served.map(|(operation, served)| {
        let described = &all[operation];
        let (mut why, mut severity) = (Vec::new(), Severity::Note);
        if let Some(stale) = stale.get(&operation) {
            why.push(stale.clone());
            severity = Severity::Medium;
        }
        if let Some(accepts) = accepts(&described.security) {
            let verb = if accepts.newer {
                "also accepts"
            } else {
                "asks for"
            };
            let words: Vec<String> = accepts.words.into_iter().collect();
            why.push(format!("by its description {verb} {}", words.join(" or ")));
            if !accepts.newer {
                severity = Severity::Medium;
            }
        }
        let label = described.label();
        let message = format!(
            "{label} {} and still serves {}",
            why.join(", "),
            served.whom()
        );
        let finding = Finding::new(&DOC, settings, "", label, message)
            .graded(settings, severity)
            .at(described.place.clone());
        served.on(finding)
    });
    said.collect()
}

/// What the log shows of callers, beyond operations that are findings themselves.
fn logged(context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let window = context.analysis.window;
    let table = context.credentials;
    let callers: BTreeMap<&str, Caller<'_>> = context
        .callers()
        .map(|caller| (caller.name, caller))
        .collect();
    let mut kinds: BTreeMap<(&str, AuthKind), (u64, Millis, Millis)> = BTreeMap::new();
    for row in &table.rows {
        let name = table.clients.get(row.client as usize);
        let Some(client) = name
            .map(String::as_str)
            .filter(|name| callers.contains_key(name))
        else {
            continue;
        };
        let old = matches!(row.kind, AuthKind::Basic | AuthKind::QueryKey);
        let passed = row.facts.count - row.facts.refused;
        if old && passed > 0 && window.contains(row.day) {
            let kind =
                kinds
                    .entry((client, row.kind))
                    .or_insert((0, row.facts.first, row.facts.last));
            kind.0 += passed;
            kind.1 = kind.1.min(row.facts.first);
            kind.2 = kind.2.max(row.facts.last);
        }
    }
    let least = settings.threshold(&DOC, "min_requests");
    let mut findings = Vec::new();
    for ((client, kind), (requests, first, last)) in kinds {
        let caller = &callers[client];
        if requests < least || requests <= explained(context, caller, kind) {
            continue;
        }
        let outside = if caller.client.is_some() {
            ""
        } else {
            "is in no policy file and "
        };
        let what = if kind == AuthKind::Basic {
            "a user name and password"
        } else {
            "a key in the query string"
        };
        let message = format!(
            "{outside}authenticates with {what} ({})",
            plural(requests, "request")
        );
        findings.push(
            Finding::new(&DOC, settings, client, kind.name(), message).seen(requests, first, last),
        );
    }
    findings
}

/// Requests of a caller to operations that accept nothing but outdated ways, this among them.
fn explained(context: &Context<'_>, caller: &Caller<'_>, kind: AuthKind) -> u64 {
    let used = context.used_by(caller);
    let declared = used.iter().filter(|(route, _)| {
        let operations = context.operations(*route).iter();
        let mut replaced =
            operations.filter_map(|op| accepts(&context.catalog.operations[*op].security));
        replaced.any(|accepts| !accepts.newer && accepts.kinds.contains(&kind))
    });
    let days = declared.flat_map(|(_, days)| days);
    days.map(|day| day.counts.iter().sum::<u64>() - day.denied())
        .sum()
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
            let newest = latest.entry((operation.method, path)).or_default();
            *newest = version.max(*newest);
        }
    }
    let mut stale = BTreeMap::new();
    for (index, operation) in context.catalog.operations.iter().enumerate() {
        if operation.deprecated {
            stale.insert(index, "is deprecated".to_owned());
        } else if let Some((version, path)) = versioned(&operation.path)
            && let Some(newest) = latest
                .get(&(operation.method, path))
                .filter(|newer| **newer > version)
        {
            stale.insert(index, format!("has a newer version v{newest}"));
        }
    }
    stale
}
