//! The parts of the sample generator: who calls (`stories`), when (`calendar`), and how Kong logs it (`kong`).

pub(crate) mod calendar;
pub(crate) mod kong;
pub(crate) mod stories;

use crate::rng::mix;

/// A stable hash of a string.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(7, |seen, byte| mix(seen ^ u64::from(byte)))
}
