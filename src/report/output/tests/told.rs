//! What each file tells of findings, and of rules that could not be judged.

use super::{files, found, not_evaluable, sealed};
use crate::finding::NotEvaluable;
use crate::report::monthly::{History, Month, Previous, Sealed};
use crate::report::testing::{Sample, sample};

#[test]
fn a_rule_judged_in_part_is_not_counted_among_those_that_were_not_and_no_tile_is_green() {
    let mut own = sample();
    let clients = ["till", "shop"];
    own.outcomes.not_evaluable = vec![not_evaluable(false, &[]), not_evaluable(true, &clients)];
    let found = files(&sealed(own, "o", &History::default()));
    let holds = |name: &str, text: &str| assert!(found[name].contains(text), "{name}: {text}");
    holds(
        "report.html",
        "<summary>1 audit could not be made with this data</summary>",
    );
    holds(
        "report.html",
        "<summary>1 audit could be made for a part of the data only</summary>",
    );
    holds(
        "report.html",
        "missing an id of the credential: till, shop</li>",
    );
    holds(
        "report.html",
        "none found; not judged: rotation; only in part: old-credential",
    );
    holds(
        "report.md",
        "Not evaluable: rotation (missing: an id of the credential: ).",
    );
    holds(
        "report.md",
        "Judged only in part: old-credential (missing: an id of the credential: till, shop).",
    );
    holds("findings.csv", "\r\nrotation,not evaluable,,,");
    holds(
        "findings.csv",
        "\r\nold-credential,evaluable in part,\"till; shop\",,",
    );
    let sarif: serde_json::Value = serde_json::from_str(&found["report.sarif"]).unwrap();
    let told = &sarif["runs"][0]["invocations"][0]["toolConfigurationNotifications"];
    assert_eq!(told[0]["descriptor"]["id"], "not-evaluable");
    assert_eq!(told[1]["descriptor"]["id"], "partly-evaluable");
    assert_eq!(told[1]["properties"]["clients"], serde_json::json!(clients));
}

/// Title, class, activity, status and uid of each event.
fn events(report: &Sealed<'_>) -> Vec<(String, u64, u64, String, String)> {
    let found = files(report);
    let lines = found["report.ocsf.ndjson"].lines();
    lines
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |place: &str| event.pointer(place).unwrap().as_str().unwrap().to_owned();
            (
                text("/finding_info/title"),
                event["class_uid"].as_u64().unwrap(),
                event["activity_id"].as_u64().unwrap(),
                text("/status"),
                text("/finding_info/uid"),
            )
        })
        .collect()
}

/// The same as the report of the month before.
fn before(report: &Sealed<'_>) -> History {
    let json = report.json.replace("\"2026-10\"", "\"2026-09\"");
    let own = Previous::read(json.as_bytes(), "2026-09/report.json").unwrap();
    History::before(Month::parse("2026-10").unwrap(), vec![own])
}

/// `billing` with one hole and nothing to remove; a hole of a stranger, and one of the API.
fn holes() -> Sample {
    let mut own = sample();
    own.analysis.clients.truncate(1);
    own.analysis.clients[0].terms.truncate(1);
    own.actions.clear();
    own.outcomes.findings = vec![
        found("", "GET /internal"),
        found("billing", "POST /v1/refunds"),
        found("stranger", "POST /v1/refunds"),
    ];
    own
}

#[test]
fn each_finding_is_in_an_event_and_titles_say_what_it_is_about() {
    let told: Vec<(String, u64)> = events(&sealed(holes(), "o", &History::default()))
        .into_iter()
        .map(|(title, class, ..)| (title, class))
        .collect();
    let hole = "Requests passed that no grant permits";
    assert_eq!(
        told,
        [
            (format!("billing: {hole}"), 2008),
            (format!("{hole}: GET /internal"), 2004),
            (format!("stranger: {hole}: POST /v1/refunds"), 2004),
        ]
    );
    let mut both = sample();
    both.outcomes.findings = vec![found("billing", "POST /v1/refunds")];
    let told = events(&sealed(both, "o", &History::default()));
    assert_eq!(
        told[0].0,
        format!("billing: {hole}; 1 of 2 granted scopes not needed"),
        "what makes the event critical comes first"
    );
    assert_eq!(told[1].0, "worker: 1 of 1 granted scope not needed");
}

