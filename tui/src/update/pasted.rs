//! A paste where nothing takes text: it never acts, and is offered as the draft of a note.

use api::id::ConversationId;

use super::{Out, keys, toast};
use crate::editor::CHARS_MAX;
use crate::event::Purpose;
use crate::keymap::Context;
use crate::state::{Overlay, Question, State, Tone};

/// Characters of a name that is searched for.
const SEARCH_MAX: usize = 64;

fn into(search: &mut String, text: &str) {
    let room = SEARCH_MAX.saturating_sub(search.chars().count());
    search.extend(crate::text::line(text).chars().take(room));
}

/// Text was pasted into a place without a field. Menus and label pickers take it as their search.
pub(super) fn offer(state: &mut State, context: Context, text: &str) {
    match &mut state.overlay {
        Some(Overlay::Menu(menu)) => {
            if let Some(search) = &mut menu.search {
                into(search, text);
                menu.cursor = 0;
                return;
            }
        }
        Some(Overlay::Labels(picker)) => {
            into(&mut picker.search, text);
            picker.cursor = 0;
            return;
        }
        _ => {}
    }
    let may = state.barred().is_none();
    let target = state.target().filter(|id| may && Context::PANES.contains(&context) && state.conversation(*id).is_some());
    let blank = text.trim().is_empty();
    match target {
        Some(id) if !blank => {
            state.pasted = Some(text.chars().take(CHARS_MAX).collect());
            state.overlay = Some(Overlay::Question(Question::Pasted(id)));
        }
        _ => toast(state, Tone::Plain, "Nothing was done with the pasted text: there is no field here"),
    }
}

/// It becomes the draft of a note, behind what is there already.
pub(super) fn keep(state: &mut State, out: &mut Out, id: ConversationId) {
    let Some(text) = state.pasted.take() else { return };
    keys::write(state, out, Purpose::Note(id));
    let drafted = state.composer.as_ref().is_some_and(|composer| !composer.editor.is_blank());
    keys::insert(state, &if drafted { format!("\n\n{text}") } else { text });
}
