//! TOML text to the same tree as YAML and JSON, with exact byte spans.
//!
//! In: the text of one file (TOML 1.1). Out: the tree, or an error with line and column.
//!
//! Invariants:
//! * the pairs of a table are in the order of the file;
//! * what stands in brackets on its place (`[a]`, `{a = 1}`) is a flow collection; a table with
//!   a header of its own is none, and its bytes are those of its header.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Node, Value};
use crate::model::{Place, Span};

/// Why a TOML text was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}:{column}: {message}")]
pub struct TomlError {
    /// File and line.
    pub place: Place,
    /// Column in characters, counted from 1.
    pub column: u32,
    message: String,
}

/// Reads one TOML document; `shown` is the file's name in error messages.
pub(crate) fn parse(text: &str, shown: &str) -> Result<Node, TomlError> {
    #[cfg(test)]
    super::parses::count();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader {
        text,
        skipped: text.len() - body.len(),
        breaks: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
    };
    let root = DeTable::parse(body).map_err(|error| {
        // The parser says what it expected, and quotes nothing.
        let at = error.span().map_or(0, |span| span.start) + reader.skipped;
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        TomlError {
            place: Place {
                file: Arc::from(shown),
                line: reader.line(at),
            },
            column: u32::try_from(before[start..].chars().count() + 1).unwrap_or(u32::MAX),
            message: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    })?;
    let whole = Span {
        start: reader.skipped,
        end: text.len(),
    };
    let pairs = reader.table(root.get_ref());
    Ok(reader.node(whole, Value::Map(pairs)))
}

struct Reader<'a> {
    text: &'a str,
    /// A byte order mark, which the parser does not know.
    skipped: usize,
    /// Offsets of the line breaks.
    breaks: Vec<usize>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> u32 {
        let before = self.breaks.partition_point(|newline| *newline < at);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn node(&self, span: Span, value: Value) -> Node {
        let spelt = matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_));
        let source = self.text.get(span.start..span.end).unwrap_or_default();
        let flow = match &value {
            // Tables of a list have a header each, which opens with a bracket, too.
            Value::Seq(items) => {
                let header = |item: &Node| item.as_map().is_some() && !item.flow;
                source.starts_with('[') && !items.iter().any(header)
            }
            Value::Map(_) => source.starts_with('{'),
            _ => false,
        };
        Node {
            line: self.line(span.start),
            span,
            spelling: spelt.then(|| Box::from(source)),
            value,
            anchor: false,
            alias: false,
            tagged: false,
            flow,
        }
    }

    fn span(&self, parsed: std::ops::Range<usize>) -> Span {
        Span {
            start: parsed.start + self.skipped,
            end: parsed.end + self.skipped,
        }
    }

    fn table(&self, table: &DeTable<'_>) -> Vec<(Node, Node)> {
        let pair = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            let name = Value::String(name.clone().into_owned());
            (self.node(self.span(key.span()), name), self.value(value))
        };
        let mut pairs: Vec<(Node, Node)> = table.iter().map(pair).collect();
        pairs.sort_by_key(|(key, _)| key.span.start);
        pairs
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let span = self.span(value.span());
        let held = match value.get_ref() {
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(number) => {
                let whole = i64::from_str_radix(number.as_str(), number.radix());
                whole.map_or(Value::Float(f64::NAN), Value::Int)
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Datetime(_) => {
                let source = self.text.get(span.start..span.end).unwrap_or_default();
                Value::String(source.to_owned())
            }
            DeValue::Array(items) => {
                Value::Seq(items.iter().map(|item| self.value(item)).collect())
            }
            DeValue::Table(table) => Value::Map(self.table(table)),
        };
        self.node(span, held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_has_its_bytes_and_tables_with_headers_are_no_flow_collections() {
        let text = "v = 1_0\nd = 2026-01-31\n[clients.\"a b\"] # c\nscopes = [\n  'x', # y\n  \"z\",\n]\no = { k = true }\n[[apps]]\nid = \"e\"\n[[apps]]\nid = \"é\"\n";
        for text in [
            text.to_owned(),
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
        ] {
            let root = parse(&text, "f.toml").unwrap();
            let json = root.to_json().to_string();
            assert_eq!(
                json,
                r#"{"v":10,"d":"2026-01-31","clients":{"a b":{"scopes":["x","z"],"o":{"k":true}}},"apps":[{"id":"e"},{"id":"é"}]}"#
            );
            let client = root.get("clients").unwrap().get("a b").unwrap();
            let scopes = client.get("scopes").unwrap();
            assert!(scopes.flow && !client.flow && !root.get("apps").unwrap().flow);
            assert!(client.get("o").unwrap().flow);
            let last = &scopes.as_seq().unwrap()[1];
            assert_eq!(&text[last.span.start..last.span.end], "\"z\"");
            assert_eq!(last.line, 6);
            assert_eq!(root.get("v").unwrap().text(), Some("1_0"));
        }
        let error = parse("a = 1\nb = s3cret\n", "f.toml").unwrap_err();
        assert!(error.to_string().starts_with("f.toml:2:"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
