//! The one file that says which files are the ledger.
//!
//! It is written to a temporary file, synced and renamed: that rename is the commit. Two
//! lines: the state as JSON, and the checksum of that line.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::shards::Shares;
use super::{LedgerError, Table, lock};
use crate::input;
use crate::model::{ContentDigest, Day, OutcomeTable};

/// The name of the file.
pub(super) const FILE: &str = "manifest.json";
/// Some ten million parts.
const MAX_BYTES: u64 = 1 << 30;
const FORMAT: &str = "scopetrim.ledger/2";

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) table: Table,
    pub(super) day: Day,
    /// BLAKE3 of the file in hex; its first half is the file's name.
    pub(super) digest: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Part {
    /// Where it lies inside the ledger.
    pub(super) fn path(&self) -> PathBuf {
        folder(self.table, self.day).join(format!(
            "{}.parquet",
            self.digest.get(..32).unwrap_or_default()
        ))
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
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    pruned_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcomes: Option<OutcomeTable>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    shards: BTreeSet<Shares>,
    /// Table, day, digest, rows, bytes.
    parts: Vec<(String, String, String, u64, u64)>,
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
    /// Reads the manifest; `None` when the folder has none and holds nothing else.
    pub(super) fn load(dir: &Path) -> Result<Option<Self>, LedgerError> {
        let path = dir.join(FILE);
        let read = input::read_regular(&path, MAX_BYTES);
        match read.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)) {
            Ok(text) => Self::parse(&text).map(Some).map_err(|error| match error {
                Wrong::Damaged(reason) => LedgerError::damaged(&path, reason),
                Wrong::Version(reason) => LedgerError::Version { path, reason },
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                look_around(dir).map(|()| None)
            }
            Err(error) => Err(LedgerError::io(&path)(error)),
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
        if format != FORMAT {
            let text = format!("its form is `{format}`, this one knows `{FORMAT}`");
            return Err(Wrong::Version(text));
        }
        let stored: Stored = serde_json::from_str(body)?;
        let day = |text: &str| Day::parse(text).ok_or(format!("`{text}` is not a date"));
        let mut parts = BTreeSet::new();
        for (table, on, digest, rows, bytes) in stored.parts {
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
            });
        }
        Ok(Self {
            parts,
            pruned_before: stored.pruned_before.as_deref().map(day).transpose()?,
            outcomes: stored.outcomes,
            shards: stored.shards,
        })
    }

    /// As a writer begins: nothing was ever committed.
    pub(super) fn is_new(&self) -> bool {
        *self == Self::default()
    }

    fn text(&self) -> Result<String, LedgerError> {
        let columns = |error: serde_json::Error| LedgerError::Columns(error.to_string());
        let parts = self.parts.iter().map(|part| {
            (
                part.table.name().to_owned(),
                part.day.to_string(),
                part.digest.clone(),
                part.rows,
                part.bytes,
            )
        });
        let body = serde_json::to_string(&Stored {
            format: FORMAT.to_owned(),
            pruned_before: self.pruned_before.map(|day| day.to_string()),
            outcomes: self.outcomes.clone(),
            shards: self.shards.clone(),
            parts: parts.collect(),
        })
        .map_err(columns)?;
        let checksum = ContentDigest::of(body.as_bytes()).to_string();
        let seal = serde_json::to_string(&Seal { checksum }).map_err(columns)?;
        Ok(format!("{body}\n{seal}\n"))
    }

    /// Makes this the state of the ledger. Every part must be on disk already.
    pub(super) fn commit(&self, dir: &Path) -> Result<(), LedgerError> {
        write_synced(&dir.join(FILE), self.text()?.as_bytes())?;
        sync_folder(dir)
    }

    /// The parts of one day of a table.
    pub(super) fn on(&self, table: Table, day: Day) -> impl Iterator<Item = &Part> {
        let first = Part {
            table,
            day,
            digest: String::new(),
            rows: 0,
            bytes: 0,
        };
        let range = self.parts.range(first..);
        range.take_while(move |part| (part.table, part.day) == (table, day))
    }

    /// The parts of one table, in order of day.
    pub(super) fn of(&self, table: Table) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.table == table)
    }
}

/// A folder without manifest must be empty: who lost the manifest would lose the
/// rest to the next writer's cleaning.
fn look_around(dir: &Path) -> Result<(), LedgerError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LedgerError::io(dir)(error)),
    };
    for entry in entries {
        let name = entry.map_err(LedgerError::io(dir))?.file_name();
        let name = name.to_string_lossy();
        if Table::named(&name).is_some() {
            return Err(LedgerError::NoManifest(dir.into()));
        }
        if name != lock::FILE && !input::is_temporary(&name) {
            return Err(LedgerError::Foreign(dir.into()));
        }
    }
    Ok(())
}

/// Writes a temporary file, syncs, renames: the name never leads to half a file.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let write = || {
        let mut temporary = input::temporary(path.parent().unwrap_or(Path::new("")))?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        Ok(())
    };
    write().map_err(LedgerError::io(path))
}

/// Makes renames and new names inside a folder durable, where the system can.
pub(super) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        File::open(dir)
            .and_then(|folder| folder.sync_all())
            .map_err(LedgerError::io(dir))?;
    }
    Ok(())
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
        };
        let manifest = Manifest {
            parts: BTreeSet::from([part]),
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
}
