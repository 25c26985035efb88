//! What an account is set up with: the server itself, the account, inboxes, labels, canned responses, attributes, webhooks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Attributes, MessageTemplate, de, template};
use crate::{Secret, Stamp};

/// The server about itself (`GET /api`, no token needed).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiInfo {
    /// Such as "4.15.1".
    #[serde(deserialize_with = "de::or_default")]
    pub version: String,
    /// The server's clock, whole seconds.
    pub timestamp: Stamp,
    /// "ok" or "failing": Redis.
    pub queue_services: Option<String>,
    /// "ok" or "failing": PostgreSQL; "failing" also on a healthy server after its start.
    pub data_services: Option<String>,
}

impl ApiInfo {
    /// Major, minor and patch of the version; anything after them is left out. None if it is no version.
    pub fn version_parts(&self) -> Option<(u32, u32, u32)> {
        let plain = self.version.trim_start_matches('v');
        let plain = plain.split_once(['-', '+']).map_or(plain, |(plain, _)| plain);
        let mut parts = plain.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?))
    }

    /// Whether the server is at least this version; false where the version cannot be read.
    pub fn at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        self.version_parts().is_some_and(|parts| parts >= (major, minor, patch))
    }
}

/// An account (`GET /api/v1/accounts/:id`).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Account {
    /// Account id.
    pub id: i64,
    /// Its name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// Language of activity messages, such as "en".
    pub locale: Option<String>,
    /// "active" or "suspended".
    pub status: Option<String>,
    /// Domain of incoming e-mail.
    pub domain: Option<String>,
    /// Sender of e-mail.
    pub support_email: Option<String>,
    /// Feature flags.
    #[serde(default, deserialize_with = "de::object")]
    pub features: Attributes,
    /// Settings such as `keep_pending_on_bot_failure`.
    #[serde(default, deserialize_with = "de::object")]
    pub settings: Attributes,
    /// Change detectors, see [`CacheKeys`].
    #[serde(default, deserialize_with = "de::or_default")]
    pub cache_keys: CacheKeys,
    /// When it was made.
    #[serde(default)]
    pub created_at: Stamp,
}

/// Texts that change when labels, inboxes or teams change (unix seconds, "0000000000" if unknown; they expire after 72 h).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CacheKeys {
    /// Labels.
    pub label: Option<String>,
    /// Inboxes, with their members.
    pub inbox: Option<String>,
    /// Teams, with their members.
    pub team: Option<String>,
}

/// An inbox (section 7.2). `hmac_token`, `website_token` and channel credentials are dropped.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Inbox {
    /// Inbox id.
    pub id: i64,
    /// Its name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// Such as "Channel::Api".
    #[serde(default, deserialize_with = "de::or_default")]
    pub channel_type: String,
    /// Id of the channel row.
    pub channel_id: Option<i64>,
    /// Picture, "" if none.
    #[serde(default, deserialize_with = "de::or_default")]
    pub avatar_url: String,
    /// Whether conversations are given to members by themselves (section 11.4).
    pub enable_auto_assignment: Option<bool>,
    /// Whether a new conversation of the same contact becomes the old one.
    pub lock_to_single_conversation: Option<bool>,
    /// Whether customers may write after a conversation was resolved.
    pub allow_messages_after_resolved: Option<bool>,
    /// Whether customers are asked for a rating.
    pub csat_survey_enabled: Option<bool>,
    /// Time zone name such as "UTC".
    pub timezone: Option<String>,
    /// Address (e-mail inboxes).
    pub email: Option<String>,
    /// Webhook of an API inbox.
    pub webhook_url: Option<String>,
    /// Public address of an API inbox (not a secret).
    pub inbox_identifier: Option<String>,
    /// Attributes of an API inbox, such as `agent_reply_time_window`.
    #[serde(default, deserialize_with = "de::object")]
    pub additional_attributes: Attributes,
    /// Templates of a WhatsApp inbox; what cannot be read is left out.
    #[serde(default, deserialize_with = "template::readable")]
    pub message_templates: Vec<MessageTemplate>,
    /// Signs the webhooks of an API inbox (administrators only, 4.13+).
    pub secret: Option<Secret>,
}

impl Inbox {
    /// Whether this is an API inbox: the only kind where `source_id` may mark a message (section 5.3).
    pub fn is_api(&self) -> bool {
        self.channel_type == "Channel::Api"
    }
}

/// A label of the account (section 7.3). Conversations name labels by title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// Label id.
    pub id: i64,
    /// Lower case; letters, digits, `_` and `-`.
    #[serde(default, deserialize_with = "de::or_default")]
    pub title: String,
    /// What it means.
    pub description: Option<String>,
    /// Such as "#1f93ff".
    pub color: Option<String>,
    /// Whether the dashboard shows it; null when never chosen.
    pub show_on_sidebar: Option<bool>,
}

