//! What is worth a look in any catalogue, whatever its source.
//!
//! In: operations. Out: warnings, and findings one by one. Nothing else is changed here.

use std::ops::Bound;

use super::LoadOptions;
use super::document::Document;
use super::matcher::{MatchOptions, Matcher, query_start};
use crate::model::words::backticks;
use crate::model::{Catalog, Clause, Operation, Requirement, Scope, Warning};

/// Warnings of one kind that are shown one by one.
const SHOWN: usize = 50;

/// Looks at the catalogue as a whole.
///
/// The matcher decides which templates are equal, so its own warnings are used;
/// building it again gives the same ones.
pub(super) fn whole(catalog: &mut Catalog) {
    let (_, mut equal) = Matcher::new(&catalog.operations, MatchOptions::default());
    if equal.len() > SHOWN {
        let rest = equal.len() - SHOWN;
        equal.truncate(SHOWN);
        equal.push(Warning::new(
            "equal-templates",
            format!("{rest} more groups of operations cannot be told apart"),
        ));
    }
    catalog.warnings.extend(equal);
    // Parameters as routers write them: `/orders/:id`, `/orders/<id>`.
    let router = |path: &str| {
        path.split('/').any(|segment| {
            let named = segment
                .strip_prefix(':')
                .and_then(|name| name.chars().next());
            named.is_some_and(char::is_alphabetic)
                || (segment.len() > 2 && segment.starts_with('<') && segment.ends_with('>'))
        })
    };
    let mut routers = catalog.operations.iter().filter(|op| router(&op.path));
    if let Some(first) = routers.next() {
        catalog.warnings.push(Warning::new(
            "literal-parameter",
            format!(
                "{} paths have a segment that looks like a parameter and is compared letter by letter, because parameters are written as `{{id}}`; the first is `{}`",
                1 + routers.count(),
                first.label()
            ),
        ));
    }
    let required = catalog.required_scopes();
    let odd = |code, sentence, odd: fn(char) -> bool| {
        let mut found = required.iter().filter(|scope| scope.as_str().contains(odd));
        let first = found.next()?;
        let count = 1 + found.count();
        let message = format!("{count} {sentence}; the first is `{first}`");
        Some(Warning::new(code, message))
    };
    catalog.warnings.extend(odd(
        "space-in-scope",
        "required scopes contain whitespace, which no OAuth scope can; they are compared as spelled",
        char::is_whitespace,
    ));
    catalog.warnings.extend(odd(
        "separator-in-scope",
        "required scopes contain a comma or a semicolon, which separates nothing here: each is one scope of that name",
        |c| matches!(c, ',' | ';'),
    ));
}

/// Everything that is worth a look, one by one, by code and place.
pub(crate) fn findings(catalog: &Catalog, warnings: &[Warning]) -> Vec<Warning> {
    // Said for each operation below.
    let said = |warning: &&Warning| warning.code != "unspecified-security";
    let mut found: Vec<Warning> = warnings.iter().filter(said).cloned().collect();
    let mut add = |code, message: String, operation: Option<&Operation>| {
        let mut warning = Warning::new(code, message);
        warning.place = operation.and_then(|operation| operation.place.clone());
        found.push(warning);
    };
    for operation in &catalog.operations {
        let label = backticks(&operation.label());
        if operation.requirement == Requirement::Unspecified {
            let text =
                format!("{label} does not say what it requires: nothing is concluded from it");
            add("unspecified-security", text, Some(operation));
        } else if operation.security.is_public() && operation.is_write() {
            let text = format!("{label} changes something, and is open to anonymous callers");
            add("public-write", text, Some(operation));
        } else if operation.requirement.is_open() && operation.is_write() {
            let text = format!("{label} changes something, and needs no scope");
            add("write-without-scope", text, Some(operation));
        }
    }
    let required = catalog.required_scopes();
    // Where nothing is declared, the description has no list of its scopes.
    if !catalog.declared.is_empty() {
        for scope in required.difference(&catalog.declared) {
            let text = format!("{} is required and not declared", backticks(scope.as_str()));
            let asks = |operation: &&Operation| {
                let mut clauses = operation.requirement.clauses().iter();
                clauses.any(|clause| clause.contains(scope))
            };
            add(
                "undeclared-scope",
                text,
                catalog.operations.iter().find(asks),
            );
        }
    }
    for scope in catalog.declared.difference(&required) {
        let text = format!(
            "{} is declared, and no operation asks for it",
            backticks(scope.as_str())
        );
        add("unused-scope", text, None);
    }
    found.sort();
    found.dedup();
    found
}

