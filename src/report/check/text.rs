//! For a terminal and a build log: one line for each issue, `file:line` first where there is one.

use std::fmt::Write as _;

use super::{Issue, Outcome, Output};
use crate::report::escape;

pub(super) struct Text;

impl Output for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn render(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        for reason in &outcome.incomplete {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "incomplete: {}", escape::terminal(reason));
        }
        for issue in outcome.failing() {
            text.push_str(&line(issue));
        }
        let failing = outcome.failing().count();
        let known = outcome.issues.iter().filter(|issue| issue.known).count();
        let below = outcome.issues.len() - failing - known;
        let verdict = if failing == 0 { "passed" } else { "failed" };
        let _ = writeln!(
            text,
            "check {verdict}: {failing} at or above the limit, {known} known, {below} below it, {} of the baseline resolved",
            outcome.resolved.len()
        );
        if below + known > 0 {
            text.push_str("what is known or below the limit is listed by --output json\n");
        }
        text
    }
}

fn line(issue: &Issue) -> String {
    let place = issue.place.as_ref();
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let text = format!(
        "{place}{} [{}] {}  ({})",
        issue.weight.name(),
        issue.rule,
        issue.sentence(),
        issue.id
    );
    format!("{}\n", escape::terminal(&text))
}
