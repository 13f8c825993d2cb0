//! The page of `roles mine --html`, and what every page in the design of the report has to be.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use roxmltree::{Document, Node};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::sums::{by_id, parsed, text};
use super::{Case, ROUTES, daily};

/// A client, a role and a scope that somebody chose to do harm.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>";

/// A page without its script, which is no XML, after a look at what it may do.
pub(super) fn page(case: &Case, args: &[&str], code: i32) -> String {
    let run = case.run(&[args, &["--html"]].concat());
    assert_eq!(run.code, Some(code), "{args:?}: {}", run.err);
    assert_eq!(case.run(&[args, &["--html"]].concat()).out, run.out);
    let page = run.out;
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    for reach in ["http:", "https:", "url(http", "@import", "src=", "//cdn"] {
        assert!(!page.contains(reach), "{reach}");
    }
    assert_eq!(page.matches("<script").count(), 1, "its own script alone");
    let (before, rest) = page.split_once("<script>").unwrap();
    let (script, after) = rest.split_once("</script>").unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\""
    );
    assert!(before.contains(&policy), "the policy allows this script");
    let page = format!("{before}{after}");
    whole(&parsed(&page));
    page
}

/// Every link leads somewhere, every table has its heads, a caption and cards, every id is there once.
fn whole(page: &Document<'_>) {
    let all = |name: &'static str| page.descendants().filter(move |own| own.has_tag_name(name));
    let ids: Vec<&str> = page
        .descendants()
        .filter_map(|own| own.attribute("id"))
        .collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(once.len(), ids.len(), "{ids:?}");
    for own in all("a") {
        let link = own.attribute("href").unwrap();
        assert!(once.contains(link.strip_prefix('#').unwrap()), "{link}");
    }
    let labels = page
        .descendants()
        .filter_map(|own| own.attribute("aria-labelledby"));
    for label in labels {
        assert!(once.contains(label), "{label}");
    }
    assert_eq!(all("h1").count(), 1);
    for table in all("table") {
        assert!(table.children().any(|own| own.has_tag_name("caption")));
        let cells = table.descendants().filter(|own| own.has_tag_name("th"));
        let heads = cells
            .filter(|own| own.attribute("scope") == Some("col"))
            .map(text);
        let heads: Vec<String> = heads.collect();
        let named = heads.iter().enumerate();
        let named = named.map(|(at, head)| format!("--h{}:'{head}'", at + 1));
        assert_eq!(
            table.attribute("style"),
            Some(&*named.collect::<Vec<_>>().join(";"))
        );
        let body = table
            .children()
            .find(|own| own.has_tag_name("tbody"))
            .unwrap();
        for row in elements(body) {
            assert_eq!(elements(row).len(), heads.len(), "{}", text(row));
        }
    }
    assert!(all("details").all(|own| own.attribute("open").is_none()));
}

fn elements<'a>(node: Node<'a, 'a>) -> Vec<Node<'a, 'a>> {
    node.children().filter(Node::is_element).collect()
}

/// The same as `text`, with a space between cells.
pub(super) fn spaced(node: Node<'_, '_>) -> String {
    let parts = node
        .descendants()
        .filter_map(|own| own.is_text().then(|| own.text())?);
    let parts: Vec<&str> = parts.collect();
    let text = parts.join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The cells of each row of the first table of a section.
pub(super) fn rows(page: &Document<'_>, section: &str) -> Vec<Vec<String>> {
    let section = by_id(page, section);
    let mut all = section.descendants();
    let Some(body) = all.find(|own| own.has_tag_name("tbody")) else {
        return Vec::new();
    };
    let cells = |row| elements(row).into_iter().map(text).collect();
    elements(body).into_iter().map(cells).collect()
}

/// 200 days: two clients do their work, with roles that are too wide, and one that nobody has.
fn roles() -> Case {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let grants = json!({"version": 1,
    "roles": {
        "everything": {"scopes": ["a:read", "a:write", "b:read", "b:admin"]},
        "nobody": {"scopes": ["b:read"]},
        "reader": {"scopes": ["a:read", "b:read"]},
        "zz-double": {"scopes": ["a:read", "b:read"]},
    },
    "clients": {
        "one": {"since": "2020-01-01", "roles": ["everything", "reader", "zz-double"]},
        HOSTILE: {"since": "2020-01-01", "roles": ["everything", "reader"]},
    }});
    case.write("grants.yaml", grants.to_string());
    let log = [
        daily(200, "one", "GET /a", 200),
        daily(200, HOSTILE, "GET /a", 200),
        daily(200, HOSTILE, "GET /b", 200),
    ];
    case.write("log.jsonl", log.concat());
    case
}

const MINE: [&str; 8] = [
    "roles",
    "mine",
    "--grants",
    "grants.yaml",
    "--catalog",
    "routes.yaml",
    "--logs",
    "log.jsonl",
];

#[test]
fn the_page_of_roles_shows_verdicts_with_administration_first_and_what_time_made_of_each() {
    let case = roles();
    let args = [&MINE[..], &["--level", "review"]].concat();
    let page = page(&case, &args, 0);
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"),
        "{page}"
    );
    let page = parsed(&page);
    let existing = rows(&page, "existing");
    let seen: Vec<(&str, &str)> = existing
        .iter()
        .map(|row| (row[0].as_str(), row[1].split('.').next().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (
                "everything",
                "Too broad 2 of 2 members do not need all of it"
            ),
            ("nobody", "Unused Nobody has it"),
            ("reader", "Too broad 1 of 2 members does not need all of it"),
            ("zz-double", "A double It has the same scopes as reader"),
        ]
    );
    let first = &existing[0];
    assert!(first[1].contains("Made for administration"), "{first:?}");
    assert!(
        first[1].contains(HOSTILE) && first[1].contains("one"),
        "{first:?}"
    );
    // Two members of four terms: three of these eight grants were used in the last 90 days.
    assert_eq!(first[4..], ["100 %", "62 %"]);
    assert_eq!(existing[1][4..], ["-", "-"], "nobody has it");
    let proposed = rows(&page, "proposed");
    let reader = proposed.iter().find(|row| row[0].starts_with("reader"));
    let reader = reader.expect("the role that there is is used");
    assert_eq!(reader[0], "readerthere is one", "and that is said");
    assert_eq!(reader[1], format!("1 {HOSTILE}"));
    assert_eq!(reader[2], "2 a:read, b:read");
    assert_eq!(reader[3..], ["100 %", "0 %"]);
    assert_eq!(existing[2][4..], ["100 %", "25 %"], "one used no b:read");
    let past = text(by_id(&page, "past"));
    assert!(past.contains("3 of them (100 %)"), "{past}");
}

