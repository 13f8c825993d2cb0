//! A list of objects within a line, as its JSON text.
//!
//! In: text that the reader of the line found to be good JSON; of other text nothing can be
//! said, except that it ends. Out: its objects, and their members as they are written.

use std::ops::Range;

/// The objects of a list, one after the other.
pub(in crate::format) fn objects(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list.strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        rest = &rest[memchr::memchr(b'{', rest)?..];
        let end = value_end(rest)?;
        let (object, more) = rest.split_at(end);
        rest = more;
        Some(object)
    })
}

/// A member of an object: a string without its quotes, still escaped, or else its text.
pub(in crate::format) fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = object.strip_prefix(b"{")?;
    loop {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return None;
        }
        let (key, after) = rest.split_at(value_end(rest)?);
        let value = after
            .trim_ascii_start()
            .strip_prefix(b":")?
            .trim_ascii_start();
        let (value, after) = value.split_at(value_end(value)?);
        if key.get(1..key.len() - 1) == Some(name.as_bytes()) {
            let text = value
                .strip_prefix(b"\"")
                .and_then(|text| text.strip_suffix(b"\""));
            return Some(text.unwrap_or(value));
        }
        rest = after;
    }
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::format) enum Step {
    /// A member of an object; a number is also a place in a list (RFC 6901 section 4).
    Key(Box<str>),
    /// Each of a list or an object: the first one that leads to a value counts.
    Each,
}

/// Where the first value is that the steps lead to. `null` and what is not there are none.
pub(in crate::format) fn at(text: &[u8], from: usize, steps: &[Step]) -> Option<Range<usize>> {
    let from = from + blanks(text.get(from..)?);
    let end = from + value_end(&text[from..])?;
    let Some((step, further)) = steps.split_first() else {
        return Some(from..end).filter(|place| &text[place.clone()] != b"null");
    };
    let number: Option<usize> = match step {
        Step::Key(key) => key.parse().ok(),
        Step::Each => None,
    };
    let mut found = None;
    children(text, from, |index, name, value| {
        let fits = match (step, name) {
            (Step::Each, _) => true,
            (Step::Key(key), Some(name)) => text.get(name) == Some(key.as_bytes()),
            (Step::Key(_), None) => number == Some(index),
        };
        if fits {
            // Of a repeated key the last one counts, of a list the first that says something.
            let own = at(text, value, further);
            if own.is_some() || !matches!(step, Step::Each) {
                found = own;
            }
        }
        matches!(step, Step::Each) && found.is_some()
    });
    found
}

/// Where every value is that the steps lead to.
pub(in crate::format) fn all(
    text: &[u8],
    from: usize,
    steps: &[Step],
    found: &mut Vec<Range<usize>>,
) {
    let Some(Some(end)) = text.get(from..).map(|rest| {
        let blanks = blanks(rest);
        value_end(&rest[blanks..]).map(|end| from + blanks + end)
    }) else {
        return;
    };
    let Some((step, further)) = steps.split_first() else {
        found.push(from + blanks(&text[from..])..end);
        return;
    };
    let from = from + blanks(&text[from..]);
    children(text, from, |index, name, value| {
        let fits = match (step, name) {
            (Step::Each, _) => true,
            (Step::Key(key), Some(name)) => text.get(name) == Some(key.as_bytes()),
            (Step::Key(key), None) => key.parse() == Ok(index),
        };
        if fits {
            all(text, value, further, found);
        }
        false
    });
}

fn blanks(text: &[u8]) -> usize {
    text.len() - text.trim_ascii_start().len()
}

/// Calls with each value of an object or a list: its number, its name without the quotes, and
/// where it begins; until the answer is yes.
fn children(
    text: &[u8],
    from: usize,
    mut each: impl FnMut(usize, Option<Range<usize>>, usize) -> bool,
) -> Option<()> {
    let object = match text.get(from)? {
        b'{' => true,
        b'[' => false,
        _ => return None,
    };
    let mut at = from + 1;
    for index in 0.. {
        at += blanks(text.get(at..)?);
        if text.get(at) == Some(&b',') {
            at += 1;
            at += blanks(text.get(at..)?);
        }
        let mut name = None;
        if object {
            if text.get(at) != Some(&b'"') {
                return None;
            }
            let end = string_end(text, at)?;
            name = Some(at + 1..end);
            at = end + 1;
            at += blanks(text.get(at..)?);
            if text.get(at) != Some(&b':') {
                return None;
            }
            at += 1;
            at += blanks(text.get(at..)?);
        } else if text.get(at) == Some(&b']') {
            return None;
        }
        let value = at;
        at += value_end(text.get(at..)?).filter(|len| *len > 0)?;
        if each(index, name, value) {
            return Some(());
        }
    }
    None
}

/// Where the value that the text begins with ends.
fn value_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
            }
            b',' | b' ' if depth == 0 => return Some(at),
            _ if depth == 0 => {
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                let more = text[at..].iter().position(ends);
                return Some(more.map_or(text.len(), |more| at + more));
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where the quote is that ends the string.
fn string_end(text: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_through_objects_and_lists_to_the_first_value_or_to_all() {
        let steps = |path: &str| -> Vec<Step> {
            let keys = path.split('/').filter(|key| !key.is_empty());
            keys.map(|key| match key {
                "*" => Step::Each,
                key => Step::Key(key.into()),
            })
            .collect()
        };
        let text = br#" {"a": [ {"b":null}, {"b":"x"},{"b" : 2} ],"c":{"0":"zero","d":[1,[2,3]]},"a2":"a"}"#;
        let one = |path: &str| at(text, 0, &steps(path)).map(|place| &text[place]);
        assert_eq!(one("/a/*/b"), Some(&b"\"x\""[..]));
        assert_eq!(one("/a/2/b"), Some(&b"2"[..]));
        assert_eq!(one("/c/d/1/0"), Some(&b"2"[..]));
        assert_eq!(one("/c/0"), Some(&b"\"zero\""[..]));
        assert_eq!((one("/a/0/b"), one("/x"), one("/a2/b")), (None, None, None));
        let mut found = Vec::new();
        all(text, 0, &steps("/a/*"), &mut found);
        let found: Vec<&[u8]> = found.into_iter().map(|place| &text[place]).collect();
        assert_eq!(
            found,
            [&br#"{"b":null}"#[..], br#"{"b":"x"}"#, br#"{"b" : 2}"#]
        );
        for torn in [&b"{\"a\""[..], b"[1", b"{\"a\":[", b"{\"a\":}", b""] {
            assert_eq!(at(torn, 0, &steps("/a/*")), None);
        }
    }

    #[test]
    fn the_objects_of_a_list_and_their_members_are_found() {
        let list = br#"[{"a":"x\"}","b":{"a":"inner","c":[1,2]}}, {"b" : true , "a" : 12},{}]"#;
        let of = |name| -> Vec<Option<&[u8]>> {
            objects(list).map(|object| member(object, name)).collect()
        };
        assert_eq!(of("a"), [Some(&b"x\\\"}"[..]), Some(b"12"), None]);
        assert_eq!(
            of("b"),
            [
                Some(&br#"{"a":"inner","c":[1,2]}"#[..]),
                Some(b"true"),
                None
            ]
        );
        for torn in [
            &b""[..],
            b"[",
            b"[{",
            b"[{\"a",
            b"[{\"a\":",
            b"{\"a\":1}",
            b"[{\"a\":]}",
            b"[{]",
        ] {
            objects(torn).for_each(|object| assert!(member(object, "x").is_none()));
        }
    }
}
