//! `compare`: two policies in two formats, and the logs of a gateway and of the service behind it.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use serde_json::{Value, json};
use support::{Case, Run, line};

const ROUTES: &str = "version: 1
routes:
  GET /orders: orders:read
  POST /orders: orders:write
  GET /audit/{day}: audit:read + orders:read
  GET /reports: [reports:read, orders:admin]
";

const GATEWAY: &str = "version: 1
clients:
  billing:
    scopes:
      - orders:read
      - orders:write
      - legacy:thing
  old:
    scopes: [orders:read]
  shop:
    scopes: [audit:read, orders:read]
";

/// The same as a map, with less for `billing` and more for `shop`.
const SERVICE: &str = r#"{"billing": ["orders:read"], "new|one": ["orders:read", "orders:write"], "shop": ["orders:read", "orders:admin"]}"#;

fn policies(more: &[&str]) -> Run {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("gateway.yaml", GATEWAY);
    case.write("service.json", SERVICE);
    let args = [
        "compare",
        "--catalog",
        "routes.yaml",
        "--grants",
        "gateway.yaml",
        "--with",
        "service.json",
    ];
    case.run(&[&args, more].concat())
}

#[test]
fn two_policies_differ_by_client_and_operation_with_the_terms_that_open_it() {
    let run = policies(&[]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    let expected = "compare  gateway.yaml with service.json
2 clients on both sides: 2 pairs of a client and an operation agree, 2 allowed by the first alone, 1
by the second alone

allowed by gateway.yaml, refused by service.json
  billing
    POST /orders  orders:write at gateway.yaml:6
  shop
    GET /audit/{day}  audit:read at gateway.yaml:11 + orders:read at gateway.yaml:11

allowed by service.json, refused by gateway.yaml
  shop
    GET /reports  orders:admin at service.json:1

not compared: only gateway.yaml knows 1 client: old (1 operation)
not compared: only gateway.yaml gives, and no operation of the API description asks for it: billing
              legacy:thing
not compared: only service.json knows 1 client: new|one (2 operations)
";
    assert_eq!(unwrapped(&run.out), unwrapped(expected), "{}", run.out);
}

/// Without the breaks that depend on the width.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_same_as_markdown_json_and_rows() {
    let markdown = policies(&["--markdown"]);
    assert_eq!(markdown.code, Some(1));
    let table = "## Allowed by gateway.yaml, refused by service.json

| client | operation | opened by |
| --- | --- | --- |
| billing | POST /orders | orders:write at gateway.yaml:6 |
| shop | GET /audit/{day} | audit:read at gateway.yaml:11 + orders:read at gateway.yaml:11 |
";
    assert!(markdown.out.contains(table), "{}", markdown.out);
    assert!(
        markdown.out.contains(r"new\|one (2 operations)"),
        "{}",
        markdown.out
    );
    let run = policies(&["--json"]);
    let found: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(found["schema"], "scopetrim.compare/1");
    assert_eq!(
        found["differences"][0],
        json!({"allowed_by": "first", "client": "billing", "operation": "POST /orders",
            "opened_by": [{"term": "orders:write", "places": ["gateway.yaml:6"]}]})
    );
    assert_eq!(found["not_compared"]["first"]["clients"], json!({"old": 1}));
    assert_eq!(
        found["not_compared"]["first"]["terms"],
        json!([{"client": "billing", "term": "legacy:thing"}])
    );
    let rows = policies(&["--csv"]).out;
    let expected = "allowed_by,client,operation,opened_by,requests,days,first,last
first,billing,POST /orders,orders:write,0,0,,
first,shop,GET /audit/{day},audit:read orders:read,0,0,,
second,shop,GET /reports,orders:admin,0,0,,
";
    assert_eq!(rows, expected);
}

