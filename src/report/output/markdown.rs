//! `report.md`: the conclusions for a pull request or a wiki. No raw HTML; every
//! name is escaped for `CommonMark` and GFM.

mod write;

use std::fmt::Write as _;

use self::write::{line, list, rest, row, safe, table};
use super::{OutputFile, RenderError, Renderer};
use crate::model::Level;
use crate::model::words;
use crate::report::escape::{cut, markdown};
use crate::report::monthly::{FindingRow, Outcome, Page, Sealed};

/// Rows of a table.
const ROWS: usize = 12;
/// Columns of one field.
const WIDE: usize = 240;

/// The Markdown renderer.
pub(super) struct Markdown;

impl Renderer for Markdown {
    fn name(&self) -> &'static str {
        "md"
    }

    fn purpose(&self) -> &'static str {
        "the conclusions, for a pull request or a wiki"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        let page = &report.page;
        let mut text = String::new();
        head(page, &mut text);
        now(page, &mut text);
        suspend(page, &mut text);
        human(page, &mut text);
        findings(page, &mut text);
        last(page, &mut text);
        exceptions(page, &mut text);
        evidence(page, &mut text);
        Ok(vec![OutputFile {
            name: "report.md",
            text,
        }])
    }
}

fn head(page: &Page<'_>, out: &mut String) {
    let head = &page.head;
    let organisation = head.organisation.as_deref().map(safe);
    let whose = organisation
        .map(|own| format!("{own}: "))
        .unwrap_or_default();
    line(
        out,
        &format!("# {whose}access review {}\n", head.month_name),
    );
    let compared = head
        .compared_with
        .map_or_else(|| "no earlier report".to_owned(), |month| month.to_string());
    line(
        out,
        &format!(
            "{} to {}; window {} to {}, {} of {} with records; compared with {compared}; report {}.\n",
            head.from,
            head.to,
            head.window_from,
            head.window_to,
            head.covered_days,
            words::plural_grouped(head.window_days.into(), "day"),
            &head.id[..12.min(head.id.len())]
        ),
    );
    for text in page.incomplete.iter().take(5) {
        line(out, &format!("**Incomplete input:** {}\n", safe(text)));
    }
    if page.incomplete.len() > 5 {
        let more = page.incomplete.len() - 5;
        line(out, &format!("**Incomplete input:** and {more} more\n"));
    }
    let own = &page.verdict;
    if own.removals == 0 {
        let text = format!(
            "**Nothing can be removed now at level {}; exposure {}.**",
            head.level.name(),
            words::share(own.before)
        );
        line(out, &text);
    } else {
        let past = match (own.expected, own.at_most) {
            (Some(expected), Some(most)) => {
                format!(
                    "Expected wrong removals: {expected:.1} of {} (at most {}).",
                    own.removals,
                    words::tenths_up(most)
                )
            }
            _ => format!(
                "How many of them will turn out wrong is not known: {} have no evidence from the past yet.",
                own.without_evidence
            ),
        };
        let text = format!(
            "**{} can lose {} now; exposure {} → {}.** {past}",
            words::plural_grouped(own.clients as u64, "client"),
            words::plural_grouped(own.removals as u64, "scope"),
            words::share(own.before),
            words::share(own.after)
        );
        line(out, &text);
    }
    table(out, &["number", "now", "last month", "change"]);
    for tile in &page.tiles {
        let change = match (tile.judgement, &tile.delta, tile.direction) {
            (Some("unchanged"), ..) => "unchanged".to_owned(),
            (Some(judgement), Some(delta), Some(direction)) => {
                format!("{judgement}: {direction} {delta}")
            }
            _ => "not known".to_owned(),
        };
        let last = tile.last.clone().unwrap_or_else(|| "not known".to_owned());
        row(
            out,
            &[
                tile.label.to_owned(),
                safe(&tile.value),
                safe(&last),
                change,
            ],
        );
    }
}

fn now(page: &Page<'_>, out: &mut String) {
    line(out, "\n## Do this now");
    if page.advice.is_empty() {
        line(out, "\nNothing.");
        return;
    }
    table(
        out,
        &["client", "remove", "exposure", "evidence", "level", "where"],
    );
    for own in page.advice.iter().take(ROWS) {
        row(
            out,
            &[
                safe(own.client),
                list(own.terms.iter().copied(), 6),
                format!("{} → {}", words::share(own.before), words::share(own.after)),
                safe(&own.evidence),
                own.level.name().to_owned(),
                list(&own.places, 3),
            ],
        );
    }
    rest(out, page.advice.len(), "report.json");
}

fn suspend(page: &Page<'_>, out: &mut String) {
    let clients = page.clients.iter();
    let silent = clients.filter_map(|own| Some((own, own.suspend()?)));
    let silent: Vec<_> = silent.collect();
    if silent.is_empty() {
        return;
    }
    line(out, "\n## Suspend as a whole");
    table(out, &["client", "scopes", "exposure", "advice", "level"]);
    for (client, own) in silent.iter().take(ROWS) {
        row(
            out,
            &[
                safe(client.id()),
                own.grants.to_string(),
                words::share(client.found.exposure.before),
                markdown(&cut(&own.sentence, 2 * WIDE)).into_owned(),
                own.level.name().to_owned(),
            ],
        );
    }
    rest(out, silent.len(), "report.json");
}

