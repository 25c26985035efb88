//! Webhooks: check the signature over the raw bytes, then parse.
//!
//! A webhook is a hint: sent once, in no order, sometimes twice, and built from the database when it is sent, not when the thing happened
//! (section 10.4). Message and contact webhooks carry no clock at all: read the object again.

mod signature;

use serde::Deserialize;
use serde_json::Value;

pub use signature::{DELIVERY_HEADER, SIGNATURE_HEADER, SignatureError, TIMESTAMP_HEADER, sign, verify};

use crate::model::{Change, Contact, Conversation, Message, UserRef, changes, de};

/// What a webhook says happened.
#[derive(Clone, Debug)]
pub enum WebhookEvent {
    /// `conversation_created`.
    ConversationCreated(Box<Conversation>),
    /// `conversation_updated`, with what changed.
    ConversationUpdated {
        /// State when it was sent.
        conversation: Box<Conversation>,
        /// Columns that changed; ids in it are database ids.
        changed: Vec<Change>,
    },
    /// `conversation_status_changed`.
    ConversationStatusChanged(Box<Conversation>),
    /// `conversation_opened` (bots only).
    ConversationOpened(Box<Conversation>),
    /// `conversation_resolved` (bots only).
    ConversationResolved(Box<Conversation>),
    /// `message_created`: incoming, outgoing (private notes too) or template, never an activity.
    MessageCreated(Box<Message>),
    /// `message_updated`.
    MessageUpdated(Box<Message>),
    /// `contact_created`.
    ContactCreated(Box<Contact>),
    /// `contact_updated`: on every incoming message, because the last activity changed.
    ContactUpdated {
        /// State when it was sent.
        contact: Box<Contact>,
        /// Columns that changed.
        changed: Vec<Change>,
    },
    /// `conversation_typing_on` and `conversation_typing_off`.
    Typing(Box<Typing>),
    /// `webwidget_triggered`: a customer opened the chat.
    WebwidgetTriggered(Box<WidgetTriggered>),
    /// Any other event.
    Other {
        /// Its name.
        event: String,
        /// The account, where it is said.
        account_id: Option<i64>,
    },
}

/// Who types where.
#[derive(Clone, Debug, Deserialize)]
pub struct Typing {
    /// True when they begin, false when they stop.
    #[serde(skip)]
    pub on: bool,
    /// The conversation.
    pub conversation: Conversation,
    /// Who; a contact in webhooks has no kind.
    pub user: Option<UserRef>,
    /// Whether it is a private note.
    #[serde(default, deserialize_with = "de::or_default")]
    pub is_private: bool,
}

/// A customer opened the chat widget.
#[derive(Clone, Debug, Deserialize)]
pub struct WidgetTriggered {
    /// The customer.
    pub contact: Option<Contact>,
    /// The conversation that is open, if any.
    pub current_conversation: Option<Conversation>,
    /// The account.
    #[serde(default, rename = "account", deserialize_with = "de::nested_id")]
    pub account_id: Option<i64>,
    /// The inbox.
    #[serde(default, rename = "inbox", deserialize_with = "de::nested_id")]
    pub inbox_id: Option<i64>,
    /// Address of the customer in the inbox.
    pub source_id: Option<String>,
}

/// A body that is no webhook of Chatwoot's.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// No JSON object with an `event`.
    #[error("the body is no Chatwoot webhook: it names no event")]
    NoEvent,
    /// A known event in a shape that cannot be read. Holds no values of the body.
    #[error("the body of “{event}” cannot be read ({category:?})")]
    Unreadable {
        /// The event.
        event: String,
        /// What kind of failure.
        category: serde_json::error::Category,
    },
}

impl WebhookEvent {
    /// Reads a raw body. Unknown events are [`WebhookEvent::Other`].
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let value: Value = serde_json::from_slice(body).map_err(|_| ParseError::NoEvent)?;
        Self::from_value(value)
    }

    /// Reads a body that is JSON already.
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn from_value(mut value: Value) -> Result<Self, ParseError> {
        let event = value.get("event").and_then(Value::as_str).ok_or(ParseError::NoEvent)?.to_owned();
        let mut changed = || changes(value.get_mut("changed_attributes").map(Value::take));
        let read = match event.as_str() {
            "conversation_updated" => {
                let changed = changed();
                payload(value).map(|conversation| Self::ConversationUpdated { conversation, changed })
            }
            "contact_updated" => {
                let changed = changed();
                payload(value).map(|contact| Self::ContactUpdated { contact, changed })
            }
            "conversation_created" => payload(value).map(Self::ConversationCreated),
            "conversation_status_changed" => payload(value).map(Self::ConversationStatusChanged),
            "conversation_opened" => payload(value).map(Self::ConversationOpened),
            "conversation_resolved" => payload(value).map(Self::ConversationResolved),
            "message_created" => payload(value).map(Self::MessageCreated),
            "message_updated" => payload(value).map(Self::MessageUpdated),
            "contact_created" => payload(value).map(Self::ContactCreated),
            "conversation_typing_on" | "conversation_typing_off" => payload(value).map(|mut typing: Box<Typing>| {
                typing.on = event == "conversation_typing_on";
                Self::Typing(typing)
            }),
            "webwidget_triggered" => payload(value).map(Self::WebwidgetTriggered),
            _ => {
                let nested = value.get("account").and_then(|account| account.get("id"));
                let account_id = nested.or_else(|| value.get("account_id")).and_then(Value::as_i64);
                return Ok(Self::Other { event, account_id });
            }
        };
        read.map_err(|err| ParseError::Unreadable { event, category: err.classify() })
    }

    /// The account, where the payload says it. Conversation webhooks before 4.14.2 say it only inside a message, if there is one.
    pub fn account_id(&self) -> Option<i64> {
        match self {
            Self::ConversationCreated(at)
            | Self::ConversationUpdated { conversation: at, .. }
            | Self::ConversationStatusChanged(at)
            | Self::ConversationOpened(at)
            | Self::ConversationResolved(at) => at.any_account_id(),
            Self::MessageCreated(message) | Self::MessageUpdated(message) => message.account_id,
            Self::ContactCreated(contact) | Self::ContactUpdated { contact, .. } => contact.account_id,
            Self::Typing(typing) => typing.conversation.any_account_id(),
            Self::WebwidgetTriggered(at) => at.account_id,
            Self::Other { account_id, .. } => *account_id,
        }
    }

    /// The display id of the conversation it is about.
    pub fn conversation_id(&self) -> Option<i64> {
        match self {
            Self::ConversationCreated(at)
            | Self::ConversationUpdated { conversation: at, .. }
            | Self::ConversationStatusChanged(at)
            | Self::ConversationOpened(at)
            | Self::ConversationResolved(at) => Some(at.id),
            Self::MessageCreated(message) | Self::MessageUpdated(message) => message.conversation_id,
            Self::Typing(typing) => Some(typing.conversation.id),
            Self::WebwidgetTriggered(at) => at.current_conversation.as_ref().map(|at| at.id),
            Self::ContactCreated(_) | Self::ContactUpdated { .. } | Self::Other { .. } => None,
        }
    }
}

fn payload<T: serde::de::DeserializeOwned>(value: Value) -> Result<Box<T>, serde_json::Error> {
    serde_json::from_value(value).map(Box::new)
}

#[cfg(test)]
mod tests;
