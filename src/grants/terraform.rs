//! Terraform files, in HCL (`.tf`) and in JSON (`.tf.json`): resources that grant. Policies of AWS
//! and roles of Kubernetes are read by their own files.
//!
//! ```hcl
//! resource "auth0_client_grant" "ci" {
//!   client_id = auth0_client.ci.id
//!   audience  = "https://api.example"
//!   scopes    = ["read:orders", var.extra]
//! }
//! ```
//!
//! Only literals are edited. What is an expression is read as one grant of that name and
//! stays, with the reason. A client that is named by reference is called by the `client_id`
//! of the resource, where that is a literal in the same directory, else by the resource's address:
//! then a warning asks for an alias, because no log knows addresses.

mod code;
mod iam;
mod kubernetes;
mod principal;
mod uses;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entry_reader::Reader;
use super::given::{Given, role_of, term_of};
use super::language::Language;
use super::layout::Layout;
use super::module::Module;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::written::Syntax;
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, RoleName, Subject, Warning};
use code::{Code, Named, Resource};
use uses::Uses;

/// The registry's entry.
pub(super) struct Terraform;

pub(super) const NAME: &str = "terraform";

/// A type of resource that grants.
struct Kind {
    resource: &'static str,
    /// The attribute that names the client; without it, the resource is one.
    client: Option<&'static str>,
    /// The attribute with the API that the grants are for.
    audience: Option<&'static str>,
    /// The attribute with the list of grants, and what it was called before.
    terms: &'static [&'static str],
    /// Whether a client gets them on request alone.
    optional: bool,
    empty: EmptyMeans,
}

const KINDS: [Kind; 5] = [
    Kind {
        resource: "auth0_client_grant",
        client: Some("client_id"),
        audience: Some("audience"),
        terms: &["scopes", "scope"],
        optional: false,
        empty: EmptyMeans::None,
    },
    Kind {
        resource: "okta_app_oauth_api_scope",
        client: Some("app_id"),
        audience: Some("issuer"),
        terms: &["scopes"],
        optional: false,
        empty: EmptyMeans::Invalid,
    },
    Kind {
        resource: "aws_cognito_user_pool_client",
        client: None,
        audience: None,
        terms: &["allowed_oauth_scopes"],
        optional: false,
        empty: EmptyMeans::Invalid,
    },
    Kind {
        resource: "keycloak_openid_client_default_scopes",
        client: Some("client_id"),
        audience: None,
        terms: &["default_scopes"],
        optional: false,
        empty: EmptyMeans::None,
    },
    Kind {
        resource: "keycloak_openid_client_optional_scopes",
        client: Some("client_id"),
        audience: None,
        terms: &["optional_scopes"],
        optional: true,
        empty: EmptyMeans::None,
    },
];

/// Rules of Okta, whose grants are those of every client of their policy.
const RULE: &str = "okta_auth_server_policy_rule";

impl PolicyFormat for Terraform {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let nested = |node: &Node| {
            let pairs = node.as_map().unwrap_or_default();
            !pairs.is_empty() && pairs.iter().all(|(_, value)| value.as_map().is_some())
        };
        let resources = |root: &Node| {
            ["resource", "data"]
                .iter()
                .any(|top| root.get(top).is_some_and(nested))
        };
        let named = source.shown.to_ascii_lowercase().ends_with(".tf.json");
        match source.syntax {
            Syntax::Hcl => true,
            Syntax::Json => named || source.any(resources),
            Syntax::Yaml | Syntax::Toml | Syntax::Csv => false,
        }
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        reader.language = Language::Terraform;
        let code = Code::of(roots, &source.module);
        let mut found = false;
        let mut by_address = BTreeSet::new();
        if code.own().any(iam::is_known) {
            found = true;
            let uses = uses_in(&code, roots, &source.module);
            let named = iam::read(&mut reader, &code, &uses)?.into_iter();
            let named = named.filter(|named| named.by_address);
            by_address.extend(named.map(|named| named.name));
        }
        if code.own().any(kubernetes::is_known) {
            found = true;
            kubernetes::read(&mut reader, &code)?;
        }
        for resource in code.resources() {
            let kind = KINDS.iter().find(|kind| kind.resource == resource.kind);
            let own = match kind {
                Some(kind) => of_client(&mut reader, &code, resource, kind)?,
                None if resource.kind == RULE => of_rule(&mut reader, &code, resource)?,
                None => continue,
            };
            found = true;
            by_address.extend(
                own.into_iter()
                    .filter(|named| named.by_address)
                    .map(|named| named.name),
            );
        }
        if !found {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: code.without(roots),
            });
        }
        reader.settle_aliases();
        if !by_address.is_empty() {
            let names: Vec<String> = by_address.iter().map(|name| format!("`{name}`")).collect();
            let text = format!(
                "`{}` does not say what the logs call {}: where they have another name, say so with --alias LOG=POLICY or under [aliases]",
                source.shown,
                names.join(", ")
            );
            reader
                .file()
                .warnings
                .push(Warning::new("client-by-address", text));
        }
        reader.finish()
    }
}

