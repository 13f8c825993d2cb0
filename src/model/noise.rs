//! Noise: requests that a reviewer declares not to be a possible need.
//!
//! In: the rules of the configuration, and what one record says.
//! Out: whether a rule covers the record, and which rules do nothing.
//!
//! Invariants:
//! * every key that a rule has must fit; a further key never covers more;
//! * what a record does not say fits no pattern, not even `*`: a missing status
//!   is not known to be one of the list;
//! * comparing allocates nothing.
//!
//! That a request of a client of the policy on an operation of the catalogue is never
//! noise is the caller's concern: here neither policy nor catalogue is known.

use super::semantics::glob;
use super::{Day, Place, SourcePattern, Warning};

/// A reviewed "this is noise" from the configuration: such requests hold no removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noise {
    /// The inputs it is about; every input when absent.
    pub source: Option<SourcePattern>,
    /// Glob over the path of the request.
    pub path: Option<String>,
    /// The request got one of these status codes; any when empty.
    pub status: Vec<u16>,
    /// Glob over the caller's name as logged, its address or its user agent.
    pub caller: Option<String>,
    /// Last day on which it holds; `None` is without end.
    pub until: Option<Day>,
    /// The reviewer's reason.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// What a rule looks at of one record, borrowed from the line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sighting<'a> {
    /// The input's name as shown.
    pub source: &'a str,
    /// The path without its query.
    pub path: Option<&'a [u8]>,
    /// The status that was sent to the caller.
    pub status: Option<u16>,
    /// The caller's name as logged.
    pub name: Option<&'a [u8]>,
    /// The caller's network address.
    pub address: Option<&'a [u8]>,
    /// The caller's user agent.
    pub agent: Option<&'a [u8]>,
}

