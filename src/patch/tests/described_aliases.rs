//! Descriptions of YAML files with anchors, aliases and merge keys: what is reached through one of
//! them is read for everybody who has it, and never edited; what stands next to it is edited to
//! the byte.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::described::{Dice, Draft, description};
use super::*;
use crate::grants::{Description, EmptyMeans, Formats, Shape};

/// Whether an edit of a grant changes it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// Its bytes are its own.
    Once,
    /// Others have it by the same bytes, or could.
    Shared,
    /// Its bytes are its own, and shared ones are next to it.
    Beside,
}

/// One grant: whose, of what.
type Held = (String, String, Written);

/// A file, and what it grants.
#[derive(Default)]
struct Shared {
    draft: Draft,
    held: Vec<Held>,
    /// Terms by anchor: of items, of places, of the mappings around these, of whole clients.
    items: Vec<(String, String)>,
    places: Vec<(String, Vec<String>)>,
    grants: Vec<(String, Vec<String>)>,
    clients: Vec<(String, Vec<String>)>,
}

/// One of these, where there are any.
fn one<T: Clone>(dice: &mut Dice<'_>, all: &[T]) -> Option<T> {
    let at = dice.roll(all.len().max(1));
    all.get(at).cloned()
}

impl Shared {
    fn put(&mut self, text: &str) {
        self.draft.text.push_str(text);
    }

    fn hold(&mut self, client: &str, terms: &[String], written: Written) {
        let held = terms
            .iter()
            .map(|term| (client.to_owned(), term.clone(), written));
        self.held.extend(held);
    }

    /// A place of its own after `given: `; its terms.
    fn place(&mut self, dice: &mut Dice<'_>, number: usize, shape: &Shape) -> Vec<String> {
        let before = self.draft.terms.len();
        self.draft.place(dice, number, shape);
        self.put("\n");
        let fresh = self.draft.terms.iter().skip(before);
        fresh.map(|(_, term)| term.clone()).collect()
    }

    /// A list with anchors and aliases among its items.
    fn list(&mut self, dice: &mut Dice<'_>, client: &str, (number, shape): (usize, &Shape)) {
        let flow = dice.roll(2) == 0;
        let mut known: Vec<String> = Vec::new();
        let mut written = Vec::new();
        for _ in 0..=dice.roll(3) {
            let alias = one(dice, &self.items).filter(|_| dice.roll(3) == 0);
            if let Some((anchor, term)) = alias.filter(|(_, term)| !known.contains(term)) {
                written.push(format!("*{anchor}"));
                self.hold(client, std::slice::from_ref(&term), Written::Shared);
                known.push(term);
                continue;
            }
            let term = format!("a{}", self.draft.terms.len());
            self.draft.terms.push((number, term.clone()));
            let mut item = match shape {
                Shape::Objects(key) => format!("{{{key}: {term}}}"),
                _ => term.clone(),
            };
            let mut how = Written::Beside;
            if dice.roll(3) == 0 {
                let anchor = format!("i{}", self.items.len());
                item = format!("&{anchor} {item}");
                self.items.push((anchor, term.clone()));
                how = Written::Shared;
            }
            written.push(item);
            self.hold(client, std::slice::from_ref(&term), how);
            known.push(term);
        }
        if flow {
            let list = written.join(" , ");
            self.put(&format!("[{list} ]\n"));
        } else {
            for item in written {
                self.put(&format!("\n          - {item}"));
            }
            self.put("\n");
        }
    }

