//! Who is told about an event and what: websocket frames and webhook deliveries (contract 10 and 11).
//!
//! Reads the rows as they are when it is called, as Chatwoot's jobs do; decides nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    params::to_i,
    state::{Actor, Changes, Contact, Conversation, Emitted, Event, Id, Message, MessageType, State},
    wire,
    world::{Channel, Role},
};

/// A frame for every subscription of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// A pubsub token, or `account_<id>`.
    pub(crate) streams: BTreeSet<String>,
    pub(crate) event: &'static str,
    pub(crate) data: Value,
}

/// A webhook to deliver.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    /// What it is signed with.
    pub(crate) secret: Option<String>,
    /// Whether it carries a delivery id.
    pub(crate) numbered: bool,
    pub(crate) body: String,
    pub(crate) origin: Origin,
}

/// Whose webhook it is: what a failed delivery leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// One attempt, nothing follows.
    Account,
    /// One attempt; the message it is about turns failed.
    Inbox { message: Option<Id> },
    /// Three attempts; the conversation of a message is opened, when it is pending.
    Bot { asked: Option<Id> },
}

/// What a call caused, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    pub(crate) frames: Vec<Frame>,
    pub(crate) hooks: Vec<Hook>,
}

/// Writes events out.
pub(crate) fn write(s: &State, events: Vec<Emitted>) -> Batch {
    let mut batch = Batch::default();
    for Emitted { event, performer } in events {
        one(s, &mut batch, event, performer);
    }
    batch
}

/// The stream of an account's agents.
pub(crate) fn account_stream(account: Id) -> String {
    format!("account_{account}")
}

/// Tokens of the inbox's members and of all administrators.
fn room(s: &State, account: Id, inbox: Id) -> BTreeSet<String> {
    let members = s.inboxes.get(&inbox).map(|i| i.members.as_slice()).unwrap_or_default();
    let inside = |id: Id, role: Role| role == Role::Administrator || members.contains(&id);
    s.users.values().filter(|u| u.account_id == Some(account) && inside(u.id, u.role)).map(|u| u.pubsub_token.clone()).collect()
}

fn customer(s: &State, c: &Conversation) -> Option<String> {
    s.contact_inboxes.get(&c.contact_inbox_id).map(|ci| ci.pubsub_token.clone())
}

fn push(s: &State, batch: &mut Batch, streams: BTreeSet<String>, event: &'static str, data: Value, account: Id, performer: Actor) {
    let mut data = if data.get("account_id").is_some() { data } else { wire::with(data, "account_id", json!(account)) };
    if let Some(who) = match performer {
        Actor::User(_) | Actor::Bot(_) => wire::actor_push(s, performer),
        _ => None,
    } {
        data = wire::with(data, "performer", who);
    }
    batch.frames.push(Frame { streams, event, data });
}

/// The account's webhooks that want the event.
fn account_hooks(s: &State, batch: &mut Batch, account: Id, event: &str, body: &str) {
    for w in s.webhooks.values().filter(|w| w.account_id == account && w.subscriptions.iter().any(|e| e == event)) {
        let numbered = s.version.signs_account_webhooks();
        let secret = Some(w.secret.clone()).filter(|_| numbered);
        batch.hooks.push(Hook { url: w.url.clone(), secret, numbered, body: body.to_owned(), origin: Origin::Account });
    }
}

fn inbox_hook(s: &State, batch: &mut Batch, inbox: Id, body: &str, message: Option<Id>) {
    if let Some(i) = s.inboxes.get(&inbox).filter(|i| i.channel == Channel::Api)
        && let Some(url) = i.webhook_url.as_ref().filter(|u| !u.is_empty())
    {
        let numbered = s.version.signs_account_webhooks();
        let secret = Some(i.secret.clone()).filter(|_| s.version.signs_inbox_webhooks());
        batch.hooks.push(Hook { url: url.clone(), secret, numbered, body: body.to_owned(), origin: Origin::Inbox { message } });
    }
}

/// The inbox's bot and, since 4.13.0, the one the conversation is assigned to.
fn bot_hooks(s: &State, batch: &mut Batch, c: &Conversation, body: &str, asked: bool) {
    let assigned = c.assignee_bot_id.filter(|_| s.version.tells_bots_everything());
    let bots: BTreeSet<Id> = s.inboxes.get(&c.inbox_id).and_then(|i| i.bot).into_iter().chain(assigned).collect();
    let asked = asked && s.version.opens_when_a_bot_fails();
    for b in bots.iter().filter_map(|b| s.bots.get(b)) {
        let Some(url) = b.outgoing_url.clone().filter(|u| !u.is_empty()) else { continue };
        let numbered = s.version.signs_inbox_webhooks();
        let secret = Some(b.secret.clone()).filter(|_| numbered);
        batch.hooks.push(Hook { url, secret, numbered, body: body.to_owned(), origin: Origin::Bot { asked: asked.then_some(c.id) } });
    }
}

