//! Microsoft Graph's own table of permissions (`permissions.json`).
//!
//! In: `{"permissions": {NAME: {"schemes": {...}, "pathSets": [{"schemeKeys", "methods", "paths": {PATH: ATTRIBUTES}}]}}}`.
//! Out: the operations of one scheme, each with the permissions that open it.
//!
//! Invariants:
//! * delegated and application permissions of one name are different grants, so a scheme has to
//!   be chosen; without one the file is refused;
//! * each permission is an alternative, together with all that `AlsoRequires` names: whether one of
//!   those would do is not said, and none may be removed for it;
//! * what is said of one permission more than once are alternatives as well;
//! * `least` is a hint, never a requirement;
//! * an attribute that is not known makes the operation unspecified.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Document, Syntax, kind};
use super::openapi::clean_base;
use super::{CatalogError, CatalogFormat, LoadOptions, lint};
use crate::model::words::{backticks, plural};
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, Warning};

/// The table of permissions.
pub(super) struct Graph;

impl CatalogFormat for Graph {
    fn name(&self) -> &'static str {
        "Microsoft Graph permissions"
    }

    fn detect(&self, document: &Document) -> bool {
        let all = document.get("permissions").and_then(Value::as_object);
        document.syntax != Syntax::Csv
            && all.is_some_and(|all| all.values().any(|one| one.get("pathSets").is_some()))
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let nothing = Value::Null;
        let all = document.get("permissions").unwrap_or(&nothing);
        let all = all
            .as_object()
            .ok_or_else(|| wrong(document, "", "`permissions`", all, "a mapping"))?;
        let scheme = scheme(document, all, options)?;
        let mut table = Table {
            document,
            scheme,
            rows: BTreeMap::new(),
            methods: BTreeMap::new(),
        };
        let mut catalog = Catalog::default();
        for (name, permission) in all {
            table.permission(name, permission)?;
            let schemes = permission.get("schemes");
            if schemes.is_some_and(|schemes| schemes.get(scheme).is_some()) {
                catalog.declared.insert(Scope::new(name));
            }
        }
        let base = options.base_path.as_deref().map(clean_base);
        table.operations(&base.unwrap_or_default(), &mut catalog);
        Ok(catalog)
    }
}

fn wrong(
    document: &Document,
    permission: &str,
    what: &str,
    found: &Value,
    expected: &'static str,
) -> CatalogError {
    CatalogError::WrongType {
        at: document.at(&["permissions", permission]),
        what: what.to_owned(),
        found: kind(found),
        expected,
    }
}

/// The scheme that was chosen; the error lists those of the file.
fn scheme<'a>(
    document: &Document,
    all: &'a Map<String, Value>,
    options: &LoadOptions,
) -> Result<&'a str, CatalogError> {
    let of = |permission: &'a Value| {
        let schemes = permission.get("schemes").and_then(Value::as_object);
        schemes.into_iter().flat_map(Map::keys).map(String::as_str)
    };
    let known: BTreeSet<&str> = all.values().flat_map(of).collect();
    let known_names = || known.iter().map(|name| (*name).to_owned()).collect();
    let file = || document.file.clone();
    match &options.scheme {
        None => Err(CatalogError::SchemeNeeded {
            file: file(),
            known: known_names(),
        }),
        Some(name) => {
            known
                .get(name.as_str())
                .copied()
                .ok_or_else(|| CatalogError::UnknownScheme {
                    file: file(),
                    name: name.clone(),
                    known: known_names(),
                })
        }
    }
}

/// What one permission says about one operation.
#[derive(Default)]
struct Way {
    least: bool,
    /// What is needed as well, for each statement: one of them is enough.
    also: BTreeSet<Clause>,
    /// An attribute could not be read.
    unknown: bool,
}

/// The ways of each operation by permission; the key is path and method.
type Rows<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, Way>>;

