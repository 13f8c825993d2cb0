//! Reviewed "keep this": from the configuration and from the grant's own line.

use std::collections::BTreeMap;

use crate::model::{
    ClientName, Day, Entry, Exception, Granted, Policy, ScopeMatch, Subject, Term, Warning,
};

/// Looks up whether something is kept by a reviewer.
pub struct Exceptions<'a> {
    list: &'a [Exception],
    today: Day,
}

impl<'a> Exceptions<'a> {
    /// Exceptions as they hold on the day.
    pub fn on(list: &'a [Exception], today: Day) -> Self {
        Self { list, today }
    }

    /// The exception of the configuration that keeps the term, if any.
    pub fn find(&self, client: &ClientName, term: &Term) -> Option<&'a Exception> {
        self.list
            .iter()
            .find(|exception| self.holds(exception.until) && applies(exception, client, term))
    }

    /// Whether the entry's own line keeps it.
    pub fn pragma(&self, entry: &Entry) -> bool {
        entry
            .keep
            .as_ref()
            .is_some_and(|keep| self.holds(keep.until))
    }

    fn holds(&self, until: Option<Day>) -> bool {
        until.is_none_or(|until| self.today <= until)
    }
}

fn applies(exception: &Exception, client: &ClientName, term: &Term) -> bool {
    let fits =
        |pattern: &str, text: &str| pattern == text || ScopeMatch::Glob.covers(pattern, text);
    fits(&exception.client, client.as_str()) && fits(&exception.term, term.as_str())
}

/// Warns of exceptions that expired or that match nothing: both look like protection and are none.
pub fn check_exceptions(list: &[Exception], policy: &Policy, today: Day) -> Vec<Warning> {
    let holdings = if list.is_empty() {
        BTreeMap::new()
    } else {
        policy.holdings()
    };
    let mut warnings = Vec::new();
    for exception in list {
        let what = format!(
            "the exception for `{}` and `{}`",
            exception.client, exception.term
        );
        if let Some(until) = exception.until.filter(|until| *until < today) {
            let text = format!("{what} expired on {until} and protects nothing");
            warnings.push(Warning::new("exception-expired", text).at(exception.place.clone()));
        }
        let used = holdings
            .iter()
            .any(|(client, held)| held.keys().any(|term| applies(exception, client, term)));
        if !used {
            let text = format!("{what} matches no grant");
            warnings.push(Warning::new("exception-unused", text).at(exception.place.clone()));
        }
    }
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        if let Some(until) = entry
            .keep
            .as_ref()
            .and_then(|keep| keep.until)
            .filter(|until| *until < today)
        {
            let whom = match &entry.subject {
                Subject::Client(client) => format!("client `{client}`"),
                Subject::Role(role) => format!("role `{role}`"),
            };
            let what = match &entry.granted {
                Granted::Term(term) => term.to_string(),
                Granted::Role(role) => role.to_string(),
            };
            let text = format!(
                "the `keep` of {whom} for `{what}` expired on {until} and protects nothing"
            );
            warnings.push(Warning::new("keep-expired", text).at(entry.place.clone()));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Place;

    fn exception(client: &str, term: &str, until: Option<&str>) -> Exception {
        Exception {
            client: client.to_owned(),
            term: term.to_owned(),
            until: until.and_then(Day::parse),
            reason: "r".to_owned(),
            owner: None,
            place: Place {
                file: Arc::from("scopetrim.toml"),
                line: 3,
            },
        }
    }

    #[test]
    fn an_exception_holds_to_its_last_day_and_only_where_it_applies() {
        let list = [exception("ops", "incident:*", Some("2026-10-31"))];
        let find = |day, client, term| {
            Exceptions::on(&list, Day::parse(day).unwrap())
                .find(&ClientName::new(client), &Term::new(term))
                .is_some()
        };
        assert!(find("2026-10-31", "ops", "incident:override"));
        assert!(!find("2026-11-01", "ops", "incident:override"));
        assert!(!find("2026-10-31", "other", "incident:override"));
        assert!(!find("2026-10-31", "ops", "orders:read"));
    }

    #[test]
    fn an_expired_exception_and_one_that_matches_nothing_are_both_said() {
        let list = [exception("ops", "x", Some("2026-01-01"))];
        let codes: Vec<&str> =
            check_exceptions(&list, &Policy::default(), Day::parse("2026-10-31").unwrap())
                .iter()
                .map(|w| w.code)
                .collect();
        assert_eq!(codes, ["exception-expired", "exception-unused"]);
    }
}
