//! Files of Auth0, Tyk and APISIX: what is read, what stays, and what each removal leaves.

use super::formats::{round_trips, verdict};
use super::*;
use crate::model::ClientName;

/// The codes of a file's warnings.
pub(super) fn warned(text: &str, name: &str) -> Vec<&'static str> {
    let read = policy(text, name);
    read.files[0].warnings.iter().map(|own| own.code).collect()
}

/// Other names of clients, and whose they are.
pub(super) fn aliases(text: &str, name: &str) -> Vec<String> {
    let read = policy(text, name);
    let all = read.files[0].aliases.iter();
    all.map(|(alias, client)| format!("{alias}={client}"))
        .collect()
}

const TENANT: &str = "\
# our tenant
clients:
- name: Billing M2M
  client_id: aB3
  app_type: non_interactive
  callbacks: @@CALLBACKS@@
  client_secret: ##SECRET##
clientGrants:
  - client_id: Billing M2M   # nightly
    audience: https://##ENV##.shop.example/api
    scope:
      # reads them all
      - read:orders   # since May
      - \"write:orders\"
      - 'read:##ENV##'
  - {client_id: 'aB3', audience: other, scope: [a, b,
      c]}
  - client_id: ##OPS##
    audience: other
    scope:
    - x
  - client_id: Filled
    audience: other
    scope: @@SCOPES@@
  - client_id: Whole
    audience: other
    allow_all_scopes: true
    scope:
    - a
  - default_for: third_party_clients
    audience: other
    scope: [a]
  - client_id: Empty
    audience: other
    scope: []
resourceServers:
- identifier: other
  scopes: [{value: a}, {value: b}]
roles:
- name: Clerk
  permissions: [{permission_name: read:orders, resource_server_identifier: other}]
";

#[test]
fn auth0_gives_client_grants_and_leaves_what_placeholders_stand_for() {
    let whole = "`allow_all_scopes` grants every scope of the API, whatever the list says";
    for text in [TENANT.to_owned(), TENANT.replace('\n', "\r\n")] {
        let read = round_trips(&text, "tenant.yaml");
        assert_eq!(
            read,
            [
                "13 Billing M2M read:orders".to_owned(),
                "14 Billing M2M write:orders".to_owned(),
                "15 Billing M2M read:##ENV## | its line holds a template marker (`##`)".to_owned(),
                "16 Billing M2M a".to_owned(),
                "16 Billing M2M b".to_owned(),
                "17 Billing M2M c".to_owned(),
                "21 ##OPS## x | the name `##OPS##` holds a template marker (`##`)".to_owned(),
                "24 Filled @@SCOPES@@ | a placeholder stands for its list".to_owned(),
                format!("29 Whole a | {whole}"),
                format!("27 Whole b | {whole}"),
            ]
        );
    }
    assert_eq!(aliases(TENANT, "tenant.yaml"), ["aB3=Billing M2M"]);
    let codes = [
        "all-scopes-allowed",
        "grant-of-many-clients",
        "roles-of-people",
    ];
    assert_eq!(warned(TENANT, "tenant.yaml"), codes);
    let read = policy(TENANT, "tenant.yaml");
    let of = |entry: usize| read.files[0].entries[entry].audience.as_deref();
    assert_eq!(of(0), Some("https://##ENV##.shop.example/api"));
    assert_eq!(
        (of(3), of(7), of(9)),
        (Some("other"), Some("other"), Some("other"))
    );
    let one = without(TENANT, "tenant.yaml", &["read:orders"]);
    assert_eq!(
        one,
        TENANT.replace("      - read:orders   # since May\n", "")
    );
}

#[test]
fn a_client_grant_may_be_a_file_of_its_own_and_loses_its_last_scope() {
    let grant = "{\n  \"client_id\": \"Web\",\n  \"audience\": \"https://##ENV##/api\",\n  \"scope\": [\n    \"a\",\n    \"b\"\n  ],\n  \"subject_type\": \"client\",\n  \"more\": @@MORE@@\n}\n";
    assert_eq!(
        round_trips(grant, "grants/Web.json"),
        ["5 Web a", "6 Web b"]
    );
    let none = without(grant, "grants/Web.json", &["a", "b"]);
    assert!(none.contains("\"scope\": [],\n"), "{none}");
    assert!(policy(&none, "grants/Web.json").files[0].entries.is_empty());
    let list = format!("[{}]", grant.replace("@@MORE@@", "1"));
    assert_eq!(round_trips(&list, "grants.json").len(), 2);
    let item = "clientGrants:\n- client_id: a\n  audience: b\n  scope: [##X##, y]\n";
    let fixed = "its list holds a template marker (`##`)";
    let fixed = ["##X##", "y"].map(|term| format!("4 a {term} | {fixed}"));
    assert_eq!(round_trips(item, "tenant.yaml"), fixed);
    // What only looks like a placeholder is not one.
    let comment = "clientGrants:\n- client_id: a\n  audience: b\n  scope: ##mine##\n  - x\n";
    assert_eq!(round_trips(comment, "tenant.yaml"), ["5 a x"]);
    for (text, expected) in [
        ("clientGrants: @@ALL@@\n", "`clientGrants` must be a list"),
        (
            "clientGrants:\n- audience: a\n  scope: [b]\n",
            "`client_id` is missing",
        ),
        (
            "resourceServers: []\nroles: []\n",
            "a tenant of Auth0 without `clientGrants`",
        ),
        (
            "resourceServers: @@ALL@@\n",
            "`resourceServers` must be a list",
        ),
    ] {
        let found = verdict(text, "tenant.yaml");
        assert!(found.contains(expected), "{text}: {found}");
    }
    assert!(
        policy("clientGrants: []\n", "t.yaml").files[0]
            .entries
            .is_empty()
    );
}

