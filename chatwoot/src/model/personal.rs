//! What one agent alone may see: their notifications and saved filters.

use serde::Deserialize;

use super::{Attributes, de};
use crate::Stamp;

/// A notification of the token's user (section 7.5). Its conversation is known by its display id alone: the rest of it is read elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: i64,
    /// Such as "conversation_mention".
    #[serde(default, deserialize_with = "de::or_default")]
    pub notification_type: String,
    /// What happened, for people.
    #[serde(default, deserialize_with = "de::or_default")]
    pub push_message_title: String,
    /// Who said what.
    #[serde(default, deserialize_with = "de::or_default")]
    pub push_message_body: String,
    /// Display id of the conversation; none where that is gone (`primary_actor_id` is a database id).
    #[serde(default, rename = "primary_actor", deserialize_with = "de::nested_id")]
    pub conversation_id: Option<i64>,
    /// When it was read.
    #[serde(default)]
    pub read_at: Stamp,
    /// Hidden until then.
    #[serde(default)]
    pub snoozed_until: Stamp,
    /// When it was made.
    #[serde(default)]
    pub created_at: Stamp,
    /// Last activity, whole seconds.
    #[serde(default)]
    pub last_activity_at: Stamp,
}

/// A page of notifications, 15 at most.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NotificationList {
    /// Totals.
    #[serde(default)]
    pub meta: NotificationCounts,
    /// The page; empty past the end.
    pub payload: Vec<Notification>,
}

/// How many notifications there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NotificationCounts {
    /// Unread ones.
    #[serde(deserialize_with = "de::or_default")]
    pub unread_count: i64,
    /// All that were asked for.
    #[serde(deserialize_with = "de::or_default")]
    pub count: i64,
}

/// A saved filter of the token's user (section 7.3).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct CustomFilter {
    /// Its id.
    pub id: i64,
    /// Its name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// "conversation", "contact" or "report".
    #[serde(default, deserialize_with = "de::or_default")]
    pub filter_type: String,
    /// The filter (section 4.3 for conversations). Sent as the text `"{}"` where none was given.
    #[serde(default, deserialize_with = "de::object")]
    pub query: Attributes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_its_conversation_by_display_id_and_keeps_no_secret() {
        let body = r#"{"id":9,"notification_type":"conversation_mention","push_message_title":null,"push_message_body":"Jo: look",
            "primary_actor_type":"Conversation","primary_actor_id":686,"read_at":null,"created_at":1795228507,
            "primary_actor":{"id":20,"contact_inbox":{"id":1,"pubsub_token":"hush"}},"secondary_actor":{"id":3},"user":{"id":7}}"#;
        let read: Notification = serde_json::from_str(body).unwrap();
        assert_eq!((read.id, read.conversation_id, read.push_message_title.as_str()), (9, Some(20), ""));
        assert_eq!((read.read_at, read.created_at), (Stamp::NEVER, Stamp::from_seconds(1_795_228_507)));
        assert!(!format!("{read:?}").contains("hush"));
        let gone: Notification = serde_json::from_str(r#"{"id":9,"primary_actor":null}"#).unwrap();
        assert_eq!(gone.conversation_id, None);
    }

    #[test]
    fn a_filter_without_a_query_has_an_empty_one() {
        let read = |body: &str| serde_json::from_str::<CustomFilter>(body).unwrap();
        assert!(read(r#"{"id":1,"name":"a","filter_type":"contact","query":"{}"}"#).query.is_empty());
        assert_eq!(read(r#"{"id":1,"query":{"payload":[]}}"#).query.len(), 1);
    }
}
