//! The time stamps that gateways write.

use std::ops::Range;

use crate::model::{Day, Millis};

/// Reads times and remembers the date it saw last.
#[derive(Debug, Default)]
pub struct Clock {
    last: Option<([u8; 11], i64)>,
    zoneless: u64,
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
        self.zoneless += u64::from(rest.is_empty());
        Some(day + time + fraction - zone(rest)?)
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
        self.zoneless += u64::from(rest.is_empty());
        Some(day + time + fraction - zone(rest)?)
    }

    /// How many times without a zone were read since this was last asked.
    pub fn take_zoneless(&mut self) -> u64 {
        std::mem::take(&mut self.zoneless)
    }

    /// Any of the above, or an epoch number.
    pub fn any(&mut self, text: &[u8]) -> Option<Millis> {
        if text.get(4) == Some(&b'-') {
            self.rfc3339(text)
        } else if text.get(2) == Some(&b'/') {
            self.clf(text)
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

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by
/// magnitude; decimals are kept to the millisecond.
pub fn epoch(text: &[u8]) -> Option<Millis> {
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
pub fn claim(text: &[u8]) -> Option<Millis> {
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
fn zone(text: &[u8]) -> Option<i64> {
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
mod tests {
    use super::*;

    const NOON: Millis = 1_767_355_200_000; // 2026-01-02T12:00:00Z

    #[test]
    fn every_usual_form_of_one_instant_is_that_instant() {
        let mut clock = Clock::default();
        for text in [
            "2026-01-02T12:00:00Z",
            "2026-01-02T12:00:00.000000000Z",
            "2026-01-02t12:00:00z",
            "2026-01-02 12:00:00+0000",
            "2026-01-02T14:00:00+02:00",
            "2026-01-02T07:30:00-04:30",
            "2026-01-02T12:00:00,000+00",
            "2026-01-02 12:00:00 UTC",
            "02/Jan/2026:12:00:00 +0000",
            "02/Jan/2026:13:00:00 +0100",
            "1767355200",
            "1767355200.000",
            "1767355200000",
            "1767355200000000",
            "1767355200000000000",
        ] {
            assert_eq!(clock.any(text.as_bytes()), Some(NOON), "{text}");
        }
        assert_eq!(clock.any(b"2026-01-02T12:00:00.1170000Z"), Some(NOON + 117));
        assert_eq!(clock.any(b"1767355200.117"), Some(NOON + 117));
        assert_eq!(claim(b"Fri Jan 02 12:00:00 UTC 2026"), Some(NOON));
        assert_eq!(claim(b"Fri Jan 02 12:00:00 CET 2026"), None);
    }

    #[test]
    fn times_without_a_zone_are_counted_and_no_others() {
        let mut clock = Clock::default();
        for text in [
            "2026-01-02T12:00:00Z",
            "2026-01-02 12:00:00 UTC",
            "02/Jan/2026:12:00:00 +0000",
            "1767355200",
            "2026-01-02T12:00:00 CEST",
        ] {
            clock.any(text.as_bytes());
        }
        assert_eq!(clock.take_zoneless(), 0);
        for text in [
            "2026-01-02T12:00:00",
            "2026-01-02 12:00:00,117",
            "02/Jan/2026:12:00:00",
        ] {
            assert!(clock.any(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!((clock.take_zoneless(), clock.take_zoneless()), (3, 0));
    }

    #[test]
    fn local_time_is_read_with_the_offset_of_its_own_line() {
        let mut clock = Clock::default();
        // The hour that happens twice when summer time ends.
        let first = clock.clf(b"25/Oct/2026:02:30:00 +0200").unwrap();
        let second = clock.clf(b"25/Oct/2026:02:30:00 +0100").unwrap();
        assert_eq!(second - first, 3_600_000);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let mut clock = Clock::default();
        for text in [
            "",
            "-",
            "2026-13-02T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-01-02T25:00:00Z",
            "2026-01-02",
            "02/Mai/2026:12:00:00 +0000",
            "31/Dez/2026:12:00:00 +0000",
            "2026-01-02T12:00:00 CEST",
            "12.5.3",
            "1e9",
            "99999999999999999999",
            "2026-01-02T12:00:00+1",
        ] {
            assert_eq!(clock.any(text.as_bytes()), None, "{text}");
        }
    }
}
