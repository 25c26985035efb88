//! Contacts as they are listed, with everything that is known of each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::id::OutboxId;
use crate::inbox::{ContactView, ConversationStatus, Named, OutboxState, text_or_number};

/// A contact with its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactDetail {
    /// Name and addresses.
    #[serde(flatten)]
    pub contact: ContactView,
    /// Chatwoot's own keys, such as `city` and `company_name`; untrusted.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub additional_attributes: Map<String, Value>,
    /// The account's keys; untrusted.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub custom_attributes: Map<String, Value>,
    /// When the customer was last active; `null`: never, or not said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_activity_at: Option<Timestamp>,
    /// When Chatwoot made the contact, as far as it said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

/// Which contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Words that name, e-mail address, phone number or identifier hold; every one of them somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `meta.next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A note about a contact; only the team sees it. Text and name are untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactNoteView {
    /// Chatwoot's id; `null` while it is on its way there.
    pub id: Option<i64>,
    /// Its outbox entry, while it is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox_id: Option<OutboxId>,
    /// How far that entry has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<OutboxState>,
    /// The text.
    pub content: String,
    /// Who wrote it; `null`: an agent who is gone.
    pub author: Option<Named>,
    /// Whether the caller wrote it, who alone deletes it from here.
    pub own: bool,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A note to write about a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContactNote {
    /// The text, 1 to 20,000 characters.
    pub content: String,
    /// Seconds to wait before it leaves, during which it can be recalled; absent = at once, as for every note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
}

/// An inbox, and whether a conversation with the contact can be begun in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactInboxView {
    /// Chatwoot's id.
    pub id: i64,
    /// Its name; untrusted.
    pub name: String,
    /// Kind of channel, without `Channel::`.
    pub channel: String,
    /// Why no conversation can be begun in it; `null`: one can.
    pub refusal: Option<String>,
}

/// A conversation to begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConversation {
    /// With whom.
    pub contact_id: i64,
    /// Where: one of `GET /contacts/{id}/inboxes` without a refusal.
    pub inbox_id: i64,
    /// The first message to the customer, as a reply's `content`; sent once the conversation is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Subject of the mail, in an e-mail inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// open, pending or resolved; absent = Chatwoot's choice. A blocked contact and an inbox with a bot have a status of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ConversationStatus>,
    /// `me`, an agent's id, or `none`.
    #[serde(default, deserialize_with = "text_or_number", skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// A team's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<i64>,
    /// Seconds to wait before it leaves, during which it can be recalled; absent = the configured hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
}
