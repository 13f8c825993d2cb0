//! What the tree must say about every place in the text.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Node {
    parse(text, "t.yaml").unwrap()
}

fn failure(text: &str) -> String {
    parse(text, "t.yaml").unwrap_err().to_string()
}

fn scalars<'a>(node: &Node, text: &'a str, out: &mut Vec<&'a str>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| scalars(item, text, out)),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            scalars(key, text, out);
            scalars(value, text, out);
        }),
        _ => out.push(&text[node.span.start..node.span.end]),
    }
}

fn spans(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    scalars(&read(text), text, &mut out);
    out
}

#[test]
fn a_scalar_s_span_is_the_scalar_and_nothing_else() {
    let text = "a: 'x ''y'' #' # c\n\"k\\\"\": \"v\\\\\"  # \"d\"\nl: ['p' , \"q]\",r ]   # e\nm:\n- one  # f\n-   'two'   # g\n";
    assert_eq!(
        spans(text),
        [
            "a",
            "'x ''y'' #'",
            "\"k\\\"\"",
            "\"v\\\\\"",
            "l",
            "'p'",
            "\"q]\"",
            "r",
            "m",
            "one",
            "'two'"
        ]
    );
}

#[test]
fn the_span_of_a_block_scalar_begins_with_its_sign() {
    let text = "a:\n- >-\n  x\n  y\n\n- |2\n    z # z\n- !!str |\n  t\n- &n >\n  u\n- v\n- >- # a > b\n  x\n- >\nb: >\n\n  w\nc: |\n  last";
    assert_eq!(
        spans(text),
        [
            "a",
            ">-\n  x\n  y",
            "|2\n    z # z",
            "|\n  t",
            ">\n  u",
            "v",
            ">- # a > b\n  x",
            ">",
            "b",
            ">\n\n  w",
            "c",
            "|\n  last"
        ]
    );
}

#[test]
fn spans_are_bytes_also_after_wide_characters_a_byte_order_mark_and_crlf() {
    let text = "\u{feff}é: [ü, '😀', x]\r\nb:\r\n  - 'ß' # ö\r\n  - y\r\n";
    assert_eq!(spans(text), ["é", "ü", "'😀'", "x", "b", "'ß'", "y"]);
    assert_eq!(read(text).get("b").unwrap().as_seq().unwrap()[1].line, 4);
}

#[test]
fn anchors_and_tags_are_not_part_of_the_span() {
    let text = "a: &x !!str 12\nb: ! 13\nc: &y # why\n  'z'\nd: &e\ne: !Ref w\n";
    assert_eq!(
        spans(text),
        ["a", "12", "b", "13", "c", "'z'", "d", "", "e", "w"]
    );
    let node = read(text);
    assert_eq!(node.get("a").unwrap().as_str(), Some("12"));
    assert_eq!(node.get("b").unwrap().as_str(), Some("13"));
    assert!(node.get("c").unwrap().anchor);
    assert_eq!(node.get("c").unwrap().line, 4);
    assert!(node.get("e").unwrap().tagged && !node.get("a").unwrap().tagged);
}

#[test]
fn an_alias_says_so_and_its_contents_too() {
    let text = "a: &x [p, q]\nb: *x\n";
    let node = read(text);
    let b = node.get("b").unwrap();
    assert!(b.alias && b.as_seq().unwrap().iter().all(|item| item.alias));
    assert_eq!(&text[b.span.start..b.span.end], "*x");
    assert_eq!(b.line, 2);
    assert!(node.get("a").unwrap().anchor && !node.get("a").unwrap().alias);
}

#[test]
fn plain_scalars_follow_the_core_schema_and_quoted_ones_are_text() {
    let node = read(
        "[1, -2, +3, 0o17, 0x1F, 1.5, .5, 1., 1e3, .inf, -.Inf, true, ~, null, yes, on, 1_000, '1', 1.2.3, -x, 2026-01-01, 99999999999999999999]",
    );
    let items = node.as_seq().unwrap();
    let expect = [
        Value::Int(1),
        Value::Int(-2),
        Value::Int(3),
        Value::Int(15),
        Value::Int(31),
        Value::Float(1.5),
        Value::Float(0.5),
        Value::Float(1.0),
        Value::Float(1000.0),
        Value::Float(f64::INFINITY),
        Value::Float(f64::NEG_INFINITY),
        Value::Bool(true),
        Value::Null,
        Value::Null,
        Value::String("yes".into()),
        Value::String("on".into()),
        Value::String("1_000".into()),
        Value::String("1".into()),
        Value::String("1.2.3".into()),
        Value::String("-x".into()),
        Value::String("2026-01-01".into()),
        Value::Float(1e20),
    ];
    for (item, expect) in items.iter().zip(&expect) {
        assert_eq!(&item.value, expect, "{:?}", item.spelling);
    }
    assert_eq!(items.len(), expect.len());
    assert_eq!(items[3].text(), Some("0o17"));
}

