//! Levels rest on the past, through the whole program.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod metamorphic;
mod past;
mod roles;
mod suspend;
mod world;
