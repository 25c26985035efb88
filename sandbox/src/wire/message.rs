//! Messages, their files and notifications (contract 5.2, 7.5).

use serde_json::{Map, Value, json};

use super::{actor_hook, actor_push, conversation_hook, iso, only_if, seen};
use crate::state::{Actor, Attachment, Message, Notification, Sender, State};

fn sender(m: &Message) -> Option<Actor> {
    m.sender.map(|who| match who {
        Sender::User(id) => Actor::User(id),
        Sender::Contact(id) => Actor::Contact(id),
        Sender::Bot(id) => Actor::Bot(id),
    })
}

/// A file name without what a URL or a header would trip over.
pub(crate) fn url_safe(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect()
}

/// Where a stored file is found: `blobs`, or `representations` for the small picture.
pub(crate) fn blob_url(s: &State, key: &str, kind: &str) -> Option<String> {
    let name = url_safe(&s.blobs.get(key)?.name);
    Some(format!("{}/rails/active_storage/{kind}/redirect/{key}/{name}", s.base))
}

/// A file as messages carry it.
pub(crate) fn attachment(s: &State, m: &Message, a: &Attachment) -> Value {
    let url = blob_url(s, &a.blob, "blobs").unwrap_or_default();
    let thumb = blob_url(s, &a.blob, "representations").filter(|_| a.file_type == "image").unwrap_or_default();
    let blob = s.blobs.get(&a.blob);
    let extension = blob.and_then(|b| b.name.rsplit_once('.')).map(|(_, e)| e.to_owned()).filter(|_| s.version.tells_file_types());
    let mut out = json!({
        "id": a.id, "message_id": m.id, "file_type": a.file_type, "account_id": m.account_id, "extension": extension,
        "content_type": blob.map(|b| b.content_type.clone()), "data_url": url,
        "thumb_url": thumb,
        "file_size": blob.map_or(0, |b| b.bytes.len()), "width": a.size.map(|s| s.0), "height": a.size.map(|s| s.1),
    });
    out = only_if(s.version.tells_file_types(), "content_type", out);
    if a.file_type == "audio" {
        out = super::with(out, "transcribed_text", json!(""));
    }
    out
}

fn add_files(s: &State, m: &Message, out: &mut Map<String, Value>) {
    if !m.attachments.is_empty() {
        out.insert("attachments".into(), m.attachments.iter().map(|a| attachment(s, m, a)).collect());
    }
}

fn display_id(s: &State, m: &Message) -> Option<i64> {
    s.conversations.get(&m.conversation_id).map(|c| c.display_id)
}

/// The REST item; `echo` only in the answer to its creation.
pub(crate) fn message_rest(s: &State, m: &Message, echo: Option<&Value>) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(m.id));
    out.insert("content".into(), json!(m.content));
    out.insert("inbox_id".into(), json!(m.inbox_id));
    if let Some(echo) = echo {
        out.insert("echo_id".into(), echo.clone());
    }
    out.insert("conversation_id".into(), json!(display_id(s, m)));
    out.insert("message_type".into(), json!(m.message_type.number()));
    out.insert("content_type".into(), json!(m.content_type));
    out.insert("status".into(), json!(m.status));
    out.insert("content_attributes".into(), json!(m.content_attributes));
    out.insert("created_at".into(), json!(m.created_at.unix()));
    out.insert("private".into(), json!(m.private));
    out.insert("source_id".into(), json!(m.source_id));
    if let Some(who) = sender(m).and_then(|a| actor_push(s, a)) {
        out.insert("sender".into(), seen(s, who));
    }
    add_files(s, m, &mut out);
    Value::Object(out)
}

/// The push shape.
pub(crate) fn message_push(s: &State, m: &Message) -> Value {
    let c = s.conversations.get(&m.conversation_id);
    let (sender_type, sender_id) = m.sender_pair();
    let source = c.and_then(|c| s.contact_inboxes.get(&c.contact_inbox_id)).map(|ci| ci.source_id.clone());
    let mut out = json!({
        "id": m.id, "content": m.content, "account_id": m.account_id, "inbox_id": m.inbox_id, "conversation_id": display_id(s, m),
        "message_type": m.message_type.number(), "created_at": m.created_at.unix(), "updated_at": m.updated_at.iso(), "private": m.private,
        "status": m.status, "source_id": m.source_id, "content_type": m.content_type, "content_attributes": m.content_attributes,
        "sender_type": sender_type, "sender_id": sender_id, "external_source_ids": {}, "additional_attributes": m.additional_attributes,
        "processed_message_content": m.processed, "sentiment": {},
        "conversation": {
            "assignee_id": c.and_then(|c| c.assignee_id), "unread_count": c.map_or(0, |c| s.unread_count(c)),
            "last_activity_at": c.map_or(0, |c| c.last_activity_at.unix()), "contact_inbox": {"source_id": source},
        },
    });
    if let Value::Object(map) = &mut out {
        add_files(s, m, map);
        if let Some(who) = sender(m).and_then(|a| actor_push(s, a)) {
            map.insert("sender".into(), who);
        }
    }
    out
}

/// Hard breaks of Markdown become plain ones, trailing newlines go.
pub(crate) fn normalised(text: &str) -> String {
    text.replace("\\\n", "\n").trim_end_matches('\n').to_owned()
}

/// A survey's words, with the address of its page.
fn linked(s: &State, m: &Message, text: String) -> String {
    match s.conversations.get(&m.conversation_id).filter(|_| m.content_type == "input_csat") {
        Some(c) => format!("{text} {}/survey/responses/{}", s.base, c.uuid),
        None => text,
    }
}

