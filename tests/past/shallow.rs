//! Shallow clones: the commit at which they end says on or before which day, and no more.

use serde_json::Value;

use crate::support::{Case, daily};
use crate::{ROUTES, commit, git, git_is_there};

/// Forty clients that use `a` every day and `b` never, in a repository whose policy file is
/// old and whose last commits touch another file.
fn gate() -> (Case, Case) {
    let names: Vec<String> = (0..40).map(|index| format!("app-{index:02}")).collect();
    let rows: Vec<String> = names
        .iter()
        .map(|name| format!("{name},a\n{name},b\n"))
        .collect();
    let rows = rows.concat();
    let log: String = names
        .iter()
        .map(|name| daily(300, name, "GET /a", 200))
        .collect();
    let full = Case::new();
    git(&full, "2024-01-02", &["init", "-q", "-b", "main"]);
    full.write("grants.csv", format!("client,scope\n{rows}"));
    commit(&full, "2024-01-02");
    for (day, text) in [("2026-10-01", "x"), ("2026-10-02", "y")] {
        full.write("other", text);
        commit(&full, day);
    }
    let shallow = Case::new();
    let url = format!("file://{}", full.path("").display());
    let clone = ["clone", "-q", "--depth", "2", &url, "."];
    git(&shallow, "2026-10-03", &clone);
    for case in [&full, &shallow] {
        case.write("log.jsonl", &log);
        case.write("routes.yaml", ROUTES);
    }
    (full, shallow)
}

#[test]
fn a_shallow_clone_never_makes_the_gate_pass_for_lack_of_history() {
    if !git_is_there() {
        return;
    }
    let (full, shallow) = gate();
    let check = |case: &Case, more: &[&str]| {
        let mut args = vec!["check", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
        args.extend(["--grants", "grants.csv"]);
        args.extend(more);
        case.run(&args)
    };
    let whole = check(&full, &[]);
    assert_eq!(whole.code, Some(1), "{}{}", whole.out, whole.err);
    assert!(!whole.err.contains("shallow"), "{}", whole.err);
    let cut = check(&shallow, &[]);
    assert_eq!(cut.code, Some(2), "{}{}", cut.out, cut.err);
    assert_eq!(cut.out, "", "nothing says that it passed");
    for part in ["40 grants", "git fetch --unshallow", "--allow-shallow"] {
        assert!(cut.err.contains(part), "{part}: {}", cut.err);
    }
    let allowed = check(&shallow, &["--allow-shallow"]);
    assert_eq!(allowed.code, Some(0), "{}{}", allowed.out, allowed.err);
    assert!(
        allowed.err.contains("begins on 2026-10-01"),
        "{}",
        allowed.err
    );
    // What fails without a look at ages fails as ever, and what does not look at them passes.
    assert_eq!(check(&shallow, &["--fail-on", "review"]).code, Some(1));
    assert_eq!(check(&shallow, &["--fail-on", "none"]).code, Some(0));
    git(&shallow, "2026-10-04", &["fetch", "-q", "--unshallow"]);
    assert_eq!(check(&shallow, &[]).out, whole.out);
}

#[test]
fn a_shallow_clone_that_goes_back_far_enough_is_as_good_as_the_whole() {
    if !git_is_there() {
        return;
    }
    let (full, _) = gate();
    let shallow = Case::new();
    git(
        &full,
        "2026-10-03",
        &["checkout", "-q", "--orphan", "early"],
    );
    full.write("other", "w");
    commit(&full, "2024-03-04");
    full.write("other", "v");
    commit(&full, "2024-05-06");
    full.write("other", "u");
    commit(&full, "2026-10-04");
    let url = format!("file://{}", full.path("").display());
    let clone = ["clone", "-q", "-b", "early", "--depth", "2", &url, "."];
    git(&shallow, "2026-10-03", &clone);
    for name in ["log.jsonl", "routes.yaml"] {
        std::fs::copy(full.path(name), shallow.path(name)).unwrap();
    }
    let mut args = vec!["check", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    args.extend(["--grants", "grants.csv"]);
    let run = shallow.run(&args);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    args[0] = "analyze";
    args.push("--json");
    let found: Value = serde_json::from_str(&shallow.run(&args).out).unwrap();
    let term = &found["clients"][0]["terms"][1];
    assert_eq!(term["granted_since"], "2024-05-06");
    assert_eq!(term["granted_since_from"], "git_boundary");
}
