//! One's own notifications, their settings, and the devices they are pushed to.

use serde_json::{Value, json};

use super::{Ctx, page_of};
use crate::{
    clock::Stamp,
    http::{Outcome, Refusal, Reply},
    params::to_i,
    state::{Id, Notification, Subscription},
    wire,
};

const PAGE: usize = 15;
const KINDS: [&str; 8] = [
    "conversation_creation",
    "conversation_assignment",
    "assigned_conversation_new_message",
    "conversation_mention",
    "participating_conversation_new_message",
    "sla_missed_first_response",
    "sla_missed_next_response",
    "sla_missed_resolution",
];

fn mine<'c>(ctx: &'c Ctx<'_>) -> impl Iterator<Item = &'c Notification> {
    let me = ctx.user_id();
    ctx.state.notifications.values().filter(move |n| Some(n.user_id) == me && n.account_id == ctx.account)
}

fn own(ctx: &Ctx<'_>) -> Result<Id, Refusal> {
    let id = ctx.id(0);
    mine(ctx).find(|n| n.id == id).map(|n| n.id).ok_or(Refusal::Missing)
}

fn row(ctx: &Ctx<'_>, id: Id) -> Outcome {
    Ok(Reply::Json(wire::notification_row(ctx.state.notifications.get(&id).ok_or(Refusal::Missing)?)))
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let includes = ctx.call.params.words("includes").unwrap_or_default();
    let with = |what: &str| includes.iter().any(|i| i == what);
    let mut rows: Vec<&Notification> =
        mine(ctx).filter(|n| (with("read") || n.read_at.is_none()) && (with("snoozed") || n.snoozed_until.is_none())).collect();
    rows.sort_by_key(|n| n.last_activity_at);
    if ctx.call.params.text("sort_order").as_deref() != Some("asc") {
        rows.reverse();
    }
    let (count, unread) = (rows.len(), rows.iter().filter(|n| n.read_at.is_none()).count());
    let payload: Vec<Value> = page_of(rows, ctx.page()?, PAGE).into_iter().map(|n| wire::notification(ctx.state, n, false)).collect();
    let meta = json!({"unread_count": unread, "count": count, "current_page": ctx.current_page()});
    Ok(Reply::Json(json!({"data": {"meta": meta, "payload": payload}})))
}

pub(super) fn unread_count(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(json!(mine(ctx).filter(|n| n.read_at.is_none() && n.snoozed_until.is_none()).count())))
}

pub(super) fn read(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    let now = ctx.state.now();
    ctx.state.update_notification(id, |n| n.read_at = Some(now));
    row(ctx, id)
}

pub(super) fn unread(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    ctx.state.update_notification(id, |n| n.read_at = None);
    row(ctx, id)
}

pub(super) fn snooze(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    if let Some(until) = ctx.call.params.get("snoozed_until").filter(|v| !v.is_null()) {
        let until = Stamp::from_unix(to_i(until));
        ctx.state.update_notification(id, |n| {
            n.snoozed_until = Some(until);
            n.meta.insert("last_snoozed_at".into(), Value::Null);
        });
    }
    row(ctx, id)
}

/// Reads all, or all of one conversation (by its database id); nobody is told.
pub(super) fn read_all(ctx: &mut Ctx<'_>) -> Outcome {
    let only = ctx.call.params.id("primary_actor_id").filter(|_| ctx.call.params.present("primary_actor_type").is_some());
    let ids: Vec<Id> = mine(ctx).filter(|n| only.is_none_or(|o| n.conversation_id == o)).map(|n| n.id).collect();
    let now = ctx.state.now();
    for id in ids {
        if let Some(n) = ctx.state.notifications.get_mut(&id) {
            n.read_at = n.read_at.or(Some(now));
        }
    }
    Ok(Reply::Empty)
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    ctx.state.delete_notification(id);
    Ok(Reply::Empty)
}

pub(super) fn destroy_all(ctx: &mut Ctx<'_>) -> Outcome {
    let read_only = ctx.call.params.text("type").as_deref() == Some("read");
    let ids: Vec<Id> = mine(ctx).filter(|n| !read_only || n.read_at.is_some()).map(|n| n.id).collect();
    for id in ids {
        ctx.state.notifications.remove(&id);
    }
    Ok(Reply::Empty)
}

fn flags(prefix: &str) -> Vec<String> {
    KINDS.iter().map(|k| format!("{prefix}_{k}")).collect()
}

pub(super) fn settings(ctx: &mut Ctx<'_>) -> Outcome {
    let user = ctx.user()?;
    Ok(Reply::Json(json!({
        "id": user.id, "user_id": user.id, "account_id": ctx.account, "all_email_flags": flags("email"),
        "selected_email_flags": user.email_flags, "all_push_flags": flags("push"), "selected_push_flags": user.push_flags,
    })))
}

pub(super) fn update_settings(ctx: &mut Ctx<'_>) -> Outcome {
    let params = ctx.call.params.wrapped("notification_settings", &[]).ok_or_else(|| Refusal::param("notification_settings"))?;
    let (email, push) = (params.words("selected_email_flags"), params.words("selected_push_flags"));
    let known = |list: &Option<Vec<String>>, prefix: &str| list.iter().flatten().all(|f| flags(prefix).contains(f));
    if !known(&email, "email") || !known(&push, "push") {
        return Err(Refusal::BROKEN);
    }
    if let Some(user) = ctx.user_id().and_then(|id| ctx.state.users.get_mut(&id)) {
        let in_order = |asked: Option<Vec<String>>, prefix: &str| {
            let asked = asked.unwrap_or_default();
            flags(prefix).into_iter().filter(|f| asked.contains(f)).collect()
        };
        user.email_flags = in_order(email, "email");
        user.push_flags = in_order(push, "push");
    }
    settings(ctx)
}

/// Notes a device; the same device again is the same row.
pub(super) fn subscribe(ctx: &mut Ctx<'_>) -> Outcome {
    let name = "notification_subscription";
    let p = ctx.call.params.wrapped(name, &[]).ok_or_else(|| Refusal::param(name))?;
    let kind = p.text("subscription_type").filter(|k| matches!(k.as_str(), "browser_push" | "fcm")).ok_or(Refusal::BROKEN)?;
    let attributes = p.get("subscription_attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    let me = ctx.user()?.id;
    let now = ctx.state.now();
    let known = ctx.state.subscriptions.values().find(|s| s.attributes == attributes).map(|s| s.id);
    let id = known.unwrap_or_else(|| ctx.state.next_small_id());
    let row = Subscription { id, user_id: me, kind, attributes, created_at: now };
    let answer = wire::subscription(&row);
    ctx.state.subscriptions.insert(id, row);
    Ok(Reply::Json(answer))
}

/// Forgets the device of that token.
pub(super) fn unsubscribe(ctx: &mut Ctx<'_>) -> Outcome {
    let token = ctx.call.params.get("push_token").cloned();
    ctx.state.subscriptions.retain(|_, s| token.is_none() || s.attributes.get("push_token") != token.as_ref());
    Ok(Reply::Empty)
}
