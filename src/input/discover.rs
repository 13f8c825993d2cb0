//! From what the user named to the list of inputs.
//!
//! Invariants: sorted by path, each file once, symbolic links to the same file
//! counted once; a name that leads to nothing is an error, never an empty list.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::expand;
use super::files::with_slashes;
use super::remote;
use crate::storage::is_remote;

/// One log to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is, or the archive that it is in; `None` is standard input.
    pub path: Option<PathBuf>,
    /// As shown to the user.
    pub shown: Arc<str>,
    /// Size on disk, or in the archive, in bytes; 0 when unknown.
    pub size: u64,
}

/// Why there is nothing to read.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// The path does not exist.
    #[error("no such file or folder: `{0}`")]
    Missing(String),
    /// The address leads to nothing.
    #[error("no such object, and none below it: `{0}`")]
    NoObject(String),
    /// The glob matches nothing.
    #[error("no file matches `{0}`")]
    NoMatch(String),
    /// The folder holds no file that can be read as a log.
    #[error("the folder `{0}` holds no files")]
    EmptyFolder(String),
    /// The glob cannot be read.
    #[error("`{pattern}` is not a valid glob: {reason}")]
    BadGlob {
        /// As given.
        pattern: String,
        /// The library's words.
        reason: String,
    },
    /// A named pipe, a socket or a device.
    #[error("`{0}` is not a regular file")]
    NoFile(String),
    /// The file or folder cannot be opened.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// As given.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl DiscoverError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "check the spelling; relative paths start at the current folder, or at the folder of scopetrim.toml"
            }
            Self::NoObject(_) => {
                "check bucket and key; without access to list a bucket, name each object by its whole key"
            }
            Self::NoMatch(_) => {
                "quote the pattern, so that the program and not the shell expands it, and check the folder"
            }
            Self::EmptyFolder(_) => {
                "name a folder with exported access logs, a file, a glob, or `-` for standard input"
            }
            Self::NoFile(_) => {
                "what comes through a pipe is read from standard input: `zcat old.gz | scopetrim … --logs -`"
            }
            Self::BadGlob { .. } => {
                "`*` stands for a run of characters, `**` for folders, `[ab]` for one of a set"
            }
            Self::Unreadable { .. } => {
                "check the permissions of the file and of the folders above it; of an object, the address, the credentials in the environment, and the region"
            }
        }
    }
}

/// Expands files, folders (recursively), globs and `-`.
pub fn discover(names: &[String], base: &Path) -> Result<Vec<Input>, DiscoverError> {
    let mut found: BTreeMap<PathBuf, Input> = BTreeMap::new();
    // Of a million objects, only what is needed of each.
    let mut objects: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut stdin = None;
    for name in names {
        if name == "-" {
            stdin = Some(Input {
                path: None,
                shown: Arc::from("-"),
                size: 0,
            });
            continue;
        }
        if is_remote(name) {
            objects.append(&mut remote::find(name)?);
            continue;
        }
        let path = base.join(name);
        if path.is_dir() {
            if !add_folder(&path, name, &mut found)? {
                return Err(DiscoverError::EmptyFolder(name.clone()));
            }
        } else if path.exists() {
            add(&path, name, &mut found)?;
        } else if expand::is_pattern(name) {
            add_glob(base, name, &mut found)?;
        } else {
            return Err(DiscoverError::Missing(name.clone()));
        }
    }
    let mut inputs: Vec<Input> = found.into_values().collect();
    inputs.extend(objects.into_iter().map(|(shown, size)| Input {
        path: Some(PathBuf::from(&*shown)),
        shown,
        size,
    }));
    inputs.sort_by(|a, b| a.shown.cmp(&b.shown));
    inputs.extend(stdin);
    Ok(inputs)
}

