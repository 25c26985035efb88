//! Events of a subscription (section 11.2).

use serde::Deserialize;
use serde_json::Value;

use crate::model::{CacheKeys, Contact, Conversation, Message, Presence};
use crate::webhook::Typing;

/// What a frame says happened. Order is not kept by the server: compare ids and `updated_at`, and read again in doubt.
#[derive(Clone, Debug)]
pub enum CableEvent {
    /// `message.created`: private notes and activities too.
    MessageCreated(Box<Message>),
    /// `message.updated`, with [`Message::previous_changes`].
    MessageUpdated(Box<Message>),
    /// `first.reply.created`: the message is announced by `message.created` as well.
    FirstReplyCreated(Box<Message>),
    /// `conversation.created`.
    ConversationCreated(Box<Conversation>),
    /// `conversation.updated`: state when it was sent.
    ConversationUpdated(Box<Conversation>),
    /// `conversation.status_changed`: state when it was sent.
    ConversationStatusChanged(Box<Conversation>),
    /// `conversation.read`: the customer looked.
    ConversationRead(Box<Conversation>),
    /// `conversation.contact_changed`: state when it happened (a merge).
    ConversationContactChanged(Box<Conversation>),
    /// `conversation.mentioned`: the subscribed user was named in a private note.
    Mentioned(Box<Conversation>),
    /// `assignee.changed`; can come twice.
    AssigneeChanged(Box<Conversation>),
    /// `team.changed`.
    TeamChanged(Box<Conversation>),
    /// `conversation.typing_on` and `conversation.typing_off`.
    Typing(Box<Typing>),
    /// `conversation.unread_count_changed` (4.14.1+, feature): read the counts again.
    UnreadCountChanged,
    /// `contact.created`.
    ContactCreated(Box<Contact>),
    /// `contact.updated`.
    ContactUpdated(Box<Contact>),
    /// `contact.merged`: the surviving contact; which other one it took in is not said.
    ContactMerged(Box<Contact>),
    /// `contact.deleted`: its last state.
    ContactDeleted(Box<Contact>),
    /// `notification.created`, `.updated` and `.deleted`, for the subscribed user.
    Notification(Box<Notification>),
    /// `account.cache_invalidated`: labels, inboxes or teams changed, memberships included.
    CacheInvalidated(CacheKeys),
    /// `presence.update`.
    Presence(Presence),
    /// An event this crate does not know.
    Other {
        /// Its name.
        event: String,
    },
    /// A known event in a shape that cannot be read: treat as "something of this kind happened".
    Unreadable {
        /// Its name.
        event: String,
        /// What kind of failure. Holds no values of the frame.
        category: serde_json::error::Category,
    },
}

/// What happened to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationChange {
    /// New.
    Created,
    /// Read, unread or snoozed.
    Updated,
    /// Gone; only `id` is known.
    Deleted,
}

/// A notification of the subscribed user.
#[derive(Clone, Debug)]
pub struct Notification {
    /// What happened to it.
    pub change: NotificationChange,
    /// Its id.
    pub id: i64,
    /// Such as "conversation_assignment".
    pub notification_type: Option<String>,
    /// The conversation (its `primary_actor_id` is a database id and useless outside the server).
    pub conversation: Option<Conversation>,
    /// Unread ones of the user now.
    pub unread_count: Option<i64>,
}

#[derive(Deserialize)]
struct NotificationFrame {
    notification: NotificationRow,
    unread_count: Option<i64>,
}

#[derive(Deserialize)]
struct NotificationRow {
    id: i64,
    notification_type: Option<String>,
    primary_actor: Option<Conversation>,
}

#[derive(Deserialize)]
struct CacheFrame {
    cache_keys: CacheKeys,
}

impl CableEvent {
    /// Reads the `event` and `data` of a frame. Never fails: see `Other` and `Unreadable`.
    pub fn read(event: &str, data: Value) -> Self {
        Self::of(event, data).unwrap_or_else(|err| Self::Unreadable { event: event.to_owned(), category: err.classify() })
    }

    fn of(event: &str, data: Value) -> Result<Self, serde_json::Error> {
        fn payload<T: serde::de::DeserializeOwned>(data: Value) -> Result<Box<T>, serde_json::Error> {
            serde_json::from_value(data).map(Box::new)
        }
        Ok(match event {
            "message.created" => Self::MessageCreated(payload(data)?),
            "message.updated" => Self::MessageUpdated(payload(data)?),
            "first.reply.created" => Self::FirstReplyCreated(payload(data)?),
            "conversation.created" => Self::ConversationCreated(payload(data)?),
            "conversation.updated" => Self::ConversationUpdated(payload(data)?),
            "conversation.status_changed" => Self::ConversationStatusChanged(payload(data)?),
            "conversation.read" => Self::ConversationRead(payload(data)?),
            "conversation.contact_changed" => Self::ConversationContactChanged(payload(data)?),
            "conversation.mentioned" => Self::Mentioned(payload(data)?),
            "assignee.changed" => Self::AssigneeChanged(payload(data)?),
            "team.changed" => Self::TeamChanged(payload(data)?),
            "conversation.typing_on" => Self::Typing(Box::new(Typing { on: true, ..serde_json::from_value(data)? })),
            "conversation.typing_off" => Self::Typing(payload(data)?),
            "conversation.unread_count_changed" => Self::UnreadCountChanged,
            "contact.created" => Self::ContactCreated(payload(data)?),
            "contact.updated" => Self::ContactUpdated(payload(data)?),
            "contact.merged" => Self::ContactMerged(payload(data)?),
            "contact.deleted" => Self::ContactDeleted(payload(data)?),
            "notification.created" => Self::notification(NotificationChange::Created, data)?,
            "notification.updated" => Self::notification(NotificationChange::Updated, data)?,
            "notification.deleted" => Self::notification(NotificationChange::Deleted, data)?,
            "account.cache_invalidated" => Self::CacheInvalidated(serde_json::from_value::<CacheFrame>(data)?.cache_keys),
            "presence.update" => Self::Presence(serde_json::from_value(data)?),
            other => Self::Other { event: other.to_owned() },
        })
    }

    fn notification(change: NotificationChange, data: Value) -> Result<Self, serde_json::Error> {
        let NotificationFrame { notification: row, unread_count } = serde_json::from_value(data)?;
        let NotificationRow { id, notification_type, primary_actor: conversation } = row;
        Ok(Self::Notification(Box::new(Notification { change, id, notification_type, conversation, unread_count })))
    }

    /// The display id of the conversation it is about.
    pub fn conversation_id(&self) -> Option<i64> {
        match self {
            Self::MessageCreated(message) | Self::MessageUpdated(message) | Self::FirstReplyCreated(message) => message.conversation_id,
            Self::ConversationCreated(at)
            | Self::ConversationUpdated(at)
            | Self::ConversationStatusChanged(at)
            | Self::ConversationRead(at)
            | Self::ConversationContactChanged(at)
            | Self::Mentioned(at)
            | Self::AssigneeChanged(at)
            | Self::TeamChanged(at) => Some(at.id),
            Self::Typing(typing) => Some(typing.conversation.id),
            Self::Notification(notification) => notification.conversation.as_ref().map(|at| at.id),
            Self::UnreadCountChanged
            | Self::ContactCreated(_)
            | Self::ContactUpdated(_)
            | Self::ContactMerged(_)
            | Self::ContactDeleted(_)
            | Self::CacheInvalidated(_)
            | Self::Presence(_)
            | Self::Other { .. }
            | Self::Unreadable { .. } => None,
        }
    }
}