fn named(data: Value, event: &str) -> Value {
    wire::with(data, "event", json!(event))
}

fn changed(changes: &Changes) -> Value {
    changes.iter().map(|(name, before, after)| json!({(*name): {"previous_value": before, "current_value": after}})).collect()
}

fn one(s: &State, batch: &mut Batch, event: Event, performer: Actor) {
    match event {
        Event::ContactCreated(id) => contact(s, batch, id, "contact.created", "contact_created", None, performer),
        Event::ContactUpdated(id, changes) => contact(s, batch, id, "contact.updated", "contact_updated", Some(&changes), performer),
        Event::PictureRemoved(account, data) => {
            push(s, batch, [account_stream(account)].into(), "contact.updated", data, account, performer);
        }
        Event::ContactHooked(id, changes) => {
            let Some(c) = s.contacts.get(&id) else { return };
            contact_hooks(s, batch, c, "contact_updated", Some(&changes));
        }
        Event::ContactMerged(account, data) => {
            push(s, batch, [account_stream(account)].into(), "contact.merged", data, account, performer);
        }
        Event::ContactDeleted(account, data) => {
            push(s, batch, [account_stream(account)].into(), "contact.deleted", data, account, performer);
        }
        Event::ConversationCreated(id) => {
            let Some(c) = s.conversations.get(&id) else { return };
            told(s, batch, c, "conversation.created", true, performer);
            hooked(s, batch, c, "conversation_created", None, false);
        }
        Event::ConversationUpdated(id, changes) => {
            let Some(c) = s.conversations.get(&id) else { return };
            told(s, batch, c, "conversation.updated", true, Actor::Nobody);
            hooked(s, batch, c, "conversation_updated", Some(changed(&changes)), true);
        }
        Event::StatusChanged(id) => {
            let Some(c) = s.conversations.get(&id) else { return };
            told(s, batch, c, "conversation.status_changed", true, Actor::Nobody);
            hooked(s, batch, c, "conversation_status_changed", Some(Value::Null), true);
            let bot = match c.status {
                crate::state::Status::Open => "conversation_opened",
                crate::state::Status::Resolved => "conversation_resolved",
                _ => return,
            };
            bot_hooks(s, batch, c, &wire::rails_json(&named(wire::conversation_hook(s, c), bot)), false);
        }
        Event::AssigneeChanged(id) => quiet(s, batch, id, "assignee.changed"),
        Event::TeamChanged(id) => quiet(s, batch, id, "team.changed"),
        Event::ConversationRead(id) => quiet(s, batch, id, "conversation.read"),
        Event::ContactChanged(id, data) => {
            let Some(c) = s.conversations.get(&id) else { return };
            push(s, batch, room(s, c.account_id, c.inbox_id), "conversation.contact_changed", data, c.account_id, performer);
        }
        Event::Mentioned { conversation, user } => {
            let (Some(c), Some(u)) = (s.conversations.get(&conversation), s.users.get(&user)) else { return };
            let to = [u.pubsub_token.clone()].into();
            push(s, batch, to, "conversation.mentioned", wire::conversation_push(s, c), c.account_id, Actor::Nobody);
        }
        Event::Typing { conversation, who, on, private } => typing(s, batch, conversation, who, on, private, performer),
        Event::MessageCreated { message, echo } => {
            said(s, batch, &message, "message.created", echo, None, performer);
            message_hooks(s, batch, &message, "message_created");
        }
        Event::FirstReply { message, echo } => {
            said(s, batch, &message, "first.reply.created", echo, None, performer);
        }
        Event::MessageUpdated { message, previous, echo } => {
            said(s, batch, &message, "message.updated", echo, Some(Value::Object(previous)), performer);
            message_hooks(s, batch, &message, "message_updated");
        }
        Event::CacheInvalidated(id) => {
            let Some(a) = s.accounts.get(&id) else { return };
            let to = s.users.values().filter(|u| u.account_id == Some(id)).map(|u| u.pubsub_token.clone()).collect();
            push(s, batch, to, "account.cache_invalidated", json!({"cache_keys": wire::cache_keys(a)}), id, performer);
        }
        Event::Notification { user, name, data } => {
            let Some(u) = s.users.get(&user) else { return };
            let Some(account) = u.account_id else { return };
            push(s, batch, [u.pubsub_token.clone()].into(), name, data, account, performer);
        }
    }
}

