//! Which clients appear in which sources.
//!
//! A source is what writes logs: one gateway, one cluster. Its name is what the
//! names of its files have in common: without dates, without the numbers of a
//! rotation, without the ending of a compression.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Day;

/// Clients by source, and what an older catalogue did not distinguish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Names of the sources, sorted.
    pub sources: Vec<String>,
    /// For each client the sources (indices) that carry its requests. Empty when there
    /// is one source only.
    pub clients: BTreeMap<String, BTreeSet<usize>>,
    /// For each client the routes that its requests may have been on, counted as others
    /// because the catalogue of that time did not have them.
    pub hidden: BTreeMap<String, BTreeSet<u32>>,
}

impl Presence {
    /// With the sources of these inputs, and the source of each input.
    pub(super) fn of<'a>(inputs: impl IntoIterator<Item = &'a str> + Clone) -> (Self, Vec<usize>) {
        let names: BTreeSet<String> = inputs.clone().into_iter().map(stem).collect();
        let sources: Vec<String> = names.into_iter().collect();
        let place = |input| sources.binary_search(&stem(input)).unwrap_or(0);
        let places = inputs.into_iter().map(place).collect();
        let presence = Self {
            sources,
            ..Self::default()
        };
        (presence, places)
    }

    /// The index of the source of an input or of a name of a source; `None` when there is
    /// one source only.
    pub fn place(&self, input: &str) -> Option<usize> {
        if self.sources.len() < 2 {
            return None;
        }
        let name = stem(input);
        self.sources.binary_search(&name).ok()
    }

    /// Adds the marks of each worker, whose clients have names.
    pub(super) fn add(&mut self, marks: &[Marks], name: impl Fn(usize, u32) -> Option<String>) {
        for (worker, marks) in marks.iter().enumerate() {
            for (client, source) in marks.iter() {
                if let Some(name) = name(worker, client) {
                    self.clients.entry(name).or_default().insert(source);
                }
            }
        }
    }
}

/// A bit for each known client and source, of one worker.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<Vec<u64>>);

impl Marks {
    /// Notes that clients, by their numbers, are in a source.
    pub(super) fn add(&mut self, source: usize, clients: &[u32], known: impl Fn(u32) -> bool) {
        let (word, bit) = (source / 64, 1 << (source % 64));
        let mut last = None;
        for client in clients {
            if last == Some(client) {
                continue;
            }
            last = Some(client);
            let at = *client as usize;
            let there = self.0.get(at).and_then(|words| words.get(word));
            if there.is_some_and(|bits| bits & bit != 0) || !known(*client) {
                continue;
            }
            if self.0.len() <= at {
                self.0.resize(at + 1, Vec::new());
            }
            if let Some(words) = self.0.get_mut(at) {
                words.resize(words.len().max(word + 1), 0);
                if let Some(bits) = words.get_mut(word) {
                    *bits |= bit;
                }
            }
        }
    }

    /// Clients and sources.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        (0..).zip(&self.0).flat_map(|(client, words)| {
            (0..).zip(words).flat_map(move |(at, word)| {
                let set = (0..64).filter(move |bit| word >> bit & 1 != 0);
                set.map(move |bit| (client, at * 64 + bit))
            })
        })
    }
}

/// Whether the name says which month its lines are of (`2026-10`, `2026/10`, `202610`).
pub(super) fn is_dated(input: &str) -> bool {
    let two = |text: &[u8]| match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => {
            Some(u32::from(a - b'0') * 10 + u32::from(b - b'0'))
        }
        _ => None,
    };
    let bytes = input.as_bytes();
    (0..bytes.len()).any(|at| {
        let Some([b'2', b'0', rest @ ..]) = bytes.get(at..) else {
            return false;
        };
        let month = match rest {
            [_, _, b'-' | b'/' | b'_' | b'.', month @ ..] | [_, _, month @ ..] => two(month),
            _ => None,
        };
        two(rest).is_some() && month.is_some_and(|month| (1..=12).contains(&month))
    })
}

/// The one whole day that the name says its lines are of (`2026-10-31`, `2026/10/31`,
/// `20261031`); `None` for an hour of a day, and where it names several.
pub(super) fn day_of(input: &str) -> Option<Day> {
    let bytes = input.as_bytes();
    let mut found = None;
    let mut at = 0;
    while at < bytes.len() {
        let digits = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let run = digits(at);
        let parts = |second: usize, third: usize| {
            let text = |from: usize, long: usize| input.get(from..from + long);
            Some((text(at, 4)?, text(second, 2)?, text(third, 2)?))
        };
        let separated = |from: usize| bytes.get(from).is_some_and(|byte| b"-_/.".contains(byte));
        let (parts, end) = match run {
            8 => (parts(at + 4, at + 6), at + 8),
            4 if separated(at + 4)
                && digits(at + 5) == 2
                && bytes.get(at + 7) == bytes.get(at + 4)
                && digits(at + 8) == 2 =>
            {
                (parts(at + 5, at + 8), at + 10)
            }
            _ => {
                at += run.max(1);
                continue;
            }
        };
        at = end;
        let Some((year, month, day)) = parts.filter(|part| part.0.starts_with("20")) else {
            continue;
        };
        let Some(day) = Day::parse(&format!("{year}-{month}-{day}")) else {
            continue;
        };
        // A part of the day, or a date that begins or ends a span.
        let part = match bytes.get(end) {
            Some(b'T' | b't') => true,
            Some(b'-' | b'_' | b'/' | b'.') => digits(end + 1) > 0,
            _ => false,
        };
        if part || found.is_some_and(|date| date != day) {
            return None;
        }
        found = Some(day);
    }
    found
}

