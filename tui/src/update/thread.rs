//! Opened conversations: their messages, older pages, and the place on the screen.

use std::collections::BTreeSet;

use api::id::ConversationId;
use api::inbox::{MessageType, MessageView};
use api::page::Page;

use super::{Out, ended, live, read, window};
use crate::event::{Effect, Outcome};
use crate::layout;
use crate::state::{Anchor, Focus, Read, Screen, State, Thread};
use crate::view::message;

/// Messages of a page.
pub(crate) const PAGE: u32 = 50;
/// Threads kept for going back and forth.
const THREADS_MAX: usize = 16;
/// Messages kept of one thread; whoever scrolls further up reads on, and the newest are read again at the end.
pub(super) const MESSAGES_MAX: usize = 3_000;
/// So many lines before the top older messages are asked for.
const AHEAD: usize = 40;

/// Opens a conversation and gives it the keys.
pub(super) fn open(state: &mut State, out: &mut Out, id: ConversationId) {
    // What was opened from a result stays there, so that Esc goes back to the results.
    if state.screen != Screen::Search || state.focus != Focus::Open || state.open != Some(id) {
        state.screen = Screen::Inbox;
    }
    if state.open != Some(id) {
        state.back_to = None;
    }
    state.focus = Focus::Open;
    state.open = Some(id);
    window::to_newest(state, out, id);
    if !state.conversations.contains_key(&id) {
        read(state, out, Read::Conversation(id));
    }
    ensure(state, out, id);
}

/// Reads a conversation's messages if they are not known.
pub(super) fn ensure(state: &mut State, out: &mut Out, id: ConversationId) {
    state.counter += 1;
    let used = state.counter;
    let thread = state.threads.entry(id).or_default();
    thread.used = used;
    let what = newest_or_around(thread, id);
    if !thread.loaded && !state.reads.contains_key(&what) {
        read(state, out, what);
    }
    if state.threads.len() > THREADS_MAX {
        let keep: BTreeSet<_> = [state.shown(), state.open, Some(id)].into_iter().flatten().collect();
        let oldest = state.threads.iter().filter(|(id, _)| !keep.contains(id)).min_by_key(|(_, t)| t.used).map(|(id, _)| *id);
        if let Some(oldest) = oldest {
            state.threads.remove(&oldest);
        }
    }
}

/// How a thread is read again.
fn newest_or_around(thread: &Thread, id: ConversationId) -> Read {
    if thread.around.is_some() { Read::Around(id) } else { Read::Messages(id) }
}

/// Something happened in a conversation: reads its messages now if they are on the screen, later if not.
pub(super) fn refresh(state: &mut State, out: &mut Out, id: ConversationId) {
    let shown = state.shown() == Some(id);
    if let Some(thread) = state.threads.get_mut(&id) {
        if shown {
            let what = newest_or_around(thread, id);
            read(state, out, what);
        } else {
            thread.loaded = false;
        }
    }
}

/// Messages came.
pub(super) fn messages(state: &mut State, out: &mut Out, id: ConversationId, older: bool, result: Outcome<Page<MessageView>>) {
    if !older {
        ended(state, out, Read::Messages(id));
    }
    if older && let Some(thread) = state.threads.get_mut(&id).filter(|thread| thread.late > 0) {
        thread.late -= 1; // Asked for before another part of the conversation was opened.
        return;
    }
    let (page, more) = match result {
        Ok(page) => (page.data, page.meta.next_cursor.is_some()),
        Err(failure) => {
            live::failed(state, &failure);
            if let Some(thread) = state.threads.get_mut(&id) {
                thread.loading_older = false;
                if !failure.lost {
                    thread.error = Some(failure.message);
                    thread.loaded = true;
                }
            }
            return;
        }
    };
    let Some(thread) = state.threads.get_mut(&id) else { return };
    if !older && thread.around.is_some() {
        return;
    }
    let before = newest_incoming(&thread.messages);
    let had = thread.loaded || !thread.messages.is_empty();
    thread.error = None;
    if older {
        thread.loading_older = false;
        merge_older(thread, page, more);
    } else {
        merge_newest(thread, page, more);
        thread.loaded = true;
    }
    let wrote = newest_incoming(&thread.messages) > before;
    if had
        && wrote
        && let Some(composer) = state.composer.as_mut().filter(|c| c.purpose.conversation() == Some(id))
    {
        composer.news = true;
    }
}

