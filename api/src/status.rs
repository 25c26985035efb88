//! What `afenda status` shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inbox::words;
use crate::webhook::WebhooksView;
use std::{fmt, str::FromStr};

words!(
    /// The link to Chatwoot.
    LinkState {
        /// No account is configured.
        NotConfigured = "not_configured",
        /// Being set up.
        Connecting = "connecting",
        /// The websocket is confirmed: changes come at once.
        Live = "live",
        /// Reads work, the websocket does not: changes come by polling and webhooks.
        Polling = "polling",
        /// Chatwoot cannot be reached; tried again.
        Offline = "offline",
        /// Chatwoot refuses the token, the account or the version: somebody must act.
        Refused = "refused",
    }
);

/// The link to one tenant's Chatwoot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkView {
    /// How it stands.
    pub state: LinkState,
    /// What is wrong and the way out; `null` when nothing is.
    pub message: Option<String>,
    /// Chatwoot's version as it says itself.
    pub version: Option<String>,
    /// Chatwoot's address.
    pub url: Option<String>,
    /// Chatwoot's account.
    pub account_id: Option<i64>,
    /// When anything was last heard.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
}

words!(
    /// What the first copy copies.
    #[derive(Default)]
    CopyPhase {
        /// The newest page of each open view, and its messages.
        #[default]
        Newest = "newest",
        /// Every conversation with its messages.
        Conversations = "conversations",
        /// Contacts.
        Contacts = "contacts",
        /// Ratings.
        Ratings = "ratings",
        /// Again what could not be read.
        Unread = "unread",
        /// Nothing any more.
        Done = "done",
    }
);

/// How far the first copy has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Whether it is complete.
    pub done: bool,
    /// What is being copied.
    #[serde(default)]
    pub phase: CopyPhase,
    /// Conversations copied.
    pub conversations: u64,
    /// Conversations there are, as far as Chatwoot said.
    pub conversations_total: Option<u64>,
    /// Messages copied.
    pub messages: u64,
    /// Contacts copied.
    #[serde(default)]
    pub contacts: u64,
    /// Contacts with an address there are, as far as Chatwoot said.
    #[serde(default)]
    pub contacts_total: Option<u64>,
    /// Conversations whose messages Chatwoot would not give: tried again now and then.
    #[serde(default)]
    pub incomplete: u64,
    /// Seconds that it will still take; `null` where that cannot be told.
    #[serde(default)]
    pub seconds_left: Option<u64>,
}

/// Rounds of comparing with Chatwoot, shallow or deep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rounds {
    /// Complete ones since the daemon started.
    pub count: u64,
    /// Whether one is under way.
    pub running: bool,
    /// End of the last complete one; `null` before the first since the store was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// Reads of everything that was active since a moment, on request. They are no comparison: `lag_s` does not go by them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinceRounds {
    /// Complete ones since the daemon started.
    pub count: u64,
    /// Whether one is under way.
    pub running: bool,
    /// End of the last complete one; `null` before the first since the daemon started.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The moment of the running one, else of the last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Conversations that it has read.
    pub conversations: u64,
    /// The activity that it has come back to, by Chatwoot's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub back_to: Option<Timestamp>,
    /// It ended before its moment: more conversations were active since than one reads.
    pub truncated: bool,
}

/// What the daemon takes of Chatwoot's request limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateView {
    /// Requests a minute that it allows itself: the server's limit times `rate_share`, less after a 429; `null` = as many as it likes.
    pub limit: Option<u32>,
    /// Requests in the running minute.
    pub used: u32,
    /// Until when nothing is asked, after a 429.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_until: Option<Timestamp>,
}

/// How the copy of one tenant's Chatwoot stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncView {
    /// The link to Chatwoot.
    pub chatwoot: LinkView,
    /// The first copy.
    pub first_copy: Progress,
    /// Rounds from the newest activity back to known ground.
    pub shallow: Rounds,
    /// Rounds through everything.
    pub deep: Rounds,
    /// Reads of what was active since a moment.
    #[serde(default)]
    pub since: SinceRounds,
    /// Seconds since everything was last known to be as Chatwoot has it; `null` before the first complete round.
    pub lag_s: Option<u64>,
    /// Objects that a hint said to read again and that were not read yet.
    pub rereads: u64,
    /// Webhooks that were kept and not worked off yet.
    pub webhooks: u64,
    /// The outbox.
    pub outbox: OutboxCounts,
    /// Requests.
    pub rate: RateView,
}

/// Which round is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRound {
    /// Through everything, instead of back to known ground.
    #[serde(default)]
    pub deep: bool,
    /// Every conversation that was active then or later, with its messages since, whether it is known ground or not. In the past, and not with
    /// `deep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// Entries of the outbox that are not done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxCounts {
    /// Waiting or on their way.
    pub queued: u64,
    /// Refused.
    pub failed: u64,
    /// Outcome unknown.
    pub held: u64,
}

/// The daemon, from the caller's tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The daemon's version.
    pub version: String,
    /// The contract's version, [`crate::PROTOCOL`].
    pub protocol: u32,
    /// Since when it runs.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// The daemon's clock; `null` from a daemon that does not tell.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub now: Option<Timestamp>,
    /// `local`.
    pub auth_mode: String,
    /// The link to Chatwoot.
    pub chatwoot: LinkView,
    /// The first copy.
    pub first_copy: Progress,
    /// Seconds since everything was last known to be as Chatwoot has it; `null` before the first complete comparison.
    #[serde(default)]
    pub lag_s: Option<u64>,
    /// The outbox.
    pub outbox: OutboxCounts,
    /// Approvals that wait for the caller's decision.
    pub approvals_waiting: u64,
    /// Newest seq of the activity feed.
    pub seq: i64,
    /// Bytes that the store has on the disk, its journal included; `null` from a daemon that does not tell.
    #[serde(default)]
    pub store_bytes: Option<u64>,
    /// The daemon's process, for people and service managers to read: whether it lives its answer tells.
    #[serde(default)]
    pub pid: Option<u32>,
    /// How webhooks stand; only for owners and admins, and only with an account.
    #[serde(default)]
    pub webhooks: Option<WebhooksView>,
    /// Things somebody should know: settings without effect, labels that could not be made.
    pub warnings: Vec<String>,
}

/// The answer to who asked the daemon to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopView {
    /// It ends once what is open is answered.
    pub stopping: bool,
}
