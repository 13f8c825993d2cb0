use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::input::{Shard, SourceStatus};
use crate::model::ContentDigest;
use crate::usage::SourceFacts;
use crate::usage::ledger::columns::{Values, batch};
use crate::usage::ledger::{Ledger, heads};

const DAYS: [Day; 2] = [Day(20_000), Day(20_001)];

/// What a log of this content gives: one request of each client, on each day.
fn contribution(content: &str, clients: &[&str]) -> Contribution {
    let (head, head_bytes, first_line) = heads(content.as_bytes());
    let record = SourceRecord {
        id: format!("{:0>32}", content.len()),
        facts: SourceFacts {
            shown: format!("{}.log", content.len()).into(),
            format: None,
            counts: crate::usage::FileCounts::default(),
            digest: None,
            status: SourceStatus::Complete,
            bytes: content.len() as u64,
        },
        read: Some(ContentDigest::of(content.as_bytes()).to_string()),
        head,
        head_bytes,
        first_line,
        looser: 0,
        first_day: Some(DAYS[0]),
        last_day: Some(DAYS[1]),
        catalogue: String::new(),
    };
    let none = || Values::Text(vec![None; clients.len()]);
    let same = |text: &str| Values::Same(text.to_owned(), clients.len());
    let mut batches = BTreeMap::new();
    for day in DAYS {
        let at = || Values::Instant(vec![Some(day.start()); clients.len()]);
        let names = clients.iter().map(|client| Some((*client).to_owned()));
        let columns = vec![
            same(&record.id),
            Values::Text(names.collect()),
            none(),
            same("GET"),
            same("/orders"),
            same("used"),
            Values::Number(vec![1; clients.len()]),
            at(),
            at(),
            none(),
        ];
        batches.insert((Table::Usage, day), batch(Table::Usage, columns).unwrap());
        let requests = clients.len() as u64;
        let columns = vec![
            Values::Same(record.id.clone(), 1),
            Values::Number(vec![requests]),
            Values::Number(vec![0]),
            Values::Instant(vec![Some(day.start())]),
            Values::Instant(vec![Some(day.start())]),
            Values::Flag(vec![true]),
        ];
        batches.insert(
            (Table::Coverage, day),
            batch(Table::Coverage, columns).unwrap(),
        );
    }
    let row = record.to_batch().unwrap();
    batches.insert((Table::Sources, record.partition()), row);
    Contribution { record, batches }
}

