//! What a reader does with the page: follow links, copy commands, look at it on a phone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use roxmltree::{Document, Node};

use super::sums::{by_id, parsed, text};
use super::{Case, case, month};

/// Report of the sample, in the folder of a case.
fn shop(more: &[&str]) -> (Case, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/shop");
    let case = Case::new();
    let mut args = vec!["report", folder.to_str().unwrap(), "--month", "2026-10"];
    args.extend(["--out", "o", "-q"]);
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let page = read(&case, "o");
    (case, page)
}

/// A page without its script, which is no XML.
fn read(case: &Case, folder: &str) -> String {
    let page = std::fs::read_to_string(case.path(folder).join("report.html")).unwrap();
    let (before, rest) = page.split_once("<script>").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}{after}")
}

fn with_class<'a>(page: &'a Document<'_>, class: &str) -> Vec<Node<'a, 'a>> {
    let has = |own: &Node<'_, '_>| {
        let classes = own.attribute("class").unwrap_or_default();
        classes.split(' ').any(|own| own == class)
    };
    page.descendants().filter(has).collect()
}

#[test]
fn every_link_leads_to_a_place_and_every_row_of_removals_to_its_reasons() {
    let (_case, page) = shop(&[]);
    let page = parsed(&page);
    let ids: BTreeSet<&str> = page
        .descendants()
        .filter_map(|own| own.attribute("id"))
        .collect();
    let links = page.descendants().filter_map(|own| own.attribute("href"));
    let links: Vec<&str> = links.collect();
    assert!(links.len() > 60, "{links:?}");
    for link in &links {
        assert!(ids.contains(link.strip_prefix('#').unwrap()), "{link}");
    }
    for (section, cell) in [("now", 0), ("suspend", 0), ("human", 1)] {
        let table = by_id(&page, section);
        let body = table.descendants().find(|own| own.has_tag_name("tbody"));
        let rows: Vec<Node<'_, '_>> = body.unwrap().children().filter(Node::is_element).collect();
        assert!(!rows.is_empty(), "{section}");
        for row in rows {
            let cells: Vec<Node<'_, '_>> = row.children().filter(Node::is_element).collect();
            let link = cells[cell].descendants().find(|own| own.has_tag_name("a"));
            let link = link.expect(section);
            let place = by_id(&page, &link.attribute("href").unwrap()[1..]);
            let mut around = place.ancestors();
            let told = around.find(|own| own.attribute("class") == Some("client"));
            let told = text(told.expect("the section of a client"));
            let client = cells[0]
                .descendants()
                .find(|own| own.has_tag_name("a"))
                .unwrap();
            assert!(told.starts_with(&text(client)), "{section}: {}", text(row));
            if section == "human" {
                assert!(text(place).starts_with(&text(link)), "{}", text(row));
            }
        }
    }
}

#[test]
fn the_cells_of_a_card_are_called_as_the_heads_of_the_table() {
    let (_case, page) = shop(&[]);
    let page = parsed(&page);
    let tables = with_class(&page, "rows");
    assert!(tables.len() > 20);
    for table in tables {
        let heads = table.descendants().filter(|own| own.has_tag_name("th"));
        let heads = heads
            .filter(|own| own.attribute("scope") == Some("col"))
            .map(text);
        let heads: Vec<String> = heads.collect();
        let named = heads.iter().enumerate();
        let named = named.map(|(at, head)| format!("--h{}:'{head}'", at + 1));
        let wanted = named.collect::<Vec<_>>().join(";");
        assert_eq!(table.attribute("style"), Some(&*wanted));
        assert!(
            heads.len() <= 8,
            "the style sheet has words for eight cells: {heads:?}"
        );
    }
    let all = page
        .descendants()
        .filter(|own| own.has_tag_name("table"))
        .count();
    assert_eq!(
        with_class(&page, "rows").len(),
        all,
        "every table can be cards"
    );
}

