//! JSON text that a terminal can be trusted with.
//!
//! In: any value. Out: valid JSON (RFC 8259) of the same value, in which DEL, C1
//! controls, bidirectional controls and characters that nobody sees are written
//! as `\u` escapes: JSON allows them bare, but a report is also read with `cat`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::is_unseen;

/// On several lines, without a line end after the last.
pub(crate) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, PrettyFormatter::new())
}

/// The same as it is in a list that is a field of the whole: without the indentation in front
/// of its first line.
pub(crate) fn pretty_item(value: &impl Serialize) -> serde_json::Result<String> {
    let text = pretty(&[[value]])?;
    let item = text
        .strip_prefix(ABOVE_ITEM)
        .and_then(|rest| rest.strip_suffix(BELOW_ITEM));
    item.map(str::to_owned)
        .ok_or_else(|| serde::ser::Error::custom("the list has another layout"))
}

const ABOVE_ITEM: &str = "[\n  [\n    ";
const BELOW_ITEM: &str = "\n  ]\n]";

/// On one line, without its end.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, CompactFormatter)
}

fn written(value: &impl Serialize, layout: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    write(value, layout, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| serde::ser::Error::custom("the text is not UTF-8"))
}

fn write(
    value: &impl Serialize,
    layout: impl Formatter,
    out: impl Write,
) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Plain(layout)))
}

/// Any layout, with the texts escaped.
struct Plain<F>(F);

impl<F: Formatter> Formatter for Plain<F> {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly every text; a byte is tested faster than a letter.
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unseen) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            let mut letters = after.chars();
            for unit in letters
                .next()
                .into_iter()
                .collect::<String>()
                .encode_utf16()
            {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = letters.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_nobody_sees_is_escaped_and_the_rest_is_as_ever() {
        let value = json!({"a\u{7f}": ["x\u{9b}31m", "\u{202e}gnp", "\u{e0041}", "é…\n"], "n": 1.5, "e": [], "o": {}});
        assert_eq!(
            line(&value).unwrap(),
            r#"{"a\u007f":["x\u009b31m","\u202egnp","\udb40\udc41","é…\n"],"n":1.5,"e":[],"o":{}}"#
        );
        let harmless = json!({"clients": [{"id": "billing", "terms": [], "n": null}]});
        assert_eq!(
            pretty(&harmless).unwrap(),
            serde_json::to_string_pretty(&harmless).unwrap()
        );
    }

    proptest! {
        #[test]
        fn the_value_stays_and_nothing_unseen_is_left(texts in proptest::collection::vec(any::<String>(), 0..4)) {
            let value = json!(texts);
            let text = line(&value).unwrap();
            prop_assert!(!text.contains(is_unseen), "{text:?}");
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
