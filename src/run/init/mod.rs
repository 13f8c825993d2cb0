//! A first configuration from what lies in a folder.

mod folder_scan;
mod write;

pub use folder_scan::{Found, look};
pub use write::text;
