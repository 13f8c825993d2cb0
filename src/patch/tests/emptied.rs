//! Where an empty list does not mean that nothing is granted: whatever is removed, it is never
//! written.

use std::collections::BTreeSet;

use super::*;

/// A place of a file.
struct Row {
    name: &'static str,
    text: &'static str,
    /// What no edit may leave in the file.
    never: &'static [&'static str],
    /// What the file holds once all is gone that may go, or a part of the reason why it may not.
    all: Result<&'static str, &'static str>,
}

const EVERYTHING: Result<&str, &str> = Err("its list would be empty, which grants everything");
const OTHERWISE: Result<&str, &str> =
    Err("its list would be empty, which does not mean that nothing is granted");

const ROWS: &[Row] = &[
    // Tyk: without any API, or any policy, a key opens every API; without any URL, all of them.
    Row {
        name: "policies.json",
        text: r#"{"p": {"partitions": {"acl": true}, "access_rights": {
  "a": {"allowed_urls": [{"url": "/orders/(.*)", "methods": ["GET"]}]}, "b": {}}}}"#,
        never: &["\"allowed_urls\": []", "\"access_rights\": {}"],
        all: EVERYTHING,
    },
    Row {
        name: "tyk.json",
        text: r#"{"policies": {
  "p": {"partitions": {"acl": true}, "access_rights": {"a": {}}},
  "q": {"partitions": {"acl": true}, "access_rights": {"b": {}, "c": {}}}},
 "keys": [{"alias": "k", "apply_policies": ["p", "q"], "access_rights": {"d": {}}}]}"#,
        never: &["\"apply_policies\": []", "\"access_rights\": {}"],
        all: EVERYTHING,
    },
    // APISIX: the checks run only where the list is not empty.
    Row {
        name: "apisix.yaml",
        text: "routes:\n- id: r\n  plugins:\n    consumer-restriction: {whitelist: [a, b]}\n- id: s\n  plugins:\n    consumer-restriction:\n      allowed_by_methods: [{user: a, methods: [GET]}]\n",
        never: &["whitelist: []", "allowed_by_methods: []", "methods: []"],
        all: EVERYTHING,
    },
    Row {
        name: "apisix.yaml",
        text: "consumers:\n- username: a\n  plugins:\n    consumer-restriction:\n      type: route_id\n      whitelist:\n      - r\n      - s\n",
        never: &["whitelist: []", "whitelist:\n\n", "whitelist: null"],
        all: EVERYTHING,
    },
    // Istio: a field without values vanishes, and a rule without fields lets everybody in. A
    // policy without rules lets nobody in.
    Row {
        name: "mesh.yaml",
        text: "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x}\nspec:\n  action: ALLOW\n  rules:\n  - from:\n    - source: {principals: [td/ns/s/sa/a, td/ns/s/sa/b]}\n    - source:\n        namespaces: [n]\n        principals:\n        - td/ns/s/sa/c\n    to:\n    - operation: {methods: [GET], paths: [/x]}\n  - from: [{source: {principals: [td/ns/s/sa/d]}}]\n",
        never: &[
            "principals: []",
            "namespaces: []",
            "methods: []",
            "paths: []",
            "from: []",
            "to: []",
            "source: {}",
            "{}",
            "- \n",
            "rules:\n  -\n",
        ],
        all: Ok("  rules: []\n"),
    },
    // Kong: one of `allow` and `deny` is needed; a consumer without groups is let in nowhere.
    Row {
        name: "kong.yaml",
        text: "_format_version: \"3.0\"\nconsumers:\n- username: c\n  acls:\n  - group: a\n  - group: b\nplugins:\n- name: acl\n  config: {allow: [a, b]}\n",
        never: &["allow: []", "acls:\nplugins"],
        all: Ok("  acls: []\nplugins:\n- name: acl\n  config: {allow: [a, b]}\n"),
    },
    // AWS: a method without scopes takes another kind of token, and a client of Cognito without
    // any is refused.
    Row {
        name: "template.yaml",
        text: "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Get:\n    Type: AWS::ApiGateway::Method\n    Properties: {HttpMethod: GET, AuthorizationScopes: [orders/read]}\n  Client:\n    Type: AWS::Cognito::UserPoolClient\n    Properties:\n      ClientName: c\n      AllowedOAuthFlows: [client_credentials]\n      AllowedOAuthScopes:\n      - orders/read\n      - orders/write\n",
        never: &["AuthorizationScopes: []", "AllowedOAuthScopes: []"],
        all: OTHERWISE,
    },
    Row {
        name: "cognito.tf",
        text: "resource \"aws_cognito_user_pool_client\" \"c\" {\n  name                 = \"c\"\n  allowed_oauth_scopes = [\"a/r\", \"a/w\"]\n}\n",
        never: &["[]"],
        all: OTHERWISE,
    },
    // Okta: a rule names scopes.
    Row {
        name: "okta.tf",
        text: "resource \"okta_auth_server_policy\" \"p\" {\n  client_whitelist = [\"c\"]\n}\nresource \"okta_auth_server_policy_rule\" \"r\" {\n  policy_id       = okta_auth_server_policy.p.id\n  scope_whitelist = [\"a\", \"b\"]\n}\n",
        never: &["[]"],
        all: OTHERWISE,
    },
    Row {
        name: "okta_api.tf",
        text: "resource \"okta_app_oauth_api_scope\" \"c\" {\n  app_id = \"c\"\n  issuer = \"https://org.example\"\n  scopes = [\n    \"okta.users.read\",\n    \"okta.groups.read\",\n  ]\n}\n",
        never: &["[]", "scopes = [\n  ]"],
        all: OTHERWISE,
    },
    // Auth0: nothing is granted, unless everything is.
    Row {
        name: "tenant.yaml",
        text: "clientGrants:\n- client_id: a\n  audience: api\n  scope: [r, w]\n- client_id: b\n  audience: api\n  allow_all_scopes: true\n  scope:\n  - r\n",
        never: &["allow_all_scopes: true\n  scope: []", "scope:\n- "],
        all: Ok(
            "  scope: []\n- client_id: b\n  audience: api\n  allow_all_scopes: true\n  scope:\n  - r\n",
        ),
    },
    // IAM: a statement names actions, and a document statements.
    Row {
        name: "billing.json",
        text: r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
  {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}"#,
        never: &[
            "\"Action\": []",
            "\"Action\": \"\"",
            "\"Statement\": []",
            "\"Resource\": []",
        ],
        all: OTHERWISE,
    },
    // Kubernetes: a rule names verbs and resources; a role without rules grants nothing.
    Row {
        name: "rbac.yaml",
        text: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get, list]\n- apiGroups: ['']\n  resources: [nodes]\n  resourceNames: [n]\n  verbs: [get]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: r}\nsubjects:\n- {kind: User, name: u}\n",
        never: &[
            "verbs: []",
            "resources: []",
            "apiGroups: []",
            "resourceNames: []",
            "roleRef: {}",
        ],
        all: Ok("rules: []\n"),
    },
    // Hydra: a client without scopes is given the default ones.
    Row {
        name: "clients.json",
        text: r#"[{"client_id": "a", "scope": "r w"}, {"client_id": "b", "scope": "r"}]"#,
        never: &["\"scope\": \"\""],
        all: OTHERWISE,
    },
    // Entra: a grant has scopes.
    Row {
        name: "oauth2PermissionGrants.json",
        text: r#"{"value": [{"id": "g", "clientId": "c", "consentType": "AllPrincipals", "resourceId": "r", "scope": "a b"}]}"#,
        never: &["\"scope\": \"\""],
        all: OTHERWISE,
    },
    // Keycloak: an empty list is none, where a missing one would be the default of the realm.
    Row {
        name: "realm.json",
        text: r#"{"realm": "shop", "clientScopes": [{"name": "orders:read"}, {"name": "orders:write"}],
 "clients": [{"clientId": "c", "defaultClientScopes": ["orders:read", "orders:write"]}]}"#,
        never: &["null", "\"defaultClientScopes\": }"],
        all: Ok("\"defaultClientScopes\": []"),
    },
    Row {
        name: "grants.yaml",
        text: "version: 1\nclients:\n  c:\n    scopes:\n    - a\n    - b\n",
        never: &["scopes:\n\n", "null"],
        all: Ok("    scopes: []\n"),
    },
    Row {
        name: "map.json",
        text: r#"{"c": ["a", "b"]}"#,
        never: &["null"],
        all: Ok(r#"{"c": []}"#),
    },
    Row {
        name: "grants.csv",
        text: "client,scope\nc,a b\nd,a\n",
        never: &["c,\n", "d,\n", "\"\""],
        all: Ok("client,scope\n"),
    },
];

