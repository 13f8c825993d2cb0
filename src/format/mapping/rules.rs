//! Conditions on a record: which records a description is of, and what they say was decided.
//!
//! In: the values of a line. Out: whether a condition holds, and the first verdict that does.

use regex::bytes::Regex;

use super::field::{Field, Work};
use super::values::Values;
use crate::format::{Decision, RawRecord};
use crate::model::AnsweredBy;

/// What a value has to be.
pub(in crate::format) enum Test {
    /// One of these.
    In(Vec<Box<[u8]>>),
    /// It begins with one of these.
    Prefix(Vec<Box<[u8]>>),
    /// It holds one of these.
    Contains(Vec<Box<[u8]>>),
    /// The pattern is found in it.
    Regex(Regex),
    /// It says something, or it does not.
    Present(bool),
}

/// A condition: everything that it says has to hold.
pub(in crate::format) struct Condition {
    /// Each with its tests.
    pub(super) of: Vec<(Field, Vec<Test>)>,
    /// It is turned around.
    pub(super) not: bool,
}

/// What a rule says about the records that it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Verdict {
    DeniedByGateway,
    DeniedByUpstream,
    Denied,
    Allowed,
    AnsweredByGateway,
    AnsweredByUpstream,
    Ignore,
}

impl Verdict {
    /// The names, in the order of the documentation.
    pub(super) const NAMES: [(&'static str, Self); 7] = [
        ("denied_by_gateway", Self::DeniedByGateway),
        ("denied_by_upstream", Self::DeniedByUpstream),
        ("denied", Self::Denied),
        ("allowed", Self::Allowed),
        ("answered_by_gateway", Self::AnsweredByGateway),
        ("answered_by_upstream", Self::AnsweredByUpstream),
        ("ignore", Self::Ignore),
    ];

    /// Writes it into a record; `None` when the record is none.
    pub(super) fn apply(self, record: &mut RawRecord<'_>) -> Option<()> {
        let refusal = matches!(record.status, Some(401 | 403));
        match self {
            Self::DeniedByGateway => {
                record.answered_by = AnsweredBy::Gateway;
                record.decision = Decision::Denied;
            }
            Self::DeniedByUpstream => {
                record.answered_by = AnsweredBy::Upstream;
                // A refusal by status keeps who refused.
                if !refusal {
                    record.decision = Decision::Denied;
                }
            }
            Self::Denied if !refusal => record.decision = Decision::Denied,
            Self::Denied => {}
            Self::Allowed => record.decision = Decision::Allowed,
            Self::AnsweredByGateway => record.answered_by = AnsweredBy::Gateway,
            Self::AnsweredByUpstream => record.answered_by = AnsweredBy::Upstream,
            Self::Ignore => return None,
        }
        Some(())
    }
}

impl Condition {
    /// Whether it holds for a line.
    pub(super) fn holds(&self, values: &Values<'_>, work: &mut Work<'_>) -> bool {
        let all = self.of.iter().all(|(field, tests)| {
            let found = field.read(values, work);
            let text = found
                .as_ref()
                .and_then(|found| found.piece.bytes(work.decoded));
            tests.iter().all(|test| test.holds(text))
        });
        all != self.not
    }
}

impl Test {
    fn holds(&self, text: Option<&[u8]>) -> bool {
        let text = text.filter(|text| !text.is_empty());
        if let Self::Present(wanted) = self {
            return text.is_some() == *wanted;
        }
        let Some(text) = text else { return false };
        match self {
            Self::In(all) => all.iter().any(|own| **own == *text),
            Self::Prefix(all) => all.iter().any(|own| text.starts_with(own)),
            Self::Contains(all) => all
                .iter()
                .any(|own| memchr::memmem::find(text, own).is_some()),
            Self::Regex(regex) => regex.is_match(text),
            Self::Present(_) => true,
        }
    }
}
