//! Roles and bindings of Kubernetes in Terraform: what is read, and what each removal leaves.

use super::formats::round_trips;
use super::terraform::formatted;
use super::*;
use crate::model::RoleName;

const TEXT: &str = r#"
resource "kubernetes_role" "deployer" {
  metadata {
    name      = "deployer"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }

  rule {
    api_groups = ["apps"]
    resources  = ["deployments", "deployments/scale"]
    verbs      = ["get", "patch"]
  }

  # pods alone
  rule {
    api_groups     = [""]
    resources      = ["pods"]
    resource_names = ["a"]
    verbs = [
      "get",
      "list", # why
    ]
  }
}

resource "kubernetes_namespace" "shop" {
  metadata {
    name = "shop"
  }
}

resource "kubernetes_role_binding_v1" "deployer" {
  metadata {
    name      = "deployer"
    namespace = "shop"
  }
  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = kubernetes_role.deployer.metadata.0.name
  }
  subject {
    kind      = "ServiceAccount"
    name      = "ci"
    namespace = "shop"
  }
  subject {
    kind = "User"
    name = "ann"
  }
}

resource "kubernetes_cluster_role" "nodes" {
  metadata {
    name = "nodes"
  }
  rule {
    api_groups = [""]
    resources  = ["nodes"]
    verbs      = var.verbs
  }
  rule {
    non_resource_urls = ["/healthz"]
    verbs             = ["get", "post"]
  }
}
"#;

fn terms(policy: &Policy) -> Vec<String> {
    let entries = policy.files.iter().flat_map(|file| &file.entries);
    let mut all: Vec<String> = entries
        .filter_map(|entry| match &entry.granted {
            Granted::Term(term) => Some(term.to_string()),
            Granted::Role(_) => None,
        })
        .collect();
    all.sort();
    all
}

#[test]
fn roles_of_kubernetes_are_read_as_blocks() {
    for text in [TEXT.to_owned(), TEXT.replace('\n', "\r\n")] {
        let all = policy(&text, "rbac.tf");
        let held = all.holdings();
        let of = |client: &str| held[&ClientName::new(client)].len();
        assert_eq!(of("system:serviceaccount:shop:ci"), 6);
        assert_eq!(of("ann"), 6);
        assert!(terms(&all).contains(&"nodes:${var.verbs}".to_owned()));
        assert!(all.files[0].in_parts);
    }
    let all = policy(TEXT, "rbac.tf");
    let healthz = giving(&all, &["/healthz:get"])[0].entry;
    assert_eq!(all.files[0].entries[healthz].frozen, None);
    let nodes = giving(&all, &["nodes:${var.verbs}"])[0].entry;
    assert!(all.files[0].entries[nodes].frozen.is_some());
}

#[test]
fn an_edit_of_a_rule_in_terraform_is_the_smallest_one() {
    let scale = ["deployments.apps/scale:get", "deployments.apps/scale:patch"];
    let edited = without(TEXT, "rbac.tf", &scale);
    assert_eq!(edited, TEXT.replace(", \"deployments/scale\"]", "]"));
    formatted(edited.trim_start());
    assert_eq!(
        without(TEXT, "rbac.tf", &["pods:list"]),
        TEXT.replace("      \"list\", # why\n", "")
    );
    let pods = without(TEXT, "rbac.tf", &["pods:get", "pods:list"]);
    assert!(
        !pods.contains("\"pods\"") && pods.contains("# pods alone"),
        "{pods}"
    );
    let one = "resource \"kubernetes_role\" \"r\" {\n  metadata {\n    name = \"r\"\n  }\n  rule {\n    api_groups = [\"\"]\n    resources  = [\"pods\"]\n    verbs      = [\"get\", \"list\"]\n  }\n}\n";
    round_trips(one, "r.tf");
    let all = policy(one, "r.tf");
    let error = plan(&all, &giving(&all, &["pods:get", "pods:list"]), &[]).unwrap_err();
    assert!(error.to_string().contains("would be empty"), "{error}");
}

