//! Deleting a message of one's own: asked once, held in the outbox, recalled there.

use api::id::{ConversationId, MessageId};
use api::inbox::{MessageType, MessageView, OutboxState, OutboxView};

use super::{Out, live, messages, new_key, read, toast, undo};
use crate::event::{Effect, Outcome};
use crate::state::{Overlay, Question, Read, State, Tone, Undo};
use crate::text;
use crate::view::message;
use crate::view::ui;

/// Seconds that a deletion waits.
pub(crate) const HOLD_S: u32 = 5;
/// Characters of a message that its question shows.
const SHOWN_MAX: usize = 60;
/// Deletions of one conversation that are kept in mind; a person deletes one.
const KEPT_MAX: usize = 20;

/// Why the chosen message is not deleted from here; `None` when it is.
pub(crate) fn refusal(state: &State) -> Option<&'static str> {
    let Some(message) = messages::chosen(state) else { return Some("choose a message first, with v") };
    let when = |is: bool, why: &'static str| is.then_some(why);
    when(message.message_type != MessageType::Outgoing, "only what you wrote yourself is deleted")
        .or_else(|| when(message.deleted, "it is deleted already"))
        .or_else(|| when(message.id.is_none(), "it has not left yet: u takes it back"))
        .or_else(|| when(under_way(state, &message), "it is being deleted: u keeps it"))
        .or_else(|| when(!message.own, "only what you wrote yourself is deleted"))
}

/// Whether an entry in the outbox deletes it.
pub(crate) fn under_way(state: &State, message: &MessageView) -> bool {
    let open = |state: OutboxState| matches!(state, OutboxState::Queued | OutboxState::Sending);
    let Some(thread) = state.threads.get(&message.conversation_id) else { return false };
    let waits = |id| state.outbox.iter().any(|entry| entry.id == id && open(entry.state));
    thread.erasing.iter().any(|(entry, erased)| Some(*erased) == message.id && waits(*entry))
}

/// Asks, naming the message.
pub(super) fn ask(state: &mut State) {
    if let Some(MessageView { id: Some(id), conversation_id, .. }) = messages::chosen(state) {
        state.overlay = Some(Overlay::Question(Question::Erase(conversation_id, id)));
    }
}

/// The question.
pub(crate) fn words(state: &State, conversation: ConversationId, id: MessageId) -> String {
    let found = state.threads.get(&conversation).and_then(|thread| thread.messages.iter().find(|m| m.id == Some(id)));
    let Some(message) = found else { return "Delete this message?".to_owned() };
    let said = text::line(&message::content(message));
    let said = if said.is_empty() { "a file".to_owned() } else { format!("“{}”", text::truncate(&said, SHOWN_MAX)) };
    let at = ui::clock(state, message.created_at);
    let what = if message.private { "note" } else { "reply" };
    let seen = if message.private {
        "Colleagues may have read it."
    } else {
        "It is marked deleted in Chatwoot; the customer may have read it, and a mail or chat app keeps what it got."
    };
    format!("Delete your {what} {said} of {at}? {seen}")
}

/// Yes: it is deleted after the hold.
pub(super) fn erase(state: &mut State, out: &mut Out, conversation: ConversationId, message: MessageId) {
    let key = new_key(state);
    out.push(Effect::Erase { conversation, message, key });
    messages::clear(state);
}

/// It waits in the outbox, or was refused.
pub(super) fn erased(state: &mut State, out: &mut Out, conversation: ConversationId, message: MessageId, result: Outcome<OutboxView>) {
    match result {
        Ok(entry) => {
            if let Some(thread) = state.threads.get_mut(&conversation) {
                thread.erasing.push((entry.id, message));
                let extra = thread.erasing.len().saturating_sub(KEPT_MAX);
                thread.erasing.drain(..extra);
            }
            undo::push(state, Undo::Message(entry.id));
            state.outbox.retain(|known| known.id != entry.id);
            state.outbox.push(entry);
            toast(state, Tone::Plain, format!("The message is deleted in {HOLD_S} s · u keeps it"));
            state.status_due = true;
            read(state, out, Read::Outbox);
        }
        Err(failure) => {
            live::failed(state, &failure);
            toast(state, Tone::Bad, format!("Not deleted: {}", failure.message));
        }
    }
}
