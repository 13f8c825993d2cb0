//! Any description, any way of writing: what is removed is what was planned, to the byte.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::grants::{Description, EmptyMeans, Formats, Roles, Shape, TreePath};

/// Decisions, drawn from bytes so that a failure shrinks.
pub(super) struct Dice<'a>(pub(super) std::slice::Iter<'a, u8>);

impl Dice<'_> {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % sides
    }

    pub(super) fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }
}

pub(super) fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

pub(super) fn description(dice: &mut Dice<'_>) -> Description {
    let shape = match dice.roll(6) {
        0 => Shape::List,
        1 => Shape::Delimited(' '),
        2 => Shape::Delimited(','),
        3 => Shape::Objects("group".to_owned()),
        4 => Shape::Keys,
        _ => Shape::Levels(
            ["read", "write", "admin"]
                .map(str::to_owned)
                .to_vec()
                .into(),
        ),
    };
    let map = dice.roll(2) == 0;
    Description {
        name: "ours".to_owned(),
        when: vec![(path("kind"), Some("Access".to_owned()))],
        clients: vec![path(if map {
            "spec.clients.*"
        } else {
            "spec.clients[]"
        })],
        id: if map { Vec::new() } else { vec![path("name")] },
        aliases: Vec::new(),
        audience: None,
        terms: vec![path("grants.given")],
        optional: Vec::new(),
        shape,
        empty_means: [
            EmptyMeans::None,
            EmptyMeans::Invalid,
            EmptyMeans::All,
            EmptyMeans::Public,
        ][dice.roll(4)],
        roles: (dice.roll(2) == 0).then(|| Roles {
            at: path("spec.roles.*"),
            id: None,
            terms: path("given"),
            members: path("roles"),
        }),
    }
}

/// The places with the roles of clients, which may become empty.
const MEMBERS: usize = 100;

/// A file of a description: its text, its terms by place, and the comments that stay.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) text: String,
    /// The number of the place, and the term.
    pub(super) terms: Vec<(usize, String)>,
    pub(super) comments: Vec<String>,
    pub(super) json: bool,
    /// The name of the file, where it is neither JSON nor YAML.
    pub(super) name: Option<&'static str>,
}

impl Draft {
    fn term(&mut self, dice: &mut Dice<'_>, place: usize, shape: &Shape) -> (String, String) {
        let n = self.terms.len();
        let plain = format!("{}{n}", dice.of(&["a", "b:", "x.y/", "é-"]));
        let term = match shape {
            Shape::Levels(levels) => {
                let level = &levels[dice.roll(levels.len())];
                self.terms.push((place, format!("{plain}:{level}")));
                return (plain, level.clone());
            }
            _ => plain,
        };
        self.terms.push((place, term.clone()));
        (term, String::new())
    }

    fn quoted(&self, dice: &mut Dice<'_>, text: &str) -> String {
        if self.json {
            return format!("\"{text}\"");
        }
        let quote = dice.of(&["", "\"", "'"]);
        format!("{quote}{text}{quote}")
    }

    fn comment(&mut self, dice: &mut Dice<'_>, indent: &str) {
        if !self.json && dice.roll(4) == 0 {
            let comment = format!("# own{}. - [", self.comments.len());
            writeln!(self.text, "{indent}{comment}").unwrap();
            self.comments.push(comment);
        }
    }

    /// One item as it stands in a list or mapping.
    fn item(&mut self, dice: &mut Dice<'_>, place: usize, shape: &Shape, flow: bool) -> String {
        let (term, level) = self.term(dice, place, shape);
        let name = self.quoted(dice, &term);
        match shape {
            Shape::Objects(_) => {
                let key = self.quoted(dice, "group");
                let more = self.quoted(dice, "tags");
                match dice.roll(3) {
                    0 => format!("{{{key}: {name}}}"),
                    1 if !flow => format!("group: {name}\n            tags: [u, v]"),
                    _ => format!("{{{more}: [], {key}: {name}}}"),
                }
            }
            Shape::Keys => format!("{name}: true"),
            Shape::Levels(_) => format!("{name}: {}", self.quoted(dice, &level)),
            _ => name,
        }
    }

