//! The public client API of API inboxes: what a customer's page may do (contract, section 9).

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    http::{Call, Outcome, Refusal, Reply},
    params,
    state::{
        Actor, Contact, ContactInbox, Conversation, Event, Id, Inbox, Message, MessageType, NewContact, NewConversation, NewMessage,
        Sender, State, Status,
    },
    wire,
    world::Channel,
};

const MESSAGES: usize = 20;

/// Answers one call below `/public/api/v1/inboxes/:identifier`. What is not there is an exception page.
pub(crate) fn dispatch(state: &mut State, call: &Call, method: &str, identifier: &str, path: &[&str]) -> Outcome {
    let inbox =
        state.inboxes.values().find(|i| i.channel == Channel::Api && i.identifier == identifier).cloned().ok_or(Refusal::Page(404))?;
    if let ("GET", []) = (method, path) {
        return Ok(Reply::Json(about(&inbox)));
    }
    let ["contacts", rest @ ..] = path else { return Err(Refusal::Page(404)) };
    let [source, rest @ ..] = rest else {
        return if method == "POST" { create_contact(state, call, &inbox) } else { Err(Refusal::Page(404)) };
    };
    let address = state.by_source(inbox.id, source).cloned().ok_or(Refusal::Page(404))?;
    state.actor = Actor::Contact(address.contact_id);
    match (method, rest) {
        ("GET", []) => Ok(Reply::Json(card(state, &address))),
        ("PUT" | "PATCH", []) => update_contact(state, call, &inbox, &address),
        ("GET", ["conversations"]) => {
            let rows = state.conversations.values().rev().filter(|c| c.contact_inbox_id == address.id);
            Ok(Reply::Json(rows.map(|c| wire::conversation_public(state, c)).collect()))
        }
        ("POST", ["conversations"]) => create_conversation(state, call, &inbox, &address),
        (_, ["conversations", id, rest @ ..]) => {
            let c = state
                .by_display(inbox.account_id, params::int(id))
                .filter(|c| c.contact_inbox_id == address.id)
                .cloned()
                .ok_or(Refusal::Page(404))?;
            conversation(state, call, method, &c, rest)
        }
        _ => Err(Refusal::Page(404)),
    }
}

fn about(i: &Inbox) -> Value {
    let setting = |key: &str| i.settings.get(key).cloned().unwrap_or(Value::Null);
    json!({
        "identifier": i.identifier, "identity_validation_enabled": false, "name": i.name, "timezone": setting("timezone"),
        "working_hours": setting("working_hours"), "working_hours_enabled": setting("working_hours_enabled"),
        "csat_survey_enabled": setting("csat_survey_enabled"), "greeting_enabled": setting("greeting_enabled"),
    })
}

fn card(s: &State, address: &ContactInbox) -> Value {
    let c = s.contacts.get(&address.contact_id);
    json!({
        "source_id": address.source_id, "pubsub_token": address.pubsub_token, "id": address.contact_id, "name": c.map(|c| c.name.clone()),
        "email": c.and_then(|c| c.email.clone()), "phone_number": c.and_then(|c| c.phone_number.clone()),
    })
}

/// Whether the identifier is vouched for; a wrong hash breaks the real server.
fn verified(call: &Call, inbox: &Inbox) -> Result<bool, Refusal> {
    let Some(hash) = call.params.present("identifier_hash") else { return Ok(false) };
    let identifier = call.params.text("identifier").unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(inbox.hmac_token.as_bytes()).map_err(|_| Refusal::BROKEN)?;
    mac.update(identifier.as_bytes());
    let given = hex::decode(hash).map_err(|_| Refusal::BROKEN)?;
    mac.verify_slice(&given).map(|()| true).map_err(|_| Refusal::BROKEN)
}

/// The contact with the same identifier, else address, else number.
fn find_contact(s: &State, account: Id, new: &NewContact) -> Option<Id> {
    let email = new.email.as_ref().map(|e| e.to_lowercase());
    let by = |same: &dyn Fn(&Contact) -> bool| s.contacts.values().find(|c| c.account_id == account && same(c)).map(|c| c.id);
    new.identifier
        .as_ref()
        .and_then(|i| by(&|c| c.identifier.as_ref() == Some(i)))
        .or_else(|| email.as_ref().and_then(|e| by(&|c| c.email.as_ref() == Some(e))))
        .or_else(|| new.phone_number.as_ref().and_then(|p| by(&|c| c.phone_number.as_ref() == Some(p))))
}

/// The contact of that description in the inbox, made when there is none; also what scripted customers use.
pub(crate) fn contact_in(
    s: &mut State,
    inbox: Id,
    account: Id,
    mut new: NewContact,
    source: Option<String>,
    verified: bool,
) -> Result<ContactInbox, Refusal> {
    if let Some(known) = source.as_ref().and_then(|src| s.by_source(inbox, src)) {
        return Ok(known.clone());
    }
    let contact = match find_contact(s, account, &new) {
        Some(id) => {
            let known = s.contact_inboxes.values().rfind(|ci| ci.contact_id == id && ci.inbox_id == inbox).cloned();
            if let Some(known) = known.filter(|_| source.is_none()) {
                return Ok(known);
            }
            id
        }
        None => {
            if new.name.as_ref().is_none_or(|n| n.trim().is_empty()) {
                let word = s.mint.token().to_lowercase();
                new.name = Some(format!("quiet-river-{}", &word[..3]));
            }
            s.create_contact(account, new)?
        }
    };
    s.contact_inbox(contact, inbox, source, verified)
}

