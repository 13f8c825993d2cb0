//! A description of a format, compiled.

use regex::bytes::Regex;

use super::field::Field;
use super::rules::{Condition, Verdict};
use super::times::Times;
use super::unwrap::Inner;
use super::values::Shape;
use crate::format::declared::Meaning;

/// What the status of the service, or other values of the line, say about who answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::format) enum Answered {
    /// A status of the service: it answered.
    #[default]
    Upstream,
    /// The same, and without one a refusal is the server's own: NGINX.
    UpstreamOrOwn,
    /// Flags and details of the response: Envoy.
    Envoy,
    /// The state at the end, and the server: HAProxy.
    Haproxy,
}

/// Flags, details and host of Envoy; state and server of HAProxy.
pub(in crate::format) const FIRST: Meaning = Meaning::Own(0);
pub(in crate::format) const SECOND: Meaning = Meaning::Own(1);
pub(in crate::format) const THIRD: Meaning = Meaning::Own(2);

/// A description, compiled.
pub(in crate::format) struct Compiled {
    /// Tells descriptions apart.
    pub(super) number: u64,
    pub(super) shape: Shape,
    /// The names of the places.
    pub(super) places: Vec<Box<str>>,
    pub(super) fields: Vec<Field>,
    pub(super) times: Times,
    pub(super) when: Vec<Condition>,
    pub(super) outcome: Vec<(Verdict, Condition)>,
    /// What is cut off the beginning of a line.
    pub(super) prefix: Vec<Regex>,
    pub(super) unwrap: Vec<Inner>,
    /// The patterns of fields.
    pub(super) regexes: Vec<Regex>,
    pub(super) answered: Answered,
    /// Scopes are separated by these too.
    pub(super) split: Vec<u8>,
}
