//! `report.ocsf.ndjson`: one event for each client with something to say, for a SIEM.
//!
//! Open Cybersecurity Schema Framework 1.6.0, category Findings (2), class IAM
//! Analysis Finding (2008). Times are milliseconds since 1970; the time of an
//! event is the end of the month, for no clock is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{OutputFile, RenderError, Renderer};
use crate::finding::Severity;
use crate::model::words::plural;
use crate::model::{Day, Level, Verdict};
use crate::report::escape::terminal;
use crate::report::monthly::{ClientPage, Page, Sealed, TermPage, id};

/// The version of the schema that events follow.
const SCHEMA: &str = "1.6.0";
const CATEGORY: u32 = 2;
const CLASS: u32 = 2008;
/// `Create`: the finding is of this month.
const ACTIVITY: u32 = 1;

/// The OCSF renderer.
pub(super) struct Ocsf;

impl Renderer for Ocsf {
    fn name(&self) -> &'static str {
        "ocsf"
    }

    fn purpose(&self) -> &'static str {
        "IAM Analysis Finding events (class 2008), one a line, for a SIEM"
    }

    fn files(&self, report: &Sealed) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let findings = findings(page);
        let mut text = String::new();
        for client in &page.clients {
            let own = findings.get(client.id.as_str());
            // A client with nothing to remove and no finding is no finding.
            if own.is_none() && client.terms.iter().all(|term| term.id.is_none()) {
                continue;
            }
            let own = own.map_or(&[][..], Vec::as_slice);
            text.push_str(&serde_json::to_string(&event(page, client, own))?);
            text.push('\n');
        }
        Ok(vec![OutputFile {
            name: "report.ocsf.ndjson",
            text,
        }])
    }
}

/// Rule, message, severity.
type Told<'a> = (&'a str, &'a str, &'a str);

/// The findings of each client, in the order of the page.
fn findings(page: &Page) -> BTreeMap<&str, Vec<Told<'_>>> {
    let mut all: BTreeMap<&str, Vec<Told<'_>>> = BTreeMap::new();
    for group in &page.findings {
        for row in &group.rows {
            let own = all.entry(row.client.as_str()).or_default();
            own.push((&group.rule, &row.message, &row.severity));
        }
    }
    all
}

fn event(page: &Page, client: &ClientPage, findings: &[Told<'_>]) -> Value {
    let time = page.head.to.plus(1).start() - 1;
    let going: Vec<&TermPage> = client
        .terms
        .iter()
        .filter(|term| term.verdict == Verdict::Remove.name())
        .collect();
    let unused: Vec<&str> = going.iter().map(|term| term.term.as_str()).collect();
    let (severity_id, severity) = severity(client, findings);
    let title = format!(
        "{}: {} of {} not needed",
        client.id,
        going.len(),
        plural(client.terms.len(), "granted scope")
    );
    let mut description = format!(
        "Exposure {:.4}, {:.4} after every removal, {:.4} needed.",
        client.before, client.after_all, client.needed_exposure
    );
    for (rule, message, _) in findings {
        // Writing to a string cannot fail.
        let _ = write!(description, " {rule}: {message}.");
    }
    let texts = |list: &[&str]| -> Vec<String> {
        list.iter()
            .map(|text| terminal(text).into_owned())
            .collect()
    };
    let granted: Vec<&str> = client.terms.iter().map(|term| term.term.as_str()).collect();
    let policies: Vec<Value> = page
        .evidence
        .grants
        .iter()
        .filter(|file| {
            let mut places = client.terms.iter().flat_map(|term| &term.places);
            places.any(|place| *place.file == *file.path)
        })
        .map(|file| json!({"name": terminal(&file.path), "uid": file.digest}))
        .collect();
    let mut event = json!({
        "activity_id": ACTIVITY,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "IAM Analysis Finding",
        "type_uid": CLASS * 100 + ACTIVITY,
        "type_name": "IAM Analysis Finding: Create",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "time": time,
        "start_time": page.head.window_from.start(),
        "end_time": page.head.window_to.plus(1).start() - 1,
        "message": terminal(&title),
        "metadata": {
            "version": SCHEMA,
            "product": {"name": "scopetrim", "vendor_name": "scopetrim", "version": page.head.version},
            "uid": format!("{}-{}", page.head.id, id(&client.id, "", "ocsf")),
            "log_name": format!("access review {}", page.head.month),
        },
        "finding_info": {
            "uid": id(&client.id, "", "least-privilege"),
            "title": terminal(&title),
            "desc": terminal(&description),
            "types": ["Least privilege"],
            "created_time": time,
            "analytic": {"name": "exact minimum of needed scopes", "type_id": 1, "type": "Rule"},
        },
        "user": {
            "name": terminal(&client.id),
            "type_id": 4,
            "type": "Service",
        },
        "permission_analysis_results": [{
            "granted_privileges": texts(&granted),
            "unused_privileges_count": going.len(),
            "policy": policies.first().cloned().unwrap_or_else(|| json!({"name": "policy"})),
        }],
        "unmapped": {
            "unused_privileges": texts(&unused),
            "exposure_before": client.before,
            "exposure_after": client.after_all,
            "removal_levels": levels(&going),
        },
    });
    if let Some(seen) = client.last_seen {
        event["identity_activity_metrics"] = json!({"last_seen_time": end(seen)});
    }
    if let Some(owner) = &client.owner {
        event["unmapped"]["owner"] = json!(terminal(owner));
    }
    if !unused.is_empty() {
        let remove = texts(&unused).join(", ");
        event["remediation"] = json!({"desc": format!("Remove from the policy: {remove}")});
    }
    event
}

fn end(day: Day) -> i64 {
    day.plus(1).start() - 1
}

/// How many removals each level has.
fn levels(going: &[&TermPage]) -> Value {
    let count = |level: Level| {
        going
            .iter()
            .filter(|term| term.level == Some(level))
            .count()
    };
    json!({
        "safe": count(Level::Safe), "likely": count(Level::Likely),
        "review": count(Level::Review), "manual": count(Level::Manual),
    })
}

/// By what can be taken away (half of the API is high, a tenth medium), and by the
/// gravest finding; whichever is more.
fn severity(client: &ClientPage, findings: &[Told<'_>]) -> (usize, &'static str) {
    /// In the order of `severity_id`, from 1.
    const NAMES: [&str; 5] = ["Informational", "Low", "Medium", "High", "Critical"];
    let freed = client.before - client.after_all;
    let own = match freed {
        0.5.. => Severity::High,
        0.1.. => Severity::Medium,
        freed if freed > 0.0 => Severity::Low,
        _ => Severity::Note,
    };
    let found = findings
        .iter()
        .filter_map(|(_, _, severity)| Severity::parse(severity));
    let worst = found.fold(own, Severity::max) as usize;
    (worst + 1, NAMES[worst])
}
