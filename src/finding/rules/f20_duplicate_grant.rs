//! F20: the same term, granted twice.

use crate::finding::rule::{iso, nist};
use crate::finding::shared::{needs_grants, terms};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::Via;

pub(super) struct DuplicateGrant;

static DOC: Doc = Doc {
    number: "F20",
    id: "duplicate-grant",
    title: "A term is granted twice",
    what: "A client holds one term by several lines: directly and through a role, through several roles, or twice in one list.",
    why: "Taking one of them away changes nothing, and everybody believes that it did.",
    example: "billing holds `orders:read` by 2 lines: directly, through role reader",
    guards: "Two files look the same even if only one of them is in force.",
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
        let in_parts = |via: &Via| {
            let file = context.policy.files.get(via.file);
            file.is_some_and(|file| file.in_parts)
        };
        terms(context, (&DOC, settings), |_, term| {
            if term.vias.iter().any(in_parts) {
                return None;
            }
            let ways: Vec<String> = term
                .vias
                .iter()
                .map(|via| match &via.role {
                    Some(held) => format!("through role {}", held.role),
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
