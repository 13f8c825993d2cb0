//! Logs of every kind in a folder, and a program for the cluster that says when it is started.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::cluster::Cluster;

pub(crate) const INPUTS: [&str; 8] = [
    "0.log", "1.log", "2.log", "3.log", "4.log", "5.log.gz", "6.log", "7.log",
];
const ROUTES: &str = r#"{"operations":[
  {"method":"GET","path":"/orders/{id}","any_of":[["orders:read"],["orders:all"]]},
  {"method":"POST","path":"/orders","any_of":[["orders:write"],["orders:all"]]}]}"#;
const GRANTS: &str = r#"{"erp":["orders:read","orders:write"],"bi":["orders:all"]}"#;

pub(crate) struct Case {
    folder: tempfile::TempDir,
}

pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Case {
    pub(crate) fn new() -> Self {
        let case = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(case.path("logs")).unwrap();
        for (at, name) in INPUTS.iter().enumerate() {
            let mut text = lines(at);
            match at {
                3 => text.clear(),
                4 => text.push_str("not a line\n{\"time\":\n"),
                _ => {}
            }
            let mut bytes = text.into_bytes();
            if at == 5 {
                bytes = gzip(&bytes);
                bytes.truncate(bytes.len() * 2 / 3);
            }
            fs::write(case.path("logs").join(name), bytes).unwrap();
        }
        fs::write(case.path("routes.json"), ROUTES).unwrap();
        fs::write(case.path("grants.json"), GRANTS).unwrap();
        fs::write(case.path("marks"), "").unwrap();
        case.program("\"$REAL\" \"$@\"");
        case
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program for the cluster: for a share it says that it begins, does this, and says what it
    /// read and that it ends. The name of the worker is a folder above it.
    pub(crate) fn program(&self, share: &str) {
        let script = format!(
            r#"#!/bin/sh
REAL='{}' MARKS='{}'
test "$1" = ingest || exec "$REAL" "$@"
own=$(echo "$0" | sed 's:.*/\(worker-[0-9]\)/.*:\1:')
share=$(echo "$*" | sed 's:.*--shard \([0-9/]*\).*:\1:')
echo "start $own $share" >> "$MARKS"
out=$({share})
code=$?
test -z "$out" || echo "$out" | sed 's:^:read :' >> "$MARKS"
echo "end $own $share" >> "$MARKS"
exit $code
"#,
            env!("CARGO_BIN_EXE_scopetrim"),
            self.path("marks").display()
        );
        let path = self.path("program");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What follows this word in the marks of the program.
    pub(crate) fn lines(&self, begins: &str) -> Vec<String> {
        let marks = fs::read_to_string(self.path("marks")).unwrap();
        let found = marks.lines().filter_map(|line| line.strip_prefix(begins));
        found.map(str::to_owned).collect()
    }

    /// The logs that were read, one entry for each time.
    pub(crate) fn read(&self) -> Vec<String> {
        let lines = self.lines("read ").into_iter();
        let lines = lines.filter(|line| !line.contains(" grants recorded"));
        lines
            .map(|line| line.split_once(": ").unwrap().0.to_owned())
            .collect()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        ended(command.args(args).current_dir(self.folder.path()))
    }

    /// A line of a shell, with the settings of a cluster.
    pub(crate) fn shell(&self, cluster: &Cluster, line: &str) -> Run {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.folder.path());
        cluster.set(&mut command);
        ended(&mut command)
    }

    /// The ledger `local`.
    pub(crate) fn by_one_machine(&self) -> Run {
        let logs = ["ingest", "logs", "--catalog", "routes.json"];
        let more = ["--grants", "grants.json", "--ledger", "local"];
        let run = self.run(&[logs, more].concat());
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        run
    }

    /// The ledger `usage`, of all logs, by the cluster.
    fn command(&self, cluster: &Cluster, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        // Named from the root: on the cluster they lie elsewhere.
        command
            .args(["ingest", "logs", "--ledger", "usage", "--catalog"])
            .arg(self.path("routes.json"))
            .args(["--grants", "grants.json", "--engine", &cluster.master])
            .arg("--engine-binary")
            .arg(self.path("program"))
            .args(more)
            .current_dir(self.folder.path());
        cluster.set(&mut command);
        command
    }

    pub(crate) fn on(&self, cluster: &Cluster, more: &[&str]) -> Run {
        ended(&mut self.command(cluster, more))
    }

    /// The same, not waited for. `own`: its Spark is in a process group of its own.
    pub(crate) fn begin(&self, cluster: &Cluster, more: &[&str], own: bool) -> Child {
        let mut command = self.command(cluster, more);
        if own {
            let script = format!(
                "#!/bin/sh\necho $$ > '{}'\nexec '{}' \"$@\"\n",
                self.path("submit.pid").display(),
                cluster.submit().display()
            );
            fs::write(self.path("submit"), script).unwrap();
            let executable = fs::Permissions::from_mode(0o755);
            fs::set_permissions(self.path("submit"), executable).unwrap();
            command.arg("--spark-submit").arg(self.path("submit"));
        }
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        command.spawn().unwrap()
    }

    /// Ends the driver of [`Self::begin`]: the process that `spark-submit` became.
    pub(crate) fn kill_submit(&self) {
        let pid = fs::read_to_string(self.path("submit.pid")).unwrap();
        let killed = Command::new("kill").args(["-9", pid.trim()]).status();
        assert!(killed.unwrap().success());
    }

    /// Every file of a ledger but the lock, with the digest of its bytes.
    pub(crate) fn bytes(&self, ledger: &str) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path(ledger)];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.file_name().unwrap() != "lock" {
                    let name = path.strip_prefix(self.path(ledger)).unwrap().to_owned();
                    let digest = blake3::hash(&fs::read(path).unwrap());
                    found.insert(name, digest.to_string());
                }
            }
        }
        assert!(found.len() > 1, "{ledger}: {found:?}");
        found
    }
}

pub(crate) fn ended(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Some days of one gateway.
pub(crate) fn lines(seed: usize) -> String {
    let mut text = String::new();
    for at in 0..60 + 20 * seed {
        let client = ["erp", "bi", "stranger"][(at + seed) % 3];
        let (method, path) = [
            ("GET", "/orders/7"),
            ("POST", "/orders"),
            ("GET", "/else/1"),
        ][at % 7 % 3];
        writeln!(
            text,
            r#"{{"time":"2026-03-{:02}T{:02}:{:02}:{seed:02}Z","client_id":"{client}","method":"{method}","path":"{path}","status":{},"request_id":"{seed}-{at}"}}"#,
            1 + at % 5,
            at / 5 % 24,
            at % 60,
            [200, 201, 403][at % 11 % 3],
        )
        .unwrap();
    }
    text
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
