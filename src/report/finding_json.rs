//! The findings as part of `scopetrim.report/1`.

use serde::Serialize;

use super::View;
use super::json::instant;
use crate::analysis::blast::Blast;
use crate::model::Place;

/// Three members of the report.
#[derive(Serialize)]
pub(super) struct AuditJson<'a> {
    findings: Vec<FindingJson<'a>>,
    not_evaluable: Vec<NotEvaluableJson<'a>>,
    rules_off: &'a [&'static str],
    blast_radius: &'a [Blast],
}

#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'a str,
    rule: &'a str,
    number: &'a str,
    severity: &'static str,
    client: &'a str,
    subject: &'a str,
    message: &'a str,
    requests: u64,
    extent: Option<u64>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    places: &'a [Place],
    samples: &'a [String],
}

#[derive(Serialize)]
struct NotEvaluableJson<'a> {
    rule: &'a str,
    number: &'a str,
    missing: &'a str,
    partly: bool,
    clients: &'a [String],
}

pub(super) fn audit<'a>(view: &View<'a>) -> AuditJson<'a> {
    let findings = view.outcomes.findings.iter();
    let not_evaluable = view.outcomes.not_evaluable.iter();
    AuditJson {
        findings: findings
            .map(|own| FindingJson {
                id: &own.id,
                rule: own.rule,
                number: own.number,
                severity: own.severity.name(),
                client: &own.client,
                subject: &own.subject,
                message: &own.message,
                requests: own.requests,
                extent: own.extent,
                first_seen: own.first_seen.map(instant),
                last_seen: own.last_seen.map(instant),
                places: &own.places,
                samples: &own.samples,
            })
            .collect(),
        not_evaluable: not_evaluable
            .map(|own| NotEvaluableJson {
                rule: own.rule,
                number: own.number,
                missing: &own.missing.0,
                partly: own.partly,
                clients: &own.clients,
            })
            .collect(),
        rules_off: &view.outcomes.disabled,
        blast_radius: view.blast,
    }
}
