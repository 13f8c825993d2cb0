//! Permissions of Microsoft Entra ID: consents (`oauth2PermissionGrants`), assignments of
//! application permissions (`appRoleAssignments`), and application manifests
//! (`requiredResourceAccess`), as Microsoft Graph gives them.
//!
//! ```json
//! {"value": [{"clientId": "c1", "consentType": "AllPrincipals", "resourceId": "r1",
//!             "scope": "User.Read Mail.Read"}]}
//! ```
//!
//! One object, a list, `{"value": [...]}`, or lists under these names, also within
//! `servicePrincipals`. A client is called by its application id where the file holds its service
//! principal, which Graph's logs name, else by the id that is written; the object id is another
//! name. Permissions that are given by id have their names where the file holds the resource.
//!
//! A delegated and an application permission of one name are two permissions: their audience is
//! `<resource>/delegated` or `<resource>/application`, with the application id of the resource
//! where the file holds it. A manifest is only a request, and what was consented to outlives it.

mod directory;

use std::sync::Arc;

use directory::Directory;

use super::entry_reader::Reader;
use super::given::{Given, ItemGrant, term_of};
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::Node;
use crate::model::{ClientName, PolicyFile, Subject, Warning};

/// The registry's entry.
pub(super) struct Entra;

const NAME: &str = "entra";
/// The assignment of an application that has no roles.
const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";
/// Keys under which lists of objects stand.
const LISTS: [&str; 5] = [
    "value",
    "servicePrincipals",
    "applications",
    "oauth2PermissionGrants",
    "appRoleAssignments",
];

/// What a file holds.
#[derive(Default)]
struct Objects<'n> {
    /// Objects of `oauth2PermissionGrants`, with the list that they are all in.
    consents: Vec<(Option<Found<'n>>, Vec<Found<'n>>)>,
    /// Lists of `appRoleAssignments`.
    assignments: Vec<Found<'n>>,
    manifests: Vec<Found<'n>>,
    /// Service principals and applications: who is who, and what ids stand for.
    directory: Directory<'n>,
    /// A list of grants stands under its name, even if none is left in it.
    named: bool,
}

impl<'n> Objects<'n> {
    fn of(roots: &'n [Node], shown: &Arc<str>) -> Self {
        let mut objects = Self::default();
        for root in roots {
            objects.visit(&Found::root(root), shown);
        }
        objects
    }

    fn visit(&mut self, at: &Found<'n>, shown: &Arc<str>) {
        if let Some(items) = at.node.as_seq() {
            let assigned = |item: &Node| text(item, "appRoleId").is_some();
            if !items.is_empty() && items.iter().all(assigned) {
                self.assignments.push(at.clone());
                return;
            }
            let each = TreePath::of("[]").find(at, shown).unwrap_or_default();
            if !items.is_empty() && items.iter().all(is_consent) {
                self.consents.push((Some(at.clone()), each));
                return;
            }
            for item in each {
                self.visit(&item, shown);
            }
            return;
        }
        if is_consent(at.node) {
            self.consents.push((None, vec![at.clone()]));
            return;
        }
        let requested = at.node.get("requiredResourceAccess");
        if requested.is_some_and(|list| list.as_seq().is_some()) {
            self.manifests.push(at.clone());
        }
        self.directory.add(at.node);
        for list in LISTS.iter().filter_map(|key| at.get(key)) {
            if list.node.as_seq().is_some() {
                self.named |= is_named(&list);
                self.visit(&list, shown);
            }
        }
    }

    fn are_none(&self) -> bool {
        let lists = self.consents.is_empty() && self.assignments.is_empty();
        lists && self.manifests.is_empty() && !self.named
    }
}

fn is_consent(node: &Node) -> bool {
    let keys = ["clientId", "resourceId", "scope"];
    keys.iter().all(|key| text(node, key).is_some())
}

/// Whether a list of grants stands under its own name, by which an empty one is known as well.
fn is_named(list: &Found<'_>) -> bool {
    let key = list.key.and_then(Node::text);
    matches!(key, Some("oauth2PermissionGrants" | "appRoleAssignments"))
}

/// What an emptied list of grants means.
fn emptied(list: &Found<'_>) -> EmptyMeans {
    if is_named(list) {
        EmptyMeans::None
    } else {
        // A bare list without any is no file of Entra any more.
        EmptyMeans::Invalid
    }
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

impl PolicyFormat for Entra {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        !Objects::of(source.documents(), &Arc::from(source.shown)).are_none()
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let objects = Objects::of(roots, &reader.shown);
        for (list, consents) in &objects.consents {
            let list = list.as_ref();
            let outer = list.and_then(|list| reader.outer(list, emptied(list), None));
            for (item, consent) in consents.iter().enumerate() {
                // With its last word a consent goes: what Graph makes of one without is not documented.
                let first = reader.layout.sites.len();
                objects.consent(&mut reader, consent)?;
                reader.inside(first, outer.map(|outer| (outer, item)));
            }
        }
        for list in &objects.assignments {
            objects.assigned(&mut reader, list)?;
        }
        for manifest in &objects.manifests {
            objects.requested(&mut reader, manifest)?;
        }
        if !objects.manifests.is_empty() {
            let text = format!(
                "`{}`: a manifest requests permissions: what is removed from it stays consented to, until the consent and the assignments are revoked as well",
                reader.shown
            );
            let warning = Warning::new("manifest-is-a-request", text);
            reader.file().warnings.push(warning);
        }
        reader.settle_aliases();
        reader.finish()
    }
}

