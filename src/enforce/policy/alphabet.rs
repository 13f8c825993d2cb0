//! What a parameter of a path may be spelt with, as a check and as a regular expression.
//!
//! In: the literals of a catalogue. Out: one small alphabet, in which every path has one
//! spelling only, so that no server behind a gateway can read another path than the gateway did.
//!
//! Invariants:
//! * no slash, backslash, semicolon, percent sign, question mark or control byte comes through,
//!   raw or encoded, nor a letter, digit or dot that is encoded;
//! * a parameter does not begin with a dot: `.` and `..` are steps to other folders;
//! * what stands raw in a literal of the catalogue does not come through encoded: `%40me`
//!   could be read as `@me`;
//! * no byte sequence that is no UTF-8 because it is longer than it has to be: `%C0%AF` is
//!   a slash to some.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Reserved characters that may stand in a segment as they are (RFC 3986 section 3.3).
const RESERVED: &[u8] = b"!$&'()*+,=:@";

/// Characters that may not, and that mean nothing to anybody once they are encoded.
const ENCODED: &[u8] = b" \"<>[]^`{|}";

/// The raw characters of a parameter after its first, of a path, and of the first, which is no dot. Ranges
/// keep quotes out, and the order keeps out what some engines take for an operator on sets.
const RAW: &str = "[!$&-.0-:=@A-Z_a-z~]";
const PATH: &str = "[!$&-:=@A-Z_a-z~]";
const FIRST: &str = "[!$&-,0-:=@A-Z_a-z~-]";

/// Non-ASCII bytes of UTF-8, without the beginnings that are longer than they have to be.
const WIDE: &str = "[cC][2-9a-fA-F]|[89a-bA-BdD][0-9a-fA-F]|[eE](?:[1-9a-fA-F]|0%[abAB][0-9a-fA-F])|[fF](?:[1-4]|0%[9abAB][0-9a-fA-F])";

/// The spelling of parameters in one catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alphabet {
    /// ASCII characters that may come encoded.
    encoded: BTreeSet<u8>,
}

impl Alphabet {
    /// The alphabet next to these literals, as they are on the wire.
    pub(crate) fn beside<'l>(literals: impl Iterator<Item = &'l str>) -> Self {
        let raw: BTreeSet<u8> = literals.flat_map(str::bytes).collect();
        let reserved = RESERVED.iter().filter(|byte| !raw.contains(byte));
        let encoded = reserved.chain(ENCODED).copied().collect();
        Self { encoded }
    }

    /// The ASCII characters that may come encoded.
    pub(crate) fn encoded(&self) -> impl Iterator<Item = u8> {
        self.encoded.iter().copied()
    }

    /// The characters that may stand as they are.
    pub(crate) fn raw() -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|byte| is_raw(*byte))
    }

    /// Whether a parameter at the start of a segment may be this text.
    pub(crate) fn fits(&self, text: &[u8]) -> bool {
        !text.starts_with(b".") && self.fits_inside(text)
    }

    /// The same of one after other text of its segment: there a dot is no step.
    pub(crate) fn fits_inside(&self, text: &[u8]) -> bool {
        let mut rest = text;
        if rest.is_empty() {
            return false;
        }
        while let Some(byte) = rest.first() {
            let length = match code(rest) {
                _ if is_raw(*byte) => 1,
                Some(0xE0) if (0xA0..=0xBF).contains(&code(&rest[3..]).unwrap_or(0)) => 6,
                Some(0xF0) if (0x90..=0xBF).contains(&code(&rest[3..]).unwrap_or(0)) => 6,
                Some(0x80..=0xBF | 0xC2..=0xDF | 0xE1..=0xEF | 0xF1..=0xF4) => 3,
                Some(byte) if self.encoded.contains(&byte) => 3,
                _ => return false,
            };
            rest = &rest[length..];
        }
        true
    }

    /// The same as a regular expression without anchors, captures and backslashes.
    pub(crate) fn regex(&self) -> String {
        let escape = self.escape();
        format!("(?:{FIRST}|{escape})(?:{RAW}|{escape})*")
    }

    /// The same for what [`Self::fits_inside`] takes.
    pub(crate) fn regex_inside(&self) -> String {
        let escape = self.escape();
        format!("(?:{RAW}|{escape})+")
    }

    /// A regular expression of paths in which everything may be part of a parameter; what
    /// segments begin with is not looked at.
    pub(crate) fn path_regex(&self) -> String {
        format!("(?:{PATH}|{})*", self.escape())
    }

    /// What may stand encoded.
    fn escape(&self) -> String {
        let mut ascii = String::new();
        for high in 0..8_u8 {
            let low: String = (0..16_u8)
                .filter(|low| self.encoded.contains(&(high << 4 | low)))
                .map(digits)
                .collect();
            if !low.is_empty() {
                // Writing to a string cannot fail.
                let _ = write!(ascii, "{high}[{low}]|");
            }
        }
        format!("%(?:{ascii}{WIDE})")
    }
}

/// Whether the byte may stand in a segment as it is.
pub(super) fn is_raw(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || RESERVED.contains(&byte)
}

/// A hexadecimal digit in both cases.
fn digits(value: u8) -> String {
    let small = format!("{value:x}");
    let large = small.to_ascii_uppercase();
    if small == large {
        small
    } else {
        small + large.as_str()
    }
}

/// The byte that an escape at the start stands for.
pub(super) fn code(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(alphabet: &Alphabet) -> regex::Regex {
        let text = format!("^{}$", alphabet.regex());
        let mut builder = regex::RegexBuilder::new(&text);
        builder
            .unicode(false)
            .build()
            .expect("a regular expression")
    }

    #[test]
    fn what_could_be_read_as_another_path_is_no_parameter() {
        let plain = Alphabet::beside(std::iter::empty());
        for good in [
            "7",
            "a.b",
            "a%20b",
            "a%3Ab",
            "J%C3%BCrgen",
            "%e0%a4%85",
            "%F0%9F%98%80",
            "a@b",
            "~x",
        ] {
            assert!(plain.fits(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".x",
            "%2e",
            "%2E%2e",
            "a%2Fb",
            "a%5cb",
            "a;b",
            "a%3Bb",
            "a%25",
            "a%",
            "a%4",
            "a%zz",
            "%41",
            "a/b",
            "a\\b",
            "a b",
            "a?b",
            "a#b",
            "a%00",
            "a%0a",
            "a\n",
            "%C0%AF",
            "%e0%80%af",
            "%f0%80%80%af",
            "%ff",
            "\u{fc}",
            "%7f",
            "\"",
            "%3f",
        ] {
            assert!(!plain.fits(bad.as_bytes()), "{bad}");
        }
        let beside = Alphabet::beside(["@me", "x:cancel"].into_iter());
        assert!(
            !beside.fits(b"%40me")
                && !beside.fits(b"a%3Ab")
                && beside.fits(b"a%2Bb")
                && beside.fits(b"@a:b")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_regular_expression_fits_what_the_check_fits(
            text in "([a-z.~@:;/ $,+'(-]|%[0-9a-fA-F]{2}|%[EeFf]0%[0-9a-f][0-9]|%){0,6}",
            literals in proptest::collection::vec("[@:!,a]{1,3}", 0..3),
        ) {
            let alphabet = Alphabet::beside(literals.iter().map(String::as_str));
            prop_assert_eq!(alphabet.fits(text.as_bytes()), whole(&alphabet).is_match(&text), "{}", text);
        }
    }
}
