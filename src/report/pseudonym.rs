//! Names replaced by keyed hashes, so that a report can leave the company.
//!
//! In: a view and a key. Out: the same view in which no client, owner, role,
//! file or folder can be recognised without the key.
//!
//! Invariants:
//! * one name has one pseudonym under one key, in every report;
//! * lists are sorted by pseudonym: the old order would reveal something too;
//! * sentences of others are searched for every known name, and reviewers' own
//!   words are withheld.
//!
//! Scopes and operations of the catalogue stay: they are the API's words, and without them
//! a report says nothing. A scope that the catalogue does not know is somebody's own word,
//! and hidden like a name; so is the id of a request. Whoever holds the key can compute
//! every pseudonym.

mod extras;
mod learn;
mod names;
mod terms;

pub(crate) use learn::Private;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::names::Names;
use self::terms::Words;
use super::{InputView, View};
use crate::analysis::backtest::Backtest;
use crate::analysis::blast::Blast;
use crate::analysis::{Action, Analysis, Compared, Held};
use crate::finding::Outcomes;
use crate::model::{
    Cause, ClientName, Exception, Granted, Keep, Place, Policy, PolicyFile, Role, RoleName,
    Subject, Warning,
};
use crate::usage::{Coverage, Gap};

/// Hex digits of a pseudonym.
const DIGITS: usize = 12;
/// What replaces a reviewer's own words.
const WITHHELD: &str = "(withheld)";

/// The key, made from the content of a key file.
pub struct Pseudonyms {
    key: [u8; 32],
    /// What sentences are searched for.
    known: Names,
    /// The API's own words.
    words: Words,
}

impl Pseudonyms {
    /// Makes the key from the bytes of a key file (white space around them does not count).
    pub fn new(key_file: &[u8]) -> Self {
        let key = blake3::derive_key("scopetrim report pseudonyms v1", key_file.trim_ascii());
        Self {
            key,
            known: Names::default(),
            words: Words::default(),
        }
    }

    fn hash(&self, what: &str, name: &str) -> String {
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        hash.update(what.as_bytes());
        hash.update(&[0]);
        hash.update(name.as_bytes());
        format!("{what}-{}", &hash.finalize().to_hex()[..DIGITS])
    }

    /// The pseudonym of a client.
    pub fn client(&self, name: &str) -> String {
        self.hash("client", name)
    }

    /// The same by pseudonym.
    pub fn by_client<T: Clone>(&self, all: &BTreeMap<ClientName, T>) -> BTreeMap<ClientName, T> {
        let hidden = |name: &ClientName| ClientName::new(&self.client(name.as_str()));
        all.iter()
            .map(|(name, value)| (hidden(name), value.clone()))
            .collect()
    }

    /// The pseudonym of a path. A file keeps its extension: the kind of its content is not a secret.
    pub fn path(&self, path: &str) -> String {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let extension = name.split_once('.').map(|(_, rest)| rest);
        let plain = |text: &&str| {
            text.len() <= 12
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'.')
        };
        let hash = self.hash("file", path);
        match extension.filter(plain) {
            Some(extension) => format!("{hash}.{extension}"),
            None => hash,
        }
    }

    fn audience(&self, name: &str) -> Arc<str> {
        Arc::from(self.hash("audience", name))
    }

    fn place(&self, place: &Place) -> Place {
        Place {
            file: Arc::from(self.path(&place.file)),
            line: place.line,
        }
    }

    /// The sentence with every known name replaced, where it is a separate word.
    pub fn text(&self, sentence: &str) -> String {
        self.known.replace(sentence)
    }
}

/// A view's data under pseudonyms.
pub(crate) struct Masked<'a> {
    base: View<'a>,
    analysis: Analysis,
    policy: Policy,
    coverage: Coverage,
    inputs: Vec<InputView>,
    actions: Vec<Action>,
    warnings: Vec<Warning>,
    only_in_log: Vec<(String, u64)>,
    unused_names: Vec<ClientName>,
    incomplete: Vec<String>,
    usage_notes: Vec<String>,
    backtest: Option<Backtest>,
    outcomes: Outcomes,
    blast: Vec<Blast>,
    compared: Vec<Compared>,
    /// The exceptions of the configuration, without their reasons.
    pub exceptions: Vec<Exception>,
}

