//! Messages of a conversation.

use serde_json::{Value, json};

use super::{Ctx, Who, page_of};
use crate::{
    clock::Stamp,
    http::{Outcome, Refusal, Reply},
    params::{self, Params},
    state::{Id, MailFields, Message, MessageType, NewMessage, Object, Sender},
    wire,
    world::Channel,
};

/// The newest, or those before an id.
const NEWEST: usize = 20;
/// Those after an id.
const AFTER: usize = 100;
/// Those between two ids.
const BETWEEN: usize = 1000;
/// The only keys of `content_attributes` taken before 4.9.0 (`Messages::MessageBuilder`).
const OLD_ATTRIBUTES: [&str; 3] = ["items", "in_reply_to", "automation_rule_id"];
/// Attachments per page.
const FILES: usize = 100;

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?;
    let p = &ctx.call.params;
    let keep = |m: &&Message| !p.has("filter_internal_messages") || m.public();
    let thread = || ctx.state.thread(c.id).filter(keep);
    let id = |key: &str| p.present(key).map(|t| params::int(&t));
    let rows: Vec<&Message> = match (id("before"), id("after")) {
        (Some(before), Some(after)) => thread().filter(|m| m.id >= after && m.id < before).take(BETWEEN).collect(),
        (Some(before), None) => newest(thread().filter(|m| m.id < before).collect()),
        (None, Some(after)) => thread().filter(|m| m.id > after).take(AFTER).collect(),
        (None, None) => newest(thread().collect()),
    };
    let mut meta = json!({
        "labels": c.labels, "additional_attributes": c.additional_attributes,
        "contact": ctx.state.contacts.get(&c.contact_id).map(wire::contact_push),
    });
    if let Some(u) = c.assignee_id.and_then(|u| ctx.state.users.get(&u)).filter(|u| u.account_id == Some(c.account_id)) {
        meta = wire::with(meta, "assignee", wire::seen(ctx.state, wire::user_push(u)));
    }
    meta = wire::with(meta, "agent_last_seen_at", json!(c.agent_last_seen_at.map(Stamp::iso)));
    meta = wire::with(meta, "assignee_last_seen_at", json!(c.assignee_last_seen_at.map(Stamp::iso)));
    let payload: Vec<Value> = rows.into_iter().map(|m| wire::message_rest(ctx.state, m, None)).collect();
    Ok(Reply::Json(json!({"meta": meta, "payload": payload})))
}

fn newest(mut rows: Vec<&Message>) -> Vec<&Message> {
    rows.split_off(rows.len().saturating_sub(NEWEST))
}

/// An object, or a text that holds one; anything else is empty.
fn object(value: Option<&Value>) -> Object {
    match value {
        Some(Value::Object(map)) => map.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Object::new(),
    }
}

/// Ruby's `to_s` of what should have been a text.
fn ruby_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Object(map) if map.is_empty() => None,
        Value::Object(_) | Value::Array(_) => Some(ruby_inspect(value)),
        other => params::text(other),
    }
}

fn ruby_class(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "String",
        Value::Number(_) => "Integer",
        _ => "Hash",
    }
}

fn ruby_inspect(value: &Value) -> String {
    match value {
        Value::Null => "nil".into(),
        Value::String(s) => format!("{s:?}"),
        Value::Array(items) => format!("[{}]", items.iter().map(ruby_inspect).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            format!("{{{}}}", map.iter().map(|(k, v)| format!("{k:?}=>{}", ruby_inspect(v))).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Reads the parameters of a new message.
pub(super) fn read(ctx: &Ctx<'_>, p: &Params, conversation: Id) -> Result<NewMessage, Refusal> {
    let c = ctx.state.conversations.get(&conversation).ok_or(Refusal::Missing)?;
    let kind = match p.text("message_type") {
        Some(word) => MessageType::parse(&word).ok_or_else(|| Refusal::unprocessable(format!("'{word}' is not a valid message_type")))?,
        None => MessageType::Outgoing,
    };
    let channel = ctx.state.inboxes.get(&c.inbox_id).map(|i| i.channel);
    if kind == MessageType::Incoming && channel != Some(Channel::Api) {
        return Err(Refusal::unprocessable("Incoming messages are only allowed in Api inboxes"));
    }
    let sender = match (kind, ctx.who) {
        (MessageType::Outgoing, Who::User(user)) => Some(bot_sender(ctx, p).unwrap_or(Sender::User(user))),
        (MessageType::Outgoing, Who::Bot(bot)) => Some(Sender::Bot(bot)),
        _ => Some(Sender::Contact(c.contact_id)),
    };
    match p.get("attachments") {
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) if items.iter().all(Value::is_string) && items.is_empty() => {}
        Some(Value::Array(items)) => {
            return Err(Refusal::unprocessable(match items.first() {
                Some(Value::String(_)) => "mismatched digest".to_owned(),
                other => format!("Could not find or build blob: expected attachable, got {}", other.map(ruby_inspect).unwrap_or_default()),
            }));
        }
        Some(other) => return Err(Refusal::unprocessable(format!("undefined method `each' for an instance of {}", ruby_class(other)))),
    }
    let mut attributes = object(p.get("content_attributes"));
    if !ctx.state.version.keeps_custom_attributes() {
        attributes.retain(|key, _| OLD_ATTRIBUTES.contains(&key.as_str()));
    }
    if let Some(rule) = attributes.get("automation_rule_id").cloned() {
        attributes = Object::from_iter([("automation_rule_id".to_owned(), rule)]);
    }
    if let Some(at) = p.get("external_created_at").filter(|v| !v.is_null()) {
        attributes.insert("external_created_at".into(), at.clone());
    }
    let mut additional = Object::new();
    if let Some(template) = p.get("template_params").filter(|t| t.is_object()) {
        additional.insert("template_params".into(), template.clone());
    } else if let Some(campaign) = p.get("campaign_id").filter(|v| !v.is_null()) {
        additional.insert("campaign_id".into(), campaign.clone());
    }
    Ok(NewMessage {
        content: p.get("content").and_then(ruby_text),
        private: p.flag("private").unwrap_or(false),
        content_type: p.present("content_type"),
        content_attributes: attributes,
        additional_attributes: additional,
        source_id: p.text("source_id"),
        echo: p.get("echo_id").filter(|v| !v.is_null()).cloned(),
        files: ctx.call.files.iter().filter(|f| f.field == "attachments[]").cloned().collect(),
        mail: MailFields {
            to: p.text("to_emails").unwrap_or_default(),
            cc: p.text("cc_emails").unwrap_or_default(),
            bcc: p.text("bcc_emails").unwrap_or_default(),
            html: p.present("email_html_content"),
        },
        ..NewMessage::plain(None, kind, sender)
    })
}

fn bot_sender(ctx: &Ctx<'_>, p: &Params) -> Option<Sender> {
    let wanted = p.id("sender_id").filter(|_| p.text("sender_type").as_deref() == Some("AgentBot"))?;
    ctx.state.bots.get(&wanted).filter(|b| b.account_id.is_none_or(|a| a == ctx.account)).map(|b| Sender::Bot(b.id))
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    let conversation = ctx.conversation()?.id;
    let params = ctx.call.params.clone();
    let new = read(ctx, &params, conversation)?;
    let echo = new.echo.clone();
    let id = ctx.state.create_message(conversation, new)?;
    let m = ctx.state.messages.get(&id).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::message_rest(ctx.state, m, echo.as_ref())))
}

/// The message of the path.
fn own(ctx: &Ctx<'_>) -> Result<Message, Refusal> {
    let conversation = ctx.conversation()?.id;
    ctx.state.messages.get(&ctx.id(1)).filter(|m| m.conversation_id == conversation).cloned().ok_or(Refusal::Missing)
}

fn shown(ctx: &Ctx<'_>, id: Id) -> Outcome {
    let m = ctx.state.messages.get(&id).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::message_rest(ctx.state, m, None)))
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let m = own(ctx)?;
    ctx.state.delete_message(m.id);
    shown(ctx, m.id)
}

