//! Roles and bindings of Kubernetes.

use std::fmt::Write as _;

use serde_json::Value;

use super::support::{self, Case};

/// A run on files of a cluster: the report and the diff.
pub(super) fn cluster(files: &[(&str, &str)], audit: &str) -> (Value, String) {
    analyze(files, audit, &[])
}

/// The same with narrower scopes.
pub(super) fn narrowed(files: &[(&str, &str)], audit: &str) -> (Value, String) {
    analyze(files, audit, &["--narrow"])
}

fn analyze(files: &[(&str, &str)], audit: &str, more: &[&str]) -> (Value, String) {
    let case = Case::new();
    case.write("audit.log", audit);
    let mut args = vec!["analyze", "--logs", "audit.log", "--level", "review"];
    args.extend(["--quiet", "--out", "out"]);
    args.extend(support::ANY_SHARE);
    args.extend(more);
    for (name, text) in files {
        case.write(name, text);
        args.extend(["--grants", *name]);
    }
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let read = |name: &str| std::fs::read_to_string(case.path(name)).expect("a result");
    let report = serde_json::from_str(&read("out/report.json")).expect("a report");
    (report, read("out/policy.diff"))
}

/// One request a day.
fn audit(calls: &[(&str, &str, &str)]) -> String {
    let mut log = String::new();
    let first = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day");
    for day in 0..300 {
        let time = first + chrono::Days::new(day);
        for (user, resource, verb) in calls {
            let event = serde_json::json!({
                "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "verb": verb,
                "auditID": format!("{day}-{user}-{resource}-{verb}"), "stage": "ResponseComplete",
                "requestURI": format!("/api/v1/{resource}"), "user": {"username": user},
                "objectRef": {"resource": resource, "apiVersion": "v1"}, "responseStatus": {"code": 200},
                "requestReceivedTimestamp": format!("{time}T10:00:00Z"),
                "annotations": {"authorization.k8s.io/decision": "allow"},
            });
            writeln!(log, "{event}").expect("text");
        }
    }
    log
}

const HEAD: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn binding(name: &str, role: &str, kind: &str, subject: &str) -> String {
    format!(
        "{HEAD}kind: ClusterRoleBinding\nmetadata: {{name: {name}}}\nroleRef: {{kind: ClusterRole, name: {role}}}\nsubjects:\n- {{kind: {kind}, name: {subject}}}\n"
    )
}

pub(super) fn verdicts(report: &Value, client: &str) -> Vec<String> {
    let clients = report["clients"].as_array().expect("clients");
    let client = clients.iter().find(|own| own["id"] == client).expect("it");
    let terms = client["terms"].as_array().expect("terms").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |term: &Value| {
        let level = text(&term["level"]);
        format!("{} {} {level}", text(&term["term"]), text(&term["verdict"]))
    };
    terms.map(|term| line(term).trim_end().to_owned()).collect()
}

#[test]
fn a_role_of_a_group_loses_nothing_and_its_known_member_may_lose_the_role() {
    let roles = format!(
        "{HEAD}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- {{apiGroups: [''], resources: [pods], verbs: [get, list]}}\n---\n{HEAD}kind: ClusterRole\nmetadata: {{name: own}}\nrules:\n- {{apiGroups: [''], resources: [nodes], verbs: [get, list]}}\n"
    );
    let users = [
        binding("a", "r", "User", "jane"),
        binding("b", "r", "User", "idle"),
        binding("c", "own", "User", "jane"),
        binding("d", "own", "User", "idle"),
    ];
    let users = users.join("---\n");
    let group = binding("e", "r", "Group", "devs");
    let log = audit(&[
        ("jane", "pods", "get"),
        ("jane", "nodes", "get"),
        ("idle", "nodes", "list"),
    ]);
    let files = [
        ("roles.yaml", &*roles),
        ("users.yaml", &*users),
        ("group.yaml", &*group),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (report, diff) = cluster(&order.map(|at: usize| files[at]), &log);
        assert_eq!(
            verdicts(&report, "jane"),
            [
                "nodes:get keep",
                "nodes:list remove manual",
                "pods:get keep",
                "pods:list remove manual"
            ]
        );
        let gone: Vec<&str> = diff
            .lines()
            .filter(|line| line.starts_with("-- "))
            .collect();
        assert_eq!(gone, ["-- {kind: User, name: idle}"], "{diff}");
        assert!(report.to_string().contains("Group/devs"), "{report}");
    }
}

