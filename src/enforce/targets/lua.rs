//! The decision in Lua 5.1, for gateways that run it: the policy as tables, and the code that
//! looks into them.
//!
//! Invariants:
//! * the code compares text byte by byte, without regular expressions, and asks for nothing but
//!   the library of Lua that sandboxes leave in;
//! * a decision takes time in proportion to the length of the path.

use std::fmt::Write as _;

use super::escape;
use crate::enforce::policy::{Alphabet, Entry, Model, Piece, Segment, is_dots};

const DECIDE: &str = include_str!("decide.lua");

/// Numbers of what is no text; `decide.lua` has the same.
const PARAMETER: &str = "1";
const MANY: &str = "2";
const REST: &str = "3";
const REST_OR_NOTHING: &str = "4";
const INSIDE: &str = "5";

/// A chunk: the decision as the local function `allows`, and these lines after it.
pub(super) fn chunk(model: &Model, last: &str) -> String {
    let bytes = |all: &mut dyn Iterator<Item = u8>| quoted(&all.collect::<Vec<_>>());
    let mut text = format!(
        "-- Characters of a parameter that stand as they are, and those that come as an escape.\nlocal RAW = {}\nlocal ENCODED = {}\n",
        bytes(&mut Alphabet::raw()),
        bytes(&mut model.alphabet.encoded())
    );
    text.push_str(
        "-- Rule, methods and path. The first line that fits decides; false: it refuses.\nlocal LINES = {\n",
    );
    for entry in &model.entries {
        line(&mut text, model, entry);
    }
    text.push_str("}\n-- The rules that each client is allowed, and those that everybody is.\nlocal CLIENTS = {\n");
    for (client, rules) in model.clients.iter().filter(|(_, rules)| !rules.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  -- {}\n  [{}] = {{ {} }},",
            escape::comment(client),
            quoted(client.as_bytes()),
            list(rules.iter())
        );
    }
    let _ = writeln!(
        text,
        "}}\nlocal PUBLIC = {{ {} }}\n",
        list(model.public.iter())
    );
    text + DECIDE + last
}

fn line(text: &mut String, model: &Model, entry: &Entry) {
    let rule = &model.rules[entry.rule];
    let (number, pattern) = if entry.refuses {
        ("false".to_owned(), rule.pattern.folded())
    } else {
        (entry.rule.to_string(), rule.pattern.clone())
    };
    let segments: Vec<String> = pattern.segments.iter().map(segment).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  -- {}\n  {{ {number}, \"{}\", {{ {} }} }},",
        escape::comment(&rule.label),
        rule.methods.join(" "),
        segments.join(", ")
    );
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Literal(text) => quoted(text.as_bytes()),
        Segment::Parameter => PARAMETER.to_owned(),
        Segment::Many => MANY.to_owned(),
        Segment::Rest(false) => REST.to_owned(),
        Segment::Rest(true) => REST_OR_NOTHING.to_owned(),
        Segment::Mixed(pieces) => {
            let mut start = true;
            let pieces = pieces.iter().map(|piece| {
                let text = match piece {
                    Piece::Literal(text) => quoted(text.as_bytes()),
                    Piece::Parameter if start => PARAMETER.to_owned(),
                    Piece::Parameter => INSIDE.to_owned(),
                };
                start &= is_dots(piece);
                text
            });
            format!("{{ {} }}", pieces.collect::<Vec<_>>().join(", "))
        }
    }
}

fn list<'n>(numbers: impl Iterator<Item = &'n usize>) -> String {
    let numbers: Vec<String> = numbers.map(ToString::to_string).collect();
    numbers.join(", ")
}

/// A string of Lua: what is no plain character is written by its number.
fn quoted(bytes: &[u8]) -> String {
    let mut safe = String::from("\"");
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b" -._~!$&'()*+,=:@%/".contains(byte) {
            safe.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\{byte:03}");
        }
    }
    safe.push('"');
    safe
}
