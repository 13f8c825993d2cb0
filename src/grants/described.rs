//! A policy format as a description: where its clients are, what they are called, and in which
//! shape their grants stand.
//!
//! In: a [`Description`], built in or written by the user. Out: a format that reads and edits.
//!
//! Invariants:
//! * what is of another kind than the description says is an error, not an empty policy;
//! * a list whose emptiness grants something is never emptied (`empty_means`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::GrantError;
use super::entry_reader::Reader;
use super::given::{Given, role_of, term_of};
use super::layout::Layout;
use super::not_editable::marker;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::written::Syntax;
use crate::document::{Node, csv};
use crate::event::hash::HashKey;
use crate::event::secret::conceal;
use crate::model::{ClientName, PolicyFile, RoleName, Subject};

/// How one policy format is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name in outputs.
    pub name: String,
    /// What a document of the format has: something at a path, or this text there. Without
    /// any, the beginning of a path to the clients is enough.
    pub when: Vec<(TreePath, Option<String>)>,
    /// Where the clients are; of several paths those count that fit the document.
    pub clients: Vec<TreePath>,
    /// Where in a client its name is, the first that is there; without any, the key that it
    /// stands under is its name.
    pub id: Vec<TreePath>,
    /// Where in a client other names of it are.
    pub aliases: Vec<TreePath>,
    /// Where in a client the API is that its grants are for.
    pub audience: Option<TreePath>,
    /// Where in a client its grants are.
    pub terms: Vec<TreePath>,
    /// Where in a client the grants are that it may request, and does not get by default.
    pub optional: Vec<TreePath>,
    /// How the grants are written.
    pub shape: Shape,
    /// What it means when none is left.
    pub empty_means: EmptyMeans,
    /// The roles, where the format has any.
    pub roles: Option<Roles>,
}

/// Roles of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Where the roles are.
    pub at: TreePath,
    /// Where in a role its name is; without it, the key that it stands under.
    pub id: Option<TreePath>,
    /// Where in a role its grants are, in the shape of those of clients.
    pub terms: TreePath,
    /// Where in a client the list of its roles is.
    pub members: TreePath,
}

/// What a format knows about one name that a client is granted; the words are the client's
/// name and that of the grant.
pub(super) enum Judged {
    /// It is a grant.
    Grant,
    /// It is a grant that is not edited, for this reason.
    Frozen(String),
    /// It is none.
    NoGrant,
}

// No entry of the registry: what it describes is known at run time.
impl super::PolicyFormat for Description {
    fn name(&self) -> &str {
        &self.name
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let roots = source.documents();
        let is_empty = |root: &Node| root.as_seq().is_some_and(<[Node]>::is_empty);
        if source.syntax == Syntax::Csv && roots.iter().all(is_empty) {
            // A table without rows is known by its columns.
            let header = source.text.trim();
            let row = csv::tree(&format!("{header}\n{header}"), &Arc::from(""));
            return row.is_ok_and(|root| self.fits(&root));
        }
        roots.iter().any(|root| self.fits(root))
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        if source.syntax == Syntax::Csv {
            return self.open_table(source);
        }
        let roots = source.roots()?;
        let mut reader = Reader::new(source, &self.name, roots)?;
        self.read(&mut reader, roots, &|_, _| Judged::Grant)?;
        reader.finish()
    }
}

impl Description {
    /// Whether a document is one of this format.
    pub(super) fn fits(&self, root: &Node) -> bool {
        let none: Arc<str> = Arc::from("");
        let holds = |(path, text): &(TreePath, Option<String>)| {
            let found = path.find(&Found::root(root), &none).unwrap_or_default();
            found.iter().any(|found| match text {
                Some(text) => found.node.text() == Some(text),
                None => true,
            })
        };
        self.when.iter().all(holds) && self.clients.iter().any(|path| path.begins(root))
    }

    /// Reads all clients of the documents that fit.
    pub(super) fn read(
        &self,
        reader: &mut Reader<'_>,
        roots: &[Node],
        judge: &dyn Fn(&str, &str) -> Judged,
    ) -> Result<(), GrantError> {
        for root in roots.iter().filter(|root| self.fits(root)) {
            let root = Found::root(root);
            if let Some(roles) = &self.roles {
                self.roles(reader, roles, &root)?;
            }
            for path in self.clients.iter().filter(|path| path.begins(root.node)) {
                for client in path.find(&root, &reader.shown)? {
                    self.client(reader, &client, judge)?;
                }
            }
        }
        reader.settle_aliases();
        Ok(())
    }

