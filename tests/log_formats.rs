//! Log formats in whole runs: named operations, tables with headers, and formats that a user describes.

#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "log_formats/columns.rs"]
mod columns;
#[path = "log_formats/described.rs"]
mod described;
#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;
use support::Case;

/// What a run on the sample cluster prints.
fn cluster(more: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["analyze", "--quiet", "--no-blame"])
        .args(["--logs", "samples/cluster/audit.log.gz"])
        .args(["--grants", "samples/cluster/bindings.yaml"])
        .args(["--grants", "samples/cluster/roles.yaml"])
        .args(more)
        .output()
        .expect("a run");
    assert_eq!(
        ran.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).expect("text")
}

fn removed(report: &Value) -> BTreeSet<(String, String)> {
    let clients = report["clients"].as_array().expect("clients");
    let mut all = BTreeSet::new();
    for client in clients {
        let terms = client["terms"].as_array().expect("terms");
        for term in terms.iter().filter(|term| term["verdict"] == "remove") {
            let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            all.insert((name(&client["id"]), name(&term["term"])));
        }
    }
    all
}

#[test]
fn a_cluster_is_judged_by_its_audit_log_alone() {
    let report = serde_json::from_str(&cluster(&["--json"])).expect("a report");
    let removed = removed(&report);
    let has = |client: &str, term: &str| removed.contains(&(client.to_owned(), term.to_owned()));
    let ci = "system:serviceaccount:shop:ci";
    for (client, term) in [
        (ci, "secrets:get"),
        (ci, "secrets:list"),
        (ci, "configmaps:update"),
        ("root-operator", "users:impersonate"),
        ("root-operator", "nodes:update"),
        ("jane@example.com", "pods/portforward:create"),
        ("jane@example.com", "events:list"),
        ("system:serviceaccount:shop:backup", "secrets:delete"),
    ] {
        assert!(has(client, term), "{client} {term}: {removed:?}");
    }
    // Asked within other requests, so that no line shows it.
    assert!(!has(
        "root-operator",
        "clusterroles.rbac.authorization.k8s.io:escalate"
    ));
    // Used, the rare ones as well.
    for (client, term) in [
        (ci, "deployments.apps:patch"),
        ("system:serviceaccount:shop:backup", "secrets:list"),
        ("jane@example.com", "pods/exec:create"),
        ("root-operator", "nodes:list"),
        ("system:serviceaccount:monitoring:prometheus", "pods:watch"),
    ] {
        assert!(!has(client, term), "{client} {term}");
    }
}

