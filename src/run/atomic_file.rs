//! A file that is there whole or not at all.
//!
//! In: where a result goes. Out: a file to write to, which gets its name when all is
//! written; a run that fails leaves what was there before.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Advised;
use crate::input;

/// A failed write, with the name of the file.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    Advised::new(
        format!("cannot write `{}`: {error}", path.display()),
        "check the folder and its permissions",
    )
}

/// Writes a file whole or not at all.
pub(crate) fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let whole = Whole::create(path)?;
    let mut file = BufWriter::new(whole.file()?);
    let written = content(&mut file).and_then(|()| file.flush());
    written.map_err(|error| cannot_write(path, &error))?;
    whole.finish()
}

/// The same for a string that is there already.
pub(crate) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    write(path, |file| file.write_all(text.as_bytes()))
}

/// A result that is being written.
pub(crate) struct Whole {
    path: PathBuf,
    to: Target,
}

enum Target {
    /// A file that has no name until it is complete.
    Beside(NamedTempFile),
    /// A pipe or device, which cannot be replaced.
    There(File),
}

impl Whole {
    /// Begins the file: a bad path fails before the long work.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let to = if is_special(path, folder) {
            File::options().write(true).open(path).map(Target::There)
        } else {
            input::temporary(folder).map(Target::Beside)
        };
        Ok(Self {
            // The error names the file that was asked for.
            to: to.map_err(|error| cannot_write(path, &error))?,
            path: path.to_owned(),
        })
    }

    /// Something to write to.
    pub(crate) fn file(&self) -> anyhow::Result<File> {
        let file = match &self.to {
            Target::Beside(file) => file.as_file().try_clone(),
            Target::There(file) => file.try_clone(),
        };
        file.map_err(|error| cannot_write(&self.path, &error))
    }

    /// Gives the file its name. A link of that name is replaced, and what it leads to stays.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Target::Beside(file) = self.to else {
            return Ok(());
        };
        let moved = file
            .as_file()
            .sync_all()
            .and_then(|()| file.persist(&self.path).map_err(io::Error::from));
        moved
            .map(drop)
            .map_err(|error| cannot_write(&self.path, &error))
    }
}

/// Whether the name is that of a pipe or device. `/dev/stdout` is a link and still means what it leads to.
fn is_special(path: &Path, folder: &Path) -> bool {
    let other = |found: fs::Metadata| !found.is_file() && !found.is_dir() && !found.is_symlink();
    let system = || {
        let folder = fs::canonicalize(folder).unwrap_or_default();
        folder == Path::new("/dev") || folder.starts_with("/proc")
    };
    fs::symlink_metadata(path).is_ok_and(other) || (path.exists() && system())
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
    fn a_file_of_the_user_next_to_the_result_survives() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mine) = (
            folder.path().join("policy.diff"),
            folder.path().join("policy.diff.tmp"),
        );
        fs::write(&mine, "mine").unwrap();
        write_text(&path, "ours").unwrap();
        assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_replaced_and_what_it_leads_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (
            folder.path().join("mine"),
            folder.path().join("report.json"),
        );
        fs::write(&file, "mine").unwrap();
        for target in [&file, &folder.path().join("nowhere")] {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).unwrap();
            write_text(&link, "ours").unwrap();
            assert!(!link.is_symlink());
            assert_eq!(fs::read_to_string(&link).unwrap(), "ours");
            assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_written_to_and_never_replaced() {
        for name in ["/dev/null", "/dev/stdout", "/proc/self/fd/1"] {
            let whole = Whole::create(Path::new(name)).unwrap();
            assert!(matches!(whole.to, Target::There(_)), "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_result_has_the_rights_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (folder.path().join("ours"), folder.path().join("other"));
        write_text(&ours, "x").unwrap();
        fs::write(&other, "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&other));
    }
}
