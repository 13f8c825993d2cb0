//! Ways to get the program: what the release and the pipelines run is run here, and their files are read.
//!
//! The scripts are for POSIX systems; where there is no `sh` they are not tried, and that is said.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_collect,
    reason = "a test may panic, print and be slow, and clippy exempts only `#[test]` functions"
)]

mod scripts;
mod workflows;
#[path = "../scale/yaml.rs"]
mod yaml;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_scopetrim");

fn read(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(ROOT).join(name)).unwrap()
}
