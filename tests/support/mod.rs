//! Small cases in folders of their own, and the program run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder that holds one case.
pub(crate) struct Case {
    folder: TempDir,
}

/// What one run of the program gave.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Case {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// A folder with the three files that every analysis reads.
    pub(crate) fn of(routes: &str, grants: &str, log: &str) -> Self {
        let case = Self::new();
        case.write("routes.yaml", routes);
        case.write("grants.yaml", grants);
        case.write("log.jsonl", log);
        case
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
        fs::create_dir_all(parent).expect("a folder for the file");
        fs::write(path, bytes).expect("a file of the case");
    }

    /// Where a file of the case lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, in this folder, with a terminal of unknown width; a backtrace would be seen.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        command
            .current_dir(self.folder.path())
            .args(args)
            .env_remove("COLUMNS")
            .env("RUST_BACKTRACE", "1");
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(args).output().expect("the program starts");
        Run {
            code: status.code(),
            out: String::from_utf8(stdout).expect("UTF-8 on standard output"),
            err: String::from_utf8(stderr).expect("UTF-8 on standard error"),
        }
    }

    /// `analyze` on the three files of [`Case::of`], with further arguments.
    pub(crate) fn analyze(&self, more: &[&str]) -> Run {
        let mut args = vec!["analyze", "--logs", "log.jsonl"];
        args.extend(["--catalog", "routes.yaml", "--grants", "grants.yaml"]);
        args.extend(ANY_SHARE);
        args.extend(more);
        self.run(&args)
    }
}

/// A case is too small for statistics: any share that comes back will do, so that guards
/// and holds alone decide.
pub(crate) const ANY_SHARE: [&str; 2] = ["--levels", "likely_p = 1, likely_upper = 1"];

/// One flat JSON log line: noon of the day with this number after 2026-01-01.
pub(crate) fn line(day: u32, client: &str, request: &str, status: u16) -> String {
    let (method, path) = request.split_once(' ').expect("METHOD /path");
    let (mut month, mut left) = (0, day);
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    let time = format!("2026-{:02}-{:02}T12:00:00Z", month + 1, left + 1);
    let record = serde_json::json!({
        "time": time, "client_id": client, "method": method, "path": path, "status": status,
    });
    format!("{record}\n")
}

/// The same request on each of the first `days` days of 2026.
pub(crate) fn daily(days: u32, client: &str, request: &str, status: u16) -> String {
    (0..days)
        .map(|day| line(day, client, request, status))
        .collect()
}
