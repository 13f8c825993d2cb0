//! Roles of several files as one policy: which definition counts, what it gives, and who has it.
//!
//! Invariants:
//! * a membership means the role of its own file, where that defines one, else that of another file;
//! * a role may gather the terms of others by their labels: who has it holds these as well;
//! * a role that is given to somebody whom no log can tell apart has a stranger, who is
//!   never one of its members.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClientName, Entry, Granted, Policy, RoleName, Subject, Term};

/// A role as a file defines it, without its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// By these others find it.
    pub labels: BTreeMap<String, String>,
    /// It gives the terms of every role that fits one of these.
    pub gathers: Vec<Selector>,
    /// Roles that gather it wherever they are defined.
    pub gathered_by: BTreeSet<RoleName>,
}

/// What labels must be like: all of this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(pub Vec<Condition>);

/// What one label must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is there, with one of these values.
    In(String, BTreeSet<String>),
    /// It is not there with one of these values.
    NotIn(String, BTreeSet<String>),
    /// It is there.
    Exists(String),
    /// It is not there.
    Missing(String),
}

impl Selector {
    fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::In(key, values) => labels.get(key).is_some_and(|own| values.contains(own)),
            Condition::NotIn(key, values) => {
                labels.get(key).is_none_or(|own| !values.contains(own))
            }
            Condition::Exists(key) => labels.contains_key(key),
            Condition::Missing(key) => !labels.contains_key(key),
        })
    }
}

/// File and entry.
type Place = (usize, usize);
/// A role where it is defined.
type Defined<'p> = (usize, &'p RoleName);

/// The roles of a policy, with everything that was looked up once.
#[derive(Debug)]
pub struct Roles<'p> {
    policy: &'p Policy,
    /// The files that define each role.
    files: BTreeMap<&'p RoleName, Vec<usize>>,
    /// The entries of each role's own terms.
    own: BTreeMap<Defined<'p>, Vec<Place>>,
    /// The entries that give each role to somebody.
    given: BTreeMap<Defined<'p>, Vec<Place>>,
    /// What each role gathers, through others as well, without itself.
    gathers: BTreeMap<Defined<'p>, BTreeSet<Defined<'p>>>,
    /// By whom each role is gathered.
    gathered: BTreeMap<Defined<'p>, BTreeSet<Defined<'p>>>,
}

impl Policy {
    /// Looks up all roles, their terms and their members.
    pub fn roles(&self) -> Roles<'_> {
        let mut roles = Roles {
            policy: self,
            files: BTreeMap::new(),
            own: BTreeMap::new(),
            given: BTreeMap::new(),
            gathers: BTreeMap::new(),
            gathered: BTreeMap::new(),
        };
        for (index, file) in self.files.iter().enumerate() {
            for role in file.roles.keys() {
                roles.files.entry(role).or_default().push(index);
            }
        }
        for (file, entries) in self.files.iter().map(|file| &file.entries).enumerate() {
            for (index, entry) in entries.iter().enumerate() {
                match (&entry.subject, &entry.granted) {
                    (Subject::Role(role), Granted::Term(_)) => {
                        roles
                            .own
                            .entry((file, role))
                            .or_default()
                            .push((file, index));
                    }
                    (_, Granted::Role(role)) => {
                        if let Some(defined) = roles.defined(file, role) {
                            roles.given.entry(defined).or_default().push((file, index));
                        }
                    }
                    (Subject::Client(_), Granted::Term(_)) => {}
                }
            }
        }
        roles.gather();
        roles
    }

    /// The entry at a place.
    pub fn entry(&self, (file, entry): (usize, usize)) -> Option<&Entry> {
        self.files.get(file)?.entries.get(entry)
    }
}

impl<'p> Roles<'p> {
    fn gather(&mut self) {
        let all = || {
            let files = self.policy.files.iter().enumerate();
            files.flat_map(|(file, own)| {
                own.roles
                    .iter()
                    .map(move |(name, role)| ((file, name), role))
            })
        };
        let mut direct: BTreeMap<Defined<'p>, BTreeSet<Defined<'p>>> = BTreeMap::new();
        for (defined, role) in all().filter(|(_, role)| !role.gathers.is_empty()) {
            let fits = all().filter(|(other, found)| {
                *other != defined
                    && role
                        .gathers
                        .iter()
                        .any(|selector| selector.fits(&found.labels))
            });
            direct.insert(defined, fits.map(|(other, _)| other).collect());
        }
        for (defined, first) in &direct {
            let mut open: Vec<Defined<'p>> = first.iter().copied().collect();
            let mut known = BTreeSet::new();
            while let Some(next) = open.pop() {
                if next != *defined && known.insert(next) {
                    self.gathered.entry(next).or_default().insert(*defined);
                    open.extend(direct.get(&next).into_iter().flatten());
                }
            }
            self.gathers.insert(*defined, known);
        }
    }

