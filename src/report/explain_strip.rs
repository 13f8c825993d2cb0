//! Days as characters: when a term was used, attempted, refused, left alone, and
//! when it is unknown.
//!
//! In: what the client did on the routes of a term, and which days have records.
//! Out: for one term a line for each month with a character a day; for several
//! a line for each term with a character a week.
//!
//! Invariants: a day without records is never shown as a day without use; of
//! several marks in a week the strongest is shown; the oldest weeks go first
//! where there is no room, and the head says which week is the first.

use std::io::{self, Write};

use chrono::Datelike;

use super::escape::{self, columns};
use super::screen::Screen;
use crate::model::{Day, Outcome, Window};
use crate::usage::{Coverage, Holding};

/// What a day, or a week of them, says about a term; the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    NoData,
    NoUse,
    Denied,
    Attempted,
    Used,
}

/// The letters of the marks, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Letters {
    /// Block characters.
    Blocks,
    /// ASCII only.
    Ascii,
}

impl Letters {
    fn of(self, mark: Mark) -> char {
        let all = match self {
            Self::Blocks => ['?', '·', '×', '▒', '█'],
            Self::Ascii => ['?', '.', 'x', '+', '#'],
        };
        all[mark as usize]
    }

    fn legend(self, unit: &str) -> String {
        let names = [
            (Mark::Used, "used"),
            (Mark::Attempted, "attempted"),
            (Mark::Denied, "refused only"),
            (Mark::NoUse, "no use"),
            (Mark::NoData, "no records"),
        ];
        let parts = names.map(|(mark, name)| format!("{} {name}", self.of(mark)));
        format!("one character a {unit}: {}", parts.join("  "))
    }
}

