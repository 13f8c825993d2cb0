//! F19: grants that no request can show.

use crate::finding::rule::{iso, nist};
use crate::finding::shared::terms;
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::{Reason, Verdict};

pub(super) struct UnobservableScope;

static DOC: Doc = Doc {
    number: "F19",
    id: "unobservable-scope",
    title: "A grant that no request can show",
    what: "A client holds a term that opens no operation of the API description, so that its use cannot be seen in any log.",
    why: "It can never be judged from use, and so never goes away by itself. Often it is a typing error, a scope of another API, or a description that is not complete.",
    example: "billing: `ledger:close` opens no operation of the API description; 3 lines grant it",
    guards: "Scopes of the protocol itself (`openid` and the like) are left out.",
    action: "Correct the name, describe the operation, or ask the owner what it is for.",
    fields: &["policy file", "scopes required by the operations"],
    severity: Severity::Low,
    thresholds: &[],
    controls: &[nist("AC-6(7)"), iso("A.5.18")],
};

impl Rule for UnobservableScope {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        if context.catalog.required_scopes().is_empty() {
            return Err(MissingField::new("scopes required by the operations"));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        terms(context, (&DOC, settings), |_, term| {
            let unseen = term.verdict == Verdict::Unobservable
                && term.reasons.contains(&Reason::OpensNoOperation);
            unseen.then(|| format!("`{}` opens no operation of the API description", term.term))
        })
    }
}
