//! The ten promises of the README, each as a property of whole runs, and the replay of any proposal.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "../common/mod.rs"]
mod common;

mod bounded;
mod careful;
mod commit;
mod delivered;
mod ledger;
mod ledger_care;
mod ledger_facts;
mod ledger_past;
mod ledger_together;
mod replayed;
mod same;
mod secret;
mod secret_names;
mod shards;
mod shards_again;
mod trimmed;
mod twice;
