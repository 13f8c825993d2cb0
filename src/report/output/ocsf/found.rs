//! The event of one finding about no client of the policy: Detection Finding (2004).

use serde_json::{Value, json};

use super::Class;
use super::activity::Activity;
use crate::finding::{self, Rule, Severity};
use crate::report::escape::terminal;
use crate::report::monthly::{Change, FindingGroup, FindingRow, Page};

const DETECTION: Class = Class {
    uid: 2004,
    name: "Detection Finding",
};

/// What an event tells of a finding, of this month or of the last one.
pub(super) struct Found<'a> {
    uid: &'a str,
    rule: &'a str,
    title: &'a str,
    severity: &'a str,
    /// The caller as the log names it; empty where there is none.
    caller: &'a str,
    subject: &'a str,
    /// The counts; `None` for a finding of the last month.
    message: Option<&'a str>,
    requests: u64,
    controls: &'a [String],
}

impl<'a> Found<'a> {
    pub(super) fn of(group: &'a FindingGroup, row: &'a FindingRow) -> Self {
        Self {
            uid: &row.id,
            rule: &group.rule,
            title: group.title.as_deref().unwrap_or(&group.rule),
            severity: &row.severity,
            caller: &row.client,
            subject: &row.subject,
            message: Some(&row.message),
            requests: row.requests,
            controls: &group.controls,
        }
    }

    pub(super) fn gone(own: &'a Change) -> Self {
        let doc = finding::by_name(&own.rule).map(Rule::doc);
        Self {
            uid: &own.id,
            rule: &own.rule,
            title: doc.map_or(&own.rule, |doc| doc.title),
            severity: &own.level,
            caller: &own.client,
            subject: &own.subject,
            message: None,
            requests: 0,
            controls: &[],
        }
    }
}

pub(super) fn event(page: &Page<'_>, own: &Found<'_>, activity: &Activity) -> Value {
    let caller = match own.caller {
        "" => String::new(),
        name => format!("{name}: "),
    };
    // What is about the whole caller has no subject of its own.
    let subject = match own.subject {
        "client" => String::new(),
        subject => format!(": {subject}"),
    };
    let title = format!("{caller}{}{subject}", own.title);
    let severity = Severity::parse(own.severity).unwrap_or(Severity::Note);
    let mut event = super::event(page, (DETECTION, activity), (&title, own.uid), severity);
    let info = &mut event["finding_info"];
    let desc = own.message.unwrap_or(activity.why);
    info["desc"] = json!(terminal(desc));
    info["types"] = json!([terminal(own.rule)]);
    info["analytic"] = json!({"name": terminal(own.rule), "type_id": 1, "type": "Rule"});
    if !own.caller.is_empty() {
        let user = json!({"name": terminal(own.caller), "type_id": 0, "type": "Unknown"});
        event["evidences"] = json!([{"actor": {"user": user}}]);
    }
    event["unmapped"] = json!({
        "rule": terminal(own.rule),
        "subject": terminal(own.subject),
        "requests": own.requests,
        "controls": own.controls,
    });
    event
}