#[test]
fn the_commands_of_the_page_run_as_they_stand_there() {
    let (case, page) = shop(&["--level", "likely"]);
    let page = parsed(&page);
    let commands: Vec<String> = with_class(&page, "cmd").into_iter().map(text).collect();
    let (roles, commands): (Vec<&String>, Vec<&String>) = commands
        .iter()
        .filter(|own| !own.starts_with("scopetrim report"))
        .partition(|own| own.starts_with("scopetrim roles"));
    let (explain, next): (Vec<&String>, Vec<&String>) = commands
        .into_iter()
        .partition(|own| own.starts_with("scopetrim explain"));
    assert_eq!((explain.len(), next.len()), (17, 3), "{next:?}");
    let run = |command: &str| {
        let program = env!("CARGO_BIN_EXE_scopetrim");
        let line = command.replacen("scopetrim", &format!("'{program}'"), 1);
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &line]).current_dir(case.path("."));
        let run = shell.output().unwrap();
        let error = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(0), "{command}: {error}");
        String::from_utf8(run.stdout).unwrap()
    };
    let name = explain[0].split(' ').nth(2).unwrap();
    assert!(run(explain[0]).trim_start().starts_with(name));
    assert!(run(next[0]).contains("can go"), "{}", next[0]);
    for file in ["policy.diff", "undo.diff"] {
        assert!(case.path("plan").join(file).exists(), "{file}");
    }
    assert!(next[1].ends_with("--dry-run"), "{}", next[1]);
    let removed = run(next[1]);
    let removed = removed
        .lines()
        .filter(|line| line.starts_with('-') && !line.starts_with("---"));
    assert!(removed.count() > 10, "the edits are shown");
    assert_eq!(format!("{} --dry-run", next[2]), *next[1]);
    assert_eq!(roles.len(), 1, "{roles:?}");
    run(roles[0]);
    let page = std::fs::read_to_string(case.path("roles.html")).unwrap();
    assert!(page.contains("<h1>Roles</h1>"));
}

#[test]
fn under_pseudonyms_the_page_has_no_command_that_knows_no_such_name() {
    let case = case();
    case.write("key.txt", "correct horse battery staple\n");
    month(&case, "2026-07", "a", &["--pseudonymise", "key.txt"]);
    let page = read(&case, "a");
    let page = parsed(&page);
    let commands: Vec<String> = with_class(&page, "cmd").into_iter().map(text).collect();
    assert_eq!(commands, ["scopetrim report (arguments withheld)"]);
}

#[test]
fn one_month_is_a_sentence_and_two_are_a_chart() {
    let case = case();
    month(&case, "2026-07", "a", &[]);
    month(&case, "2026-08", "b", &["--previous", "a"]);
    for (folder, charts) in [("a", 0), ("b", 1)] {
        let page = read(&case, folder);
        let page = parsed(&page);
        assert_eq!(with_class(&page, "lines").len(), charts, "{folder}");
        let figure = text(by_id(&page, "chart-lines"));
        let told = figure.contains("July 2026 is the first month that is known");
        assert_eq!(told, charts == 0, "{figure}");
    }
}

#[test]
fn the_files_of_one_source_are_one_row_of_the_annex_with_each_digest() {
    let (case, page) = shop(&["--format", "html,json"]);
    let page = parsed(&page);
    let report = super::read(&case.path("o/report.json"));
    let inputs = report["inputs"].as_array().unwrap();
    let annex = by_id(&page, "annex-g");
    let body = annex.descendants().find(|own| own.has_tag_name("tbody"));
    let rows: Vec<String> = body
        .unwrap()
        .children()
        .filter(Node::is_element)
        .map(text)
        .collect();
    assert_eq!((inputs.len(), rows.len()), (13, 1), "{rows:?}");
    for input in inputs {
        let digest = input["digest"].as_str().unwrap().replace("blake3:", "");
        assert!(rows[0].contains(&digest), "{input}");
    }
    let read: u64 = inputs
        .iter()
        .map(|own| own["records"].as_u64().unwrap())
        .sum();
    let grouped = format!("{},{:03}", read / 1000, read % 1000);
    assert!(rows[0].contains(&grouped), "{grouped}: {}", rows[0]);
}

#[test]
fn every_annex_is_folded_at_first_and_no_client_is_open() {
    let (_case, page) = shop(&[]);
    let page = parsed(&page);
    let folds = with_class(&page, "fold");
    assert_eq!(folds.len(), 8);
    let mut all = page.descendants().filter(|own| own.has_tag_name("details"));
    assert!(all.all(|own| own.attribute("open").is_none()));
    for fold in folds {
        let content = fold.children().filter(Node::is_element).nth(1).unwrap();
        assert!(content.attribute("id").unwrap().starts_with("annex-"));
    }
}
