//! Each kind of file, as its reader wants it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{case, month, read};

#[test]
fn the_bytes_do_not_depend_on_where_they_go_or_on_threads() {
    let case = case();
    let names = ["html", "md", "json", "sarif", "ocsf.ndjson"].map(|end| format!("report.{end}"));
    month(&case, "2026-07", "a", &["--threads", "1"]);
    month(&case, "2026-07", "b/c", &["--threads", "3", "--quiet"]);
    for name in
        names
            .iter()
            .map(String::as_str)
            .chain(["grants.csv", "findings.csv", "backtest.csv"])
    {
        let files = ["a", "b/c"].map(|folder| fs::read(case.path(folder).join(name)).unwrap());
        assert!(files[0] == files[1], "{name}");
    }
}

#[test]
fn the_json_keeps_the_contract_and_the_csv_is_read_back() {
    use polars::prelude::*;

    let case = case();
    let july = month(&case, "2026-07", "r/2026-07", &[]);
    let august = month(&case, "2026-08", "r/2026-08", &["--previous", "r/2026-07"]);
    let schema = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json"));
    let schema = jsonschema::validator_for(&schema).unwrap();
    for report in [&july, &august] {
        let wrong: Vec<String> = schema
            .iter_errors(report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, [""; 0]);
    }
    let text = fs::read_to_string(case.path("r/2026-08/grants.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let columns = heads.iter().enumerate().map(|(at, head)| {
        let cells: Vec<&str> = rows.iter().map(|row| row.get(at).unwrap()).collect();
        Column::new(head.into(), cells)
    });
    let frame = DataFrame::new(rows.len(), columns.collect()).unwrap();
    let verdict = frame.column("verdict").unwrap().str().unwrap();
    let removals = frame.filter(&verdict.equal("remove")).unwrap();
    assert_eq!(removals.height(), 3);
    let requests = rows
        .iter()
        .map(|row| row.get(14).unwrap().parse::<u64>().unwrap());
    assert_eq!(requests.sum::<u64>(), 2 * 243);
}

#[test]
fn sarif_is_on_the_policys_lines_with_stable_fingerprints() {
    let case = case();
    month(&case, "2026-07", "a", &[]);
    month(&case, "2026-08", "b", &["--previous", "a/report.json"]);
    let [july, august] = ["a", "b"].map(|folder| read(&case.path(folder).join("report.sarif")));
    // The parts of the OASIS schema that concern what is written here.
    let schema = json!({
        "type": "object", "required": ["version", "runs"],
        "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool", "results"],
            "properties": {
                "tool": {"required": ["driver"], "properties": {"driver": {"required": ["name", "rules"],
                    "properties": {"rules": {"uniqueItems": true, "items": {"required": ["id", "help", "shortDescription"],
                        "properties": {"help": {"required": ["text"]}}}}}}}},
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"items": {"required": ["ruleId", "ruleIndex", "message", "locations", "partialFingerprints"],
                    "properties": {
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
                        "ruleIndex": {"type": "integer", "minimum": 0},
                        "message": {"required": ["text"]},
                        "partialFingerprints": {"additionalProperties": {"type": "string"}},
                        "locations": {"minItems": 1, "items": {"required": ["physicalLocation"], "properties": {"physicalLocation": {
                            "required": ["artifactLocation", "region"], "properties": {
                                "artifactLocation": {"properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9/._~%-]+$"}}},
                                "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}}}}}}}},
                    "if": {"properties": {"kind": {"const": "fail"}}},
                    "then": {"properties": {"level": {"enum": ["note", "warning", "error"]}}},
                    "else": {"properties": {"level": {"const": "none"}}}}}}}}}
    });
    let mut schemas = vec![jsonschema::validator_for(&schema).unwrap()];
    // The whole one, where it is at hand: it is not copied into the repository.
    if let Some(path) = std::env::var_os("SARIF_SCHEMA") {
        let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        schemas.push(jsonschema::validator_for(&whole).unwrap());
    }
    for (schema, sarif) in schemas
        .iter()
        .flat_map(|schema| [(schema, &july), (schema, &august)])
    {
        let wrong: Vec<String> = schema
            .iter_errors(sarif)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, [""; 0]);
    }
    let print = |sarif: &Value, what: &str| {
        let mut results = sarif["runs"][0]["results"].as_array().unwrap().iter();
        let text = |value: &Value| value["message"]["text"].as_str().unwrap().to_owned();
        let found = results
            .find(|result| text(result).starts_with(what))
            .expect(what);
        found["partialFingerprints"]["scopetrimId/v1"].clone()
    };
    assert_eq!(print(&july, "two: a:write"), print(&august, "two: a:write"));
}

