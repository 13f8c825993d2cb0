//! What clients ask for and do not get, and what their tokens carried.
//!
//! In: the view, and the clients to show. Out: a list for a terminal, JSON
//! (`scopetrim.demand/1`), rows.
//!
//! Invariants: it is information and recommends no grant; what cannot be told is
//! said, with its reason; no line is wider than asked for.

mod data;

use std::fmt::Write as _;
use std::io::{self, Write};

pub use data::{SCHEMA, json, rows};

use super::View;
use super::screen::Screen;
use crate::analysis::ClientAnalysis;
use crate::analysis::demand::{Cause, IssuedScope, Refused, Standing, Tokens, Way};
use crate::catalog::matcher::Route;
use crate::model::words::plural;
use crate::model::{Day, Millis, Term};

/// Ways that a terminal shows of one operation.
const SHOWN: usize = 3;

/// Whether there is anything to say about the client.
pub fn is_worth_a_line(client: &ClientAnalysis) -> bool {
    let own = &client.demand;
    let never = own.tokens.never_issued.as_ref();
    !own.refused.is_empty()
        || own.tokens.not_granted().next().is_some()
        || never.is_ok_and(|terms| !terms.is_empty())
}

/// The list for a terminal, `width` columns wide (kept within 60 to 200).
pub fn table(
    view: &View<'_>,
    clients: &[&ClientAnalysis],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    for text in view.incomplete {
        screen.whole("incomplete: ", text)?;
    }
    let window = view.analysis.window;
    if view.coverage.span().is_none() {
        return screen.whole("", "demand  no data");
    }
    screen.whole(
        "",
        &format!(
            "demand  {}..{}  what was refused, and what tokens carried; information, not advice",
            window.from, window.to
        ),
    )?;
    let worth: Vec<&&ClientAnalysis> = clients.iter().filter(|own| is_worth_a_line(own)).collect();
    for client in &worth {
        screen.line("")?;
        screen.whole("", client.id.as_str())?;
        for (label, text) in lines(view, client) {
            screen.whole(&format!("  {label:<13}"), &text)?;
        }
    }
    screen.line("")?;
    let quiet = clients.len() - worth.len();
    if quiet > 0 {
        let text = format!(
            "{} without a refusal or a question about tokens",
            plural(quiet as u64, "client")
        );
        screen.whole("", &text)?;
    }
    let seen = clients.iter().any(|own| !own.demand.tokens.days.is_empty());
    if !seen {
        screen.whole(
            "",
            "the log carries no scopes of tokens: what is granted and never issued cannot be told",
        )?;
    }
    Ok(())
}

/// What there is to say about one client: a label and a text for each fact.
pub(super) fn lines(view: &View<'_>, client: &ClientAnalysis) -> Vec<(&'static str, String)> {
    let own = &client.demand;
    let mut lines = Vec::new();
    for cause in [
        Cause::Granted,
        Cause::NotGranted,
        Cause::AsksNothing,
        Cause::Unknown,
    ] {
        for found in own.refused.iter().filter(|own| own.cause == cause) {
            lines.push((label(cause), refused(view, found)));
            lines.extend(more(found).into_iter().map(|text| ("", text)));
        }
    }
    lines.extend(tokens(&own.tokens));
    lines
}

fn label(cause: Cause) -> &'static str {
    match cause {
        Cause::Granted => "though held",
        Cause::NotGranted => "not granted",
        Cause::AsksNothing => "asks nothing",
        Cause::Unknown => "unknown",
    }
}

fn operation(view: &View<'_>, route: u32) -> String {
    let found = view.routes.get(route as usize);
    found.map_or_else(
        || "(no operation of the catalogue)".to_owned(),
        Route::label,
    )
}

fn day(at: Millis) -> Day {
    Day::of(at)
}

fn refused(view: &View<'_>, own: &Refused) -> String {
    let seen = &own.seen;
    let by = match (seen.gateway, seen.service) {
        (_, 0) => "by the gateway".to_owned(),
        (0, _) => "by the service, or the log does not say by whom".to_owned(),
        (gateway, service) => {
            format!("{gateway} by the gateway, {service} by the service or unsaid by whom")
        }
    };
    let mut text = format!(
        "{}  {} refused on {}, {} to {}, {by}",
        operation(view, own.route),
        plural(seen.requests(), "request"),
        plural(u64::from(seen.days), "day"),
        day(seen.first),
        day(seen.last),
    );
    if let Some(id) = &seen.sample {
        // Writing to a string cannot fail.
        let _ = write!(text, "; for example {id}");
    }
    text
}

