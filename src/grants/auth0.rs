//! Tenants of Auth0, as auth0-deploy-cli keeps them and as the Management API gives them.
//!
//! ```yaml
//! clientGrants:
//!   - client_id: Billing M2M
//!     audience: https://##ENV##.shop.example/api
//!     scope: [read:orders]
//! ```
//!
//! One tenant, one client grant in a file of its own, or a list of client grants. A client is
//! called as the grant names it: by its name, or by its id; where `clients` has both, the name is
//! its name and the id another one. `scope: []` grants nothing. With `allow_all_scopes` the list
//! limits nothing: every scope that the file's `resourceServers` has for the API is granted, and
//! none is edited.
//!
//! Placeholders (`##KEY##`, `@@KEY@@`) are read as they are written, and nothing that they are
//! part of is edited. Roles are those of people, and no grants of clients.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry_reader::Reader;
use super::given::{Given, ItemGrant, term_of};
use super::layout::Layout;
use super::not_editable::marker;
use super::placeholder;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, Subject, Warning};

/// The registry's entry.
pub(super) struct Auth0;

const NAME: &str = "auth0";
const ALL_SCOPES: &str = "`allow_all_scopes` grants every scope of the API, whatever the list says";

impl PolicyFormat for Auth0 {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        if source.roots().is_ok() {
            return source.documents().iter().any(|root| place(root).is_some());
        }
        // A placeholder may be all that the text lacks to be YAML or JSON.
        let named = ["clientGrants", "client_id", "resourceServers"];
        named.iter().any(|key| source.text.contains(key))
            && placeholder::as_strings(source, placeholder::AUTH0)
                .is_some_and(|source| self.claims(&source))
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let filled = placeholder::as_strings(source, placeholder::AUTH0);
        let source = filled.as_ref().unwrap_or(source);
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let mut stated = false;
        for root in roots {
            let Some(path) = place(root) else { continue };
            let root = Found::root(root);
            stated |= root.node.as_map().is_none()
                || path == "."
                || root.get(path.trim_end_matches("[]")).is_some();
            let tenant = Tenant::of(&root, &reader.shown)?;
            for grant in TreePath::of(path).find(&root, &reader.shown)? {
                tenant.grant(&mut reader, &grant)?;
            }
            let roles = root.get("roles").and_then(|roles| roles.node.as_seq());
            if roles.is_some_and(|roles| !roles.is_empty()) {
                let text = format!(
                    "`{}`: the roles of a tenant are those of people, so their permissions are no grants of clients",
                    reader.shown
                );
                let warning = Warning::new("roles-of-people", text);
                reader.file().warnings.push(warning);
            }
        }
        if !stated {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: "a tenant of Auth0 without `clientGrants`: it holds no grants of clients"
                    .to_owned(),
            });
        }
        reader.settle_aliases();
        reader.finish()
    }
}

/// Where the client grants of a document are, if it is of Auth0.
fn place(root: &Node) -> Option<&'static str> {
    let all = |node: &Node| {
        let items = node.as_seq().unwrap_or_default();
        !items.is_empty() && items.iter().all(is_grant)
    };
    if root.get("clientGrants").is_some() || root.get("resourceServers").is_some() {
        Some("clientGrants[]")
    } else if is_grant(root) {
        Some(".")
    } else if all(root) {
        Some("[]")
    } else {
        root.get("client_grants")
            .is_some_and(all)
            .then_some("client_grants[]")
    }
}

/// Clients of Hydra look alike, and have a string for a scope and a list of audiences.
fn is_grant(node: &Node) -> bool {
    let scope = node.get("scope");
    let list = scope
        .is_some_and(|scope| scope.as_seq().is_some() || scope.text().and_then(marker).is_some());
    (node.get("client_id").is_some() || node.get("default_for").is_some())
        && node.get("audience").is_some_and(|of| of.text().is_some())
        && (list || node.get("allow_all_scopes").is_some())
}

/// What client grants are read with.
struct Tenant<'n> {
    /// The name and the id of a client, by either.
    clients: BTreeMap<String, (String, String)>,
    /// The scopes of an API, by its identifier.
    scopes: BTreeMap<String, Vec<&'n str>>,
}

