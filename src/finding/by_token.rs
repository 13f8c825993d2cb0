//! Requests judged by the scopes that their own tokens carried.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::shared::Tally;
use crate::model::Term;
use crate::usage::credentials::Carried;

/// Requests judged by the scopes that their own tokens carried.
pub(super) struct ByToken<'a> {
    rows: BTreeMap<(&'a str, u32), Vec<(&'a Carried, bool)>>,
}

/// What the tokens of one client and route say about one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Requests whose token carried what the operation asks for.
    pub(super) carried: u64,
    /// Requests whose token did not.
    pub(super) lacked: u64,
}

impl<'a> ByToken<'a> {
    pub(super) fn new(context: &Context<'a>) -> Self {
        let table = context.credentials;
        let window = context.analysis.window;
        let terms: Vec<BTreeSet<Term>> = table
            .sets
            .iter()
            .map(|set| set.split(' ').filter(|scope| !scope.is_empty()))
            .map(|set| set.map(Term::new).collect())
            .collect();
        let mut known: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        let mut rows: BTreeMap<(&str, u32), Vec<(&Carried, bool)>> = BTreeMap::new();
        for carried in table
            .carried
            .iter()
            .filter(|carried| window.contains(carried.day))
        {
            let client = table.clients.get(carried.client as usize);
            let set = carried
                .set
                .and_then(|set| Some((set, terms.get(set as usize)?)));
            let (Some(client), Some((number, set))) = (client, set) else {
                continue;
            };
            let permitted = *known.entry((number, carried.route)).or_insert_with(|| {
                let operations = context.operations(carried.route).iter();
                operations
                    .copied()
                    .any(|op| context.universe.permits(set, op))
            });
            rows.entry((client, carried.route))
                .or_default()
                .push((carried, permitted));
        }
        Self { rows }
    }

    fn of(&self, client: &str, route: u32, refused: bool) -> Vec<(&'a Carried, bool)> {
        let rows = self.rows.get(&(client, route));
        let rows = rows.into_iter().flatten().copied();
        rows.filter(|(carried, _)| carried.refused == refused)
            .collect()
    }

    /// By day, what passed or was refused.
    pub(super) fn days(&self, client: &str, route: u32, refused: bool) -> BTreeMap<i32, Told> {
        let mut days: BTreeMap<i32, Told> = BTreeMap::new();
        for (carried, permitted) in self.of(client, route, refused) {
            let told = days.entry(carried.day.0).or_default();
            if permitted {
                told.carried += carried.count;
            } else {
                told.lacked += carried.count;
            }
        }
        days
    }

    /// Requests that passed although their token did not carry what the operation asks for.
    pub(super) fn lacking(&self, client: &str, route: u32) -> Option<Tally> {
        let mut days = BTreeSet::new();
        let mut sum: Option<Tally> = None;
        let lacking = self.of(client, route, false).into_iter();
        for (carried, _) in lacking.filter(|(_, permitted)| !permitted) {
            let tally = Tally {
                events: carried.count,
                days: u64::from(days.insert(carried.day)),
                first: carried.first,
                last: carried.last,
            };
            sum = Some(sum.map_or(tally, |sum| sum.and(&tally)));
        }
        sum
    }
}
