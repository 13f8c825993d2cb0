//! Writes the sample of `samples/shop`: thirteen months of Kong logs and the policy files that go with them.
//!
//!     cargo run --example make_shop -- samples/shop [--scale N] [--seed S]
//!
//! Same options, same bytes: seeded, no clock, no time stamp in the gzip headers. `--scale` multiplies
//! the number of calls and changes no story. The policy files and the README are written by hand; a
//! copy goes to the folder named, so that a larger sample is complete.
#![expect(
    clippy::unwrap_used,
    reason = "a generator of fixed data may panic on a wrong table"
)]

#[path = "support/rng.rs"]
mod rng;
mod shop;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use flate2::{Compression, GzBuilder};

use rng::{Rng, mix};
use shop::calendar::{FIRST, LAST};
use shop::hash;
use shop::kong::{self, Line};
use shop::stories::CALLERS;

const BY_HAND: [(&str, &str); 4] = [
    ("README.md", include_str!("../samples/shop/README.md")),
    ("grants.yaml", include_str!("../samples/shop/grants.yaml")),
    ("openapi.yaml", include_str!("../samples/shop/openapi.yaml")),
    (
        "scopetrim.toml",
        include_str!("../samples/shop/scopetrim.toml"),
    ),
];

struct Options {
    folder: PathBuf,
    scale: u32,
    seed: u64,
}

fn main() -> Result<(), String> {
    let options = options(std::env::args().skip(1))?;
    write(&options)
        .map_err(|error| format!("cannot write to `{}`: {error}", options.folder.display()))
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let usage = "usage: make_shop FOLDER [--scale N] [--seed S]";
    let (mut folder, mut scale, mut seed) = (None, 1, 1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next()?.parse::<u32>().ok();
        match argument.as_str() {
            "--scale" => scale = number().ok_or(usage)?,
            "--seed" => seed = number().ok_or(usage)?.into(),
            _ if argument.starts_with('-') || folder.is_some() => return Err(usage.into()),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    let folder = folder.ok_or(usage)?;
    Ok(Options {
        folder,
        scale,
        seed,
    })
}

fn write(options: &Options) -> io::Result<()> {
    let logs = options.folder.join("logs");
    fs::create_dir_all(&logs)?;
    for (name, text) in BY_HAND {
        let path = options.folder.join(name);
        // Left alone when equal: the files' own times stay, too.
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            fs::write(path, text)?;
        }
    }
    let mut days: BTreeMap<(i32, u32), Vec<NaiveDate>> = BTreeMap::new();
    for date in FIRST.iter_days().take_while(|date| *date <= LAST) {
        days.entry((date.year(), date.month()))
            .or_default()
            .push(date);
    }
    for ((year, month), days) in days {
        let mut lines: Vec<Line> = days
            .iter()
            .flat_map(|date| requests(*date, options))
            .collect();
        lines.sort();
        write_gzip(&logs.join(format!("kong-{year}-{month:02}.log.gz")), &lines)?;
    }
    Ok(())
}

/// All requests of one day. Each call has its own random numbers, so changing one story leaves the others' bytes alone.
fn requests(date: NaiveDate, options: &Options) -> Vec<Line> {
    let mut lines = Vec::new();
    for caller in CALLERS {
        for (index, call) in (0_u64..).zip(caller.calls) {
            if date < call.from || date > call.to || !call.rhythm.falls_on(date) {
                continue;
            }
            let day = u64::try_from(date.num_days_from_ce()).unwrap();
            let mut rng = Rng::new(options.seed ^ mix(hash(caller.name) ^ (index << 32) ^ day));
            for _ in 0..call.times * options.scale {
                lines.push(kong::line(caller, call, date, &mut rng));
            }
        }
    }
    lines
}

fn write_gzip(path: &Path, lines: &[Line]) -> io::Result<()> {
    let file = fs::File::create(path)?;
    // No time and no name in the header, and one value for the system: the same bytes everywhere.
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(file, Compression::best());
    for line in lines {
        gzip.write_all(line.text.as_bytes())?;
        gzip.write_all(b"\n")?;
    }
    gzip.finish()?.sync_all()
}
