//! Proposed roles in files that we thought of, and in random ones.

mod random;

use std::sync::Arc;

use super::*;
use crate::analysis::role_mining::{ExistingRole, Meanings, RoleOptions, propose};
use crate::model::{ClientName, Term};

fn policy(text: &str, path: &str) -> Policy {
    let file = grants::read(Arc::from(text.as_bytes()), path).unwrap();
    Policy {
        files: vec![file],
        ..Policy::default()
    }
}

fn held(policy: &Policy) -> Needs {
    let held = policy.holdings().into_iter();
    held.map(|(client, terms)| (client, terms.into_keys().collect()))
        .collect()
}

/// The roles that are proposed for these needs.
fn proposed(policy: &Policy, needs: &Needs) -> Vec<ProposedRole> {
    let mut needs = needs.clone();
    needs.retain(|_, terms| !terms.is_empty());
    let (meanings, options) = (Meanings::default(), RoleOptions::default());
    propose(&needs, &ExistingRole::all(policy), &meanings, &options).roles
}

/// The edit for what is proposed.
fn made(policy: &Policy, needs: &Needs) -> Result<RolesPatch, RolesRefused> {
    roles(policy, needs, (Aim::Complexity, &proposed))
}

/// What clients hold, without the terms of some.
fn needs(policy: &Policy, without: &[(&str, &str)]) -> Needs {
    let mut needs = held(policy);
    for (client, term) in without {
        let own = needs.get_mut(&ClientName::new(client)).unwrap();
        assert!(own.remove(&Term::new(term)));
    }
    needs
}

/// The file with the roles in it.
fn with_roles(text: &str, path: &str, without: &[(&str, &str)]) -> String {
    let policy = policy(text, path);
    let needs = needs(&policy, without);
    let edit = made(&policy, &needs).unwrap();
    String::from_utf8(edit.files[0].new.clone()).unwrap()
}

const LISTS: &str = "\
version: 1 # one of one

# Who may what.
clients:
  a: [x:read, x:write, y:read]
  b:
    - x:read   # for the shop
    - x:write
    - y:read
  # about c
  c:
    owner: me
    scopes:
      - x:read
      - x:write
      - y:read
      - z:read
    # the end of c
  # about d
  d: {scopes: [x:read, x:write, y:read]}
";