fn newest_incoming(messages: &[MessageView]) -> Option<i64> {
    messages.iter().filter(|m| m.message_type == MessageType::Incoming).filter_map(|m| m.id).map(|id| id.0).max()
}

fn merge_newest(thread: &mut Thread, page: Vec<MessageView>, more: bool) {
    let first = page.iter().filter_map(|m| m.id).min();
    let mut messages = std::mem::take(&mut thread.messages);
    let touches = messages.iter().any(|m| m.id.is_some() && m.id >= first);
    // Kept: what is older than the page. With a hole between, nothing: it is read again when it is scrolled to.
    messages.retain(|m| more && touches && m.id.is_some() && m.id < first);
    if messages.is_empty() {
        thread.older = more;
    }
    messages.extend(page);
    let extra = messages.len().saturating_sub(MESSAGES_MAX);
    if extra > 0 {
        messages.drain(..extra);
        thread.older = true;
    }
    thread.messages = messages;
}

fn merge_older(thread: &mut Thread, page: Vec<MessageView>, more: bool) {
    thread.older = more && thread.messages.len() + page.len() < MESSAGES_MAX;
    let known: BTreeSet<_> = thread.messages.iter().filter_map(|m| m.id).collect();
    let mut messages: Vec<_> = page.into_iter().filter(|m| m.id.is_some_and(|id| !known.contains(&id))).collect();
    messages.append(&mut thread.messages);
    thread.messages = messages;
}

/// Scrolls the shown thread: positive towards its beginning.
pub(super) fn scroll(state: &mut State, out: &mut Out, by: isize) {
    let Some((id, width, page)) = place(state) else { return };
    let items = message::items(state, id);
    let at = state.threads.get(&id).and_then(|t| t.anchor.as_ref()).and_then(|anchor| message::find(&items, anchor));
    let height = |i: usize| message::height(state, id, &items, i, width);
    let to = layout::scrolled(items.len(), height, at, by, page);
    let anchor = to.and_then(|(i, hidden)| items.get(i).map(|item| Anchor { item: item.name(), hidden }));
    // Older messages are asked for when little is left above.
    let mut left = 0;
    let mut i = to.map_or(items.len(), |(i, _)| i + 1);
    while i > 0 && left < page + AHEAD {
        i -= 1;
        left += height(i);
    }
    let near = i == 0 && left < page + AHEAD;
    let below = items.len() - to.map_or(items.len(), |(i, _)| i + 1);
    let Some(thread) = state.threads.get_mut(&id) else { return };
    thread.anchor = anchor;
    if by < 0 {
        window::ahead(state, out, id, below);
        return;
    }
    if by > 0 && near && thread.older && !thread.loading_older {
        thread.loading_older = true;
        let before = thread.messages.iter().filter_map(|m| m.id).map(|id| id.0).min();
        out.push(Effect::Messages { id, before });
    }
}

/// Lines of the shown thread that are on the screen at once.
pub(super) fn page(state: &State) -> usize {
    place(state).map_or(1, |(.., page)| page)
}

/// The shown thread, the cells of its rows, and its lines on the screen.
pub(super) fn place(state: &State) -> Option<(ConversationId, usize, usize)> {
    let id = state.shown()?;
    let pane = layout::panes(state).open?;
    let parts = layout::open_parts(state, pane, 0);
    Some((id, layout::message_width(pane), usize::from(parts.body.height).max(1)))
}
