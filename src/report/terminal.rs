//! wip
use super::View; use std::io::{self, Write};
/// wip
pub fn summary(_view: &View<'_>, _out: &mut dyn Write, _width: usize) -> io::Result<()> { Ok(()) }
