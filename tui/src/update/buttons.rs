//! The buttons of a sheet: Tab marks what does it, then what leaves it, then the sheet itself again; Enter presses the marked one. So every
//! sheet is finished and left without Esc, Ctrl or arrows. Arrows stay with the buttons; any other key goes where it always goes, and marks nothing.

use super::{Out, compose, palette, run};
use crate::keymap::{Command, Context};
use crate::state::{Button, State};

/// Marks the next one.
pub(super) fn next(state: &mut State, context: Context) {
    let marked = match state.marked_button() {
        None => Some(Button::Does),
        Some(Button::Does) => Some(Button::Leaves),
        Some(Button::Leaves) => None,
    };
    state.button = marked.map(|button| (context, button));
}

/// An arrow beside the buttons: from one to the other, or back to the text, which it does not touch; in the lines of a list it means those.
pub(super) fn arrow(state: &mut State, context: Context, name: &str) -> bool {
    let marked = match name {
        "←" => Some(Button::Does),
        "→" => Some(Button::Leaves),
        _ if matches!(context, Context::Menu | Context::Pick | Context::Labels | Context::Palette) => return false,
        _ => None,
    };
    state.button = marked.map(|button| (context, button));
    true
}

/// Presses it.
pub(super) fn press(state: &mut State, out: &mut Out, context: Context, button: Button) {
    state.button = None;
    match (button, context) {
        (Button::Does, _) => palette::pressed(state, out, context, does(context), "Enter"),
        // With vim's keys Esc would end writing first.
        (Button::Leaves, Context::Composer | Context::Normal) => compose::leave(state),
        (Button::Leaves, _) => run::run(state, out, context, Command::Cancel, "Esc"),
    }
}

/// What the first button of a place does.
pub(crate) fn does(context: Context) -> Command {
    match context {
        Context::Composer | Context::Normal => Command::Send,
        Context::Menu | Context::Pick | Context::Palette => Command::Choose,
        _ => Command::Accept,
    }
}

/// What its second does.
pub(crate) fn leaves(context: Context) -> Command {
    if matches!(context, Context::Composer | Context::Normal) { Command::Leave } else { Command::Cancel }
}
