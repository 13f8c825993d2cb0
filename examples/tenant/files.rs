//! The files that go with the log: API description, policy and configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What an operation asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Security {
    Scope(&'static str),
    /// `security: []`.
    Public,
    /// HTTP basic.
    Basic,
    /// A key in the query string, under this name.
    QueryKey(&'static str),
}

/// One operation of the description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// `GET /v1/orders/{id}`.
    pub(crate) label: &'static str,
    pub(crate) security: Security,
    pub(crate) deprecated: bool,
}

impl Operation {
    pub(crate) const fn new(label: &'static str, security: Security) -> Self {
        let deprecated = false;
        Self {
            label,
            security,
            deprecated,
        }
    }

    pub(crate) const fn scoped(label: &'static str, scope: &'static str) -> Self {
        Self::new(label, Security::Scope(scope))
    }

    /// The scope that it asks for.
    pub(crate) fn scope(self) -> Option<&'static str> {
        match self.security {
            Security::Scope(scope) => Some(scope),
            Security::Public | Security::Basic | Security::QueryKey(_) => None,
        }
    }

    pub(crate) const fn deprecated(self) -> Self {
        let deprecated = true;
        Self { deprecated, ..self }
    }
}

/// One client of the policy file.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: &'static [&'static str],
    /// With owner, description and date.
    pub(crate) documented: bool,
}

impl Grant {
    pub(crate) fn new(client: impl Into<String>, scopes: &str) -> Self {
        Self {
            client: client.into(),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            roles: &[],
            documented: true,
        }
    }

    pub(crate) fn roles(self, roles: &'static [&'static str]) -> Self {
        Self { roles, ..self }
    }

    pub(crate) fn undocumented(self) -> Self {
        let documented = false;
        Self { documented, ..self }
    }
}

/// An `OpenAPI` description.
pub(crate) fn openapi(operations: &[Operation], declared: &[&str]) -> String {
    let mut paths: BTreeMap<&str, Vec<(String, &Operation)>> = BTreeMap::new();
    let mut scopes: BTreeSet<&str> = declared.iter().copied().collect();
    let mut keys = BTreeSet::new();
    for operation in operations {
        let (method, path) = operation.label.split_once(' ').unwrap_or_default();
        let methods = paths.entry(path).or_default();
        methods.push((method.to_ascii_lowercase(), operation));
        match operation.security {
            Security::Scope(scope) => {
                scopes.insert(scope);
            }
            Security::QueryKey(name) => {
                keys.insert(name);
            }
            Security::Public | Security::Basic => {}
        }
    }
    let mut text = "openapi: 3.0.3\ninfo: {title: Tenant, version: \"1\"}\npaths:\n".to_owned();
    for (path, methods) in paths {
        let _ = writeln!(text, "  {path}:");
        if path.contains("{id}") {
            text.push_str("    parameters:\n      - {name: id, in: path, required: true, schema: {type: string}}\n");
        }
        for (method, operation) in methods {
            let _ = writeln!(text, "    {method}:");
            if operation.deprecated {
                text.push_str("      deprecated: true\n");
            }
            let security = match operation.security {
                Security::Scope(scope) => format!("[{{oauth: [\"{scope}\"]}}]"),
                Security::Public => "[]".to_owned(),
                Security::Basic => "[{password: []}]".to_owned(),
                Security::QueryKey(name) => format!("[{{query-{name}: []}}]"),
            };
            let _ = writeln!(text, "      security: {security}");
            text.push_str("      responses: {\"200\": {description: ok}}\n");
        }
    }
    text.push_str("components:\n  securitySchemes:\n    password: {type: http, scheme: basic}\n");
    for name in keys {
        let _ = writeln!(
            text,
            "    query-{name}: {{type: apiKey, in: query, name: {name}}}"
        );
    }
    text.push_str("    oauth:\n      type: oauth2\n      flows:\n        clientCredentials:\n          tokenUrl: https://idp.example.com/token\n          scopes:\n");
    for scope in scopes {
        let _ = writeln!(text, "            \"{scope}\": \"\"");
    }
    text
}

/// A policy file; `head` comes above the clients.
pub(crate) fn policy(head: &str, grants: &[Grant]) -> String {
    let mut text = format!("version: 1\n{head}clients:\n");
    for grant in grants {
        let _ = writeln!(text, "  {}:", grant.client);
        if grant.documented {
            text.push_str("    owner: team-apis\n    description: agreed in the yearly review\n    since: 2025-01-15\n");
        }
        text.push_str("    scopes:\n");
        for scope in &grant.scopes {
            let _ = writeln!(text, "      - \"{scope}\"");
        }
        if !grant.roles.is_empty() {
            let _ = writeln!(text, "    roles: [{}]", grant.roles.join(", "));
        }
    }
    text
}

/// A configuration with what the plants add to it.
pub(crate) fn config(more: impl Iterator<Item = &'static str>) -> String {
    let head =
        "logs = [\"logs/access.log\"]\ncatalog = [\"openapi.yaml\"]\ngrants = [\"grants.yaml\"]\n";
    more.fold(head.to_owned(), |text, part| text + part)
}
