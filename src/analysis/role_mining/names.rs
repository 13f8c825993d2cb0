//! Names for roles that say what they are for: a rhythm of use, a common tag or resource, what is done, an owner.
//!
//! Names are lower case letters, digits and hyphens, at most 60 of them, each once, and never that of
//! a role that there is already: a reader would take the one for the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ClientName, RoleName, Term};

/// What is known about terms and clients beyond who needs what.
#[derive(Clone, Debug, Default)]
pub struct Meanings {
    /// Tags of the operations that each term opens.
    pub tags: BTreeMap<Term, BTreeSet<String>>,
    /// Who answers for each client.
    pub owners: BTreeMap<ClientName, String>,
    /// When each client used each term: `month-end`, or nothing where it has no such rhythm. What it
    /// did not use is not there.
    pub rhythms: Rhythms,
}

/// By client and term that it used, what the rhythm of this use is called, if it has one.
pub type Rhythms = BTreeMap<ClientName, BTreeMap<Term, Option<&'static str>>>;

/// The longest name, without the number that makes it unique.
const LONGEST: usize = 52;

/// Words of terms that say what is done, and not with what.
const ACTIONS: [&str; 22] = [
    "admin",
    "all",
    "approve",
    "create",
    "delete",
    "edit",
    "export",
    "full",
    "get",
    "list",
    "manage",
    "modify",
    "own",
    "post",
    "put",
    "read",
    "readonly",
    "readwrite",
    "send",
    "update",
    "view",
    "write",
];

/// Gives out names.
pub(super) struct Namer<'m> {
    meanings: &'m Meanings,
    taken: BTreeSet<String>,
}

impl<'m> Namer<'m> {
    /// None of the names in `taken` is given out.
    pub(super) fn new(meanings: &'m Meanings, taken: impl IntoIterator<Item = String>) -> Self {
        Self {
            meanings,
            taken: taken.into_iter().collect(),
        }
    }

    /// A name that is nobody else's.
    pub(super) fn name(
        &mut self,
        terms: &BTreeSet<Term>,
        members: &BTreeSet<ClientName>,
    ) -> RoleName {
        let meant = self.meant(terms, members);
        let mut name = meant.clone();
        let mut number = 1;
        while self.taken.contains(&name) {
            number += 1;
            name = format!("{meant}-{number}");
        }
        self.taken.insert(name.clone());
        RoleName::new(&name)
    }

    fn meant(&self, terms: &BTreeSet<Term>, members: &BTreeSet<ClientName>) -> String {
        let action = action(terms);
        let ending = action
            .as_ref()
            .map(|action| format!("-{action}"))
            .unwrap_or_default();
        let subject = self
            .common_tag(terms)
            .or_else(|| resource(terms))
            .or_else(|| self.common_owner(members))
            .or_else(|| first_and_more(terms));
        let subject = subject.map(|subject| slug(&subject));
        let subject = subject.filter(|subject| !subject.is_empty());
        let doubled = action.is_some() && subject == action;
        let ending = if doubled { "" } else { &ending };
        let says = |rhythm: &&str| subject.as_ref().is_none_or(|own| !own.contains(rhythm));
        let rhythm = self.common_rhythm(terms, members).filter(says);
        let parts: Vec<&str> = rhythm.into_iter().chain(subject.as_deref()).collect();
        if parts.is_empty() {
            return "role".to_owned();
        }
        format!("{}{ending}", cut(&parts.join("-"), LONGEST - ending.len()))
    }

    /// A tag that is on operations of every term, where it is the only one.
    fn common_tag(&self, terms: &BTreeSet<Term>) -> Option<String> {
        let mut tags = terms.iter().map(|term| self.meanings.tags.get(term));
        let mut common = tags.next()??.clone();
        for tags in tags {
            let tags = tags?;
            common.retain(|tag| tags.contains(tag));
        }
        (common.len() == 1).then(|| common.pop_first())?
    }

    /// The rhythm in which each member used whatever it used of the terms.
    fn common_rhythm(
        &self,
        terms: &BTreeSet<Term>,
        members: &BTreeSet<ClientName>,
    ) -> Option<&'static str> {
        let mut common = None;
        for member in members {
            let used = self.meanings.rhythms.get(member)?.iter();
            let mut used = used.filter(|(term, _)| terms.contains(*term)).peekable();
            used.peek()?;
            for (_, rhythm) in used {
                let rhythm = (*rhythm)?;
                if *common.get_or_insert(rhythm) != rhythm {
                    return None;
                }
            }
        }
        common
    }

    fn common_owner(&self, members: &BTreeSet<ClientName>) -> Option<String> {
        let owners = members
            .iter()
            .map(|client| self.meanings.owners.get(client));
        let owners: Option<BTreeSet<&String>> = owners.collect();
        let mut owners = owners?;
        (owners.len() == 1).then(|| owners.pop_first().cloned())?
    }
}

