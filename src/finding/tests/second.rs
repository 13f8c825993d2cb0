//! F11 to F21, and what holds for all.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::finding::{ALL, Outcomes, RuleSettings, Settings, evaluate};
use crate::model::{Cause, ClientName, Day, Exception, Method, Place, Scope, ScopeMatch};
use crate::usage::{Cluster, ClusterCounts};

fn unmatched(path: &str, need: u64) -> Case {
    let mut case = plain().did("app", "GET /orders", [5], USED(1));
    let cluster = Cluster {
        cause: Cause::NoOperation,
        method: Method::Get,
        path: path.to_owned(),
        counts: ClusterCounts {
            need,
            other: 99,
            served: need,
            ..ClusterCounts::default()
        },
    };
    case.unmatched.insert(ClientName::new("app"), vec![cluster]);
    case
}

#[test]
fn f11_a_path_that_serves_and_is_not_described() {
    assert!(
        unmatched("/internal/export", 10).says("F11")[0]
            .contains("answered 10 requests of 1 client (app)")
    );
    assert_eq!(unmatched("/internal/export", 9).says("F11"), [""; 0]);
    assert_eq!(unmatched("/app.css", 50).says("F11"), [""; 0]);
    missing(&plain(), "F11", "match the API description");
}

#[test]
fn f12_a_scope_without_operation_and_one_without_holder() {
    let mut scenario = case(
        &ROUTES,
        r#"{"app":["orders:read","orders:write","invoices:read","old"]}"#,
    );
    scenario.catalog.declared.extend([
        Scope::new("old"),
        Scope::new("openid"),
        Scope::new("orders:read"),
    ]);
    assert_eq!(
        scenario.says("F12"),
        ["low : `old` is declared and opens no operation; 1 client holds it"]
    );
    assert_eq!(plain().says("F12").len(), 2, "two scopes that nobody holds");
    missing(
        &case(&["GET /x = "], r#"{"app":["a"]}"#),
        "F12",
        "declared or required",
    );
}

#[test]
fn f13_many_refused_operations_on_one_day() {
    let operations: Vec<String> = (0..11).map(|n| format!("GET /o{n} = s{n}")).collect();
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    let of = |count: usize| {
        (0..count).fold(case(&operations, r#"{"app":["x"]}"#), |case, n| {
            case.did("app", &format!("GET /o{n}"), [40], LATE)
        })
    };
    assert!(
        of(11).says("F13")[0]
            .contains("refused at 11 different operations on 1970-02-10, 33 requests")
    );
    assert_eq!(of(10).says("F13"), [""; 0]);
    missing(&of(0), "F13", "status");
}

#[test]
fn f14_a_reader_that_may_write() {
    let both = || case(&ROUTES, r#"{"app":["orders:read","orders:write"]}"#);
    let reader = both().did("app", "GET /orders", [5], USED(1));
    let found = reader.run("F14").unwrap();
    assert!(
        found[0]
            .message
            .contains("holds a write scope: orders:write (1 write operation)")
    );
    assert_eq!(found[0].places.len(), 1);
    let writer = both().did("app", "POST /orders", [5], USED(1));
    assert_eq!(writer.says("F14"), [""; 0]);
    missing(&both(), "F14", "requests");
}

const ROLES: [&str; 2] = [
    "PUT /users/{id}/roles = roles:write",
    "GET /users/{id}/roles = roles:write",
];

#[test]
fn f15_use_of_privileged_operations_is_listed() {
    let of = |operation: &str| {
        case(&ROLES, r#"{"app":["roles:write"]}"#).did("app", operation, [5], USED(2))
    };
    assert_eq!(
        of("PUT /users/{id}/roles").says("F15"),
        ["note app: 2 requests to PUT /users/{id}/roles (escalation)"]
    );
    assert_eq!(of("GET /users/{id}/roles").says("F15"), [""; 0]);
    missing(&plain(), "F15", "categories");
}

#[test]
fn f16_a_heavy_operation_after_a_long_silence() {
    let of = |days: &[i32]| {
        case(&ROLES, r#"{"app":["roles:write"]}"#).did(
            "app",
            "PUT /users/{id}/roles",
            days.iter().copied(),
            USED(1),
        )
    };
    assert!(of(&[20, 190]).says("F16")[0].contains("again after 169 silent covered days"));
    assert_eq!(of(&[20, 110, 190]).says("F16"), [""; 0]);
    assert!(of(&[195]).says("F16")[0].contains("for the first time after 195"));
    let mut short = of(&[5]);
    short.days = 90;
    missing(
        &short,
        "F16",
        "more than 90 covered days (limit idle; 90 covered)",
    );
}

#[test]
fn f17_an_exception_after_its_last_day_and_one_on_it() {
    let of = |until: i32, term: &str| {
        let mut case = plain();
        case.exceptions.push(Exception {
            client: "app".to_owned(),
            term: term.to_owned(),
            until: Some(Day(until)),
            reason: "r".to_owned(),
            owner: None,
            place: Place {
                file: Arc::from("scopetrim.toml"),
                line: 3,
            },
        });
        case
    };
    let found = of(198, "orders:*").run("F17").unwrap();
    assert!(
        found[0].message.contains("expired on 1970-07-18"),
        "{found:?}"
    );
    assert_eq!(found[0].places[0].line, 3);
    assert_eq!(of(199, "orders:*").says("F17"), [""; 0]);
    assert!(of(300, "nothing").says("F17")[0].contains("matches no grant"));
    missing(&plain(), "F17", "none is written down");
}

#[test]
fn f18_refused_again_and_again_although_granted() {
    let of = |days: std::ops::Range<i32>| plain().did("app", "GET /orders", days, LATE);
    assert!(of(0..2).says("F18")[0].contains(
        "6 requests to GET /orders were refused on 2 days although granted: orders:read"
    ));
    assert_eq!(of(0..1).says("F18"), [""; 0]);
    assert_eq!(
        plain().did("app", "GET /invoices", 0..9, LATE).says("F18"),
        [""; 0]
    );
    missing(&plain(), "F18", "status");
}

#[test]
fn f19_a_term_that_opens_nothing_and_a_protocol_scope() {
    let scenario = case(
        &ROUTES,
        r#"{"app":["ledger:close","openid","orders:read"]}"#,
    );
    assert_eq!(
        scenario.says("F19"),
        ["low app: `ledger:close` opens no operation of the API description"]
    );
    assert_eq!(plain().says("F19"), [""; 0]);
    missing(
        &case(&["GET /x = "], r#"{"app":["a"]}"#),
        "F19",
        "scopes required",
    );
}

#[test]
fn f20_the_same_term_directly_and_through_a_role() {
    let yaml = "roles:\n  reader:\n    scopes: [orders:read]\nclients:\n  app:\n    scopes: [orders:read]\n    roles: [reader]\n";
    let says = case(&ROUTES, yaml).says("F20");
    assert_eq!(says.len(), 1, "{says:?}");
    assert!(says[0].contains("by 2 lines") && says[0].contains("through role reader"));
    assert_eq!(plain().says("F20"), [""; 0]);
    missing(&case(&ROUTES, r#"{"app":[]}"#), "F20", "grants");
}

#[test]
fn f21_a_star_makes_the_rest_meaningless() {
    let star = case(&ROUTES, r#"{"app":["*","orders:read"]}"#);
    let says = star.says("F21");
    assert!(says[0].starts_with("critical app: `*` stands for everything; its 1 other grant"));
    assert!(says[0].contains("check what the enforcer makes of it"));
    let mut glob = case(&ROUTES, r#"{"app":["o*"]}"#);
    glob.matching = ScopeMatch::Glob;
    assert_eq!(
        glob.says("F21"),
        [""; 0],
        "a part of the API is not everything"
    );
    missing(&case(&ROUTES, r#"{"app":[]}"#), "F21", "grants");
}

#[test]
fn a_rule_can_be_turned_off_graded_and_told_whom_to_leave_alone() {
    let hole = plain().did("app", "GET /invoices", [5], USED(4));
    let with = |rule_settings: RuleSettings| {
        let mut settings = Settings::default();
        settings.rules.insert("F1".to_owned(), rule_settings);
        hole.with(|context| evaluate(context, &settings))
    };
    let of = |outcomes: &Outcomes| -> Vec<Severity> {
        let findings = outcomes
            .findings
            .iter()
            .filter(|finding| finding.number == "F1");
        findings.map(|finding| finding.severity).collect()
    };
    assert_eq!(of(&with(RuleSettings::default())), [Severity::Critical]);
    let low = RuleSettings {
        severity: Some(Severity::Low),
        ..RuleSettings::default()
    };
    assert_eq!(of(&with(low)), [Severity::Low]);
    let allowed = RuleSettings {
        allow: vec!["ap*".to_owned()],
        ..RuleSettings::default()
    };
    assert_eq!(of(&with(allowed)), []);
    let off = RuleSettings {
        enabled: false,
        ..RuleSettings::default()
    };
    assert_eq!(with(off).disabled, ["enforcement-hole"]);
}

#[test]
fn ids_and_numbers_are_unique_and_every_page_is_complete() {
    let mut seen = BTreeSet::new();
    for (index, rule) in ALL.iter().enumerate() {
        let doc = rule.doc();
        assert_eq!(doc.number, format!("F{}", index + 1));
        assert!(seen.insert(doc.id), "{}", doc.id);
        assert!(
            doc.id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        );
        for text in [doc.what, doc.why, doc.example, doc.guards, doc.action] {
            assert!(text.len() > 20, "{}", doc.id);
            assert!(!text.contains("prove compliance") && !text.contains("compliant"));
        }
        assert!(
            !doc.fields.is_empty() && !doc.controls.is_empty(),
            "{}",
            doc.id
        );
    }
}
