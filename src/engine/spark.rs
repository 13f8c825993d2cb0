//! Spark, as its users have it: `spark-submit` is started with a driver that this program carries.
//!
//! In: a job. Out: folders of partial results, and on the way what Spark says of its progress
//! and its errors. The driver (`driver.py`) is the only other half of this protocol: it prints
//! a line of JSON for each event.

use std::collections::VecDeque;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::Mutex;

use serde::Deserialize;

use super::job::io;
use super::{EngineError, Job};
use crate::model::words::plural;

/// The driver, for `spark-submit`.
pub(crate) const DRIVER: &str = include_str!("driver.py");
/// Begins an event on the driver's standard output.
const EVENT: &str = "scopetrim-event:";
/// The last lines of Spark that are shown when nothing else says what failed.
const TAIL: usize = 30;
/// Spark puts whole stack traces into a line.
const LONGEST: usize = 400;

/// Which Spark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spark {
    /// The master; the one of Spark's own configuration where none is named.
    pub(crate) master: Option<String>,
}

impl FromStr for Spark {
    type Err = String;

    /// Reads `spark` or `spark://HOST:PORT`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let master = match text.strip_prefix("spark://") {
            Some(place) if place.contains(':') => Some(text.to_owned()),
            None if text == "spark" => None,
            _ => {
                let error = EngineError::Unknown(text.to_owned());
                return Err(format!("{error}; {}", error.help()));
            }
        };
        Ok(Self { master })
    }
}

/// What the driver tells.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    /// Shares that are read, and how many there are.
    read: Option<u64>,
    of: Option<u64>,
    /// Rows of a table.
    rows: Option<u64>,
    /// All is done.
    done: Option<u64>,
    failed: Option<String>,
    help: Option<String>,
}

/// The `spark-submit` that is named, of `SPARK_HOME`, or on the path.
fn submit(named: Option<&Path>) -> Result<PathBuf, EngineError> {
    if let Some(path) = named {
        return Ok(path.to_path_buf());
    }
    let home = env::var_os("SPARK_HOME").filter(|home| !home.is_empty());
    if let Some(home) = home {
        return Ok(Path::new(&home).join("bin").join("spark-submit"));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&path).map(|folder| folder.join("spark-submit"));
    found
        .find(|path| path.is_file())
        .ok_or(EngineError::NoSpark)
}

impl Spark {
    /// Writes a job with its driver into this folder, which is made. Out: what `spark-submit` is told.
    pub(crate) fn prepare(&self, job: &Job<'_>, dir: &Path) -> Result<Vec<OsString>, EngineError> {
        fs::create_dir(dir).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => EngineError::Exists(dir.to_path_buf()),
            _ => io(dir)(error),
        })?;
        let files = job.write(dir)?;
        let driver = dir.join("spark_job.py");
        fs::write(&driver, DRIVER).map_err(io(&driver))?;
        let mut args = Vec::new();
        if let Some(master) = &self.master {
            args.extend(["--master", master].map(OsString::from));
        }
        args.extend(["--files".into(), commas(&files), driver.into_os_string()]);
        Ok(args)
    }

    /// Runs the job in a folder of its own. Out: the folders of the partial results in it.
    /// `say` is told of progress and of what the cluster complains about.
    pub(crate) fn run(
        &self,
        named: Option<&Path>,
        job: &Job<'_>,
        dir: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Vec<PathBuf>, EngineError> {
        let program = submit(named)?;
        let out = dir.join("partial");
        let mut command = Command::new(&program);
        // The driver writes its result into a folder of this machine. The program on the path
        // of Spark's log settings is not ours, so they are set for this run.
        command
            .args(["--deploy-mode", "client", "--name", "scopetrim ingest"])
            .args(["--conf", "spark.log.level=WARN"])
            .args(["--conf", "spark.ui.showConsoleProgress=false"])
            .args(self.prepare(job, &dir.join("job"))?)
            .args([OsStr::new("--out"), out.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| EngineError::Start {
            program: program.clone(),
            error,
        })?;
        let (status, event, tail) = follow(child, say).map_err(io(&program))?;
        if let (true, Some(_)) = (status.success(), event.done) {
            return partials(&out);
        }
        Err(failed(status, event, &tail))
    }
}

/// Reads what Spark says until it ends: the last event, and its last lines.
fn follow(
    mut child: Child,
    say: &(dyn Fn(&str) + Sync),
) -> std::io::Result<(ExitStatus, Event, VecDeque<String>)> {
    let tail = Mutex::new(VecDeque::new());
    let keep = |line: String| {
        let mut tail = tail
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(line);
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut last = Event::default();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for line in lines(err) {
                if complaint(&line) {
                    say(&format!("Spark: {}", shortened(&line)));
                }
                keep(line);
            }
        });
        for line in lines(out) {
            let event = line.strip_prefix(EVENT).map(serde_json::from_str::<Event>);
            let Some(Ok(event)) = event else {
                keep(line);
                continue;
            };
            if let (Some(read), Some(of)) = (event.read, event.of) {
                say(&format!("Spark: {read} of {of} shares are read"));
            }
            if let (Some(rows), Some(of)) = (event.rows, event.of) {
                let (rows, of) = (plural(rows, "row"), plural(of, "share"));
                say(&format!("Spark: {rows} in {of}"));
            }
            last = event;
        }
    });
    let status = child.wait()?;
    let tail = tail
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((status, last, tail))
}

