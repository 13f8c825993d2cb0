//! Places that are no files of this machine: objects in S3, Google Cloud Storage and Azure Blob
//! Storage, and files of a web server.
//!
//! In: an address, `s3://bucket/key`. Out: the bytes of an object at any place, what lies below a
//! prefix, and, for who writes, a change that happens only when nobody else was first.
//!
//! Invariants:
//! * one run sees one state of an object: what is replaced meanwhile is an error, never a mixture;
//! * memory is a few segments for each thread, whatever the size of the objects;
//! * no error holds a credential;
//! * all that is asynchronous is behind this module: callers block.
//!
//! Without the feature `object-storage` every address is an error that says so.

#[cfg(not(feature = "object-storage"))]
mod absent;
mod address;
#[cfg(feature = "object-storage")]
mod cache;
#[cfg(feature = "object-storage")]
mod change;
mod content;
#[cfg(feature = "object-storage")]
mod credential_process;
#[cfg(feature = "object-storage")]
mod ini;
#[cfg(feature = "object-storage")]
mod object;
#[cfg(feature = "object-storage")]
mod profile;
mod segment;
#[cfg(feature = "object-storage")]
mod store;
#[cfg(feature = "object-storage")]
mod words;

use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

pub(crate) use address::{Address, is_remote, shown};
pub(crate) use content::Content;

#[cfg(not(feature = "object-storage"))]
use absent as backend;
#[cfg(not(feature = "object-storage"))]
use absent as change;
#[cfg(feature = "object-storage")]
use object as backend;

/// An object below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its whole address.
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// Which state of an object it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The entity tag.
    pub(crate) tag: Option<String>,
    /// The generation, where the store counts them.
    pub(crate) number: Option<String>,
}

/// When an object is put.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// There is none of the name.
    New,
    /// The one of the name is still in this state.
    Instead(Version),
}

/// Why an object was not put.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The condition does not hold.
    Taken,
    /// It may have been put all the same: an answer can get lost.
    Failed(io::Error),
}

/// Whether an address can be used: it is well-formed, and this program knows object stores.
pub(crate) fn check(name: &str) -> io::Result<()> {
    Address::parse(name)?;
    backend::available()
}

/// The size of an object; `None` when there is none.
pub(crate) fn size(address: &Address) -> io::Result<Option<u64>> {
    match backend::Object::open(address) {
        Ok(object) => Ok(Some(object.size())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Hands over every object below a prefix, page by page as the store lists them.
pub(crate) fn each_below(
    prefix: &Address,
    each: &mut dyn FnMut(Listed) -> io::Result<()>,
) -> io::Result<()> {
    backend::each_below(prefix, each)
}

/// The bytes of an object as it is now, or an error when it has more than `limit`.
pub(crate) fn get(address: &Address, limit: u64) -> io::Result<(Vec<u8>, Version)> {
    change::get(address, limit)
}

/// The bytes of a file, or of an object whatever was read of it before.
pub(crate) fn as_now(path: &Path) -> io::Result<Vec<u8>> {
    if !is_remote(path) {
        return std::fs::read(path);
    }
    get(&Address::of(path)?, u64::MAX).map(|found| found.0)
}

/// Puts an object if the condition holds: in one step, for everybody.
pub(crate) fn put(
    address: &Address,
    bytes: &[u8],
    condition: &Condition,
) -> Result<Version, Refused> {
    change::put(address, bytes, condition)
}

/// Removes objects; one that is not there is no error.
pub(crate) fn remove(addresses: &[Address]) -> io::Result<()> {
    change::remove(addresses)
}

/// The bytes of an object, or an error when it has more than `limit`.
pub(crate) fn read_whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let content = Content::open(path)?;
    let size = content.size()?;
    if size > limit {
        let text = format!("it has more than {limit} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, text));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    content.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}
