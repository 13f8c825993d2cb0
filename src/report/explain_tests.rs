use super::super::testing::{Sample, sample};
use super::*;
use crate::model::{Semantics, Verdict, Via};
use crate::report::escape::columns;
use crate::usage::UNMATCHED;

fn shown(sample: &Sample, client: usize, scope: Option<&str>) -> String {
    shown_in(sample, client, scope, 200)
}

fn shown_in(sample: &Sample, client: usize, scope: Option<&str>, width: usize) -> String {
    let mut out = Vec::new();
    let scope = scope.map(Term::new);
    let universe = Universe::new(&sample.catalog, &Semantics::default(), &[1; 9]);
    explain(
        (&sample.view(), &universe),
        &sample.analysis.clients[client],
        scope.as_ref(),
        &mut out,
        width,
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
      granted      since 2025-01-15 (655 days, by the policy file)
      used         first 2026-08-04 01:00 UTC, last 2026-10-31 12:30 UTC
                   1204 requests on 2 days
      uses         30 d: 1200   60 d: 1200   90 d: 1204   180 d: 1204   365 d: 1204
      silence      longest 87 days, now 1 day with records
      serves       GET /v1/orders/{id}  1204 requests (1200 prove use)
      only it for  GET /v1/orders/{id}  1204 requests (1200 prove use), 2026-08-04 01:00 UTC to 2026-10-31 12:30 UTC; it needs orders:read
    ");
    let write = block(&text, "orders:write");
    assert!(
        write.starts_with("orders:write   remove   unused   likely\n"),
        "{write}"
    );
    for fact in [
        "  because      never used in the data read\n",
        "  held         grants.yaml:12\n",
        "  granted      since 2025-01-15 (655 days, by the policy file)\n",
        "  used         never in the data read\n",
        "  if wrong     no operation would answer 403 for it alone",
        "  in short     orders:write held by billing: likely. Never used in the data read. The client itself is active",
    ] {
        assert!(write.contains(fact), "{fact}: {write}");
    }
}

#[test]
fn every_guard_of_a_removal_is_named_in_order_passed_or_failed() {
    let text = shown(&sample(), 1, None);
    let at: Vec<usize> = (1..=10)
        .map(|number| text.find(&format!(" G{number} ")).unwrap())
        .collect();
    assert!(at.is_sorted(), "{text}");
    for fact in [
        "G2 age: since an unknown day (the grant has no date, so its age is unknown): failed",
        "G3 rhythm: never used: passed",
        "G8 past removals: something else had decided before: not reached",
        "G9 whole client: silent (the whole client is silent, and may be at work where the logs do not show it): failed",
        "1 operation would answer 403:\n               POST /v1/refunds\n",
        "Guards: 7 of 10 passed, failed: G2, G9. If wrong: 1 operation would answer 403;",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    let kept = block(&shown(&sample(), 0, None), "orders:read");
    assert!(!kept.contains("G1 "), "no guard was asked: {kept}");
}

#[test]
fn no_fact_is_lost_and_no_line_too_wide_whatever_the_width_and_the_names() {
    let mut sample = sample();
    let evil = format!(
        "/v2/\u{1b}[2J\u{202e}{}/東京/end-of-it",
        "long segment ".repeat(30)
    );
    sample.analysis.clients[0].unmatched[0].path = evil.clone();
    for width in [60, 80, 133, 200] {
        let text = shown_in(&sample, 0, None, width);
        for line in text.lines() {
            assert!(
                columns(line) <= width,
                "{} > {width}: {line}",
                columns(line)
            );
        }
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        let whole = squeeze(&evil)
            .replace('\u{1b}', "\\u{1b}")
            .replace('\u{202e}', "\\u{202e}");
        assert!(squeeze(&text).contains(&whole), "{width}: {text}");
    }
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
      window       2026-08-04..2026-11-01, 88 of 90 days with records
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

#[test]
fn a_term_that_no_request_can_show_is_not_called_unused() {
    let mut sample = sample();
    sample.analysis.clients[0].terms[1].verdict = Verdict::Unobservable;
    let text = shown(&sample, 0, Some("orders:write"));
    assert!(
        text.contains("used         no request can show it"),
        "{text}"
    );
}
