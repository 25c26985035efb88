//! The search screen: the line asks as it is typed, results open at their message.

use api::search::{SearchPage, SearchQuery};
use jiff::SignedDuration;

use super::{Out, contacts, live, moved, toast, window};
use crate::event::{Effect, Outcome};
use crate::layout;
use crate::state::{Focus, Hit, Screen, State, Tone};

/// Messages of a page.
const PAGE: u32 = 50;
/// Messages kept at most: whoever has read so many types another word.
const MESSAGES_MAX: usize = 1_000;
/// So many rows before the end the next page is asked for.
const AHEAD: usize = 15;
/// How long the line rests before it is asked: a fast typist's next key comes sooner.
const REST: SignedDuration = SignedDuration::from_millis(150);
/// Characters of the line at most; the daemon's own limit.
const LINE_MAX: usize = 500;

/// Shows the screen with the cursor in its line; from a result's conversation, its results.
pub(super) fn show(state: &mut State) {
    let back = state.screen == Screen::Search && state.focus == Focus::Open;
    state.screen = Screen::Search;
    state.focus = Focus::List;
    state.search.typing = !back;
    keep_visible(state);
}

/// Text for the line.
pub(super) fn insert(state: &mut State, text: &str) {
    let room = LINE_MAX.saturating_sub(state.search.line.text().chars().count());
    let text: String = text.chars().take(room).collect();
    state.search.line.insert(&text);
    changed(state);
}

/// The line says something else: what was found for it before is dropped when the new answer is in, and what is on its way at once.
pub(super) fn changed(state: &mut State) {
    let search = &mut state.search;
    search.generation += 1;
    search.error = None;
    search.loaded = false;
    search.typed_at = Some(state.now);
    if search.is_blank() {
        search.typed_at = None;
        clear(state);
    }
}

fn clear(state: &mut State) {
    let search = &mut state.search;
    search.messages.clear();
    search.contacts.clear();
    search.canned.clear();
    (search.cursor, search.top, search.total, search.next_cursor) = (0, 0, 0, None);
}

/// Time passes: asks what the line says, and shows the chosen message beside the results where there is room.
pub(super) fn tick(state: &mut State, out: &mut Out) {
    if state.screen != Screen::Search {
        return;
    }
    if state.search.typed_at.is_some_and(|at| state.now.duration_since(at) >= REST) && !state.search.loading {
        state.search.typed_at = None;
        ask(state, out, None);
    }
    if state.focus == Focus::Open {
        if let Some(id) = state.open {
            super::thread::ensure(state, out, id);
        }
    } else if state.search.moved_at.is_none_or(|at| state.now.duration_since(at) >= REST)
        && layout::panes(state).open.is_some()
        && let Some((id, message)) = state.search.chosen()
    {
        window::at(state, out, id, message);
    }
}

fn ask(state: &mut State, out: &mut Out, cursor: Option<String>) {
    state.search.loading = true;
    let query = SearchQuery { q: state.search.line.text().to_owned(), limit: Some(PAGE), cursor, ..SearchQuery::default() };
    out.push(Effect::Search { generation: state.search.generation, query });
}

/// Asks again: the daemon is back, or a key said so.
pub(super) fn refetch(state: &mut State) {
    if !state.search.is_blank() {
        state.search.generation += 1;
        state.search.typed_at = Some(state.now);
    }
}

/// An answer came.
pub(super) fn page(state: &mut State, out: &mut Out, generation: u64, more: bool, result: Outcome<SearchPage>) {
    state.search.loading = false;
    if generation != state.search.generation {
        return;
    }
    let page = match result {
        Ok(page) => page,
        Err(failure) => {
            live::failed(state, &failure);
            if failure.lost {
                // Asked again when the daemon is back.
                state.search.typed_at = Some(state.now);
            } else {
                clear(state);
                let said = failure.message.strip_prefix("q: ").unwrap_or(&failure.message);
                state.search.error = Some(said.to_owned());
            }
            return;
        }
    };
    let chosen = state.search.chosen().filter(|_| !state.search.typing);
    if !more {
        clear(state);
        state.search.contacts = page.contacts;
        state.search.canned = page.canned_responses;
    }
    let search = &mut state.search;
    search.loaded = true;
    search.error = None;
    search.total = page.meta.total;
    search.messages.extend(page.data);
    if !more && let Some((_, id)) = chosen {
        let before = search.len() - search.messages.len();
        search.cursor = search.messages.iter().position(|message| message.id == id).map_or(0, |at| before + at);
    }
    search.next_cursor = page.meta.next_cursor.filter(|_| search.messages.len() < MESSAGES_MAX);
    keep_visible(state);
    ahead(state, out);
}

/// Enter in the line: the results have the keys.
pub(super) fn results(state: &mut State) {
    // What other words found is not left under the next key.
    let behind = state.search.typed_at.is_some() || state.search.loading;
    if !behind && !state.search.is_empty() {
        state.search.typing = false;
    }
}

/// Esc: out of the line, then off the screen.
pub(super) fn back(state: &mut State) {
    if state.search.typing && !state.search.is_empty() {
        state.search.typing = false;
    } else {
        state.search.typing = false;
        state.screen = Screen::Inbox;
        state.focus = Focus::List;
        super::list::keep_visible(state);
    }
}

/// Moves the cursor by rows.
pub(super) fn move_by(state: &mut State, out: &mut Out, by: isize) {
    state.search.moved_at = Some(state.now);
    state.search.cursor = moved(state.search.cursor, by, state.search.len());
    keep_visible(state);
    ahead(state, out);
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(page) = layout::rows_page(state) else { return };
    let len = state.search.len();
    let search = &mut state.search;
    search.cursor = search.cursor.min(len.saturating_sub(1));
    search.top = search.top.min(search.cursor).max((search.cursor + 1).saturating_sub(page)).min(len.saturating_sub(page));
}

fn ahead(state: &mut State, out: &mut Out) {
    let search = &state.search;
    let near = search.cursor + AHEAD + layout::rows_page(state).unwrap_or(1) >= search.len();
    if near
        && !search.loading
        && search.typed_at.is_none()
        && let Some(cursor) = search.next_cursor.clone()
    {
        ask(state, out, Some(cursor));
    }
}

/// Opens the chosen row: a message in its conversation, a contact on its screen, a canned response as a copy.
pub(super) fn open(state: &mut State, out: &mut Out) {
    match state.search.hit(state.search.cursor) {
        Some(Hit::Message(found)) => {
            let (id, message) = (found.conversation_id, found.id);
            state.focus = Focus::Open;
            state.open = Some(id);
            window::at(state, out, id, message);
            window::place(state, out, id);
        }
        Some(Hit::Contact(contact)) => {
            let id = contact.id;
            contacts::open_id(state, id);
            state.back_to = Some(Screen::Search);
        }
        Some(Hit::Canned(canned)) => {
            let (code, text) = (crate::text::line(&canned.short_code), canned.content.clone());
            super::clip::copy(state, out, format!("Copied the text of /{code}"), text);
        }
        None => {}
    }
}

/// The next result that is a message, or the one before, while one is read.
pub(super) fn neighbour(state: &mut State, out: &mut Out, by: isize) {
    let before = state.search.cursor;
    move_by(state, out, by);
    if state.search.chosen().is_some() && state.search.cursor != before {
        open(state, out);
    } else {
        state.search.cursor = before;
        toast(state, Tone::Plain, if by > 0 { "That was the last result" } else { "That was the first result" });
    }
}
