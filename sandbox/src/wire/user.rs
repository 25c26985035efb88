//! Users and bots: the agent partial, the profile, push and webhook shapes.

use serde_json::{Value, json};

use crate::{
    state::{Actor, Bot, Conversation, Id, State, User},
    world::Role,
};

/// The agent partial.
pub(crate) fn agent(s: &State, u: &User) -> Value {
    let mut out = json!({
        "id": u.id, "account_id": u.account_id, "availability_status": s.availability_of(u.id), "auto_offline": u.auto_offline,
        "confirmed": u.confirmed, "email": u.email, "provider": "email", "available_name": u.available_name(),
    });
    out = super::only_if(s.version.tells_the_provider(), "provider", out);
    if let Value::Object(map) = &mut out {
        if !u.custom_attributes.is_empty() {
            map.insert("custom_attributes".into(), json!(u.custom_attributes));
        }
        map.insert("name".into(), json!(u.name));
        map.insert("role".into(), json!(u.role.as_str()));
        map.insert("thumbnail".into(), json!(""));
        map.insert("custom_role_id".into(), Value::Null);
    }
    out
}

/// The profile, with the address pictures are served from.
pub(crate) fn profile(s: &State, u: &User) -> Value {
    let account = u.account_id.and_then(|a| s.accounts.get(&a));
    let permissions = match u.role {
        Role::Administrator => "administrator",
        Role::Agent => "agent",
    };
    let mut out = json!({
        "access_token": u.access_token, "account_id": u.account_id, "available_name": u.available_name(),
        "avatar_url": u.avatar.as_ref().and_then(|b| super::message::blob_url(s, b, "representations")).unwrap_or_default(),
        "confirmed": u.confirmed, "display_name": u.display_name, "message_signature": u.message_signature, "email": u.email, "id": u.id,
        "inviter_id": null, "name": u.name, "provider": "email", "pubsub_token": u.pubsub_token,
    });
    if let Value::Object(map) = &mut out {
        if !u.custom_attributes.is_empty() {
            map.insert("custom_attributes".into(), json!(u.custom_attributes));
        }
        map.insert("role".into(), json!(account.map(|_| u.role.as_str())));
        map.insert("ui_settings".into(), u.ui_settings.clone());
        map.insert("uid".into(), json!(u.email));
        map.insert("type".into(), Value::Null);
        let mine = account.map(|a| {
            json!({
                "id": a.id, "name": a.name, "status": super::account_status(a), "onboarding_step": null,
                "active_at": super::iso(u.active_at), "role": u.role.as_str(), "permissions": [permissions],
                "availability": u.availability.as_str(), "availability_status": s.availability_of(u.id), "auto_offline": u.auto_offline,
                "custom_role_id": null, "custom_role": null,
            })
        });
        let mine = mine.map(|m| super::only_if(s.version.tells_onboarding(), "onboarding_step", m));
        map.insert("accounts".into(), mine.into_iter().collect());
    }
    out
}

/// A user as pushes show it; jobs do not know who is there.
pub(crate) fn user_push(u: &User) -> Value {
    json!({"id": u.id, "name": u.name, "available_name": u.available_name(), "avatar_url": "", "type": "user",
           "availability_status": null, "thumbnail": ""})
}

/// A push shape inside an agent's answer, which knows what jobs do not: whether that user is there.
pub(crate) fn seen(s: &State, who: Value) -> Value {
    let id = who.get("id").and_then(Value::as_i64).filter(|_| who.get("availability_status").is_some_and(Value::is_null));
    match id {
        Some(id) => super::with(who, "availability_status", json!(s.availability_of(id))),
        None => who,
    }
}

fn bot_push(b: &Bot) -> Value {
    json!({"id": b.id, "name": b.name, "avatar_url": "", "type": "agent_bot"})
}

/// A bot as REST answers show it where it has a conversation.
pub(crate) fn bot_slim(b: &Bot) -> Value {
    json!({"id": b.id, "name": b.name, "description": b.description, "thumbnail": "", "outgoing_url": b.outgoing_url, "bot_type": "webhook"})
}

/// Whoever acts, as pushes show it; nothing for jobs and customers.
pub(crate) fn actor_push(s: &State, actor: Actor) -> Option<Value> {
    match actor {
        Actor::User(id) => s.users.get(&id).map(user_push),
        Actor::Bot(id) => s.bots.get(&id).map(bot_push),
        Actor::Contact(id) => s.contacts.get(&id).map(super::contact_push),
        Actor::Nobody | Actor::Policy => None,
    }
}

/// Whoever acts, as webhooks show it.
pub(crate) fn actor_hook(s: &State, actor: Actor) -> Option<Value> {
    match actor {
        Actor::User(id) => s.users.get(&id).map(|u| json!({"id": u.id, "name": u.name, "email": u.email, "type": "user"})),
        Actor::Bot(id) => s.bots.get(&id).map(|b| json!({"id": b.id, "name": b.name, "type": "agent_bot"})),
        Actor::Contact(id) => s.contacts.get(&id).map(|c| super::contact_hook(s, c)),
        Actor::Nobody | Actor::Policy => None,
    }
}

fn assignee(s: &State, c: &Conversation) -> Option<Id> {
    c.assignee_id.filter(|u| s.role(*u, c.account_id).is_some())
}

/// `meta.assignee` and `meta.assignee_type` of REST answers; absent when nobody has it.
pub(crate) fn assignee_rest(s: &State, c: &Conversation) -> Option<(Value, &'static str)> {
    if let Some(u) = assignee(s, c).and_then(|id| s.users.get(&id)) {
        return Some((agent(s, u), "User"));
    }
    c.assignee_bot_id.and_then(|id| s.bots.get(&id)).map(|b| (bot_slim(b), "AgentBot"))
}

/// The same in pushes; null when nobody has it.
pub(super) fn assignee_push(s: &State, c: &Conversation) -> (Value, Value) {
    if let Some(u) = assignee(s, c).and_then(|id| s.users.get(&id)) {
        return (user_push(u), json!("User"));
    }
    match c.assignee_bot_id.and_then(|id| s.bots.get(&id)) {
        Some(b) => (bot_push(b), json!("AgentBot")),
        None => (Value::Null, Value::Null),
    }
}
