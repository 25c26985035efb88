//! Envelopes: lists with their counts, and answers of single actions.

use serde::{Deserialize, Deserializer, de as serde_de};
use serde_json::Value;

use super::{Agent, AgentBot, Attributes, CacheKeys, Contact, Conversation, Message, Status, Team, Webhook, de};
use crate::Stamp;

/// `{"payload": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Payload<T> {
    pub(crate) payload: T,
}

/// `{"data": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Data<T> {
    pub(crate) data: T,
}

/// `{"meta": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Meta<T> {
    pub(crate) meta: T,
}

/// `{"cache_keys": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CacheKeysAnswer {
    pub(crate) cache_keys: CacheKeys,
}

/// `{"webhooks": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Webhooks {
    pub(crate) webhooks: Vec<Webhook>,
}

/// `{"webhook": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OneWebhook {
    pub(crate) webhook: Webhook,
}

/// How many conversations there are; without the filter by assignee (section 4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ConversationCounts {
    /// The token's own.
    pub mine_count: i64,
    /// Somebody's. Not in the answer of a filter or search.
    pub assigned_count: Option<i64>,
    /// Nobody's.
    pub unassigned_count: i64,
    /// All.
    pub all_count: i64,
}

/// A page of conversations, 25 at most unless `updated_within` was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ConversationList {
    /// Totals.
    #[serde(default)]
    pub meta: ConversationCounts,
    /// The page; empty past the end.
    pub payload: Vec<Conversation>,
}

/// A page of messages, in ascending order of creation (section 5.1).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MessagesPage {
    /// About the conversation.
    #[serde(default, deserialize_with = "de::or_default")]
    pub meta: MessagesMeta,
    /// The messages.
    pub payload: Vec<Message>,
}

/// What a page of messages says about its conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MessagesMeta {
    /// Label titles.
    #[serde(deserialize_with = "de::or_default")]
    pub labels: Vec<String>,
    /// Keys Chatwoot knows.
    #[serde(deserialize_with = "de::object")]
    pub additional_attributes: Attributes,
    /// The customer.
    pub contact: Option<Contact>,
    /// When an agent last looked (milliseconds here, seconds in a conversation).
    pub agent_last_seen_at: Stamp,
    /// When the assignee last looked.
    pub assignee_last_seen_at: Stamp,
}

/// A page of contacts, 15 at most (section 6.2).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ContactPage {
    /// Counts.
    #[serde(default, deserialize_with = "de::or_default")]
    pub meta: ContactsMeta,
    /// The page; empty past the end.
    pub payload: Vec<Contact>,
}

/// What a page of contacts says about the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContactsMeta {
    /// Total in a list; in a search rows of this page (4.11+); null without a query.
    pub count: Option<i64>,
    /// The page, from 1.
    #[serde(deserialize_with = "de::int_or_text")]
    pub current_page: Option<i64>,
    /// Whether there is more (search, 4.11+).
    pub has_more: Option<bool>,
}

/// The answer of `toggle_status`: not the conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatusChanged {
    /// Null on a hand-off by a bot.
    pub success: Option<bool>,
    /// Display id.
    pub conversation_id: Option<i64>,
    /// Status now.
    #[serde(deserialize_with = "de::or_default")]
    pub current_status: Status,
    /// End of the snooze.
    pub snoozed_until: Stamp,
}

/// The answer of an assignment: who has the conversation now, in the shape of what was assigned (section 4.5).
#[derive(Clone, Debug, PartialEq)]
pub enum AssignmentAnswer {
    /// An agent has it.
    Agent(Box<Agent>),
    /// A bot has it.
    Bot(Box<AgentBot>),
    /// A team has it.
    Team(Box<Team>),
    /// Nobody (unassigned, or the id was unknown: Chatwoot says 200 to that too).
    Nobody,
}

impl<'de> Deserialize<'de> for AssignmentAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let has = |key: &str| value.get(key).is_some();
        // Told apart by keys only one of them has.
        if value.is_null() {
            Ok(Self::Nobody)
        } else if has("bot_type") || has("outgoing_url") {
            serde_json::from_value(value).map(Self::Bot)
        } else if has("allow_auto_assign") {
            serde_json::from_value(value).map(Self::Team)
        } else if has("role") || has("email") {
            serde_json::from_value(value).map(Self::Agent)
        } else {
            return Err(serde_de::Error::custom("neither agent, bot, team nor null"));
        }
        .map_err(serde_de::Error::custom)
    }
}
