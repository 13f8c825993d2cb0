//! Every message of the program with its place, in one list that is read as a stranger would.
//!
//! `UPDATE_MESSAGES=1 cargo test --test messages` writes the list anew; what has changed in it is
//! read in review.
#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test may panic and need not be fast, and clippy exempts only `#[test]` functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LIST: &str = "tests/messages/all.txt";

/// Where a message begins; what it is called in the list.
const STARTS: [(&str, &str); 5] = [
    ("#[error(", "error"),
    ("Advised::new(", "error, advice"),
    ("Warning::new(", "warning"),
    ("diagnostics::note(", "note"),
    ("bail!(", "error"),
];

/// One message: its file, its kind, its string literals as they are written.
struct Message {
    file: String,
    kind: &'static str,
    texts: Vec<String>,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Files of tests, and what stands below `mod tests` in others, say nothing to users.
fn of_users(path: &str, text: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap();
    if name.contains("test") || path.contains("/tests/") {
        return None;
    }
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    Some(text[..end].to_owned())
}

/// The string literals between the opening bracket and the one that closes it.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 1;
    let mut rest = text.chars();
    let mut before = ' ';
    while let Some(letter) = rest.next() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '/' if before == '/' => {
                let skipped: String = rest.by_ref().take_while(|letter| *letter != '\n').collect();
                drop(skipped);
            }
            // A character, not a lifetime: `'x'` or `'\x'`.
            '\'' => {
                let mut ahead = rest.clone();
                let first = ahead.next();
                let second = ahead.next();
                if first == Some('\\') || second == Some('\'') {
                    for letter in rest.by_ref().skip(1) {
                        if letter == '\'' {
                            break;
                        }
                    }
                }
            }
            '"' => {
                let mut literal = String::new();
                while let Some(letter) = rest.next() {
                    match letter {
                        '"' => break,
                        '\\' => match rest.next().unwrap() {
                            '\n' => {
                                let ahead = rest.as_str();
                                rest = ahead.trim_start().chars();
                            }
                            'n' => literal.push_str("\\n"),
                            escaped => literal.push(escaped),
                        },
                        letter => literal.push(letter),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
        before = letter;
        if depth == 0 {
            break;
        }
    }
    found
}

fn is_sentence(text: &str) -> bool {
    text.split(' ').count() > 2
}

/// The sentence that a message was made from a few lines above, in the same function.
fn made_before(text: &str) -> Vec<String> {
    const FAR: usize = 30;
    let start = text.rfind("\nfn ").unwrap_or_default();
    let start = start.max(text.rfind("    fn ").unwrap_or_default());
    let near = &text[start..];
    let lines = near.lines().count();
    let skipped: usize = near
        .split_inclusive('\n')
        .take(lines.saturating_sub(FAR))
        .map(str::len)
        .sum();
    let near = &near[skipped..];
    let made = near.rmatch_indices("format!(");
    let mut sentences = made.map(|(at, found)| literals(&near[at + found.len()..]));
    let sentence = sentences.find(|all| all.iter().any(|text| is_sentence(text)));
    sentence.unwrap_or_default()
}

fn messages() -> Vec<Message> {
    let mut paths = Vec::new();
    sources(&Path::new(ROOT).join("src"), &mut paths);
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let file = path.strip_prefix(ROOT).unwrap().to_str().unwrap();
        let file = file.replace('\\', "/");
        let Some(text) = of_users(&file, &fs::read_to_string(&path).unwrap()) else {
            continue;
        };
        for (start, kind) in STARTS {
            for (at, _) in text.match_indices(start) {
                let mut texts = literals(&text[at + start.len()..]);
                if !texts.iter().any(|text| is_sentence(text)) {
                    texts.extend(made_before(&text[..at]));
                }
                if !texts.is_empty() {
                    let file = file.clone();
                    all.push(Message { file, kind, texts });
                }
            }
        }
    }
    all
}

#[test]
fn every_message_is_in_the_list() {
    let mut list = String::new();
    let mut file = "";
    let messages = messages();
    for message in &messages {
        if message.file != file {
            file = &message.file;
            list += &format!("\n{file}\n");
        }
        list += &format!("  {}: {}\n", message.kind, message.texts.join(" | "));
    }
    let path = Path::new(ROOT).join(LIST);
    if std::env::var_os("UPDATE_MESSAGES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, list.trim_start()).unwrap();
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let new: Vec<&str> = list
        .lines()
        .filter(|line| !known.lines().any(|old| old == *line))
        .collect();
    let gone: Vec<&str> = known
        .lines()
        .filter(|line| !list.lines().any(|new| new == *line))
        .collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "UPDATE_MESSAGES=1 writes {LIST} anew, then read what has changed\nnew: {new:#?}\ngone: {gone:#?}"
    );
}

#[test]
fn errors_and_warnings_are_plain_sentences() {
    /// What a stranger stumbles over, with what to write instead.
    const WORDS: [(&str, &str); 9] = [
        ("failed to ", "cannot"),
        ("unable to ", "cannot"),
        ("invalid ", "is not a ..., and why"),
        ("illegal ", "is not a ..., and why"),
        ("please ", "nothing"),
        ("oops", "nothing"),
        ("deserialize", "read"),
        ("panick", "nothing"),
        ("unexpected error", "what happened"),
    ];
    let mut wrong = Vec::new();
    for message in messages() {
        for text in &message.texts {
            let of = format!("{}: {text:?}", message.file);
            let lower = text.to_lowercase();
            for (word, instead) in WORDS {
                if lower.contains(word) {
                    wrong.push(format!("{of}: `{word}`; write: {instead}"));
                }
            }
            let dots = text.ends_with("...") || text.ends_with('…');
            if text.ends_with('.') && !dots && text.len() > 1 {
                wrong.push(format!("{of}: ends with a full stop"));
            }
            if text.contains("  ") {
                wrong.push(format!("{of}: two spaces in a row"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_literal_is_read_with_its_escapes_and_after_comments() {
    let text = "\n// \"no\"\n format!(\"a \\\n   `{x}` \\\"q\\\"\", b['\"'], 'c'), \"d\") \"e\"";
    assert_eq!(literals(text), ["a `{x}` \"q\"", "d"]);
}
