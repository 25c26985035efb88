//! Which method of the client makes a recorded call.

use std::future::Future;
use std::pin::Pin;

use chatwoot::model::{Priority, Status};
use chatwoot::rest::{ContactsQuery, ListQuery, MessagesQuery, NewConversation, NewLabel, NewMessage, NewWebhook, Upload};
use chatwoot::{Client, Error};

use crate::recording::{Step, ids};

type Call = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Drops what was read: that it could be read is the point.
macro_rules! read {
    ($client:ident . $method:ident ( $($arg:expr),* )) => {{
        let client = $client;
        Box::pin(async move { client.$method($($arg),*).await.map(drop) }) as Call
    }};
}

/// The call, or none where the client has no method for it.
pub(crate) fn of(client: &Client, step: &Step<'_>, method: &str, template: &str) -> Option<Call> {
    let (_, path) = step.line();
    let ids = ids(&path);
    let at = |n: usize| ids.get(n).copied().unwrap_or_default();
    let client = match ids.first() {
        Some(account) => client.for_account(*account),
        None => client.clone(),
    };
    let (first, second) = (at(1), at(2));
    let list = ListQuery::walk(1);
    let below = template.strip_prefix("/api/v1/accounts/:id");
    Some(match (method, below.unwrap_or(template)) {
        ("GET", "/api") => read!(client.api_info()),
        ("GET", "/api/v1/profile") => read!(client.profile()),
        ("GET", "") => read!(client.account()),
        ("GET", "/cache_keys") => read!(client.cache_keys()),
        ("GET", "/agents") => read!(client.agents()),
        ("GET", "/inboxes") => read!(client.inboxes()),
        ("GET", "/inboxes/:id") => read!(client.inbox(first)),
        ("GET", "/inbox_members/:id") => read!(client.inbox_members(first)),
        ("GET", "/teams") => read!(client.teams()),
        ("GET", "/teams/:id/team_members") => read!(client.team_members(first)),
        ("GET", "/labels") => read!(client.labels()),
        ("POST", "/labels") => {
            let label = NewLabel { title: "vip".to_owned(), description: None, color: None, show_on_sidebar: true };
            read!(client.create_label(&label))
        }
        ("GET", "/canned_responses") => read!(client.canned_responses()),
        ("POST", "/canned_responses") => read!(client.create_canned_response("late", "It is late.")),
        ("PATCH", "/canned_responses/:id") => read!(client.update_canned_response(first, "It is late.")),
        ("DELETE", "/canned_responses/:id") => read!(client.delete_canned_response(first)),
        ("GET", "/custom_attribute_definitions") => read!(client.custom_attribute_definitions()),
        ("GET", "/macros") => read!(client.macros()),
        ("GET", "/notifications") => read!(client.notifications(1)),
        ("GET", "/custom_filters") => read!(client.custom_filters("conversation")),
        ("POST", "/custom_filters") => {
            let query = serde_json::json!({ "payload": [] });
            read!(client.create_custom_filter("Open ones", &query))
        }
        ("PATCH", "/custom_filters/:id") => read!(client.rename_custom_filter(first, "Still open")),
        ("DELETE", "/custom_filters/:id") => read!(client.delete_custom_filter(first)),
        ("GET", "/webhooks") => read!(client.webhooks()),
        ("POST", "/webhooks") => {
            let hook = NewWebhook { url: "https://example.com".to_owned(), name: None, subscriptions: vec!["message_created".to_owned()] };
            read!(client.create_webhook(&hook))
        }
        ("DELETE", "/webhooks/:id") => read!(client.delete_webhook(first)),
        ("GET", "/csat_survey_responses") => read!(client.csat_responses(1)),
        ("GET", "/contacts") => read!(client.contacts(&ContactsQuery::default())),
        ("GET", "/contacts/:id") => read!(client.contact(first)),
        ("GET", "/contacts/search") => read!(client.contact_search("%", 1)),
        ("GET", "/contacts/:id/conversations") => read!(client.contact_conversations(first)),
        ("GET", "/contacts/:id/contactable_inboxes") => read!(client.contactable_inboxes(first)),
        ("GET", "/contacts/:id/notes") => read!(client.contact_notes(first)),
        ("POST", "/contacts/:id/notes") => read!(client.create_contact_note(first, "Prefers mail")),
        ("DELETE", "/contacts/:id/notes/:id") => read!(client.delete_contact_note(first, second)),
        ("POST", "/conversations") => {
            let new = NewConversation { inbox_id: 1, contact_id: 1, source_id: "s".to_owned(), ..NewConversation::default() };
            read!(client.create_conversation(&new))
        }
        ("GET", "/conversations") => read!(client.conversations(&list)),
        ("GET", "/conversations/meta") => read!(client.conversation_meta(&list)),
        ("POST", "/conversations/filter") => read!(client.conversation_filter(&serde_json::json!([]), 1)),
        // `/conversations/-1` was recorded too; no conversation has such an id, so it stays uncovered.
        ("GET", "/conversations/:id") if first > 0 => read!(client.conversation(first)),
        ("POST", "/conversations/:id/toggle_status") => read!(client.toggle_status(first, &Status::Snoozed, Some(1_999_999_999))),
        ("POST", "/conversations/:id/toggle_priority") => read!(client.toggle_priority(first, Some(&Priority::Urgent))),
        ("POST", "/conversations/:id/toggle_typing_status") => read!(client.toggle_typing(first, true, false)),
        ("POST", "/conversations/:id/assignments") if step.sent().get("team_id").is_some() => read!(client.assign_team(first, Some(1))),
        ("POST", "/conversations/:id/assignments") => read!(client.assign_agent(first, None)),
        ("GET", "/conversations/:id/labels") => read!(client.conversation_labels(first)),
        ("POST", "/conversations/:id/labels") => read!(client.set_conversation_labels(first, &["vip".to_owned()])),
        ("POST", "/conversations/:id/update_last_seen") => read!(client.update_last_seen(first)),
        ("POST", "/conversations/:id/unread") => read!(client.mark_unread(first)),
        ("GET", "/conversations/:id/messages") => read!(client.messages(first, MessagesQuery::NEWEST)),
        ("POST", "/conversations/:id/messages") if step.is_form() => {
            let file = Upload { file_name: "a.png".to_owned(), content_type: "image/png".to_owned(), bytes: "png".into() };
            read!(client.create_message_multipart(first, &NewMessage::reply("hello").marked("k", "v"), vec![file]))
        }
        ("POST", "/conversations/:id/messages") => read!(client.create_message(first, &NewMessage::note("hello"))),
        ("DELETE", "/conversations/:id/messages/:id") => read!(client.delete_message(first, second)),
        _ => return None,
    })
}
