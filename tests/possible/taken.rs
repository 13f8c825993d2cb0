//! Data that is taken away makes no removal safer: of a random tenant days, lines, names,
//! sources, or the history of grants.
//!
//! Left out is what nobody can know: where every trace of what spoke against a removal lay
//! in what was taken away ([`nobody_can_know`]). Statistics are switched off.

mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use super::support::{ANY_SHARE, Case, daily, line};
use super::{DAYS, Rng, grants, judged, log, reading, reports, routes};
use tenant::{Judged, Line, Tenant, opens};

/// Takes something away.
type Take = fn(&mut Tenant, &mut Rng);

/// What is taken away.
const KINDS: [(&str, Take); 14] = [
    ("a hole", |tenant, rng| {
        let gone = span(tenant, rng);
        tenant.lines.retain(|line| !gone.contains(&line.day));
    }),
    ("the newest days", |tenant, rng| {
        // The last 90 days are those before the end: of days that lack before it, fewer
        // may then count.
        if tenant.gappy.is_none() {
            let end = tenant.days - 1 - u32::try_from(rng.below(60)).unwrap();
            tenant.lines.retain(|line| line.day <= end);
        }
    }),
    ("the oldest days", |tenant, rng| {
        let from = 1 + u32::try_from(rng.below(60)).unwrap();
        tenant.lines.retain(|line| line.day >= from);
    }),
    ("some days", |tenant, rng| {
        let one_in = 3 + rng.below(20);
        let gone: BTreeSet<u32> = (0..tenant.days)
            .filter(|_| rng.below(one_in) == 0)
            .collect();
        tenant.lines.retain(|line| !gone.contains(&line.day));
    }),
    ("days of one source", |tenant, rng| {
        let (gone, source) = (span(tenant, rng), rng.below(tenant.sources));
        tenant
            .lines
            .retain(|line| line.source != source || !gone.contains(&line.day));
    }),
    ("lines of one client", |tenant, rng| {
        let (client, one_in) = (rng.below(tenant.clients.len()), 1 + rng.below(4));
        tenant
            .lines
            .retain(|line| is_pulse(*line) || line.client != client || rng.below(one_in) > 0);
    }),
    ("lines of all clients", |tenant, rng| {
        let one_in = 2 + rng.below(10);
        tenant
            .lines
            .retain(|line| is_pulse(*line) || rng.below(one_in) > 0);
    }),
    ("names of one client", |tenant, rng| {
        let (client, one_in) = (rng.below(tenant.clients.len()), 1 + rng.below(4));
        for line in tenant.lines.iter_mut().filter(|line| line.client == client) {
            line.named &= rng.below(one_in) > 0;
        }
    }),
    ("names of one client from a day on", |tenant, rng| {
        let client = rng.below(tenant.clients.len());
        let from = u32::try_from(rng.below(tenant.days as usize)).unwrap();
        for line in tenant.lines.iter_mut().filter(|line| line.client == client) {
            line.named &= line.day < from;
        }
    }),
    ("names of all clients", |tenant, rng| {
        let one_in = 2 + rng.below(10);
        for line in &mut tenant.lines {
            line.named &= rng.below(one_in) > 0;
        }
    }),
    ("names of one source from a day on", |tenant, rng| {
        let source = rng.below(tenant.sources);
        let from = u32::try_from(rng.below(tenant.days as usize)).unwrap();
        for line in tenant.lines.iter_mut().filter(|line| line.source == source) {
            line.named &= line.day < from;
        }
    }),
    ("a source", |tenant, rng| {
        // Without a source that lacks days its clients lack none: to leave it out is how
        // one says that it was shut down.
        if tenant.gappy.is_none() && tenant.sources > 1 {
            let source = rng.below(tenant.sources);
            tenant.lines.retain(|line| line.source != source);
        }
    }),
    ("dates in the policy file", |tenant, rng| {
        for client in &mut tenant.clients {
            match rng.below(3) {
                0 => client.dated = false,
                1 => {
                    client.dated = false;
                    client
                        .scopes
                        .values_mut()
                        .for_each(|scope| scope.dated = false);
                }
                // Below a date of the client nobody can know that a scope is younger.
                _ if client.dated => {}
                _ => client
                    .scopes
                    .values_mut()
                    .for_each(|scope| scope.dated &= rng.below(2) == 0),
            }
        }
    }),
    ("records of the grants", |tenant, rng| {
        if !tenant.records.is_empty() {
            let last = tenant.days - 1;
            tenant
                .records
                .retain(|day| *day == last || rng.below(2) == 0);
        }
    }),
];

/// Days of which none is the first or the last.
fn span(tenant: &Tenant, rng: &mut Rng) -> std::ops::Range<u32> {
    let length = 1 + rng.below(60);
    let from = 1 + rng.below(tenant.days as usize - length - 1);
    u32::try_from(from).unwrap()..u32::try_from(from + length).unwrap()
}

/// What shows that there is data of a source on a day; without it the day is taken away.
fn is_pulse(line: Line) -> bool {
    line.client == 0 && line.operation == 0
}

