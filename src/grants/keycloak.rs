//! Keycloak's realm export: one realm, a list of them, or one in each document of the file; and
//! what keycloak-config-cli reads as such, also with its variables (`$(KEY)`) as whole values.
//!
//! The terms of a client are its default client scopes, which every token has, its optional
//! ones, and the roles of its service account. A realm role is spelt as it is (`viewer`), a
//! role of a client with that client in front of it (`orders-api/orders-write`). Roles that a
//! composite role brings are terms like others, and go with it alone, by hand.
//!
//! What is not edited, because more than one grant would go: client scopes with protocol mappers
//! or role mappings of their own, or without a definition in the file; defaults of the realm, for
//! clients that state no list; composite roles; clients whose name stands in several realms, or
//! that state a `name` and no `clientId`: keycloak-config-cli looks these up by their name.
//! With `fullScopeAllowed` every role reaches the tokens of the client, else those that scope
//! mappings name. Scope mappings and the roles of people are no grants of clients.

mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roles::{Mappings, composites};

use super::entry_reader::Reader;
use super::given::{Given, term_of};
use super::layout::Layout;
use super::nested::{list, text};
use super::placeholder;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, Subject, Warning};

/// The registry's entry.
pub(super) struct Keycloak;

const NAME: &str = "keycloak-realm";

impl PolicyFormat for Keycloak {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        if source.roots().is_err() {
            // A variable may be all that the text lacks to be YAML or JSON.
            return source.text.contains("realm")
                && placeholder::as_strings(source, placeholder::KEYCLOAK)
                    .is_some_and(|source| self.claims(&source));
        }
        let mut all = source.documents().iter().flat_map(realms).peekable();
        all.peek().is_some() && all.all(is_realm)
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let filled = match source.roots() {
            Ok(_) => None,
            Err(_) => placeholder::as_strings(source, placeholder::KEYCLOAK),
        };
        let source = filled.as_ref().unwrap_or(source);
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let realms: Vec<&Node> = roots.iter().flat_map(realms).collect();
        let stated = |realm: &&Node| HOLDING.iter().any(|key| realm.get(key).is_some());
        if !realms.iter().any(stated) {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: "a Keycloak realm without clients: it holds no grants of clients".to_owned(),
            });
        }
        let mut known = Known::default();
        for client in realms.iter().flat_map(|realm| list(realm, "clients")) {
            if let Some(id) = text(client, "clientId") {
                *known.ids.entry(id).or_default() += 1;
            } else if let Some(name) = text(client, "name") {
                *known.names.entry(name).or_default() += 1;
            }
        }
        for realm in &realms {
            let mut realm = Realm::of(realm);
            for user in TreePath::of("users[]").find(&realm.root, &reader.shown)? {
                if let Some(client) = text(user.node, "serviceAccountClientId") {
                    realm.accounts.entry(client).or_default().push(user);
                }
            }
            for client in TreePath::of("clients[]").find(&realm.root, &reader.shown)? {
                realm.client(&mut reader, &client, &known)?;
            }
            realm.strangers(&mut reader, &known)?;
        }
        reader.finish()
    }
}

/// How often the file states a client.
#[derive(Default)]
struct Known<'n> {
    ids: BTreeMap<&'n str, usize>,
    /// By name, those without a `clientId`.
    names: BTreeMap<&'n str, usize>,
}

impl Known<'_> {
    /// Why it is not certain which client this is.
    fn doubt(&self, client: &Node, called: &str) -> Option<String> {
        let why = if text(client, "clientId").is_none() {
            "the file states its name and no `clientId`, so which client of the logs it is, is not known"
        } else if self.ids.get(called).is_some_and(|times| *times > 1) {
            "several realms have a client of this name"
        } else if [Some(called), text(client, "name")]
            .iter()
            .flatten()
            .any(|own| self.names.contains_key(own))
        {
            "a client without `clientId` in this file has its name, and may be the same"
        } else {
            return None;
        };
        Some(why.to_owned())
    }
}

/// The realms of one document; one without content has none.
fn realms(root: &Node) -> &[Node] {
    match root.value {
        Value::Null => &[],
        _ => root.as_seq().unwrap_or(std::slice::from_ref(root)),
    }
}

/// What grants of clients depend on.
const HOLDING: [&str; 4] = ["clients", "users", "clientScopes", "roles"];

