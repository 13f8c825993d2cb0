//! Which roles a realm's composite roles bring, and which ones reach a client's tokens.

use std::collections::{BTreeMap, BTreeSet};

use super::{list, text};
use crate::document::Node;

/// The roles that scope mappings of a realm name, by who has them.
#[derive(Default)]
pub(super) struct Mappings<'n> {
    clients: BTreeMap<&'n str, BTreeSet<String>>,
    scopes: BTreeMap<&'n str, BTreeSet<String>>,
    /// The roles that each client has of its own.
    own: BTreeMap<&'n str, Vec<String>>,
}

impl<'n> Mappings<'n> {
    pub(super) fn of(realm: &'n Node) -> Self {
        let mut all = Self::default();
        for item in list(realm, "scopeMappings") {
            all.add("", item);
        }
        let of_clients = realm.get("clientScopeMappings").and_then(Node::as_map);
        for (of, items) in of_clients.unwrap_or_default() {
            let of = format!("{}/", of.text().unwrap_or_default());
            for item in items.as_seq().unwrap_or_default() {
                all.add(&of, item);
            }
        }
        let roles = realm.get("roles").and_then(|roles| roles.get("client"));
        for (client, roles) in roles.and_then(Node::as_map).unwrap_or_default() {
            let client = client.text().unwrap_or_default();
            let roles = roles.as_seq().unwrap_or_default().iter();
            let names = roles.filter_map(|role| text(role, "name"));
            let names = names.map(|role| format!("{client}/{role}")).collect();
            all.own.entry(client).or_insert(names);
        }
        all
    }

    fn add(&mut self, of: &str, item: &'n Node) {
        let roles = || list(item, "roles").iter().filter_map(Node::text);
        let names = || roles().map(|role| format!("{of}{role}"));
        if let Some(client) = text(item, "client") {
            self.clients.entry(client).or_default().extend(names());
        }
        if let Some(scope) = text(item, "clientScope") {
            self.scopes.entry(scope).or_default().extend(names());
        }
    }

    /// Whether the client scope brings roles.
    pub(super) fn has_scope(&self, name: &str) -> bool {
        self.scopes.contains_key(name)
    }

    /// The roles that scope mappings let into the tokens of a client, composites expanded.
    pub(super) fn mapped(
        &self,
        composites: &BTreeMap<String, BTreeSet<String>>,
        client: &Node,
        name: &str,
    ) -> BTreeSet<String> {
        let linked = ["defaultClientScopes", "optionalClientScopes"].iter();
        let linked = linked.flat_map(|key| list(client, key));
        let linked = linked.filter_map(|scope| self.scopes.get(scope.text()?));
        let mut roles: BTreeSet<String> = linked.flatten().cloned().collect();
        roles.extend(self.clients.get(name).into_iter().flatten().cloned());
        // A client may always carry roles of its own.
        roles.extend(self.own.get(name).into_iter().flatten().cloned());
        let brought: Vec<String> = roles
            .iter()
            .filter_map(|role| composites.get(role))
            .flatten()
            .cloned()
            .collect();
        roles.extend(brought);
        roles
    }
}

/// Every composite role, with all that it brings, directly or through another one.
pub(super) fn composites(realm: &Node) -> BTreeMap<String, BTreeSet<String>> {
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |of: &str, role: &Node| {
        let (Some(name), Some(parts)) = (text(role, "name"), role.get("composites")) else {
            return;
        };
        let mut brings: BTreeSet<String> = BTreeSet::new();
        brings.extend(
            list(parts, "realm")
                .iter()
                .filter_map(Node::text)
                .map(str::to_owned),
        );
        for (client, roles) in parts
            .get("client")
            .and_then(Node::as_map)
            .unwrap_or_default()
        {
            let client = client.text().unwrap_or_default();
            let roles = roles
                .as_seq()
                .unwrap_or_default()
                .iter()
                .filter_map(Node::text);
            brings.extend(roles.map(|role| format!("{client}/{role}")));
        }
        direct.insert(format!("{of}{name}"), brings);
    };
    if let Some(roles) = realm.get("roles") {
        for role in list(roles, "realm") {
            add("", role);
        }
        for (client, own) in roles
            .get("client")
            .and_then(Node::as_map)
            .unwrap_or_default()
        {
            let of = format!("{}/", client.text().unwrap_or_default());
            for role in own.as_seq().unwrap_or_default() {
                add(&of, role);
            }
        }
    }
    let expanded = |name: &String| {
        let mut all: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<&String> = direct.get(name).into_iter().flatten().collect();
        while let Some(next) = open.pop() {
            if next != name && all.insert(next.clone()) {
                open.extend(direct.get(next).into_iter().flatten());
            }
        }
        all
    };
    direct
        .keys()
        .map(|name| (name.clone(), expanded(name)))
        .collect()
}