#[test]
fn the_diff_of_a_cluster_is_one_of_its_roles() {
    let printed = cluster(&["--level", "review"]);
    let changed = |line: &&str| {
        line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++")
    };
    let changed: Vec<&str> = printed.lines().filter(changed).collect();
    let expected = [
        "-- apiGroups: [\"\"]",
        "-  resources: [events]",
        "-  verbs: [list]",
        "-  - delete",
        "-  verbs: [get, update]",
        "-- apiGroups: [\"\"]",
        "-  resources: [secrets]",
        "-  verbs: [get, list]",
        "+  verbs: [get]",
        "-  verbs: [list, delete]",
        "+  verbs: [list]",
        "-  - pods/portforward",
        "-  verbs: [list, update]",
        "+  verbs: [list]",
        "-- apiGroups: [\"\"]",
        "-  resources: [users]",
        "-  verbs: [impersonate]",
    ];
    let sorted = |lines: &[&str]| {
        lines
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(sorted(&changed), sorted(&expected), "{printed}");
    assert_eq!(changed.len(), expected.len(), "{printed}");
    // Services are watched and never listed; pods are listed, by the same rule.
    let report: Value = serde_json::from_str(&cluster(&["--json"])).expect("a report");
    let clients = report["clients"].as_array().expect("clients");
    let terms = clients
        .iter()
        .flat_map(|client| client["terms"].as_array().expect("terms"));
    let mut services = terms.filter(|term| term["term"] == "services:list");
    assert!(services.all(|term| term["level"] == "manual"
        && term["reasons"].to_string().contains("rule_grants_together")));
}

const ROUTES: &str =
    "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n";
const GRANTS: &str = "version: 1\nclients:\n  erp:\n    since: 2024-01-01\n    scopes: [orders:read, orders:write]\n";

/// The events of a log, as the program reads it.
fn events(log: (&str, &str), more: &[&str]) -> (Vec<Value>, String) {
    let case = Case::new();
    case.write(log.0, log.1);
    case.write("routes.yaml", ROUTES);
    case.write("acme.toml", ACME);
    let mut args = vec![
        "events",
        "--logs",
        log.0,
        "--catalog",
        "routes.yaml",
        "--output",
        "ndjson",
    ];
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let rows = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"));
    (rows.collect(), run.err)
}

#[test]
fn a_header_in_the_middle_of_a_long_w3c_log_counts_from_there_on() {
    let mut log = "#Fields: date time cs-method cs-uri-stem cs-username sc-status\n".to_owned();
    // More than one block, so that several workers read it.
    for number in 0..20_000 {
        let (minute, second) = (number / 60 % 60, number % 60);
        writeln!(
            log,
            "2026-01-02 12:{minute:02}:{second:02} GET /orders erp 200"
        )
        .expect("text");
    }
    log += "#Fields: date time sc-status cs-username cs-uri-stem cs-method\n";
    for number in 0..20_000 {
        let (minute, second) = (number / 60 % 60, number % 60);
        writeln!(
            log,
            "2026-01-03 12:{minute:02}:{second:02} 200 erp /orders POST"
        )
        .expect("text");
    }
    let (rows, said) = events(("iis.log", &log), &["--limit", "100000"]);
    assert_eq!(rows.len(), 40_000, "{said}");
    let posts = rows
        .iter()
        .filter(|row| row["method"] == "POST" && row["client_id"] == "erp");
    assert_eq!(posts.count(), 20_000);
    assert!(rows.iter().all(|row| row["status"] == 200));
}

#[test]
fn cells_of_several_lines_are_one_row() {
    let log = "Method,Host,Path,RawPath,ResponseCode,APIKey,TimeStamp,OauthID,RawRequest\r\n\
GET,h,/x,/orders,200,k1,2026-01-02 12:00:00.117 +0000 UTC m=+0.1,erp,\"GET / HTTP/1.1\nHost: \"\"h\"\"\n\n\"\r\n\
POST,h,/x,/orders,403,k1,2026-01-02 12:00:01 +0000 UTC,erp,plain\r\n";
    let (rows, said) = events(("tyk.csv", log), &[]);
    assert_eq!(rows.len(), 2, "{said}");
    assert_eq!(
        (&rows[0]["path"], &rows[0]["client_id"]),
        (&Value::from("/orders"), &Value::from("erp"))
    );
    assert_eq!(rows[1]["outcome"], "denied_unknown");
}

const ACME: &str = "name = 'acme'\nkind = 'json'\nrequires = ['/svc']\n[fields]\ntime = '/ts'\nmethod = '/http/method'\ntarget = '/http/path'\nquery = '/http/query'\nclient = ['/auth/client_id', '/auth/user']\nstatus = '/http/status'\n";

#[test]
fn a_format_that_a_file_describes_gives_a_diff_like_any_other() {
    let case = Case::new();
    let mut log = String::new();
    for day in 0..300_u32 {
        let time = 1_735_732_800 + u64::from(day) * 86_400;
        writeln!(log, "{{\"svc\":\"edge\",\"ts\":{time},\"http\":{{\"method\":\"GET\",\"path\":\"/orders\",\"query\":\"a=1\",\"status\":200}},\"auth\":{{\"user\":\"erp\"}}}}").expect("text");
    }
    for (name, text) in [
        ("edge.log", log.as_str()),
        ("routes.yaml", ROUTES),
        ("grants.yaml", GRANTS),
        ("acme.toml", ACME),
    ] {
        case.write(name, text);
    }
    let args = [
        "analyze",
        "--logs",
        "edge.log",
        "--format",
        "acme.toml",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
        "--no-blame",
        "--quiet",
        "--level",
        "review",
    ];
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out
            .contains("-    scopes: [orders:read, orders:write]\n+    scopes: [orders:read]"),
        "{}",
        run.out
    );
    case.write("acme.toml", ACME.replace("client =", "clent ="));
    let wrong = case.run(&args);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.err.contains("`acme.toml`") && wrong.err.contains("did you mean `client`?"),
        "{}",
        wrong.err
    );
}

