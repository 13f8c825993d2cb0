//! JSON text to the same tree as YAML, with exact byte spans.
//!
//! In: the text of one JSON document (RFC 8259). Out: the tree, or an error with
//! line and column.
//!
//! Invariants: strict JSON only (no comments, no trailing comma, no second
//! value); equal keys in one object are an error, because readers disagree about
//! which one counts (RFC 8259 section 4).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Node, Value};
use crate::model::{Place, Span};

/// Lists and objects may nest this deep.
const MAX_DEPTH: usize = 128;

/// Why a JSON text was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}:{column}: {message}")]
pub struct JsonError {
    /// File and line.
    pub place: Place,
    /// Column in characters, counted from 1.
    pub column: u32,
    message: String,
}

/// Reads one JSON document; `shown` is the file's name in error messages.
pub(crate) fn parse(text: &str, shown: &str) -> Result<Node, JsonError> {
    #[cfg(test)]
    super::parses::count();
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    from(text, (at, 1), shown)
}

/// Reads the JSON document that another text holds up to its end, from this byte in this line on.
pub(crate) fn from(text: &str, (at, line): (usize, u32), shown: &str) -> Result<Node, JsonError> {
    let mut reader = Reader {
        text,
        shown,
        at,
        line,
        depth: 0,
    };
    reader.blanks();
    let node = reader.value()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.error("something follows the end of the document"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a str,
    at: usize,
    line: u32,
    depth: usize,
}

impl Reader<'_> {
    fn error(&self, message: impl Into<String>) -> JsonError {
        let start = self.text[..self.at].rfind('\n').map_or(0, |at| at + 1);
        let column = self.text[start..self.at].chars().count() + 1;
        JsonError {
            place: Place {
                file: Arc::from(self.shown),
                line: self.line,
            },
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message: message.into(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, JsonError> {
        let (start, line) = (self.at, self.line);
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => self.word()?,
            Some(_) => return Err(self.error("a value was expected here")),
            None => return Err(self.error("the document ends where a value was expected")),
        };
        let scalar = !matches!(value, Value::Seq(_) | Value::Map(_) | Value::String(_));
        Ok(Node {
            line,
            span: Span {
                start,
                end: self.at,
            },
            spelling: scalar.then(|| Box::from(&self.text[start..self.at])),
            value,
            anchor: false,
            alias: false,
            tagged: false,
            flow: true,
        })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, JsonError>,
    ) -> Result<Value, JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("lists and objects nest deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Seq(items));
        }
        loop {
            self.blanks();
            items.push(self.value()?);
            if self.closes(b']', "`,` or `]` was expected here")? {
                return Ok(Value::Seq(items));
            }
        }
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut pairs: Vec<(Node, Node)> = Vec::new();
        let mut lines: BTreeMap<String, u32> = BTreeMap::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(pairs));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.error("a key in double quotes was expected here"));
            }
            let before = self.at;
            let key = self.value()?;
            let name = key.text().unwrap_or_default().to_owned();
            if let Some(first) = lines.get(&name) {
                let message = format!("this key is already in this object, in line {first}");
                self.at = before;
                return Err(self.error(message));
            }
            lines.insert(name, key.line);
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.error("`:` was expected here"));
            }
            self.at += 1;
            self.blanks();
            let value = self.value()?;
            pairs.push((key, value));
            if self.closes(b'}', "`,` or `}` was expected here")? {
                return Ok(Value::Map(pairs));
            }
        }
    }

    /// Reads what follows an item: the closing bracket (true) or a comma.
    fn closes(&mut self, bracket: u8, expected: &'static str) -> Result<bool, JsonError> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == bracket => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.error(expected)),
        }
    }

    /// The value of a string; escapes are undone by the JSON library.
    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(0..0x20) | None => {
                    return Err(self.error("the text that starts here does not end"));
                }
                Some(_) => end += 1,
            }
        }
        let Some(literal) = self.text.get(start..=end) else {
            return Err(self.error("the text that starts here does not end"));
        };
        let value = serde_json::from_str(literal)
            .map_err(|_| self.error("the text that starts here has a wrong escape"))?;
        self.at = end + 1;
        Ok(value)
    }

    fn word(&mut self) -> Result<Value, JsonError> {
        let rest = &self.text[self.at..];
        let inside = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.');
        let word = &rest[..rest.find(inside).unwrap_or(rest.len())];
        let value = match serde_json::from_str(word) {
            Ok(serde_json::Value::Null) => Value::Null,
            Ok(serde_json::Value::Bool(value)) => Value::Bool(value),
            Ok(serde_json::Value::Number(number)) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            _ => return Err(self.error("a value was expected here")),
        };
        self.at += word.len();
        Ok(value)
    }
}