#[test]
fn an_event_is_created_once_then_updated_and_closed_when_its_finding_is_gone() {
    let first = sealed(holes(), "o", &History::default());
    let states = |report: &Sealed<'_>| -> Vec<(u64, String, String)> {
        let all = events(report).into_iter();
        all.map(|(_, _, activity, status, uid)| (activity, status, uid))
            .collect()
    };
    let created = states(&first);
    assert!(created.iter().all(|own| (own.0, &*own.1) == (1, "New")));
    let same = states(&sealed(holes(), "o", &before(&first)));
    let updated = |uid: &String| (2, "In Progress".to_owned(), uid.clone());
    let uids: Vec<String> = created.iter().map(|own| own.2.clone()).collect();
    assert_eq!(same, uids.iter().map(updated).collect::<Vec<_>>());
    let mut mended = holes();
    mended.outcomes.findings.remove(1);
    mended.outcomes.findings.remove(1);
    mended.outcomes.findings.push(found("other", "GET /x"));
    let mended = sealed(mended, "o", &before(&first));
    let mut told = states(&mended);
    assert_eq!(told.remove(2).0, 1, "{told:?}");
    let closed = |uid: &String| (3, "Resolved".to_owned(), uid.clone());
    assert_eq!(
        told,
        [closed(&uids[0]), updated(&uids[1]), closed(&uids[2])]
    );
    let third = sealed(sample(), "o", &History::default());
    let mut left = sample();
    left.analysis.clients.remove(1);
    let told = events(&sealed(left, "o", &before(&third)));
    assert_eq!((told[1].1, told[1].2, &*told[1].3), (2008, 3, "Resolved"));
    assert!(
        told[1]
            .0
            .starts_with("worker: the policy names this client no more")
    );
}

#[test]
fn what_is_accepted_or_not_judged_any_more_is_neither_resolved_nor_closed_as_such() {
    let first = sealed(holes(), "o", &History::default());
    let mut off = holes();
    off.outcomes.findings.clear();
    off.outcomes.disabled = vec!["enforcement-hole"];
    let off = sealed(off, "o", &before(&first));
    let changes = off.page.changes.as_ref().unwrap();
    assert_eq!((changes.resolved.len(), changes.unjudged.len()), (0, 3));
    assert!(
        events(&off)
            .iter()
            .all(|own| (own.2, &*own.3) == (2, "In Progress"))
    );
    let mut allowed = holes();
    allowed.outcomes.allowed = std::mem::take(&mut allowed.outcomes.findings);
    let allowed = sealed(allowed, "o", &before(&first));
    let changes = allowed.page.changes.as_ref().unwrap();
    assert_eq!((changes.resolved.len(), changes.accepted.len()), (0, 3));
    assert!(
        events(&allowed)
            .iter()
            .all(|own| (own.2, &*own.3) == (3, "Suppressed"))
    );
    let found = files(&allowed);
    assert!(
        found["report.md"].contains(
            "Since 2026-09: 0 new, 0 still open, 0 resolved, 0 came back, 3 allowed by the configuration."
        ),
        "{}",
        found["report.md"]
    );
    let mut part = holes();
    part.outcomes.findings.clear();
    let own = NotEvaluable {
        rule: "enforcement-hole",
        number: "F1",
        ..not_evaluable(true, &["stranger"])
    };
    part.outcomes.not_evaluable = vec![own];
    let part = sealed(part, "o", &before(&first));
    let changes = part.page.changes.as_ref().unwrap();
    assert_eq!((changes.resolved.len(), changes.unjudged.len()), (2, 1));
}
