use super::*;
use crate::grants::read;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Rows as `client term` or `client term role`.
fn rows(lines: &[&str]) -> BTreeSet<Row> {
    let row = |line: &&str| {
        let parts: Vec<&str> = line.split(' ').collect();
        let role = parts.get(2).map(|role| RoleName::new(role));
        (ClientName::new(parts[0]), Term::new(parts[1]), role)
    };
    lines.iter().map(row).collect()
}

fn found(origins: &[&str], records: &[(&str, &[&str])]) -> BTreeMap<Day, Recorded> {
    let origins: Vec<Day> = origins.iter().map(|origin| day(origin)).collect();
    let known: BTreeMap<Day, Arc<BTreeSet<Row>>> = records
        .iter()
        .map(|(on, held)| (day(on), Arc::new(rows(held))))
        .collect();
    let days: BTreeSet<Day> = known.keys().copied().collect();
    let read = |on: Day| Ok::<_, ()>(Arc::clone(&known[&on]));
    recorded(&origins, &days, 90, read).unwrap()
}

fn file(text: &str) -> PolicyFile {
    read(Arc::from(text.as_bytes()), "grants.yaml").unwrap()
}

fn policy(files: &[&str]) -> Policy {
    Policy {
        files: files.iter().map(|text| file(text)).collect(),
        ..Policy::default()
    }
}

fn held(policy: &Policy) -> Vec<String> {
    let all = policy.holdings().into_iter();
    all.flat_map(|(client, held)| held.into_keys().map(move |term| format!("{client} {term}")))
        .collect()
}

#[test]
fn a_month_end_takes_the_latest_record_before_it_and_none_older_than_31_days() {
    let records: [(&str, &[&str]); 3] = [
        ("2026-01-31", &["app a", "app b"]),
        ("2026-02-10", &["app a"]),
        ("2026-05-01", &["app c"]),
    ];
    let all = found(
        &[
            "2026-01-30",
            "2026-01-31",
            "2026-03-13",
            "2026-03-14",
            "2026-04-30",
        ],
        &records,
    );
    let rows: Vec<(Day, usize)> = all.iter().map(|(on, own)| (*on, own.rows.len())).collect();
    let expected = [(day("2026-01-31"), 2), (day("2026-03-13"), 1)];
    assert_eq!(rows, expected, "the 31st day counts, the 32nd does not");
    let march = all[&day("2026-03-13")].policy(&policy(&["version: 1\nclients: {}\n"]));
    assert_eq!(held(&march), ["app a"]);
}

#[test]
fn what_came_later_counts_from_the_first_record_that_names_it_and_for_90_days() {
    let records: [(&str, &[&str]); 4] = [
        ("2026-01-31", &["app a"]),
        ("2026-02-20", &["app a", "app b", "new a"]),
        ("2026-03-20", &["app b", "new a"]),
        ("2026-05-02", &["app c"]),
    ];
    let all = found(&["2026-01-31"], &records);
    let later = &all[&day("2026-01-31")].later;
    let of = |client: &str| later.get(client).cloned().unwrap_or_default();
    assert_eq!(of("app"), [(day("2026-02-20"), Term::new("b"))]);
    assert_eq!(of("new"), [(day("2026-02-20"), Term::new("a"))]);
    // 1 May is day 90 after 31 January.
    let again = found(&["2026-02-01"], &records);
    let last = again[&day("2026-02-01")].later["app"].last().cloned();
    assert_eq!(last, Some((day("2026-05-02"), Term::new("c"))));
}

#[test]
fn a_grant_is_as_old_as_the_file_says_unless_an_earlier_record_lacks_it() {
    let today = policy(&[
        "version: 1\nclients:\n  app: {since: 2024-01-01, scopes: [a, b, d]}\n  late: {since: 2026-03-05, scopes: [a]}\n",
    ]);
    let records: [(&str, &[&str]); 4] = [
        ("2026-01-31", &["app a", "app c", "late a"]),
        ("2026-02-10", &["app a", "late a"]),
        ("2026-02-28", &["app a", "app b", "app c", "late a"]),
        ("2026-03-31", &["app d"]),
    ];
    let all = found(&["2026-02-28"], &records);
    let origin = day("2026-02-28");
    let history = all[&origin].history(origin, &today, &History::default());
    let then = all[&origin].policy(&today);
    let holdings = then.holdings();
    let since = |client: &str, term: &str| {
        let (client, term) = (ClientName::new(client), Term::new(term));
        let vias = &holdings[&client][&term];
        history
            .since(&then, (&client, &term), vias, origin)
            .unwrap()
    };
    let file = SinceFrom::PolicyFile;
    assert_eq!(since("app", "a"), (day("2024-01-01"), file));
    // The record of 10 February lacks both: the date of the file cannot be theirs.
    assert_eq!(since("app", "b"), (origin, SinceFrom::Ledger));
    assert_eq!(since("app", "c"), (origin, SinceFrom::Ledger));
    // Dated after the month end, and held all the same.
    assert_eq!(since("late", "a"), (day("2026-01-31"), SinceFrom::Ledger));
}

#[test]
fn a_role_is_one_for_its_members_and_two_roles_of_one_name_stay_apart() {
    let today = policy(&[
        "version: 1\nclients:\n  one: {roles: [desk]}\n  two: {roles: [desk]}\nroles:\n  desk:\n    scopes:\n      - a\n      - b # keep until=2027-01-01 reason=\"reviewed\"\n",
        "version: 1\nclients:\n  far: {scopes: [z]}\n",
    ]);
    let records: [(&str, &[&str]); 1] = [(
        "2026-01-31",
        &[
            "one a desk",
            "one b desk",
            "two a desk",
            "two b desk",
            "far c desk",
            "gone a desk",
            "gone q",
        ],
    )];
    let all = found(&["2026-01-31"], &records);
    let then = all[&day("2026-01-31")].policy(&today);
    assert_eq!(
        held(&then),
        [
            "far c", "gone a", "gone q", "one a", "one b", "two a", "two b"
        ]
    );
    let members = |file: usize| then.roles().members(file, &RoleName::new("desk"));
    let names = |file: usize| {
        members(file)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["one", "two"]);
    assert_eq!(names(1), ["far"]);
    assert_eq!(names(2), ["gone"], "no file names it any more");
    let kept: Vec<&Granted> = then.files[0]
        .entries
        .iter()
        .filter(|entry| entry.keep.is_some())
        .map(|entry| &entry.granted)
        .collect();
    assert_eq!(
        kept,
        [&Granted::Term(Term::new("b"))],
        "a reviewed keep stays"
    );
    // In one file the same name with other terms is another role: nobody gains by it.
    let one =
        policy(&["version: 1\nclients:\n  one: {roles: [desk]}\nroles:\n  desk: {scopes: [a]}\n"]);
    let then = all[&day("2026-01-31")].policy(&one);
    assert_eq!(
        held(&then),
        [
            "far c", "gone a", "gone q", "one a", "one b", "two a", "two b"
        ]
    );
}
