//! What holds for every renderer, whatever the names are.

mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::ALL;
use crate::analysis::minimum::Universe;
use crate::finding::{Finding, MissingField, NotEvaluable, Severity, stable_id};
use crate::model::{ClientName, Level, Semantics, Term, Warning};
use crate::report::View;
use crate::report::escape::terminal;
use crate::report::monthly::{Extra, History, Month, Previous, Sealed, seal};
use crate::report::page;
use crate::report::testing::{Sample, client, sample, term};

/// The report of a sample, which is never freed: a report borrows from it.
fn sealed(sample: Sample, organisation: &str, history: &History) -> Sealed<'static> {
    let sample: &'static Sample = Box::leak(Box::new(sample));
    let view: &'static View<'_> = Box::leak(Box::new(sample.view()));
    let weights = vec![2; sample.catalog.operations.len()];
    let universe = Universe::new(&sample.catalog, &Semantics::default(), &weights);
    let extra = Extra {
        month: Month::parse("2026-10").unwrap(),
        organisation: Some(organisation),
        now: None,
        command: "scopetrim report",
        inputs: Some("--dir shop"),
        configuration: None,
        catalogues: Vec::new(),
        universe: &universe,
        exceptions: &[],
        activity: &BTreeMap::new(),
        credentials: &BTreeMap::new(),
        history,
        proof: None,
        roles: &[],
        pseudonymised: false,
    };
    seal(view, &extra).unwrap()
}

/// The sample with every name from outside replaced.
fn named(name: &str) -> Sample {
    let mut own = sample();
    for client in &mut own.analysis.clients {
        client.id = ClientName::new(&format!("{name}{}", client.id));
        for term in &mut client.terms {
            term.term = Term::new(&format!("{name}{}", term.term));
        }
        client.granted = client.terms.iter().map(|term| term.term.clone()).collect();
        for cluster in &mut client.unmatched {
            cluster.path = format!("/{name}");
        }
    }
    for file in &mut own.policy.files {
        file.path = Arc::from(format!("{name}.yaml"));
        for entry in &mut file.entries {
            entry.owner = Some(Arc::from(name));
            entry.place.file = Arc::clone(&file.path);
        }
    }
    own.warnings = vec![Warning::new(
        "unknown-scope",
        format!("`{name}` is granted"),
    )];
    own.only_in_log = vec![(name.to_owned(), 3)];
    own.incomplete = vec![format!("`{name}` is torn")];
    own.level = Level::Likely;
    own.outcomes.findings = vec![
        found(name, "GET /v1/orders/{id}"),
        found("", name),
        found(&format!("{name}billing"), name),
    ];
    own.outcomes.not_evaluable = vec![not_evaluable(false, &[]), not_evaluable(true, &[name])];
    own
}

fn found(client: &str, subject: &str) -> Finding {
    let rule = "enforcement-hole";
    Finding {
        id: stable_id(rule, client, subject),
        rule,
        number: "F1",
        severity: Severity::Critical,
        client: client.to_owned(),
        subject: subject.to_owned(),
        message: format!("3 requests to {subject} passed"),
        requests: 3,
        extent: None,
        first_seen: None,
        last_seen: None,
        places: Vec::new(),
        samples: Vec::new(),
        trace: Vec::new(),
    }
}

