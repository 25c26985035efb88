//! The rows of the sandbox's memory, named and shaped after Chatwoot's tables. No rules here.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    clock::Stamp,
    world::{Channel, Role},
};

/// Every id of Chatwoot's API.
pub(crate) type Id = i64;
pub(crate) type Object = Map<String, Value>;

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) created_at: Stamp,
    pub(crate) suspended: bool,
    pub(crate) locale: String,
    pub(crate) domain: Option<String>,
    pub(crate) support_email: Option<String>,
    /// Rules such as `auto_resolve_after`, as they were set.
    pub(crate) settings: Object,
    pub(crate) custom_attributes: Object,
    pub(crate) limits: Object,
    /// Features that differ from the installation's.
    pub(crate) features: BTreeMap<String, bool>,
    /// Change stamps of labels, inboxes and teams; none until the first change.
    pub(crate) cache: CacheKeys,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CacheKeys {
    pub(crate) label: Option<Stamp>,
    pub(crate) inbox: Option<Stamp>,
    pub(crate) team: Option<Stamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    Online,
    Offline,
    Busy,
}

impl Availability {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Busy => "busy",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "online" => Self::Online,
            "offline" => Self::Offline,
            "busy" => Self::Busy,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) email: String,
    /// Nobody signs in without one.
    pub(crate) password: Option<String>,
    /// Whether the invitation was followed.
    pub(crate) confirmed: bool,
    pub(crate) message_signature: Option<String>,
    pub(crate) access_token: String,
    pub(crate) pubsub_token: String,
    pub(crate) ui_settings: Value,
    pub(crate) custom_attributes: Object,
    /// Blob that holds the picture.
    pub(crate) avatar: Option<String>,
    /// The account it works in. The sandbox knows one at most; Chatwoot any number.
    pub(crate) account_id: Option<Id>,
    /// Row of the membership.
    pub(crate) account_user_id: Id,
    pub(crate) created_at: Stamp,
    pub(crate) joined_at: Stamp,
    pub(crate) rejoined_at: Stamp,
    pub(crate) role: Role,
    pub(crate) availability: Availability,
    pub(crate) auto_offline: bool,
    pub(crate) active_at: Option<Stamp>,
    pub(crate) email_flags: Vec<String>,
    pub(crate) push_flags: Vec<String>,
}

impl User {
    /// The display name when there is one.
    pub(crate) fn available_name(&self) -> &str {
        self.display_name.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&self.name)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) account_id: Id,
    pub(crate) channel_id: Id,
    pub(crate) channel: Channel,
    pub(crate) name: String,
    pub(crate) webhook_url: Option<String>,
    pub(crate) website_url: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) message_templates: Vec<Value>,
    pub(crate) identifier: String,
    pub(crate) hmac_token: String,
    pub(crate) secret: String,
    pub(crate) website_token: String,
    pub(crate) members: Vec<Id>,
    /// Plain settings that can be patched, by their name in the answer.
    pub(crate) settings: Object,
    pub(crate) bot: Option<Id>,
}

impl Inbox {
    pub(crate) fn flag(&self, setting: &str) -> bool {
        self.settings.get(setting).and_then(Value::as_bool).unwrap_or(false)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) id: Id,
    pub(crate) key: String,
    pub(crate) account_id: Id,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) blocked: bool,
    /// Address of the small picture, empty without one.
    pub(crate) thumbnail: String,
    pub(crate) additional_attributes: Object,
    pub(crate) custom_attributes: Object,
    pub(crate) labels: Vec<String>,
    pub(crate) company_id: Option<Id>,
    /// Once a lead, always a lead.
    pub(crate) lead: bool,
    pub(crate) last_activity_at: Option<Stamp>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

/// One address of a contact in one inbox.
#[derive(Debug, Clone)]
pub(crate) struct ContactInbox {
    pub(crate) id: Id,
    pub(crate) contact_id: Id,
    pub(crate) inbox_id: Id,
    pub(crate) source_id: String,
    pub(crate) hmac_verified: bool,
    pub(crate) pubsub_token: String,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    Resolved,
    Pending,
    Snoozed,
}

