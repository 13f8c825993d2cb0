//! A run of bytes of an object, as it is handed around.

use bytes::Bytes;

/// A run of bytes of an object.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Offset of its first byte.
    pub(super) begins: u64,
    pub(super) bytes: Bytes,
}

impl Segment {
    /// The bytes from an offset on; `None` when they are in another segment.
    pub(super) fn from(&self, at: u64) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.begins)?).ok()?;
        self.bytes.get(from..).filter(|rest| !rest.is_empty())
    }
}
