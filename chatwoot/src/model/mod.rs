//! Payloads as Chatwoot sends them, with the differences between REST, socket ("push") and webhook evened out.
//!
//! Every type tolerates unknown keys and, but for ids, missing ones; types that change by place are read in every spelling
//! ([`Stamp`](crate::Stamp), message types as number or word, account as id or object). Ids are Chatwoot's own integers: a conversation's
//! is the display id, unique per account only; message, contact, inbox, user, team, label and attachment ids are unique on the
//! installation (section 12.4). Secrets are not kept, but for [`Profile::pubsub_token`] and the webhook and inbox secrets needed to verify
//! signatures.

mod account;
mod agent;
mod contact;
mod conversation;
pub(crate) mod de;
mod message;
mod page;
mod personal;
mod template;

pub use account::*;
pub use agent::*;
pub use contact::*;
pub use conversation::*;
pub use de::Ref;
pub use message::*;
pub use page::*;
pub use personal::*;
pub use template::*;

/// An attribute object with keys of the account's own.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
