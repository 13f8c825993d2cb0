//! HCL text (Terraform's `.tf` files) to the same tree as YAML and JSON, with exact byte spans.
//!
//! In: the text of one file. Out: the tree, or an error with line and column.
//!
//! Invariants:
//! * an attribute is a pair of its mapping; a block with labels is a mapping in a mapping
//!   (`resource "type" "name" {}` is found at `resource.type.name`), a list of them where
//!   equal ones repeat; a block without labels is an item of a list;
//! * a literal is a scalar, a tuple a list, an object with literal keys a mapping; anything
//!   else is a string that holds `${` or `%{`, as Terraform's JSON has it: `var.x` is
//!   `${var.x}`, and its span is that of the expression;
//! * `jsonencode(x)` is the document that it writes: `x`, with the bytes of `x`;
//! * one name stands once in a body;
//! * nothing nests so deep that it could end the stack: the parser bounds expressions and
//!   blocks, `MAX_LABELS` bounds what labels add to it;
//! * no text costs more than its length deserves: the parser reads twice what stands in brackets
//!   after an operator and turns out to be wrong, so `MAX_OPERANDS` bounds how deep that nests.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{BlockLabel, Body, Structure};
use hcl_edit::template::Element;

use super::{Node, Value};
use crate::model::{Place, Span};

/// Labels that a block may have; Terraform's have two at most.
const MAX_LABELS: usize = 8;
/// Operands in brackets within each other: `a + (b + (c + d))` has two.
const MAX_OPERANDS: usize = 12;

/// Why an HCL text was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}:{column}: {message}")]
pub struct HclError {
    /// File and line.
    pub place: Place,
    /// Column in characters, counted from 1.
    pub column: u32,
    message: String,
}

/// Reads one HCL body; `shown` is the file's name in error messages.
pub(crate) fn parse(text: &str, shown: &str) -> Result<Node, HclError> {
    #[cfg(test)]
    super::parses::count();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader {
        text,
        shown,
        skipped: text.len() - body.len(),
        breaks: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
    };
    if let Some(at) = too_deep(body) {
        let message = format!("more than {MAX_OPERANDS} operands in brackets within each other");
        return Err(reader.error(at + reader.skipped, message));
    }
    let read = parse_body(body).map_err(|error| {
        // The parser says what it expected, and quotes nothing.
        reader.error(
            error.location().offset() + reader.skipped,
            error.message().to_owned(),
        )
    })?;
    let whole = Span {
        start: reader.skipped,
        end: text.len(),
    };
    Ok(reader.node(whole, reader.body(&read)?))
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a str,
    /// A byte order mark, which the parser does not know.
    skipped: usize,
    /// Offsets of the line breaks.
    breaks: Vec<usize>,
}

/// The pairs of a body or of labels, while they are collected.
#[derive(Default)]
struct Pairs {
    all: Vec<(Node, Held)>,
    known: HashMap<String, usize, FixedState>,
}

/// What stands under a name.
enum Held {
    Attribute(Node),
    /// Blocks of this name that have no further label.
    Blocks(Vec<Node>),
    /// Blocks by their next label.
    Labelled(Pairs),
}

