//! Beginning a conversation: with whom, in which inbox, then the composer; and the way to it once it is there. Notes about a contact.

use api::contact::{ContactInboxView, ContactNoteView};
use api::event::Activity;
use api::id::{ConversationId, OutboxId};
use api::inbox::OutboxView;
use api::page::Page;

use super::{Out, compose, contacts, keys, live, pick, read, thread, toast, undo};
use crate::event::{Act, Effect, Outcome, Purpose};
use crate::state::{ContactItem, Focus, Pick, PickLine, Picked, Read, Screen, State, Tone, Waits};
use crate::text;
use crate::view::contacts::{inbox_name, name_of};
use crate::view::ui::seconds_until;

/// Conversations that are waited for; more at once nobody begins.
const BEGUN_MAX: usize = 20;
/// Cells of an inbox's name beside why none can be begun there.
const NAME_CELLS: usize = 16;

/// From the list: whoever is chosen next is written to. From a contact: that one.
pub(super) fn ask(state: &mut State, out: &mut Out) {
    let card = state.contacts.card.as_ref().map(|card| card.id);
    match card.filter(|_| state.screen == Screen::Contacts && state.focus == Focus::Open) {
        Some(id) => inboxes(state, out, id),
        None if state.screen == Screen::Contacts => chosen(state, out),
        None => {
            contacts::show(state);
            state.contacts.beginning = true;
            contacts::filter(state);
        }
    }
}

/// The chosen row of the contacts is written to.
pub(super) fn chosen(state: &mut State, out: &mut Out) {
    contacts::open(state);
    if let Some(id) = state.contacts.card.as_ref().map(|card| card.id).filter(|_| state.focus == Focus::Open) {
        inboxes(state, out, id);
    }
}

fn inboxes(state: &mut State, out: &mut Out, id: i64) {
    state.acts.waits = Some(Waits::Inboxes(id));
    out.push(Effect::Act(Box::new(Act::ContactInboxes(id))));
}

/// The inboxes came; a key meanwhile has said that nobody waits for them.
pub(super) fn offered(state: &mut State, id: i64, result: Outcome<Vec<ContactInboxView>>) {
    if state.acts.waits != Some(Waits::Inboxes(id)) {
        if let Err(failure) = &result {
            live::failed(state, failure);
        }
        return;
    }
    state.acts.waits = None;
    let inboxes = match result {
        Ok(inboxes) => inboxes,
        Err(failure) => {
            live::failed(state, &failure);
            return toast(state, Tone::Bad, format!("Where {} can be written to is not known: {}", name_of(state, id), failure.message));
        }
    };
    if inboxes.is_empty() {
        return toast(state, Tone::Plain, "There is no inbox to begin in");
    }
    let mut letters = ('a'..='z').filter(|letter| !matches!(letter, 'h' | 'j' | 'k' | 'l' | 'q'));
    let lines = inboxes.into_iter().map(|inbox| {
        let (name, choice) = (text::line(&inbox.name), Picked::Begin(id, inbox.id));
        match inbox.refusal {
            None => PickLine { letter: letters.next(), label: name, note: text::line(&inbox.channel), disabled: None, choice },
            // Why not comes from the daemon, so it stands in the line itself.
            Some(why) => {
                let label = format!("{}: {}", text::truncate(&name, NAME_CELLS), text::line(&why));
                PickLine { letter: None, label, note: String::new(), disabled: Some(""), choice }
            }
        }
    });
    let (title, lines) = (format!("New conversation with {}, in which inbox", name_of(state, id)), lines.collect());
    pick::show(state, Pick { title, lines, cursor: 0 });
}

/// Opens a composer that belongs to a contact, on that contact's card.
pub(super) fn write(state: &mut State, out: &mut Out, purpose: Purpose) {
    if let Some(id) = purpose.contact() {
        contacts::open_id(state, id);
        state.contacts.beginning = false;
        state.contacts.typing = None;
    }
    compose::open(state, out, purpose);
}

/// Writes a note about the opened contact.
pub(super) fn note(state: &mut State, out: &mut Out) {
    if let Some(id) = state.contacts.card.as_ref().map(|card| card.id) {
        keys::write(state, out, Purpose::ContactNote(id));
    }
}