/// What else files of one realm have, of which one part may be all.
const OTHERS: [&str; 16] = [
    "id",
    "enabled",
    "displayName",
    "loginTheme",
    "attributes",
    "groups",
    "components",
    "identityProviders",
    "requiredActions",
    "authenticationFlows",
    "browserFlow",
    "registrationFlow",
    "scopeMappings",
    "clientProfiles",
    "userProfile",
    "organizations",
];

fn is_realm(node: &Node) -> bool {
    let has = |key: &&str| node.get(key).is_some();
    let named = node
        .get("realm")
        .is_some_and(|name| name.as_str().is_some());
    named && !has(&"auth-server-url") && HOLDING.iter().chain(&OTHERS).any(has)
}

/// One realm, and what its grants depend on.
struct Realm<'n> {
    root: Found<'n>,
    /// Client scopes by name: the protocol, and why one is not edited.
    scopes: BTreeMap<&'n str, (&'n str, Option<&'static str>)>,
    /// Composite roles, by the spelling of their terms, with what they bring.
    composites: BTreeMap<String, BTreeSet<String>>,
    mappings: Mappings<'n>,
    /// Service accounts by the client that each is of.
    accounts: BTreeMap<&'n str, Vec<Found<'n>>>,
}

impl<'n> Realm<'n> {
    fn of(node: &'n Node) -> Self {
        let mappings = Mappings::of(node);
        let mut scopes = BTreeMap::new();
        for scope in list(node, "clientScopes") {
            let Some(name) = text(scope, "name") else {
                continue;
            };
            let why = if !list(scope, "protocolMappers").is_empty() {
                Some("its client scope has protocol mappers, and tokens would lose their claims")
            } else if mappings.has_scope(name) {
                Some("its client scope has role mappings, and tokens would lose their roles")
            } else {
                None
            };
            scopes.insert(name, (text(scope, "protocol").unwrap_or(OIDC), why));
        }
        Self {
            root: Found::root(node),
            scopes,
            composites: composites(node),
            mappings,
            accounts: BTreeMap::new(),
        }
    }

    fn client(
        &self,
        reader: &mut Reader<'_>,
        client: &Found<'_>,
        known: &Known<'_>,
    ) -> Result<(), GrantError> {
        let id = ["clientId", "name"].map(TreePath::of);
        let (name, frozen) = reader.called(client, &id, "client")?;
        let frozen = frozen.or_else(|| substituted(&name));
        let frozen = frozen.or_else(|| known.doubt(client.node, &name));
        reader.client(ClientName::new(&name));
        let full = client.node.get("fullScopeAllowed").map(|flag| &flag.value);
        let full = full != Some(&Value::Bool(false));
        if full {
            let text = format!(
                "client `{name}` has `fullScopeAllowed`, stated or by default: its tokens carry every role of their user, and scope mappings limit nothing"
            );
            let warning = Warning::new("full-scope-allowed", text);
            let place = reader.place(client.node);
            reader.file().warnings.push(warning.at(place));
        }
        let holder = Holder {
            subject: Subject::Client(ClientName::new(&name)),
            name: &name,
            frozen,
        };
        self.client_scopes(reader, client, &holder)?;
        if text(client.node, "clientId").is_none() {
            return Ok(()); // a service account names its client by that
        }
        let mapped = || self.mappings.mapped(&self.composites, client.node, &name);
        let mapped = (!full).then(mapped);
        for user in self.accounts.get(&*name).into_iter().flatten() {
            self.service_account(reader, user, &holder, mapped.as_ref())?;
        }
        Ok(())
    }

