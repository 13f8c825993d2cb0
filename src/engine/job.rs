//! The folder of a job: the program, the list of logs, and the files that say how they are read.
//!
//! Invariant: relative paths mean on the cluster what they mean here: the files lie there
//! as they do here, below the folder that holds them all.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Component, Path, PathBuf};

use serde_json::json;

use super::EngineError;
use crate::input::{Input, with_slashes, write_list};
use crate::storage::is_remote;

/// Rows of a table that are lines of a log.
pub(crate) struct Rows {
    /// A table, a view, or a query in brackets, as the engine's SQL names it.
    pub(crate) table: String,
    /// The column with the lines.
    pub(crate) column: String,
}

/// What the engine is to do.
pub(crate) struct Job<'a> {
    /// The logs, all of them.
    pub(crate) inputs: &'a [Input],
    /// Rows in the place of logs.
    pub(crate) rows: Option<&'a Rows>,
    /// Files and folders that `args`, or a configuration, name: as seen from the current folder.
    pub(crate) files: &'a [Input],
    /// Arguments of `ingest` on a share of the logs.
    pub(crate) args: &'a [String],
    /// How many shares; the engine decides where it is not said.
    pub(crate) tasks: Option<u32>,
    /// Threads of each task; the engine decides where it is not said.
    pub(crate) threads: Option<u16>,
    /// The program for the machines of the engine; this one, where none is named.
    pub(crate) binary: Option<&'a Path>,
    /// The ledger that the driver adds the logs to; without one it gives partial results.
    pub(crate) into: Option<&'a Path>,
}

impl Job<'_> {
    /// Writes the job into an empty folder. Out: the files that have to come with it.
    pub(super) fn write(&self, dir: &Path) -> Result<Vec<PathBuf>, EngineError> {
        let here = std::env::current_dir().map_err(io(Path::new(".")))?;
        let files: Vec<(PathBuf, PathBuf)> = self
            .files
            .iter()
            .filter_map(|file| file.path.as_ref())
            .map(|path| (path.clone(), plain(&here.join(path))))
            .collect();
        let mut root = plain(&here);
        while files.iter().any(|(_, file)| !file.starts_with(&root)) && root.pop() {}
        let mut shipped = Vec::new();
        let mut places = Vec::new();
        for (at, (from, file)) in files.iter().enumerate() {
            let name = format!("f{at}");
            let to = dir.join(&name);
            fs::copy(from, &to).map_err(io(from))?;
            places.push(json!({"ship": name, "at": below(file, &root)}));
            shipped.push(to);
        }
        let program = dir.join("scopetrim");
        let from = match self.binary {
            Some(path) => path.to_path_buf(),
            None => std::env::current_exe().map_err(io(Path::new("scopetrim")))?,
        };
        fs::copy(&from, &program).map_err(io(&from))?;
        shipped.push(program);
        let list = dir.join("inputs.ndjson");
        let file = fs::File::create(&list).map_err(io(&list))?;
        let mut file = BufWriter::new(file);
        let written = write_list(self.inputs, &mut file).and_then(|()| file.flush());
        written.map_err(io(&list))?;
        shipped.push(list);
        let bytes: u64 = self.inputs.iter().map(|input| input.size).sum();
        let whole = json!({
            "cwd": below(&plain(&here), &root),
            "files": places,
            "args": self.args,
            "tasks": self.tasks,
            "threads": self.threads,
            "inputs": self.inputs.len(),
            "bytes": bytes,
            "table": self.rows.map(|rows| &rows.table),
            "column": self.rows.map(|rows| &rows.column),
            "into": self.into.map(|into| address(into, &here)),
        });
        let job = dir.join("job.json");
        fs::write(&job, format!("{whole:#}\n")).map_err(io(&job))?;
        shipped.push(job);
        Ok(shipped)
    }
}

/// An argument that names a file, as seen from the current folder: an absolute path would
/// mean another file on another machine.
pub(crate) fn relative(named: &str) -> String {
    let path = Path::new(named);
    let here = std::env::current_dir().unwrap_or_default();
    if !path.is_absolute() || here.as_os_str().is_empty() {
        return named.to_owned();
    }
    let (mut here, path) = (plain(&here), plain(path));
    let mut up = PathBuf::new();
    while !path.starts_with(&here) && here.pop() {
        up.push("..");
    }
    let rest = path.strip_prefix(&here).unwrap_or(&path);
    with_slashes(&up.join(rest).display().to_string())
}

/// A ledger's place, wherever the driver runs.
fn address(into: &Path, here: &Path) -> String {
    let path = if is_remote(into) {
        into.to_path_buf()
    } else {
        plain(&here.join(into))
    };
    path.display().to_string()
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn below(path: &Path, root: &Path) -> String {
    let rest = path.strip_prefix(root).unwrap_or(path);
    let rest = if rest.as_os_str() == OsStr::new("") {
        Path::new(".")
    } else {
        rest
    };
    with_slashes(&rest.display().to_string())
}

pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError + use<> {
    let path = path.to_path_buf();
    move |error| EngineError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::Arc;

    fn file(path: &Path) -> Input {
        Input {
            path: Some(path.to_path_buf()),
            shown: Arc::from(""),
            size: 5,
        }
    }

    #[test]
    fn files_lie_on_the_cluster_as_they_do_here() {
        let outside = tempfile::tempdir().unwrap();
        let policy = outside.path().join("policy.yaml");
        fs::write(&policy, "x: 1\n").unwrap();
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let dir = tempfile::tempdir().unwrap();
        let inputs = [file(&manifest), file(&manifest)];
        let job = Job {
            inputs: &inputs,
            rows: None,
            files: &[file(&policy), file(Path::new("src/../Cargo.toml"))],
            args: &["--catalog=x".to_owned()],
            tasks: Some(3),
            threads: None,
            binary: Some(&manifest),
            into: Some(Path::new("usage")),
        };
        let shipped = job.write(dir.path()).unwrap();
        let names: Vec<&OsStr> = shipped.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(
            names,
            ["f0", "f1", "scopetrim", "inputs.ndjson", "job.json"]
        );
        let text = fs::read_to_string(dir.path().join("job.json")).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(whole["tasks"], 3);
        assert_eq!(whole["bytes"], 10);
        assert_eq!(whole["inputs"], 2);
        let into = std::env::current_dir().unwrap().join("usage");
        assert_eq!(whole["into"], into.to_str().unwrap());
        // From the current folder, both are where they are named.
        let cwd = Path::new("/").join(whole["cwd"].as_str().unwrap());
        let at = |index: usize| {
            let at = whole["files"][index]["at"].as_str().unwrap();
            Path::new("/").join(at)
        };
        let seen = relative(policy.to_str().unwrap());
        assert!(seen.starts_with("../"), "{seen}");
        assert_eq!(plain(&cwd.join(seen)), at(0));
        assert_eq!(cwd.join("Cargo.toml"), at(1));
        assert_eq!(fs::read(dir.path().join("f0")).unwrap(), b"x: 1\n");
    }

    #[test]
    fn a_relative_name_stays() {
        assert_eq!(relative("policy/*.yaml"), "policy/*.yaml");
        let here = std::env::current_dir().unwrap().join("a/b.yaml");
        assert_eq!(relative(here.to_str().unwrap()), "a/b.yaml");
    }
}
