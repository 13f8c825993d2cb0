//! F5: evidence of rotation.

use std::collections::BTreeMap;

use crate::finding::rule::{iso, nist, pci};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::format::AuthKind;
use crate::model::words::plural;
use crate::usage::credentials::{CredentialHash, CredentialRow};

pub(super) struct Rotation;

static DOC: Doc = Doc {
    number: "F5",
    id: "rotation",
    title: "Rotation of credentials",
    what: "A new credential of a client appeared. If the old one stopped within the overlap, that is evidence of a rotation (a note); if both are still in use after it, the rotation was not finished.",
    why: "A rotation in which the old key lives on protects nobody. One that was finished is worth showing to an auditor.",
    example: "erp-sync: cred:9f2c51b07a31 is still in use 63 days after cred:4a0d8c99e1f0 appeared (overlap 7 days)",
    guards: "Blue/green deployments keep two credentials on purpose: put such clients on the rule's `allow` list. Tokens are left out, because they change by themselves; only the newest pair of a client is judged.",
    action: "Revoke the old credential once nothing uses it.",
    fields: &["client", "credential id"],
    severity: Severity::Low,
    thresholds: &[Threshold {
        key: "overlap",
        unit: Unit::Days,
        default: 7,
        text: "days for which old and new may be used side by side",
    }],
    controls: &[nist("IA-5"), iso("A.8.2"), iso("A.5.17"), pci("8.6.3")],
};

impl Rule for Rotation {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        if context
            .named_credentials()
            .values()
            .any(|rows| lasting(rows))
        {
            return Ok(());
        }
        Err(MissingField::new(
            "credential id of keys or certificates (tokens change by themselves)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let overlap = settings.days(&DOC, "overlap");
        let mut clients: BTreeMap<&str, Vec<(CredentialHash, Vec<&CredentialRow>)>> =
            BTreeMap::new();
        for ((client, hash), rows) in context.named_credentials() {
            if lasting(&rows) {
                clients.entry(client).or_default().push((hash, rows));
            }
        }
        let mut findings = Vec::new();
        for (client, mut own) in clients {
            own.sort_by_key(|(hash, rows)| (rows[0].day, *hash));
            let [.., (old, before), (new, after)] = own.as_slice() else {
                continue;
            };
            let (Some(last), appeared) = (before.last(), after[0].day) else {
                continue;
            };
            if before[0].day == appeared {
                continue;
            }
            let side = last.day.0 - appeared.0;
            let requests: u64 = after.iter().map(|row| row.facts.count).sum();
            let (severity, subject, message) = if side > overlap {
                let text = format!(
                    "{old:#} is still in use {} after {new:#} appeared on {appeared} (overlap {})",
                    plural(side, "day"),
                    plural(overlap, "day")
                );
                (Severity::Low, format!("{old} still in use"), text)
            } else {
                let text = format!(
                    "rotated on {appeared}: {new:#} in place of {old:#}, which was last seen on {}",
                    last.day
                );
                (Severity::Note, format!("{new} rotated"), text)
            };
            findings.push(
                Finding::new(&DOC, settings, client, subject, message)
                    .graded(settings, severity)
                    .seen(
                        requests,
                        after[0].facts.first,
                        after[after.len() - 1].facts.last,
                    ),
            );
        }
        findings
    }
}

fn lasting(rows: &[&CredentialRow]) -> bool {
    rows.iter().all(|row| row.kind != AuthKind::Token)
}