impl<'n> Tenant<'n> {
    fn of(root: &Found<'n>, shown: &Arc<str>) -> Result<Self, GrantError> {
        let mut tenant = Self {
            clients: BTreeMap::new(),
            scopes: BTreeMap::new(),
        };
        if root.node.as_map().is_none() {
            return Ok(tenant);
        }
        for client in TreePath::of("clients[]").find(root, shown)? {
            let of = |key: &str| client.node.get(key).and_then(Node::as_str);
            if let (Some(name), Some(id)) = (of("name"), of("client_id")) {
                for either in [name, id] {
                    let both = (name.to_owned(), id.to_owned());
                    tenant.clients.entry(either.to_owned()).or_insert(both);
                }
            }
        }
        for api in TreePath::of("resourceServers[]").find(root, shown)? {
            let scopes = api
                .node
                .get("scopes")
                .and_then(Node::as_seq)
                .unwrap_or_default();
            let values = scopes.iter().filter_map(|scope| scope.get("value")?.text());
            if let Some(identifier) = api.node.get("identifier").and_then(Node::text) {
                let own = tenant.scopes.entry(identifier.to_owned()).or_default();
                own.extend(values);
            }
        }
        Ok(tenant)
    }

    fn grant(&self, reader: &mut Reader<'_>, grant: &Found<'_>) -> Result<(), GrantError> {
        let of = |key: &str| grant.get(key).map(|found| found.node);
        let place = reader.place(grant.node);
        if let (None, Some(whom)) = (of("client_id"), of("default_for")) {
            let text = format!(
                "a client grant is for all `{}` instead of one client: it is not read",
                whom.text().unwrap_or_default()
            );
            let warning = Warning::new("grant-of-many-clients", text).at(place);
            reader.file().warnings.push(warning);
            return Ok(());
        }
        let (written, mut frozen) = reader.called(grant, &[TreePath::of("client_id")], "client")?;
        let known = self.clients.get(&written);
        let name = ClientName::new(known.map_or(&written, |(name, _)| name));
        reader.client(name.clone());
        if let Some((_, id)) = known.filter(|(name, id)| name != id) {
            reader.alias(id, &name);
        }
        let audience = of("audience").and_then(Node::text);
        if of("allow_all_scopes").is_some_and(|all| all.value == Value::Bool(true)) {
            frozen = frozen.or_else(|| Some(ALL_SCOPES.to_owned()));
            let text = format!(
                "client `{name}` has `allow_all_scopes`: its list of scopes limits nothing"
            );
            let warning = Warning::new("all-scopes-allowed", text).at(place);
            reader.file().warnings.push(warning);
        }
        let subject = Subject::Client(name);
        let given = Given {
            optional: false,
            audience: audience.map(Arc::from),
            empty: EmptyMeans::None,
            fixed: None,
        };
        let opaque = |term: &str, why: &str| ItemGrant {
            audience: given.audience.clone(),
            ..term_of(&subject, term, Some(why.to_owned()))
        };
        let mut listed = Vec::new();
        match grant.get("scope") {
            Some(scope) if scope.node.text().and_then(marker).is_some() => {
                let term = scope.node.text().unwrap_or_default();
                reader.fixed(
                    opaque(term, "a placeholder stands for its list"),
                    scope.node,
                );
            }
            Some(scope) => reader.shaped(&scope, &Shape::List, &given, &mut |_, term| {
                listed.push(term.to_owned());
                Some(term_of(&subject, term, frozen.clone()))
            })?,
            None => {}
        }
        let Some(all) = of("allow_all_scopes").filter(|all| all.value == Value::Bool(true)) else {
            return Ok(());
        };
        for scope in self
            .scopes
            .get(audience.unwrap_or_default())
            .into_iter()
            .flatten()
        {
            if !listed.iter().any(|term| term == scope) {
                reader.fixed(opaque(scope, ALL_SCOPES), all);
            }
        }
        Ok(())
    }
}
