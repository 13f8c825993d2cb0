//! Roles in another file than their members.

use super::*;

/// Files as one policy, or what is wrong with them.
fn joined(files: &[(&str, &str)]) -> Result<Policy, GrantError> {
    let read = |(name, text): &(&str, &str)| file(text, name);
    let mut policy = Policy {
        files: files.iter().map(read).collect(),
        ..Policy::default()
    };
    join(&mut policy).map(|()| policy)
}

fn refused(files: &[(&str, &str)]) -> (String, String) {
    let error = joined(files).unwrap_err();
    (error.to_string(), error.help().unwrap_or_default())
}

/// Who holds what, and through which lines.
fn held(policy: &Policy) -> Vec<String> {
    let place = |at| policy.entry(at).unwrap().place.to_string();
    let mut all = Vec::new();
    for (client, terms) in policy.holdings() {
        for (term, vias) in terms {
            for via in vias {
                let through = via.role.map(|held| format!(" {}", place(held.place())));
                let own = place((via.file, via.entry));
                all.push(format!(
                    "{client} {term} {own}{}",
                    through.unwrap_or_default()
                ));
            }
        }
    }
    all
}

const ROLES: (&str, &str) = (
    "roles.yaml",
    "version: 1\nroles:\n  clerk: [a, b]\n  none: []\n",
);
const MEMBERS: (&str, &str) = (
    "members.yaml",
    "clients:\n  web: {roles: [clerk]}\n  idle: {roles: [none]}\n",
);

#[test]
fn a_role_of_another_file_gives_its_terms_in_any_order_of_the_files() {
    let expected = [
        "web a roles.yaml:3 members.yaml:2",
        "web b roles.yaml:3 members.yaml:2",
    ];
    for files in [[ROLES, MEMBERS], [MEMBERS, ROLES]] {
        let policy = joined(&files).unwrap();
        assert_eq!(held(&policy), expected);
        let (roles, file) = (policy.roles(), usize::from(files[0] == MEMBERS));
        let clerk = RoleName::new("clerk");
        assert_eq!(roles.members(file, &clerk), [ClientName::new("web")].into());
        assert_eq!(roles.given(file, &clerk).len(), 1);
    }
}

#[test]
fn a_file_s_own_role_comes_before_one_of_the_same_name_elsewhere() {
    let own = (
        "own.yaml",
        "roles: {clerk: [c]}\nclients:\n  erp: {roles: [clerk]}\n",
    );
    let policy = joined(&[ROLES, own]).unwrap();
    assert_eq!(held(&policy), ["erp c own.yaml:1 own.yaml:3"]);
    assert!(
        policy
            .roles()
            .members(0, &RoleName::new("clerk"))
            .is_empty()
    );
    let (message, help) = refused(&[ROLES, own, MEMBERS]);
    assert_eq!(
        message,
        "members.yaml:2: client `web` has role `clerk`, which `roles.yaml` and `own.yaml` both define"
    );
    assert!(
        help.starts_with("name the files of one system only"),
        "{help}"
    );
}

#[test]
fn a_role_that_no_file_defines_is_an_error_with_the_role_it_looks_like() {
    let slip = ("grants.yaml", "clients:\n  c: {roles: [clrk]}\n");
    let (message, help) = refused(&[slip, ROLES]);
    assert_eq!(
        message,
        "grants.yaml:2: client `c` has role `clrk`, which no policy file defines"
    );
    assert_eq!(help, "did you mean `clerk`?");
    let (_, help) = refused(&[slip]);
    assert!(help.starts_with("define it under `roles:`"), "{help}");
}