/// Why nothing can be written to the contact that is meant; `None` when it can.
pub(crate) fn refusal(state: &State) -> Option<&'static str> {
    state.barred()
}

/// Notes came.
pub(super) fn notes(state: &mut State, id: i64, result: Outcome<Page<ContactNoteView>>) {
    let failure = result.as_ref().err().cloned();
    let Some(card) = state.contacts.card.as_mut().filter(|card| card.id == id) else { return };
    match result {
        Ok(page) => {
            // The cursor stays on what it stood on.
            let chosen = match card.items().get(card.cursor) {
                Some(ContactItem::Note(note)) => Some((note.id, note.outbox_id)),
                _ => None,
            };
            let first = card.fields().len() + card.conversations.len();
            let below = card.cursor >= first + card.notes.len().min(crate::state::NOTES_MAX);
            let before = card.notes.len().min(crate::state::NOTES_MAX);
            card.notes = page.data;
            card.notes_meta = Some(page.meta);
            card.notes_error = None;
            let now = card.notes.len().min(crate::state::NOTES_MAX);
            match chosen.and_then(|was| card.notes.iter().position(|note| (note.id, note.outbox_id) == was)) {
                Some(at) => card.cursor = first + at,
                None if below => card.cursor = card.cursor + now - before,
                None => {}
            }
            card.cursor = card.cursor.min(card.items().len().saturating_sub(1));
        }
        Err(failure) => {
            card.due |= failure.lost;
            card.notes_error = (!failure.lost && card.notes_meta.is_none()).then(|| failure.message.clone());
        }
    }
    if let Some(failure) = failure {
        live::failed(state, &failure);
    }
}

/// The daemon has a note or a conversation that is to be begun.
pub(super) fn accepted(state: &mut State, out: &mut Out, purpose: Purpose, entry: OutboxView) {
    undo::push(state, crate::state::Undo::Message(entry.id));
    let words = match purpose {
        Purpose::Begin(contact, inbox) => {
            let name = name_of(state, contact);
            state.contacts.begun.push((entry.id, name.clone()));
            let extra = state.contacts.begun.len().saturating_sub(BEGUN_MAX);
            state.contacts.begun.drain(..extra);
            let what = format!("Conversation with {name} via {} queued", inbox_name(state, inbox));
            match seconds_until(state.now, entry.sends_at) {
                seconds @ 1.. => format!("{what}; leaves in {seconds} s, u takes it back"),
                _ => format!("{what}; it opens when it is there"),
            }
        }
        _ => "Note saved; it is on its way to Chatwoot".to_owned(),
    };
    if let Some(card) = &mut state.contacts.card {
        card.due = true;
    }
    read(state, out, Read::Outbox);
    state.status_due = true;
    toast(state, Tone::Good, words);
}

/// An outbox entry changed: a conversation that was begun here opens, unless something else is done meanwhile.
pub(super) fn heard(state: &mut State, out: &mut Out, activity: &Activity) {
    let word = |key: &str| activity.data.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let contact = activity.data.get("contact_id").and_then(serde_json::Value::as_i64);
    if let Some(card) = state.contacts.card.as_mut().filter(|card| Some(card.id) == contact) {
        card.due = true;
    }
    let Ok(id) = activity.subject_id.parse::<OutboxId>() else { return };
    let Some(at) = state.contacts.begun.iter().position(|(known, _)| *known == id) else { return };
    match word("state").as_str() {
        "done" => {}
        "cancelled" | "failed" => {
            state.contacts.begun.remove(at);
            return;
        }
        _ => return,
    }
    let (_, name) = state.contacts.begun.remove(at);
    let Some(conversation) = activity.conversation_id.map(ConversationId) else { return };
    let idle = state.composer.is_none() && state.overlay.is_none() && state.prefix.is_none() && state.contacts.typing.is_none();
    if idle && state.screen == Screen::Contacts {
        thread::open(state, out, conversation);
        state.back_to = Some(Screen::Contacts);
    }
    toast(state, Tone::Good, format!("#{conversation} with {name} is begun"));
}
