use std::process::Command;

use super::*;

struct Repo(tempfile::TempDir);

impl Repo {
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git("2026-01-01", &["init", "-q", "-b", "main"]);
        repo
    }

    fn git(&self, date: &str, args: &[&str]) {
        let date = format!("{date}T12:00:00Z");
        let done = Command::new("git")
            .current_dir(self.0.path())
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(args)
            .env("GIT_AUTHOR_DATE", "2020-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", date)
            .env_remove("GIT_DIR")
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn write(&self, text: &str) {
        std::fs::write(self.0.path().join("g.yaml"), text).unwrap();
    }

    fn commit(&self, date: &str, text: &str) {
        self.write(text);
        self.git(date, &["add", "g.yaml"]);
        self.git(date, &["commit", "-qm", "x"]);
    }

    /// `client term day source` for everything held.
    fn ages(&self) -> Vec<String> {
        let path = self.0.path().join("g.yaml");
        let policy = super::super::Formats::default()
            .load(&[(path.clone(), "g.yaml".to_owned())])
            .unwrap();
        let mut history = History::default();
        history.blame(&policy, &[path]);
        let as_of = Day::parse("2026-12-31").unwrap();
        let mut all = history.notes.clone();
        for (client, held) in policy.holdings() {
            for (term, vias) in held {
                let found = history.since(&policy, (&client, &term), &vias, as_of);
                let found = found.map_or("unknown".to_owned(), |(day, from)| {
                    format!("{day} {}", from.name())
                });
                all.push(format!("{client} {term} {found}"));
            }
        }
        all
    }
}

const FIRST: &str = "version: 1\nclients:\n  a:\n    scopes:\n      - x\n      - y\n";

#[test]
fn a_line_counts_from_its_commit_and_an_uncommitted_one_has_no_age() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.commit("2026-03-04", &format!("{FIRST}      - z\n"));
    repo.write(&format!("# new\n{FIRST}      - z\n      - w\n"));
    assert_eq!(
        repo.ages(),
        [
            "a w unknown",
            "a x 2026-01-02 git_blame",
            "a y 2026-01-02 git_blame",
            "a z 2026-03-04 git_blame"
        ],
        "the author's date of 2020 does not make a line older than its commit"
    );
}

#[test]
fn a_reformatted_line_looks_younger_and_a_date_in_the_file_wins() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.commit(
        "2026-05-06",
        "version: 1\nclients:\n  a: {scopes: [x, y]}\n  b: {since: 2025-01-01, scopes: [x]}\n",
    );
    assert_eq!(
        repo.ages(),
        [
            "a x 2026-05-06 git_blame",
            "a y 2026-05-06 git_blame",
            "b x 2025-01-01 policy_file"
        ]
    );
}

#[test]
fn a_date_of_the_client_does_not_cover_what_was_added_below_it_later() {
    let repo = Repo::new();
    let first = "version: 1\nroles:\n  r:\n    since: 2025-02-02\n    scopes:\n      - v\nclients:\n  a:\n    since: 2025-01-01\n    roles: [r]\n    scopes:\n      - x\n";
    repo.commit("2026-01-02", first);
    assert_eq!(
        repo.ages(),
        ["a v 2025-02-02 policy_file", "a x 2025-01-01 policy_file"],
        "an imported file: the date came with the lines"
    );
    let later = format!("{first}      - y\n      - {{scope: z, since: 2025-03-03}}\n");
    let later = later.replace("      - v\n", "      - v\n      - w\n");
    repo.commit("2026-03-04", &later);
    repo.write(&format!("{later}      - u\n"));
    assert_eq!(
        repo.ages(),
        [
            "a u unknown",
            "a v 2025-02-02 policy_file",
            "a w 2026-03-04 git_blame",
            "a x 2025-01-01 policy_file",
            "a y 2026-03-04 git_blame",
            "a z 2025-03-03 policy_file"
        ]
    );
    // A date that is stated again is stated for everything below.
    repo.commit("2026-04-05", &later.replace("2025-01-01", "2025-01-02"));
    assert_eq!(repo.ages()[3], "a y 2025-01-02 policy_file");
}

