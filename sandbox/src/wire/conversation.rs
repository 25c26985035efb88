//! Conversations: REST, push, webhook and public shapes (contract 4.4).

use serde_json::{Value, json};

use super::{contact_inbox_row, contact_push, contact_rest, contact_row, iso, message_public, message_push, only_if, team, unix};
use crate::state::{Conversation, Id, MessageType, State};

/// The REST shape. `viewer` decides the team's `is_member`.
pub(crate) fn conversation_rest(s: &State, c: &Conversation, viewer: Option<Id>) -> Value {
    let mut meta = json!({
        "sender": s.contacts.get(&c.contact_id).map(|k| contact_rest(s, k, false)),
        "channel": s.inboxes.get(&c.inbox_id).map(|i| i.channel.as_str()),
    });
    if let Value::Object(map) = &mut meta {
        if let Some((who, kind)) = super::assignee_rest(s, c) {
            map.insert("assignee".into(), who);
            if s.version.assigns_bots() {
                map.insert("assignee_type".into(), json!(kind));
            }
        }
        if let Some(t) = c.team_id.and_then(|t| s.teams.get(&t)) {
            map.insert("team".into(), team(t, viewer));
        }
        map.insert("hmac_verified".into(), json!(s.contact_inboxes.get(&c.contact_inbox_id).map(|ci| ci.hmac_verified)));
    }
    let shown = |m| {
        let message = message_push(s, m);
        match message.get("sender").cloned() {
            Some(sender) => super::with(message, "sender", super::seen(s, sender)),
            None => message,
        }
    };
    let newest: Vec<Value> = s.thread(c.id).next_back().map(shown).into_iter().collect();
    let word = s.thread(c.id).rev().find(|m| m.message_type != MessageType::Activity).map(shown);
    json!({
        "meta": meta, "id": c.display_id, "messages": newest, "account_id": c.account_id, "uuid": c.uuid,
        "additional_attributes": c.additional_attributes, "agent_last_seen_at": unix(c.agent_last_seen_at),
        "assignee_last_seen_at": unix(c.assignee_last_seen_at), "can_reply": s.can_reply(c), "contact_last_seen_at": unix(c.contact_last_seen_at),
        "custom_attributes": c.custom_attributes, "inbox_id": c.inbox_id, "labels": c.labels,
        "muted": s.contacts.get(&c.contact_id).is_some_and(|k| k.blocked), "snoozed_until": iso(c.snoozed_until),
        "status": c.status.as_str(), "created_at": c.created_at.unix(), "updated_at": c.updated_at.float(),
        "timestamp": c.last_activity_at.unix(), "first_reply_created_at": unix(c.first_reply_created_at),
        "unread_count": s.unread_count(c), "last_non_activity_message": word, "last_activity_at": c.last_activity_at.unix(),
        "priority": c.priority.map(|p| p.as_str()), "waiting_since": unix(c.waiting_since), "sla_policy_id": null,
    })
}

/// The push shape without the account, and with the newest public message.
fn shared(s: &State, c: &Conversation, content: impl Fn(Value) -> Value) -> Value {
    let (assignee, assignee_type) = super::user::assignee_push(s, c);
    let newest: Vec<Value> = s.thread(c.id).rev().find(|m| m.public()).map(|m| content(message_push(s, m))).into_iter().collect();
    let address = s.contact_inboxes.get(&c.contact_inbox_id);
    json!({
        "additional_attributes": c.additional_attributes, "can_reply": s.can_reply(c),
        "channel": s.inboxes.get(&c.inbox_id).map(|i| i.channel.as_str()), "contact_inbox": address.map(contact_inbox_row),
        "id": c.display_id, "inbox_id": c.inbox_id, "messages": newest, "labels": c.labels,
        "meta": only_if(s.version.assigns_bots(), "assignee_type", json!({
            "sender": s.contacts.get(&c.contact_id).map(contact_push), "assignee": assignee, "assignee_type": assignee_type,
            "team": c.team_id.and_then(|t| s.teams.get(&t)).map(|t| json!({"id": t.id, "name": t.name})),
            "hmac_verified": address.map(|ci| ci.hmac_verified),
        })),
        "status": c.status.as_str(), "custom_attributes": c.custom_attributes, "snoozed_until": iso(c.snoozed_until),
        "unread_count": s.unread_count(c), "first_reply_created_at": iso(c.first_reply_created_at),
        "priority": c.priority.map(|p| p.as_str()), "waiting_since": unix(c.waiting_since),
        "agent_last_seen_at": unix(c.agent_last_seen_at), "contact_last_seen_at": unix(c.contact_last_seen_at),
        "last_activity_at": c.last_activity_at.unix(), "timestamp": c.last_activity_at.unix(), "created_at": c.created_at.unix(),
        "updated_at": c.updated_at.float(),
    })
}

/// The push shape; its account is added by whoever sends it.
pub(crate) fn conversation_push(s: &State, c: &Conversation) -> Value {
    shared(s, c, |m| m)
}

/// The webhook shape: as pushed, words normalised (4.13.0), the account at the end (4.14.2).
pub(crate) fn conversation_hook(s: &State, c: &Conversation) -> Value {
    let out = shared(s, c, |mut m| {
        for key in ["content", "processed_message_content"].into_iter().filter(|_| s.version.normalises_webhook_text()) {
            if let Some(text) = m.get(key).and_then(Value::as_str).map(super::normalised) {
                m = super::with(m, key, json!(text));
            }
        }
        m
    });
    if !s.version.tells_the_account() {
        return out;
    }
    super::with(out, "account", json!(s.accounts.get(&c.account_id).map(|a| json!({"id": a.id, "name": a.name}))))
}

/// What the customer sees of it: the public messages in full.
pub(crate) fn conversation_public(s: &State, c: &Conversation) -> Value {
    let messages: Vec<Value> = s.thread(c.id).filter(|m| m.public()).map(|m| message_public(s, m)).collect();
    json!({
        "id": c.display_id, "uuid": c.uuid, "inbox_id": c.inbox_id, "contact_last_seen_at": unix(c.contact_last_seen_at),
        "status": c.status.as_str(), "agent_last_seen_at": unix(c.agent_last_seen_at), "messages": messages,
        "contact": s.contacts.get(&c.contact_id).map(|k| contact_row(k, s.version)),
    })
}
