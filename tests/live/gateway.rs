//! Starts a gateway in a folder of its own, on free ports of this machine, and ends it.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::compare::Log;
use crate::service::Service;

/// A folder with further programs, in front of those of the machine.
const FURTHER: &str = "SCOPETRIM_LIVE_BIN";

/// How long a gateway may take to listen, and to end.
const START: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(5);

/// Between two looks at something that is about to happen.
pub(crate) const LOOK: Duration = Duration::from_millis(1);

/// A gateway as it is tested.
pub(crate) struct Product {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    /// The argument that makes it print its version.
    pub(crate) version: &'static str,
    /// What the version holds that the lists of unusual lines are for. Of others the differences
    /// are printed, and judged by a person.
    pub(crate) known: &'static str,
    /// What else it needs that this machine does not have, once its version is known.
    pub(crate) lacks: fn(&str) -> Option<String>,
    /// Writes its configuration; the arguments that start it.
    pub(crate) configure: fn(&Places<'_>) -> Vec<String>,
    /// A public path that it serves once its configuration is in force, where it listens before.
    pub(crate) ready: Option<&'static str>,
    pub(crate) logs: &'static [Log],
}

/// Where everything is in one run.
pub(crate) struct Places<'p> {
    pub(crate) folder: &'p Path,
    pub(crate) port: u16,
    /// The port for HTTP/2.
    pub(crate) h2: u16,
    pub(crate) service: u16,
    /// Where nobody listens.
    pub(crate) closed: u16,
}

impl Places<'_> {
    /// Writes a file into the folder, with the names in brackets filled in.
    pub(crate) fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, self.fill(text)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn fill(&self, text: &str) -> String {
        text.replace("<folder>", self.folder.to_str().unwrap())
            .replace("<port>", &self.port.to_string())
            .replace("<h2>", &self.h2.to_string())
            .replace("<service>", &self.service.to_string())
            .replace("<closed>", &self.closed.to_string())
    }
}

/// A gateway that runs; it ends with this value.
pub(crate) struct Gateway {
    /// Whether it is of the known version.
    pub(crate) is_known: bool,
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) ports: (u16, u16),
}

impl Gateway {
    /// Starts it; why not, where this machine cannot.
    pub(crate) fn start(product: &Product, service: &Service) -> Result<Self, String> {
        let program = find(product.program)
            .ok_or_else(|| format!("no `{}` on this machine", product.program))?;
        let version = version(&program, product.version);
        if let Some(lacks) = (product.lacks)(&version) {
            return Err(lacks);
        }
        let is_known = version.contains(product.known);
        println!("live: {}: {version}", product.name);
        // Another process may take a port between the look and the start.
        let mut said = String::new();
        for _ in 0..3 {
            match Self::try_start(&program, product, service) {
                Ok(mut gateway) => {
                    gateway.is_known = is_known;
                    return Ok(gateway);
                }
                Err(error) => said = error,
            }
        }
        panic!("{} does not start: {said}", product.name);
    }

    fn try_start(program: &Path, product: &Product, service: &Service) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let [port, h2, closed] = free_ports();
        let places = Places {
            folder: folder.path(),
            port,
            h2,
            service: service.port,
            closed,
        };
        let arguments = (product.configure)(&places);
        let output = |name: &str| File::create(folder.path().join(name)).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(output("stdout.log"))
            .stderr(output("stderr.log"))
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut gateway = Self {
            is_known: false,
            child,
            folder,
            ports: (port, h2),
        };
        let deadline = Instant::now() + START;
        while [port, h2]
            .iter()
            .any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err())
        {
            if gateway.child.try_wait().unwrap().is_some() || Instant::now() > deadline {
                let said = ["stdout.log", "stderr.log", "error.log"].map(|name| gateway.read(name));
                return Err(String::from_utf8_lossy(&said.concat()).into_owned());
            }
            std::thread::sleep(LOOK);
        }
        Ok(gateway)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file holds by now; a log that has no line yet may not be there.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_default()
    }

    /// Ends it as an operator would, so that everything it has to say is in its logs.
    pub(crate) fn stop(&mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        let deadline = Instant::now() + END;
        while asked.is_ok() && Instant::now() < deadline {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(LOOK);
        }
        self.kill();
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Not at once: a killed server leaves its own processes behind.
        self.stop();
    }
}

/// The program in the folder with further ones, in `PATH`, or where servers are installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let further = std::env::var_os(FURTHER).map(PathBuf::from);
    let folders = further.into_iter().chain(std::env::split_paths(&path));
    folders
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The first line that it prints about itself.
fn version(program: &Path, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().unwrap_or("of an unknown version").to_owned()
}

/// Ports on which nobody listens now, each another one.
fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