#[test]
fn each_ocsf_event_has_the_attributes_that_class_2008_requires() {
    let case = case();
    month(&case, "2026-07", "a", &[]);
    let text = fs::read_to_string(case.path("a/report.ocsf.ndjson")).unwrap();
    assert_eq!(
        text.lines().count(),
        2,
        "one for each client with something to remove"
    );
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&event["class_uid"], &event["category_uid"]),
            (&json!(2008), &json!(2))
        );
        assert_eq!(event["type_uid"], json!(200_801));
        for required in [
            "/activity_id",
            "/severity_id",
            "/time",
            "/finding_info/analytic/type_id",
        ] {
            assert!(
                event.pointer(required).is_some_and(Value::is_number),
                "{required}"
            );
        }
        for required in [
            "/finding_info/uid",
            "/metadata/version",
            "/metadata/product/name",
            "/permission_analysis_results/0/policy/name",
            "/user/name",
        ] {
            assert!(
                event.pointer(required).is_some_and(Value::is_string),
                "{required}"
            );
        }
        // At least one of the three kinds of analysis has to be there.
        assert!(event["permission_analysis_results"][0]["granted_privileges"].is_array());
        assert!(
            event["remediation"]["desc"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
}

#[test]
fn an_event_about_no_client_of_the_policy_has_what_class_2004_requires() {
    let case = case();
    // Every day, so that the operations of nobody's description are worth a finding.
    let mut log = super::log();
    for day in 150..212 {
        log += &super::line(day, "one", "GET /internal/dump", 200);
    }
    case.write("log.jsonl", log);
    let july = month(&case, "2026-07", "a", &[]);
    let findings = july["findings"].as_array().unwrap().iter();
    let without: Vec<&Value> = findings.filter(|finding| finding["client"] == "").collect();
    assert!(!without.is_empty(), "{july:#}");
    let events = |folder: &str| -> Vec<Value> {
        let text = fs::read_to_string(case.path(folder).join("report.ocsf.ndjson")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .filter(|value: &Value| value["class_uid"] == 2004)
            .collect()
    };
    let created = events("a");
    assert_eq!(created.len(), without.len(), "an event each");
    for event in &created {
        assert_eq!(event["type_uid"], json!(200_401));
        for required in ["/activity_id", "/category_uid", "/severity_id", "/time"] {
            assert!(
                event.pointer(required).is_some_and(Value::is_number),
                "{required}"
            );
        }
        for required in [
            "/finding_info/uid",
            "/finding_info/title",
            "/metadata/version",
            "/metadata/product/name",
        ] {
            assert!(
                event.pointer(required).is_some_and(Value::is_string),
                "{required}"
            );
        }
    }
    month(&case, "2026-08", "b", &["--previous", "a"]);
    let uid = |value: &Value| value["finding_info"]["uid"].clone();
    for event in events("b") {
        let known = created.iter().any(|other| uid(other) == uid(&event));
        assert_eq!(event["activity_id"] == 1, !known, "{event:#}");
    }
}

#[test]
fn each_result_has_a_fingerprint_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (sample, month) in [("findings", "2026-08"), ("shop", "2026-10")] {
        let case = super::Case::new();
        let folder = root.join("samples").join(sample);
        let folder = folder.to_str().unwrap();
        let run = case.run(&[
            "report",
            folder,
            "--month",
            month,
            "--format",
            "sarif,json,ocsf",
            "--out",
            "o",
            "-q",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let sarif = read(&case.path("o/report.sarif"));
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() > 10, "{sample}");
        let prints = results
            .iter()
            .map(|result| &result["partialFingerprints"]["scopetrimId/v1"]);
        distinct(sample, prints);
        let report = read(&case.path("o/report.json"));
        let findings = report["findings"].as_array().unwrap().iter();
        distinct(sample, findings.map(|finding| &finding["id"]));
        let events = fs::read_to_string(case.path("o/report.ocsf.ndjson")).unwrap();
        let events: Vec<Value> = events
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        distinct(
            sample,
            events.iter().map(|event| &event["finding_info"]["uid"]),
        );
        distinct(sample, events.iter().map(|event| &event["metadata"]["uid"]));
    }
}

fn distinct<'a>(what: &str, ids: impl Iterator<Item = &'a Value>) {
    let all: Vec<&str> = ids.map(|text| text.as_str().unwrap()).collect();
    let unique: std::collections::BTreeSet<&&str> = all.iter().collect();
    assert_eq!(unique.len(), all.len(), "{what}: {all:?}");
}
