//! `report.sarif`: code scanning on the policy file (SARIF 2.1.0, OASIS).
//!
//! Each removable grant is a result at its file and line, each finding one at
//! the client's first line. Levels: `error` for holes, `warning` for safe
//! removals and findings, `note` for likely removals; what a person has to
//! decide is of kind `review`, which by the standard has the level `none`
//! (section 3.27.9). The fingerprint is the item's stable id. Rules that could not be judged
//! are notifications of the run, so that no result is not taken for all clear.
//!
//! The exit code never depends on any of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{OutputFile, RenderError, Renderer};
use crate::model::{Level, Place, Term, Verdict};
use crate::report::escape::terminal;
use crate::report::model::TermView;
use crate::report::monthly::{FindingGroup, FindingRow, Page, Sealed};

/// The SARIF renderer.
pub(super) struct Sarif;

/// Rules of recommendations, in the order of [`crate::model::Kind`]: id, name, short sentence, help.
const RULES: [(&str, &str, &str, &str); 3] = [
    (
        "unused-grant",
        "UnusedGrant",
        "A granted scope served no request in the window.",
        "Remove the scope from the policy file. `scopetrim analyze --out DIR` writes the smallest diff that does, proved by replay, and an undo. When it must stay, add an exception with reason, owner and end.",
    ),
    (
        "redundant-grant",
        "RedundantGrant",
        "Other scopes of the client permit everything that this one was used for.",
        "Look at both scopes and keep the one that opens less. Redundant grants are never removed without a person's decision.",
    ),
    (
        "broad-grant",
        "BroadGrant",
        "A narrower scope would permit everything that this one was used for.",
        "Grant the narrower scope, wait until the client uses it, then remove the broad one. `scopetrim analyze --narrow --level review` shows the diff.",
    ),
];

/// Ids of the notifications about rules.
const NOT: &str = "not-evaluable";
const PARTLY: &str = "partly-evaluable";

impl Renderer for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn purpose(&self) -> &'static str {
        "results on the policy file's lines, for code scanning"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let mut results = Vec::new();
        for client in &page.clients {
            let owner = client.owner.as_deref();
            let terms = client.terms();
            results.extend(terms.filter_map(|term| recommendation(owner, &term)));
        }
        let fallback = Fallback::of(page);
        for group in &page.findings {
            for row in &group.rows {
                results.extend(finding(row, group, &fallback));
            }
        }
        let sarif = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "scopetrim",
                    "version": page.head.version,
                    "semanticVersion": page.head.version,
                    "rules": rules(page),
                    "notifications": [
                        {"id": NOT, "shortDescription": {"text": "The data does not allow the rule."}},
                        {"id": PARTLY, "shortDescription": {"text": "The data allows the rule only in part."}},
                    ],
                }},
                "automationDetails": {"id": format!("scopetrim/{}", page.head.month)},
                "invocations": [{
                    "executionSuccessful": true,
                    "toolConfigurationNotifications": notifications(page),
                }],
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {
                    "description": {"text": "The folder in which the program was started."},
                }},
                "results": results,
            }],
        });
        let mut text = serde_json::to_string_pretty(&sarif)?;
        text.push('\n');
        Ok(vec![OutputFile {
            name: "report.sarif",
            text,
        }])
    }
}

/// Rules that found nothing because they were not judged, or not of everybody.
fn notifications(page: &Page<'_>) -> Vec<Value> {
    let all = page.not_evaluable.iter().map(|own| {
        let (id, how) = if own.partly {
            (PARTLY, "judged only in part")
        } else {
            (NOT, "not judged")
        };
        let text = format!("{}: {how}, missing: {}", own.rule, own.missing);
        let clients = own.clients.iter().map(|name| terminal(name));
        json!({
            "descriptor": {"id": id},
            "level": "note",
            "message": {"text": terminal(&text)},
            "properties": {"rule": terminal(own.rule), "clients": clients.collect::<Vec<_>>()},
        })
    });
    all.collect()
}

fn rules(page: &Page<'_>) -> Vec<Value> {
    let fixed = RULES.iter().map(|(id, name, short, help)| {
        json!({
            "id": id, "name": name,
            "shortDescription": {"text": short},
            "fullDescription": {"text": short},
            "help": {"text": help},
            "defaultConfiguration": {"level": "note"},
        })
    });
    let found = page.findings.iter().map(|group| {
        let title = group.title.as_deref().unwrap_or(&group.rule);
        let controls = group.controls.join(", ");
        let controls = if controls.is_empty() {
            String::new()
        } else {
            format!(" Supports {controls}.")
        };
        let help = format!(
            "`scopetrim rules {}` explains the rule.{controls}",
            group.rule
        );
        json!({
            "id": terminal(&group.rule), "name": terminal(&group.rule),
            "shortDescription": {"text": terminal(title)},
            "help": {"text": terminal(&help)},
            "defaultConfiguration": {"level": level(&group.severity)},
            "properties": {"tags": group.controls},
        })
    });
    fixed.chain(found).collect()
}

