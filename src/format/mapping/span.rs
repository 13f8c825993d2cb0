//! Where a value is in its line.

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    /// It may hold escapes of its own kind of text.
    pub(super) escaped: bool,
}

impl Span {
    /// No value.
    pub(super) const NONE: Self = Self {
        start: u32::MAX,
        end: 0,
        escaped: false,
    };

    pub(super) fn new(start: usize, end: usize, escaped: bool) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(0),
            escaped,
        }
    }
}
