//! Which kind of text the lines of a log are, and what is in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::show::quoted;
use super::super::table::{cells_of, header};
use super::Column;

/// Depth of JSON that is looked at.
const DEPTH: usize = 5;
/// Separators of tables.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The layout that most lines have.
pub(super) struct Shape {
    pub(super) extends: &'static str,
    /// Further keys of the description, each on a line.
    pub(super) settings: String,
    pub(super) columns: Vec<Column>,
    /// Lines that have it.
    pub(super) fits: usize,
}

/// The layout of lines; `None` where they have none in common.
pub(super) fn find(lines: &[Cow<'_, str>]) -> Option<Shape> {
    if lines.is_empty() {
        return None;
    }
    json(lines)
        .or_else(|| w3c(lines))
        .or_else(|| table(lines))
        .or_else(|| logfmt(lines))
        .or_else(|| text(lines))
}

/// Whether the first line names columns.
pub(super) fn has_header(head: &[u8]) -> bool {
    SEPARATORS
        .iter()
        .any(|separator| columns_of(head, *separator).is_some())
}

/// The names of the columns, when the first line has some.
fn columns_of(head: &[u8], separator: u8) -> Option<Vec<String>> {
    let names: Vec<String> = header(head, separator)
        .iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let is_name = |name: &String| {
        !name.is_empty()
            && name.len() < 60
            && name.chars().any(char::is_alphabetic)
            && !name.contains(['{', '"', '/', '='])
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    (names.len() >= 4 && names.iter().all(is_name)).then_some(names)
}

/// Whether enough of the lines have the layout.
fn enough(fits: usize, lines: usize) -> bool {
    fits > 0 && fits * 2 > lines
}

fn json(lines: &[Cow<'_, str>]) -> Option<Shape> {
    let parsed: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(Value::is_object)
        .collect();
    if !enough(parsed.len(), lines.len()) {
        return None;
    }
    let fits = parsed.len();
    let mut settings = String::new();
    let mut records = parsed;
    // A list of objects under one key is an envelope.
    let list = records
        .first()?
        .as_object()?
        .iter()
        .find_map(|(key, value)| {
            let list = value.as_array()?;
            (!list.is_empty() && list.iter().all(Value::is_object)).then(|| key.clone())
        });
    let few = records.first()?.as_object()?.len() <= 4;
    if let Some(key) = list.filter(|_| few) {
        let pointer = format!("/{}/*", key.replace('~', "~0").replace('/', "~1"));
        let _ = writeln!(settings, "unwrap = [{}]", quoted(&pointer));
        records = records
            .iter()
            .filter_map(|record| record.get(&key)?.as_array().cloned())
            .flatten()
            .collect();
    }
    let mut columns: BTreeMap<(String, Option<String>), Vec<String>> = BTreeMap::new();
    for record in &records {
        walk(record, "", None, 0, &mut columns);
    }
    let columns = columns
        .into_iter()
        .map(|((place, inner), values)| Column {
            place,
            inner,
            values,
        })
        .collect();
    Some(Shape {
        extends: "json",
        settings,
        columns,
        fits,
    })
}

fn walk(
    value: &Value,
    pointer: &str,
    outer: Option<&str>,
    depth: usize,
    columns: &mut BTreeMap<(String, Option<String>), Vec<String>>,
) {
    let mut add = |text: String| {
        let key = match outer {
            Some(outer) => (outer.to_owned(), Some(pointer.to_owned())),
            None => (pointer.to_owned(), None),
        };
        columns.entry(key).or_default().push(text);
    };
    match value {
        Value::Object(object) if depth < DEPTH => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(
                    value,
                    &format!("{pointer}/{key}"),
                    outer,
                    depth + 1,
                    columns,
                );
            }
        }
        // Of a list of texts the first one counts.
        Value::Array(list) if depth < DEPTH => {
            if let Some(first @ Value::String(_)) = list.first() {
                walk(first, &format!("{pointer}/0"), outer, depth + 1, columns);
            }
        }
        Value::String(text) => {
            let inner = (outer.is_none() && text.trim_start().starts_with('{'))
                .then(|| serde_json::from_str::<Value>(text).ok())
                .flatten();
            match inner {
                Some(inner) => walk(&inner, "", Some(pointer), depth + 1, columns),
                None => add(text.clone()),
            }
        }
        Value::Number(number) => add(number.to_string()),
        _ => {}
    }
}

fn w3c(lines: &[Cow<'_, str>]) -> Option<Shape> {
    let names = lines
        .iter()
        .find_map(|line| line.strip_prefix("#Fields:"))?;
    let names: Vec<&str> = names.split_whitespace().collect();
    let rows: Vec<Vec<&str>> = lines
        .iter()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<&str>| row.len() == names.len())
        .collect();
    let column = |(number, name): (usize, &&str)| Column {
        place: (*name).to_owned(),
        inner: None,
        values: rows.iter().map(|row| row[number].to_owned()).collect(),
    };
    Some(Shape {
        extends: "w3c",
        settings: String::new(),
        columns: names.iter().enumerate().map(column).collect(),
        fits: rows.len(),
    })
}

fn table(lines: &[Cow<'_, str>]) -> Option<Shape> {
    let first = lines.first()?;
    SEPARATORS.iter().find_map(|separator| {
        let names = columns_of(first.as_bytes(), *separator)?;
        let rows: Vec<Vec<String>> = lines[1..]
            .iter()
            .map(|line| cells(line, *separator))
            .filter(|row| row.len() == names.len())
            .collect();
        if !enough(rows.len(), lines.len() - 1) {
            return None;
        }
        let column = |(number, name): (usize, &String)| Column {
            place: name.clone(),
            inner: None,
            values: rows.iter().map(|row| row[number].clone()).collect(),
        };
        let settings = match separator {
            b',' | b'\t' => String::new(),
            other => format!("separator = \"{}\"\n", char::from(*other)),
        };
        Some(Shape {
            extends: if *separator == b'\t' { "tsv" } else { "csv" },
            settings,
            columns: names.iter().enumerate().map(column).collect(),
            fits: rows.len(),
        })
    })
}

fn cells(line: &str, separator: u8) -> Vec<String> {
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    if cells_of(line.as_bytes(), separator, &mut text, &mut ends).is_none() {
        return Vec::new();
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts
        .zip(&ends)
        .map(|(start, end)| String::from_utf8_lossy(&text[start..*end]).into_owned())
        .collect()
}

fn logfmt(lines: &[Cow<'_, str>]) -> Option<Shape> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut fits = 0;
    for line in lines {
        let pairs = pairs(line);
        if pairs.len() < 3 {
            continue;
        }
        fits += 1;
        for (key, value) in pairs {
            columns.entry(key).or_default().push(value);
        }
    }
    enough(fits, lines.len()).then(|| Shape {
        extends: "logfmt",
        settings: String::new(),
        columns: columns
            .into_iter()
            .map(|(place, values)| Column {
                place,
                inner: None,
                values,
            })
            .collect(),
        fits,
    })
}

fn pairs(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('=') {
        let key = rest[..at].rsplit(' ').next().unwrap_or_default();
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
        let after = &rest[at + 1..];
        let (value, used) = if let Some(quoted) = after.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            (&quoted[..end], (end + 2).min(after.len()))
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            (&after[..end], end)
        };
        if key.is_empty() || !key.chars().all(is_key) {
            return Vec::new();
        }
        pairs.push((key.to_owned(), value.to_owned()));
        rest = &after[used..];
    }
    pairs
}

/// Words, and what is between quotes or brackets.
fn text(lines: &[Cow<'_, str>]) -> Option<Shape> {
    let first = pieces(lines.first()?);
    let kinds: Vec<char> = first.iter().map(|(kind, _)| *kind).collect();
    let rows: Vec<Vec<(char, String)>> = lines
        .iter()
        .map(|line| pieces(line))
        .filter(|row| row.iter().map(|(kind, _)| *kind).eq(kinds.iter().copied()))
        .collect();
    if kinds.len() < 4 || !enough(rows.len(), lines.len()) {
        return None;
    }
    let mut pattern = "^".to_owned();
    let mut columns = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        if number > 0 {
            pattern.push(' ');
        }
        let name = format!("f{}", number + 1);
        let group = match kind {
            '"' => format!(r#""(?<{name}>(?:[^"\\]|\\.)*)""#),
            '[' => format!(r"\[(?<{name}>[^\]]*)\]"),
            _ => format!(r"(?<{name}>\S+)"),
        };
        pattern.push_str(&group);
        columns.push(Column {
            place: name,
            inner: None,
            values: rows.iter().map(|row| row[number].1.clone()).collect(),
        });
    }
    pattern.push('$');
    let settings = format!("pattern = '''{pattern}'''\n");
    Some(Shape {
        extends: "regex",
        settings,
        columns,
        fits: rows.len(),
    })
}

fn pieces(line: &str) -> Vec<(char, String)> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let close = match rest.chars().next() {
            Some('"') => Some(('"', '"')),
            Some('[') => Some(('[', ']')),
            _ => None,
        };
        let end = close.and_then(|(_, close)| {
            let end = rest[1..].find(close)? + 1;
            rest[end + 1..]
                .chars()
                .next()
                .is_none_or(|c| c == ' ')
                .then_some(end)
        });
        if let (Some((kind, _)), Some(end)) = (close, end) {
            pieces.push((kind, rest[1..end].to_owned()));
            rest = &rest[end + 1..];
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            pieces.push(('w', rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    pieces
}
