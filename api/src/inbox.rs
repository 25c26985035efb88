//! Conversations, messages and what stands around them, as clients see them.

mod write;

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use crate::mail::MailView;
use crate::page::Source;
use crate::template::UseTemplate;

pub(crate) use write::text_or_number;
pub use write::{
    AttributeChange, ContactPatch, ConversationPatch, DeleteMessage, Effect, EffectKind, EffectQuery, Escalate, LabelChange, Labels,
    MacroView, Mention, NewMessage, RunMacro, Typing, TypingView,
};

// A word is a `tt`: as a `literal` it would be hidden from the schema, which would list the variants' names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:tt,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$(Self::$variant,)*];
            /// The word on the wire, in SQL and on the screen.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                match s {
                    $($text => Ok(Self::$variant),)*
                    other => Err(format!("`{other}` is none of: {}", [$($text),*].join(", "))),
                }
            }
        }
    };
}
pub(crate) use words;

words!(
    /// A conversation's status, in Chatwoot's words.
    ConversationStatus {
        /// Being worked on.
        Open = "open",
        /// Done.
        Resolved = "resolved",
        /// With a bot, or parked.
        Pending = "pending",
        /// Comes back later.
        Snoozed = "snoozed",
    }
);

words!(
    /// A conversation's priority, in Chatwoot's words; no priority is `null`.
    Priority {
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Urgent.
        Urgent = "urgent",
    }
);

words!(
    /// Who a message comes from, in Chatwoot's words.
    MessageType {
        /// From the customer.
        Incoming = "incoming",
        /// From us: to the customer, or to the team alone when `private`.
        Outgoing = "outgoing",
        /// Chatwoot's own line about a change.
        Activity = "activity",
        /// Sent by Chatwoot on its own: greeting, survey.
        Template = "template",
    }
);

words!(
    /// How far a message has come.
    DeliveryState {
        /// In our outbox.
        Queued = "queued",
        /// On its way to Chatwoot.
        Sending = "sending",
        /// Its outcome is not known; it is never sent again on a guess.
        Held = "held",
        /// In Chatwoot.
        Sent = "sent",
        /// At the customer's.
        Delivered = "delivered",
        /// Seen by the customer.
        Read = "read",
        /// Refused; `error` says why.
        Failed = "failed",
    }
);

words!(
    /// What stands behind a name.
    SenderKind {
        /// A customer.
        Contact = "contact",
        /// A Chatwoot agent.
        User = "user",
        /// A bot.
        Bot = "bot",
    }
);

words!(
    /// Orders of the conversation list.
    Sort {
        /// Newest activity first.
        Activity = "activity",
        /// Longest waiting customer first.
        Waiting = "waiting",
        /// Newest conversation first.
        Created = "created",
        /// Most urgent first.
        Priority = "priority",
    }
);

/// A name with Chatwoot's number behind it: an agent, a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Chatwoot's id.
    pub id: i64,
    /// As Chatwoot shows it.
    pub name: String,
}

/// An inbox: the channel a conversation came through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxView {
    /// Chatwoot's id.
    pub id: i64,
    /// As Chatwoot shows it.
    pub name: String,
    /// Chatwoot's channel type without `Channel::`, such as `Api`, `WebWidget`, `Email`, `Whatsapp`.
    pub channel: String,
    /// The address of an e-mail inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A label of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelView {
    /// The label itself.
    pub title: String,
    /// `#rrggbb`.
    pub color: String,
    /// What it is for.
    pub description: Option<String>,
}

/// The customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactView {
    /// Chatwoot's id.
    pub id: i64,
    /// As the customer or an agent wrote it: untrusted text.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// In E.164 form.
    pub phone_number: Option<String>,
    /// The shop's own id of the customer.
    pub identifier: Option<String>,
    /// Whether Chatwoot blocks the customer.
    pub blocked: bool,
}

/// The newest line of a conversation that is not an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snippet {
    /// One line, cut to 200 characters; untrusted text.
    pub text: String,
    /// Whose line it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
}

/// An approval, where only its name and state matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalMark {
    /// Its id.
    pub id: ApprovalId,
    /// `AP-42`.
    #[schema(value_type = String)]
    pub reference: crate::id::Reference,
    /// Its state.
    pub status: crate::approval::ApprovalStatus,
    /// What is asked.
    pub title: String,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationView {
    /// Chatwoot's display id.
    pub id: ConversationId,
    /// Status.
    pub status: ConversationStatus,
    /// Priority.
    pub priority: Option<Priority>,
    /// Where it came in.
    pub inbox: InboxView,
    /// Who writes.
    pub contact: ContactView,
    /// Who works on it.
    pub assignee: Option<Named>,
    /// Which team it belongs to.
    pub team: Option<Named>,
    /// Labels, sorted.
    pub labels: Vec<String>,
    /// Incoming messages no agent has seen; Chatwoot counts to 10.
    pub unread_count: u32,
    /// Whether the channel takes a reply now.
    pub can_reply: bool,
    /// Newest line.
    pub snippet: Option<Snippet>,
    /// Since when the customer waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waiting_since: Option<Timestamp>,
    /// Until when it sleeps; `null` with status snoozed: until the customer writes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Timestamp>,
    /// Beginning.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Newest activity.
    #[schema(value_type = String, format = DateTime)]
    pub last_activity_at: Timestamp,
    /// Chatwoot's own keys, such as `mail_subject`; untrusted.
    #[serde(default)]
    pub additional_attributes: serde_json::Map<String, serde_json::Value>,
    /// The account's keys.
    #[serde(default)]
    pub custom_attributes: serde_json::Map<String, serde_json::Value>,
    /// Its approvals, newest first.
    pub approvals: Vec<ApprovalMark>,
    /// Writes of ours that Chatwoot has not confirmed yet, by kind (`status`, `assignee`, …).
    pub pending: Vec<String>,
    /// Chatwoot's page for it.
    pub url: String,
    /// When this was last heard from Chatwoot.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// Where it comes from.
    #[serde(default = "from_store")]
    pub source: Source,
}