fn add(
    path: &Path,
    shown: &str,
    found: &mut BTreeMap<PathBuf, Input>,
) -> Result<(), DiscoverError> {
    let unreadable = |error: std::io::Error| DiscoverError::Unreadable {
        path: shown.to_owned(),
        reason: error.to_string(),
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // Its size says nothing, and it can be read only once: it would pass for an empty log.
    if !metadata.is_file() {
        return Err(DiscoverError::NoFile(shown.to_owned()));
    }
    let real = fs::canonicalize(path).map_err(unreadable)?;
    let size = metadata.len();
    // The name that sorts first is shown, so that the order of the arguments does not matter.
    let input = Input {
        path: Some(path.to_path_buf()),
        shown: Arc::from(with_slashes(shown)),
        size,
    };
    let slot = found.entry(real).or_insert_with(|| input.clone());
    if input.shown < slot.shown {
        *slot = input;
    }
    Ok(())
}

/// Whether the folder holds a file, also one that was found before.
fn add_folder(
    path: &Path,
    shown: &str,
    found: &mut BTreeMap<PathBuf, Input>,
) -> Result<bool, DiscoverError> {
    let mut any = false;
    let unreadable = |error: std::io::Error| DiscoverError::Unreadable {
        path: shown.to_owned(),
        reason: error.to_string(),
    };
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let shown = format!("{}/{name}", shown.trim_end_matches('/'));
        let kind = entry.file_type().map_err(unreadable)?;
        // Links to folders are not followed: they can lead in circles.
        if kind.is_dir() {
            any |= add_folder(&entry.path(), &shown, found)?;
        } else if entry.path().is_file() {
            any = true;
            add(&entry.path(), &shown, found)?;
        }
    }
    Ok(any)
}

fn add_glob(
    base: &Path,
    name: &str,
    found: &mut BTreeMap<PathBuf, Input>,
) -> Result<(), DiscoverError> {
    let files = expand::expand(base, name)?;
    for (path, shown) in &files {
        add(path, shown, found)?;
    }
    if files.is_empty() {
        return Err(DiscoverError::NoMatch(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_globs_give_each_file_once_in_one_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.log", "a.log", "sub/c.log", ".hidden"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::create_dir(folder.path().join("empty")).unwrap();
        let list = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            discover(&names, folder.path()).map(|inputs| {
                inputs
                    .iter()
                    .map(|input| input.shown.to_string())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            list(&["*.log", "sub"]).unwrap(),
            ["a.log", "b.log", "sub/c.log"]
        );
        assert_eq!(
            list(&["b.log", "a.log", "b.log", "-"]).unwrap(),
            ["a.log", "b.log", "-"]
        );
        assert!(matches!(
            list(&["nope.log"]),
            Err(DiscoverError::Missing(_))
        ));
        assert!(matches!(list(&["*.gz"]), Err(DiscoverError::NoMatch(_))));
        assert_eq!(
            list(&["sub", "sub", "sub/c.log"]).unwrap(),
            ["sub/c.log"],
            "a folder that is named twice is not an empty one"
        );
        assert!(matches!(
            list(&["empty"]),
            Err(DiscoverError::EmptyFolder(_))
        ));
    }

    #[test]
    #[cfg(unix)]
    fn what_is_not_a_regular_file_is_refused_instead_of_passing_for_an_empty_log() {
        let folder = tempfile::tempdir().unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        for name in ["s", "/dev/null"] {
            let found = discover(&[name.to_owned()], folder.path());
            assert!(matches!(found, Err(DiscoverError::NoFile(_))), "{found:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_backslash_is_a_letter_of_a_name_where_it_separates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("dir\\d")).unwrap();
        fs::write(folder.path().join("dir\\d/l\\x.log"), "x").unwrap();
        for name in ["dir\\d", "dir\\d/l\\x.log", "dir\\d/*.log", "**/l\\x.log"] {
            let found = discover(&[name.to_owned()], folder.path()).unwrap();
            assert_eq!(&*found[0].shown, "dir\\d/l\\x.log", "{name}");
        }
    }
}
