//! One writer at a time. The system drops the lock when the process ends,
//! however it ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use super::LedgerError;

/// The name of the lock's file.
pub(super) const FILE: &str = "lock";

/// Held while a ledger is written.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who holds it.
    pub(super) fn take(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join(FILE);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(LedgerError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What the holder wrote is a courtesy: an empty file is not an error.
                let _ = (&file).take(200).read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another process".to_owned(),
                    known => known.to_owned(),
                };
                return Err(LedgerError::Locked {
                    dir: dir.into(),
                    holder,
                });
            }
            Err(TryLockError::Error(error)) => return Err(LedgerError::io(&path)(error)),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "it helps anyone who waits for the lock, and reaches no table and no result"
        )]
        let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now());
        let holder = format!(
            "process {}, since {}\n",
            std::process::id(),
            now.format("%Y-%m-%d %H:%M:%S UTC")
        );
        // The lock holds without the courtesy, for example on a full disk.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()));
        Ok(Self { _file: file })
    }
}
