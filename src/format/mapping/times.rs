//! Times as a description says they are written.
//!
//! In: the text of a time. Out: the instant.
//!
//! Invariants:
//! * the forms are tried in the order in which they are stated;
//! * a time without a zone is taken as UTC and counted, unless a zone is stated;
//! * a form without a year is refused where it is stated: no line could be read with it.

use chrono::format::{Fixed, Item, Numeric, Pad, Parsed, StrftimeItems, parse};

use crate::format::clock::{Clock, epoch, without_zone_name, zone};
use crate::model::Millis;

/// One form of a time.
#[derive(Clone, Debug)]
pub(in crate::format) enum TimeForm {
    /// RFC 3339, the common log format, or a number since 1970.
    Any,
    /// RFC 3339.
    Rfc3339,
    /// `02/Jan/2026:12:00:00 +0000`.
    Clf,
    /// A number since 1970, in a unit that its size tells.
    Epoch,
    /// A number since 1970: so many units make a second.
    Since(i64),
    /// In the signs of `strftime`.
    Pattern(Box<[Item<'static>]>),
}

/// How the times of a field are read.
#[derive(Clone, Debug)]
pub(in crate::format) struct Times {
    forms: Vec<TimeForm>,
    /// Zone of the times that have none, in milliseconds east of UTC.
    zone: Option<Millis>,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            forms: vec![TimeForm::Any],
            zone: None,
        }
    }
}

/// The names of forms, in the order of the documentation.
pub(super) const NAMES: [&str; 7] = [
    "rfc3339",
    "clf",
    "epoch_auto",
    "epoch_s",
    "epoch_ms",
    "epoch_us",
    "epoch_ns",
];

impl TimeForm {
    /// Reads the name of a form, or a pattern of `strftime`.
    pub(in crate::format) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "rfc3339" => Self::Rfc3339,
            "clf" => Self::Clf,
            "epoch_auto" => Self::Epoch,
            "epoch_s" => Self::Since(1),
            "epoch_ms" => Self::Since(1_000),
            "epoch_us" => Self::Since(1_000_000),
            "epoch_ns" => Self::Since(1_000_000_000),
            pattern if pattern.contains('%') => return Self::pattern(pattern),
            other => {
                let close = crate::model::words::closest(other, NAMES);
                let hint = close.map_or_else(
                    || {
                        format!(
                            "there are {}, and patterns such as %Y-%m-%d %H:%M:%S",
                            NAMES.join(", ")
                        )
                    },
                    |close| format!("did you mean `{close}`?"),
                );
                return Err(format!("`{other}` is not the form of a time: {hint}"));
            }
        })
    }

    /// A pattern of `strftime`.
    fn pattern(text: &str) -> Result<Self, String> {
        let items = StrftimeItems::new(text).parse_to_owned().map_err(|_| {
            format!("`{text}` is not a pattern of a time: the signs are those of strftime, as in %Y-%m-%d %H:%M:%S")
        })?;
        let has = |wanted: &[Numeric]| {
            items
                .iter()
                .any(|item| matches!(item, Item::Numeric(own, _) if wanted.contains(own)))
        };
        let whole = items.iter().any(|item| {
            matches!(
                item,
                Item::Numeric(Numeric::Timestamp, _) | Item::Fixed(Fixed::RFC3339 | Fixed::RFC2822)
            )
        });
        let month = has(&[Numeric::Month, Numeric::Ordinal])
            || items.iter().any(|item| {
                matches!(
                    item,
                    Item::Fixed(Fixed::ShortMonthName | Fixed::LongMonthName)
                )
            });
        let missing = [
            (has(&[Numeric::Year, Numeric::YearMod100]), "year (%Y)"),
            (month, "month (%m or %b)"),
            (has(&[Numeric::Day, Numeric::Ordinal]), "day (%d)"),
            (has(&[Numeric::Hour, Numeric::Hour12]), "hour (%H)"),
            (has(&[Numeric::Minute]), "minute (%M)"),
        ];
        match missing.iter().find(|(there, _)| !there && !whole) {
            Some((_, what)) => Err(format!(
                "the pattern `{text}` has no {what}: of such times the instant is not known"
            )),
            None => Ok(Self::Pattern(items.into())),
        }
    }

    /// How many blanks its times have; `None` where they differ.
    pub(in crate::format) fn blanks(&self) -> Option<usize> {
        let items = match self {
            Self::Any | Self::Clf => return None,
            Self::Rfc3339 | Self::Epoch | Self::Since(_) => return Some(0),
            Self::Pattern(items) => items,
        };
        let of = |item: &Item<'_>| match item {
            Item::Literal(text) | Item::Space(text) => Some(text.matches(' ').count()),
            Item::OwnedLiteral(text) | Item::OwnedSpace(text) => Some(text.matches(' ').count()),
            Item::Numeric(_, Pad::Space) | Item::Fixed(Fixed::RFC2822) => None,
            _ => Some(0),
        };
        items.iter().map(of).sum()
    }

    fn read(&self, clock: &mut Clock, text: &[u8]) -> Option<Millis> {
        match self {
            Self::Any => clock.any(without_zone_name(text)),
            Self::Rfc3339 => clock.rfc3339(text),
            Self::Clf => clock.clf(text),
            Self::Epoch => epoch(text),
            Self::Since(unit) => since(text, *unit),
            Self::Pattern(items) => {
                let mut parsed = Parsed::new();
                let text = std::str::from_utf8(text).ok()?;
                parse(&mut parsed, text, items.iter()).ok()?;
                let offset = parsed.offset();
                // Minutes are the least; seconds may be missing.
                if parsed.second().is_none() && parsed.timestamp().is_none() {
                    parsed.set_second(0).ok()?;
                }
                let local = parsed
                    .to_naive_datetime_with_offset(offset.unwrap_or(0))
                    .ok()?;
                let time = local.and_utc().timestamp_millis();
                let offset = match offset {
                    Some(seconds) => i64::from(seconds) * 1_000,
                    None if parsed.timestamp().is_some() => 0,
                    None => clock.offset(b"")?,
                };
                Some(time - offset)
            }
        }
    }
}

