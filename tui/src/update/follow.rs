//! Send and …: what follows a message. The message is handed in first; the status only once the daemon has the message, so that it waits
//! in the outbox behind it. Taking the message back takes the status back before it, or says what could not be.

use api::id::{ConversationId, OutboxId};
use api::inbox::{ConversationPatch, ConversationStatus, OutboxState, OutboxView};

use super::{Out, list, menus, new_key, read, toast, undo};
use crate::event::{Effect, Outcome};
use crate::state::{Focus, Followup, Read, State, Then, Tone, Undo};

/// As many as `u` remembers.
const FOLLOWUPS_MAX: usize = 20;

/// The daemon has the message: what was to follow follows.
pub(super) fn start(state: &mut State, out: &mut Out, conversation: ConversationId, message: Option<OutboxId>, then: Then) {
    let status = match then {
        Then::Next => {
            if state.focus == Focus::Open && state.shown() == Some(conversation) {
                list::neighbour(state, out, 1);
            }
            return;
        }
        Then::Resolve => ConversationStatus::Resolved,
        Then::Pend => ConversationStatus::Pending,
        Then::Snooze => ConversationStatus::Snoozed,
    };
    let known = state.conversations.get(&conversation);
    if known.is_some_and(|c| c.status == status && status != ConversationStatus::Snoozed) {
        return;
    }
    let back = known.map(|c| ConversationPatch { status: Some(c.status), snoozed_until: c.snoozed_until, ..ConversationPatch::default() });
    let label = if then == Then::Snooze { "snoozed until the customer writes" } else { status.as_str() };
    let patch = ConversationPatch { status: Some(status), ..ConversationPatch::default() };
    if let Some(message) = message {
        state.followups.push(Followup {
            message,
            conversation,
            label,
            back,
            taken: false,
            listed: false,
            entry: None,
            wanted: false,
            undone: false,
        });
        let extra = state.followups.len().saturating_sub(FOLLOWUPS_MAX);
        state.followups.drain(..extra);
    }
    menus::patch(state, out, conversation, patch, label.to_owned(), false);
}

/// The status was taken, or was not.
pub(super) fn patched(state: &mut State, out: &mut Out, id: ConversationId, label: &str, taken: bool) {
    let Some(at) = state.followups.iter().rposition(|f| f.conversation == id && f.label == label && !f.taken) else { return };
    if taken {
        if let Some(followup) = state.followups.get_mut(at) {
            followup.taken = true;
        }
        // Which entry carries it is needed to take it back.
        read(state, out, Read::Outbox);
    } else {
        let followup = state.followups.remove(at);
        if followup.wanted {
            let key = new_key(state);
            out.push(Effect::Recall(followup.message, key));
        }
    }
}

/// The outbox came: which entry carries a status, and which message failed although its status was set.
pub(super) fn listed(state: &mut State, out: &mut Out) {
    // Asked again meanwhile: this answer may be from before the status was queued.
    if state.reads.contains_key(&Read::Outbox) {
        return;
    }
    let State { followups, outbox, .. } = state;
    for followup in followups.iter_mut().filter(|f| f.taken) {
        let carries =
            |e: &&OutboxView| e.kind == "status" && e.conversation_id == Some(followup.conversation) && e.state == OutboxState::Queued;
        followup.entry = outbox.iter().rfind(carries).map(|e| e.id);
        followup.listed = true;
    }
    let wanted: Vec<OutboxId> = state.followups.iter().filter(|f| f.wanted && f.taken).map(|f| f.message).collect();
    for message in wanted {
        go_on(state, out, message);
    }
}

/// What followed a message that failed, in a word.
pub(super) fn after(state: &State, message: OutboxId) -> Option<&'static str> {
    state.followups.iter().find(|f| f.message == message && !f.undone).map(|f| f.label)
}

/// Takes a message and what followed it back; false where nothing followed.
pub(super) fn take_back(state: &mut State, out: &mut Out, message: OutboxId) -> bool {
    let Some(followup) = state.followups.iter_mut().find(|f| f.message == message) else { return false };
    followup.wanted = true;
    if followup.listed {
        go_on(state, out, message);
    } else {
        toast(state, Tone::Plain, "Taking both back …");
    }
    true
}

/// The status first: once the message is gone from the outbox, nothing holds the status any more.
fn go_on(state: &mut State, out: &mut Out, message: OutboxId) {
    let Some(followup) = state.followups.iter_mut().find(|f| f.message == message && f.wanted) else { return };
    followup.wanted = false;
    let next = followup.entry.filter(|_| !followup.undone).unwrap_or(message);
    let key = new_key(state);
    out.push(Effect::Recall(next, key));
}

/// An answer to one of the two recalls; true where nothing is left to be said.
pub(super) fn recalled(state: &mut State, out: &mut Out, id: OutboxId, result: &Outcome<OutboxView>) -> bool {
    if let Some(followup) = state.followups.iter_mut().find(|f| f.entry == Some(id)) {
        let (message, conversation) = (followup.message, followup.conversation);
        match result {
            Err(failure) if failure.lost => {
                super::live::failed(state, failure);
                undo::failed(state, Undo::Message(message), failure, format!("Not taken back: {}", failure.message));
                return true;
            }
            result => followup.undone = result.is_ok(),
        }
        followup.entry = None;
        read(state, out, Read::Conversation(conversation));
        let key = new_key(state);
        out.push(Effect::Recall(message, key));
        return true;
    }
    let Some(at) = state.followups.iter().position(|f| f.message == id) else { return false };
    if matches!(result, Err(failure) if failure.lost) {
        return false;
    }
    let Followup { conversation, label, back, undone, .. } = state.followups.remove(at);
    match (result, undone, back) {
        (Ok(_), false, Some(back)) => menus::patch(state, out, conversation, back, format!("{label}, taken back"), false),
        // That it was done is no longer so.
        (Ok(_), ..) => state.toasts.retain(|t| !t.text.starts_with(&format!("#{conversation} ")) || t.tone != Tone::Good),
        (Err(_), true, _) => {
            undo::stays(state, Tone::Bad, format!("Too late: the message has left already; #{conversation} is not {label}"));
            return true;
        }
        (Err(_), false, back) => {
            let hint = if back.is_some() { "; u takes that back" } else { "" };
            toast(state, Tone::Bad, format!("Too late: the message has left already, and #{conversation} is {label}{hint}"));
            if let Some(back) = back {
                // Whoever changes it meanwhile sees it: asked for at once, in the same words.
                let made = state
                    .conversations
                    .get(&conversation)
                    .map(|view| ConversationPatch { status: Some(view.status), ..Default::default() });
                let (back, made) = (Box::new(back), Box::new(made.unwrap_or_default()));
                undo::push(state, Undo::Patch { id: conversation, back, made, label: label.to_owned() });
            }
            return true;
        }
    }
    false
}
