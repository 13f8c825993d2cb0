//! What became of a request, and what that proves.

use serde::{Deserialize, Serialize};

/// What one request shows about the permission it needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// Authorisation passed: the permission was exercised.
    Used = 0,
    /// Throttled, unavailable, aborted or unknown: no proof of use, but nobody
    /// can tell that authorisation would have failed, so it counts as need.
    Attempted = 1,
    /// The gateway refused, because the client lacks the right.
    DeniedGateway = 2,
    /// The client lacks the right, and the log does not say who refused.
    DeniedUnknown = 3,
    /// No client was identified.
    Unauthenticated = 4,
    /// Preflight, health check, permission probe or garbage.
    Ignored = 5,
    /// The service after the gateway refused, because the client lacks the right.
    DeniedService = 6,
    /// The caller did not prove who it is: a token that is missing, malformed or over its
    /// end. No opinion about scopes (RFC 9110 15.5.2, RFC 6750 3.1).
    DeniedAuthentication = 7,
}

impl Outcome {
    /// Every outcome, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Used,
        Self::Attempted,
        Self::DeniedGateway,
        Self::DeniedUnknown,
        Self::Unauthenticated,
        Self::Ignored,
        Self::DeniedService,
        Self::DeniedAuthentication,
    ];

    /// The outcome with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether the request must stay permitted: used or attempted.
    pub fn is_need(self) -> bool {
        matches!(self, Self::Used | Self::Attempted)
    }

    /// Whether the request was refused, for whatever reason.
    pub fn is_denied(self) -> bool {
        self.is_forbidden() || self == Self::DeniedAuthentication
    }

    /// Whether it was refused because the client lacks the right.
    pub fn is_forbidden(self) -> bool {
        matches!(
            self,
            Self::DeniedGateway | Self::DeniedService | Self::DeniedUnknown
        )
    }

    /// Reads the name back.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Attempted => "attempted",
            Self::DeniedGateway => "denied_gateway",
            Self::DeniedUnknown => "denied_unknown",
            Self::DeniedService => "denied_upstream",
            Self::DeniedAuthentication => "denied_authentication",
            Self::Unauthenticated => "unauthenticated",
            Self::Ignored => "ignored",
        }
    }
}

/// Who wrote the answer, where the log says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AnsweredBy {
    /// The gateway itself.
    Gateway,
    /// The service behind it.
    Upstream,
    /// The log does not say.
    #[default]
    Unknown,
}

/// Why a request was refused, where the line says more than its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Refusal {
    /// The caller did not prove who it is.
    Authentication,
    /// It did, and lacks the right.
    Authorisation,
    /// The line does not say.
    #[default]
    Unsaid,
}

/// Status code to outcome, one table for every log format.
///
/// Defaults: 401 and 403 are denied; 429, 503, 499 and missing codes are
/// attempted; everything else passed authorisation, 404 included, because
/// the permission was checked before the resource was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeTable {
    /// Codes that mean "refused".
    pub denied: Vec<u16>,
    /// Codes that prove nothing but may have needed the permission.
    pub attempted: Vec<u16>,
}

impl Default for OutcomeTable {
    fn default() -> Self {
        Self {
            denied: vec![401, 403],
            attempted: vec![429, 499, 503],
        }
    }
}

impl OutcomeTable {
    /// The table with these lists in place of the default ones.
    ///
    /// A code that is named for one list leaves the default of the other: whoever says
    /// that 403 proves nothing does not want it to mean "refused".
    pub fn stated(denied: Option<&[u16]>, attempted: Option<&[u16]>) -> Self {
        let list = |stated: Option<&[u16]>, usual: Vec<u16>, other: Option<&[u16]>| match stated {
            Some(stated) => stated.to_vec(),
            None => usual
                .into_iter()
                .filter(|code| !other.is_some_and(|other| other.contains(code)))
                .collect(),
        };
        let usual = Self::default();
        Self {
            denied: list(denied, usual.denied, attempted),
            attempted: list(attempted, usual.attempted, denied),
        }
    }