fn human(page: &Page<'_>, out: &mut String) {
    line(out, "\n## Needs a human");
    if page.human.is_empty() {
        line(out, "\nNothing.");
        return;
    }
    table(
        out,
        &["client", "scope", "held back by", "ask the owner", "level"],
    );
    for own in page.human.iter().take(ROWS) {
        let owner = own.owner.as_deref().map(safe);
        let owner = owner.map(|owner| format!(" ({owner})")).unwrap_or_default();
        row(
            out,
            &[
                format!("{}{owner}", safe(own.term.client.id.as_str())),
                safe(own.term.name()),
                safe(&own.term.found.sentences().join("; ")),
                safe(&own.question),
                own.what.to_owned(),
            ],
        );
    }
    rest(out, page.human.len(), "report.json");
}

fn findings(page: &Page<'_>, out: &mut String) {
    line(out, "\n## Findings");
    if page.findings.is_empty() {
        line(out, "\nNone.");
    } else {
        table(out, &["rule", "severity", "count", "worst", "controls"]);
        for group in page.findings.iter().take(ROWS) {
            let worst = group.worst();
            row(
                out,
                &[
                    safe(&group.rule),
                    safe(&group.severity),
                    group.rows.len().to_string(),
                    worst.map(|own| safe(&told(own))).unwrap_or_default(),
                    safe(&group.controls.join(", ")),
                ],
            );
        }
        rest(out, page.findings.len(), "findings.csv");
    }
    for (what, partly) in [("Not evaluable", false), ("Judged only in part", true)] {
        let names = page.not_evaluable.iter();
        let names: Vec<String> = names
            .filter(|own| own.partly == partly)
            .map(|own| format!("{} (missing: {})", own.rule, own.missing))
            .collect();
        if !names.is_empty() {
            line(out, &format!("\n{what}: {}.", list(names, 20)));
        }
    }
}

/// `client: what was found`, or what was found where there is no client.
fn told(own: &FindingRow) -> String {
    if own.client.is_empty() {
        own.message.clone()
    } else {
        format!("{}: {}", own.client, own.message)
    }
}

/// `2 new, 1 resolved`.
fn in_words(counts: &[(&str, usize)]) -> String {
    let counts = counts.iter().map(|(word, count)| format!("{count} {word}"));
    counts.collect::<Vec<_>>().join(", ")
}

fn last(page: &Page<'_>, out: &mut String) {
    line(out, "\n## Since last month");
    let Some(changes) = &page.changes else {
        line(out, "\nThere is no earlier report to compare with.");
        return;
    };
    line(
        out,
        &format!("\nSince {}: {}.", changes.with, in_words(&changes.counts())),
    );
    let states = Outcome::STATES.map(|(state, word)| {
        let own = page.outcomes.iter().filter(|own| own.state == state);
        (word, own.count())
    });
    let states: Vec<(&str, usize)> = states.into_iter().filter(|(_, count)| *count > 0).collect();
    if !states.is_empty() {
        line(
            out,
            &format!("Its recommendations: {}.", in_words(&states).to_lowercase()),
        );
    }
    for own in page
        .outcomes
        .iter()
        .filter(|own| own.denials > 0)
        .take(ROWS)
    {
        let text = format!(
            "- {} {}: {}",
            safe(&own.client),
            safe(&own.term),
            safe(&own.detail)
        );
        line(out, &text);
    }
    let longest = changes.ignored.iter().map(|own| own.for_months).max();
    if let Some(months) = longest {
        let text = format!(
            "Open longest: {}.",
            words::plural_grouped(months.unsigned_abs().into(), "month")
        );
        line(out, &text);
    }
}

fn exceptions(page: &Page<'_>, out: &mut String) {
    if page.exceptions.is_empty() {
        return;
    }
    line(out, "\n## Accepted exceptions");
    table(out, &["client", "scope", "reason", "owner", "until"]);
    for own in page.exceptions.iter().take(ROWS) {
        let until = match (own.until, own.days_left) {
            (Some(until), Some(days)) if days < 0 => format!("{until}, expired"),
            (Some(until), _) => until.to_string(),
            (None, _) => "no end".to_owned(),
        };
        let owner = own.owner.as_deref().unwrap_or("nobody named");
        row(
            out,
            &[
                safe(&own.client),
                safe(&own.term),
                safe(&own.reason),
                safe(owner),
                until,
            ],
        );
    }
    rest(out, page.exceptions.len(), "report.json");
}

fn evidence(page: &Page<'_>, out: &mut String) {
    let own = &page.evidence;
    let records: u64 = own.inputs.iter().map(|input| input.records).sum();
    let counted: u64 = own.inputs.iter().map(|input| input.counted).sum();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n## Evidence\n\nscopetrim {}; {}, {} read, {} counted.",
        page.head.version,
        words::plural_grouped(own.inputs.len() as u64, "log file"),
        words::plural_grouped(records, "record"),
        words::grouped(counted)
    );
    for file in own.grants.iter().chain(&own.catalogues).take(ROWS) {
        let digest = file.digest.as_deref().unwrap_or("could not be read again");
        let _ = write!(text, "\n- {}: {}", safe(&file.path), safe(digest));
    }
    if let Some(previous) = &own.previous {
        let _ = write!(
            text,
            "\n- follows the report of {}: {}",
            previous.month,
            safe(&previous.digest)
        );
    }
    line(out, &text);
    let level = page.head.level;
    let undo = if level <= Level::Likely {
        ""
    } else {
        ", with what a person has to decide"
    };
    line(
        out,
        &format!(
            "\nThe removals are those of level {} and safer{undo}. The report supports a review of access rights; it proves no compliance.",
            level.name()
        ),
    );
}
