//! A file that is there whole or not at all.
//!
//! In: where a result goes. Out: a file to write to, which gets its name when all is
//! written; a run that fails leaves what was there before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::pipeline::cannot_write;

/// Writes a file whole or not at all.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let whole = Whole::create(path)?;
    let mut file = BufWriter::new(whole.file()?);
    let written = content(&mut file).and_then(|()| file.flush());
    written.map_err(|error| cannot_write(path, &error))?;
    whole.finish()
}

/// The same for a text that is there already.
pub(super) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    write(path, |file| file.write_all(text.as_bytes()))
}

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
        // A link stays one: what it points to is written.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let beside = (!special).then(|| {
            let mut name = OsString::from(path);
            name.push(".tmp");
            PathBuf::from(name)
        });
        // The error names the file that was asked for.
        let opened = File::create(beside.as_deref().unwrap_or(path));
        let file = opened.map_err(|error| cannot_write(path, &error))?;
        let path = path.clone();
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
            .and_then(|()| fs::rename(&beside, &self.path));
        moved.map_err(|error| {
            let _ = fs::remove_file(&beside);
            cannot_write(&self.path, &error)
        })
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // What is left over would only puzzle; that it cannot be removed adds nothing.
            let _ = fs::remove_file(beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "before").unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        write_text(&path, "after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_and_a_device_are_written_to_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (
            folder.path().join("2026-10.csv"),
            folder.path().join("latest.csv"),
        );
        fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_text(&link, "after").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
        // Nothing that could take the device's name is made.
        assert_eq!(Whole::create(Path::new("/dev/null")).unwrap().beside, None);
    }
}
