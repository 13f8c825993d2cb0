//! What stands in for object stores in a program that was built without them.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::segment::Segment;
use super::{Address, Condition, Listed, Refused, Version};

/// There is none.
#[derive(Debug)]
pub(super) enum Object {}

pub(super) fn available() -> io::Result<()> {
    let text =
        "this scopetrim was built without object storage (the cargo feature `object-storage`)";
    Err(io::Error::new(ErrorKind::Unsupported, text))
}

pub(super) fn each_below(
    _: &Address,
    _: &mut dyn FnMut(Listed) -> io::Result<()>,
) -> io::Result<()> {
    available()
}

pub(super) fn get(_: &Address, _: u64) -> io::Result<(Vec<u8>, Version)> {
    available()?;
    Err(ErrorKind::Unsupported.into())
}

pub(super) fn put(_: &Address, _: &[u8], _: &Condition) -> Result<Version, Refused> {
    let unsupported = |()| Err(Refused::Failed(ErrorKind::Unsupported.into()));
    available().map_err(Refused::Failed).and_then(unsupported)
}

pub(super) fn remove(_: &[Address]) -> io::Result<()> {
    available()
}

impl Object {
    pub(super) fn open(_: &Address) -> io::Result<Arc<Self>> {
        available()?;
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn size(&self) -> u64 {
        match *self {}
    }

    pub(super) fn segment(self: &Arc<Self>, _: u64) -> io::Result<Segment> {
        match **self {}
    }
}
