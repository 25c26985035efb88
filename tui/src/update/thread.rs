//! Opened conversations: their messages, older pages, and the place on the screen.

use std::collections::BTreeSet;

use api::id::{ConversationId, MessageId};
use api::inbox::{MessageType, MessageView, SenderKind};
use api::page::Page;

use super::{Out, ended, live, mail, read, window};
use crate::event::{Effect, Outcome};
use crate::layout;
use crate::state::{Anchor, Focus, Read, Screen, State, Thread};
use crate::view::message;

/// Messages of a page.
pub(crate) const PAGE: u32 = 50;
/// Threads kept for going back and forth.
const THREADS_MAX: usize = 16;
/// Messages kept of one thread; whoever scrolls further up reads on, and the newest are read again at the end.
pub(super) const MESSAGES_MAX: usize = 6_000;
/// Scrolling so many lines at once means the beginning, and so many back the end.
pub(super) const FAR: isize = 1_000_000;
const TO_END: isize = -FAR;
/// So many lines before the top older messages are asked for.
const AHEAD: usize = 40;

/// Opens a conversation and gives it the keys.
pub(super) fn open(state: &mut State, out: &mut Out, id: ConversationId) {
    let anew = state.open != Some(id) || state.focus != Focus::Open;
    // What was opened from a result stays there, so that Esc goes back to the results.
    if state.screen != Screen::Search || state.focus != Focus::Open || state.open != Some(id) {
        state.screen = Screen::Inbox;
    }
    if anew {
        state.back_to = None;
    }
    if state.open != Some(id) {
        state.find = None;
    }
    state.focus = Focus::Open;
    state.open = Some(id);
    window::to_newest(state, out, id);
    if anew {
        let count = state.conversations.get(&id).map_or(0, |view| view.unread_count);
        let thread = state.threads.entry(id).or_default();
        (thread.unread_due, thread.unread, thread.selected) = (count, None, None);
        first_unread(thread);
    }
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
    let me = state.agent();
    let Some(thread) = state.threads.get_mut(&id) else { return };
    if !older && thread.around.is_some() {
        return;
    }
    let before = newest_incoming(&thread.messages);
    let had = thread.loaded || !thread.messages.is_empty();
    let last = thread.messages.iter().filter_map(|m| m.id).max();
    let ours: Vec<String> = thread.messages.iter().filter(|m| m.id.is_none()).filter_map(|m| m.content.clone()).collect();
    thread.error = None;
    if older {
        thread.loading_older = false;
        merge_older(thread, page, more);
    } else {
        merge_newest(thread, page, more);
        thread.loaded = true;
    }
    first_unread(thread);
    if !older {
        mail::settle(state);
    }
    let Some(thread) = state.threads.get_mut(&id) else { return };
    let wrote = newest_incoming(&thread.messages) > before;
    let answered = answer_of_another(&thread.messages, last, &ours, me).filter(|_| had);
    if let Some(name) = answered
        && let Some(composer) = state.composer.as_mut().filter(|c| c.purpose.conversation() == Some(id))
    {
        composer.answered = Some(name);
    }
    if had
        && wrote
        && let Some(composer) = state.composer.as_mut().filter(|c| c.purpose.conversation() == Some(id))
    {
        composer.news = true;
    }
}

/// Finds the first message that was unread when the conversation was opened, once it is here.
fn first_unread(thread: &mut Thread) {
    let Some(before) = usize::try_from(thread.unread_due).ok().and_then(|count| count.checked_sub(1)) else { return };
    let incoming = || thread.messages.iter().filter(|m| m.message_type == MessageType::Incoming);
    let found = incoming().nth_back(before).or_else(|| incoming().next().filter(|_| thread.loaded && !thread.older));
    if let Some(id) = found.and_then(|message| message.id) {
        (thread.unread, thread.unread_due) = (Some(id), 0);
    }
}

