//! The number of the client that a line names.

use super::aggregate::Names;
use super::table::NAME_SEPARATOR;
use crate::event::identity::Identities;

/// The worker's number of the names on a line: both names together when there are two.
/// `through` says that the request was not refused.
#[inline]
pub(super) fn number(
    (name, through): (&[u8], bool),
    alt: Option<&[u8]>,
    identities: &Identities,
    buffer: &mut Vec<u8>,
    names: &mut Names,
) -> u32 {
    let known = |_: &[u8]| identities.is_known(&identities.resolve(name, alt));
    let conceal = |joined: &[u8]| conceal(joined, identities);
    match alt {
        None => names.number((name, through), known, conceal),
        Some(alt) => {
            buffer.clear();
            buffer.extend_from_slice(name);
            buffer.push(NAME_SEPARATOR);
            buffer.extend_from_slice(alt);
            names.number((buffer, through), known, conceal)
        }
    }
}

/// One name, or two together, without secrets; `None` when there are none in it.
pub(super) fn conceal(joined: &[u8], identities: &Identities) -> Option<Vec<u8>> {
    use std::borrow::Cow::{Borrowed, Owned};

    let Some(at) = memchr::memchr(NAME_SEPARATOR, joined) else {
        return match identities.conceal(joined) {
            Owned(concealed) => Some(concealed),
            Borrowed(_) => None,
        };
    };
    match (
        identities.conceal(&joined[..at]),
        identities.conceal(&joined[at + 1..]),
    ) {
        (name, alt) if matches!(name, Owned(_)) || matches!(alt, Owned(_)) => {
            Some([&name, &[NAME_SEPARATOR][..], &alt].concat())
        }
        _ => None,
    }
}
