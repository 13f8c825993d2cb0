//! Grants without a date, and days without records: what is stated about them.
use serde_json::Value;

use crate::support::{Case, Run, daily, line};

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n  DELETE /orders: orders:admin\n";
const GRANTS: &str = r#"{"version": 1, "clients": {"erp-1": {"scopes": ["orders:read", "orders:write"]}, "web": {"scopes": ["orders:read", "orders:admin"]}}}"#;
const OLD: &str = "granted_before = 2025-01-01\nreason = 'export of 2024'\n";

/// Two clients that read, each with a scope that it never used, in a file without dates.
fn case(log: &str) -> Case {
    let case = Case::of(ROUTES, "", log);
    case.write("policies/own.json", GRANTS);
    case
}

fn log() -> String {
    daily(200, "erp-1", "GET /orders", 200) + &daily(200, "web", "GET /orders", 200)
}

fn analyze(case: &Case, config: &str, more: &[&str]) -> Run {
    case.write("own.toml", config);
    let mut args = vec!["analyze", "--config", "own.toml", "--logs", "log.jsonl"];
    args.extend(["--catalog", "routes.yaml", "--grants", "policies/own.json"]);
    args.extend(crate::support::ANY_SHARE);
    args.extend(more);
    case.run(&args)
}

fn json(case: &Case, config: &str, more: &[&str]) -> Value {
    let run = analyze(case, config, &[&["--json"], more].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err))
}

/// Level, day and who says so, of one grant.
fn grant(report: &Value, client: &str, term: &str) -> String {
    let find = |list: &Value, key: &str, name: &str| -> Value {
        let entries = list.as_array().expect("a list").iter();
        let mut matching = entries.filter(|value| value[key] == name);
        matching.next().expect(name).clone()
    };
    let client = find(&report["clients"], "id", client);
    let entry = find(&client["terms"], "term", term);
    let text = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
    ["level", "granted_since", "granted_since_from"]
        .map(text)
        .join(" ")
}

