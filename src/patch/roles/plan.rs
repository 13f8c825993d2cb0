//! What has to come into the file and what has to go, so that clients hold what they are to hold by
//! the proposed roles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::role_mining::{Needs, ProposedRole};
use crate::grants::{self, Change, ClientChange, Edit, NewRole, Refusal, RoleEdits};
use crate::model::{ClientName, Day, Entry, Granted, Policy, RoleName, Roles, Subject, Term};

/// Terms below this are no role, nor are so few members.
const LEAST: usize = 2;

/// The plan for a policy.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What becomes of each file.
    pub(super) files: Vec<FilePlan>,
    /// Clients that are left as they are, and why.
    pub(super) left: BTreeMap<ClientName, Refusal>,
}

/// The plan for one file.
#[derive(Debug, Default)]
pub(super) struct FilePlan {
    /// Roles that come.
    pub(super) roles: Vec<NewRole>,
    /// What becomes of clients.
    pub(super) clients: BTreeMap<ClientName, ClientChange>,
    /// Entries of roles that go.
    pub(super) narrowed: BTreeSet<usize>,
    /// All of it as edits.
    pub(super) edits: Vec<Edit>,
}

impl FilePlan {
    /// The entries that go.
    pub(super) fn gone(&self) -> BTreeSet<usize> {
        let clients = self.clients.values().flat_map(|change| &change.gone);
        clients.chain(&self.narrowed).copied().collect()
    }
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.edits.is_empty())
    }
}

/// Makes the plan.
pub(super) fn plan(
    policy: &Policy,
    proposed: &[ProposedRole],
    wanted: &Needs,
    edits: &[RoleEdits<'_>],
) -> Result<Plan, Refusal> {
    let world = World::of((policy, edits), proposed, wanted);
    let is_new = |role: &&ProposedRole| world.file_of(&role.name).is_none();
    let mut written: BTreeSet<&RoleName> = proposed
        .iter()
        .filter(|role| role.terms.len() >= LEAST && can_be_written(role))
        .map(|role| &role.name)
        .collect();
    let mut left: BTreeMap<ClientName, Refusal> = BTreeMap::new();
    // A role that too few get is left out, and so is a client that cannot be written: then all is
    // done anew.
    loop {
        let mut plan = Plan::default();
        plan.files
            .resize_with(policy.files.len(), FilePlan::default);
        let clients = policy.clients().into_iter();
        for client in clients.filter(|client| !left.contains_key(client)) {
            world.client(&client, &written, &mut plan);
        }
        let getting = |role: &RoleName| {
            let changes = plan.files.iter().flat_map(|file| file.clients.values());
            changes.filter(|change| change.roles.contains(role)).count()
        };
        let new = proposed.iter().filter(is_new).map(|role| &role.name);
        let few: Vec<&RoleName> = new
            .filter(|role| written.contains(role) && getting(role) < LEAST)
            .collect();
        if !few.is_empty() {
            written.retain(|role| !few.contains(role));
            continue;
        }
        let known = left.len();
        for (file, edits) in plan.files.iter_mut().zip(edits) {
            for (client, change) in &file.clients {
                match edits.client(client, change) {
                    Ok(own) => file.edits.extend(own),
                    Err(refusal) => drop(left.insert(client.clone(), refusal)),
                }
            }
        }
        if left.len() > known {
            continue;
        }
        for role in proposed.iter().filter(is_new) {
            if written.contains(&role.name) {
                let (file, role) = world.new_role(role, &plan);
                plan.files[file].roles.push(role);
            }
        }
        for role in proposed {
            if let Some(refusal) = world.narrow(role, &left, &mut plan) {
                return Err(refusal.clone());
            }
        }
        for (at, file) in plan.files.iter_mut().enumerate() {
            file.edits.extend(edits[at].define(&file.roles)?);
            let narrowed = file.narrowed.iter().map(|at| (*at, Change::Remove));
            let narrowed = grants::edits(&policy.files[at], &narrowed.collect())?;
            file.edits.extend(narrowed);
        }
        plan.left = left;
        return Ok(plan);
    }
}

/// Whether a policy file can hold its names.
fn can_be_written(role: &ProposedRole) -> bool {
    let mut terms = role.terms.iter().map(Term::as_str);
    terms.all(RoleEdits::can_name) && RoleEdits::can_name(role.name.as_str())
}

/// File and entry.
type At = (usize, usize);

struct World<'a> {
    policy: &'a Policy,
    wanted: &'a Needs,
    roles: Roles<'a>,
    /// By its name.
    proposed: BTreeMap<&'a RoleName, &'a ProposedRole>,
    edits: &'a [RoleEdits<'a>],
    /// The entries of each client.
    entries: BTreeMap<&'a ClientName, Vec<(At, &'a Entry)>>,
}

