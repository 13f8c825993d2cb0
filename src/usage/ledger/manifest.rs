//! The one file that says which files are the ledger.
//!
//! Putting it in the place of the one before is the commit. Two lines: the state as JSON, and
//! the checksum of that line.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::shards::Shares;
use super::store::{MANIFEST, State, Store};
use super::{LedgerError, Table};
use crate::model::{ContentDigest, Day, OutcomeTable};

const FORMAT: &str = "scopetrim.ledger/2";
/// The same with files of several series: whoever does not know of them would use a file that is
/// about to be removed.
const SERIES: &str = "scopetrim.ledger/3";

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) table: Table,
    pub(super) day: Day,
    /// BLAKE3 of the file in hex; its first half is the file's name.
    pub(super) digest: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The series of names that its own is of, which is the manifest's as it was written.
    pub(super) series: u32,
}

impl Part {
    /// Where it lies inside the ledger.
    pub(super) fn path(&self) -> PathBuf {
        let digest = self.digest.get(..32).unwrap_or_default();
        let name = match self.series {
            0 => format!("{digest}.parquet"),
            series => format!("{digest}-{series}.parquet"),
        };
        folder(self.table, self.day).join(name)
    }
}

/// The folder of one day of a table.
pub(super) fn folder(table: Table, day: Day) -> PathBuf {
    Path::new(table.name()).join(format!("day={day}"))
}

/// The state of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) parts: BTreeSet<Part>,
    /// Days before this one were pruned and are not taken again.
    pub(super) pruned_before: Option<Day>,
    /// Status codes to outcomes, as all of it was counted; unknown in older ledgers.
    pub(super) outcomes: Option<OutcomeTable>,
    /// Lists of logs of which a share is still missing.
    pub(super) shards: BTreeSet<Shares>,
    /// The series of the files that are written next. Each removal in a bucket begins one, so that
    /// a name that it removes is never given again.
    pub(super) series: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    pruned_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcomes: Option<OutcomeTable>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    shards: BTreeSet<Shares>,
    #[serde(default, skip_serializing_if = "is_zero")]
    series: u32,
    /// Table, day, digest, rows, bytes.
    parts: Vec<(String, String, String, u64, u64)>,
    /// The same of those of a later series than the first, with the series.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    later: Vec<(String, String, String, u64, u64, u32)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_zero(series: &u32) -> bool {
    *series == 0
}

#[derive(Deserialize)]
struct Form {
    format: String,
}

/// Why a manifest is not understood.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Damaged(String),
    Version(String),
}

