//! Requests that show whether a gateway enforces the trimmed policy.
//!
//! In: what each client could call before the change, what it can call after
//! it, and what it needed. Out: a test plan, and the plan as a file for an HTTP
//! test tool.
//!
//! Invariants:
//! * a request expected to be refused is permitted by the old policy and not
//!   by the new one; one expected to pass was served to its client in the window, and is
//!   permitted by both;
//! * no request changes anything unless it was asked for, and then only with an
//!   id that does not exist and an empty body;
//! * tokens come from variables: none is in the plan, and none from a log.
//!
//! A new tool is one file and its line in [`ALL`].
//!
//! The requests of an enforced policy ([`gateway`]) are written for the same tools, or asked.
//!
//! What the policy allows after the removals is a model of its own ([`policy`]), and is written in
//! the languages of gateways ([`targets`]).

mod boundary;
mod escape;
pub(crate) mod gateway;
mod http_file;
mod hurl;
mod k6;
pub(crate) mod policy;
mod requests;
pub(crate) mod targets;

pub(crate) use boundary::plan;
pub(crate) use gateway::Checks;
pub(crate) use requests::{Options, Plan, Subject};

/// Every tool that the plan can be written for, the default first.
pub(crate) static ALL: &[&dyn Tool] = &[&hurl::Hurl, &k6::K6, &http_file::HttpFile];

/// One HTTP test tool.
pub(crate) trait Tool: Sync {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// Ending of its files, without the dot.
    fn extension(&self) -> &'static str;

    /// The plan as one file.
    fn render(&self, plan: &Plan) -> String;

    /// The requests of an enforced policy as one file.
    fn render_checks(&self, checks: &Checks) -> String;
}

/// The tool with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static dyn Tool> {
    ALL.iter().copied().find(|tool| tool.name() == name)
}