    /// What stands after `given:`.
    pub(super) fn place(&mut self, dice: &mut Dice<'_>, place: usize, shape: &Shape) {
        let count = dice.roll(4);
        if let Shape::Delimited(separator) = shape {
            let words: Vec<String> = (0..count)
                .map(|_| self.term(dice, place, shape).0)
                .collect();
            let joint = match separator {
                ' ' => dice.of(&[" ", "  "]),
                _ => dice.of(&[",", ", "]),
            };
            let joined = words.join(joint);
            let string = if joined.is_empty() {
                "\"\"".to_owned()
            } else {
                self.quoted(dice, &joined)
            };
            self.text.push_str(&string);
            return;
        }
        let pairs = matches!(shape, Shape::Keys | Shape::Levels(_));
        let (open, close) = if pairs { ("{", "}") } else { ("[", "]") };
        if !self.json && count > 0 && dice.roll(2) == 0 {
            for _ in 0..count {
                self.text.push('\n');
                self.comment(dice, "          ");
                let item = self.item(dice, place, shape, false);
                let dash = if pairs { "" } else { "- " };
                write!(self.text, "          {dash}{item}").unwrap();
                if dice.roll(4) == 0 {
                    self.text.push_str(" # beside");
                }
            }
            return;
        }
        let gaps = ["", " ", "\n            ", "\n\t\t"];
        let gap = dice.of(&gaps[..if self.json { 4 } else { 3 }]);
        self.text.push_str(open);
        for at in 0..count {
            let item = self.item(dice, place, shape, true);
            let comma = if at + 1 < count {
                dice.of(&[",", " ,", ", "])
            } else {
                ""
            };
            write!(self.text, "{gap}{item}{comma}").unwrap();
        }
        write!(self.text, "{gap}{close}").unwrap();
    }
}

impl Draft {
    /// The roles, in front of the clients.
    fn roles(&mut self, dice: &mut Dice<'_>, shape: &Shape) {
        self.text.push_str(if self.json {
            "\"roles\": {"
        } else {
            "  roles:\n"
        });
        for role in 0..2 {
            let comma = if role > 0 { ",\n" } else { "" };
            let head = if self.json {
                format!("{comma}\"r{role}\": {{\"given\": ")
            } else {
                format!("    r{role}:\n      given: ")
            };
            self.text.push_str(&head);
            self.place(dice, MEMBERS - 1 - role, shape);
            self.text.push_str(if self.json { "}" } else { "\n" });
        }
        self.text.push_str(if self.json { "}, " } else { "" });
    }

    /// The roles that a client has.
    fn member(&mut self, dice: &mut Dice<'_>, place: usize) {
        let roles = ["r1", "r0"];
        let held = &roles[..dice.roll(3)];
        let place = MEMBERS + place;
        self.terms
            .extend(held.iter().map(|role| (place, (*role).to_owned())));
        let held: Vec<String> = held.iter().map(|role| self.quoted(dice, role)).collect();
        let list = held.join(dice.of(&[", ", ","]));
        if self.json {
            write!(self.text, ", \"roles\": [{list}]").unwrap();
        } else {
            writeln!(self.text, "      roles: [{list}] # of {place}").unwrap();
        }
    }
}

fn draft(dice: &mut Dice<'_>, own: &Description) -> Draft {
    let mut draft = Draft {
        json: dice.roll(3) == 0,
        ..Draft::default()
    };
    let map = own.id.is_empty();
    if draft.json {
        draft.text.push_str("{\"kind\": \"Access\", \"spec\": {");
        if own.roles.is_some() {
            draft.roles(dice, &own.shape);
        }
        draft.text.push_str(if map {
            "\"clients\": {"
        } else {
            "\"clients\": ["
        });
    } else {
        draft
            .text
            .push_str(dice.of(&["", "kind: Other\nspec: {clients: [3]}\n---\n", "# top\n"]));
        draft.text.push_str("kind: Access\nspec:\n");
        if own.roles.is_some() {
            draft.roles(dice, &own.shape);
        }
        draft.text.push_str("  clients:\n");
    }
    for place in 0..=dice.roll(3) {
        match (draft.json, map) {
            (true, _) => {
                let comma = if place > 0 { "," } else { "" };
                let head = if map {
                    format!("\"c{place}\": {{")
                } else {
                    format!("{{\"name\": \"c{place}\", ")
                };
                write!(draft.text, "{comma}\n  {head}\"grants\": {{\"given\": ").unwrap();
                draft.place(dice, place, &own.shape);
                draft.text.push('}');
                if own.roles.is_some() {
                    draft.member(dice, place);
                }
                draft.text.push('}');
                continue;
            }
            (false, true) => write!(draft.text, "    c{place}:\n      grants:\n").unwrap(),
            (false, false) => write!(draft.text, "    - name: c{place}\n      grants:\n").unwrap(),
        }
        draft.comment(dice, "        ");
        draft.text.push_str("        given: ");
        draft.place(dice, place, &own.shape);
        draft.text.push('\n');
        if own.roles.is_some() {
            draft.member(dice, place);
        }
    }
    if draft.json {
        draft.text.push_str(if map { "}}}" } else { "]}}" });
    }
    if dice.roll(3) == 0 {
        draft.text = draft.text.replace('\n', "\r\n");
    }
    if dice.roll(3) == 0 {
        draft.text = draft.text.trim_end().to_owned();
    }
    if dice.roll(4) == 0 {
        draft.text.insert(0, '\u{feff}');
    }
    draft
}

