//! Files of known products that hold no grants of clients: each is told what it is.
//!
//! Invariant: a file is known by keys that its own tool needs, never by one common word.

use std::sync::Arc;

use super::GrantError;
use super::source::Source;
use crate::document::{Node, Value};

/// What files of known products have, of which no format reads grants, and what they are. A
/// path leads through the first item of a list; `*` is any value of a mapping.
const NEIGHBOURS: &[(&[&str], &str)] = &[
    (
        &["auditID", "verb"],
        "it holds records of an audit log of Kubernetes: it is a log, and is named with --logs",
    ),
    (
        &["Records.eventSource"],
        "it holds records of CloudTrail: it is a log, and is named with --logs",
    ),
    (
        &["log.entries"],
        "it is a recording of a browser (HAR): it is a log, and is named with --logs",
    ),
    (
        &["apiVersion", "kind"],
        "it holds objects of Kubernetes, and no roles or bindings (`rbac.authorization.k8s.io`) are among them",
    ),
    (
        &["openapi", "paths"],
        "it is an OpenAPI description: it says what operations require, and is named with --catalog",
    ),
    (
        &["swagger", "paths"],
        "it is a Swagger description: it says what operations require, and is named with --catalog",
    ),
    (
        &["clientId", "clientAuthenticatorType"],
        "it looks like one client of Keycloak: what its client scopes carry is in the export of its realm",
    ),
    (
        &["realm", "auth-server-url"],
        "it looks like the adapter configuration of a client of Keycloak: it holds no grants of clients",
    ),
    (
        &["name", "app_type"],
        "it looks like a client of Auth0: what it may do is in the tenant's `clientGrants`",
    ),
    (
        &["clients.app_type"],
        "it looks like clients of Auth0: what they may do is in the tenant's `clientGrants`",
    ),
    (
        &["identifier", "scopes.value"],
        "it looks like an API of Auth0: it defines scopes, and gives them to nobody",
    ),
    (
        &["permissions.permission_name"],
        "it looks like a role of Auth0, which people have: it holds no grants of clients",
    ),
    (
        &["roles.permissions.permission_name"],
        "it looks like roles of Auth0, which people have: it holds no grants of clients",
    ),
    (
        &["x-tyk-api-gateway"],
        "it looks like an API of Tyk: which keys may call it is in keys and policies (`access_rights`)",
    ),
    (
        &["api_id", "proxy"],
        "it looks like an API of Tyk: which keys may call it is in keys and policies (`access_rights`)",
    ),
    (
        &["appId", "servicePrincipalType"],
        "it looks like a service principal of Entra: what it was given is in `oauth2PermissionGrants` and `appRoleAssignments`",
    ),
    (
        &["value.appId", "value.servicePrincipalType"],
        "it looks like service principals of Entra: what they were given is in `oauth2PermissionGrants` and `appRoleAssignments`",
    ),
    (
        &["discoveryVersion", "resources"],
        "it is an API description of Google: it says what operations require, and is named with --catalog",
    ),
    (
        &["permissions.*.pathSets"],
        "it is the table of Microsoft Graph's permissions: it says what operations require, and is named with --catalog",
    ),
    (
        &["permissions", "paths.*.*.permission"],
        "it is the table of GitHub's permissions: it says what operations require, and is named with --catalog",
    ),
    (
        &["version", "routes"],
        "it looks like a list of routes: it says what operations require, and is named with --catalog",
    ),
    (
        &["operations.method", "operations.path"],
        "it is a list of operations: it says what they require, and is named with --catalog",
    ),
    (
        &["asyncapi", "channels"],
        "it is an AsyncAPI description: it holds no grants of clients",
    ),
    (
        &["catalog", "grants"],
        "it looks like a configuration of scopetrim, and is named with --config",
    ),
    (
        &["jobs.*.runs-on"],
        "it is a workflow of GitHub Actions: it holds no grants of clients of an API",
    ),
    (
        &["jobs.*.steps"],
        "it is a workflow: it holds no grants of clients of an API",
    ),
    (
        &["services.*.image"],
        "it is a Compose file: it starts containers, and holds no grants of clients",
    ),
    (
        &["services.*.build"],
        "it is a Compose file: it starts containers, and holds no grants of clients",
    ),
    (
        &["hosts", "tasks"],
        "it looks like a playbook of Ansible: it holds no grants of clients",
    ),
    (
        &["hosts", "roles"],
        "it looks like a playbook of Ansible, whose roles are none of clients",
    ),
    (
        &["apiVersion", "name", "version"],
        "it looks like a chart of Helm: grants may be in what it renders (`helm template`)",
    ),
    (
        &["devDependencies"],
        "it is a package.json of npm: it holds no grants of clients",
    ),
    (
        &["name", "version", "dependencies"],
        "it is a package.json of npm: it holds no grants of clients",
    ),
    (
        &["name", "version", "scripts"],
        "it is a package.json of npm: it holds no grants of clients",
    ),
    (
        &["lockfileVersion", "packages"],
        "it is a list of installed packages: it holds no grants of clients",
    ),
    (
        &["package.name", "package.version"],
        "it is a manifest of Cargo: it holds no grants of clients",
    ),
    (
        &["project.name", "project.dependencies"],
        "it is a pyproject.toml: it holds no grants of clients",
    ),
    (
        &["compilerOptions"],
        "it is a configuration of TypeScript: it holds no grants of clients",
    ),
    (
        &["$schema", "properties"],
        "it is a JSON Schema: it holds no grants of clients",
    ),
    (
        &["terraform_version", "planned_values"],
        "it is a plan of Terraform, which is not edited: name the `.tf` files that it was made from",
    ),
    (
        &["terraform_version", "resources"],
        "it is a state of Terraform, which is not edited: name the `.tf` files that it was made from",
    ),
    (
        &["info.schema", "item"],
        "it is a collection of Postman: it calls an API, and holds no grants of clients",
    ),
    (
        &["static_resources"],
        "it is a configuration of Envoy: what its RBAC filters allow is not read",
    ),
    (
        &["http.routers"],
        "it is a configuration of Traefik: it routes requests, and holds no grants of clients",
    ),
    (
        &["entryPoints"],
        "it is a configuration of Traefik: it routes requests, and holds no grants of clients",
    ),
    (
        &["scrape_configs"],
        "it is a configuration of Prometheus: it holds no grants of clients",
    ),
    (
        &["panels", "schemaVersion"],
        "it is a dashboard of Grafana: it holds no grants of clients",
    ),
    (
        &["stages", "*.script"],
        "it is a pipeline of GitLab: it holds no grants of clients of an API",
    ),
    (
        &["spring"],
        "it is a configuration of a Spring application: it holds no grants of clients",
    ),
    (
        &["signOnMode", "label"],
        "it looks like an application of Okta: which scopes it has is in its grants (`/api/v1/apps/ID/grants`), or in Terraform",
    ),
];

impl Source<'_> {
    /// What a file that no format could read is instead, where it says so itself.
    pub(super) fn neighbour(&self) -> Option<GrantError> {
        let looks_like = |(keys, _): &&(&[&str], &str)| {
            let mut all = self.documents().iter();
            all.any(|root| keys.iter().all(|path| holds(root, path)))
        };
        let (_, what) = NEIGHBOURS.iter().find(looks_like)?;
        Some(GrantError::NoGrants {
            file: Arc::from(self.shown),
            what: (*what).to_owned(),
        })
    }
}

/// Whether a path leads to something.
fn holds(root: &Node, path: &str) -> bool {
    let node = root.as_seq().map_or(Some(root), <[Node]>::first);
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    let further = |value: &Node| rest.is_none_or(|rest| holds(value, rest));
    match node.map(|node| (&node.value, node)) {
        Some((Value::Map(pairs), _)) if key == "*" => pairs.iter().any(|(_, value)| further(value)),
        Some((_, node)) => node.get(key).is_some_and(further),
        None => false,
    }
}