    /// The files that define a role.
    pub fn files(&self, role: &RoleName) -> &[usize] {
        self.files.get(role).map_or(&[], Vec::as_slice)
    }

    /// The file whose definition of the role a membership in `file` means.
    pub fn definition(&self, file: usize, role: &RoleName) -> Option<usize> {
        self.defined(file, role).map(|(file, _)| file)
    }

    fn defined(&self, file: usize, role: &RoleName) -> Option<Defined<'p>> {
        let (name, files) = self.files.get_key_value(role)?;
        let own = files.contains(&file).then_some(file);
        Some((own.or_else(|| files.first().copied())?, name))
    }

    /// The entries of the terms that stand in the role itself.
    pub fn own<'a>(&'a self, file: usize, role: &'a RoleName) -> &'a [(usize, usize)] {
        self.own.get(&(file, role)).map_or(&[], Vec::as_slice)
    }

    /// The entries of the terms that a role gives, those of gathered roles included.
    pub fn terms(&self, file: usize, role: &RoleName) -> Vec<(usize, usize)> {
        let gathered = self.gathers.get(&(file, role)).into_iter().flatten();
        let all = std::iter::once((file, role)).chain(gathered.copied());
        all.flat_map(|(file, role)| self.own(file, role))
            .copied()
            .collect()
    }

    /// Whether it gathers the terms of others, of which some may be in no file.
    pub fn gathers(&self, file: usize, role: &RoleName) -> bool {
        self.gathers.contains_key(&(file, role))
    }

    /// The entries that give the role itself to somebody.
    pub fn given<'a>(&'a self, file: usize, role: &'a RoleName) -> &'a [(usize, usize)] {
        self.given.get(&(file, role)).map_or(&[], Vec::as_slice)
    }

    /// The role, and those that gather it.
    fn through<'a>(&'a self, file: usize, role: &'a RoleName) -> impl Iterator<Item = Defined<'a>> {
        let gatherers = self.gathered.get(&(file, role)).into_iter().flatten();
        std::iter::once((file, role)).chain(gatherers.copied())
    }

    /// The entries of everybody who has the role, or one that gathers it.
    fn bearers(&self, file: usize, role: &RoleName) -> impl Iterator<Item = &'p Entry> {
        let all = self.through(file, role);
        let places: Vec<Place> = all
            .flat_map(|(file, role)| self.given(file, role).iter().copied())
            .collect();
        let policy = self.policy;
        places.into_iter().filter_map(|place| policy.entry(place))
    }

    /// The clients that hold the terms of a role.
    pub fn members(&self, file: usize, role: &RoleName) -> BTreeSet<ClientName> {
        let client = |entry: &Entry| match &entry.subject {
            Subject::Client(client) => Some(client.clone()),
            Subject::Role(_) => None,
        };
        self.bearers(file, role).filter_map(client).collect()
    }

    /// Who else holds them, whom no log tells apart: groups, and the members of roles that
    /// gather this one and that no file defines.
    pub fn strangers(&self, file: usize, role: &RoleName) -> BTreeSet<&RoleName> {
        let group = |entry: &'p Entry| match &entry.subject {
            Subject::Role(group) => Some(group),
            Subject::Client(_) => None,
        };
        let unknown = self.through(file, role).flat_map(|(file, role)| {
            let own = self
                .policy
                .files
                .get(file)
                .and_then(|file| file.roles.get(role));
            own.into_iter().flat_map(|own| &own.gathered_by)
        });
        let unknown = unknown.filter(|role| self.files(role).is_empty());
        self.bearers(file, role)
            .filter_map(group)
            .chain(unknown)
            .collect()
    }

    /// The names of the terms at these places.
    pub fn names(&self, places: &[(usize, usize)]) -> Vec<&'p Term> {
        let term = |place: &Place| match &self.policy.entry(*place)?.granted {
            Granted::Term(term) => Some(term),
            Granted::Role(_) => None,
        };
        places.iter().filter_map(term).collect()
    }
}