#[test]
fn a_cell_goes_where_all_cells_of_its_verb_go_and_no_safer_than_they() {
    let rules = |rest: &str| {
        format!(
            "{HEAD}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- apiGroups: ['']\n  resources: [pods, nodes]\n  verbs: [get, delete{rest}]\n"
        )
    };
    let users = binding("a", "r", "User", "jane");
    let log = audit(&[
        ("jane", "pods", "get"),
        ("jane", "nodes", "get"),
        ("jane", "nodes", "list"),
    ]);
    let (report, diff) = cluster(
        &[("r.yaml", &rules(", list, '*', use")), ("u.yaml", &users)],
        &log,
    );
    assert_eq!(
        verdicts(&report, "jane"),
        [
            "nodes:* keep",
            "nodes:delete remove review",
            "nodes:get keep",
            "nodes:list keep",
            "nodes:use unobservable",
            "pods:* narrow manual",
            "pods:delete remove review",
            "pods:get keep",
            "pods:list remove manual",
            "pods:use unobservable",
        ]
    );
    assert!(diff.contains("+  verbs: [get, list, '*', use]\n"), "{diff}");
    // A grant of one namespace does not stand in for that of another.
    let case = Case::new();
    case.write("audit.log", &log);
    case.write("r.yaml", rules(""));
    case.write("u.yaml", &users);
    let run = case.run(&[
        "analyze",
        "--logs",
        "audit.log",
        "--grants",
        "r.yaml",
        "--grants",
        "u.yaml",
        "--match",
        "glob",
    ]);
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("holds in its namespace"), "{}", run.err);
}

/// What audit2rbac made of a log is what that log needs, but for verbs that it adds on purpose.
#[test]
fn roles_of_audit2rbac_lose_nothing_that_its_log_shows() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cases/audit2rbac");
    let mut cases = 0;
    for number in 1..7 {
        let read =
            |name: &str| std::fs::read_to_string(folder.join(format!("0{number}")).join(name));
        let (Ok(audit), Ok(expected)) = (read("audit.log"), read("expected.json")) else {
            continue;
        };
        cases += 1;
        let expected: Value = serde_json::from_str(&expected).expect("a case");
        let mut items = Vec::new();
        for kind in ["ClusterRole", "Role"] {
            for role in expected["rbac"][format!("{kind}s")]
                .as_array()
                .into_iter()
                .flatten()
            {
                let mut role = role.clone();
                role["apiVersion"] = HEAD[12..].trim().into();
                role["kind"] = kind.into();
                items.push(role.clone());
                let mut given = serde_json::json!({"apiVersion": role["apiVersion"], "metadata": role["metadata"]});
                given["kind"] = format!("{kind}Binding").into();
                given["roleRef"] =
                    serde_json::json!({"kind": kind, "name": role["metadata"]["name"]});
                given["subjects"] = serde_json::json!([{"kind": "User", "name": "bob"}]);
                items.push(given);
            }
        }
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
        let more = format!(
            "{HEAD}kind: ClusterRole\nmetadata: {{name: more}}\nrules:\n- {{apiGroups: [''], resources: [secrets], verbs: [get]}}\n---\n{}",
            binding("more", "more", "User", "bob")
        );
        let list = serde_json::to_string_pretty(&list).expect("text");
        let (report, _) = cluster(&[("list.json", &list), ("more.yaml", &more)], &audit);
        let verdicts = verdicts(&report, "bob");
        let removed = verdicts
            .iter()
            .filter_map(|line| line.split_once(" remove"));
        let removed: Vec<&str> = removed.map(|(term, _)| term).collect();
        let watched = [
            "configmaps:watch",
            "deployments.apps:watch",
            "pods:watch",
            "secrets:get",
        ];
        let expected = if number == 6 {
            &watched[..]
        } else {
            &watched[3..]
        };
        assert_eq!(removed, expected, "{number}: {report}");
    }
    if cases == 0 {
        eprintln!("skipped: the cases of audit2rbac are not here");
    }
}

