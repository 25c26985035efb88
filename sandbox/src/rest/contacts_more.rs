//! What hangs on a contact: addresses, conversations, labels, notes, files, and merging two.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{Ctx, contacts::own, conversations::read_labels, messages, page_of};
use crate::{
    http::{Outcome, Refusal, Reply},
    state::{Conversation, Note},
    wire,
    world::Channel,
};

/// The newest conversations shown.
const CONVERSATIONS: usize = 20;
const FILES: usize = 100;

pub(super) fn conversations(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    let me = ctx.user_id();
    let admin = ctx.is_admin();
    let seen = |c: &&Conversation| c.contact_id == contact && (admin || me.is_some_and(|u| ctx.state.is_member(u, c.inbox_id)));
    let mut rows: Vec<&Conversation> = ctx.state.conversations.values().filter(seen).collect();
    rows.sort_by_key(|c| Reverse(c.last_activity_at));
    let payload: Vec<Value> = rows.into_iter().take(CONVERSATIONS).map(|c| wire::conversation_rest(ctx.state, c, me)).collect();
    Ok(Reply::Json(json!({"payload": payload})))
}

/// Inboxes the contact can be written to in; for API inboxes a source id that is not stored yet.
pub(super) fn contactable(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.clone();
    let me = ctx.user_id();
    let admin = ctx.is_admin();
    let inboxes: Vec<_> = ctx
        .state
        .inboxes
        .values()
        .filter(|i| i.account_id == ctx.account && (admin || me.is_some_and(|u| i.members.contains(&u))))
        .cloned()
        .collect();
    let mut payload = Vec::new();
    for inbox in inboxes {
        let known = ctx
            .state
            .contact_inboxes
            .values()
            .filter(|ci| ci.contact_id == contact.id && ci.inbox_id == inbox.id)
            .map(|ci| ci.source_id.clone())
            .next_back();
        let source = match inbox.channel {
            Channel::Api => known.unwrap_or_else(|| ctx.state.mint.uuid()),
            Channel::Email => match contact.email.clone() {
                Some(mail) => mail,
                None => continue,
            },
            Channel::Whatsapp => match &contact.phone_number {
                Some(number) => number.trim_start_matches('+').to_owned(),
                None => continue,
            },
            Channel::WebWidget => match known {
                Some(source) => source,
                None => continue,
            },
        };
        payload.push(json!({"inbox": wire::inbox_slim(&inbox), "source_id": source}));
    }
    Ok(Reply::Json(json!({"payload": payload})))
}

pub(super) fn add_address(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    let wanted = ctx.call.params.id("inbox_id").unwrap_or(0);
    let inbox = ctx.state.inboxes.get(&wanted).filter(|i| i.account_id == ctx.account).ok_or(Refusal::Missing)?.clone();
    if !ctx.is_admin() && !ctx.user_id().is_some_and(|u| inbox.members.contains(&u)) {
        return Err(Refusal::policy());
    }
    let source = ctx.call.params.present("source_id");
    if let Some(source) = &source
        && ctx.state.by_source(inbox.id, source).is_some_and(|ci| ci.contact_id != contact)
    {
        return Err(Refusal::BROKEN);
    }
    let verified = ctx.call.params.flag("hmac_verified").unwrap_or(false);
    let row = ctx.state.contact_inbox(contact, inbox.id, source, verified)?;
    Ok(Reply::Json(json!({"source_id": row.source_id, "inbox": wire::inbox_slim(&inbox)})))
}

/// The contact behind an address; an empty 404 when there is none.
pub(super) fn by_address(ctx: &mut Ctx<'_>) -> Outcome {
    let wanted = ctx.call.params.id("inbox_id").unwrap_or(0);
    let inbox = ctx.state.inboxes.get(&wanted).filter(|i| i.account_id == ctx.account).ok_or(Refusal::Missing)?.id;
    let source = ctx.call.params.text("source_id").unwrap_or_default();
    let contact = ctx.state.by_source(inbox, &source).and_then(|ci| ctx.state.contacts.get(&ci.contact_id));
    Ok(contact.map_or(Reply::Head(404), |c| Reply::Json(wire::contact_rest(ctx.state, c, true))))
}

pub(super) fn labels(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    if ctx.call.writes() {
        let wanted = read_labels(&ctx.call.params);
        ctx.state.update_contact(contact, |c| c.labels = wanted);
    }
    Ok(Reply::Json(json!({"payload": own(ctx)?.labels})))
}

pub(super) fn notes(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    if !ctx.call.writes() {
        let mut rows: Vec<&Note> = ctx.state.notes.values().filter(|n| n.contact_id == contact).collect();
        rows.sort_by_key(|n| Reverse(n.created_at));
        return Ok(Reply::Json(rows.into_iter().map(|n| wire::note(ctx.state, n)).collect()));
    }
    let params = ctx.call.params.wrapped("note", &["content"]).ok_or_else(|| Refusal::param("note"))?;
    let content = params.present("content").ok_or_else(|| Refusal::invalid(&[("content", "Content can't be blank")]))?;
    let now = ctx.state.now();
    let row =
        Note { id: ctx.state.next_small_id(), contact_id: contact, user_id: ctx.user()?.id, content, created_at: now, updated_at: now };
    let answer = wire::note(ctx.state, &row);
    ctx.state.notes.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn note(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    let mut row = ctx.state.notes.get(&ctx.id(1)).filter(|n| n.contact_id == contact).cloned().ok_or(Refusal::Missing)?;
    match ctx.call.method.as_str() {
        "GET" => {}
        "DELETE" => {
            ctx.state.notes.remove(&row.id);
            return Ok(Reply::Empty);
        }
        _ => {
            let params = ctx.call.params.wrapped("note", &["content"]).ok_or_else(|| Refusal::param("note"))?;
            let content = params.text("content").unwrap_or_default();
            row.user_id = ctx.user()?.id;
            row.updated_at = ctx.state.now();
            let stored = !content.trim().is_empty();
            row.content = content;
            if stored {
                ctx.state.notes.insert(row.id, row.clone());
            }
        }
    }
    Ok(Reply::Json(wire::note(ctx.state, &row)))
}

pub(super) fn attachments(ctx: &mut Ctx<'_>) -> Outcome {
    let contact = own(ctx)?.id;
    let mut rows = Vec::new();
    let (admin, me) = (ctx.is_admin(), ctx.user()?.id);
    let seen = |c: &&Conversation| c.contact_id == contact && (admin || ctx.state.is_member(me, c.inbox_id));
    for c in ctx.state.conversations.values().filter(seen) {
        for m in ctx.state.thread(c.id) {
            rows.extend(m.attachments.iter().map(|a| wire::with(messages::file(ctx, m, a), "conversation_id", json!(c.display_id))));
        }
    }
    let total = rows.len();
    Ok(Reply::Json(json!({"meta": {"total_count": total}, "payload": page_of(rows, ctx.page()?, FILES)})))
}

pub(super) fn merge(ctx: &mut Ctx<'_>) -> Outcome {
    let find = |key: &str| {
        let wanted = ctx.call.params.id(key).unwrap_or(0);
        ctx.state.contacts.get(&wanted).filter(|c| c.account_id == ctx.account).map(|c| c.id).ok_or(Refusal::Missing)
    };
    let (base, mergee) = (find("base_contact_id")?, find("mergee_contact_id")?);
    if base != mergee {
        ctx.state.merge_contacts(base, mergee);
    }
    let c = ctx.state.contacts.get(&base).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::contact_rest(ctx.state, c, false)))
}
