//! What is said on standard error: errors, notes, progress.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::escape;

/// A failure with advice apart from its sentence.
#[derive(Debug)]
pub(super) struct Advised {
    message: String,
    help: String,
}

impl Advised {
    #[expect(
        clippy::new_ret_no_self,
        reason = "an error is only ever made to be returned"
    )]
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self {
            message: message.into(),
            help: help.into(),
        })
    }
}

impl std::fmt::Display for Advised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Advised {}

/// Prints an error, its causes and its advice.
pub(super) fn error(error: &anyhow::Error) {
    let mut text = format!("error: {}", shown(&error.to_string()));
    for cause in error.chain().skip(1) {
        text.push_str("\n  because: ");
        text.push_str(&shown(&cause.to_string()));
    }
    if let Some(advice) = error.downcast_ref::<Advised>() {
        for line in advice.help.lines() {
            text.push_str("\n  help: ");
            text.push_str(&escape::terminal(line));
        }
    }
    say(&text);
}

/// A note that is not part of the result.
pub(super) fn note(quiet: bool, text: &str) {
    if !quiet {
        say(&format!("note: {}", shown(text)));
    }
}

/// Line by line, because a line break of our own must stay one.
fn shown(text: &str) -> String {
    text.lines()
        .map(escape::terminal)
        .collect::<Vec<_>>()
        .join("\n")
}

fn say(text: &str) {
    // Nobody left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Runs `work` while a bar follows `done` bytes of `total`; only on a terminal.
pub(super) fn with_progress<T>(
    quiet: bool,
    total: u64,
    done: &AtomicU64,
    work: impl FnOnce() -> T,
) -> T {
    if quiet || !std::io::stderr().is_terminal() {
        return work();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                bar.set_position(done.load(Ordering::Relaxed));
                std::thread::sleep(Duration::from_millis(80));
            }
            bar.finish_and_clear();
        });
        let result = work();
        finished.store(true, Ordering::Relaxed);
        result
    })
}