impl Noise {
    /// Whether every key of the rule fits the record. That it has not expired is
    /// [`Self::active`], and whether it may be asked at all is up to the caller.
    pub fn covers(&self, seen: &Sighting<'_>) -> bool {
        let caller = |pattern: &str| {
            [seen.name, seen.address, seen.agent]
                .iter()
                .any(|said| fits(pattern, *said))
        };
        self.is_about(seen.source)
            && (self.status.is_empty()
                || seen
                    .status
                    .is_some_and(|status| self.status.contains(&status)))
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| fits(pattern, seen.path))
            && self.caller.as_deref().is_none_or(caller)
    }

    /// Whether it can cover anything of an input, so that other inputs need not ask.
    pub fn is_about(&self, source: &str) -> bool {
        self.source
            .as_ref()
            .is_none_or(|pattern| pattern.fits(source))
    }

    /// Whether it holds on the day; its last day is one of them.
    pub fn active(&self, day: Day) -> bool {
        self.until.is_none_or(|until| day <= until)
    }

    /// What is wrong with a rule that covered so many requests: it expired, or it does nothing.
    pub fn warning(&self, today: Day, requests: u64) -> Option<Warning> {
        let (code, what) = match self.until.filter(|_| !self.active(today)) {
            Some(until) => (
                "noise-expired",
                format!("expired on {until} and covers nothing"),
            ),
            None if requests == 0 => ("noise-unused", "covers no request".to_owned()),
            None => return None,
        };
        let text = format!("the noise rule for {} {what}", self.label());
        Some(Warning::new(code, text).at(self.place.clone()))
    }

    /// The rule in words, for messages and for the list of what was left out.
    pub fn label(&self) -> String {
        let pattern =
            |key: &str, pattern: Option<&str>| pattern.map(|pattern| format!("{key} `{pattern}`"));
        let codes: Vec<String> = self.status.iter().map(u16::to_string).collect();
        let parts = [
            pattern("source", self.source.as_ref().map(SourcePattern::as_str)),
            pattern("path", self.path.as_deref()),
            (!codes.is_empty()).then(|| format!("status {}", codes.join(" or "))),
            pattern("caller", self.caller.as_deref()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn fits(pattern: &str, text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| glob(pattern.as_bytes(), text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn rule(source: &str, path: &str, status: &[u16], caller: &str) -> Noise {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Noise {
            source: some(source).map(|name| SourcePattern::parse(&name).unwrap()),
            path: some(path),
            status: status.to_vec(),
            caller: some(caller),
            until: Day::parse("2027-06-30"),
            reason: "scanner".to_owned(),
            owner: None,
            place: Place {
                file: Arc::from("scopetrim.toml"),
                line: 3,
            },
        }
    }

    const SEEN: Sighting<'_> = Sighting {
        source: "logs/gw-eu-1.log",
        path: Some(b"/wp-admin/setup.php"),
        status: Some(404),
        name: None,
        address: Some(b"203.0.113.7"),
        agent: Some(b"masscan/1.3"),
    };

    #[test]
    fn every_key_of_a_rule_has_to_fit() {
        for (fits, rule) in [
            (true, rule("gw-eu*", "", &[], "")),
            (true, rule("", "/wp-*", &[400, 404], "")),
            (true, rule("gw-eu-1", "*.php", &[404], "masscan/*")),
            (false, rule("gw-us*", "/wp-*", &[404], "masscan/*")),
            (false, rule("gw-eu*", "/v1/*", &[404], "masscan/*")),
            (false, rule("gw-eu*", "/wp-*", &[200], "masscan/*")),
            (false, rule("gw-eu*", "/wp-*", &[404], "nmap*")),
        ] {
            assert_eq!(rule.covers(&SEEN), fits, "{rule:?}");
        }
    }

    #[test]
    fn a_caller_is_its_name_or_its_address_or_its_user_agent() {
        assert!(rule("", "", &[], "203.0.113.*").covers(&SEEN));
        assert!(rule("", "", &[], "masscan/?.?").covers(&SEEN));
        let named = Sighting {
            name: Some(b"probe-7"),
            ..SEEN
        };
        assert!(rule("", "", &[], "probe-*").covers(&named));
        assert!(
            !rule("", "", &[], "Masscan*").covers(&named),
            "letter case counts"
        );
    }

    #[test]
    fn what_a_record_does_not_say_fits_nothing() {
        let silent = Sighting {
            source: SEEN.source,
            ..Sighting::default()
        };
        for rule in [
            rule("", "*", &[], ""),
            rule("", "", &[404], ""),
            rule("", "", &[], "*"),
        ] {
            assert!(rule.covers(&SEEN) && !rule.covers(&silent), "{rule:?}");
        }
    }

    #[test]
    fn a_rule_holds_to_its_last_day_and_without_one_for_ever() {
        let day = |text| Day::parse(text).unwrap();
        let rule = rule("gw-*", "", &[], "");
        assert!(rule.active(day("2027-06-30")) && !rule.active(day("2027-07-01")));
        let open = Noise {
            until: None,
            ..rule
        };
        assert!(open.active(day("2099-12-31")));
    }

    #[test]
    fn an_expired_rule_and_one_that_covers_nothing_are_said_with_their_place() {
        let rule = rule("gw-*", "/wp-*", &[400, 404], "masscan/*");
        let said = |day, requests| {
            rule.warning(Day::parse(day).unwrap(), requests)
                .map(|warning| {
                    (
                        warning.code,
                        warning.place.unwrap().to_string(),
                        warning.message,
                    )
                })
        };
        assert_eq!(said("2027-06-30", 1), None);
        let label = "source `gw-*`, path `/wp-*`, status 400 or 404, caller `masscan/*`";
        let place = "scopetrim.toml:3".to_owned();
        assert_eq!(
            said("2027-06-30", 0),
            Some((
                "noise-unused",
                place.clone(),
                format!("the noise rule for {label} covers no request")
            ))
        );
        assert_eq!(
            said("2027-07-01", 9),
            Some((
                "noise-expired",
                place,
                format!("the noise rule for {label} expired on 2027-06-30 and covers nothing")
            ))
        );
    }

    proptest::proptest! {
        #[test]
        fn a_further_key_never_covers_more(
            path in "/[ab*?]{0,4}", seen in "/[ab]{0,4}", caller in "[ab*?]{1,3}", agent in "[ab]{1,3}",
            code in 400_u16..404,
        ) {
            let seen = Sighting {
                source: "gw-1",
                path: Some(seen.as_bytes()),
                status: Some(code),
                agent: Some(agent.as_bytes()),
                ..Sighting::default()
            };
            let wide = rule("", &path, &[], "");
            for narrow in [
                rule("gw-2", &path, &[], ""),
                rule("", &path, &[401, 402], ""),
                rule("", &path, &[], &caller),
            ] {
                proptest::prop_assert!(!narrow.covers(&seen) || wide.covers(&seen));
            }
        }
    }
}
