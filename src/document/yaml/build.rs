//! Parser events to a tree, without recursion.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as EventSpan, Tag};

use super::bracket::join;
use super::offsets::Offsets;
use super::scalar::{behind_properties, block_sign, closing_bracket, quoted_end, resolve};
use super::{COPIED_BUDGET, MAX_DEPTH, Node, REPAIR_BUDGET, Value, WRITTEN_BUDGET, YamlError};

/// How many documents a text may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Documents {
    One,
    Any,
}

pub(super) fn build(text: &str, shown: &str, may: Documents) -> Result<Vec<Node>, YamlError> {
    #[cfg(test)]
    crate::document::parses::count();
    // The parser counts a byte order mark as a token of its own; we count bytes.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - body.len();
    let mut parsed = Cow::Borrowed(body);
    let mut work = 0;
    loop {
        let failure = match attempt(body, &parsed, (shift, shown), may) {
            Ok(roots) => return Ok(roots),
            Err(failure) => failure,
        };
        work += body.len();
        let closed = match failure.bracket {
            Some((from, bracket)) if work <= REPAIR_BUDGET => join(&parsed, from, bracket),
            _ => None,
        };
        match closed {
            Some(joined) => parsed = Cow::Owned(joined),
            None => return Err(failure.error),
        }
    }
}

/// Why one attempt failed; and when that was at a closing bracket that stands too far
/// left for the parser, everything up to where is known, and where the bracket is.
struct Failure {
    error: YamlError,
    bracket: Option<(usize, usize)>,
}

/// Parses `parsed`, which has the bytes of `body` except in whitespace and comments.
fn attempt(
    body: &str,
    parsed: &str,
    (shift, shown): (usize, &str),
    may: Documents,
) -> Result<Vec<Node>, Failure> {
    let mut builder = Builder {
        text: body,
        shown,
        offsets: Offsets::new(body, parsed, shift),
        open: Vec::new(),
        anchored: HashMap::new(),
        written: 0,
        copied: 0,
        roots: Vec::new(),
        documents: 0,
        may,
        known: 0,
    };
    for event in Parser::new_from_str(parsed) {
        let (event, span) = event.map_err(|e| {
            let at = builder.offsets.byte(*e.marker());
            let closes = matches!(body.as_bytes().get(at), Some(b']' | b'}'));
            let bracket =
                (closes && e.info() == "invalid indentation").then_some((builder.known, at));
            Failure {
                error: builder.error(*e.marker(), e.info(), unquoted(&body[at..])),
                bracket,
            }
        })?;
        let event = builder.event(event, span);
        event.map_err(|error| Failure {
            error,
            bracket: None,
        })?;
    }
    Ok(builder.roots)
}

struct Builder<'a> {
    text: &'a str,
    shown: &'a str,
    offsets: Offsets<'a>,
    open: Vec<Open>,
    anchored: HashMap<usize, Node>,
    /// Nodes that are written out, and nodes that were copied for the sake of aliases.
    written: usize,
    copied: usize,
    /// The documents that have ended.
    roots: Vec<Node>,
    documents: usize,
    may: Documents,
    /// Everything up to this byte is part of an event.
    known: usize,
}

