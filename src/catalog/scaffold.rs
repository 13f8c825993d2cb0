//! A first routes.yaml, proposed from what was called.
//!
//! In: methods and paths of requests, with `{}` for ids, and operations that are known already.
//! Out: the text of a routes.yaml with one scope for each resource and for reading or writing.
//!
//! Invariants:
//! * [`super::load`] reads the text, and each request that it was made from fits a route of it;
//! * what a path of a log says is never YAML: a segment with anything but the usual characters
//!   of words becomes a parameter;
//! * the scopes are made up, and the text says so first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::At;
use super::matcher::{MatchOptions, Matcher, shape};
use super::native::method_and_path;
use crate::model::words::plural;
use crate::model::{Clause, Method, Operation, Requirement};

/// Segments after which a clustered path ends with `**`.
const LONGEST: usize = 12;

/// A proposal.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The routes.yaml.
    pub(crate) text: String,
    /// Its routes.
    pub(crate) routes: usize,
    /// What no route could be made for: `GET v1/orders`.
    pub(crate) left_out: Vec<String>,
}

/// Proposes routes for the operations that are known, and for the requests that fit none of them.
/// An operation that says what it requires keeps that.
pub(crate) fn draft(
    known: &[Operation],
    seen: &BTreeMap<(Method, String), u64>,
    options: MatchOptions,
) -> Draft {
    let mut routes: BTreeMap<(Vec<u8>, &'static str), (String, String)> = BTreeMap::new();
    let mut left_out = Vec::new();
    let mut put = |method: Method, path: String, need: String| {
        let key = if options.case_insensitive {
            shape(&path.to_ascii_lowercase())
        } else {
            shape(&path)
        };
        let route = routes.entry((key, method.name()));
        route.or_insert((path, need));
    };
    let nowhere = At {
        file: "".into(),
        line: None,
    };
    for operation in known {
        let Operation { method, path, .. } = operation;
        if method_and_path(&nowhere, method.name(), path).is_err() {
            left_out.push(operation.label());
            continue;
        }
        let need = stated(&operation.requirement);
        let need = need.unwrap_or_else(|| proposed(path, operation.is_write()));
        put(*method, path.clone(), need);
    }
    for (method, path) in seen.keys().filter(|(_, path)| is_path(path)) {
        let path = template(path);
        let need = proposed(&path, method.is_write());
        put(*method, path, need);
    }
    let made = routes.iter().map(|((_, method), (path, _))| {
        Operation::new(
            Method::parse(method.as_bytes()),
            path.as_str(),
            Requirement::none(),
        )
    });
    let made: Vec<Operation> = made.collect();
    let (matcher, _) = Matcher::new(&made, options);
    let mut requests = 0;
    for ((method, path), count) in seen {
        let fits = is_path(path) && matcher.find(*method, sample(path).as_bytes()).is_some();
        if fits {
            requests += count;
        } else {
            left_out.push(format!("{method} {path}"));
        }
    }
    let mut lines: Vec<(String, &str, String)> = routes
        .into_iter()
        .map(|((_, method), (path, need))| (path, method, need))
        .collect();
    lines.sort_unstable();
    let mut text = head(requests, known.len(), left_out.len());
    for (path, method, need) in &lines {
        let _ = writeln!(text, "  {}: {need}", key(&format!("{method} {path}")));
    }
    Draft {
        text,
        routes: lines.len(),
        left_out,
    }
}

fn head(requests: u64, known: usize, left_out: usize) -> String {
    let mut made_of = Vec::new();
    if known > 0 {
        made_of.push(format!(
            "{} of the API description",
            plural(known, "operation")
        ));
    }
    if requests > 0 {
        made_of.push(format!("{} that succeeded", plural(requests, "request")));
    }
    let missing = if left_out > 0 {
        format!(
            "# Left out: {} for which no route can be written.\n",
            plural(left_out, "path")
        )
    } else {
        String::new()
    };
    format!(
        "# A PROPOSAL, made by `scopetrim catalog scaffold` from {}.\n\
         # The scopes are made up: one for reading and one for writing each resource. Replace them by\n\
         # those that the gateway or the service asks for, before anything is concluded from this file.\n\
         #\n\
         # - `public` stands where nobody has to be known, `authenticated` where no scope is needed,\n\
         #   `[a, b]` where one of them is enough, `a + b` where both are needed.\n\
         # - Ids in paths have become `{{id}}`. Where names are ids (`/users/ada`), write `/users/{{name}}`.\n\
         # - An operation that was never called is missing: add it.\n\
         {missing}version: 1\nroutes:\n",
        made_of.join(" and "),
    )
}

/// A requirement as a routes.yaml says it; `None` where it is not stated, or cannot be written.
fn stated(requirement: &Requirement) -> Option<String> {
    let clause = |clause: &Clause| {
        if clause.is_empty() {
            return Some("public".to_owned());
        }
        let plain = |name: &str| {
            !name.contains(char::is_whitespace) && !matches!(name, "+" | "public" | "authenticated")
        };
        let names: Option<Vec<&str>> = clause
            .iter()
            .map(|scope| Some(scope.as_str()).filter(|name| plain(name)))
            .collect();
        names.map(|names| value(&names.join(" + ")))
    };
    let all: Vec<String> = match requirement {
        Requirement::Unspecified => return None,
        open if open.is_open() && open.clauses().len() == 1 => {
            return Some("authenticated".to_owned());
        }
        Requirement::AnyOf(clauses) => clauses.iter().map(clause).collect::<Option<_>>()?,
    };
    match all.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}

/// `orders:read` for `/v1/orders/{id}`.
fn proposed(path: &str, write: bool) -> String {
    let kind = if write { "write" } else { "read" };
    let words = path
        .split('/')
        .filter(|segment| !segment.contains(['{', '*']));
    let words: Vec<String> = words.map(word).filter(|word| !word.is_empty()).collect();
    let own = words.iter().find(|word| !is_prefix(word));
    let name = own.or(words.last()).map_or("root", String::as_str);
    format!("{name}:{kind}")
}

/// The name in a segment: `orders` of `orders.json` and of `orders:export`.
fn word(segment: &str) -> String {
    let start = segment.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    start
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

/// What comes before the resource: a version, or a word for all of them.
fn is_prefix(word: &str) -> bool {
    let version = word.strip_prefix(['v', 'V']).unwrap_or(word);
    matches!(word, "api" | "apis" | "rest") || version.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a template can fit the path: it has no empty segment but the last.
fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.contains("//")
}

/// The template of a clustered path.
fn template(path: &str) -> String {
    let last = path.matches('/').count();
    let mut ids = 0;
    let segments = path.split('/').enumerate().map(|(at, segment)| {
        // Only what is cut off for its length ends so: in a log these are two letters.
        let rest = segment == "**" && at == last && at > LONGEST;
        if is_word(segment) || rest {
            return segment.to_owned();
        }
        ids += 1;
        if ids == 1 {
            "{id}".to_owned()
        } else {
            format!("{{id{ids}}}")
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

fn is_word(segment: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,=:@".contains(&byte);
    segment.bytes().all(usual)
}

/// A path that a clustered path stands for.
fn sample(path: &str) -> String {
    let of = |segment: &str| match segment {
        "{}" | "{secret}" | "**" => "0".to_owned(),
        other => other.to_owned(),
    };
    path.split('/').map(of).collect::<Vec<_>>().join("/")
}

/// A route as YAML: plain where that is safe.
fn key(text: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || "-._~/{}:@ ".contains(c);
    if text.chars().all(usual) && !text.ends_with(':') {
        return text.to_owned();
    }
    quoted(text)
}

/// Scopes as YAML, also within a list: plain where that is safe, and not taken for a boolean.
fn value(text: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || "-._:+ ".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let ends = text.ends_with(':') || text.contains(": ");
    if starts && !ends && text.contains(':') && text.chars().all(usual) {
        return text.to_owned();
    }
    quoted(text)
}

/// JSON's strings are strings of YAML as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[path = "scaffold_tests.rs"]
mod tests;
