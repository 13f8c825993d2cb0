//! F20: the same term, granted twice.

use crate::finding::rule::{iso, nist};
use crate::finding::shared::{needs_grants, terms};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};

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

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        terms(context, (&DOC, settings), |_, term| {
            let ways: Vec<String> = term
                .vias
                .iter()
                .map(|via| match &via.role {
                    Some((role, _)) => format!("through role {role}"),
                    None => "directly".to_owned(),
                })
                .collect();
            (ways.len() > 1).then(|| {
                format!(
                    "holds `{}` by {} lines: {}",
                    term.term,
                    ways.len(),
                    ways.join(", ")
                )
            })
        })
    }
}
