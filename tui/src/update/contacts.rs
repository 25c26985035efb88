//! The contacts screen: the list as it is filtered, one contact with its conversations, and the way from there to one of them.

use api::Code;
use api::contact::{ContactDetail, ContactQuery};
use api::inbox::{ConversationQuery, ConversationView, Sort};
use api::page::Page;
use jiff::SignedDuration;

use super::{Out, ended, live, moved, read, thread, toast};
use crate::editor::Editor;
use crate::event::{Act, Effect, Outcome};
use crate::layout;
use crate::state::{ContactCard, ContactItem, Focus, Read, Screen, State, Tone};

/// Rows of a page.
const PAGE: u32 = 100;
/// Rows kept at most: whoever looks for one among more types a part of the name.
const ROWS_MAX: usize = 5_000;
/// So many rows before the end the next page is asked for.
const AHEAD: usize = 40;
/// How long the filter line rests before it is asked.
const REST: SignedDuration = SignedDuration::from_millis(150);
/// Characters of the filter at most; the daemon's own limit is higher.
const FILTER_MAX: usize = 200;
/// Conversations of one contact that are shown.
const CONVERSATIONS: u32 = 50;

/// Shows the list; from a contact, the list too.
pub(super) fn show(state: &mut State) {
    state.screen = Screen::Contacts;
    state.focus = Focus::List;
    state.contacts.beginning = false;
    if !state.contacts.loaded && state.contacts.due_at.is_none() {
        due(state);
    }
    keep_visible(state);
}

/// The list is to be read with the next tick.
fn due(state: &mut State) {
    state.contacts.generation += 1;
    state.contacts.due_at = Some(state.now);
}

/// Reads again what is shown.
pub(super) fn refetch(state: &mut State) {
    if state.contacts.loaded || state.screen == Screen::Contacts {
        due(state);
    }
    if let Some(card) = &mut state.contacts.card {
        card.due = true;
    }
}

/// A contact changed or is gone.
pub(super) fn changed(state: &mut State, id: i64) {
    if state.contacts.rows.iter().any(|row| row.contact.id == id) {
        due(state);
    }
    if let Some(card) = state.contacts.card.as_mut().filter(|card| card.id == id) {
        card.due = true;
    }
}

/// Begins or goes on with the filter.
pub(super) fn filter(state: &mut State) {
    state.contacts.typing = Some(Editor::new(state.contacts.query.clone()));
}

/// Text for the filter line.
pub(super) fn insert(state: &mut State, text: &str) {
    let Some(line) = &mut state.contacts.typing else { return };
    let room = FILTER_MAX.saturating_sub(line.text().chars().count());
    let text: String = text.chars().take(room).collect();
    line.insert(&text);
    filtered(state);
}

/// The filter line may say something else.
pub(super) fn filtered(state: &mut State) {
    let text = state.contacts.typing.as_ref().map(|line| line.text().to_owned()).unwrap_or_default();
    if text != state.contacts.query {
        state.contacts.query = text;
        due(state);
    }
}

/// Ends the filter line: kept as it is, or dropped.
pub(super) fn end_filter(state: &mut State, keep: bool) {
    state.contacts.typing = None;
    if !keep {
        filtered(state);
    }
}

/// Time passes.
pub(super) fn tick(state: &mut State, out: &mut Out) {
    if state.screen != Screen::Contacts {
        return;
    }
    let rest = if state.contacts.typing.is_some() { REST } else { SignedDuration::ZERO };
    if state.contacts.due_at.is_some_and(|at| state.now.duration_since(at) >= rest) && !state.contacts.loading {
        state.contacts.due_at = None;
        ask(state, out, None);
    }
    // A contact under the resting cursor shows beside the list.
    let rests = state.contacts.moved_at.is_none_or(|at| state.now.duration_since(at) >= REST);
    if rests && state.focus == Focus::List && layout::panes(state).open.is_some() {
        rest_on(state);
    }
    if state.focus == Focus::Open || layout::panes(state).open.is_some() {
        let shown = state.contacts.card.as_mut().filter(|card| card.due).map(|card| {
            card.due = false;
            card.id
        });
        if let Some(id) = shown {
            read(state, out, Read::Contact(id));
            read(state, out, Read::ConversationsOf(id));
            out.push(Effect::Act(Box::new(Act::ContactNotes(id))));
        }
    }
}

