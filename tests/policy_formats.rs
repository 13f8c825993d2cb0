//! Policy files of vendors and of the user's own form, in whole runs.

#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "policy_formats/cloudtrail.rs"]
mod cloudtrail;
#[path = "policy_formats/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use serde_json::Value;
use support::{Case, daily};

const ROUTES: &str =
    "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n";

/// A run on a policy file of this name and text: the report, and the diff.
fn run(name: &str, policy: &str, log: &str, more: &[&str]) -> (Value, String) {
    of_routes(ROUTES, (name, policy), log, more)
}

fn run_with(routes: &str, name: &str, policy: &str, log: &str) -> (Value, String) {
    of_routes(routes, (name, policy), log, &[])
}

fn of_routes(
    routes: &str,
    (name, policy): (&str, &str),
    log: &str,
    more: &[&str],
) -> (Value, String) {
    let case = Case::new();
    case.write("routes.yaml", routes);
    case.write("log.jsonl", log);
    case.write(name, policy);
    let mut args = vec!["analyze", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    args.extend([
        "--grants", name, "--level", "review", "--quiet", "--out", "out",
    ]);
    args.extend(support::ANY_SHARE);
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let read = |name: &str| std::fs::read_to_string(case.path(name)).expect("a result");
    let report = serde_json::from_str(&read("out/report.json")).expect("a report");
    (report, read("out/policy.diff"))
}

#[test]
fn a_string_that_would_be_empty_is_manual_and_the_run_goes_on() {
    let log = daily(300, "app", "GET /orders", 200);
    let clients = r#"[{"client_id": "app", "scope": "orders:read orders:write"},
 {"client_id": "idle", "scope": "orders:read orders:write"}]
"#;
    let (report, diff) = run("clients.json", clients, &log, &[]);
    let client = |at: usize| {
        report["clients"][at]["terms"]
            .as_array()
            .expect("terms")
            .clone()
    };
    let idle: Vec<_> = client(1).iter().map(|term| term["level"].clone()).collect();
    assert_eq!(idle, ["manual", "manual"], "{report}");
    assert!(
        diff.contains("+[{\"client_id\": \"app\", \"scope\": \"orders:read\"},"),
        "{diff}"
    );
    assert!(!diff.contains("-{\"client_id\": \"idle\""), "{diff}");
}

#[test]
fn a_consumer_is_known_by_its_custom_id_as_well() {
    let log = daily(300, "app-7", "GET /orders", 200);
    let kong = "_format_version: \"3.0\"\nconsumers:\n- username: app\n  custom_id: app-7\n  acls:\n  - group: orders:read\n  - group: orders:write\nplugins:\n- name: acl\n  config: {allow: [orders:read]}\n";
    let (report, diff) = run("kong.yaml", kong, &log, &[]);
    assert_eq!(report["clients"][0]["requests"], 300, "{report}");
    assert!(diff.contains("-  - group: orders:write"), "{diff}");
    assert!(!diff.contains("-  - group: orders:read"), "{diff}");
}

#[test]
fn a_format_of_ones_own_is_read_and_edited() {
    let log = daily(300, "app", "GET /orders", 200);
    let own = "kind: Access\nspec:\n  apps:\n  - name: app\n    may: orders:read|orders:write\n";
    let format = "name=\"ours\", when={kind=\"Access\"}, clients=\"spec.apps[]\", id=\"name\", terms=\"may\", shape=\"delimited\", separator=\"|\", empty_means=\"all\"";
    let (_, diff) = run("access.yaml", own, &log, &["--policy-format", format]);
    assert!(diff.contains("+    may: orders:read\n"), "{diff}");
}

/// A catalogue whose scopes are actions of AWS.
const ACTIONS: &str = "version: 1\nroutes:\n  GET /orders: s3:GetObject\n  POST /orders: s3:PutObject\n  DELETE /orders: s3:DeleteObject\n";