/// The words of a term: `orders.read`, `orders:read`, `Orders.Read.All`.
fn words(term: &Term) -> Vec<String> {
    let words = term
        .as_str()
        .split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn is_action(word: &str) -> bool {
    ACTIONS.binary_search(&word).is_ok()
}

/// What every term lets one do: `read`, `write` when they also read, or the one common word.
fn action(terms: &BTreeSet<Term>) -> Option<String> {
    let done = |term: &Term| {
        words(term)
            .into_iter()
            .rfind(|word| is_action(word) && word != "all")
    };
    let done: Option<BTreeSet<String>> = terms.iter().map(done).collect();
    let mut done = done?;
    if done.len() == 1 {
        return done.pop_first();
    }
    let reads_and_writes = done.iter().all(|word| word == "read" || word == "write");
    reads_and_writes.then(|| "write".to_owned())
}

/// The resources of the terms, where there are at most two.
fn resource(terms: &BTreeSet<Term>) -> Option<String> {
    let first = |term: &Term| words(term).into_iter().find(|word| !is_action(word));
    let resources: Option<BTreeSet<String>> = terms.iter().map(first).collect();
    let resources: Vec<String> = resources?.into_iter().collect();
    let says = |word: &String| word.chars().any(char::is_alphabetic);
    ((1..=2).contains(&resources.len()) && resources.iter().all(says)).then(|| resources.join("-"))
}

/// The resource of most terms.
fn first_and_more(terms: &BTreeSet<Term>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for term in terms {
        let mut found = words(term).into_iter().filter(|word| !is_action(word));
        if let Some(word) = found.find(|word| word.chars().any(char::is_alphabetic)) {
            *counts.entry(word).or_default() += 1;
        }
    }
    // The first in the alphabet of those that are named most often.
    let most = counts.iter().rev().max_by_key(|(_, count)| **count)?;
    Some(format!("{}-and-more", most.0))
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..most).unwrap_or(text).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(names: &[&str]) -> BTreeSet<Term> {
        names.iter().copied().map(Term::new).collect()
    }

    fn name(names: &[&str]) -> String {
        let meanings = Meanings::default();
        let mut given = Namer::new(&meanings, ["orders-read".to_owned()]);
        given.name(&terms(names), &BTreeSet::new()).to_string()
    }

    #[test]
    fn a_name_says_what_is_done_with_what() {
        assert_eq!(name(&["invoices.read"]), "invoices-read");
        assert_eq!(name(&["invoices:read", "invoices:write"]), "invoices-write");
        assert_eq!(name(&["Mail.Read.All", "Users.Read"]), "mail-users-read");
        assert_eq!(name(&["a.x", "b.y", "c.z", "c.q"]), "c-and-more");
        assert_eq!(name(&["17", "18"]), "role");
    }

    #[test]
    fn a_name_is_given_once_and_never_that_of_a_role_that_there_is() {
        assert_eq!(name(&["orders.read"]), "orders-read-2");
        let meanings = Meanings::default();
        let mut namer = Namer::new(&meanings, []);
        let all: Vec<String> = (0..3)
            .map(|_| {
                namer
                    .name(&terms(&["x.read"]), &BTreeSet::new())
                    .to_string()
            })
            .collect();
        assert_eq!(all, ["x-read", "x-read-2", "x-read-3"]);
    }

    #[test]
    fn a_tag_or_an_owner_in_common_gives_the_name() {
        let mut meanings = Meanings::default();
        for term in ["p", "q"] {
            meanings
                .tags
                .insert(Term::new(term), ["Billing Reports".to_owned()].into());
        }
        meanings
            .owners
            .insert(ClientName::new("app"), "Team Ä".to_owned());
        let mut namer = Namer::new(&meanings, []);
        let members = [ClientName::new("app")].into();
        assert_eq!(
            namer.name(&terms(&["p", "q"]), &members).as_str(),
            "billing-reports"
        );
        assert_eq!(namer.name(&terms(&["1"]), &members).as_str(), "team");
        assert!(ACTIONS.is_sorted(), "it is searched by halves");
    }

    #[test]
    fn a_rhythm_gives_a_name_only_where_all_use_has_it() {
        let (app, job) = (ClientName::new("app"), ClientName::new("job"));
        let mut meanings = Meanings::default();
        let used = |rhythm| [(Term::new("reports.run"), rhythm)].into();
        meanings
            .rhythms
            .insert(app.clone(), used(Some("quarter-end")));
        meanings
            .rhythms
            .insert(job.clone(), used(Some("month-end")));
        let name = |meanings: &Meanings, members: &[&ClientName]| {
            let members = members.iter().copied().cloned().collect();
            let own = terms(&["reports.run", "reports.read"]);
            Namer::new(meanings, []).name(&own, &members).to_string()
        };
        assert_eq!(name(&meanings, &[&app]), "quarter-end-reports");
        let own = |names: &[&str]| {
            let members = [app.clone()].into();
            Namer::new(&meanings, [])
                .name(&terms(names), &members)
                .to_string()
        };
        assert_eq!(own(&["reports.run", "17"]), "quarter-end-reports-and-more");
        assert_eq!(
            own(&["reports.read"]),
            "reports-read",
            "of this it used nothing"
        );
        assert_eq!(name(&meanings, &[&app, &job]), "reports", "two rhythms");
        meanings.rhythms.insert(job.clone(), used(None));
        assert_eq!(name(&meanings, &[&app, &job]), "reports", "one has none");
        meanings.rhythms.remove(&job);
        assert_eq!(
            name(&meanings, &[&app, &job]),
            "reports",
            "one used nothing of it"
        );
    }

    #[test]
    fn a_hostile_term_gives_a_short_plain_name() {
        let long = "x".repeat(500);
        for term in [&long, "\u{1b}[31m<b>", "../../etc", "ü", "-"] {
            let name = name(&[term]);
            let plain = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
            };
            assert!(
                name.len() <= 60 && !name.is_empty() && name.chars().all(plain),
                "{name}"
            );
        }
    }
}
