//! Where the entries of a file stand, and from changes of them to edits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::comment::Comment;
use super::not_editable::{UNWRITABLE, unwritable};
use super::product::Product;
use super::site::{EmptyMeans, Site};
use super::written::{Fate, Slot, Syntax};
use super::{Change, CommentEffect, Edit, Formats, Refusal};
use crate::model::{Grid, Place, PolicyDocument, PolicyFile, Unreadable};

/// What is kept of a policy file that was read.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(super) syntax: Syntax,
    /// One that cannot be edited is not there.
    pub(super) sites: Vec<Option<Site>>,
    /// For each entry: which site, which item, and in which line the item starts.
    pub(super) homes: Vec<Home>,
    pub(super) comments: Vec<Comment>,
    never_empty: Vec<Vec<usize>>,
    grids: Vec<Grid>,
    formats: Formats,
}

/// Where one entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) site: usize,
    pub(super) item: usize,
    pub(super) line: u32,
}

impl Layout {
    /// The layout of a file that has no entries yet.
    pub(super) fn new(syntax: Syntax, comments: Vec<Comment>) -> Self {
        Self {
            syntax,
            sites: Vec::new(),
            homes: Vec::new(),
            comments,
            never_empty: Vec::new(),
            grids: Vec::new(),
            formats: Formats::default(),
        }
    }

    /// The layout of a file that is read to its end, with the formats that it is read again by.
    pub(super) fn complete(mut self, formats: &Formats) -> Self {
        self.formats = formats.clone();
        self.never_empty = self.groups();
        let mut cells: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
        for (entry, home) in self.homes.iter().enumerate() {
            if self.product(home.site).is_some() {
                let cells = cells.entry(home.site).or_default();
                cells.insert(home.item, entry);
            }
        }
        let grids = |(site, cells): (&usize, &BTreeMap<usize, usize>)| {
            let product = self.product(*site)?;
            Some(product.grids(&|cell| cells.get(&cell).copied()))
        };
        self.grids = cells.iter().filter_map(grids).flatten().collect();
        self
    }

    /// The entries of each list that must not become empty, where they are all that it holds: a
    /// list with more in it is not emptied by removing them.
    fn groups(&self) -> Vec<Vec<usize>> {
        let site = |number: usize| self.sites.get(number).and_then(Option::as_ref);
        let matters = |site: &Site| site.within.is_some() || site.empty != EmptyMeans::None;
        let mut held: BTreeMap<usize, (Vec<usize>, BTreeSet<usize>)> = BTreeMap::new();
        for (entry, home) in self.homes.iter().enumerate() {
            if site(home.site).is_some_and(matters) {
                let (entries, items) = held.entry(home.site).or_default();
                entries.push(entry);
                items.insert(home.item);
            }
        }
        let mut groups = Vec::new();
        // An outer site is in front of those inside it.
        while let Some((number, (mut entries, items))) = held.pop_last() {
            let Some(own) = site(number).filter(|site| items.len() == site.len()) else {
                continue;
            };
            if let Some((outer, item)) = own.within.filter(|(outer, _)| *outer < number) {
                let (all, outer_items) = held.entry(outer).or_default();
                all.append(&mut entries);
                outer_items.insert(item);
            } else if own.empty != EmptyMeans::None {
                entries.sort_unstable();
                groups.push(entries);
            }
        }
        groups.reverse();
        groups
    }

    fn product(&self, site: usize) -> Option<&Product> {
        self.sites.get(site)?.as_ref()?.as_product()
    }

    /// What becomes of one entry, and its site.
    fn fate(
        &self,
        (file, text): (&PolicyFile, &str),
        (index, change): (usize, &Change),
    ) -> Result<(Home, Fate), String> {
        let known = file.entries.get(index).zip(self.homes.get(index));
        let (entry, home) = known.ok_or("the file has no such entry")?;
        if let Some(reason) = &entry.frozen {
            return Err(reason.clone());
        }
        let fate = match change {
            Change::Remove => Fate::Remove,
            Change::Replace(terms) if terms.is_empty() => {
                return Err("no term is given to replace it".to_owned());
            }
            Change::Replace(terms) if terms.iter().any(|term| unwritable(term.as_str())) => {
                return Err(UNWRITABLE.to_owned());
            }
            Change::Replace(terms) => {
                let site = self.sites.get(home.site).and_then(Option::as_ref);
                let site = site.ok_or(UNKNOWN)?;
                if let Some(product) = site.as_product() {
                    let fate = product.spell(text, home.item, (terms, self.syntax))?;
                    return Ok((*home, fate));
                }
                let texts = terms
                    .iter()
                    .map(|term| site.spell(text, entry.span, term, self.syntax));
                Fate::Replace(entry.span, texts.collect::<Result<_, _>>()?)
            }
        };
        Ok((*home, fate))
    }
}

