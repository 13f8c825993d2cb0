//! Which shares of a list of logs a ledger has, until it has all of them.
//!
//! A share that never came looks like days without records: a ledger with such a gap
//! is not read before it is complete. Of a list that is complete nothing is kept by a
//! merge, so that the ledger has the same bytes however the work was split. A partial
//! result keeps which share it is: by that it is known when it is asked for again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Operations, Writer};
use crate::input::Shard;
use crate::model::OutcomeTable;

/// The shares of one list that are there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Shares {
    /// Digest of the names and sizes of the whole list.
    list: String,
    /// How many shares there are.
    of: u32,
    /// Those that are there, from 1.
    have: BTreeSet<u32>,
}

impl Shares {
    fn missing(&self) -> Vec<u32> {
        (1..=self.of)
            .filter(|share| !self.have.contains(share))
            .collect()
    }

    /// The same in words: `shard 3 of 8`.
    fn sentence(&self) -> String {
        let missing = self.missing();
        let shown: Vec<String> = missing.iter().take(8).map(ToString::to_string).collect();
        let more = match missing.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let word = if missing.len() == 1 {
            "shard"
        } else {
            "shards"
        };
        format!("{word} {}{more} of {}", shown.join(", "), self.of)
    }
}

/// The shares of several ledgers together; what is complete is left out.
fn joined<'a>(all: impl Iterator<Item = &'a Shares>) -> BTreeSet<Shares> {
    let mut have: BTreeMap<(&str, u32), BTreeSet<u32>> = BTreeMap::new();
    for shares in all {
        let known = have.entry((&shares.list, shares.of)).or_default();
        known.extend(&shares.have);
    }
    let joined = have.into_iter().map(|((list, of), have)| Shares {
        list: list.to_owned(),
        of,
        have,
    });
    joined
        .filter(|shares| !shares.missing().is_empty())
        .collect()
}

impl Ledger {
    /// The shares that are missing, a sentence for each list.
    pub(crate) fn missing_shards(&self) -> Vec<String> {
        joined(self.manifest.shards.iter())
            .iter()
            .map(Shares::sentence)
            .collect()
    }

    /// Nothing was ever committed: who began it was interrupted, or has not ended yet.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.manifest.is_new()
    }

    /// Whether this is the result of that share, with the same meaning of its records.
    /// Another result is an error, an unfinished one is none.
    pub(crate) fn is_result_of(
        &self,
        (shard, list): &(Shard, String),
        operations: &Operations,
        outcomes: &OutcomeTable,
    ) -> Result<bool, LedgerError> {
        if self.is_unfinished() {
            return Ok(false);
        }
        let other = |known: String| LedgerError::OtherResult {
            dir: self.dir.path().into(),
            known,
        };
        let mut known = self.manifest.shards.iter();
        let (Some(known), None) = (known.next(), known.next()) else {
            return Err(LedgerError::Exists(self.dir.path().into()));
        };
        if (known.list.as_str(), known.of) != (list, shard.of) {
            return Err(other("logs of another list".to_owned()));
        }
        if known.have != BTreeSet::from([shard.index]) {
            let have: Vec<String> = known.have.iter().map(ToString::to_string).collect();
            return Err(other(format!("shard {} of {}", have.join(", "), known.of)));
        }
        let records = self.records()?;
        if records
            .iter()
            .any(|record| record.catalogue != operations.digest())
        {
            return Err(other("these logs with another API description".to_owned()));
        }
        match self.outcomes() {
            Some(known) if *known != outcomes.sorted() => Err(LedgerError::Outcomes {
                dir: self.dir.path().into(),
                known: known.flags(),
                stated: outcomes.flags(),
            }),
            _ => Ok(true),
        }
    }

    /// Refuses a ledger that lacks a share.
    pub(crate) fn complete(&self) -> Result<(), LedgerError> {
        let missing = self.missing_shards();
        if missing.is_empty() {
            return Ok(());
        }
        Err(LedgerError::Shards {
            dir: self.dir.path().into(),
            missing: missing.join("; "),
        })
    }
}

/// The shares that none of several ledgers has, a sentence for each list.
pub(crate) fn missing(ledgers: &[Ledger]) -> Vec<String> {
    let all = ledgers.iter().flat_map(|ledger| &ledger.manifest.shards);
    joined(all).iter().map(Shares::sentence).collect()
}

impl Writer {
    /// States that the ledger is a share of a list; `list` is its digest.
    pub(crate) fn is_shard(&mut self, shard: Shard, list: &str) {
        let one = Shares {
            list: list.to_owned(),
            of: shard.of,
            have: BTreeSet::from([shard.index]),
        };
        self.manifest.shards = BTreeSet::from([one]);
    }

    /// Whether some of these are shares of a list of which others came before.
    pub(super) fn begun(&self, others: &[Ledger]) -> bool {
        let theirs = others.iter().flat_map(|other| &other.manifest.shards);
        let own = &self.manifest.shards;
        let same = |a: &Shares, b: &Shares| (&a.list, a.of) == (&b.list, b.of);
        theirs.into_iter().any(|a| own.iter().any(|b| same(a, b)))
    }

    /// Takes over which shares others are. All that are merged at once come together here:
    /// a list that was completed by an earlier merge is open again when only some of its
    /// shares are merged again, because nobody can tell that from a new, incomplete one.
    pub(super) fn join_shards(&mut self, others: &[Ledger]) {
        let theirs = others.iter().flat_map(|other| &other.manifest.shards);
        self.manifest.shards = joined(self.manifest.shards.iter().chain(theirs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(list: &str, of: u32, have: &[u32]) -> Shares {
        Shares {
            list: list.to_owned(),
            of,
            have: have.iter().copied().collect(),
        }
    }

    #[test]
    fn shares_of_one_list_come_together_and_those_of_another_do_not() {
        let parts = [
            shares("a", 3, &[1]),
            shares("b", 3, &[2]),
            shares("a", 3, &[2, 3]),
            shares("a", 2, &[1]),
        ];
        let left: Vec<Shares> = joined(parts.iter()).into_iter().collect();
        assert_eq!(left, [shares("a", 2, &[1]), shares("b", 3, &[2])]);
        assert_eq!(left[1].sentence(), "shards 1, 3 of 3");
        assert_eq!(left[0].sentence(), "shard 2 of 2");
    }

    #[test]
    fn a_list_of_one_share_is_complete() {
        assert!(joined([shares("a", 1, &[1])].iter()).is_empty());
    }
}