/// Lines of a stream, whatever their bytes.
fn lines(stream: Option<impl Read>) -> impl Iterator<Item = String> {
    let mut stream = stream.map(BufReader::new);
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let read = stream.as_mut()?.read_until(b'\n', &mut line).ok()?;
        (read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())
    })
}

/// Whether a line of Spark's log is about a lost machine or a failed task: what it warns of
/// at each start (host names, native libraries) is not.
fn complaint(line: &str) -> bool {
    let warned = line.contains(" WARN ")
        && ["TaskSetManager", "TaskSchedulerImpl", "Lost executor"]
            .iter()
            .any(|about| line.contains(about));
    warned || line.contains(" ERROR ")
}

fn shortened(line: &str) -> String {
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

fn failed(status: ExitStatus, event: Event, tail: &VecDeque<String>) -> EngineError {
    const HELP: &str = "the ledger is as it was; Spark's own log says more";
    let Some(said) = event.failed else {
        let lines: Vec<String> = tail.iter().map(|line| shortened(line)).collect();
        return EngineError::Failed {
            said: format!("it ended without a result ({status})\n{}", lines.join("\n")),
            help: HELP.to_owned(),
        };
    };
    EngineError::Failed {
        said,
        help: event.help.unwrap_or_else(|| HELP.to_owned()),
    }
}

/// The folders of the result, sorted.
fn partials(out: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(out).map_err(io(out))? {
        found.push(entry.map_err(io(out))?.path());
    }
    found.sort();
    Ok(found)
}

/// As `spark-submit` takes a list of files.
fn commas(files: &[PathBuf]) -> OsString {
    let files: Vec<&OsStr> = files.iter().map(|file| file.as_os_str()).collect();
    files.join(OsStr::new(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_named_by_its_word_or_by_its_master() {
        let master = |text: &str| text.parse::<Spark>().map(|spark| spark.master);
        assert_eq!(master("spark"), Ok(None));
        let named = "spark://10.0.0.1:7077";
        assert_eq!(master(named), Ok(Some(named.to_owned())));
        for wrong in ["", "flink", "spark://", "spark:7077", "sparks", "local[2]"] {
            let error = master(wrong).unwrap_err();
            assert!(error.contains("spark://HOST:PORT"), "{error}");
        }
    }

    #[test]
    fn lost_tasks_are_told_and_the_warnings_of_every_start_are_not() {
        let lost = "26/11/30 01:02:03 WARN TaskSetManager: Lost task 0.0 in stage 0.0";
        let dead = "26/11/30 01:02:03 ERROR TaskSchedulerImpl: Lost executor 1 on 127.0.0.1";
        let start = "26/11/30 01:02:03 WARN NativeCodeLoader: Unable to load native-hadoop library";
        assert!(complaint(lost) && complaint(dead) && !complaint(start));
        assert!(!complaint(
            "26/11/30 01:02:03 INFO TaskSetManager: Starting task"
        ));
        assert!(shortened(&"é".repeat(500)).chars().count() <= LONGEST + 1);
    }
}