fn contact(s: &State, batch: &mut Batch, id: Id, frame: &'static str, hook: &str, changes: Option<&Changes>, performer: Actor) {
    let Some(c) = s.contacts.get(&id) else { return };
    push(s, batch, [account_stream(c.account_id)].into(), frame, wire::contact_push(c), c.account_id, performer);
    if changes.is_some_and(Vec::is_empty) {
        return;
    }
    contact_hooks(s, batch, c, hook, changes);
}

fn contact_hooks(s: &State, batch: &mut Batch, c: &Contact, hook: &str, changes: Option<&Changes>) {
    let mut data = named(wire::contact_hook(s, c), hook);
    if let Some(changes) = changes {
        data = wire::with(data, "changed_attributes", changed(changes));
    }
    account_hooks(s, batch, c.account_id, hook, &wire::rails_json(&data));
}

fn told(s: &State, batch: &mut Batch, c: &Conversation, event: &'static str, to_customer: bool, performer: Actor) {
    let mut to = room(s, c.account_id, c.inbox_id);
    to.extend(customer(s, c).filter(|_| to_customer));
    push(s, batch, to, event, wire::conversation_push(s, c), c.account_id, performer);
}

/// One of the events that only people hear, re-read and without a performer.
fn quiet(s: &State, batch: &mut Batch, id: Id, event: &'static str) {
    if let Some(c) = s.conversations.get(&id) {
        told(s, batch, c, event, false, Actor::Nobody);
    }
}

fn hooked(s: &State, batch: &mut Batch, c: &Conversation, event: &str, changes: Option<Value>, bots: bool) {
    let mut data = named(wire::conversation_hook(s, c), event);
    if let Some(changes) = changes {
        data = wire::with(data, "changed_attributes", changes);
    }
    let body = wire::rails_json(&data);
    account_hooks(s, batch, c.account_id, event, &body);
    inbox_hook(s, batch, c.inbox_id, &body, None);
    if bots && s.version.tells_bots_everything() {
        bot_hooks(s, batch, c, &body, false);
    }
}

fn said(s: &State, batch: &mut Batch, m: &Message, event: &'static str, echo: Option<Value>, previous: Option<Value>, performer: Actor) {
    let Some(c) = s.conversations.get(&m.conversation_id) else { return };
    let mut to = room(s, m.account_id, m.inbox_id);
    if m.public() && event != "first.reply.created" {
        to.extend(customer(s, c));
    }
    let mut data = wire::message_push(s, m);
    if let Some(previous) = previous {
        data = wire::with(data, "previous_changes", previous);
    }
    if let Some(echo) = echo {
        data = wire::with(data, "echo_id", echo);
    }
    push(s, batch, to, event, data, m.account_id, performer);
}

/// Whether a survey's answer is no rating: the job that notes it fails, and with it what the same job would have sent (public-csat).
fn breaks_the_survey(m: &Message) -> bool {
    let answer = m.content_attributes.get("submitted_values").and_then(|v| v.get("csat_survey_response"));
    let rating = answer.and_then(|a| a.get("rating")).filter(|r| !r.is_null());
    m.content_type == "input_csat" && rating.is_some_and(|r| !crate::state::RATINGS.contains(&to_i(r)))
}

fn message_hooks(s: &State, batch: &mut Batch, m: &Message, event: &str) {
    if event == "message_updated" && breaks_the_survey(m) {
        return;
    }
    let Some(c) = s.conversations.get(&m.conversation_id).filter(|_| m.message_type != MessageType::Activity) else { return };
    let body = wire::rails_json(&named(wire::message_hook(s, m), event));
    account_hooks(s, batch, m.account_id, event, &body);
    inbox_hook(s, batch, m.inbox_id, &body, Some(m.id));
    bot_hooks(s, batch, c, &body, true);
}

fn typing(s: &State, batch: &mut Batch, conversation: Id, who: Actor, on: bool, private: bool, performer: Actor) {
    let Some(c) = s.conversations.get(&conversation) else { return };
    let mut to = room(s, c.account_id, c.inbox_id);
    match who {
        Actor::User(id) => {
            if let Some(u) = s.users.get(&id) {
                to.remove(&u.pubsub_token);
            }
            to.extend(customer(s, c));
        }
        Actor::Bot(_) => to.extend(customer(s, c)),
        _ => {}
    }
    let data = json!({"conversation": wire::conversation_push(s, c), "user": wire::actor_push(s, who), "is_private": private});
    push(s, batch, to, if on { "conversation.typing_on" } else { "conversation.typing_off" }, data, c.account_id, performer);
    let event = if on { "conversation_typing_on" } else { "conversation_typing_off" };
    let body =
        json!({"event": event, "user": wire::actor_hook(s, who), "conversation": wire::conversation_hook(s, c), "is_private": private});
    let body = wire::rails_json(&body);
    account_hooks(s, batch, c.account_id, event, &body);
    inbox_hook(s, batch, c.inbox_id, &body, None);
}
