//! The account's small lists besides agents, teams, inboxes and labels, and what one agent alone may see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::ConversationId;
use crate::inbox::ConversationStatus;

/// A prepared text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CannedResponseView {
    /// Chatwoot's id.
    pub id: i64,
    /// What is typed to get it; differs by case.
    pub short_code: String,
    /// The text as written, with its Liquid.
    pub content: String,
}

/// A prepared text to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCannedResponse {
    /// What is typed to get it: 1 to 255 characters on one line; taken only once, but for its case.
    pub short_code: String,
    /// The text, with its Liquid.
    pub content: String,
}

/// Another text for a prepared one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedResponsePatch {
    /// The text, with its Liquid.
    pub content: String,
}

/// A custom attribute that the account defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomAttributeView {
    /// Chatwoot's id.
    pub id: i64,
    /// `conversation_attribute`, `contact_attribute` or `company_attribute`.
    pub model: String,
    /// Key in `custom_attributes`.
    pub key: String,
    /// Name for people.
    pub display_name: String,
    /// `text`, `number`, `currency`, `percent`, `link`, `date`, `list` or `checkbox`.
    pub display_type: String,
    /// Choices of a list.
    pub choices: Vec<String>,
    /// Pattern that a text must match, as Chatwoot keeps it.
    #[serde(default)]
    pub regex_pattern: Option<String>,
    /// What to say when it does not.
    #[serde(default)]
    pub regex_cue: Option<String>,
}

/// A customer's rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatingView {
    /// Chatwoot's id.
    pub id: i64,
    /// What was rated.
    #[schema(value_type = i64)]
    pub conversation_id: ConversationId,
    /// The message that asked.
    pub message_id: Option<i64>,
    /// Who rated.
    pub contact_id: Option<i64>,
    /// The agent who had the conversation.
    pub agent_id: Option<i64>,
    /// 1 to 5.
    pub rating: i64,
    /// What the customer wrote.
    pub feedback: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A notification of the caller's in Chatwoot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationView {
    /// Chatwoot's id.
    pub id: i64,
    /// Chatwoot's word for why, such as `conversation_mention` or `conversation_assignment`.
    pub notification_type: String,
    /// What happened, for people.
    pub title: String,
    /// Who said what.
    pub body: String,
    /// The conversation; absent where that is gone.
    #[schema(value_type = Option<i64>)]
    pub conversation_id: Option<ConversationId>,
    /// When it was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// Set aside until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Timestamp>,
    /// Last activity.
    #[schema(value_type = String, format = DateTime)]
    pub last_activity_at: Timestamp,
}

/// A conversation where the caller was mentioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MentionView {
    /// Chatwoot's display id.
    #[schema(value_type = i64)]
    pub conversation_id: ConversationId,
    /// Its state.
    pub status: ConversationStatus,
    /// Its inbox.
    pub inbox_id: i64,
    /// The customer's name.
    pub contact: Option<String>,
    /// Last activity.
    #[schema(value_type = String, format = DateTime)]
    pub last_activity_at: Timestamp,
}

/// A filter that the caller saved in Chatwoot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomFilterView {
    /// Chatwoot's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `conversation`, `contact` or `report`.
    pub filter_type: String,
    /// The filter as Chatwoot keeps it; empty where it has none.
    #[schema(value_type = Object)]
    pub query: serde_json::Map<String, serde_json::Value>,
}

/// A filter to save, as Chatwoot keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomFilter {
    /// Its name; the caller has none of that name yet.
    pub name: String,
    /// `{"payload": [conditions]}`.
    #[schema(value_type = Object)]
    pub query: serde_json::Map<String, serde_json::Value>,
}

/// Another name for a saved filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameCustomFilter {
    /// The name.
    pub name: String,
}

/// Which ratings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RatingQuery {
    /// Of one conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<i64>,
    /// Page from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows on a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
