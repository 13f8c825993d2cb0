//! Three months, and what each says about the one before.

use std::fs;

use serde_json::Value;

use super::{case, month};

/// `client/scope state since` of each open recommendation.
fn open(report: &Value) -> Vec<String> {
    let items = report["month"]["items"].as_array().unwrap().iter();
    let mut told: Vec<String> = items
        .filter(|item| item["recommendation"] == true)
        .map(|item| {
            let text = |key: &str| item[key].as_str().unwrap();
            format!(
                "{}/{} {} {}",
                text("client"),
                text("subject"),
                text("state"),
                text("since")
            )
        })
        .collect();
    told.sort();
    told
}

/// `client/scope state denials` of each recommendation of the month before.
fn outcomes(report: &Value) -> Vec<String> {
    let rows = report["month"]["outcomes"].as_array().unwrap().iter();
    let mut told: Vec<String> = rows
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap();
            format!(
                "{}/{} {} {}",
                text("client"),
                text("term"),
                text("state"),
                row["denials"]
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn three_months_give_the_table_made_by_hand() {
    // | grant         | July   | August           | September              |
    // | one/a:write   | remove | remove, open     | gone: applied          |
    // | one/b:admin   | remove | gone: applied, 3 | held: came back        |
    // |               |        | requests refused | (rolled back)          |
    // | two/a:write   | remove | remove, open     | remove, open since Jul |
    // | two/b:admin   |        | remove, new      | needed                 |
    // | three/b:read  |        |                  | remove, new            |
    let case = case();
    let july = month(&case, "2026-07", "r/2026-07", &[]);
    assert_eq!(
        open(&july),
        ["one/a:write", "one/b:admin", "two/a:write"]
            .map(|id| format!("{id} first_report 2026-07"))
    );
    let august = month(
        &case,
        "2026-08",
        "r/2026-08",
        &["--previous", "r/2026-07/report.json"],
    );
    assert_eq!(
        open(&august),
        [
            "one/a:write ignored 2026-07",
            "two/a:write ignored 2026-07",
            "two/b:admin new 2026-08"
        ]
    );
    assert_eq!(
        outcomes(&august),
        [
            "one/a:write open 0",
            "one/b:admin applied 3",
            "two/a:write open 0"
        ]
    );
    let september = month(&case, "2026-09", "s/2026-09", &["--previous", "r"]);
    let wanted = [
        "one/b:admin came_back 2026-09",
        "three/b:read new 2026-09",
        "two/a:write ignored 2026-07",
    ];
    assert_eq!(open(&september), wanted);
    assert_eq!(
        outcomes(&september),
        [
            "one/a:write applied 0",
            "one/b:admin rolled_back 0",
            "two/a:write open 0",
            "two/b:admin needed 0"
        ]
    );
    // The last report alone carries what it knew of the months before it.
    let alone = month(
        &case,
        "2026-09",
        "t/2026-09",
        &["--previous", "r/2026-08/report.json"],
    );
    assert_eq!(
        (open(&alone), outcomes(&alone)),
        (wanted.map(str::to_owned).to_vec(), outcomes(&september))
    );
    let digest = blake3::hash(&fs::read(case.path("r/2026-08/report.json")).unwrap());
    let link = &alone["month"]["evidence"]["previous"];
    assert_eq!(link["digest"], format!("blake3:{digest}"));
    let page = fs::read_to_string(case.path("t/2026-09/report.html")).unwrap();
    // The page counts findings as well, which the table made by hand leaves out.
    let items = alone["month"]["items"].as_array().unwrap();
    let count = |state: &str| items.iter().filter(|item| item["state"] == state).count();
    for (state, words) in [
        ("came_back", "came back"),
        ("new", "new"),
        ("ignored", "still open"),
    ] {
        let text = format!("<b>{}</b> {words}", count(state));
        assert!(count(state) > 0 && page.contains(&text), "{text}");
    }
}

#[test]
fn a_recommendation_that_an_exception_answers_is_accepted_once_and_not_resolved() {
    let case = case();
    let july = month(&case, "2026-07", "a", &[]);
    assert_eq!(open(&july).len(), 3);
    case.write(
        "october.toml",
        "[[exceptions]]\nclient = \"two\"\nterm = \"a:write\"\nreason = \"year end\"\nuntil = 2027-01-31\n",
    );
    case.write(
        "2026-08.grants.json",
        case_file(&case, "2026-07.grants.json"),
    );
    let more = ["--config", "october.toml", "--previous", "a"];
    let august = month(&case, "2026-08", "b", &more);
    assert_eq!(
        outcomes(&august),
        [
            "one/a:write open 0",
            "one/b:admin open 0",
            "two/a:write rejected 0"
        ]
    );
    let section = &august["month"];
    let accepted = section["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert!(
        section["closed"]
            .to_string()
            .contains(accepted[0].as_str().unwrap())
    );
    let resolved = section["resolved"].as_array().unwrap();
    assert!(!resolved.contains(&accepted[0]), "{resolved:?}");
    assert_eq!(section["points"][1]["applied"], 0);
    let text = |name: &str| fs::read_to_string(case.path("b").join(name)).unwrap();
    assert!(
        text("report.md").contains("Its recommendations: 2 open, 1 accepted by exception.\n"),
        "{}",
        text("report.md")
    );
    let page = text("report.html");
    assert!(page.contains("<li><b>1</b> accepted by exception</li>"));
    for said in [
        format!("<b>{}</b> resolved", resolved.len()),
        format!("Resolved: {}", resolved.len()),
    ] {
        assert!(page.contains(&said) || resolved.is_empty(), "{said}");
    }
    // The exception ends: it is open again, and came back.
    let more = ["--previous", "b"];
    case.write(
        "2026-09.grants.json",
        case_file(&case, "2026-07.grants.json"),
    );
    let september = month(&case, "2026-09", "c", &more);
    assert!(
        open(&september).contains(&"two/a:write came_back 2026-09".to_owned()),
        "{:?}",
        open(&september)
    );
}

fn case_file(case: &super::support::Case, name: &str) -> String {
    fs::read_to_string(case.path(name)).unwrap()
}