#[test]
fn a_described_table_is_read_by_the_names_of_its_columns() {
    let mapping = "name = 'acme-csv'\nkind = 'csv'\nseparator = ';'\n[fields]\ntime = 'When'\nmethod = 'Verb'\ntarget = 'Path'\nclient = 'App'\nstatus = 'Code'\n";
    let case = Case::new();
    case.write("table.toml", mapping);
    case.write(
        "t.csv",
        "Code;Path;Verb;App;When\n200;/orders;GET;erp;2026-01-02T12:00:00Z\n",
    );
    case.write("routes.yaml", ROUTES);
    let run = case.run(&[
        "events",
        "--logs",
        "t.csv",
        "--format",
        "table.toml",
        "--catalog",
        "routes.yaml",
        "--output",
        "ndjson",
    ]);
    let row: Value = serde_json::from_str(run.out.lines().next().expect("a row")).expect("JSON");
    assert_eq!(
        (&row["client_id"], &row["status"]),
        (&Value::from("erp"), &Value::from(200))
    );
}

/// Outcome, client and path of each event of a log.
fn told(log: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (rows, _) = events(("gateway.log", log), &[]);
    rows.iter()
        .map(|row| {
            (
                text(&row["outcome"]),
                text(&row["client_id"]),
                text(&row["path"]),
            )
        })
        .collect()
}

fn outcomes(log: &str) -> Vec<String> {
    told(log).into_iter().map(|(outcome, ..)| outcome).collect()
}

#[test]
fn kong_a_refusal_is_of_whom_the_source_names_and_a_missing_consumer_is_nobody() {
    let line = |status: u16, source: &str, consumer: &str| {
        format!(
            r#"{{"request":{{"uri":"\/orders","method":"GET"}},"response":{{"status":{status}}},"latencies":{{"kong":3}},"route":{{"name":"o"}},"started_at":1767355200117,"source":"{source}"{consumer}}}"#
        ) + "\n"
    };
    let erp = r#","consumer":{"username":"erp"},"authenticated_entity":{"id":"8d"}"#;
    let log = [
        line(401, "kong", ""),
        line(403, "kong", erp),
        line(403, "upstream", erp),
        line(200, "upstream", erp),
    ];
    assert_eq!(
        outcomes(&log.concat()),
        [
            "denied_authentication",
            "denied_gateway",
            "denied_upstream",
            "used"
        ]
    );
}

#[test]
fn oathkeeper_what_was_denied_is_no_use_and_what_was_granted_is_needed() {
    let line = |granted: bool, error: &str| {
        format!(
            r#"{{{error}"granted":{granted},"http_host":"a","http_method":"GET","http_url":"https://a/orders","msg":"Access request","subject":"erp","time":"2026-01-02T12:00:00Z"}}"#
        ) + "\n"
    };
    let log = [
        line(true, ""),
        line(false, r#""error":{"status_code":403},"#),
        line(false, r#""error":{"status_code":401},"#),
        line(false, ""),
    ];
    assert_eq!(
        outcomes(&log.concat()),
        [
            "attempted",
            "denied_gateway",
            "denied_authentication",
            "denied_gateway"
        ]
    );
}

#[test]
fn azure_records_in_one_object_and_on_lines_are_the_same_events() {
    let record = |id: &str, path: &str, status: u16| {
        format!(
            r#"{{"time":"2026-01-02T12:00:00.6442361Z","operationName":"Microsoft Graph Activity","category":"MicrosoftGraphActivityLogs","correlationId":"{id}","properties":{{"requestId":"{id}","requestMethod":"GET","responseStatusCode":{status},"appId":"a-1","requestUri":"https://graph.microsoft.com{path}","scopes":null,"roles":"Orders.Read"}}}}"#
        )
    };
    let records = [
        record("1", "/orders", 200),
        record("2", "/beta//users('A@b.c')/messages/$count", 403),
        record("3", "/v1.0/$batch", 200),
    ];
    let lines = told(&(records.join("\n") + "\n"));
    let object = told(&format!("{{\"records\":[{}]}}", records.join(",")));
    assert_eq!(lines, object);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0].0, "used");
    assert_eq!(
        (lines[1].0.as_str(), lines[1].1.as_str()),
        ("denied_upstream", "a-1")
    );
}