/// The name of the source that an input belongs to.
pub(crate) fn stem(input: &str) -> String {
    let mut name = input;
    loop {
        let packed = [".gz", ".zst", ".bz2", ".xz", ".lz4"];
        let end = packed.iter().find_map(|end| name.strip_suffix(end));
        let turned = || {
            let (rest, last) = name.rsplit_once('.')?;
            let number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
            (number && !rest.is_empty()).then_some(rest)
        };
        match end.or_else(turned) {
            Some(rest) => name = rest,
            None => break,
        }
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    // `2026-10-31`, `2026/10/31/05`, `20261031T0500`: a long number, and pairs after it.
    let mut date = false;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            let number = &rest[..digits];
            // A port is no year: two gateways on one host are two sources.
            let year = digits == 4 && (number.starts_with("19") || number.starts_with("20"));
            // `0500`, after a date.
            let hour = digits == 4 && number < "2400" && &number[2..] < "60";
            date = year || digits > 5 || (date && (digits == 2 || hour));
            if !date {
                out.push_str(&rest[..digits]);
            }
            rest = &rest[digits..];
        } else {
            date &= "-_/.:TZ".contains(first);
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    joined(&out)
}

/// The name without what stood between it and a date: `access.log-20261029` and
/// `access-2026-10-29.log` are parts of `access.log`, and so is `2026/10/29/access.log`.
fn joined(name: &str) -> String {
    let mut parts = Vec::new();
    for (number, part) in name.split('/').enumerate() {
        if part == "." || part == ".." || number == 0 && part.is_empty() {
            parts.push(part.to_owned());
            continue;
        }
        let texts = part
            .split('.')
            .map(|text| text.trim_end_matches(['-', '_']));
        let mut kept: Vec<&str> = Vec::new();
        for (number, text) in texts.enumerate() {
            if number == 0 || !text.is_empty() {
                kept.push(text);
            }
        }
        let part = kept.join(".");
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_in_the_name_dates_a_file_and_no_other_number_does() {
        for name in [
            "gw/2026-10-31.log.gz",
            "a-202610.log",
            "2026/01/02/a.log",
            "x_2026_12",
        ] {
            assert!(is_dated(name), "{name}");
        }
        for name in [
            "one.jsonl",
            "gw-1.log",
            "access.log.12.gz",
            "v2013.log",
            "2026.log",
            "20261399",
        ] {
            assert!(!is_dated(name), "{name}");
        }
    }

    #[test]
    fn a_whole_day_in_the_name_is_read_and_an_hour_or_a_span_is_none() {
        let of = |name| day_of(name).map(|day| day.to_string());
        for name in [
            "access-2026-11-28.log.gz",
            "2026/11/28/gw-1.log",
            "gw_20261128.log",
            "logs/2026_11_28.log",
            "2026.11.28/access-20261128.log",
            "access.log-20261128",
        ] {
            assert_eq!(of(name).as_deref(), Some("2026-11-28"), "{name}");
        }
        for name in [
            "access.log",
            "2026-11.log",
            "2026/11/28/05/gw-1.log",
            "20261128T0500.log",
            "gw-2026-11-28-05.log",
            "2026-11-28_2026-11-30.log",
            "from-2026-11-28-to-2026-11-30.log",
            "2026-13-28.log",
            "2026-02-30.log",
            "120261128.log",
            "2026-11/28.log",
            "2026-11-28.log.1/20261129",
            "\u{e9}2026-11-2\u{e9}",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn dates_and_rotations_do_not_make_another_source_and_numbers_of_gateways_do() {
        let same = |names: &[&str]| {
            let all: BTreeSet<String> = names.iter().map(|name| stem(name)).collect();
            assert_eq!(all.len(), 1, "{all:?}");
            all.into_iter().next().unwrap()
        };
        same(&["kong-2026-10.log.gz", "kong-2025-01.log.gz"]);
        same(&["gw-1.log", "gw-1.log.1", "gw-1.log.12.gz"]);
        same(&["logs/2026/10/31/05/gw-1.zst", "logs/2025/01/02/23/gw-1.gz"]);
        same(&["a_20261031T0500Z.log", "a_20250102T2300Z.log"]);
        let live = same(&[
            "logs/access.log",
            "logs/access.log.1",
            "logs/access.log.2.gz",
            "logs/access.log-20261029",
            "logs/access.log-2026102905.gz",
            "logs/access.log-20261029-1793232000.zst",
            "logs/access.log.2026-10-29",
            "logs/access-2026-10-29.log.gz",
            "logs/access_2026102905.log",
            "logs/2026/10/29/access.log",
        ]);
        assert_eq!(live, "logs/access.log");
        assert_eq!(
            stem("kong-2026-10.log"),
            stem("kong-.log"),
            "as older ledgers have it"
        );
        assert_ne!(stem("gw-1.log"), stem("gw-2.log"));
        assert_ne!(stem("gw-8080.log"), stem("gw-8443.log"));
        assert_ne!(stem("10.0.0.7-15001.log"), stem("10.0.0.7-15006.log"));
        assert_ne!(stem("eu/2026-10-31.log"), stem("us/2026-10-31.log"));
        assert_ne!(
            stem("logs/gw-1/2026-10-31.log"),
            stem("logs/gw-12/2026-10-31.log")
        );
    }

    #[test]
    fn marks_come_back_for_known_clients_only() {
        let mut marks = Marks::default();
        marks.add(3, &[7, 7, 9, 7], |client| client != 9);
        marks.add(70, &[7, 2], |_| true);
        let found: Vec<(u32, usize)> = marks.iter().collect();
        assert_eq!(found, [(2, 70), (7, 3), (7, 70)]);
    }
}
