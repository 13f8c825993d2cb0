//! What rules make of tokens, hours, networks, and grants that are gone.

use super::*;
use crate::finding::testing::networks;
use crate::format::AuthKind;
use crate::model::{ClientName, Day, Term};
use crate::usage::credentials::Network;
use crate::usage::ledger::Withdrawn;

fn gone(term: &str, until: i32) -> Vec<Withdrawn> {
    vec![Withdrawn {
        client: ClientName::new("app"),
        term: Term::new(term),
        until: Day(until),
        gone: Day(until + 1),
    }]
}

#[test]
fn f1_judges_a_request_by_its_own_token_and_the_rest_by_the_grants() {
    let all = || case(&ROUTES, r#"{"app":["orders:read","orders:write"]}"#);
    let of = |scopes: &'static str, told: u64| {
        all().did("app", "POST /orders", [5], USED(4)).with_token(
            ("app", scopes),
            "POST /orders",
            [5],
            (false, told),
        )
    };
    let found = of("orders:read", 3).run("F1").unwrap();
    assert_eq!((found.len(), found[0].requests), (1, 3), "{found:?}");
    assert!(found[0].message.contains("the scopes in their tokens"));
    assert_eq!(of("orders:read orders:write", 4).says("F1"), [""; 0]);
    let both = plain().did("app", "POST /orders", [5], USED(4)).with_token(
        ("app", "orders:read"),
        "POST /orders",
        [5],
        (false, 3),
    );
    assert!(both.says("F1")[0].contains("neither their tokens (3) nor a grant (1)"));
    let issued = plain().did("app", "POST /orders", [5], USED(4)).with_token(
        ("app", "orders:write"),
        "POST /orders",
        [5],
        (false, 4),
    );
    assert_eq!(issued.says("F1"), [""; 0], "what is issued is left to F22");
}