fn term(entry: &Entry) -> String {
    match &entry.granted {
        Granted::Term(term) => term.to_string(),
        Granted::Role(role) => role.to_string(),
    }
}

pub(super) fn holds(
    own: &Description,
    draft: &Draft,
    chosen: &[bool],
) -> Result<(), TestCaseError> {
    let text = &draft.text;
    let formats = Formats::with(vec![own.clone()]);
    let name = if draft.json { "f.json" } else { "f.yaml" };
    let name = draft.name.unwrap_or(name);
    let file = formats.read(Arc::from(text.as_bytes()), name);
    let file = file.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    let read: Vec<String> = file.entries.iter().map(term).collect();
    let written: Vec<String> = draft.terms.iter().map(|(_, term)| term.clone()).collect();
    prop_assert_eq!(&read, &written, "{}", text);
    for entry in &file.entries {
        prop_assert!(entry.frozen.is_none(), "{:?}\n{}", entry, text);
    }
    let gone = |entry: usize| chosen.get(entry).copied().unwrap_or(false);
    let removals: Vec<Removal> = (0..read.len())
        .filter(|entry| gone(*entry))
        .map(|entry| Removal { file: 0, entry })
        .collect();
    let places = draft.terms.iter().map(|(place, _)| *place);
    let places: BTreeSet<usize> = places.filter(|place| *place < MEMBERS).collect();
    let emptied = places.iter().any(|place| {
        let mut of_place = (0..read.len()).filter(|entry| draft.terms[*entry].0 == *place);
        of_place.all(gone)
    });
    let policy = Policy {
        files: vec![file],
        ..Policy::default()
    };
    let planned = plan(&policy, &removals, &[]);
    if emptied && own.empty_means != EmptyMeans::None {
        let refused = matches!(planned, Err(PatchError::Refused(_)));
        prop_assert!(refused, "an emptied list was written\n{}", text);
        return Ok(());
    }
    let patch =
        planned.map_err(|error| TestCaseError::fail(format!("{error}\n{text}\n{removals:?}")))?;
    let Some(edited) = patch.files.first() else {
        prop_assert!(removals.is_empty());
        return Ok(());
    };
    let new = std::str::from_utf8(&edited.new).unwrap();
    let left: Vec<String> = edited.reread.entries.iter().map(term).collect();
    let kept = (0..read.len()).filter(|entry| !gone(*entry));
    let kept: Vec<String> = kept.map(|entry| read[entry].clone()).collect();
    prop_assert_eq!(left, kept, "{}\n{}", text, new);
    for comment in &draft.comments {
        prop_assert!(new.contains(comment), "{}\n{}", text, new);
    }
    // Nothing is written but what stands for an empty place.
    let changes = removals
        .iter()
        .map(|removal| (removal.entry, Change::Remove));
    for edit in grants::edits(&policy.files[0], &changes.collect()).unwrap() {
        let empty = ["", " []", " {}", "\"\""].contains(&&*edit.replacement);
        prop_assert!(empty, "{:?}\n{}", edit, text);
        let kept = (0..read.len()).filter(|entry| !gone(*entry));
        for span in kept.map(|entry| policy.files[0].entries[entry].span) {
            let apart = edit.span.end <= span.start || span.end <= edit.span.start;
            prop_assert!(apart, "what stays loses bytes\n{}\n{}", text, new);
        }
    }
    let undone = unified::apply(new, &edited.undo);
    prop_assert_eq!(undone.as_deref(), Some(text.as_str()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn what_is_removed_from_a_file_of_any_description_is_what_was_planned(
        bytes in vec(any::<u8>(), 0..160),
        chosen in vec(any::<bool>(), 16),
    ) {
        let mut dice = Dice(bytes.iter());
        let own = description(&mut dice);
        let draft = draft(&mut dice, &own);
        holds(&own, &draft, &chosen)?;
        // Each alone.
        for entry in 0..draft.terms.len() {
            let alone: Vec<bool> = (0..=entry).map(|other| other == entry).collect();
            holds(&own, &draft, &alone)?;
        }
    }
}