impl<'a> Masked<'a> {
    /// Replaces every name of the view, and teaches `key` the names to look for in sentences.
    pub(crate) fn new(view: &View<'a>, private: &Private<'_>, key: &mut Pseudonyms) -> Self {
        key.learn(view, private);
        let key = &*key;
        let exceptions = private.exceptions;
        let name = |client: &ClientName| ClientName::new(&key.client(client.as_str()));
        let mut inputs = view.inputs.to_vec();
        for input in &mut inputs {
            input.path = Arc::from(key.path(&input.path));
            input.status = key.text(&input.status);
        }
        let mut actions = view.actions.to_vec();
        for action in &mut actions {
            action.clients = action.clients.iter().map(name).collect();
            action.terms = key.term_set(&action.terms);
            action.replace_with = key.term_list(&action.replace_with);
        }
        let unsaid = |text: &str| {
            let rules = private.stated.iter();
            key.text(&rules.fold(text.to_owned(), |text, stated| stated.hidden(&text)))
        };
        let warning = |warning: &Warning| Warning {
            code: warning.code,
            message: unsaid(&warning.message),
            place: warning.place.as_ref().map(|place| key.place(place)),
        };
        let mut only_in_log: Vec<(String, u64)> = view
            .only_in_log
            .iter()
            .map(|(name, count)| (key.client(name), *count))
            .collect();
        only_in_log.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut unused_names: Vec<ClientName> = view.unused_names.iter().map(name).collect();
        unused_names.sort();
        let texts = |list: &[String]| list.iter().map(|text| key.text(text)).collect();
        let mut backtest = view.backtest.cloned();
        for origin in backtest
            .iter_mut()
            .flat_map(|backtest| &mut backtest.origins)
        {
            for hit in &mut origin.hits {
                hit.client = name(&hit.client);
                hit.terms = key.term_set(&hit.terms);
            }
            origin.hits.sort();
        }
        let exception = |exception: &Exception| Exception {
            client: if exception.client == "*" {
                exception.client.clone()
            } else {
                key.client(&exception.client)
            },
            term: key.scope(&exception.term),
            until: exception.until,
            reason: WITHHELD.to_owned(),
            owner: exception
                .owner
                .as_ref()
                .map(|owner| key.hash("owner", owner)),
            place: key.place(&exception.place),
        };
        Self {
            base: *view,
            analysis: analysis(view.analysis, key, &warning),
            policy: policy(view.policy, key, &warning),
            coverage: Coverage {
                days: view.coverage.days.clone(),
                gaps: view
                    .coverage
                    .gaps
                    .iter()
                    .map(|gap| Gap {
                        source: Arc::from(key.path(&gap.source)),
                        from: gap.from,
                        to: gap.to,
                        reason: key.text(&gap.reason),
                    })
                    .collect(),
            },
            inputs,
            actions,
            warnings: view.warnings.iter().map(warning).collect(),
            only_in_log,
            unused_names,
            incomplete: texts(view.incomplete),
            usage_notes: view
                .usage_notes
                .iter()
                .map(|usage_note| unsaid(usage_note))
                .collect(),
            backtest,
            outcomes: extras::outcomes(view.outcomes, key),
            blast: extras::blast(view.blast, key),
            compared: extras::compared(view.compared, key),
            exceptions: exceptions.iter().map(exception).collect(),
        }
    }

    /// The view that renderers may show.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            analysis: &self.analysis,
            policy: &self.policy,
            coverage: &self.coverage,
            inputs: &self.inputs,
            actions: &self.actions,
            warnings: &self.warnings,
            only_in_log: &self.only_in_log,
            unused_names: &self.unused_names,
            incomplete: &self.incomplete,
            usage_notes: &self.usage_notes,
            backtest: self.backtest.as_ref(),
            outcomes: &self.outcomes,
            blast: &self.blast,
            compared: &self.compared,
            catalog: self.base.catalog,
            routes: self.base.routes,
            level: self.base.level,
        }
    }
}

