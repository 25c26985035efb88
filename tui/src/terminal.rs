//! The terminal's modes: set when the inbox begins, restored when it ends, however it ends.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange, EnableMouseCapture,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};

use crate::around::Around;

/// Whether the modes are set now: restored once, by whoever comes first.
static ACTIVE: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is on: whoever has the terminal in between has it off.
static MOUSE: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Keeps the terminal in the inbox's modes; dropping it restores them. A panic restores them before it prints.
#[derive(Debug)]
pub(crate) struct Guard(());

impl Guard {
    pub(crate) fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        let guard = Self(());
        set()?;
        Ok(guard)
    }

    /// Gives the terminal to somebody else, as it was before.
    pub(crate) fn leave(&self) {
        restore();
    }

    /// Takes it again.
    pub(crate) fn take(&self) -> io::Result<()> {
        set()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether there is a terminal at both ends.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Puts a text in the clipboard of the terminal that shows this, also over SSH (OSC 52). Terminals may refuse silently.
pub(crate) fn copy(text: &str, around: Around) -> io::Result<()> {
    write(&clipboard(text, around))
}

/// The bytes of it; none where they would not arrive.
fn clipboard(text: &str, around: Around) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    around.clipboard(&format!("\x1b]52;c;{encoded}\x07")).unwrap_or_default()
}

/// Writes a command between two frames.
pub(crate) fn write(command: &str) -> io::Result<()> {
    if command.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout();
    out.write_all(command.as_bytes())?;
    out.flush()
}

/// Turns the mouse on or off.
pub(crate) fn mouse(on: bool) -> io::Result<()> {
    MOUSE.store(on, Ordering::SeqCst);
    if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
}

fn set() -> io::Result<()> {
    enable_raw_mode()?;
    ACTIVE.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
    if MOUSE.load(Ordering::SeqCst) {
        execute!(io::stdout(), EnableMouseCapture)?;
    }
    // Terminals without the kitty protocol pass this over; the Linux console prints it.
    if std::env::var_os("TERM").is_none_or(|term| term != "linux") {
        execute!(io::stdout(), PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES))?;
    }
    Ok(())
}

fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    if MOUSE.load(Ordering::SeqCst) {
        let _ = execute!(out, DisableMouseCapture);
    }
    if std::env::var_os("TERM").is_none_or(|term| term != "linux") {
        let _ = execute!(out, PopKeyboardEnhancementFlags);
    }
    let _ = execute!(out, DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::TerminalSection;

    #[test]
    fn a_copy_is_written_only_where_it_can_arrive() {
        let around = |passthrough, vars: &'static [(&'static str, &'static str)]| {
            let set = TerminalSection { passthrough, ..TerminalSection::default() };
            Around::from_environment(&set, |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(clipboard("a\x1b[", around(false, &[("TERM", "xterm")])), "\x1b]52;c;YRtb\x07");
        // tmux takes it itself where `set-clipboard` is on.
        assert_eq!(clipboard("hi", around(false, &[("TMUX", "x")])), "\x1b]52;c;aGk=\x07");
        assert_eq!(clipboard("hi", around(true, &[("TMUX", "x")])), "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
        assert_eq!(clipboard("hi", around(true, &[("TERM", "screen")])), "");
        assert_eq!(clipboard("hi", around(false, &[("TERM", "linux")])), "");
    }
}
