//! `enforce` from the command line, and targets whose engine cannot be linked with the program's
//! own tests.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test may panic and need not be fast, and clippy exempts only `#[test]` functions"
)]

mod casbin;
mod command;
mod table;
mod world;