/// Sets the delivery status, on API inboxes only; nonsense is ignored.
pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?;
    if ctx.state.inboxes.get(&c.inbox_id).is_none_or(|i| i.channel != Channel::Api) {
        return Err(Refusal::Error(403, "Message status update is only allowed for API inboxes".into()));
    }
    let m = own(ctx)?;
    let status = ctx.call.params.text("status");
    let wanted = ["sent", "delivered", "read", "failed"].into_iter().find(|s| Some(*s) == status.as_deref());
    let error = ctx.call.params.text("external_error");
    if let Some(wanted) = wanted.filter(|w| !(m.status == "read" && *w == "delivered")) {
        ctx.state.update_message(m.id, None, |m| {
            m.status = wanted;
            if wanted == "failed" {
                m.content_attributes.insert("external_error".into(), json!(error));
            } else if m.content_attributes.contains_key("external_error") {
                m.content_attributes.insert("external_error".into(), Value::Null);
            }
        });
    }
    shown(ctx, m.id)
}

/// Sends again: status and attributes start anew.
pub(super) fn retry(ctx: &mut Ctx<'_>) -> Outcome {
    let m = own(ctx).map_err(|refusal| match refusal {
        Refusal::Missing => Refusal::unprocessable(format!(
            "Couldn't find Message with 'id'=\"{}\" [WHERE \"messages\".\"conversation_id\" = $1]",
            ctx.piece(1)
        )),
        other => other,
    })?;
    ctx.state.update_message(m.id, None, |m| {
        m.status = "sent";
        if let Some(error) = m.content_attributes.get_mut("external_error") {
            *error = Value::Null;
        }
    });
    ctx.state.update_message(m.id, None, |m| m.content_attributes.clear());
    shown(ctx, m.id)
}

/// Without a translation service there is nothing to say; what is stored already is not said again.
pub(super) fn translate(ctx: &mut Ctx<'_>) -> Outcome {
    let m = own(ctx)?;
    let language = ctx.call.params.text("target_language").unwrap_or_default();
    if m.content_attributes.get("translations").and_then(|t| t.get(&language)).is_some() {
        return Ok(Reply::Empty);
    }
    Ok(Reply::Json(json!({"content": null})))
}

pub(super) fn attachments(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?;
    let rows: Vec<Value> =
        ctx.state.thread(c.id).flat_map(|m| m.attachments.iter().rev().map(move |a| (m, a))).map(|(m, a)| file(ctx, m, a)).collect();
    let total = rows.len();
    Ok(Reply::Json(json!({"meta": {"total_count": total}, "payload": page_of(rows, ctx.page()?, FILES)})))
}

/// A file as the lists of files show it.
pub(super) fn file(ctx: &Ctx<'_>, m: &Message, a: &crate::state::Attachment) -> Value {
    let full = wire::attachment(ctx.state, m, a);
    let mut out = Object::new();
    for key in ["id", "message_id", "thumb_url", "data_url", "file_size", "file_type", "extension", "width", "height"] {
        out.insert(key.to_owned(), full.get(key).cloned().unwrap_or(Value::Null));
    }
    if !ctx.state.version.lists_contact_files() {
        out.shift_remove("id");
    }
    out.insert("created_at".into(), json!(m.created_at.unix()));
    if let Some(sender) = wire::message_rest(ctx.state, m, None).get("sender") {
        out.insert("sender".into(), sender.clone());
    }
    Value::Object(out)
}
