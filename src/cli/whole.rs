//! A file that is there whole or not at all.
//!
//! In: where a result goes. Out: a file to write to, which gets its name when all is
//! written; a run that fails leaves what was there before.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::pipeline::cannot_write;

/// A result that is being written.
pub(super) struct Whole {
    path: PathBuf,
    /// Where it is written until it is whole; `None` for a device or pipe.
    beside: Option<PathBuf>,
    file: File,
}

impl Whole {
    /// Begins the file: a bad path fails before the long work.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let special = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        let beside = (!special).then(|| {
            let mut name = OsString::from(path);
            name.push(".tmp");
            PathBuf::from(name)
        });
        // The error names the file that was asked for.
        let opened = File::create(beside.as_deref().unwrap_or(path));
        let file = opened.map_err(|error| cannot_write(path, &error))?;
        let path = path.to_owned();
        Ok(Self { path, beside, file })
    }

    /// Something to write to.
    pub(super) fn file(&self) -> anyhow::Result<File> {
        let file = self.file.try_clone();
        file.map_err(|error| cannot_write(&self.path, &error))
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        let Some(beside) = self.beside.take() else {
            return Ok(());
        };
        let moved = self
            .file
            .sync_all()
            .and_then(|()| std::fs::rename(&beside, &self.path));
        moved.map_err(|error| {
            let _ = std::fs::remove_file(&beside);
            cannot_write(&self.path, &error)
        })
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // What is left over would only puzzle; that it cannot be removed adds nothing.
            let _ = std::fs::remove_file(beside);
        }
    }
}
