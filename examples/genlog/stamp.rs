//! The time of a request, spelt as the formats want it.

use crate::index;
use crate::lines::padded;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time in the spellings of the formats; each part is written anew only when it changes.
#[derive(Default)]
pub(crate) struct Stamp {
    /// Milliseconds since 1970.
    pub(crate) millis: u64,
    second: u64,
    day: u64,
    /// `2026-06-01T`, and `01/Jun/2026:`.
    pub(crate) date: [String; 2],
    /// `00:00:00`.
    pub(crate) clock: Vec<u8>,
}

impl Stamp {
    /// Sets the time, in milliseconds since 1970.
    pub(crate) fn set(&mut self, millis: u64) {
        self.millis = millis;
        let second = millis / 1_000;
        if second == self.second {
            return;
        }
        self.second = second;
        self.clock.clear();
        for (at, part) in [second / 3_600 % 24, second / 60 % 60, second % 60]
            .into_iter()
            .enumerate()
        {
            if at > 0 {
                self.clock.push(b':');
            }
            padded(&mut self.clock, part, 2);
        }
        let day = second / 86_400;
        if day != self.day {
            self.day = day;
            let (year, month, day) = civil(day);
            self.date = [
                format!("{year}-{month:02}-{day:02}T"),
                format!("{day:02}/{}/{year}:", MONTHS[index(month - 1)]),
            ];
        }
    }
}

/// The date of a day counted from 1970-01-01; years are tried one by one, there are few.
fn civil(mut day: u64) -> (u64, u64, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}
