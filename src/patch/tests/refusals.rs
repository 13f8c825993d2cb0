//! What is refused, and what is pointed out.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[test]
fn frozen_entries_are_refused_and_named() {
    let text = "x-s: &s [a, b]\nclients:\n  c: {scopes: *s}\n  d: {scopes: &t [e]}\n  f: {scopes: [\"{{ g }}\"]}\n  h: {<<: {scopes: [i]}}\n  j: {scopes: [!x k]}\n  l: {scopes: [m]}\n";
    let policy = policy(text, "grants.yaml");
    for name in ["a", "b", "e", "{{ g }}", "i", "k"] {
        let error = plan(&policy, &giving(&policy, &[name]), &[]).unwrap_err();
        assert!(
            matches!(&error, PatchError::Frozen(list) if list.len() == 1),
            "{name}: {error}"
        );
    }
    let error = plan(&policy, &giving(&policy, &["a", "m", "k"]), &[]).unwrap_err();
    assert!(matches!(&error, PatchError::Frozen(list) if list.len() == 2));
    assert_eq!(
        error.to_string(),
        "grants.yaml:1 cannot be edited: it is reached through a YAML alias, and an edit would change every place that shares it"
    );
    assert!(plan(&policy, &giving(&policy, &["m"]), &[]).is_ok());
}

#[test]
fn a_plan_that_does_not_fit_is_refused() {
    let policy = policy("{\"c\": [\"a\"]}", "g.json");
    let far = plan(&policy, &[Removal { file: 0, entry: 1 }], &[]);
    assert!(matches!(far, Err(PatchError::BadPlan(_))));
    let both = Replacement {
        file: 0,
        entry: 0,
        with: vec![Term::new("b")],
    };
    let both = plan(&policy, &[Removal { file: 0, entry: 0 }], &[both]);
    assert!(matches!(both, Err(PatchError::BadPlan(_))));
    let none = Replacement {
        file: 0,
        entry: 0,
        with: vec![],
    };
    assert!(matches!(
        plan(&policy, &[], &[none]),
        Err(PatchError::BadPlan(_))
    ));
}

#[test]
fn a_file_that_changed_is_refused() {
    let policy = policy("{\"c\": [\"a\"]}", "g.json");
    assert!(check_unchanged(&policy.files[0], b"{\"c\": [\"a\"]}").is_ok());
    assert!(check_unchanged(&policy.files[0], b"{\"c\": [\"a\"]}\n").is_err());
}

#[test]
fn an_edit_that_does_more_than_planned_is_found() {
    let old = policy(&listing("    scopes: [a, b, c]\n"), "grants.yaml")
        .files
        .remove(0);
    let planned = BTreeMap::from([(1, Change::Remove)]);
    let reread = |body: &str| policy(&listing(body), "grants.yaml").files.remove(0);
    assert_eq!(
        compare(&old, &planned, &reread("    scopes: [a, c]\n")),
        Ok(())
    );
    for bad in [
        "[a]",
        "[c]",
        "[a, b, c]",
        "[c, a]",
        "[a, c, d]",
        "[a, {scope: c, since: 2025-01-01}]",
    ] {
        assert!(
            compare(&old, &planned, &reread(&format!("    scopes: {bad}\n"))).is_err(),
            "{bad}"
        );
    }
    assert!(
        compare(
            &old,
            &planned,
            &reread("    scopes: [a]\n    optional: [c]\n")
        )
        .is_err()
    );
    assert!(compare(&old, &planned, &reread("    scopes: [a, c]\n  d: []\n")).is_err());
}

#[test]
fn edits_that_are_not_the_plan_give_no_patch() {
    let text = listing("    scopes: [a, b, c]\n    # why\n");
    let file = policy(&text, "grants.yaml").files.remove(0);
    let planned = BTreeMap::from([(1, Change::Remove)]);
    let attempt = |gone: &str, come: &str| {
        let start = text.find(gone).unwrap();
        let span = crate::model::Span {
            start,
            end: start + gone.len(),
        };
        prove(
            0,
            &file,
            &planned,
            vec![Edit {
                span,
                replacement: come.to_owned(),
            }],
        )
    };
    assert!(attempt(", b", "").is_ok());
    for (gone, come) in [
        (", b, c", ""),
        ("a, ", ""),
        ("b", "d"),
        ("[a, b, c]", "[a, c, d]"),
        ("    scopes: [a, b, c]\n", ""),
    ] {
        let error = attempt(gone, come).unwrap_err();
        assert!(
            matches!(error, PatchError::NotExactlyThePlan { .. }),
            "{gone}: {error}"
        );
    }
    assert!(matches!(
        attempt("]", ""),
        Err(PatchError::Unreadable { .. })
    ));
    assert!(matches!(
        attempt("[a, b, c]\n", "[a, c]\n  e: []\n"),
        Err(PatchError::NotExactlyThePlan { .. })
    ));
    let twice = vec![
        Edit {
            span: crate::model::Span { start: 0, end: 2 },
            replacement: String::new()
        };
        2
    ];
    assert!(matches!(
        prove(0, &file, &planned, twice),
        Err(PatchError::Overlap { .. })
    ));
}