/// Of one rule nothing can be said, of the other not about these clients.
fn not_evaluable(partly: bool, clients: &[&str]) -> NotEvaluable {
    let (rule, number) = if partly {
        ("old-credential", "F4")
    } else {
        ("rotation", "F5")
    };
    NotEvaluable {
        rule,
        number,
        missing: MissingField::new(format!("an id of the credential: {}", clients.join(", "))),
        partly,
        clients: clients.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The page without the content of its script, which is no XML.
fn as_xml(page: &str) -> String {
    let whole = format!("<script>{}</script>", page::SCRIPT);
    assert_eq!(page.matches("<script").count(), 1, "one script");
    assert!(
        page.contains(&whole),
        "its text is the one that the policy allows"
    );
    page.replace(&whole, "<script></script>")
}

/// Names of the elements in their order, and the targets of links.
fn structure(page: &str) -> (Vec<String>, Vec<String>) {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let xml = as_xml(page);
    let parsed = roxmltree::Document::parse_with_options(&xml, options).unwrap();
    let elements = parsed.descendants().filter(roxmltree::Node::is_element);
    let names = elements.clone().map(|own| own.tag_name().name().to_owned());
    let links = elements.flat_map(|own| {
        let link = |a: &roxmltree::Attribute<'_, '_>| matches!(a.name(), "href" | "src" | "action");
        own.attributes()
            .filter(link)
            .map(|a| a.value().to_owned())
            .collect::<Vec<_>>()
    });
    (names.collect(), links.collect())
}

/// Every file of every renderer.
fn files(report: &Sealed<'_>) -> BTreeMap<&'static str, String> {
    let all = ALL.iter().flat_map(|own| own.files(report).unwrap());
    all.map(|file| (file.name, file.text)).collect()
}

/// Panics when something in these files could act on a reader's program.
fn harmless(files: &BTreeMap<&'static str, String>) {
    for (name, text) in files {
        for line in text.lines() {
            assert_eq!(
                terminal(line.trim_end_matches('\r')),
                line.trim_end_matches('\r'),
                "{name}"
            );
        }
        if std::path::Path::new(name)
            .extension()
            .is_some_and(|end| end == "csv")
        {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            for record in reader.records() {
                let record = record.unwrap();
                let formula = |field: &&str| {
                    let start = field.trim_start().chars().next();
                    let number = field.parse::<f64>().is_ok();
                    !number && start.is_some_and(|c| "=+-@＝＋－＠".contains(c))
                };
                assert_eq!(record.iter().find(formula), None, "{name}");
            }
        }
    }
    let pipes = |line: &str| {
        let mut count = 0;
        let mut escaped = false;
        for letter in line.chars() {
            count += usize::from(letter == '|' && !escaped);
            escaped = letter == '\\' && !escaped;
        }
        count
    };
    let mut width = 0;
    for line in files["report.md"].lines() {
        // A letter behind a backslash is a letter.
        let bare = line.replace("\\]", "").replace("\\:", "");
        assert!(
            !bare.contains('<') && !bare.contains("](") && !bare.contains("://"),
            "{line}"
        );
        if line.starts_with('|') {
            width = if width == 0 { pipes(line) } else { width };
            assert_eq!(pipes(line), width, "{line}");
        } else {
            width = 0;
        }
    }
    for name in ["report.json", "report.sarif"] {
        serde_json::from_str::<serde_json::Value>(&files[name]).unwrap();
    }
    for line in files["report.ocsf.ndjson"].lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn hostile_names_change_no_structure_and_act_in_no_output() {
    let plain = files(&sealed(named("plain"), "plain", &History::default()));
    let (names, links) = structure(&plain["report.html"]);
    assert!(links.iter().all(|link| link.starts_with('#')), "{links:?}");
    assert!(names.len() > 300, "the page is all there");
    for hostile in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style></title><svg onload=alert(1)>",
        "{{ 7777 * 1111 }}{% raw %}",
        "=HYPERLINK(\"http://x\")",
        "@SUM(1)|calc",
        "a|b\n\n# c [d](https://e.example) `f`",
        "\u{1b}[2J\u{1b}]0;t\u{7}",
        "\u{202e}gnp\u{2066}\u{200b}",
        "--\n+++ b/x\n@@",
        "]]>&amp;&#x3c;",
        "<a href=\"javascript:alert(1)\">",
    ] {
        let found = files(&sealed(named(hostile), hostile, &History::default()));
        harmless(&found);
        assert_eq!(
            structure(&found["report.html"]),
            (names.clone(), links.clone()),
            "{hostile}"
        );
        let page = &found["report.html"];
        assert!(
            !page.contains("<script>alert") && !page.contains("<img") && !page.contains("8640247"),
            "{hostile}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_name_acts_in_any_output(name in "\\PC{1,20}|[<>\"'=+@|\\[\\]()`{}%#\r\n\u{1b}\u{202e}a-]{1,20}") {
        let found = files(&sealed(named(&name), &name, &History::default()));
        harmless(&found);
        let (_, links) = structure(&found["report.html"]);
        prop_assert!(links.iter().all(|link| link.starts_with('#')));
    }
}

#[test]
fn the_page_states_the_hash_of_its_own_script_and_allows_nothing_else() {
    use base64::Engine as _;

    let digest = Sha256::digest(page::SCRIPT.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(digest);
    assert_eq!(page::SCRIPT_HASH, format!("sha256-{hash}"));
    let page = &files(&sealed(sample(), "o", &History::default()))["report.html"];
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    assert!(page.contains(&policy));
    for reach in ["http:", "https:", "url(http", "@import", "//cdn"] {
        assert!(!page.contains(reach), "{reach}");
    }
}

#[test]
fn every_table_has_a_caption_and_every_head_cell_a_scope_and_there_is_one_h1() {
    let page = &files(&sealed(sample(), "o", &History::default()))["report.html"];
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let xml = as_xml(page);
    let parsed = roxmltree::Document::parse_with_options(&xml, options).unwrap();
    let of = |name: &'static str| {
        parsed
            .descendants()
            .filter(move |own| own.has_tag_name(name))
    };
    assert_eq!(of("h1").count(), 1);
    assert!(of("html").all(|own| own.attribute("lang") == Some("en")));
    assert!(of("table").all(|own| own.children().any(|child| child.has_tag_name("caption"))));
    assert!(of("th").all(|own| own.attribute("scope").is_some()));
    for chart in of("svg").filter(|own| own.attribute("aria-labelledby").is_some()) {
        assert!(chart.children().any(|child| child.has_tag_name("title")));
        assert!(chart.children().any(|child| child.has_tag_name("desc")));
    }
    let ids: Vec<&str> = parsed
        .descendants()
        .filter_map(|own| own.attribute("id"))
        .collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id is used once");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_the_id_follows_the_content() {
    let one = sealed(sample(), "o", &History::default());
    let two = sealed(sample(), "o", &History::default());
    assert_eq!(files(&one), files(&two));
    let other = sealed(sample(), "p", &History::default());
    assert_ne!(one.page.head.id, other.page.head.id);
    assert!(one.json.contains(&one.page.head.id));
}

#[test]
fn a_report_reads_its_own_json_back_and_names_its_digest() {
    let first = sealed(sample(), "o", &History::default());
    let mut bytes = first.json.clone().into_bytes();
    let text = |bytes: &[u8]| {
        let own = Previous::read(bytes, "2026-09/report.json").unwrap();
        let mut own = own;
        own.month = Month::parse("2026-09").unwrap();
        History::before(Month::parse("2026-10").unwrap(), vec![own])
    };
    let link = |bytes: &[u8]| {
        let next = sealed(sample(), "o", &text(bytes));
        next.page.evidence.previous.unwrap().digest
    };
    let before = link(&bytes);
    bytes.push(b'\n');
    assert_ne!(link(&bytes), before, "one byte more is another file");
}

#[test]
fn two_thousand_clients_with_thirty_scopes_each_stay_below_five_megabytes() {
    let mut own = sample();
    own.level = Level::Likely;
    let days: Vec<i32> = (0..60).collect();
    let to = own.analysis.window.to;
    own.analysis.clients = (0..2_000)
        .map(|number: i32| {
            let terms = (0..30).map(|at: i32| {
                let mut term = term(&format!("service-{at:02}:read"), 0);
                // Days with gaps make the longest strips.
                for back in days.iter().filter(|back| (*back + at + number) % 3 == 0) {
                    let day = to.plus(-back);
                    let noon = day.start() + 43_200_000;
                    term.rhythm.add(day, 2, (noon, noon), to);
                }
                term
            });
            client(&format!("client-{number:04}"), terms.collect())
        })
        .collect();
    let found = files(&sealed(own, "o", &History::default()));
    let page = &found["report.html"];
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert!(page.contains("client-1999"), "every client is named");
    assert_eq!(found["grants.csv"].lines().count(), 60_001);
}