impl Reader<'_> {
    fn line(&self, at: usize) -> u32 {
        let before = self.breaks.partition_point(|newline| *newline < at);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn error(&self, at: usize, message: String) -> HclError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[start..].chars().count() + 1;
        HclError {
            place: Place {
                file: Arc::from(self.shown),
                line: self.line(at),
            },
            column: u32::try_from(column).unwrap_or(u32::MAX),
            message,
        }
    }

    /// The bytes that the parser means; what it made up has none, and stands at the end.
    fn span(&self, parsed: Option<std::ops::Range<usize>>) -> Span {
        let end = self.text.len();
        let parsed = parsed.map_or(end..end, |span| {
            span.start + self.skipped..span.end + self.skipped
        });
        Span {
            start: parsed.start,
            end: parsed.end,
        }
    }

    fn node(&self, span: Span, value: Value) -> Node {
        Node {
            line: self.line(span.start),
            span,
            spelling: None,
            value,
            anchor: false,
            alias: false,
            tagged: false,
            flow: false,
        }
    }

    fn name(&self, span: Option<std::ops::Range<usize>>, name: &str) -> Node {
        self.node(self.span(span), Value::String(name.to_owned()))
    }

    fn body(&self, body: &Body) -> Result<Value, HclError> {
        let mut pairs = Pairs::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let key = self.name(attribute.key.span(), attribute.key.as_str());
                    let value = Held::Attribute(self.expression(&attribute.value));
                    self.insert(&mut pairs, key, value)?;
                }
                Structure::Block(block) => {
                    if block.labels.len() > MAX_LABELS {
                        let start = self.span(block.span()).start;
                        let message = format!("a block has at most {MAX_LABELS} labels");
                        return Err(self.error(start, message));
                    }
                    let mut names = vec![self.name(block.ident.span(), block.ident.as_str())];
                    names.extend(block.labels.iter().map(|label| match label {
                        BlockLabel::Ident(ident) => self.name(ident.span(), ident.as_str()),
                        BlockLabel::String(text) => self.name(text.span(), text.as_str()),
                    }));
                    let own = self.node(self.span(block.span()), self.body(&block.body)?);
                    let mut held = Held::Blocks(vec![own]);
                    while names.len() > 1 {
                        let mut inner = Pairs::default();
                        inner.all.extend(names.pop().map(|name| (name, held)));
                        held = Held::Labelled(inner);
                    }
                    if let Some(name) = names.pop() {
                        self.insert(&mut pairs, name, held)?;
                    }
                }
            }
        }
        Ok(pairs.finish(false))
    }

    /// Puts a block with those of its kind; anything else stands alone under its name.
    fn insert(&self, pairs: &mut Pairs, key: Node, held: Held) -> Result<(), HclError> {
        let name = key.text().unwrap_or_default().to_owned();
        let Some(at) = pairs.known.get(&name).copied() else {
            pairs.known.insert(name, pairs.all.len());
            let held = match held {
                // What is in it becomes known as well.
                Held::Labelled(inner) => {
                    let mut known = Pairs::default();
                    for (key, held) in inner.all {
                        self.insert(&mut known, key, held)?;
                    }
                    Held::Labelled(known)
                }
                held => held,
            };
            pairs.all.push((key, held));
            return Ok(());
        };
        let Some((first, known)) = pairs.all.get_mut(at) else {
            return Ok(());
        };
        match (known, held) {
            (Held::Blocks(blocks), Held::Blocks(more)) => blocks.extend(more),
            (Held::Labelled(known), Held::Labelled(more)) => {
                for (key, held) in more.all {
                    self.insert(known, key, held)?;
                }
            }
            _ => {
                let message = format!(
                    "this name already stands for something else in this body, in line {}",
                    first.line
                );
                return Err(self.error(key.span.start, message));
            }
        }
        Ok(())
    }

    fn source(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn expression(&self, expression: &Expression) -> Node {
        let span = self.span(expression.span());
        if let Some(document) = encoded(expression) {
            return self.expression(document);
        }
        let value = match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(value) => Value::Bool(**value),
            Expression::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Expression::String(text) => Value::String(text.as_str().to_owned()),
            Expression::Array(items) => {
                Value::Seq(items.iter().map(|item| self.expression(item)).collect())
            }
            Expression::Object(pairs) => {
                let pairs = pairs.iter();
                let pairs: Option<Vec<_>> = pairs
                    .map(|(key, value)| Some((self.key(key)?, self.expression(value.expr()))))
                    .collect();
                // Of two equal keys the last one counts, which no reader of the tree knows.
                let pairs = pairs.filter(|pairs| !repeats(pairs));
                pairs.map_or_else(|| self.computed(span), Value::Map)
            }
            Expression::StringTemplate(_) => {
                let source = self.source(span);
                let inner = source
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'));
                Value::String(inner.unwrap_or(source).to_owned())
            }
            Expression::HeredocTemplate(heredoc) => {
                let mut text = String::new();
                let literal = heredoc.template.iter().all(|element| match element {
                    Element::Literal(literal) => {
                        text.push_str(literal);
                        true
                    }
                    _ => false,
                });
                Value::String(if literal {
                    text
                } else {
                    self.source(span).to_owned()
                })
            }
            _ => self.computed(span),
        };
        let spelt = matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_));
        Node {
            spelling: spelt.then(|| Box::from(self.source(span))),
            flow: matches!(value, Value::Seq(_) | Value::Map(_)),
            ..self.node(span, value)
        }
    }

    /// A key of an object, where it is a literal.
    fn key(&self, key: &ObjectKey) -> Option<Node> {
        match key {
            ObjectKey::Ident(ident) => Some(self.name(ident.span(), ident.as_str())),
            ObjectKey::Expression(Expression::String(text)) => {
                Some(self.name(text.span(), text.as_str()))
            }
            ObjectKey::Expression(_) => None,
        }
    }

    /// What is no literal, as Terraform's JSON has it.
    fn computed(&self, span: Span) -> Value {
        Value::String(format!("${{{}}}", self.source(span)))
    }
}

