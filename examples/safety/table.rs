//! The tables: equal to the other implementation, and right about what came.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use scopetrim::model::Level;

use crate::history::{Case, Read};

/// Edges of the calibration bins.
const BINS: [f64; 9] = [0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.01];
/// Grants below which a bin says nothing.
const BIN: u64 = 300;

/// Rules that are compared.
pub(crate) const RULES: [&str; 12] = [
    "unused 90 d, grant >= 90 d old",
    "never used, grant >= 90 d old",
    "core: safe",
    "core: safe and likely",
    "--window 29d: safe",
    "--window 29d: safe and likely",
    "default window: safe",
    "default window: safe and likely",
    "--window 29d and suspensions: safe",
    "--window 29d and suspensions: safe and likely",
    "default window and suspensions: safe",
    "default window and suspensions: safe and likely",
];

#[derive(Clone, Copy, Default)]
pub(crate) struct Sums {
    removed: u64,
    right: u64,
    wrong: u64,
    wrong_year: u64,
    requests: u64,
    clients: u64,
}

/// All histories of one setting.
pub(crate) struct Setting {
    pub(crate) name: String,
    histories: u64,
    grants: u64,
    clients: u64,
    surplus: u64,
    compared: u64,
    worst: f64,
    worst_upper: f64,
    /// Grants that one side compares and the other does not, and other levels or strata.
    missing: u64,
    mismatches: u64,
    rules: [Sums; RULES.len()],
    brier: f64,
    log: f64,
    bins: [(u64, f64, u64); BINS.len() - 1],
    past: [u64; 4],
    silent: [[u64; 2]; 2],
    /// Grants that the method would remove and the program does not, and those used within 90 days.
    held: BTreeMap<String, [u64; 2]>,
}

impl Setting {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            histories: 0,
            grants: 0,
            clients: 0,
            surplus: 0,
            compared: 0,
            worst: 0.0,
            worst_upper: 0.0,
            missing: 0,
            mismatches: 0,
            rules: [Sums::default(); RULES.len()],
            brier: 0.0,
            log: 0.0,
            bins: [(0, 0.0, 0); BINS.len() - 1],
            past: [0; 4],
            silent: [[0; 2]; 2],
            held: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, read: &Read) {
        let clients: BTreeSet<&str> = read.cases.iter().map(|case| &*case.client).collect();
        self.histories += 1;
        self.grants += read.cases.len() as u64;
        self.clients += clients.len() as u64;
        for (sum, own) in self.past.iter_mut().zip(read.past.unwrap_or_default()) {
            *sum += u64::from(own);
        }
        for (sums, own) in self.silent.iter_mut().zip(read.silent) {
            for (sum, own) in sums.iter_mut().zip(own) {
                *sum += own;
            }
        }
        for case in &read.cases {
            self.surplus += u64::from(!case.later.1);
            if case.core.is_some_and(|level| level <= Level::Likely) && case.long > case.core {
                let own = self.held.entry(case.held.clone()).or_default();
                own[0] += 1;
                own[1] += u64::from(case.later.0 > 0);
            }
            self.compare(case);
        }
        for (index, sums) in self.rules.iter_mut().enumerate() {
            let mut hit = BTreeSet::new();
            for case in read.cases.iter().filter(|case| removes(index, case)) {
                let (requests, year) = case.later;
                sums.removed += 1;
                sums.right += u64::from(!year);
                sums.wrong += u64::from(requests > 0);
                sums.wrong_year += u64::from(year);
                sums.requests += requests;
                if requests > 0 {
                    hit.insert(&case.client);
                }
            }
            sums.clients += hit.len() as u64;
        }
    }

    /// Share of the surplus that a rule removes, and share of its removals used within 90 days.
    pub(crate) fn rates(&self, rule: usize) -> (f64, f64) {
        let sums = &self.rules[rule];
        (
            share(sums.right, self.surplus),
            share(sums.wrong, sums.removed),
        )
    }

    /// Brier and logarithmic score on the grants compared.
    pub(crate) fn scores(&self) -> (f64, f64) {
        let all = share(self.compared, 1);
        (self.brier / all, self.log / all)
    }

    /// Mean prediction and share seen of each bin below 5 % with enough grants.
    pub(crate) fn low_bins(&self) -> impl Iterator<Item = (f64, f64)> {
        let bins = self.bins.iter().zip(BINS);
        bins.filter(|((count, ..), edge)| *edge < 0.05 && *count >= BIN)
            .map(|((count, sum, seen), _)| (sum / share(*count, 1), share(*seen, *count)))
    }

    /// What its own backtest said of safe, and of safe and likely; nothing for a short log.
    pub(crate) fn said(&self) -> [Option<f64>; 2] {
        let [safe, safe_used, likely, likely_used] = self.past;
        [(safe, safe_used), (likely, likely_used)]
            .map(|(all, used)| (all > 0).then(|| share(used, all)))
    }

    fn compare(&mut self, case: &Case) {
        let (p, upper, level) = &case.expected;
        match (case.odds, level.is_empty()) {
            (None, true) => return,
            (Some(own), false) => {
                self.worst = self.worst.max((own.0 - p).abs());
                self.worst_upper = self.worst_upper.max((own.1 - upper).abs());
                let level = case.core.map(Level::name) == Some(level.as_str());
                let stratum = case.stratum.0 == Some(case.stratum.1);
                self.mismatches += u64::from(!level || !stratum);
            }
            _ => {
                self.missing += 1;
                return;
            }
        }
        let p = case.odds.map_or(1.0, |own| own.0);
        let used = case.later.0 > 0;
        self.compared += 1;
        self.brier += (p - f64::from(u8::from(used))).powi(2);
        self.log -= if used { p.ln() } else { (1.0 - p).ln() };
        let bin = BINS.iter().rposition(|edge| *edge <= p).unwrap_or(0);
        if let Some((count, sum, seen)) = self.bins.get_mut(bin) {
            *count += 1;
            *sum += p;
            *seen += u64::from(used);
        }
    }
}

