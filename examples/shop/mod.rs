//! The parts of the sample generator: who calls (`stories`), when (`calendar`), and how Kong logs it (`kong`).

pub(crate) mod calendar;
pub(crate) mod kong;
pub(crate) mod stories;
