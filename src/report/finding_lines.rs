//! The findings on the first screen: how many of each severity, and the gravest by rule.
//!
//! In: the view. Out: a few lines; where the numbers lead is said with a command.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::View;
use super::escape::{self, columns};
use super::screen::Screen;
use crate::finding::{Finding, Severity};
use crate::model::words::plural;

/// Rules that are named.
const RULES: usize = 3;
/// Severities that are worth a line of the first screen.
const LEAST: Severity = Severity::Medium;

/// `13 high, 18 medium, 5 rules not evaluable`; `None` when nothing was found or left out.
pub(super) fn counts(view: &View<'_>) -> Option<String> {
    let all = &view.outcomes.findings;
    let unjudged = |partly: bool| {
        let outcomes = view.outcomes.not_evaluable.iter();
        let chosen = outcomes.filter(move |unjudged| unjudged.partly == partly);
        chosen
            .map(|unjudged| unjudged.rule)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let (not, in_part) = (unjudged(false), unjudged(true));
    if all.is_empty() && not + in_part == 0 {
        return None;
    }
    let counts = Severity::ALL.iter().rev().filter_map(|severity| {
        let count = all
            .iter()
            .filter(|finding| finding.severity == *severity)
            .count();
        (count > 0).then(|| format!("{count} {}", severity.name()))
    });
    let mut parts: Vec<String> = counts.collect();
    if all.is_empty() {
        parts.push("none".to_owned());
    }
    match (not, in_part) {
        (0, 0) => {}
        (0, some) => parts.push(format!("{} evaluable only in part", plural(some, "rule"))),
        (not, 0) => parts.push(format!("{} not evaluable", plural(not, "rule"))),
        (not, some) => {
            parts.push(format!("{} not evaluable", plural(not, "rule")));
            parts.push(format!("{some} only in part"));
        }
    }
    Some(parts.join(", "))
}

/// Writes the counts, and for the gravest rules one finding each.
pub(super) fn findings(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(counts) = counts(view) else {
        return Ok(());
    };
    let all = &view.outcomes.findings;
    screen.line("")?;
    screen.prose("  findings: ", &counts)?;
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in all.iter().filter(|finding| finding.severity >= LEAST) {
        rules.entry(finding.rule).or_default().push(finding);
    }
    let mut rules: Vec<(Severity, Vec<&Finding>)> = rules
        .into_values()
        .filter_map(|mut of_rule| {
            // Of equal gravity the one with the most requests represents the rule.
            of_rule.sort_by_key(|finding| (Reverse(finding.severity), Reverse(finding.requests)));
            Some((of_rule.first()?.severity, of_rule))
        })
        .collect();
    rules.sort_by_key(|(severity, findings)| (Reverse(*severity), Reverse(findings.len())));
    for (severity, findings) in rules.iter().take(RULES) {
        let first = findings[0];
        let more = match findings.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let text = format!("{} {} {}", severity.name(), first.number, first.rule);
        // What is cut is the subject, not how many there are.
        let room = screen
            .width()
            .saturating_sub(columns(&text) + columns(&more) + 14);
        let whose = escape::cut(&whose(first), room.max(8));
        screen.line(&format!("            {text}: {whose}{more}"))?;
    }
    if rules.len() > RULES {
        let text = format!("and {}", plural(rules.len() - RULES, "more rule"));
        screen.line(&format!("            {text}"))?;
    }
    Ok(())
}

/// Whom and what a finding is about; of a credential's hash the first twelve digits.
fn whose(finding: &Finding) -> String {
    let mut subject = finding.subject.as_str();
    if subject.starts_with("cred:") {
        subject = subject.get(..17).unwrap_or(subject);
    }
    match finding.client.as_str() {
        "" => subject.to_owned(),
        client if subject == "client" => client.to_owned(),
        client => format!("{client}: {subject}"),
    }
}
