//! Kong's declarative file: which groups and scopes its routes ask for.
//!
//! In: a document with `_format_version` and services or routes. Out: an operation for each path and
//! method of a route, with what the plugins `acl` and `openid-connect` require.
//!
//! Invariants:
//! * a plugin of a route stands in place of the same plugin of its service, and that of one for all;
//! * `acl` is OR over its groups; `openid-connect` is OR over the elements of `scopes_required`,
//!   and AND over the words of one; both plugins together are AND;
//! * a route without both is unspecified, and so is one whose plugin is not understood whole;
//! * a path is a prefix; what is a regular expression is read up to its first special character,
//!   and its route is unspecified: no request is lost by it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Document, Syntax, kind};
use super::{CatalogError, CatalogFormat, LoadOptions, lint};
use crate::model::words::plural;
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, Warning};

/// Alternatives of one route; more is hostile.
const MAX_CLAUSES: usize = 4096;

/// A declarative file of Kong (decK).
pub(super) struct Kong;

impl CatalogFormat for Kong {
    fn name(&self) -> &'static str {
        "Kong declarative file"
    }

    fn detect(&self, document: &Document) -> bool {
        let list = |key| document.get(key).is_some_and(Value::is_array);
        document.syntax != Syntax::Csv
            && document.get("_format_version").is_some()
            && (list("services") || list("routes"))
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let root = &*document.value;
        let mut reader = Reader {
            document,
            silent: 0,
            catalog: Catalog::default(),
        };
        lint::base_is_ignored(document, options, &mut reader.catalog);
        let services = reader.list(root, "services")?;
        for service in services {
            for route in reader.list(service, "routes")? {
                reader.route(route, Some(service))?;
            }
        }
        for route in reader.list(root, "routes")? {
            let of = route.get("service");
            let name = of.map(|of| of.get("name").or_else(|| of.get("id")).unwrap_or(of));
            let service = services.iter().find(|service| is_named(service, name));
            reader.route(route, service)?;
        }
        let Reader {
            mut catalog,
            silent,
            ..
        } = reader;
        if silent > 0 {
            let text = format!(
                "{} without `acl` and `openid-connect` that could be read: nothing is concluded from them",
                plural(silent, "operation")
            );
            catalog
                .warnings
                .push(Warning::new("unspecified-security", text));
        }
        Ok(catalog)
    }
}

/// Whether an object has this name or id.
fn is_named(object: &Value, name: Option<&Value>) -> bool {
    let own = |key| object.get(key).filter(|own| own.is_string());
    name.is_some() && (own("name") == name || own("id") == name)
}

/// What a plugin requires; `Err` where it is there and not understood.
type Need = Result<Vec<Clause>, ()>;

struct Reader<'a> {
    document: &'a Document,
    silent: usize,
    catalog: Catalog,
}

impl<'a> Reader<'a> {
    fn list(&self, of: &'a Value, key: &str) -> Result<&'a [Value], CatalogError> {
        match of.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(CatalogError::WrongType {
                at: self.document.at(&[key]),
                what: format!("`{key}`"),
                found: kind(other),
                expected: "a list",
            }),
        }
    }

