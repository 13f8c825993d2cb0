//! The pages tell no tales: commands run, quoted output and pictures are what the program prints, links lead
//! somewhere, and what is listed is complete.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes quoted output and pictures anew; see CONTRIBUTING.md.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print, and clippy exempts only `#[test]` functions"
)]

mod commands;
mod complete;
mod fields;
mod links;
mod page;
mod pictures;
mod workplace;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether generated parts are written anew in place of being compared.
fn update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}
