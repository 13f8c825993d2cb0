//! One ledger, one table of outcomes; and the names under which outcomes are stored.

use super::{Ledger, LedgerError, Writer};
use crate::model::{Outcome, OutcomeTable};

/// A refusal by the service. Not the name that outputs use: rows of older versions have that
/// one also where nobody knows who refused.
const BY_SERVICE: &str = "denied_service";

/// The name under which an outcome is stored.
pub(super) fn stored(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::DeniedService => BY_SERVICE,
        other => other.name(),
    }
}

/// Reads it back; what an older version says of the service is said by nobody.
pub(super) fn read(name: &str) -> Option<Outcome> {
    match Outcome::named(name) {
        Some(Outcome::DeniedService) => Some(Outcome::DeniedUnknown),
        None if name == BY_SERVICE => Some(Outcome::DeniedService),
        other => other,
    }
}

impl Ledger {
    /// The table of outcomes that all of it was counted with, where that is recorded.
    pub(crate) fn outcomes(&self) -> Option<&OutcomeTable> {
        self.manifest.outcomes.as_ref()
    }
}

impl Writer {
    /// States with which table of outcomes the next sources were counted. One ledger has one
    /// table: the counts of two could not be told apart.
    pub(crate) fn counted_with(&mut self, table: &OutcomeTable) -> Result<(), LedgerError> {
        let outcomes = table.sorted();
        match &self.manifest.outcomes {
            Some(known) if *known != outcomes => Err(LedgerError::Outcomes {
                dir: self.dir.path().into(),
                known: known.flags(),
                stated: outcomes.flags(),
            }),
            // Nobody knows with which one an older ledger was counted.
            None if !self.is_empty() => Ok(()),
            _ => {
                self.manifest.outcomes = Some(outcomes);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_comes_back_and_an_older_refusal_is_by_nobody_knows_whom() {
        for outcome in Outcome::ALL {
            assert_eq!(read(stored(outcome)), Some(outcome));
        }
        assert_eq!(read("denied_upstream"), Some(Outcome::DeniedUnknown));
        assert_eq!(read("denied"), None);
    }
}
