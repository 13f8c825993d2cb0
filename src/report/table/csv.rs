//! A row as comma-separated values (RFC 4180), in which no spreadsheet sees a formula.
//!
//! `usage` writes a year of a large fleet this way, so text that needs no quoting, counts
//! and instants take no detour over formatting. The quoting is that of [`csv_text`], which
//! quotes more than the `csv` crate would: a semicolon separates fields in some countries.

use std::io::{self, Write};

use super::plain;
use crate::model::rows::{Cell, Column};
use crate::model::{Day, Millis};
use crate::report::escape::csv_text;

/// The names of the columns.
pub(super) fn header(columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))
}

/// One row with its line end.
#[expect(clippy::unnecessary_wraps, reason = "as every writer of a row")]
pub(super) fn line(columns: &[Column], row: &[Cell<'_>], out: &mut Vec<u8>) -> io::Result<()> {
    for (at, (column, cell)) in columns.iter().zip(row).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) if is_plain(text) => out.extend_from_slice(text.as_bytes()),
            Cell::Integer(count) => number(*count, out),
            Cell::Day(date) => day(*date, out),
            Cell::Instant(time) => instant(*time, out),
            // A number below zero is not a formula.
            Cell::Float(_) => out.extend_from_slice(plain(column, cell).as_bytes()),
            _ => out.extend_from_slice(csv_text(&plain(column, cell)).as_bytes()),
        }
    }
    out.push(b'\n');
    Ok(())
}

/// Whether [`csv_text`] would not change it, for certain: nearly every name, path and id.
///
/// Without a branch for each byte: of random digits and letters none can be foreseen.
fn is_plain(text: &str) -> bool {
    static PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 0x80 {
            plain[byte as usize] = byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'{' | b'}');
            byte += 1;
        }
        plain
    };
    let bytes = text.as_bytes();
    bytes.first() != Some(&b'-')
        && bytes
            .iter()
            .fold(true, |plain, byte| plain & PLAIN[usize::from(*byte)])
}

/// Decimal digits.
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

/// `2026-01-02`.
fn day(day: Day, out: &mut Vec<u8>) {
    use chrono::Datelike as _;
    let date = day.date();
    let Some(year @ 0..10_000) = u64::try_from(date.year()).ok() else {
        return out.extend_from_slice(day.to_string().as_bytes());
    };
    two(year / 100, out);
    two(year % 100, out);
    for part in [date.month(), date.day()] {
        out.push(b'-');
        two(part.into(), out);
    }
}

/// `2026-01-02T12:00:00.117Z`.
fn instant(time: Millis, out: &mut Vec<u8>) {
    day(Day::of(time), out);
    let ms = u64::try_from(time.rem_euclid(86_400_000)).unwrap_or(0);
    let parts = [ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60];
    for (part, before) in parts.iter().zip(*b"T::") {
        out.push(before);
        two(*part, out);
    }
    out.push(b'.');
    number(ms % 1_000 / 100, out);
    two(ms % 100, out);
    out.push(b'Z');
}

fn two(value: u64, out: &mut Vec<u8>) {
    number(value / 10, out);
    number(value % 10, out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_short_way_is_taken_for_names_paths_and_ids() {
        for text in ["billing-app", "/v1/orders/{id}", "cc21d9b0-cf5c-432b", ""] {
            assert!(is_plain(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_that_is_written_as_it_is_needs_no_quoting(text in "[-=+@ ;:#'a-c0-1_./{}\u{1b}é]{0,6}") {
            prop_assert!(!is_plain(&text) || csv_text(&text) == text, "{}", text);
        }

        #[test]
        fn numbers_and_instants_are_written_as_usual(count: u64, time in -99_999_999_999_999..299_999_999_999_999_i64) {
            let mut out = Vec::new();
            number(count, &mut out);
            out.push(b' ');
            instant(time, &mut out);
            let usual = format!("{count} {}", crate::report::json::instant(time));
            prop_assert_eq!(String::from_utf8(out).unwrap(), usual);
        }
    }
}