impl<'a> World<'a> {
    fn of(
        (policy, edits): (&'a Policy, &'a [RoleEdits<'a>]),
        proposed: &'a [ProposedRole],
        wanted: &'a Needs,
    ) -> Self {
        let mut entries: BTreeMap<&ClientName, Vec<(At, &Entry)>> = BTreeMap::new();
        for (number, file) in policy.files.iter().enumerate() {
            for (at, entry) in file.entries.iter().enumerate() {
                if let Subject::Client(client) = &entry.subject
                    && !policy.is_elsewhere(entry)
                {
                    let own = entries.entry(client).or_default();
                    own.push(((number, at), entry));
                }
            }
        }
        Self {
            policy,
            wanted,
            roles: policy.roles(),
            proposed: proposed.iter().map(|role| (&role.name, role)).collect(),
            edits,
            entries,
        }
    }

    /// The file that defines a role.
    fn file_of(&self, role: &RoleName) -> Option<usize> {
        self.roles.files(role).first().copied()
    }

    fn terms_now(&self, role: &RoleName) -> BTreeSet<&Term> {
        let file = self.file_of(role);
        let places = file.map(|file| self.roles.terms(file, role));
        self.roles
            .names(&places.unwrap_or_default())
            .into_iter()
            .collect()
    }

    /// What a role gives after the edit.
    fn terms_after(&self, role: &RoleName) -> BTreeSet<&Term> {
        match self.proposed.get(role) {
            Some(proposed) => proposed.terms.iter().collect(),
            None => self.terms_now(role),
        }
    }

    /// Takes out of a role of the files what the proposed one does not have. Who is left as it is would
    /// not get it back otherwise.
    fn narrow<'l>(
        &self,
        role: &ProposedRole,
        left: &'l BTreeMap<ClientName, Refusal>,
        plan: &mut Plan,
    ) -> Option<&'l Refusal> {
        let file = self.file_of(&role.name)?;
        let members = self.roles.members(file, &role.name);
        for (file, at) in self.roles.own(file, &role.name) {
            let Granted::Term(term) = &self.policy.entry((*file, *at))?.granted else {
                continue;
            };
            if role.terms.contains(term) {
                continue;
            }
            let needs = |client: &ClientName| {
                let wanted = self.wanted.get(client);
                wanted.is_some_and(|wanted| wanted.contains(term))
            };
            let mut needing = members.iter().filter(|client| needs(client));
            if let Some(refusal) = needing.find_map(|client| left.get(client)) {
                return Some(refusal);
            }
            plan.files[*file].narrowed.insert(*at);
        }
        None
    }

