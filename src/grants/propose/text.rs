//! A description as `[[policies]]` has it, with what is known about it as comments.

use std::fmt::Write as _;

use super::{Proposal, Proposed};
use crate::grants::described::Description;
use crate::grants::shapes::Shape;
use crate::grants::site::EmptyMeans;
use crate::grants::tree_path::TreePath;
use crate::model::words::{plural, toml_string};

/// Keys that are shown of what is left alone.
const SHOWN: usize = 8;

/// What was made of these files, as TOML; nothing where they hold no clients.
pub(crate) fn toml(files: &[&str], proposed: &Proposed) -> String {
    let files: Vec<String> = files.iter().map(|file| comment(file)).collect();
    let files = files.join(", ");
    match proposed {
        Proposed::One(proposal) => one(&files, proposal),
        Proposed::Unclear(sentences) => unclear(&files, sentences),
        Proposed::Nothing => String::new(),
    }
}

fn one(files: &str, proposal: &Proposal) -> String {
    let mut text = format!(
        "# PROPOSAL for {files}: made from the form of the file alone. Check every line before you rely on it.\n"
    );
    let clients = plural(proposal.clients as u64, "client");
    let grants = plural(proposal.grants as u64, "grant");
    let example = comment(&proposal.example);
    let _ = writeln!(text, "# Found: {clients} with {grants}; {example}.");
    for doubt in &proposal.doubts {
        let _ = writeln!(text, "# Not clear: {}.", comment(doubt));
    }
    let others = proposal.others.iter().take(SHOWN);
    let others: Vec<String> = others
        .map(|(path, line, times)| {
            let times = if *times > 1 {
                format!(", {times} times")
            } else {
                String::new()
            };
            format!("`{}` (line {line}{times})", comment(path))
        })
        .collect();
    if !others.is_empty() {
        let more = match proposal.others.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(
            text,
            "# Not understood, and left alone: {}{more}.",
            others.join(", ")
        );
    }
    text.push_str(&described(&proposal.description));
    text
}

fn unclear(files: &str, sentences: &[String]) -> String {
    let mut text = format!("# {files} may hold grants of clients. No description is proposed:\n");
    for sentence in sentences {
        let _ = writeln!(text, "# - {}.", comment(sentence));
    }
    text.push_str(
        "# Write what is right; docs/configuration.md explains the keys:\n\
         # [[policies]]\n# name = \"ours\"\n# clients = \"clients[]\"      # where the clients are\n\
         # id = \"name\"              # where in a client its name is; nothing where it is a key\n\
         # terms = \"scopes\"         # where in a client its grants are\n\
         # shape = \"list\"           # list, delimited, objects, keys or levels\n\
         # empty_means = \"invalid\"  # \"none\" only where an empty list grants nothing\n",
    );
    text
}

fn described(own: &Description) -> String {
    let mut text = format!("[[policies]]\nname = {}\n", toml_string(&own.name));
    let when: Vec<String> = own
        .when
        .iter()
        .map(|(path, text)| {
            let value = text
                .as_deref()
                .map_or_else(|| "true".to_owned(), toml_string);
            format!("{} = {value}", toml_string(&path.to_string()))
        })
        .collect();
    if !when.is_empty() {
        let _ = writeln!(text, "when = {{ {} }}", when.join(", "));
    }
    let mut paths = |key: &str, paths: &[TreePath]| {
        let all: Vec<String> = paths.iter().map(|path| toml_string(&shown(path))).collect();
        let _ = match all.as_slice() {
            [] => Ok(()),
            [one] => writeln!(text, "{key} = {one}"),
            all => writeln!(text, "{key} = [{}]", all.join(", ")),
        };
    };
    paths("clients", &own.clients);
    paths("id", &own.id);
    paths("audience", own.audience.as_slice());
    paths("terms", &own.terms);
    paths("optional", &own.optional);
    let (shape, key) = match &own.shape {
        Shape::List => ("list", None),
        Shape::Delimited(' ') => ("delimited", None),
        Shape::Delimited(sign) => (
            "delimited",
            Some(format!("separator = {}", toml_string(&sign.to_string()))),
        ),
        Shape::Objects(key) => ("objects", Some(format!("key = {}", toml_string(key)))),
        Shape::Keys => ("keys", None),
        Shape::Levels(levels) => {
            let levels: Vec<String> = levels.iter().map(|level| toml_string(level)).collect();
            ("levels", Some(format!("levels = [{}]", levels.join(", "))))
        }
    };
    let _ = writeln!(text, "shape = \"{shape}\"");
    if let Some(key) = key {
        let _ = writeln!(text, "{key}");
    }
    text.push_str(match own.empty_means {
        EmptyMeans::None => {
            "empty_means = \"none\"      # a row goes with its last grant\n"
        }
        _ => {
            "empty_means = \"invalid\"   # not known: \"none\" only where an empty list grants nothing\n"
        }
    });
    text
}

/// A path as the configuration has it.
fn shown(path: &TreePath) -> String {
    let text = path.to_string();
    if text == TreePath::of(".").to_string() {
        ".".to_owned()
    } else {
        text
    }
}

/// A text that ends no comment.
fn comment(text: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(blank).collect()
}
