//! Plain maps, CSV, encodings, files.

use proptest::prelude::*;

use super::*;

#[test]
fn a_plain_map_is_read_from_json_and_yaml() {
    let json = file("{\"c\": [\"a\", \"b\\u0063\"], \"d\": []}", "grants.json");
    assert_eq!(
        (&*json.format, json.entries.len(), json.clients.len()),
        ("client-map", 2, 2)
    );
    insta::assert_snapshot!(listed(&json), @r#"
    1: c a <"a">
    1: c bc <"b\u0063">
    "#);
    assert_eq!(yaml("c: [a]\nd:\n- b\n").entries.len(), 2);
    // One wrong value is told with its place, also next to a client without any list.
    for text in [
        "{\"a\": [], \"c\": \"a b\"}",
        "{\"a\": [\"x\"], \"b\": null, \"c\": \"x\", \"d\": 1}",
    ] {
        assert_eq!(
            refused(text, "g.json").0,
            "g.json:1: what stands here must be a list, not a string"
        );
    }
    assert_eq!(
        refused("a: [x]\nb:\n- {scop: y}\n", "g.yaml").0,
        "g.yaml:3: what stands here must be the name of a scope, not something else"
    );
}

#[test]
fn broken_json_is_an_error_with_line_and_column() {
    let cases = [
        (
            "{\"c\": [\"a\",]}",
            "g.json:1:12: a value was expected here",
        ),
        (
            "{\"c\": [\"a\"\n \"b\"]}",
            "g.json:2:2: `,` or `]` was expected here",
        ),
        (
            "{\"c\": [],\n \"c\": []}",
            "g.json:2:2: this key is already in this object, in line 1",
        ),
        (
            "{\"c\": [\"a]}",
            "g.json:1:8: the text that starts here does not end",
        ),
        (
            "{\"c\": [\"\\x\"]}",
            "g.json:1:8: the text that starts here has a wrong escape",
        ),
        ("{\"c\": [tru]}", "g.json:1:8: a value was expected here"),
        (
            "{\"c\": []} x",
            "g.json:1:11: something follows the end of the document",
        ),
        (
            "{\"ü\": [], c: []}",
            "g.json:1:11: a key in double quotes was expected here",
        ),
        (
            "{\"c\": [] // x\n}",
            "g.json:1:10: `,` or `}` was expected here",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refused(text, "g.json").0, message);
    }
    assert!(
        refused(&format!("{{\"c\": {}", "[".repeat(1_000_000)), "g.json")
            .0
            .contains("nest deeper")
    );
}

#[test]
fn csv_is_read_with_quotes_and_in_any_order_of_columns() {
    let text = "\u{feff}since,\"scope\",client,owner\r\n2025-01-01,a,c,\"x, y\"\r\n\r\n,\"b  d\",\"c\"\"\",\r\n";
    let csv = file(text, "export.txt");
    insta::assert_snapshot!(listed(&csv), @r#"
    2: c a since 2025-01-01 owner x, y <a>
    4: c" b <b>
    4: c" d <d>
    "#);
    let cases = [
        (
            "client,scop\n",
            "g.csv:1: unknown column `scop`",
            "did you mean `scope`?",
        ),
        (
            "client,owner\n",
            "g.csv:1: column `scope` is missing",
            "the first line names the columns: client,audience,scope,owner,since",
        ),
        (
            "client,scope\na\n",
            "g.csv:2: the row has 1 cells, and the header has 2",
            "",
        ),
        (
            "client,scope\na,\"b\n\n",
            "g.csv:2: a quoted cell does not end",
            "",
        ),
        (
            "client,scope\na,\"b\"c\n",
            "g.csv:2: something follows the closing quote of a cell",
            "",
        ),
        ("client,scope\n,b\n", "g.csv:2: the row names no client", ""),
        (
            "client,scope,since\na,b,1.1.2025\n",
            "g.csv:2: `1.1.2025` is not a date",
            "",
        ),
        ("", "g.csv:1: the header is missing", ""),
    ];
    for (text, message, help) in cases {
        let (found, advice) = refused(text, "g.csv");
        assert_eq!(found, message);
        assert!(help.is_empty() || advice == help, "{advice}");
    }
}

#[test]
fn a_text_in_another_encoding_is_an_error_with_a_line() {
    let error = read(Arc::from(&b"clients:\n  c: [\xff]\n"[..]), "g.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "g.yaml:2: the policy file is not UTF-8 text"
    );
}

#[test]
fn one_file_cannot_be_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.json");
    std::fs::write(&path, "{\"c\": [\"a\"]}").unwrap();
    let twice = folder.path().join(".").join("g.json");
    let error = Formats::default()
        .load(&[
            (path.clone(), "g.json".to_owned()),
            (twice, "./g.json".to_owned()),
        ])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "./g.json: the policy file is given twice, first as `g.json`"
    );
    assert_eq!(
        Formats::default()
            .load(&[(path, "g.json".to_owned())])
            .unwrap()
            .files
            .len(),
        1
    );
    let none = Formats::default()
        .load(&[(folder.path().join("none"), "none".to_owned())])
        .unwrap_err();
    assert!(
        none.to_string()
            .starts_with("none: the policy file cannot be read")
    );
}

