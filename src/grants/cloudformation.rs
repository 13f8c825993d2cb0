//! Templates of AWS `CloudFormation` and SAM, in YAML and JSON: clients of Cognito user pools, and
//! policies of IAM.
//!
//! ```yaml
//! Resources:
//!   Billing:
//!     Type: AWS::Cognito::UserPoolClient
//!     Properties:
//!       ClientName: billing
//!       AllowedOAuthScopes: [orders/read, !Sub "${Api}/write"]
//! ```
//!
//! A client is called by its `ClientName`, else by the name of its resource; the id that logs
//! have is made when it is created, so a warning asks for an alias. Intrinsic functions are read
//! as one grant each and stay. A list that is emptied means what the provider decides: the last
//! scopes of a client are not removed.

mod iam;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entry_reader::Reader;
use super::given::{Given, term_of};
use super::language::Language;
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::Found;
use super::{GrantError, PolicyFormat};
use crate::document::Node;
use crate::model::{ClientName, PolicyFile, Subject, Warning};

/// The registry's entry.
pub(super) struct CloudFormation;

pub(super) const NAME: &str = "cloudformation";
const CLIENT: &str = "AWS::Cognito::UserPoolClient";

impl PolicyFormat for CloudFormation {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        source.any(|root| resources(root).is_some())
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        reader.language = Language::CloudFormation;
        let mut named = BTreeSet::new();
        let mut found = false;
        for root in roots {
            let Some(all) = Found::root(root).get("Resources") else {
                continue;
            };
            found |= all.entries().iter().any(|own| {
                let kind = own.node.get("Type").and_then(Node::text);
                kind.is_some_and(|kind| kind == CLIENT || iam::is_known(kind))
            });
            named.extend(iam::read(&mut reader, root, &all)?);
            for resource in all.entries() {
                if resource.node.get("Type").and_then(Node::text) == Some(CLIENT) {
                    named.extend(client(&mut reader, &resource)?);
                }
            }
        }
        if !found {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: "a template of CloudFormation without clients of Cognito and without policies of IAM: it holds no grants of clients".to_owned(),
            });
        }
        reader.settle_aliases();
        if named.is_empty() {
            return reader.finish();
        }
        let text = format!(
            "`{}` does not say what the logs call {}: where they have another name, say so with --alias LOG=POLICY or under [aliases]",
            source.shown,
            named.into_iter().collect::<Vec<_>>().join(", ")
        );
        let warning = Warning::new("client-by-address", text);
        reader.file().warnings.push(warning);
        reader.finish()
    }
}

/// The resources of a template.
fn resources(root: &Node) -> Option<&[(Node, Node)]> {
    let all = root.get("Resources")?.as_map()?;
    let typed = |(_, resource): &(Node, Node)| {
        let kind = resource
            .get("Type")
            .and_then(Node::text)
            .unwrap_or_default();
        kind.contains("::")
    };
    all.iter().any(typed).then_some(all)
}

/// Reads the scopes of one client; gives its name as it is shown.
fn client(reader: &mut Reader<'_>, resource: &Found<'_>) -> Result<Option<String>, GrantError> {
    let Some(key) = resource.key else {
        return Ok(None);
    };
    let own = reader.name(key, "client")?.to_owned();
    let properties = resource.get("Properties");
    let name = properties.as_ref().and_then(|own| own.get("ClientName"));
    let name = name.filter(|name| reader.language.computed(reader.text, name.node).is_none());
    let name = match name {
        Some(name) => reader.name(name.node, "client")?.to_owned(),
        None => own.clone(),
    };
    let client = ClientName::new(&name);
    reader.client(client.clone());
    if own != name {
        reader.alias(&own, &client);
    }
    let shown = format!("`{name}`");
    let Some(properties) = properties else {
        return Ok(Some(shown));
    };
    let given = Given {
        optional: false,
        audience: None,
        empty: EmptyMeans::Invalid,
        fixed: None,
    };
    let subject = Subject::Client(client);
    let computed = reader.language.computed(reader.text, properties.node);
    let list = match computed {
        Some(_) => Some(properties),
        None => properties.get("AllowedOAuthScopes"),
    };
    if let Some(list) = list {
        reader.shaped(&list, &Shape::List, &given, &mut |_, term| {
            Some(term_of(&subject, term, list.frozen.clone()))
        })?;
    }
    Ok(Some(shown))
}