/// Prepared steps on a conversation (section 7.4).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Macro {
    /// Its id.
    pub id: i64,
    /// Name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// "personal" or "global".
    #[serde(default, deserialize_with = "de::or_default")]
    pub visibility: String,
    /// What it does, in order.
    #[serde(default, deserialize_with = "de::list_without_nulls")]
    pub actions: Vec<MacroAction>,
}

/// One step of a macro.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MacroAction {
    /// Such as "add_label", "assign_team" or "send_message".
    #[serde(default, deserialize_with = "de::or_default")]
    pub action_name: String,
    /// What it is done with: ids, texts; `[]` where it needs nothing.
    #[serde(default, deserialize_with = "de::or_default")]
    pub action_params: Vec<serde_json::Value>,
}

/// A prepared text (section 7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CannedResponse {
    /// Its id.
    pub id: i64,
    /// Account.
    pub account_id: Option<i64>,
    /// What is typed to get it; unique by exact case.
    #[serde(default, deserialize_with = "de::or_default")]
    pub short_code: String,
    /// The text, with unrendered Liquid.
    #[serde(default, deserialize_with = "de::or_default")]
    pub content: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: Stamp,
    /// When it was changed.
    #[serde(default)]
    pub updated_at: Stamp,
}

/// A custom attribute the account defined (section 7.3).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct CustomAttributeDefinition {
    /// Its id.
    pub id: i64,
    /// Key in `custom_attributes`.
    #[serde(default, deserialize_with = "de::or_default")]
    pub attribute_key: String,
    /// Name for people.
    #[serde(default, deserialize_with = "de::or_default")]
    pub attribute_display_name: String,
    /// text, number, currency, percent, link, date, list or checkbox.
    #[serde(default, deserialize_with = "de::or_default")]
    pub attribute_display_type: String,
    /// What it means.
    pub attribute_description: Option<String>,
    /// conversation_attribute, contact_attribute or company_attribute.
    #[serde(default, deserialize_with = "de::or_default")]
    pub attribute_model: String,
    /// Choices of a list.
    #[serde(default, deserialize_with = "de::or_default")]
    pub attribute_values: Vec<serde_json::Value>,
    /// Pattern a text must match.
    pub regex_pattern: Option<String>,
    /// What to say when it does not.
    pub regex_cue: Option<String>,
}

/// A webhook of the account (section 7.4, administrators only).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: i64,
    /// Account.
    pub account_id: Option<i64>,
    /// Name (4.8+).
    pub name: Option<String>,
    /// Where it goes; unique per account.
    #[serde(default, deserialize_with = "de::or_default")]
    pub url: String,
    /// Events it gets, such as "message_created".
    #[serde(default, deserialize_with = "de::or_default")]
    pub subscriptions: Vec<String>,
    /// Signs what it sends (4.12+); made by the server, cannot be changed.
    pub secret: Option<Secret>,
}

/// A rating (section 7.7).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CsatResponse {
    /// Its id.
    pub id: i64,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// What the customer wrote.
    pub feedback_message: Option<String>,
    /// The survey message.
    pub message_id: Option<i64>,
    /// Display id of the conversation.
    pub conversation_id: Option<i64>,
    /// Who gave it.
    pub contact: Option<Party>,
    /// Who had the conversation; absent when nobody.
    pub assigned_agent: Option<Party>,
    /// When it was given.
    #[serde(default)]
    pub created_at: Stamp,
}

/// Somebody of whom only the id matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Party {
    /// Contact or user id.
    pub id: i64,
}

/// Who is there (`presence.update`): ids to "online", "busy" or "offline".
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Presence {
    /// Users.
    #[serde(deserialize_with = "de::or_default")]
    pub users: BTreeMap<String, String>,
    /// Contacts.
    #[serde(deserialize_with = "de::or_default")]
    pub contacts: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let info = |version: &str| ApiInfo { version: version.to_owned(), ..ApiInfo::default() };
        assert!(info("4.15.1").at_least(4, 9, 0));
        assert!(!info("4.6.0").at_least(4, 9, 0));
        assert!(info("v4.12").at_least(4, 12, 0));
        assert!(info("4.15.1-ee").at_least(4, 15, 1));
        assert!(!info("develop").at_least(0, 0, 0));
    }

    #[test]
    fn secrets_do_not_show() {
        let inbox: Inbox = serde_json::from_str(r#"{"id":1,"secret":"hush","hmac_token":"hush","website_token":"hush"}"#).unwrap();
        assert!(!format!("{inbox:?}").contains("hush"));
        assert_eq!(inbox.secret, Some(Secret::new("hush")));
    }
}
