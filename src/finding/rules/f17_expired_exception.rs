//! F17: exceptions that look like protection and are none.

use crate::finding::rule::{iso, nist, pci};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::{Granted, ScopeMatch, Subject};

pub(super) struct ExpiredException;

static DOC: Doc = Doc {
    number: "F17",
    id: "expired-exception",
    title: "An exception expired, or matches nothing",
    what: "A reviewed \"keep this\" of the configuration or of the policy file is past its last day, or matches no grant.",
    why: "An expired exception protects nothing, and the decision is due for review. One that matches nothing was meant for something else.",
    example: "the exception for `ops-breakglass` and `incident:override` expired on 2026-06-30",
    guards: "The day is the end of the window, never the clock.",
    action: "Decide again, with a new date and a reason; or delete it.",
    fields: &["exceptions or `keep` lines with a date"],
    severity: Severity::Medium,
    thresholds: &[],
    controls: &[nist("AC-6(7)"), iso("A.5.18"), pci("7.2.5.1")],
};

impl Rule for ExpiredException {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let mut entries = context.policy.files.iter().flat_map(|file| &file.entries);
        if context.exceptions.is_empty() && entries.all(|entry| entry.keep.is_none()) {
            return Err(MissingField::new("exceptions (none is written down)"));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let today = context.analysis.window.to;
        let mut findings = Vec::new();
        for exception in context.exceptions {
            let what = format!(
                "the exception for `{}` and `{}`",
                exception.client, exception.term
            );
            let subject = format!("{} {}", exception.client, exception.term);
            let mut say = |severity: Severity, text: String| {
                findings.push(
                    Finding::new(&DOC, settings, "", subject.clone(), text)
                        .graded(settings, severity)
                        .at([exception.place.clone()]),
                );
            };
            let fits = |pattern: &str, text: &str| {
                pattern == text || ScopeMatch::Glob.covers(pattern, text)
            };
            let used = context.analysis.clients.iter().any(|client| {
                fits(&exception.client, client.id.as_str())
                    && client
                        .granted
                        .iter()
                        .any(|term| fits(&exception.term, term.as_str()))
            });
            if let Some(until) = exception.until.filter(|until| *until < today) {
                say(Severity::Medium, format!("{what} expired on {until}"));
            } else if !used {
                say(Severity::Low, format!("{what} matches no grant"));
            }
        }
        for entry in context.policy.files.iter().flat_map(|file| &file.entries) {
            let until = entry.keep.as_ref().and_then(|keep| keep.until);
            let Some(until) = until.filter(|until| *until < today) else {
                continue;
            };
            let client = match &entry.subject {
                Subject::Client(client) => client.as_str(),
                Subject::Role(_) => "",
            };
            let what = match &entry.granted {
                Granted::Term(term) => term.as_str(),
                Granted::Role(role) => role.as_str(),
            };
            let text = format!("the `keep` of `{what}` expired on {until}");
            findings
                .push(Finding::new(&DOC, settings, client, what, text).at([entry.place.clone()]));
        }
        findings
    }
}
