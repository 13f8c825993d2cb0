//! Judges the levels on simulated organisations, whose future is known for each grant.
//!
//! In: names of settings. Out: one table for each setting and length of log, and for each
//! part of an organisation that is looked at apart.
//!
//! The log ends with the day of the decision; the 90 and 365 days after it judge. A gateway
//! has records on each day of the log, whoever calls, but for outages.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use scopetrim::model::Day;

use crate::population::{
    BASE, BEFORE, EASY, HARD, Mix, god_tokens, is_weekend, mixed, outages, season,
};
use crate::rng::mix;
use crate::table::Table;
use crate::world::{Key, Said, Tenant};

/// The day of the decision: 31 August 2026, so that the autumn follows.
const AT: Day = Day(20_696);
/// Days of an outage.
const OUTAGE: i32 = 4;

/// How the days of an organisation are seen.
#[derive(Clone, Copy, Debug)]
enum Log {
    /// All of them.
    Whole,
    /// A tenth of them is missing, four at a time.
    Outages,
    /// Nothing happens on weekends.
    Weekdays,
    /// Nobody but the clients is seen: a day without them has no records.
    NoHeartbeat,
}

#[derive(Clone, Copy, Debug)]
enum Population {
    Mixed { mix: Mix, clients: usize, log: Log },
    GodTokens { tokens: usize, scopes: usize },
    Season,
}

/// Organisations of one kind, and the logs that they are judged with.
struct Setting {
    group: &'static str,
    name: String,
    days: &'static [i32],
    population: Population,
    /// Organisations for each hundred that are asked for: large ones are few, small ones many.
    percent: u32,
}

/// The names that may be asked for.
pub(crate) const GROUPS: [&str; 12] = [
    "base",
    "hard",
    "easy",
    "base-180",
    "base-450",
    "missing",
    "40-clients",
    "4000-clients",
    "god",
    "season",
    "small",
    "weekdays",
];

fn settings() -> Vec<Setting> {
    let mixed = |mix: Mix, clients: usize, log: Log| Population::Mixed { mix, clients, log };
    let one = |group: &'static str, days, population| Setting {
        group,
        name: group.to_owned(),
        days,
        population,
        percent: 100,
    };
    let mut all = vec![
        one("base", &[365], mixed(BASE, 400, Log::Whole)),
        one("hard", &[365], mixed(HARD, 400, Log::Whole)),
        one("easy", &[365], mixed(EASY, 400, Log::Whole)),
        one("base-180", &[180], mixed(BASE, 400, Log::Whole)),
        one("base-450", &[450], mixed(BASE, 400, Log::Whole)),
        one("missing", &[365], mixed(BASE, 400, Log::Outages)),
        Setting {
            percent: 400,
            ..one("40-clients", &[365], mixed(BASE, 40, Log::Whole))
        },
        Setting {
            percent: 10,
            ..one("4000-clients", &[365], mixed(BASE, 4000, Log::Whole))
        },
    ];
    for (tokens, scopes) in [(1, 100), (4, 150)] {
        all.push(Setting {
            name: format!("god {tokens} x {scopes}"),
            ..one(
                "god",
                &[200, 365, 500, 800],
                Population::GodTokens { tokens, scopes },
            )
        });
    }
    all.push(Setting {
        percent: 20,
        ..one("season", &[255, 300, 365, 400, 540], Population::Season)
    });
    for (clients, log, percent) in [
        (5, Log::Whole, 400),
        (5, Log::NoHeartbeat, 400),
        (10, Log::Whole, 400),
        (40, Log::Whole, 100),
    ] {
        let name = match log {
            Log::NoHeartbeat => format!("{clients} clients, no heartbeat"),
            _ => format!("{clients} clients"),
        };
        all.push(Setting {
            name,
            percent,
            ..one(
                "small",
                &[90, 95, 119, 120, 180, 365],
                mixed(BASE, clients, log),
            )
        });
    }
    all.push(one("weekdays", &[365], mixed(BASE, 400, Log::Weekdays)));
    all
}

