//! `report.ocsf.ndjson`: events for a SIEM.
//!
//! Open Cybersecurity Schema Framework 1.6.0, category Findings (2): for each client of the
//! policy with something to say one IAM Analysis Finding (2008), and for each finding about
//! no such client one Detection Finding (2004). Times are milliseconds since 1970; the time
//! of an event is the end of the month, for no clock is read.
//!
//! Invariants:
//! * a finding keeps its `finding_info.uid` from month to month, and with an earlier report
//!   it is created once, updated while it is open, and closed;
//! * what can no longer be judged is not closed;
//! * the title says what the event is about: what can be taken away, or the worst finding.

mod activity;
mod found;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::activity::{Activity, Before};
use super::{OutputFile, RenderError, Renderer};
use crate::analysis::TermAnalysis;
use crate::finding::Severity;
use crate::model::words::plural;
use crate::model::{Day, Level, Verdict};
use crate::report::escape::terminal;
use crate::report::monthly::{ClientView, FindingGroup, FindingRow, Page, Sealed};

/// The version of the schema that events follow.
const SCHEMA: &str = "1.6.0";

/// A class of the category Findings.
#[derive(Clone, Copy)]
struct Class {
    uid: u32,
    name: &'static str,
}

const IAM: Class = Class {
    uid: 2008,
    name: "IAM Analysis Finding",
};

/// The OCSF renderer.
pub(super) struct Ocsf;

impl Renderer for Ocsf {
    fn name(&self) -> &'static str {
        "ocsf"
    }

    fn purpose(&self) -> &'static str {
        "finding events (classes 2008 and 2004), one a line, for a SIEM"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let mut text = String::new();
        for event in events(&report.page) {
            text.push_str(&serde_json::to_string(&event)?);
            text.push('\n');
        }
        Ok(vec![OutputFile {
            name: "report.ocsf.ndjson",
            text,
        }])
    }
}

fn events(page: &Page<'_>) -> Vec<Value> {
    let mut before = Before::of(page);
    let mut findings = findings(page);
    let mut events = Vec::new();
    for client in &page.clients {
        let own = findings.remove(client.id()).unwrap_or_default();
        // Nothing to remove and no finding is no finding.
        let open = !own.is_empty() || client.found.terms.iter().any(|term| term.kind.is_some());
        if let Some(activity) = before.take(&activity::uid(client.id()), open) {
            events.push(of_client(page, client, &own, &activity));
        }
    }
    // What is left is about a caller that no policy names, or about no caller at all.
    for (group, row) in findings.into_values().flatten() {
        if let Some(activity) = before.take(&row.id, true) {
            events.push(found::event(page, &found::Found::of(group, row), &activity));
        }
    }
    events.extend(before.gone(page));
    events
}

/// A finding with its rule.
type Told<'a> = (&'a FindingGroup, &'a FindingRow);

/// The findings of each client, in the order of the page.
fn findings<'a>(page: &'a Page<'_>) -> BTreeMap<&'a str, Vec<Told<'a>>> {
    let mut all: BTreeMap<&str, Vec<Told<'a>>> = BTreeMap::new();
    for group in &page.findings {
        for row in &group.rows {
            let own = all.entry(row.client.as_str()).or_default();
            own.push((group, row));
        }
    }
    all
}

/// What every event has.
fn event(
    page: &Page<'_>,
    (class, activity): (Class, &Activity),
    (title, uid): (&str, &str),
    worst: Severity,
) -> Value {
    /// In the order of `severity_id`, from 1.
    const NAMES: [&str; 5] = ["Informational", "Low", "Medium", "High", "Critical"];
    let time = end(page.head.to);
    let mut event = json!({
        "activity_id": activity.id,
        "activity_name": activity.name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": class.uid,
        "class_name": class.name,
        "type_uid": class.uid * 100 + activity.id,
        "type_name": format!("{}: {}", class.name, activity.name),
        "severity_id": worst as usize + 1,
        "severity": NAMES[worst as usize],
        "status_id": activity.status_id,
        "status": activity.status,
        "time": time,
        "start_time": page.head.window_from.start(),
        "end_time": end(page.head.window_to),
        "message": terminal(title),
        "metadata": {
            "version": SCHEMA,
            "product": {"name": "scopetrim", "vendor_name": "scopetrim", "version": page.head.version},
            "uid": format!("{}-{uid}", page.head.id),
            "log_name": format!("access review {}", page.head.month),
        },
        "finding_info": {
            "uid": uid,
            "title": terminal(title),
        },
    });
    // When a finding began is known where it is created.
    let when = if activity.is_create() {
        "created_time"
    } else {
        "modified_time"
    };
    event["finding_info"][when] = json!(time);
    event
}

/// The last millisecond of a day.
fn end(day: Day) -> i64 {
    day.plus(1).start() - 1
}