#[test]
fn a_policy_agrees_with_itself_in_another_format() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("a.yaml", GATEWAY);
    case.write("b.csv", "client,scope\nshop,audit:read\nshop,orders:read\nold,orders:read\nbilling,orders:write\nbilling,orders:read\nbilling,legacy:thing\n");
    let run = case.run(&[
        "compare",
        "--catalog",
        "routes.yaml",
        "--grants",
        "a.yaml",
        "--with",
        "b.csv",
    ]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(
        run.out.contains("3 clients on both sides: 5 pairs"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("not compared"), "{}", run.out);
}

/// Twelve days: the gateway lets everything of `shop` through, and refuses `billing` on reports.
fn logs() -> Case {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let (mut gateway, mut service) = (String::new(), String::new());
    for day in 0..12 {
        for log in [&mut gateway, &mut service] {
            log.push_str(&line(day, "shop", "GET /orders", 200));
            log.push_str(&line(day, "billing", "GET /orders", 200));
            log.push_str(&line(day, "shop", "GET /nowhere", 200));
        }
        gateway.push_str(&line(day, "shop", "POST /orders", 200));
        service.push_str(&line(
            day,
            "shop",
            "POST /orders",
            if day % 3 == 0 { 403 } else { 200 },
        ));
        gateway.push_str(&by_gateway(&line(day, "billing", "GET /reports", 403)));
        service.push_str(&line(day, "billing", "GET /reports", 200));
        service.push_str(&line(day, "cron", "GET /reports", 200));
    }
    case.write("gateway.jsonl", gateway);
    case.write("service.jsonl", service);
    case
}

/// The line says that the gateway itself refused.
fn by_gateway(line: &str) -> String {
    line.replace("\"status\":403", "\"status\":403,\"upstream_status\":\"\"")
}

const LOGS: [&str; 5] = [
    "compare",
    "--catalog",
    "routes.yaml",
    "--logs",
    "gateway.jsonl",
];

#[test]
fn two_logs_show_what_one_layer_let_through_and_the_other_refused() {
    let run = logs().run(&[&LOGS[..], &["--with-logs", "service.jsonl"]].concat());
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let expected = "compare  gateway with service (2026-01-01..2026-01-12)
2 clients on both sides: 2 pairs of a client and an operation agree, 1 allowed by the first alone, 1 by the second alone

allowed by gateway, refused by service
  shop
    POST /orders  4 requests refused on 4 days, 2026-01-01..2026-01-10

allowed by service, refused by gateway
  billing
    GET /reports  12 requests refused on 12 days, 2026-01-01..2026-01-12

not compared: gateway: 12 requests to no operation of the API description
not compared: only service knows 1 client: cron (12 requests)
not compared: service: 12 requests to no operation of the API description
";
    assert_eq!(unwrapped(&run.out), unwrapped(expected), "{}", run.out);
}

#[test]
fn the_log_of_the_gateway_is_enough_where_its_lines_say_who_refused() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let mut log = String::new();
    for day in 0..6 {
        let refused = line(day, "shop", "POST /orders", 403);
        log.push_str(&refused.replace(
            "\"status\":403",
            "\"status\":403,\"upstream_status\":\"403\"",
        ));
        log.push_str(&by_gateway(&line(day, "shop", "GET /reports", 403)));
        log.push_str(&line(day, "shop", "GET /orders", 200));
    }
    case.write("gateway.jsonl", &log);
    let run = case.run(&LOGS);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("POST /orders  6 requests refused on 6 days, 2026-01-01..2026-01-06"),
        "{}",
        run.out
    );
    assert!(
        !run.out.contains("GET /reports"),
        "the service never saw it: {}",
        run.out
    );
    // Lines that do not say it are no opinion, and that is said.
    case.write(
        "gateway.jsonl",
        line(0, "shop", "GET /orders", 200) + &line(1, "shop", "POST /orders", 403),
    );
    let run = case.run(&LOGS);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("gateway: 1 request refused, and no line says by whom"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("note: no line says who refused"),
        "{}",
        run.out
    );
}

#[test]
fn logs_without_a_day_in_common_and_missing_files_are_errors() {
    let case = logs();
    case.write("later.jsonl", line(90, "shop", "GET /orders", 200));
    let run = case.run(&[&LOGS[..], &["--with-logs", "later.jsonl"]].concat());
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(
        run.err.contains("the two logs have no day in common"),
        "{}",
        run.err
    );
    let run = case.run(&[
        "compare",
        "--catalog",
        "routes.yaml",
        "--with",
        "nothing.yaml",
    ]);
    assert_eq!(run.code, Some(2), "{}", run.out);
}
