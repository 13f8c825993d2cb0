//! The small language of routes: `GET /orders/{id}`, `orders:update + payments:write`.

use crate::model::{Clause, Method, Requirement, Scope};

/// What is wrong with a phrase, without its place.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Problem {
    fn new(message: String, help: &str) -> Self {
        Self {
            message,
            help: Some(help.to_owned()),
        }
    }
}

/// Method and path of `GET /orders/{id}`.
pub(super) fn route(key: &str) -> Result<(Method, &str), Problem> {
    let Some((method, path)) = key.trim().split_once(char::is_whitespace) else {
        return Err(Problem::new(
            format!("`{key}` is no route"),
            "write a method and a path, such as `GET /orders/{id}`",
        ));
    };
    Ok((self::method(method)?, self::path(path.trim())?))
}

/// A method by name.
pub(super) fn method(name: &str) -> Result<Method, Problem> {
    match Method::parse(name.as_bytes()) {
        Method::Other => Err(Problem::new(
            format!("`{name}` is no HTTP method"),
            "methods are those of the IANA registry (GET, POST, ...), Kubernetes verbs (LIST, WATCH, ...), and ANY \
             for all of them",
        )),
        method => Ok(method),
    }
}

/// A path: it begins with a slash, holds no white space, and `**` is its last segment.
pub(super) fn path(path: &str) -> Result<&str, Problem> {
    if !path.starts_with('/') {
        return Err(Problem::new(
            format!("path `{path}` does not begin with a slash"),
            "paths are absolute, such as `/orders/{id}`",
        ));
    }
    if path.contains(char::is_whitespace) {
        return Err(Problem::new(
            format!("path `{path}` holds white space"),
            "a space in a path is written `%20`",
        ));
    }
    let mut segments = path.split('/').rev();
    segments.next();
    if segments.any(|segment| matches!(segment, "**" | "{**}")) {
        return Err(Problem::new(
            format!("path `{path}` has `**` before its end"),
            "`**` stands for the rest of a path; `{name}` stands for one segment",
        ));
    }
    Ok(path)
}

/// Whether it is a word that asks for no scope.
pub(super) fn reserved(text: &str) -> bool {
    matches!(text.trim(), "public" | "authenticated")
}

/// Scopes joined by ` + `.
pub(super) fn clause(text: &str) -> Result<Clause, Problem> {
    let mut clause = Clause::new();
    // A `+` without space around it belongs to the name: RFC 6749 section 3.3 allows it.
    let words: Vec<&str> = text.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        let joins = index % 2 == 1;
        if joins != (*word == "+") {
            return Err(not_a_clause(text));
        }
        if joins {
            continue;
        }
        if reserved(word) && words.len() > 1 {
            return Err(alone(word));
        }
        clause.insert(Scope::new(word));
    }
    if words.len().is_multiple_of(2) {
        return Err(not_a_clause(text));
    }
    Ok(clause)
}

/// Alternatives, each of them a clause.
pub(super) fn any_of(texts: &[&str]) -> Result<Requirement, Problem> {
    if texts.is_empty() {
        return Err(Problem::new(
            "the route lists no scope".to_owned(),
            "write `public` or `authenticated` when no scope is needed",
        ));
    }
    if let [text] = texts
        && reserved(text)
    {
        return Ok(Requirement::none());
    }
    let mut clauses = Vec::new();
    for text in texts {
        if reserved(text) {
            return Err(alone(text.trim()));
        }
        let clause = clause(text)?;
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    Ok(Requirement::AnyOf(clauses))
}

fn alone(word: &str) -> Problem {
    Problem::new(
        format!("`{word}` stands beside scopes"),
        "it says that no scope is needed, so it stands alone",
    )
}

fn not_a_clause(text: &str) -> Problem {
    Problem::new(
        format!("`{text}` is neither one scope nor scopes joined by ` + `"),
        "scopes that are all needed are joined as in `a + b`; alternatives are items of a list",
    )
}
