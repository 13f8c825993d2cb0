//! Every fact behind the verdicts of one client.
//!
//! In: the view, a client, and one of its terms or none for all of them.
//! Out: plain lines, one fact each; a verdict to keep is explained like one to
//! remove.
//!
//! Invariants:
//! * numbers are exact, instants are UTC;
//! * nothing but escaped text is written.

use std::io::{self, Write};

use super::View;
use super::difftext::{age, days};
use super::escape;
use super::terminal::silent_days;
use crate::analysis::{ClientAnalysis, Served, TermAnalysis};
use crate::catalog::matcher::Route;
use crate::model::{Day, Entry, Kind, Level, Millis, Operation, Requirement, Term, Verdict, Via};
use crate::usage::UNMATCHED;

/// Windows of the use counts, in days, as the analysis counts them.
const WINDOWS: [u32; 5] = [30, 60, 90, 180, 365];

/// Writes every fact about the client and its terms, or about one term.
pub fn explain(
    view: &View<'_>,
    client: &ClientAnalysis,
    scope: Option<&Term>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut facts = Facts { out };
    facts.title(client.id.as_str())?;
    about(view, client, &mut facts)?;
    let mut terms = client
        .terms
        .iter()
        .filter(|term| scope.is_none_or(|scope| *scope == term.term))
        .peekable();
    if let (Some(scope), None) = (scope, terms.peek()) {
        facts.gap()?;
        facts.title(&format!("{scope} is not held by {}", client.id))?;
        facts.fact("holds", client.granted.iter().map(Term::to_string))?;
    }
    for term in terms {
        facts.gap()?;
        about_term(view, client, term, &mut facts)?;
    }
    facts.gap()?;
    traffic(view, client, &mut facts)
}

struct Facts<'w> {
    out: &'w mut dyn Write,
}

impl Facts<'_> {
    fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::terminal(text))
    }

    /// A label with its values, one on each line; nothing when there is none.
    fn fact(&mut self, label: &str, values: impl IntoIterator<Item = String>) -> io::Result<()> {
        let mut label = label;
        for value in values {
            writeln!(self.out, "  {label:<13}{}", escape::terminal(&value))?;
            label = "";
        }
        Ok(())
    }

    fn one(&mut self, label: &str, value: impl Into<String>) -> io::Result<()> {
        self.fact(label, [value.into()])
    }
}

fn about(view: &View<'_>, client: &ClientAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    let (window, own) = (view.analysis.window, client.exposure);
    facts.fact("incomplete", view.incomplete.iter().cloned())?;
    facts.one("status", client.status.name())?;
    facts.one(
        "last seen",
        client.last_seen.map_or_else(
            || "never in the data read".to_owned(),
            |last| {
                format!(
                    "{}, then {} with records and without a request",
                    instant(last),
                    days(silent_days(view, last) as u64)
                )
            },
        ),
    )?;
    facts.one(
        "window",
        format!(
            "{}..{}, {} of {} days have records",
            window.from,
            window.to,
            view.coverage.covered(window),
            window.days()
        ),
    )?;
    facts.one("requests", client.requests.to_string())?;
    facts.one(
        "exposure",
        format!(
            "{:.3} now; {:.3} after safe, {:.3} after safe and likely, {:.3} after every removal; {:.3} was needed",
            own.before, own.after_safe, own.after_likely, own.after_all, own.needed
        ),
    )?;
    let minimal: Vec<String> = client.minimal.iter().map(Term::to_string).collect();
    facts.one(
        "minimal set",
        if minimal.is_empty() {
            "empty".to_owned()
        } else {
            minimal.join(", ")
        },
    )?;
    facts.one(
        "proof",
        match (&client.gap, client.minimal_proven) {
            (_, true) => "nothing smaller permits what was needed".to_owned(),
            (Some(gap), false) => format!("not proven minimal: {gap}"),
            (None, false) => "not proven minimal".to_owned(),
        },
    )
}

fn about_term(
    view: &View<'_>,
    client: &ClientAnalysis,
    term: &TermAnalysis,
    facts: &mut Facts<'_>,
) -> io::Result<()> {
    let verdict = match term.verdict {
        Verdict::Undetermined => "undetermined (cannot tell)",
        other => other.name(),
    };
    let details = [term.kind.map(Kind::name), term.level.map(Level::name)];
    let details: Vec<&str> = details.into_iter().flatten().collect();
    facts.title(&format!(
        "{}   {}",
        term.term,
        [&[verdict], &details[..]].concat().join("   ")
    ))?;
    facts.fact(
        "because",
        term.reasons
            .iter()
            .map(|reason| reason.sentence().to_owned()),
    )?;
    facts.fact("held", term.vias.iter().map(|via| held(view, via)))?;
    facts.one(
        "granted",
        term.since.map_or_else(
            || "the files do not say since when".to_owned(),
            |since| format!("since {since} ({})", age(since, view.analysis.window.to)),
        ),
    )?;
    rhythm(view, term, facts)?;
    facts.fact(
        "serves",
        term.serves.iter().map(|op| operation(view, client, *op)),
    )?;
    facts.fact(
        "only it for",
        term.witness.iter().map(|op| operation(view, client, *op)),
    )?;
    facts.fact("narrower", term.replace_with.iter().map(Term::to_string))
}