/// Judges the settings of these names, or all when none is named. `seeds` organisations are
/// drawn for most of them; a use in the last `window` days keeps a grant.
pub(crate) fn judge(names: &[String], seeds: u32, window: u32) -> Result<Vec<Table>, String> {
    if let Some(name) = names.iter().find(|name| !GROUPS.contains(&name.as_str())) {
        let known = GROUPS.join(", ");
        return Err(format!("`{name}` is not a setting; there are {known}"));
    }
    let asked =
        |setting: &Setting| names.is_empty() || names.iter().any(|name| name == setting.group);
    let settings = settings().into_iter().filter(asked);
    Ok(settings
        .flat_map(|setting| setting.judge(seeds, window))
        .collect())
}

impl Setting {
    fn judge(&self, seeds: u32, window: u32) -> Vec<Table> {
        let many = (seeds.saturating_mul(self.percent) / 100).max(1);
        let organisations: Vec<Vec<Table>> = (0..many)
            .into_par_iter()
            .map(|seed| {
                let days = self.days.iter();
                days.flat_map(|days| self.one(seed, *days, window))
                    .collect()
            })
            .collect();
        let mut sums: Vec<Table> = Vec::new();
        for tables in organisations {
            if sums.is_empty() {
                sums = tables;
                continue;
            }
            for (sum, table) in sums.iter_mut().zip(&tables) {
                sum.merge(table);
            }
        }
        sums
    }

    /// One organisation, judged with one length of log: the whole, and parts of it.
    fn one(&self, seed: u32, days: i32, window: u32) -> Vec<Table> {
        let tenant = self.population.draw(mix(u64::from(seed)), days);
        let said = tenant.said_within(window, AT.plus(1 - days), AT);
        let name = format!("{}, {days} d", self.name);
        let whole = std::iter::once((name.clone(), ""));
        let parts = self.population.parts().iter();
        let parts = parts.map(|(what, prefix)| (format!("{name}: {what}"), *prefix));
        whole
            .chain(parts)
            .map(|(name, prefix)| {
                let of_it = |key: &Key| key.1.starts_with(prefix);
                let of_group = said.iter().filter(|(key, _)| of_it(key));
                let of_group: BTreeMap<Key, Said> = of_group
                    .map(|(key, said)| (key.clone(), said.clone()))
                    .collect();
                let mut grants = tenant.clone();
                grants.grants.retain(|key, _| of_it(key));
                let mut table = Table::new(&name);
                table.add(&grants, &of_group, AT);
                table
            })
            .collect()
    }
}

impl Population {
    /// An organisation; its log has records on the days on which it should.
    fn draw(self, seed: u64, days: i32) -> Tenant {
        let longest = days.max(BEFORE);
        let every = (1 - longest..=0).map(|day| AT.plus(day));
        match self {
            Self::Mixed { mix, clients, log } => {
                let mut tenant = mixed(seed, &mix, clients, AT);
                tenant.others = every.collect();
                match log {
                    Log::Whole => {}
                    Log::Outages => {
                        let first = outages(seed, 0.1, AT).into_iter();
                        let gone =
                            first.flat_map(|day| (0..OUTAGE).map(move |offset| day.plus(offset)));
                        let gone: BTreeSet<Day> = gone.filter(|day| *day <= AT).collect();
                        without(&mut tenant, |day| gone.contains(&day));
                    }
                    Log::Weekdays => without(&mut tenant, is_weekend),
                    Log::NoHeartbeat => tenant.others.clear(),
                }
                tenant
            }
            Self::GodTokens { tokens, scopes } => god_tokens(seed, tokens, scopes, days, AT),
            Self::Season => season(seed, days, AT),
        }
    }

    /// Parts that are looked at apart, and how the names of their scopes begin.
    fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Mixed { .. } => &[],
            Self::GodTokens { .. } => &[("apps", "app"), ("tokens", "wide")],
            Self::Season => &[("season", "season"), ("dead", "dead")],
        }
    }
}

/// Takes days out of the log.
fn without(tenant: &mut Tenant, gone: impl Fn(Day) -> bool) {
    tenant.others.retain(|day| !gone(*day));
    for days in tenant.uses.values_mut() {
        days.retain(|day| !gone(*day));
    }
}
