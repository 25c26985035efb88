//! A conversation read around one of its messages: where a search result opens. It is joined to the newest as it is scrolled there.
//!
//! Nothing here marks anything read: a message was looked for, not worked on.

use api::Code;
use api::id::{ConversationId, MessageId};
use api::inbox::MessageView;
use api::page::Page;

use super::{Out, ended, live, read, thread, toast};
use crate::event::{Effect, Failure, Outcome};
use crate::state::{Anchor, Focus, Read, State, Thread, Tone};
use crate::view::message;

/// So many items before the end newer messages are asked for.
const AHEAD: usize = 15;
/// Messages kept of one thread at most, as of every thread.
const MESSAGES_MAX: usize = thread::MESSAGES_MAX;

/// Brings a conversation to one of its messages: from what is known, else read anew around it.
pub(super) fn at(state: &mut State, out: &mut Out, id: ConversationId, message: MessageId) {
    if !state.conversations.contains_key(&id) {
        read(state, out, Read::Conversation(id));
    }
    let thread = state.threads.entry(id).or_default();
    if thread.mark == Some(message) && (!thread.messages.is_empty() || thread.around == Some(message)) {
        return thread::ensure(state, out, id);
    }
    thread.mark = Some(message);
    if thread.messages.iter().any(|m| m.id == Some(message)) {
        thread::ensure(state, out, id);
        return place(state, out, id);
    }
    restart(thread);
    thread.around = Some(message);
    read(state, out, Read::Around(id));
    thread::ensure(state, out, id);
}

/// Forgets the messages: another part of the conversation is read. What is still on its way belongs to the old one.
fn restart(thread: &mut Thread) {
    thread.late = thread.late.saturating_add(u8::from(thread.loading_older));
    let (used, mark, late, quotes) = (thread.used, thread.mark, thread.late, thread.quotes);
    *thread = Thread { used, mark, late, quotes, ..Thread::default() };
}

/// Back to the newest messages, where the thread is read around another one.
pub(super) fn to_newest(state: &mut State, out: &mut Out, id: ConversationId) {
    let Some(thread) = state.threads.get_mut(&id) else { return };
    thread.mark = None;
    if thread.around.is_some() {
        restart(thread);
        thread::ensure(state, out, id);
    }
}

/// Messages around one came.
pub(super) fn around(
    state: &mut State,
    out: &mut Out,
    id: ConversationId,
    message: MessageId,
    result: Outcome<(Page<MessageView>, Page<MessageView>)>,
) {
    ended(state, out, Read::Around(id));
    let Some(thread) = state.threads.get_mut(&id).filter(|thread| thread.around == Some(message)) else { return };
    let (upto, after) = match result {
        Ok(pages) => pages,
        Err(failure) => return refused(state, id, failure),
    };
    let first_time = thread.messages.is_empty();
    let found = upto.data.last().is_some_and(|m| m.id == Some(message));
    let more = is_full(&after);
    let (first, last) = (upto.data.first().and_then(|m| m.id), after.data.iter().filter_map(|m| m.id).max());
    // Read again: what was scrolled to on both sides stays.
    let known = std::mem::take(&mut thread.messages);
    let (older, rest): (Vec<_>, Vec<_>) = known.into_iter().partition(|m| m.id.is_some() && m.id < first);
    if older.is_empty() {
        thread.older = upto.meta.next_cursor.is_some();
    }
    thread.messages = older;
    thread.messages.extend(upto.data);
    thread.messages.extend(after.data);
    if more {
        thread.messages.extend(rest.into_iter().filter(|m| m.id > last));
    } else {
        thread.around = None;
    }
    thread.loaded = true;
    thread.error = None;
    if !first_time {
        return;
    }
    if !found {
        toast(state, Tone::Plain, "That message is gone; this is where it stood");
    }
    place(state, out, id);
}

fn is_full(page: &Page<MessageView>) -> bool {
    page.data.iter().filter(|m| m.id.is_some()).count() >= thread::PAGE as usize
}

fn refused(state: &mut State, id: ConversationId, failure: Failure) {
    live::failed(state, &failure);
    if failure.lost {
        return; // Read when the daemon is back.
    }
    if failure.code == Some(Code::NotFound) {
        toast(state, Tone::Bad, format!("Conversation #{id} is gone from Chatwoot"));
        if state.open == Some(id) && state.composer.is_none() {
            state.focus = Focus::List;
        }
    }
    if let Some(thread) = state.threads.get_mut(&id) {
        thread.error = Some(failure.message);
        thread.loaded = true;
    }
}

/// Puts the marked message in the middle of the screen; a long one begins at the top.
pub(super) fn place(state: &mut State, out: &mut Out, id: ConversationId) {
    let Some(mark) = state.threads.get(&id).and_then(|thread| thread.mark) else { return };
    let Some((shown, width, page)) = thread::place(state) else { return };
    if shown != id {
        return;
    }
    let items = message::items(state, id);
    let upto = |m: &MessageView| m.id.is_some_and(|id| id <= mark);
    let Some(at) = items.iter().rposition(|item| matches!(item, message::Item::Message(m) if upto(m))) else { return };
    let height = message::height(state, id, &items, at, width);
    let item = items.get(at).map(message::Item::name).unwrap_or_default();
    let (page, height) = (isize::try_from(page).unwrap_or(0), isize::try_from(height).unwrap_or(0));
    if let Some(thread) = state.threads.get_mut(&id) {
        thread.anchor = Some(Anchor { item, hidden: 0 });
    }
    thread::scroll(state, out, -(page / 2).min(page - height));
}

/// Asks for newer messages when the place on the screen nears their end. `below` items are under it.
pub(super) fn ahead(state: &mut State, out: &mut Out, id: ConversationId, below: usize) {
    let Some(thread) = state.threads.get_mut(&id).filter(|thread| thread.around.is_some() && !thread.loading_newer) else { return };
    if below < AHEAD
        && let Some(after) = thread.messages.iter().filter_map(|m| m.id).max()
    {
        thread.loading_newer = true;
        out.push(Effect::Newer { id, after: after.0 });
    }
}

/// Newer messages came; those that do not follow what is known are dropped.
pub(super) fn newer(state: &mut State, id: ConversationId, after: i64, result: Outcome<Page<MessageView>>) {
    let page = match result {
        Ok(page) => Some(page),
        Err(failure) => {
            live::failed(state, &failure);
            None
        }
    };
    let Some(thread) = state.threads.get_mut(&id).filter(|t| t.messages.iter().filter_map(|m| m.id).max() == Some(MessageId(after))) else {
        return;
    };
    thread.loading_newer = false;
    let Some(page) = page.filter(|_| thread.around.is_some()) else { return };
    if !is_full(&page) {
        thread.around = None;
    }
    thread.messages.extend(page.data);
    let extra = thread.messages.len().saturating_sub(MESSAGES_MAX);
    if extra > 0 {
        thread.messages.drain(..extra);
        thread.older = true;
    }
}
