//! What is proposed for files of forms that nobody described.

use super::*;

fn proposed(text: &str, shown: &str) -> String {
    let bytes: Arc<[u8]> = Arc::from(text.as_bytes());
    toml(&[shown], &propose(&bytes, shown))
}

#[test]
fn a_list_of_clients_with_an_id_and_a_list_is_described() {
    let text = "owner: team\nservices:\n- ref: 1\n  client_id: erp\n  mail: s3cret@example.com\n  scopes: [orders:read, orders:write]\n- ref: 2\n  client_id: crm\n";
    insta::assert_snapshot!(proposed(text, "teams/Access List.yaml"), @r#"
    # PROPOSAL for teams/Access List.yaml: made from the form of the file alone. Check every line before you rely on it.
    # Found: 2 clients with 2 grants; `erp` has `orders:read` (line 6).
    # Not clear: 1 of 2 have no `scopes`.
    # Not understood, and left alone: `owner` (line 1), `services[].ref` (line 3), `services[].mail` (line 5).
    [[policies]]
    name = "access-list"
    when = { "services[].client_id" = true, "services[].scopes" = true }
    clients = "services[]"
    id = "client_id"
    terms = "scopes"
    shape = "list"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing
    "#);
}

/// What is proposed for each, without the comments.
fn described(cases: &[(&str, &str)]) -> String {
    let one = |(text, name): &(&str, &str)| {
        let all = proposed(text, name);
        let lines = all.lines().filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    };
    cases.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn maps_of_lists_of_words_and_of_levels_are_described() {
    let cases = [
        (
            "version = 1\n[access]\nerp = [\"orders:read\"]\ncrm = [\"orders:write\", \"x\"]\n",
            "a.toml",
        ),
        (
            "apps:\n  erp: {oauth: {scope: \"orders.read orders.write\"}}\n  crm: {oauth: {scope: a}}\n",
            "a.yaml",
        ),
        (
            r#"{"data": {"consumers": [{"name": "erp", "display": "x", "permissions": [{"permission": "a:read", "note": "y"}]}]}}"#,
            "a.json",
        ),
        (
            r#"{"integrations": {"erp": {"permissions": {"orders": "write", "users": "read"}}}}"#,
            "a.json",
        ),
        (
            r#"{"integrations": {"erp": {"access": {"orders": true, "users": false}}}}"#,
            "a.json",
        ),
    ];
    insta::assert_snapshot!(described(&cases), @r#"
    [[policies]]
    name = "a"
    when = { "access.*" = true }
    clients = "access.*"
    terms = "."
    shape = "list"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "apps.*.oauth.scope" = true }
    clients = "apps.*"
    terms = "oauth.scope"
    shape = "delimited"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "data.consumers[].name" = true, "data.consumers[].permissions" = true }
    clients = "data.consumers[]"
    id = "name"
    terms = "permissions"
    shape = "objects"
    key = "permission"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "integrations.*.permissions" = true }
    clients = "integrations.*"
    terms = "permissions"
    shape = "levels"
    levels = ["read", "write", "admin"]
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "integrations.*.access" = true }
    clients = "integrations.*"
    terms = "access"
    shape = "keys"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing
    "#);
}

#[test]
fn tables_and_lists_of_clients_are_described() {
    let cases = [
        (
            "Client ID,Owner,Permissions\nerp,x,\"orders:read;orders:write\"\ncrm,y,users:read\n",
            "a.csv",
        ),
        (
            "application,api,permission\nerp,x,orders:read\nerp,y,orders:write\n",
            "a.csv",
        ),
        (
            "apiVersion: access.example.com/v1\nkind: AccessList\nspec:\n  clients:\n  - name: erp\n    audience: shop\n    scopes: [a, b]\n",
            "a.yaml",
        ),
        (
            "- {consumer: erp, allow: [a:read]}\n- {consumer: crm, allow: []}\n",
            "a.yaml",
        ),
        (
            "consumers:\n- username: erp\n  scopes: [a:read]\n",
            "a.yaml",
        ),
    ];
    insta::assert_snapshot!(described(&cases), @r#"
    [[policies]]
    name = "a"
    when = { "[].\"Client ID\"" = true, "[].Permissions" = true }
    clients = "[]"
    id = "\"Client ID\""
    terms = "Permissions"
    shape = "delimited"
    separator = ";"
    empty_means = "none"      # a row goes with its last grant

    [[policies]]
    name = "a"
    when = { "[].application" = true, "[].permission" = true }
    clients = "[]"
    id = "application"
    terms = "permission"
    shape = "delimited"
    empty_means = "none"      # a row goes with its last grant

    [[policies]]
    name = "a"
    when = { "apiVersion" = "access.example.com/v1", "kind" = "AccessList", "spec.clients[].name" = true, "spec.clients[].scopes" = true }
    clients = "spec.clients[]"
    id = "name"
    audience = "audience"
    terms = "scopes"
    shape = "list"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "[].consumer" = true, "[].allow" = true }
    clients = "[]"
    id = "consumer"
    terms = "allow"
    shape = "list"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing

    [[policies]]
    name = "a"
    when = { "consumers[].username" = true, "consumers[].scopes" = true }
    clients = "consumers[]"
    id = "username"
    terms = "scopes"
    shape = "list"
    empty_means = "invalid"   # not known: "none" only where an empty list grants nothing
    "#);
}

#[test]
fn what_is_not_clear_is_not_guessed_and_what_is_no_policy_gets_nothing() {
    let unclear = [
        // Two places, and two keys of one client.
        "clients:\n- {id: a, scopes: [x]}\napps:\n- {id: b, scopes: [y]}\n",
        "clients:\n- {id: a, scopes: [x], permissions: [y]}\n",
        "clients:\n- {id: a, roles: [x], groups: [y]}\n",
    ];
    for text in unclear {
        let said = proposed(text, "a.yaml");
        assert!(said.contains("No description is proposed"), "{said}");
        assert!(said.lines().all(|line| line.starts_with('#')), "{said}");
    }
    let said = proposed("client;scope\na;b\n", "a.csv");
    assert!(said.contains("separated by `;`"), "{said}");
    let nothing = [
        ("a: 1\n", "a.yaml"),
        (
            "on:\n  push: {branches: [main]}\njobs:\n  test: {steps: [{name: x, run: y}]}\n",
            "a.yaml",
        ),
        (
            "services:\n  web: {image: x, ports: ['80:80'], environment: [A=b]}\n",
            "a.yaml",
        ),
        (
            r#"{"name": "x", "files": ["a"], "keywords": ["b:c"]}"#,
            "a.json",
        ),
        (
            "hosts: [a, b]\nusers:\n- {name: a, groups: [x]}\n",
            "a.yaml",
        ),
        ("roles:\n- {name: a, permissions: [x:y]}\n", "a.yaml"),
        ("passwords:\n  a: [hunter2]\n", "a.yaml"),
        ("month,amount\n1,2\n", "a.csv"),
        (
            "[dependencies]\nserde = {version = \"1\", features = [\"derive\"]}\n",
            "a.toml",
        ),
        ("{", "a.json"),
    ];
    for (text, name) in nothing {
        assert_eq!(proposed(text, name), "", "{text}");
    }
}