#[test]
fn where_a_binding_is_not_understood_roles_stay() {
    let others = [
        "resource \"kubernetes_role_binding\" \"x\" {\n  metadata {\n    name = \"x\"\n  }\n  role_ref {\n    kind = \"Role\"\n    name = var.role\n  }\n}\n",
        "resource \"kubernetes_cluster_role_binding\" \"x\" {\n  metadata {\n    name = \"x\"\n  }\n  role_ref {\n    kind = var.kind\n    name = \"deployer\"\n  }\n}\n",
    ];
    for other in others {
        let all = policy(&format!("{TEXT}{other}"), "rbac.tf");
        let entry = giving(&all, &["pods:get"])[0].entry;
        let why = all.files[0].entries[entry]
            .frozen
            .as_deref()
            .unwrap_or_default();
        assert!(why.contains("by an expression"), "{why}");
    }
    let group = TEXT.replace(
        "kind = \"User\"\n    name = \"ann\"",
        "kind = \"User\"\n    name = var.user",
    );
    let all = policy(&group, "rbac.tf");
    let role = RoleName::new("Role/shop/deployer");
    assert!(!all.roles().strangers(0, &role).is_empty());
    let gathered = "resource \"kubernetes_cluster_role\" \"g\" {\n  metadata {\n    name = \"g\"\n    labels = { a = \"b\" }\n  }\n  aggregation_rule {\n    cluster_role_selectors {\n      match_labels = { x = \"y\" }\n    }\n  }\n}\n";
    let all = policy(gathered, "g.tf");
    assert!(all.roles().gathers(0, &RoleName::new("ClusterRole/g")));
}

const MANIFESTS: &str = r#"
resource "kubernetes_manifest" "reader" {
  manifest = {
    apiVersion = "rbac.authorization.k8s.io/v1"
    kind       = "Role"
    metadata = {
      name      = "reader"
      namespace = "shop"
    }
    rules = [
      {
        apiGroups = [""]
        resources = ["pods", "secrets"]
        verbs     = ["get"]
      },
      # jobs, too
      {
        apiGroups = ["batch"]
        resources = ["jobs"]
        verbs     = ["get", "delete"]
      },
    ]
  }
}

resource "kubernetes_manifest" "readers" {
  manifest = {
    "apiVersion" = "rbac.authorization.k8s.io/v1"
    "kind"       = "RoleBinding"
    "metadata"   = { "name" = "readers", "namespace" = "shop" }
    "roleRef" = {
      "apiGroup" = "rbac.authorization.k8s.io"
      "kind"     = "Role"
      "name"     = kubernetes_manifest.reader.manifest.metadata.name
    }
    "subjects" = [{ "kind" = "ServiceAccount", "name" = "web", "namespace" = "shop" }]
  }
}

resource "kubernetes_manifest" "other" {
  manifest = {
    apiVersion = "example.com/v1"
    kind       = "Role"
    rules      = "none of ours"
  }
}
"#;

#[test]
fn manifests_of_roles_are_read_and_edited_as_the_objects_that_they_hold() {
    let all = policy(MANIFESTS, "m.tf");
    let held = all.holdings();
    let web = &held[&ClientName::new("system:serviceaccount:shop:web")];
    let names: Vec<&str> = web.keys().map(Term::as_str).collect();
    let expected = [
        "jobs.batch:delete",
        "jobs.batch:get",
        "pods:get",
        "secrets:get",
    ];
    assert_eq!(names, expected);
    round_trips(MANIFESTS, "m.tf");
    let edited = without(MANIFESTS, "m.tf", &["secrets:get", "jobs.batch:delete"]);
    let expected = MANIFESTS.replace(", \"secrets\"]", "]");
    assert_eq!(edited, expected.replace(", \"delete\"]", "]"));
    let jobs = without(MANIFESTS, "m.tf", &["jobs.batch:get", "jobs.batch:delete"]);
    assert!(
        jobs.contains("\"pods\"") && !jobs.contains("\"jobs\""),
        "{jobs}"
    );
}

#[test]
fn where_a_manifest_is_an_expression_roles_stay() {
    let others = [
        "resource \"kubernetes_manifest\" \"x\" {\n  manifest = yamldecode(file(\"x.yaml\"))\n}\n",
        "resource \"kubernetes_manifest\" \"x\" {\n  manifest = {\n    apiVersion = \"v1\"\n    kind = var.kind\n  }\n}\n",
        "resource \"kubernetes_manifest\" \"x\" {\n  manifest = {\n    apiVersion = \"rbac.authorization.k8s.io/v1\"\n    kind = \"RoleBinding\"\n    metadata = { name = \"x\", namespace = \"shop\" }\n    roleRef = { kind = \"Role\", name = \"reader\" }\n    subjects = var.subjects\n  }\n}\n",
    ];
    for other in others {
        let all = policy(&format!("{MANIFESTS}{other}"), "m.tf");
        let file = &all.files[0];
        let entry = giving(&all, &["pods:get"])[0].entry;
        assert!(file.entries[entry].frozen.is_some(), "{other}");
        let warned = file
            .warnings
            .iter()
            .any(|own| own.code == "manifest-not-read");
        assert!(warned, "{other}");
    }
}
