//! Measures the levels: what was called safe or likely, and what was used afterwards.
//!
//!     cargo run --release --example levels -- HISTORY.csv[.gz]...
//!     cargo run --release --example levels -- --simulated [SETTING...]
//!
//! Each HISTORY has the columns `day,client,resource`. Six dates of it are judged. A SETTING
//! is a kind of simulated organisation; all are judged when none is named. Tables in Markdown
//! are printed (docs/levels.md). `--seeds N` draws so many organisations of most settings,
//! `--window DAYS` is the option of the program, and `--reasons` also prints what holds
//! removals back: below the level of their odds, or odds for `review`.
#![expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]

#[path = "levels/bars.rs"]
mod bars;
#[path = "levels/population.rs"]
mod population;
#[path = "levels/real.rs"]
mod real;
#[path = "support/rng.rs"]
mod rng;
#[path = "levels/simulated.rs"]
mod simulated;
#[path = "levels/table.rs"]
mod table;
#[path = "levels/world.rs"]
mod world;

use std::path::Path;

use table::Table;

const USAGE: &str = "usage: levels HISTORY.csv[.gz]... | levels --simulated [SETTING...] [--seeds N] [--window DAYS] [--reasons]";

fn main() -> Result<(), String> {
    let (mut names, mut simulated, mut reasons) = (Vec::new(), false, false);
    let (mut seeds, mut window) = (20, world::WINDOW);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u32, String> {
            let next = arguments.next().and_then(|text| text.parse().ok());
            next.ok_or_else(|| format!("`{argument}` needs a number\n{USAGE}"))
        };
        match argument.as_str() {
            "--simulated" => simulated = true,
            "--reasons" => reasons = true,
            "--seeds" => seeds = number()?,
            "--window" => window = number()?,
            _ => names.push(argument),
        }
    }
    if names.is_empty() && !simulated {
        return Err(USAGE.to_owned());
    }
    let tables: Vec<Table> = if simulated {
        simulated::judge(&names, seeds, window)?
    } else {
        let files = names.iter().map(|name| real::judge(Path::new(name)));
        files.collect::<Result<_, _>>()?
    };
    print!("{}", table::render(&tables));
    if simulated {
        print!("{}", bars::render(&tables));
    }
    if reasons {
        print!("\n{}", table::render_held(&tables));
    }
    Ok(())
}
