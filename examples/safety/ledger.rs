//! The same history through the product's own door: log lines, a policy file and a
//! catalogue are written, ingested into a ledger, and the ledger is read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use scopetrim::catalog::matcher::{MatchOptions, Matcher};
use scopetrim::catalog::{LoadOptions, load_many};
use scopetrim::event::EventRules;
use scopetrim::event::hash::HashKey;
use scopetrim::event::identity::Identities;
use scopetrim::event::mask::Mask;
use scopetrim::format::{LogFormat, detect};
use scopetrim::input::{Limits, discover, head};
use scopetrim::model::{ClientName, Day};
use scopetrim::usage::ledger::{Contribution, Ids, Ledger, Operations, Reading, Writer};
use scopetrim::usage::{
    ClientUse, CollectOptions, Coverage, SourceFacts, Uncertain, collect_as_logged, summarise,
};

use super::world::{EPOCH, World, covered, number, rows, scopes, text};

/// Days in one log file.
const FILE: i32 = 31;
/// Clients outside the policy that are kept apart.
const MAX_CLIENTS: usize = 1 << 18;
/// Share of rejected records above which an input would be incomplete.
const REJECTS: f64 = 0.01;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Writes the history's files into `scratch`, ingests them file by file, each in a
/// commit of its own, and reads back what a run would read.
///
/// `most` log lines are written for one client, scope and day; the levels ask for
/// days, and the rest of a busy day is only time.
pub(crate) fn world(folder: &Path, scratch: &Path, most: u64) -> Result<World, String> {
    let grants = rows(folder, "grants.csv")?;
    let catalogue = scratch.join("routes.yaml");
    let mut out = "version: 1\nroutes:\n".to_owned();
    for scope in scopes(&grants) {
        let _ = writeln!(out, "  GET /{scope}: [{scope}]");
    }
    fs::write(&catalogue, out).map_err(said)?;
    let held = scratch.join("grants.csv");
    let mut out = "client,scope,since\n".to_owned();
    for row in &grants {
        let since = Day(EPOCH + number::<i32>(row, "granted_day")?);
        let _ = writeln!(
            out,
            "{},{},{since}",
            text(row, "client"),
            text(row, "scope")
        );
    }
    fs::write(&held, out).map_err(said)?;
    let logs = logs(folder, scratch, most)?;

    let options = LoadOptions::default();
    let named = [(catalogue.as_path(), "routes.yaml")];
    let catalog = load_many(named, &options).map_err(said)?;
    let policy = scopetrim::grants::load(&[(held, "grants.csv".to_owned())]).map_err(said)?;
    let (matcher, _) = Matcher::new(&catalog.operations, MatchOptions::default());
    let operations = Operations::new(&matcher, &catalog.operations);
    let known = policy.clients();
    let known = known.iter().map(|name| name.as_str().as_bytes().to_vec());
    let identities = Identities::new(known.collect(), &BTreeMap::new(), &HashKey::default());
    let uncertain = Uncertain::new(&matcher, &identities, Vec::new());
    let mask = Mask::default();
    let ledger = scratch.join("ledger");
    for log in logs {
        let name = log.to_string_lossy().into_owned();
        let inputs = discover(&[name], Path::new("")).map_err(said)?;
        let sources = head(&inputs);
        let formats: Vec<Option<&'static dyn LogFormat>> = sources
            .iter()
            .map(|source| detect::detect(&source.head).format())
            .collect();
        let options = CollectOptions {
            formats: &formats,
            rules: &EventRules::default(),
            identities: &identities,
            matcher: &matcher,
            uncertain: &uncertain,
            limits: &Limits::default(),
            max_clients: MAX_CLIENTS,
            credentials: None,
        };
        let collected = collect_as_logged(&sources, &options, &AtomicU64::new(0));
        let facts = SourceFacts::of_all(&sources, &formats, &collected);
        let (Some(facts), [source]) = (facts.into_iter().next(), &sources[..]) else {
            return Err("one file is one source".to_owned());
        };
        let own = Contribution::new(source, facts, &collected, &operations).map_err(said)?;
        let mut writer = Writer::open(&ledger).map_err(said)?;
        writer.add(own, source).map_err(said)?;
        writer.commit().map_err(said)?;
    }
    let reading = Reading {
        identities: &identities,
        matcher: &matcher,
        operations: &operations,
        uncertain: &uncertain,
        mask: &mask,
        max_clients: MAX_CLIENTS,
        ids: Ids::Refused,
        credentials: false,
    };
    let recalled = Ledger::recall(&ledger, &reading, &[]).map_err(said)?;
    let coverage = Coverage::new(&recalled.facts, REJECTS);
    if let Some(gap) = coverage.gaps.first() {
        return Err(format!("`{}`: {}", gap.source, gap.reason));
    }
    let table = &recalled.usage;
    let wanted: BTreeMap<u32, ClientName> = policy
        .clients()
        .into_iter()
        .filter_map(|name| Some((table.client(name.as_str())?, name)))
        .collect();
    let clients: BTreeSet<u32> = wanted.keys().copied().collect();
    let usage: BTreeMap<ClientName, ClientUse> = summarise(table, &clients, None)
        .into_iter()
        .filter_map(|own| Some((wanted.get(&own.client)?.clone(), own)))
        .collect();
    Ok(World {
        routes: matcher.routes().to_vec(),
        catalog,
        policy,
        usage,
        coverage,
    })
}

/// One file for each month of the log, in native JSON lines.
fn logs(folder: &Path, scratch: &Path, most: u64) -> Result<Vec<PathBuf>, String> {
    let mut days: BTreeMap<i32, Vec<(String, String, u64)>> = BTreeMap::new();
    for day in covered(folder)? {
        days.insert(day.0, Vec::new());
    }
    for row in rows(folder, "usage.csv")? {
        let own = days.entry(EPOCH + number::<i32>(&row, "day")?).or_default();
        let count = number::<u64>(&row, "count")?.min(most);
        own.push((text(&row, "client"), text(&row, "scope"), count));
    }
    let first = days.keys().next().copied().unwrap_or(EPOCH);
    let mut files: BTreeMap<i32, BufWriter<File>> = BTreeMap::new();
    let mut names = Vec::new();
    for (day, requests) in days {
        let month = (day - first) / FILE;
        if let std::collections::btree_map::Entry::Vacant(slot) = files.entry(month) {
            let name = scratch.join(format!("log-{month:02}.jsonl"));
            slot.insert(BufWriter::new(File::create(&name).map_err(said)?));
            names.push(name);
        }
        let Some(file) = files.get_mut(&month) else {
            continue;
        };
        let date = Day(day);
        // A gateway's own probe: a day without any caller is still a day of log.
        writeln!(
            file,
            r#"{{"time":"{date}T00:00:01Z","method":"GET","path":"/health","status":200}}"#
        )
        .map_err(said)?;
        for (client, scope, count) in requests {
            for _ in 0..count {
                writeln!(
                    file,
                    r#"{{"time":"{date}T12:00:00Z","client_id":"{client}","method":"GET","path":"/{scope}","status":200}}"#
                )
                .map_err(said)?;
            }
        }
    }
    for (_, mut file) in files {
        file.flush().map_err(said)?;
    }
    Ok(names)
}