    fn client(
        &self,
        reader: &mut Reader<'_>,
        client: &Found<'_>,
        judge: &dyn Fn(&str, &str) -> Judged,
    ) -> Result<(), GrantError> {
        let shown = Arc::clone(&reader.shown);
        let (name, frozen) = reader.called(client, &self.id, "client")?;
        let own = ClientName::new(&name);
        reader.client(own.clone());
        for path in &self.aliases {
            for alias in path.find(client, &shown)? {
                if let Some(alias) = alias.node.text().filter(|alias| *alias != name) {
                    reader.alias(alias, &own);
                }
            }
        }
        let audience = match &self.audience {
            Some(path) => path.one(client, &shown)?,
            None => None,
        };
        let audience = audience.and_then(|found| found.node.text().map(Arc::from));
        let subject = Subject::Client(own);
        let terms = self.terms.iter().map(|path| (path, false));
        let optional = self.optional.iter().map(|path| (path, true));
        for (path, optional) in terms.chain(optional) {
            let given = Given {
                optional,
                audience: audience.clone(),
                empty: self.empty_means,
                fixed: None,
            };
            for place in path.find(client, &shown)? {
                reader.shaped(
                    &place,
                    &self.shape,
                    &given,
                    &mut |_, term| match judge(&name, term) {
                        Judged::Grant => Some(term_of(&subject, term, frozen.clone())),
                        Judged::Frozen(why) => Some(term_of(&subject, term, Some(why))),
                        Judged::NoGrant => None,
                    },
                )?;
            }
        }
        let Some(roles) = &self.roles else {
            return Ok(());
        };
        let given = Given {
            optional: false,
            audience: None,
            empty: EmptyMeans::None,
            fixed: None,
        };
        for place in roles.members.find(client, &shown)? {
            reader.shaped(&place, &Shape::List, &given, &mut |_, role| {
                Some(role_of(&subject, role, frozen.clone()))
            })?;
        }
        Ok(())
    }

    fn roles(
        &self,
        reader: &mut Reader<'_>,
        roles: &Roles,
        root: &Found<'_>,
    ) -> Result<(), GrantError> {
        let shown = Arc::clone(&reader.shown);
        for role in roles.at.find(root, &shown)? {
            let id = roles.id.as_slice();
            let (name, frozen) = reader.called(&role, id, "role")?;
            let subject = Subject::Role(reader.role(&name));
            let given = Given {
                optional: false,
                audience: None,
                empty: self.empty_means,
                fixed: None,
            };
            for place in roles.terms.find(&role, &shown)? {
                reader.shaped(&place, &self.shape, &given, &mut |_, term| {
                    Some(term_of(&subject, term, frozen.clone()))
                })?;
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// The name of a client or role, and why nothing of it is edited, if so.
    pub(super) fn called(
        &self,
        of: &Found<'_>,
        id: &[TreePath],
        what: &str,
    ) -> Result<(String, Option<String>), GrantError> {
        let mut named = of.key.filter(|_| id.is_empty());
        for path in id {
            named = named.or(path.one(of, &self.shown)?.map(|found| found.node));
        }
        let Some(node) = named else {
            let paths: Vec<String> = id.iter().map(|path| format!("`{path}`")).collect();
            return Err(GrantError::BadName {
                place: self.place(of.node),
                message: format!("a {what} has no name: {} is missing", paths.join(" or ")),
            });
        };
        let name = self.name(node, "client")?;
        let templated = marker(name)
            .map(|mark| format!("the name `{name}` holds a template marker (`{mark}`)"));
        Ok((name.to_owned(), of.frozen.clone().or(templated)))
    }

    /// A role that the file defines, with or without terms.
    pub(super) fn role(&mut self, name: &str) -> RoleName {
        let name = RoleName::new(name);
        self.file().roles.entry(name.clone()).or_default();
        name
    }

    /// Another name of a client.
    pub(super) fn alias(&mut self, alias: &str, client: &ClientName) {
        self.others
            .entry(alias.to_owned())
            .or_default()
            .insert(client.clone());
    }

    /// Takes the other names of clients in, but for those that mean several clients: what these
    /// did cannot be told apart, so their grants are not edited.
    pub(super) fn settle_aliases(&mut self) {
        let mut mixed: BTreeMap<ClientName, String> = BTreeMap::new();
        for (alias, mut clients) in std::mem::take(&mut self.others) {
            let called = ClientName::new(&alias);
            if self.file().clients.contains(&called) {
                clients.insert(called);
            }
            if clients.len() > 1 {
                mixed.extend(clients.into_iter().map(|client| (client, alias.clone())));
            } else if let Some(client) = clients.pop_first() {
                self.file().aliases.insert(alias, client);
            }
        }
        for entry in &mut self.file().entries {
            if let Subject::Client(client) = &entry.subject
                && let Some(alias) = mixed.get(client)
                && entry.frozen.is_none()
            {
                let alias = conceal(alias.as_bytes(), &HashKey::default());
                let alias = String::from_utf8_lossy(&alias);
                let why = format!(
                    "`{alias}` is a name of several clients, so whose use a log shows is not known"
                );
                entry.frozen = Some(why);
            }
        }
    }
}