#[test]
fn an_iam_policy_keeps_what_is_used_in_whatever_case_it_is_written() {
    let log = daily(300, "billing", "GET /orders", 200);
    let iam = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:getobject", "S3:PUT*", "s3:ListBucket"], "Resource": "*"},
  {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "*"}
]}
"#;
    let (report, diff) = run_with(ACTIONS, "billing.json", iam, &log);
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    let verdict = |name: &str| {
        let term = terms.iter().find(|term| term["term"] == name);
        term.map(|term| term["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!(verdict("s3:getobject"), "keep", "{report}");
    assert_eq!(verdict("S3:PUT*"), "remove");
    assert_eq!(verdict("s3:DeleteObject"), "remove");
    assert_eq!(
        verdict("s3:ListBucket"),
        "unobservable",
        "no operation asks for it"
    );
    assert!(diff.contains(r#"+  {"Effect": "Allow", "Action": ["s3:getobject", "s3:ListBucket"], "Resource": "*"}"#), "{diff}");
    assert!(
        diff.contains(r#"-  {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "*"}"#),
        "{diff}"
    );
}

#[test]
fn an_istio_rule_that_nobody_uses_goes() {
    let rule = |paths: &str, who: &str| {
        format!(
            "  - from: [{{source: {{principals: [{who}]}}}}]\n    to: [{{operation: {paths}}}]\n"
        )
    };
    let head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x}\nspec:\n  rules:\n";
    let used = rule(
        "{methods: [GET], paths: [/orders]}",
        "td/ns/a/sa/app, td/ns/a/sa/idle",
    );
    let unused = rule(
        "{methods: [PUT, DELETE], paths: [/orders]}",
        "td/ns/a/sa/app",
    );
    let routes = "version: 1\nroutes:\n  GET /orders: GET:/orders\n  PUT /orders: PUT:/orders\n  DELETE /orders: DELETE:/orders\n";
    let log = daily(300, "spiffe://td/ns/a/sa/app", "GET /orders", 200);
    let (report, diff) = run_with(routes, "mesh.yaml", &format!("{head}{used}{unused}"), &log);
    assert_eq!(report["clients"][0]["requests"], 300, "{report}");
    assert!(
        diff.contains("+  - from: [{source: {principals: [td/ns/a/sa/app]}}]\n"),
        "{diff}"
    );
    assert!(
        diff.contains("-    to: [{operation: {methods: [PUT, DELETE], paths: [/orders]}}]\n"),
        "{diff}"
    );
    assert!(
        !diff.contains("-    to: [{operation: {methods: [GET]"),
        "{diff}"
    );
}

#[test]
fn a_client_of_terraform_is_joined_with_the_logs_by_an_alias() {
    let log = daily(300, "n3aUTYx7Qk", "GET /orders", 200);
    let code = "resource \"auth0_client_grant\" \"ci\" {\n  client_id = auth0_client.ci.id\n  audience  = \"https://api.example\"\n  scopes = [\n    \"orders:read\",\n    \"orders:write\", # for the import\n    var.extra,\n  ]\n}\n";
    let (report, diff) = run(
        "grants.tf",
        code,
        &log,
        &["--alias", "n3aUTYx7Qk=auth0_client.ci"],
    );
    assert_eq!(report["clients"][0]["requests"], 300, "{report}");
    assert!(
        diff.contains("-    \"orders:write\", # for the import\n"),
        "{diff}"
    );
    assert!(
        !diff.contains("-    \"orders:read\"") && !diff.contains("-    var"),
        "{diff}"
    );
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    let extra = terms.iter().find(|term| term["term"] == "${var.extra}");
    assert_eq!(
        extra.expect("the expression")["verdict"],
        "unobservable",
        "{report}"
    );
}

#[test]
fn a_client_grant_of_auth0_is_joined_by_the_id_of_its_client_and_edited() {
    let log = daily(300, "aB3", "GET /orders", 200);
    let tenant = "clients:\n- name: App\n  client_id: aB3\n  callbacks: @@CALLBACKS@@\nclientGrants:\n- client_id: App\n  audience: https://##ENV##.example/\n  scope:\n  - orders:read   # daily\n  - orders:write\n";
    let (report, diff) = run("tenant.yaml", tenant, &log, &[]);
    assert_eq!(report["clients"][0]["requests"], 300, "{report}");
    assert!(diff.contains("-  - orders:write"), "{diff}");
    assert!(!diff.contains("-  - orders:read"), "{diff}");
}

#[test]
fn a_whitelist_of_apisix_loses_who_never_calls_and_is_not_emptied() {
    let mut log = daily(300, "web", "GET /orders", 200);
    log += &daily(300, "erp", "POST /orders", 200);
    let routes = "routes:\n- id: orders:read\n  plugins:\n    consumer-restriction:\n      whitelist:\n      - web\n      - erp\n- id: orders:write\n  plugins: {consumer-restriction: {whitelist: [erp]}}\n- id: other\n  plugins: {consumer-restriction: {whitelist: [web]}}\n";
    let (_, diff) = run("apisix.yaml", routes, &log, &[]);
    assert!(diff.contains("-      - erp"), "{diff}");
    assert!(!diff.contains("[]"), "{diff}");
}

#[test]
fn explain_proposes_a_description_for_a_file_of_an_unknown_form_and_the_description_reads_it() {
    let case = Case::new();
    let own = "Client ID,Owner,Permissions\nerp,x,\"orders:read;orders:write\"\ncrm,y,users:read\n";
    case.write("export.csv", own);
    let run = case.run(&["grants", "explain", "export.csv"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(
        run.out.starts_with("# PROPOSAL for export.csv"),
        "{}",
        run.out
    );
    assert!(
        run.err.contains("check what is proposed above"),
        "{}",
        run.err
    );
    let json = case.run(&["grants", "explain", "export.csv", "--json"]);
    assert_eq!(
        (json.code, json.out.as_str()),
        (Some(2), ""),
        "{}",
        json.err
    );
    case.write("scopetrim.toml", &run.out);
    let run = case.run(&["grants", "--grants", "export.csv", "--output", "csv"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("orders:write"), "{}", run.out);
    let compose = "services:\n  web: {image: nginx, ports: ['80:80']}\n";
    case.write("compose.yaml", compose);
    let run = case.run(&["grants", "explain", "compose.yaml"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("it is a Compose file"), "{}", run.err);
}