impl Objects<'_> {
    /// The client that an id of a service principal stands for.
    fn client(&self, reader: &mut Reader<'_>, id: &str) -> ClientName {
        let name = ClientName::new(self.directory.application(id));
        reader.client(name.clone());
        if name.as_str() != id {
            reader.alias(id, &name);
        }
        name
    }

    fn audience(&self, resource: &str, kind: &str) -> Arc<str> {
        let resource = self.directory.application(resource);
        Arc::from(format!("{resource}/{kind}"))
    }

    fn consent(&self, reader: &mut Reader<'_>, consent: &Found<'_>) -> Result<(), GrantError> {
        let ids = [TreePath::of("clientId")];
        let (id, frozen) = reader.called(consent, &ids, "client")?;
        let subject = Subject::Client(self.client(reader, &id));
        let resource = text(consent.node, "resourceId").unwrap_or_default();
        let given = Given {
            optional: false,
            audience: Some(self.audience(resource, "delegated")),
            empty: EmptyMeans::None,
            fixed: None,
        };
        if let Some(scope) = consent.get("scope") {
            reader.shaped(&scope, &Shape::Delimited(' '), &given, &mut |_, term| {
                Some(term_of(&subject, term, frozen.clone()))
            })?;
        }
        Ok(())
    }

    fn assigned(&self, reader: &mut Reader<'_>, list: &Found<'_>) -> Result<(), GrantError> {
        for item in list.node.as_seq().unwrap_or_default() {
            if let Some(id) = principal(item) {
                reader.name(item.get("principalId").unwrap_or(item), "client")?;
                self.client(reader, id);
            }
        }
        let shape = Shape::Objects("appRoleId".to_owned());
        let given = given(emptied(list));
        reader.shaped(list, &shape, &given, &mut |item, id| {
            let client = self.directory.application(principal(item)?);
            let subject = Subject::Client(ClientName::new(client));
            let resource = text(item, "resourceId").unwrap_or_default();
            let why =
                (id == NO_ROLE).then(|| "it stands for access without any permission".to_owned());
            Some(ItemGrant {
                audience: Some(self.audience(resource, "application")),
                ..term_of(&subject, self.directory.named(resource, id), why)
            })
        })
    }

    fn requested(&self, reader: &mut Reader<'_>, manifest: &Found<'_>) -> Result<(), GrantError> {
        let ids = ["appId", "displayName", "name", "id"].map(TreePath::of);
        let (name, frozen) = reader.called(manifest, &ids, "client")?;
        let client = ClientName::new(&name);
        reader.client(client.clone());
        let subject = Subject::Client(client);
        let all = manifest.get("requiredResourceAccess");
        let outer = all.and_then(|all| reader.outer(&all, EmptyMeans::None, None));
        let path = TreePath::of("requiredResourceAccess[]");
        for (item, resource) in path.find(manifest, &reader.shown)?.iter().enumerate() {
            let Some(list) = resource.get("resourceAccess") else {
                continue;
            };
            let of = text(resource.node, "resourceAppId").unwrap_or_default();
            let shape = Shape::Objects("id".to_owned());
            let given = given(EmptyMeans::None);
            let first = reader.layout.sites.len();
            reader.shaped(&list, &shape, &given, &mut |item, id| {
                let (kind, why) = match text(item, "type") {
                    Some("Scope") => ("delegated", None),
                    Some("Role") => ("application", None),
                    _ => (
                        "unknown",
                        Some("its `type` is neither `Scope` nor `Role`".to_owned()),
                    ),
                };
                Some(ItemGrant {
                    audience: Some(self.audience(of, kind)),
                    ..term_of(
                        &subject,
                        self.directory.named(of, id),
                        frozen.clone().or(why),
                    )
                })
            })?;
            // A resource of which nothing is asked is refused: it goes with its last permission.
            reader.inside(first, outer.map(|outer| (outer, item)));
        }
        Ok(())
    }
}

fn given(empty: EmptyMeans) -> Given {
    Given {
        optional: false,
        audience: None,
        empty,
        fixed: Some("a permission that is given by its id is not replaced here"),
    }
}

/// The service principal that has an assignment; users and groups are no clients.
fn principal(item: &Node) -> Option<&str> {
    let kind = text(item, "principalType");
    let own = kind.is_none_or(|kind| kind == "ServicePrincipal");
    text(item, "principalId").filter(|_| own)
}
