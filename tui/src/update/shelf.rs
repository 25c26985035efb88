//! Drafts, outbox, log and settings: what the keys do there. A row is named when its key is pressed, and only that one is meant after a question.

use api::id::ConversationId;
use api::inbox::OutboxState;

use super::{Out, compose, is_barred, keys, moved, new_key, read, returned, run, thread, toast, waiting};
use crate::event::{Effect, Purpose};
use crate::layout;
use crate::state::{DraftOf, Overlay, Question, Read, Screen, Setting, Shelf, State, Tone, draft_of};
use crate::view::shelf as view;

/// Shows one of them.
pub(super) fn show(state: &mut State, out: &mut Out, shelf: Shelf) {
    run::show(state, Screen::Own(shelf));
    state.shelves.looked_up.clear();
    if shelf == Shelf::Outbox {
        read(state, out, Read::Outbox);
    }
    keep_visible(state);
}

/// Rows that are on the screen at once.
pub(super) fn page(state: &State) -> usize {
    let rows = layout::panes(state).list.zip(state.shelf()).map_or(1, |(pane, shelf)| view::parts(pane, shelf).0.height);
    usize::from(rows).max(1)
}

/// Moves the cursor by rows.
pub(super) fn move_by(state: &mut State, by: isize) {
    let Some(shelf) = state.shelf() else { return };
    let rows = state.shelf_rows(shelf);
    let place = moved(state.shelf_chosen(shelf).map_or(0, |(place, _)| place), by, rows.len());
    if let Some(name) = rows.into_iter().nth(place) {
        state.shelves.cursor.insert(shelf, (name, place));
    }
    keep_visible(state);
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(shelf) = state.shelf() else { return };
    let (page, rows) = (page(state), state.shelf_rows(shelf));
    let index = state.shelf_chosen(shelf).map_or(0, |(place, _)| place);
    let top = state.shelves.top.entry(shelf).or_default();
    *top = (*top).min(index).max((index + 1).saturating_sub(page)).min(rows.len().saturating_sub(page));
    let top = *top;
    // Whose they are is told by their conversations, in the list or not.
    for id in rows.iter().skip(top).take(page).filter_map(|name| conversation_of(state, shelf, name)).collect::<Vec<_>>() {
        if !state.conversations.contains_key(&id) && state.shelves.looked_up.insert(id) {
            state.stale.insert(id);
        }
    }
}

fn chosen(state: &State) -> Option<(Shelf, String)> {
    let shelf = state.shelf()?;
    state.shelf_chosen(shelf).map(|(_, name)| (shelf, name))
}

/// The conversation that the chosen row is about.
pub(crate) fn conversation(state: &State) -> Option<ConversationId> {
    chosen(state).and_then(|(shelf, name)| conversation_of(state, shelf, &name))
}

fn conversation_of(state: &State, shelf: Shelf, name: &str) -> Option<ConversationId> {
    match shelf {
        Shelf::Drafts => match draft_of(name) {
            DraftOf::Text(purpose) => purpose.conversation(),
            DraftOf::Decision(..) | DraftOf::Other => None,
        },
        Shelf::Outbox => state.outbox_entry(name)?.conversation_id,
        Shelf::Log | Shelf::Settings => None,
    }
}

/// Opens the chosen row: a draft or a failed text in its composer, else its conversation.
pub(super) fn open(state: &mut State, out: &mut Out) {
    match chosen(state) {
        Some((Shelf::Drafts, name)) => open_draft(state, out, &name),
        Some((Shelf::Outbox, name)) => {
            let Some(entry) = state.outbox_entry(&name).cloned() else { return };
            // Where nothing is written a text that failed is what its conversation has to show for it.
            let comes_back = entry.state == OutboxState::Failed && !state.read_only;
            let purpose = if comes_back { compose::purpose_of(state, &entry) } else { None };
            match (purpose, entry.conversation_id) {
                (Some(purpose), _) => {
                    if is_barred(state) {
                        return;
                    }
                    returned::take_up(state, purpose, &entry);
                    write(state, out, Shelf::Outbox, purpose);
                }
                (None, Some(id)) => {
                    thread::open(state, out, id);
                    state.back_to = Some(Screen::Own(Shelf::Outbox));
                }
                (None, None) => toast(state, Tone::Plain, "It is about no conversation"),
            }
        }
        Some((Shelf::Settings, name)) => {
            let edit = Setting::all(state).into_iter().find(|setting| setting.name == name).map(|setting| setting.edit);
            match edit.filter(|edit| !edit.is_empty()) {
                Some(edit) => toast(state, Tone::Plain, format!("{name} is changed by {edit}")),
                None => toast(state, Tone::Plain, format!("{name} is not set; it is as it is found")),
            }
        }
        Some((Shelf::Log, _)) | None => {}
    }
}

