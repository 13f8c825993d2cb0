//! F1 to F10.

use super::*;
use crate::format::AuthKind;
use crate::model::ScopeMatch;

#[test]
fn f1_a_request_that_no_grant_permits_and_an_open_operation() {
    let hole = plain().did("app", "GET /invoices", [5, 6], USED(4));
    let found = hole.run("F1").unwrap();
    assert_eq!((found.len(), found[0].requests), (1, 8));
    assert!(
        found[0]
            .message
            .starts_with("8 requests to GET /invoices passed")
    );
    let refused =
        plain()
            .did("app", "GET /invoices", [5], LATE)
            .did("app", "GET /orders", [5], USED(1));
    assert_eq!(refused.says("F1"), [""; 0]);
    missing(
        &case(&["GET /x = "], r#"{"app":["a"]}"#),
        "F1",
        "scopes required",
    );
}

#[test]
fn f1_when_very_many_clients_pass_one_finding_names_them_and_the_doubt() {
    let clients = ["a", "b", "c", "d", "e", "f"];
    let grants = clients.map(|client| format!(r#""{client}":["orders:read"]"#));
    let grants = format!("{{{}}}", grants.join(","));
    let all = clients.iter().fold(case(&ROUTES, &grants), |case, client| {
        case.did(client, "GET /invoices", [5], USED(1))
    });
    let found = all.run("F1").unwrap();
    assert_eq!(
        (found.len(), found[0].client.as_str(), found[0].severity),
        (1, "", Severity::Critical)
    );
    assert!(
        found[0]
            .message
            .starts_with("6 requests of 6 clients (a, b, c, d, e and 1 more) to GET /invoices")
    );
    assert!(found[0].message.contains("6 of 6 active clients"));
}

#[test]
fn f2_refusals_after_the_gateway_and_too_few_of_them() {
    let late = plain()
        .did("app", "GET /orders", 0..4, LATE)
        .did("app", "POST /orders", [1], EARLY);
    let says = late.says("F2");
    assert_eq!(says.len(), 1, "{says:?}");
    assert!(says[0].contains("late deny: 12 of 12 requests to GET /orders"));
    let early = plain().did("app", "GET /orders", 0..2, EARLY);
    assert!(early.says("F2")[0].contains("early deny"));
    let one_day = plain().did("app", "GET /orders", [1], (Outcome::DeniedGateway, 50));
    assert_eq!(one_day.says("F2"), [""; 0]);
}

#[test]
fn f2_allowed_and_refused_within_an_hour_is_a_split_brain() {
    let of = |refused: i64| {
        let days = 0..2;
        let both = plain().did("app", "GET /orders", days.clone(), EARLY).did(
            "app",
            "GET /orders",
            days.clone(),
            USED(9),
        );
        let both = days.fold(both, |case, day| {
            case.at("app", "GET /orders", day, (false, 8, 9)).at(
                "app",
                "GET /orders",
                day,
                (true, refused, 20),
            )
        });
        let found = both.says("F2");
        found
            .iter()
            .any(|message| message.contains("split brain: 6 of 24"))
    };
    assert!(of(10));
    assert!(!of(11), "two hours lie between");
}

#[test]
fn f3_tokens_above_the_limit_and_at_it() {
    let of = |seconds: u32| {
        plain().showed("app", ("", AuthKind::Token), [5], move |facts| {
            facts.lifetime = Some((60, seconds));
        })
    };
    assert_eq!(
        of(7_200).says("F3"),
        ["medium app: tokens live up to 2 hours, limit 1 hour (10 requests)"]
    );
    assert!(of(90_000).says("F3")[0].starts_with("high"));
    assert_eq!(of(3_600).says("F3"), [""; 0]);
    let endless = plain().showed("app", ("", AuthKind::Token), [5], |facts| facts.endless = 4);
    assert!(endless.says("F3")[0].contains("no end"));
    missing(
        &plain().showed("app", ("k", AuthKind::ApiKey), [5], nothing),
        "F3",
        "iat and exp",
    );
}

#[test]
fn f3_a_client_that_manages_roles_has_the_shorter_limit() {
    let admin = case(
        &["POST /users/{id}/roles = roles:write"],
        r#"{"app":["roles:write"]}"#,
    )
    .showed("app", ("", AuthKind::Token), [5], |facts| {
        facts.lifetime = Some((60, 1_800));
    });
    assert_eq!(
        admin.says("F3"),
        ["low app: tokens live up to 30 minutes, limit 15 minutes (10 requests)"]
    );
}

#[test]
fn f4_an_old_key_and_one_that_was_replaced() {
    let old = plain().showed("app", ("k", AuthKind::ApiKey), [0, 100, 199], nothing);
    let says = old.says("F4");
    assert!(says[0].contains("in use for at least 199 days"), "{says:?}");
    let replaced = plain()
        .showed("app", ("k", AuthKind::ApiKey), [0, 100, 199], nothing)
        .showed("app", ("k2", AuthKind::ApiKey), [195], nothing);
    assert_eq!(replaced.says("F4"), [""; 0]);
    missing(&plain(), "F4", "credential id");
    let mut short = plain().showed("app", ("k", AuthKind::ApiKey), [0, 49], nothing);
    short.days = 50;
    missing(
        &short,
        "F4",
        "more than 90 covered days (limit max_age; 50 covered)",
    );
}

#[test]
fn f5_a_rotation_that_ended_and_one_that_did_not() {
    let of = |until: i32| {
        plain()
            .showed("app", ("old", AuthKind::ApiKey), 0..until, nothing)
            .showed("app", ("new", AuthKind::ApiKey), 100..200, nothing)
    };
    let open = of(199).says("F5");
    assert!(
        open[0].starts_with("medium app") && open[0].contains("still in use 98 days"),
        "{open:?}"
    );
    let done = of(104).says("F5");
    assert!(done[0].starts_with("note app: rotated on"), "{done:?}");
    assert_eq!(
        plain()
            .showed("app", ("one", AuthKind::ApiKey), 0..9, nothing)
            .says("F5"),
        [""; 0]
    );
    missing(
        &plain().showed("app", ("t", AuthKind::Token), [1], nothing),
        "F5",
        "keys or certificates",
    );
}

#[test]
fn f6_a_silent_client_and_one_that_is_nearly_silent() {
    let of = |last: i32| plain().did("app", "GET /orders", [last], USED(1));
    assert!(of(100).says("F6")[0].contains("no request for 99 covered days"));
    assert_eq!(of(110).says("F6"), [""; 0]);
    let key = of(199).showed("app", ("k", AuthKind::ApiKey), [50], nothing);
    assert!(key.says("F6")[0].contains("149 covered days ago"));
    let mut short = of(1);
    short.days = 80;
    missing(&short, "F6", "80 covered");
}

#[test]
fn f8_a_client_that_can_do_most_and_one_that_cannot() {
    let all = case(&ROUTES, r#"{"app":["orders:read","orders:write"]}"#);
    assert!(all.says("F8")[0].contains("71 %"), "{:?}", all.says("F8"));
    assert_eq!(plain().says("F8"), [""; 0]);
    missing(
        &case(&["GET /x = "], r#"{"app":["a"]}"#),
        "F8",
        "scopes required",
    );
}

#[test]
fn f9_a_pattern_of_which_little_is_used() {
    let operations: Vec<String> = (0..12)
        .map(|n| format!("GET /o{n} = orders:s{n}"))
        .collect();
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    let of = |used: &[&str]| {
        let mut scenario = case(&operations, r#"{"app":["orders:*"]}"#);
        scenario.matching = ScopeMatch::Glob;
        used.iter().fold(scenario, |case, operation| {
            case.did("app", operation, [9], USED(1))
        })
    };
    let says = of(&["GET /o3"]).says("F9");
    assert!(
        says[0].contains("opens 12 operations, 1 of them was used; this scope would do: orders:s3")
    );
    assert_eq!(of(&["GET /o1", "GET /o2", "GET /o3"]).says("F9"), [""; 0]);
    let mut exact = of(&[]);
    exact.matching = ScopeMatch::Exact;
    missing(&exact, "F9", "what `*` in a term opens");
}

#[test]
fn f10_a_deprecated_operation_an_old_version_and_a_key_in_the_query() {
    let mut old = plain().did("app", "GET /orders", [5], USED(2));
    old.catalog.operations[0].deprecated = true;
    assert!(
        old.says("F10")[0]
            .contains("GET /orders is deprecated and still serves 1 client (2 requests): app")
    );
    let versions = [
        "GET /v1/orders = orders:read",
        "GET /v2/orders = orders:read",
    ];
    let first =
        case(&versions, r#"{"app":["orders:read"]}"#).did("app", "GET /v1/orders", [5], USED(1));
    assert!(first.says("F10")[0].contains("has a newer version v2"));
    let second =
        case(&versions, r#"{"app":["orders:read"]}"#).did("app", "GET /v2/orders", [5], USED(1));
    assert_eq!(second.says("F10"), [""; 0]);
    let query = plain().showed("app", ("", AuthKind::QueryKey), [5], nothing);
    assert!(query.says("F10")[0].contains("a key in the query string"));
    missing(&plain(), "F10", "`deprecated`");
}