fn warnings(report: &Value, code: &str) -> Vec<String> {
    let all = report["warnings"].as_array().expect("a list").iter();
    all.filter(|warning| warning["code"] == code)
        .map(|warning| warning["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn grants_without_a_date_stay_at_review_and_one_warning_says_what_would_date_them() {
    let report = json(&case(&log()), "", &[]);
    for (client, term) in [("erp-1", "orders:write"), ("web", "orders:admin")] {
        assert_eq!(grant(&report, client, term), "review - -");
    }
    assert_eq!(
        warnings(&report, "grants-undated"),
        [
            "`policies/own.json`: 2 grants have no date, so they stay at review; `since:` in the file, --granted-since FILE, a ledger, \
             committing the export to git, or [[granted]] in the configuration would date them"
        ]
    );
}

#[test]
fn a_stated_age_lets_the_past_judge_and_says_that_it_is_stated() {
    let case = case(&log());
    let config = format!("[[granted]]\nfile = 'policies/*.json'\n{OLD}");
    let report = json(&case, &config, &[]);
    for (client, term) in [("erp-1", "orders:write"), ("web", "orders:admin")] {
        assert_eq!(
            grant(&report, client, term),
            "likely 2025-01-01 configuration"
        );
    }
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("4 grants without a date count as granted before 2025-01-01, stated in own.toml:1 for file `policies/*.json` (export of 2024)"),
        "{notes}"
    );
    assert_eq!(warnings(&report, "grants-undated"), [""; 0]);
    assert_eq!(warnings(&report, "granted-unused"), [""; 0]);
    let text = analyze(&case, &config, &[]).out;
    let words = text.split_whitespace().filter(|word| *word != "#");
    let flat: Vec<&str> = words.collect();
    assert!(
        flat.join(" ")
            .contains("granted before 2025-01-01 (564 days or more, stated in the configuration)"),
        "{text}"
    );
}

#[test]
fn a_statement_about_clients_dates_theirs_alone_and_a_flag_adds_one() {
    let case = case(&log());
    let config = format!("[[granted]]\nclient = 'erp-*'\n{OLD}");
    let report = json(&case, &config, &[]);
    assert!(grant(&report, "erp-1", "orders:write").starts_with("likely 2025-01-01"));
    assert_eq!(grant(&report, "web", "orders:admin"), "review - -");
    assert!(
        warnings(&report, "grants-undated")[0]
            .starts_with("`policies/own.json`: 1 grant has no date")
    );
    let flag = "client=\"*\", granted_before=2025-06-01, reason=\"r\"";
    let both = json(&case, &config, &["--granted", flag]);
    // The younger of two statements counts.
    assert!(grant(&both, "erp-1", "orders:write").ends_with("2025-06-01 configuration"));
    assert!(grant(&both, "web", "orders:admin").ends_with("2025-06-01 configuration"));
}

#[test]
fn another_date_stays_and_a_statement_that_dates_nothing_is_said() {
    let case = case(&log());
    case.write("since.csv", "erp-1,orders:write,2026-07-01\n");
    let rule = |text: &str, day: &str| {
        format!("[[granted]]\n{text}\ngranted_before = {day}\nreason = 'r'\n")
    };
    let config = rule("file = 'policies/*.json'", "2025-01-01");
    let report = json(&case, &config, &["--granted-since", "since.csv"]);
    assert_eq!(
        grant(&report, "erp-1", "orders:write"),
        "review 2026-07-01 granted_since_file"
    );
    for (text, day, why) in [
        ("file = '*.json'", "2025-01-01", "it fits no policy file"),
        (
            "client = 'crm'",
            "2025-01-01",
            "no policy file names such a client",
        ),
        (
            "client = 'web'",
            "2026-12-24",
            "2026-12-24 is after the last day that is looked at, 2026-07-19",
        ),
    ] {
        let report = json(&case, &rule(text, day), &[]);
        assert_eq!(
            grant(&report, "web", "orders:admin"),
            "review - -",
            "{text}"
        );
        let said = warnings(&report, "granted-unused");
        assert!(said.len() == 1 && said[0].ends_with(why), "{said:?}");
    }
}

#[test]
fn an_uncommitted_grant_of_a_file_in_git_is_not_old_because_the_configuration_says_so() {
    let case = case(&log());
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(case.path(".")).args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
        ]);
        command.args(args).env_remove("GIT_DIR");
        command
            .env("GIT_AUTHOR_DATE", "2026-01-02T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-02T00:00:00Z");
        assert!(command.output().unwrap().status.success(), "{args:?}");
    };
    let pretty = |scopes: &str| {
        format!(
            "{{\"version\": 1, \"clients\": {{\n\"erp-1\": {{\"scopes\": [\n{scopes}\n]}}\n}}}}\n"
        )
    };
    git(&["init", "-q", "-b", "main"]);
    case.write(
        "policies/own.json",
        pretty("\"orders:read\",\n\"orders:write\""),
    );
    git(&["add", "policies"]);
    git(&["commit", "-qm", "x"]);
    case.write(
        "policies/own.json",
        pretty("\"orders:admin\",\n\"orders:read\",\n\"orders:write\""),
    );
    let config = format!("[[granted]]\nclient = 'erp-1'\n{OLD}");
    let report = json(&case, &config, &[]);
    assert_eq!(
        grant(&report, "erp-1", "orders:write"),
        "likely 2026-01-02 git_blame"
    );
    assert_eq!(grant(&report, "erp-1", "orders:admin"), "review - -");
    assert_eq!(warnings(&report, "granted-unused").len(), 1);
}

#[test]
fn a_closed_day_and_an_empty_daily_file_are_not_missing_days_and_an_outage_is() {
    let case = case("");
    let day = |number: u32| {
        let text = line(number, "web", "GET /orders", 200);
        let at = text.find("2026-").unwrap();
        (text[at..at + 10].to_owned(), text)
    };
    for number in 0..200 {
        let (date, text) = day(number);
        let name = format!("logs/access-{date}.log");
        match number {
            // An outage, and closed days.
            100..103 | 120..123 => {}
            140..143 => case.write(&name, ""),
            _ => case.write(&name, text),
        }
    }
    let missing = |more: &[&str]| {
        let report = json(&case, "", &[&["--logs", "logs/*.log"], more].concat());
        let notes = report["notes"].to_string();
        (report["coverage"]["missing_days"].to_string(), notes)
    };
    let span = format!("{}..{}", day(120).0, day(122).0);
    let (plain, notes) = missing(&[]);
    for (number, is_missing) in [(99, false), (101, true), (121, true), (141, false)] {
        assert_eq!(plain.contains(&day(number).0), is_missing, "{plain}");
    }
    assert!(
        notes.contains(
            "3 days without records count as covered: each source that was live has an empty file of that day"
        ),
        "{notes}"
    );
    let (closed, notes) = missing(&["--closed", &span]);
    for (number, is_missing) in [(101, true), (121, false), (141, false)] {
        assert_eq!(closed.contains(&day(number).0), is_missing, "{closed}");
    }
    assert!(
        notes.contains("closed by [calendar] in the configuration"),
        "{notes}"
    );
}
