//! The time stamps that gateways write.

use std::ops::Range;

use crate::model::{Day, Millis};

/// Reads times and remembers the date it saw last.
#[derive(Debug, Default)]
pub struct Clock {
    last: Option<([u8; 11], i64)>,
    zoneless: u64,
    /// The stated offset of times without a zone.
    stated: Option<Millis>,
}

const MINUTE: i64 = 60_000;

impl Clock {
    /// RFC 3339 with 0 to 9 decimals (or a comma), `T` or a space, and a zone in
    /// any of the usual forms; without a zone it is taken as UTC.
    pub fn rfc3339(&mut self, text: &[u8]) -> Option<Millis> {
        let date = text.get(..10)?;
        if !matches!(text.get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let day = self.day(date, |date| {
            if date[4] != b'-' || date[7] != b'-' {
                return None;
            }
            day_number(
                number(date, 0..4)?,
                number(date, 5..7)?,
                number(date, 8..10)?,
            )
        })?;
        let (time, rest) = clock_time(text.get(11..)?)?;
        let (fraction, rest) = fraction(rest);
        Some(day + time + fraction - self.offset(rest)?)
    }

    /// `02/Jan/2026:12:00:00 +0000`, the common log format; brackets already off.
    pub fn clf(&mut self, text: &[u8]) -> Option<Millis> {
        let date = text.get(..11)?;
        if *text.get(11)? != b':' {
            return None;
        }
        let day = self.day(date, |date| {
            if date[2] != b'/' || date[6] != b'/' {
                return None;
            }
            let month = match &date[3..6] {
                b"Jan" => 1,
                b"Feb" => 2,
                b"Mar" => 3,
                b"Apr" => 4,
                b"May" => 5,
                b"Jun" => 6,
                b"Jul" => 7,
                b"Aug" => 8,
                b"Sep" => 9,
                b"Oct" => 10,
                b"Nov" => 11,
                b"Dec" => 12,
                _ => return None,
            };
            day_number(number(date, 7..11)?, month, number(date, 0..2)?)
        })?;
        let (time, rest) = clock_time(text.get(12..)?)?;
        let (fraction, rest) = fraction(rest);
        Some(day + time + fraction - self.offset(rest)?)
    }

    /// Times without a zone are of this one from here on, in minutes east of UTC.
    pub fn state(&mut self, zone: Option<i32>) {
        self.stated = zone.map(|minutes| i64::from(minutes) * MINUTE);
    }

    /// The same as another clock was told.
    pub fn state_as(&mut self, other: &Self) {
        self.stated = other.stated;
    }

    /// The offset that follows a time, or the stated one.
    #[inline]
    pub(super) fn offset(&mut self, text: &[u8]) -> Option<Millis> {
        if !text.is_empty() {
            return zone(text);
        }
        let offset = self.stated.unwrap_or_else(|| {
            self.zoneless += 1;
            0
        });
        Some(offset)
    }

    /// How many times without a zone were read since this was last asked.
    pub fn take_zoneless(&mut self) -> u64 {
        std::mem::take(&mut self.zoneless)
    }

    /// `1/2/2026, 12:00:00.117 PM`, the month first, as Azure's portal and its older exports
    /// write it; with or without the comma, the half of the day, decimals and a zone.
    pub fn month_first(&mut self, text: &[u8]) -> Option<Millis> {
        let (date, rest) = text.split_at(memchr::memchr(b' ', text)?);
        let date = date.strip_suffix(b",").unwrap_or(date);
        let mut parts = date.split(|byte| *byte == b'/');
        let mut number_in = |longest: usize| {
            let part = parts.next().filter(|part| part.len() <= longest)?;
            number(part, 0..part.len())
        };
        let (month, day, year) = (number_in(2)?, number_in(2)?, number_in(4)?);
        if parts.next().is_some() || year < 1_000 {
            return None;
        }
        let rest = &rest[1..];
        let mut padded = [b'0'; 8];
        let len = if rest.get(1) == Some(&b':') { 7 } else { 8 };
        padded[8 - len..].copy_from_slice(rest.get(..len)?);
        let (time, _) = clock_time(&padded)?;
        let (fraction, rest) = fraction(&rest[len..]);
        let hour = time / (60 * MINUTE);
        let halves = [(&b" AM"[..], 0), (&b" PM"[..], 12)];
        let half = halves
            .iter()
            .find_map(|(name, half)| Some((rest.strip_prefix(*name)?, *half)));
        let (time, rest) = match half {
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some((rest, half)) => (time + (half + hour % 12 - hour) * 60 * MINUTE, rest),
            None => (time, rest),
        };
        Some(day_number(year, month, day)? * 86_400_000 + time + fraction - self.offset(rest)?)
    }

    /// The same, where times without a zone are of this one, in milliseconds east of UTC.
    pub(super) fn in_zone(
        &mut self,
        offset: Millis,
        read: impl FnOnce(&mut Self) -> Option<Millis>,
    ) -> Option<Millis> {
        let before = self.stated.replace(offset);
        let time = read(self);
        self.stated = before;
        time
    }

    /// Any of the above, or an epoch number.
    pub fn any(&mut self, text: &[u8]) -> Option<Millis> {
        // Apache writes `%t` in brackets.
        let text = match text {
            [b'[', inner @ .., b']'] => inner,
            _ => text,
        };
        if text.get(4) == Some(&b'-') {
            self.rfc3339(text)
        } else if text.get(2) == Some(&b'/') && text.get(3).is_some_and(u8::is_ascii_alphabetic) {
            self.clf(text)
        } else if memchr::memchr(b'/', text).is_some_and(|at| at < 3) {
            self.month_first(text)
        } else {
            epoch(text)
        }
    }

    /// The start of the day in milliseconds, read again only when the text changes.
    fn day(&mut self, date: &[u8], read: impl Fn(&[u8]) -> Option<i64>) -> Option<Millis> {
        let mut key = [0; 11];
        key.get_mut(..date.len())?.copy_from_slice(date);
        if let Some((last, day)) = self.last
            && last == key
        {
            return Some(day);
        }
        let day = read(date)? * 86_400_000;
        self.last = Some((key, day));
        Some(day)
    }
}

/// What Go's `Time.String` writes without the name of the zone and the reading of the
/// monotonic clock: `2026-01-02 12:00:00.117 +0000 UTC m=+0.0`.
pub(crate) fn without_zone_name(text: &[u8]) -> &[u8] {
    if text.get(4) != Some(&b'-') {
        return text;
    }
    let mut words = memchr::memchr_iter(b' ', text);
    match words.nth(2) {
        Some(end) => &text[..end],
        None => text,
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by
/// magnitude; decimals are kept to the millisecond.
pub(crate) fn epoch(text: &[u8]) -> Option<Millis> {
    let split = text.iter().position(|byte| !byte.is_ascii_digit());
    let (whole, rest) = text.split_at(split.unwrap_or(text.len()));
    if whole.is_empty() || whole.len() > 19 || rest.starts_with(b",") {
        return None;
    }
    // Nineteen digits are less than 2^64.
    let value = whole
        .iter()
        .fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let value = i64::try_from(value).ok()?;
    let (decimals, rest) = fraction(rest);
    if !rest.is_empty() {
        return None;
    }
    Some(match value {
        0..100_000_000_000 => value * 1_000 + decimals,
        100_000_000_000..100_000_000_000_000 => value,
        100_000_000_000_000..100_000_000_000_000_000 => value / 1_000,
        _ => value / 1_000_000,
    })
}

/// `Fri Jan 02 12:00:00 UTC 2026`: how AWS API Gateway writes the times in the claims of a
/// Cognito token.
pub(crate) fn claim(text: &[u8]) -> Option<Millis> {
    let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
    let [_, month, day, time, b"UTC" | b"GMT", year] = words.as_slice() else {
        return None;
    };
    let text = [day, &b"/"[..], month, b"/", year, b":", time, b" +0000"].concat();
    Clock::default().clf(&text)
}

fn number(text: &[u8], range: Range<usize>) -> Option<i64> {
    text.get(range)?.iter().try_fold(0, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        Some(value * 10 + i64::from(digit))
    })
}

fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some(i64::from(Day::from_date(date).0))
}

/// `12:00:00`; 60 is accepted as a leap second.
fn clock_time(text: &[u8]) -> Option<(i64, &[u8])> {
    if *text.get(2)? != b':' || *text.get(5)? != b':' {
        return None;
    }
    let (hour, minute, second) = (
        number(text, 0..2)?,
        number(text, 3..5)?,
        number(text, 6..8)?,
    );
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some((
        hour * 60 * MINUTE + minute * MINUTE + second * 1_000,
        &text[8..],
    ))
}

/// Decimals of a second as milliseconds, cut and not rounded, and what follows.
fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let [b'.' | b',', digits @ ..] = text else {
        return (0, text);
    };
    let len = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let mut millis = 0;
    for place in 0..3 {
        let digit = digits[..len]
            .get(place)
            .map_or(0, |byte| i64::from(byte - b'0'));
        millis = millis * 10 + digit;
    }
    (millis, &digits[len..])
}

/// The offset from UTC in milliseconds.
pub(super) fn zone(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, digits) = match text {
        [] | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (number(digits, 0..2)?, 0),
        4 => (number(digits, 0..2)?, number(digits, 2..4)?),
        5 if digits[2] == b':' => (number(digits, 0..2)?, number(digits, 3..5)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * (hours * 60 + minutes) * MINUTE)
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
