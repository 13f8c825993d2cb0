//! A seeded tenant: its clients, what they did, what they were granted, and what the API description says.
//!
//! In: a size and the problems to plant. Out: for each log format the files that `scopetrim` reads.
//!
//! Invariants:
//! * without a plant the tenant is healthy: every trait of it is one that ordinary tenants have (tokens that
//!   are renewed after a 401, business refusals, several networks of egress, two HTTP libraries of one client);
//! * the four formats tell of the same requests, each as far as it carries the fields;
//! * every plant has clients, operations and keys of its own, so that all of them can be in one tenant;
//! * equal sizes, seeds and plants give equal bytes, and a plant leaves the random numbers of the others alone.
//!
//! What has to be found is written with each plant (`plants`); the comparison is up to the test.

pub(crate) mod call;
pub(crate) mod files;
pub(crate) mod format;
pub(crate) mod healthy;
pub(crate) mod plants;

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use call::Event;
use files::{Grant, Operation};
use format::Format;
use plants::Plant;

/// 2026-07-01, in seconds since 1970.
pub(crate) const START: i64 = 1_782_864_000;
/// The plants need so many days: limits of 90 days, and some days around them.
pub(crate) const LEAST_DAYS: u32 = 100;
pub(crate) const DAY: i64 = 86_400;

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Healthy clients.
    pub(crate) clients: u32,
    /// Days of log.
    pub(crate) days: u32,
    /// Hours of a day in which a healthy client works; up to five requests in each.
    pub(crate) hours: u32,
    pub(crate) seed: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            clients: 50,
            days: LEAST_DAYS,
            hours: 6,
            seed: 7,
        }
    }
}

/// Everything that is written.
pub(crate) struct Tenant {
    /// In the order of their times.
    pub(crate) events: Vec<Event>,
    operations: Vec<Operation>,
    grants: Vec<Grant>,
    /// Lines above the clients of the policy file.
    head: String,
    /// Scopes that the description declares and no operation asks for.
    declared: Vec<&'static str>,
    config: String,
}

impl Tenant {
    pub(crate) fn new(size: &Size, plants: &[Plant]) -> Self {
        let (mut events, mut grants) = healthy::tenant(size);
        let mut operations = healthy::operations();
        let (mut head, mut declared) = (String::new(), Vec::new());
        for (number, plant) in (0..).zip(plants) {
            for call in &plant.calls {
                events.extend(call::events(call, size, (number, plant.slug)));
            }
            grants.extend(plant.grants.iter().cloned());
            operations.extend(plant.operations.iter().copied());
            head.push_str(plant.head);
            declared.extend(plant.declared);
        }
        events.sort();
        let config = files::config(plants.iter().map(|plant| plant.config));
        Self {
            events,
            operations,
            grants,
            head,
            declared,
            config,
        }
    }

    /// Writes the files of one format into a folder.
    pub(crate) fn write(&self, format: Format, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("logs"))?;
        let mut log = BufWriter::new(fs::File::create(folder.join("logs/access.log"))?);
        for (number, event) in (1..).zip(&self.events) {
            writeln!(log, "{}", format.line(event, number))?;
        }
        log.flush()?;
        let description = files::openapi(&self.operations, &self.declared);
        fs::write(folder.join("openapi.yaml"), description)?;
        let policy = files::policy(&self.head, &self.grants);
        fs::write(folder.join("grants.yaml"), policy)?;
        fs::write(folder.join("scopetrim.toml"), &self.config)
    }
}
