//! A policy text read into entries, with the lists they are in.
//!
//! In: the text and its tree. Out: the policy file, and for every entry the list and item
//! that it is.
//!
//! Invariants: entries are in file order; an entry that cannot be edited says why;
//! nothing that the file grants is left out, and nothing is read that is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::comment::{Pragma, comments, mentions_attribute, pragma};
use super::language::Language;
use super::layout::{Home, Layout};
use super::not_editable::{frozen_by, marker, templated_line, templated_list};
use super::site::Site;
use super::source::Source;
use super::warnings::duplicate;
use super::written::Syntax;
use super::{GrantError, error};
use crate::document::{Node, Value};
use crate::model::{
    ClientName, Day, Entry, Granted, Keep, Place, PolicyFile, RoleName, Subject, Term, Warning,
};

/// What a list gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Terms,
    OptionalTerms,
    Roles,
}

/// What holds for every item of a client or role.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) since: Option<Day>,
    /// Line of the date, while it is that of the client or role.
    pub(super) since_line: Option<u32>,
    pub(super) owner: Option<Arc<str>>,
    pub(super) frozen: Option<String>,
}

/// Collects the entries of one text.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) shown: Arc<str>,
    /// What all grants of the file are for.
    pub(super) audience: Option<Arc<str>>,
    file: PolicyFile,
    pub(super) layout: Layout,
    /// One grant may stand in several places without meaning the same twice.
    pub(super) repeats: bool,
    /// The language of what is no literal.
    pub(super) language: Language,
    /// Other names of clients, and whose they are.
    pub(super) others: BTreeMap<String, BTreeSet<ClientName>>,
    pragmas: BTreeMap<u32, (Keep, bool)>,
    seen: HashMap<(Subject, Granted, Option<Arc<str>>), u32, FixedState>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &Source<'a>,
        format: &str,
        roots: &[Node],
    ) -> Result<Self, GrantError> {
        let text = source.text;
        let shown: Arc<str> = Arc::from(source.shown);
        let comments = match source.syntax {
            Syntax::Yaml | Syntax::Hcl | Syntax::Toml => comments(text, roots, source.syntax),
            Syntax::Json | Syntax::Csv => Vec::new(),
        };
        let mut pragmas = BTreeMap::new();
        for comment in &comments {
            match pragma(text, *comment, &shown) {
                Ok(Pragma::Keep(keep)) => pragmas.insert(comment.line, (keep, false)),
                Ok(Pragma::Prose(keep)) if !comment.own_line => {
                    pragmas.insert(comment.line, (keep, true))
                }
                Ok(Pragma::None | Pragma::Prose(_)) => None,
                // Prose on a line of its own may say anything after the word `keep`.
                Err(error) if comment.own_line && !mentions_attribute(text, comment.span) => {
                    drop(error);
                    None
                }
                Err(error) => return Err(error),
            };
        }
        Ok(Self {
            text,
            file: PolicyFile::new(Arc::clone(&shown), format, Arc::clone(source.bytes)),
            shown,
            audience: None,
            language: match source.syntax {
                Syntax::Hcl => Language::Terraform,
                _ => Language::None,
            },
            layout: Layout::new(source.syntax, comments),
            repeats: false,
            others: BTreeMap::new(),
            pragmas,
            seen: HashMap::default(),
        })
    }

    pub(super) fn file(&mut self) -> &mut PolicyFile {
        &mut self.file
    }

    pub(super) fn place(&self, node: &Node) -> Place {
        Place {
            file: Arc::clone(&self.shown),
            line: node.line,
        }
    }

    pub(super) fn wrong(
        &self,
        node: &Node,
        what: impl Into<String>,
        expected: &'static str,
    ) -> GrantError {
        GrantError::WrongKind {
            place: self.place(node),
            what: what.into(),
            expected,
            found: node.kind().to_owned(),
        }
    }

    /// Ends the reading; a `keep` that no grant shares a line with is an error, because
    /// its author believes that something is kept.
    pub(super) fn finish(mut self) -> Result<(PolicyFile, Layout), GrantError> {
        // Code holds much beside grants, of which a remark may say `keep`, too.
        let code = self.layout.syntax == Syntax::Hcl;
        let meant =
            |keep: &Keep, prose: bool| !prose && (keep.until.is_some() || keep.reason.is_some());
        let mut left = self.pragmas.iter();
        if let Some((&line, _)) = left.find(|(_, (keep, prose))| !code || meant(keep, *prose)) {
            return Err(GrantError::BadKeep {
                place: Place {
                    file: self.shown,
                    line,
                },
                message: "this keep comment is on no grant's line".to_owned(),
            });
        }
        self.file.entries.shrink_to_fit();
        Ok((self.file, self.layout))
    }

    /// A name of a client, role or scope; all of them end up in logs and lists.
    pub(super) fn name<'n>(&self, node: &'n Node, what: &str) -> Result<&'n str, GrantError> {
        let Some(text) = node.text().filter(|_| !matches!(node.value, Value::Null)) else {
            return Err(self.wrong(node, format!("the name of a {what}"), "a string"));
        };
        let bad = |message: String| {
            Err(GrantError::BadName {
                place: self.place(node),
                message,
            })
        };
        if text.is_empty() {
            return bad(format!("the name of a {what} is empty"));
        }
        if text.chars().any(char::is_control) {
            return bad(format!("the name of a {what} holds a control character"));
        }
        // RFC 6749 section 3.3: a space ends a scope.
        if what != "client" && text.contains(char::is_whitespace) && marker(text).is_none() {
            return bad(format!(
                "the name of a {what} contains whitespace: write one item for each"
            ));
        }
        Ok(text)
    }

    pub(super) fn day(&self, node: &Node) -> Result<Day, GrantError> {
        let text = node.text().unwrap_or_default();
        Day::parse(text).ok_or_else(|| GrantError::BadDate {
            place: self.place(node),
            text: text.to_owned(),
        })
    }

    /// Reads a list of terms or roles.
    pub(super) fn items(
        &mut self,
        subject: &Subject,
        (key, list): (&Node, &Node),
        gives: Gives,
        shared: &Shared,
    ) -> Result<(), GrantError> {
        if list.value == Value::Null {
            return Ok(());
        }
        let Some(items) = list.as_seq() else {
            return Err(self.wrong(
                list,
                format!("`{}`", key.text().unwrap_or_default()),
                "a list",
            ));
        };
        let inherited = frozen_by(shared.frozen.as_ref(), list);
        let comments = &self.layout.comments;
        let syntax = self.layout.syntax;
        let written = Site::list(self.text, (Some(key), list), items, comments, syntax);
        let templated = templated_list(self.text, list);
        let flow = written.as_ref().is_ok_and(Site::is_flow);
        let refused = written.as_ref().err().map(|reason| (*reason).to_owned());
        let number = self.layout.sites.len();
        self.layout.sites.push(written.ok());
        for (index, item) in items.iter().enumerate() {
            let frozen = frozen_by(inherited.as_ref(), item);
            // In a flow list, the line is that of the whole list, or a part of it.
            let frozen = frozen.or_else(|| templated.clone());
            let line = || (!flow).then(|| templated_line(self.text, item))?;
            let list = self.layout.sites.get(number).and_then(Option::as_ref);
            let odd = list.and_then(|list| list.odd(index)).map(str::to_owned);
            let frozen = frozen.or_else(line).or_else(|| refused.clone().or(odd));
            let home = Home {
                site: number,
                item: index,
                line: item.line,
            };
            self.item(
                subject,
                item,
                gives,
                &Shared {
                    frozen,
                    ..shared.clone()
                },
                home,
            )?;
        }
        // Several grants on one line share its comment, so a pragma is used up per list.
        let own = items.iter().filter(|item| !item.alias);
        let lines: Vec<u32> = own
            .flat_map(|item| [item.line, self.last_line(item)])
            .collect();
        self.use_up(&lines);
        Ok(())
    }

    /// What is asked for on these lines was asked for grants.
    pub(super) fn use_up(&mut self, lines: &[u32]) {
        for line in lines {
            self.pragmas.remove(line);
        }
    }

    pub(super) fn last_line(&self, item: &Node) -> u32 {
        let breaks = self
            .text
            .get(item.span.start..item.span.end)
            .map_or(0, |text| text.matches('\n').count());
        item.line
            .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX))
    }

    fn item(
        &mut self,
        subject: &Subject,
        item: &Node,
        gives: Gives,
        shared: &Shared,
        home: Home,
    ) -> Result<(), GrantError> {
        let (what, word) = match gives {
            Gives::Roles => ("role", "role"),
            Gives::Terms | Gives::OptionalTerms => ("scope", "scope"),
        };
        let mut shared = shared.clone();
        let mut scalar = item;
        if let Some(pairs) = item.as_map() {
            let mut named = None;
            for (key, value) in pairs {
                match self.name(key, "key")? {
                    name if name == word => named = Some(value),
                    "since" => (shared.since, shared.since_line) = (Some(self.day(value)?), None),
                    "owner" => shared.owner = Some(Arc::from(self.name(value, "client")?)),
                    name => {
                        let similar = error::similar(name, [word, "since", "owner"]);
                        return Err(self.unknown(key, format!("an item for a {what}"), similar));
                    }
                }
            }
            scalar = named.ok_or_else(|| GrantError::BadName {
                place: self.place(item),
                message: format!("an item names no {what}: the key `{word}` is missing"),
            })?;
            shared.frozen = frozen_by(shared.frozen.as_ref(), scalar);
        }
        // YAML's plain scalars are names as they are spelt; in JSON a number is not a name.
        if self.layout.syntax == Syntax::Json && !matches!(scalar.value, Value::String(_)) {
            return Err(self.wrong(
                scalar,
                format!("the name of a {what}"),
                "a string in quotes",
            ));
        }
        let name = self.name(scalar, what)?;
        let granted = match gives {
            Gives::Roles => Granted::Role(RoleName::new(name)),
            Gives::Terms | Gives::OptionalTerms => Granted::Term(Term::new(name)),
        };
        let spelt = &self.text[scalar.span.start..scalar.span.end];
        if spelt != name && !spelt.starts_with(['"', '\'']) && shared.frozen.is_none() {
            shared.frozen = Some("it is written as a string of several lines".to_owned());
        }
        let lines = [self.last_line(item), item.line, scalar.line];
        let entry = Entry {
            subject: subject.clone(),
            granted,
            optional: gives == Gives::OptionalTerms,
            since: shared.since,
            since_line: shared.since_line,
            owner: shared.owner,
            keep: None,
            place: self.place(scalar),
            span: scalar.span,
            audience: self.audience.clone(),
            frozen: shared.frozen,
        };
        self.add(entry, lines, home);
        Ok(())
    }

    /// Takes an entry in, with the `keep` that stands on one of its lines.
    pub(super) fn add(&mut self, mut entry: Entry, lines: [u32; 3], home: Home) {
        let keep = lines
            .iter()
            .find_map(|line| self.pragmas.get(line).map(|pragma| (*line, pragma.clone())));
        if let Some((line, (keep, prose))) = keep {
            if prose {
                self.kept_in_prose(&keep, line);
            }
            entry.keep = Some(keep);
        }
        let key = (
            entry.subject.clone(),
            entry.granted.clone(),
            entry.audience.clone(),
        );
        if self.repeats {
            // What it is for is not known here.
        } else if let Some(first) = self.seen.get(&key) {
            self.file.warnings.push(duplicate(&entry, *first));
        } else {
            self.seen.insert(key, entry.place.line);
        }
        // The entries of one client follow each other.
        let before = self.file.entries.last().map(|entry| &entry.subject);
        if let Subject::Client(client) = &entry.subject
            && before != Some(&entry.subject)
        {
            self.client(client.clone());
        }
        self.file.entries.push(entry);
        self.layout.homes.push(home);
    }

    fn kept_in_prose(&mut self, keep: &Keep, line: u32) {
        let reason = keep.reason.as_deref().unwrap_or_default();
        let message =
            format!("`# keep {reason}` is read as: keep without end, for the reason `{reason}`");
        let at = Place {
            file: Arc::clone(&self.shown),
            line,
        };
        let mut known = self.file.warnings.iter();
        if !known.any(|known| known.place.as_ref() == Some(&at)) {
            let warning = Warning::new("keep-in-prose", message);
            self.file.warnings.push(warning.at(at));
        }
    }

    pub(super) fn client(&mut self, client: ClientName) {
        self.file.clients.insert(client);
    }

    pub(super) fn unknown(
        &self,
        key: &Node,
        within: impl Into<String>,
        similar: Option<String>,
    ) -> GrantError {
        GrantError::UnknownKey {
            place: self.place(key),
            key: key.text().unwrap_or_default().to_owned(),
            within: within.into(),
            similar,
        }
    }
}