struct Table<'a> {
    document: &'a Document,
    scheme: &'a str,
    rows: Rows<'a>,
    /// The methods that a permission supports on a path.
    methods: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Table<'a> {
    fn permission(&mut self, name: &'a str, permission: &'a Value) -> Result<(), CatalogError> {
        let document = self.document;
        let shown = backticks(name);
        let wrong = |what: &str, found: &Value, expected| {
            wrong(
                document,
                name,
                &format!("{what} of {shown}"),
                found,
                expected,
            )
        };
        let sets = match permission.get("pathSets") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(sets)) => sets,
            Some(other) => return Err(wrong("`pathSets`", other, "a list")),
        };
        for set in sets {
            let texts = |key: &str| -> Result<Vec<&'a str>, CatalogError> {
                let list = set.get(key).unwrap_or(&Value::Null);
                let items = list.as_array();
                let texts = items.and_then(|items| items.iter().map(Value::as_str).collect());
                texts.ok_or_else(|| wrong(&format!("`{key}`"), list, "a list of strings"))
            };
            if !texts("schemeKeys")?.contains(&self.scheme) {
                continue;
            }
            let methods = texts("methods")?;
            let paths = set.get("paths").unwrap_or(&Value::Null);
            let paths = paths
                .as_object()
                .ok_or_else(|| wrong("`paths`", paths, "a mapping"))?;
            // A set may say what it needs as a whole, or hold what is not known here.
            let keys = ["schemeKeys", "methods", "paths"];
            let mut more = set.as_object().into_iter().flat_map(Map::keys);
            let more = more.any(|key| !keys.contains(&key.as_str()));
            for (path, attributes) in paths {
                let attributes = attributes
                    .as_str()
                    .ok_or_else(|| wrong("the attributes of a path", attributes, "a string"))?;
                for method in methods.iter().copied() {
                    self.methods
                        .entry((path.as_str(), name))
                        .or_default()
                        .insert(method);
                    let row = self.rows.entry((path.as_str(), method)).or_default();
                    let way = row.entry(name).or_default();
                    way.add(attributes, self.scheme);
                    way.unknown |= more;
                }
            }
        }
        Ok(())
    }

    fn operations(&self, base: &str, catalog: &mut Catalog) {
        let (mut cut, mut methods, mut unknown) = (0_usize, 0_usize, 0_usize);
        for ((path, method), ways) in &self.rows {
            let method = Method::parse(method.as_bytes());
            if matches!(method, Method::Other | Method::Any | Method::Named) {
                methods += 1;
                continue;
            }
            let (template, was_cut) = lint::without_query(path);
            cut += usize::from(was_cut);
            let unread = ways.values().any(|way| way.unknown);
            unknown += usize::from(unread);
            let clauses = ways.iter().flat_map(|(name, way)| {
                way.also.iter().map(|also| {
                    let mut clause = also.clone();
                    clause.insert(Scope::new(name));
                    clause
                })
            });
            let requirement = if unread {
                Requirement::Unspecified
            } else {
                Requirement::AnyOf(clauses.collect())
            };
            let full = format!("{base}/{}", template.trim_start_matches('/'));
            let mut operation = Operation::new(method, full, requirement);
            operation.least = self.least(path, ways);
            catalog.operations.push(operation);
        }
        for (code, count, text) in [
            (
                "query-in-path",
                cut,
                "with a query or fragment in the path, which was cut: requests are compared by path",
            ),
            (
                "unknown-method",
                methods,
                "of an unknown method, which were left out",
            ),
            (
                "unspecified-security",
                unknown,
                "with attributes that are not known: nothing is concluded from them",
            ),
        ] {
            if count > 0 {
                let text = format!("{} {text}", plural(count, "operation"));
                catalog.warnings.push(Warning::new(code, text));
            }
        }
    }

    /// Of several permissions that are marked, those that support the fewest methods on the path:
    /// a mark belongs to a set of methods, not to one of them.
    fn least(&self, path: &str, ways: &BTreeMap<&'a str, Way>) -> Vec<Scope> {
        let support = |name: &str| self.methods.get(&(path, name)).map_or(0, BTreeSet::len);
        let marked = ways
            .iter()
            .filter(|(_, way)| way.least)
            .map(|(name, _)| *name);
        let fewest = marked.clone().map(support).min();
        let marked = marked.filter(|name| Some(support(name)) == fewest);
        marked.map(Scope::new).collect()
    }
}