/// A scope and another of the same clause that continues its name: `x` and `x.read`.
pub(super) fn nested_names(clause: &Clause) -> Option<(&Scope, &Scope)> {
    if clause.len() < 2 {
        return None;
    }
    clause.iter().find_map(|outer| {
        ['.', ':', '/'].iter().find_map(|delimiter| {
            let start = format!("{outer}{delimiter}");
            let from = (Bound::Included(start.as_str()), Bound::Unbounded);
            let next = clause.range::<str, _>(from).next()?;
            next.as_str().starts_with(&start).then_some((outer, next))
        })
    })
}

/// The paths of the native forms are complete, so a base path has nothing to replace.
pub(super) fn base_is_ignored(document: &Document, options: &LoadOptions, catalog: &mut Catalog) {
    if options.base_path.is_some() {
        let message = format!(
            "`--api-base` has no effect on `{}`: its paths are complete",
            document.file
        );
        catalog
            .warnings
            .push(Warning::new("api-base-ignored", message));
    }
}

/// The path in front of its query or fragment, and whether something was cut.
pub(super) fn without_query(path: &str) -> (&str, bool) {
    match query_start(path) {
        Some(end) => (&path[..end], true),
        None => (path, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(names: &[&str]) -> Option<(String, String)> {
        let clause: Clause = names.iter().map(|name| Scope::new(name)).collect();
        nested_names(&clause).map(|(a, b)| (a.to_string(), b.to_string()))
    }

    #[test]
    fn each_doubt_is_found_once_and_at_its_place() {
        let text = "openapi: 3.1.0\npaths:\n  /a/{x}:\n    get: {}\n    put: {security: []}\n    post: {security: [{k: []}]}\n\
            \x20   patch: {security: [{o: [a, a.b, gone]}]}\n  /a/{y}:\n    patch: {security: [{o: [gone]}]}\n\
            components: {securitySchemes: {k: {type: apiKey}, o: {type: oauth2, flows: {implicit: {scopes: {a: x, a.b: x, idle: x}}}}}}\n";
        let catalog = super::super::load_text(text, "a.yaml", &LoadOptions::default()).unwrap();
        let found = findings(&catalog, &catalog.warnings);
        let found: Vec<(&str, Option<u32>)> = found
            .iter()
            .map(|warning| (warning.code, warning.place.as_ref().map(|place| place.line)))
            .collect();
        assert_eq!(
            found,
            [
                ("any-or-all", Some(7)),
                ("equal-templates", None),
                ("public-write", Some(5)),
                ("undeclared-scope", Some(7)),
                ("unspecified-security", Some(4)),
                ("unused-scope", None),
                ("write-without-scope", Some(6)),
            ]
        );
        let clean = "routes: {GET /a: a, POST /a: b, GET /b: public}";
        let clean = super::super::load_text(clean, "r.yaml", &LoadOptions::default()).unwrap();
        assert_eq!(findings(&clean, &clean.warnings), []);
    }

    #[test]
    fn a_name_is_nested_in_another_only_at_a_delimiter() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(nested(&["a", "a.read"]), pair("a", "a.read"));
        assert_eq!(nested(&["a", "a!", "a:read"]), pair("a", "a:read"));
        assert_eq!(nested(&["a.b", "a.b/c", "z"]), pair("a.b", "a.b/c"));
        assert_eq!(nested(&["a", "ab.read"]), None);
        assert_eq!(nested(&["a.read", "a.write"]), None);
        assert_eq!(nested(&["a"]), None);
    }
}
