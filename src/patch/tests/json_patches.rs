//! Edits of objects behind an API, as JSON Patch.

use serde_json::{Value, json};

use super::json_patch::{ObjectPatch, of_objects};
use super::*;

const ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: it's, namespace: shop}
rules:
- apiGroups: ['']
  resources: [pods, nodes]
  verbs: [get, list]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {kind: Role, name: it's}
subjects:
- {kind: User, name: u}
- {kind: User, name: v}
";

/// The patches of a file that loses these grants.
fn patches(text: &str, name: &str, gone: &[&str]) -> Result<Vec<ObjectPatch>, String> {
    let policy = policy(text, name);
    let patch = plan(&policy, &giving(&policy, gone), &[]).unwrap();
    of_objects(&patch.files[0])
}

fn tested(at: &str, value: &Value) -> [Value; 2] {
    [
        json!({"op": "test", "path": at, "value": value}),
        json!({"op": "remove", "path": at}),
    ]
}

#[test]
fn a_rule_and_a_verb_of_a_role_are_taken_from_the_end() {
    let gone = ["pods:list", "nodes:list", "deployments.apps:get"];
    let role = patches(ROLE, "role.yaml", &gone).unwrap();
    assert_eq!(role.len(), 1, "the binding is as it was");
    assert_eq!(role[0].name, "Role-shop-it's");
    let second = json!({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]});
    // The rest of its rule is as it was, too.
    let (whole, operations) = role[0].operations.split_first().unwrap();
    let first =
        json!({"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list"]});
    assert_eq!(
        *whole,
        json!({"op": "test", "path": "/rules/0", "value": first})
    );
    let expected = [
        tested("/rules/0/verbs/1", &json!("list")),
        tested("/rules/1", &second),
    ];
    assert_eq!(operations, expected.concat());
    let command = role[0].command.as_deref().unwrap();
    let head = "kubectl patch role.rbac.authorization.k8s.io 'it'\\''s' --namespace shop --type json --patch '[{";
    assert!(command.starts_with(head), "{command}");
    // Both rules go.
    let all = [
        "pods:get",
        "nodes:get",
        "pods:list",
        "nodes:list",
        "deployments.apps:get",
    ];
    let role = patches(ROLE, "role.yaml", &all).unwrap();
    let paths: Vec<&Value> = role[0].operations.iter().map(|own| &own["path"]).collect();
    assert_eq!(paths, ["/rules/1", "/rules/1", "/rules/0", "/rules/0"]);
}

#[test]
fn objects_of_auth0_and_hydra_are_told_apart_in_lists_and_alone() {
    let grant = r#"{"client_id": "Web", "audience": "api", "scope": ["a", "b/~", "c"]}"#;
    let alone = patches(grant, "grants/Web.json", &["a", "c"]).unwrap();
    assert_eq!(alone[0].name, "Web-api");
    let expected = [
        tested("/scope/2", &json!("c")),
        tested("/scope/0", &json!("a")),
    ];
    assert_eq!(alone[0].operations, expected.concat());
    assert_eq!(alone[0].command, None);
    let tenant = "clientGrants:\n- client_id: a\n  audience: x\n  scope: [r]\n- client_id: b\n  audience: x\n  scope: [r, w]\n";
    let names: Vec<String> = patches(tenant, "tenant.yaml", &["r"])
        .unwrap()
        .into_iter()
        .map(|own| own.name)
        .collect();
    assert_eq!(names, ["a-x", "b-x"]);
    let hydra =
        r#"{"items": [{"client_id": "a", "scope": "r w"}, {"client_id": "b", "scope": "r"}]}"#;
    let hydra = patches(hydra, "clients.json", &["w"]).unwrap();
    let expected = [
        json!({"op": "test", "path": "/scope", "value": "r w"}),
        json!({"op": "replace", "path": "/scope", "value": "r"}),
    ];
    assert_eq!((hydra.len(), &*hydra[0].operations), (1, &expected[..]));
}

#[test]
fn what_is_no_object_of_an_api_has_no_json_patch() {
    let why = patches(
        "version: 1\nclients: {a: {scopes: [x, y]}}\n",
        "grants.yaml",
        &["x"],
    );
    assert!(why.unwrap_err().contains("not an object"));
    let open = "clientGrants:\n- client_id: a\n  audience: x\n  scope: [r, w]\nclients:\n- name: a\n  client_id: b\n  callbacks: @@ALL@@\n";
    assert!(
        patches(open, "tenant.yaml", &["r"]).is_err(),
        "it cannot be read without its placeholders"
    );
}