#[test]
fn roles_come_into_a_file_that_has_none_as_its_clients_are_written() {
    insta::assert_snapshot!(with_roles(LISTS, "grants.yaml", &[]), @"
    version: 1 # one of one

    roles:
      x-y-write: [x:read, x:write, y:read]

    # Who may what.
    clients:
      a: {roles: [x-y-write]}
      b:
        roles: [x-y-write]
        scopes:
        - x:read   # for the shop
      # about c
      c:
        owner: me
        scopes:
          - z:read
        # the end of c
        roles: [x-y-write]
      # about d
      d: {roles: [x-y-write]}
    ");
}

#[test]
fn a_role_that_is_too_broad_loses_what_no_member_needs_and_keeps_its_name() {
    let text = "roles:\n  # who answers calls\n  clerk: [x:read, x:write, y:read]\nclients:\n  a: {roles: [clerk]}\n  b: {roles: [clerk]}\n";
    let new = with_roles(text, "g.yaml", &[("a", "y:read"), ("b", "y:read")]);
    assert_eq!(new, text.replace(", y:read", ""));
}

#[test]
fn json_stays_json_in_its_own_style() {
    let text = "{\n  \"clients\": {\n    \"a\": [\"x:read\", \"x:write\"],\n    \"b\": {\"owner\": \"me\", \"scopes\": [\"x:read\", \"x:write\", \"q\"]}\n  }\n}\n";
    insta::assert_snapshot!(with_roles(text, "grants.json", &[]), @r#"
    {
      "roles": {
        "x-write": ["x:read", "x:write"]
      },
      "clients": {
        "a": {"roles": ["x-write"]},
        "b": {"roles": ["x-write"], "owner": "me", "scopes": ["q"]}
      }
    }
    "#);
}

#[test]
fn a_grant_with_a_comment_a_date_or_an_exception_stays_beside_the_role() {
    let text = "clients:\n  a:\n    - x # why\n    - y\n    - q\n    - z\n  b: [{scope: x, since: 2026-01-01}, y, q, z]\n  c:\n    - x\n    - z\n    - q\n    - y # keep until=2027-01-01 reason=\"audit\"\n";
    let policy = policy(text, "g.yaml");
    let needs = held(&policy);
    let patch = made(&policy, &needs).unwrap();
    assert_eq!(patch.beside, 3);
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    for stays in ["x # why", "{scope: x, since: 2026-01-01}", "y # keep until"] {
        assert!(new.contains(stays), "{new}");
    }
}

#[test]
fn what_a_client_may_only_request_is_never_issued_to_it_by_a_role() {
    let text = "clients:\n  a: [x, y]\n  b: [x, y]\n  c: {scopes: [x], optional: [y]}\n";
    let new = with_roles(text, "g.yaml", &[]);
    assert!(new.contains("c: {scopes: [x], optional: [y]}"), "{new}");
    assert!(new.contains("b: {roles: ["), "{new}");
}

#[test]
fn a_new_role_is_as_old_as_the_last_of_its_grants_and_has_the_owner_of_all_members() {
    let text = "clients:\n  a:\n    since: 2025-01-01\n    owner: team\n    scopes: [x, y]\n  b:\n    since: 2025-03-01\n    owner: team\n    scopes: [x, y]\n";
    let new = with_roles(text, "g.yaml", &[]);
    assert!(
        new.contains("    since: 2025-03-01\n    owner: team\n    scopes: [x, y]\n"),
        "{new}"
    );
    let new = with_roles(
        &text.replacen("    since: 2025-01-01\n", "", 1),
        "g.yaml",
        &[],
    );
    assert_eq!(new.matches("since:").count(), 1, "{new}");
}

#[test]
fn a_role_for_one_client_or_of_one_term_is_not_written() {
    let text = "clients:\n  a: [x, y]\n  b: [x, z]\n";
    let policy = policy(text, "g.yaml");
    let needs = held(&policy);
    let patch = made(&policy, &needs).unwrap();
    assert!(patch.files.is_empty());
    assert!(!patch.direct.is_empty());
}

#[test]
fn a_role_without_members_stays_in_the_file_with_its_comments_and_is_named() {
    let text = "roles:\n  # all of it\n  wide: [x, y, z, q]\nclients:\n  a: {roles: [wide]}\n  b: {roles: [wide]}\n";
    let policy = policy(text, "g.yaml");
    let needs = needs(&policy, &[("a", "z"), ("a", "q"), ("b", "x"), ("b", "y")]);
    let patch = made(&policy, &needs).unwrap();
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    assert!(
        new.contains("  # all of it\n  wide: [x, y, z, q]\n"),
        "{new}"
    );
    assert!(new.contains("a: {scopes: [x, y]}"), "{new}");
}

#[test]
fn what_cannot_be_edited_makes_no_diff_and_says_why() {
    let why = |text: &str, without: &[(&str, &str)]| {
        let policy = policy(text, "g.yaml");
        let needs = needs(&policy, without);
        made(&policy, &needs).unwrap_err().to_string()
    };
    let kong = "consumers:\n- username: a\n  acls:\n  - group: x\n_format_version: \"3.0\"\n";
    insta::assert_snapshot!(why(kong, &[]), @"g.yaml:1 cannot be edited: roles are written into files of the format `grants`, and not into those of `kong`, in which a role is more than its terms, or is kept elsewhere");
    let cluster = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a, namespace: b}\nrules: []\n";
    insta::assert_snapshot!(why(cluster, &[]), @"g.yaml:1 cannot be edited: roles are written into files of the format `grants`, and not into those of `kubernetes-rbac`, whose grants hold in some namespaces or for some resources that their names do not say: nothing would show that a role gives the same");
    insta::assert_snapshot!(why("a: [x, y]\nb: [x, y]\n", &[]), @"g.yaml:1 cannot be edited: roles are written into files of the format `grants`, and not into those of `client-map`, which has no place for them");
}

#[test]
fn a_role_is_written_where_the_roles_are_and_given_where_the_clients_are() {
    let mut all = policy("clients:\n  a: [x, y]\n", "a.yaml");
    let others = [
        "clients:\n  b: [x, y]\n  c: [x]\n",
        "version: 1\nroles: {r: [z]}\n",
    ];
    for (text, path) in others.iter().zip(["b.yaml", "roles.yaml"]) {
        all.files.extend(policy(text, path).files);
    }
    let patch = made(&all, &held(&all)).unwrap();
    let texts: Vec<&str> = patch.files.iter().map(|file| file.diff.as_str()).collect();
    insta::assert_snapshot!(texts.concat(), @"
    --- a/a.yaml
    +++ b/a.yaml
    @@ -1,2 +1,2 @@
     clients:
    -  a: [x, y]
    +  a: {roles: [x-y]}
    --- a/b.yaml
    +++ b/b.yaml
    @@ -1,3 +1,3 @@
     clients:
    -  b: [x, y]
    +  b: {roles: [x-y]}
       c: [x]
    --- a/roles.yaml
    +++ b/roles.yaml
    @@ -1,2 +1,2 @@
     version: 1
    -roles: {r: [z]}
    +roles: {x-y: [x, y], r: [z]}
    ");
    assert!(made(&patch.after, &held(&all)).unwrap().files.is_empty());
}

#[test]
fn anything_but_what_is_wanted_is_refused() {
    let policy = policy("clients:\n  a: [x, y]\n  b: [x, y]\n", "g.yaml");
    let mut wanted = held(&policy);
    let role = |terms: &[&str]| ProposedRole {
        name: RoleName::new("r"),
        members: wanted.keys().cloned().collect(),
        terms: terms.iter().copied().map(Term::new).collect(),
        exists: false,
        narrows: false,
    };
    let (wide, fits) = (role(&["x", "y", "z"]), role(&["x", "y"]));
    let edit = |role: &ProposedRole, wanted: &Needs| {
        let propose = |_: &Policy, _: &Needs| vec![role.clone()];
        roles(&policy, wanted, (Aim::Complexity, &propose))
    };
    // A wider role is given to nobody, and what is not held cannot be wanted.
    assert!(edit(&wide, &wanted).unwrap().files.is_empty());
    assert_eq!(edit(&fits, &wanted).unwrap().files.len(), 1);
    wanted.get_mut("a").unwrap().insert(Term::new("z"));
    let error = edit(&fits, &wanted).unwrap_err().to_string();
    assert!(
        error.contains("client `a` would lose `z`, which it needs"),
        "{error}"
    );
}

#[test]
fn a_bare_list_that_stands_as_far_to_the_left_as_its_name_moves_to_the_right_when_a_role_comes() {
    let text = "clients:\n  a:\n  - x\n  - y\n  # for the shop\n  - z\n  b:\n  - x\n  - y\n";
    insta::assert_snapshot!(with_roles(text, "g.yaml", &[]), @"
    roles:
      x-y: [x, y]
    clients:
      a:
        roles: [x-y]
        scopes:
        # for the shop
        - z
      b:
        roles: [x-y]
    ");
}

#[test]
fn a_client_that_loses_a_role_gets_what_it_needs_of_it_in_place_of_the_role() {
    let text = "roles:\n  wide: [x, y, z]\nclients:\n  a:\n    roles: [wide]\n    owner: me\n  b: {roles: [wide]}\n";
    insta::assert_snapshot!(with_roles(text, "g.yaml", &[("a", "x"), ("b", "y")]), @"
    roles:
      wide: [x, y, z]
    clients:
      a:
        scopes: [y, z]
        owner: me
      b: {scopes: [x, z]}
    ");
}

#[test]
fn a_line_of_roles_goes_with_its_last_role_and_what_is_issued_stays_issued() {
    let text = "roles:\n  r: [x, y]\nclients:\n  a:\n    scopes:\n    - q\n    roles: [r]\n    optional: [x]\n  b: {scopes: [q], roles: [r]}\n";
    let new = with_roles(text, "g.yaml", &[("a", "y"), ("b", "x"), ("b", "y")]);
    let clients = new.split_once("clients:\n").unwrap().1;
    assert_eq!(
        clients,
        "  a:\n    scopes:\n    - q\n    - x\n    optional: [x]\n  b: {scopes: [q]}\n"
    );
}

#[test]
fn a_comment_in_brackets_stays_behind_the_item_that_it_is_about() {
    let text = "roles:\n  r: [x, y]\nclients:\n  a:\n    roles: [\n      r # as ever\n    ]\n    scopes: [q, z]\n  b: [q, z]\n  c: {roles: [r]}\n";
    insta::assert_snapshot!(with_roles(text, "g.yaml", &[]), @"
    roles:
      r: [x, y]
      q-z: [q, z]
    clients:
      a:
        roles: [
          q-z,
          r # as ever
        ]
      b: {roles: [q-z]}
      c: {roles: [r]}
    ");
}

#[test]
fn a_client_that_cannot_be_written_is_left_as_it_is_and_named() {
    let text = "x-all: &all [x, y]\nclients:\n  a: *all\n  b: [x, y, z]\n  c: [x, y]\n";
    let policy = policy(text, "g.yaml");
    let patch = made(&policy, &needs(&policy, &[("a", "y")])).unwrap();
    let left: Vec<&str> = patch.left.keys().map(ClientName::as_str).collect();
    assert_eq!(left, ["a"]);
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    assert!(new.contains("  a: *all\n  b: {roles: ["), "{new}");
}
