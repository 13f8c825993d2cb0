//! F15: who used the privileged operations.

use crate::analysis::category::Category;
use crate::finding::rule::nist;
use crate::finding::shared::Tally;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;
use crate::usage::DayUse;

pub(super) struct PrivilegedUse;

static DOC: Doc = Doc {
    number: "F15",
    id: "privileged-use",
    title: "Use of privileged operations",
    what: "Requests that passed on operations that change permissions or handle credentials (categories `escalation` and `credentials`), by clients of the policy, by callers that no policy file names, and by requests that name no caller.",
    why: "Use of privileged functions is to be logged and looked at. This is the list to look at, not an accusation.",
    example: "idp-sync: 12 requests to POST /v1/users/{id}/roles (escalation)",
    guards: "Categories come from tags of the API description, from `[categories]` of the configuration, else from words of the path. Note for clients of the policy; low for callers outside it, because nobody decided that they may.",
    action: "Check that each use was meant.",
    fields: &["client", "operation", "categories of operations"],
    severity: Severity::Note,
    thresholds: &[Threshold {
        key: "min_requests",
        unit: Unit::Count,
        default: 1,
        text: "requests before it is reported",
    }],
    controls: &[nist("AC-6(9)")],
};

const PRIVILEGED: [Category; 2] = [Category::Escalation, Category::Credentials];

impl Rule for PrivilegedUse {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let any = (0..context.catalog.operations.len())
            .any(|operation| context.in_category(operation, &PRIVILEGED));
        if any {
            return Ok(());
        }
        Err(MissingField::new(
            "operations in the categories escalation or credentials (tags of the API description, `[categories]`)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = Vec::new();
        for caller in context.callers() {
            for (route, days) in context.used_by(&caller) {
                let operations = context.operations(route);
                let categories: Vec<&str> = PRIVILEGED
                    .iter()
                    .filter(|category| {
                        operations
                            .iter()
                            .any(|op| context.in_category(*op, &[**category]))
                    })
                    .map(|category| category.name())
                    .collect();
                let passed = |day: &DayUse| caller.passed(day);
                let Some(sum) = Tally::of(days.iter(), passed, DayUse::passed) else {
                    continue;
                };
                if categories.is_empty() || sum.events < settings.threshold(&DOC, "min_requests") {
                    continue;
                }
                let label = context.label(route);
                let (whose, severity) = match caller.client {
                    Some(_) => ("", Severity::Note),
                    None if caller.is_nobody() => (" that name no caller", Severity::Low),
                    None => (" of a caller that no policy file names", Severity::Low),
                };
                let message = format!(
                    "{}{whose} to {label} ({})",
                    plural(sum.events, "request"),
                    categories.join(", ")
                );
                let finding = Finding::new(&DOC, settings, caller.name, label, message)
                    .graded(settings, severity);
                findings.push(sum.on(finding, route, false));
            }
        }
        findings
    }
}
