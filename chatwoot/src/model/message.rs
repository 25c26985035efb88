//! Messages and what hangs on them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de as serde_de};
use serde_json::Value;

use super::{Attributes, Contact, Conversation, Ref, de};
use crate::Stamp;

/// Which way a message goes: `0`–`3` in REST and push, a word in webhooks (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// From the customer.
    Incoming,
    /// From an agent or bot; a private note too.
    Outgoing,
    /// Written by Chatwoot about a change; never in webhooks.
    Activity,
    /// Greeting, out of office, survey, campaign.
    Template,
    /// A number or word this crate does not know (the number, or -1).
    Other(i64),
}

impl Default for MessageType {
    /// Not said: never taken for a customer's.
    fn default() -> Self {
        Self::Other(-1)
    }
}

impl MessageType {
    /// The word as webhooks spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
            Self::Activity => "activity",
            Self::Template => "template",
            Self::Other(_) => "other",
        }
    }
}

impl Serialize for MessageType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MessageType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde_de::Visitor<'_> for Visitor {
            type Value = MessageType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message type as number or word")
            }

            fn visit_i64<E>(self, number: i64) -> Result<MessageType, E> {
                Ok(match number {
                    0 => MessageType::Incoming,
                    1 => MessageType::Outgoing,
                    2 => MessageType::Activity,
                    3 => MessageType::Template,
                    other => MessageType::Other(other),
                })
            }

            fn visit_u64<E: serde_de::Error>(self, number: u64) -> Result<MessageType, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_str<E>(self, word: &str) -> Result<MessageType, E> {
                Ok(match word {
                    "incoming" => MessageType::Incoming,
                    "outgoing" => MessageType::Outgoing,
                    "activity" => MessageType::Activity,
                    "template" => MessageType::Template,
                    _ => MessageType::Other(-1),
                })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

de::words! {
    /// How far a message got.
    MessageStatus {
        /// Stored, or handed to the channel.
        Sent = "sent",
        /// On the customer's device.
        Delivered = "delivered",
        /// Seen.
        Read = "read",
        /// Not delivered, see `external_error` in the content attributes.
        Failed = "failed",
    }
}

de::words! {
    /// What wrote a message.
    SenderKind {
        /// An agent.
        User = "user",
        /// The customer.
        Contact = "contact",
        /// A bot.
        AgentBot = "agent_bot",
        /// Captain (EE).
        Captain = "captain_assistant",
    }
}

impl Default for SenderKind {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

/// A message: REST item, push or webhook (section 5.2). What a source does not send is none, never or empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct Message {
    /// Unique on the installation, increasing.
    pub id: i64,
    /// **Display id** of the conversation.
    pub conversation_id: Option<i64>,
    /// Inbox.
    pub inbox_id: Option<i64>,
    /// Account (not in REST items).
    pub account_id: Option<i64>,
    /// Where a webhook says the account; `account_id` has it too.
    pub account: Option<Ref>,
    /// Where a webhook says the inbox; `inbox_id` has it too.
    pub inbox: Option<Ref>,
    /// Text. Webhooks carry it normalised: no newlines at its end (section 5.2).
    pub content: Option<String>,
    /// Which way it goes.
    #[serde(default, deserialize_with = "de::or_default")]
    pub message_type: MessageType,
    /// text, input_select, cards, form, incoming_email, input_csat…
    pub content_type: Option<String>,
    /// How far it got (not in webhooks).
    pub status: Option<MessageStatus>,
    /// Keys Chatwoot knows (`in_reply_to`, `deleted`, `external_error`…) and, since 4.9, the sender's own.
    #[serde(default, deserialize_with = "de::object")]
    pub content_attributes: Attributes,
    /// Note for colleagues, never shown to the customer.
    #[serde(default, deserialize_with = "de::or_default")]
    pub private: bool,
    /// When it was made: seconds in REST and push, milliseconds in webhooks.
    #[serde(default)]
    pub created_at: Stamp,
    /// Last change, milliseconds (push only: the one clock a message has).
    #[serde(default)]
    pub updated_at: Stamp,
    /// Id on the channel's side; a sender's own mark on API inboxes. Not unique.
    pub source_id: Option<String>,
    /// Echo of what the creating request sent; never stored.
    pub echo_id: Option<String>,
    /// Files; elements of unknown type are left out.
    #[serde(default, deserialize_with = "de::list_without_nulls")]
    pub attachments: Vec<Attachment>,
    /// Who wrote it; none for Chatwoot itself.
    pub sender: Option<Sender>,
    /// "User", "Contact", "AgentBot", "Captain::Assistant" (push only).
    pub sender_type: Option<String>,
    /// Id to go with it (push only; else `sender.id`).
    pub sender_id: Option<i64>,
    /// Columns that changed, with value before and after (`message.updated` push only).
    #[serde(default, deserialize_with = "de::or_default")]
    pub previous_changes: BTreeMap<String, Value>,
    /// What a webhook or push says about the conversation.
    pub conversation: Option<Nested>,
}

de::evened!(Message, |message| {
    message.account_id = message.account_id.or(message.account.and_then(|account| account.id));
    message.inbox_id = message.inbox_id.or(message.inbox.and_then(|inbox| inbox.id));
    message.conversation_id = message.conversation_id.or_else(|| message.whole_conversation().map(|whole| whole.id));
    message.sender_id = message.sender_id.or(message.sender.as_ref().map(|sender| sender.id));
});

impl Message {
    /// Whether it was deleted: the row stays, with another text (section 5.4).
    pub fn is_deleted(&self) -> bool {
        self.content_attributes.get("deleted") == Some(&Value::Bool(true))
    }

    /// A content attribute that is a text, such as a sender's own mark.
    pub fn mark(&self, key: &str) -> Option<&str> {
        self.content_attributes.get(key)?.as_str()
    }

    /// Why it could not be delivered.
    pub fn external_error(&self) -> Option<&str> {
        self.mark("external_error").filter(|text| !text.is_empty())
    }

    /// The message this one answers.
    pub fn in_reply_to(&self) -> Option<i64> {
        self.content_attributes.get("in_reply_to")?.as_i64()
    }

    /// Addresses over a mail: `from` (received only), `to`, `cc` or `bcc`. A sent one has them in `…_emails`, a received one in `email`
    /// (section 5.2).
    pub fn addresses(&self, field: &str) -> Vec<&str> {
        let sent = texts(self.content_attributes.get(&format!("{field}_emails")));
        let received = || texts(self.content_attributes.get("email").and_then(|mail| mail.get(field)));
        let all = if sent.is_empty() { received() } else { sent };
        all.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty()).collect()
    }

    /// The subject of a received mail.
    pub fn subject(&self) -> Option<&str> {
        self.content_attributes.get("email")?.get("subject")?.as_str().filter(|text| !text.is_empty())
    }

    /// The whole conversation, where the payload has it (webhooks).
    pub fn whole_conversation(&self) -> Option<&Conversation> {
        match &self.conversation {
            Some(Nested::Whole(conversation)) => Some(conversation),
            _ => None,
        }
    }
}