/// `grants.yaml:30 through role admin (grants.yaml:44)`, and what the lines say beside.
fn held(view: &View<'_>, via: &Via) -> String {
    let entries = view
        .policy
        .files
        .get(via.file)
        .map_or(&[][..], |file| &file.entries);
    let place = |index: usize| {
        entries.get(index).map_or_else(
            || "unknown place".to_owned(),
            |entry| entry.place.to_string(),
        )
    };
    let mut parts = vec![place(via.entry)];
    parts.extend(entries.get(via.entry).into_iter().flat_map(remarks));
    if let Some((role, membership)) = &via.role {
        parts[0] = format!("{} through role {role} ({})", parts[0], place(*membership));
        parts.extend(entries.get(*membership).into_iter().flat_map(remarks));
    }
    parts.join(", ")
}

fn remarks(entry: &Entry) -> Vec<String> {
    let keep = entry.keep.as_ref().map(|keep| {
        let until = keep
            .until
            .map(|day| format!(" until {day}"))
            .unwrap_or_default();
        format!(
            "keep{until}: {}",
            keep.reason.as_deref().unwrap_or("no reason given")
        )
    });
    let optional = entry.optional.then(|| "optional".to_owned());
    let owner = entry.owner.as_ref().map(|owner| format!("owner {owner}"));
    let frozen = entry
        .frozen
        .as_ref()
        .map(|frozen| format!("cannot be edited: {frozen}"));
    [optional, owner, keep, frozen]
        .into_iter()
        .flatten()
        .collect()
}

fn rhythm(view: &View<'_>, term: &TermAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    let (own, covered, to) = (&term.rhythm, &view.coverage.days, view.analysis.window.to);
    let (Some(first), Some(last)) = (own.first, own.last) else {
        return facts.one("used", "never in the data read");
    };
    facts.one(
        "used",
        format!("first {}, last {}", instant(first), instant(last)),
    )?;
    facts.one(
        "",
        format!("{} requests on {}", own.total, days(own.days.len() as u64)),
    )?;
    let counts: Vec<String> = WINDOWS
        .iter()
        .zip(own.uses)
        .map(|(back, uses)| format!("{back} d: {uses}"))
        .collect();
    facts.one("uses", counts.join("   "))?;
    let longest = own.longest_gap(covered).map_or_else(
        || "unknown (one day of use)".to_owned(),
        |gap| days(gap.into()),
    );
    let idle = days(own.idle(covered, to).unwrap_or(0).into());
    facts.one(
        "silence",
        format!("longest {longest}, now {idle} (only days with records count)"),
    )
}

fn operation(view: &View<'_>, client: &ClientAnalysis, index: usize) -> String {
    let label = view
        .catalog
        .operations
        .get(index)
        .map_or_else(|| format!("operation {index}"), Operation::label);
    client
        .needed
        .iter()
        .find(|served| served.operation == index)
        .map_or_else(
            || label.clone(),
            |served| format!("{label}  {}", counted(served)),
        )
}

fn counted(served: &Served) -> String {
    let proof = if served.used == served.count {
        String::new()
    } else {
        format!(" ({} prove use)", served.used)
    };
    format!("{} requests{proof}", served.count)
}

fn traffic(view: &View<'_>, client: &ClientAnalysis, facts: &mut Facts<'_>) -> io::Result<()> {
    facts.title("traffic in the window")?;
    let needed = client.needed.iter().map(|served| {
        let (first, last) = (instant(served.first), instant(served.last));
        format!(
            "{}  {first} to {last}",
            operation(view, client, served.operation)
        )
    });
    facts.fact("needed", needed)?;
    if client.needed.is_empty() {
        facts.one("needed", "nothing that the grants permit")?;
    }
    let denied = client.denied.iter().map(|(index, count, granted)| {
        let why = match (*index, granted) {
            (UNMATCHED, _) => "",
            (_, true) => ", although its grants permit it",
            (route, false) if asks_nothing(view, route) => {
                ", though the catalogue states no scope for it"
            }
            (_, false) => ", not granted",
        };
        format!("{}  {count} refused{why}", route(view, *index))
    });
    facts.fact("denied", denied)?;
    let beyond = client.without_grant.iter();
    facts.fact(
        "not granted",
        beyond.map(|(index, count)| format!("{}  {count} requests passed", route(view, *index))),
    )?;
    if client.unmatched_requests > 0 || !client.unmatched.is_empty() {
        facts.one(
            "unmatched",
            format!(
                "{} requests match no operation and may have needed a scope",
                client.unmatched_requests
            ),
        )?;
    }
    let clusters = client.unmatched.iter();
    facts.fact(
        "",
        clusters.map(|own| {
            format!(
                "{} {}  {} passed, {} refused or anonymous",
                own.method, own.path, own.need, own.other
            )
        }),
    )
}

