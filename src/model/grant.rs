//! Who holds what, and which bytes of which file say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    ClientName, ContentDigest, Day, Place, PolicyDocument, Role, RoleName, Scope, Span, Term,
    Warning,
};

/// Whom an entry gives something to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A client.
    Client(ClientName),
    /// A role, and through it every client that has it.
    Role(RoleName),
}

/// What an entry gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granted {
    /// A term.
    Term(Term),
    /// Membership of a role.
    Role(RoleName),
}

/// A reviewed "keep this" that is on the grant's own line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Last day on which it holds; `None` is without end.
    pub until: Option<Day>,
    /// The reviewer's reason.
    pub reason: Option<String>,
}

/// A reviewed "keep this" from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The client, or `*` for every client.
    pub client: String,
    /// The term, or a glob over terms.
    pub term: String,
    /// Last day on which it holds; `None` is without end.
    pub until: Option<Day>,
    /// The reviewer's reason.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// One item of a policy file: a subject is given something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who gets it.
    pub subject: Subject,
    /// What it is.
    pub granted: Granted,
    /// Requestable, but not issued by default.
    pub optional: bool,
    /// Since when, where the file says so (on the entry, else on its client or role).
    pub since: Option<Day>,
    /// Line of that date where it is the client's or role's, not the entry's own.
    pub since_line: Option<u32>,
    /// Who answers for the client or role.
    pub owner: Option<Arc<str>>,
    /// A reviewed exception on the line.
    pub keep: Option<Keep>,
    /// Where it is.
    pub place: Place,
    /// The bytes of the scalar itself, quotes included.
    pub span: Span,
    /// The API it is for (RFC 8707 `resource`), where the file says so.
    pub audience: Option<Arc<str>>,
    /// Why the file cannot be edited at this place, if so (alias, template marker, ...).
    pub frozen: Option<String>,
}

/// One policy file as read.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// As shown to the user and written into the diff: relative, with `/`.
    pub path: Arc<str>,
    /// Name of the format that read it.
    pub format: Arc<str>,
    /// The bytes that were read.
    pub bytes: Arc<[u8]>,
    /// Digest of those bytes: the file is refused if it changed since.
    pub digest: ContentDigest,
    /// What it grants, in file order.
    pub entries: Vec<Entry>,
    /// Every client it names, also those without grants.
    pub clients: BTreeSet<ClientName>,
    /// Every role it defines, also those without terms.
    pub roles: BTreeMap<RoleName, Role>,
    /// What the reader noticed.
    pub warnings: Vec<Warning>,
    /// Scope semantics that the file itself states, if any (`match:` of the native format).
    pub matching: Option<super::ScopeMatch>,
    /// Implications that the file itself states.
    pub implies: BTreeMap<Scope, BTreeSet<Scope>>,
    /// Implications that follow from what is granted: a level opens what lower ones open.
    pub ladders: BTreeMap<Scope, BTreeSet<Scope>>,
    /// Its grants hold in parts of the API that their terms do not name, so that none of them
    /// stands in for another.
    pub in_parts: bool,
    /// Other names of its clients, as logs may have them.
    pub aliases: BTreeMap<String, ClientName>,
    /// What its reader keeps for editing it.
    pub document: Option<Arc<dyn PolicyDocument>>,
}

impl PolicyFile {
    /// A file of these bytes that grants nothing yet.
    pub fn new(path: Arc<str>, format: &str, bytes: Arc<[u8]>) -> Self {
        Self {
            path,
            format: Arc::from(format),
            digest: ContentDigest::of(&bytes),
            bytes,
            entries: Vec::new(),
            clients: BTreeSet::new(),
            roles: BTreeMap::new(),
            warnings: Vec::new(),
            matching: None,
            implies: BTreeMap::new(),
            ladders: BTreeMap::new(),
            in_parts: false,
            aliases: BTreeMap::new(),
            document: None,
        }
    }
}

/// How a client comes to hold a term. Indices are into `files[file].entries`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Via {
    /// Which file.
    pub file: usize,
    /// The entry that lists the term (on the client, or on the role).
    pub entry: usize,
    /// For a term held through a role: how the client has that.
    pub role: Option<Membership>,
}

/// How a client has a role: by an entry that may be in another file than the role's terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The role, as the entry names it.
    pub role: RoleName,
    /// Which file.
    pub file: usize,
    /// The entry that gives the role to the client.
    pub entry: usize,
}

impl Membership {
    /// File and entry.
    pub fn place(&self) -> (usize, usize) {
        (self.file, self.entry)
    }
}

/// All policy files of one run.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The files, in the order given.
    pub files: Vec<PolicyFile>,
    /// The API that is looked at. One scope name of two audiences is two permissions, so
    /// grants for another one are not held here; those without an audience are.
    pub audience: Option<Arc<str>>,
}

impl Policy {
    /// Every client named by some file.
    pub fn clients(&self) -> BTreeSet<ClientName> {
        self.files
            .iter()
            .flat_map(|file| file.clients.iter().cloned())
            .collect()
    }

    /// Every audience that some grant names.
    pub fn audiences(&self) -> BTreeSet<&str> {
        let entries = self.files.iter().flat_map(|file| &file.entries);
        entries
            .filter_map(|entry| entry.audience.as_deref())
            .collect()
    }

    /// Whether the grant is for another API than the one that is looked at.
    pub fn is_elsewhere(&self, entry: &Entry) -> bool {
        match (&self.audience, &entry.audience) {
            (Some(wanted), Some(stated)) => wanted != stated,
            _ => false,
        }
    }

    /// What every client holds and how, as the union over all files, for the
    /// audience that is looked at.
    pub fn holdings(&self) -> BTreeMap<ClientName, BTreeMap<Term, Vec<Via>>> {
        let mut all: BTreeMap<ClientName, BTreeMap<Term, Vec<Via>>> = self
            .clients()
            .into_iter()
            .map(|client| (client, BTreeMap::new()))
            .collect();
        let roles = self.roles();
        let mut given: BTreeMap<(usize, &RoleName), Vec<(usize, usize)>> = BTreeMap::new();
        for (file_index, file) in self.files.iter().enumerate() {
            for (index, entry) in file.entries.iter().enumerate() {
                let Subject::Client(client) = &entry.subject else {
                    continue;
                };
                if self.is_elsewhere(entry) {
                    continue;
                }
                let held = all.entry(client.clone()).or_default();
                match &entry.granted {
                    Granted::Term(term) => {
                        held.entry(term.clone()).or_default().push(Via {
                            file: file_index,
                            entry: index,
                            role: None,
                        });
                    }
                    Granted::Role(role) => {
                        let Some(defined) = roles.definition(file_index, role) else {
                            continue;
                        };
                        let terms = given
                            .entry((defined, role))
                            .or_insert_with(|| roles.terms(defined, role));
                        for (term, (file, entry)) in roles.names(terms).into_iter().zip(terms) {
                            held.entry(term.clone()).or_default().push(Via {
                                file: *file,
                                entry: *entry,
                                role: Some(Membership {
                                    role: role.clone(),
                                    file: file_index,
                                    entry: index,
                                }),
                            });
                        }
                    }
                }
            }
        }
        all
    }
}
