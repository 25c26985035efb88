//! Customers.

use serde::Deserialize;

use super::{Agent, Attributes, Inbox, Ref, de};
use crate::Stamp;

/// A customer: REST partial, push or webhook (sections 5.2, 6.1). Labels are not part of it and there is no `updated_at`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(remote = "Self")]
pub struct Contact {
    /// Contact id, unique on the installation.
    pub id: i64,
    /// Account (push and webhook only).
    pub account_id: Option<i64>,
    /// Where a webhook says the account; `account_id` has it too.
    pub account: Option<Ref>,
    /// Name, may be "".
    pub name: Option<String>,
    /// Address, in lower case.
    pub email: Option<String>,
    /// E.164, such as "+4930…".
    pub phone_number: Option<String>,
    /// Id in the account's own systems.
    pub identifier: Option<String>,
    /// Whether their conversations are muted.
    pub blocked: Option<bool>,
    /// Picture, "" if none.
    pub thumbnail: Option<String>,
    /// "online" or "offline" (REST only).
    pub availability_status: Option<String>,
    /// Keys Chatwoot knows: city, country, company_name, social_profiles…
    #[serde(default, deserialize_with = "de::object")]
    pub additional_attributes: Attributes,
    /// Keys of the account's own.
    #[serde(default, deserialize_with = "de::object")]
    pub custom_attributes: Attributes,
    /// Last activity (REST only; absent when never).
    #[serde(default)]
    pub last_activity_at: Stamp,
    /// When it was made (REST only).
    #[serde(default)]
    pub created_at: Stamp,
    /// Company (feature `companies`).
    pub company_id: Option<i64>,
    /// Where they can be reached (contact endpoints only).
    #[serde(default, deserialize_with = "de::list_without_nulls")]
    pub contact_inboxes: Vec<ContactInbox>,
}

de::evened!(Contact, |contact| contact.account_id = contact.account_id.or(contact.account.and_then(|account| account.id)));

/// How a contact is addressed in one inbox. The contact's own `pubsub_token` is dropped.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, remote = "Self")]
pub struct ContactInbox {
    /// Row id (push and webhook only).
    pub id: Option<i64>,
    /// Contact.
    pub contact_id: Option<i64>,
    /// Inbox.
    pub inbox_id: Option<i64>,
    /// Where REST says the inbox; `inbox_id` has it too.
    pub inbox: Option<Ref>,
    /// Address within the inbox, unique there.
    #[serde(deserialize_with = "de::or_default")]
    pub source_id: String,
    /// Whether the identity was proved.
    pub hmac_verified: Option<bool>,
}

de::evened!(ContactInbox, |address| address.inbox_id = address.inbox_id.or(address.inbox.and_then(|inbox| inbox.id)));

/// A note about a contact; only the team sees it (recording `contact-labels-notes`). Its account and contact are always null in the answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ContactNote {
    /// Note id, unique on the installation.
    pub id: i64,
    /// The text as it was written.
    #[serde(default, deserialize_with = "de::or_default")]
    pub content: String,
    /// Who wrote or last changed it; none when the agent is gone.
    #[serde(default)]
    pub user: Option<Agent>,
    /// When it was written, whole seconds.
    #[serde(default)]
    pub created_at: Stamp,
}

/// An inbox in which a contact can be written to, and as whom (recording `contact-inboxes`).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ContactableInbox {
    /// The inbox: id, name, kind and provider only.
    pub inbox: Inbox,
    /// Address within the inbox; for an API inbox where the contact never was, a new one that is not stored yet.
    #[serde(default, deserialize_with = "de::or_default")]
    pub source_id: String,
}
