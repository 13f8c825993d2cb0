//! Rules that live on the API description and on the policy.

use super::*;

#[test]
fn f8_a_word_counts_where_it_names_the_right_and_not_where_it_describes_a_thing() {
    let says = |scope: &str| {
        let operations = [
            "GET /orders = orders:read".to_owned(),
            "POST /orders = orders:write".to_owned(),
            format!("GET /x = {scope}"),
        ];
        let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
        case(&operations, &format!(r#"{{"app":["{scope}"]}}"#)).says("F8")
    };
    for right in [
        "admin",
        "users:admin",
        "admin:write",
        "Admin.Read",
        "users/administrator",
        "root",
        "superuser",
        "docs:owner",
        "https://api.example.com/auth/admin.directory",
        "super-admin",
        "org_admin",
        "users:super-admin",
        "admin_read",
    ] {
        assert!(
            says(right)[0].starts_with("low app: holds the administrator's"),
            "{right}"
        );
    }
    for thing in [
        "owner-profile:read",
        "root-cause:read",
        "admin-notes:read",
        "account-owner:read",
        "account-owner",
        "root_cause_read",
        "owner_profile_read",
        "super-admin-notes:read",
        "roots:read",
        "administration",
        "ownership:read",
    ] {
        assert_eq!(says(thing), [""; 0], "{thing}");
    }
}

#[test]
fn f15_lists_callers_outside_the_policy_and_requests_without_a_caller() {
    let roles = ["PUT /users/{id}/roles = roles:write"];
    let label = "PUT /users/{id}/roles";
    let own = ["app", "ghost", ""]
        .iter()
        .fold(case(&roles, r#"{"app":["roles:write"]}"#), |own, name| {
            own.did(name, label, [5], USED(2))
        });
    assert_eq!(
        own.says("F15"),
        [
            "note app: 2 requests to PUT /users/{id}/roles (escalation)",
            "low ghost: 2 requests of a caller that no policy file names to PUT /users/{id}/roles (escalation)",
            "low : 2 requests that name no caller to PUT /users/{id}/roles (escalation)",
        ]
    );
    let refused = case(&roles, r#"{"app":["roles:write"]}"#).did("ghost", label, [5], EARLY);
    assert_eq!(refused.says("F15"), [""; 0]);
}