fn removes(rule: usize, case: &Case) -> bool {
    let up_to = |level: Option<Level>, worst| level.is_some_and(|level| level <= worst);
    match rule {
        0 => case.idle >= 90 && case.age >= 90,
        1 => case.never && case.age >= 90,
        2 => up_to(case.core, Level::Safe),
        3 => up_to(case.core, Level::Likely),
        4 => up_to(case.short, Level::Safe),
        5 => up_to(case.short, Level::Likely),
        6 => up_to(case.long, Level::Safe),
        7 => up_to(case.long, Level::Likely),
        8 => up_to(case.suspended[0], Level::Safe),
        9 => up_to(case.suspended[0], Level::Likely),
        10 => up_to(case.suspended[1], Level::Safe),
        _ => up_to(case.suspended[1], Level::Likely),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares for a table")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / (all.max(1) as f64)
}

pub(crate) fn render(settings: &[Setting]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |own: String| {
        let _ = writeln!(text, "{own}");
    };
    line("| setting | histories | grants | grants compared | largest difference of p | of the bound | other level or stratum | only on one side |".to_owned());
    line("|---|---|---|---|---|---|---|---|".to_owned());
    for own in settings {
        line(format!(
            "| {} | {} | {} | {} | {:.1e} | {:.1e} | {} | {} |",
            own.name,
            own.histories,
            own.grants,
            own.compared,
            own.worst,
            own.worst_upper,
            own.mismatches,
            own.missing
        ));
    }
    line("\n| setting | rule | removed | surplus removed | used within 90 d | within 365 d | denied requests per 1,000 removals | clients hit |".to_owned());
    line("|---|---|---|---|---|---|---|---|".to_owned());
    for own in settings {
        for (name, sums) in RULES.iter().zip(&own.rules) {
            line(format!(
                "| {} | {name} | {:.1} % | {:.1} % | {:.2} % | {:.2} % | {:.0} | {:.1} % |",
                own.name,
                100.0 * share(sums.removed, own.grants),
                100.0 * share(sums.right, own.surplus),
                100.0 * share(sums.wrong, sums.removed),
                100.0 * share(sums.wrong_year, sums.removed),
                1000.0 * share(sums.requests, sums.removed),
                100.0 * share(sums.clients, own.clients),
            ));
        }
    }
    line("\n| setting | held at a less safe level than the method gives, by | grants | used within 90 d |".to_owned());
    line("|---|---|---|---|".to_owned());
    for own in settings {
        let mut held: Vec<(&String, &[u64; 2])> = own.held.iter().collect();
        held.sort_by_key(|(_, [count, _])| std::cmp::Reverse(*count));
        for (reasons, [count, used]) in held.into_iter().take(8) {
            let share = 100.0 * share(*used, *count);
            line(format!(
                "| {} | {reasons} | {count} | {share:.2} % |",
                own.name
            ));
        }
    }
    line("\n| setting | clients to suspend: safe | came back within 90 d | safe and likely | came back |".to_owned());
    line("|---|---|---|---|---|".to_owned());
    for own in settings {
        let [[safe, back], [likely, came]] = own.silent;
        line(format!(
            "| {} | {safe} | {back} | {likely} | {came} |",
            own.name
        ));
    }
    line("\n| setting | Brier | log | own backtest: safe | what came | safe and likely | what came | predicted -> seen (grants) |".to_owned());
    line("|---|---|---|---|---|---|---|---|".to_owned());
    for own in settings {
        let compared = share(own.compared, 1);
        let bins: Vec<String> = own
            .bins
            .iter()
            .filter(|(count, _, _)| *count >= BIN)
            .map(|(count, sum, seen)| {
                format!(
                    "{:.3} -> {:.3} ({count})",
                    sum / share(*count, 1),
                    share(*seen, *count)
                )
            })
            .collect();
        let [safe, likely] = [2, 3].map(|rule: usize| own.rules[rule]);
        let said = |used: u64, all: u64| match all {
            0 => "too short".to_owned(),
            all => format!("{:.2} % of {all}", 100.0 * share(used, all)),
        };
        line(format!(
            "| {} | {:.4} | {:.4} | {} | {:.2} % | {} | {:.2} % | {} |",
            own.name,
            own.brier / compared,
            own.log / compared,
            said(own.past[1], own.past[0]),
            100.0 * share(safe.wrong, safe.removed),
            said(own.past[3], own.past[2]),
            100.0 * share(likely.wrong, likely.removed),
            bins.join(", ")
        ));
    }
    text
}
