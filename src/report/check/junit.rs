//! `JUnit` XML, as CI systems read it: one test case for each issue, a failure for those over the limit.

use std::fmt::Write as _;

use super::{Outcome, Output};
use crate::report::escape;

pub(super) struct JUnit;

impl Output for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn render(&self, outcome: &Outcome) -> String {
        let failing = outcome.failing().count();
        let (tests, errors) = (
            outcome.issues.len() + outcome.incomplete.len(),
            outcome.incomplete.len(),
        );
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<testsuites>\n  <testsuite name=\"scopetrim\" tests=\"{tests}\" failures=\"{failing}\" errors=\"{errors}\">"
        );
        for reason in &outcome.incomplete {
            let _ = writeln!(
                text,
                "    <testcase classname=\"scopetrim\" name=\"complete input\"><error message=\"{}\"/></testcase>",
                xml(reason)
            );
        }
        for issue in &outcome.issues {
            // Not every issue has a client, and not every one a subject.
            let name = [&issue.client, &issue.subject, &issue.id].into_iter();
            let name = name.map(String::as_str).filter(|name| !name.is_empty());
            let name: Vec<&str> = name.collect();
            let name = name.join(" ");
            let _ = write!(
                text,
                "    <testcase classname=\"scopetrim.{}\" name=\"{}\"",
                xml(&issue.rule),
                xml(&name)
            );
            if issue.fails {
                let place = issue
                    .place
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string);
                let _ = writeln!(
                    text,
                    ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                    issue.weight.name(),
                    xml(&issue.sentence()),
                    xml(&place)
                );
            } else if issue.known {
                text.push_str("><skipped message=\"in the baseline\"/></testcase>\n");
            } else {
                text.push_str("/>\n");
            }
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }
}

/// Text of an attribute or element; control characters, which XML 1.0 forbids, are shown by number.
fn xml(text: &str) -> String {
    let mut safe = String::new();
    for letter in escape::terminal(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(letter),
        }
    }
    safe
}