/// What stands below a refused operation.
fn more(own: &Refused) -> Vec<String> {
    let mut lines = Vec::new();
    match own.cause {
        Cause::Granted => {
            let terms: Vec<&str> = own.terms.iter().map(Term::as_str).collect();
            let token = match own.in_token {
                Some(true) => "; its tokens carried it",
                Some(false) => "; no token of it carried that: it is granted, but not in the token",
                None => "",
            };
            lines.push(format!(
                "although {} permits it: the mapping or the enforcement is at fault, or the service refuses for reasons of its own{token}",
                terms.join(", ")
            ));
        }
        Cause::NotGranted if own.ways.is_empty() => {
            lines.push("the catalogue accepts no scope for it".to_owned());
        }
        Cause::NotGranted => {
            lines.extend(own.ways.iter().take(SHOWN).map(way));
            let rest = own.more_ways + own.ways.len().saturating_sub(SHOWN);
            if rest > 0 {
                lines.push(format!(
                    "and {} (--json lists more)",
                    plural(rest as u64, "other way")
                ));
            }
        }
        Cause::AsksNothing => {
            lines.push("it needs no scope, so the refusal has another cause".to_owned());
        }
        Cause::Unknown => lines.push("what it needs is not known".to_owned()),
    }
    lines
}

/// `would need refunds:write, which opens 2 other operations (1 of them writes), exposure +0.041`.
fn way(own: &Way) -> String {
    let scopes: Vec<String> = own.scopes.iter().map(ToString::to_string).collect();
    let others = own.operations.saturating_sub(1) as u64;
    let also = if others == 0 {
        "opens nothing else".to_owned()
    } else {
        format!("also opens {}", plural(others, "other operation"))
    };
    let mut text = format!(
        "would need {}: {also}, {} in all; exposure +{:.4}",
        scopes.join(" + "),
        plural(own.writes as u64, "write"),
        own.exposure
    );
    if own.carried.len() == own.scopes.len() {
        text.push_str("; its tokens carried it, though it is not granted");
    } else if !own.carried.is_empty() {
        let carried: Vec<String> = own.carried.iter().map(ToString::to_string).collect();
        let _ = write!(text, "; its tokens carried {}", carried.join(", "));
    }
    text
}

/// What there is to say about a client's tokens; nothing when none was logged with its scopes.
fn tokens(own: &Tokens) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let (Some(first), Some(last)) = (own.days.first(), own.days.last()) else {
        return lines;
    };
    lines.push((
        "tokens",
        format!(
            "{} with their scopes on {}, {first} to {last}",
            plural(own.requests, "request"),
            plural(own.days.len() as u64, "day"),
        ),
    ));
    let span = |own: &IssuedScope| {
        format!(
            "{} ({}, {} to {})",
            own.scope,
            plural(own.requests, "request"),
            day(own.first),
            day(own.last)
        )
    };
    let of = |standing: Standing| {
        let all = own.scopes.iter().filter(|own| own.standing == standing);
        all.map(span).collect::<Vec<String>>()
    };
    for (standing, label) in [
        (Standing::Granted, "issued"),
        (Standing::Protocol, "protocol"),
        (Standing::Unknown, "issued"),
    ] {
        let all = of(standing);
        if !all.is_empty() {
            lines.push((label, all.join(", ")));
        }
    }
    let beyond = of(Standing::NotGranted);
    if !beyond.is_empty() {
        lines.push((
            "beyond",
            format!(
                "{}: in tokens, and not granted: an old token, or another issuer",
                beyond.join(", ")
            ),
        ));
    }
    lines.push((
        "never issued",
        match &own.never_issued {
            Ok(terms) if terms.is_empty() => "nothing that is granted".to_owned(),
            Ok(terms) => {
                let terms: Vec<&str> = terms.iter().map(Term::as_str).collect();
                format!("{}: granted, and in no token", terms.join(", "))
            }
            Err(why) => format!("not evaluable: {}", why.sentence()),
        },
    ));
    lines
}

/// Two lines for the first screen: who asks, and who is refused although granted.
pub(super) fn summary(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut said = false;
    for (cause, text) in [
        (Cause::NotGranted, "refused because not granted"),
        (
            Cause::Granted,
            "refused although granted: a fault of mapping or enforcement",
        ),
    ] {
        let mut clients: Vec<(&str, u64)> = Vec::new();
        for client in &view.analysis.clients {
            let own = client
                .demand
                .refused
                .iter()
                .filter(|own| own.cause == cause);
            let sum: u64 = own.map(|own| own.seen.requests()).sum();
            if sum > 0 {
                clients.push((client.id.as_str(), sum));
            }
        }
        clients.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        if !clients.is_empty() {
            if !said {
                screen.line("")?;
            }
            super::notices::counted(screen, "  demand:   ", text, &clients)?;
            said = true;
        }
    }
    let beyond = |own: &&ClientAnalysis| own.demand.tokens.not_granted().next().is_some();
    let beyond: Vec<(&str, u64)> = view
        .analysis
        .clients
        .iter()
        .filter(beyond)
        .map(|own| {
            (
                own.id.as_str(),
                own.demand.tokens.not_granted().count() as u64,
            )
        })
        .collect();
    if !beyond.is_empty() {
        if !said {
            screen.line("")?;
        }
        let text = "tokens carry scopes that are not granted";
        super::notices::counted(screen, "  demand:   ", text, &beyond)?;
        said = true;
    }
    if said {
        screen.whole("            ", "`scopetrim demand` lists each")?;
    }
    Ok(())
}
