//! Rules of Kubernetes: cells go where what is left is a product, and nowhere else.

use proptest::prelude::*;

use super::*;

/// Removes these entries, but for those that stay with others; gives the new text.
fn cut(policy: &Policy, wanted: &BTreeSet<usize>) -> Option<String> {
    let file = &policy.files[0];
    let document = file.document.as_ref().unwrap();
    let mut gone = wanted.clone();
    let free = |entry: &usize| file.entries[*entry].frozen.is_none();
    gone.retain(free);
    let stuck: Vec<usize> = document
        .grids()
        .iter()
        .flat_map(|grid| grid.stuck(|entry| gone.contains(&entry)))
        .collect();
    if !stuck.is_empty() {
        let all: Vec<Removal> = gone.iter().map(|entry| removal(*entry)).collect();
        let error = plan(policy, &all, &[]).unwrap_err();
        assert!(
            error.to_string().contains("together with others"),
            "{error}"
        );
        gone.retain(|entry| !stuck.contains(entry));
    }
    if gone.is_empty() {
        return None;
    }
    let removals: Vec<Removal> = gone.iter().map(|entry| removal(*entry)).collect();
    let patch = plan(policy, &removals, &[]).unwrap();
    let edited = &patch.files[0];
    let left: Vec<_> = edited.reread.entries.iter().map(key).collect();
    let kept = (0..file.entries.len()).filter(|entry| !gone.contains(entry));
    let kept: Vec<_> = kept.map(|entry| key(&file.entries[entry])).collect();
    assert_eq!(left, kept, "{}", edited.diff);
    Some(String::from_utf8(edited.new.clone()).unwrap())
}

fn removal(entry: usize) -> Removal {
    Removal { file: 0, entry }
}

/// The text without these terms of whatever role.
fn cut_terms(text: &str, name: &str, terms: &[&str]) -> String {
    let policy = policy(text, name);
    let wanted: BTreeSet<usize> = giving(&policy, terms).iter().map(|at| at.entry).collect();
    assert!(wanted.len() >= terms.len(), "every name is granted");
    cut(&policy, &wanted).unwrap_or_else(|| text.to_owned())
}

/// Each entry alone, each rule, and everything.
fn every_cut(text: &str, name: &str) {
    let policy = policy(text, name);
    let document = policy.files[0].document.as_ref().unwrap();
    let all: BTreeSet<usize> = (0..policy.files[0].entries.len()).collect();
    for entry in &all {
        cut(&policy, &[*entry].into());
    }
    for grid in document.grids() {
        cut(&policy, &grid.entries.iter().flatten().copied().collect());
    }
    cut(&policy, &all);
}

