//! What was found, beside what has to be found.

use std::collections::BTreeMap;

use scopetrim::usage::credentials::HashKey;
use serde_json::Value;

use crate::tenant::format::Format;
use crate::tenant::plants::{Expect, Plant, Times};

/// One finding of a report, as far as it is compared.
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
    let text = |own: &Value, key: &str| own[key].as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|own| Finding {
        rule: text(own, "number"),
        client: text(own, "client"),
        severity: text(own, "severity"),
        subject: text(own, "subject"),
        message: text(own, "message"),
        requests: own["requests"].as_u64().unwrap(),
        places: own["places"].as_array().unwrap().len(),
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
        for own in found.iter().filter(|own| own.severity != "note") {
            let mut wanted = plants.iter().flat_map(|plant| &plant.expects);
            if !wanted.any(|expect| expect.found.contains(format) && fits(expect, own)) {
                let at = plants.iter().position(|plant| is_about(plant, own));
                // Of what healthy clients have, the kind is enough: there may be hundreds.
                let row = match at {
                    Some(_) => format!("not planted: {}", own.sentence()),
                    None => format!("not planted: {} {} {}", own.rule, own.severity, own.client),
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
        let name = plant.map_or("(healthy)".to_owned(), |own| {
            format!("{}: {}", own.slug, own.name)
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
    let own: Vec<&Finding> = found.iter().filter(|own| fits(expect, own)).collect();
    let right = match expect.times {
        Times::Once => own.len() == 1,
        Times::Some | Times::Maybe => !own.is_empty(),
    };
    if !right {
        let close = found.iter().filter(|other| {
            other.rule == expect.rule && (other.client == expect.client || is_named(expect, other))
        });
        let close: Vec<String> = close.map(Finding::sentence).take(4).collect();
        return Err(format!(
            "{} found; near it: {}",
            own.len(),
            close.join("; ")
        ));
    }
    let severities: Vec<&str> = expect.severity.split('|').collect();
    for own in own {
        let graded = severities.contains(&own.severity.as_str());
        let counted = expect.requests.is_none_or(|wanted| wanted == own.requests);
        let placed = own.places > 0 || !expect.place;
        if !(graded && counted && placed) {
            return Err(format!("{} ({} places)", own.sentence(), own.places));
        }
    }
    Ok(())
}

/// The same rule about the same thing; how bad it is is not looked at.
pub(crate) fn fits(expect: &Expect, own: &Finding) -> bool {
    own.rule == expect.rule && own.client == expect.client && is_named(expect, own)
}

/// Subject or message say what it is about; a credential is shown by its hash.
fn is_named(expect: &Expect, own: &Finding) -> bool {
    let id = expect.about.starts_with("K-") || expect.about.starts_with("C-");
    let about = if id {
        let hash = HashKey::default().hash(expect.about.as_bytes());
        hash.to_string()
    } else {
        expect.about.to_owned()
    };
    own.subject.contains(&about) || own.message.contains(&about)
}

/// The finding is about a client of the plant; without a client, its sentence names one.
fn is_about(plant: &Plant, own: &Finding) -> bool {
    let grants = plant.grants.iter().map(|grant| grant.client.as_str());
    let calls = plant.calls.iter().map(|call| call.client);
    let mut clients = grants.chain(calls).filter(|client| !client.is_empty());
    if own.client.is_empty() {
        clients.any(|client| own.message.contains(client))
    } else {
        clients.any(|client| own.client == client)
    }
}

/// The report says that the rule could not be judged, or not of this client.
pub(crate) fn is_unjudged(expect: &Expect, report: &Value) -> bool {
    let entries = report["not_evaluable"].as_array().unwrap();
    let mut own = entries.iter().filter(|own| own["number"] == expect.rule);
    own.any(|own| {
        let clients = own["clients"].as_array().unwrap();
        own["partly"] == false
            || clients.is_empty()
            || clients.iter().any(|name| name == expect.client)
    })
}
