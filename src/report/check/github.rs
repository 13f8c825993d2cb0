//! Workflow commands: annotations on the lines of a pull request
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>).

use std::fmt::Write as _;

use super::{Issue, Outcome, Output};
use crate::report::escape;

pub(super) struct GitHub;

impl Output for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn render(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        for reason in &outcome.incomplete {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "::warning title=scopetrim::incomplete: {}",
                data(reason)
            );
        }
        for issue in &outcome.issues {
            // A run shows a handful of annotations: what passes is only counted.
            if issue.fails {
                text.push_str(&command("error", issue));
            }
        }
        let failing = outcome.failing().count();
        let _ = writeln!(
            text,
            "::notice title=scopetrim::{failing} at or above the limit, {} others",
            outcome.issues.len() - failing
        );
        text
    }
}

fn command(kind: &str, issue: &Issue) -> String {
    let place = issue.place.as_ref().map_or_else(String::new, |place| {
        format!("file={},line={},", property(&place.file), place.line)
    });
    let title = format!("{} {}", issue.rule, issue.weight.name());
    format!(
        "::{kind} {place}title={}::{}\n",
        property(&title),
        data(&issue.sentence())
    )
}

/// What would end the command or start another one is written as the runner expects it.
fn data(text: &str) -> String {
    escape::terminal(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