const ROLE: &str = "# of the shop
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
- apiGroups: [\"\"]   # core
  resources: [pods, pods/log]
  verbs: [get, list, watch]
# deployments
- verbs:
  - get
  - patch    # nightly
  - delete
  apiGroups:
  - apps
  resources:
  - deployments
- apiGroups: ['']
  resources: [secrets]
  resourceNames: [one]
  verbs: ['get']
";

#[test]
fn a_verb_a_resource_or_a_rule_goes_and_nothing_else_changes() {
    every_cut(ROLE, "role.yaml");
    every_cut(&ROLE.replace('\n', "\r\n"), "role.yaml");
    every_cut(ROLE.trim_end(), "role.yaml");
    let verb = cut_terms(ROLE, "role.yaml", &["pods:watch", "pods/log:watch"]);
    assert_eq!(verb, ROLE.replace("[get, list, watch]", "[get, list]"));
    let log = ["pods/log:get", "pods/log:list", "pods/log:watch"];
    let resource = cut_terms(ROLE, "role.yaml", &log);
    assert_eq!(resource, ROLE.replace("[pods, pods/log]", "[pods]"));
    let item = cut_terms(ROLE, "role.yaml", &["deployments.apps:patch"]);
    assert_eq!(item, ROLE.replace("  - patch    # nightly\n", ""));
    let rule = cut_terms(ROLE, "role.yaml", &["secrets:get"]);
    assert_eq!(rule, ROLE[..ROLE.find("- apiGroups: ['']").unwrap()]);
    let both = [
        "pods:list",
        "pods/log:list",
        "pods/log:get",
        "pods/log:watch",
    ];
    let both = cut_terms(ROLE, "role.yaml", &both);
    let expected = ROLE.replace("[pods, pods/log]", "[pods]");
    assert_eq!(both, expected.replace("[get, list, watch]", "[get, watch]"));
    // A part of it can be written, and the other part stays.
    let part = ["pods:list", "pods/log:list", "pods:watch"];
    let part = cut_terms(ROLE, "role.yaml", &part);
    assert_eq!(part, ROLE.replace("[get, list, watch]", "[get, watch]"));
}

#[test]
fn a_cell_that_needs_two_rules_stays_and_says_which() {
    assert_eq!(cut_terms(ROLE, "role.yaml", &["pods/log:list"]), ROLE);
    let policy = policy(ROLE, "role.yaml");
    let entry = giving(&policy, &["pods/log:list"])[0].entry;
    let document = policy.files[0].document.as_ref().unwrap();
    let rules = document.rules_without(entry).unwrap();
    assert_eq!(
        rules,
        "the rule grants apiGroups x resources x verbs together; without this alone it would be: apiGroups [\"\"] with resources [\"pods\"] with verbs [\"get\", \"list\", \"watch\"]; and apiGroups [\"\"] with resources [\"pods/log\"] with verbs [\"get\", \"watch\"]"
    );
    let alone = giving(&policy, &["deployments.apps:patch"])[0].entry;
    assert_eq!(document.rules_without(alone), None);
}

#[test]
fn an_emptied_role_has_no_rules_and_a_binding_no_subjects() {
    let small = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: a\nrules:\n- nonResourceURLs: [/version, /metrics]\n  verbs: [get]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}\nsubjects:\n- kind: User\n  name: jane\n";
    every_cut(small, "r.yaml");
    let empty = cut_terms(
        small,
        "r.yaml",
        &["/version:get", "/metrics:get", "ClusterRole/a"],
    );
    assert!(empty.contains("rules: []\n---\n"), "{empty}");
    assert!(empty.ends_with("subjects: []\n"), "{empty}");
    let list = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "a", "namespace": "n"},
   "rules": [{"apiGroups": ["", "apps"], "resources": ["x", "y"], "verbs": ["get", "list"]}, {"apiGroups": [""], "resources": ["z"], "verbs": ["get"]}]},
  {"kind": "Secret", "apiVersion": "v1", "data": {"a": "s3cret"}}
]}
"#;
    every_cut(list, "list.json");
    let no_group = ["x.apps:get", "x.apps:list", "y.apps:get", "y.apps:list"];
    let no_group = cut_terms(list, "list.json", &no_group);
    assert_eq!(no_group, list.replace(r#"["", "apps"]"#, r#"[""]"#));
    let no_rule = cut_terms(list, "list.json", &["z:get"]);
    let rule = r#", {"apiGroups": [""], "resources": ["z"], "verbs": ["get"]}"#;
    assert_eq!(no_rule, list.replace(rule, ""));
}

/// A list in one of several ways of writing.
fn list(key: &str, values: &[&str], block: bool, first: bool, eol: &str) -> String {
    let lead = if first { "- " } else { "  " };
    let quoted = |value: &&str| if value.is_empty() { "\"\"" } else { *value }.to_owned();
    let values: Vec<String> = values.iter().map(quoted).collect();
    if block {
        let items = values.iter().map(|value| format!("  - {value}{eol}"));
        let items = items.collect::<Vec<_>>().concat();
        return format!("{lead}{key}:{eol}{items}");
    }
    format!("{lead}{key}: [{}]{eol}", values.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_goes_is_exactly_what_can_be_written(
        rules in proptest::collection::vec((1_usize..3, 1_usize..4, 1_usize..4, any::<[bool; 3]>()), 1..4),
        crlf in any::<bool>(),
        picked in proptest::collection::vec(any::<bool>(), 96),
    ) {
        let eol = if crlf { "\r\n" } else { "\n" };
        let head = ["apiVersion: rbac.authorization.k8s.io/v1", "kind: ClusterRole", "metadata: {name: r}", "rules:", ""];
        let mut text = head.join(eol);
        for (groups, resources, verbs, block) in &rules {
            text += &list("apiGroups", &["", "apps"][..*groups], block[0], true, eol);
            text += &list("resources", &["a", "b/c", "d"][..*resources], block[1], false, eol);
            text += &list("verbs", &["get", "list", "delete"][..*verbs], block[2], false, eol);
        }
        let policy = policy(&text, "r.yaml");
        let entries = 0..policy.files[0].entries.len();
        prop_assert_eq!(entries.len(), rules.iter().map(|(a, b, c, _)| a * b * c).sum::<usize>());
        let wanted = entries.filter(|entry| picked.get(*entry).is_some_and(|goes| *goes)).collect();
        cut(&policy, &wanted);
    }
}

#[test]
fn a_wildcard_stays_where_it_is_not_the_only_verb_or_not_for_the_whole_rule() {
    let with = |entry, terms: &[&str]| Replacement {
        file: 0,
        entry,
        with: terms.iter().map(|term| Term::new(term)).collect(),
    };
    let rule = |verbs: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- apiGroups: ['']\n  resources: [a, b]\n  verbs: {verbs}\n"
        )
    };
    let alone = policy(&rule("['*']"), "r.yaml");
    let both = [with(0, &["a:get"]), with(1, &["b:get"])];
    let patch = plan(&alone, &[], &both).unwrap();
    assert_eq!(patch.files[0].new, rule("['get']").into_bytes());
    // One of the two, each to something else, and one that is no wildcard alone.
    let error = |policy: &Policy, with: &[Replacement]| plan(policy, &[], with).unwrap_err();
    let parts = [
        error(&alone, &both[..1]),
        error(&alone, &[with(0, &["a:get"]), with(1, &["b:list"])]),
        error(&policy(&rule("['*', get]"), "r.yaml"), &both[..1]),
        error(&policy(&rule("[get]"), "r.yaml"), &both),
    ];
    for part in parts {
        assert!(part.to_string().contains("only a wildcard alone"), "{part}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_wildcard_of_verbs_gives_way_to_names_and_nothing_else_changes(
        rules in proptest::collection::vec((1_usize..3, 1_usize..4, any::<[bool; 3]>(), 0_usize..3), 1..4),
        (crlf, double) in any::<(bool, bool)>(),
        verbs in proptest::sample::subsequence(vec!["delete", "get", "list", "patch"], 1..4),
    ) {
        let eol = if crlf { "\r\n" } else { "\n" };
        let star = if double { "\"*\"" } else { "'*'" };
        let head = ["apiVersion: rbac.authorization.k8s.io/v1", "kind: ClusterRole", "metadata: {name: r}", "rules:", ""];
        let mut text = head.join(eol);
        for (groups, resources, block, _) in &rules {
            text += &list("apiGroups", &["", "apps"][..*groups], block[0], true, eol);
            text += &list("resources", &["a", "b/c", "d"][..*resources], block[1], false, eol);
            text += &list("verbs", &[star], block[2], false, eol);
        }
        let policy = policy(&text, "r.yaml");
        let (mut gone, mut named, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        let mut entry = 0;
        for (groups, resources, _, fate) in &rules {
            for cell in 0..groups * resources {
                let own = &policy.files[0].entries[entry];
                let Granted::Term(term) = &own.granted else { unreachable!() };
                let head = term.as_str().strip_suffix('*').unwrap();
                let names: Vec<Term> = verbs.iter().map(|verb| Term::new(&format!("{head}{verb}"))).collect();
                // Of some rules the first resource goes, and some stay as they are.
                if *fate == 1 && *resources > 1 && cell % resources == 0 {
                    gone.push(removal(entry));
                } else if *fate < 2 {
                    expected.extend(names.iter().map(ToString::to_string));
                    named.push(Replacement { file: 0, entry, with: names });
                } else {
                    expected.push(term.to_string());
                }
                entry += 1;
            }
        }
        let patch = plan(&policy, &gone, &named).unwrap();
        let Some(edited) = patch.files.first() else {
            prop_assert!(named.is_empty());
            return Ok(());
        };
        let found: Vec<String> = edited.reread.entries.iter().map(|own| match &own.granted {
            Granted::Term(term) => term.to_string(),
            Granted::Role(role) => role.to_string(),
        }).collect();
        prop_assert_eq!(found, expected);
        let flow = rules.iter().all(|(_, _, block, fate)| !block[2] && *fate == 0);
        if flow {
            let quoted = |verb: &&str| star.replace('*', verb);
            let names: Vec<String> = verbs.iter().map(quoted).collect();
            prop_assert_eq!(String::from_utf8_lossy(&edited.new), text.replace(star, &names.join(", ")));
        }
    }
}
