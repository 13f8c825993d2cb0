//! `kill -9` at a hundred random points of a commit: the state before or the state after, nothing
//! half for a reader, and the bytes of an undisturbed run when it is run again.
//!
//! What a store holds changes by requests alone, so a point is a request that writes: the process
//! dies when the request has come, before or after it is done. What other requests were on their
//! way differs from run to run. Each writer has a ledger of its own, and some run at once.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::server::{Fault, Request, Server};
use crate::{World, log, text};

const POINTS: usize = 100;
const AT_ONCE: usize = 4;

/// A description that is read at once: programs start two hundred times here.
const OPENAPI: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
security: [{oauth: [orders:read]}]
paths:
  /v1/orders/{id}: {get: {responses: {'200': {description: ok}}}}
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: 'https://t/', scopes: {'orders:read': Read}}
";

/// A writer, and when it is to die.
struct Victim {
    child: Option<Child>,
    /// The write at whose arrival it dies, from 1, and those that came.
    at: usize,
    came: usize,
    /// Whether that write is done.
    done: bool,
    dead: bool,
}

#[derive(Default)]
struct Victims {
    by_ledger: Mutex<BTreeMap<String, Victim>>,
    died: Condvar,
    /// What a reader found half.
    torn: Mutex<Vec<String>>,
}

impl Victims {
    /// Kills; and looks at the ledger as a reader would at each commit. Between commits nothing
    /// that is listed can change: no request overwrites or removes it.
    fn arrived(&self, server: &Server, request: &Request) -> Fault {
        let ledger = request
            .path
            .split('/')
            .take(3)
            .collect::<Vec<_>>()
            .join("/");
        if request.method != "PUT" {
            return Fault::None;
        }
        // Who started it holds this until the number of the process is known.
        let mut victims = self.by_ledger.lock().unwrap();
        let Some(victim) = victims.get_mut(&ledger) else {
            return Fault::None;
        };
        if request.is_commit()
            && let Err(torn) = whole(server, &ledger)
        {
            self.torn.lock().unwrap().push(torn);
        }
        victim.came += 1;
        if victim.dead || victim.came != victim.at {
            return Fault::None;
        }
        let child = victim.child.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        victim.dead = true;
        self.died.notify_all();
        if victim.done {
            Fault::Unanswered
        } else {
            Fault::Dropped
        }
    }
}

/// The manifest of a ledger whose files are all there, byte for byte; or what is not.
fn whole(server: &Server, ledger: &str) -> Result<Vec<u8>, String> {
    let files = server.below(&format!("{ledger}/"));
    let manifest = files.get("manifest.json").ok_or("no manifest")?;
    let line = manifest.split(|byte| *byte == b'\n').next().unwrap();
    let state: serde_json::Value =
        serde_json::from_slice(line).map_err(|error| error.to_string())?;
    for part in state["parts"].as_array().unwrap() {
        let [table, day, digest] = [0, 1, 2].map(|at| part[at].as_str().unwrap());
        let name = format!("{table}/day={day}/{}.parquet", &digest[..32]);
        let bytes = files
            .get(&name)
            .ok_or_else(|| format!("{ledger}: {name} is listed and not there"))?;
        if blake3::hash(bytes).to_hex().as_str() != digest {
            return Err(format!("{ledger}: {name} has other bytes"));
        }
    }
    Ok(manifest.clone())
}

struct Setting {
    world: World,
    victims: Arc<Victims>,
    /// A ledger with one log.
    base: BTreeMap<String, Vec<u8>>,
    /// The manifest after an undisturbed run, and how many writes it took.
    after: Vec<u8>,
    writes: usize,
}

fn args(ledger: &str) -> String {
    format!("ingest s3://b/logs --catalog small.yaml --ledger s3://{ledger} --threads 1 --quiet")
}

