//! The `git` command, asked without running anything that a repository configures.
//!
//! Only objects are read, never the working tree: a clean filter, a text
//! conversion, a hook, a file watcher or a pager of the repository's
//! configuration is not started, nothing is fetched, and nothing is written.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Waits of [`WAIT`] before git is given up on: 30 seconds.
const WAITS: u32 = 3000;
const WAIT: Duration = Duration::from_millis(10);
/// Longest answer that is read.
const MAX_BYTES: u64 = 1 << 30;

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    /// The command could not be started.
    #[error("git cannot be run: {0}")]
    Missing(std::io::Error),
    /// The file lies in no repository, or is not part of it.
    #[error("git says: {0}")]
    Refused(String),
    /// No answer in time.
    #[error("git gave no answer in 30 seconds")]
    Slow,
    /// The path has no file name or cannot be resolved.
    #[error("the path cannot be resolved")]
    Path,
}

/// One file of a repository.
pub(super) struct Repository {
    folder: PathBuf,
    name: String,
}

impl Repository {
    /// The repository around a file; symbolic links are followed first.
    pub(super) fn of(path: &Path) -> Result<Self, GitError> {
        let real = std::fs::canonicalize(path).or_else(|_| {
            // A file that is gone today may have been there.
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")));
            let name = path.file_name().unwrap_or_default();
            folder.map(|folder| folder.join(name))
        });
        let real = real.map_err(|_| GitError::Path)?;
        let folder = real.parent().ok_or(GitError::Path)?.to_path_buf();
        let name = real.file_name().and_then(|name| name.to_str());
        Ok(Self {
            folder,
            name: name.ok_or(GitError::Path)?.to_owned(),
        })
    }

    /// The bytes of the file in a commit.
    pub(super) fn file_at(&self, commit: &str) -> Result<Vec<u8>, GitError> {
        self.run(&["cat-file", "blob", &format!("{commit}:./{}", self.name)])
    }

