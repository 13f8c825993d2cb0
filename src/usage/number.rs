//! The number of the client that a line names.

use super::aggregate::Names;
use crate::event::identity::Identities;

/// The worker's number of the names on a line: both names together when there are two.
#[inline]
pub(super) fn number(
    name: &[u8],
    alt: Option<&[u8]>,
    identities: &Identities,
    buffer: &mut Vec<u8>,
    names: &mut Names,
) -> u32 {
    let known = |_: &[u8]| identities.known.contains(identities.resolve(name, alt));
    match alt {
        None => names.number(name, known),
        Some(alt) => {
            buffer.clear();
            buffer.extend_from_slice(name);
            buffer.push(super::table::NAME_SEPARATOR);
            buffer.extend_from_slice(alt);
            names.number(buffer, known)
        }
    }
}
