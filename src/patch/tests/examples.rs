//! Ways of writing a list, one by one.

use super::*;

const Y: &str = "grants.yaml";

fn yaml(body: &str) -> String {
    format!("version: 1\nclients:\n  c:\n{body}")
}

/// Takes `gone` out of a body of client `c` and compares.
#[track_caller]
fn takes(body: &str, gone: &[&str], left: &str) {
    assert_eq!(without(&yaml(body), Y, gone), yaml(left));
}

#[test]
fn a_block_item_takes_its_line_and_its_trailing_comment_along() {
    let body = "    scopes:\n      # reading\n      - a # one\n      - b\n\n      - c # three\n    owner: x\n";
    takes(
        body,
        &["a"],
        "    scopes:\n      # reading\n      - b\n\n      - c # three\n    owner: x\n",
    );
    takes(
        body,
        &["b"],
        "    scopes:\n      # reading\n      - a # one\n\n      - c # three\n    owner: x\n",
    );
    takes(
        body,
        &["c"],
        "    scopes:\n      # reading\n      - a # one\n      - b\n\n    owner: x\n",
    );
}

#[test]
fn an_emptied_block_list_becomes_an_empty_list_and_keeps_comments_of_their_own() {
    takes(
        "    scopes: # what\n      # why\n      - a\n      - b # x\n",
        &["a", "b"],
        "    scopes: [] # what\n      # why\n",
    );
    takes(
        "    scopes:\n    - a\n    owner: x\n",
        &["a"],
        "    scopes: []\n    owner: x\n",
    );
}

#[test]
fn a_list_may_be_indented_like_its_key_and_have_wide_dashes() {
    takes(
        "    scopes:\n    -   a\n    -\tb\n    - c\n",
        &["b"],
        "    scopes:\n    -   a\n    - c\n",
    );
}

#[test]
fn a_removed_last_line_without_a_line_break_leaves_the_kept_line_as_it_is() {
    takes(
        "    scopes:\n    - a\n    - b\n    - c",
        &["c"],
        "    scopes:\n    - a\n    - b\n",
    );
    takes(
        "    scopes:\r\n    - a\r\n    - b\r\n    - c",
        &["b", "c"],
        "    scopes:\r\n    - a\r\n",
    );
    takes(
        "    scopes:\r\n    - a\r\n    - b",
        &["a", "b"],
        "    scopes: []\r\n",
    );
    takes(
        "    scopes:\n    - a\n    - b",
        &["a"],
        "    scopes:\n    - b",
    );
    takes("    scopes: [a]", &["a"], "    scopes: []");
}

#[test]
fn an_inline_list_loses_the_item_and_one_separator() {
    takes("    scopes: [a, b, c]\n", &["a"], "    scopes: [b, c]\n");
    takes("    scopes: [a, b, c]\n", &["b"], "    scopes: [a, c]\n");
    takes("    scopes: [a, b, c]\n", &["c"], "    scopes: [a, b]\n");
    takes(
        "    scopes: [a, b, c] # x\n",
        &["b", "c"],
        "    scopes: [a] # x\n",
    );
    takes(
        "    scopes: [ a , b , c ]\n",
        &["b"],
        "    scopes: [ a , c ]\n",
    );
    takes("    scopes: [ a ]\n", &["a"], "    scopes: []\n");
    takes("    scopes: [a, b,]\n", &["b"], "    scopes: [a,]\n");
    takes("    scopes: [a, b,]\n", &["a", "b"], "    scopes: []\n");
    takes("    scopes: [a,b]\n", &["a"], "    scopes: [b]\n");
}

#[test]
fn quotes_protect_marks_of_the_syntax() {
    let body = "    scopes: ['a#,]', \"b\\\",\\\\\" , 'c''d', e] # ['a#,]'\n";
    takes(
        body,
        &["b\",\\"],
        "    scopes: ['a#,]', 'c''d', e] # ['a#,]'\n",
    );
    takes(
        body,
        &["a#,]"],
        "    scopes: [\"b\\\",\\\\\" , 'c''d', e] # ['a#,]'\n",
    );
    takes(
        body,
        &["c'd"],
        "    scopes: ['a#,]', \"b\\\",\\\\\" , e] # ['a#,]'\n",
    );
    takes(
        "    scopes:\n    - 'a # b' # c\n    - d#e\n"
            .replace("a # b", "a#b")
            .as_str(),
        &["a#b"],
        "    scopes:\n    - d#e\n",
    );
}