#[test]
fn whoever_has_a_role_that_gathers_others_keeps_it() {
    // What the cluster adds to such a role is in no file.
    let roles = format!(
        "{HEAD}kind: ClusterRole\nmetadata: {{name: all}}\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{of: all}}}}]}}\n---\n{HEAD}kind: ClusterRole\nmetadata: {{name: part, labels: {{of: all}}}}\nrules:\n- {{apiGroups: [''], resources: [pods], verbs: [get]}}\n---\n{HEAD}kind: ClusterRole\nmetadata: {{name: own}}\nrules:\n- {{apiGroups: [''], resources: [nodes], verbs: [get]}}\n"
    );
    let users = [
        binding("a", "all", "User", "jane"),
        binding("b", "all", "User", "idle"),
        binding("c", "own", "User", "idle"),
    ]
    .join("---\n");
    let log = audit(&[("jane", "pods", "get"), ("idle", "nodes", "get")]);
    let (report, diff) = cluster(&[("roles.yaml", &roles), ("users.yaml", &users)], &log);
    assert_eq!(verdicts(&report, "jane"), ["pods:get keep"]);
    assert_eq!(
        verdicts(&report, "idle"),
        ["nodes:get keep", "pods:get remove manual"]
    );
    assert!(!diff.contains("\n-"), "{diff}");
}

#[test]
fn of_two_bindings_that_give_the_same_none_is_called_superfluous() {
    let role = |namespace: &str| {
        format!(
            "{HEAD}kind: Role\nmetadata: {{name: r, namespace: {namespace}}}\nrules:\n- {{apiGroups: [''], resources: [pods], verbs: [get]}}\n---\n{HEAD}kind: RoleBinding\nmetadata: {{name: b, namespace: {namespace}}}\nroleRef: {{kind: Role, name: r}}\nsubjects: [{{kind: User, name: jane}}]\n"
        )
    };
    let both = [role("shop"), role("bank")].join("---\n");
    let log = audit(&[("jane", "pods", "get")]);
    let (report, diff) = cluster(&[("both.yaml", &both)], &log);
    assert_eq!(verdicts(&report, "jane"), ["pods:get keep"; 2]);
    assert!(!report.to_string().contains("redundant-role"), "{report}");
    assert!(!diff.contains("\n-"), "{diff}");
}

