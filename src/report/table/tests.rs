use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::Day;
use crate::model::rows::{Held, columns};
use crate::report::escape::{self, is_unseen};
use crate::usage::read_parquet;

const COLUMNS: [Column; 9] = columns! {
    text: Text, "any";
    maybe: Text or Null, "any";
    count: Integer(64), "any";
    code: Integer(16) or Null, "small";
    share: Float(Some(4)), "four decimals";
    yes: Bool, "any";
    day: Day, "any";
    at: Micros, "any";
    list: List(" | ") or Null, "any";
};

type Cells = Vec<Cell<'static>>;

fn written(rows: &[Cells], format: Format) -> Vec<u8> {
    let table = Table::new(&COLUMNS, Held::new(rows.len(), |at, each| each(&rows[at])));
    let mut out = Vec::new();
    let count = table.write(format, &mut out).unwrap();
    assert_eq!(count, rows.len() as u64);
    out
}

fn text(rows: &[Cells], format: Format) -> String {
    String::from_utf8(written(rows, format)).unwrap()
}

/// A cell as JSON has it.
fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(count) => (*count).into(),
        Cell::Float(number) => (*number).into(),
        Cell::Bool(yes) => (*yes).into(),
        Cell::List(items) => items.iter().map(Cow::as_ref).collect(),
        Cell::Text(_) | Cell::Day(_) | Cell::Instant(_) => plain(&COLUMNS[0], cell).into(),
    }
}

fn is_row(object: &Value, row: &Cells) -> bool {
    let keys = object.as_object().unwrap().keys().map(String::as_str);
    keys.eq(COLUMNS.iter().map(|column| column.name))
        && row
            .iter()
            .zip(&COLUMNS)
            .all(|(cell, column)| object[column.name] == value(cell))
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "=1+1",
            "@SUM(A1)",
            "-2",
            "'x",
            "\u{1b}[31mred",
            "\u{202e}gnp",
            "a\nb",
            "a\r\nb",
            "a\"b",
            "a,b;c",
            " a ",
            "\u{0}",
            "::error::x",
            "##vso[x]",
            "é",
            "",
            "orders:read",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn row() -> impl Strategy<Value = Cells> {
    let list = prop::option::of(prop::collection::vec("[a-z]{1,4}", 1..4));
    let numbers = (
        any::<u64>(),
        prop::option::of(any::<u16>()),
        0..1_000_000_u32,
    );
    let times = (-40_000..60_000_i32, 0..4_000_000_000_000_i64);
    (
        hostile(),
        prop::option::of("[a-z:]{1,9}"),
        numbers,
        any::<bool>(),
        times,
        list,
    )
        .prop_map(
            |(text, maybe, (count, code, share), yes, (day, at), list)| {
                vec![
                    text.into(),
                    maybe.into(),
                    count.into(),
                    code.map(u32::from).into(),
                    (f64::from(share) / 1e4).into(),
                    yes.into(),
                    Day(day).into(),
                    Cell::Instant(at),
                    list.map_or(Cell::Null, Cell::list),
                ]
            },
        )
}

proptest! {
    #[test]
    fn every_format_gives_the_same_rows(rows in prop::collection::vec(row(), 0..600)) {
        let array: Vec<Value> = serde_json::from_str(&text(&rows, Format::Json)).unwrap();
        prop_assert_eq!(array.len(), rows.len());
        prop_assert!(array.iter().zip(&rows).all(|(object, row)| is_row(object, row)));
        let lines = text(&rows, Format::Ndjson);
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(lines, array);
        let back = read_parquet(written(&rows, Format::Parquet));
        let known = COLUMNS.map(|column| column.name.to_owned());
        prop_assert_eq!(back, (known.to_vec(), rows.clone()));
        let csv = text(&rows, Format::Csv);
        let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
        let known: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        prop_assert_eq!(reader.headers().unwrap(), known);
        let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(&rows) {
            for ((field, cell), column) in record.iter().zip(row).zip(&COLUMNS) {
                // An apostrophe in front keeps a spreadsheet from calculating.
                let field = field.strip_prefix('\'').unwrap_or(field);
                let expected = plain(column, cell);
                prop_assert_eq!(field, escape::terminal(&expected));
            }
        }
        let table = text(&rows, Format::Table);
        prop_assert_eq!(table.lines().count(), rows.len() + 1);
        for (mut line, row) in table.lines().skip(1).zip(&rows) {
            for (cell, column) in row.iter().zip(&COLUMNS).skip(2) {
                let shown = if *cell == Cell::Null { "-".to_owned() } else { plain(column, cell) };
                let at = line.find(&shown);
                prop_assert!(at.is_some(), "no {shown:?} in {line:?}");
                line = &line[at.unwrap_or(0) + shown.len()..];
            }
        }
    }

    #[test]
    fn nothing_acts_in_any_text(rows in prop::collection::vec(row(), 1..9)) {
        for format in [Format::Table, Format::Csv, Format::Json, Format::Ndjson] {
            let written = text(&rows, format);
            prop_assert!(!written.contains(|letter| letter != '\n' && is_unseen(letter)), "{:?}", written);
        }
        let csv = text(&rows, Format::Csv);
        // What a spreadsheet sees is the field, without the quotes around it.
        for record in ::csv::Reader::from_reader(csv.as_bytes()).records().map(Result::unwrap) {
            let field = record.get(0).unwrap_or_default();
            prop_assert!(!field.trim_start_matches(' ').starts_with(['=', '+', '-', '@']), "{}", field);
        }
    }
}

#[test]
fn a_table_is_aligned_and_what_is_not_known_is_a_dash() {
    let row = |name: &'static str, count: u64, list: &[&'static str]| -> Cells {
        vec![
            name.into(),
            Cell::Null,
            count.into(),
            Cell::Null,
            0.25.into(),
            true.into(),
            Day(20_000).into(),
            Cell::Instant(1_767_355_200_117),
            Cell::list(list.iter().copied()),
        ]
    };
    let rows = [row("billing", 7, &["a", "b"]), row("\u{1b}[2J", 1_204, &[])];
    insta::assert_snapshot!(text(&rows, Format::Table), @r"
    TEXT       MAYBE  COUNT  CODE   SHARE  YES   DAY         AT                        LIST
    billing    -          7     -  0.2500  true  2024-10-04  2026-01-02T12:00:00.117Z  a | b
    \u{1b}[2J  -       1204     -  0.2500  true  2024-10-04  2026-01-02T12:00:00.117Z
    ");
}

#[test]
fn a_table_without_rows_still_names_its_columns() {
    let none = "TEXT  MAYBE  COUNT  CODE  SHARE  YES  DAY  AT  LIST\n";
    assert_eq!(text(&[], Format::Table), none);
    assert_eq!(text(&[], Format::Json), "[\n]\n");
    assert_eq!(text(&[], Format::Ndjson), "");
    assert_eq!(read_parquet(written(&[], Format::Parquet)).0.len(), 9);
}

#[test]
fn a_value_without_room_in_its_column_is_an_error_and_not_left_out() {
    const SMALL: [Column; 1] = columns! {
        code: Integer(16) or Null, "small";
    };
    let table = Table::new(
        &SMALL,
        Held::new(1, |_, each| each(&[Cell::Integer(70_000)])),
    );
    assert!(table.write(Format::Parquet, &mut Vec::new()).is_err());
}
