//! Cases that tools of this kind are known to get wrong, as a user meets them:
//! small files in, `analyze` run, the report read.
//!
//! The number in a test's name is the case's number in the project's own list.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "edge_cases/catalogue.rs"]
mod catalogue;
#[path = "edge_cases/containers.rs"]
mod containers;
#[path = "edge_cases/edits.rs"]
mod edits;
#[path = "edge_cases/envelopes.rs"]
mod envelopes;
#[path = "edge_cases/files.rs"]
mod files;
#[path = "edge_cases/guards.rs"]
mod guards;
#[path = "edge_cases/input.rs"]
mod input;
#[path = "edge_cases/minimum.rs"]
mod minimum;
#[path = "edge_cases/output.rs"]
mod output;
#[path = "edge_cases/policy.rs"]
mod policy;
#[path = "edge_cases/redundant.rs"]
mod redundant;
#[path = "edge_cases/scaffold.rs"]
mod scaffold;
mod support;
#[path = "edge_cases/traffic.rs"]
mod traffic;

use serde_json::Value;
use support::Run;

/// Two operations of orders and two of invoices, each with a scope of its own.
const ROUTES: &str = "\
version: 1
routes:
  GET /orders: orders:read
  GET /orders/{id}: orders:read
  POST /orders: orders:write
  PATCH /orders/{id}: orders:change
  DELETE /orders/{id}: orders:delete
  GET /invoices: invoices:read
  POST /invoices: invoices:write
";

/// A policy in which one old client holds these scopes.
fn app_holds(scopes: &[&str]) -> String {
    let mut text = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes:\n".to_owned();
    for scope in scopes {
        text.push_str("      - ");
        text.push_str(scope);
        text.push('\n');
    }
    text
}

/// The report of a run that ended with this code.
fn report(run: &Run, code: i32) -> Value {
    assert_eq!(run.code, Some(code), "{}\n{}", run.out, run.err);
    serde_json::from_str(&run.out).expect("a report")
}

fn client<'a>(report: &'a Value, id: &str) -> &'a Value {
    let clients = report["clients"].as_array().expect("clients");
    let found = clients.iter().find(|client| client["id"] == id);
    found.unwrap_or_else(|| panic!("no client {id} in {report:#}"))
}

fn term<'a>(report: &'a Value, id: &str, name: &str) -> &'a Value {
    let terms = client(report, id)["terms"].as_array().expect("terms");
    let found = terms.iter().find(|term| term["term"] == name);
    found.unwrap_or_else(|| panic!("no term {name} of {id} in {report:#}"))
}

/// `remove unused likely`, or `keep` alone.
fn verdict(report: &Value, id: &str, name: &str) -> String {
    let term = term(report, id, name);
    ["verdict", "kind", "level"]
        .iter()
        .filter_map(|key| term[key].as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn because(report: &Value, id: &str, name: &str, reason: &str) -> bool {
    let reasons = term(report, id, name)["reasons"].as_array();
    reasons.is_some_and(|reasons| reasons.iter().any(|name| name == reason))
}

/// The texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    let items = list.as_array().expect("a list");
    items.iter().filter_map(Value::as_str).collect()
}

/// The operations that the client needed.
fn needed<'a>(report: &'a Value, id: &str) -> Vec<&'a str> {
    let list = client(report, id)["needed"].as_array().expect("needed");
    let names = list.iter().filter_map(|entry| entry["operation"].as_str());
    names.collect()
}

/// The lines that a diff removes and adds, without their indentation.
fn changes(run: &Run) -> Vec<String> {
    let body = |line: &&str| {
        (line.starts_with('-') && !line.starts_with("---"))
            || (line.starts_with('+') && !line.starts_with("+++"))
    };
    let lines = run.out.lines().filter(body);
    lines
        .map(|line| format!("{} {}", &line[..1], line[1..].trim()))
        .collect()
}
