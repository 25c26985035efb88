//! Webhooks as they arrived from Chatwoot, for whoever runs the daemon, and the account webhook that sends them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::WebhookId;
use crate::inbox::words;
use std::{fmt, str::FromStr};

words!(
    /// How far a webhook has come.
    WebhookState {
        /// Kept, and not worked off yet; perhaps waiting for its next try.
        Received = "received",
        /// Applied.
        Done = "done",
        /// Given up: replay it, or purge it.
        Dead = "dead",
    }
);

/// One webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: WebhookId,
    /// Chatwoot's name of the event, such as `message_created`.
    pub event: String,
    /// How far it has come.
    pub state: WebhookState,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// When it was done or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// When it is tried next.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try_at: Option<Timestamp>,
    /// Tries so far.
    pub attempts: u32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// Chatwoot's id of the delivery (4.12+).
    pub delivery_id: Option<String>,
    /// The body without its secrets; only of a single webhook, and only until it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
}

/// Filter and place in the list of webhooks, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookQuery {
    /// Only these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<WebhookState>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which dead letters to drop: the named ones, or all that arrived before a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPurge {
    /// These, at most 200. One that is no dead letter is refused, and nothing is dropped then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<WebhookId>,
    /// All that arrived before; without ids and without this, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub before: Option<Timestamp>,
}

/// How many dead letters were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurgeView {
    /// So many.
    pub purged: u64,
}

/// How the account webhook is to be set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInstall {
    /// The address at which Chatwoot reaches this daemon, such as `https://desk.example.com`; absent = where the webhook points already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether to take a new secret: Chatwoot gives one only to a new webhook, so another one takes the place of the old.
    #[serde(default)]
    pub rotate: bool,
}

words!(
    /// What `install` did.
    Installed {
        /// There was none: made.
        Created = "created",
        /// Address, subscriptions or the kept secret were wrong: put right.
        Repaired = "repaired",
        /// Another one with a new secret has taken its place.
        Rotated = "rotated",
        /// All was right already.
        Unchanged = "unchanged",
    }
);

/// The account webhook as it is now. Its secret is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstallView {
    /// Chatwoot's id of the webhook.
    pub webhook_id: i64,
    /// Where Chatwoot sends to.
    pub url: String,
    /// Events it sends.
    pub subscriptions: Vec<String>,
    /// What was done.
    pub outcome: Installed,
    /// Whether Chatwoot signs what it sends (4.12+).
    pub signed: bool,
    /// What may keep webhooks from arriving or from being believed, and the way out.
    pub warnings: Vec<String>,
}

/// How webhooks stand, in `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhooksView {
    /// Where this tenant's Chatwoot sends its webhooks, below the daemon's address.
    pub path: String,
    /// Whether a secret is known to check signatures with.
    pub secret: bool,
    /// The newest one that was kept.
    pub last: Option<LastWebhook>,
    /// The newest one that was refused since the daemon started.
    pub refused: Option<RefusedWebhook>,
    /// Kept and not worked off yet.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
}

/// The newest webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastWebhook {
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Chatwoot's name of the event.
    pub event: String,
}

/// A webhook that was not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedWebhook {
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}
