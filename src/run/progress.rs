//! Who is told how far the reading is.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Follows a stage that takes long.
pub trait Progress: Sync {
    /// Begins to follow `done` on its way to `total` bytes, until the result is dropped.
    fn follow(&self, total: u64, done: &Arc<AtomicU64>) -> Following;
}

/// A stage that is being followed; dropping it ends that.
#[derive(Default)]
pub struct Following(Option<Box<dyn FnOnce()>>);

impl Following {
    /// Does this once the stage is over.
    pub fn until(end: impl FnOnce() + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// Nobody is told.
pub struct NoProgress;

impl Progress for NoProgress {
    fn follow(&self, _total: u64, _done: &Arc<AtomicU64>) -> Following {
        Following::default()
    }
}
