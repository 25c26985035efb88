//! The account's small lists besides agents, teams, inboxes and labels, and what one agent alone may see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::ConversationId;

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
