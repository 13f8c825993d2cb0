//! What a diff calls a policy file: its path from the top of its git repository.
//!
//! In: the path as it is shown. Out: the diff of the file with the path that `git apply` takes at
//! the top of the repository, and in every folder of it, wherever the program was called. Outside
//! of any repository the path stays as it is. Git is not asked: the folders are looked at.

use std::path::Path;

use crate::patch::{FilePatch, renamed};

/// The diff from old to new.
pub(crate) fn diff(file: &FilePatch) -> String {
    renamed(&file.diff, &name(&file.path))
}

/// The diff from new to old.
pub(crate) fn undo(file: &FilePatch) -> String {
    renamed(&file.undo, &name(&file.path))
}

/// The path from the top of the repository, or the path as it is.
pub(crate) fn name(path: &str) -> String {
    from_top(path).unwrap_or_else(|| path.to_owned())
}

fn from_top(path: &str) -> Option<String> {
    let path = Path::new(path);
    // A link is named as a link: git does not follow it.
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = folder.canonicalize().ok()?.join(path.file_name()?);
    let top = file.ancestors().skip(1).find(|folder| is_top(folder))?;
    let below = file.strip_prefix(top).ok()?;
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

/// Worktrees and submodules have a file of this name; in a repository it is a folder with a head.
fn is_top(folder: &Path) -> bool {
    let git = folder.join(".git");
    git.is_file() || git.join("HEAD").symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_starts_at_the_innermost_repository() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("out/.git")).unwrap();
        std::fs::create_dir_all(at("out/in/policy")).unwrap();
        let name = || super::name(at("out/in/policy/g.yaml").to_str().unwrap());
        assert!(name().ends_with("/out/in/policy/g.yaml"), "no head yet");
        std::fs::write(at("out/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(name(), "in/policy/g.yaml");
        std::fs::write(at("out/in/.git"), "gitdir: ../.git/modules/in\n").unwrap();
        assert_eq!(name(), "policy/g.yaml");
    }
}
