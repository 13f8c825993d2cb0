//! What the method's own past decisions would have broken.
//!
//! At an earlier date, with what was known then, the same levels are given; the
//! log shows what was used afterwards. Grants are taken as they are today.

use super::{HORIZON, History, Model, Thresholds, guards, wilson};
use crate::model::{Day, Level};

/// Landmarks that an earlier decision needs at least.
const LANDMARKS: usize = 3;
/// Share of past `safe` removals that may have been used again.
const BRAKE: f64 = 0.01;

/// Decisions at one earlier date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The date; days before it were known.
    pub date: Day,
    /// Grants that would have been called safe.
    pub safe: u32,
    /// Of these, used within 90 days.
    pub safe_used: u32,
    /// Grants that would have been called safe or likely.
    pub likely: u32,
    /// Of these, used within 90 days.
    pub likely_used: u32,
}

/// All earlier decisions that the log can judge, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// One entry for each date; their 90 days do not overlap.
    pub origins: Vec<Origin>,
}

impl Past {
    /// Decides at every earlier date, 90 days apart, for which enough landmarks fit.
    pub fn judge(history: &History, thresholds: &Thresholds) -> Self {
        let mut origins = Vec::new();
        let mut date = history.clock.to().plus(-HORIZON);
        while let Some(origin) = decide(history, thresholds, date) {
            origins.push(origin);
            date = date.plus(-HORIZON);
        }
        Self { origins }
    }

    /// Past `safe` removals, and how many were used again.
    pub fn safe(&self) -> (u32, u32) {
        self.origins.iter().fold((0, 0), |(all, used), origin| {
            (all + origin.safe, used + origin.safe_used)
        })
    }

    /// More than 1 % of past `safe` removals were used again: nothing is safe in this run.
    pub fn brakes(&self) -> bool {
        let (all, used) = self.safe();
        f64::from(used) > BRAKE * f64::from(all)
    }

    /// Upper 95 % bound of the share of past `safe` removals used again.
    pub fn safe_upper(&self) -> f64 {
        let (all, used) = self.safe();
        wilson(f64::from(used), f64::from(all))
    }
}

fn decide(history: &History, thresholds: &Thresholds, date: Day) -> Option<Origin> {
    let landmarks = history.landmarks(date);
    if landmarks.len() < LANDMARKS {
        return None;
    }
    let model = Model::fit(history, &landmarks);
    let days = history.clock.days_to(date);
    let mut origin = Origin {
        date,
        safe: 0,
        safe_used: 0,
        likely: 0,
        likely_used: 0,
    };
    for (grant, state) in history.grants.iter().zip(history.states(date)) {
        let Some(state) = state.filter(|state| guards(state, days)) else {
            continue;
        };
        let level = thresholds.level(&model.odds(&state, grant.scope));
        if level > Level::Likely {
            continue;
        }
        let next = grant.days.partition_point(|day| *day < date);
        let end = date.plus(HORIZON);
        let used = u32::from(grant.days.get(next).is_some_and(|day| *day < end));
        // Nobody saw that it was left alone.
        if used == 0 && history.is_blind(grant.client, date, end) {
            continue;
        }
        origin.likely += 1;
        origin.likely_used += used;
        if level == Level::Safe {
            origin.safe += 1;
            origin.safe_used += used;
        }
    }
    Some(origin)
}
