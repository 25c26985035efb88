//! What `u` takes back: newest first, each at most once.

use api::Code;
use api::id::{ConversationId, OutboxId};
use api::inbox::OutboxView;

use super::compose::{open, purpose_of};
use super::returned::{come_back, handed, written};
use super::{Out, acts, bulk, contact_edit, follow, live, mail, menus, new_key, template, thread, toast, waiting};
use crate::event::{Effect, Failure, Outcome, Purpose};
use crate::state::acts::undo_words;
use crate::state::{State, Tone, Undo, With};

/// So many are remembered.
const UNDO_MAX: usize = 20;

/// The next `u` takes this back.
pub(super) fn push(state: &mut State, undo: Undo) {
    state.undo_names = false;
    state.undo.push(undo);
    let extra = state.undo.len().saturating_sub(UNDO_MAX);
    state.undo.drain(..extra);
}

/// What was meant stays as it is. Who asks once more means the same still: what is older is named before it is taken back.
pub(super) fn stays(state: &mut State, tone: Tone, text: impl Into<String>) {
    state.undo_names = true;
    toast(state, tone, text);
}

/// It was not taken back; where nobody was there to do it, the next `u` means the same.
pub(super) fn failed(state: &mut State, undo: Undo, failure: &Failure, text: String) {
    stays(state, Tone::Bad, text);
    if failure.lost || failure.code == Some(Code::ChatwootUnavailable) {
        push(state, undo);
    }
}

/// The change of a conversation that a patch of this name takes back.
pub(super) fn taken_back(state: &mut State, id: ConversationId, patched: &str) -> Option<Undo> {
    let this = |undo: &Undo| matches!(undo, Undo::Patch { id: of, label, .. } if *of == id && back(label) == patched);
    let at = state.undoing.iter().position(this)?;
    Some(state.undoing.remove(at))
}

/// The name of what takes a change back.
pub(super) fn back(label: &str) -> String {
    format!("{label}, taken back")
}

/// Takes the last message or change back.
pub(super) fn undo(state: &mut State, out: &mut Out) {
    if std::mem::take(&mut state.undo_names)
        && let Some(next) = undo_words(state)
    {
        return toast(state, Tone::Plain, format!("u again takes back: {next}"));
    }
    match state.undo.pop() {
        Some(Undo::Message(id)) if follow::take_back(state, out, id) => {}
        Some(Undo::Message(id)) => {
            let key = new_key(state);
            out.push(Effect::Recall(id, key));
        }
        Some(undo @ Undo::Patch { .. }) => change(state, out, undo),
        Some(Undo::Entry { entry, .. }) => {
            let key = new_key(state);
            out.push(Effect::Recall(entry, key));
        }
        Some(undo @ (Undo::Contact(_) | Undo::Availability(_))) => acts::take_back(state, out, undo),
        Some(Undo::Field(change)) => contact_edit::take_back(state, out, change),
        Some(Undo::Waiting(name)) => waiting::take_back(state, &name),
        Some(Undo::Held { ids, label, at }) => bulk::recall(state, out, &ids, &label, at),
        None => toast(state, Tone::Plain, "There is nothing to take back"),
    }
}

/// Takes a conversation's change back, if it still is so.
fn change(state: &mut State, out: &mut Out, undo: Undo) {
    let Undo::Patch { id, back: patch, made, label } = &undo else { return };
    let (id, label) = (*id, label.clone());
    if state.conversations.get(&id).is_some_and(|view| menus::is_so(view, made, state.agent())) {
        let patch = (**patch).clone();
        state.undoing.push(undo);
        let extra = state.undoing.len().saturating_sub(UNDO_MAX);
        state.undoing.drain(..extra);
        menus::patch(state, out, id, patch, back(&label), false);
    } else {
        stays(state, Tone::Plain, format!("#{id} was changed since by somebody else: \"{label}\" stays"));
    }
}

/// An outbox entry was taken back, or was past that.
pub(super) fn recalled(state: &mut State, out: &mut Out, id: OutboxId, result: Outcome<OutboxView>) {
    state.status_due = true;
    if follow::recalled(state, out, id, &result) {
        return;
    }
    match result {
        Ok(entry) => {
            state.outbox.retain(|e| e.id != entry.id);
            let (purpose, with_it, content) = (purpose_of(state, &entry), handed(state, &entry), entry.content);
            let chosen = with_it.template.clone();
            if let (Some(Purpose::Template(id)), Some(chosen)) = (purpose, chosen) {
                template::come_back(state, id, &chosen, with_it.answers);
            } else if let (Some(purpose), Some(content)) = (purpose, content) {
                let (text, mentions) = written(purpose, &content);
                let mut with = With { mentions, ..With::default() };
                let text = mail::unsigned(state, purpose, text, &mut with);
                with.join(with_it);
                come_back(state, purpose, text, with);
                if state.composer.is_none() && entry.conversation_id.is_some() && state.shown() == entry.conversation_id {
                    open(state, out, purpose);
                }
            }
            let words = if purpose.is_some() { "Taken back; nobody has seen it" } else { "Taken back; Chatwoot was not told" };
            if purpose.is_none() {
                // It is where it was, and counted there; Chatwoot has no news of it.
                (state.list.due, state.counts_due) = (true, true);
            }
            toast(state, Tone::Good, words);
            state.stale.extend(entry.conversation_id);
            state.toasts.retain(|t| !t.text.starts_with("Queued; leaves"));
            if let Some(conversation) = entry.conversation_id {
                drop_queued(state, conversation, entry.id);
                thread::refresh(state, out, conversation);
            }
        }
        Err(failure) => {
            live::failed(state, &failure);
            let text = match failure.code {
                Some(Code::OutboxState) => "Too late: it has left already".to_owned(),
                _ => format!("Not taken back: {}", failure.message),
            };
            failed(state, Undo::Message(id), &failure, text);
        }
    }
}

fn drop_queued(state: &mut State, conversation: ConversationId, id: OutboxId) {
    if let Some(thread) = state.threads.get_mut(&conversation) {
        thread.messages.retain(|m| m.outbox_id != Some(id) || m.id.is_some());
    }
}
