//! The monthly report as a user gets it: three months, every format, pseudonyms, size.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Case, daily, line};

const ROUTES: &str = "routes:
  GET /a: [a:read]
  POST /a: [a:write]
  GET /b: [b:read]
  DELETE /b: [b:admin]
";

/// One policy file for each month.
const POLICIES: [(&str, &str); 3] = [
    (
        "2026-07",
        r#"{"one":["a:read","a:write","b:admin"],"two":["b:read","a:write"]}"#,
    ),
    (
        "2026-08",
        r#"{"one":["a:read","a:write"],"two":["b:read","a:write","b:admin"]}"#,
    ),
    (
        "2026-09",
        r#"{"one":["a:read","b:admin"],"two":["b:read","a:write","b:admin"],"three":["a:read","b:read"]}"#,
    ),
];

/// January to September: one reads `/a`, two reads `/b`, each every day.
fn log() -> String {
    let mut log = [
        daily(273, "one", "GET /a", 200),
        daily(273, "two", "GET /b", 200),
    ]
    .concat();
    log.push_str(&line(269, "three", "GET /a", 200)); // 27 September
    for _ in 0..3 {
        log.push_str(&line(231, "one", "DELETE /b", 403)); // 20 August
    }
    log.push_str(&line(252, "two", "DELETE /b", 200)); // 10 September
    log
}

fn case() -> Case {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("log.jsonl", log());
    for (month, policy) in POLICIES {
        case.write(&format!("{month}.grants.json"), policy);
    }
    case
}