/// A collection whose end was not seen yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
    keys: HashMap<Box<str>, u32>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: EventSpan) -> Result<(), YamlError> {
        self.known = self.known.max(self.offsets.byte(span.start));
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                self.anchored.clear();
                if self.documents > 1 && self.may == Documents::One {
                    let help =
                        "keep one document in the file: entries of several cannot be told apart";
                    return Err(self.error(
                        span.start,
                        "a second document starts here",
                        Some(help),
                    ));
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let node = self.scalar(&value, style, anchor, tag.as_deref(), span);
                self.finish(node, anchor, span.start)?;
            }
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::SequenceStart(anchor, tag) => {
                self.begin(Value::Seq(Vec::new()), anchor, tag.as_deref(), span)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(Value::Map(Vec::new()), anchor, tag.as_deref(), span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn scalar(
        &self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: EventSpan,
    ) -> Node {
        let mut start = self.offsets.byte(span.start);
        let parser_end = self.offsets.byte(span.end).max(start);
        if anchor > 0 || tag.is_some() {
            let skipped = behind_properties(self.text, start);
            start = if value.is_empty() && style == ScalarStyle::Plain {
                parser_end
            } else {
                skipped
            };
        } else if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            start = block_sign(self.text, start).unwrap_or(start);
        }
        let end = match style {
            ScalarStyle::Plain if value.is_empty() => start,
            ScalarStyle::Plain if self.text[start..].starts_with(value) => start + value.len(),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                quoted_end(self.text, start).unwrap_or(parser_end.max(start))
            }
            _ => start + self.text[start..parser_end.max(start)].trim_end().len(),
        };
        let core = tag
            .filter(|tag| tag.is_yaml_core_schema())
            .map(|tag| tag.suffix.as_str());
        let plain = match core {
            Some("str") => false,
            Some("int" | "float" | "bool" | "null") => true,
            _ => style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix != "!"),
        };
        let typed = if plain {
            resolve(value)
        } else {
            Value::String(value.to_owned())
        };
        let spelt = !value.is_empty() && !matches!(typed, Value::String(_));
        Node {
            line: self.offsets.line(start),
            span: self.offsets.span(start, end),
            spelling: spelt.then(|| Box::from(value)),
            value: typed,
            anchor: anchor > 0,
            alias: false,
            tagged: tag.is_some() && core.is_none(),
            flow: self.in_flow(),
        }
    }

    fn in_flow(&self) -> bool {
        self.open.last().is_some_and(|open| open.node.flow)
    }

    fn begin(
        &mut self,
        value: Value,
        anchor: usize,
        tag: Option<&Tag>,
        span: EventSpan,
    ) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("lists and mappings nest deeper than {MAX_DEPTH}");
            return Err(self.error(span.start, message, None));
        }
        let mut start = self.offsets.byte(span.start);
        if anchor > 0 || tag.is_some() {
            start = behind_properties(self.text, start);
        }
        let flow = matches!(self.text.as_bytes().get(start), Some(b'[' | b'{'));
        // A block collection that begins with a flow one starts with the same byte
        // (`[a]: b`), but its first key is a collection, which is refused below.
        let node = Node {
            line: self.offsets.line(start),
            span: self.offsets.span(start, start),
            value,
            anchor: anchor > 0,
            alias: false,
            tagged: tag.is_some_and(|tag| !tag.is_yaml_core_schema()),
            flow: flow || self.in_flow(),
            spelling: None,
        };
        self.open.push(Open {
            node,
            anchor,
            key: None,
            keys: HashMap::new(),
        });
        Ok(())
    }

    fn end(&mut self, span: EventSpan) -> Result<(), YamlError> {
        let Some(mut open) = self.open.pop() else {
            return Err(self.error(span.start, "a list or mapping ends that never began", None));
        };
        let last = match &open.node.value {
            Value::Seq(items) => items.last(),
            Value::Map(pairs) => pairs.last().map(|(_, value)| value),
            _ => None,
        };
        // Only the closing bracket's own place is sure: the parser's end can lie after a comment,
        // where the next thing begins, or, where a comma ends a mapping, in front of the bracket.
        let close = self.offsets.byte(span.start);
        let bytes = self.text.as_bytes();
        let shift = self.offsets.shift;
        let bracket = open.node.span.start - shift;
        let inner = last.map(|node| node.span.end);
        let after = inner.map_or(bracket + 1, |end| end - shift);
        let closed = match (bytes.get(bracket), bytes.get(close)) {
            (Some(b'['), Some(b']')) | (Some(b'{'), Some(b'}')) => Some(close + 1),
            (Some(b'[' | b'{'), _) => closing_bracket(self.text, after),
            _ => None,
        };
        let start = open.node.span.start;
        let end = closed.map(|end| end + shift).or(inner).unwrap_or(start);
        open.node.span.end = end.max(start);
        self.finish(open.node, open.anchor, span.start)
    }

    fn alias(&mut self, anchor: usize, span: EventSpan) -> Result<(), YamlError> {
        let Some(target) = self.anchored.get(&anchor) else {
            return Err(self.error(span.start, "the alias is inside its own anchor", None));
        };
        let cost = size(target);
        let mut node = target.clone();
        mark_alias(&mut node);
        node.line = self.offsets.line(self.offsets.byte(span.start));
        node.span = self
            .offsets
            .span(self.offsets.byte(span.start), self.offsets.byte(span.end));
        node.anchor = false;
        node.flow = node.flow || self.in_flow();
        self.copy(cost, span.start)?;
        self.place(node, span.start)
    }

    fn finish(&mut self, node: Node, anchor: usize, mark: Marker) -> Result<(), YamlError> {
        self.written += 1;
        if self.written > WRITTEN_BUDGET {
            let message = format!("the document has more than {WRITTEN_BUDGET} nodes");
            let help = "split it into several files";
            return Err(self.error(mark, message, Some(help)));
        }
        if anchor > 0 {
            self.copy(size(&node), mark)?;
            self.anchored.insert(anchor, node.clone());
        }
        self.place(node, mark)
    }

    /// Counts nodes that are in the text once and in memory once more.
    fn copy(&mut self, cost: usize, mark: Marker) -> Result<(), YamlError> {
        self.copied = self.copied.saturating_add(cost);
        if self.copied > COPIED_BUDGET {
            let message =
                format!("the document's aliases add more than {COPIED_BUDGET} nodes to it");
            let help =
                "write out what the aliases stand for, or remove anchors that no alias names";
            return Err(self.error(mark, message, Some(help)));
        }
        Ok(())
    }

    fn place(&mut self, node: Node, mark: Marker) -> Result<(), YamlError> {
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::Map(pairs), Some(key)) => pairs.push((key, node)),
            (Value::Map(_), None) => return self.key(node, mark),
            (Value::Seq(items), _) => items.push(node),
            _ => {}
        }
        Ok(())
    }

    /// Takes the key of the next pair of the innermost mapping.
    fn key(&mut self, node: Node, mark: Marker) -> Result<(), YamlError> {
        if matches!(node.value, Value::Seq(_) | Value::Map(_)) {
            return Err(self.error(mark, "a list or mapping cannot be a key here", None));
        }
        let name = node.text().unwrap_or_default();
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        if let Some(first) = open.keys.insert(Box::from(name), node.line) {
            // The merge key is YAML's own; other keys are content, and not shown.
            let key = if name == "<<" {
                "the merge key `<<`"
            } else {
                "this key"
            };
            let message = format!("{key} is already in this mapping, in line {first}");
            let help = "keep one of them: readers disagree about which one counts";
            return Err(self.error(mark, message, Some(help)));
        }
        open.key = Some(node);
        Ok(())
    }

    fn error(
        &self,
        mark: Marker,
        message: impl Into<String>,
        help: Option<&'static str>,
    ) -> YamlError {
        let place = self.offsets.place(self.offsets.byte(mark));
        YamlError::new(self.shown, place, message, help)
    }
}

/// What to do where a scalar begins with a character that means something else.
fn unquoted(text: &str) -> Option<&'static str> {
    match text.chars().next()? {
        '*' => Some("`*` begins an alias here: where the text itself is meant, quote it: `\"*\"`"),
        '&' => Some("`&` begins an anchor here: where the text itself is meant, quote it: `\"&\"`"),
        '!' => Some("`!` begins a tag here: where the text itself is meant, quote it: `\"!\"`"),
        '@' | '`' | '%' => Some("no text begins with this character unless it is quoted: `\"@\"`"),
        _ => None,
    }
}

/// What a copy of the node costs; long strings count by their length.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Seq(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(pairs) => 1 + pairs.iter().map(|(k, v)| size(k) + size(v)).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

fn mark_alias(node: &mut Node) {
    node.alias = true;
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(mark_alias),
        Value::Map(pairs) => {
            for (key, value) in pairs {
                mark_alias(key);
                mark_alias(value);
            }
        }
        _ => {}
    }
}
