//! Placeholders that tools fill in, where one stands for a whole value without quotes: `##KEY##`
//! and `@@KEY@@` of auth0-deploy-cli, `$(KEY)` and `${KEY}` of keycloak-config-cli.
//!
//! `@@KEY@@` is neither YAML nor JSON there, `$(KEY)` is no JSON, and `##KEY##` is a comment. So the tree is that of a
//! text with quotes in place of the outer marks, in which every byte has its place; its strings
//! are then given back what is written.

use super::source::Source;
use crate::document::{Node, Value};

/// How a placeholder begins and ends.
type Marks = [(&'static str, &'static str)];

pub(super) const AUTH0: &Marks = &[("@@", "@@"), ("##", "##")];
pub(super) const KEYCLOAK: &Marks = &[("$(", ")"), ("${", "}"), ("@@", "@@")];

/// The same file with a tree in which such placeholders are strings; nothing where there are
/// none, or no tree.
pub(super) fn as_strings<'a>(source: &Source<'a>, marks: &Marks) -> Option<Source<'a>> {
    let text = source.text;
    let quoted = quoted(text, marks)?;
    source.with_tree_of(&quoted, |root| restore(root, text, marks))
}

/// The text with quotes around such placeholders, in place of bytes of theirs.
fn quoted(text: &str, marks: &Marks) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut any = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        for &mark in marks {
            let mut from = 0;
            while let Some((open, end)) = next(line, mark, from) {
                if stands_alone(line, open, end) {
                    for at in [start + open, start + end - 1] {
                        bytes[at] = b'"';
                    }
                    any = true;
                }
                from = end;
            }
        }
        start += line.len();
    }
    any.then(|| String::from_utf8(bytes).ok())?
}

/// The next `mark KEY mark`, without spaces.
fn next(line: &str, (begin, end): (&str, &str), from: usize) -> Option<(usize, usize)> {
    let mut open = from + line.get(from..)?.find(begin)?;
    // A variable may name its kind and a default: `$(env:NAME:-none)`.
    let more = if begin == end { "" } else { ":./" };
    loop {
        let key = open + begin.len();
        let rest = line.get(key..)?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || more.contains(c);
        let len = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if len > 0 && rest[len..].starts_with(end) {
            return Some((open, key + len + end.len()));
        }
        open = key + rest.find(begin)?;
    }
}

/// Whether it is all of a value, and not in a string.
fn stands_alone(line: &str, open: usize, end: usize) -> bool {
    let (before, after) = (&line[..open], line[end..].trim_start());
    let outside = ['"', '\'']
        .iter()
        .all(|quote| before.matches(*quote).count() % 2 == 0);
    let before = before.trim_end();
    outside
        && (before.is_empty() || before.ends_with([':', '-', ',', '[']))
        && (after.is_empty() || after.starts_with([',', ']', '}', '#']))
}

/// Strings of the tree as the text has them.
fn restore(node: &mut Node, text: &str, marks: &Marks) {
    match &mut node.value {
        Value::String(value) => {
            let written = text.get(node.span.start..node.span.end).unwrap_or_default();
            if marks.iter().any(|(begin, _)| written.starts_with(begin)) {
                written.clone_into(value);
            }
        }
        Value::Seq(items) => items.iter_mut().for_each(|item| restore(item, text, marks)),
        Value::Map(pairs) => {
            let values = pairs.iter_mut().map(|(_, value)| value);
            values.for_each(|value| restore(value, text, marks));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_that_is_a_whole_value_is_quoted_in_its_place() {
        let cases = [
            ("a: @@KEY@@\n", "a: \"@KEY@\"\n"),
            ("a: ##KEY## # why\r\n", "a: \"#KEY#\" # why\r\n"),
            (
                "{\"a\": @@A@@, \"b\": [@@B@@, 1]}",
                "{\"a\": \"@A@\", \"b\": [\"@B@\", 1]}",
            ),
            ("- @@é@@ @@K@@\n- ##K-1##", "- @@é@@ @@K@@\n- \"#K-1#\""),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text, AUTH0).as_deref(), Some(expected), "{text}");
        }
        let json = "{\"a\": $(env:A-1:-x/y), \"b\": [\"$(B)\", ${c}]}";
        let expected = "{\"a\": \"(env:A-1:-x/y\", \"b\": [\"$(B)\", \"{c\"]}";
        assert_eq!(quoted(json, KEYCLOAK).as_deref(), Some(expected));
        assert_eq!(quoted(json, AUTH0), None);
        for text in [
            "a: '@@KEY@@'\n",
            "a: \"x: ##KEY##\"\n",
            "a: https://##ENV##.x\n",
            "#### head ####\n",
            "a: @@KEY\n@@",
            "@@@@ ####",
            "",
        ] {
            assert_eq!(quoted(text, AUTH0), None, "{text}");
        }
    }
}