fn from_store() -> Source {
    Source::Store
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sender {
    /// Chatwoot's id, where there is one.
    pub id: Option<i64>,
    /// What stands behind the name.
    pub kind: SenderKind,
    /// Untrusted text.
    pub name: String,
}

/// A file with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachmentView {
    /// Chatwoot's id; 0 while it is only in the outbox.
    pub id: i64,
    /// Chatwoot's word: image, video, audio, file, location, contact, …
    pub file_type: String,
    /// The file's name as far as it is known.
    pub name: String,
    /// Size in bytes.
    pub file_size: Option<i64>,
    /// Where it can be fetched; only http and https.
    pub url: Option<String>,
}

/// A message, whether Chatwoot has it already or only our outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Chatwoot's id; `null` while it is only in the outbox.
    pub id: Option<MessageId>,
    /// The outbox entry that carries it; `null` for what did not come from here or is done.
    pub outbox_id: Option<OutboxId>,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
    /// Untrusted text; `null` for a message that is only a file.
    pub content: Option<String>,
    /// Chatwoot's word: text, incoming_email, input_csat, …
    pub content_type: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Why it failed.
    pub error: Option<String>,
    /// Who wrote it; activities have nobody.
    pub sender: Option<Sender>,
    /// Whether the caller wrote it, from here or in Chatwoot: what may be deleted from here.
    #[serde(default)]
    pub own: bool,
    /// Files.
    pub attachments: Vec<AttachmentView>,
    /// Whether it was deleted in Chatwoot.
    pub deleted: bool,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// What stands over it, where it is an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailView>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a held message leaves; it can be recalled until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sends_at: Option<Timestamp>,
}

/// Filter, order and place of a conversation list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// open (default), resolved, pending, snoozed or all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// me, unassigned, assigned, all (default) or an agent's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// An inbox's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<i64>,
    /// A team's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<i64>,
    /// A contact's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<i64>,
    /// Labels, comma-separated; any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// mention (where the caller was mentioned) or unattended (no first reply yet, or the customer waits), as Chatwoot has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_type: Option<String>,
    /// urgent, high, medium, low or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Only those with messages that no agent has seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// Only those whose customer waits since then or longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub waiting_before: Option<Timestamp>,
    /// A filter of conversations that the caller saved (`/custom-filters`), by its id; evaluated over the copy, on top of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<i64>,
    /// Words to find in messages, private notes included, or in the contact's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// activity (default), waiting, created or priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub sort: Option<Sort>,
    /// From 1; not together with `cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `meta.next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Ask Chatwoot first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
}

/// What a read of one conversation takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FreshQuery {
    /// Ask Chatwoot first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
}

/// Place in a conversation's messages. Answers are ascending; without `before` or `after` they are the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// Only messages older than this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// Only messages newer than this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only messages written then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Ask Chatwoot first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
}

words!(
    /// How far an outbox entry has come.
    OutboxState {
        /// Waits for its turn, its hold or its next try.
        Queued = "queued",
        /// On its way.
        Sending = "sending",
        /// Outcome unknown and not to be found out: an agent must look.
        Held = "held",
        /// Refused for good; kept with the reason.
        Failed = "failed",
        /// In Chatwoot.
        Done = "done",
        /// Taken back before it left.
        Cancelled = "cancelled",
    }
);

/// Which outbox entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// Rows at most, 1 to 200; absent = 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `meta.next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How many entries of the outbox are tried now instead of later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlushView {
    /// So many.
    pub flushed: u64,
}

/// One write on its way to Chatwoot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxView {
    /// Its id; also the `afenda_id` in the message's `content_attributes`.
    pub id: OutboxId,
    /// The conversation it changes, or began; `null` for a change of a contact, and before the conversation is there.
    pub conversation_id: Option<ConversationId>,
    /// The contact it changes, or begins a conversation with.
    #[serde(default)]
    pub contact_id: Option<i64>,
    /// The inbox in which it begins a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<i64>,
    /// reply, note, labels, assignee, team, status, priority, attributes, read, unread, macro, mute, participants, delete, contact,
    /// `contact_note` or conversation.
    pub kind: String,
    /// How far it has come.
    pub state: OutboxState,
    /// Whose it is.
    pub user: String,
    /// The text of a reply, a note, a contact's note or a first message, so that it can be taken up again.
    pub content: Option<String>,
    /// The WhatsApp template that a reply is, with its values; the content is its body with these in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<UseTemplate>,
    /// What else it sets, in short: a status, a priority, an agent's or team's id, `none`, labels with + and -, keys, a macro's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Tries so far.
    pub attempts: u32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it may leave.
    #[schema(value_type = String, format = DateTime)]
    pub sends_at: Timestamp,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[test]
    fn a_schema_lists_the_words_of_the_wire() {
        let schema = serde_json::to_value(ConversationStatus::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(ConversationStatus::ALL).unwrap());
    }
}
