//! Grants and scopes that differ by one prefix.

use super::support::{Case, daily};
use super::{ROUTES, report};

/// The warnings about names, as `code: message`.
fn names(routes: &str, scopes: &[&str]) -> Vec<String> {
    let grants = format!(
        "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [{}]\n  b: [{}]\n",
        scopes.join(", "),
        scopes.join(", ")
    );
    let log = daily(100, "app", "GET /orders", 200);
    let json = report(&Case::of(routes, &grants, &log), 0, &[]);
    let all = json["warnings"].as_array().expect("warnings").iter();
    let text = |value: &serde_json::Value| {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text("code"), text("message"))
    };
    let about = |text: &String| text.starts_with("scope-prefix") || text.starts_with("unknown");
    all.map(text).filter(about).collect()
}

#[test]
fn grants_with_a_prefix_that_the_catalogue_lacks_get_one_message_with_the_remedy() {
    let found = names(ROUTES, &["api:orders:read", "api:orders:write"]);
    assert_eq!(found.len(), 1, "{found:?}");
    for part in [
        "scope-prefix: 2 ",
        "`api:`",
        "`orders:read`",
        "`implies: {\"api:orders:read\": \"orders:read\"}`",
    ] {
        assert!(found[0].contains(part), "{part}: {}", found[0]);
    }
    let url = names(ROUTES, &["'https://api.example/orders:read'"]);
    assert!(
        url.len() == 1 && url[0].contains("begins with `https://api.example/`"),
        "{url:?}"
    );
    let lacking = names(
        &ROUTES.replace(": orders:", ": https://api.example/orders:"),
        &["orders:read", "orders:write"],
    );
    assert!(
        lacking.len() == 1 && lacking[0].contains("lack the prefix `https://api.example/`"),
        "{lacking:?}"
    );
}

#[test]
fn what_no_prefix_explains_is_said_name_by_name() {
    // Where other names match, one name alone makes no rule.
    let one = names(ROUTES, &["orders:read", "x:orders:write"]);
    assert!(
        one.len() == 2 && one.iter().all(|text| text.starts_with("unknown-scope")),
        "{one:?}"
    );
    let mixed = names(
        ROUTES,
        &["orders:read", "x:orders:write", "x:orders:read", "odd"],
    );
    assert_eq!(
        mixed
            .iter()
            .filter(|text| text.starts_with("unknown"))
            .count(),
        2,
        "{mixed:?}"
    );
    assert_eq!(mixed.len(), 3, "{mixed:?}");
}

#[test]
fn the_remedy_makes_the_grants_meet() {
    let case = Case::of(
        ROUTES,
        "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [api:orders:read, api:orders:write]\n",
        &daily(100, "app", "GET /orders", 200),
    );
    case.write(
        "more.yaml",
        "implies:\n  api:orders:read: orders:read\n  api:orders:write: orders:write\nroutes: {}\n",
    );
    let json = report(&case, 0, &["--catalog", "more.yaml"]);
    assert!(
        !json["warnings"].to_string().contains("no-operations"),
        "{}",
        json["warnings"]
    );
    assert_eq!(
        json["clients"][0]["minimal"].to_string(),
        "[\"api:orders:read\"]"
    );
}