    /// The same table, written in the one way that can be compared.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let list = |codes: &[u16]| {
            let all: std::collections::BTreeSet<u16> = codes.iter().copied().collect();
            all.into_iter().collect()
        };
        Self {
            denied: list(&self.denied),
            attempted: list(&self.attempted),
        }
    }

    /// Both lists as the flags that state them.
    pub fn flags(&self) -> String {
        let list = |codes: &[u16]| {
            let all: Vec<String> = codes.iter().map(u16::to_string).collect();
            all.join(",")
        };
        let (denied, attempted) = (list(&self.denied), list(&self.attempted));
        format!("--denied {denied} --attempted {attempted}")
    }

    /// The outcome of one answered request; `None` is an unknown or zero status.
    ///
    /// A refusal is somebody's only when the log says so. 401 is about authentication,
    /// every other code about rights, unless the line says otherwise ([`Self::because`]).
    pub fn judge(&self, status: Option<u16>, answered_by: AnsweredBy) -> Outcome {
        match status {
            Some(code) if self.denied.contains(&code) => {
                let about = if code == 401 {
                    Refusal::Authentication
                } else {
                    Refusal::Authorisation
                };
                Self::because(about, answered_by)
            }
            Some(code) if self.attempted.contains(&code) => Outcome::Attempted,
            Some(100..=599) => Outcome::Used,
            Some(_) | None => Outcome::Attempted,
        }
    }

    /// A refusal whose reason is known.
    pub fn because(about: Refusal, answered_by: AnsweredBy) -> Outcome {
        match (about, answered_by) {
            (Refusal::Authentication, _) => Outcome::DeniedAuthentication,
            (_, AnsweredBy::Gateway) => Outcome::DeniedGateway,
            (_, AnsweredBy::Upstream) => Outcome::DeniedService,
            (_, AnsweredBy::Unknown) => Outcome::DeniedUnknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_accepted_and_no_content_are_use() {
        let table = OutcomeTable::default();
        for code in [
            200, 201, 202, 204, 206, 302, 304, 404, 405, 409, 415, 422, 500, 502, 504,
        ] {
            assert_eq!(
                table.judge(Some(code), AnsweredBy::Unknown),
                Outcome::Used,
                "{code}"
            );
        }
    }

    #[test]
    fn throttled_unavailable_and_aborted_requests_still_block_a_removal() {
        let table = OutcomeTable::default();
        for code in [Some(429), Some(503), Some(499), Some(0), Some(999), None] {
            assert!(table.judge(code, AnsweredBy::Gateway).is_need(), "{code:?}");
        }
    }

    #[test]
    fn a_code_that_is_named_for_one_list_leaves_the_other() {
        let judge = |table: &OutcomeTable, code| table.judge(Some(code), AnsweredBy::Unknown);
        let table = OutcomeTable::stated(None, Some(&[403, 429]));
        assert_eq!(judge(&table, 403), Outcome::Attempted);
        assert_eq!(judge(&table, 401), Outcome::DeniedAuthentication);
        let table = OutcomeTable::stated(Some(&[401, 429]), None);
        assert_eq!(judge(&table, 429), Outcome::DeniedUnknown);
        assert_eq!(judge(&table, 403), Outcome::Used);
        assert_eq!(judge(&table, 503), Outcome::Attempted);
        assert_eq!(OutcomeTable::stated(None, None), OutcomeTable::default());
    }

    #[test]
    fn a_refusal_is_never_need_and_keeps_who_refused() {
        let table = OutcomeTable::default();
        assert_eq!(
            table.judge(Some(403), AnsweredBy::Gateway),
            Outcome::DeniedGateway
        );
        assert_eq!(
            table.judge(Some(403), AnsweredBy::Upstream),
            Outcome::DeniedService
        );
        assert_eq!(
            table.judge(Some(403), AnsweredBy::Unknown),
            Outcome::DeniedUnknown
        );
        assert!(!table.judge(Some(403), AnsweredBy::Unknown).is_need());
    }

    #[test]
    fn a_401_is_refused_and_no_opinion_about_scopes() {
        for by in [
            AnsweredBy::Gateway,
            AnsweredBy::Upstream,
            AnsweredBy::Unknown,
        ] {
            let outcome = OutcomeTable::default().judge(Some(401), by);
            assert_eq!(outcome, Outcome::DeniedAuthentication);
            assert!(outcome.is_denied() && !outcome.is_forbidden() && !outcome.is_need());
        }
    }
}
