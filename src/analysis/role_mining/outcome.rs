//! A proposal with what it was made from, and what would have become of it.

use std::collections::BTreeSet;

use super::Proposal;
use crate::model::{Day, Level, RoleName, Term, Window};

/// What the roles are made from, and the roles.
pub struct RoleProposal {
    /// The roles.
    pub proposal: Proposal,
    /// The days and the level, where there are logs.
    pub seen: Option<(Window, Level)>,
    /// Clients with a grant.
    pub clients: usize,
    /// Their grants, after removals.
    pub grants: usize,
    /// How the roles of the months before would have done, where there are logs of enough days.
    pub over_time: Option<OverTime>,
    /// What of the input could not be read.
    pub incomplete: Vec<String>,
}

/// What became of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverTime {
    /// The day up to which they were made.
    pub until: Day,
    /// The days after.
    pub after: Window,
    /// Operations needed after that day, each counted for each client.
    pub uses: usize,
    /// Those of them that the roles permit, with what limits leave to clients directly.
    pub covered: usize,
    /// The roles that would have been proposed, then those that there are.
    pub roles: Vec<RoleOverTime>,
}

/// What became of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOverTime {
    /// Its name.
    pub name: RoleName,
    /// It is in the policy files, and not proposed.
    pub exists: bool,
    /// Its members.
    pub members: usize,
    /// What it gives.
    pub terms: BTreeSet<Term>,
    /// Terms, each counted for each member.
    pub grants: usize,
    /// Those of them that were needed afterwards.
    pub used: usize,
    /// Operations that its members needed afterwards.
    pub uses: usize,
    /// Those of them that this role permits alone.
    pub covered: usize,
}