/// Whether every trace of what spoke against the removal of a scope was taken away.
fn nobody_can_know(whole: &Tenant, less: &Tenant, client: usize, scope: usize) -> bool {
    let used = |tenant: &Tenant| -> BTreeSet<u32> {
        let all = tenant.of(client, scope).filter(|line| !line.is_refused());
        all.map(|line| line.day).collect()
    };
    let named = |tenant: &Tenant| -> BTreeSet<u32> {
        let all = tenant.of(client, scope).filter(|line| !line.is_refused());
        all.filter(|line| line.named).map(|line| line.day).collect()
    };
    let refused = |tenant: &Tenant| {
        let mut all = tenant.of(client, scope);
        all.any(|line| line.is_refused() && line.named)
    };
    let lacked = |tenant: &Tenant| {
        let since = tenant.clients[client].scopes[&scope].since;
        let mut days = tenant.records.iter();
        days.any(|day| i32::try_from(*day).unwrap() < since)
    };
    let carried = |tenant: &Tenant| {
        let mut lines = tenant.lines.iter();
        lines.any(|line| line.client == client && line.named && Some(line.source) == tenant.gappy)
    };
    // Its only uses.
    (!used(whole).is_empty() && used(less).is_empty())
        // Its rhythm, where the window does not hold all uses.
        || (whole.short && named(whole) != named(less))
        // Every refusal of what it holds.
        || (refused(whole) && !refused(less))
        // Every sign of life of a client that may be new.
        || (!whole.life(client).is_empty() && less.life(client).is_empty() && used(less).is_empty())
        // Every record that lacks it.
        || (lacked(whole) && !lacked(less))
        // Every line of it in the source that lacks days.
        || (carried(whole) && !carried(less))
}

/// Whether every trace of what spoke against the advice to suspend a client was taken away.
fn nobody_can_know_of_the_client(whole: &Tenant, less: &Tenant, client: usize) -> bool {
    let scopes = &whole.clients[client].scopes;
    // A request without a name that it may have sent.
    let held = less.lines.iter().any(|line| {
        let opened = scopes.keys().any(|scope| opens(*scope, line.operation));
        let in_window = !less.short || line.day + 60 > less.end();
        line.client == client && !line.named && !line.is_refused() && opened && in_window
    });
    if held || !less.is_silent(client) {
        return false;
    }
    let days = |tenant: &Tenant, scope: usize| -> BTreeSet<u32> {
        let uses = tenant.of(client, scope).filter(|line| line.named);
        uses.map(|line| line.day).collect()
    };
    let touched = |scope: &usize| {
        nobody_can_know(whole, less, client, *scope) || days(whole, *scope) != days(less, *scope)
    };
    !whole.is_silent(client) || scopes.keys().any(touched)
}

/// What is above review with less data only. Suspending a client takes away all that it holds.
fn rises(whole: (&Tenant, &Judged), less: (&Tenant, &Judged)) -> Vec<String> {
    let mut found = Vec::new();
    for ((client, scope), goes) in less.1 {
        let Some(scope) = scope else { continue };
        let suspended = (*client, None);
        if whole.1[&(*client, Some(*scope))] || whole.1[&suspended] {
            continue;
        }
        if *goes && !nobody_can_know(whole.0, less.0, *client, *scope) {
            found.push(format!("app-{client}, scope {scope}"));
        }
        if less.1[&suspended] && !nobody_can_know_of_the_client(whole.0, less.0, *client) {
            found.push(format!("app-{client}, scope {scope}, by suspension"));
        }
    }
    found
}

/// Tenants that are looked at; `SCOPETRIM_TENANTS` names another number, to look at more.
const TENANTS: u64 = 5;

#[test]
fn data_taken_away_makes_no_removal_safer() {
    let asked = std::env::var("SCOPETRIM_TENANTS").ok();
    let tenants = asked.and_then(|text| text.parse().ok()).unwrap_or(TENANTS);
    for seed in 0..tenants {
        let whole = Tenant::random(seed);
        let found = whole.judged();
        for (kind, take) in KINDS {
            let mut less = whole.clone();
            take(&mut less, &mut Rng(seed ^ 1));
            if less == whole {
                continue;
            }
            let wrong = rises((&whole, &found), (&less, &less.judged()));
            assert_eq!(wrong, [""; 0], "tenant {seed}, without {kind}");
        }
    }
}

#[test]
fn a_rise_is_seen_where_there_is_one() {
    let all = Tenant::random(3);
    let (_, take) = KINDS[12];
    let mut undated = all.clone();
    take(&mut undated, &mut Rng(1));
    let (found, less) = (all.judged(), undated.judged());
    assert!(
        found.values().filter(|goes| **goes).count() > 3,
        "{found:?}"
    );
    assert_eq!(rises((&all, &found), (&undated, &less)), [""; 0]);
    // The other way round dates are added, and that does make removals safer.
    assert_ne!(rises((&undated, &less), (&all, &found)), [""; 0]);
}

