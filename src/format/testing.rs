//! Helpers of the tests of formats.

use super::{LogFormat, RawRecord, Scratch, Skip};

/// What a format reads from a line.
pub(super) fn read<T>(
    format: &dyn LogFormat,
    line: &str,
    check: impl Fn(Result<RawRecord<'_>, Skip>) -> T,
) -> T {
    let reader = format.open(line.as_bytes());
    check(reader.parse(line.as_bytes(), &mut Scratch::asking(true)))
}