#[test]
fn a_real_inventory_is_read_completely() {
    let places = ["../shared", "../../shared"]; // alongside the repository, or a worktree's parent
    let found = places
        .iter()
        .find_map(|place| std::fs::read(format!("{place}/data/cases/gmail/grants.json")).ok());
    let Some(bytes) = found else {
        eprintln!("skipped: the shared data is not here");
        return;
    };
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let scopes: usize = json
        .as_object()
        .unwrap()
        .values()
        .map(|list| list.as_array().unwrap().len())
        .sum();
    let file = read(Arc::from(bytes), "grants.json").unwrap();
    assert_eq!(file.entries.len(), scopes);
    assert!(file.entries.iter().all(|entry| entry.frozen.is_none()));
}

#[test]
fn a_file_is_read_into_a_tree_once_for_its_grants_comments_and_edits() {
    let texts = [
        ("clients:\n  a: [x, y] # c\n", "grants.yaml"),
        (r#"{"a": ["x", "y"]}"#, "export.json"),
        ("client,scope\na,x y\n", "grants.csv"),
    ];
    for (text, name) in texts {
        let (parses, file) = crate::document::parses::during(|| {
            let file = file(text, name);
            let _ = comments_affected(&file);
            let change = BTreeMap::from([(0, Change::Remove)]);
            assert!(edits(&file, &change).is_ok());
            assert_eq!(replaceable(&file, &[(1, vec![Term::new("z")])]).len(), 1);
            file
        });
        assert_eq!((parses, file.entries.len()), (1, 2), "{name}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        text in r#"(clients:|roles:|scopes:|  |\n|\r\n|- |a|b|'|"|\[|\]|\{|\}|, |:|#| # keep|,|\\|client,scope\n|until=|&a |\*a|é|<<: |!x |\||\t){0,40}"#,
        path in "g\\.(yaml|json|csv|txt)",
    ) {
        if let Ok(file) = read(Arc::from(text.as_bytes()), &path) {
            for entry in &file.entries {
                prop_assert!(text.get(entry.span.start..entry.span.end).is_some_and(|text| !text.is_empty()));
            }
            let _ = comments_affected(&file);
            let all: Vec<usize> = (0..file.entries.len()).filter(|entry| file.entries[*entry].frozen.is_none()).collect();
            let all = all.into_iter().map(|entry| (entry, Change::Remove)).collect();
            prop_assert!(edits(&file, &all).is_ok());
        }
    }

    #[test]
    fn json_is_read_as_the_json_library_reads_it(text in r#"(\{|\}|\[|\]|,|:|"a"|"\\n"|"\\u00e9"| |1|-2.5e3|true|null|\n){0,24}"#) {
        let ours = crate::document::json::parse(&text, "t");
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(&ours.to_json(), theirs),
            (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("already, in line"), "{}", error),
            (Ok(_), Err(error)) => prop_assert!(false, "{error}"),
            (Err(_), Err(_)) => {}
        }
    }
}
