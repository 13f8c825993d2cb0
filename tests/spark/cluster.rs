//! A standalone Spark on loopback: a master and two workers with a core each.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// JVMs that start on a machine that has much else to do.
const LOOK: Duration = Duration::from_mins(2);

/// The Python of the tests, and its Spark.
pub(crate) struct Python {
    program: String,
    home: String,
}

impl Python {
    /// `SCOPETRIM_ENGINES` names it; or why there is none.
    pub(crate) fn with_spark() -> Result<Self, String> {
        let program = std::env::var("SCOPETRIM_ENGINES").unwrap_or_else(|_| "python3".to_owned());
        let look = "import pandas, pyarrow, pyspark; print(pyspark.__path__[0])";
        let found = Command::new(&program).args(["-c", look]).output();
        let found = found.map_err(|error| format!("`{program}`: {error}"))?;
        if !found.status.success() {
            return Err(format!("`{program}` has no pyspark, pyarrow and pandas"));
        }
        let java = Command::new("java").arg("-version").output();
        if !java.is_ok_and(|out| out.status.success()) {
            return Err("no java".to_owned());
        }
        let home = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        Ok(Self { program, home })
    }

    /// Runs a script with these arguments.
    fn script(&self, text: &str, args: &[&Path], folder: &Path) {
        let mut command = Command::new(&self.program);
        command.args(["-c", text]).args(args);
        self.set(&mut command, folder);
        let ran = command.output().unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// What Spark's own programs are told: loopback, small heaps, this Python.
    fn set(&self, command: &mut Command, folder: &Path) {
        command
            .env("SPARK_HOME", &self.home)
            .env("SPARK_CONF_DIR", folder)
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("SPARK_DAEMON_MEMORY", "160m")
            .env("PYSPARK_PYTHON", &self.program);
    }
}

pub(crate) struct Cluster {
    python: Python,
    folder: tempfile::TempDir,
    pub(crate) master: String,
    /// The master, then the workers; each in a process group of its own.
    processes: Vec<Child>,
}

impl Cluster {
    pub(crate) fn start(python: Python) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("spark-defaults.conf"),
            "spark.driver.memory 512m\nspark.executor.memory 512m\nspark.ui.enabled false\n\
             spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n",
        )
        .unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let mut cluster = Self {
            python,
            folder,
            master: format!("spark://127.0.0.1:{port}"),
            processes: Vec::new(),
        };
        let place = ["--host", "127.0.0.1", "--webui-port", "0"];
        let master = [&["master.Master", "--port", &port][..], &place].concat();
        cluster.daemon("master", &master, "I have been elected leader");
        for name in ["worker-1", "worker-2"] {
            cluster.worker(name);
        }
        cluster
    }

    /// A worker, whose name is that of its folder.
    pub(crate) fn worker(&mut self, name: &str) {
        let dir = self.folder.path().join(name).display().to_string();
        let master = self.master.clone();
        let args = ["worker.Worker", "--host", "127.0.0.1", "--webui-port", "0"];
        let more = ["-c", "1", "-m", "600m", "-d", &dir, &master];
        let args = [&args[..], &more].concat();
        self.daemon(name, &args, "Successfully registered with master");
    }

    /// Starts a daemon, and waits until its log says that it is there.
    fn daemon(&mut self, name: &str, args: &[&str], ready: &str) {
        let log = self.folder.path().join(format!("{name}.log"));
        let mut command = Command::new("nice");
        command
            .arg(Path::new(&self.python.home).join("bin/spark-class"))
            .arg(format!("org.apache.spark.deploy.{}", args[0]))
            .args(&args[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .process_group(0);
        self.python.set(&mut command, self.folder.path());
        self.processes.push(command.spawn().unwrap());
        wait(&format!("{name}: {ready}"), || {
            fs::read_to_string(&log).unwrap().contains(ready)
        });
    }

    /// `spark-submit` with the settings of this cluster.
    pub(crate) fn submit(&self) -> PathBuf {
        Path::new(&self.python.home).join("bin/spark-submit")
    }

    /// The program with the environment of this cluster.
    pub(crate) fn set(&self, command: &mut Command) {
        self.python.set(command, self.folder.path());
    }

    /// Runs a Python script with the settings of this cluster.
    pub(crate) fn script(&self, text: &str, args: &[&Path]) {
        self.python.script(text, args, self.folder.path());
    }

    /// Ends a worker with all that it has started, at once. `at`: 1 or 2.
    pub(crate) fn kill_worker(&mut self, at: usize) {
        end(&mut self.processes[at]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.processes.iter_mut().rev().for_each(end);
    }
}

/// Ends a process group.
fn end(process: &mut Child) {
    let group = format!("-{}", process.id());
    let _ = Command::new("kill").args(["-9", "--", &group]).status();
    let _ = process.wait();
}

/// Waits until it is so.
pub(crate) fn wait(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < LOOK, "not seen: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