fn analysis(
    analysis: &Analysis,
    key: &Pseudonyms,
    warning: &dyn Fn(&Warning) -> Warning,
) -> Analysis {
    let mut clients = analysis.clients.clone();
    for client in &mut clients {
        client.id = ClientName::new(&key.client(client.id.as_str()));
        terms::hide(client, key);
        for term in &mut client.terms {
            let members = term.held_by.iter();
            term.held_by = members
                .map(|name| ClientName::new(&key.client(name.as_str())))
                .collect();
            for held in term.possible.iter_mut().chain(&mut term.strangers) {
                hide_held(held, key);
            }
            for held in term.vias.iter_mut().filter_map(|via| via.role.as_mut()) {
                held.role = role(&held.role, key);
            }
        }
        for cluster in &mut client.unmatched {
            cluster.path = key.hash("path", &cluster.path);
        }
        client
            .unmatched
            .sort_by(|a, b| (a.method, &a.path).cmp(&(b.method, &b.path)));
    }
    clients.sort_by(|a, b| a.id.cmp(&b.id));
    Analysis {
        window: analysis.window,
        basis: analysis.basis.clone(),
        clients,
        warnings: analysis.warnings.iter().map(warning).collect(),
        possible: analysis.possible.clone(),
    }
}

/// Names and paths under pseudonyms; an id of a request can be looked up, so it goes.
fn hide_held(held: &mut Held, key: &Pseudonyms) {
    held.names = held.names.iter().map(|name| key.client(name)).collect();
    held.sample = None;
    let operation = matches!(
        held.cause,
        Cause::NoClient | Cause::SecretName | Cause::AlikeName | Cause::UnknownName
    );
    if let Some((_, path)) = held.seen.as_mut().filter(|_| !operation) {
        *path = key.hash("path", path);
    }
}

fn role(name: &RoleName, key: &Pseudonyms) -> RoleName {
    RoleName::new(&key.hash("role", name.as_str()))
}

/// By its labels a role is still gathered; they are not shown.
fn hide_role(own: &Role, key: &Pseudonyms) -> Role {
    Role {
        gathered_by: own.gathered_by.iter().map(|by| role(by, key)).collect(),
        ..own.clone()
    }
}

fn policy(policy: &Policy, key: &Pseudonyms, warning: &dyn Fn(&Warning) -> Warning) -> Policy {
    let file = |file: &PolicyFile| {
        let mut masked = file.clone();
        masked.path = Arc::from(key.path(&file.path));
        // Nothing of a report is cut out of the files themselves.
        masked.bytes = Arc::from([]);
        masked.implies.clear();
        masked.clients = file
            .clients
            .iter()
            .map(|client| ClientName::new(&key.client(client.as_str())))
            .collect();
        masked.roles = file
            .roles
            .iter()
            .map(|(name, own)| (role(name, key), hide_role(own, key)))
            .collect();
        masked.warnings = file.warnings.iter().map(warning).collect();
        for entry in &mut masked.entries {
            entry.subject = match &entry.subject {
                Subject::Client(client) => {
                    Subject::Client(ClientName::new(&key.client(client.as_str())))
                }
                Subject::Role(name) => Subject::Role(role(name, key)),
            };
            entry.granted = match &entry.granted {
                Granted::Term(term) => Granted::Term(key.term(term)),
                Granted::Role(name) => Granted::Role(role(name, key)),
            };
            entry.audience = entry.audience.as_ref().map(|name| key.audience(name));
            entry.owner = entry
                .owner
                .as_ref()
                .map(|owner| Arc::from(key.hash("owner", owner)));
            entry.keep = entry.keep.as_ref().map(|keep| Keep {
                until: keep.until,
                reason: keep.reason.as_ref().map(|_| WITHHELD.to_owned()),
            });
            entry.place = key.place(&entry.place);
            entry.frozen = entry.frozen.as_ref().map(|text| key.text(text));
        }
        masked
    };
    Policy {
        files: policy.files.iter().map(file).collect(),
        audience: policy.audience.as_ref().map(|name| key.audience(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_key_gives_another_pseudonym_and_a_line_end_in_the_key_file_does_not() {
        let of = |key: &[u8]| Pseudonyms::new(key).client("billing");
        assert_eq!(of(b"secret"), of(b"secret\n"));
        assert_ne!(of(b"secret"), of(b"Secret"));
        assert!(!of(b"secret").contains("billing"));
    }
}