/// What refers to the policies of a directory.
fn uses_in(code: &Code<'_>, own: &[Node], module: &Module<'_>) -> Uses {
    // Blocks that only rename or forget what they name.
    let idle = ["resource", "data", "moved", "removed", "import"];
    let neighbours = module.neighbours.iter();
    let roots = neighbours.flat_map(|other| other.root.iter());
    let pairs = own.iter().chain(roots).filter_map(Node::as_map).flatten();
    let pairs = pairs.filter_map(|(key, node)| Some((key.text()?, node)));
    let others: Vec<(&str, &Node)> = pairs.filter(|(key, _)| !idle.contains(key)).collect();
    let unread = module.neighbours.iter().find(|other| other.root.is_none());
    Uses::of(code, &others, unread.map(|other| &*other.shown))
}

/// Reads the grants of one client; gives what it is called.
fn of_client(
    reader: &mut Reader<'_>,
    code: &Code<'_>,
    resource: &Resource<'_>,
    kind: &Kind,
) -> Result<Vec<Named>, GrantError> {
    let named = match kind.client {
        Some(attribute) => code.client(reader, resource, attribute)?,
        None => Some(resource.itself()),
    };
    let Some(named) = named else {
        return Ok(Vec::new());
    };
    let client = ClientName::new(&named.name);
    reader.client(client.clone());
    for alias in named.others.iter().filter(|alias| **alias != named.name) {
        reader.alias(alias, &client);
    }
    let audience = kind
        .audience
        .and_then(|attribute| code.audience(resource, attribute));
    let given = Given {
        optional: kind.optional,
        audience: audience.as_deref().map(Arc::from),
        empty: kind.empty,
        fixed: None,
    };
    let all = resource.found.get("allow_all_scopes");
    let all = all.filter(|all| !matches!(all.node.value, Value::Bool(false) | Value::Null));
    let whole = named.frozen.clone().or_else(|| {
        all.map(|_| "`allow_all_scopes` grants every scope, whatever the list says".to_owned())
    });
    let subject = Subject::Client(client);
    for attribute in kind.terms {
        let Some(list) = resource.found.get(attribute) else {
            continue;
        };
        let frozen = whole.clone().or_else(|| resource.ignored(attribute));
        let keycloak = kind.resource.starts_with("keycloak");
        reader.shaped(&list, &Shape::List, &given, &mut |_, term| {
            let carries = || keycloak.then(|| code.carries(term))?.map(str::to_owned);
            Some(term_of(&subject, term, frozen.clone().or_else(carries)))
        })?;
    }
    Ok(vec![named])
}

/// Reads a rule of Okta as a role of the clients that its policy is for.
fn of_rule(
    reader: &mut Reader<'_>,
    code: &Code<'_>,
    resource: &Resource<'_>,
) -> Result<Vec<Named>, GrantError> {
    let Some(list) = resource.found.get("scope_whitelist") else {
        return Ok(Vec::new());
    };
    let role = RoleName::new(&resource.address());
    let members = code.members(resource);
    let frozen = match &members {
        None => Some("which clients its policy is for is not known from this file".to_owned()),
        Some(_) => resource.ignored("scope_whitelist"),
    };
    let given = Given {
        optional: false,
        audience: None,
        empty: EmptyMeans::Invalid,
        fixed: None,
    };
    let subject = Subject::Role(role.clone());
    reader.shaped(&list, &Shape::List, &given, &mut |_, term| {
        let every = || (term == "*").then(|| "it stands for every scope".to_owned());
        Some(term_of(&subject, term, frozen.clone().or_else(every)))
    })?;
    let mut all = Vec::new();
    for (node, named) in members.unwrap_or_default() {
        let client = ClientName::new(&named.name);
        for alias in named.others.iter().filter(|alias| **alias != named.name) {
            reader.alias(alias, &client);
        }
        let why = Some("the rule is for every client of its policy".to_owned());
        reader.fixed(role_of(&Subject::Client(client), role.as_str(), why), node);
        all.push(named);
    }
    Ok(all)
}
