//! A first configuration from what lies in a folder.

mod folder_scan;
mod globs;
mod write;

pub(crate) use folder_scan::{FolderContents, look};
pub(crate) use write::text;
