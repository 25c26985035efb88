//! What is asked of Chatwoot about one contact, and what is written there besides its fields: notes, and a conversation that is begun.
//!
//! A conversation carries the entry's id as a mark in its `additional_attributes`, which Chatwoot keeps and returns (recording
//! `conv-create`). A note carries none: after an unclear outcome the same words by the same author since then are taken for it.

use std::time::Duration;

use api::contact::ContactInboxView;
use api::inbox::{InboxView, OutboxState};
use api::page::Source;
use chatwoot::model::{ContactNote, ContactableInbox, Conversation};
use chatwoot::rest::NewConversation;
use serde_json::Value;

use super::normalise::MARK;
use super::people::Unasked;
use super::write::{Tried, author, later, left, settled};
use super::{Core, SyncHandle};
use crate::clock::{Micros, SECOND};
use crate::domain::begin;
use crate::store::{ContactNoteRow, OutboxRow, StoreError};

/// How long a person waits for Chatwoot before the copy is shown.
const LIMIT: Duration = Duration::from_secs(5);
/// Characters kept of a note: Chatwoot's limit of its long text columns.
const NOTE_CHARS_MAX: usize = 20_000;
/// Characters kept of a name.
const NAME_CHARS_MAX: usize = 255;
/// Chatwoot writes creation times in whole seconds, and its clock is known to about one.
const SLACK: Micros = 5 * SECOND;

/// Why notes cannot be shown.
#[derive(Debug)]
pub(crate) enum NoNotes {
    /// Chatwoot does not answer, and they were never read.
    Unasked(Unasked),
    /// The store cannot be read or written.
    Store(StoreError),
}

impl SyncHandle {
    /// Brings the copy of a contact's notes up to date where Chatwoot answers. When it was last asked, and whether that was just now.
    pub(crate) async fn contact_notes(&self, id: i64) -> Result<(Micros, Source), NoNotes> {
        let core = &self.core;
        let at = core.now();
        let why = if self.is_ready() {
            let read = core.call_for_person(|client| async move { client.contact_notes(id).await });
            match tokio::time::timeout(LIMIT, read).await {
                Ok(Ok(notes)) => {
                    let mut rows: Vec<ContactNoteRow> = notes.iter().map(row).collect();
                    rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
                    core.write(move |scope| scope.replace_contact_notes(id, at, &rows)).await.map_err(NoNotes::Store)?;
                    return Ok((at, Source::Chatwoot));
                }
                Ok(Err(err)) => self.explain(&err).1,
                Err(_) => "no answer in time".to_owned(),
            }
        } else {
            self.away()
        };
        match core.read(move |scope| scope.contact_notes_read_at(id)).await.map_err(NoNotes::Store)? {
            Some(at) => Ok((at, Source::Store)),
            None => Err(NoNotes::Unasked(Unasked::Unavailable(why))),
        }
    }

    /// The known inboxes, each with whether `user` can begin a conversation with the contact there.
    pub(crate) async fn contact_inboxes(
        &self,
        user: &str,
        id: i64,
        known: Vec<InboxView>,
        (email, phone): (bool, bool),
    ) -> Result<Vec<ContactInboxView>, Unasked> {
        if self.kept_only {
            return Err(Unasked::Unavailable(self.away()));
        }
        let own = self.core.agent_client(user);
        let read = self.core.call_for_person(|client| {
            let client = own.clone().unwrap_or(client);
            async move { client.contactable_inboxes(id).await }
        });
        let late = |_| Unasked::Unavailable("no answer in time".to_owned());
        let open: Vec<ContactableInbox> = tokio::time::timeout(LIMIT, read).await.map_err(late)??;
        let view = |inbox: InboxView| {
            let source = open.iter().find(|open| open.inbox.id == inbox.id).map(|open| open.source_id.as_str());
            let refusal = begin::refusal(&inbox.channel, source, email, phone).map(str::to_owned);
            ContactInboxView { id: inbox.id, name: inbox.name, channel: inbox.channel, refusal }
        };
        Ok(known.into_iter().map(view).collect())
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A note as it is kept.
pub(super) fn row(note: &ContactNote) -> ContactNoteRow {
    let name = |agent: &chatwoot::model::Agent| {
        let shown = if agent.available_name.is_empty() { &agent.name } else { &agent.available_name };
        (agent.id, cut(shown, NAME_CHARS_MAX))
    };
    ContactNoteRow {
        id: note.id,
        content: cut(&note.content, NOTE_CHARS_MAX),
        author: note.user.as_ref().map(name),
        created_at: note.created_at.micros().unwrap_or_default(),
    }
}

fn contact(row: &OutboxRow) -> i64 {
    row.contact_id.unwrap_or_default()
}

/// Writes a note, unless an earlier try turns out to have arrived. `row` is as it was before this try began.
pub(super) async fn note(core: &Core, row: &OutboxRow) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    let (id, content) = (contact(row), core.text(row, &acting));
    if row.unsure {
        let left = left(core, row);
        let written = match acting.client.contact_notes(id).await {
            Ok(notes) => notes,
            Err(err) if err.is_gone() => return Tried::Failed(err),
            Err(err) => return later(core, row, format!("not known yet whether it was written: {err}")),
        };
        let (author, since) = (author(core, &acting).await, row.created_at + core.server().skew - SLACK);
        let ours = |note: &&ContactNote| {
            note.content.trim() == content.trim()
                && note.created_at.micros().is_none_or(|at| at >= since)
                && (author.is_none() || note.user.as_ref().map(|agent| agent.id) == author)
        };
        if let Some(found) = written.iter().find(ours) {
            return Tried::Noted(Box::new(found.clone()));
        }
        if let Some(tried) = settled(core, row, left) {
            return tried;
        }
    }
    match acting.client.create_contact_note(id, &content).await {
        Ok(note) => Tried::Noted(Box::new(note)),
        Err(err) => Tried::Failed(err),
    }
}

/// Deletes a note; one that is gone already is deleted.
pub(super) async fn delete_note(core: &Core, row: &OutboxRow, note: i64) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    match acting.client.delete_contact_note(contact(row), note).await {
        Ok(()) => Tried::Set(None),
        Err(err) if err.is_gone() => Tried::Set(None),
        Err(err) => Tried::Failed(err),
    }
}

