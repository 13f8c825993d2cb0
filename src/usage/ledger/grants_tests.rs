use std::fs;
use std::path::Path;

use super::*;
use crate::usage::ledger::Committed;

fn recorded(dir: &Path, day: i32, clients: &str) -> Committed {
    let text = format!("version: 1\nclients:\n{clients}");
    let file = crate::grants::read(Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    let policy = Policy {
        files: vec![file],
        ..Policy::default()
    };
    let mut writer = Writer::open(dir).unwrap();
    writer.record_grants(Day(day), &policy).unwrap();
    writer.commit().unwrap()
}

/// Where the record of a day lies.
fn file(dir: &Path, day: i32) -> std::path::PathBuf {
    let ledger = Ledger::open(dir).unwrap();
    let part = ledger.manifest.on(Table::Grants, Day(day)).next().unwrap();
    dir.join(part.path())
}

const ONE: &str = "  app: {scopes: [a, b]}\n";
const TWO: &str = "  app: {scopes: [a, b, c]}\n";

#[test]
fn a_day_is_recorded_without_a_look_at_the_records_of_other_days() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for day in 1..=3 {
        recorded(dir, day, ONE);
    }
    for day in [1, 2] {
        fs::write(file(dir, day), "damaged").unwrap();
    }
    let none = Committed::default();
    assert_eq!(recorded(dir, 3, ONE), none, "it is there already");
    let (written, dropped) = (1, 1);
    assert_eq!(recorded(dir, 3, TWO), Committed { written, dropped });
    let dropped = 0;
    assert_eq!(recorded(dir, 4, TWO), Committed { written, dropped });
    for day in [1, 2] {
        assert_eq!(fs::read(file(dir, day)).unwrap(), b"damaged");
    }
}

#[test]
fn a_record_that_is_equal_to_the_next_one_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for day in 1..=5 {
        recorded(dir, day, ONE);
    }
    recorded(dir, 6, TWO);
    recorded(dir, 7, TWO);
    for day in [2, 3, 6] {
        fs::write(file(dir, day), "damaged").unwrap();
    }
    let ledger = Ledger::open(dir).unwrap();
    let since = |as_of: i32| {
        let all = ledger
            .granted_since(Day(as_of))
            .map_err(|error| error.to_string())?;
        let dates = all
            .into_iter()
            .map(|((_, term), day)| (term.to_string(), day.0));
        Ok::<_, String>(dates.collect::<Vec<_>>())
    };
    let of = |list: &[(&str, i32)]| -> Vec<(String, i32)> {
        list.iter()
            .map(|(term, day)| ((*term).to_owned(), *day))
            .collect()
    };
    assert_eq!(since(7).unwrap(), of(&[("a", 1), ("b", 1), ("c", 6)]));
    assert_eq!(since(5).unwrap(), of(&[("a", 1), ("b", 1)]));
    assert_eq!(since(0).unwrap(), of(&[]));
    let error = since(6).unwrap_err();
    assert!(error.contains("its digest does not fit"), "{error}");
}

#[test]
fn a_grant_counts_from_the_first_record_after_its_last_break() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let days = [
        "  app: {scopes: [a, b, c]}\n",
        "  app: {scopes: [a, c]}\n",
        "  app: {scopes: [a, b]}\n  new: {scopes: [a]}\n",
        "  app: {scopes: [a, b]}\n  new: {scopes: [a]}\n",
        "  app: {scopes: [a, b, c]}\n  new: {scopes: [a]}\n",
    ];
    // The order in which the days come plays no part.
    for day in [4, 0, 2, 1, 3] {
        recorded(dir, i32::try_from(day).unwrap(), days[day]);
    }
    let ledger = Ledger::open(dir).unwrap();
    let since = ledger.granted_since(Day(9)).unwrap().into_iter();
    let since: Vec<(String, i32)> = since
        .map(|((client, term), day)| (format!("{client} {term}"), day.0))
        .collect();
    let expected = [("app a", 0), ("app b", 2), ("app c", 4), ("new a", 2)];
    assert_eq!(since, expected.map(|(grant, day)| (grant.to_owned(), day)));
}

#[test]
fn a_day_on_which_nobody_holds_anything_breaks_what_is_held_before_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let since = |dir: &Path, as_of: i32| {
        let all = Ledger::open(dir).unwrap().granted_since(Day(as_of));
        let dates = all.unwrap().into_iter();
        dates
            .map(|((_, term), day)| (term.to_string(), day.0))
            .collect::<Vec<_>>()
    };
    // The empty record comes last, and once more: it is there already.
    recorded(path, 1, ONE);
    recorded(path, 3, ONE);
    let (written, dropped) = (1, 0);
    assert_eq!(
        recorded(path, 2, "  app: {scopes: []}\n"),
        Committed { written, dropped }
    );
    assert_eq!(
        recorded(path, 2, "  app: {scopes: []}\n"),
        Committed::default()
    );
    assert_eq!(since(path, 9), [("a".to_owned(), 3), ("b".to_owned(), 3)]);
    assert_eq!(since(path, 2), []);
    assert_eq!(since(path, 1), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    // Compacted and merged it is the same.
    let mut writer = Writer::open(path).unwrap();
    writer.compact().unwrap();
    writer.commit().unwrap();
    let into = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut writer = Writer::open(into.path()).unwrap();
        writer.merge(&Ledger::open(path).unwrap()).unwrap();
        writer.commit().unwrap();
    }
    assert_eq!(since(into.path(), 9), since(path, 9));
    assert_eq!(Ledger::open(into.path()).unwrap().grant_days().len(), 3);
    assert_eq!(Ledger::verify(path).unwrap().faults, [""; 0]);
    // Where another record of the day names something, that is what was held.
    recorded(path, 2, ONE);
    assert_eq!(since(path, 9), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
}
