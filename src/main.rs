//! Parse, run, exit code.

use std::io::{self, BufWriter};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    ExitCode::from(scopetrim::cli::run(std::env::args_os(), &mut out).code())
}
