//! Findings by rule, as the contract states them.
//!
//! Read from the JSON rather than from types, so that a rule may add fields
//! without a change here: `rule` and `message` are enough, and `severity`, `client`,
//! `subject`, `places` are shown when present. Title and controls are the rule's own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::items;
use super::previous::History;
use super::rows::{FindingGroup, FindingRow, NotEvaluable};
use crate::finding::{self, Doc, Rule};
use crate::model::Place;

/// Severities, the worst first.
const SEVERITIES: [&str; 7] = [
    "critical", "error", "high", "warning", "medium", "low", "note",
];

/// Place of a severity in the order of gravity; an unknown one is last.
pub fn gravity(severity: &str) -> usize {
    let known = SEVERITIES.iter().position(|known| *known == severity);
    known.unwrap_or(SEVERITIES.len())
}

/// Findings by rule, the worst rule first.
pub(super) fn groups(report: &Value, history: &History) -> Vec<FindingGroup> {
    let mut groups: BTreeMap<String, FindingGroup> = BTreeMap::new();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let Some(item) = items::of_finding(finding) else {
            continue;
        };
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
            message: finding["message"].as_str().unwrap_or_default().to_owned(),
            place: place(finding),
            requests: finding["requests"].as_u64().unwrap_or(0),
            severity: item.level,
            client: item.client,
            subject: item.subject,
        });
    }
    let mut groups: Vec<FindingGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let key = |own: &FindingGroup| (gravity(&own.severity), usize::MAX - own.rows.len());
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
        .map(|own| format!("{} {}", own.framework, own.control))
        .collect()
}

fn place(finding: &Value) -> Option<Place> {
    let own = finding["places"].as_array()?.first()?;
    Some(Place {
        file: own["file"].as_str()?.into(),
        line: u32::try_from(own["line"].as_u64()?).ok()?,
    })
}

/// Audits that could not be made, or not of everybody, with the missing field.
pub(super) fn not_evaluable(report: &Value) -> Vec<NotEvaluable> {
    let list = report["not_evaluable"].as_array().into_iter().flatten();
    list.filter_map(|own| {
        let text = |key: &str| own[key].as_str().map(str::to_owned);
        Some(NotEvaluable {
            rule: text("rule")?,
            missing: text("missing")
                .or_else(|| text("reason"))
                .unwrap_or_default(),
            partly: own["partly"].as_bool().unwrap_or(false),
            clients: own["clients"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
        })
    })
    .collect()
}
