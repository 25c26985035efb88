//! The line at the foot that a menu asks for: what is typed is said back before it acts.

use api::{attribute, moment};

use super::{Out, attributes, menus, not_taken, template};
use crate::editor::Edit;
use crate::state::{Asks, Line, Overlay, State};

/// Characters of a line at most.
const CHARS_MAX: usize = 1_500;

/// Opens it.
pub(super) fn open(state: &mut State, line: Line) {
    state.overlay = Some(Overlay::Line(line));
}

/// Text goes into it; it has no line breaks.
pub(super) fn insert(state: &mut State, text: &str) {
    if let Some(Overlay::Line(line)) = &mut state.overlay {
        let room = CHARS_MAX.saturating_sub(line.editor.text().chars().count());
        let text: String = crate::text::line(text).chars().take(room).collect();
        // A space that is typed is kept.
        line.editor.insert(if text.is_empty() && room > 0 { " " } else { &text });
    }
}

/// It is edited.
pub(super) fn edit(state: &mut State, edit: Edit) {
    if let Some(Overlay::Line(line)) = &mut state.overlay {
        line.editor.apply(edit, usize::MAX / 2);
    }
}

/// What the line would do as it stands, or what is wrong with it.
pub(crate) fn echo(state: &State, line: &Line) -> Result<String, String> {
    let text = line.editor.text();
    match &line.asks {
        Asks::Snooze(_) if text.trim().is_empty() => Ok(format!("when? {}", moment::FORMS)),
        Asks::Snooze(_) => {
            let now = state.now.to_zoned(state.tz.clone());
            moment::parse(text, &now).map(|at| format!("until {}", moment::words(at, &now)))
        }
        Asks::Attribute(_, definition) => match attribute::read(definition, text)? {
            Some(value) => {
                Ok(format!("{}: {}", crate::text::line(&definition.display_name), crate::text::line(&attribute::show(definition, &value))))
            }
            None => Ok(format!("no value; it takes {}", attribute::hint(definition))),
        },
        Asks::Template(_, chosen, at) => template::echo(chosen, *at, text),
    }
}

/// Does what it says; what is wrong with it stays to be set right.
pub(super) fn accept(state: &mut State, out: &mut Out) {
    let Some(Overlay::Line(line)) = state.overlay.clone() else { return };
    match line.asks {
        Asks::Snooze(ids) => {
            let now = state.now.to_zoned(state.tz.clone());
            match moment::parse(line.editor.text(), &now) {
                Ok(at) => {
                    state.overlay = None;
                    let label = format!("snoozed until {}", moment::words(at, &now));
                    menus::change(state, out, ids, menus::until(Some(at)), label);
                }
                Err(why) => not_taken(state, format!("Not snoozed: {why}")),
            }
        }
        Asks::Attribute(owner, definition) => match attribute::read(&definition, line.editor.text()) {
            Ok(value) => {
                state.overlay = None;
                attributes::set(state, out, owner, &definition, value);
            }
            Err(why) => not_taken(state, format!("Not changed: {why}")),
        },
        Asks::Template(id, chosen, at) => template::typed(state, id, *chosen, at, line.editor.text()),
    }
}