/// The text without these entries, or why there is none.
fn without(policy: &Policy, entries: &[usize]) -> Result<String, String> {
    let removals: Vec<Removal> = entries
        .iter()
        .map(|entry| Removal {
            file: 0,
            entry: *entry,
        })
        .collect();
    let patch = plan(policy, &removals, &[]).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(patch.files[0].new.clone()).unwrap())
}

#[test]
fn what_is_not_none_is_never_written_whatever_is_removed() {
    let mut known = BTreeSet::new();
    for row in ROWS {
        let mut policy = policy(row.text, row.name);
        grants::join(&mut policy).unwrap();
        let file = &policy.files[0];
        known.insert(file.format.to_string());
        let free = (0..file.entries.len()).filter(|entry| file.entries[*entry].frozen.is_none());
        let free: Vec<usize> = free.collect();
        assert!(free.len() > 1, "{}", row.text);
        for chosen in 1..1_u32 << free.len() {
            let entries = free.iter().enumerate();
            let entries = entries.filter(|(bit, _)| (chosen >> bit) & 1 == 1);
            let entries: Vec<usize> = entries.map(|(_, entry)| *entry).collect();
            let Ok(new) = without(&policy, &entries) else {
                continue;
            };
            for never in row.never {
                assert!(!new.contains(never), "{never}: {new}");
            }
        }
        match (without(&policy, &free), row.all) {
            (Ok(new), Ok(left)) => assert!(new.contains(left), "{new}"),
            (Err(error), Err(reason)) => assert!(error.contains(reason), "{error}"),
            (found, _) => panic!("{}: {found:?}", row.text),
        }
    }
    let all: BTreeSet<String> = grants::ALL
        .iter()
        .map(|format| format.name().to_owned())
        .collect();
    assert_eq!(known, all, "each format is in the table");
}

/// What only says what is required, and for whom a route is open: never taken for a policy.
#[test]
fn requirements_are_no_policies_and_are_never_edited() {
    for (name, text) in [
        (
            "openapi.yaml",
            "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /orders:\n    get:\n      security: [{oauth: [orders:read]}]\n",
        ),
        (
            "methods.yaml",
            "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Get:\n    Type: AWS::ApiGateway::Method\n    Properties: {AuthorizationScopes: [orders/read]}\n",
        ),
        (
            "envoy.yaml",
            "rules:\n  action: ALLOW\n  policies:\n    billing:\n      permissions:\n      - header: {name: ':method', exact_match: GET}\n      principals:\n      - any: true\n",
        ),
        (
            "kong.yaml",
            "_format_version: \"3.0\"\nplugins:\n- name: acl\n  config: {allow: [a]}\n",
        ),
    ] {
        let read = grants::read(Arc::from(text.as_bytes()), name);
        assert!(read.is_err(), "{name}");
    }
}
