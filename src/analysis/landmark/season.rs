//! What a log cannot know before the coming season was in it.
//!
//! A scope that everybody uses every autumn looks dead in summer. Unless the log holds the
//! coming 90 days one year earlier, nothing tells the two apart.

use super::state::{State, count};
use super::{Clock, HORIZON, History, YEAR};
use crate::model::{Day, Level, Reason};

/// Days back from the end that the coming 90 days one year earlier begin and end at.
const THEN: [i32; 2] = [365, 275];
/// Days of them that may be missing: less than three weeks, as in the window.
const MISSING: u32 = 20;
/// Days more that a use a year ago may lie earlier: a season is not punctual.
const EARLIER: i32 = 15;
/// Clients that make a use a season of the whole fleet, and how many times as many as now.
const FLEET: (u32, u32) = (3, 4);

/// The seasons of a log, as they are known at a date.
#[derive(Clone, Debug)]
pub(crate) struct Seasons {
    /// The last day that is known.
    last: Day,
    /// By client: what would carry it holds the coming 90 days one year earlier.
    seen: Vec<bool>,
    /// By scope: many clients used it in the coming 90 days one year earlier, and few do now.
    resting: Vec<bool>,
}

impl Seasons {
    /// The seasons as they are known before `date`.
    pub(crate) fn new(history: &History, date: Day) -> Self {
        let last = date.plus(-1);
        let [then, until] = THEN;
        let mut users = vec![[0_u32; 2]; history.scopes];
        for grant in &history.grants {
            let used = |from: Day, to: Day| u32::from(count(&grant.days, from, to) > 0);
            let [was, is] = &mut users[grant.scope];
            *was += used(last.plus(-then), last.plus(-until));
            *is += used(date.plus(-HORIZON), date);
        }
        let (fleet, times) = FLEET;
        let resting = users
            .into_iter()
            .map(|[was, is]| was >= fleet && was >= times * (is + 1))
            .collect();
        let first = last.plus(1 - then);
        let holds = |clock: &Clock| {
            let days = HORIZON.unsigned_abs();
            let covered = clock.at(first.plus(HORIZON)) - clock.at(first);
            clock.at(first.plus(1)) > 0 && days.saturating_sub(covered) <= MISSING
        };
        let whole = holds(&history.clock);
        let mut seen = vec![whole; history.clients.len()];
        for (client, clock) in &history.clocks {
            seen[*client] = whole && holds(clock);
        }
        Self {
            last,
            seen,
            resting,
        }
    }

    /// The safest level that a grant of a client and a scope may have at this time of the
    /// year, and why; `None` when nothing holds it.
    pub(crate) fn holds(
        &self,
        state: &State,
        (client, scope): (usize, usize),
    ) -> Option<(Level, Reason)> {
        let [then, until] = THEN;
        let season = self.last.plus(-then - EARLIER)..=self.last.plus(-until);
        let this_season = state.last.is_some_and(|last| season.contains(&last));
        if self.resting[scope] && state.idle < YEAR {
            Some((Level::Review, Reason::SeasonOfTheFleet))
        } else if !self.seen[client] {
            Some((Level::Likely, Reason::SeasonNotSeen))
        } else if this_season {
            Some((Level::Likely, Reason::UsedThisSeasonLastYear))
        } else {
            None
        }
    }
}
