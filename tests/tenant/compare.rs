//! What was found, compared with what has to be found.

use std::collections::BTreeMap;

use scopetrim::stages::HashKey;
use serde_json::Value;

use crate::tenant::format::Format;
use crate::tenant::plants::{Expect, Plant, Times};

/// The compared parts of one finding of a report.
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) client: String,
    pub(crate) severity: String,
    pub(crate) subject: String,
    pub(crate) message: String,
    pub(crate) requests: u64,
    places: usize,
}

/// The findings of a report.
pub(crate) fn findings(report: &Value) -> Vec<Finding> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|value| Finding {
        rule: text(value, "number"),
        client: text(value, "client"),
        severity: text(value, "severity"),
        subject: text(value, "subject"),
        message: text(value, "message"),
        requests: value["requests"].as_u64().unwrap(),
        places: value["places"].as_array().unwrap().len(),
    })
    .collect()
}

/// A heading, and the rows below it.
pub(crate) fn table(title: &str, rows: &[String]) -> String {
    format!("\n{} {title}:\n{}\n", rows.len(), rows.join("\n"))
}

/// One row for each difference; the same difference of several formats is one.
pub(crate) fn differences(plants: &[Plant], reports: &[(Format, &Value)]) -> Vec<String> {
    let mut rows: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for (format, report) in reports {
        let found = findings(report);
        for (at, plant) in plants.iter().enumerate() {
            for expect in &plant.expects {
                if let Err(wrong) = judge(expect, *format, report, &found) {
                    let row = format!("{wrong}\n      wanted {}", expect.sentence());
                    rows.entry((at, row)).or_default().push(format.name());
                }
            }
        }
        for finding in found.iter().filter(|finding| finding.severity != "note") {
            let mut wanted = plants.iter().flat_map(|plant| &plant.expects);
            if !wanted.any(|expect| expect.found.contains(format) && fits(expect, finding)) {
                let at = plants.iter().position(|plant| is_about(plant, finding));
                // Of what healthy clients have, the kind is enough: there may be hundreds.
                let row = match at {
                    Some(_) => format!("not planted: {}", finding.sentence()),
                    None => format!(
                        "not planted: {} {} {}",
                        finding.rule, finding.severity, finding.client
                    ),
                };
                let formats = rows.entry((at.unwrap_or(plants.len()), row)).or_default();
                if !formats.contains(&format.name()) {
                    formats.push(format.name());
                }
            }
        }
    }
    let rows = rows.into_iter().map(|((at, row), formats)| {
        let plant = plants.get(at);
        let name = plant.map_or("(healthy)".to_owned(), |plant| {
            format!("{}: {}", plant.slug, plant.name)
        });
        format!("  {name}\n      [{}] {row}", formats.join(", "))
    });
    rows.collect()
}

/// Whether what has to be found in a format is found.
fn judge(expect: &Expect, format: Format, report: &Value, found: &[Finding]) -> Result<(), String> {
    if scopetrim::finding::by_name(expect.rule).is_none() {
        return Err("there is no such rule".to_owned());
    }
    if expect.unjudged.contains(&format) && !is_unjudged(expect, report) {
        return Err("is not said to be not evaluable".to_owned());
    }
    if !expect.found.contains(&format) || expect.times == Times::Maybe {
        return Ok(());
    }
    let findings: Vec<&Finding> = found
        .iter()
        .filter(|finding| fits(expect, finding))
        .collect();
    let right = match expect.times {
        Times::Once => findings.len() == 1,
        Times::Some | Times::Maybe => !findings.is_empty(),
    };
    if !right {
        let close = found.iter().filter(|other| {
            other.rule == expect.rule && (other.client == expect.client || is_named(expect, other))
        });
        let close: Vec<String> = close.map(Finding::sentence).take(4).collect();
        return Err(format!(
            "{} found; near it: {}",
            findings.len(),
            close.join("; ")
        ));
    }
    let severities: Vec<&str> = expect.severity.split('|').collect();
    for finding in findings {
        let graded = severities.contains(&finding.severity.as_str());
        let counted = expect
            .requests
            .is_none_or(|wanted| wanted == finding.requests);
        let placed = finding.places > 0 || !expect.place;
        if !(graded && counted && placed) {
            return Err(format!(
                "{} ({} places)",
                finding.sentence(),
                finding.places
            ));
        }
    }
    Ok(())
}

/// The same rule about the same thing; how bad it is is not looked at.
pub(crate) fn fits(expect: &Expect, finding: &Finding) -> bool {
    finding.rule == expect.rule && finding.client == expect.client && is_named(expect, finding)
}

/// Subject or message say what it is about; a credential is shown by its hash.
fn is_named(expect: &Expect, finding: &Finding) -> bool {
    let id = expect.about.starts_with("K-") || expect.about.starts_with("C-");
    let about = if id {
        let hash = HashKey::default().hash(expect.about.as_bytes());
        hash.to_string()
    } else {
        expect.about.to_owned()
    };
    finding.subject.contains(&about) || finding.message.contains(&about)
}

/// The finding is about a client of the plant; without a client, its sentence names one.
fn is_about(plant: &Plant, finding: &Finding) -> bool {
    let grants = plant.grants.iter().map(|grant| grant.client.as_str());
    let calls = plant.calls.iter().map(|call| call.client);
    let mut clients = grants.chain(calls).filter(|client| !client.is_empty());
    if finding.client.is_empty() {
        clients.any(|client| finding.message.contains(client))
    } else {
        clients.any(|client| finding.client == client)
    }
}

/// The report says that the rule could not be judged, or not of this client.
pub(crate) fn is_unjudged(expect: &Expect, report: &Value) -> bool {
    let entries = report["not_evaluable"].as_array().unwrap();
    let mut unjudged = entries
        .iter()
        .filter(|entry| entry["number"] == expect.rule);
    unjudged.any(|entry| {
        let clients = entry["clients"].as_array().unwrap();
        entry["partly"] == false
            || clients.is_empty()
            || clients.iter().any(|name| name == expect.client)
    })
}
