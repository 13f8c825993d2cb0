//! Measures the levels: what was called safe or likely, and what was used afterwards.
//!
//!     cargo run --release --example levels -- HISTORY.csv[.gz]...
//!
//! Each HISTORY has the columns `day,client,resource`. Six dates of it are judged; a table
//! in Markdown is printed (docs/levels.md).
#![expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]

#[path = "levels/real.rs"]
mod real;
#[path = "levels/table.rs"]
mod table;
#[path = "levels/world.rs"]
mod world;

use std::path::PathBuf;

fn main() -> Result<(), String> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return Err("usage: levels HISTORY.csv[.gz]...".to_owned());
    }
    let tables: Result<Vec<_>, String> = files.iter().map(|path| real::judge(path)).collect();
    print!("{}", table::render(&tables?));
    Ok(())
}
