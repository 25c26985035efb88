//! One entry of the outbox: what it writes, and how it is shown.

use api::id::{ConversationId, MessageId, OutboxId};
use api::inbox::{AttachmentView, DeliveryState, MessageType, MessageView, OutboxState, OutboxView, Sender, SenderKind};
use api::mail::{MailView, Recipients};
use api::template::UseTemplate;
use rusqlite::Row;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::{Micros, timestamp};
use crate::domain::outbox::FileRef;
use crate::store::{Reread, RereadKind, StoreError};

/// Characters of what an entry sets, in short: it is shown on one line.
const CHANGE_CHARS_MAX: usize = 200;

/// What an entry writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxKind {
    /// A public message.
    Reply,
    /// A private note.
    Note,
    /// Labels to add and remove.
    Labels,
    /// The agent.
    Assignee,
    /// The team.
    Team,
    /// The status.
    Status,
    /// The priority.
    Priority,
    /// Custom attributes of the conversation to set and to remove.
    Attributes,
    /// Seen by the team.
    Read,
    /// Not seen, from the customer's last message on.
    Unread,
    /// A macro of Chatwoot's, run on the conversation.
    Macro,
    /// The contact blocked and the conversation resolved, or the contact unblocked.
    Mute,
    /// Agents who take part, to add and to remove.
    Participants,
    /// A message of the conversation deleted.
    Delete,
    /// Fields of a contact.
    Contact,
    /// A note about a contact.
    ContactNote,
    /// A conversation to begin.
    Conversation,
}

impl OutboxKind {
    const ALL: [Self; 17] = [
        Self::Reply,
        Self::Note,
        Self::Labels,
        Self::Assignee,
        Self::Team,
        Self::Status,
        Self::Priority,
        Self::Attributes,
        Self::Read,
        Self::Unread,
        Self::Macro,
        Self::Mute,
        Self::Participants,
        Self::Delete,
        Self::Contact,
        Self::ContactNote,
        Self::Conversation,
    ];

    /// The word in SQL and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Note => "note",
            Self::Labels => "labels",
            Self::Assignee => "assignee",
            Self::Team => "team",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Attributes => "attributes",
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Macro => "macro",
            Self::Mute => "mute",
            Self::Participants => "participants",
            Self::Delete => "delete",
            Self::Contact => "contact",
            Self::ContactNote => "contact_note",
            Self::Conversation => "conversation",
        }
    }

    /// Whether it makes a message; the others set a value, except a macro.
    pub fn is_message(self) -> bool {
        matches!(self, Self::Reply | Self::Note)
    }

    /// Whether a person wrote a text for it.
    pub fn has_text(self) -> bool {
        self.is_message() || matches!(self, Self::ContactNote | Self::Conversation)
    }
}

/// An entry about to be written.
#[derive(Debug, Clone)]
pub struct NewOutbox {
    /// The conversation; 0 for a contact's entry.
    pub conversation_id: i64,
    /// What it writes.
    pub kind: OutboxKind,
    /// `{"content", …}` (see `domain::text` and [`OutboxRow::template`]), `{"add","remove"}`, `{"id"}`, `{"status","snoozed_until_us"}`,
    /// `{"priority"}`, `{"set","unset"}`, `{}`, `{"id","name"}` of a macro, `{"muted"}`, `{"message_id"}`, or, of a contact, `{"contact_id"}`
    /// with `"fields","set","unset"`, with a note's `"content"`, with the `"note_id"` to delete, or with `"inbox_id"` and what a new
    /// conversation begins with.
    pub payload: Value,
    /// Who acts; `None` = the daemon.
    pub user: Option<String>,
    /// The approval whose decision this writes back.
    pub approval_id: Option<Uuid>,
    /// When it may leave.
    pub not_before: Micros,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Order of writing.
    pub position: i64,
    /// Its id, and the mark on its message.
    pub id: Uuid,
    /// The conversation; 0 for a contact's entry, and for a conversation that is not there yet.
    pub conversation_id: i64,
    /// Whom a contact's entry changes.
    pub contact_id: Option<i64>,
    /// What it writes.
    pub kind: OutboxKind,
    /// By kind, and `was`: what it replaces, as it stood here.
    pub payload: Value,
    /// Who acts.
    pub user: Option<String>,
    /// The approval whose decision this writes back.
    pub approval_id: Option<Uuid>,
    /// How far it has come.
    pub state: OutboxState,
    /// Tries so far.
    pub attempts: u32,
    /// Whether a try may have been carried out.
    pub unsure: bool,
    /// When it may leave.
    pub not_before: Micros,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was written.
    pub created_at: Micros,
}