fn open_draft(state: &mut State, out: &mut Out, name: &str) {
    match draft_of(name) {
        DraftOf::Text(purpose) => {
            if is_barred(state) {
                return;
            }
            // A second draft goes before the first: both are in the composer then.
            if name != purpose.draft_name()
                && let Some(second) = state.drafts.remove(name)
            {
                returned::come_back(state, purpose, second.text, second.with);
            }
            write(state, out, Shelf::Drafts, purpose);
        }
        DraftOf::Decision(id, _) => match state.approvals.rows.iter().find(|approval| approval.id == id).cloned() {
            Some(approval) => super::approvals::open_card(state, out, approval),
            None => {
                state.feed.opening = Some(id);
                read(state, out, Read::Approval(id));
            }
        },
        DraftOf::Other => toast(state, Tone::Plain, "This build does not know what it is for; it is kept"),
    }
}

/// Opens a composer; Esc from its conversation leads back here.
fn write(state: &mut State, out: &mut Out, from: Shelf, purpose: Purpose) {
    keys::write(state, out, purpose);
    if state.composer.is_some() {
        state.back_to = Some(Screen::Own(from));
    }
}

/// Whether an approval that was asked for from here may open.
pub(super) fn awaits_approval(state: &State) -> bool {
    state.screen == Screen::Own(Shelf::Drafts)
}

/// Asks whether the chosen row is to be thrown away.
pub(super) fn ask_drop(state: &mut State) {
    let Some((shelf, name)) = chosen(state) else { return };
    state.shelves.asked = Some(name);
    state.overlay = Some(Overlay::Question(if shelf == Shelf::Drafts { Question::DropDraft } else { Question::DropEntry }));
}

/// Throws a draft away; a waiting decision is taken back.
pub(super) fn drop_draft(state: &mut State, out: &mut Out) {
    let Some(name) = state.shelves.asked.take() else { return };
    if state.drafts.get(&name).is_some_and(|draft| draft.decides.is_some()) {
        return waiting::take_back(state, &name);
    }
    let Some(draft) = state.drafts.remove(&name) else {
        return toast(state, Tone::Plain, "It is gone already");
    };
    state.drafts_dirty = true;
    if let Some(id) = draft.replaces {
        let key = new_key(state);
        out.push(Effect::Discard(id, key));
    }
    toast(state, Tone::Plain, "Discarded");
    keep_visible(state);
}

/// Throws an entry of the outbox away.
pub(super) fn drop_entry(state: &mut State, out: &mut Out) {
    let Some(name) = state.shelves.asked.take() else { return };
    let Some(id) = state.outbox_entry(&name).map(|entry| entry.id) else {
        return toast(state, Tone::Plain, "It is gone already");
    };
    let key = new_key(state);
    out.push(Effect::Discard(id, key));
}

/// An entry was thrown away, or not.
pub(super) fn dropped(state: &mut State, out: &mut Out, result: crate::event::Outcome<api::inbox::OutboxView>) {
    match result {
        Ok(entry) => {
            state.status_due = true;
            state.stale.extend(entry.conversation_id);
            read(state, out, Read::Outbox);
        }
        // Elsewhere nobody waits for it: it was sent anew, and the old entry stays to be seen here.
        Err(failure) if state.shelf() == Some(Shelf::Outbox) => toast(state, Tone::Bad, format!("Not discarded: {}", failure.message)),
        Err(failure) => state.log.note(state.now, Tone::Plain, &format!("A failed entry was not discarded: {}", failure.message)),
    }
}

/// Takes the chosen entry back before it leaves.
pub(super) fn recall(state: &mut State, out: &mut Out) {
    let Some(id) = chosen(state).and_then(|(_, name)| state.outbox_entry(&name).map(|entry| entry.id)) else { return };
    // What would be taken back next is no longer this one.
    state.undo.retain(|undo| *undo != crate::state::Undo::Message(id));
    if super::follow::take_back(state, out, id) {
        return;
    }
    let key = new_key(state);
    out.push(Effect::Recall(id, key));
}

/// Tries the chosen entry again.
pub(super) fn retry(state: &mut State, out: &mut Out) {
    let Some(entry) = chosen(state).and_then(|(_, name)| state.outbox_entry(&name).cloned()) else { return };
    let key = new_key(state);
    out.push(Effect::Retry(entry.id, key));
    toast(state, Tone::Plain, format!("Trying again: {}", view::deed(state, &entry)));
}

/// Copies the chosen row.
pub(super) fn copy(state: &mut State, out: &mut Out) {
    let text = match chosen(state) {
        Some((Shelf::Log, name)) => {
            name.parse().ok().and_then(|number| state.log.get(number)).map(|row| format!("{} {}", row.at, row.text))
        }
        Some((Shelf::Settings, name)) => Setting::all(state).into_iter().find(|setting| setting.name == name).map(|setting| setting.value),
        _ => None,
    };
    if let Some(text) = text {
        // Not as a toast of its own: that would be the newest row of the log.
        state.toasts.retain(|toast| toast.text != COPIED);
        let until = state.now + super::TOAST;
        state.toasts.push(crate::state::Toast { text: COPIED.into(), tone: Tone::Plain, until, of_prompt: false });
        out.push(Effect::Copy(text));
    }
}

const COPIED: &str = "Copied the line";