/// SARIF knows three levels.
fn level(severity: &str) -> &'static str {
    match severity {
        "critical" | "high" | "error" => "error",
        "low" | "note" | "info" => "note",
        _ => "warning",
    }
}

fn recommendation(owner: Option<&str>, term: &TermView<'_>) -> Option<Value> {
    let (client, found) = (term.client.id.as_str(), term.found);
    // In the order of the rules.
    let rule = found.kind? as usize;
    let (kind, level) = match found.level {
        Some(Level::Safe) if !term.is_protected() => ("fail", "warning"),
        Some(Level::Likely) if !term.is_protected() => ("fail", "note"),
        _ => ("review", "none"),
    };
    let what = if found.verdict == Verdict::Narrow {
        let narrower: Vec<&str> = found.replace_with.iter().map(Term::as_str).collect();
        format!("could be replaced by {}", narrower.join(", "))
    } else {
        "can go".to_owned()
    };
    let message = format!(
        "{client}: {} {what} ({}): {}; {}",
        found.term,
        found.level.map_or("no level", Level::name),
        found.sentences().join("; "),
        term.evidence()
    );
    let locations: Vec<Value> = term.places().into_iter().map(location).collect();
    Some(json!({
        "ruleId": RULES[rule].0,
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": terminal(&message)},
        "locations": locations,
        "partialFingerprints": {"scopetrimId/v1": term.id()},
        "properties": {
            "client": terminal(client), "scope": terminal(term.name()),
            "trimLevel": found.level, "owner": owner.map(terminal),
        },
    }))
}

/// Where findings without a place of their own are shown.
struct Fallback<'a> {
    clients: BTreeMap<&'a str, &'a Place>,
    first: Option<Place>,
    indices: BTreeMap<&'a str, usize>,
}

impl<'a> Fallback<'a> {
    fn of(page: &'a Page<'_>) -> Self {
        let clients = page.clients.iter().filter_map(|client| {
            let places = client.terms().flat_map(|term| term.places());
            Some((client.id(), places.min()?))
        });
        let file = page.evidence.grants.first();
        Self {
            clients: clients.collect(),
            first: file.map(|file| Place {
                file: file.path.as_str().into(),
                line: 1,
            }),
            indices: page
                .findings
                .iter()
                .enumerate()
                .map(|(index, group)| (group.rule.as_str(), RULES.len() + index))
                .collect(),
        }
    }
}

fn finding(row: &FindingRow, group: &FindingGroup, fallback: &Fallback<'_>) -> Option<Value> {
    let place = row
        .place
        .as_ref()
        .or_else(|| fallback.clients.get(row.client.as_str()).copied())
        .or(fallback.first.as_ref())?;
    let client = if row.client.is_empty() {
        String::new()
    } else {
        format!("{}: ", row.client)
    };
    Some(json!({
        "ruleId": terminal(&group.rule),
        "ruleIndex": fallback.indices.get(group.rule.as_str()),
        "kind": "fail",
        "level": level(&row.severity),
        "message": {"text": terminal(&format!("{client}{}", row.message))},
        "locations": [location(place)],
        "partialFingerprints": {"scopetrimId/v1": row.id},
        "properties": {"client": terminal(&row.client), "subject": terminal(&row.subject)},
    }))
}

fn location(place: &Place) -> Value {
    let mut file = Map::new();
    file.insert("uri".to_owned(), json!(uri(&place.file)));
    // An absolute path is no reference from the root of the sources.
    if !place.file.starts_with('/') {
        file.insert("uriBaseId".to_owned(), json!("SRCROOT"));
    }
    json!({"physicalLocation": {
        "artifactLocation": file,
        "region": {"startLine": place.line.max(1)},
    }})
}

/// A path as a URI reference (RFC 3986): what is no path character is percent-encoded.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;

    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_no_reader_takes_for_a_scheme() {
        assert_eq!(uri("policy/grants.yaml"), "policy/grants.yaml");
        assert_eq!(uri("a b:c#é.yaml"), "a%20b%3Ac%23%C3%A9.yaml");
    }
}
