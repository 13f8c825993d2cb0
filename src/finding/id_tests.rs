use super::*;

fn found(client: &str, subject: &str, severity: Severity, requests: u32) -> Finding {
    let doc = by_name("F1").map(Rule::doc).unwrap();
    let settings = Settings::default().of(doc);
    let mut finding = Finding::new(
        doc,
        &settings,
        client,
        subject,
        format!("{requests} requests"),
    );
    finding.severity = severity;
    let at = Millis::from(requests);
    finding
        .seen(requests.into(), 10 - at, 10 + at)
        .extent(usize::try_from(requests).unwrap())
}

#[test]
fn findings_of_one_fact_become_the_gravest_with_what_all_have_seen() {
    let all = one_for_each_fact(vec![
        found("b", "GET /x", Severity::Low, 1),
        found("a", "GET /x", Severity::Low, 2),
        found("a", "GET /x", Severity::High, 3),
        found("a", "GET /x", Severity::Low, 4),
        found("", "GET /x", Severity::Low, 5),
    ]);
    let told: Vec<_> = all
        .iter()
        .map(|finding| {
            (
                finding.client.as_str(),
                finding.severity,
                finding.requests,
                finding.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("", Severity::Low, 5, "5 requests"),
            ("a", Severity::High, 9, "3 requests (and 2 more like it)"),
            ("b", Severity::Low, 1, "1 requests"),
        ]
    );
    assert_eq!((all[1].first_seen, all[1].last_seen), (Some(6), Some(14)));
    assert_eq!(all[1].extent, Some(4));
    let ids: std::collections::BTreeSet<&str> =
        all.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
}