fn create_contact(s: &mut State, call: &Call, inbox: &Inbox) -> Outcome {
    let p = &call.params;
    let verified = verified(call, inbox)?;
    let new = NewContact {
        name: p.present("name"),
        email: p.present("email"),
        phone_number: p.present("phone_number"),
        identifier: p.present("identifier"),
        custom_attributes: p.get("custom_attributes").and_then(Value::as_object).cloned().unwrap_or_default(),
        ..NewContact::default()
    };
    let address = contact_in(s, inbox.id, inbox.account_id, new, p.present("source_id"), verified)?;
    Ok(Reply::Json(card(s, &address)))
}

fn update_contact(s: &mut State, call: &Call, inbox: &Inbox, address: &ContactInbox) -> Outcome {
    let p = &call.params;
    let vouched = verified(call, inbox)?;
    let email = p.present("email").map(|e| e.to_lowercase());
    let other = email.as_ref().and_then(|e| s.contacts.values().find(|c| c.account_id == inbox.account_id && c.email.as_ref() == Some(e)));
    let mut id = address.contact_id;
    if let Some(other) = other.map(|c| c.id).filter(|o| *o != id) {
        s.merge_contacts(other, id);
        id = other;
    }
    let mut row = s.contacts.get(&id).ok_or(Refusal::Page(404))?.clone();
    row.name = p.present("name").unwrap_or(row.name);
    row.email = email.or(row.email);
    row.phone_number = p.present("phone_number").or(row.phone_number);
    row.identifier = p.present("identifier").or(row.identifier);
    if let Some(extra) = p.get("custom_attributes").and_then(Value::as_object) {
        row.custom_attributes.extend(extra.clone());
    }
    s.check_contact(&row)?;
    s.update_contact(id, |c| *c = row);
    if let Some(ci) = s.contact_inboxes.get_mut(&address.id) {
        ci.hmac_verified |= vouched;
    }
    Ok(Reply::Json(wire::contact_row(s.contacts.get(&id).ok_or(Refusal::Page(404))?, s.version)))
}

fn create_conversation(s: &mut State, call: &Call, inbox: &Inbox, address: &ContactInbox) -> Outcome {
    let known = s.conversations.values().rfind(|c| c.contact_inbox_id == address.id).map(|c| c.id);
    let id = match known.filter(|_| inbox.flag("lock_to_single_conversation")) {
        Some(id) => id,
        None => {
            s.actor = Actor::Nobody;
            let custom_attributes = call.params.get("custom_attributes").filter(|v| v.is_object()).cloned();
            s.create_conversation(address, NewConversation { custom_attributes, ..NewConversation::default() }).ok_or(Refusal::Page(404))?
        }
    };
    shown(s, id)
}

fn shown(s: &State, id: Id) -> Outcome {
    Ok(Reply::Json(wire::conversation_public(s, s.conversations.get(&id).ok_or(Refusal::Page(404))?)))
}

fn conversation(s: &mut State, call: &Call, method: &str, c: &Conversation, path: &[&str]) -> Outcome {
    match (method, path) {
        ("GET", []) => shown(s, c.id),
        ("POST", ["toggle_status"]) => {
            if c.status != Status::Resolved {
                s.update_conversation(c.id, |c| c.status = Status::Resolved);
            }
            shown(s, c.id)
        }
        ("POST", ["toggle_typing"]) => {
            let typing = |on| Event::Typing { conversation: c.id, who: Actor::Contact(c.contact_id), on, private: false };
            match call.params.text("typing_status").as_deref() {
                Some("on") => s.emit(typing(true)),
                Some("off") => s.emit(typing(false)),
                _ => {}
            }
            Ok(Reply::Empty)
        }
        ("POST", ["update_last_seen"]) => {
            s.contact_saw(c.id);
            Ok(Reply::Empty)
        }
        ("GET", ["messages"]) => {
            let before = call.params.present("before").map(|t| params::int(&t));
            let rows: Vec<&Message> = s.thread(c.id).filter(|m| m.public() && before.is_none_or(|b| m.id < b)).collect();
            let from = rows.len().saturating_sub(MESSAGES);
            Ok(Reply::Json(rows.into_iter().skip(from).map(|m| wire::message_public(s, m)).collect()))
        }
        ("POST", ["messages"]) => {
            let mut new = NewMessage::plain(call.params.text("content"), MessageType::Incoming, Some(Sender::Contact(c.contact_id)));
            new.echo = call.params.get("echo_id").filter(|v| !v.is_null()).cloned();
            new.files = call.files.iter().filter(|f| f.field == "attachments[]").cloned().collect();
            let id = s.create_message(c.id, new)?;
            Ok(Reply::Json(wire::message_public(s, s.messages.get(&id).ok_or(Refusal::Page(404))?)))
        }
        ("PUT" | "PATCH", ["messages", id]) => {
            let id = s.messages.get(&params::int(id)).filter(|m| m.conversation_id == c.id).ok_or(Refusal::Page(404))?.id;
            if let Some(values) = call.params.get("submitted_values").cloned() {
                s.submit(id, values);
            }
            Ok(Reply::Json(wire::message_public(s, s.messages.get(&id).ok_or(Refusal::Page(404))?)))
        }
        _ => Err(Refusal::Page(404)),
    }
}