#[test]
fn collections_know_their_bytes_and_their_style() {
    let text = "a:\n  b: [x, y] # c\n  d: 1\ne: {f: g}\n";
    let node = read(text);
    let part = |node: &Node| text[node.span.start..node.span.end].to_owned();
    assert_eq!(part(node.get("a").unwrap()), "b: [x, y] # c\n  d: 1");
    assert_eq!(part(node.get("a").unwrap().get("b").unwrap()), "[x, y]");
    assert_eq!(part(node.get("e").unwrap()), "{f: g}");
    assert!(
        !node.flow && node.get("e").unwrap().flow && node.get("e").unwrap().get("f").unwrap().flow
    );
}

#[test]
fn errors_name_line_and_column() {
    let error = parse("a: 1\nb: [x\nc: 2\n", "t.yaml").unwrap_err();
    assert!(error.to_string().starts_with("t.yaml:3:"), "{error}");
    assert_eq!(
        failure("a: 1\nb: 2\na: 3\n"),
        "t.yaml:3:1: this key is already in this mapping, in line 1"
    );
    assert!(failure("a: {200: x, '200': y}").contains("already in this mapping, in line"));
    assert!(failure("a: 1\n---\nb: 2\n").starts_with("t.yaml:2:1: a second document"));
    assert!(failure("[a]: b").contains("cannot be a key"));
}

#[test]
fn an_empty_text_is_nothing() {
    for text in ["", "\u{feff}", "# only a comment\n", "---\n", "---\n...\n"] {
        assert_eq!(read(text).value, Value::Null, "{text:?}");
    }
}

#[test]
fn hostile_texts_end_in_an_error_and_not_in_a_crash() {
    assert!(failure(&"[".repeat(200)).contains("nest deeper"));
    assert!(failure(&"[".repeat(100_000)).contains("recursion limit"));
    assert!(failure(&"- ".repeat(100_000)).contains("nest deeper"));
    assert!(failure("a: &a [*a]").contains("inside its own anchor"));
    let mut bomb = String::from("x0: &x0 [lol, lol]\n");
    for level in 1..30 {
        let up = level - 1;
        writeln!(bomb, "x{level}: &x{level} [*x{up}, *x{up}, *x{up}, *x{up}]").unwrap();
    }
    assert!(failure(&bomb).contains("aliases add"));
    let long = format!(
        "a: &a {}\nb: [{}]",
        "z".repeat(1_000_000),
        "*a, ".repeat(1000)
    );
    assert!(failure(&long).contains("aliases add"));
}

#[test]
fn what_is_written_out_does_not_count_as_what_aliases_add() {
    let big = format!("a: &a [1, 2]\nb: *a\nc: [{}]\n", "1, ".repeat(2_100_000));
    let node = parse(&big, "x").unwrap();
    assert_eq!(node.get("c").unwrap().as_seq().unwrap().len(), 2_100_000);
}

#[test]
fn a_scalar_that_begins_with_an_indicator_is_to_be_quoted() {
    for text in [
        "a:\n  - *\n",
        "a: [*]\n",
        "a: *:read\n",
        "a: @admin\n",
        "a: `b`\n",
        "a: &\n",
    ] {
        let error = parse(text, "x").unwrap_err();
        let help = error.help().unwrap_or_default();
        assert!(help.contains("quote"), "{text:?}: {error}");
    }
}

#[test]
fn json_keeps_order_and_spells_keys_as_the_file_does() {
    let json = read("b: {200: [1, x, ~, true, .inf]}\na: '1'\n").to_json();
    assert_eq!(
        json.to_string(),
        r#"{"b":{"200":[1,"x",null,true,".inf"]},"a":"1"}"#
    );
}

