//! Random policies in random styles: what is removed is what was planned, to the byte.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::git::survives_git;
use super::*;

/// Decisions, drawn from bytes so that a failure shrinks.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % sides
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }
}

/// A text under construction, and what it grants in order.
#[derive(Default)]
struct Draft {
    text: String,
    granted: Vec<String>,
    /// Comments on lines of their own: they have to stay.
    standalone: Vec<String>,
    /// Comment after a block item: stays as long as the item.
    behind: Vec<(usize, String)>,
}

impl Draft {
    fn own_comment(&mut self, dice: &mut Dice<'_>, indent: &str) {
        if dice.roll(5) == 0 {
            let comment = format!("# own{}. - 'x, [", self.standalone.len());
            writeln!(self.text, "{indent}{comment}").unwrap();
            self.standalone.push(comment);
        }
        if dice.roll(7) == 0 {
            self.text.push('\n');
        }
    }

    fn trailing(&mut self, dice: &mut Dice<'_>, item: Option<usize>) {
        if dice.roll(3) == 0 {
            let comment = format!("# end{}. ], \"b", self.behind.len());
            write!(self.text, "{}{comment}", dice.of(&[" ", "  ", "\t"])).unwrap();
            self.behind.push((item.unwrap_or(usize::MAX), comment));
        }
    }

    fn scalar(&mut self, dice: &mut Dice<'_>) -> String {
        let n = self.granted.len();
        let (term, text) = match dice.roll(8) {
            0 => (format!("'q#{n},]"), format!("'''q#{n},]'")),
            1 => (format!("d\"\\{n}]"), format!("\"d\\\"\\\\{n}]\"")),
            2 => (format!("ü:{n}"), format!("ü:{n}")),
            3 => (format!("{n}"), format!("{n}")),
            4 => (format!("s-{n}"), format!("'s-{n}'")),
            5 => (format!("https://x/{n}#y"), format!("https://x/{n}#y")),
            6 => ("same".to_owned(), "same".to_owned()),
            _ => (format!("a{n}:read"), format!("a{n}:read")),
        };
        self.granted.push(term);
        text
    }

    fn item(&mut self, dice: &mut Dice<'_>, indent: &str, block: bool) -> String {
        let scalar = self.scalar(dice);
        match dice.roll(10) {
            0 => format!("{{scope: {scalar}, since: 2025-01-01}}"),
            1 if block => format!("scope: {scalar} # in\n{indent}  owner: me"),
            _ => scalar,
        }
    }

    fn list(&mut self, dice: &mut Dice<'_>, key: &str) {
        let count = dice.roll(5);
        let block = dice.roll(2) == 0 && count > 0;
        write!(self.text, "    {key}:").unwrap();
        if block {
            self.trailing(dice, None);
            self.text.push('\n');
            let indent = dice.of(&["    ", "      "]);
            for _ in 0..count {
                self.own_comment(dice, indent);
                let dash = dice.of(&["- ", "-   "]);
                let at = self.granted.len();
                let item = self.item(dice, &" ".repeat(indent.len() + dash.len() - 2), true);
                write!(self.text, "{indent}{dash}{item}").unwrap();
                self.trailing(dice, Some(at));
                self.text.push('\n');
            }
            return;
        }
        let lines = dice.roll(2) == 0;
        self.text.push_str(dice.of(&[" [", " [ ", "  [\t"]));
        for index in 0..count {
            if lines && dice.roll(3) > 0 {
                self.trailing(dice, None);
                self.text.push('\n');
                self.own_comment(dice, "      ");
                self.text.push_str("      ");
            }
            let item = self.item(dice, "", false);
            self.text.push_str(&item);
            if index + 1 < count {
                self.text
                    .push_str(dice.of(&[", ", ",", " , ", ",  ", "\n      , "]));
            } else if dice.roll(3) == 0 {
                self.text.push_str(dice.of(&[",", " ,", ", "]));
            }
        }
        if lines {
            self.trailing(dice, None);
            self.text.push_str("\n    ");
        }
        self.text.push_str(dice.of(&["]", " ]"]));
        self.trailing(dice, None);
        self.text.push('\n');
    }
}