#[test]
fn a_list_on_several_lines_loses_whole_lines() {
    let body = "    scopes: [\n      a, # one\n      # above b\n      b,\n      c # three\n    ]\n";
    takes(
        body,
        &["a"],
        "    scopes: [\n      # above b\n      b,\n      c # three\n    ]\n",
    );
    takes(
        body,
        &["b"],
        "    scopes: [\n      a, # one\n      # above b\n      c # three\n    ]\n",
    );
    takes(
        body,
        &["c"],
        "    scopes: [\n      a, # one\n      # above b\n      b,\n    ]\n",
    );
    takes(
        body,
        &["a", "b", "c"],
        "    scopes: [\n      # above b\n    ]\n",
    );
    takes(
        "    scopes: [\n      a,\n      b\n    ]\n",
        &["a", "b"],
        "    scopes: []\n",
    );
    takes(
        "    scopes: [a, b, # two\n      c]\n",
        &["b"],
        "    scopes: [a, # two\n      c]\n",
    );
    takes(
        "    scopes: [a, # one\n      b]\n",
        &["a"],
        "    scopes: [ # one\n      b]\n",
    );
    takes("    scopes: [a,\n      b]\n", &["b"], "    scopes: [a]\n");
    takes(
        "    scopes:\n      [ a\n      , b # two\n      , c\n      ]\n",
        &["b"],
        "    scopes:\n      [ a\n      , c\n      ]\n",
    );
}

#[test]
fn items_with_attributes_go_as_a_whole() {
    let body = "    scopes:\n    - scope: a\n      since: 2025-01-01 # s\n    - {scope: b, owner: me}\n    - c\n";
    takes(
        body,
        &["a"],
        "    scopes:\n    - {scope: b, owner: me}\n    - c\n",
    );
    takes(
        body,
        &["b"],
        "    scopes:\n    - scope: a\n      since: 2025-01-01 # s\n    - c\n",
    );
    takes(
        "    scopes: [{scope: a, since: 2025-01-01}, b]\n",
        &["a"],
        "    scopes: [b]\n",
    );
}

#[test]
fn a_scope_listed_twice_is_two_entries() {
    takes(
        "    scopes: [a, b, a]\n    optional: [a, x]\n",
        &["a"],
        "    scopes: [b]\n    optional: [x]\n",
    );
}

#[test]
fn a_role_loses_a_scope_and_a_client_loses_a_role() {
    let text = "roles:\n  r: [a, b]\n  s:\n    scopes:\n    - a\nclients:\n  c:\n    roles: [r, s]\n  d: [b]\n";
    assert_eq!(
        without(text, Y, &["a"]),
        text.replace("[a, b]", "[b]")
            .replace("scopes:\n    - a", "scopes: []")
    );
    assert_eq!(without(text, Y, &["s"]), text.replace("[r, s]", "[r]"));
}