/// No scope is asked for, or the catalogue does not say: "not granted" would be wrong.
fn asks_nothing(view: &View<'_>, route: u32) -> bool {
    let operations = view
        .routes
        .get(route as usize)
        .map_or(&[][..], |route| &route.operations);
    let open = |op: &usize| {
        let found = view.catalog.operations.get(*op);
        found
            .is_none_or(|op| op.requirement.is_open() || op.requirement == Requirement::Unspecified)
    };
    operations.iter().any(open)
}

fn route(view: &View<'_>, index: u32) -> String {
    if index == UNMATCHED {
        return "(no operation of the catalogue)".to_owned();
    }
    view.routes
        .get(index as usize)
        .map_or_else(|| format!("route {index}"), Route::label)
}

/// `2026-10-31 12:30 UTC`, cut to the minute.
fn instant(at: Millis) -> String {
    let minutes = (at - Day::of(at).start()).div_euclid(60_000);
    format!(
        "{} {:02}:{:02} UTC",
        Day::of(at),
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, sample};
    use super::*;

    fn shown(sample: &Sample, client: usize, scope: Option<&str>) -> String {
        let mut out = Vec::new();
        let scope = scope.map(Term::new);
        explain(
            &sample.view(),
            &sample.analysis.clients[client],
            scope.as_ref(),
            &mut out,
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    fn block(text: &str, title: &str) -> String {
        let lines = text.lines().skip_while(|line| !line.starts_with(title));
        lines
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_scope_that_stays_is_explained_like_one_that_goes() {
        let text = shown(&sample(), 0, None);
        insta::assert_snapshot!(block(&text, "orders:read"), @r"
        orders:read   keep
          because      serves an operation that was needed in the window
          held         grants.yaml:11
          granted      since 2025-01-15 (655 days)
          used         first 2026-08-04 01:00 UTC, last 2026-10-31 12:30 UTC
                       1204 requests on 2 days
          uses         30 d: 1200   60 d: 1200   90 d: 1204   180 d: 1204   365 d: 1204
          silence      longest 85 days, now 1 day (only days with records count)
          serves       GET /v1/orders/{id}  1204 requests (1200 prove use)
          only it for  GET /v1/orders/{id}  1204 requests (1200 prove use)
        ");
        insta::assert_snapshot!(block(&text, "orders:write"), @r"
        orders:write   remove   unused   likely
          because      never used in the data read
          held         grants.yaml:12
          granted      since 2025-01-15 (655 days)
          used         never in the data read
        ");
    }

    #[test]
    fn the_client_and_its_traffic_are_shown() {
        let text = shown(&sample(), 0, Some("orders:write"));
        assert!(
            !text.contains("orders:read   keep"),
            "only the term asked for"
        );
        insta::assert_snapshot!(block(&text, "billing"), @r"
        billing
          status       active
          last seen    2026-10-31 12:30 UTC, then 1 day with records and without a request
          window       2026-08-04..2026-11-01, 88 of 90 days have records
          requests     1204
          exposure     0.620 now; 0.620 after safe, 0.300 after safe and likely, 0.110 after every removal; 0.100 was needed
          minimal set  orders:read
          proof        nothing smaller permits what was needed
        ");
        insta::assert_snapshot!(block(&text, "traffic"), @r"
        traffic in the window
          needed       GET /v1/orders/{id}  1204 requests (1200 prove use)  2026-08-04 01:00 UTC to 2026-10-31 12:30 UTC
          denied       POST /v1/refunds  3 refused, not granted
          unmatched    2 requests match no operation and may have needed a scope
                       GET /v2/orders/{}  2 passed, 0 refused or anonymous
        ");
    }

    #[test]
    fn a_term_held_through_a_role_names_the_role_and_both_lines() {
        let text = shown(&sample(), 1, None);
        assert!(
            text.contains("grants.yaml:30 through role admin (grants.yaml:44)"),
            "{text}"
        );
        assert!(text.contains("the files do not say since when"), "{text}");
    }

    #[test]
    fn a_scope_that_is_not_held_says_so() {
        assert!(
            shown(&sample(), 0, Some("x"))
                .contains("x is not held by billing\n  holds        orders:read")
        );
    }

    #[test]
    fn broken_indices_and_hostile_names_do_no_harm() {
        let mut sample = sample();
        let client = &mut sample.analysis.clients[0];
        client.denied = vec![(99, 1, true), (UNMATCHED, 1, false)];
        client.terms[0].serves = vec![77];
        client.terms[0].vias = vec![Via {
            file: 9,
            entry: 9,
            role: None,
        }];
        client.unmatched[0].path = "/a\u{1b}[2J\nremove everything".to_owned();
        let text = shown(&sample, 0, None);
        assert!(
            text.contains("/a\\u{1b}[2J\\u{a}remove everything"),
            "{text}"
        );
        assert!(
            text.contains("route 99")
                && text.contains("operation 77")
                && text.contains("unknown place"),
            "{text}"
        );
    }

    #[test]
    fn an_instant_before_1970_is_on_the_right_minute() {
        assert_eq!(instant(-1), "1969-12-31 23:59 UTC");
    }
}
