//! A glob becomes the files that it names.
//!
//! In: a pattern, part by part: a name, a name with `*`, `?` or `[ab]`, or `**` for any folders.
//! Out: the files, in an order that depends on their names only.
//!
//! Invariants:
//! * a folder is read once for each part of the pattern, by whatever links it is reached:
//!   links that lead in circles end the walk, and no linked file is lost by it;
//! * `**` does not follow a link to a folder above, which is outside of what was named;
//! * a folder is called by its own name rather than by a link's.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::Pattern;

use super::DiscoverError;

/// One part of a pattern.
enum PathPart {
    /// As it is written.
    Plain(String),
    /// The entries of a folder that fit.
    Fitting(Pattern),
    /// The folder, and all folders in it.
    Folders,
}

/// A folder that was reached.
#[derive(Clone)]
struct Reached {
    path: PathBuf,
    shown: PathBuf,
    /// The part of the pattern that is next.
    next: usize,
    /// Where `**` began.
    top: Option<PathBuf>,
}

/// Whether a name is a pattern.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The files that a pattern names, each with the name to show.
pub(super) fn expand(base: &Path, name: &str) -> Result<Vec<(PathBuf, String)>, DiscoverError> {
    let mut walk = Walk {
        parts: parts(name)?,
        seen: BTreeSet::new(),
        folders: VecDeque::new(),
        links: VecDeque::new(),
        files: Vec::new(),
    };
    walk.folders.push_back(Reached {
        path: base.to_path_buf(),
        shown: PathBuf::new(),
        next: 0,
        top: None,
    });
    while let Some(reached) = walk.folders.pop_front().or_else(|| walk.links.pop_front()) {
        let unreadable = |error: io::Error| DiscoverError::Unreadable {
            path: reached.shown.display().to_string(),
            reason: error.to_string(),
        };
        walk.step(&reached).map_err(unreadable)?;
    }
    Ok(walk.files)
}

fn parts(name: &str) -> Result<Vec<PathPart>, DiscoverError> {
    let part = |text: &str| match text {
        "**" => Ok(PathPart::Folders),
        text if is_pattern(text) => {
            let fitting = Pattern::new(text).map_err(|error| DiscoverError::BadGlob {
                pattern: name.to_owned(),
                reason: error.to_string(),
            })?;
            Ok(PathPart::Fitting(fitting))
        }
        text => Ok(PathPart::Plain(text.to_owned())),
    };
    let components = Path::new(name).components();
    components
        .map(|component| part(&component.as_os_str().to_string_lossy()))
        .collect()
}

struct Walk {
    parts: Vec<PathPart>,
    /// Folders as they are without links, and the part of the pattern that they were read for.
    seen: BTreeSet<(PathBuf, usize)>,
    folders: VecDeque<Reached>,
    /// Come last, so that a folder is called by its own name.
    links: VecDeque<Reached>,
    files: Vec<(PathBuf, String)>,
}

impl Walk {
    fn step(&mut self, from: &Reached) -> io::Result<()> {
        let folder = if from.path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &from.path
        };
        let real = fs::canonicalize(folder)?;
        if !self.seen.insert((real.clone(), from.next)) {
            return Ok(());
        }
        let Some(part) = self.parts.get(from.next) else {
            return Ok(());
        };
        match part {
            PathPart::Plain(text) => {
                let next = from.to(text, from.next + 1);
                self.reach(next, false);
            }
            PathPart::Fitting(pattern) => {
                let pattern = pattern.clone();
                for (name, link) in entries(folder)? {
                    if pattern.matches(&name) {
                        self.reach(from.to(&name, from.next + 1), link);
                    }
                }
            }
            PathPart::Folders => {
                let top = from.top.clone().unwrap_or_else(|| real.clone());
                let from = Reached {
                    top: Some(top.clone()),
                    ..from.clone()
                };
                for (name, link) in entries(folder)? {
                    let inside = from.to(&name, from.next);
                    let above = || {
                        let target = fs::canonicalize(&inside.path).unwrap_or_default();
                        top.starts_with(&target) || real.starts_with(&target)
                    };
                    if inside.path.is_dir() && !(link && above()) {
                        self.reach(inside, link);
                    }
                }
                self.reach(
                    Reached {
                        next: from.next + 1,
                        ..from
                    },
                    false,
                );
            }
        }
        Ok(())
    }

    fn reach(&mut self, reached: Reached, link: bool) {
        if reached.next == self.parts.len() && reached.path.is_file() {
            let shown = reached.shown.to_string_lossy().into_owned();
            self.files.push((reached.path, shown));
        } else if reached.path.as_os_str().is_empty() || reached.path.is_dir() {
            let queue = if link {
                &mut self.links
            } else {
                &mut self.folders
            };
            queue.push_back(reached);
        }
    }
}

