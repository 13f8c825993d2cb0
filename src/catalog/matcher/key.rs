//! A segment of a template, so that most are compared without looking at their bytes.

/// A node and the segment after it. Up to 16 bytes its ends are all of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) node: u32,
    len: u32,
    ends: (u64, u64),
}

/// Bytes of a segment that its ends hold for certain.
pub(super) const WHOLE: usize = 16;

impl Key {
    #[inline]
    pub(super) fn new(node: u32, segment: &[u8]) -> Self {
        let ends = if let (Some(first), Some(last)) =
            (segment.first_chunk::<8>(), segment.last_chunk::<8>())
        {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) =
            (segment.first_chunk::<4>(), segment.last_chunk::<4>())
        {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            (u64::from(first), u64::from(last))
        } else if let (Some(first), Some(last)) = (segment.first(), segment.last()) {
            let middle = u64::from(segment[segment.len() / 2]);
            (u64::from(*first) << 8 | middle, u64::from(*last))
        } else {
            (0, 0)
        };
        Self {
            node,
            len: u32::try_from(segment.len()).unwrap_or(u32::MAX),
            ends,
        }
    }

    /// The table holds the catalogue's segments and no others, so no request can crowd it.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let place = u64::from(self.node) | u64::from(self.len) << 32;
        let first = u128::from(self.ends.0 ^ MIX);
        let wide = first * u128::from(self.ends.1 ^ place.wrapping_mul(MIX));
        // Both halves of the product, folded.
        u64::try_from(wide >> 64 ^ wide & u128::from(u64::MAX)).unwrap_or(0)
    }
}
