//! What is read of Kubernetes: which documents, whose grants, and what is only kept.

use super::*;

const ROLES: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 1}  # keep this low
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
subjects:
- {kind: ServiceAccount, name: ci, namespace: tools}
- {kind: ServiceAccount, name: own}
- {kind: User, name: 'jane@example.com', apiGroup: rbac.authorization.k8s.io}
- {kind: Group, name: devs}
- {kind: ServiceAccount, name: '{{ .Values.account }}'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: shop}
rules:
- apiGroups: [apps]
  resources: [deployments/scale, '*']
  verbs: [update]
- apiGroups: [\"\"]
  resources: [secrets]
  resourceNames: [a]
  verbs: [get]  # keep reason=\"rotation\"
- apiGroups: [\"\"]
  resources: [configmaps]
  verbs: []
- verbs: [get]
---
# nothing here
";

/// Who is given what, one line for each entry.
fn read_all(text: &str, name: &str) -> Vec<String> {
    let line = |entry: &Entry| {
        let who = match &entry.subject {
            Subject::Client(client) => client.to_string(),
            Subject::Role(role) => format!("@{role}"),
        };
        match &entry.granted {
            Granted::Term(term) => format!("{who} {term}"),
            Granted::Role(role) => format!("{who} @{role}"),
        }
    };
    file(text, name).entries.iter().map(line).collect()
}

fn holds(lines: &[String], wanted: &[&str]) {
    for wanted in wanted {
        let found = lines.iter().any(|line| line.starts_with(wanted));
        assert!(found, "{wanted}: {lines:#?}");
    }
}

#[test]
fn every_cell_and_every_subject_is_an_entry() {
    let found = read_all(ROLES, "rbac.yaml");
    holds(
        &found,
        &[
            "system:serviceaccount:tools:ci @Role/shop/r",
            "system:serviceaccount:shop:own @Role/shop/r",
            "jane@example.com @Role/shop/r",
            "@Group/devs @Role/shop/r",
            "@ServiceAccount/{{ .Values.account }} @Role/shop/r",
            "@Role/shop/r deployments.apps/scale:update",
            "@Role/shop/r *.apps:update",
            "@Role/shop/r secrets:get",
        ],
    );
    assert_eq!(found.len(), 8, "{found:#?}");
    let policy = file(ROLES, "rbac.yaml");
    assert_eq!(&*policy.format, "kubernetes-rbac");
    let keep = |name: &str| {
        let named = |entry: &&Entry| entry.granted == Granted::Term(Term::new(name));
        policy.entries.iter().find(named).unwrap().keep.is_some()
    };
    assert!(keep("secrets:get") && !keep("*.apps:update"));
    let warned: Vec<_> = policy.warnings.iter().map(|own| own.code).collect();
    assert_eq!(warned, ["unknown-members", "unknown-members"]);
}

#[test]
fn lists_of_every_kind_are_read() {
    let role = r#"{"metadata": {"name": "a", "namespace": "n"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}"#;
    let typed = role.replacen(
        '{',
        r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "#,
        1,
    );
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{typed}]}}"#);
    let own = format!(
        r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}]}}"#
    );
    for text in [typed, list, own] {
        assert_eq!(read_all(&text, "r.json"), ["@Role/n/a pods:get"], "{text}");
    }
    let other =
        r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod"}]}"#;
    let (message, _) = refused(other, "r.json");
    assert!(message.contains("objects of Kubernetes"), "{message}");
}

#[test]
fn what_cannot_be_edited_says_why() {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n";
    let rule = "rules:\n- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get]\n";
    let frozen = |text: &str| {
        let file = file(text, "r.yaml");
        file.entries[0].frozen.clone().unwrap_or_default()
    };
    assert_eq!(frozen(&format!("{head}{rule}")), "");
    let cases = [
        (
            format!("{head}aggregationRule: {{clusterRoleSelectors: [{{}}]}}\n{rule}"),
            "aggregated role",
        ),
        (format!("{head}{rule}---\n{head}{rule}"), "more than once"),
        (
            format!("{head}{}", rule.replace("[get]", "&v [get]")),
            "anchor",
        ),
        (
            format!("{head}{}", rule.replace("[pods]", "['{{ x }}']")),
            "template marker",
        ),
        (
            format!(
                "{head}{}",
                rule.replace("  verbs", "  nonResourceURLs: [/a]\n  verbs")
            ),
            "resources and paths",
        ),
        (
            format!("{}{rule}", head.replace("name: a", "name: '{{ a }}'")),
            "template marker",
        ),
    ];
    for (text, why) in cases {
        let found = frozen(&text);
        assert!(found.contains(why), "{why}: {found}\n{text}");
    }
    for (from, to) in [
        ("[get]", "get"),
        ("[pods]", "{a: b}"),
        ("name: a", "labels: {a: b}"),
    ] {
        let text = format!("{head}{rule}").replace(from, to);
        let (message, _) = refused(&text, "r.yaml");
        assert!(message.starts_with("r.yaml:"), "{message}");
        assert!(!message.contains("objects of Kubernetes"), "{message}");
    }
}

/// Several files as one policy.
fn joined(files: &[&str]) -> Policy {
    let mut policy = Policy {
        files: files.iter().map(|text| file(text, "r.yaml")).collect(),
        ..Policy::default()
    };
    join(&mut policy).unwrap();
    policy
}

const ADMIN: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {to-all: 'true'}
  - matchExpressions: [{key: tier, operator: In, values: [gold]}]
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: ClusterRole, name: all}
subjects: [{kind: User, name: jane}]
";

fn part(name: &str, label: &str, resource: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{{label}}}}}\nrules:\n- {{apiGroups: [''], resources: [{resource}], verbs: [get]}}\n"
    )
}

#[test]
fn an_aggregated_role_gives_what_its_labels_find_in_other_files() {
    let one = part("one", "to-all: 'true'", "pods");
    let two = part("two", "tier: gold", "nodes");
    let none = part("none", "tier: silver", "secrets");
    for files in [[ADMIN, &one, &two, &none], [&none, &two, &one, ADMIN]] {
        let policy = joined(&files);
        let held = policy.holdings();
        let held: Vec<&str> = held["jane"].keys().map(Term::as_str).collect();
        assert_eq!(held, ["nodes:get", "pods:get"]);
        let at = files.iter().position(|text| *text == one).unwrap();
        let roles = policy.roles();
        let members = roles.members(at, &RoleName::new("ClusterRole/one"));
        assert_eq!(members, [ClientName::new("jane")].into());
    }
}

#[test]
fn a_role_for_one_of_the_cluster_has_members_that_nobody_knows() {
    let label = "rbac.authorization.k8s.io/aggregate-to-view: 'true'";
    let policy = joined(&[&part("one", label, "pods")]);
    let (roles, one) = (policy.roles(), RoleName::new("ClusterRole/one"));
    let strangers: Vec<&str> = roles
        .strangers(0, &one)
        .iter()
        .map(|role| role.as_str())
        .collect();
    assert_eq!(strangers, ["ClusterRole/view"]);
}

#[test]
fn a_role_that_no_file_defines_is_a_warning() {
    let binding = &ADMIN[ADMIN.find("---").unwrap()..];
    let policy = joined(&[&binding.replace("name: all", "name: cluster-admin")]);
    let warning = &policy.files[0].warnings[0];
    assert_eq!(warning.code, "undefined-role");
    assert!(
        warning
            .message
            .contains("`ClusterRole/cluster-admin` of client `jane`"),
        "{}",
        warning.message
    );
    assert!(policy.holdings()["jane"].is_empty());
}
