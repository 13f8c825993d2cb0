//! The packed table against Polars on its frame: two ways to the same sums.

use std::collections::BTreeMap;

use polars::prelude::{ChunkCompareIneq as _, GroupsIndicator};
use proptest::prelude::*;

use super::super::aggregate::{Aggregate, Names};
use super::super::batch::Batch;
use super::super::merge::merge;
use super::super::unplaced::Unplaced;
use super::*;
use crate::catalog::near::Nearness;
use crate::event::identity::Identities;
use crate::event::mask::Mask;

/// Client, day, millisecond of the day, route, outcome, request id.
type Event = (u8, i32, u32, u32, usize, String);

fn table(workers: &[Vec<Event>], pack: bool) -> UsageTable {
    let workers = workers.iter().map(|events| {
        let (mut names, mut aggregate) = (Names::new(1 << 10), Aggregate::default());
        for (turn, (client, day, ms, route, outcome, id)) in events.iter().enumerate() {
            let mut batch = Batch::default();
            let client = names.number(
                (format!("client-{client}").as_bytes(), true),
                |_| true,
                |_| None,
            );
            let time = Day(*day).start() + i64::from(*ms);
            batch.push(
                time,
                client,
                *route,
                Outcome::ALL[*outcome],
                Some(id.as_bytes()),
            );
            aggregate.consume(&batch);
            if pack && turn % 7 == 6 {
                aggregate.pack();
            }
        }
        (names, aggregate, Unplaced::default())
    });
    let routes = Arc::from(Vec::new());
    merge(
        workers.collect(),
        &Identities::default(),
        1 << 10,
        routes,
        (false, &Nearness::new(&[]), &Mask::default()),
    )
}

/// Client, route, day, outcome: count, first, last.
type Sums = BTreeMap<(u32, u32, i32, u32), (u64, i64, i64)>;

fn by_polars(table: &UsageTable, clients: &BTreeSet<u32>, until: Day) -> Sums {
    let frame = frame(table, clients, Some(until)).unwrap();
    let some = frame.column("count").unwrap().u64().unwrap().gt(0_u64);
    let frame = frame.filter(&some).unwrap();
    let groups = frame
        .group_by(["client", "route", "day", "outcome"])
        .unwrap()
        .into_groups();
    let number =
        |name: &str, at: usize| frame.column(name).unwrap().u32().unwrap().get(at).unwrap();
    let instant =
        |name: &str, at: usize| frame.column(name).unwrap().i64().unwrap().get(at).unwrap();
    let count = |at: usize| {
        frame
            .column("count")
            .unwrap()
            .u64()
            .unwrap()
            .get(at)
            .unwrap()
    };
    let day = |at: usize| frame.column("day").unwrap().i32().unwrap().get(at).unwrap();
    groups
        .iter()
        .map(|group| {
            let rows: Vec<usize> = match group {
                GroupsIndicator::Idx((_, all)) => all.iter().map(|at| *at as usize).collect(),
                GroupsIndicator::Slice([from, many]) => {
                    (from as usize..(from + many) as usize).collect()
                }
            };
            let at = rows[0];
            let key = (
                number("client", at),
                number("route", at),
                day(at),
                number("outcome", at),
            );
            let sum = (
                rows.iter().map(|at| count(*at)).sum(),
                rows.iter().map(|at| instant("first", *at)).min().unwrap(),
                rows.iter().map(|at| instant("last", *at)).max().unwrap(),
            );
            (key, sum)
        })
        .collect()
}

/// The same from each client's days; first and last of a day are those of all its outcomes.
fn by_days(uses: &[ClientUse]) -> Sums {
    let mut sums = Sums::new();
    for client_use in uses {
        for route in &client_use.routes {
            for day in &route.days {
                for (outcome, count) in (0..).zip(day.counts).filter(|(_, count)| *count > 0) {
                    let key = (client_use.client, route.route, day.day, outcome);
                    sums.insert(key, (count, day.first, day.last));
                }
            }
        }
    }
    sums
}

proptest! {
    #[test]
    fn each_clients_days_are_what_polars_sums_from_the_frame(
        workers in prop::collection::vec(
            prop::collection::vec((0..6_u8, 20_000..20_009, 0..86_400_000_u32, 0..5_u32, 0..6_usize, "[a-c]{0,2}"), 0..60),
            1..4,
        ),
        until in 20_000..20_010,
        wanted in prop::collection::btree_set(0..8_u32, 0..8),
    ) {
        let (one, other) = (table(&workers, false), table(&workers, true));
        let until = Day(until);
        let mut expected = by_polars(&one, &wanted, until);
        let mut days: BTreeMap<(u32, u32, i32), (i64, i64)> = BTreeMap::new();
        for ((client, route, day, _), (_, first, last)) in &expected {
            let span = days.entry((*client, *route, *day)).or_insert((*first, *last));
            *span = (span.0.min(*first), span.1.max(*last));
        }
        for ((client, route, day, _), sum) in &mut expected {
            let (first, last) = days[&(*client, *route, *day)];
            *sum = (sum.0, first, last);
        }
        let found = summarise(&one, &wanted, Some(until));
        prop_assert_eq!(&by_days(&found), &expected);
        prop_assert_eq!(&summarise(&other, &wanted, Some(until)), &found);
        let rows = |table: &UsageTable| {
            let mut rows = Vec::new();
            for day in table.days() {
                table.day_rows(*day).for_each(|row| {
                    rows.push((row.day, row.client, row.route, row.outcome, row.count, row.first, row.last, row.sample.map(<[u8]>::to_vec)));
                });
            }
            rows
        };
        prop_assert_eq!(rows(&one), rows(&other));
    }
}