/// `app-5` calls every day, and `app-0` holds what it uses.
const POLICY: &str = "version: 1\nclients:\n  app-5: {since: 2020-01-01, scopes: ['users:read']}\n  app-0: {since: 2020-01-01, scopes: ['orders:read']}\n";

fn is_to_suspend(verdicts: &BTreeMap<(String, String), String>, client: &str) -> bool {
    let advice = &verdicts[&(client.to_owned(), "(advice)".to_owned())];
    advice.contains("likely") || advice.contains("safe")
}

#[test]
fn requests_without_a_name_hold_the_advice_to_suspend_whoever_used_that_before() {
    // All that it holds is used, so no removal of its own is held by them.
    for (name, goes) in [("app-0", false), ("null", false), ("nothing", true)] {
        let case = Case::of(&routes(), POLICY, "");
        let mut lines: Vec<(u32, String)> = (0..DAYS)
            .map(|day| (day, line(day, "app-5", "GET /v1/public", 200)))
            .collect();
        let until = if name == "nothing" { 100 } else { DAYS };
        lines.extend((0..until).map(|day| {
            let text = line(day, "app-0", "GET /v1/orders", 200);
            let lost = day >= 100 && name == "null";
            (
                day,
                if lost {
                    text.replace("\"app-0\"", "null")
                } else {
                    text
                },
            )
        }));
        case.write("log.jsonl", log(lines));
        for report in reports(&case) {
            assert_eq!(is_to_suspend(&judged(&report), "app-0"), goes, "{name}");
        }
    }
}

#[test]
fn lost_days_do_not_make_a_client_silent_that_is_not() {
    let uses = |first: u32| {
        let days = std::iter::once(first).chain(60..101);
        let lines = days.map(|day| (day, line(day, "app-0", "GET /v1/orders", 200)));
        lines.collect::<Vec<_>>()
    };
    let with_loss = |lines: Vec<(u32, String)>| {
        let case = Case::of(&routes(), POLICY, "");
        let daily = (0..DAYS).map(|day| (day, line(day, "app-5", "GET /v1/public", 200)));
        let left = daily
            .chain(lines)
            .filter(|pair| !(35..50).contains(&pair.0));
        case.write("log.jsonl", log(left.collect()));
        reports(&case).map(|report| is_to_suspend(&judged(&report), "app-0"))
    };
    // Once it was silent for 30 days, of which half are lost; now for 49.
    assert_eq!(with_loss(uses(29)), [false; 2]);
    assert_eq!(with_loss(uses(59)), [true; 2]);
}

#[test]
fn days_taken_away_make_no_grant_older_that_a_record_lacks() {
    let policy = "version: 1\nclients:\n  app-0: {since: 2020-01-01, scopes: ['users:read', 'orders:read']}\n";
    for days in [DAYS, 110] {
        let case = Case::of(&routes(), policy, "");
        case.write("then.yaml", policy.replace(", 'orders:read'", ""));
        case.write("log.jsonl", daily(days, "app-0", "GET /v1/public", 200));
        for (day, policy) in [("2026-05-01", "then.yaml"), ("2026-05-30", "grants.yaml")] {
            let files = ["--catalog", "routes.yaml", "--grants", policy];
            let args = [
                "ingest",
                "log.jsonl",
                "--ledger",
                "usage",
                "--grants-as-of",
                day,
            ];
            let run = case.run(&[&args[..], &files].concat());
            assert_eq!(run.code, Some(0), "{}", run.err);
        }
        let files = ["--catalog", "routes.yaml", "--grants", "grants.yaml"];
        let args = ["analyze", "--ledger", "usage", "--json", "--quiet"];
        let run = case.run(&[&args[..], &files, &ANY_SHARE].concat());
        let verdicts = judged(&serde_json::from_str(&run.out).expect("a report"));
        let level = |scope: &str| &verdicts[&("app-0".to_owned(), scope.to_owned())];
        assert!(
            level("users:read").contains("likely"),
            "{days}: {verdicts:?}"
        );
        assert!(
            level("orders:read").contains("review"),
            "{days}: {verdicts:?}"
        );
    }
}

#[test]
fn days_taken_away_make_no_removal_safer() {
    let mut rng = Rng(11);
    for round in 0..3 {
        let lines = reading(&mut rng);
        let case = Case::of(&routes(), &grants(), "");
        case.write("log.jsonl", log(lines.clone()));
        let whole = judged(&reports(&case)[0]);
        // Of a hole, of the newest days, or of the oldest ones.
        let gone = [40..75, DAYS - 70..DAYS, 0..70][round].clone();
        let case = Case::of(&routes(), &grants(), "");
        let left = lines.into_iter().filter(|pair| !gone.contains(&pair.0));
        case.write("log.jsonl", log(left.collect()));
        let less = judged(&reports(&case)[0]);
        for (key, found) in &less {
            let safe = |text: &str| text.contains("likely") || text.contains("safe");
            assert!(
                !safe(found) || safe(&whole[key]),
                "{round} {key:?}: {found}"
            );
        }
    }
}