const KEYS: &str = r#"{
  "policies": {
    "read-only": {
      "name": "Read", "partitions": {"acl": true, "quota": false, "rate_limit": false},
      "access_rights": {
        "orders-api": {"api_id": "orders-api", "versions": ["Default"],
          "allowed_urls": [{"url": "/orders/(.*)", "methods": ["GET"]}]},
        "invoices-api": {"api_id": "invoices-api"}
      }
    },
    "gold": {"id": "gold", "rate": 100, "access_rights": {"orders-api": {}}},
    "quota": {"partitions": {"quota": true, "acl": false}, "access_rights": {"never": {}}}
  },
  "keys": [
    {"alias": "billing", "oauth_client_id": "", "apply_policies": ["read-only", "gold", "quota"],
     "hmac_string": "s3cret", "access_rights": null},
    {"key_id": "my-own-s3cret-key", "access_rights": {
      "orders-api": {"allowed_urls": []},
      "refunds-api": {"versions": ["v1", "v2"]}
    }},
    {"key_hash": "0a1b2c3d", "data": {"alias": "", "oauth_client_id": "erp", "apply_policies": ["gone"]}},
    {"alias": "lone", "access_rights": {"orders-api": {}}, "apply_policy_id": "gold"},
    {"alias": "free", "access_rights": {}}
  ]
}
"#;

