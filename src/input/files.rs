//! Reading and replacing whole files, and how their names are shown.
//!
//! Invariants:
//! * no file is read beyond a limit, whatever it is: a device has no end;
//! * a temporary file never takes a name that something else may have.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::storage;

/// The ends of the names of temporary files; what is between them is random.
const TEMPORARY: (&str, &str) = (".scopetrim-", ".tmp");

/// The bytes of a file, which may come through a pipe, or an error when it has more than `limit`.
pub(crate) fn read_whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if storage::is_remote(path) {
        return storage::read_whole(path, limit);
    }
    let found = fs::metadata(path)?;
    if is_device(&found) {
        let text = "it is a device, not a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let size = usize::try_from(found.len().min(limit)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(size);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("it has more than {limit} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The same of a regular file only: a pipe may never begin, and a device may never end.
pub(crate) fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    regular(path)?;
    read_whole(path, limit)
}

/// Refuses pipes, sockets and devices. Of a folder the system says what it is when it is read.
pub(crate) fn regular(path: &Path) -> io::Result<()> {
    if storage::is_remote(path) {
        return Ok(());
    }
    let found = fs::metadata(path)?;
    if found.is_file() || found.is_dir() {
        return Ok(());
    }
    let text = "it is not a regular file";
    Err(io::Error::new(ErrorKind::InvalidInput, text))
}

fn is_device(found: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = found.file_type();
        kind.is_char_device() || kind.is_block_device()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

/// A new file in `folder`, to be renamed when it is whole. Dropped before that, it is gone.
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    // What becomes a result has the rights of any new file, not those of a secret.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The empty path is the current folder for everybody but the library.
    if folder.as_os_str().is_empty() {
        return builder.tempfile_in(".");
    }
    builder.tempfile_in(folder)
}

/// Whether a file of this name was made by [`temporary`].
pub(crate) fn is_temporary(name: &str) -> bool {
    let (prefix, suffix) = TEMPORARY;
    let random = name
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(suffix));
    random.is_some_and(|part| {
        part.len() == 6 && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A path as it is shown, with `/` between its parts on every system. A backslash is one of
/// the separators on Windows, and a letter like any other elsewhere.
pub(crate) fn with_slashes(path: &str) -> String {
    path.replace(std::path::is_separator, "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_the_limit_and_refused_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "1234").unwrap();
        assert_eq!(read_regular(&path, 4).unwrap(), b"1234");
        let error = read_regular(&path, 3).unwrap_err().to_string();
        assert_eq!(error, "it has more than 3 bytes");
        let folder = read_regular(folder.path(), 3).unwrap_err();
        assert_eq!(folder.kind(), ErrorKind::IsADirectory);
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_refused_and_a_pipe_is_where_a_regular_file_is_asked_for() {
        let zero = Path::new("/dev/zero");
        let error = read_regular(zero, 1 << 40).unwrap_err().to_string();
        assert_eq!(error, "it is not a regular file");
        let error = read_whole(zero, 1 << 40).unwrap_err().to_string();
        assert_eq!(error, "it is a device, not a file");
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::write(pipe, "1234").unwrap())
        };
        assert_eq!(read_whole(&pipe, 8).unwrap(), b"1234");
        writer.join().unwrap();
        let error = read_regular(&pipe, 8).unwrap_err().to_string();
        assert_eq!(error, "it is not a regular file");
    }

    #[test]
    fn a_temporary_file_takes_no_name_of_a_user_and_is_gone_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<Vec<_>>()
        };
        let file = temporary(folder.path()).unwrap();
        assert!(names().iter().all(|name| is_temporary(name)));
        drop(file);
        assert_eq!(names(), [""; 0]);
        for name in [
            "report.json.tmp",
            ".scopetrim-.tmp",
            ".scopetrim-notes-of-mine.tmp",
        ] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
