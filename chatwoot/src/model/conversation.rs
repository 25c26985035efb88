//! Conversations.

use serde::Deserialize;
use serde_json::Value;

use super::{Assignee, AssigneeKind, Attributes, Contact, ContactInbox, Message, Ref, Team, de};
use crate::Stamp;

de::words! {
    /// Where a conversation stands.
    Status {
        /// Waits for agents.
        Open = "open",
        /// Done.
        Resolved = "resolved",
        /// With a bot, or set aside.
        Pending = "pending",
        /// Sleeps until a time, or until the customer writes.
        Snoozed = "snoozed",
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

de::words! {
    /// How urgent a conversation is.
    Priority {
        /// Lowest.
        Low = "low",
        /// Middle.
        Medium = "medium",
        /// High.
        High = "high",
        /// Highest.
        Urgent = "urgent",
    }
}

/// A conversation: REST, push or webhook (section 4.4). What a source does not send is none, never or empty: see each field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(remote = "Self")]
pub struct Conversation {
    /// **Display id**: unique per account, never reused.
    pub id: i64,
    /// Unique everywhere (REST only).
    pub uuid: Option<String>,
    /// Account: top level in REST and push, `account.id` in webhooks since 4.14.2, none in older webhooks (but see
    /// [`Conversation::any_account_id`]).
    pub account_id: Option<i64>,
    /// Where a webhook says the account; `account_id` has it too.
    pub account: Option<Ref>,
    /// Inbox.
    #[serde(default, deserialize_with = "de::or_default")]
    pub inbox_id: i64,
    /// Where it stands.
    #[serde(default, deserialize_with = "de::or_default")]
    pub status: Status,
    /// How urgent, if said.
    pub priority: Option<Priority>,
    /// Label titles. They need not exist as labels of the account.
    #[serde(default, deserialize_with = "de::or_default")]
    pub labels: Vec<String>,
    /// Keys Chatwoot knows.
    #[serde(default, deserialize_with = "de::object")]
    pub additional_attributes: Attributes,
    /// Keys of the account's own.
    #[serde(default, deserialize_with = "de::object")]
    pub custom_attributes: Attributes,
    /// False outside the channel's window; advice only for API inboxes.
    pub can_reply: Option<bool>,
    /// End of the snooze; never = until the customer writes.
    #[serde(default)]
    pub snoozed_until: Stamp,
    /// When it was made, whole seconds.
    #[serde(default)]
    pub created_at: Stamp,
    /// Last change of the row, microseconds: **the** clock to order versions of a conversation by. Not every change moves it (12.2).
    #[serde(default)]
    pub updated_at: Stamp,
    /// Last activity, activity messages included, whole seconds.
    #[serde(default)]
    pub last_activity_at: Stamp,
    /// When an agent last looked.
    #[serde(default)]
    pub agent_last_seen_at: Stamp,
    /// When the customer last looked.
    #[serde(default)]
    pub contact_last_seen_at: Stamp,
    /// When the assignee last looked (REST only).
    #[serde(default)]
    pub assignee_last_seen_at: Stamp,
    /// First reply by a person: seconds in REST, milliseconds in push and webhook.
    #[serde(default)]
    pub first_reply_created_at: Stamp,
    /// Since when the customer waits for a reply.
    #[serde(default)]
    pub waiting_since: Stamp,
    /// Unread messages, **capped at 10**.
    #[serde(default, deserialize_with = "de::or_default")]
    pub unread_count: i64,
    /// Whether the contact is blocked (REST only).
    pub muted: Option<bool>,
    /// 0 or 1: the newest message. Of any kind in REST, newest public non-activity one in push and webhook.
    #[serde(default, deserialize_with = "de::list_without_nulls")]
    pub messages: Vec<Message>,
    /// Newest non-activity message, may be a private note (REST only).
    pub last_non_activity_message: Option<Box<Message>>,
    /// Contact, assignee, team.
    #[serde(default, deserialize_with = "de::or_default")]
    pub meta: ConversationMeta,
    /// How the contact is addressed (push and webhook only).
    pub contact_inbox: Option<ContactInbox>,
    /// Such as "Channel::Api" (push and webhook; REST has it in `meta`, this field has it from both).
    pub channel: Option<String>,
}

de::evened!(Conversation, |conversation| {
    conversation.account_id = conversation.account_id.or(conversation.account.and_then(|account| account.id));
    if conversation.channel.is_none() {
        conversation.channel.clone_from(&conversation.meta.channel);
    }
});

impl Conversation {
    /// The account, looked for in the messages too: webhooks before 4.14.2 carry it only there (section 13).
    pub fn any_account_id(&self) -> Option<i64> {
        self.account_id.or_else(|| self.messages.iter().find_map(|message| message.account_id))
    }

    /// The customer's id, from the contact or the contact inbox.
    pub fn contact_id(&self) -> Option<i64> {
        self.meta.sender.as_ref().map(|contact| contact.id).or_else(|| self.contact_inbox.as_ref()?.contact_id)
    }
}

/// Who takes part in a conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConversationMeta {
    /// The customer.
    pub sender: Option<Contact>,
    /// Such as "Channel::Api" (REST only).
    pub channel: Option<String>,
    /// Who has it: absent in REST, null elsewhere when nobody has.
    pub assignee: Option<Assignee>,
    /// What the assignee is (4.8+; none before).
    pub assignee_type: Option<AssigneeKind>,
    /// Team, a slim one in push and webhook.
    pub team: Option<Team>,
    /// Whether the customer's identity was proved.
    pub hmac_verified: Option<bool>,
}

impl ConversationMeta {
    /// Id of the agent who has it; none for nobody and for a bot.
    pub fn agent_id(&self) -> Option<i64> {
        match self.assignee_type {
            Some(AssigneeKind::AgentBot) => None,
            _ => self.assignee.as_ref().map(|assignee| assignee.id),
        }
    }
}

/// One entry of `changed_attributes` (`conversation_updated`, `contact_updated`). Ids in it are database ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Column name, such as "assignee_id".
    pub attribute: String,
    /// Before.
    pub previous: Value,
    /// After.
    pub current: Value,
}

/// Reads `changed_attributes`: a list of one-key objects, null for none.
pub(crate) fn changes(value: Option<Value>) -> Vec<Change> {
    let Some(Value::Array(items)) = value else { return Vec::new() };
    let pairs = items.into_iter().filter_map(|item| match item {
        Value::Object(map) => Some(map),
        _ => None,
    });
    pairs
        .flatten()
        .map(|(attribute, mut values)| Change {
            attribute,
            previous: values.get_mut("previous_value").map(Value::take).unwrap_or_default(),
            current: values.get_mut("current_value").map(Value::take).unwrap_or_default(),
        })
        .collect()
}
