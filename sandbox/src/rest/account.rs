//! The account and its small lists: agents, bots, webhooks, teams, attributes, filters.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Account, CustomFilter, Id, Team, User, Webhook},
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

fn own<'c>(ctx: &'c Ctx<'_>) -> Result<&'c Account, Refusal> {
    ctx.state.accounts.get(&ctx.account).ok_or(Refusal::Missing)
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::account(own(ctx)?)))
}

pub(super) fn cache_keys(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(json!({"cache_keys": wire::cache_keys(own(ctx)?)})))
}

pub(super) fn agents(ctx: &mut Ctx<'_>) -> Outcome {
    let mut rows: Vec<&User> = ctx.state.users.values().filter(|u| u.account_id == ctx.account).collect();
    rows.sort_by_key(|u| u.name.to_lowercase());
    Ok(Reply::Json(rows.into_iter().map(|u| wire::agent(ctx.state, u)).collect()))
}

pub(super) fn bots(ctx: &mut Ctx<'_>) -> Outcome {
    let admin = ctx.is_admin();
    Ok(Reply::Json(ctx.state.bots.values().filter(|b| b.account_id == ctx.account).map(|b| wire::bot(b, admin)).collect()))
}

pub(super) fn bot(ctx: &mut Ctx<'_>) -> Outcome {
    let bot = ctx.state.bots.get(&ctx.id(0)).filter(|b| b.account_id == ctx.account).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::bot(bot, ctx.is_admin())))
}

fn webhook(ctx: &Ctx<'_>) -> Result<Id, Refusal> {
    ctx.admin()?;
    ctx.state.webhooks.get(&ctx.id(0)).filter(|w| w.account_id == ctx.account).map(|w| w.id).ok_or(Refusal::Missing)
}

pub(super) fn webhooks(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let rows: Vec<Value> = ctx.state.webhooks.values().filter(|w| w.account_id == ctx.account).map(wire::webhook).collect();
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
    let answer = json!({"payload": {"webhook": wire::webhook(&row)}});
    ctx.state.webhooks.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn update_webhook(ctx: &mut Ctx<'_>) -> Outcome {
    let id = webhook(ctx)?;
    let (params, subscriptions) = read_webhook(ctx, id)?;
    let row = ctx.state.webhooks.get_mut(&id).ok_or(Refusal::Missing)?;
    row.name = params.text("name").or(row.name.take());
    row.url = params.present("url").unwrap_or_else(|| row.url.clone());
    row.subscriptions = subscriptions.unwrap_or_else(|| row.subscriptions.clone());
    Ok(Reply::Json(json!({"payload": {"webhook": wire::webhook(row)}})))
}

pub(super) fn delete_webhook(ctx: &mut Ctx<'_>) -> Outcome {
    let id = webhook(ctx)?;
    ctx.state.webhooks.remove(&id);
    Ok(Reply::Empty)
}

pub(super) fn teams(ctx: &mut Ctx<'_>) -> Outcome {
    let rows = ctx.state.teams.values().filter(|t| t.account_id == ctx.account);
    Ok(Reply::Json(rows.map(|t| wire::team(t, ctx.user_id())).collect()))
}

fn own_team<'c>(ctx: &'c Ctx<'_>) -> Result<&'c Team, Refusal> {
    ctx.state.teams.get(&ctx.id(0)).filter(|t| t.account_id == ctx.account).ok_or(Refusal::Missing)
}

pub(super) fn team(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::team(own_team(ctx)?, ctx.user_id())))
}

pub(super) fn team_members(ctx: &mut Ctx<'_>) -> Outcome {
    let members = &own_team(ctx)?.members;
    Ok(Reply::Json(members.iter().filter_map(|m| ctx.state.users.get(m)).map(|u| wire::agent(ctx.state, u)).collect()))
}

pub(super) fn macros(_: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(json!({"payload": []})))
}

pub(super) fn attributes(ctx: &mut Ctx<'_>) -> Outcome {
    let model = ctx.call.params.present("attribute_model").map(|m| match m.as_str() {
        "0" => "conversation_attribute".to_owned(),
        "1" => "contact_attribute".to_owned(),
        _ => m,
    });
    let rows = ctx.state.attributes.values().filter(|a| a.account_id == ctx.account && model.as_ref().is_none_or(|m| a.model == *m));
    Ok(Reply::Json(rows.map(wire::attribute).collect()))
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

pub(super) fn delete_filter(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_filter(ctx)?.id;
    ctx.state.filters.remove(&id);
    Ok(Reply::Head(204))
}