fn yaml(bytes: &[u8]) -> Draft {
    let mut dice = Dice(bytes.iter());
    let mut draft = Draft::default();
    draft
        .text
        .push_str(dice.of(&["version: 1\n", "---\n", "# own top\n", ""]));
    draft.text.push_str("clients:\n");
    for client in 0..=dice.roll(3) {
        draft.own_comment(&mut dice, "  ");
        writeln!(
            draft.text,
            "  {}:",
            dice.of(&["c", "\"c#\"", "c-"])
                .replace('c', &format!("c{client}"))
        )
        .unwrap();
        for key in ["scopes", "optional"] {
            draft.list(&mut dice, key);
        }
    }
    if dice.roll(3) == 0 {
        draft.text.pop();
    }
    if dice.roll(3) == 0 {
        draft.text = draft.text.replace('\n', "\r\n");
    }
    if dice.roll(4) == 0 {
        draft.text.insert(0, '\u{feff}');
    }
    draft
}

fn json(bytes: &[u8]) -> Draft {
    let mut dice = Dice(bytes.iter());
    let mut draft = Draft::default();
    let gap = dice.of(&["", " ", "\n  ", "\r\n\t"]);
    draft.text.push('{');
    for client in 0..=dice.roll(3) {
        let comma = if client > 0 { "," } else { "" };
        write!(
            draft.text,
            "{comma}{gap}\"c{client}\"{}:{gap}[",
            dice.of(&["", " "])
        )
        .unwrap();
        let count = dice.roll(5);
        for item in 0..count {
            let n = draft.granted.len();
            let term = match dice.roll(5) {
                0 => format!("q\"],{n}"),
                1 => format!("\\{n}ü"),
                2 => "same".to_owned(),
                _ => format!("a{n}"),
            };
            let comma = if item + 1 < count {
                dice.of(&[",", " ,"])
            } else {
                ""
            };
            write!(
                draft.text,
                "{gap}{}{comma}",
                serde_json::Value::from(term.as_str())
            )
            .unwrap();
            draft.granted.push(term);
        }
        write!(draft.text, "{}]", dice.of(&["", " ", "\n"])).unwrap();
    }
    draft.text.push_str(dice.of(&["}", "\n}\n", " } "]));
    draft
}

fn csv(bytes: &[u8]) -> Draft {
    let mut dice = Dice(bytes.iter());
    let mut draft = Draft::default();
    draft.text.push_str("owner,client,scope\n");
    for row in 0..dice.roll(8) {
        let mut words = Vec::new();
        let quoted = dice.roll(2) == 0;
        for _ in 0..=dice.roll(3) {
            let n = draft.granted.len();
            let word = match dice.roll(4) {
                0 if quoted => format!("a,\"{n}"),
                1 => "same".to_owned(),
                _ => format!("a{n}"),
            };
            words.push(word.replace('"', "\"\""));
            draft.granted.push(word);
        }
        let words = words.join(dice.of(&[" ", "  "]));
        let quote = if quoted { "\"" } else { "" };
        writeln!(
            draft.text,
            "\"o, {row}\",c{},{quote}{words}{quote}",
            row % 3
        )
        .unwrap();
    }
    if dice.roll(3) == 0 {
        draft.text.pop();
    }
    if dice.roll(3) == 0 {
        draft.text = draft.text.replace('\n', "\r\n");
    }
    if dice.roll(4) == 0 {
        draft.text.insert(0, '\u{feff}');
    }
    draft
}

