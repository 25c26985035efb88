//! Approvals: what is asked, what was read, and the decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::{ApprovalId, ConversationId, MessageId, Reference};
use crate::inbox::{MessageType, words};
use std::{fmt, str::FromStr};

words!(
    /// An approval's state.
    ApprovalStatus {
        /// Being written; nobody is asked yet.
        Draft = "draft",
        /// Waits for a decision; `pending` is understood as the same.
        Submitted = "submitted",
        /// Decided: yes.
        Approved = "approved",
        /// Decided: no.
        Rejected = "rejected",
        /// Taken back by the requester.
        Withdrawn = "withdrawn",
        /// Nobody decided in time.
        Expired = "expired",
    }
);

impl ApprovalStatus {
    /// Reads a status as people and scripts write it: `pending` is `submitted`.
    pub fn parse_alias(text: &str) -> Result<Self, String> {
        if text == "pending" { Ok(Self::Submitted) } else { text.parse() }
    }
}

words!(
    /// Orders of the approval list.
    ApprovalSort {
        /// Last asked first.
        Newest = "newest",
        /// First asked first.
        Oldest = "oldest",
    }
);

words!(
    /// How far the decision has come back to Chatwoot.
    WriteBack {
        /// Nothing to write: no conversation, or no decision yet.
        None = "none",
        /// In the outbox.
        Queued = "queued",
        /// Note and labels are in Chatwoot.
        Done = "done",
        /// Refused; the outbox has the reason.
        Failed = "failed",
    }
);

words!(
    /// Why the caller may not decide.
    Hindrance {
        /// It is the caller's own request.
        OwnRequest = "own_request",
        /// The caller wrote the revision that waits.
        OwnRevision = "own_revision",
        /// The caller's role does not decide this type.
        NotAnApprover = "not_an_approver",
        /// The requester is unknown and the caller is the conversation's assignee.
        MaybeOwnRequest = "maybe_own_request",
        /// It is not waiting for a decision.
        NotWaiting = "not_waiting",
    }
);

/// A person, as approvals, audit and activity name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The afenda user's name in the config; `null` for somebody only Chatwoot knows, and for the system.
    pub user: Option<String>,
    /// As shown; `unknown` where nobody is named.
    pub name: String,
}

/// A line of the conversation as it was when the approval was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExcerptLine {
    /// Chatwoot's id.
    pub message_id: MessageId,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who wrote it: untrusted text.
    pub from: String,
    /// Whose it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
    /// Untrusted text, cut to 2,000 characters.
    pub text: String,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In the currency's minor units: 24000 is 240.00 EUR.
    pub minor_units: i64,
    /// ISO 4217, three capitals.
    pub currency: String,
}

/// An approval, with everything the approver is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalView {
    /// Its id.
    pub id: ApprovalId,
    /// `AP-42`.
    #[schema(value_type = String, example = "AP-42")]
    pub reference: Reference,
    /// `escalation`, `ceo_approval`, `consultation_room`, or one declared in the config.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is asked, in a line.
    pub title: String,
    /// What is asked, in full.
    pub description: String,
    /// Its state.
    pub status: ApprovalStatus,
    /// Counts from 1; every change of what is shown makes a new one. A decision names it.
    pub revision: u32,
    /// `sha256:` and the hash of all that is shown at this revision.
    pub digest: String,
    /// Who asks.
    pub requester: Actor,
    /// The conversation it is about.
    pub conversation_id: Option<ConversationId>,
    /// The customer of that conversation.
    pub contact: Option<String>,
    /// What it costs.
    pub amount: Option<Money>,
    /// The conversation's newest lines when it was asked, oldest first.
    pub excerpt: Vec<ExcerptLine>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub submitted_at: Option<Timestamp>,
    /// When it lapses.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<Actor>,
    /// What they said; of a withdrawn one, why it was taken back.
    pub comment: Option<String>,
    /// How far the decision has come back to Chatwoot.
    pub write_back: WriteBack,
    /// Why the caller may not decide; `null` = may.
    pub hindrance: Option<Hindrance>,
}

/// Filter and place of an approval list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApprovalQuery {
    /// draft, submitted (or pending), approved, rejected, withdrawn, expired, decided, or all (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// A type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[param(rename = "type")]
    pub kind: Option<String>,
    /// `true`: only those the caller asked; `false`: only those of others that the caller may decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<bool>,
    /// Only those asked then or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub asked_before: Option<Timestamp>,
    /// newest (default) or oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub sort: Option<ApprovalSort>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// From which revision on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// A revision, from 1; absent = the one before the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u32>,
}

/// What an approval shows otherwise than it did; so also in the details of `STALE_REVISION`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalChanges {
    /// `AP-42`.
    #[schema(value_type = String, example = "AP-42")]
    pub reference: Reference,
    /// The revision that was read.
    pub read: u32,
    /// The revision that counts now.
    pub current: u32,
    /// Its digest.
    pub digest: String,
    /// Each field that is another now.
    pub changed: Vec<FieldChange>,
}

/// A field that is another now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// `title`, `description`, `amount` or `excerpt`.
    pub field: String,
    /// What it was, as in the approval; `null` = nothing.
    #[schema(value_type = Object)]
    pub from: serde_json::Value,
    /// What it is.
    #[schema(value_type = Object)]
    pub to: serde_json::Value,
}

/// A new approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApproval {
    /// Its type; `ceo_approval` when absent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What is asked, 1 to 200 characters.
    pub title: String,
    /// In full, up to 20,000 characters.
    #[serde(default)]
    pub description: String,
    /// The conversation it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// When it lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Keep it as a draft; `submit` asks.
    #[serde(default)]
    pub draft: bool,
}

/// What to change on an approval that is not decided; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalPatch {
    /// The revision that was read; here or in `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// New title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// New amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// A decision, or a withdrawal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The revision that was read; here or in `If-Match`, and both must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// Why; a rejection needs it. Up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}
