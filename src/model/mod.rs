//! The words of the domain as types.
//!
//! In: nothing. Out: names, days, operations, requirements, grants, outcomes,
//! verdicts.
//!
//! Invariants:
//! * no input or output, no clock, no log format and no policy format is known
//!   here;
//! * everything that decides an answer is ordered, so equal inputs give equal
//!   bytes.

mod calendar;
mod catalog;
mod cause;
mod day_set;
mod digest;
mod edit;
mod expected_source;
mod grant;
mod logged;
mod name;
mod noise;
pub(crate) mod numbers;
mod outcome;
mod place;
mod role;
pub(crate) mod rows;
mod security;
mod semantics;
mod stated_age;
mod time;
mod verdict;
pub(crate) mod words;

pub use calendar::{Calendar, Closed};
pub(crate) use catalog::label;
pub use catalog::{Catalog, Clause, Effect, Method, Operation, Requirement};
pub use cause::Cause;
pub use day_set::DaySet;
pub use digest::ContentDigest;
pub use edit::{Change, CommentEffect, Edit, EditRefusal, Grid, PolicyDocument, Unreadable};
pub use expected_source::ExpectedSource;
pub use grant::{Entry, Exception, Granted, Keep, Membership, Policy, PolicyFile, Subject, Via};
pub use logged::{Logged, Sampled, SourcePattern};
pub use name::{ClientName, RoleName, Scope, Term};
pub use noise::{Noise, Sighting};
pub use outcome::{AnsweredBy, Outcome, OutcomeTable, Refusal};
pub use place::{Place, Span, Warning};
pub use role::{Condition, Role, Roles, Selector};
pub use security::{Scheme, Security, Together};
pub use semantics::{ScopeMatch, Semantics};
pub use stated_age::{Stated, StatedOf};
pub use time::{Day, Millis, Window};
pub use verdict::{Kind, Level, Reason, Verdict};
