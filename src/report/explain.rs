//! wip
use super::View; use std::io::{self, Write}; use crate::analysis::ClientAnalysis; use crate::model::Term;
/// wip
pub fn explain(_view: &View<'_>, _client: &ClientAnalysis, _scope: Option<&Term>, _out: &mut dyn Write) -> io::Result<()> { Ok(()) }
