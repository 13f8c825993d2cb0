//! Were the probabilities right? Each grant that was idle at an origin was given one.
//!
//! Brier score: mean of (p - came)², 0 is perfect. Logarithmic score: mean of
//! -ln(probability given to what came). Both fall only when the probabilities get
//! better, however few removals follow from them (Brier 1950; Good 1952).

use rayon::prelude::*;

use super::past_advice::Proposed;
use crate::analysis::prepared::Holder;
use crate::analysis::{ClientAnalysis, Inputs};
use crate::model::Window;
use crate::usage::UNMATCHED;

/// Probabilities against what came within the horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Grants that were given a probability: idle for 30 covered days, and to go.
    pub grants: u64,
    /// Those of them that a request needed within the horizon.
    pub used: u64,
    /// Sum of the probabilities.
    pub expected: f64,
    /// Sum of the squared errors.
    squares: f64,
    /// Sum of the logarithmic losses.
    losses: f64,
}

impl Scores {
    fn add(&mut self, p: f64, used: bool) {
        self.grants += 1;
        self.used += u64::from(used);
        self.expected += p;
        self.squares += (p - f64::from(u8::from(used))).powi(2);
        self.losses -= if used { p.ln() } else { (1.0 - p).ln() };
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            grants: self.grants + other.grants,
            used: self.used + other.used,
            expected: self.expected + other.expected,
            squares: self.squares + other.squares,
            losses: self.losses + other.losses,
        }
    }

    /// Brier score; `None` without a grant.
    pub fn brier(&self) -> Option<f64> {
        self.mean(self.squares)
    }

    /// Logarithmic score; `None` without a grant.
    pub fn log(&self) -> Option<f64> {
        self.mean(self.losses)
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        (self.grants > 0).then(|| sum / self.grants as f64)
    }
}

/// The probabilities of an origin, against the days of `window` after it.
pub(super) fn scores(inputs: &Inputs<'_>, proposal: &Proposed<'_>, window: Window) -> Scores {
    let holders = &proposal.prepared().clients;
    let clients = proposal.clients.par_iter().zip(holders);
    let judged: Vec<Vec<(f64, bool)>> = clients
        .map(|(client, holder)| judged(inputs, proposal, (client, holder), window))
        .collect();
    let mut scores = Scores::default();
    // In the order of the clients, so that the sums have the same last bit every time.
    for (p, used) in judged.into_iter().flatten() {
        scores.add(p, used);
    }
    scores
}

/// The probability of each grant of a client that was given one, and whether it was used.
fn judged(
    inputs: &Inputs<'_>,
    proposal: &Proposed<'_>,
    (client, holder): (&ClientAnalysis, &Holder),
    window: Window,
) -> Vec<(f64, bool)> {
    let idle = client.terms.iter().enumerate();
    let idle: Vec<(usize, f64)> = idle
        .filter_map(|(place, found)| Some((place, found.evidence?.odds.p)))
        .collect();
    if idle.is_empty() {
        return Vec::new();
    }
    let universe = proposal.prepared().universe;
    let mut used = vec![false; holder.terms.len()];
    let usage = inputs.usage.get(&client.id);
    for route in usage.into_iter().flat_map(|usage| &usage.routes) {
        let days = route.days.since(window.from).until(window.to);
        if route.route == UNMATCHED || !days.iter().any(|day| day.need() > 0) {
            continue;
        }
        let operations = inputs.routes.get(route.route as usize);
        let operations = operations.map_or(&[][..], |route| &route.operations);
        for place in holder.serving(universe, operations) {
            used[place] = true;
        }
    }
    let judged = idle.into_iter();
    judged.map(|(place, p)| (p, used[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_are_those_of_the_books() {
        let mut scores = Scores::default();
        assert_eq!((scores.brier(), scores.log()), (None, None));
        scores.add(0.25, false);
        scores.add(0.25, true);
        // (0.0625 + 0.5625) / 2, and -(ln 0.75 + ln 0.25) / 2.
        assert!((scores.brier().unwrap() - 0.3125).abs() < 1e-12);
        assert!((scores.log().unwrap() - 0.836_988_216_785).abs() < 1e-9);
        assert_eq!((scores.grants, scores.used), (2, 1));
        let both = scores.and(&scores);
        assert_eq!((both.brier(), both.grants), (scores.brier(), 4));
    }
}
