//! API descriptions become operations, and a path matcher.

pub mod matcher;
