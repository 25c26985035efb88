//! Rows as JSON: the shapes of the REST API, of websocket pushes and of webhooks. Reads rows, changes nothing.

mod account;
mod contact;
mod conversation;
mod message;
mod office;
mod user;

pub(crate) use account::{
    account, account_status, attribute, bot, cache_keys, canned, custom_filter, inbox, inbox_slim, label, platform_account, team, team_row,
    webhook,
};
pub(crate) use contact::{contact_hook, contact_inbox_row, contact_push, contact_rest, contact_row, note};
pub(crate) use conversation::{conversation_hook, conversation_public, conversation_push, conversation_rest};
pub(crate) use message::{
    attachment, blob_url, message_hook, message_public, message_push, message_rest, normalised, notification, notification_row, url_safe,
};
pub(crate) use office::{account_user, automation, csat, csat_row, dashboard_app, macro_of, platform_user, subscription};
pub(crate) use user::{actor_hook, actor_push, agent, assignee_rest, bot_slim, profile, seen, user_push};

use serde_json::{Value, json};

use crate::clock::Stamp;

/// Whole seconds, 0 when never.
fn unix(at: Option<Stamp>) -> i64 {
    at.map_or(0, Stamp::unix)
}

/// An ISO time or null.
fn iso(at: Option<Stamp>) -> Value {
    at.map_or(Value::Null, |t| json!(t.iso()))
}

/// Adds a key to an object.
pub(crate) fn with(mut value: Value, key: &str, added: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.insert(key.to_owned(), added);
    }
    value
}

/// Takes a key out of an object when the release played has none.
fn only_if(there: bool, key: &str, mut value: Value) -> Value {
    if let (false, Value::Object(map)) = (there, &mut value) {
        map.shift_remove(key);
    }
    value
}

/// Serialises as Rails does: `<`, `>`, `&`, U+2028 and U+2029 are escaped, so signed bytes match the real ones.
pub(crate) fn rails_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_separators_are_escaped_as_rails_does() {
        // Recorded in hook-body of 4.15.1.
        let value = json!({"content": "a <b> & \"c\" \u{2028}\u{2029}\t\u{7}"});
        assert_eq!(rails_json(&value), r#"{"content":"a \u003cb\u003e \u0026 \"c\" \u2028\u2029\t\u0007"}"#);
    }
}
