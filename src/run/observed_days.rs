//! Which days are looked at, and what becomes of records that are dated outside of the data.
//!
//! Invariant: a clock that is years off moves neither end, and what its records needed counts on
//! the last day, so that no grant looks unused because of a date. A day that was asked for is
//! taken at its word.

use super::{Advised, Settings};
use crate::analysis::replay::observed::Outside;
use crate::model::{Day, Window};
use crate::usage::Coverage;

/// Longest default window in days.
const DEFAULT_WINDOW: u32 = 365;

/// What becomes of records that are dated outside of the data, which ends `to` this day.
pub(crate) fn outside(settings: &Settings, coverage: &Coverage, to: Day) -> Outside {
    let found = coverage.credible_begin(settings.reject_share);
    let begins = found.filter(|(_, stray)| *stray > 0).map(|(day, _)| day);
    // Who asks for days before it takes the dates of the log as they are.
    let is_asked = |begins: Day| settings.since.is_some_and(|since| since < begins);
    Outside {
        late_counts: settings.as_of.is_none(),
        begins: begins.filter(|begins| *begins <= to && !is_asked(*begins)),
    }
}

/// The days looked at: they end where the data ends, never at the clock.
pub(crate) fn window(settings: &Settings, coverage: &Coverage) -> anyhow::Result<Window> {
    let (Some(span), Some((end, _))) = (
        coverage.span(),
        coverage.credible_end(settings.reject_share),
    ) else {
        return Ok(Window {
            from: Day(0),
            to: Day(0),
        });
    };
    // After the data there is nothing to look at, only days that would look silent.
    let to = settings.as_of.map_or(end, |as_of| as_of.min(span.to));
    let window = match (settings.since, settings.window) {
        (Some(since), _) => Window { from: since, to },
        (None, Some(days)) => Window::ending(to, days),
        (None, None) => {
            let begins = outside(settings, coverage, to).begins;
            let from = begins.unwrap_or(span.from);
            let data = Window { from, to };
            Window::ending(to, data.days().clamp(1, DEFAULT_WINDOW))
        }
    };
    if let Some(since) = settings.since.filter(|since| *since > to) {
        return Err(Advised::new(
            format!(
                "--since {since} is after the last day that is looked at, {to}: the logs cover {} to {}",
                span.from, span.to
            ),
            "choose a day inside the days of the logs, or a later --as-of",
        ));
    }
    if window.days() == 0 || window.to < span.from || window.from > span.to {
        return Err(Advised::new(
            format!(
                "no data in the window {} to {}: the logs cover {} to {}",
                window.from, window.to, span.from, span.to
            ),
            "choose --as-of and --window inside the days of the logs, or leave them out",
        ));
    }
    Ok(window)
}