/// Begins a conversation, unless an earlier try turns out to have done it. `row` is as it was before this try began.
pub(super) async fn begin(core: &Core, row: &OutboxRow) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    let id = contact(row);
    if row.unsure {
        let left = left(core, row);
        let found = match acting.client.contact_conversations(id).await {
            Ok(newest) => newest.into_iter().find(|one| is_ours(one, row)),
            Err(err) if err.is_gone() => return Tried::Failed(err),
            Err(err) => return later(core, row, format!("not known yet whether it was begun: {err}")),
        };
        if let Some(conversation) = found {
            return Tried::Begun(Box::new(conversation));
        }
        if let Some(tried) = settled(core, row, left) {
            return tried;
        }
    }
    let open = match acting.client.contactable_inboxes(id).await {
        Ok(open) => open,
        Err(err) => return Tried::Failed(err),
    };
    let new = match new(core, row, &open).await {
        Ok(new) => new,
        Err(why) => return Tried::Over(OutboxState::Failed, why),
    };
    match acting.client.create_conversation(&new).await {
        Ok(conversation) => Tried::Begun(Box::new(conversation)),
        Err(err) => Tried::Failed(err),
    }
}

fn is_ours(conversation: &Conversation, row: &OutboxRow) -> bool {
    conversation.additional_attributes.get(MARK).and_then(Value::as_str) == Some(row.id.to_string().as_str())
}

/// The call's body, or why the contact cannot be written to in that inbox.
async fn new(core: &Core, row: &OutboxRow, open: &[ContactableInbox]) -> Result<NewConversation, String> {
    let number = |key: &str| row.payload.get(key).and_then(Value::as_i64);
    let text = |key: &str| row.payload.get(key).and_then(Value::as_str);
    let (contact_id, inbox_id) = (contact(row), number("inbox_id").unwrap_or_default());
    let source = open.iter().find(|open| open.inbox.id == inbox_id).map(|open| open.source_id.clone());
    let known = core.read(move |scope| Ok((scope.contact(contact_id)?, scope.inboxes()?))).await.map_err(|err| err.to_string())?;
    let inbox = known.1.into_iter().find(|inbox| inbox.id == inbox_id);
    let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let (email, phone) = known.0.map_or((false, false), |contact| (has(&contact.email), has(&contact.phone_number)));
    let (name, channel) = inbox.map_or_else(|| (format!("inbox {inbox_id}"), String::new()), |inbox| (inbox.name, inbox.channel));
    if let Some(why) = begin::refusal(&channel, source.as_deref(), email, phone) {
        return Err(format!("{name}: {why}"));
    }
    let mut attributes = chatwoot::model::Attributes::new();
    attributes.insert(MARK.to_owned(), row.id.to_string().into());
    if let Some(subject) = text("subject") {
        attributes.insert("mail_subject".to_owned(), subject.into());
    }
    Ok(NewConversation {
        inbox_id,
        contact_id,
        source_id: source.unwrap_or_default(),
        status: text("status").map(str::to_owned),
        assignee_id: number("assignee"),
        team_id: number("team"),
        additional_attributes: attributes,
    })
}

/// The first message of a conversation that was just begun, where there is one.
pub(super) fn first_message(row: &OutboxRow) -> Option<Value> {
    let content = row.content();
    (!content.trim().is_empty()).then(|| serde_json::json!({ "content": content }))
}
