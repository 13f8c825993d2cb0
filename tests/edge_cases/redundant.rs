//! What is held twice: through two roles, for two audiences.

use crate::support::{ANY_SHARE, Case, daily};
use crate::{ROUTES, because, changes, client, report, texts};

/// Roles in this order, `clerk` and `sales`, with these scopes, and the client's own.
fn holds(clerk: &str, sales: &str, roles: &str, direct: &str) -> Case {
    let dated = "since: 2024-01-01";
    let grants = format!(
        "version: 1\nroles:\n  clerk: {{{dated}, scopes: [{clerk}]}}\n  sales: {{{dated}, scopes: [{sales}]}}\n\
         clients:\n  app:\n    {dated}\n    roles:\n{roles}    scopes: [{direct}]\n"
    );
    Case::of(ROUTES, &grants, &daily(100, "app", "GET /orders", 200))
}

const BOTH: &str = "      - clerk\n      - sales\n";
const REVIEW: [&str; 2] = ["--level", "review"];

/// The roles that are called redundant. None is taken away: that could open further removals.
fn redundant(case: &Case) -> Vec<String> {
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(texts(&client(&json, "app")["minimal"]), ["orders:read"]);
    assert!(
        !changes(&case.analyze(&REVIEW))
            .iter()
            .any(|line| line.starts_with("- -"))
    );
    let warnings = json["warnings"].as_array().expect("warnings").iter();
    let named = warnings.filter(|warning| warning["code"] == "redundant-role");
    named
        .map(|warning| {
            let text = warning["message"].as_str().expect("a sentence");
            text.split('`').nth(3).expect("a role").to_owned()
        })
        .collect()
}

#[test]
fn e27_of_two_roles_with_one_scope_the_later_is_called_redundant() {
    let case = holds("orders:read", "orders:read", BOTH, "");
    assert_eq!(redundant(&case), ["sales"]);
    let turned = "      - sales\n      - clerk\n";
    assert_eq!(
        redundant(&holds("orders:read", "orders:read", turned, "")),
        ["clerk"]
    );
}

#[test]
fn e27_a_role_next_to_a_direct_grant_is_called_redundant() {
    let case = holds(
        "orders:read",
        "orders:write",
        "      - clerk\n",
        "orders:read",
    );
    assert_eq!(redundant(&case), ["clerk"]);
}

#[test]
fn e27_a_role_with_something_of_its_own_stays() {
    // `openid` cannot be seen in use: whoever takes the role away takes it away.
    let case = holds("orders:read", "orders:read, openid", BOTH, "");
    assert_eq!(redundant(&case), ["clerk"]);
    let case = holds("orders:read, openid", "orders:read, profile", BOTH, "");
    assert_eq!(redundant(&case), [""; 0]);
}

#[test]
fn e7_one_scope_name_of_two_audiences_is_two_permissions() {
    let grants = "client,audience,scope,since\napp,https://shop,orders:read,2024-01-01\napp,https://shop,orders:write,2024-01-01\n\
                  app,https://bank,orders:write,2024-01-01\napp,https://bank,orders:delete,2024-01-01\n";
    let case = Case::of(ROUTES, "", &daily(100, "app", "GET /orders", 200));
    case.write("grants.csv", grants);
    let with = |more: &[&str]| {
        let args = [
            "analyze",
            "--logs",
            "log.jsonl",
            "--catalog",
            "routes.yaml",
            "--grants",
            "grants.csv",
        ];
        case.run(&[&args[..], more, &ANY_SHARE].concat())
    };
    let run = with(&["--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    for words in ["`https://bank`, `https://shop`", "--audience"] {
        assert!(run.err.contains(words), "{}", run.err);
    }
    assert_eq!(with(&["--audience", "https://shop/"]).code, Some(2));
    let run = with(&["--audience", "https://shop"]);
    assert_eq!(
        changes(&run),
        ["- app,https://shop,orders:write,2024-01-01"]
    );
    let json = report(&with(&["--audience", "https://shop", "--json"]), 0);
    assert_eq!(
        texts(&client(&json, "app")["granted"]),
        ["orders:read", "orders:write"]
    );
    let warnings = json["warnings"].as_array().expect("warnings");
    assert!(
        warnings
            .iter()
            .any(|warning| warning["code"] == "other-audience"),
        "{warnings:?}"
    );
}

#[test]
fn e7_an_audience_of_the_file_is_that_of_its_roles_as_well() {
    let file = |audience: &str| {
        format!(
            "version: 1\naudience: {audience}\nroles:\n  clerk: {{since: 2024-01-01, scopes: [orders:read, orders:write]}}\n\
             clients:\n  app: {{since: 2024-01-01, roles: [clerk]}}\n"
        )
    };
    let case = Case::of(
        ROUTES,
        &file("shop"),
        &daily(100, "app", "GET /orders", 200),
    );
    case.write("bank.yaml", file("bank"));
    let args = ["--grants", "bank.yaml", "--audience", "shop"];
    let run = case.analyze(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.contains("+++ b/grants.yaml") && !run.out.contains("+++ b/bank.yaml"),
        "{}",
        run.out
    );
    let json = report(&case.analyze(&[&args[..], &["--json"]].concat()), 0);
    assert!(because(&json, "app", "orders:write", "never_used"));
}