/// Runs the report of one month into a folder of its name, and reads its JSON.
fn month(case: &Case, month: &str, folder: &str, more: &[&str]) -> Value {
    let grants = format!("{month}.grants.json");
    let mut args = vec!["report", "--month", month, "--out", folder];
    args.extend(["--format", "html,md,json,csv,sarif,ocsf"]);
    args.extend([
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        &grants,
    ]);
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    read(&case.path(folder).join("report.json"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// `client/scope state since` of each open recommendation.
fn open(report: &Value) -> Vec<String> {
    let items = report["month"]["items"].as_array().unwrap().iter();
    let mut told: Vec<String> = items
        .filter(|own| own["recommendation"] == true)
        .map(|own| {
            let text = |key: &str| own[key].as_str().unwrap();
            format!(
                "{}/{} {} {}",
                text("client"),
                text("subject"),
                text("state"),
                text("since")
            )
        })
        .collect();
    told.sort();
    told
}

/// `client/scope state denials` of each recommendation of the month before.
fn outcomes(report: &Value) -> Vec<String> {
    let rows = report["month"]["outcomes"].as_array().unwrap().iter();
    let mut told: Vec<String> = rows
        .map(|own| {
            let text = |key: &str| own[key].as_str().unwrap();
            format!(
                "{}/{} {} {}",
                text("client"),
                text("term"),
                text("state"),
                own["denials"]
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn three_months_give_the_table_made_by_hand() {
    // | grant         | July   | August           | September              |
    // | one/a:write   | remove | remove, open     | gone: applied          |
    // | one/b:admin   | remove | gone: applied, 3 | held: came back        |
    // |               |        | requests refused | (rolled back)          |
    // | two/a:write   | remove | remove, open     | remove, open since Jul |
    // | two/b:admin   |        | remove, new      | needed                 |
    // | three/b:read  |        |                  | remove, new            |
    let case = case();
    let july = month(&case, "2026-07", "r/2026-07", &[]);
    assert_eq!(
        open(&july),
        ["one/a:write", "one/b:admin", "two/a:write"]
            .map(|own| format!("{own} first_report 2026-07"))
    );
    let august = month(
        &case,
        "2026-08",
        "r/2026-08",
        &["--previous", "r/2026-07/report.json"],
    );
    assert_eq!(
        open(&august),
        [
            "one/a:write ignored 2026-07",
            "two/a:write ignored 2026-07",
            "two/b:admin new 2026-08"
        ]
    );
    assert_eq!(
        outcomes(&august),
        [
            "one/a:write open 0",
            "one/b:admin applied 3",
            "two/a:write open 0"
        ]
    );
    let september = month(&case, "2026-09", "s/2026-09", &["--previous", "r"]);
    let wanted = [
        "one/b:admin came_back 2026-09",
        "three/b:read new 2026-09",
        "two/a:write ignored 2026-07",
    ];
    assert_eq!(open(&september), wanted);
    assert_eq!(
        outcomes(&september),
        [
            "one/a:write applied 0",
            "one/b:admin rolled_back 0",
            "two/a:write open 0",
            "two/b:admin needed 0"
        ]
    );
    // The last report alone carries what it knew of the months before it.
    let alone = month(
        &case,
        "2026-09",
        "t/2026-09",
        &["--previous", "r/2026-08/report.json"],
    );
    assert_eq!(
        (open(&alone), outcomes(&alone)),
        (wanted.map(str::to_owned).to_vec(), outcomes(&september))
    );
    let digest = blake3::hash(&fs::read(case.path("r/2026-08/report.json")).unwrap());
    let link = &alone["month"]["evidence"]["previous"];
    assert_eq!(link["digest"], format!("blake3:{digest}"));
    let page = fs::read_to_string(case.path("t/2026-09/report.html")).unwrap();
    for text in [
        "<b>1</b> came back",
        "<b>1</b> new",
        "<b>1</b> still open",
        "<b>2</b> resolved",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

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
    let removals = frame
        .lazy()
        .filter(col("verdict").eq(lit("remove")))
        .collect()
        .unwrap();
    assert_eq!(removals.height(), 3);
    let requests = rows
        .iter()
        .map(|row| row.get(14).unwrap().parse::<u64>().unwrap());
    assert_eq!(requests.sum::<u64>(), 2 * 243);
}

#[test]
fn sarif_stands_on_the_policys_lines_with_stable_fingerprints() {
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
    let schema = jsonschema::validator_for(&schema).unwrap();
    for sarif in [&july, &august] {
        let wrong: Vec<String> = schema
            .iter_errors(sarif)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, [""; 0]);
    }
    let print = |sarif: &Value, what: &str| {
        let mut results = sarif["runs"][0]["results"].as_array().unwrap().iter();
        let text = |own: &Value| own["message"]["text"].as_str().unwrap().to_owned();
        let found = results.find(|own| text(own).starts_with(what)).expect(what);
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
        for required in ["/activity_id", "/severity_id", "/time"] {
            assert!(
                event.pointer(required).is_some_and(Value::is_number),
                "{required}"
            );
        }
        for required in [
            "/finding_info/uid",
            "/metadata/version",
            "/metadata/product/name",
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
fn under_pseudonyms_no_name_is_left_and_months_still_compare() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let [who, owner, role, stranger] = [
        "zebra-client",
        "walrus-team",
        "lemur-role",
        "okapi-stranger",
    ];
    let mut log = daily(273, who, "GET /a", 200);
    log.push_str(&line(200, who, "GET /secret/gnu-path", 200));
    log.push_str(&line(200, stranger, "GET /a", 200));
    case.write("tapir/log.jsonl", log);
    let grants = format!(
        "roles:\n  {role}:\n    scopes: [b:read]\nclients:\n  {who}:\n    owner: {owner}\n    roles: [{role}]\n    scopes:\n      - a:read\n      - a:write # keep until=2030-01-01 reason=\"quokka words\"\n      - b:admin\n"
    );
    case.write("ibex/grants.yaml", grants);
    case.write("key.txt", "correct horse battery staple\n");
    let run = |month: &str, more: &[&str]| {
        let mut args = vec![
            "report",
            "--month",
            month,
            "--out",
            month,
            "--format",
            "html,md,json,csv,sarif,ocsf",
        ];
        args.extend([
            "--logs",
            "tapir/log.jsonl",
            "--catalog",
            "routes.yaml",
            "--grants",
            "ibex/grants.yaml",
        ]);
        args.extend(more);
        case.run(&args)
    };
    // The first month is written with names, the second one without.
    assert_eq!(run("2026-08", &[]).code, Some(0));
    let with_key = ["--previous", "2026-08", "--pseudonymise", "key.txt"];
    assert_eq!(run("2026-09", &with_key).code, Some(0));
    for entry in fs::read_dir(case.path("2026-09")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for name in [
            who,
            owner,
            role,
            stranger,
            "gnu",
            "tapir",
            "ibex",
            "quokka",
            "correct horse",
        ] {
            assert!(!text.contains(name), "{name} in {}", path.display());
        }
        assert!(
            text.contains("client-")
                || path.ends_with("findings.csv")
                || path.ends_with("backtest.csv")
        );
    }
    let report = read(&case.path("2026-09/report.json"));
    let items = report["month"]["items"].as_array().unwrap();
    let states: Vec<&Value> = items.iter().map(|own| &own["state"]).collect();
    assert!(
        !states.is_empty() && states.iter().all(|state| **state == "ignored"),
        "{states:?}"
    );
    // Names may not be compared with pseudonyms.
    let refused = run("2026-09", &["--previous", "2026-09/report.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("pseudonyms"), "{}", refused.err);
}

#[test]
fn two_thousand_clients_make_a_page_of_less_than_five_megabytes() {
    let case = Case::new();
    let mut routes = String::from("routes:\n");
    for at in 0..40 {
        writeln!(
            routes,
            "  GET /r{at}: [r{at}:read]\n  POST /r{at}: [r{at}:write]"
        )
        .unwrap();
    }
    case.write("routes.yaml", routes);
    let (mut log, mut grants) = (String::new(), String::from("clients:\n"));
    for at in 0..2_000 {
        writeln!(
            grants,
            "  service-number-{at}:\n    since: 2024-01-01\n    owner: team-{}\n    scopes:",
            at % 50
        )
        .unwrap();
        for scope in 0..10 {
            let kind = if scope % 2 == 0 { "read" } else { "write" };
            writeln!(grants, "      - r{}:{kind}", (at + scope) % 40).unwrap();
        }
        for day in [1, 50, 99, 150, 180] {
            log.push_str(&line(
                day + at % 20,
                &format!("service-number-{at}"),
                &format!("GET /r{}", at % 40),
                200,
            ));
        }
    }
    case.write("log.jsonl", log);
    case.write("grants.yaml", grants);
    let mut args = vec!["report", "--month", "2026-07", "--level", "review"];
    args.extend([
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
    ]);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.len() < 5_000_000, "{} bytes", run.out.len());
    for text in [
        "The other 1,800 clients",
        "more in grants.csv",
        "more in annex A",
    ] {
        assert!(run.out.contains(text), "what is cut says so: {text}");
    }
}

#[test]
fn what_cannot_be_done_is_said_with_advice() {
    let case = case();
    let run = |more: &[&str]| {
        let mut args = vec!["report", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
        args.extend(["--grants", "2026-07.grants.json"]);
        args.extend(more);
        let run = case.run(&args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{more:?}");
        run.err
    };
    case.write("short.txt", "abc");
    case.write("other.json", "{}");
    for (args, says) in [
        (&["--month", "2026-13"][..], "`2026-13` is no month"),
        (&["--month", "2025-01"], "2025-01"),
        (&["--month", "2026-07", "--format", "html,md"], "--out DIR"),
        (&["--month", "2026-07", "--format", "csv"], "--out DIR"),
        (
            &["--month", "2026-07", "--format", "pdf"],
            "`pdf` is no kind of report",
        ),
        (&["--month", "2026-07", "--as-of", "2026-07-01"], "--as-of"),
        (
            &["--month", "2026-07", "--pseudonymise", "short.txt"],
            "fewer than 16 bytes",
        ),
        (
            &["--month", "2026-07", "--previous", "other.json"],
            "no report of scopetrim",
        ),
        (
            &["--month", "2026-07", "--previous", "absent.json"],
            "cannot read `absent.json`",
        ),
    ] {
        let error = run(args);
        assert!(
            error.contains(says) && error.contains("help: "),
            "{args:?}: {error}"
        );
    }
}
