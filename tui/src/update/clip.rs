//! Copying: the text goes to the terminal's clipboard; where it cannot be relied on to arrive there, it is shown as well.

use super::{Out, toast};
use crate::event::Effect;
use crate::layout;
use crate::state::{Overlay, Shown, State, Tone};
use crate::text;

/// Copies a text; `said` is what is said of it where it is believed to have arrived.
pub(super) fn copy(state: &mut State, out: &mut Out, said: String, text: String) {
    if state.around.copies() {
        toast(state, Tone::Plain, said);
    } else {
        let title = "Not sure to be in the clipboard: here it is, to be taken with the mouse".to_owned();
        show(state, title, &text);
    }
    out.push(Effect::Copy(text));
}

/// Shows a text over the panes, to be read or taken with the mouse.
pub(super) fn show(state: &mut State, title: String, text: &str) {
    state.overlay = Some(Overlay::Shown(Shown { title, text: text::clean(text), scroll: 0 }));
}

/// Moves the shown text.
pub(super) fn scroll(state: &mut State, by: isize) {
    let (width, height) = state.size;
    let (width, room) = (usize::from(width), usize::from(layout::shown_height(height)));
    if let Some(Overlay::Shown(shown)) = &mut state.overlay {
        let most = text::rows(&shown.text, width).len().saturating_sub(room);
        shown.scroll = shown.scroll.saturating_add_signed(by).min(most);
    }
}
