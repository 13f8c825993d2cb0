//! HCL texts: what is read from them, where, and what is refused.

use super::*;

fn json(text: &str) -> String {
    parse(text, "f.tf").unwrap().to_json().to_string()
}

#[test]
fn blocks_are_found_by_their_labels_and_expressions_say_that_they_are_some() {
    let text = "resource \"a\" \"x\" {\n  s = [\"r\", var.w, \"${local.p}:r\"] # c\n  n = 007\n  in { v = 1 }\n  in {}\n}\nresource a y { f = concat([\"a\"], [for x in b : x]) }\nlocals {\n  o = { k = \"v\", \"q\": null }\n  c = { (var.k) = 1 }\n}\n";
    let read = json(text);
    assert_eq!(
        read,
        r#"{"resource":{"a":{"x":{"s":["r","${var.w}","${local.p}:r"],"n":7,"in":[{"v":1},{}]},"y":{"f":"${concat([\"a\"], [for x in b : x])}"}}},"locals":[{"o":{"k":"v","q":null},"c":"${{ (var.k) = 1 }}"}]}"#
    );
    assert_eq!(read, json(&text.replace('\n', "\r\n")));
    assert_eq!(read, json(&format!("\u{feff}{text}")));
}

#[test]
fn every_span_is_that_of_the_text() {
    let text = "\u{feff}# ü\na = [ \"x\" , f(1) ]\nb \"ü\" {\n  c = <<E\n${x}\nE\n}\n";
    let root = parse(text, "f.tf").unwrap();
    let of = |node: &Node| text[node.span.start..node.span.end].to_owned();
    let list = root.get("a").unwrap();
    let items: Vec<String> = list.as_seq().unwrap().iter().map(of).collect();
    assert_eq!((of(list).as_str(), list.line), ("[ \"x\" , f(1) ]", 2));
    assert_eq!(items, ["\"x\"", "f(1)"]);
    let block = root.get("b").unwrap().get("ü").unwrap();
    assert!(of(block).starts_with("b \"ü\" {") && of(block).ends_with('}'));
    let heredoc = block.get("c").unwrap();
    assert_eq!((of(heredoc).as_str(), heredoc.line), ("<<E\n${x}\nE", 4));
    assert_eq!(heredoc.text(), Some("<<E\n${x}\nE"));
}

#[test]
fn equal_labels_make_a_list_and_a_name_of_two_kinds_is_refused() {
    let twice = json("p \"a\" {\n  x = 1\n}\np \"a\" {}\n");
    assert_eq!(twice, r#"{"p":{"a":[{"x":1},{}]}}"#);
    for text in ["p = 1\np {}\n", "p {}\np \"a\" {}\n", "p \"a\" {}\np = 1\n"] {
        let error = parse(text, "f.tf").unwrap_err().to_string();
        assert!(error.starts_with("f.tf:2:1: this name already"), "{error}");
    }
}

#[test]
fn nothing_nests_so_deep_that_the_stack_ends() {
    let many = 100_000;
    let pairs = [
        "[~]", "{a=~}", "(~)", "f(~)", "-~", "!~", "[~", "1 + ~", "\"${~}\"", "x?1:~",
    ];
    let mut texts = Vec::new();
    for (open, close) in pairs.iter().filter_map(|pair| pair.split_once('~')) {
        texts.push(format!("a = {}1{}", open.repeat(many), close.repeat(many)));
    }
    texts.push(format!("a{} {{}}\n", " \"b\"".repeat(many)));
    texts.push("a {\n".repeat(many));
    for text in texts {
        let error = parse(&text, "f.tf").unwrap_err().to_string();
        assert!(error.starts_with("f.tf:"), "{error}");
    }
    for flat in [".b", "[0]"] {
        assert!(parse(&format!("a = x{}\n", flat.repeat(many)), "f.tf").is_ok());
    }
}

#[test]
fn what_is_not_hcl_is_refused_with_its_place_and_is_not_quoted() {
    for text in [
        "hunter2",
        "a = \"hunter2",
        "a = 1\na = hunter2",
        "a {\n hunter2",
        "\0",
        "a = <<E\nhunter2",
    ] {
        let error = parse(text, "f.tf").unwrap_err().to_string();
        assert!(
            !error.contains("hunter2") && !error.contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn what_jsonencode_writes_is_a_document_with_its_own_bytes() {
    let text = "a = jsonencode({ s = [\"x\", var.y] })\nb = jsonencode(local.z)\nc = jsonencode([\"q\"])\nd = { k = 1, \"k\" = 2 }\n";
    let root = parse(text, "f.tf").unwrap();
    let span = root.get("a").unwrap().span;
    assert_eq!(&text[span.start..span.end], "{ s = [\"x\", var.y] }");
    assert_eq!(
        root.to_json().to_string(),
        r#"{"a":{"s":["x","${var.y}"]},"b":"${jsonencode(local.z)}","c":["q"],"d":"${{ k = 1, \"k\" = 2 }}"}"#
    );
}

#[test]
fn an_expression_that_never_ends_is_refused_at_once() {
    let nested = |count: usize| format!("f = {}l1.\n", "a > (s + v ".repeat(count));
    for count in [1, 12, 22, 1_000, 100_000] {
        assert!(parse(&nested(count), "f.tf").is_err(), "{count}");
    }
    let closed = |count: usize| format!("f = {}1{}\n", "a + (".repeat(count), ")".repeat(count));
    assert!(parse(&closed(12), "f.tf").is_ok());
    let error = parse(&closed(13), "f.tf").unwrap_err().to_string();
    assert!(error.starts_with("f.tf:1:"), "{error}");
    assert!(error.ends_with("more than 12 operands in brackets within each other"));
    // Brackets in texts have no end, and what comes after them is read all the same.
    let odd = "a = \"x+(\"\nb {\n  c = \"+(\"\n}\n";
    let many = format!("{odd}{}", "d \"x\" {\n  c = \"+(\"\n}\n".repeat(200));
    assert!(parse(&many, "f.tf").is_ok());
}
