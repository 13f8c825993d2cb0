use super::super::testing::{client, sample, term};
use super::*;
use crate::model::{ClientName, Place, Warning};

fn shown(view: &View<'_>, width: usize) -> String {
    looked(view, width, false)
}

fn in_full(view: &View<'_>, width: usize) -> String {
    looked(view, width, true)
}

fn looked(view: &View<'_>, width: usize, stats: bool) -> String {
    let call = Call {
        folder: Some("samples/shop".to_owned()),
        of_today: true,
        ..Call::default()
    };
    let look = Look {
        width,
        paint: Paint::default(),
        stats,
        call: &call,
    };
    let mut out = Vec::new();
    summary(view, &mut out, look).unwrap();
    closing(view, &[], &mut out, look).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_first_screen_says_what_can_go_and_what_to_run_next() {
    let mut sample = sample();
    // Two more days of log make the history long enough.
    sample.analysis.window.from = sample.analysis.window.from.plus(-2);
    for back in 1..=2 {
        sample
            .coverage
            .days
            .insert(sample.analysis.window.to.plus(-88 - back), 10);
    }
    sample
        .coverage
        .days
        .extend((0..90).map(|back| (sample.analysis.window.to.plus(-back), 100_000)));
    insta::assert_snapshot!(shown(&sample.view(), 90), @r"
    2 of 3 permissions can go: 1 likely, 1 to review.
    1 stays: needed or kept.
    Read: 2026-08-02 to 2026-11-01, 92 days, 1 missing; 9.0 M requests of 2 clients.

    LIKELY  billing  orders:write never used in the data read, held since 2025-01-15
    REVIEW  worker   refunds:write never used in the data read; client silent for 61 days

    names     2 requests match no operation
    See all:  scopetrim analyze samples/shop --stats

    Next: scopetrim explain samples/shop billing

    1 permission can go with this diff. 1 more with --level review.
      Review: scopetrim explain samples/shop billing
      Apply:  scopetrim analyze samples/shop --out result
              scopetrim apply result --level likely
    ");
    insta::assert_snapshot!(in_full(&sample.view(), 90), @r"
    2 of 3 permissions can go: 1 likely, 1 to review.
    1 stays: needed or kept.
    Read: 2026-08-02 to 2026-11-01, 92 days, 1 missing; 9.0 M requests of 2 clients.

    LIKELY  billing  orders:write never used in the data read, held since 2025-01-15
    REVIEW  worker   refunds:write never used in the data read; client silent for 61 days

      exposure        0.62 -> 0.30 with safe and likely removals -> 0.11 with every removal
                      (mean)
      granted scopes  3, used 1 (33 %)
      can go          SAFE 0   LIKELY 1   REVIEW 1   MANUAL 0

      top clients by surface that can go (exposure with every removal)
      CLIENT   REMOVE  OF ALL  EXPOSURE      EVIDENCE
      billing       1       1  0.62 -> 0.11  1 unused
      worker        0       1  0.62 -> 0.11  silent 61 d: suspend

      requests: match no operation of the catalogue: billing (2)

      backtest: not replayed; `scopetrim backtest` shows what the advice of past months would
                have denied

    Next: scopetrim explain samples/shop billing

    1 permission can go with this diff. 1 more with --level review.
      Review: scopetrim explain samples/shop billing
      Apply:  scopetrim analyze samples/shop --out result
              scopetrim apply result --level likely
    ");
}

#[test]
fn a_short_history_is_never_called_safe_or_likely() {
    let sample = sample();
    let text = shown(&sample.view(), 120);
    assert!(
        text.contains(
            "history is too short: 88 of 90 days covered, so nothing can be called safe or likely yet"
        ),
        "{text}"
    );
    assert!(!text.contains("SAFE") && !text.contains("LIKELY"), "{text}");
    assert!(text.contains("can go: 2 to review."), "{text}");
    let text = in_full(&sample.view(), 120);
    assert!(text.contains("REVIEW 2   MANUAL 0"), "{text}");
    assert!(!text.contains("likely removals"), "{text}");
}

#[test]
fn what_was_incomplete_comes_first() {
    let mut sample = sample();
    sample.incomplete = vec!["logs/a.gz: broken off after 10 records".to_owned()];
    assert!(shown(&sample.view(), 80).starts_with("incomplete: logs/a.gz: broken off"));
}

#[test]
fn no_line_is_wider_than_asked_whatever_the_names_are() {
    let mut sample = sample();
    let evil = format!("\u{1b}]0;x\u{7}{}\u{202e}東京", "long name ".repeat(400));
    sample
        .analysis
        .clients
        .push(client(&evil, vec![term("orders:write", 1)]));
    sample.analysis.clients[2].unmatched_requests = 9;
    sample.analysis.clients[2].exposure.before = 1.0;
    sample.only_in_log = vec![(evil.clone(), u64::MAX); 9];
    sample.unused_names = vec![ClientName::new(&evil); 9];
    sample.incomplete = vec![evil.clone(); 20];
    sample.usage_notes = vec![evil.clone(); 20];
    let place = Place {
        file: evil.as_str().into(),
        line: 3,
    };
    sample.warnings = vec![Warning::new("equal-templates", evil.as_str()).at(place); 20];
    for (width, full) in [0, 60, 80, 133, 200, 5000]
        .into_iter()
        .flat_map(|width| [(width, true), (width, false)])
    {
        let text = looked(&sample.view(), width, full);
        let most = width.clamp(60, 200);
        for line in text.lines() {
            assert!(columns(line) <= most, "{} > {most}: {line}", columns(line));
        }
        assert!(
            !text
                .chars()
                .any(|letter| letter.is_control() && letter != '\n'),
            "{text}"
        );
        assert!(!text.contains('\u{202e}'));
        assert!(text.contains("and 10 more\n"), "{text}");
        assert!(!full || text.contains("and 15 more\n"), "{text}");
        let codes = if full {
            "and 19 more equal-templates"
        } else {
            "equal-templates (20)"
        };
        assert!(text.contains(codes), "{text}");
        assert!(
            text.contains("Next: scopetrim explain samples/shop CLIENT\n"),
            "a shell must not get such a name: {text}"
        );
    }
}

#[test]
fn an_empty_policy_and_an_empty_log_still_give_a_screen() {
    let mut sample = sample();
    let lone = shown(&sample.view(), 80);
    assert!(lone.contains("of 3 permissions can go"), "{lone}");
    sample.analysis.clients.clear();
    sample.coverage.days.clear();
    let text = shown(&sample.view(), 80);
    assert!(
        text.contains("Nothing can go: no client in the policy files.")
            && text.contains("Read: no data"),
        "{text}"
    );
}

#[test]
fn counts_are_rounded_down() {
    assert_eq!(
        [9_999, 12_999, 4_290_000, u64::MAX].map(compact),
        ["9999", "12 k", "4.2 M", "18446744073.7 G"]
    );
}

#[test]
fn the_first_screen_counts_rules_that_were_judged_only_in_part() {
    let unjudged = |rule, partly| crate::finding::NotEvaluable {
        rule,
        number: "F4",
        missing: crate::finding::MissingField::new("an id of the credential for 1 client: \u{1b}x"),
        partly,
        clients: vec!["\u{1b}x".to_owned()],
    };
    let mut sample = sample();
    let mut says = |all: &[(&'static str, bool)]| {
        sample.outcomes.not_evaluable = all
            .iter()
            .map(|(rule, partly)| unjudged(*rule, *partly))
            .collect();
        let text = in_full(&sample.view(), 100);
        assert!(!text.contains('\u{1b}'), "{text}");
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("  findings: "));
        line.map(str::to_owned)
    };
    assert_eq!(says(&[]), None);
    let whole = [("old-credential", false), ("rotation", false)];
    assert_eq!(says(&whole).as_deref(), Some("none, 2 rules not evaluable"));
    let parts = [("unused-client", true), ("unused-client", true)];
    assert_eq!(
        says(&parts).as_deref(),
        Some("none, 1 rule evaluable only in part")
    );
    assert_eq!(
        says(&[whole, parts].concat()).as_deref(),
        Some("none, 2 rules not evaluable, 1 only in part")
    );
}
