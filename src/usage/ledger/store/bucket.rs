//! A ledger below a prefix of a bucket.
//!
//! Nothing is ever overwritten but the manifest, and that only by who read the one that is there.
//! Nothing is removed but what `remove.rs` may remove: without a lock nobody knows whether another
//! writer is about to refer to a part of the same content.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{LedgerError, Table};
use super::{MANIFEST, MAX_MANIFEST, is_part};
use crate::storage::{self, Address, Condition, Refused, Version};

/// Its address.
#[derive(Clone, Debug)]
pub(in super::super) struct Bucket {
    root: Address,
    pub(super) shown: PathBuf,
}

impl Bucket {
    pub(super) fn at(dir: &Path) -> Result<Self, LedgerError> {
        let name = dir.to_string_lossy();
        let shown = PathBuf::from(storage::shown(&name));
        storage::check(&name).map_err(|error| LedgerError::Address {
            shown: shown.clone(),
            error,
        })?;
        let root = Address::of(dir).map_err(LedgerError::io(&shown))?;
        Ok(Self { root, shown })
    }

    pub(super) fn address(&self, name: &Path) -> Address {
        let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        self.root.join(&parts.join("/"))
    }

    pub(super) fn read(&self, name: &Path, limit: u64) -> io::Result<(Vec<u8>, Version)> {
        storage::get(&self.address(name), limit)
    }

    pub(super) fn writable(&self) -> Result<(), LedgerError> {
        if self.root.scheme.is_web() {
            let text = "a web server is only read; a ledger is written to s3://, gs:// or az://";
            let error = io::Error::new(io::ErrorKind::Unsupported, text);
            return Err(LedgerError::io(&self.shown)(error));
        }
        Ok(())
    }

    /// Without a manifest nothing else may be there.
    pub(super) fn look_around(&self) -> Result<(), LedgerError> {
        // A web server does not say what it has.
        if self.root.scheme.is_web() {
            return Ok(());
        }
        let (mut lost, mut foreign) = (false, false);
        self.each(|rest| match rest.split_once('/') {
            Some((table, _)) if Table::named(table).is_some() => lost = true,
            _ => foreign = true,
        })?;
        if lost {
            return Err(LedgerError::NoManifest(self.shown.clone()));
        }
        if foreign {
            return Err(LedgerError::Foreign(self.shown.clone()));
        }
        Ok(())
    }

    /// Every name below the prefix, without the prefix.
    fn each(&self, mut each: impl FnMut(&str)) -> Result<(), LedgerError> {
        let prefix = self.root.join("").to_string();
        let listed = storage::each_below(&self.root, &mut |listed| {
            if let Some(rest) = listed.name.strip_prefix(&prefix) {
                each(rest);
            }
            Ok(())
        });
        listed.map_err(LedgerError::io(&self.shown))
    }

    pub(super) fn write_part(&self, name: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        let address = self.address(name);
        let path = PathBuf::from(address.to_string());
        match storage::put(&address, bytes, &Condition::New) {
            Ok(_) => Ok(()),
            // Its name is its content: somebody wrote the same, or a first try got through.
            Err(Refused::Taken) => match storage::get(&address, bytes.len() as u64) {
                Ok((found, _)) if found == bytes => Ok(()),
                Ok(_) => Err(LedgerError::damaged(&path, "it is not what its name says")),
                Err(error) => Err(LedgerError::io(&path)(error)),
            },
            Err(Refused::Failed(error)) => Err(LedgerError::io(&path)(error)),
        }
    }

    pub(super) fn commit(
        &self,
        bytes: &[u8],
        before: Option<&Version>,
    ) -> Result<Version, LedgerError> {
        let address = self.address(Path::new(MANIFEST));
        let condition = match before {
            Some(version) => Condition::Instead(version.clone()),
            None => Condition::New,
        };
        let refused = match storage::put(&address, bytes, &condition) {
            Ok(version) => return Ok(version),
            Err(refused) => refused,
        };
        // The answer to a request that was done may have got lost, and a second try then failed
        // the condition: what lies there decides.
        match (storage::get(&address, MAX_MANIFEST), refused) {
            (Ok((now, version)), _) if now == bytes => Ok(version),
            (Ok(_), Refused::Taken) => Err(LedgerError::Overtaken(self.shown.clone())),
            (_, Refused::Taken) => Err(LedgerError::Unsettled {
                dir: self.shown.clone(),
                error: io::Error::other("another one was there, and cannot be read"),
            }),
            (_, Refused::Failed(error)) => Err(LedgerError::Unsettled {
                dir: self.shown.clone(),
                error,
            }),
        }
    }

    /// A put whose condition cannot hold, of the bytes that are there.
    pub(super) fn honours_conditions(&self, name: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        let address = self.address(name);
        let other = Condition::Instead(Version {
            tag: Some("\"0123456789abcdef0123456789abcdef\"".to_owned()),
            number: Some("1".to_owned()),
        });
        for wrong in [Condition::New, other] {
            match storage::put(&address, bytes, &wrong) {
                Err(Refused::Taken) => {}
                Ok(_) => return Err(LedgerError::Unconditional(self.shown.clone())),
                Err(Refused::Failed(error)) => {
                    return Err(LedgerError::io(Path::new(&address.to_string()))(error));
                }
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, names: &[PathBuf]) -> Result<(), LedgerError> {
        let addresses: Vec<Address> = names.iter().map(|name| self.address(name)).collect();
        storage::remove(&addresses).map_err(|error| LedgerError::Left {
            dir: self.shown.clone(),
            error,
        })
    }

    pub(super) fn orphans(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, LedgerError> {
        let names = self.unlisted(known)?.into_iter();
        let places = names.map(|name| PathBuf::from(self.address(&name).to_string()));
        Ok(places.collect())
    }

    /// What has the name of a part and is not among these.
    pub(super) fn unlisted(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, LedgerError> {
        if self.root.scheme.is_web() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        self.each(|rest| {
            let parts: Vec<&str> = rest.split('/').collect();
            let [table, day, name] = parts[..] else {
                return;
            };
            let ours = Table::named(table).is_some() && day.starts_with("day=") && is_part(name);
            let path: PathBuf = parts.iter().collect();
            if ours && !known.contains(&path) {
                found.push(path);
            }
        })?;
        found.sort();
        Ok(found)
    }

    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, LedgerError> {
        let mut found = BTreeSet::new();
        self.each(|rest| {
            if let Some((folder, _)) = rest.split_once('/')
                && !folder.starts_with('.')
            {
                found.insert(folder.to_owned());
            }
        })?;
        let places = found
            .iter()
            .map(|folder| self.root.join(folder).to_string());
        Ok(places.map(PathBuf::from).collect())
    }
}
