//! The tables of fields are those of the program: columns and structures with their comments, and the schema.
//!
//! In `docs/outputs.md` a comment says what the table under it is made of; `docs/report-fields.md` is made as a
//! whole. `UPDATE_DOCS=1` writes both anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{ROOT, update};

const FIELDS_HEAD: &str = "\
# report.json, field by field

Made from [report.schema.json](report.schema.json): `UPDATE_DOCS=1 cargo test --test docs` writes it anew. How the numbers come about:
[report.md](report.md). A `?` stands behind a field that may be absent.
";

#[test]
fn tables_of_fields_are_made_from_the_source() {
    let path = Path::new(ROOT).join("docs/outputs.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut made = String::new();
    let mut lines = page.lines().peekable();
    let mut tables = 0;
    while let Some(line) = lines.next() {
        let _ = writeln!(made, "{line}");
        let Some(table) = table(line) else {
            continue;
        };
        made.push_str(&table);
        tables += 1;
        // What stood there before.
        if lines.peek().is_some_and(|next| next.starts_with('|')) {
            while lines.peek().is_some_and(|next| next.starts_with('|')) {
                lines.next();
            }
        }
    }
    assert!(tables > 10, "only {tables} tables");
    keep(&path, &page, &made);
}

#[test]
fn the_columns_that_are_listed_are_those_that_are_printed() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/outputs.md")).unwrap();
    let mut compared = 0;
    for line in page.lines() {
        let Some((arguments, item, file)) = columns(line) else {
            continue;
        };
        // Of another format than CSV: `tests/output.rs` reads it.
        if arguments.is_empty() {
            continue;
        }
        let listed: Vec<String> = named(file, item)
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        let mut words = arguments.split_whitespace().collect::<Vec<_>>();
        let at = if words.get(1) == Some(&"lint") { 2 } else { 1 };
        words.insert(at, "samples/gateway");
        words.extend(["--output", "csv", "--quiet"]);
        let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .current_dir(ROOT)
            .args(&words)
            .output()
            .unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let printed = text.lines().next().unwrap_or_default();
        assert_eq!(printed, listed.join(","), "{words:?}");
        compared += 1;
    }
    assert!(compared > 7, "only {compared} tables");
}