fn ask(state: &mut State, out: &mut Out, cursor: Option<String>) {
    state.contacts.loading = true;
    let q = state.contacts.query.trim();
    let query = ContactQuery { q: (!q.is_empty()).then(|| q.to_owned()), limit: Some(PAGE), cursor };
    out.push(Effect::Contacts { generation: state.contacts.generation, query });
}

/// What a contact's conversations are asked with.
pub(crate) fn conversations_of(id: i64) -> ConversationQuery {
    ConversationQuery {
        status: Some("all".to_owned()),
        contact: Some(id),
        sort: Some(Sort::Activity),
        limit: Some(CONVERSATIONS),
        ..ConversationQuery::default()
    }
}

/// A page of the list came.
pub(super) fn page(state: &mut State, out: &mut Out, generation: u64, more: bool, result: Outcome<Page<ContactDetail>>) {
    state.contacts.loading = false;
    if generation != state.contacts.generation {
        return;
    }
    let page = match result {
        Ok(page) => page,
        Err(failure) => {
            live::failed(state, &failure);
            if failure.lost {
                state.contacts.due_at = Some(state.now); // Asked again when the daemon is back.
            } else {
                state.contacts.error = Some(failure.message.strip_prefix("q: ").unwrap_or(&failure.message).to_owned());
            }
            return;
        }
    };
    let chosen = state.contacts.rows.get(state.contacts.cursor).map(|row| row.contact.id);
    let contacts = &mut state.contacts;
    if !more {
        contacts.rows.clear();
    }
    contacts.loaded = true;
    contacts.error = None;
    contacts.rows.extend(page.data);
    contacts.total = page.meta.total;
    contacts.next_cursor = page.meta.next_cursor.filter(|_| contacts.rows.len() < ROWS_MAX);
    // The cursor stays on its contact.
    let at = chosen.and_then(|id| contacts.rows.iter().position(|row| row.contact.id == id));
    contacts.cursor = at.unwrap_or(if more { contacts.cursor } else { 0 });
    keep_visible(state);
    ahead(state, out);
}

/// Moves the cursor by rows.
pub(super) fn move_by(state: &mut State, out: &mut Out, by: isize) {
    state.contacts.moved_at = Some(state.now);
    state.contacts.cursor = moved(state.contacts.cursor, by, state.contacts.rows.len());
    keep_visible(state);
    ahead(state, out);
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(page) = layout::rows_page(state) else { return };
    let contacts = &mut state.contacts;
    let len = contacts.rows.len();
    contacts.cursor = contacts.cursor.min(len.saturating_sub(1));
    contacts.top = contacts.top.min(contacts.cursor).max((contacts.cursor + 1).saturating_sub(page)).min(len.saturating_sub(page));
}

fn ahead(state: &mut State, out: &mut Out) {
    let contacts = &state.contacts;
    let near = contacts.cursor + AHEAD + layout::rows_page(state).unwrap_or(1) >= contacts.rows.len();
    if near
        && !contacts.loading
        && contacts.due_at.is_none()
        && let Some(cursor) = contacts.next_cursor.clone()
    {
        ask(state, out, Some(cursor));
    }
}

/// Shows the chosen row, if another is shown.
fn rest_on(state: &mut State) {
    let Some(row) = state.contacts.rows.get(state.contacts.cursor) else { return };
    if state.contacts.card.as_ref().is_none_or(|card| card.id != row.contact.id) {
        state.contacts.card = Some(ContactCard::new(row.contact.id, Some(row.clone())));
    }
}

/// Opens the chosen contact.
pub(super) fn open(state: &mut State) {
    rest_on(state);
    state.back_to = None;
    if state.contacts.card.is_some() && !state.contacts.rows.is_empty() {
        state.focus = Focus::Open;
    }
}