impl OutboxRow {
    /// The text of a message, or "".
    pub fn content(&self) -> &str {
        self.payload.get("content").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether Chatwoot may still get it by itself.
    pub fn is_unconfirmed(&self) -> bool {
        matches!(self.state, OutboxState::Queued | OutboxState::Sending)
    }

    /// Files of a message.
    pub fn files(&self) -> Vec<FileRef> {
        self.payload.get("files").and_then(|files| Vec::deserialize(files).ok()).unwrap_or_default()
    }

    /// The message that a message answers.
    pub fn in_reply_to(&self) -> Option<i64> {
        self.payload.get("in_reply_to").and_then(Value::as_i64)
    }

    /// Whom a reply by e-mail goes to; nobody named is the contact.
    pub fn recipients(&self) -> Recipients {
        Recipients::deserialize(&self.payload).unwrap_or_default()
    }

    /// The WhatsApp template that a message is: `{"name","category","language","namespace","vars"}`.
    pub fn template(&self) -> Option<&Value> {
        self.payload.get("template").filter(|template| template.is_object())
    }

    /// Whether Chatwoot is to render its text: a canned response, not what a person typed.
    pub fn is_liquid(&self) -> bool {
        self.payload.get("liquid").and_then(Value::as_bool).unwrap_or_default()
    }

    /// What to read again once it is over: what was shown in advance is replaced by what Chatwoot has.
    pub fn reread(&self) -> Reread {
        match self.contact_id {
            Some(id) => Reread { kind: RereadKind::Contact, id, conversation_id: 0 },
            None => Reread { kind: RereadKind::Conversation, id: self.conversation_id, conversation_id: 0 },
        }
    }

    /// The conversation, where there is one.
    pub(super) fn conversation(&self) -> Option<ConversationId> {
        (self.conversation_id != 0).then_some(ConversationId(self.conversation_id))
    }

    /// What it sets besides a text, in short; keys of attributes and fields without their values.
    fn change(&self) -> Option<String> {
        let at = |key: &str| self.payload.get(key);
        let id = |key: &str| at(key).map(|value| value.as_i64().map_or_else(|| "none".to_owned(), |id| id.to_string()));
        let word = |key: &str| at(key).map(|value| value.as_str().unwrap_or("none").to_owned());
        let names = |key: &str, sign: &str| -> Vec<String> {
            match at(key) {
                Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(|name| format!("{sign}{name}")).collect(),
                Some(Value::Object(fields)) => fields.keys().map(|name| format!("{sign}{name}")).collect(),
                _ => Vec::new(),
            }
        };
        let said = match self.kind {
            OutboxKind::Status => word("status"),
            OutboxKind::Priority => word("priority"),
            OutboxKind::Assignee | OutboxKind::Team | OutboxKind::Macro => id("id"),
            OutboxKind::Labels => Some([names("add", "+"), names("remove", "-")].concat().join(" ")),
            OutboxKind::Attributes => Some([names("set", ""), names("unset", "-")].concat().join(", ")),
            OutboxKind::Contact => {
                Some([names("fields", ""), names("additional", ""), names("set", ""), names("unset", "-")].concat().join(", "))
            }
            OutboxKind::Mute => at("muted").and_then(Value::as_bool).map(|muted| if muted { "blocked" } else { "unblocked" }.to_owned()),
            OutboxKind::Participants => {
                let ids = |key: &str, sign: &str| -> Vec<String> {
                    at(key).and_then(Value::as_array).into_iter().flatten().map(|id| format!("{sign}{id}")).collect()
                };
                Some([ids("add", "+"), ids("remove", "-")].concat().join(" "))
            }
            OutboxKind::Delete => at("message_id").map(Value::to_string).or_else(|| at("note_id").map(|id| format!("note {id}"))),
            OutboxKind::Conversation => at("inbox_id").map(|id| format!("inbox {id}")),
            OutboxKind::Reply | OutboxKind::Note | OutboxKind::ContactNote | OutboxKind::Read | OutboxKind::Unread => None,
        };
        said.filter(|said| !said.is_empty()).map(|said| said.chars().take(CHANGE_CHARS_MAX).collect())
    }

    /// For the wire.
    pub fn view(&self) -> OutboxView {
        OutboxView {
            id: OutboxId(self.id),
            conversation_id: self.conversation(),
            contact_id: self.contact_id,
            inbox_id: (self.kind == OutboxKind::Conversation).then(|| self.payload.get("inbox_id").and_then(Value::as_i64)).flatten(),
            kind: self.kind.as_str().to_owned(),
            state: self.state,
            user: self.user.clone().unwrap_or_else(|| "afenda".to_owned()),
            content: self.kind.has_text().then(|| self.content().to_owned()),
            template: self.template().and_then(used),
            change: self.change(),
            attempts: self.attempts,
            error: self.error.clone(),
            sends_at: timestamp(self.not_before),
            created_at: timestamp(self.created_at),
        }
    }
}

impl OutboxRow {
    pub(super) fn message(&self, name: String) -> MessageView {
        let state = match self.state {
            OutboxState::Sending => DeliveryState::Sending,
            OutboxState::Held => DeliveryState::Held,
            OutboxState::Failed => DeliveryState::Failed,
            _ => DeliveryState::Queued,
        };
        MessageView {
            id: None,
            outbox_id: Some(OutboxId(self.id)),
            conversation_id: ConversationId(self.conversation_id),
            message_type: MessageType::Outgoing,
            private: self.kind == OutboxKind::Note,
            content: Some(self.content().to_owned()).filter(|text| !text.is_empty()),
            content_type: "text".to_owned(),
            state,
            error: self.error.clone(),
            sender: Some(Sender { id: None, kind: SenderKind::User, name }),
            own: false,
            attachments: self.files().into_iter().map(attachment).collect(),
            deleted: false,
            in_reply_to: self.in_reply_to().map(MessageId),
            mail: {
                let Recipients { to, cc, bcc } = self.recipients();
                Some(MailView { to, cc, bcc, ..MailView::default() }).filter(|mail| !mail.is_empty())
            },
            created_at: timestamp(self.created_at),
            sends_at: (self.state == OutboxState::Queued).then(|| timestamp(self.not_before)),
        }
    }
}

/// A kept template as a caller names it.
fn used(kept: &Value) -> Option<UseTemplate> {
    let text = |key: &str| kept.get(key).and_then(Value::as_str).map(str::to_owned);
    let vars = kept.get("vars").and_then(Value::as_object).into_iter().flatten();
    let vars = vars.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    Some(UseTemplate { name: text("name")?, language: text("language"), vars })
}

/// A file that Chatwoot does not have yet.
fn attachment(file: FileRef) -> AttachmentView {
    let kind = file.content_type.split('/').next().filter(|kind| ["image", "audio", "video"].contains(kind)).unwrap_or("file");
    AttachmentView { id: 0, file_type: kind.to_owned(), name: file.name, file_size: i64::try_from(file.size).ok(), url: None }
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Result<OutboxRow, StoreError>> {
    let (id, kind, state): (String, String, String) = (row.get("id")?, row.get("kind")?, row.get("state")?);
    let (payload, approval): (String, Option<String>) = (row.get("payload")?, row.get("approval_id")?);
    let (position, conversation_id, user) = (row.get("position")?, row.get("conversation_id")?, row.get("user")?);
    let contact_id = row.get("contact_id")?;
    let (attempts, unsure, not_before) = (row.get("attempts")?, row.get("unsure")?, row.get("not_before_us")?);
    let (error, created_at) = (row.get("error")?, row.get("created_at_us")?);
    let build = || -> Result<OutboxRow, String> {
        Ok(OutboxRow {
            position,
            id: id.parse().map_err(|_| format!("id {id}"))?,
            conversation_id,
            contact_id,
            kind: OutboxKind::ALL.into_iter().find(|k| k.as_str() == kind).ok_or_else(|| format!("kind {kind}"))?,
            payload: serde_json::from_str(&payload).map_err(|err| err.to_string())?,
            user,
            approval_id: approval.map(|id| id.parse().map_err(|_| format!("approval_id {id}"))).transpose()?,
            state: state.parse()?,
            attempts,
            unsure,
            not_before,
            error,
            created_at,
        })
    };
    Ok(build().map_err(|message| StoreError::Corrupt { table: "outbox", message }))
}
