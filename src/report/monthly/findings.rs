//! Findings by rule. Title and controls are those of the rule in this version.

use std::collections::BTreeMap;

use super::items::Item;
use super::previous::History;
use super::rows::{FindingGroup, FindingRow};
use crate::finding::{self, Doc, Rule};
use crate::report::View;

/// Severities, the worst first.
const SEVERITIES: [&str; 7] = [
    "critical", "error", "high", "warning", "medium", "low", "note",
];

/// Place of a severity in the order of gravity; an unknown one is last.
pub(crate) fn gravity(severity: &str) -> usize {
    let known = SEVERITIES.iter().position(|known| *known == severity);
    known.unwrap_or(SEVERITIES.len())
}

/// Findings by rule, the worst rule first.
pub(super) fn groups(view: &View<'_>, history: &History) -> Vec<FindingGroup> {
    let mut groups: BTreeMap<String, FindingGroup> = BTreeMap::new();
    for finding in &view.outcomes.findings {
        let item = Item::of_finding(finding);
        let group = groups
            .entry(item.rule.clone())
            .or_insert_with(|| FindingGroup {
                rule: item.rule.clone(),
                title: doc(&item.rule).map(|doc| doc.title.to_owned()),
                severity: item.level.clone(),
                controls: controls(&item.rule),
                last: last(history, &item.rule),
                rows: Vec::new(),
            });
        if gravity(&item.level) < gravity(&group.severity) {
            group.severity.clone_from(&item.level);
        }
        group.rows.push(FindingRow {
            id: item.id(),
            message: finding.message.clone(),
            place: finding.places.first().cloned(),
            requests: finding.requests,
            severity: item.level,
            client: item.client,
            subject: item.subject,
        });
    }
    let mut groups: Vec<FindingGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let key = |group: &FindingGroup| (gravity(&group.severity), usize::MAX - group.rows.len());
        key(a).cmp(&key(b)).then_with(|| a.rule.cmp(&b.rule))
    });
    groups
}

/// How many findings of the rule last month had; a report that knew no such rule says nothing.
fn last(history: &History, rule: &str) -> Option<u64> {
    let last = history.last()?;
    let point = last.points.get(&last.month)?;
    point.findings.get(rule).copied()
}

/// The page of a rule of this version; an earlier one may have had others.
fn doc(rule: &str) -> Option<&'static Doc> {
    finding::by_name(rule).map(Rule::doc)
}

fn controls(rule: &str) -> Vec<String> {
    let controls = doc(rule).map_or(&[][..], |doc| doc.controls);
    controls
        .iter()
        .map(|control| format!("{} {}", control.framework, control.control))
        .collect()
}