    fn client(&mut self, dice: &mut Dice<'_>, number: usize, own: &Description) {
        let map = own.id.is_empty();
        let client = format!("c{number}");
        let whole = (map && dice.roll(6) == 0).then(|| one(dice, &self.clients));
        if let Some((anchor, terms)) = whole.flatten() {
            let merge = dice.roll(2) == 0;
            let alias = if merge {
                format!("{{<<: *{anchor}}}")
            } else {
                format!("*{anchor}")
            };
            writeln!(self.draft.text, "    {client}: {alias}").unwrap();
            self.hold(&client, &terms, Written::Shared);
            return;
        }
        let anchored = map && dice.roll(4) == 0;
        match (map, anchored) {
            (true, true) => writeln!(self.draft.text, "    {client}: &k{number}").unwrap(),
            (true, false) => writeln!(self.draft.text, "    {client}:").unwrap(),
            (false, _) => writeln!(self.draft.text, "    - name: {client}").unwrap(),
        }
        let first = self.held.len();
        self.grants(dice, &client, (number, &own.shape));
        if anchored {
            let mut terms = Vec::new();
            for (_, term, written) in self.held.iter_mut().skip(first) {
                *written = Written::Shared;
                terms.push(term.clone());
            }
            self.clients.push((format!("k{number}"), terms));
        }
    }

    /// `grants` of a client.
    fn grants(&mut self, dice: &mut Dice<'_>, client: &str, (number, shape): (usize, &Shape)) {
        let around = one(dice, &self.grants);
        let pairs = matches!(shape, Shape::Keys | Shape::Levels(_));
        match (dice.roll(9), around) {
            (0, Some((anchor, terms))) => {
                self.put(&format!("      grants: *{anchor}\n"));
                return self.hold(client, &terms, Written::Shared);
            }
            (1, Some((anchor, terms))) => {
                let other = one(dice, &self.grants).map_or_else(|| anchor.clone(), |own| own.0);
                self.put(&format!(
                    "      grants:\n        <<: [*{anchor}, *{other}]\n"
                ));
                return self.hold(client, &terms, Written::Shared);
            }
            // What stands here overrides what a merge brings.
            (2, Some((anchor, _))) => {
                self.put(&format!(
                    "      grants:\n        <<: *{anchor}\n        given: "
                ));
                let terms = self.place(dice, number, shape);
                return self.hold(client, &terms, Written::Once);
            }
            (3, _) => {
                let anchor = format!("h{number}");
                self.put(&format!("      grants: &{anchor}\n        given: "));
                let terms = self.place(dice, number, shape);
                self.hold(client, &terms, Written::Shared);
                return self.grants.push((anchor, terms));
            }
            _ => self.put("      grants:\n        given: "),
        }
        let place = one(dice, &self.places);
        match (dice.roll(5), place) {
            (0, Some((anchor, terms))) => {
                self.put(&format!("*{anchor}\n"));
                self.hold(client, &terms, Written::Shared);
            }
            (1, Some((anchor, terms))) if pairs => {
                let own = format!("own{}", self.draft.terms.len());
                let (value, term) = match shape {
                    Shape::Levels(_) => ("write", format!("{own}:write")),
                    _ => ("true", own.clone()),
                };
                self.draft.terms.push((number, term.clone()));
                self.put(&format!(
                    "\n          {own}: {value}\n          <<: *{anchor}\n"
                ));
                self.hold(client, &[term], Written::Beside);
                self.hold(client, &terms, Written::Shared);
            }
            (2, _) => {
                let anchor = format!("g{number}");
                self.put(&format!("&{anchor} "));
                let terms = self.place(dice, number, shape);
                self.hold(client, &terms, Written::Shared);
                self.places.push((anchor, terms));
            }
            (3, _) if matches!(shape, Shape::List | Shape::Objects(_)) => {
                self.list(dice, client, (number, shape));
            }
            _ => {
                let terms = self.place(dice, number, shape);
                self.hold(client, &terms, Written::Once);
            }
        }
    }
}

fn shared(dice: &mut Dice<'_>, own: &Description) -> Shared {
    let mut file = Shared::default();
    file.put("kind: Access\nspec:\n  clients:\n");
    for number in 0..=dice.roll(6) {
        file.client(dice, number, own);
    }
    if dice.roll(3) == 0 {
        file.draft.text = file.draft.text.replace('\n', "\r\n");
    }
    file
}