    /// Service accounts of clients that the file does not define.
    fn strangers(&self, reader: &mut Reader<'_>, known: &Known<'_>) -> Result<(), GrantError> {
        let accounts = self.accounts.iter();
        let mut accounts: Vec<(&str, &Found<'n>)> = accounts
            .filter(|(client, _)| !known.ids.contains_key(**client))
            .flat_map(|(client, users)| users.iter().map(|user| (*client, user)))
            .collect();
        // In the order of the file.
        accounts.sort_by_key(|(_, user)| user.node.span.start);
        for (name, user) in accounts {
            reader.client(ClientName::new(name));
            let why = "its client is not defined in this file, so which of its roles reach its tokens is not known";
            let holder = Holder {
                subject: Subject::Client(ClientName::new(name)),
                name,
                frozen: Some(why.to_owned()),
            };
            self.service_account(reader, user, &holder, None)?;
        }
        Ok(())
    }

    fn client_scopes(
        &self,
        reader: &mut Reader<'_>,
        client: &Found<'_>,
        holder: &Holder<'_>,
    ) -> Result<(), GrantError> {
        let lists = [
            ("defaultClientScopes", "defaultDefaultClientScopes", false),
            ("optionalClientScopes", "defaultOptionalClientScopes", true),
        ];
        let stated = |key: &str| client.get(key).filter(|at| at.node.value != Value::Null);
        let none = lists.iter().all(|(own, ..)| stated(own).is_none());
        let protocol = text(client.node, "protocol").unwrap_or(OIDC);
        for (own, of_realm, optional) in lists {
            let place = if none {
                self.root.get(of_realm)
            } else {
                stated(own)
            };
            let Some(place) = place else {
                continue;
            };
            let given = Given {
                optional,
                audience: None,
                empty: EmptyMeans::None,
                fixed: None,
            };
            reader.shaped(&place, &Shape::List, &given, &mut |_, scope| {
                let definition = self.scopes.get(scope);
                let why = match definition {
                    _ if none => Some("it is a default of the realm: the client states no list of its own"),
                    None => Some("its client scope is not defined in this file, so what else it carries is not known"),
                    Some((_, why)) => *why,
                };
                if definition.is_some_and(|(own, _)| *own != protocol) {
                    return None; // a scope of SAML gives a client of OpenID Connect nothing
                }
                let why = why.map(str::to_owned).or_else(|| substituted(scope));
                Some(term_of(&holder.subject, scope, holder.frozen.clone().or(why)))
            })?;
        }
        Ok(())
    }

    fn service_account(
        &self,
        reader: &mut Reader<'_>,
        user: &Found<'n>,
        holder: &Holder<'_>,
        mapped: Option<&BTreeSet<String>>,
    ) -> Result<(), GrantError> {
        if !list(user.node, "groups").is_empty() {
            let text = format!(
                "the service account of client `{}` is a member of groups: the roles that it has through them are not read",
                holder.name
            );
            reader
                .file()
                .warnings
                .push(Warning::new("roles-through-groups", text));
        }
        let mut brought = Brought::new();
        if let Some(place) = user.get("realmRoles") {
            self.roles(reader, (&place, ""), (holder, mapped), &mut brought)?;
        }
        for place in TreePath::of("clientRoles.*").find(user, &reader.shown)? {
            let of = place.key.and_then(Node::text).unwrap_or_default();
            let of = format!("{of}/");
            self.roles(reader, (&place, &of), (holder, mapped), &mut brought)?;
        }
        for (term, (item, composite)) in brought {
            let why = format!("it comes with the composite role `{composite}`");
            reader.fixed(term_of(&holder.subject, &term, Some(why)), item);
        }
        Ok(())
    }

    /// Reads a list of roles; what composites bring is collected, each term once.
    fn roles(
        &self,
        reader: &mut Reader<'_>,
        (place, of): (&Found<'n>, &str),
        (holder, mapped): (&Holder<'_>, Option<&BTreeSet<String>>),
        brought: &mut Brought<'n>,
    ) -> Result<(), GrantError> {
        let given = Given {
            optional: false,
            audience: None,
            empty: EmptyMeans::None,
            fixed: Some("a role is not replaced here"),
        };
        let reaches = |term: &String| mapped.is_none_or(|mapped| mapped.contains(term));
        for item in place.node.as_seq().unwrap_or_default() {
            let term = format!("{of}{}", item.text().unwrap_or_default());
            for more in self.composites.get(&term).into_iter().flatten() {
                if reaches(more) {
                    let own = brought.entry(more.clone());
                    own.or_insert_with(|| (item, term.clone()));
                }
            }
        }
        reader.shaped(place, &Shape::List, &given, &mut |_, role| {
            let term = format!("{of}{role}");
            if !reaches(&term) {
                return None;
            }
            let composite = self.composites.get(&term).map(|_| COMPOSITE.to_owned());
            let why = composite.or_else(|| substituted(role));
            let why = holder.frozen.clone().or(why);
            Some(term_of(&holder.subject, &term, why))
        })
    }
}

/// What composite roles bring: by term the item that lists the composite, and its name.
type Brought<'n> = BTreeMap<String, (&'n Node, String)>;

const OIDC: &str = "openid-connect";
const COMPOSITE: &str = "it is a composite role, and more than its name would go";

/// A client while its grants are read.
struct Holder<'a> {
    subject: Subject,
    name: &'a str,
    frozen: Option<String>,
}

/// Why a name that keycloak-config-cli fills in is not edited.
fn substituted(name: &str) -> Option<String> {
    name.contains("$(")
        .then(|| "its name holds a variable (`$(`)".to_owned())
}
