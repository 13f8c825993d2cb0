use std::collections::BTreeMap;

use super::*;
use crate::report::escape::columns;
use crate::report::table::Format;
use crate::usage::{ClientUse, Coverage, DayUse, Holding, RouteUse, matrix, periods};

fn shown(width: usize, render: impl Fn(&Matrix<'_>, usize) -> Vec<u8>) -> String {
    let to = Day::parse("2026-03-31").unwrap();
    let day = |back: i32, used: u64| DayUse {
        day: to.0 - back,
        counts: [used, 0, 0, 0, 0, 0, 0, 0],
        first: to.plus(-back).start(),
        last: to.plus(-back).start() + 1,
        ..DayUse::default()
    };
    let usage = ClientUse {
        client: 1,
        routes: vec![RouteUse {
            route: 0,
            days: vec![day(40, 3), day(8, 2_000_000), day(0, 7)].into(),
        }],
    };
    let coverage = Coverage {
        days: (0..45)
            .map(|back| (to.plus(-back), 1))
            .collect::<BTreeMap<_, _>>(),
        gaps: Vec::new(),
    };
    let holding = |term, observable, routes: &[u32]| Holding {
        client: "=billing",
        term,
        observable,
        usage: Some(&usage),
        routes: routes.to_vec(),
    };
    let found = matrix(
        vec![
            holding("orders:read", true, &[0]),
            holding("a,\"b\"\u{1b}[31m", true, &[]),
            holding("openid", false, &[]),
        ],
        periods(to, 3, &coverage),
    )
    .unwrap();
    String::from_utf8(render(&found, width)).unwrap()
}

fn as_table(found: &Matrix<'_>, width: usize) -> Vec<u8> {
    let mut out = Vec::new();
    table(found, &mut out, width).unwrap();
    out
}

#[test]
fn the_table_fits_eighty_columns_and_no_data_is_not_zero() {
    let text = shown(80, as_table);
    insta::assert_snapshot!(text, @r#"
    requests that needed each scope, in windows that end on 2026-03-31; `-`: no
    records in that time
    days with records: 45 of 60d, 45 of 90d, 45 of 180d, 45 of 365d

    =billing
      SCOPE               7d    30d    60d    90d   180d   365d        LAST  DAYS
      orders:read          7  2000k  2000k  2000k  2000k  2000k  2026-03-31     3
      a,"b"\u{1b}[31m      0      0      0      0      0      0           -     0
      openid           no request can show its use
      SCOPE             GAP       FIRST
      orders:read      31 d  2026-02-19
      a,"b"\u{1b}[31m     -           -
      SCOPE            2026-03  2026-02  2026-01
      orders:read        2000k        3        -
      a,"b"\u{1b}[31m        0        0        -
      openid           no request can show its use
    "#);
    assert!(text.lines().all(|line| columns(line) <= 80));
}

#[test]
fn a_wide_terminal_gets_more_columns() {
    let text = shown(120, as_table);
    assert!(text.contains("FIRST") && text.contains("GAP"), "{text}");
    assert!(text.lines().all(|line| columns(line) <= 120));
}

#[test]
fn a_spreadsheet_takes_no_field_for_a_formula() {
    let text = shown(80, |found, _| {
        let mut out = Vec::new();
        rows(found).write(Format::Csv, &mut out).unwrap();
        out
    });
    let lines: Vec<&str> = text.lines().collect();
    let names = COLUMNS.map(|column| column.name);
    assert_eq!(lines[0], names.join(","));
    assert_eq!(
        lines[1],
        "\"'=billing\",orders:read,true,7d,2026-03-25,2026-03-31,7,7,7,7,1,2026-03-31T00:00:00.000Z,2026-03-31T00:00:00.001Z,"
    );
    assert_eq!(lines.len(), 1 + 3 * 9);
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(
        &rows[9][1], "a,\"b\"\\u{1b}[31m",
        "RFC 4180 gives the term back, with what nobody sees made visible"
    );
}
