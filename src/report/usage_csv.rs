//! The usage table as CSV: one line for each day, client and route.
//!
//! Days are rendered in parallel and written in order, so that a large table
//! is never in memory as text.

use std::io::{self, Write};

use super::escape::csv_text;
use crate::model::{Millis, Outcome};
use crate::usage::{DayRows, Row, UNMATCHED, UsageTable, for_each_day};

/// Column names.
pub const HEADER: &str = "day,client,method,template,count,used,attempted,denied,unauthenticated,first,last,sample_request_id\n";

/// Writes the table.
pub fn write(table: &UsageTable, out: &mut dyn Write) -> io::Result<()> {
    let clients: Vec<String> = table.clients.iter().map(|name| csv_text(name)).collect();
    let routes: Vec<String> = table
        .routes
        .iter()
        .map(|route| format!("{},{}", route.method, csv_text(&route.template)))
        .collect();
    out.write_all(HEADER.as_bytes())?;
    for_each_day(
        table,
        |rows| day(&rows, &clients, &routes),
        |text| out.write_all(&text),
    )
}

/// One line in the making: the outcomes of a group come one behind the other.
#[derive(Default)]
pub(super) struct Line {
    /// Client and route.
    pub(super) key: Option<(u32, u32)>,
    pub(super) counts: [u64; Outcome::ALL.len()],
    pub(super) first: Millis,
    pub(super) last: Millis,
    pub(super) sample: Vec<u8>,
}

fn day(rows: &DayRows, clients: &[String], routes: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 120);
    let day = rows.day().to_string();
    lines(rows, |line| line.flush(&day, clients, routes, &mut out));
    out
}

/// Calls with each line of a day, in order of client and route.
pub(super) fn lines(rows: &DayRows, mut each: impl FnMut(&Line)) {
    let mut line = Line::default();
    rows.for_each(|row| {
        if line.key != Some((row.client, row.route)) {
            if line.key.is_some() {
                each(&line);
            }
            line.begin(&row);
        }
        line.add(&row);
    });
    if line.key.is_some() {
        each(&line);
    }
}

impl Line {
    fn begin(&mut self, row: &Row<'_>) {
        self.key = Some((row.client, row.route));
        self.counts = [0; Outcome::ALL.len()];
        (self.first, self.last) = (Millis::MAX, Millis::MIN);
        self.sample.clear();
    }

    fn add(&mut self, row: &Row<'_>) {
        self.counts[row.outcome as usize] += row.count;
        if row.first < self.first {
            self.first = row.first;
            self.sample.clear();
            self.sample
                .extend_from_slice(row.sample.unwrap_or_default());
        }
        self.last = self.last.max(row.last);
    }

    fn flush(&self, day: &str, clients: &[String], routes: &[String], out: &mut Vec<u8>) {
        let Some((client, route)) = self.key else {
            return;
        };
        out.extend_from_slice(day.as_bytes());
        out.push(b',');
        out.extend_from_slice(
            clients
                .get(client as usize)
                .map_or(&b""[..], |name| name.as_bytes()),
        );
        out.push(b',');
        if route == UNMATCHED {
            out.push(b',');
        } else {
            out.extend_from_slice(
                routes
                    .get(route as usize)
                    .map_or(&b","[..], |label| label.as_bytes()),
            );
        }
        let of = |outcome: Outcome| self.counts[outcome as usize];
        let denied = super::usage_json::denied(&self.counts);
        let failed = super::usage_json::nobodys(client, of(Outcome::Attempted));
        let total = self.counts.iter().sum();
        for count in [
            total,
            of(Outcome::Used),
            of(Outcome::Attempted) - failed,
            denied,
            of(Outcome::Unauthenticated) + failed,
        ] {
            out.push(b',');
            number(count, out);
        }
        for time in [self.first, self.last] {
            out.push(b',');
            instant(day, time, out);
        }
        out.push(b',');
        match std::str::from_utf8(&self.sample) {
            // Nearly every id is hex or a UUID.
            _ if is_plain(&self.sample) => {
                out.extend_from_slice(&self.sample);
            }
            Ok(sample) => out.extend_from_slice(csv_text(sample).as_bytes()),
            Err(_) => out.extend_from_slice(self.sample.escape_ascii().to_string().as_bytes()),
        }
        out.push(b'\n');
    }
}

/// Letters, digits and inner hyphens: [`csv_text`] would not change them.
///
/// Without a branch for each byte: of random digits and letters none can be foreseen.
fn is_plain(id: &[u8]) -> bool {
    static PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 0x80 {
            plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-';
            byte += 1;
        }
        plain
    };
    id.first().is_none_or(u8::is_ascii_alphanumeric)
        && id
            .iter()
            .fold(true, |plain, byte| plain & PLAIN[usize::from(*byte)])
}

/// Decimal digits, without the detour over formatting: this runs seven times a line.
fn number(mut value: u64, out: &mut Vec<u8>) {
    if let Ok(digit @ 0..10) = u8::try_from(value) {
        return out.push(b'0' + digit);
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// `2026-01-02T12:00:00.117Z`; the day is known.
fn instant(day: &str, time: Millis, out: &mut Vec<u8>) {
    let ms = time.rem_euclid(86_400_000);
    let parts = [ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60];
    out.extend_from_slice(day.as_bytes());
    for (part, before) in parts.iter().zip(*b"T::") {
        out.push(before);
        two(*part, out);
    }
    out.push(b'.');
    let ms = ms % 1_000;
    out.push(b'0' + u8::try_from(ms / 100).unwrap_or(0));
    two(ms % 100, out);
    out.push(b'Z');
}

fn two(value: i64, out: &mut Vec<u8>) {
    out.push(b'0' + u8::try_from(value / 10).unwrap_or(0));
    out.push(b'0' + u8::try_from(value % 10).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_written_as_it_is_needs_no_quoting() {
        for id in [
            "", "a", "0-9", "-1", "=1", "a;b", "a b", " a", "é", "'x", "a\u{1b}b",
        ] {
            assert!(!is_plain(id.as_bytes()) || csv_text(id) == id, "{id}");
        }
        assert!(is_plain(b"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2"));
    }

    #[test]
    fn numbers_and_instants_are_written_as_usual() {
        let mut out = Vec::new();
        number(0, &mut out);
        number(1_204, &mut out);
        number(u64::MAX, &mut out);
        instant("2026-01-02", 1_767_355_200_117, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "01204184467440737095516152026-01-02T12:00:00.117Z"
        );
    }
}
