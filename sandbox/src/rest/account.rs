//! The account itself, its webhooks and saved filters.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Account, CustomFilter, Id, Webhook},
    wire,
};

const EVENTS: [&str; 12] = [
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "message_created",
    "message_updated",
    "contact_created",
    "contact_updated",
    "webwidget_triggered",
    "conversation_typing_on",
    "conversation_typing_off",
    "inbox_created",
    "inbox_updated",
];

/// Languages of the dashboard.
pub(super) const LOCALES: [&str; 12] = ["en", "de", "fr", "es", "it", "nl", "pt", "pt_BR", "tr", "ja", "pl", "sv"];
/// Settings that a change of the account takes.
const SETTINGS: [&str; 5] =
    ["auto_resolve_after", "auto_resolve_message", "auto_resolve_ignore_waiting", "auto_resolve_label", "audio_transcriptions"];
/// Shortest `auto_resolve_after`, in minutes.
const AUTO_RESOLVE_MIN: i64 = 10;

fn own<'c>(ctx: &'c Ctx<'_>) -> Result<&'c Account, Refusal> {
    ctx.state.accounts.get(&ctx.account).ok_or(Refusal::Missing)
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let account = wire::with(wire::account(own(ctx)?, ctx.state.version), "latest_chatwoot_version", Value::Null);
    Ok(Reply::Json(wire::with(account, "subscribed_features", json!([]))))
}

/// Changes names and rules; a key that is no setting is passed over.
pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let p = ctx.call.params.clone();
    let locale = p.present("locale");
    if locale.as_ref().is_some_and(|l| !LOCALES.contains(&l.as_str())) {
        return Err(Refusal::BROKEN);
    }
    if p.id("auto_resolve_after").is_some_and(|minutes| minutes < AUTO_RESOLVE_MIN) {
        let text = "Auto resolve after must be greater than or equal to 10";
        return Err(Refusal::invalid(&[("auto_resolve_after", text)]));
    }
    let version = ctx.state.version;
    let a = ctx.state.accounts.get_mut(&ctx.account).ok_or(Refusal::Missing)?;
    a.name = p.present("name").unwrap_or_else(|| a.name.clone());
    a.locale = locale.unwrap_or_else(|| a.locale.clone());
    a.domain = p.text("domain").or(a.domain.take());
    a.support_email = p.text("support_email").or(a.support_email.take());
    for key in SETTINGS {
        if let Some(value) = p.get(key) {
            a.settings.insert(key.into(), value.clone());
        }
    }
    Ok(Reply::Json(wire::account(a, version)))
}

/// The caller works in this account now.
pub(super) fn update_active_at(ctx: &mut Ctx<'_>) -> Outcome {
    let (me, now) = (ctx.user()?.id, ctx.state.now());
    if let Some(user) = ctx.state.users.get_mut(&me) {
        user.active_at = Some(now);
    }
    Ok(Reply::Empty)
}

pub(super) fn cache_keys(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(json!({"cache_keys": wire::cache_keys(own(ctx)?)})))
}

fn webhook(ctx: &Ctx<'_>) -> Result<Id, Refusal> {
    ctx.admin()?;
    ctx.state.webhooks.get(&ctx.id(0)).filter(|w| w.account_id == ctx.account).map(|w| w.id).ok_or(Refusal::Missing)
}

pub(super) fn webhooks(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let rows: Vec<Value> =
        ctx.state.webhooks.values().filter(|w| w.account_id == ctx.account).map(|w| wire::webhook(w, ctx.state.version)).collect();
    Ok(Reply::Json(json!({"payload": {"webhooks": rows}})))
}

/// Checks a webhook's parameters: URL and events.
fn read_webhook(ctx: &Ctx<'_>, except: Id) -> Result<(Params, Option<Vec<String>>), Refusal> {
    let params =
        ctx.call.params.wrapped("webhook", &["url", "subscriptions", "name", "inbox_id"]).ok_or_else(|| Refusal::param("webhook"))?;
    let url = params.present("url");
    if params.has("url") || except == 0 {
        if !url.as_ref().is_some_and(|u| u.starts_with("http://") || u.starts_with("https://")) {
            return Err(Refusal::invalid(&[("url", "Url is invalid")]));
        }
        if ctx.state.webhooks.values().any(|w| w.account_id == ctx.account && w.id != except && Some(&w.url) == url.as_ref()) {
            return Err(Refusal::invalid(&[("url", "Url has already been taken")]));
        }
    }
    let longest = ctx.state.version.webhook_url_chars_max();
    if url.as_ref().is_some_and(|u| u.chars().count() > longest) {
        return Err(Refusal::invalid(&[("url", &format!("Url is too long (maximum is {longest} characters)"))]));
    }
    let subscriptions = params.words("subscriptions");
    if subscriptions.as_ref().is_some_and(|s| s.is_empty() || s.iter().any(|e| !EVENTS.contains(&e.as_str()))) {
        return Err(Refusal::invalid(&[("subscriptions", "Subscriptions Invalid events")]));
    }
    Ok((params, subscriptions))
}