fn held(entry: &Entry) -> (String, String) {
    let client = match &entry.subject {
        Subject::Client(client) => client.to_string(),
        Subject::Role(role) => role.to_string(),
    };
    match &entry.granted {
        Granted::Term(term) => (client, term.to_string()),
        Granted::Role(role) => (client, role.to_string()),
    }
}

/// Removes one entry that can go, and compares all the rest.
fn alone(
    (policy, text): (&Policy, &str),
    gone: usize,
    empty: EmptyMeans,
) -> Result<(), TestCaseError> {
    let file = &policy.files[0];
    let planned = plan(
        policy,
        &[Removal {
            file: 0,
            entry: gone,
        }],
        &[],
    );
    let patch = match planned {
        Ok(patch) => patch,
        Err(PatchError::Refused(_)) if empty != EmptyMeans::None => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(format!("{error}\n{text}"))),
    };
    let edited = &patch.files[0];
    let new = std::str::from_utf8(&edited.new).unwrap();
    let left: Vec<_> = edited.reread.entries.iter().map(held).collect();
    let others = || (0..file.entries.len()).filter(|entry| *entry != gone);
    let kept: Vec<_> = others().map(|entry| held(&file.entries[entry])).collect();
    prop_assert_eq!(left, kept, "{}\n{}", text, new);
    // Where a deletion ends and the text goes on, nothing is another byte than before.
    let changes = [(gone, Change::Remove)].into();
    let mut rest = String::new();
    let mut at = 0;
    let edits = grants::edits(file, &changes).unwrap();
    for edit in ordered(text, edits).unwrap() {
        let empty = ["", " []", " {}", "\"\"", "''"].contains(&&*edit.replacement);
        prop_assert!(empty, "{:?}\n{}", edit, text);
        let taken = &text[edit.span.start..edit.span.end];
        let shares = taken.contains('*') || taken.contains("&g") || taken.contains("<<");
        prop_assert!(!shares, "{:?} is taken\n{}", taken, text);
        rest.push_str(&text[at..edit.span.start]);
        rest.push_str(&edit.replacement);
        at = edit.span.end;
    }
    rest.push_str(&text[at..]);
    prop_assert_eq!(&*rest, new);
    let undone = unified::apply(new, &edited.undo);
    prop_assert_eq!(undone.as_deref(), Some(text));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn what_aliases_share_is_read_for_everybody_and_stays_and_the_rest_goes_to_the_byte(
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let mut dice = Dice(bytes.iter());
        let own = Description { roles: None, ..description(&mut dice) };
        let made = shared(&mut dice, &own);
        let text = &made.draft.text;
        let file = Formats::with(vec![own.clone()]).read(Arc::from(text.as_bytes()), "f.yaml");
        let file = file.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let mut read: Vec<_> = file.entries.iter().map(held).collect();
        let mut written: Vec<_> = made.held.iter().map(|(client, term, _)| (client.clone(), term.clone())).collect();
        read.sort();
        written.sort();
        prop_assert_eq!(read, written, "{}", text);
        let policy = Policy { files: vec![file], ..Policy::default() };
        for (number, entry) in policy.files[0].entries.iter().enumerate() {
            let (client, term) = held(entry);
            let known = made.held.iter().find(|own| own.0 == client && own.1 == term);
            let how = known.map(|own| own.2).unwrap();
            match (&entry.frozen, how) {
                (None, Written::Shared) => prop_assert!(false, "{entry:?} can be edited\n{text}"),
                (Some(why), Written::Once) => prop_assert!(false, "{client} {term}: {why}\n{text}"),
                (None, _) => alone((&policy, text), number, own.empty_means)?,
                (Some(why), _) => {
                    let named = ["YAML alias", "YAML anchor", "merge key"];
                    prop_assert!(named.iter().any(|word| why.contains(word)), "{why}\n{text}");
                    let refused = plan(&policy, &[Removal { file: 0, entry: number }], &[]);
                    prop_assert!(matches!(refused, Err(PatchError::Frozen(_))), "{text}");
                }
            }
        }
    }
}
