//! The composer's keys where it has modes: what vim takes of them; all others mean what they mean without.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{complete, compose};
use crate::keymap::Context;
use crate::layout;
use crate::settings::EditorMode;
use crate::state::State;
use crate::vim::{Did, Mode, Press, Vim};

/// Whether the key was vim's.
pub(super) fn key(state: &mut State, context: Context, key: KeyEvent) -> bool {
    if state.composer.is_none() {
        state.vim = Vim::default();
    }
    let writes = matches!(context, Context::Composer | Context::Completion) && state.settings.editor_mode() == EditorMode::Vim;
    // The second key of a pair is the table's; so is the Esc that closes a completion list.
    if !writes || state.prefix.is_some() || (context == Context::Completion && key.code == KeyCode::Esc) {
        return false;
    }
    let Some(press) = press(key) else { return false };
    let width = layout::panes(state).open.map_or(80, layout::composer_width);
    let Some(composer) = state.composer.as_mut().filter(|composer| !composer.sending) else { return false };
    if state.vim.purpose != Some(composer.purpose) {
        state.vim = Vim::of(composer.purpose, &composer.editor);
    }
    match state.vim.press(&mut composer.editor, press, width) {
        Did::Passed => return false,
        Did::Moved if state.vim.mode == Mode::Normal => complete::close(state),
        Did::Moved => {}
        Did::Changed => {
            compose::changed(state);
            complete::close(state);
        }
    }
    true
}

fn press(key: KeyEvent) -> Option<Press> {
    let chord = key.modifiers.intersection(KeyModifiers::CONTROL | KeyModifiers::ALT);
    // AltGr arrives as Ctrl+Alt on some systems and makes letters.
    let plain = chord.is_empty() || chord == KeyModifiers::CONTROL | KeyModifiers::ALT;
    match key.code {
        KeyCode::Char(c) if plain => Some(Press::Letter(c)),
        KeyCode::Char('r') if chord == KeyModifiers::CONTROL => Some(Press::Redo),
        KeyCode::Esc if chord.is_empty() => Some(Press::Escape),
        KeyCode::Enter if chord.is_empty() => Some(Press::Enter),
        KeyCode::Backspace if chord.is_empty() => Some(Press::Back),
        _ => None,
    }
}