#[test]
fn every_field_of_the_report_is_listed() {
    let schema = fs::read_to_string(Path::new(ROOT).join("docs/report.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut made = FIELDS_HEAD.to_owned();
    section(&mut made, "The report", &schema);
    for (name, kind) in schema["$defs"].as_object().unwrap() {
        section(&mut made, name, kind);
    }
    let rows = made.lines().filter(|line| line.starts_with("| `")).count();
    assert!(rows > 300, "only {rows} fields");
    let path = Path::new(ROOT).join("docs/report-fields.md");
    let page = fs::read_to_string(&path).unwrap_or_default();
    keep(&path, &page, &made);
}

fn keep(path: &Path, page: &str, made: &str) {
    if update() {
        fs::write(path, made).unwrap();
    } else {
        assert!(
            page == made,
            "{} is not up to date: UPDATE_DOCS=1 cargo test --test docs writes it anew",
            path.display()
        );
    }
}

/// The table that a comment of the page asks for.
fn table(line: &str) -> Option<String> {
    let mut text = String::new();
    if let Some((_, item, file)) = columns(line) {
        text.push_str("| column | holds | meaning |\n| --- | --- | --- |\n");
        for (name, kind, meaning) in named(file, item) {
            let _ = writeln!(
                text,
                "| `{name}` | {kind} | {} |",
                meaning.replace('|', "\\|")
            );
        }
        return Some(text);
    }
    let (item, file) = line
        .strip_prefix("<!-- fields of ")?
        .strip_suffix(" -->")?
        .split_once(" in ")?;
    text.push_str("| field | meaning |\n| --- | --- |\n");
    let source = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let (_, body) = source.split_once(&format!("struct {item} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let mut said: Vec<&str> = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            said.push(comment.trim());
        } else if let Some((name, _)) = line
            .strip_prefix("pub ")
            .and_then(|rest| rest.split_once(':'))
        {
            assert!(!said.is_empty(), "{file}: `{name}` has no comment");
            let meaning = said
                .join(" ")
                .replace("[`SCHEMA`]", "the name and version of this form");
            let _ = writeln!(text, "| `{name}` | {meaning} |");
            said.clear();
        }
    }
    Some(text)
}

/// Arguments, name of the constant and file of a comment that asks for columns.
fn columns(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line
        .strip_prefix("<!-- columns of `")?
        .strip_suffix(" -->")?;
    let (arguments, rest) = rest.split_once("` from ")?;
    let (item, file) = rest.split_once(" in ")?;
    Some((arguments, item, file))
}

/// Name, kind and meaning of the columns that a `columns!` of a source file lists.
fn named(file: &str, item: &str) -> Vec<(String, String, String)> {
    let source = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let (_, body) = source
        .split_once(&format!("const {item}: [Column; "))
        .unwrap();
    let (_, body) = body.split_once("columns! {\n").unwrap();
    let (body, _) = body.split_once("\n};").unwrap();
    let column = |line: &str| {
        let (name, rest) = line.trim().split_once(": ").unwrap();
        let (kind, meaning) = rest.split_once(", \"").unwrap();
        let empty = if kind.ends_with(" or Null") {
            ", or empty"
        } else {
            ""
        };
        let word = match kind.split([' ', '(']).next().unwrap() {
            "Text" => "text",
            "Integer" => "whole number",
            "Float" => "number",
            "Bool" => "true or false",
            "Day" => "day",
            "Instant" | "Micros" => "instant",
            "List" => "list of texts",
            other => panic!("{file}: no word for `{other}`"),
        };
        (
            name.to_owned(),
            format!("{word}{empty}"),
            meaning.trim_end_matches("\";").to_owned(),
        )
    };
    body.lines().map(column).collect()
}

fn section(text: &mut String, name: &str, kind: &Value) {
    let said = kind["description"].as_str().unwrap_or_default();
    let _ = write!(text, "\n## {name}\n\n{said}\n");
    let Some(fields) = kind["properties"].as_object() else {
        return;
    };
    let required: Vec<&str> = kind["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    text.push_str("\n| field | holds | meaning |\n| --- | --- | --- |\n");
    for (name, field) in fields {
        let absent = if required.contains(&name.as_str()) {
            ""
        } else {
            "?"
        };
        let meaning = field["description"]
            .as_str()
            .unwrap_or_default()
            .replace('|', "\\|");
        let _ = writeln!(text, "| `{name}`{absent} | {} | {meaning} |", holds(field));
    }
}

/// What a value of this kind is, in words; a type of the schema with a section of its own is a link to it.
fn holds(kind: &Value) -> String {
    if let Some(name) = kind["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(word) = kind["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(words) = kind["enum"].as_array() {
        let words = words.iter().map(|word| match word {
            Value::String(word) => format!("`{word}`"),
            other => other.to_string(),
        });
        return words.collect::<Vec<_>>().join(", ");
    }
    if let Some(ways) = kind["anyOf"]
        .as_array()
        .or_else(|| kind["oneOf"].as_array())
    {
        let mut ways: Vec<String> = ways.iter().map(holds).collect();
        ways.dedup();
        return ways.join(" or ");
    }
    let plain = |name: &str| match name {
        "array" if kind["items"].is_object() => format!("list of {}", holds(&kind["items"])),
        "array" => "list".to_owned(),
        "object" if kind["additionalProperties"].is_object() => {
            format!("mapping to {}", holds(&kind["additionalProperties"]))
        }
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    match &kind["type"] {
        Value::String(name) => plain(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(plain);
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}
