//! The terminal of a review: keys in, pages out.
//!
//! Invariant: the terminal is as it was before when this ends, whether by a key, an error, a
//! panic, or a signal that asks to end.

use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::TERM_SIGNALS;

use crate::report::review::screen;
use crate::run::Advised;
use crate::run::review::Review;
use crate::run::review::keys::{Effect, Key};

/// How long it takes at most until a signal is seen.
const WAIT: Duration = Duration::from_millis(200);

/// Asks until the review ends; every decision is saved before the next page is shown.
pub(super) fn ask(review: &mut Review<'_>) -> anyhow::Result<()> {
    // <https://no-color.org>: any value but an empty one.
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // In raw mode Ctrl-C is a key; these signals come from elsewhere, or with a lost connection.
    let ended = Arc::new(AtomicBool::new(false));
    for signal in TERM_SIGNALS {
        signal_hook::flag::register(*signal, Arc::clone(&ended)).map_err(lost)?;
    }
    let screen = Screen::open().map_err(lost)?;
    let mut terminal = Terminal::new(CrosstermBackend::new(stdout())).map_err(lost)?;
    let asked = answers(review, &mut terminal, colour, &ended);
    drop(screen);
    asked
}

fn answers(
    review: &mut Review<'_>,
    terminal: &mut Terminal<CrosstermBackend<Stdout>>,
    colour: bool,
    ended: &AtomicBool,
) -> anyhow::Result<()> {
    loop {
        let size = terminal.size().map_err(lost)?;
        let page = review.page(size.width.into(), size.height.into());
        terminal
            .draw(|frame| screen::draw(frame, &page, colour))
            .map_err(lost)?;
        while !event::poll(WAIT).map_err(lost)? {
            if ended.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        let Some(key) = key(event::read().map_err(lost)?) else {
            continue;
        };
        match review.session.press(key) {
            Effect::Stay => {}
            Effect::Decided => review.save()?,
            Effect::Quit => return Ok(()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn lost(error: io::Error) -> anyhow::Error {
    Advised::new(
        format!("the terminal cannot be used: {error}"),
        "every decision so far is kept; run the same command again to go on",
    )
}

/// What a review makes of an event; a new size needs a new page only.
fn key(event: Event) -> Option<Key> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(key),
        Event::Paste(text) => Some(Key::Paste(text)),
        _ => None,
    }
}

fn pressed(key: KeyEvent) -> Option<Key> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Key::Interrupt),
            KeyCode::Char('u') => Some(Key::Clear),
            KeyCode::Char('h') => Some(Key::Backspace),
            KeyCode::Char('m' | 'j') => Some(Key::Enter),
            _ => None,
        };
    }
    // What a menu of the terminal takes is no letter of a reason.
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync + 'static>;

/// The terminal while keys come one by one; gives it back when dropped.
struct Screen;

impl Screen {
    fn open() -> io::Result<Self> {
        // A message of a panic is written before anything is dropped, and would be lost with
        // the screen that it is written to.
        let before: Hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        enable_raw_mode()?;
        let screen = Self;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        // A hook cannot be set while a panic is under way.
        if !std::thread::panicking() {
            drop(panic::take_hook());
        }
    }
}

/// Nobody is left to be told when this fails.
fn restore() {
    let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