/// The webhook shape, without its `event`.
pub(crate) fn message_hook(s: &State, m: &Message) -> Value {
    let mut out = json!({
        "account": s.accounts.get(&m.account_id).map(|a| json!({"id": a.id, "name": a.name})),
        "additional_attributes": m.additional_attributes, "content_attributes": m.content_attributes, "content_type": m.content_type,
        "content": m.content.as_deref().map(|t| if s.version.normalises_webhook_text() { normalised(t) } else { t.to_owned() }).map(|text| linked(s, m, text)), "conversation": s.conversations.get(&m.conversation_id).map(|c| conversation_hook(s, c)),
        "created_at": m.created_at.iso(), "id": m.id, "inbox": s.inboxes.get(&m.inbox_id).map(|i| json!({"id": i.id, "name": i.name})),
        "message_type": m.message_type.as_str(), "private": m.private, "sender": sender(m).and_then(|a| actor_hook(s, a)),
        "source_id": m.source_id,
    });
    if let Value::Object(map) = &mut out {
        add_files(s, m, map);
    }
    out
}

/// What the customer sees of it.
pub(crate) fn message_public(s: &State, m: &Message) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(m.id));
    out.insert("content".into(), json!(m.content));
    out.insert("message_type".into(), json!(m.message_type.number()));
    out.insert("content_type".into(), json!(m.content_type));
    out.insert("content_attributes".into(), json!(m.content_attributes));
    out.insert("created_at".into(), json!(m.created_at.unix()));
    out.insert("conversation_id".into(), json!(display_id(s, m)));
    add_files(s, m, &mut out);
    if let Some(who) = sender(m).and_then(|a| actor_push(s, a)) {
        out.insert("sender".into(), who);
    }
    Value::Object(out)
}

/// Words without markup, as a notification quotes them.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let mut result = String::new();
    let mut rest = out.as_str();
    while let Some((before, tail)) = rest.split_once('[') {
        result.push_str(before);
        match tail.split_once("](").and_then(|(label, after)| after.split_once(')').map(|(_, end)| (label, end))) {
            Some((label, end)) => {
                result.push_str(label);
                rest = end;
            }
            None => {
                result.push('[');
                rest = tail;
            }
        }
    }
    result.push_str(rest);
    result.replace("**", "")
}

/// A notification; pushed ones have `account_id` and say title and body last.
pub(crate) fn notification(s: &State, n: &Notification, pushed: bool) -> Value {
    let word = match n.message_id.and_then(|m| s.messages.get(&m)) {
        Some(m) => Some(m),
        None => s.last_word(n.conversation_id),
    };
    let name = word.and_then(sender).and_then(|a| actor_push(s, a)).and_then(|v| v.get("name").and_then(Value::as_str).map(str::to_owned));
    let said = word.and_then(|m| m.content.as_deref()).map(plain).filter(|t| !t.is_empty()).unwrap_or_else(|| "No content".into());
    let body = format!("{}: {said}", name.unwrap_or_default());
    let c = s.conversations.get(&n.conversation_id);
    let title = if pushed { body.clone() } else { title(s, n) };
    let actor = c.map(|c| super::conversation_push(s, c));
    let told = n.message_id.and_then(|m| s.messages.get(&m)).map(|m| message_push(s, m));
    let user = s.users.get(&n.user_id).map(super::user_push);
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("id", json!(n.id));
    put("notification_type", json!(n.kind));
    if !pushed {
        put("push_message_title", json!(title));
        put("push_message_body", json!(body));
    }
    put("primary_actor_type", json!("Conversation"));
    put("primary_actor_id", json!(n.conversation_id));
    if !pushed {
        put("primary_actor", json!(actor));
    }
    put("read_at", iso(n.read_at));
    put("secondary_actor", json!(told));
    put("user", json!(user));
    put("created_at", json!(n.created_at.unix()));
    put("last_activity_at", json!(n.last_activity_at.unix()));
    put("snoozed_until", iso(n.snoozed_until));
    put("meta", json!(n.meta));
    if pushed {
        put("account_id", json!(n.account_id));
        put("primary_actor", json!(actor));
        put("push_message_title", json!(title));
        put("push_message_body", json!(body));
    }
    Value::Object(out)
}

fn title(s: &State, n: &Notification) -> String {
    let c = s.conversations.get(&n.conversation_id);
    let number = c.map_or(0, |c| c.display_id);
    let inbox = c.and_then(|c| s.inboxes.get(&c.inbox_id)).map(|i| i.name.clone()).unwrap_or_default();
    match n.kind {
        "conversation_assignment" => format!("A conversation (#{number}) has been assigned to you"),
        "conversation_mention" => format!("You have been mentioned in conversation (#{number})"),
        "conversation_creation" => format!("A conversation (#{number}) has been created in {inbox}"),
        _ => format!("A new message is created in conversation (#{number})"),
    }
}

/// The raw row, as reading and snoozing answer.
pub(crate) fn notification_row(n: &Notification) -> Value {
    json!({
        "id": n.id, "account_id": n.account_id, "user_id": n.user_id, "notification_type": n.kind, "primary_actor_type": "Conversation",
        "primary_actor_id": n.conversation_id, "secondary_actor_type": n.message_id.map(|_| "Message"), "secondary_actor_id": n.message_id,
        "read_at": iso(n.read_at), "created_at": n.created_at.iso(), "updated_at": n.updated_at.iso(),
        "snoozed_until": iso(n.snoozed_until), "last_activity_at": n.last_activity_at.iso(), "meta": n.meta,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_quote_words_without_markup() {
        for (input, expected) in
            [("late <b>&amp;</b>", "late &"), ("[@Kim](mention://user/7/Kim) look", "@Kim look"), ("a [b] c", "a [b] c")]
        {
            assert_eq!(plain(input), expected);
        }
        assert_eq!(normalised("one\\\ntwo  \nthree\n"), "one\ntwo  \nthree");
    }
}