#[test]
fn roles_of_kubernetes_next_to_actions_of_aws_are_refused_with_a_way_out() {
    let role = "resource \"kubernetes_cluster_role\" \"r\" {\n  metadata {\n    name = \"r\"\n  }\n  rule {\n    api_groups = [\"\"]\n    resources  = [\"pods\"]\n    verbs      = [\"get\"]\n  }\n}\n";
    let policy = "resource \"aws_iam_role_policy\" \"p\" {\n  role   = \"app\"\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", Action = [\"s3:GetObject\"], Resource = \"*\" }]\n  })\n}\n";
    let case = Case::new();
    case.write("both.tf", format!("{role}\n{policy}"));
    case.write("role.tf", role);
    case.write("policy.tf", policy);
    let refused = |files: &[&str]| {
        let grants = files.iter().flat_map(|file| ["--grants", file]);
        let args: Vec<&str> = ["grants"].into_iter().chain(grants).collect();
        let run = case.run(&args);
        assert_eq!(run.code, Some(2), "{files:?}");
        run.err
    };
    let said = refused(&["both.tf"]);
    assert!(said.contains("a file of their own next to it"), "{said}");
    let said = refused(&["role.tf", "policy.tf"]);
    assert!(said.contains("in policy.tf they do"), "{said}");
    assert!(
        said.contains("in one run and the others in another"),
        "{said}"
    );
}

#[test]
fn all_verbs_of_a_resource_are_judged_by_those_used_and_other_wildcards_are_kept() {
    let roles = format!(
        "{HEAD}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- apiGroups: ['']\n  resources: [pods, configmaps]\n  verbs: ['*']\n- apiGroups: ['*']\n  resources: ['*']\n  verbs: [list]\n- apiGroups: ['']\n  resources: [serviceaccounts]\n  verbs: ['*']\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n"
    );
    let users = binding("a", "r", "User", "jane");
    let log = audit(&[
        ("jane", "pods", "get"),
        ("jane", "pods", "patch"),
        ("jane", "services", "list"),
    ]);
    let files = [("roles.yaml", &*roles), ("users.yaml", &*users)];
    let (report, diff) = cluster(&files, &log);
    assert_eq!(
        verdicts(&report, "jane"),
        [
            "*.*:list keep",
            "configmaps:* remove review",
            "pods:* narrow review",
            // A grant of another namespace stands in for nothing.
            "pods:get keep",
            "serviceaccounts:* unobservable",
        ],
        "{report}"
    );
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    let of = |term: &str| terms.iter().find(|own| own["term"] == term).expect("it");
    assert_eq!(
        of("pods:*")["replace_with"].to_string(),
        r#"["pods:get","pods:patch"]"#
    );
    let reasons = |term: &str| of(term)["reasons"].to_string();
    assert!(reasons("configmaps:*").contains("pattern_given_up"));
    assert!(reasons("serviceaccounts:*").contains("not_recorded"));
    assert!(
        of("*.*:list")["witness"]
            .to_string()
            .contains("services:list")
    );
    assert!(diff.contains("+  resources: [pods]\n"), "{diff}");
    assert!(!diff.contains("patch"), "{diff}");
    let (_, diff) = narrowed(&files, &log);
    assert!(
        diff.contains("-  verbs: ['*']\n+  verbs: ['get', 'patch']\n"),
        "{diff}"
    );
}

#[test]
fn a_wildcard_of_several_resources_gives_way_to_the_verbs_of_all_of_them_or_stays() {
    let role = |verbs: &str| {
        format!(
            "{HEAD}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- resources:\n  - pods\n  - services\n  - configmaps\n  verbs:{verbs}\n  apiGroups: ['']\n"
        )
    };
    let users = [
        binding("a", "r", "User", "jane"),
        binding("b", "r", "User", "john"),
    ];
    let users = users.join("---\n");
    let log = audit(&[
        ("jane", "pods", "get"),
        ("john", "services", "update"),
        ("john", "pods", "list"),
        ("else", "secrets", "get"),
    ]);
    let all = role("\n  - '*' # all");
    let files = [("roles.yaml", &*all), ("users.yaml", &*users)];
    let (_, diff) = narrowed(&files, &log);
    let came: Vec<&str> = diff.lines().filter(|line| line.starts_with("+ ")).collect();
    assert_eq!(came.len(), 3, "{diff}");
    for (line, verb) in came.iter().zip(["get", "list", "update"]) {
        assert!(line.contains(&format!("- '{verb}'")), "{diff}");
    }
    assert!(diff.contains("\n-  - configmaps\n"), "{diff}");
    // Next to other verbs a wildcard stays, and so it does where somebody is not known.
    let mixed = role(" ['*', get]");
    let (_, diff) = narrowed(&[("roles.yaml", &*mixed), ("users.yaml", &*users)], &log);
    assert!(!diff.contains("+  verbs:"), "{diff}");
    let group = [&*users, "---\n", &binding("c", "r", "Group", "devs")].concat();
    let (_, diff) = narrowed(&[("roles.yaml", &*all), ("users.yaml", &group)], &log);
    assert!(
        !diff.contains("configmaps") && !diff.contains("'*'"),
        "{diff}"
    );
}
