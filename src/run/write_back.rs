//! Edited policy files, put in the place of those that were read: all of them or none.
//!
//! In: a proved patch. Out: the files on disk.
//!
//! Invariants:
//! * nothing is replaced before every new file is complete on disk and every old one is still
//!   the one that was read;
//! * when one replacement fails, those before it are taken back, and the message says what is
//!   where;
//! * mode and owner stay; links, read-only files and what is no regular file are refused;
//! * a file of a git work tree is committed first, unless that is not wanted.

use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::Advised;
use crate::grants::history::{WorkTree, work_tree};
use crate::input;
use crate::patch::{FilePatch, Patch};

const NOTHING: &str = "nothing was changed";

/// Refuses files that must not be replaced.
pub(crate) fn check(patch: &Patch, allow_dirty: bool) -> anyhow::Result<()> {
    for file in &patch.files {
        replaceable(&file.path).map_err(|(why, help)| {
            Advised::new(format!("`{}` {why}: {NOTHING}", file.path), help)
        })?;
        if !allow_dirty {
            committed(file)?;
        }
    }
    Ok(())
}

fn replaceable(path: &str) -> Result<Metadata, (String, String)> {
    let say = |why: &str, help: &str| (why.to_owned(), help.to_owned());
    let found = fs::symlink_metadata(path)
        .map_err(|error| say(&format!("cannot be read: {error}"), "check the path"))?;
    if found.is_symlink() {
        let to = fs::canonicalize(path).unwrap_or_default();
        let why = format!("is a symbolic link to `{}`", to.display());
        let help = "name the file itself with --grants, and run the analysis again";
        return Err(say(&why, help));
    }
    if !found.is_file() {
        return Err(say("is not a regular file", "name the file itself"));
    }
    if found.permissions().readonly() {
        return Err(say("is read-only", "make it writable first"));
    }
    if links(&found) > 1 {
        let help =
            "replacing it would leave the other names with the old file: apply policy.diff by hand";
        return Err(say("has several names (hard links)", help));
    }
    Ok(found)
}

fn committed(file: &FilePatch) -> anyhow::Result<()> {
    let why = match work_tree(Path::new(&*file.path), &file.old) {
        Ok(WorkTree::None | WorkTree::Committed) => return Ok(()),
        Ok(WorkTree::Changed) => "has uncommitted changes".to_owned(),
        Ok(WorkTree::Untracked) => "is not committed in its git repository".to_owned(),
        Err(error) => format!("may have uncommitted changes: {error}"),
    };
    Err(Advised::new(
        format!("`{}` {why}: {NOTHING}", file.path),
        "commit or stash them first, or add --allow-dirty",
    ))
}

/// Replaces the files.
pub(crate) fn write(patch: &Patch) -> anyhow::Result<()> {
    let unchanged = |file: &FilePatch, error: &io::Error| {
        Advised::new(
            format!("cannot write `{}`: {error}: {NOTHING}", file.path),
            "check the folder and its permissions",
        )
    };
    let mut staged = Vec::new();
    for file in &patch.files {
        let new = stage(&file.path, &file.new).map_err(|error| unchanged(file, &error))?;
        staged.push((file, new));
    }
    for (file, _) in &staged {
        let now = fs::read(&*file.path).map_err(|error| unchanged(file, &error))?;
        if now != *file.old {
            return Err(Advised::new(
                format!("`{}` was changed meanwhile: {NOTHING}", file.path),
                "run the analysis again",
            ));
        }
    }
    let mut done: Vec<&FilePatch> = Vec::new();
    for (file, new) in staged {
        if let Err(error) = new.persist(&*file.path) {
            return Err(taken_back(file, &error.error, &done));
        }
        done.push(file);
    }
    Ok(())
}

/// The new file next to the old one, complete on disk, with its mode and owner.
fn stage(path: &str, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let path = Path::new(path);
    let found = fs::symlink_metadata(path)?;
    let mut file = input::temporary(path.parent().unwrap_or(Path::new("")))?;
    file.write_all(bytes)?;
    own(&file, &found)?;
    // After the owner: a change of owner may clear bits of the mode.
    file.as_file().set_permissions(found.permissions())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// One replacement failed: those before it are taken back.
fn taken_back(failed: &FilePatch, error: &io::Error, done: &[&FilePatch]) -> anyhow::Error {
    let back = |file: &&&FilePatch| {
        let old = stage(&file.path, &file.old);
        let put = old.and_then(|old| old.persist(&*file.path).map_err(io::Error::from));
        put.is_err()
    };
    let stuck: Vec<String> = done
        .iter()
        .filter(back)
        .map(|file| format!("`{}`", file.path))
        .collect();
    let text = format!("cannot write `{}`: {error}", failed.path);
    if stuck.is_empty() {
        return Advised::new(
            format!("{text}: {NOTHING}"),
            "check the folder and its permissions",
        );
    }
    Advised::new(
        format!(
            "{text}: {} has its edits already, the other files have not",
            stuck.join(", ")
        ),
        "the undo next to the plan takes them back",
    )
}

#[cfg(unix)]
fn links(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

/// Gives the new file the owner of the old one.
#[cfg(unix)]
fn own(file: &NamedTempFile, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.as_file().metadata()?;
    let uid = (new.uid() != old.uid()).then(|| old.uid());
    let gid = (new.gid() != old.gid()).then(|| old.gid());
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    fchown(file.as_file(), uid, gid)
}

#[cfg(not(unix))]
fn own(_: &NamedTempFile, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::PolicyFile;

    fn patch(files: &[(&Path, &str, &str)]) -> Patch {
        let files = files.iter().map(|(path, old, new)| {
            let path: Arc<str> = Arc::from(path.to_str().unwrap());
            let old: Arc<[u8]> = Arc::from(old.as_bytes());
            FilePatch {
                file: 0,
                reread: PolicyFile::new(Arc::clone(&path), "x", Arc::clone(&old)),
                path,
                old,
                new: new.as_bytes().to_vec(),
                diff: String::new(),
                undo: String::new(),
            }
        });
        Patch {
            files: files.collect(),
        }
    }

    #[test]
    fn two_files_are_replaced_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("sub/b"));
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(&a, "a1").unwrap();
        fs::write(&b, "other").unwrap();
        let both = patch(&[(&a, "a1", "a2"), (&b, "b1", "b2")]);
        let error = write(&both).unwrap_err().to_string();
        assert!(
            error.contains("changed meanwhile: nothing was changed"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&a).unwrap(), "a1");
        fs::write(&b, "b1").unwrap();
        write(&both).unwrap();
        let texts = [&a, &b].map(|path| fs::read_to_string(path).unwrap());
        assert_eq!(texts, ["a2", "b2"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_was_replaced_before_a_failure_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "a2").unwrap();
        let both = patch(&[(&a, "a1", "a2"), (&b, "b1", "b2")]);
        let full = io::Error::other("disk full");
        let error = taken_back(&both.files[1], &full, &[&both.files[0]]).to_string();
        assert!(error.ends_with("disk full: nothing was changed"), "{error}");
        assert_eq!(fs::read_to_string(&a).unwrap(), "a1");
        fs::remove_file(&a).unwrap();
        let error = taken_back(&both.files[1], &full, &[&both.files[0]]).to_string();
        assert!(error.contains("a` has its edits already"), "{error}");
    }
}
