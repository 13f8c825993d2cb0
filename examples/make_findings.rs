//! Writes the logs of `samples/findings`: half a year in which every finding is planted, and nearly.
//!
//!     cargo run --example make_findings -- samples/findings
//!
//! Same bytes on every run: seeded, no clock, no time stamp in the gzip header. The other files of the
//! sample are written by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a generator of fixed data may panic on a wrong table"
)]

mod findings;
#[path = "support/rng.rs"]
mod rng;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};

use findings::line::{self, Line};

/// Days in one file.
const PART: u32 = 90;

fn main() -> Result<(), String> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("usage: make_findings FOLDER")?;
    write(Path::new(&folder)).map_err(|error| format!("cannot write to `{folder}`: {error}"))
}

fn write(folder: &Path) -> std::io::Result<()> {
    let logs = folder.join("logs");
    fs::create_dir_all(&logs)?;
    for part in 0..findings::DAYS / PART {
        let file = fs::File::create(logs.join(format!("gateway-{}.jsonl.gz", part + 1)))?;
        let mut gzip = GzBuilder::new()
            .mtime(0)
            .operating_system(255)
            .write(file, Compression::best());
        for line in lines(part * PART..(part + 1) * PART) {
            gzip.write_all(line.text.as_bytes())?;
            gzip.write_all(b"\n")?;
        }
        gzip.finish()?.sync_all()?;
    }
    Ok(())
}

/// All requests of these days, in the order of their times.
fn lines(days: std::ops::Range<u32>) -> Vec<Line> {
    let calls = findings::calls::calls();
    let mut lines = Vec::new();
    for day in days {
        for (number, call) in (0..).zip(&calls) {
            if call.on.falls_on(day) {
                lines.extend(line::lines(call, number, day));
            }
        }
    }
    lines.sort();
    lines
}