#[test]
fn overlapping_edits_are_refused() {
    let edit = |start, end| Edit {
        span: crate::model::Span { start, end },
        replacement: String::new(),
    };
    assert_eq!(
        ordered("abcdef", vec![edit(3, 5), edit(0, 3)])
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        ordered("abcdef", vec![edit(3, 5), edit(0, 4)]),
        Err(Overlap { at: 3 })
    );
    assert_eq!(ordered("abcdef", vec![edit(3, 7)]), Err(Overlap { at: 3 }));
    assert_eq!(ordered("ä", vec![edit(1, 2)]), Err(Overlap { at: 1 }));
}

#[test]
fn comments_that_suffer_are_named() {
    use crate::grants::CommentEffect::{Lost, Reattached};
    let text = listing(
        "    scopes:\n    - a # one\n    # above b\n    - b\n    - c\n    optional: [\n      d, # four\n      # above e\n      e, f\n    ]\n    roles: []\n",
    );
    let affected = grants::comments_affected(&policy(&text, "grants.yaml").files[0]);
    assert_eq!(
        affected,
        BTreeMap::from([(0, Lost), (1, Reattached), (3, Lost), (4, Reattached)])
    );
}

fn listing(list: &str) -> String {
    format!("version: 1\nclients:\n  c:\n{list}")
}

proptest! {
    #[test]
    fn an_odd_scalar_freezes_itself_and_not_its_list(
        kinds in vec(0..7_usize, 1..9),
        ends: bool,
        gone in vec(any::<bool>(), 9),
    ) {
        let line = |(index, kind): (usize, &usize)| {
            let dash = "    - ";
            match kind {
                0 => format!("{dash}s{index}\n"),
                1 => format!("{dash}'s{index}' # why\n"),
                2 => format!("{dash}>-\n      s{index}\n"),
                3 => format!("{dash}!!str s{index}\n"),
                4 => format!("{dash}|-\n        s{index}\n\n"),
                5 => format!("    -\n      s{index}\n"),
                _ => format!("{dash}! \"s{index}\"\n"),
            }
        };
        let mut lines: Vec<String> = kinds.iter().enumerate().map(line).collect();
        if !ends && let Some(last) = lines.last_mut() {
            last.truncate(last.trim_end().len());
        }
        let text = listing(&format!("    scopes:\n{}", lines.concat()));
        let policy = policy(&text, "grants.yaml");
        let entries = &policy.files[0].entries;
        prop_assert_eq!(entries.len(), kinds.len());
        let mut left = Vec::new();
        let mut removals = Vec::new();
        for (entry, (kind, line)) in entries.iter().zip(kinds.iter().zip(&lines)) {
            prop_assert_eq!(entry.frozen.is_none(), *kind < 2, "{:?}\n{}", entry, text);
            let at = left.len() + removals.len();
            if *kind < 2 && gone[at] {
                removals.push(Removal { file: 0, entry: at });
            } else {
                left.push(line.as_str());
            }
        }
        prop_assume!(!removals.is_empty() && !left.is_empty());
        let patch = plan(&policy, &removals, &[]);
        let patch = patch.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let expected = listing(&format!("    scopes:\n{}", left.concat()));
        prop_assert_eq!(std::str::from_utf8(&patch.files[0].new), Ok(expected.as_str()));
    }

    #[test]
    fn any_text_gives_a_proved_patch_or_an_error(
        text in r#"clients:\n(  c:|  d:|  scopes:|  |    |\n|\r\n|- |a|b|'x'|"y"|\[|\]|\{|\}|, | #|scope: |''|\\|é){0,40}"#,
        chosen in vec(any::<bool>(), 12),
    ) {
        if let Ok(file) = grants::read(Arc::from(text.as_bytes()), "grants.yaml") {
            let entries = (0..file.entries.len()).filter(|entry| chosen.get(*entry) == Some(&true));
            let removals: Vec<Removal> = entries.map(|entry| Removal { file: 0, entry }).collect();
            let policy = Policy { files: vec![file], ..Policy::default() };
            if let Ok(patch) = plan(&policy, &removals, &[]) {
                prop_assert!(patch.files.iter().all(|file| !file.diff.is_empty()));
            }
        }
    }
}

#[test]
fn a_large_inventory_is_cut_in_time() {
    let mut clients = serde_json::Map::new();
    for client in 0..1_000 {
        let scopes: Vec<String> = (0..40).map(|scope| format!("api:{scope}:read")).collect();
        clients.insert(format!("client-{client}"), scopes.into());
    }
    let long: Vec<String> = (0..2_000).map(|scope| format!("s{scope}")).collect();
    clients.insert("long".to_owned(), long.into());
    let json = serde_json::Value::Object(clients);
    for text in [
        json.to_string(),
        serde_json::to_string_pretty(&json).unwrap(),
    ] {
        let policy = policy(&text, "g.json");
        let removals: Vec<Removal> = (0..policy.files[0].entries.len())
            .filter(|entry| entry % 3 > 0)
            .map(|entry| Removal { file: 0, entry })
            .collect();
        let patch = plan(&policy, &removals, &[]).unwrap();
        assert!(patch.files[0].new.len() < text.len() / 2);
    }
}

#[test]
fn a_client_that_keeps_its_grants_cannot_vanish_from_the_file() {
    let text = "version: 1\nclients:\n  billing: [a]\n  shop: [a]\n";
    let old = grants::read(Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    let mut new = old.clone();
    assert_eq!(compare(&old, &BTreeMap::new(), &new), Ok(()));
    new.clients.retain(|client| client.as_str() != "shop");
    let refused = compare(&old, &BTreeMap::new(), &new);
    assert_eq!(refused, Err("it names other clients".to_owned()));
}