/// Draws the terms over the window.
pub(crate) fn strip(
    holdings: &[Holding<'_>],
    coverage: &Coverage,
    window: Window,
    letters: Letters,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    if holdings.is_empty() || coverage.covered(window) == 0 {
        return Ok(());
    }
    match holdings {
        [one] => {
            Screen::new(out, width).whole("", &letters.legend("day"))?;
            months(&days(one, coverage, window), window, letters, out)
        }
        all => weeks(all, coverage, window, letters, width, out),
    }
}

/// One ASCII character for each day of the window.
pub(super) fn day_marks(holding: &Holding<'_>, coverage: &Coverage, window: Window) -> String {
    let marks = days(holding, coverage, window);
    marks.iter().map(|mark| Letters::Ascii.of(*mark)).collect()
}

fn months(marks: &[Mark], window: Window, letters: Letters, out: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    for (at, mark) in marks.iter().enumerate() {
        let date = window.from.plus(i32::try_from(at).unwrap_or(0)).date();
        if date.day() == 1 || at == 0 {
            if at > 0 {
                writeln!(out, "{line}")?;
            }
            let before = date.day0() as usize;
            line = format!("  {}  {}", date.format("%Y-%m"), " ".repeat(before));
        }
        line.push(letters.of(*mark));
    }
    writeln!(out, "{line}")
}

fn weeks(
    holdings: &[Holding<'_>],
    coverage: &Coverage,
    window: Window,
    letters: Letters,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names: Vec<String> = holdings
        .iter()
        .map(|holding| escape::cut(holding.term, (width / 3).max(20)))
        .collect();
    let wide = names.iter().map(|name| columns(name)).max().unwrap_or(0);
    let room = width.saturating_sub(wide + 4).max(1);
    let count = (window.days() as usize).div_ceil(7).min(room);
    let back = i32::try_from(count * 7).unwrap_or(i32::MAX) - 1;
    let first = window.to.plus(-back).max(window.from);
    let legend = format!("{}, from {first} to {}", letters.legend("week"), window.to);
    Screen::new(out, width).whole("", &legend)?;
    for (name, holding) in names.iter().zip(holdings) {
        let marks = days(holding, coverage, window);
        // Weeks are counted back from the end, so that the last one is whole.
        let mut line: Vec<char> = marks
            .rchunks(7)
            .take(count)
            .filter_map(|week| week.iter().max())
            .map(|mark| letters.of(*mark))
            .collect();
        line.reverse();
        let pad = " ".repeat(wide - columns(name));
        writeln!(out, "  {name}{pad}  {}", line.iter().collect::<String>())?;
    }
    Ok(())
}

/// The mark of each day of the window.
fn days(holding: &Holding<'_>, coverage: &Coverage, window: Window) -> Vec<Mark> {
    let mut marks: Vec<Mark> = (window.from.0..=window.to.0)
        .map(|day| {
            if coverage.days.contains_key(&Day(day)) {
                Mark::NoUse
            } else {
                Mark::NoData
            }
        })
        .collect();
    let routes = holding.usage.into_iter().flat_map(|usage| &usage.routes);
    for day in routes
        .filter(|route| holding.routes.contains(&route.route))
        .flat_map(|route| &route.days)
    {
        let at = usize::try_from(i64::from(day.day) - i64::from(window.from.0)).ok();
        let Some(mark) = at.and_then(|at| marks.get_mut(at)) else {
            continue;
        };
        let kind = if day.counts[Outcome::Used as usize] > 0 {
            Mark::Used
        } else if day.need() > 0 {
            Mark::Attempted
        } else if day.denied() > 0 {
            Mark::Denied
        } else {
            continue;
        };
        *mark = (*mark).max(kind);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::{ClientUse, DayUse, RouteUse};

    fn drawn(terms: &[&str], letters: Letters, width: usize) -> String {
        let day = |text: &str| Day::parse(text).unwrap();
        let on = |text: &str, outcome: Outcome| {
            let mut counts = [0; Outcome::ALL.len()];
            counts[outcome as usize] = 1;
            DayUse {
                day: day(text).0,
                counts,
                ..DayUse::default()
            }
        };
        let usage = ClientUse {
            client: 1,
            routes: vec![RouteUse {
                route: 0,
                days: vec![
                    on("2026-01-29", Outcome::Used),
                    on("2026-02-01", Outcome::Attempted),
                    on("2026-02-03", Outcome::DeniedGateway),
                ]
                .into(),
            }],
        };
        let window = Window {
            from: day("2026-01-28"),
            to: day("2026-02-05"),
        };
        let coverage = Coverage {
            days: (window.from.0..=window.to.0)
                .filter(|number| *number != day("2026-02-04").0)
                .map(|number| (Day(number), 1))
                .collect(),
            gaps: Vec::new(),
        };
        let holdings: Vec<Holding<'_>> = terms
            .iter()
            .enumerate()
            .map(|(at, term)| Holding {
                client: "a",
                term,
                observable: true,
                usage: Some(&usage),
                routes: if at == 0 { vec![0] } else { Vec::new() },
            })
            .collect();
        let mut out = Vec::new();
        strip(&holdings, &coverage, window, letters, width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_term_gets_a_character_a_day_and_a_missing_day_is_not_an_idle_day() {
        assert_eq!(
            drawn(&["x"], Letters::Ascii, 80),
            "one character a day: # used  + attempted  x refused only  . no use  ? no records\n  \
             2026-01                             .#..\n  2026-02  +.x?.\n"
        );
        assert!(drawn(&["x"], Letters::Blocks, 80).contains("·█··"));
    }

    #[test]
    fn several_terms_get_a_character_a_week_counted_back_from_the_end() {
        let text = drawn(&["x", "longer"], Letters::Ascii, 80);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(lines, ["  x       #+", "  longer  .."]);
        let narrow = drawn(&["x", "longer"], Letters::Ascii, 11);
        assert!(narrow.contains("from 2026-01-30"), "{narrow}");
        assert!(narrow.contains("  x       +\n"), "{narrow}");
    }
}