#[test]
fn a_large_real_description_is_read_to_its_end() {
    let places = ["../shared", "../../shared"]; // alongside the repository, or a worktree's parent
    let found = places.iter().find_map(|place| {
        std::fs::read_to_string(format!("{place}/data/openapi/okta-management.yaml")).ok()
    });
    let Some(text) = found else {
        eprintln!("skipped: the shared data is not here");
        return;
    };
    let node = read(&text);
    assert!(node.get("paths").unwrap().as_map().unwrap().len() > 100);
}

proptest! {
    #[test]
    fn no_text_panics_and_every_span_lies_in_the_text(text in r#"([ \n\-:,#'"&*!\[\]{}|>?%@`~\\<\t\r]|[a-c0é😀]|: |- |\n  |\n|&a |\*a|!t |''){0,40}"#) {
        if let Ok(node) = parse(&text, "t") {
            let mut out = Vec::new();
            scalars(&node, &text, &mut out);
        }
    }

    #[test]
    fn a_plain_or_quoted_scalar_reads_back_from_its_own_span(text in r#"(a: |b: |- |\n|\n  |[a-c]{1,3}|'[a-c#, ]{0,3}'|"[a-c#, ]{0,3}"| # [a-c'"]{0,3}|, |\[|\]){0,24}"#) {
        if let Ok(node) = parse(&text, "t") {
            let mut out = Vec::new();
            scalars(&node, &text, &mut out);
            for scalar in out {
                let again = parse(scalar, "t").unwrap();
                prop_assert!(again.as_map().is_none() && again.as_seq().is_none(), "{scalar:?}");
                prop_assert_eq!(again.span.end - again.span.start, scalar.len(), "{:?}", scalar);
            }
        }
    }
}

#[test]
fn a_closing_bracket_may_stand_as_far_left_as_its_key() {
    let text = "\u{feff}a: [\n  'x, # y', # ö ] '\n  # z\n]\nb: {\n  \"k\": ['v'\n  ]\n}\nc: [\n]\nd:\n  e: [\n    {f: g}\n  ]\nh: |\n  [\n  'i'\n  ]\n";
    let node = read(text);
    assert_eq!(
        spans(text),
        [
            "a",
            "'x, # y'",
            "b",
            "\"k\"",
            "'v'",
            "c",
            "d",
            "e",
            "f",
            "g",
            "h",
            "|\n  [\n  'i'\n  ]"
        ]
    );
    assert_eq!(node.get("h").unwrap().as_str(), Some("[\n'i'\n]\n"));
    assert_eq!(node.get("c").unwrap().line, 9);
    let a = node.get("a").unwrap();
    assert_eq!(
        &text[a.span.start..a.span.end],
        "[\n  'x, # y', # ö ] '\n  # z\n]"
    );
    assert!(failure("a:\n  b: [\n    'c'\n]\nd: ]\n").starts_with("t.yaml:5:4: "));
}

#[test]
fn several_documents_of_a_file_keep_their_lines_and_bytes_apart() {
    let text = "# head\n---\na: &x [1]\nb: *x\n---\n# none\n---\r\nc: \"é # 2\" # end\n...\n";
    let all = documents(text, "t.yaml").unwrap();
    let lines: Vec<u32> = all.iter().map(|node| node.line).collect();
    assert_eq!((all.len(), lines[0], lines[2]), (3, 3, 8));
    let last = all[2].get("c").unwrap();
    assert_eq!(&text[last.span.start..last.span.end], "\"é # 2\"");
    assert_eq!(all[1].value, Value::Null);
    assert!(documents("a: &x 1\n---\nb: *x\n", "t.yaml").is_err());
    assert!(documents("# nothing\n", "t.yaml").unwrap().is_empty());
}

#[test]
fn a_comma_after_the_last_pair_belongs_to_its_mapping() {
    for text in [
        "m: {a: 1,\n  b: 2,\n  }\n",
        "m: {a: 1, b: 2, }\n",
        "m: [1, 2, ]\n",
        "m: {a: 1, b: 2,} # c\nn: 1\n",
    ] {
        let root = read(text);
        let node = root.get("m").unwrap();
        let pairs = node
            .as_map()
            .map(<[_]>::len)
            .or(node.as_seq().map(<[_]>::len));
        assert_eq!(pairs, Some(2), "{text}");
        let end = text.find(['}', ']']).unwrap() + 1;
        assert_eq!(
            &text[node.span.start..node.span.end],
            &text[3..end],
            "{text}"
        );
    }
}