/// Who else replied to the customer after the message `last`. What waited in our outbox under the service user's name is ours.
fn answer_of_another(messages: &[MessageView], last: Option<MessageId>, ours: &[String], me: Option<i64>) -> Option<String> {
    let another = |m: &&MessageView| {
        let is_mine = m.sender.as_ref().is_some_and(|s| s.kind == SenderKind::User && s.id.is_some() && s.id == me);
        let sent_here = m.content.as_ref().is_some_and(|text| ours.contains(text));
        m.message_type == MessageType::Outgoing && !m.private && m.id > last && m.id.is_some() && !is_mine && !sent_here
    };
    let found = messages.iter().rfind(another)?;
    Some(found.sender.as_ref().map_or_else(|| "A colleague".into(), |s| crate::text::line(&s.name)))
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
    let to = match by {
        // The ends are found without measuring what lies between.
        FAR.. => layout::at_the_top(items.len(), height, page),
        ..=TO_END => None,
        _ => layout::scrolled(items.len(), height, at, by, page),
    };
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
    if by > 0 && near {
        read_older(state, out, id);
    }
}

/// Reads the page before the first message; false where there is none.
pub(super) fn read_older(state: &mut State, out: &mut Out, id: ConversationId) -> bool {
    let Some(thread) = state.threads.get_mut(&id).filter(|thread| thread.older) else { return false };
    if !thread.loading_older {
        thread.loading_older = true;
        let before = thread.messages.iter().filter_map(|m| m.id).map(|id| id.0).min();
        out.push(Effect::Messages { id, before });
    }
    true
}

/// Scrolls as little as needed for an item to be on the screen: whole, or from its first line on.
pub(super) fn reveal(state: &mut State, index: usize) {
    let Some((id, width, page)) = place(state) else { return };
    let items = message::items(state, id);
    let Some(last) = items.len().checked_sub(1) else { return };
    let height = |i: usize| message::height(state, id, &items, i, width);
    let anchor = state.threads.get(&id).and_then(|t| t.anchor.as_ref()).and_then(|anchor| message::find(&items, anchor));
    let (lowest, hidden) = anchor.unwrap_or((last, 0));
    let to = if index > lowest || (index == lowest && hidden > 0) {
        (index, 0)
    } else {
        // Lines from the item's first to the screen's last.
        let lines = (index..=lowest).map(height).sum::<usize>().saturating_sub(hidden);
        if lines <= page {
            return;
        }
        // Its first line is the screen's first; what fits below it stays.
        let mut below = 0;
        let mut i = index;
        while i < lowest && below + height(i) < page {
            below += height(i);
            i += 1;
        }
        (i, (below + height(i)).saturating_sub(page))
    };
    let anchor = (to != (last, 0)).then(|| items.get(to.0).map(|item| Anchor { item: item.name(), hidden: to.1 })).flatten();
    if let Some(thread) = state.threads.get_mut(&id) {
        thread.anchor = anchor;
    }
}

/// Scrolls on to the line of a chosen message that holds what is searched for, where the message is longer than the screen.
pub(super) fn reveal_found(state: &mut State, index: usize) {
    let Some((id, width, page)) = place(state) else { return };
    let items = message::items(state, id);
    let Some(line) = message::found_line(state, id, &items, index, width) else { return };
    let height = |i: usize| message::height(state, id, &items, i, width);
    let anchor = state.threads.get(&id).and_then(|t| t.anchor.as_ref()).and_then(|anchor| message::find(&items, anchor));
    let (lowest, hidden) = anchor.unwrap_or((items.len().saturating_sub(1), 0));
    let lines = (index..=lowest).map(height).sum::<usize>().saturating_sub(hidden);
    if (lines.saturating_sub(page)..lines).contains(&line) {
        return;
    }
    // In the middle, so that what it belongs to is read with it.
    let hidden = height(index).saturating_sub(line + 1 + page / 2);
    let end = index + 1 == items.len() && hidden == 0;
    let anchor = items.get(index).filter(|_| !end).map(|item| Anchor { item: item.name(), hidden });
    if let Some(thread) = state.threads.get_mut(&id) {
        thread.anchor = anchor;
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