impl Reached {
    fn to(&self, name: &str, next: usize) -> Self {
        Self {
            path: self.path.join(name),
            shown: self.shown.join(name),
            next,
            top: self.top.clone(),
        }
    }
}

/// The names in a folder, sorted, and whether each is a link.
fn entries(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.push((name, entry.file_type()?.is_symlink()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn names(folder: &Path, pattern: &str) -> Vec<String> {
        let mut names: Vec<String> = expand(folder, pattern)
            .unwrap()
            .into_iter()
            .map(|(_, shown)| shown.replace('\\', "/"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_pattern_names_the_files_that_a_plain_walk_and_one_match_would_find() {
        let files = [
            "a.log",
            "b.txt",
            ".c.log",
            "x/a.log",
            "x/y/a.log",
            "x/y/z/b.log",
            "w/y/a.log",
        ];
        let folder = folder(&files);
        let options = glob::MatchOptions {
            require_literal_separator: true,
            ..glob::MatchOptions::new()
        };
        for pattern in [
            "*.log",
            "**/*.log",
            "x/**/a.log",
            "*/y/?.log",
            "**/y/**/*.log",
            "[wx]/**/*",
            "x/y/a.log",
            "./*.log",
            "**/**/b.log",
            "x/../*.txt",
        ] {
            // Parts that are not a pattern are found by the system.
            let plain = pattern.replace("x/../", "").replace("./", "");
            let plain = Pattern::new(&plain).unwrap();
            let mut expected: Vec<&str> = files
                .into_iter()
                .filter(|file| plain.matches_with(file, options))
                .collect();
            expected.sort_unstable();
            let found = names(folder.path(), pattern);
            let found: Vec<&str> = found
                .iter()
                .map(|name| name.trim_start_matches("x/../").trim_start_matches("./"))
                .collect();
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_that_lead_in_circles_or_out_above_end_the_walk_and_lose_no_file() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["root/a/x.log", "root/b/y.log", "out/z.log", "above.log"]);
        let at = |name: &str| folder.path().join(name);
        symlink("..", at("root/a/up")).unwrap();
        symlink("../..", at("root/a/out")).unwrap();
        symlink("/", at("root/a/all")).unwrap();
        symlink("../root", at("root/self")).unwrap();
        symlink("../b", at("root/a/to-b")).unwrap();
        symlink("../a", at("root/b/to-a")).unwrap();
        symlink("../out", at("root/far")).unwrap();
        symlink("../root", at("out/back")).unwrap();
        symlink("nowhere", at("root/dangling.log")).unwrap();
        let all = ["root/a/x.log", "root/b/y.log", "root/far/z.log"];
        assert_eq!(names(folder.path(), "root/**/*.log"), all);
        assert_eq!(
            names(folder.path(), "root/**/a/**/*.log"),
            ["root/a/to-b/y.log", "root/a/x.log"]
        );
        // A part that names the link goes through it.
        let found = names(folder.path(), "root/**/far/*.log");
        assert_eq!(found, ["root/far/z.log"]);
        let found = names(folder.path(), "root/a/up/*/y.log");
        assert_eq!(found, ["root/a/up/b/y.log"]);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_refused() {
        for pattern in ["a[", "***", "a**/b"] {
            let error = expand(Path::new(""), pattern).unwrap_err();
            assert!(matches!(error, DiscoverError::BadGlob { .. }), "{pattern}");
        }
    }
}