#[test]
fn tyk_gives_apis_by_keys_and_policies_and_never_lets_a_key_through_to_all() {
    let read = round_trips(KEYS, "tyk.json");
    let own = policy(KEYS, "tyk.json");
    let mut clients = own.files[0].clients.iter().map(ToString::to_string);
    let hashed = clients.find(|own| own.starts_with("cred:")).unwrap();
    assert_eq!(
        read,
        [
            "Role(\"read-only\")".to_owned(),
            "Role(\"read-only\")".to_owned(),
            "Role(\"gold\")".to_owned(),
            "billing Role(\"read-only\")".to_owned(),
            "billing Role(\"gold\")".to_owned(),
            "billing Role(\"quota\")".to_owned(),
            format!("18 {hashed} orders-api"),
            format!("19 {hashed} refunds-api"),
            "erp Role(\"gone\")".to_owned(),
            "22 lone orders-api".to_owned(),
            "lone Role(\"gold\")".to_owned(),
        ]
    );
    let fixed = |entry: &Entry| entry.frozen.as_deref().map(|why| why.len() > 20);
    let fixed: Vec<_> = own.files[0].entries.iter().map(fixed).collect();
    let none = [None; 4];
    assert_eq!(fixed[..4], none);
    assert_eq!(fixed[4..6], [Some(true); 2]);
    assert_eq!(fixed[6..], [None, None, Some(true), None, Some(true)]);
    assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
    let said = warned(KEYS, "tyk.json");
    assert_eq!(
        said,
        ["key-without-limits", "policy-elsewhere", "keys-of-policies"]
    );
    let known = aliases(KEYS, "tyk.json");
    assert!(known.contains(&"0a1b2c3d=erp".to_owned()), "{known:?}");
    let one = without(KEYS, "tyk.json", &["refunds-api"]);
    assert!(
        one.contains("\"orders-api\": {\"allowed_urls\": []}\n    }}"),
        "{one}"
    );
    let policies = r#"{"p1": {"access_rights": {"a": {}, "b": {}}, "key_expires_in": 0}}"#;
    assert_eq!(round_trips(policies, "policies.json").len(), 2);
    let last = policy(policies, "policies.json");
    let last = plan(&last, &giving(&last, &["a", "b"]), &[]).unwrap_err();
    assert!(last.to_string().contains("grants everything"), "{last}");
    let api = verdict(
        r#"{"api_id": "a", "proxy": {"listen_path": "/a/"}}"#,
        "a.json",
    );
    assert!(api.contains("an API of Tyk"), "{api}");
    let junk = r#"{"policies": {"p": {"access_rights": {"a": {}}}}, "keys": ["junk"]}"#;
    let junk = verdict(junk, "tyk.json");
    assert!(junk.contains("a key has no name"), "{junk}");
    let nameless = verdict(r#"{"allowance": 1, "access_rights": {"a": {}}}"#, "k.json");
    assert!(nameless.contains("a key has no name"), "{nameless}");
}

const ROUTES: &str = "\
routes:
- id: orders
  uri: /orders/*
  plugins:
    key-auth: {}
    consumer-restriction:
      whitelist:
      # the nightly run
      - billing   # Ann
      - web
      - banned
      blacklist: [banned]
- id: 7
  uri: /refunds
  plugins: {consumer-restriction: {type: consumer_group_id, whitelist: [gold, silver]}}
- uri: /public
- id: methods
  plugins:
    consumer-restriction:
      allowed_by_methods: [{user: web, methods: [GET]}]
services:
- name: invoices
  routes:
  - name: list
    plugins: {consumer-restriction: {whitelist: [web]}}
consumers:
- username: billing
  group_id: gold
  plugins: {key-auth: {key: s3cret}}
- username: erp
  plugins:
    consumer-restriction: {type: route_id, whitelist: [orders, list]}
- username: idle
#END
";

#[test]
fn apisix_gives_routes_by_whitelists_and_never_empties_one() {
    let read = round_trips(ROUTES, "apisix.yaml");
    let gold = read.iter().filter(|own| own.contains("gold")).count();
    assert_eq!(gold, 2, "{read:?}");
    let plain: Vec<&String> = read.iter().filter(|own| !own.contains("Role")).collect();
    assert_eq!(
        plain,
        [
            "9 billing orders",
            "10 web orders",
            "25 web list",
            "32 erp orders",
            "32 erp list"
        ]
    );
    let own = policy(ROUTES, "apisix.yaml");
    let file = &own.files[0];
    assert_eq!(file.clients.len(), 4, "{:?}", file.clients);
    let held = own.holdings();
    let billing: Vec<_> = held[&ClientName::new("billing")]
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(billing, ["7", "orders"]);
    assert_eq!(warned(ROUTES, "apisix.yaml"), ["restriction-not-read"]);
    let web = plan(&own, &[Removal { file: 0, entry: 1 }], &[]).unwrap();
    let web = String::from_utf8(web.files[0].new.clone()).unwrap();
    assert_eq!(
        web,
        ROUTES.replace("      - web\n      - banned\n", "      - banned\n")
    );
    let last = plan(&own, &giving(&own, &["list"]), &[]).unwrap_err();
    assert!(last.to_string().contains("grants everything"), "{last}");
    let stored = r#"{"list": [{"key": "/apisix/routes/1", "value": {"id": "1", "uri": "/a",
  "plugins": {"consumer-restriction": {"whitelist": ["a", "b"]}}}}], "total": 1}"#;
    assert_eq!(round_trips(stored, "routes.json"), ["2 a 1", "2 b 1"]);
    let single = r#"{"key": "/apisix/consumers/a", "value": {"username": "a", "plugins": {}}}"#;
    for (text, expected) in [
        (single, "a file of APISIX without a whitelist"),
        (
            "routes: [{id: a, plugins: {}}]\n",
            "a file of APISIX without a whitelist",
        ),
        (
            "consumers: [{username: a, plugins: {}}]\nroutes: {a: {}}\n",
            "`routes` must be a list",
        ),
        (
            "routes: [{plugins: {consumer-restriction: {whitelist: [a]}}}]\n",
            "a route has no name",
        ),
        (
            "routes: [{id: a, plugins: {consumer-restriction: {whitelist: a}}}]\n",
            "`whitelist` must be a list",
        ),
        (
            "routes: [{id: a, plugins: {consumer-restriction: {whitelist: [a, null]}}}]\n",
            "must be a string",
        ),
    ] {
        let name = if text.starts_with('{') {
            "a.json"
        } else {
            "a.yaml"
        };
        let found = verdict(text, name);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn neighbours_of_these_files_are_told_what_they_look_like() {
    for (text, expected) in [
        (
            "{\"name\": \"Web\", \"app_type\": \"spa\"}",
            "a client of Auth0",
        ),
        (
            "{\"identifier\": \"a\", \"scopes\": [{\"value\": \"x\"}]}",
            "an API of Auth0",
        ),
        (
            "{\"name\": \"r\", \"permissions\": [{\"permission_name\": \"x\"}]}",
            "a role of Auth0",
        ),
        (
            "clients:\n- name: Web\n  app_type: spa\n",
            "clients of Auth0",
        ),
        (
            "[{\"name\": \"Web\", \"app_type\": \"spa\"}]",
            "a client of Auth0",
        ),
        ("openapi: 3.0.0\nx-tyk-api-gateway: {}\n", "an API of Tyk"),
    ] {
        let name = if text.starts_with(['{', '[']) {
            "f.json"
        } else {
            "f.yaml"
        };
        let found = verdict(text, name);
        assert!(found.contains(expected), "{text}: {found}");
    }
}