/// One text or a list of them.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `conversation` inside a message.
#[derive(Clone, Debug)]
pub enum Nested {
    /// Webhook: all of it, as it was when the payload was built.
    Whole(Box<Conversation>),
    /// Push: a few facts.
    Slim(SlimConversation),
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // Only the whole one has an id; an untagged enum would hide why reading it failed.
        if value.get("id").is_some_and(|id| !id.is_null()) {
            serde_json::from_value(value).map(Self::Whole)
        } else {
            serde_json::from_value(value).map(Self::Slim)
        }
        .map_err(serde_de::Error::custom)
    }
}

/// What a pushed message says about its conversation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SlimConversation {
    /// User who has it.
    pub assignee_id: Option<i64>,
    /// Capped at 10.
    pub unread_count: Option<i64>,
    /// Last activity.
    pub last_activity_at: Stamp,
}

/// Who wrote a message: user, contact, bot or Captain, in push or webhook shape.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(remote = "Self")]
pub struct Sender {
    /// Id within its kind.
    pub id: i64,
    /// What it is. A webhook's contact has no `type`: it is told by its `account`.
    #[serde(rename = "type", default, deserialize_with = "de::or_default")]
    pub kind: SenderKind,
    /// Name.
    pub name: Option<String>,
    /// Name shown to customers (users, push).
    pub available_name: Option<String>,
    /// Address (contacts; users in webhooks).
    pub email: Option<String>,
    /// Picture of a user or bot.
    pub avatar_url: Option<String>,
    /// Contacts only.
    pub phone_number: Option<String>,
    /// Contacts only.
    pub identifier: Option<String>,
    /// Picture, "" if none.
    pub thumbnail: Option<String>,
    /// Webhooks' contacts only.
    pub account: Option<Ref>,
    /// Contacts only.
    pub blocked: Option<bool>,
    /// Contacts only.
    #[serde(default, deserialize_with = "de::object")]
    pub additional_attributes: Attributes,
    /// Contacts only.
    #[serde(default, deserialize_with = "de::object")]
    pub custom_attributes: Attributes,
}

de::evened!(Sender, |sender| {
    if sender.account.is_some() && sender.kind == SenderKind::default() {
        sender.kind = SenderKind::Contact;
    }
});

impl Sender {
    /// The customer, if one wrote it. It lacks what only REST knows (`created_at`, `last_activity_at`).
    pub fn contact(&self) -> Option<Contact> {
        (self.kind == SenderKind::Contact).then(|| Contact {
            id: self.id,
            name: self.name.clone(),
            email: self.email.clone(),
            phone_number: self.phone_number.clone(),
            identifier: self.identifier.clone(),
            blocked: self.blocked,
            thumbnail: self.thumbnail.clone(),
            additional_attributes: self.additional_attributes.clone(),
            custom_attributes: self.custom_attributes.clone(),
            ..Contact::default()
        })
    }
}

/// A file or something like one (section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// Unique on the installation. None in the attachment list of a conversation before 4.14.
    pub id: Option<i64>,
    /// Its message.
    pub message_id: Option<i64>,
    /// image, audio, video, file, location, fallback, contact, embed…
    #[serde(deserialize_with = "de::or_default")]
    pub file_type: String,
    /// MIME type (4.13+).
    pub content_type: Option<String>,
    /// File name ending, without dot.
    pub extension: Option<String>,
    /// Redirects to the file; needs no token, so it is as good as the file.
    pub data_url: Option<String>,
    /// The same for a small picture; "" if none.
    pub thumb_url: Option<String>,
    /// Bytes.
    pub file_size: Option<i64>,
    /// Pixels; null until a job has looked.
    pub width: Option<i64>,
    /// Pixels; null until a job has looked.
    pub height: Option<i64>,
    /// Name of a place, link or contact.
    pub fallback_title: Option<String>,
    /// Latitude.
    pub coordinates_lat: Option<f64>,
    /// Longitude.
    pub coordinates_long: Option<f64>,
    /// What was said; "" if unknown (audio).
    pub transcribed_text: Option<String>,
}