    /// The strings of a list, or what it means that there are none.
    fn strings(
        &self,
        of: &'a Value,
        key: &str,
        all: &'a str,
    ) -> Result<Vec<&'a str>, CatalogError> {
        let items = self.list(of, key)?;
        if items.is_empty() {
            return Ok(vec![all]);
        }
        let text = |item: &'a Value| {
            item.as_str().ok_or_else(|| CatalogError::WrongType {
                at: self.document.at(&[key]),
                what: format!("an entry of `{key}`"),
                found: kind(item),
                expected: "a string",
            })
        };
        items.iter().map(text).collect()
    }

    fn route(&mut self, route: &'a Value, service: Option<&'a Value>) -> Result<(), CatalogError> {
        let need = ["acl", "openid-connect"].map(|plugin| self.plugin(plugin, route, service));
        let [acl, oidc] = need;
        let need = match (acl?, oidc?) {
            (Some(Ok(one)), Some(Ok(other))) => both(&one, &other),
            (Some(Ok(one)), None) | (None, Some(Ok(one))) => Some(one),
            _ => None,
        };
        let methods = self.strings(route, "methods", "ANY")?;
        let methods = methods.iter().map(|name| Method::parse(name.as_bytes()));
        let methods: Vec<Method> = methods.collect();
        let paths = self.strings(route, "paths", "/")?;
        let name = route.get("name").and_then(Value::as_str);
        for path in paths {
            let (template, whole) = template(path);
            let requirement = match &need {
                Some(clauses) if whole => Requirement::AnyOf(clauses.clone()),
                _ => Requirement::Unspecified,
            };
            for method in &methods {
                if *method == Method::Other {
                    continue;
                }
                self.silent += usize::from(requirement == Requirement::Unspecified);
                let mut operation = Operation::new(*method, template.clone(), requirement.clone());
                operation.operation_id = name.map(str::to_owned);
                self.catalog.operations.push(operation);
            }
        }
        Ok(())
    }

    /// The plugin that counts for a route: its own, else its service's, else the one for all.
    fn plugin(
        &self,
        name: &str,
        route: &'a Value,
        service: Option<&'a Value>,
    ) -> Result<Option<Need>, CatalogError> {
        let root = &*self.document.value;
        let is = |plugin: &&Value| {
            plugin.get("name").and_then(Value::as_str) == Some(name)
                && plugin.get("enabled") != Some(&Value::Bool(false))
        };
        let at_root = |key: &'static str, owner: Option<&'a Value>| {
            let of = |plugin: &&Value| {
                let named = plugin.get(key).filter(|named| !named.is_null());
                let named = named.map(|of| of.get("name").or_else(|| of.get("id")).unwrap_or(of));
                owner.is_some_and(|owner| is_named(owner, named))
            };
            self.list(root, "plugins")
                .map(|all| all.iter().filter(is).find(of))
        };
        let own = |owner: Option<&'a Value>| match owner {
            Some(owner) => self.list(owner, "plugins").map(|all| all.iter().find(is)),
            None => Ok(None),
        };
        let scoped = ["route", "service", "consumer", "consumer_group"];
        let everywhere = |plugin: &&Value| {
            let mut keys = scoped.iter();
            keys.all(|key| plugin.get(key).is_none_or(Value::is_null))
        };
        let found = match own(Some(route))?.or(at_root("route", Some(route))?) {
            Some(found) => Some(found),
            None => match own(service)?.or(at_root("service", service)?) {
                Some(found) => Some(found),
                None => self
                    .list(root, "plugins")?
                    .iter()
                    .filter(is)
                    .find(everywhere),
            },
        };
        Ok(found.map(|plugin| match name {
            "acl" => acl(plugin),
            _ => openid(plugin),
        }))
    }
}

/// Strings of a list under `config`; `Err` where there is something else. Templates of decK
/// (`${{ env "X" }}`) and references are not what will be compared.
fn texts<'v>(plugin: &'v Value, key: &str) -> Result<Vec<&'v str>, ()> {
    if plugin.get("_config").is_some() {
        return Err(());
    }
    let value = plugin.get("config").and_then(|config| config.get(key));
    let items = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(()),
    };
    let text = |item: &'v Value| item.as_str().filter(|text| !text.contains(['{', '$']));
    items.iter().map(text).collect::<Option<_>>().ok_or(())
}

/// Who is in a denied group is refused: no group is needed, and none may go for it.
fn acl(plugin: &Value) -> Need {
    let (allow, deny) = (texts(plugin, "allow")?, texts(plugin, "deny")?);
    if allow.is_empty() || !deny.is_empty() || allow.contains(&"") {
        return Err(());
    }
    let groups: BTreeSet<&str> = allow.into_iter().collect();
    Ok(groups
        .into_iter()
        .map(|group| Clause::from([Scope::new(group)]))
        .collect())
}

fn openid(plugin: &Value) -> Need {
    // These compare other claims, which are no scopes.
    for key in ["groups_required", "roles_required", "audience_required"] {
        if !texts(plugin, key)?.is_empty() {
            return Err(());
        }
    }
    let elements = texts(plugin, "scopes_required")?;
    let words = |element: &&str| {
        element
            .split_whitespace()
            .map(Scope::new)
            .collect::<Clause>()
    };
    let clauses: BTreeSet<Clause> = elements.iter().map(words).collect();
    if clauses.is_empty() || clauses.iter().any(BTreeSet::is_empty) {
        return Err(());
    }
    Ok(clauses.into_iter().collect())
}

/// Each of one with each of the other.
fn both(one: &[Clause], other: &[Clause]) -> Option<Vec<Clause>> {
    if one.len().saturating_mul(other.len()) > MAX_CLAUSES {
        return None;
    }
    let pairs = one
        .iter()
        .flat_map(|a| other.iter().map(move |b| a.union(b).cloned().collect()));
    let all: BTreeSet<Clause> = pairs.collect();
    Some(all.into_iter().collect())
}

