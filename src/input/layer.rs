//! What may be around or between the records of a content.
//!
//! In: the bytes of an input, unpacked. Out: bytes in which each record is a line.
//!
//! Which layers there are is the affair of the formats: reading asks those it is given.

use std::io::Read;

/// A content, from its start to its end.
pub(crate) type Reader = Box<dyn Read + Send>;

/// One kind of layer.
pub trait Layer: Send + Sync {
    /// Whether a content that begins like this is in the layer.
    fn is_around(&self, head: &[u8]) -> bool;

    /// The content without the layer.
    ///
    /// A layer that keeps every byte of a record at its place lets a rejected record be named
    /// by its place in the content.
    fn open(&self, inner: Reader) -> Reader;
}

/// The layers that are looked for, in this order.
pub(crate) type Layers = &'static [&'static dyn Layer];

/// The first layer that is around a content.
pub(super) fn around(layers: Layers, head: &[u8]) -> Option<&'static dyn Layer> {
    layers.iter().copied().find(|layer| layer.is_around(head))
}