pub(super) fn create_webhook(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let (params, subscriptions) = read_webhook(ctx, 0)?;
    let row = Webhook {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        name: params.text("name"),
        url: params.text("url").unwrap_or_default(),
        subscriptions: subscriptions.unwrap_or_else(|| EVENTS[..8].iter().map(|e| (*e).to_owned()).collect()),
        secret: ctx.state.mint.token(),
    };
    let answer = json!({"payload": {"webhook": wire::webhook(&row, ctx.state.version)}});
    ctx.state.webhooks.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn update_webhook(ctx: &mut Ctx<'_>) -> Outcome {
    let id = webhook(ctx)?;
    let (params, subscriptions) = read_webhook(ctx, id)?;
    let version = ctx.state.version;
    let row = ctx.state.webhooks.get_mut(&id).ok_or(Refusal::Missing)?;
    row.name = params.text("name").or(row.name.take());
    row.url = params.present("url").unwrap_or_else(|| row.url.clone());
    row.subscriptions = subscriptions.unwrap_or_else(|| row.subscriptions.clone());
    Ok(Reply::Json(json!({"payload": {"webhook": wire::webhook(row, version)}})))
}

pub(super) fn delete_webhook(ctx: &mut Ctx<'_>) -> Outcome {
    let id = webhook(ctx)?;
    ctx.state.webhooks.remove(&id);
    Ok(Reply::Empty)
}

pub(super) fn filters(ctx: &mut Ctx<'_>) -> Outcome {
    let kind = ctx.call.params.present("filter_type").unwrap_or_else(|| "conversation".into());
    let me = ctx.user_id();
    let rows = ctx.state.filters.values().filter(|f| f.account_id == ctx.account && Some(f.user_id) == me && f.filter_type == kind);
    Ok(Reply::Json(rows.map(wire::custom_filter).collect()))
}

pub(super) fn create_filter(ctx: &mut Ctx<'_>) -> Outcome {
    let params =
        ctx.call.params.wrapped("custom_filter", &["name", "filter_type", "query"]).ok_or_else(|| Refusal::param("custom_filter"))?;
    let name = params.present("name").ok_or(Refusal::BROKEN)?;
    let filter_type = params.present("filter_type").unwrap_or_else(|| "conversation".into());
    if !["conversation", "contact", "report"].contains(&filter_type.as_str()) {
        return Err(Refusal::BROKEN);
    }
    let now = ctx.state.now();
    let row = CustomFilter {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        user_id: ctx.user()?.id,
        name,
        filter_type,
        query: params.get("query").cloned().unwrap_or_else(|| json!("{}")),
        created_at: now,
        updated_at: now,
    };
    let answer = wire::custom_filter(&row);
    ctx.state.filters.insert(row.id, row);
    Ok(Reply::Json(answer))
}

fn own_filter<'c>(ctx: &'c Ctx<'_>) -> Result<&'c CustomFilter, Refusal> {
    ctx.state.filters.get(&ctx.id(0)).filter(|f| f.account_id == ctx.account && Some(f.user_id) == ctx.user_id()).ok_or(Refusal::Missing)
}

pub(super) fn filter(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::custom_filter(own_filter(ctx)?)))
}

pub(super) fn update_filter(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_filter(ctx)?.clone();
    let params =
        ctx.call.params.wrapped("custom_filter", &["name", "filter_type", "query"]).ok_or_else(|| Refusal::param("custom_filter"))?;
    row.name = params.present("name").unwrap_or(row.name);
    row.query = params.get("query").cloned().unwrap_or(row.query);
    row.updated_at = ctx.state.now();
    let answer = wire::custom_filter(&row);
    ctx.state.filters.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn delete_filter(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_filter(ctx)?.id;
    ctx.state.filters.remove(&id);
    Ok(Reply::Head(204))
}
