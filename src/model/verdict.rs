//! What can be said about one client's term, how safe it is, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What should happen to a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "verdict")]
pub enum Verdict {
    /// Needed, or protected: it stays.
    Keep,
    /// Nothing needed in the window depends on it.
    Remove,
    /// Needed, but a narrower scope of the catalogue would do.
    Narrow,
    /// No request can show that it is used.
    Unobservable,
    /// The data does not allow an answer ("cannot tell").
    Undetermined,
}

impl Verdict {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Narrow => "narrow",
            Self::Unobservable => "unobservable",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Why a term can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "kind")]
pub enum Kind {
    /// It served no needed operation.
    Unused,
    /// Other held terms satisfy everything it served.
    Redundant,
    /// A narrower scope satisfies everything it served.
    Broad,
}

impl Kind {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Redundant => "redundant",
            Self::Broad => "broad",
        }
    }
}

/// How safe a removal is; the first is the safest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "level")]
pub enum Level {
    /// The organisation's own past says it is hardly ever used again.
    Safe,
    /// Unused for long, on complete data, and no guard fails.
    Likely,
    /// A person has to look at it.
    Review,
    /// Can go, but the policy file cannot be edited automatically there.
    Manual,
}

impl Level {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Likely => "likely",
            Self::Review => "review",
            Self::Manual => "manual",
        }
    }
}

/// A named fact that decided a verdict or capped its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "reason")]
pub enum Reason {
    /// Serves an operation that was needed in the window and nothing else held does it better.
    Needed,
    /// No use in all the data read.
    NeverUsed,
    /// Last use lies before the window.
    NotUsedInWindow,
    /// Other held terms satisfy every operation it served.
    OthersSuffice,
    /// A narrower scope of the catalogue would satisfy everything needed.
    NarrowerSuffices,
    /// It is a pattern, and goes or gives way to scopes that are none: what is added later is not given.
    PatternGivenUp,
    /// A narrower scope is a pattern itself, and gives what is added later.
    NarrowerIsPattern,
    /// Used in the window only by requests with no proof of use (429, 503, aborted).
    OnlyAttempted,
    /// Every request that would need it was refused although it is granted.
    DeniedThoughGranted,
    /// Protocol scope, never visible on an API route.
    ProtocolScope,
    /// Opens no operation of the catalogue.
    OpensNoOperation,
    /// It allows something that leaves no line in the logs.
    NotRecorded,
    /// An input was incomplete on a day of the window.
    PartialInput,
    /// There was no log record at all.
    NoData,
    /// Fewer than 90 covered days in the window.
    HistoryTooShort,
    /// More than 10 % of the last 90 days lack records, or three weeks of the window in a row.
    DaysMissing,
    /// A source that carries the client has no data on more than 10 % of the last 90 days, or
    /// for three weeks of the window in a row.
    SourceMissing,
    /// Granted less than 90 days before the end of the window (guard G2).
    GrantTooYoung,
    /// The file does not say since when it is granted (guard G2).
    GrantAgeUnknown,
    /// Idle for less than twice its longest earlier silence (guard G3).
    StillInRhythm,
    /// The log does not hold the coming 90 days one year earlier (guard G4).
    SeasonNotSeen,
    /// Last used a year ago, at the time of year that is coming (guard G4).
    UsedThisSeasonLastYear,
    /// Many clients used it a year ago at the time of year that is coming, and few do now (guard G4).
    SeasonOfTheFleet,
    /// The owner protects it by pattern (guard G6).
    Protected,
    /// The whole client is silent, and may be at work unseen (guard G9).
    ClientSilent,
    /// Never seen or silent, and the log holds names that may be this client's (guard G9).
    NameNotProven,
    /// Suspending it would refuse what it needed in the window.
    NeededInWindow,
    /// Idle for no longer than twice its detected period and a week (guard G5).
    Calendar,
    /// All removals of the client together would refuse something needed (guard G7).
    SharedRequirement,
    /// Something states that it is needed (guard G10).
    StaticNeed,
    /// Too few grants looked like this at an earlier date.
    TooFewSimilar,
    /// Grants like this were used again too often.
    ComesBack,
    /// Of the removals that would have been given this level, more were used again than it
    /// promises (guard G8).
    PastRemovalsFailed,
    /// A reviewed exception says keep.
    Exception,
    /// Held through a role that another member still needs.
    SharedRole,
    /// A role member has no adequate data, so the role cannot be cut.
    RoleMemberUnknown,
    /// The role loses it for all members, and for another one that is less safe.
    RoleMemberLessSafe,
    /// The client loses the role as a whole, and another scope of it goes less safely.
    RoleScopeLessSafe,
    /// One rule of the file grants it together with others that stay, or are less safe to lose.
    RuleGrantsTogether,
    /// Requests whose client, operation or outcome is not certain may have needed it.
    PossibleNeed,
    /// Nobody was ever seen on an operation that it opens, and not all are logged.
    OperationNeverSeen,
    /// The log is a sample, and too thin to show what is used.
    Sampled,
    /// The client needed something that is near no operation of the catalogue, or a few
    /// lines that may be its own could not be read.
    UnmatchedTraffic,
    /// Requests that it serves may have been counted as another operation, which the
    /// catalogue of that time did not distinguish.
    CountedAsAnother,
    /// The client used operations that its grants do not permit: the mapping may be wrong.
    UsedWithoutGrant,
    /// Needed operations accept anonymous callers; the answer may still differ.
    OptionalAuthentication,
    /// An operation it could serve has no stated requirement.
    RequirementUnknown,
    /// The search stopped at its budget before the optimum was proved.
    NotProvenMinimal,
    /// The place in the file cannot be edited automatically.
    NotEditable,
    /// The removed line carries a comment that would be lost or attach to another line.
    CommentAffected,
    /// Past removals called safe went wrong too often: nothing is called safe in this run.
    BacktestBrake,
}

