//! The rows of what an account is furnished with: teams, labels, bots, rules, surveys. No rules here.

use serde_json::Value;

use super::rows::{Id, Object};
use crate::clock::Stamp;

#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) account_id: Id,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) allow_auto_assign: bool,
    pub(crate) members: Vec<Id>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) color: String,
    pub(crate) show_on_sidebar: Option<bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Canned {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) short_code: String,
    pub(crate) content: String,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) model: String,
    pub(crate) display_type: String,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) regex_pattern: Option<String>,
    pub(crate) regex_cue: Option<String>,
    pub(crate) values: Vec<String>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Bot {
    pub(crate) id: Id,
    /// None for a bot of the whole installation.
    pub(crate) account_id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) outgoing_url: Option<String>,
    pub(crate) config: Value,
    /// Whether the platform's application made it, and so may change it.
    pub(crate) of_platform: bool,
    pub(crate) access_token: String,
    pub(crate) secret: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) name: Option<String>,
    pub(crate) url: String,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) secret: String,
}

#[derive(Debug, Clone)]
pub(crate) struct CustomFilter {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) user_id: Id,
    pub(crate) name: String,
    pub(crate) filter_type: String,
    pub(crate) query: Value,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

/// A customer's verdict on a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Csat {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    /// Database id of the conversation.
    pub(crate) conversation_id: Id,
    pub(crate) message_id: Id,
    pub(crate) contact_id: Id,
    pub(crate) assigned_agent_id: Option<Id>,
    /// One to five.
    pub(crate) rating: i64,
    pub(crate) feedback: Option<String>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

/// An automation rule.
#[derive(Debug, Clone)]
pub(crate) struct Automation {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) event_name: String,
    pub(crate) conditions: Value,
    pub(crate) actions: Value,
    pub(crate) active: bool,
    pub(crate) created_at: Stamp,
}

/// Actions an agent runs at once.
#[derive(Debug, Clone)]
pub(crate) struct Macro {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) name: String,
    /// Whether everyone has it.
    pub(crate) global: bool,
    pub(crate) created_by: Id,
    pub(crate) updated_by: Id,
    pub(crate) actions: Value,
}

/// A page of the shop's own beside the conversations.
#[derive(Debug, Clone)]
pub(crate) struct DashboardApp {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) title: String,
    pub(crate) content: Value,
    pub(crate) created_at: Stamp,
}

/// Where a device is pushed to.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: Id,
    pub(crate) user_id: Id,
    pub(crate) kind: String,
    pub(crate) attributes: Object,
    pub(crate) created_at: Stamp,
}
