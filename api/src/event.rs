//! The activity feed: every change that a client should see, in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::approval::Actor;
use crate::id::ActivityId;
use crate::inbox::words;
use std::{fmt, str::FromStr};

words!(
    /// What happened. Also the `event` of the stream.
    ActivityType {
        /// A conversation is new here.
        ConversationCreated = "conversation.created",
        /// Something on a conversation changed: status, assignee, team, labels, priority, unread, contact.
        ConversationUpdated = "conversation.updated",
        /// A conversation is gone from Chatwoot.
        ConversationDeleted = "conversation.deleted",
        /// A message is new here; `data.message_type` and `data.private` say whose.
        MessageCreated = "message.created",
        /// A message changed: delivery, deletion.
        MessageUpdated = "message.updated",
        /// A contact changed.
        ContactUpdated = "contact.updated",
        /// A contact is gone from Chatwoot.
        ContactDeleted = "contact.deleted",
        /// An approval was written but not asked yet.
        ApprovalDrafted = "approval.drafted",
        /// An approval waits for a decision.
        ApprovalSubmitted = "approval.submitted",
        /// What an approval shows changed: a new revision.
        ApprovalUpdated = "approval.updated",
        /// Decided: yes.
        ApprovalApproved = "approval.approved",
        /// Decided: no.
        ApprovalRejected = "approval.rejected",
        /// Taken back.
        ApprovalWithdrawn = "approval.withdrawn",
        /// Lapsed.
        ApprovalExpired = "approval.expired",
        /// An outbox entry moved; `data.state` says where to.
        OutboxUpdated = "outbox.updated",
        /// Agents, inboxes, teams, labels or canned responses changed.
        DirectoryUpdated = "directory.updated",
        /// The first copy came further; `data` is a `Progress`.
        SyncProgress = "sync.progress",
        /// The link to Chatwoot changed; `data.state` says how.
        SyncState = "sync.state",
    }
);

words!(
    /// What an activity or an audit row is about.
    SubjectType {
        /// A conversation; its id is the display id.
        Conversation = "conversation",
        /// A message.
        Message = "message",
        /// A contact.
        Contact = "contact",
        /// An approval; its id is the UUID.
        Approval = "approval",
        /// An outbox entry.
        Outbox = "outbox",
        /// The link to Chatwoot.
        Sync = "sync",
        /// A user's settings.
        User = "user",
    }
);

/// One row of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// Place in the tenant's feed, rising; the stream's event id.
    pub seq: i64,
    /// Its id.
    pub id: ActivityId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// Who did it; `null` where Chatwoot did not say.
    pub actor: Option<Actor>,
    /// What it is about.
    pub subject_type: SubjectType,
    /// Its id as text.
    pub subject_id: String,
    /// The conversation it belongs to, if any.
    pub conversation_id: Option<i64>,
    /// When it was recorded here.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Small facts by type; never message text.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// Place in the feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only rows after this seq, oldest first; without it the newest, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only these types, comma-separated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<String>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// For tools that cannot send `Last-Event-ID`: where the stream resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<i64>,
    /// On the stream: an inbox is open. The caller's linked agent counts as present in Chatwoot while it is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub presence: bool,
}

/// Somebody writes in a conversation, or no longer. Chatwoot's page takes it back after 30 s without another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingHeard {
    /// Where.
    pub conversation_id: crate::id::ConversationId,
    /// Who.
    pub name: String,
    /// Which agent; absent for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<i64>,
    /// Begins or goes on, or stops.
    pub on: bool,
    /// A private note.
    pub private: bool,
}

/// What comes over the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The stream stands; everything after `seq` will come.
    Ready {
        /// The newest seq at that moment.
        seq: i64,
    },
    /// Something happened.
    Activity(Activity),
    /// The asked place is older than what is kept: read everything again.
    Reset {
        /// The oldest seq still kept.
        oldest_seq: i64,
    },
    /// Somebody writes, or no longer. Said once, kept nowhere; only on a stream with presence.
    Typing(TypingHeard),
    /// The daemon closes the stream and says why.
    Bye {
        /// The reason.
        reason: String,
    },
}