#[test]
fn f1_a_few_of_many_active_clients_are_holes_and_no_wrong_map() {
    let names: Vec<String> = (0..12).map(|n| format!("c{n:02}")).collect();
    let grants: Vec<String> = names
        .iter()
        .map(|name| format!(r#""{name}":["orders:read"]"#))
        .collect();
    let grants = format!("{{{}}}", grants.join(","));
    let of = |holes: usize| {
        let all = names.iter().fold(case(&ROUTES, &grants), |case, name| {
            case.did(name, "GET /orders", [5], USED(1))
        });
        let all = names.iter().take(holes).fold(all, |case, name| {
            case.did(name, "GET /invoices", [5], USED(1))
        });
        all.run("F1").unwrap()
    };
    let doubted = |finding: &crate::finding::Finding| finding.message.contains("map may be wrong");
    let (few, some, many) = (of(2), of(3), of(6));
    assert_eq!((few.len(), few[0].client.as_str()), (2, "c00"));
    assert!(!few.iter().any(doubted));
    assert_eq!((some.len(), some[0].client.as_str()), (3, "c00"));
    assert!(some.iter().all(doubted));
    assert_eq!((many.len(), many[0].client.as_str()), (1, ""));
    assert!(many.iter().all(doubted));
}

#[test]
fn f1_counts_what_was_held_then_and_dates_have_five_minutes() {
    let yaml = "clients:\n  app:\n    scopes:\n      - orders:read\n      - {scope: invoices:read, since: 1970-04-11}\n";
    let of = |day: i32, hour: i64| {
        case(&ROUTES, yaml)
            .did("app", "GET /invoices", [day], USED(2))
            .at("app", "GET /invoices", day, (false, hour, 23))
            .says("F1")
    };
    let early = of(99, 9);
    assert!(early[0].starts_with("low app: 2 requests to GET /invoices passed before 1970-04-11"));
    assert_eq!(of(100, 9), [""; 0]);
    let edge = case(&ROUTES, yaml).did("app", "GET /invoices", [99], USED(1));
    assert_eq!(edge.says("F1").len(), 1, "noon of the day before is early");
    let mut taken = plain().did("app", "GET /invoices", [50], USED(1));
    assert_eq!(taken.says("F1").len(), 1);
    taken.withdrawn = gone("invoices:read", 60);
    assert_eq!(taken.says("F1"), [""; 0], "it was granted then");
    taken.withdrawn = gone("invoices:read", 40);
    assert_eq!(taken.says("F1").len(), 1);
}

#[test]
fn f2_and_f18_know_a_token_without_the_scope() {
    let refused = plain().did("app", "GET /orders", 0..2, EARLY);
    assert!(refused.says("F2")[0].contains("early deny: 6 of 6"));
    let lacking = plain().did("app", "GET /orders", 0..2, EARLY).with_token(
        ("app", "profile"),
        "GET /orders",
        0..2,
        (true, 3),
    );
    assert_eq!(lacking.says("F2"), [""; 0]);
    assert!(lacking.says("F18")[0].contains("the tokens of 6 of them did not carry the scope"));
    let carried = plain().did("app", "POST /orders", 0..2, EARLY).with_token(
        ("app", "orders:write"),
        "POST /orders",
        0..2,
        (true, 3),
    );
    assert!(carried.says("F2")[0].contains("although their tokens carry the scopes"));
}

#[test]
fn f3_says_how_lifetimes_are_spread() {
    let short = |facts: &mut Facts| facts.lifetime = Some((3_600, 3_600));
    let long = |facts: &mut Facts| facts.lifetime = Some((28_800, 28_800));
    let found = plain()
        .showed("app", ("a", AuthKind::Token), 0..9, short)
        .showed("app", ("b", AuthKind::Token), [9], long)
        .says("F3");
    assert_eq!(
        found,
        [
            "medium app: tokens live up to 8 hours (half of the requests 1 hour or less, 95 % 8 hours or less), limit 1 hour (10 requests)"
        ]
    );
}

#[test]
fn f8_names_a_scope_for_administrators_and_no_word_that_only_begins_like_one() {
    let of = |scope: &str| {
        let operations = [
            "GET /orders = orders:read",
            "POST /orders = orders:write",
            "GET /x = SCOPE",
        ];
        let operations = operations.map(|operation| operation.replace("SCOPE", scope));
        let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
        case(&operations, &format!(r#"{{"app":["{scope}"]}}"#)).says("F8")
    };
    assert!(of("orders:admin")[0].starts_with("low app: holds the administrator's scope"));
    assert_eq!(of("administration"), [""; 0]);
}

#[test]
fn f11_an_answer_404_shows_that_nothing_is_there() {
    let mut case = plain().did("app", "GET /orders", [5], USED(1));
    let cluster = crate::usage::Cluster {
        cause: crate::model::Cause::NoOperation,
        method: crate::model::Method::Get,
        path: "/backup".to_owned(),
        counts: crate::usage::ClusterCounts {
            need: 500,
            ..Default::default()
        },
    };
    case.unmatched.insert(ClientName::new("app"), vec![cluster]);
    assert_eq!(case.says("F11"), [""; 0]);
}

#[test]
fn f13_a_rising_share_of_refusals_and_one_that_was_always_so() {
    let of = |before: u64| {
        plain()
            .did("app", "GET /orders", 100..199, USED(5))
            .did(
                "app",
                "GET /invoices",
                100..190,
                (Outcome::DeniedGateway, before),
            )
            .did(
                "app",
                "GET /invoices",
                195..199,
                (Outcome::DeniedGateway, 6),
            )
            .says("F13")
    };
    let says = of(0);
    assert!(
        says[0].starts_with(
            "medium app: 44 % of its requests since 1970-07-13 were refused (24 of 54), 0 % before"
        ),
        "{says:?}"
    );
    assert_eq!(of(3), [""; 0]);
}

#[test]
fn f13_a_removal_of_ones_own_comes_first() {
    let operations: Vec<String> = (0..11).map(|n| format!("GET /o{n} = shop:o{n}")).collect();
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    let mut scenario = (0..11).fold(case(&operations, r#"{"app":["x"]}"#), |case, n| {
        case.did("app", &format!("GET /o{n}"), [40], LATE)
    });
    scenario.matching = crate::model::ScopeMatch::Glob;
    assert!(scenario.says("F13")[0].starts_with("high app"));
    scenario.withdrawn = gone("shop:*", 30);
    let says = scenario.says("F13");
    assert!(
        says[0].starts_with("low app: refused at 11 different operations")
            && says[0]
                .ends_with("permitted by `shop:*` (held until 1970-01-31): a removal of your own"),
        "{says:?}"
    );
    scenario.withdrawn = gone("shop:*", 40);
    assert!(
        scenario.says("F13")[0].starts_with("high app"),
        "it was still held"
    );
}

const ROLES: [&str; 1] = ["PUT /users/{id}/roles = roles:write"];

#[test]
fn f16_a_heavy_operation_from_a_new_network_or_at_a_strange_hour() {
    let of = |network: u8, hour: u32| {
        case(&ROLES, r#"{"app":["roles:write"]}"#)
            .did(
                "app",
                ROLES[0].split(" = ").next().unwrap(),
                (0..190).step_by(10),
                USED(1),
            )
            .did("app", "PUT /users/{id}/roles", [195], USED(1))
            .at(
                "app",
                "PUT /users/{id}/roles",
                195,
                (false, hour.into(), hour.into()),
            )
            .showed("app", ("", AuthKind::Token), 0..195, |facts| {
                networks(facts, 1);
            })
            .showed("app", ("", AuthKind::Token), [195], move |facts| {
                let network = Network::of(format!("10.0.{network}.1").as_bytes()).unwrap();
                facts.networks.add(&network, 1 << hour, 8);
            })
            .says("F16")
    };
    assert_eq!(of(0, 12), [""; 0]);
    assert!(of(9, 12)[0].contains("from the new network 10.0.9.0/24"));
    let night = of(0, 3);
    assert!(
        night[0].contains("at 03 h UTC, when the client is never active"),
        "{night:?}"
    );
}

#[test]
fn f22_a_scope_in_tokens_that_no_line_grants() {
    let of = |scopes: &'static str, count: u64| {
        plain().did("app", "GET /orders", [5], USED(9)).with_token(
            ("app", scopes),
            "GET /orders",
            [5],
            (false, count),
        )
    };
    let found = of("orders:read orders:write", 5);
    assert_eq!(
        found.says("F22"),
        [
            "high app: its tokens carry `orders:write`, which no line grants (5 requests, 1970-01-06 to 1970-01-06)"
        ]
    );
    assert_eq!(found.run("F22").unwrap()[0].subject, "orders:write");
    assert_eq!(found.says("F21"), [""; 0], "no line is a switch");
    assert_eq!(of("orders:read orders:write", 4).says("F22"), [""; 0]);
    assert_eq!(of("orders:read openid profile", 9).says("F22"), [""; 0]);
    assert_eq!(
        of("orders:read orders:archive", 9).says("F22"),
        [""; 0],
        "no operation asks for it"
    );
    let mut late = of("orders:read orders:write", 9);
    late.withdrawn = gone("orders:write", 5);
    assert_eq!(late.says("F22"), [""; 0], "tokens live on for a day");
    let no_tokens = plain().did("app", "GET /orders", [5], USED(9));
    missing(&no_tokens, "F22", "scopes of the token");
    missing(&case(&ROUTES, r#"{"app":[]}"#), "F22", "grants");
}

#[test]
fn f22_very_many_scopes_are_one_finding() {
    let routes: Vec<String> = (0..12).map(|n| format!("GET /r{n:02} = r{n:02}")).collect();
    let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
    let of = |scopes: &'static str| {
        case(&routes, r#"{"app":["r00"]}"#)
            .did("app", "GET /r00", [5], USED(9))
            .with_token(("app", scopes), "GET /r00", [5], (false, 9))
    };
    let all = of("r00 r01 r02 r03 r04 r05 r06 r07 r08 r09 r10 r11");
    let found = all.run("F22").unwrap();
    assert_eq!((found.len(), found[0].subject.as_str()), (1, "tokens"));
    assert!(
        found[0]
            .message
            .contains("11 scopes that no line grants: r01, r02, r03, r04, r05 and 6 more"),
        "{found:?}"
    );
    assert_eq!(found[0].requests, 9, "the same tokens carry them all");
    let ten = of("r00 r01 r02 r03 r04 r05 r06 r07 r08 r09 r10");
    assert_eq!(ten.run("F22").unwrap().len(), 10);
}

#[test]
fn f23_a_granted_scope_that_is_in_no_token() {
    let of = |days: i32, scopes: &'static str| {
        case(&ROUTES, r#"{"app":["orders:read","orders:write"]}"#)
            .did("app", "GET /orders", 0..days, USED(2))
            .showed("app", ("", AuthKind::Token), 0..days, |facts| {
                facts.scoped = 2;
            })
            .with_token(("app", scopes), "GET /orders", 0..days, (false, 2))
    };
    let found = of(30, "orders:read");
    assert_eq!(
        found.says("F23"),
        [
            "low app: 1 of its 2 granted scopes is in no token: orders:write (tokens with scopes on 30 days)"
        ]
    );
    assert_eq!(of(30, "orders:read orders:write").says("F23"), [""; 0]);
    missing(&of(29, "orders:read"), "F23", "fewer than 30 days");
    missing(&plain(), "F23", "no token of a known client");
    missing(
        &of(40, "api1.read"),
        "F23",
        "no scope in the tokens has a name",
    );
}