fn setting() -> Setting {
    let world = World::new();
    world.add("small.yaml", OPENAPI.as_bytes());
    world.add("logs/a.log", &log("billing", 1..4, 3));
    world.ok(&args("b/ledgers/base"));
    // The commit replaces files of a log that has grown, and adds those of a new one.
    world.add("logs/a.log", &log("billing", 1..6, 3));
    world.add("logs/b.log", &log("storefront-web", 3..6, 3));
    let base = world.server.below("b/ledgers/base/");
    let writes = Arc::new(Mutex::new(0));
    let count = Arc::clone(&writes);
    world.server.plan(move |request| {
        *count.lock().unwrap() += usize::from(request.method == "PUT");
        Fault::None
    });
    world.ok(&args("b/ledgers/base"));
    let after = whole(&world.server, "b/ledgers/base").unwrap();
    assert_ne!(after, base["manifest.json"]);
    let victims = Arc::new(Victims::default());
    let (own, server) = (Arc::clone(&victims), Arc::clone(&world.server));
    world
        .server
        .plan(move |request| own.arrived(&server, request));
    let writes = *writes.lock().unwrap();
    assert!(writes > 10, "{writes}");
    Setting {
        world,
        victims,
        base,
        after,
        writes,
    }
}

impl Setting {
    /// Kills a writer of its own ledger, and runs it again. Out: whether its commit was done.
    fn kill(&self, ledger: &str, at: usize, done: bool) -> bool {
        let server = &self.world.server;
        let place = format!("{at} of {} in {ledger}, done: {done}", self.writes);
        server.restore(&format!("{ledger}/"), &self.base);
        let mut command = self.world.command(&args(ledger));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut victims = self.victims.by_ledger.lock().unwrap();
        let victim = Victim {
            child: Some(command.spawn().unwrap()),
            at,
            came: 0,
            done,
            dead: false,
        };
        victims.insert(ledger.to_owned(), victim);
        while !victims[ledger].dead {
            let (held, late) = self
                .victims
                .died
                .wait_timeout(victims, std::time::Duration::from_mins(1))
                .unwrap();
            victims = held;
            assert!(!late.timed_out(), "{place}: the write never came");
        }
        drop(victims);
        // The request that it died at is the last one that is done, but for other parts.
        let committed = at == self.writes && done;
        let expected = if committed {
            &self.after
        } else {
            &self.base["manifest.json"]
        };
        let mut now = whole(server, ledger).unwrap();
        for _ in 0..200 {
            if now == *expected {
                break;
            }
            // The store is about to do it.
            thread::sleep(std::time::Duration::from_millis(5));
            now = whole(server, ledger).unwrap();
        }
        assert!(now == *expected, "{place}: neither before nor after");
        if at == self.writes {
            let told = self.world.ok(&format!("ledger verify s3://{ledger}"));
            assert!(told.contains("0 faults"), "{place}: {told}");
        }
        let again = self.world.run(&args(ledger));
        assert!(again.status.success(), "{place}: {}", text(&again.stderr));
        assert!(
            whole(server, ledger).unwrap() == self.after,
            "{place}: other bytes"
        );
        committed
    }
}

#[test]
fn a_writer_that_is_killed_at_a_hundred_points_leaves_the_state_before_or_after() {
    let setting = setting();
    let mut random = 0xca5e_u64;
    let mut points = Vec::new();
    for point in 0..POINTS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // The commit itself, which is the last write, is among the points.
        let at = if point % 5 == 0 {
            setting.writes
        } else {
            1 + usize::try_from(random >> 33).unwrap() % setting.writes
        };
        points.push((at, random >> 20 & 1 == 0));
    }
    let next = Mutex::new(points.into_iter().enumerate());
    let states = Mutex::new([0, 0]);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((number, (at, done))) = next.lock().unwrap().next() else {
                        return;
                    };
                    let committed = setting.kill(&format!("b/ledgers/{number}"), at, done);
                    states.lock().unwrap()[usize::from(committed)] += 1;
                }
            });
        }
    });
    let torn = setting.victims.torn.lock().unwrap();
    assert!(torn.is_empty(), "{torn:?}");
    let [before, after] = states.into_inner().unwrap();
    println!("killed {POINTS} times: {before} states before, {after} after");
    assert_eq!(before + after, POINTS);
    assert!(before > 0 && after > 0);
}
