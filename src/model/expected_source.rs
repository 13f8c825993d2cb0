//! A source that has to have data: a gateway, a node, a region.

use super::{Day, SourcePattern};

/// An expected source, and when it is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSource {
    /// Which inputs are its, by their names as shown.
    pub source: SourcePattern,
    /// First day on which it is expected; from the first day of the data when absent.
    pub since: Option<Day>,
    /// Last day on which it is expected.
    pub until: Option<Day>,
}

impl ExpectedSource {
    /// One that is expected on every day.
    pub fn always(source: SourcePattern) -> Self {
        Self {
            source,
            since: None,
            until: None,
        }
    }

    /// Whether a source is expected on a day.
    pub fn is_expected(&self, day: Day) -> bool {
        self.since.is_none_or(|since| since <= day) && self.until.is_none_or(|until| day <= until)
    }
}