#[test]
fn json_is_edited_in_any_layout() {
    const J: &str = "g.json";
    assert_eq!(
        without(r#"{"c":["a","b"],"d":["a"]}"#, J, &["a"]),
        r#"{"c":["b"],"d":[]}"#
    );
    let pretty = "{\n  \"c\": [\n    \"a\",\n    \"b\",\n    \"x\\\"],\"\n  ]\n}\n";
    assert_eq!(
        without(pretty, J, &["b"]),
        pretty.replace("    \"b\",\n", "")
    );
    assert_eq!(
        without(pretty, J, &["x\"],"]),
        pretty.replace(",\n    \"x\\\"],\"", "")
    );
    assert_eq!(
        without(pretty, J, &["a", "b", "x\"],"]),
        "{\n  \"c\": []\n}\n"
    );
    let native = "{\"version\": 1, \"clients\": {\"c\": {\"scopes\": [\"a\", \"b\"]}}}";
    assert_eq!(without(native, J, &["b"]), native.replace(", \"b\"", ""));
    assert_eq!(
        narrowed("{\"c\": [\n  \"a\"\n]}", J, "a", &["x", "y"]).unwrap(),
        "{\"c\": [\n  \"x\",\n  \"y\"\n]}"
    );
}

#[test]
fn csv_loses_rows_and_words() {
    let text = "client,audience,scope,owner\r\nc,api,a,me\r\nc,api,\"b,1 x y\",\"me, too\"\r\nd,api,a,\r\n";
    assert_eq!(
        without(text, "g.csv", &["a"]),
        "client,audience,scope,owner\r\nc,api,\"b,1 x y\",\"me, too\"\r\n"
    );
    assert_eq!(
        without(text, "g.csv", &["b,1", "y"]),
        text.replace("\"b,1 x y\"", "\"x\"")
    );
    assert_eq!(
        without("client,scope\na,x\nb,y", "g.csv", &["y"]),
        "client,scope\na,x\n"
    );
    assert_eq!(
        without("client,scope\r\na,x\r\nb,y", "g.csv", &["x", "y"]),
        "client,scope\r\n"
    );
    assert_eq!(
        narrowed(text, "g.csv", "x", &["q\"", "z"]).unwrap(),
        text.replace(" x ", " q\"\" z ")
    );
    assert_eq!(
        narrowed("client,scope\na,x\n", "g.csv", "x", &["p,q"]).unwrap(),
        "client,scope\na,\"p,q\"\n"
    );
}

#[test]
fn in_csv_each_of_several_scopes_in_place_of_one_gets_a_row() {
    let to = |text: &str, with: &[&str]| narrowed(text, "g.csv", "x", with).unwrap();
    assert_eq!(
        to("client,scope\na,x\nb,y\n", &["p", "q"]),
        "client,scope\na,p\na,q\nb,y\n"
    );
    assert_eq!(
        to(
            "scope,client,since\r\n\"x\",\"a,b\",2025-01-01",
            &["p", "q\"", "r"]
        ),
        "scope,client,since\r\n\"p\",\"a,b\",2025-01-01\r\n\"q\"\"\",\"a,b\",2025-01-01\r\n\"r\",\"a,b\",2025-01-01"
    );
    assert_eq!(
        to("client,scope\na, x \n", &["p", "q"]),
        "client,scope\na, p \na, q \n"
    );
    assert_eq!(
        to("client,scope,owner\na,x,\"me,\nyou\"\nb,y,\n", &["p", "q"]),
        "client,scope,owner\na,p,\"me,\nyou\"\na,q,\"me,\nyou\"\nb,y,\n"
    );
    for name in ["a b", "{{ a }}", ""] {
        let refused = narrowed("client,scope\na,x\n", "g.csv", "x", &["p", name]);
        assert!(matches!(refused, Err(PatchError::Refused(_))), "{name}");
    }
}

#[test]
fn a_replacement_is_written_like_its_neighbour() {
    let body = "    scopes:\n    - 'a' # why\n    - b\n";
    assert_eq!(
        narrowed(&yaml(body), Y, "a", &["x", "it's"]).unwrap(),
        yaml("    scopes:\n    - 'x' # why\n    - 'it''s'\n    - b\n")
    );
    assert_eq!(
        narrowed(&yaml("    scopes: [a, b]\n"), Y, "a", &["x:r", "#y", "no"]).unwrap(),
        yaml("    scopes: [x:r, \"#y\", \"no\", b]\n")
    );
    assert_eq!(
        narrowed(&yaml(body), Y, "a", &["b"]).unwrap(),
        yaml("    scopes:\n    - b\n"),
        "what is held anyway is not written twice"
    );
    let attributes = yaml("    scopes:\n    - {scope: a, since: 2025-01-01}\n");
    assert!(
        narrowed(&attributes, Y, "a", &["x"])
            .unwrap()
            .contains("{scope: x, since")
    );
    assert_eq!(
        narrowed(&attributes, Y, "a", &["x", "y"]).unwrap(),
        yaml(
            "    scopes:\n    - {scope: x, since: 2025-01-01}\n    - {scope: y, since: 2025-01-01}\n"
        )
    );
    assert_eq!(
        narrowed(
            &yaml("    scopes:\n    - scope: a\n      since: 2025-01-01 # s\n    - b\n"),
            Y,
            "a",
            &["x", "y"]
        )
        .unwrap(),
        yaml(
            "    scopes:\n    - scope: x\n      since: 2025-01-01 # s\n    - scope: y\n      since: 2025-01-01\n    - b\n"
        )
    );
    assert_eq!(
        narrowed(
            &yaml("    scopes: [{scope: a, owner: me}, b]\n"),
            Y,
            "a",
            &["x", "y"]
        )
        .unwrap(),
        yaml("    scopes: [{scope: x, owner: me}, {scope: y, owner: me}, b]\n")
    );
    assert_eq!(
        narrowed(&yaml("    scopes:\r\n    - a"), Y, "a", &["x", "y"]).unwrap(),
        yaml("    scopes:\r\n    - x\r\n    - y")
    );
}