impl Reason {
    /// Whether something else that goes with the removal is the cause, not the grant itself.
    pub fn is_of_the_role(self) -> bool {
        matches!(
            self,
            Self::RoleMemberLessSafe | Self::RoleScopeLessSafe | Self::RuleGrantsTogether
        )
    }

    /// One line that explains the reason to a reviewer.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Needed => "serves an operation that was needed in the window",
            Self::NeverUsed => "never used in the data read",
            Self::NotUsedInWindow => "last used before the window",
            Self::OthersSuffice => "other held scopes permit everything it was used for",
            Self::NarrowerSuffices => "a narrower scope permits everything it was used for",
            Self::PatternGivenUp => "what is added later and matches it is then not given",
            Self::NarrowerIsPattern => "what is added later and matches the narrower one is given",
            Self::OnlyAttempted => {
                "seen only in throttled, unavailable or aborted requests, which prove nothing"
            }
            Self::DeniedThoughGranted => {
                "requests that need it were refused although it is granted"
            }
            Self::ProtocolScope => "protocol scope: no API request can show its use",
            Self::OpensNoOperation => {
                "opens no operation of the catalogue, so no request can show its use"
            }
            Self::NotRecorded => {
                "it allows something that the logs do not record, so silence says nothing about it"
            }
            Self::PartialInput => "an input is incomplete on days of the window",
            Self::NoData => "there are no log records",
            Self::HistoryTooShort => "fewer than 90 covered days",
            Self::DaysMissing => {
                "more than 10 % of the last 90 days lack records, or three weeks of the window in a row"
            }
            Self::SourceMissing => {
                "a source that carries the client has no data on more than 10 % of the last 90 days, or for three weeks of the window in a row"
            }
            Self::GrantTooYoung => "granted less than 90 days before the end of the window",
            Self::GrantAgeUnknown => "the grant has no date, so its age is unknown",
            Self::StillInRhythm => "idle for less than twice its longest earlier silence",
            Self::SeasonNotSeen => {
                "the logs do not hold the coming 90 days one year earlier, so it may be a yearly job"
            }
            Self::UsedThisSeasonLastYear => {
                "last used a year ago, at the time of year that is coming"
            }
            Self::SeasonOfTheFleet => {
                "several clients used it a year ago, at the time of year that is coming, and few do now"
            }
            Self::Protected => "protected by the owner; consider a just-in-time grant",
            Self::ClientSilent => {
                "the whole client is silent, and may be at work where the logs do not show it"
            }
            Self::NameNotProven => {
                "never seen or silent, and the log holds callers that no policy file names: one of them may be this client"
            }
            Self::NeededInWindow => "it needed something within the window",
            Self::Calendar => "its regular use may only be due again",
            Self::SharedRequirement => {
                "all removals of the client together would refuse something needed"
            }
            Self::StaticNeed => "stated as needed in the configuration",
            Self::TooFewSimilar => "too few grants looked like this at an earlier date",
            Self::ComesBack => "grants like this were used again too often",
            Self::PastRemovalsFailed => {
                "of what would have been given this level earlier, more was used again than it promises"
            }
            Self::Exception => "kept by a reviewed exception",
            Self::SharedRole => "another member of the role needs it",
            Self::RoleMemberUnknown => "a member of the role has no adequate data",
            Self::RoleMemberLessSafe => {
                "the role loses it for all members, and for another one that is less safe"
            }
            Self::RoleScopeLessSafe => {
                "the client loses the role as a whole, and another scope of it is less safe to lose"
            }
            Self::RuleGrantsTogether => {
                "one rule of the file grants it together with others that stay, or are less safe to lose"
            }
            Self::PossibleNeed => {
                "requests whose client, operation or outcome is not certain may have needed it"
            }
            Self::OperationNeverSeen => {
                "nobody was ever seen on an operation that it opens, and the configuration says that not all operations are logged"
            }
            Self::Sampled => "the log is a sample, which can miss what is used",
            Self::UnmatchedTraffic => {
                "requests of the client match no operation and are near none, or lines could not be read"
            }
            Self::CountedAsAnother => {
                "an older catalogue did not distinguish an operation that it opens from one that was used"
            }
            Self::UsedWithoutGrant => {
                "the client used operations its grants do not permit: check the mapping first"
            }
            Self::OptionalAuthentication => {
                "the operations accept anonymous callers, but the answer may differ"
            }
            Self::RequirementUnknown => "an operation used has no stated requirement",
            Self::NotProvenMinimal => "the search stopped before the optimum was proved",
            Self::NotEditable => "the file cannot be edited automatically at this place",
            Self::CommentAffected => "the line has a comment",
            Self::BacktestBrake => {
                "past removals called safe were needed too often, so none is called safe now"
            }
        }
    }
}
