//! The result as data; also accepted as a baseline.

use super::{Issue, Outcome, Output};
use crate::report::json_text;

pub(super) struct Json;

impl Output for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn render(&self, outcome: &Outcome) -> String {
        let issues: Vec<_> = outcome.issues.iter().map(issue).collect();
        text(&serde_json::json!({
                "schema": "scopetrim.baseline/1",
                "failed": outcome.failing().count(),
                "incomplete": outcome.incomplete,
                "resolved": outcome.resolved,
                "issues": issues,
        }))
    }
}

/// As text with a line end; it holds names from a log, and is read with `cat` too.
pub(super) fn text(value: &serde_json::Value) -> String {
    let text = json_text::pretty(value);
    // Writing to a string cannot fail, and the other form holds the same.
    format!("{}\n", text.unwrap_or_else(|_| value.to_string()))
}

fn issue(issue: &Issue) -> serde_json::Value {
    serde_json::json!({
        "id": issue.id,
        "rule": issue.rule,
        "weight": issue.weight.name(),
        "client": issue.client,
        "subject": issue.subject,
        "message": issue.message,
        "place": issue.place,
        "extent": issue.extent,
        "known": issue.known,
        "worse": issue.worse,
        "fails": issue.fails,
    })
}
