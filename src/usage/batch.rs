//! A few hundred events as columns: what the readers fill and the aggregate consumes.

use crate::model::{Millis, Outcome};

/// Rows of one batch: small enough to stay in the first-level cache.
pub(super) const ROWS: usize = 512;

/// Columns of equal length.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) time: Vec<Millis>,
    pub(super) client: Vec<u32>,
    pub(super) route: Vec<u32>,
    pub(super) outcome: Vec<Outcome>,
    ids: Vec<u8>,
    id_ends: Vec<u32>,
}

impl Batch {
    #[inline]
    pub(super) fn push(
        &mut self,
        time: Millis,
        client: u32,
        route: u32,
        outcome: Outcome,
        id: Option<&[u8]>,
    ) {
        self.time.push(time);
        self.client.push(client);
        self.route.push(route);
        self.outcome.push(outcome);
        if let Some(id) = id {
            self.ids.extend_from_slice(&id[..id.len().min(256)]);
        }
        self.id_ends
            .push(u32::try_from(self.ids.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// The request id of a row; empty when it has none.
    #[inline]
    pub(super) fn id(&self, row: usize) -> &[u8] {
        let start = if row == 0 {
            0
        } else {
            self.id_ends[row - 1] as usize
        };
        self.ids
            .get(start..self.id_ends[row] as usize)
            .unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.time.clear();
        self.client.clear();
        self.route.clear();
        self.outcome.clear();
        self.ids.clear();
        self.id_ends.clear();
    }
}