    fn client(&self, client: &ClientName, written: &BTreeSet<&RoleName>, plan: &mut Plan) {
        let none = BTreeSet::new();
        let wanted = self.wanted.get(client).unwrap_or(&none);
        let mut gone: Vec<At> = Vec::new();
        let mut direct: Vec<(At, &Entry, &Term)> = Vec::new();
        let mut has: BTreeSet<&RoleName> = BTreeSet::new();
        // What roles that stay give, what is held without being asked for, and what is lost with a role.
        let (mut through, mut issued, mut lost) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (at, entry) in self.entries.get(client).into_iter().flatten() {
            match &entry.granted {
                Granted::Term(term) => {
                    direct.push((*at, entry, term));
                    if !entry.optional {
                        issued.insert(term);
                    }
                }
                Granted::Role(role) => {
                    let now = self.terms_now(role);
                    let after = self.terms_after(role);
                    issued.extend(now.iter().copied());
                    let given = self.proposed.get(role);
                    let given = given.is_some_and(|role| role.members.contains(client));
                    let harmless = || after.iter().all(|term| wanted.contains(*term));
                    if given || self.stays(*at) && harmless() {
                        lost.extend(now.difference(&after).copied());
                        through.extend(after);
                        has.insert(role);
                    } else {
                        lost.extend(now);
                        gone.push(*at);
                    }
                }
            }
        }
        let moves = |(at, entry, _): &(At, &Entry, &Term)| !entry.optional && !self.stays(*at);
        let opens = |term: &Term| {
            lost.contains(term) || direct.iter().any(|own| own.2 == term && moves(own))
        };
        let mut joins: BTreeSet<RoleName> = BTreeSet::new();
        for role in self.proposed.values() {
            let is_there = self.file_of(&role.name).is_some() || written.contains(&role.name);
            let gets = is_there
                && role.members.contains(client)
                && !has.contains(&role.name)
                && role.terms.iter().all(|term| issued.contains(term))
                && role
                    .terms
                    .iter()
                    .any(|term| !through.contains(term) && opens(term));
            if gets {
                joins.insert(role.name.clone());
            }
        }
        through.extend(joins.iter().flat_map(|role| self.terms_after(role)));
        let mut held = through.clone();
        for own in direct {
            let (at, _, term) = own;
            if !wanted.contains(term) || through.contains(term) && moves(&own) {
                gone.push(at);
            } else if !own.1.optional || !issued.contains(term) {
                held.insert(term);
            }
        }
        let missing = wanted.iter().filter(|term| !held.contains(*term));
        let terms: BTreeSet<Term> = missing.cloned().collect();
        // What comes is written where something goes, or where the client is.
        let own = self.entries.get(client).and_then(|own| own.first());
        let home = gone.first().or_else(|| own.map(|(at, _)| at));
        let Some((home, _)) = home.copied() else {
            return;
        };
        if !(joins.is_empty() && terms.is_empty()) {
            let own = plan.files[home].clients.entry(client.clone());
            let own = own.or_default();
            (own.roles, own.terms) = (joins, terms);
        }
        for (file, at) in gone {
            let own = plan.files[file].clients.entry(client.clone());
            own.or_default().gone.insert(at);
        }
    }

    /// A new role with the file that it is written into: that of the roles that there are, else that of its
    /// first member. It is as old as the last grant that it stands for, where all of them have a date,
    /// and has the owner of all members.
    fn new_role(&self, role: &ProposedRole, plan: &Plan) -> (usize, NewRole) {
        let files = plan.files.iter().enumerate();
        let changes =
            files.flat_map(|(file, plan)| plan.clients.iter().map(move |own| (file, own)));
        let members = changes.filter(|(_, (_, change))| change.roles.contains(&role.name));
        let members: Vec<(usize, &ClientName)> =
            members.map(|(file, (client, _))| (file, client)).collect();
        let section = self.edits.iter().position(RoleEdits::has_roles);
        let home = section.or_else(|| members.first().map(|(file, _)| *file));
        let entries = members
            .iter()
            .flat_map(|(_, client)| self.entries.get(client).into_iter().flatten());
        let mut instead: Vec<&Entry> = Vec::new();
        let gives = |entry: &&Entry| matches!(&entry.granted, Granted::Term(term) if role.terms.contains(term));
        for (_, entry) in entries {
            match &entry.granted {
                Granted::Term(_) => instead.extend(Some(*entry).filter(gives)),
                Granted::Role(had) => {
                    let file = self.file_of(had).unwrap_or_default();
                    let own = self.roles.own(file, had).iter();
                    let own = own
                        .filter_map(|place| self.policy.entry(*place))
                        .filter(gives);
                    let before = instead.len();
                    instead.extend(own);
                    if instead.len() > before {
                        instead.push(entry);
                    }
                }
            }
        }
        let dates: Option<Vec<Day>> = instead.iter().map(|entry| entry.since).collect();
        let members = instead
            .iter()
            .filter(|entry| matches!(entry.subject, Subject::Client(_)));
        let owners: Option<BTreeSet<&Arc<str>>> =
            members.map(|entry| entry.owner.as_ref()).collect();
        let owner = owners.filter(|owners| owners.len() == 1);
        let role = NewRole {
            name: role.name.clone(),
            terms: role.terms.clone(),
            since: dates.and_then(|dates| dates.into_iter().max()),
            owner: owner.and_then(|owners| owners.first().map(|owner| Arc::clone(owner))),
        };
        (home.unwrap_or_default(), role)
    }

    fn stays(&self, (file, at): At) -> bool {
        self.edits[file].stays(at)
    }
}
