//! Clients of Ory Hydra, and other client metadata of RFC 7591.
//!
//! ```json
//! {"client_id": "billing", "scope": "orders.read orders.write", "audience": ["api"]}
//! ```
//!
//! One client, a list of them, or what the command line writes (`{"items": [...]}`). `scope`
//! holds the scopes, separated by spaces. `audience` names whom tokens may be for, and is no
//! grant. A client without scopes gets those of the server's configuration when it is
//! registered, so that an empty string does not mean none.

use super::described::{Description, Judged};
use super::entry_reader::Reader;
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::TreePath;
use super::{GrantError, PolicyFormat};
use crate::document::Node;
use crate::model::PolicyFile;

/// The registry's entry.
pub(super) struct Hydra;

const NAME: &str = "hydra-clients";

fn description() -> Description {
    Description {
        name: NAME.to_owned(),
        when: Vec::new(),
        clients: [".", "[]", "items[]"].map(TreePath::of).to_vec(),
        id: vec![TreePath::of("client_id")],
        aliases: Vec::new(),
        audience: None,
        terms: vec![TreePath::of("scope")],
        optional: Vec::new(),
        shape: Shape::Delimited(' '),
        empty_means: EmptyMeans::Invalid,
        roles: None,
    }
}

impl PolicyFormat for Hydra {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let [root] = source.documents() else {
            return false;
        };
        clients(root).is_some()
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut format = description();
        // A mapping with `items` is no client itself.
        if let Some(at) = roots.first().and_then(clients) {
            format.clients = vec![TreePath::of(at)];
        }
        let mut reader = Reader::new(source, NAME, roots)?;
        format.read(&mut reader, roots, &|_, _| Judged::Grant)?;
        reader.finish()
    }
}

/// Keys that clients of RFC 7591 have next to their id.
const METADATA: [&str; 9] = [
    "scope",
    "grant_types",
    "response_types",
    "redirect_uris",
    "token_endpoint_auth_method",
    "client_name",
    "client_secret",
    "client_uri",
    "audience",
];

/// Where the clients of a document are, if it holds any.
fn clients(root: &Node) -> Option<&'static str> {
    let known = |client: &Node| METADATA.iter().any(|key| client.get(key).is_some());
    if is_client(root) && known(root) {
        return Some(".");
    }
    // Of something else with an id all would be read, and no grant of it.
    let all = |node: &Node| {
        let items = node.as_seq().unwrap_or_default();
        items.iter().all(is_client) && items.iter().any(known)
    };
    if all(root) {
        return Some("[]");
    }
    root.get("items").is_some_and(all).then_some("items[]")
}

/// Auth0's client grants look alike, and have a list for a scope.
fn is_client(node: &Node) -> bool {
    let scope = node.get("scope");
    node.get("client_id")
        .is_some_and(|id| id.as_str().is_some())
        && scope.is_none_or(|scope| scope.as_seq().is_none() && scope.as_map().is_none())
}