/// The template of a path, and whether it fits the same requests.
fn template(path: &str) -> (String, bool) {
    let (text, regex) = match path.strip_prefix('~') {
        Some(text) => (text.trim_start_matches('^'), true),
        None => (path, false),
    };
    let special = |c: char| {
        let usual = c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '~' | '%' | '.');
        !usual || (regex && c == '.')
    };
    let end = text.find(special).unwrap_or(text.len());
    let whole = !regex && end == text.len();
    let mut text = &text[..end];
    if !whole {
        // A segment that is cut off may go on in any way.
        text = &text[..text.rfind('/').unwrap_or(0)];
    }
    let text = text.trim_matches('/');
    let slash = if text.is_empty() { "" } else { "/" };
    (format!("{slash}{text}/**"), whole)
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn demands(rest: &str) -> Vec<String> {
        let text = format!("_format_version: \"3.0\"\n{rest}");
        let catalog = load_text(&text, "kong.yaml", &LoadOptions::default()).unwrap();
        let of = |op: &Operation| format!("{}: {}", op.label(), op.demands());
        catalog.operations.iter().map(of).collect()
    }

    const ACL: &str = "plugins: [{name: acl, config: {allow: [b, a]}}]";

    #[test]
    fn groups_are_or_and_the_words_of_a_scope_element_are_and() {
        let route = "name: r, paths: [/invoices, '/'], methods: [GET, POST]";
        let oidc = "{name: openid-connect, config: {scopes_required: ['x y', z], issuer: i}}";
        assert_eq!(
            demands(&format!(
                "services: [{{name: s, {ACL}, routes: [{{{route}, plugins: [{oidc}]}}]}}]"
            )),
            [
                "GET /invoices/**: a + x + y | a + z | b + x + y | b + z",
                "POST /invoices/**: a + x + y | a + z | b + x + y | b + z",
                "GET /**: a + x + y | a + z | b + x + y | b + z",
                "POST /**: a + x + y | a + z | b + x + y | b + z",
            ]
        );
    }

    #[test]
    fn the_nearest_plugin_that_is_on_counts() {
        let own = "plugins: [{name: acl, config: {allow: [own]}}]";
        let off = "plugins: [{name: acl, enabled: false, config: {allow: [own]}}]";
        let at = |route: &str, more: &str| {
            demands(&format!(
                "services: [{{name: s, {ACL}, routes: [{{name: r, {route}}}]}}]\n{more}"
            ))
        };
        assert_eq!(at(own, ""), ["ANY /**: own"]);
        assert_eq!(at(off, ""), ["ANY /**: a | b"]);
        let far = "plugins: [{name: acl, route: r, config: {allow: [far]}}, {name: acl, config: {allow: [all]}}]";
        assert_eq!(at("paths: []", far), ["ANY /**: far"]);
        let loose = "routes: [{paths: [/x], service: {name: s}}, {paths: [/y]}]\nservices: [{name: s, plugins: [{name: acl, config: {allow: [s]}}]}]\n";
        assert_eq!(demands(loose), ["ANY /x/**: s", "ANY /y/**: (not stated)"]);
        let all = format!("{loose}{far}");
        assert_eq!(demands(&all), ["ANY /x/**: s", "ANY /y/**: all"]);
    }

    #[test]
    fn what_is_not_understood_is_not_public_and_loses_no_request() {
        for odd in [
            "{name: acl, config: {deny: [a]}}",
            "{name: acl, config: {allow: []}}",
            "{name: acl, config: {allow: a}}",
            "{name: acl, config: {allow: ['${{ env \"DECK_G\" }}']}}",
            "{name: acl, _config: shared}",
            "{name: acl}",
            "{name: openid-connect, config: {scopes_required: [a], roles_required: [r]}}",
            "{name: openid-connect, config: {issuer: i}}",
            "{name: openid-connect, config: {scopes_required: ['']}}",
            "{name: key-auth}",
        ] {
            let said = demands(&format!("routes: [{{paths: [/x], plugins: [{odd}]}}]"));
            assert_eq!(said, ["ANY /x/**: (not stated)"], "{odd}");
        }
        for (path, template) in [
            ("'~/orders/(?<id>[^/]+)$'", "/orders/**"),
            ("'~/ord.rs'", "/**"),
            ("'~^/a/b/c$'", "/a/b/**"),
            ("'/{x}'", "/**"),
        ] {
            let said = demands(&format!("routes: [{{paths: [{path}], {ACL}}}]"));
            assert_eq!(said, [format!("ANY {template}: (not stated)")], "{path}");
        }
        let consumers = load_text(
            "_format_version: '3.0'\nconsumers: []",
            "kong.yaml",
            &LoadOptions::default(),
        );
        let said = consumers.unwrap_err().to_string();
        assert!(said.contains("without services and routes"), "{said}");
        for bad in [
            "services: [{routes: 1}]",
            "routes: [{paths: /x}]",
            "routes: [{methods: GET}]",
        ] {
            let text = format!("_format_version: '3.0'\n{bad}");
            assert!(
                load_text(&text, "kong.yaml", &LoadOptions::default()).is_err(),
                "{bad}"
            );
        }
    }
}