#[test]
fn a_date_on_the_line_of_its_client_does_not_cover_what_came_to_that_line_later() {
    let of = |scopes: &str, roles: &str, more: &str| {
        format!(
            "version: 1\nroles:\n  r: {{since: 2025-02-02, scopes: [v{more}]}}\nclients:\n  a: {{since: 2025-01-01, scopes: [{scopes}], roles: [{roles}]}}\n"
        )
    };
    let repo = Repo::new();
    repo.commit("2026-01-02", &of("x", "", ""));
    repo.commit("2026-03-04", &of("x, y", "r", ""));
    repo.commit("2026-04-05", &of("y, x", "r", ", w"));
    repo.write(&of("y, x, z", "r", ", w"));
    assert_eq!(
        repo.ages(),
        [
            "a v 2026-03-04 git_blame",
            "a w 2026-04-05 git_blame",
            "a x 2025-01-01 policy_file",
            "a y 2026-03-04 git_blame",
            "a z unknown"
        ],
        "the client joined the role later, too"
    );
    let again = of("x, y", "r", ", w").replace("2025-01-01", "2025-01-02");
    repo.commit("2026-05-06", &again);
    assert_eq!(repo.ages()[3], "a y 2025-01-02 policy_file");
    repo.commit("2026-06-07", &again.replace("  a:", "  b:"));
    assert_eq!(repo.ages()[2], "b x 2025-01-02 policy_file", "a new client");
}

#[test]
fn a_shallow_clone_says_on_or_before_and_how_to_get_the_rest() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.git("2026-02-03", &["commit", "-q", "--allow-empty", "-m", "x"]);
    repo.commit("2026-03-04", &format!("{FIRST}      - z\n"));
    let url = format!("file://{}", repo.0.path().display());
    let clone = |depth: &str| {
        let clone = Repo(tempfile::tempdir().unwrap());
        clone.git("2026-05-06", &["clone", "-q", "--depth", depth, &url, "."]);
        clone.ages()
    };
    let ages = clone("2");
    assert_eq!(
        ages[1..],
        [
            "a x 2026-02-03 git_boundary",
            "a y 2026-02-03 git_boundary",
            "a z 2026-03-04 git_blame"
        ]
    );
    let note = &ages[0];
    assert!(
        note.contains("`g.yaml` in it begins on 2026-02-03"),
        "{note}"
    );
    assert!(note.contains("`git fetch --unshallow`"), "{note}");
    assert_eq!(clone("1")[3], "a z 2026-03-04 git_boundary");
    assert_eq!(clone("3"), repo.ages(), "the true first commit is a date");
}

#[test]
fn an_old_line_below_a_new_client_has_no_age() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.commit("2026-05-06", &FIRST.replace("  a:", "  b:"));
    assert_eq!(repo.ages(), ["b x unknown", "b y unknown"]);
}

#[test]
fn what_a_merge_brings_counts_from_the_merge() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.git("2026-01-03", &["checkout", "-qb", "side"]);
    repo.commit("2026-01-03", &format!("{FIRST}      - z\n"));
    repo.git("2026-01-03", &["checkout", "-q", "main"]);
    repo.git("2026-08-09", &["merge", "-q", "--no-ff", "-m", "m", "side"]);
    assert_eq!(repo.ages()[2], "a z 2026-08-09 git_blame");
}

#[test]
fn nothing_that_the_repository_configures_is_run_and_ignored_commits_count() {
    let repo = Repo::new();
    repo.commit("2026-01-02", FIRST);
    repo.commit("2026-05-06", &FIRST.replace("- y", "-  y"));
    let root = repo.0.path();
    std::fs::write(root.join(".gitattributes"), "* filter=evil diff=evil\n").unwrap();
    std::fs::write(root.join("ignored"), "").unwrap();
    for (key, value) in [
        ("filter.evil.clean", "touch ran; cat"),
        ("filter.evil.smudge", "touch ran; cat"),
        ("diff.evil.textconv", "touch ran; cat"),
        ("core.fsmonitor", "touch ran"),
        ("core.pager", "touch ran; cat"),
        ("blame.ignoreRevsFile", "ignored"),
        ("log.showRoot", "false"),
    ] {
        repo.git("2026-05-07", &["config", key, value]);
    }
    let head = Command::new("git")
        .current_dir(root)
        .args(["rev-parse", "HEAD"])
        .output()
        .unwrap();
    std::fs::write(root.join("ignored"), head.stdout).unwrap();
    assert_eq!(repo.ages()[1], "a y 2026-05-06 git_blame");
    assert!(!root.join("ran").exists());
    std::fs::remove_file(root.join("ignored")).unwrap();
    assert_eq!(
        repo.ages()[1],
        "a y 2026-05-06 git_blame",
        "a list that is not there is no error either"
    );
}

