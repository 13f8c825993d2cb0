//! Every number of the page that counts the same thing is the same, and parts add up.

use std::collections::BTreeMap;
use std::path::Path;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use super::{Case, read};

/// The page and the data of a sample.
fn sample(more: &[&str]) -> (String, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/shop");
    let case = Case::new();
    let mut args = vec!["report", folder.to_str().unwrap(), "--month", "2026-10"];
    args.extend(["--format", "html,json", "--out", "o", "-q"]);
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let page = std::fs::read_to_string(case.path("o/report.html")).unwrap();
    // The script is no XML.
    let (before, rest) = page.split_once("<script>").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    (
        format!("{before}{after}"),
        read(&case.path("o/report.json")),
    )
}

pub(super) fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).unwrap()
}

pub(super) fn text(node: Node<'_, '_>) -> String {
    let parts = node.descendants().filter(Node::is_text);
    let text: String = parts.filter_map(|own| own.text()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn by_id<'a>(page: &'a Document<'_>, id: &str) -> Node<'a, 'a> {
    let mut all = page.descendants();
    all.find(|own| own.attribute("id") == Some(id)).expect(id)
}

/// The first number of a text.
fn number(text: &str) -> u64 {
    let digits = text.chars().skip_while(|c| !c.is_ascii_digit());
    let digits = digits.take_while(|c| c.is_ascii_digit() || *c == ',');
    let digits: String = digits.filter(char::is_ascii_digit).collect();
    digits.parse().expect(text)
}

/// The grants of each group, as the page counts them.
fn groups(page: &Document<'_>) -> BTreeMap<String, u64> {
    let groups = page.descendants();
    let groups = groups.filter_map(|own| Some((own.attribute("data-group")?.to_owned(), own)));
    groups
        .map(|(name, own)| (name, number(&text(own))))
        .collect()
}

/// Rows of a table of the section, and what is said to be left out.
fn rows(page: &Document<'_>, section: &str) -> Vec<Vec<String>> {
    let section = by_id(page, section);
    let body = section.descendants().find(|own| own.has_tag_name("tbody"));
    let rows = body.into_iter().flat_map(|own| own.children());
    rows.filter(|own| own.has_tag_name("tr"))
        .map(|row| row.children().filter(Node::is_element).map(text).collect())
        .collect()
}

fn left_out(page: &Document<'_>, section: &str) -> u64 {
    let mut rest = by_id(page, section).descendants();
    rest.find(|own| own.attribute("class") == Some("rest"))
        .map_or(0, |own| number(&text(own)))
}

#[test]
fn every_grant_is_in_one_group_and_the_lists_hold_as_many_as_the_groups_say() {
    for level in ["safe", "likely", "review"] {
        let (page, report) = sample(&["--level", level]);
        let page = parsed(&page);
        let groups = groups(&page);
        let all = report["fleet"]["granted"].as_u64().unwrap();
        assert_eq!(groups.values().sum::<u64>(), all, "{level}: {groups:?}");
        let of = |name: &str| groups.get(name).copied().unwrap_or(0);
        let conclusion = &report["month"]["conclusion"];
        assert_eq!(Some(of("now")), conclusion["removals"].as_u64(), "{level}");
        let verdict = page
            .descendants()
            .find(|own| own.attribute("class") == Some("verdict"));
        let verdict = text(verdict.unwrap());
        if of("now") > 0 {
            let said = format!("hold {} grants that can go now.", of("now"));
            assert!(verdict.contains(&said), "{level}: {verdict}");
        }
        // `a, b and 5 more` is seven scopes.
        let removed: u64 = rows(&page, "now")
            .iter()
            .map(|row| {
                let (shown, more) = row[1].split_once(" and ").unwrap_or((&row[1], ""));
                let more = if more.is_empty() { 0 } else { number(more) };
                shown.split(", ").count() as u64 + more
            })
            .sum();
        // Of level review there are more clients than rows.
        let cut = left_out(&page, "now") > 0;
        assert_eq!(cut, level == "review", "{level}");
        assert!(cut || removed == of("now"), "{level}: {removed}");
        let human = rows(&page, "human").len() as u64 + left_out(&page, "human");
        assert_eq!(human, of("human"), "{level}");
        let exceptions = rows(&page, "exceptions").len() as u64;
        assert_eq!(
            exceptions,
            of("exception"),
            "{level}: none of the sample's is idle or wide"
        );
        let terms = report["clients"].as_array().unwrap().iter();
        let terms = terms.flat_map(|client| client["terms"].as_array().unwrap());
        let advised = terms.filter(|term| !term["kind"].is_null()).count() as u64;
        assert_eq!(of("now") + of("human") + of("later"), advised, "{level}");
    }
}

#[test]
fn served_and_not_served_and_not_to_be_seen_are_all_grants_in_the_sentence_and_in_the_tile() {
    let (page, report) = sample(&[]);
    let page = parsed(&page);
    let all = report["fleet"]["granted"].as_u64().unwrap();
    let balance = page
        .descendants()
        .find(|own| own.attribute("class") == Some("balance"));
    let balance = balance.unwrap();
    let heading = balance
        .children()
        .find(|own| own.has_tag_name("h3"))
        .unwrap();
    assert_eq!(number(&text(heading)), all);
    let sentence = balance
        .children()
        .find(|own| own.has_tag_name("p"))
        .unwrap();
    let sentence = text(sentence);
    let parts: Vec<&str> = sentence.split(". ").collect();
    let [idle, served, unseen] = parts[..] else {
        panic!("three sentences: {sentence}");
    };
    assert_eq!(
        number(idle) + number(served) + number(unseen),
        all,
        "{sentence}"
    );
    // The sum of the sentence: `46 of the 82 ...: 34 can go now, 10 of the 12 ..., 2 kept`.
    let (_, of) = idle.split_once(": ").unwrap();
    assert_eq!(
        of.split(", ").map(number).sum::<u64>(),
        number(idle),
        "{sentence}"
    );
    let groups = groups(&page);
    for part in of.split(", ") {
        let whole = part.split_once(" of the ").map_or(part, |(_, whole)| whole);
        assert!(
            groups.values().any(|count| *count == number(whole)),
            "{part}: {groups:?}"
        );
    }
    // Counted again from the data, without the program's own words.
    let terms = report["clients"].as_array().unwrap().iter();
    let terms = terms.flat_map(|client| client["terms"].as_array().unwrap());
    let (mut counted, mut used) = (0, 0);
    for term in terms {
        let idle = term["uses"]["365"] == 0;
        let shown = term["verdict"] != "unobservable" && term["verdict"] != "undetermined";
        counted += u64::from(shown && idle);
        used += u64::from(!idle);
    }
    assert_eq!(
        (number(idle), number(served)),
        (counted, used),
        "{sentence}"
    );
    let tiles = page
        .descendants()
        .filter(|own| own.attribute("class") == Some("tile"));
    let tiles: Vec<String> = tiles.map(text).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of grants")]
    let share = format!("{:.0} %", counted as f64 * 100.0 / all as f64);
    let told = format!("{share}{counted} of {all} grants");
    assert!(tiles[1].contains(&told), "{}", tiles[1]);
    assert!(sentence.contains(&format!("({share})")), "{sentence}");
}

#[test]
fn a_tile_of_findings_is_the_sum_of_the_rules_that_it_names() {
    let (page, report) = sample(&[]);
    let page = parsed(&page);
    let findings = report["findings"].as_array().unwrap();
    let tiles = page
        .descendants()
        .filter(|own| own.attribute("class") == Some("tile"));
    let mut seen = 0;
    for tile in tiles.skip(2) {
        let part = |class: &str| {
            let mut all = tile.children();
            text(
                all.find(|own| own.attribute("class").is_some_and(|own| own == class))
                    .unwrap(),
            )
        };
        let detail = part("detail");
        let parts = detail.split(';').next().unwrap().split(", ");
        let mut sum = 0;
        for own in parts {
            let (count, rule) = own.split_once(' ').unwrap();
            let found = findings
                .iter()
                .filter(|finding| finding["rule"] == rule)
                .count() as u64;
            assert_eq!(number(count), found, "{detail}");
            sum += found;
            seen += 1;
        }
        assert_eq!(number(&part("value")), sum, "{detail}");
    }
    assert!(seen >= 3, "the sample has findings of several rules");
    let counted: u64 = rows(&page, "findings")
        .iter()
        .map(|row| number(&row[1]))
        .sum();
    assert_eq!(counted, findings.len() as u64);
}
