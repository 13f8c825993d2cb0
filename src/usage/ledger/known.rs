//! The sources that a ledger has, and which of them a further one may have to do with.
//!
//! In: one source. Out: the few known ones that may be the same, an earlier part of it,
//! or the whole of which it is an earlier part.
//!
//! Invariant: a known source that is left out has neither the same content nor the same
//! beginning, so that comparing with all of them would change nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{HEAD, SourceRecord};
use crate::input::Source;

type Ids = BTreeSet<String>;

/// What became of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// Its content is in the ledger already.
    Known,
    /// It continues these sources (as shown), whose rows it replaces.
    Replaces(Vec<String>),
    /// It is an earlier part of this source, which is in the ledger already.
    Earlier(String),
}

/// The records of a ledger by what they are compared by.
#[derive(Default)]
pub(super) struct Known {
    records: BTreeMap<String, SourceRecord>,
    /// Names of what could not be read.
    unreadable: BTreeMap<String, Ids>,
    /// The digest of the first line, of content that is shorter than a head.
    short: BTreeMap<String, Ids>,
    /// The same of longer content.
    long: BTreeMap<String, Ids>,
    /// The digest of the whole head, of longer content.
    heads: BTreeMap<String, Ids>,
    /// Content of less than a line, by its length and digest.
    cut: BTreeMap<u64, BTreeMap<String, Ids>>,
}

impl Known {
    pub(super) fn get(&self, id: &str) -> Option<&SourceRecord> {
        self.records.get(id)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &SourceRecord> {
        self.records.values()
    }

    pub(super) fn insert(&mut self, record: SourceRecord) {
        self.remove(&record.id);
        self.index(&record, |ids, id| {
            ids.insert(id.to_owned());
        });
        self.records.insert(record.id.clone(), record);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<SourceRecord> {
        let record = self.records.remove(id)?;
        self.index(&record, |ids, id| {
            ids.remove(id);
        });
        Some(record)
    }

    /// Changes the ids of each entry that a record has.
    fn index(&mut self, record: &SourceRecord, change: impl Fn(&mut Ids, &str)) {
        let id = &record.id;
        if record.is_unreadable() {
            let shown = record.facts.shown.to_string();
            return change(self.unreadable.entry(shown).or_default(), id);
        }
        let (Some(head), Some(line)) = (&record.head, &record.first_line) else {
            return;
        };
        if record.head_bytes >= HEAD as u64 {
            change(self.heads.entry(head.clone()).or_default(), id);
            change(self.long.entry(line.clone()).or_default(), id);
            return;
        }
        change(self.short.entry(line.clone()).or_default(), id);
        if let (true, Some(read)) = (head == line, &record.read) {
            let same = self.cut.entry(record.facts.bytes).or_default();
            change(same.entry(read.clone()).or_default(), id);
        }
    }

    /// Those that a source may be, continue or begin, in their order. One that ends within its
    /// first line is among them only when it begins as the others do: see [`Self::cut_of`].
    pub(super) fn near(&self, record: &SourceRecord) -> BTreeSet<&str> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        found.extend(self.records.get(&record.id).map(|known| known.id.as_str()));
        let sets = [
            self.unreadable.get(&*record.facts.shown),
            record
                .first_line
                .as_ref()
                .and_then(|line| self.short.get(line)),
            if record.head_bytes >= HEAD as u64 {
                record.head.as_ref().and_then(|head| self.heads.get(head))
            } else {
                record
                    .first_line
                    .as_ref()
                    .and_then(|line| self.long.get(line))
            },
        ];
        for ids in sets.into_iter().flatten() {
            found.extend(ids.iter().map(String::as_str));
        }
        found
    }

    /// Those that end within their first line, and with which the content at hand begins.
    pub(super) fn cut_of(&self, record: &SourceRecord, source: &Source) -> BTreeSet<&str> {
        let shorter = self.cut.range(..=record.facts.bytes);
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for (bytes, same) in shorter {
            let sets: Vec<&Ids> = if source.input.path.is_none() {
                // It cannot be read again: all of them are compared by their rows.
                same.values().collect()
            } else {
                let digest = source
                    .prefix_digest(*bytes)
                    .map(|digest| digest.to_string());
                digest
                    .and_then(|digest| same.get(&digest))
                    .into_iter()
                    .collect()
            };
            for ids in sets {
                found.extend(ids.iter().map(String::as_str));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::SourceStatus;
    use crate::model::ContentDigest;
    use crate::usage::SourceFacts;
    use crate::usage::ledger::heads;
    use std::sync::Arc;

    fn record(content: &str, status: SourceStatus) -> SourceRecord {
        let read = ContentDigest::of(content.as_bytes()).to_string();
        let (head, head_bytes, first_line) = heads(content.as_bytes());
        SourceRecord {
            id: format!("{read}{status:?}"),
            facts: SourceFacts {
                shown: Arc::from(&content[..1]),
                format: None,
                counts: crate::usage::FileCounts::default(),
                digest: None,
                status,
                bytes: content.len() as u64,
            },
            read: Some(read),
            head,
            head_bytes,
            first_line,
            looser: 0,
            first_day: None,
            last_day: None,
            catalogue: String::new(),
        }
    }

    /// Contents that begin alike in every way that there is.
    fn records() -> Vec<SourceRecord> {
        let long = "x".repeat(5000);
        let lines = "abc\n".repeat(2000);
        let mut texts = Vec::new();
        for text in [long.as_str(), &lines, "abc\nabd\n", "abd\nabc\n", "a\n"] {
            for cut in [1, 2, 3, 4, 7, 4000, 4095, 4096, 4097, 8000] {
                let whole = &text[..text.len().min(cut)];
                texts.extend([whole.to_owned(), format!("{whole}other\n")]);
            }
        }
        texts.sort();
        texts.dedup();
        let read = texts
            .iter()
            .map(|text| record(text, SourceStatus::Complete));
        let broken = SourceStatus::Unreadable("broken".to_owned());
        let not = texts.iter().map(|text| record(text, broken.clone()));
        read.chain(not.take(3)).collect()
    }

    #[test]
    fn what_is_left_out_has_nothing_to_do_with_the_source() {
        let records = records();
        let mut known = Known::default();
        for record in &records {
            known.insert(record.clone());
        }
        let mut left_out = 0;
        for record in &records {
            let near = known.near(record);
            for other in &records {
                let same = other.id == record.id
                    || other.is_unreadable() && other.facts.shown == record.facts.shown;
                let begins = !other.is_unreadable()
                    && !record.is_unreadable()
                    && (other.may_begin(record) || record.may_begin(other));
                let found = near.contains(other.id.as_str());
                assert!(found || !(same || begins), "{record:?} {other:?}");
                left_out += usize::from(!found);
            }
        }
        assert!(left_out > records.len() * records.len() / 2, "{left_out}");
    }

    #[test]
    fn what_was_removed_is_not_found_again() {
        let records = records();
        let mut known = Known::default();
        for record in &records {
            known.insert(record.clone());
        }
        for record in &records {
            assert_eq!(known.remove(&record.id).as_ref(), Some(record));
            assert!(!known.near(record).contains(record.id.as_str()));
        }
        let empty = |of: &BTreeMap<String, Ids>| of.values().all(Ids::is_empty);
        assert!(empty(&known.short) && empty(&known.long) && empty(&known.heads));
        assert!(known.cut.values().all(empty) && empty(&known.unreadable));
    }
}
