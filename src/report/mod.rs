//! One view of the result as data, and its renderers.

pub mod escape;
pub mod usage_csv;