impl Layout {
    /// What loses its last grant goes with the item of the outer site that it is in.
    fn drop_emptied(
        &self,
        by_site: &mut BTreeMap<usize, Vec<(usize, Fate)>>,
        first: &mut BTreeMap<usize, usize>,
    ) {
        let known = |(site, fates): (&usize, &Vec<(usize, Fate)>)| {
            let site = *site;
            let items: Vec<_> = fates.iter().map(|(item, _)| (site, *item)).collect();
            items
        };
        let mut dropped: BTreeSet<Slot> = by_site.iter().flat_map(known).collect();
        loop {
            let emptied = by_site.iter().filter_map(|(number, fates)| {
                let site = self.sites.get(*number)?.as_ref()?;
                let slot = site.within.filter(|_| site.is_emptied(fates))?;
                Some((*number, slot))
            });
            let emptied: Vec<(usize, Slot)> = emptied.collect();
            if emptied.is_empty() {
                return;
            }
            for (number, (outer, item)) in emptied {
                by_site.remove(&number);
                if dropped.insert((outer, item)) {
                    let fates = by_site.entry(outer).or_default();
                    fates.push((item, Fate::Remove));
                }
                let entry = first.get(&number).copied().unwrap_or(usize::MAX);
                first.entry(outer).or_insert(entry);
            }
        }
    }

    /// Whether a comment may go with the item: its own, or one of an item around it.
    fn owns_comment(&self, site: &Site, item: usize) -> bool {
        let outer = site.within.and_then(|(outer, item)| {
            let outer = self.sites.get(outer).and_then(Option::as_ref)?;
            Some((outer, item))
        });
        site.owns_comment(item) || outer.is_some_and(|(site, item)| self.owns_comment(site, item))
    }
}

/// Why nothing of a site is edited.
const UNKNOWN: &str = "its list is written in a way that cannot be edited";

impl PolicyDocument for Layout {
    fn edit(
        &self,
        file: &PolicyFile,
        changes: &BTreeMap<usize, Change>,
    ) -> Result<Vec<Edit>, Refusal> {
        let refuse = |entry: usize, reason: String| {
            let whole = Place {
                file: Arc::clone(&file.path),
                line: 1,
            };
            let entry = file.entries.get(entry);
            let place = entry.map_or(whole, |entry| entry.place.clone());
            Refusal { place, reason }
        };
        let text = std::str::from_utf8(&file.bytes).unwrap_or_default();
        let mut by_site: BTreeMap<usize, Vec<(usize, Fate)>> = BTreeMap::new();
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for (&index, change) in changes {
            let fate = self.fate((file, text), (index, change));
            let (home, fate) = fate.map_err(|reason| refuse(index, reason))?;
            by_site
                .entry(home.site)
                .or_default()
                .push((home.item, fate));
            first.entry(home.site).or_insert(index);
        }
        self.drop_emptied(&mut by_site, &mut first);
        let mut edits = Vec::new();
        for (site, mut fates) in by_site {
            fates.sort_by_key(|(item, _)| *item);
            let entry = first.get(&site).copied().unwrap_or(usize::MAX);
            let site = self.sites.get(site).and_then(Option::as_ref);
            let own = site
                .ok_or(UNKNOWN)
                .and_then(|site| site.edits(text, &fates));
            edits.extend(own.map_err(|reason| refuse(entry, reason.to_owned()))?);
        }
        Ok(edits)
    }

    fn comments(&self, file: &PolicyFile) -> BTreeMap<usize, CommentEffect> {
        let text = std::str::from_utf8(&file.bytes).unwrap_or_default();
        let mut effects = BTreeMap::new();
        if self.comments.is_empty() {
            return effects;
        }
        let stands_alone = |line: u32| {
            let comment = self
                .comments
                .binary_search_by_key(&line, |comment| comment.line);
            let comment = comment.ok().and_then(|at| self.comments.get(at));
            comment.is_some_and(|comment| comment.own_line)
        };
        for (index, home) in self.homes.iter().enumerate() {
            let Some(site) = self.sites.get(home.site).and_then(Option::as_ref) else {
                continue;
            };
            if self.owns_comment(site, home.item) {
                effects.insert(index, CommentEffect::Lost);
            } else if home.line.checked_sub(1).is_some_and(stands_alone)
                && site.own_line(text, home.item).is_some()
            {
                effects.insert(index, CommentEffect::Reattached);
            }
        }
        effects
    }

    fn never_empty(&self) -> &[Vec<usize>] {
        &self.never_empty
    }

    fn grids(&self) -> &[Grid] {
        &self.grids
    }

    fn rules_without(&self, entry: usize) -> Option<String> {
        let home = self.homes.get(entry)?;
        self.product(home.site)?.rules_without(home.item)
    }

    fn reread(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, Unreadable> {
        Ok(self.formats.read(bytes, shown)?)
    }
}
