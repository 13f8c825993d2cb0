//! What is assumed before an organisation's own past says more.
//!
//! Shares of grants used again within 90 days, by how long they are silent. For used
//! grants: below what two published histories of ten and more years showed (who changes which
//! part of Wikimedia's server configuration and of Go's tools: 35 and 23 % after 30 days, 7 and
//! 4 % after a year), and flattened at the end. For grants never used: simulated
//! tenants, widened upwards, because those histories have none. `docs/levels.md` has the
//! figures.

use super::stratum::SILENT;

/// Used before; by class of silence.
const USED: [f64; SILENT] = [
    0.25, 0.18, 0.13, 0.09, 0.065, 0.04, 0.025, 0.016, 0.012, 0.010,
];
/// Never used.
const NEVER: [f64; SILENT] = [0.08, 0.05, 0.035, 0.03, 0.025, 0.02, 0.02, 0.02, 0.02, 0.02];

/// Share used again within 90 days, 0..1.
pub(super) fn of(never: bool, silent: usize) -> f64 {
    if never { NEVER[silent] } else { USED[silent] }
}