impl Way {
    /// Takes over a statement: `least=DelegatedWork,Application;AlsoRequires=A,B`.
    fn add(&mut self, attributes: &str, scheme: &str) {
        let mut also = Clause::new();
        let parts = attributes.split(';').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            let (key, list) = part.split_once('=').unwrap_or((part, ""));
            let mut names = list
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            // What is more than a list may be a choice.
            let odd = names
                .clone()
                .any(|name| name.contains(['(', ')', '|', '&', ' ']));
            match key.trim() {
                "least" => self.least |= names.any(|name| name == scheme),
                key if key.eq_ignore_ascii_case("AlsoRequires") && !odd => {
                    also.extend(names.map(Scope::new));
                }
                _ => self.unknown = true,
            }
        }
        self.also.insert(also);
    }
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn options(scheme: &str) -> LoadOptions {
        LoadOptions {
            scheme: Some(scheme.to_owned()),
            ..LoadOptions::default()
        }
    }

    fn one(permissions: &str) -> String {
        format!("{{\"permissions\": {{{permissions}}}}}")
    }

    const MAIL: &str = r#""Mail.Read": {"schemes": {"Application": {}, "DelegatedWork": {}}, "pathSets": [
          {"schemeKeys": ["Application"], "methods": ["GET"], "paths": {"/users/{id}/messages": "least=Application", "/me?$select=x": ""}},
          {"schemeKeys": ["DelegatedWork"], "methods": ["GET"], "paths": {"/me/messages": ""}}]},
        "Mail.ReadWrite": {"schemes": {"Application": {}}, "pathSets": [
          {"schemeKeys": ["Application"], "methods": ["GET", "POST"], "paths": {"/users/{id}/messages": "least=Application;AlsoRequires=A, B"}},
          {"schemeKeys": ["Application"], "methods": ["POST"], "paths": {"/users/{id}/messages": "alsorequires=C"}}]}"#;

    #[test]
    fn each_permission_is_an_alternative_of_its_own_scheme() {
        let text = one(MAIL);
        let catalog = load_text(&text, "p.json", &options("Application")).unwrap();
        let said: Vec<String> = catalog
            .operations
            .iter()
            .map(|op| {
                format!(
                    "{}: {} least {:?}",
                    op.label(),
                    op.demands(),
                    op.least.len()
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                "GET /me: Mail.Read least 0",
                "GET /users/{id}/messages: Mail.Read | A + B + Mail.ReadWrite least 1",
                "POST /users/{id}/messages: A + B + Mail.ReadWrite | C + Mail.ReadWrite least 1",
            ]
        );
        assert_eq!(catalog.operations[1].least, [Scope::new("Mail.Read")]);
        let work = load_text(&text, "p.json", &options("DelegatedWork")).unwrap();
        assert_eq!((work.operations.len(), work.declared.len()), (1, 1));
    }

    #[test]
    fn without_a_scheme_and_with_an_unknown_one_those_of_the_file_are_listed() {
        let text = one(MAIL);
        let none = load_text(&text, "p.json", &LoadOptions::default()).unwrap_err();
        let help = none.help().unwrap();
        assert!(help.contains("Application, DelegatedWork"), "{none} {help}");
        let wrong = load_text(&text, "p.json", &options("DelegatedWrk")).unwrap_err();
        assert!(
            wrong
                .help()
                .unwrap()
                .contains("did you mean `DelegatedWork`?")
        );
    }

    #[test]
    fn what_is_not_known_is_never_public_and_what_is_broken_is_refused() {
        let set = |rest: &str| {
            one(&format!(
                r#""P": {{"schemes": {{"S": {{}}}}, "pathSets": [{{"schemeKeys": ["S"], {rest}}}]}}"#
            ))
        };
        for odd in [
            r#""methods": ["GET"], "paths": {"/a": "only=x"}"#,
            r#""methods": ["GET"], "paths": {"/a": "AlsoRequires=(A|B)"}"#,
            r#""methods": ["GET"], "alsoRequires": "A", "paths": {"/a": ""}"#,
        ] {
            let catalog = load_text(&set(odd), "p.json", &options("S")).unwrap();
            assert_eq!(
                catalog.operations[0].requirement,
                Requirement::Unspecified,
                "{odd}"
            );
        }
        for bad in [
            r#""methods": "GET", "paths": {}"#,
            r#""methods": ["GET"], "paths": ["/a"]"#,
            r#""methods": [1], "paths": {}"#,
            r#""methods": ["GET"], "paths": {"/a": null}"#,
            r#""methods": ["GET"]"#,
        ] {
            assert!(
                load_text(&set(bad), "p.json", &options("S")).is_err(),
                "{bad}"
            );
        }
        let odd = set(r#""methods": ["FETCH"], "paths": {"/a": ""}"#);
        assert!(
            load_text(&odd, "p.json", &options("S"))
                .unwrap()
                .operations
                .is_empty()
        );
    }
}
