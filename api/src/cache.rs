//! What the daemon keeps of one tenant's Chatwoot, and looking after it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheView {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Contacts.
    pub contacts: u64,
    /// Bytes of the store on the disk, of all tenants.
    pub store_bytes: u64,
    /// Files of messages that somebody has looked at.
    pub files: u64,
    /// Bytes of these files.
    pub file_bytes: u64,
    /// Up to when everything is known to be as Chatwoot has it; `null` before the first comparison.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
}

/// Which kept files go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClear {
    /// Only those that nobody has looked at for so many seconds; all without it.
    #[serde(default)]
    pub unused_s: Option<u64>,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearView {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
}