/// Contents that have nothing to do with each other, but for the last two.
fn contributions() -> Vec<Contribution> {
    [
        ("a\nrequests\n", vec!["billing", "app"]),
        ("b\nmore requests\n", vec!["app"]),
        ("c\n", vec!["web", "app", "billing"]),
        ("d\nand\n", vec!["web"]),
        ("d\nand more of them, and still more\n", vec!["web", "zoe"]),
    ]
    .map(|(content, clients)| contribution(content, &clients))
    .into()
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("lock") {
                found.insert(
                    path.strip_prefix(dir).unwrap().into(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

/// A ledger of these, written in one go or after each of them.
fn ledger(dir: &Path, sources: Vec<Contribution>, often: bool) {
    let mut writer = Writer::open(dir).unwrap();
    for source in sources {
        writer.offer(source, &BTreeSet::new()).unwrap();
        if often {
            writer.flush().unwrap();
        }
    }
    writer.commit().unwrap();
}

#[test]
fn how_often_rows_were_written_before_the_commit_does_not_show() {
    let root = tempfile::tempdir().unwrap();
    let (once, often) = (root.path().join("once"), root.path().join("often"));
    ledger(&once, contributions(), false);
    ledger(&often, contributions(), true);
    let parts = contents(&once);
    assert_eq!(
        parts.len(),
        1 + 5,
        "a manifest, two days of use and of coverage, one of sources: {parts:?}"
    );
    assert!(parts == contents(&often));

    // Of a ledger that was there already the files stay as they are.
    let (before, after) = (root.path().join("before"), root.path().join("after"));
    for (dir, often) in [(&before, false), (&after, true)] {
        let mut sources = contributions();
        ledger(dir, sources.drain(..1).collect(), false);
        ledger(dir, sources, often);
    }
    let parts = contents(&before);
    assert_eq!(parts.len(), 1 + 2 * 5, "{parts:?}");
    assert!(parts == contents(&after));
}

#[test]
fn a_part_that_is_written_given_up_and_written_again_is_committed() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(root.path()).unwrap();
    let one = || contribution("a\n", &["app"]);
    let id = one().record.id;
    writer.offer(one(), &BTreeSet::new()).unwrap();
    writer.flush().unwrap();
    writer.forget(&id).unwrap();
    writer.offer(one(), &BTreeSet::new()).unwrap();
    let committed = writer.commit().unwrap();
    assert_eq!((committed.written, committed.dropped), (5, 0));
    assert_eq!(
        Ledger::open(root.path()).unwrap().records().unwrap().len(),
        1
    );
    assert_eq!(contents(root.path()).len(), 1 + 5);
}

#[test]
fn a_ledger_that_is_taken_whole_is_the_one_that_its_sources_make() {
    let root = tempfile::tempdir().unwrap();
    let of = |name: &str| root.path().join(name);
    let apart = || contributions().into_iter().take(4).collect::<Vec<_>>();
    for (name, sources) in [("apart", apart()), ("related", contributions())] {
        // As a run with the contents at hand may leave it: one is not an earlier part of another.
        ledger(&of(name), sources, true);
    }
    let merged = |from: &str, into: &str, whole: bool| {
        let other = Ledger::open(&of(from)).unwrap();
        let mut writer = Writer::open(&of(into)).unwrap();
        let done = if whole {
            writer.merge(&other).unwrap()
        } else {
            writer.merge_sources(&other).unwrap()
        };
        let taken = !writer.taken.is_empty();
        writer.compact().unwrap();
        writer.commit().unwrap();
        (done, taken)
    };
    for (name, adopted) in [("apart", true), ("related", false)] {
        let (whole, slow) = (format!("{name} whole"), format!("{name} slow"));
        let (done, taken) = merged(name, &whole, true);
        assert_eq!(taken, adopted, "{name}");
        assert_eq!(done, merged(name, &slow, false).0);
        assert!(contents(&of(&whole)) == contents(&of(&slow)), "{name}");
    }
    assert!(contents(&of("apart whole")) == contents(&of("apart")));
}

#[test]
fn the_last_day_is_known_of_what_was_taken_from_another_ledger() {
    let root = tempfile::tempdir().unwrap();
    let (from, into) = (root.path().join("from"), root.path().join("into"));
    ledger(&from, contributions().into_iter().take(2).collect(), false);
    let mut writer = Writer::open(&into).unwrap();
    writer.merge(&Ledger::open(&from).unwrap()).unwrap();
    assert!(!writer.taken.is_empty());
    assert_eq!(writer.last_day(0.01).unwrap(), Some(DAYS[1]));
}

#[test]
fn a_writer_that_ends_without_a_commit_leaves_the_files_as_they_were() {
    let root = tempfile::tempdir().unwrap();
    let mut sources = contributions();
    ledger(root.path(), sources.drain(..1).collect(), false);
    let before = contents(root.path());
    let mut writer = Writer::open(root.path()).unwrap();
    for source in sources {
        writer.offer(source, &BTreeSet::new()).unwrap();
    }
    // Rows that are written early, and a part that is replaced.
    writer.compact().unwrap();
    assert_ne!(contents(root.path()), before);
    drop(writer);
    assert!(contents(root.path()) == before);
}

#[test]
fn other_rows_of_a_table_are_refused_and_shares_of_one_list_may_come_one_by_one() {
    let root = tempfile::tempdir().unwrap();
    let into = root.path().join("into");
    let merge = |list: &str, index: u32, content: &str, shown: &str| {
        let mut source = contribution(content, &["app"]);
        source.record.facts.shown = shown.into();
        let row = source.record.to_batch().unwrap();
        let key = (Table::Sources, source.record.partition());
        source.batches.insert(key, row);
        let dir = root.path().join(content.trim_end());
        let mut part = Writer::open(&dir).unwrap();
        part.offer(source, &BTreeSet::new()).unwrap();
        part.is_shard(Shard { index, of: 2 }, list);
        part.commit().unwrap();
        let mut writer = Writer::open(&into).unwrap();
        writer.merge_all(&[Ledger::open(&dir).unwrap()])?;
        writer.commit()
    };
    merge("a", 1, "x\n", "lake.logs#1-of-2").unwrap();
    merge("a", 2, "yy\n", "lake.logs#2-of-2").unwrap();
    let before = contents(&into);
    let error = merge("b", 1, "zzz\n", "lake.logs#1-of-2").unwrap_err();
    assert!(
        matches!(&error, LedgerError::OtherRows(table) if table == "lake.logs"),
        "{error}"
    );
    assert!(contents(&into) == before);
    merge("b", 1, "of another table\n", "lake.others#1-of-2").unwrap();
    merge(
        "c",
        1,
        "a log whose name is like that\n",
        "lake.logs#1-of-two",
    )
    .unwrap();
}
