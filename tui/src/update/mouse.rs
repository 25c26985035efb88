//! The mouse, where it is on: a click chooses a row, a tab or a screen, the wheel moves. Nothing is sent, decided or changed by it.

use super::{Out, list, movement, run};
use crate::event::{Effect, Pointer};
use crate::keymap::{Command, Context};
use crate::layout;
use crate::state::{Overlay, State, Tab, Tone};

/// Steps of one notch of the wheel where text scrolls.
const NOTCH: usize = 3;

/// Turns it on or off.
pub(super) fn turn(state: &mut State, out: &mut Out) {
    let on = !state.settings.ui.mouse;
    state.settings.ui.mouse = on;
    out.push(Effect::Mouse(on));
    let words = if on { "The mouse is on; Shift lets the terminal select. :mouse turns it off" } else { "The mouse is off" };
    super::toast(state, Tone::Plain, words);
}

/// The mouse did something at a cell.
pub(super) fn pointed(state: &mut State, out: &mut Out, pointer: Pointer, x: u16, y: u16) {
    if !state.settings.ui.mouse {
        return;
    }
    let context = state.context();
    match pointer {
        Pointer::Up | Pointer::Down if panel(state, context, x, y) => {
            let notch = isize::try_from(NOTCH).unwrap_or(1);
            movement::scroll_info(state, if pointer == Pointer::Up { -notch } else { notch });
        }
        Pointer::Up | Pointer::Down => {
            let command = if pointer == Pointer::Up { Command::Up } else { Command::Down };
            let moves = matches!(state.overlay, Some(Overlay::Help(_) | Overlay::Palette(_) | Overlay::Shown(_)))
                || Context::PANES.contains(&context);
            let text = matches!(context, Context::Thread | Context::Card | Context::Shown);
            for _ in 0..if text { NOTCH } else { 1 } {
                if moves {
                    run::run(state, out, context, command, "");
                }
            }
        }
        // What stands over the panes, or is being written, is left alone.
        Pointer::Click if Context::PANES.contains(&context) => click(state, out, context, x, y),
        Pointer::Click => {}
    }
}

/// Whether a cell is in the contact panel, with nothing over it.
fn panel(state: &State, context: Context, x: u16, y: u16) -> bool {
    state.overlay.is_none()
        && Context::PANES.contains(&context)
        && layout::panes(state).info.is_some_and(|pane| pane.contains((x, y).into()))
}

fn click(state: &mut State, out: &mut Out, context: Context, x: u16, y: u16) {
    let panes = layout::panes(state);
    if panes.head.is_some_and(|head| head.contains((x, y).into())) {
        let words = crate::view::words_at(state, x, y);
        let command = match words.chars().next() {
            Some('1') => Command::Inbox,
            Some('2') => Command::Approvals,
            Some('3') => Command::Search,
            Some('4') => Command::Contacts,
            Some('5') => Command::Activity,
            _ => return,
        };
        return run::run(state, out, context, command, "");
    }
    let Some(pane) = panes.list.filter(|pane| pane.contains((x, y).into()) && context == Context::List) else { return };
    if y == pane.y {
        let words = crate::view::words_at(state, x, y);
        if let Some(tab) = Tab::ALL.into_iter().find(|tab| words.starts_with(tab.title())).filter(|tab| *tab != state.list.tab) {
            let place = |tab: Tab| Tab::ALL.iter().position(|other| *other == tab).and_then(|at| isize::try_from(at).ok()).unwrap_or(0);
            list::tab(state, out, place(tab) - place(state.list.tab));
        }
        return;
    }
    let rows = layout::rows_area(pane);
    if rows.contains((x, y).into()) {
        let index = state.list.top + usize::from((y - rows.y) / layout::row_step(rows));
        let at = state.list.rows.iter().position(|id| Some(*id) == state.list.cursor).unwrap_or(0);
        let (index, at) = (isize::try_from(index).unwrap_or(0), isize::try_from(at).unwrap_or(0));
        if usize::try_from(index).is_ok_and(|index| index < state.list.rows.len()) {
            list::move_by(state, out, index - at);
        }
    }
}
