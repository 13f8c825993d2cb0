//! F20: the same term, granted twice.

use crate::finding::rule::{iso, nist};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::Granted;

pub(super) struct DuplicateGrant;

static DOC: Doc = Doc {
    number: "F20",
    id: "duplicate-grant",
    title: "A term is granted twice",
    what: "A client holds one term by several lines: directly and through a role, through several roles, or twice in one list.",
    why: "Taking one of them away changes nothing, and everybody believes that it did.",
    example: "billing holds `orders:read` by 2 lines: directly, through role reader",
    guards: "Two files of which only one is in force look the same.",
    action: "Keep one of the lines.",
    fields: &["policy file"],
    severity: Severity::Low,
    thresholds: &[],
    controls: &[nist("AC-6(7)"), iso("A.5.18")],
};

impl Rule for DuplicateGrant {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let entries = context.policy.files.iter().flat_map(|file| &file.entries);
        if entries
            .filter(|own| matches!(own.granted, Granted::Term(_)))
            .count()
            == 0
        {
            return Err(MissingField::new("grants (the policy files list none)"));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for term in client.terms.iter().filter(|term| term.vias.len() > 1) {
                let ways: Vec<String> = term
                    .vias
                    .iter()
                    .map(|via| match &via.role {
                        Some((role, _)) => format!("through role {role}"),
                        None => "directly".to_owned(),
                    })
                    .collect();
                let message = format!(
                    "holds `{}` by {} lines: {}",
                    term.term,
                    ways.len(),
                    ways.join(", ")
                );
                findings.push(
                    Finding::new(
                        &DOC,
                        settings,
                        client.id.as_str(),
                        term.term.as_str(),
                        message,
                    )
                    .at(context.places(term)),
                );
            }
        }
        findings
    }
}
