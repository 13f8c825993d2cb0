//! Times as logs write them.

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
fn dates_with_the_month_first_are_read_with_or_without_the_half_of_the_day() {
    let mut clock = Clock::default();
    for text in [
        "1/2/2026, 12:00:00.000 PM",
        "01/02/2026 12:00:00 PM",
        "1/2/2026 12:00:00",
        "1/2/2026, 12:00:00 PMZ",
        "1/2/2026 01:00:00 PM +01:00",
        "1/2/2026 7:30:00 AM -04:30",
    ] {
        assert_eq!(clock.any(text.as_bytes()), Some(NOON), "{text}");
    }
    assert_eq!(clock.take_zoneless(), 3);
    let midnight = clock.any(b"1/2/2026, 12:00:00.117 AMZ");
    assert_eq!(midnight, Some(NOON - 12 * 3_600_000 + 117));
    for text in [
        "13/2/2026 12:00:00",
        "1/2/26 12:00:00",
        "1/2/2026",
        "1/2/2026 13:00:00 PM",
        "1/2/2026 ",
    ] {
        assert_eq!(clock.any(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_time_without_a_zone_is_of_the_stated_one_and_any_other_of_its_own() {
    let mut clock = Clock::default();
    clock.state(Some(120));
    for text in [
        "2026-01-02T14:00:00",
        "02/Jan/2026:14:00:00",
        "2026-01-02T13:00:00+01:00",
        "2026-01-02T12:00:00Z",
        "1767355200",
    ] {
        assert_eq!(clock.any(text.as_bytes()), Some(NOON), "{text}");
    }
    assert_eq!(clock.take_zoneless(), 0, "it is known");
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
fn what_is_not_a_time_is_refused() {
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
