//! One ledger, one table of outcomes.

use super::{Ledger, LedgerError, Writer};
use crate::model::OutcomeTable;

impl Ledger {
    /// The table of outcomes that all of it was counted with, where that is recorded.
    pub fn outcomes(&self) -> Option<&OutcomeTable> {
        self.manifest.outcomes.as_ref()
    }
}

impl Writer {
    /// States with which table of outcomes the next sources were counted. One ledger has one
    /// table: the counts of two could not be told apart.
    pub fn counted_with(&mut self, table: &OutcomeTable) -> Result<(), LedgerError> {
        let own = table.sorted();
        match &self.manifest.outcomes {
            Some(known) if *known != own => Err(LedgerError::Outcomes {
                dir: self.dir.clone(),
                known: known.flags(),
                own: own.flags(),
            }),
            // Nobody knows with which one an older ledger was counted.
            None if !self.is_empty() => Ok(()),
            _ => {
                self.manifest.outcomes = Some(own);
                Ok(())
            }
        }
    }
}