fn of_client(
    page: &Page<'_>,
    client: &ClientView<'_>,
    findings: &[Told<'_>],
    activity: &Activity,
) -> Value {
    let with = |verdict: Verdict| {
        let terms = client.found.terms.iter();
        terms.filter(move |term| term.verdict == verdict)
    };
    let going: Vec<&TermAnalysis> = with(Verdict::Remove).collect();
    let narrower = with(Verdict::Narrow).count();
    let freed = by_freed(client);
    let worst = findings.iter().min_by_key(|(_, row)| {
        (
            std::cmp::Reverse(severity(row)),
            std::cmp::Reverse(row.requests),
        )
    });
    let mut about = Vec::new();
    if !going.is_empty() {
        let all = plural(client.found.terms.len(), "granted scope");
        about.push(format!("{} of {all} not needed", going.len()));
    } else if narrower > 0 {
        about.push(format!(
            "{} could be narrower",
            plural(narrower, "granted scope")
        ));
    }
    if let Some((group, row)) = worst {
        let title = group.title.as_deref().unwrap_or(&group.rule);
        let more = match findings.len() - 1 {
            0 => String::new(),
            more => format!(" and {}", plural(more, "more finding")),
        };
        // What the severity comes from stands first.
        let after = !about.is_empty() && severity(row) <= freed;
        about.insert(usize::from(after), format!("{title}{more}"));
    }
    if about.is_empty() {
        about.push(activity.why.to_owned());
    }
    let title = format!("{}: {}", client.id(), about.join("; "));
    let severities = findings.iter().map(|(_, row)| severity(row));
    let worst = severities.fold(freed, Severity::max);
    let uid = activity::uid(client.id());
    let exposure = client.found.exposure;
    let mut event = event(page, (IAM, activity), (&title, &uid), worst);
    let mut description = format!(
        "Exposure {:.4}, {:.4} after every removal, {:.4} needed.",
        exposure.before, exposure.after_all, exposure.needed
    );
    for (group, row) in findings {
        description = format!("{description} {}: {}.", group.rule, row.message);
    }
    let unused: Vec<&str> = going.iter().map(|term| term.term.as_str()).collect();
    let texts = |list: &[&str]| -> Vec<String> {
        list.iter()
            .map(|text| terminal(text).into_owned())
            .collect()
    };
    let granted: Vec<&str> = client.terms().map(|term| term.name()).collect();
    let places = client.terms().flat_map(|term| term.places());
    let files: BTreeSet<&str> = places.map(|place| &*place.file).collect();
    let mut policies = page.evidence.grants.iter();
    let policy = policies
        .find(|file| files.contains(file.path.as_str()))
        .map_or_else(
            no_policy,
            |file| json!({"name": terminal(&file.path), "uid": file.digest}),
        );
    let own = &mut event["finding_info"];
    own["desc"] = json!(terminal(&description));
    own["types"] = json!(["Least privilege"]);
    own["analytic"] = analytic();
    event["user"] = user(client.id());
    event["permission_analysis_results"] = json!([{
        "granted_privileges": texts(&granted),
        "unused_privileges_count": going.len(),
        "policy": policy,
    }]);
    event["unmapped"] = json!({
        "unused_privileges": texts(&unused),
        "exposure_before": exposure.before,
        "exposure_after": exposure.after_all,
        "removal_levels": levels(&going),
    });
    if let Some(seen) = client.found.last_seen.map(Day::of) {
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

/// The event of a client that was in the policy and is not any more.
fn of_former_client(page: &Page<'_>, client: &str, activity: &Activity) -> Value {
    let title = format!(
        "{client}: the policy names this client no more; {}",
        activity.why
    );
    let uid = activity::uid(client);
    let mut event = event(page, (IAM, activity), (&title, &uid), Severity::Note);
    event["finding_info"]["analytic"] = analytic();
    event["user"] = user(client);
    event["permission_analysis_results"] = json!([{
        "granted_privileges": [], "unused_privileges_count": 0, "policy": no_policy(),
    }]);
    event
}

fn no_policy() -> Value {
    json!({"name": "policy"})
}

fn analytic() -> Value {
    json!({"name": "exact minimum of needed scopes", "type_id": 1, "type": "Rule"})
}

fn user(client: &str) -> Value {
    json!({"name": terminal(client), "type_id": 4, "type": "Service"})
}

/// How many removals each level has.
fn levels(going: &[&TermAnalysis]) -> Value {
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

/// By what can be taken away: half of the API is high, a tenth medium.
fn by_freed(client: &ClientView<'_>) -> Severity {
    match client.freed() {
        0.5.. => Severity::High,
        0.1.. => Severity::Medium,
        freed if freed > 0.0 => Severity::Low,
        _ => Severity::Note,
    }
}

fn severity(row: &FindingRow) -> Severity {
    Severity::parse(&row.severity).unwrap_or(Severity::Note)
}
