//! The result as data; also accepted as a baseline.

use super::{Issue, Outcome, Output};

pub(super) struct Json;

impl Output for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn render(&self, outcome: &Outcome) -> String {
        let issues: Vec<_> = outcome.issues.iter().map(issue).collect();
        format!(
            "{:#}\n",
            serde_json::json!({
                "schema": "scopetrim.baseline/1",
                "failed": outcome.failing().count(),
                "incomplete": outcome.incomplete,
                "resolved": outcome.resolved,
                "issues": issues,
            })
        )
    }
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
