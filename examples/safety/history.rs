//! One simulated history, through the analysis.

use std::collections::BTreeMap;
use std::path::Path;

use scopetrim::analysis::landmark::{Thresholds, guards};
use scopetrim::analysis::{Analysis, Evidence};
use scopetrim::model::{Level, Reason, Verdict};

use super::world::{END, Key, World, key, number, rows, text};

/// Longest window of a run without `--window`.
const WINDOW: u32 = 365;
/// A window in which a grant idle for 30 days shows no use.
const SHORT: u32 = 29;

/// One grant: what is said, and what happened.
pub(crate) struct Case {
    pub(crate) client: String,
    /// Probability and bound; `None` when not idle for 30 days.
    pub(crate) odds: Option<(f64, f64)>,
    /// Number of the stratum here and there.
    pub(crate) stratum: (Option<usize>, usize),
    /// By the guards of the other implementation (G2, G3 and G4).
    pub(crate) core: Option<Level>,
    /// As the program says it, with the shortest window.
    pub(crate) short: Option<Level>,
    /// The same with the window of a run without flags.
    pub(crate) long: Option<Level>,
    /// Both again, where advice to suspend a client takes all its grants at its own level,
    /// beside those that go at a safer one.
    pub(crate) suspended: [Option<Level>; 2],
    /// What holds it at `review` with the window of a run without flags.
    pub(crate) held: String,
    /// What the other implementation says.
    pub(crate) expected: (f64, f64, String),
    pub(crate) never: bool,
    pub(crate) idle: u32,
    pub(crate) age: u32,
    /// Requests in the 90 days that followed, and days in 365.
    pub(crate) later: (u64, bool),
}

pub(crate) struct Read {
    pub(crate) cases: Vec<Case>,
    /// Safe, used again, safe or likely, used again: one horizon earlier.
    pub(crate) past: Option<[u32; 4]>,
    /// Clients to be suspended at a level, and those of them that came back within 90 days:
    /// safe, safe or likely; with the window of a run without flags.
    pub(crate) silent: [[u64; 2]; 2],
}

/// Both analyses of the history, beside what the other implementation says and what came.
pub(crate) fn read(folder: &Path, world: &World) -> Result<Read, String> {
    let expected = rows(folder, "expected.csv")?;
    let (short, long) = (world.analyse(SHORT), world.analyse(WINDOW));
    let (now, default) = (decided(&short), decided(&long));
    let suspended = [suspended(&short), suspended(&long)];
    let mut later: BTreeMap<Key, (u64, bool)> = BTreeMap::new();
    for row in rows(folder, "future.csv")? {
        let own = later.entry(key(&row)).or_default();
        own.1 = true;
        if number::<i32>(&row, "day")? < END + 90 {
            own.0 += number::<u64>(&row, "count")?;
        }
    }
    let mut cases = Vec::new();
    for row in &expected {
        let key = key(row);
        let (own, level, _) = now.get(&key).cloned().unwrap_or_default();
        let (_, one, held) = default.get(&key).cloned().unwrap_or_default();
        let core = own.map(|own| {
            if guards(&own.state, short.basis.days) {
                Thresholds::default().level(&own.odds)
            } else {
                Level::Review
            }
        });
        cases.push(Case {
            odds: own.map(|own| (own.odds.p, own.odds.upper)),
            stratum: (
                own.map(|own| own.odds.stratum.number()),
                number(row, "stratum")?,
            ),
            core,
            short: level,
            long: one,
            suspended: [(level, &suspended[0]), (one, &suspended[1])]
                .map(|(own, all)| all.get(&key.0).copied().into_iter().chain(own).min()),
            held,
            expected: (number(row, "p")?, number(row, "upper")?, text(row, "level")),
            never: text(row, "never") == "1",
            idle: number(row, "idle")?,
            age: number(row, "age")?,
            later: later.get(&key).copied().unwrap_or_default(),
            client: key.0,
        });
    }
    let origin = short.basis.past.origins.first();
    let past = origin.map(|own| [own.safe, own.safe_used, own.likely, own.likely_used]);
    let came = |client: &String| {
        let own = cases.iter().filter(|case| case.client == *client);
        own.map(|case| case.later.0).sum::<u64>() > 0
    };
    let silent = [Level::Safe, Level::Likely].map(|worst| {
        let all = suspended[1].iter().filter(|(_, level)| **level <= worst);
        let all: Vec<bool> = all.map(|(client, _)| came(client)).collect();
        [
            all.len() as u64,
            all.iter().filter(|came| **came).count() as u64,
        ]
    });
    Ok(Read {
        cases,
        past,
        silent,
    })
}

/// Clients to be suspended, and how safe that is.
fn suspended(analysis: &Analysis) -> BTreeMap<String, Level> {
    let clients = analysis.clients.iter();
    let own = clients.filter_map(|own| Some((own.id.to_string(), own.suspend.as_ref()?.level)));
    own.collect()
}

/// Evidence and level of each removal, and what holds it back.
fn decided(analysis: &Analysis) -> BTreeMap<Key, (Option<Evidence>, Option<Level>, String)> {
    let clients = analysis.clients.iter();
    clients
        .flat_map(|client| client.terms.iter().map(move |found| (client, found)))
        .filter(|(_, found)| found.verdict == Verdict::Remove)
        .map(|(client, found)| {
            let key = (client.id.to_string(), found.term.to_string());
            let facts = [Reason::NeverUsed, Reason::NotUsedInWindow];
            let held = found.reasons.iter().filter(|own| !facts.contains(own));
            let held: Vec<String> = held
                .filter(|_| found.level == Some(Level::Review))
                .map(|own| serde_json::to_string(own).unwrap_or_default())
                .collect();
            let held = held.join(", ").replace('"', "`");
            (key, (found.evidence, found.level, held))
        })
        .collect()
}
