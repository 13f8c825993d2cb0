//! wip
pub mod minimum; pub mod weight;