    /// Whether the file lies in a work tree; what git refuses for another reason is an error.
    pub(super) fn is_work_tree(&self) -> Result<bool, GitError> {
        match self.run(&["rev-parse", "--is-inside-work-tree"]) {
            Ok(answer) => Ok(answer.starts_with(b"true")),
            Err(GitError::Refused(text)) if text.starts_with("not a git repository") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the repository ignores the file.
    pub(super) fn is_ignored(&self) -> bool {
        self.run(&["check-ignore", "-q", "--", &self.name]).is_ok()
    }

    /// The bytes of another name in a commit, counted from the top of the repository.
    pub(super) fn blob(&self, commit: &str, name: &str) -> Result<Vec<u8>, GitError> {
        self.run(&["cat-file", "blob", &format!("{commit}:{name}")])
    }

    /// Every commit along the first parents that touched the file, renames followed:
    /// for each `\x01`, its id and its two dates, and NUL-separated status and names.
    pub(super) fn log(&self) -> Result<Vec<u8>, GitError> {
        let name = format!("./{}", self.name);
        self.run(&[
            "log",
            "--first-parent",
            "--follow",
            "--no-ext-diff",
            "--no-textconv",
            "--name-status",
            "-z",
            "--format=%x01%H %at %ct",
            "HEAD",
            "--",
            &name,
        ])
    }

    /// Every commit along the first parents that touched a folder, counted from the top of the
    /// repository: lines of its id and its two dates.
    pub(super) fn log_of_folder(&self, folder: &str) -> Result<Vec<u8>, GitError> {
        // A pathspec counts from the folder of the file.
        let from_top = self.run(&["rev-parse", "--show-cdup"])?;
        let up = String::from_utf8_lossy(&from_top).trim_end().to_owned();
        let path = format!("./{up}{folder}");
        let format = "--format=%H %at %ct";
        self.run(&["log", "--first-parent", format, "HEAD", "--", &path])
    }

    /// What is in a folder in a commit: `mode type id`, a tab and the name, each with NUL behind it.
    pub(super) fn folder_at(&self, commit: &str, folder: &str) -> Result<Vec<u8>, GitError> {
        let tree = format!("{commit}:{folder}");
        self.run(&["ls-tree", "-z", "--full-tree", &tree])
    }

    /// Whether another file is in the same folder of today.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.folder == other.folder
    }

    /// Whether older commits are missing in this clone.
    pub(super) fn is_shallow(&self) -> bool {
        let answer = self.run(&["rev-parse", "--is-shallow-repository"]);
        answer.is_ok_and(|answer| answer.starts_with(b"true"))
    }

    /// The commits at which this clone ends: they have parents, which are not here.
    pub(super) fn cut(&self) -> BTreeSet<String> {
        if !self.is_shallow() {
            return BTreeSet::new();
        }
        let roots = self.run(&["rev-list", "--max-parents=0", "HEAD"]);
        let roots = String::from_utf8(roots.unwrap_or_default()).unwrap_or_default();
        let cut = |commit: &&str| {
            // The object itself still names the parents.
            let object = self
                .run(&["cat-file", "commit", commit])
                .unwrap_or_default();
            let mut head = object.split(|byte| *byte == b'\n');
            head.nth(1).is_some_and(|line| line.starts_with(b"parent "))
        };
        roots.lines().filter(cut).map(str::to_owned).collect()
    }

    /// Where each line of the committed file comes from, along the first parents:
    /// what a merge brought counts from the merge.
    pub(super) fn blame(&self) -> Result<Vec<u8>, GitError> {
        self.blame_of("HEAD", &format!("./{}", self.name))
    }

    /// The same for a name, counted from the top of the repository, in a commit.
    pub(super) fn blame_of(&self, commit: &str, name: &str) -> Result<Vec<u8>, GitError> {
        // A pathspec counts from the folder, unless it says that it does not.
        let from_top = self.run(&["rev-parse", "--show-cdup"]).unwrap_or_default();
        let up = String::from_utf8_lossy(&from_top).trim_end().to_owned();
        let name = match name.strip_prefix("./") {
            Some(_) => name.to_owned(),
            None => format!("{up}{name}"),
        };
        self.run(&[
            "blame",
            "--no-textconv",
            "--first-parent",
            // A list of commits to look through would make lines older. Only this clears the list of
            // the configuration before it is read: a file that is not there would end the command.
            "--no-ignore-revs-file",
            "--line-porcelain",
            commit,
            "--",
            &name,
        ])
    }

    fn run(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.folder)
            .args(["--no-pager", "--literal-pathspecs", "--no-replace-objects"])
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(["-c", "log.showSignature=false", "-c", "log.showRoot=true"])
            .args(args)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A hook that runs this program must not lead git to another repository.
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_TRACE",
        ] {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(GitError::Missing)?;
        let reader = |stream: Option<Box<dyn Read + Send>>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let read = stream.map(|stream| stream.take(MAX_BYTES).read_to_end(&mut bytes));
                read.is_some_and(|read| read.is_ok()).then_some(bytes)
            })
        };
        let out = reader(child.stdout.take().map(|pipe| Box::new(pipe) as _));
        let talk = reader(child.stderr.take().map(|pipe| Box::new(pipe) as _));
        for _ in 0..WAITS {
            let ended = child.try_wait().map_err(GitError::Missing)?;
            let Some(status) = ended else {
                std::thread::sleep(WAIT);
                continue;
            };
            let out = out.join().ok().flatten().unwrap_or_default();
            if status.success() {
                return Ok(out);
            }
            let talk = talk.join().ok().flatten().unwrap_or_default();
            let text = String::from_utf8_lossy(&talk);
            let first = text.lines().next().unwrap_or("no reason given");
            return Err(GitError::Refused(
                first.trim_start_matches("fatal: ").to_owned(),
            ));
        }
        // Whether it can still be stopped changes nothing: it is given up on.
        let _ = child.kill();
        let _ = child.wait();
        Err(GitError::Slow)
    }
}
