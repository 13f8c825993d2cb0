//! Places inside the items of an outer place: with its last grant an inner place goes, and with
//! it the item of the outer one.
//!
//! An outer place is read before those inside it.

use super::entry_reader::Reader;
use super::given::{Given, ItemGrant};
use super::layout::Home;
use super::site::{EmptyMeans, Site, Terms};
use super::tree_path::Found;
use super::written::Slot;
use crate::document::Node;
use crate::model::Entry;

impl Reader<'_> {
    /// A list whose items hold places with grants, and grant nothing themselves; `None` where
    /// no item of it can be removed.
    pub(super) fn outer(
        &mut self,
        at: &Found<'_>,
        empty: EmptyMeans,
        within: Option<Slot>,
    ) -> Option<usize> {
        let nodes = at.node.as_seq()?;
        let (comments, syntax) = (&self.layout.comments, self.layout.syntax);
        let site = Site::list(self.text, (at.key, at.node), nodes, comments, syntax);
        let odd = |site: &Site| (0..nodes.len()).any(|item| site.odd(item).is_some());
        let mut site = site.ok().filter(|site| at.frozen.is_none() && !odd(site))?;
        site.empty = empty;
        site.within = within;
        self.layout.sites.push(Some(site));
        Some(self.layout.sites.len() - 1)
    }

    /// Puts the places that were read since there were so many of them into an item of an outer
    /// place. Without one they are never emptied.
    pub(super) fn inside(&mut self, since: usize, slot: Option<Slot>) {
        let fresh = self.layout.sites.iter_mut().skip(since).flatten();
        for site in fresh.filter(|site| site.within.is_none()) {
            site.within = slot;
            if slot.is_none() {
                site.empty = EmptyMeans::Invalid;
            }
        }
    }

    /// A grant that is a string of its own, where other files have a list.
    pub(super) fn alone(&mut self, at: &Found<'_>, given: &Given, grant: ItemGrant) {
        let mut site = Site::alone();
        site.empty = given.empty;
        if let Some(reason) = given.fixed {
            site.terms = Terms::Fixed(reason);
        }
        let home = Home {
            site: self.layout.sites.len(),
            item: 0,
            line: at.node.line,
        };
        self.layout.sites.push(Some(site));
        let entry = Entry {
            subject: grant.subject,
            granted: grant.granted,
            optional: given.optional,
            since: None,
            since_line: None,
            owner: None,
            keep: None,
            place: self.place(at.node),
            span: at.node.span,
            audience: given.audience.clone().or_else(|| self.audience.clone()),
            frozen: grant.frozen.or_else(|| at.frozen.clone()),
        };
        let lines = [self.last_line(at.node), at.node.line, at.node.line];
        self.add(entry, lines, home);
        self.use_up(&lines);
    }
}

/// The text under a key.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::text)
}

/// The items of a list under a key.
pub(super) fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    let value = node.get(key).and_then(Node::as_seq);
    value.unwrap_or_default()
}
