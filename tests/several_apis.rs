//! Several API descriptions in one run: by host, and by audience.

#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::fmt::Write as _;

use support::Case;

const ORDERS: &str = "version: 1\nroutes:\n  GET /items: read\n  POST /items: write\n";
const BILLING: &str =
    "version: 1\nimplies:\n  write: [read]\nroutes:\n  GET /items: read\n  GET /bills: bills\n";

/// Nine months of days on which each of these is requested once: host and request.
fn log(requests: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for day in 0..270 {
        for (host, request) in requests {
            let line = support::line(day, "erp", request, 200);
            let rest = line.strip_prefix('{').expect("an object");
            write!(text, "{{\"host\":\"{host}\",{rest}").expect("text");
        }
    }
    text
}

/// Which of the grants of `erp` say their audience.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Each,
    Some,
    None,
}

fn grants(audiences: Said) -> &'static str {
    if audiences == Said::Some {
        "client,audience,scope\nerp,,read\nerp,orders,write\nerp,billing,bills\n"
    } else if audiences == Said::Each {
        "client,audience,scope\nerp,orders,read\nerp,orders,write\nerp,billing,read\nerp,billing,bills\n"
    } else {
        "client,scope\nerp,read\nerp,write\nerp,bills\n"
    }
}

fn diff(requests: &[(&str, &str)], audiences: Said, more: &str) -> String {
    let case = Case::new();
    case.write("orders.yaml", ORDERS);
    case.write("billing.yaml", BILLING);
    case.write("grants.csv", grants(audiences));
    case.write("log.jsonl", log(requests));
    let entry = |name: &str| {
        format!(
            "[[catalogs]]\nfile = \"{name}.yaml\"\nhost = \"{name}.example.com\"\naudience = \"{name}\"\n"
        )
    };
    let config = format!(
        "logs = [\"log.jsonl\"]\ngrants = [\"grants.csv\"]\nblame = false\nlevel = \"review\"\n{more}\n[[granted]]\nfile = \"grants.csv\"\ngranted_before = 2020-01-01\nreason = \"test\"\n{}{}",
        entry("orders"),
        entry("billing")
    );
    case.write("scopetrim.toml", config);
    let run = case.run(&[&["analyze", "--quiet"][..], &support::ANY_SHARE].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    run.out
}

fn removed(diff: &str) -> Vec<&str> {
    let lines = diff.lines();
    lines
        .filter(|line| line.starts_with("-erp"))
        .map(|line| &line[1..])
        .collect()
}

#[test]
fn a_request_counts_for_the_api_of_its_host_and_a_grant_for_its_audience() {
    let billing = [
        ("billing.example.com", "GET /items"),
        ("orders.example.com", "POST /items"),
    ];
    let orders = diff(&billing, Said::Each, "audience = \"orders\"");
    assert_eq!(removed(&orders), ["erp,orders,read"], "{orders}");
    let other = diff(&billing, Said::Each, "audience = \"billing\"");
    assert_eq!(removed(&other), ["erp,billing,bills"], "{other}");
    // A log without hosts: it may have been either.
    let unknown = [
        ("gateway.internal", "GET /items"),
        ("gateway.internal", "POST /items"),
    ];
    let unknown = diff(&unknown, Said::Each, "audience = \"orders\"");
    assert!(removed(&unknown).is_empty(), "{unknown}");
}

#[test]
fn where_no_grant_says_its_audience_use_of_a_scope_at_either_api_is_use_of_it() {
    let used = [("billing.example.com", "GET /items")];
    let kept = diff(&used, Said::None, "");
    assert_eq!(removed(&kept), ["erp,write", "erp,bills"], "{kept}");
    // What only one of the APIs implies makes nothing superfluous.
    let both = [
        ("orders.example.com", "POST /items"),
        ("orders.example.com", "GET /items"),
    ];
    let both = diff(&both, Said::None, "");
    assert_eq!(removed(&both), ["erp,bills"], "{both}");
}

#[test]
fn a_grant_that_does_not_say_its_audience_may_be_for_any_of_them() {
    let used = [
        ("billing.example.com", "GET /items"),
        ("orders.example.com", "POST /items"),
    ];
    let kept = diff(&used, Said::Some, "audience = \"orders\"");
    assert!(!removed(&kept).contains(&"erp,,read"), "{kept}");
}
