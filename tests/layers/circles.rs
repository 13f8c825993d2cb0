//! Files of one module that import each other in a circle.
//!
//! A parent and its child may know each other; everything else has an order. What a
//! `mod.rs` re-exports counts as its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, report, sources};

/// Circles that are there. The list may only become shorter: one that is gone has to go here too.
const KNOWN: [&[&str]; 17] = [
    // One client's draft is completed by passes that take it as their argument.
    &[
        "analysis/client",
        "analysis/contradicting_evidence",
        "analysis/levels",
        "analysis/possible",
        "analysis/prepared",
        "analysis/suspend",
        "analysis/term",
    ],
    &[
        "analysis/backtest/recommendation_log",
        "analysis/backtest/suspended",
    ],
    &["analysis/landmark/prior", "analysis/landmark/stratum"],
    // Readers of one grammar, in which each form may hold the others.
    &[
        "catalog/document",
        "catalog/json_lines",
        "catalog/lint",
        "catalog/native",
        "catalog/native_csv",
    ],
    &["catalog/near/base", "catalog/near/path"],
    &["catalog/openapi/paths", "catalog/openapi/schemes"],
    &["event/base_path", "event/path"],
    &["event/damaged_line/kind", "event/damaged_line/request"],
    &["format/json/learn", "format/json/scan", "format/json/shape"],
    // Renderers that share the values of one part of the report.
    &[
        "report/monthly/findings",
        "report/monthly/page",
        "report/monthly/previous",
        "report/monthly/rows",
        "report/monthly/tiles",
    ],
    &["report/output/ocsf/activity", "report/output/ocsf/found"],
    // The ledger's rows and the views of them.
    &["usage/aggregate", "usage/day_table"],
    &["usage/coverage", "usage/stated"],
    &["usage/credentials/collector", "usage/credentials/tokens"],
    &["usage/daily_use", "usage/frame"],
    &[
        "usage/collect",
        "usage/counted_event",
        "usage/merge",
        "usage/uncertain_requests",
        "usage/worker",
    ],
    &[
        "usage/ledger/contribution",
        "usage/ledger/judge",
        "usage/ledger/read",
        "usage/ledger/rows",
        "usage/ledger/seen",
        "usage/ledger/tokens",
        "usage/ledger/view",
    ],
];

/// `report/output/csv`: a file as its module.
type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn files_of_one_module_do_not_import_each_other_in_a_circle() {
    let found: BTreeSet<Vec<String>> = circles(&edges(&sources(&["src"]))).into_iter().collect();
    let known: BTreeSet<Vec<String>> = KNOWN
        .iter()
        .map(|circle| circle.iter().map(|name| (*name).to_owned()).collect())
        .collect();
    let fresh = found.difference(&known);
    let fresh = fresh.map(|circle| format!("a new circle: {}", circle.join(", ")));
    let gone = known.difference(&found);
    let gone = gone.map(|circle| {
        format!(
            "no circle any more, take it off the list: {}",
            circle.join(", ")
        )
    });
    report(&fresh.chain(gone).collect::<Vec<_>>());
}

#[test]
fn a_circle_of_files_is_found_and_a_parent_with_its_child_is_none() {
    let file = |name: &str, text: &str| (format!("src/{name}.rs"), text.to_owned());
    let files = [
        file("a/mod", "use one::x;"),
        file("a/one", "use super::two::{self, Y};\n// use super::three;"),
        file("a/two", "use crate::a::{three, four::Z};"),
        file("a/three", "fn f() { super::one::x() }"),
        file(
            "a/four",
            "#[cfg(test)]\nmod tests {\n use super::super::one::x;\n}",
        ),
        file("a/four/part", "use super::Z;\nuse super::super::two;"),
        file("b", "use crate::a::one;"),
    ];
    assert_eq!(circles(&edges(&files)), [["a/one", "a/three", "a/two"]]);
}

/// The imports of each file from others of its module, but for those of parent and child.
fn edges(files: &[(String, String)]) -> Imports {
    let modules: BTreeMap<Module, &str> = files
        .iter()
        .filter(|(name, _)| !name.ends_with("tests.rs"))
        .filter_map(|(name, text)| Some((path_of(name)?, text.as_str())))
        .collect();
    let mut imports = Imports::new();
    for (module, text) in &modules {
        let known = named(module, text).into_iter().filter_map(|path| {
            let prefixes = (1..=path.len()).rev().map(|end| path[..end].to_vec());
            prefixes.into_iter().find(|path| modules.contains_key(path))
        });
        let others = known.filter(|other| {
            let related = module.starts_with(other) || other.starts_with(module);
            other[0] == module[0] && !related
        });
        imports.insert(module.clone(), others.collect());
    }
    imports
}

fn path_of(name: &str) -> Option<Module> {
    let path = name.strip_prefix("src/")?.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let root = path == "lib" || path == "main";
    (!root).then(|| path.split('/').map(str::to_owned).collect())
}

/// Every path that a file names after `crate::` or `super::`, from the root of the crate.
fn named(module: &Module, text: &str) -> Vec<Module> {
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text);
    let lines: Vec<&str> = text.lines().map(code).collect();
    let text = lines.join(
        "
",
    );
    let mut found = Vec::new();
    let starts = ["crate::", "super::"];
    for (at, start) in starts.iter().flat_map(|start| text.match_indices(start)) {
        let before = &text[..at];
        if before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue; // the rest of a longer path
        }
        let (mut rest, mut base) = (&text[at..], module.clone());
        if start == "crate::" {
            (rest, base) = (&rest["crate::".len()..], Vec::new());
        }
        while let Some(above) = rest.strip_prefix("super::") {
            rest = above;
            base.pop();
        }
        collect(&base, rest, &mut found);
    }
    found
}

/// The paths at the start of a string, also those of a brace group.
fn collect(base: &Module, text: &str, found: &mut Vec<Module>) {
    if let Some(group) = text.trim_start().strip_prefix('{') {
        let (mut depth, mut begin) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' => return collect(base, &group[begin..at], found),
                ',' if depth == 0 => {
                    collect(base, &group[begin..at], found);
                    begin = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    if end == 0 {
        return;
    }
    let path = [&base[..], &[text[..end].to_owned()]].concat();
    match text[end..].strip_prefix("::") {
        Some(rest) => collect(&path, rest, found),
        None => found.push(path),
    }
}

/// Sets of files each of which reaches all others, sorted.
fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reached = |from: &Module| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(module) = next.pop() {
            for other in imports.get(module).into_iter().flatten() {
                if seen.insert(other) {
                    next.push(other);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = imports
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    let mut found = BTreeSet::new();
    for (module, others) in reach
        .iter()
        .filter(|(module, others)| others.contains(**module))
    {
        let back = others
            .iter()
            .filter(|other| reach[**other].contains(*module));
        found.insert(back.map(|path| path.join("/")).collect::<Vec<_>>());
    }
    found.into_iter().collect()
}
