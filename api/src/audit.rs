//! The audit log: who did what, in a chain that shows any change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::approval::Actor;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Place in the tenant's chain, from 1.
    pub position: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Through which door: api, chatwoot, system.
    pub via: String,
    /// What was done, such as `approval.approve`, `message.reply`.
    pub action: String,
    /// To what kind of thing.
    pub resource_type: String,
    /// To which.
    pub resource_id: String,
    /// Whether somebody appended it through `POST /audit`.
    pub external: bool,
    /// The text that belongs to it (reason, comment), unless it was erased.
    pub note: Option<String>,
    /// Small facts: states, revision.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    /// SHA-256, hex, of the row before.
    pub prev_hash: String,
    /// SHA-256, hex, of `prev_hash` and this row.
    pub hash: String,
}

/// A row to append; actor, time and `external` are set by the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAudit {
    /// What was done, 1 to 100 characters.
    pub action: String,
    /// To what kind of thing, 1 to 100 characters.
    pub resource_type: String,
    /// To which, 1 to 200 characters.
    pub resource_id: String,
    /// Free text, up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Place in the log, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only what this user did, by the user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only what was done to things of this type, such as approval or conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Only what was done to the thing with this id; with `resource_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Only what was done then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}