/// Checks one draft against one choice of entries.
fn holds(draft: &Draft, name: &str, chosen: &[bool], git: bool) -> Result<(), TestCaseError> {
    let text = &draft.text;
    let policy = policy(text, name);
    let entries = &policy.files[0].entries;
    let read: Vec<&str> = entries
        .iter()
        .map(|entry| match &entry.granted {
            Granted::Term(term) => term.as_str(),
            Granted::Role(role) => role.as_str(),
        })
        .collect();
    prop_assert_eq!(
        &read,
        &draft.granted,
        "the reader reads what was written\n{}",
        text
    );
    prop_assert!(
        entries.iter().all(|entry| entry.frozen.is_none()),
        "{:?}\n{}",
        entries,
        text
    );
    let gone = |entry: usize| chosen.get(entry).copied().unwrap_or(false);
    let removals: Vec<Removal> = (0..entries.len())
        .filter(|entry| gone(*entry))
        .map(|entry| Removal { file: 0, entry })
        .collect();
    let patch = plan(&policy, &removals, &[])
        .map_err(|error| TestCaseError::fail(format!("{error}\n{text}\n{removals:?}")))?;
    if removals.is_empty() {
        prop_assert!(patch.files.is_empty());
        return Ok(());
    }
    let file = &patch.files[0];
    let new = std::str::from_utf8(&file.new).unwrap();
    // Holdings: the same, minus exactly the chosen entries.
    let after = grants::read(Arc::from(file.new.as_slice()), name).unwrap();
    let kept: Vec<_> = entries
        .iter()
        .enumerate()
        .filter(|(index, _)| !gone(*index))
        .map(|(_, entry)| (&entry.subject, &entry.granted))
        .collect();
    let found: Vec<_> = after
        .entries
        .iter()
        .map(|entry| (&entry.subject, &entry.granted))
        .collect();
    prop_assert_eq!(kept, found, "{}\n{}", text, new);
    bytes_hold(draft, &policy.files[0], &gone, new)?;
    let undone = unified::apply(new, &file.undo);
    prop_assert_eq!(undone.as_deref(), Some(text.as_str()));
    prop_assert!(!git || survives_git(file, "note"), "{}", file.diff);
    // A second run has nothing to do, and what is left can still be removed.
    let all: Vec<Removal> = (0..after.entries.len())
        .map(|entry| Removal { file: 0, entry })
        .collect();
    let rest = Policy {
        files: vec![after],
        ..Policy::default()
    };
    prop_assert!(plan(&rest, &all, &[]).is_ok(), "{}", new);
    Ok(())
}

/// What goes is the items, their separators, and the comment after them.
fn bytes_hold(
    draft: &Draft,
    old: &PolicyFile,
    gone: &dyn Fn(usize) -> bool,
    new: &str,
) -> Result<(), TestCaseError> {
    let (text, entries) = (&draft.text, &old.entries);
    let indices = (0..entries.len()).filter(|entry| gone(*entry));
    let changes = indices.map(|entry| (entry, Change::Remove)).collect();
    for edit in grants::edits(old, &changes).unwrap() {
        prop_assert!(["", " []"].contains(&edit.replacement.as_str()));
        for at in edit.span.start..edit.span.end {
            let owner = (0..entries.len()).find(|entry| {
                let span = entries[*entry].span;
                (span.start..span.end).contains(&at)
            });
            let kept = owner.is_some_and(|entry| !gone(entry));
            prop_assert!(!kept, "a kept scope loses bytes\n{}\n{}", text, new);
            let separator = b" \t\r\n,".contains(&text.as_bytes()[at]);
            let json = text.starts_with('{');
            prop_assert!(owner.is_some() || separator || !json, "{}\n{}", text, new);
        }
    }
    prop_assert!(
        draft.standalone.iter().all(|comment| new.contains(comment)),
        "a comment is lost\n{}\n{}",
        text,
        new
    );
    for (item, comment) in &draft.behind {
        prop_assert!(
            *item == usize::MAX || gone(*item) != new.contains(comment),
            "{}\n{}\n{}",
            comment,
            text,
            new
        );
    }
    prop_assert_eq!(
        new.contains("\r\n"),
        text.contains("\r\n") && new.contains('\n')
    );
    prop_assert_eq!(new.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
    // A kept line keeps its line break, whatever goes below it.
    prop_assert!(
        new.ends_with('\n') || !text.ends_with('\n'),
        "{}\n{}",
        text,
        new
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn yaml_loses_exactly_what_was_planned(bytes in vec(any::<u8>(), 0..200), chosen in vec(any::<bool>(), 30)) {
        holds(&yaml(&bytes), "grants.yaml", &chosen, false)?;
    }

    #[test]
    fn json_loses_exactly_what_was_planned(bytes in vec(any::<u8>(), 0..80), chosen in vec(any::<bool>(), 20)) {
        holds(&json(&bytes), "grants.json", &chosen, false)?;
    }

    #[test]
    fn csv_loses_exactly_what_was_planned(bytes in vec(any::<u8>(), 0..80), chosen in vec(any::<bool>(), 30)) {
        holds(&csv(&bytes), "grants.csv", &chosen, false)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn git_takes_every_diff_and_undo(bytes in vec(any::<u8>(), 20..200), chosen in vec(any::<bool>(), 30)) {
        holds(&yaml(&bytes), "a b/grants.yaml", &chosen, true)?;
        holds(&json(&bytes), "grants.json", &chosen, true)?;
        holds(&csv(&bytes), "grants.csv", &chosen, true)?;
    }
}