impl From<String> for Wrong {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
struct Seal {
    checksum: String,
}

impl Manifest {
    /// Reads the manifest; `None` when there is none, and nothing else of a ledger.
    pub(super) fn load(dir: &Store) -> Result<Option<(Self, State)>, LedgerError> {
        let Some((bytes, state)) = dir.manifest()? else {
            return Ok(None);
        };
        let path = dir.within(Path::new(MANIFEST));
        let text = String::from_utf8(bytes).map_err(io::Error::other);
        let text = text.map_err(LedgerError::io(&path))?;
        match Self::parse(&text) {
            Ok(manifest) => Ok(Some((manifest, state))),
            Err(Wrong::Damaged(reason)) => Err(LedgerError::damaged(&path, reason)),
            Err(Wrong::Version(reason)) => Err(LedgerError::Version { path, reason }),
        }
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let damaged = |reason: &str| Wrong::Damaged(reason.to_owned());
        let (body, rest) = text.split_once('\n').ok_or(damaged("it is cut off"))?;
        let seal: Seal =
            serde_json::from_str(rest.trim_end()).map_err(|_| damaged("it is cut off"))?;
        if seal.checksum != ContentDigest::of(body.as_bytes()).to_string() {
            return Err(damaged("its checksum does not fit"));
        }
        // Of another form nothing else is known.
        let Form { format } = serde_json::from_str(body)?;
        if format != FORMAT && format != SERIES {
            let text = format!("its form is `{format}`, this one knows `{SERIES}`");
            return Err(Wrong::Version(text));
        }
        let stored: Stored = serde_json::from_str(body)?;
        let day = |text: &str| Day::parse(text).ok_or(format!("`{text}` is not a date"));
        let mut parts = BTreeSet::new();
        let first = stored.parts.into_iter();
        let first =
            first.map(|(table, on, digest, rows, bytes)| (table, on, digest, rows, bytes, 0));
        for (table, on, digest, rows, bytes, series) in first.chain(stored.later) {
            // The digest becomes a file name.
            if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Wrong::Damaged(format!("`{digest}` is not a digest")));
            }
            parts.insert(Part {
                table: Table::named(&table)
                    .ok_or(Wrong::Version(format!("there is no table `{table}` here")))?,
                day: day(&on)?,
                digest,
                rows,
                bytes,
                series,
            });
        }
        if let Some(part) = parts.iter().find(|part| part.series > stored.series) {
            let text = format!(
                "a file is of series {}, the last one is {}",
                part.series, stored.series
            );
            return Err(Wrong::Damaged(text));
        }
        Ok(Self {
            series: stored.series,
            parts,
            pruned_before: stored.pruned_before.as_deref().map(day).transpose()?,
            outcomes: stored.outcomes,
            shards: stored.shards,
        })
    }

    fn text(&self) -> Result<String, LedgerError> {
        let columns = |error: serde_json::Error| LedgerError::Columns(error.to_string());
        let (mut parts, mut later) = (Vec::new(), Vec::new());
        for part in &self.parts {
            let (table, day) = (part.table.name().to_owned(), part.day.to_string());
            let digest = part.digest.clone();
            match part.series {
                0 => parts.push((table, day, digest, part.rows, part.bytes)),
                series => later.push((table, day, digest, part.rows, part.bytes, series)),
            }
        }
        let format = if self.series == 0 { FORMAT } else { SERIES };
        let body = serde_json::to_string(&Stored {
            format: format.to_owned(),
            pruned_before: self.pruned_before.map(|day| day.to_string()),
            outcomes: self.outcomes.clone(),
            shards: self.shards.clone(),
            series: self.series,
            parts,
            later,
        })
        .map_err(columns)?;
        let checksum = ContentDigest::of(body.as_bytes()).to_string();
        let seal = serde_json::to_string(&Seal { checksum }).map_err(columns)?;
        Ok(format!("{body}\n{seal}\n"))
    }

    /// Makes this the state of the ledger in place of what was read. Every part must be there already.
    pub(super) fn commit(&self, dir: &Store, before: &State) -> Result<State, LedgerError> {
        dir.commit(self.text()?.as_bytes(), before)
    }

    /// Whether it is as a writer begins it: nothing was ever committed.
    pub(super) fn is_new(&self) -> bool {
        *self == Self::default()
    }

    /// Adds parts. Of equal content the one that is there stays.
    pub(super) fn add_all(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            let same = |known: &Part| known.digest == part.digest;
            if !self.on(part.table, part.day).any(same) {
                self.parts.insert(part);
            }
        }
    }

    /// The names of all parts.
    pub(super) fn names(&self) -> BTreeSet<PathBuf> {
        self.parts.iter().map(Part::path).collect()
    }

    /// The parts of one day of a table.
    pub(super) fn on(&self, table: Table, day: Day) -> impl Iterator<Item = &Part> {
        let first = Part {
            table,
            day,
            digest: String::new(),
            rows: 0,
            bytes: 0,
            series: 0,
        };
        let range = self.parts.range(first..);
        range.take_while(move |part| (part.table, part.day) == (table, day))
    }

    /// The parts of one table, in order of day.
    pub(super) fn of(&self, table: Table) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.table == table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_text_and_any_changed_byte_is_noticed() {
        let part = Part {
            table: Table::Usage,
            day: Day::parse("2026-10-31").unwrap(),
            digest: "ab".repeat(32),
            rows: 7,
            bytes: 900,
            series: 0,
        };
        let later = Part {
            digest: "cd".repeat(32),
            series: 2,
            ..part.clone()
        };
        let manifest = Manifest {
            series: 2,
            parts: BTreeSet::from([part, later]),
            pruned_before: Some(Day(3)),
            outcomes: Some(OutcomeTable::default()),
            shards: BTreeSet::new(),
        };
        let text = manifest.text().unwrap();
        assert_eq!(Manifest::parse(&text), Ok(manifest));
        for at in 0..text.trim_end().len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(Manifest::parse(&changed).is_err(), "byte {at}");
            }
            assert!(Manifest::parse(&text[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_file_that_is_written_again_in_a_later_series_is_listed_once() {
        let part = |series| Part {
            table: Table::Usage,
            day: Day(3),
            digest: "ab".repeat(32),
            rows: 7,
            bytes: 900,
            series,
        };
        let mut manifest = Manifest::default();
        manifest.add_all([part(0)]);
        manifest.series = 1;
        manifest.add_all([part(1)]);
        assert_eq!(manifest.parts, BTreeSet::from([part(0)]));
        let name = part(1).path();
        assert!(name.ends_with(format!("{}-1.parquet", "ab".repeat(16))));
        // A ledger that nothing was removed from has the form of earlier versions.
        let first = Manifest {
            series: 0,
            ..manifest
        };
        assert!(
            first
                .text()
                .unwrap()
                .starts_with("{\"format\":\"scopetrim.ledger/2\",\"pruned_before\":null,\"parts\"")
        );
    }
}
