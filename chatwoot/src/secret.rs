//! Values that are never shown, and the removal of such values from payloads that are kept.
//!
//! Chatwoot sends secrets where nobody asked for them: each conversation push and webhook carries the customer's own socket token,
//! `inbox_*` webhooks carry raw channel rows with credentials (sections 4.4, 10.1).

use serde::Deserialize;
use serde_json::Value;

/// A token or key. `Debug` shows nothing of it, there is no `Display` and no `Serialize`.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a value out of plain sight.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

/// Keys whose value is a secret wherever it stands in a Chatwoot payload: users, contacts, inboxes, bots, webhooks, and the raw rows of
/// every channel kind (`app/models/channel/*.rb`). `inbox_identifier` and contact `identifier` are addresses, not secrets, and stay.
const SECRET_KEYS: &[&str] = &[
    "access_token",
    "api_access_token",
    "api_key",
    "api_key_secret",
    "api_key_sid",
    "auth_token",
    "bot_token",
    "encrypted_password",
    "hmac_token",
    "identifier_hash",
    "imap_password",
    "line_channel_secret",
    "line_channel_token",
    "page_access_token",
    "password",
    "provider_config",
    "pubsub_token",
    "refresh_token",
    "secret",
    "smtp_password",
    "sso_auth_token",
    "twitter_access_token",
    "twitter_access_token_secret",
    "user_access_token",
    "website_token",
    // The widget script contains the website token.
    "web_widget_script",
];

/// Attribute objects that customers and integrations fill: what is in them is data, whatever its key.
const OPEN_OBJECTS: &[&str] = &["custom_attributes"];

/// Removes every secret of Chatwoot's own from a payload, at any depth, in place; used before a raw body is stored.
///
/// `custom_attributes` are left alone: their keys belong to the account, not to Chatwoot.
pub fn redact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !SECRET_KEYS.contains(&key.as_str()));
            for (key, inner) in map.iter_mut() {
                if !OPEN_OBJECTS.contains(&key.as_str()) {
                    redact(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(…)");
    }

    #[test]
    fn secrets_go_at_any_depth_and_data_stays() {
        let mut body = json!({
            "contact_inbox": {"pubsub_token": "t", "source_id": "s"},
            "list": [{"access_token": {"token": "t"}}, null, 1],
            "channel": {"provider_config": {"api_key": "k"}, "imap_password": "p", "identifier": "i"},
            "custom_attributes": {"secret": "of the customer"},
        });
        redact(&mut body);
        assert_eq!(
            body,
            json!({
                "contact_inbox": {"source_id": "s"},
                "list": [{}, null, 1],
                "channel": {"identifier": "i"},
                "custom_attributes": {"secret": "of the customer"},
            })
        );
    }
}