#[test]
fn without_a_repository_the_age_is_unknown_and_that_is_said() {
    let repo = Repo(tempfile::tempdir().unwrap());
    repo.write(FIRST);
    let ages = repo.ages();
    assert!(ages[0].contains("not a git repository"), "{ages:?}");
    assert_eq!(ages[1], "a x unknown");
}

#[test]
fn both_porcelain_forms_give_the_same_and_a_content_cannot_pass_for_a_field() {
    let id = "a".repeat(40);
    let zero = "0".repeat(40);
    let short = format!(
        "{id} 1 1 2\nauthor committer-time 5\nauthor-time 86400\ncommitter-time 172800\nsummary x\nfilename g\n\tcommitter-time 1\n{id} 2 2\n\t{id} 9 9\n{zero} 3 3 1\nauthor-time 86400\ncommitter-time 86400\nfilename g\n\tnew\n"
    );
    let found = blame::parse(short.as_bytes());
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert!(found.values().all(|since| since.day() == Day(2)));
    assert!(blame::parse(&short.as_bytes()[..60]).is_empty(), "cut off");
}

#[test]
fn a_table_of_dates_is_read_or_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("since.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_given(&path, "since.csv").map_err(|error| error.to_string())
    };
    let rows = read("client,term,date\n# checked by hand\na,x,2026-01-02\n").unwrap();
    assert_eq!(
        rows,
        [(
            ClientName::new("a"),
            Term::new("x"),
            Day::parse("2026-01-02").unwrap()
        )]
    );
    assert_eq!(
        read("a,x,2026-01-02\na,x,yesterday\n").unwrap_err(),
        "since.csv:2: the third field is not a date such as 2026-10-31"
    );
    assert_eq!(
        read("a,x\n").unwrap_err(),
        "since.csv:1: 2 fields where client, term and date are expected"
    );
}

#[test]
fn a_statement_dates_what_nothing_else_dates_and_a_later_date_stays() {
    let text = "version: 1\nroles:\n  r: [x]\nclients:\n  a:\n    scopes:\n      - x\n      - {scope: y, since: 2026-02-03}\n    roles: [{role: r, since: 2026-05-06}]\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.yaml");
    std::fs::write(&path, text).unwrap();
    let policy = super::super::Formats::default()
        .load(&[(path, "g.yaml".to_owned())])
        .unwrap();
    let day = |text: &str| Day::parse(text).unwrap();
    let rule = |client: &str, before: &str| Stated {
        of: crate::model::StatedOf::Client(client.to_owned()),
        before: day(before),
        reason: "r".to_owned(),
        owner: None,
        place: policy.files[0].entries[0].place.clone(),
    };
    let ages = |rules: &[Stated], ledger: &[(&str, &str)], as_of: &str| -> Vec<String> {
        let mut history = History::default();
        history.state(rules);
        for (term, since) in ledger {
            history.add(
                ClientName::new("a"),
                Term::new(term),
                day(since),
                SinceFrom::Ledger,
            );
        }
        let holdings = policy.holdings();
        let (client, held) = holdings.iter().next().unwrap();
        let found = held.iter().map(|(term, vias)| {
            let since = history.since(&policy, (client, term), vias, day(as_of));
            since.map_or("-".to_owned(), |(day, from)| {
                format!("{day} {}", from.name())
            })
        });
        found.collect()
    };
    let old = rule("a", "2025-01-01");
    let end = "2026-12-31";
    assert_eq!(ages(&[], &[], end), ["-", "2026-02-03 policy_file"]);
    // The way through the role is younger than the one that is stated.
    let policy = std::slice::from_ref(&old);
    assert_eq!(
        ages(policy, &[], end),
        ["2026-05-06 policy_file", "2026-02-03 policy_file"]
    );
    assert_eq!(
        ages(policy, &[("x", "2026-08-09")], end)[0],
        "2026-08-09 ledger"
    );
    assert_eq!(ages(&[rule("b", "2025-01-01")], &[], end)[0], "-");
    let both = [old, rule("*", "2026-06-07")];
    assert_eq!(ages(&both, &[], end)[0], "2026-06-07 configuration");
    assert_eq!(
        ages(&both, &[], "2026-06-06")[0],
        "-",
        "not known on that day yet"
    );
}
