//! The figures of all clients together.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::ClientAnalysis;
use crate::model::words::rounded;

/// All clients together.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "fleet")]
pub struct Fleet {
    /// Clients that the policy files name.
    pub clients: usize,
    /// Client and term pairs that are held.
    pub granted: usize,
    /// Client and term pairs in the minimal sets.
    pub minimal: usize,
    /// Mean exposure now.
    #[schemars(range(min = 0, max = 1))]
    pub exposure_mean_before: f64,
    /// Mean exposure after every safe and likely removal.
    #[schemars(range(min = 0, max = 1))]
    pub exposure_mean_after_likely: f64,
    /// Mean exposure after every removal.
    #[schemars(range(min = 0, max = 1))]
    pub exposure_mean_after_all: f64,
    /// Largest exposure of one client now.
    #[schemars(range(min = 0, max = 1))]
    pub exposure_max_before: f64,
}

impl Fleet {
    /// Mean and maximum over all clients, to four decimals.
    pub fn of(clients: &[ClientAnalysis]) -> Self {
        let mean = |of: &dyn Fn(&ClientAnalysis) -> f64| -> f64 {
            let count = f64::from(u32::try_from(clients.len().max(1)).unwrap_or(u32::MAX));
            rounded(clients.iter().map(of).sum::<f64>() / count, 4)
        };
        Self {
            clients: clients.len(),
            granted: clients.iter().map(|client| client.granted.len()).sum(),
            minimal: clients.iter().map(|client| client.minimal.len()).sum(),
            exposure_mean_before: mean(&|client| client.exposure.before),
            exposure_mean_after_likely: mean(&|client| client.exposure.after_likely),
            exposure_mean_after_all: mean(&|client| client.exposure.after_all),
            exposure_max_before: clients
                .iter()
                .map(|client| client.exposure.before)
                .fold(0.0, f64::max),
        }
    }
}