/// A number of units since 1970, with decimals.
fn since(text: &[u8], unit: i64) -> Option<Millis> {
    let split = text.iter().position(|byte| *byte == b'.');
    let (whole, decimals) = text.split_at(split.unwrap_or(text.len()));
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    if whole.is_empty() || whole.len() > 19 || !digits(whole) {
        return None;
    }
    let decimals = decimals.get(1..).unwrap_or_default();
    if !digits(decimals) {
        return None;
    }
    let value: i64 = std::str::from_utf8(whole).ok()?.parse().ok()?;
    if unit > 1 {
        return Some(value / (unit / 1_000));
    }
    let thousandth = |place: usize| {
        decimals
            .get(place)
            .map_or(0, |digit| i64::from(digit - b'0'))
    };
    let millis = thousandth(0) * 100 + thousandth(1) * 10 + thousandth(2);
    value.checked_mul(1_000)?.checked_add(millis)
}

impl Times {
    /// Of stated forms, and the zone of those without one.
    pub(in crate::format) fn new(forms: Vec<TimeForm>, zone: Option<Millis>) -> Self {
        Self {
            forms: if forms.is_empty() {
                vec![TimeForm::Any]
            } else {
                forms
            },
            zone,
        }
    }

    /// The instant.
    pub(super) fn read(&self, clock: &mut Clock, text: &[u8]) -> Option<Millis> {
        self.forms.iter().find_map(|form| match self.zone {
            Some(zone) => clock.in_zone(zone, |clock| form.read(clock, text)),
            None => form.read(clock, text),
        })
    }
}

/// Reads a zone: `UTC`, `Z`, or an offset such as `+02:00`.
pub(super) fn stated_zone(text: &str) -> Result<Millis, String> {
    let known = !text.is_empty() && !text.starts_with(' ');
    zone(text.as_bytes()).filter(|_| known).ok_or_else(|| {
        format!(
            "`{text}` is not a zone: write `UTC` or an offset such as `+02:00`. A place with summer time has two of them, \
             and then a time without a zone says nothing certain: let the gateway log the offset"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_767_355_200_000; // 2026-01-02T12:00:00Z

    #[test]
    fn one_instant_is_read_in_every_form() {
        for (form, text) in [
            ("rfc3339", "2026-01-02T12:00:00Z"),
            ("clf", "02/Jan/2026:13:00:00 +0100"),
            ("epoch_auto", "1767355200000"),
            ("epoch_s", "1767355200"),
            ("epoch_s", "1767355200.000"),
            ("epoch_ms", "1767355200000"),
            ("epoch_us", "1767355200000000"),
            ("epoch_ns", "1767355200000000000"),
            ("%Y/%m/%d - %H:%M:%S", "2026/01/02 - 12:00:00"),
            ("%d.%m.%Y %H:%M", "02.01.2026 12:00"),
            (
                "%a %b %d %H:%M:%S%.f %Y %z",
                "Fri Jan 02 14:00:00.000 2026 +0200",
            ),
            ("%s", "1767355200"),
        ] {
            let times = Times::new(vec![TimeForm::parse(form).unwrap()], None);
            let read = times.read(&mut Clock::default(), text.as_bytes());
            assert_eq!(read, Some(NOON), "{form}");
        }
    }

    #[test]
    fn a_stated_zone_is_that_of_times_without_one_alone() {
        let forms = || {
            ["rfc3339", "%Y/%m/%d %H:%M:%S"]
                .map(|form| TimeForm::parse(form).unwrap())
                .to_vec()
        };
        let stated = Times::new(forms(), Some(stated_zone("+02:00").unwrap()));
        let mut clock = Clock::default();
        for text in [
            "2026-01-02T14:00:00",
            "2026-01-02T12:00:00Z",
            "2026/01/02 14:00:00",
        ] {
            assert_eq!(
                stated.read(&mut clock, text.as_bytes()),
                Some(NOON),
                "{text}"
            );
        }
        assert_eq!(clock.take_zoneless(), 0);
        let unstated = Times::new(forms(), None);
        unstated.read(&mut clock, b"2026/01/02 12:00:00");
        assert_eq!(clock.take_zoneless(), 1);
        assert!(
            stated_zone("Europe/Berlin")
                .unwrap_err()
                .contains("summer time")
        );
    }

    #[test]
    fn a_form_that_can_read_nothing_is_refused() {
        let wrong = |text: &str| TimeForm::parse(text).unwrap_err();
        assert!(
            wrong("%b %d %H:%M:%S").contains("no year (%Y)"),
            "{}",
            wrong("%b %d %H:%M:%S")
        );
        assert!(wrong("rfc3338").contains("did you mean `rfc3339`?"));
        assert!(wrong("%Q%").contains("not a pattern"));
    }
}
