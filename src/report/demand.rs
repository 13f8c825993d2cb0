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

pub(crate) use data::{json, rows};

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
pub(crate) fn is_worth_a_line(client: &ClientAnalysis) -> bool {
    let demand = &client.demand;
    let never = demand.tokens.never_issued.as_ref();
    !demand.refused.is_empty()
        || demand.tokens.not_granted().next().is_some()
        || never.is_ok_and(|terms| !terms.is_empty())
}

/// The list for a terminal, `width` columns wide (kept within 60 to 200).
pub(crate) fn table(
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
    let worth: Vec<&&ClientAnalysis> = clients
        .iter()
        .filter(|client| is_worth_a_line(client))
        .collect();
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
    let seen = clients
        .iter()
        .any(|client| !client.demand.tokens.days.is_empty());
    if !seen {
        screen.whole(
            "",
            "the log carries no scopes of tokens: what is granted and never issued is not known",
        )?;
    }
    Ok(())
}

/// What there is to say about one client: a label and a string for each fact.
pub(super) fn lines(view: &View<'_>, client: &ClientAnalysis) -> Vec<(&'static str, String)> {
    let demand = &client.demand;
    let mut lines = Vec::new();
    for cause in [
        Cause::Granted,
        Cause::NotGranted,
        Cause::AsksNothing,
        Cause::Unknown,
    ] {
        for found in demand
            .refused
            .iter()
            .filter(|refused| refused.cause == cause)
        {
            lines.push((label(cause), refused(view, found)));
            lines.extend(more(found).into_iter().map(|text| ("", text)));
        }
    }
    lines.extend(tokens(&demand.tokens));
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

fn refused(view: &View<'_>, refused: &Refused) -> String {
    let seen = &refused.seen;
    let by = match (seen.gateway, seen.service) {
        (_, 0) => "by the gateway".to_owned(),
        (0, _) => "by the service, or the log does not say by whom".to_owned(),
        (gateway, service) => {
            format!("{gateway} by the gateway, {service} by the service or not stated by whom")
        }
    };
    let mut text = format!(
        "{}  {} refused on {}, {} to {}, {by}",
        operation(view, refused.route),
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

/// What is printed below a refused operation.
fn more(refused: &Refused) -> Vec<String> {
    let mut lines = Vec::new();
    match refused.cause {
        Cause::Granted => {
            let terms: Vec<&str> = refused.terms.iter().map(Term::as_str).collect();
            let token = match refused.in_token {
                Some(true) => "; its tokens carried it",
                Some(false) => "; no token of it carried that: it is granted, but not in the token",
                None => "",
            };
            lines.push(format!(
                "although {} permits it: the mapping or the enforcement is at fault, or the service refuses for another reason{token}",
                terms.join(", ")
            ));
        }
        Cause::NotGranted if refused.ways.is_empty() => {
            lines.push("the catalogue accepts no scope for it".to_owned());
        }
        Cause::NotGranted => {
            lines.extend(refused.ways.iter().take(SHOWN).map(way));
            let rest = refused.more_ways + refused.ways.len().saturating_sub(SHOWN);
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
fn way(way: &Way) -> String {
    let scopes: Vec<String> = way.scopes.iter().map(ToString::to_string).collect();
    let others = way.operations.saturating_sub(1) as u64;
    let also = if others == 0 {
        "opens nothing else".to_owned()
    } else {
        format!("also opens {}", plural(others, "other operation"))
    };
    let mut text = format!(
        "would need {}: {also}, {} in all; exposure +{:.4}",
        scopes.join(" + "),
        plural(way.writes as u64, "write"),
        way.exposure
    );
    if way.carried.len() == way.scopes.len() {
        text.push_str("; its tokens carried it, though it is not granted");
    } else if !way.carried.is_empty() {
        let carried: Vec<String> = way.carried.iter().map(ToString::to_string).collect();
        let _ = write!(text, "; its tokens carried {}", carried.join(", "));
    }
    text
}

/// What there is to say about a client's tokens; nothing when none was logged with its scopes.
fn tokens(tokens: &Tokens) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let (Some(first), Some(last)) = (tokens.days.first(), tokens.days.last()) else {
        return lines;
    };
    lines.push((
        "tokens",
        format!(
            "{} with their scopes on {}, {first} to {last}",
            plural(tokens.requests, "request"),
            plural(tokens.days.len() as u64, "day"),
        ),
    ));
    let span = |issued: &IssuedScope| {
        format!(
            "{} ({}, {} to {})",
            issued.scope,
            plural(issued.requests, "request"),
            day(issued.first),
            day(issued.last)
        )
    };
    let of = |standing: Standing| {
        let all = tokens
            .scopes
            .iter()
            .filter(|issued| issued.standing == standing);
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
        match &tokens.never_issued {
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
            "refused although granted: an error in mapping or enforcement",
        ),
    ] {
        let mut clients: Vec<(&str, u64)> = Vec::new();
        for client in &view.analysis.clients {
            let lacking = client
                .demand
                .refused
                .iter()
                .filter(|refused| refused.cause == cause);
            let sum: u64 = lacking.map(|refused| refused.seen.requests()).sum();
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
    let beyond = |client: &&ClientAnalysis| client.demand.tokens.not_granted().next().is_some();
    let beyond: Vec<(&str, u64)> = view
        .analysis
        .clients
        .iter()
        .filter(beyond)
        .map(|client| {
            (
                client.id.as_str(),
                client.demand.tokens.not_granted().count() as u64,
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
