//! A ledger in a folder of this machine.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::super::lock::{self, Lock};
use super::super::{LedgerError, Table};
use super::{MANIFEST, is_part};
use crate::input;

/// Its path.
#[derive(Clone, Debug)]
pub(in super::super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn read(&self, name: &Path, limit: u64) -> io::Result<Vec<u8>> {
        input::read_regular(&self.0.join(name), limit)
    }

    /// A folder without manifest must be empty: who lost the manifest would lose the
    /// rest to the next writer's cleaning.
    pub(super) fn look_around(&self) -> Result<(), LedgerError> {
        let dir = &self.0;
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(LedgerError::io(dir)(error)),
        };
        for entry in entries {
            let name = entry.map_err(LedgerError::io(dir))?.file_name();
            let name = name.to_string_lossy();
            if Table::named(&name).is_some() {
                return Err(LedgerError::NoManifest(dir.clone()));
            }
            if name != lock::FILE && !input::is_temporary(&name) {
                return Err(LedgerError::Foreign(dir.clone()));
            }
        }
        Ok(())
    }

    pub(super) fn take(&self) -> Result<Lock, LedgerError> {
        fs::create_dir_all(&self.0).map_err(LedgerError::io(&self.0))?;
        Lock::take(&self.0)
    }

    pub(super) fn write_part(&self, name: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(LedgerError::io(folder))?;
        write_synced(&path, bytes)?;
        sync(folder)
    }

    pub(super) fn commit(&self, bytes: &[u8]) -> Result<(), LedgerError> {
        for table in Table::ALL {
            // The days' own folders have to be durable names, too.
            let folder = self.0.join(table.name());
            if folder.is_dir() {
                sync(&folder)?;
            }
        }
        sync(&self.0)?;
        write_synced(&self.0.join(MANIFEST), bytes)?;
        sync(&self.0)
    }

    /// Files in the tables' folders that are not among the known ones, and temporary ones.
    pub(super) fn orphans(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, LedgerError> {
        let dir = &self.0;
        let known: BTreeSet<PathBuf> = known.iter().map(|name| dir.join(name)).collect();
        let mut found = Vec::new();
        for table in Table::ALL {
            let folder = dir.join(table.name());
            if !folder.is_dir() {
                continue;
            }
            for day in fs::read_dir(&folder).map_err(LedgerError::io(&folder))? {
                let day = day.map_err(LedgerError::io(&folder))?.path();
                // A folder that somebody else made is somebody else's.
                if !day.is_dir() || !name(&day).starts_with("day=") {
                    continue;
                }
                for file in fs::read_dir(&day).map_err(LedgerError::io(&day))? {
                    let file = file.map_err(LedgerError::io(&day))?.path();
                    if is_ours(&name(&file)) && !known.contains(&file) {
                        found.push(file);
                    }
                }
            }
        }
        for file in fs::read_dir(dir).map_err(LedgerError::io(dir))? {
            let file = file.map_err(LedgerError::io(dir))?.path();
            if input::is_temporary(&name(&file)) {
                found.push(file);
            }
        }
        found.sort();
        Ok(found)
    }

    pub(super) fn clean(&self, known: &BTreeSet<PathBuf>) -> Result<(), LedgerError> {
        for file in self.orphans(known)? {
            fs::remove_file(&file).map_err(LedgerError::io(&file))?;
        }
        Ok(())
    }

    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, LedgerError> {
        let dir = &self.0;
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).map_err(LedgerError::io(dir))? {
            let path = entry.map_err(LedgerError::io(dir))?.path();
            if path.is_dir() && !name(&path).starts_with('.') {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }
}

fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Whether the name of a file is one that is given here: nothing else is ever removed.
fn is_ours(name: &str) -> bool {
    // Earlier versions wrote to the same name with `.tmp` appended.
    is_part(name.strip_suffix(".tmp").unwrap_or(name)) || input::is_temporary(name)
}

/// Writes a temporary file, syncs, renames: the name never leads to half a file.
fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
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
fn sync(dir: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        File::open(dir)
            .and_then(|folder| folder.sync_all())
            .map_err(LedgerError::io(dir))?;
    }
    Ok(())
}