impl Status {
    /// In the order of the enum, which numbers are read by.
    pub(crate) const ALL: [Status; 4] = [Status::Open, Status::Resolved, Status::Pending, Status::Snoozed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Pending => "pending",
            Self::Snoozed => "snoozed",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    Low,
    Medium,
    High,
    Urgent,
}

impl Priority {
    pub(crate) const ALL: [Priority; 4] = [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == word)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    /// The database id; only notifications show it.
    pub(crate) id: Id,
    pub(crate) display_id: Id,
    pub(crate) uuid: String,
    pub(crate) account_id: Id,
    pub(crate) inbox_id: Id,
    pub(crate) contact_id: Id,
    pub(crate) contact_inbox_id: Id,
    pub(crate) status: Status,
    /// Also that of a person who is not there (4.5 of the contract).
    pub(crate) assignee_id: Option<Id>,
    pub(crate) assignee_bot_id: Option<Id>,
    pub(crate) team_id: Option<Id>,
    pub(crate) priority: Option<Priority>,
    pub(crate) labels: Vec<String>,
    pub(crate) cached_label_list: Option<String>,
    pub(crate) additional_attributes: Value,
    pub(crate) custom_attributes: Value,
    pub(crate) snoozed_until: Option<Stamp>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
    pub(crate) last_activity_at: Stamp,
    pub(crate) agent_last_seen_at: Option<Stamp>,
    pub(crate) assignee_last_seen_at: Option<Stamp>,
    pub(crate) contact_last_seen_at: Option<Stamp>,
    pub(crate) first_reply_created_at: Option<Stamp>,
    pub(crate) waiting_since: Option<Stamp>,
    pub(crate) participants: BTreeSet<Id>,
    pub(crate) mentioned: BTreeSet<Id>,
    pub(crate) draft: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    Incoming,
    Outgoing,
    Activity,
    Template,
}

impl MessageType {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Incoming => 0,
            Self::Outgoing => 1,
            Self::Activity => 2,
            Self::Template => 3,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
            Self::Activity => "activity",
            Self::Template => "template",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Incoming, Self::Outgoing, Self::Activity, Self::Template].into_iter().find(|t| t.as_str() == word)
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    User(Id),
    Contact(Id),
    Bot(Id),
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) inbox_id: Id,
    /// Database id of the conversation.
    pub(crate) conversation_id: Id,
    pub(crate) message_type: MessageType,
    pub(crate) content: Option<String>,
    /// The content before Liquid, until the message is saved again.
    pub(crate) processed: Option<String>,
    pub(crate) private: bool,
    pub(crate) status: &'static str,
    pub(crate) source_id: Option<String>,
    pub(crate) content_type: String,
    pub(crate) content_attributes: Object,
    pub(crate) additional_attributes: Object,
    pub(crate) sender: Option<Sender>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

impl Message {
    /// Neither a note nor an activity.
    pub(crate) fn public(&self) -> bool {
        !self.private && self.message_type != MessageType::Activity
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: Id,
    pub(crate) file_type: &'static str,
    pub(crate) blob: String,
    /// Width and height, once a job has looked at the picture.
    pub(crate) size: Option<(u32, u32)>,
}

/// A stored file, served under its key.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub(crate) id: Id,
    pub(crate) account_id: Id,
    pub(crate) user_id: Id,
    pub(crate) kind: &'static str,
    /// Database id of the conversation.
    pub(crate) conversation_id: Id,
    /// The message it is about.
    pub(crate) message_id: Option<Id>,
    pub(crate) read_at: Option<Stamp>,
    pub(crate) snoozed_until: Option<Stamp>,
    pub(crate) meta: Object,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
    pub(crate) last_activity_at: Stamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) id: Id,
    pub(crate) contact_id: Id,
    pub(crate) user_id: Id,
    pub(crate) content: String,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}