/// Where operands in brackets nest too deep. Brackets in texts and comments count like others,
/// up to the end of the block that they are in.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut deep) = (Vec::new(), 0);
    // The last two that are no spaces.
    let mut before = [b' '; 2];
    for (at, byte) in bytes.iter().copied().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => {
                let operand = match before {
                    [first, b'='] => b"=!<>".contains(&first),
                    [_, last] => b"+-*/%<>&|!".contains(&last),
                };
                open.push(operand);
                deep += usize::from(operand);
                if deep > MAX_OPERANDS {
                    return Some(at);
                }
            }
            b'}' if at == 0 || bytes[at - 1] == b'\n' => {
                open.clear();
                deep = 0;
            }
            b')' | b']' | b'}' => deep -= usize::from(open.pop().unwrap_or(false)),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = [before[1], byte];
        }
    }
    None
}

/// Whether two keys are spelt alike.
fn repeats(pairs: &[(Node, Node)]) -> bool {
    let mut keys: Vec<Option<&str>> = pairs.iter().map(|(key, _)| key.text()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|two| two[0] == two[1])
}

/// The literal list or object of which an expression is the JSON text.
fn encoded(expression: &Expression) -> Option<&Expression> {
    let Expression::FuncCall(call) = expression else {
        return None;
    };
    let plain = call.name.namespace.is_empty() && call.name.name.as_str() == "jsonencode";
    let mut arguments = call.args.iter();
    let document = arguments
        .next()
        .filter(|_| plain && !call.args.expand_final())?;
    let literal = matches!(document, Expression::Object(_) | Expression::Array(_));
    (literal && arguments.next().is_none()).then_some(document)
}

impl Pairs {
    fn finish(self, labels: bool) -> Value {
        let pairs = self.all.into_iter().map(|(key, held)| {
            let synthetic = |value: Value| Node {
                value,
                spelling: None,
                ..key.clone()
            };
            let value = match held {
                Held::Attribute(node) => node,
                Held::Blocks(mut blocks) => match (labels, blocks.len()) {
                    (true, 1) => blocks.pop().unwrap_or_else(|| synthetic(Value::Null)),
                    _ => synthetic(Value::Seq(blocks)),
                },
                Held::Labelled(inner) => synthetic(inner.finish(true)),
            };
            (key, value)
        });
        Value::Map(pairs.collect())
    }
}

#[cfg(test)]
#[path = "hcl_tests.rs"]
mod tests;
