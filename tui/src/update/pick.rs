//! The choice of lines: its keys, and what a chosen line does.

use super::{Out, contact_edit, feed, keys, messages, moved, save};
use crate::event::{Effect, Purpose};
use crate::state::{Overlay, Pick, Picked, State};

/// Opens it.
pub(super) fn show(state: &mut State, pick: Pick) {
    let cursor = pick.lines.iter().position(|line| line.disabled.is_none()).unwrap_or(0);
    state.overlay = Some(Overlay::Pick(Pick { cursor, ..pick }));
}

/// Moves the mark.
pub(super) fn move_by(state: &mut State, by: isize) {
    if let Some(Overlay::Pick(pick)) = &mut state.overlay {
        pick.cursor = moved(pick.cursor, by, pick.lines.len());
    }
}

/// A letter was typed: its line is chosen; one that stands nowhere closes the choice, with no effect.
pub(super) fn letter(state: &mut State, out: &mut Out, c: char) {
    let Some(Overlay::Pick(pick)) = &mut state.overlay else { return };
    match pick.lines.iter().position(|line| line.letter == Some(c)) {
        Some(at) => {
            pick.cursor = at;
            chosen(state, out);
        }
        None => state.overlay = None,
    }
}

/// The marked line is chosen.
pub(super) fn chosen(state: &mut State, out: &mut Out) {
    let Some(Overlay::Pick(pick)) = &state.overlay else { return };
    let Some(line) = pick.lines.get(pick.cursor).filter(|line| line.disabled.is_none()).cloned() else { return };
    state.overlay = None;
    match line.choice {
        Picked::Kinds(kinds) => feed::choose(state, out, kinds),
        Picked::Link(link) => messages::ask_link(state, link),
        Picked::Copy(what, text) => messages::copy(state, out, what, text),
        Picked::Contact(id, field) => contact_edit::begin(state, id, field),
        Picked::Begin(contact, inbox) => keys::write(state, out, Purpose::Begin(contact, inbox)),
        Picked::Browse(address) => out.push(Effect::Browse(address)),
        Picked::Save(file) => save::begin(state, out, file),
    }
}