#[test]
fn the_page_of_roles_says_when_the_proposal_is_larger_than_what_there_is() {
    let case = Case::new();
    for (grants, told) in [
        (
            r#"{"a": ["x:read"], "b": ["y:read"]}"#,
            "larger than what there is: 6 in place of 2.",
        ),
        (
            r#"{"a": ["p", "q", "r"], "b": ["p", "q", "r"], "c": ["p", "q", "r"]}"#,
            "smaller than what there is: 7 in place of 9.",
        ),
        (
            r#"{"a": ["x", "y", "z"], "b": ["x", "y", "z"]}"#,
            "as large as what there is: 6.",
        ),
    ] {
        case.write("grants.json", grants);
        let page = page(&case, &["roles", "mine", "--grants", "grants.json"], 0);
        let page = parsed(&page);
        let size = by_id(&page, "size");
        assert!(text(size).contains(told), "{}", text(size));
        let warns = size.attribute("class").unwrap().contains("warn");
        assert_eq!(warns, told.starts_with("larger"));
        // Without logs nothing is judged by time, and no column pretends it.
        assert!(!text(page.root_element()).contains("Uses permitted Grants"));
        assert_eq!(
            text(by_id(&page, "existing")),
            "Roles that there are No policy file has a role."
        );
    }
    case.write("grants.json", "{}");
    let page = page(&case, &["roles", "mine", "--grants", "grants.json"], 0);
    assert!(page.contains("Nobody holds anything"), "{page}");
}

#[test]
fn thousands_of_members_scopes_and_roles_do_not_make_the_page_large() {
    let case = Case::new();
    let mut grants = String::from("version: 1\nroles:\n  crowd: {scopes: [a:read]}\n");
    for at in 0..400 {
        writeln!(grants, "  idle-{at}: {{scopes: [\"s:{at}\"]}}").unwrap();
    }
    let wide: Vec<String> = (0..2_000).map(|at| format!("wide:{at}")).collect();
    write!(grants, "clients:\n  wide:\n    scopes: {wide:?}\n").unwrap();
    for at in 0..2_000 {
        writeln!(grants, "  client-{at:04}: {{roles: [crowd]}}").unwrap();
    }
    case.write("grants.yaml", grants);
    let page = page(&case, &["roles", "mine", "--grants", "grants.yaml"], 0);
    assert!(page.len() < 200_000, "{} bytes", page.len());
    let page = parsed(&page);
    let proposed = rows(&page, "proposed");
    let crowd = proposed
        .iter()
        .find(|row| row[0].starts_with("crowd"))
        .unwrap();
    assert!(crowd[1].starts_with("2,000 client-0000, "), "{crowd:?}");
    assert!(
        crowd[1].contains("and 1,992 more") && crowd[1].contains("and 1,952 more, with --json")
    );
    assert!(rows(&page, "existing")[0][1].starts_with("Fits Every member needs all of it."));
    let existing = text(by_id(&page, "existing"));
    assert!(existing.contains("And 151 more in the output of the same command with --json."));
    assert_eq!(rows(&page, "existing").len(), 250);
}

#[test]
fn limits_leave_direct_grants_and_roles_that_are_kept_stay_wide_and_the_page_says_both() {
    let case = roles();
    case.write(
        "few.json",
        r#"{"a": ["p", "q"], "b": ["p", "q"], "c": ["r", "s"]}"#,
    );
    let limited = "roles mine --grants few.json --max-roles 1";
    let page = page(&case, &limited.split(' ').collect::<Vec<_>>(), 0);
    let page = parsed(&page);
    assert_eq!(rows(&page, "direct"), [["c", "2 r, s"]]);
    let verdict = text(by_id(&page, "conclusion"));
    assert!(
        verdict.contains("1 role and direct grants for 1 client give 3 clients"),
        "{verdict}"
    );
    assert!(verdict.contains("exactly what they need"), "{verdict}");
    let kept = [&MINE[..], &["--level", "review", "--keep-roles"]].concat();
    let page = self::page(&case, &kept, 0);
    let page = parsed(&page);
    let verdict = text(by_id(&page, "conclusion"));
    assert!(verdict.contains("everything that they need"), "{verdict}");
    assert!(
        verdict.contains("Roles that are kept are as wide as they were"),
        "{verdict}"
    );
}

#[test]
fn a_page_is_no_data() {
    let case = Case::new();
    case.write("grants.json", "{}");
    for other in ["--markdown", "--json", "--csv"] {
        let run = case.run(&["roles", "mine", "--grants", "grants.json", "--html", other]);
        assert_eq!(run.code, Some(2), "{other}");
        assert!(run.err.contains("cannot be used with"), "{}", run.err);
    }
}
