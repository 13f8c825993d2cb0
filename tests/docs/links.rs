//! Links lead somewhere, to headings as well; the index and the table of contents have every page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::ROOT;
use crate::page::{self, Page};

#[test]
fn every_link_to_a_file_or_a_heading_leads_somewhere() {
    let pages = page::all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in &pages {
        for (line, target) in links(page) {
            count += 1;
            if let Some(problem) = problem(&pages, page, &target) {
                wrong.push(format!("{}:{line}: {target}: {problem}", page.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "only {count} links");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = |text: &str| Page {
        name: "docs/a.md".to_owned(),
        text: text.to_owned(),
    };
    let pages = [page("# A `b`, and C\n## Twice\n## Twice\n")];
    let problem = |target: &str| problem(&pages, &pages[0], target);
    for fine in [
        "a.md",
        "#a-b-and-c",
        "a.md#twice-1",
        "../Cargo.toml",
        "https://example.com/x",
    ] {
        assert_eq!(problem(fine), None, "{fine}");
    }
    for wrong in ["b.md", "#b", "a.md#twice-2", "../src/none.rs", "../../x"] {
        assert!(problem(wrong).is_some(), "{wrong}");
    }
    let found = links(&page(
        "[a](b.md) `[c](d)`\n```text\n[e](f)\n```\n![g](h.svg)\n[i]: j.md\n",
    ));
    let targets: Vec<&str> = found.iter().map(|(_, target)| target.as_str()).collect();
    assert_eq!(targets, ["b.md", "h.svg", "j.md"]);
}

/// The site is made of `docs/` alone: a link that leaves it would be dead there.
#[test]
fn pages_of_the_site_link_to_nothing_outside_of_it() {
    let mut wrong = Vec::new();
    for page in page::markdown("docs").iter().map(|name| Page::read(name)) {
        for (line, target) in links(&page) {
            if target.starts_with("../") {
                wrong.push(format!("{}:{line}: {target}", page.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_and_the_table_of_contents_list_every_page() {
    for list in ["docs/README.md", "docs/SUMMARY.md"] {
        let page = Page::read(list);
        let linked: BTreeSet<String> = links(&page).into_iter().map(|(_, target)| target).collect();
        for name in page::markdown("docs") {
            let name = name.trim_start_matches("docs/");
            let own = list.ends_with(name) || name == "SUMMARY.md";
            assert!(own || linked.contains(name), "{list} does not list {name}");
        }
    }
}

fn problem(pages: &[Page], page: &Page, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target
        .split_once('#')
        .map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let name = if file.is_empty() {
        page.name.clone()
    } else {
        let folder = Path::new(&page.name).parent()?;
        let Some(path) = flat(&folder.join(file)) else {
            return Some("is outside of the repository".to_owned());
        };
        path
    };
    let known = pages.iter().find(|page| page.name == name);
    if known.is_none() && !Path::new(ROOT).join(&name).exists() {
        return Some("is not there".to_owned());
    }
    let anchor = anchor?;
    let known = known?;
    let has = anchors(known).contains(anchor);
    (!has).then(|| format!("has no heading `{anchor}`"))
}

/// The path without `..`, with `/`.
fn flat(path: &Path) -> Option<String> {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !whole.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            other => whole.push(other),
        }
    }
    Some(whole.to_str()?.replace('\\', "/"))
}

/// How the pages' renderers name headings: small letters, `-` for each blank, other signs left out, and a
/// number behind what is there twice.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut fenced = false;
    let mut all = BTreeSet::new();
    for line in page.text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if fenced || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        });
        let name: String = kept.flat_map(char::to_lowercase).collect();
        let before = seen.entry(name.clone()).or_default();
        all.insert(match *before {
            0 => name,
            number => format!("{name}-{number}"),
        });
        *before += 1;
    }
    all
}

/// Where the links and pictures of a page lead, with their lines.
fn links(page: &Page) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (line, text) in page.prose().iter().enumerate() {
        let inline = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let sources = text
            .split("src=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let reference = text
            .starts_with('[')
            .then(|| text.split_once("]: "))
            .flatten();
        let targets = inline
            .chain(sources)
            .chain(reference.map(|(_, target)| target));
        all.extend(targets.map(|target| (line + 1, target.trim().to_owned())));
    }
    all
}
