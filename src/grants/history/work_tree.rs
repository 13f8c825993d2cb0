//! Whether a file is as the last commit has it.

use std::path::Path;

use super::git::{GitError, Repository};

/// A file, as git sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkTree {
    /// It is in no work tree, or ignored in it.
    None,
    /// It is as the last commit has it.
    Committed,
    /// It differs from the last commit.
    Changed,
    /// The last commit does not have it.
    Untracked,
}

/// Compares the bytes of a file with the last commit.
///
/// Only objects are read, so that no filter runs: a file that a filter changes differs. Line
/// ends that git turns into those of the system do not.
pub(crate) fn work_tree(path: &Path, bytes: &[u8]) -> Result<WorkTree, GitError> {
    let repository = Repository::of(path)?;
    match repository.is_work_tree() {
        Ok(true) => {}
        Ok(false) => return Ok(WorkTree::None),
        // Without git, and without a folder of git above the file, there is no work tree.
        Err(error) => {
            let real = std::fs::canonicalize(path).map_err(|_| GitError::Path)?;
            let inside = real.ancestors().any(|above| above.join(".git").exists());
            return if inside {
                Err(error)
            } else {
                Ok(WorkTree::None)
            };
        }
    }
    let Ok(committed) = repository.file_at("HEAD") else {
        let ignored = repository.is_ignored();
        return Ok(if ignored {
            WorkTree::None
        } else {
            WorkTree::Untracked
        });
    };
    let same = committed == bytes || with_plain_ends(&committed) == with_plain_ends(bytes);
    Ok(if same {
        WorkTree::Committed
    } else {
        WorkTree::Changed
    })
}

fn with_plain_ends(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    plain
}
