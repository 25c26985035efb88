//! What counts as read: the newest message on the screen for a while, in a terminal that is looked at, or a reply. Moving the cursor in the
//! list, what shows beside it, and search never mark anything.

use api::id::ConversationId;
use jiff::SignedDuration;

use super::{Out, is_barred, live, new_key, read, toast};
use crate::event::{Effect, Outcome};
use crate::state::{Focus, Read, Screen, State, Tone};

/// Time passes.
pub(super) fn tick(state: &mut State, out: &mut Out) {
    let Some(now) = looked_at(state) else {
        state.seen.since = None;
        // Whoever left and comes back reads it anew.
        if state.focus != Focus::Open {
            state.seen.settled = None;
        }
        return;
    };
    match state.seen.since {
        Some((id, newest, since)) if (id, newest) == now => {
            let looked = SignedDuration::from_millis(state.settings.ui.read_after_ms.into());
            let may = state.me.is_some() && state.barred().is_none();
            let unread = may && state.conversations.get(&id).is_some_and(|view| view.unread_count > 0);
            if unread && state.seen.settled != Some(now) && state.now.duration_since(since) >= looked {
                mark(state, out, id);
            }
        }
        _ => state.seen.since = Some((now.0, now.1, state.now)),
    }
}

/// The opened conversation and its newest message, if that is what a person has before their eyes.
fn looked_at(state: &State) -> Option<(ConversationId, Option<i64>)> {
    let opened = state.screen == Screen::Inbox && state.focus == Focus::Open && state.seen.focused && state.overlay.is_none();
    let id = state.open.filter(|id| opened && state.shown() == Some(*id) && state.conversations.contains_key(id))?;
    let panes = crate::layout::panes(state);
    let thread = state.threads.get(&id).filter(|thread| panes.open.is_some() && thread.loaded && thread.anchor.is_none())?;
    Some((id, thread.messages.iter().filter_map(|message| message.id).map(|id| id.0).max()))
}

fn mark(state: &mut State, out: &mut Out, id: ConversationId) {
    let newest = state.threads.get(&id).and_then(|thread| thread.messages.iter().filter_map(|m| m.id).map(|id| id.0).max());
    state.seen.settled = Some((id, newest));
    let key = new_key(state);
    out.push(Effect::MarkRead { id, read: true, key });
}

/// A reply was taken: whoever answers has read.
pub(super) fn replied(state: &mut State, out: &mut Out, id: ConversationId) {
    if state.conversations.get(&id).is_some_and(|view| view.unread_count > 0) {
        mark(state, out, id);
    }
}

/// Marks the conversation unread; it stays so until it is opened anew or the customer writes.
pub(super) fn unread(state: &mut State, out: &mut Out, id: ConversationId) {
    if is_barred(state) {
        return;
    }
    let newest = state.threads.get(&id).and_then(|thread| thread.messages.iter().filter_map(|m| m.id).map(|id| id.0).max());
    state.seen.settled = Some((id, newest));
    let key = new_key(state);
    out.push(Effect::MarkRead { id, read: false, key });
}

/// It was marked, or not.
pub(super) fn marked(state: &mut State, out: &mut Out, id: ConversationId, was_read: bool, result: Outcome<api::inbox::ConversationView>) {
    match result {
        Ok(view) => {
            super::list::upsert(state, view);
            state.counts_due = true;
            if !was_read {
                toast(state, Tone::Good, format!("#{id} marked unread"));
            }
        }
        Err(failure) => {
            live::failed(state, &failure);
            if !was_read {
                toast(state, Tone::Bad, format!("#{id} not marked unread: {}", failure.message));
            } else if failure.lost {
                // It is tried again when the daemon is back.
                state.seen.settled = None;
            }
            read(state, out, Read::Conversation(id));
        }
    }
}