/// Opens a contact that was found elsewhere.
pub(super) fn open_id(state: &mut State, id: i64) {
    show(state);
    if let Some(at) = state.contacts.rows.iter().position(|row| row.contact.id == id) {
        state.contacts.cursor = at;
        keep_visible(state);
    }
    if state.contacts.card.as_ref().is_none_or(|card| card.id != id) {
        state.contacts.card = Some(ContactCard::new(id, None));
    }
    state.focus = Focus::Open;
}

/// Moves the cursor in the contact.
pub(super) fn move_in(state: &mut State, by: isize) {
    if let Some(card) = &mut state.contacts.card {
        card.cursor = moved(card.cursor, by, card.items().len());
    }
}

/// Opens the conversation under the cursor, or copies the value.
pub(super) fn choose(state: &mut State, out: &mut Out) {
    let Some(card) = &state.contacts.card else { return };
    match card.items().get(card.cursor) {
        Some(ContactItem::Conversation(view)) => {
            let id = view.id;
            thread::open(state, out, id);
            state.back_to = Some(Screen::Contacts);
        }
        Some(ContactItem::Field(name, value)) => {
            let (name, value) = (crate::text::line(name), value.clone());
            super::clip::copy(state, out, format!("Copied: {name}"), value);
        }
        Some(ContactItem::Note(note)) => {
            let (who, content) = (note.author.as_ref().map(|author| crate::text::line(&author.name)), note.content.clone());
            let title = format!("Note about a contact, by {}", who.unwrap_or_else(|| "somebody".to_owned()));
            super::clip::show(state, title, &content);
        }
        None => {}
    }
}

/// Esc: out of the contact, out of the filter, then off the screen.
pub(super) fn back(state: &mut State) {
    if state.focus == Focus::Open {
        state.focus = Focus::List;
        keep_visible(state);
    } else if !state.contacts.query.is_empty() {
        state.contacts.query.clear();
        due(state);
    } else {
        state.contacts.beginning = false;
        state.screen = Screen::Inbox;
        super::list::keep_visible(state);
    }
}

/// A contact came.
pub(super) fn one(state: &mut State, out: &mut Out, id: i64, result: Outcome<ContactDetail>) {
    ended(state, out, Read::Contact(id));
    let lost_or_gone = result.as_ref().err().map(|failure| (failure.lost, failure.code == Some(Code::NotFound)));
    let Some(card) = state.contacts.card.as_mut().filter(|card| card.id == id) else { return };
    match result {
        Ok(detail) => {
            card.detail = Some(detail);
            card.error = None;
            card.cursor = card.cursor.min(card.items().len().saturating_sub(1));
        }
        Err(failure) => {
            card.due = failure.lost;
            card.error = (!failure.lost).then(|| failure.message.clone());
            live::failed(state, &failure);
        }
    }
    if lost_or_gone == Some((false, true)) {
        toast(state, Tone::Bad, "That contact is gone from Chatwoot");
        state.contacts.card = None;
        if state.screen == Screen::Contacts {
            state.focus = Focus::List;
        }
        due(state);
    }
}

/// A contact's conversations came.
pub(super) fn conversations(state: &mut State, out: &mut Out, id: i64, result: Outcome<Page<ConversationView>>) {
    ended(state, out, Read::ConversationsOf(id));
    let Some(card) = state.contacts.card.as_mut().filter(|card| card.id == id) else { return };
    match result {
        Ok(page) => {
            let chosen = match card.items().get(card.cursor) {
                Some(ContactItem::Conversation(view)) => Some(view.id),
                _ => None,
            };
            let first = card.fields().len();
            card.total = page.meta.total;
            card.conversations = page.data;
            if let Some(at) = chosen.and_then(|id| card.conversations.iter().position(|view| view.id == id)) {
                card.cursor = first + at;
            } else if !card.loaded {
                // Mostly they are what somebody came for.
                card.cursor = if card.conversations.is_empty() { 0 } else { first };
            }
            card.loaded = true;
            card.cursor = card.cursor.min(card.items().len().saturating_sub(1));
        }
        Err(failure) => {
            card.due = failure.lost;
            live::failed(state, &failure);
        }
    }
}
