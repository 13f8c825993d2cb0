//! Lines of the keys of a JSON text, which `serde_json` does not keep.
//!
//! In: a string that was already read without error. Out: the line of each key
//! near the root, or the line of the first key that occurs twice in one object.
//!
//! Nothing is validated here.

use std::collections::HashSet;

use super::document::Lines;

/// Objects below this depth are payload (examples), where a repeated key loses nothing that is needed here:
/// the deepest one that counts is an entry of an operation's `security`.
const STRICT_DEPTH: usize = 6;

struct Open<'a> {
    object: bool,
    index: usize,
    /// The next string is a key.
    at_key: bool,
    keys: HashSet<&'a str>,
}

/// Walks the text once. The error is the line of a key that occurs twice in one object.
pub(super) fn scan(text: &str) -> Result<Lines, u32> {
    let bytes = text.as_bytes();
    let mut lines = Lines::default();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let (mut at, mut line) = (0, 1_u32);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\n' => line = line.saturating_add(1),
            b'{' | b'[' => {
                let object = *byte == b'{';
                if let Some(outer) = open.last().filter(|outer| !outer.object) {
                    names.push(outer.index.to_string());
                    lines.note(&names, line);
                }
                open.push(Open {
                    object,
                    index: 0,
                    at_key: object,
                    keys: HashSet::new(),
                });
            }
            b'}' | b']' => {
                open.pop();
                names.truncate(open.len().saturating_sub(1));
            }
            b',' => {
                if let Some(inner) = open.last_mut() {
                    inner.index += 1;
                    inner.at_key = inner.object;
                    names.truncate(open.len().saturating_sub(1));
                }
            }
            b'"' => {
                let start = at;
                while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
                let raw = text.get(start..at).unwrap_or_default();
                at += 1;
                let depth = open.len();
                if let Some(inner) = open.last_mut().filter(|inner| inner.at_key) {
                    inner.at_key = false;
                    if depth <= STRICT_DEPTH && !inner.keys.insert(raw) {
                        return Err(line);
                    }
                    names.truncate(depth - 1);
                    names.push(if depth <= Lines::DEPTH {
                        unescaped(raw)
                    } else {
                        String::new()
                    });
                    lines.note(&names, line);
                }
            }
            _ => {}
        }
    }
    Ok(lines)
}

fn unescaped(raw: &str) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_items_near_the_root_know_their_line() {
        let text = "{\n \"paths\": {\n  \"/a\\/b\": {\"get\":\n {}},\n  \"/c\": {\"x\": [1, {\"y\": 2}],\n \"put\": {}}},\n \"operations\": [\n {},\n {\"method\": 1}]}";
        let Ok(lines) = scan(text) else {
            panic!("no key occurs twice")
        };
        assert_eq!(lines.line(&["paths"]), Some(2));
        assert_eq!(lines.line(&["paths", "/a/b"]), Some(3));
        assert_eq!(lines.line(&["paths", "/a/b", "get"]), Some(3));
        assert_eq!(lines.line(&["paths", "/c", "put"]), Some(6));
        assert_eq!(lines.line(&["operations", "0"]), Some(8));
        assert_eq!(lines.line(&["operations", "1"]), Some(9));
        assert_eq!(lines.line(&["paths", "/d"]), None);
    }

    #[test]
    fn a_key_that_occurs_twice_is_found_but_not_inside_payload() {
        let Err(twice) = scan("{\"a\": {\"k\": 1,\n \"k\": 2}}") else {
            panic!("the first `k` would be lost")
        };
        assert_eq!(twice, 2);
        assert!(scan("[[[[[[{\"k\": 1, \"k\": 2}]]]]]]").is_ok());
        assert!(scan("{\"a\": {\"k\": 1}, \"b\": {\"k\": \"k\"}}").is_ok());
    }
}
