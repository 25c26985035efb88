//! Inboxes, their members and bots.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    state::{Event, Id, Inbox, User},
    wire,
    world::Role,
};

fn of_account<'c>(ctx: &'c Ctx<'_>, id: Id) -> Result<&'c Inbox, Refusal> {
    ctx.state.inboxes.get(&id).filter(|i| i.account_id == ctx.account).ok_or(Refusal::Missing)
}

/// The inbox, when the caller may see it.
fn visible<'c>(ctx: &'c Ctx<'_>, id: Id) -> Result<&'c Inbox, Refusal> {
    let inbox = of_account(ctx, id)?;
    if ctx.is_admin() || ctx.user_id().is_some_and(|u| inbox.members.contains(&u)) { Ok(inbox) } else { Err(Refusal::policy()) }
}

fn agents(ctx: &Ctx<'_>, ids: &[Id]) -> Value {
    ids.iter().filter_map(|u| ctx.state.users.get(u)).map(|u| wire::agent(ctx.state, u)).collect()
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let admin = ctx.is_admin();
    let me = ctx.user()?.id;
    let mut rows: Vec<&Inbox> =
        ctx.state.inboxes.values().filter(|i| i.account_id == ctx.account && (admin || i.members.contains(&me))).collect();
    if ctx.state.version.lists_inboxes_by_name() {
        rows.sort_by_key(|i| i.name.to_lowercase());
    }
    let rows: Vec<Value> = rows.into_iter().map(|i| wire::inbox(i, admin, &ctx.state.base, ctx.state.version)).collect();
    Ok(Reply::Json(json!({"payload": rows})))
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let inbox = visible(ctx, ctx.id(0))?;
    Ok(Reply::Json(wire::inbox(inbox, ctx.is_admin(), &ctx.state.base, ctx.state.version)))
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let id = of_account(ctx, ctx.id(0))?.id;
    ctx.admin()?;
    let params = ctx.call.params.clone();
    let now = ctx.state.now();
    if let Some(inbox) = ctx.state.inboxes.get_mut(&id) {
        if let Some(name) = params.present("name") {
            inbox.name = name;
        }
        for (key, value) in &params.0 {
            if let Some(slot) = inbox.settings.get_mut(key) {
                *slot = if key == "csat_config" { csat_config(value) } else { value.clone() };
            }
        }
        if let Some(url) = params.get("channel").and_then(|c| c.get("webhook_url")) {
            inbox.webhook_url = url.as_str().map(str::to_owned);
        }
    }
    if let Some(account) = ctx.state.accounts.get_mut(&ctx.account) {
        account.cache.inbox = Some(now);
    }
    ctx.state.emit(Event::CacheInvalidated(ctx.account));
    show(ctx)
}

/// A survey's settings, with what every survey has.
fn csat_config(given: &Value) -> Value {
    let mut config = given.clone();
    for (key, value) in [("button_text", "Please rate us"), ("language", "en")] {
        if config.get(key).is_none() {
            config = wire::with(config, key, json!(value));
        }
    }
    config
}

pub(super) fn bot(ctx: &mut Ctx<'_>) -> Outcome {
    let inbox = visible(ctx, ctx.id(0))?;
    let bot = inbox.bot.and_then(|b| ctx.state.bots.get(&b));
    Ok(Reply::Json(bot.map_or_else(|| json!({}), |b| json!({"agent_bot": wire::bot(b, ctx.is_admin(), ctx.state.version)}))))
}

pub(super) fn set_bot(ctx: &mut Ctx<'_>) -> Outcome {
    let id = of_account(ctx, ctx.id(0))?.id;
    ctx.admin()?;
    let bot = match ctx.call.params.id("agent_bot") {
        Some(bot) => Some(ctx.state.bots.get(&bot).filter(|b| b.account_id.is_none_or(|a| a == ctx.account)).ok_or(Refusal::Missing)?.id),
        None => None,
    };
    if let Some(inbox) = ctx.state.inboxes.get_mut(&id) {
        inbox.bot = bot;
    }
    Ok(Reply::Empty)
}

pub(super) fn members(ctx: &mut Ctx<'_>) -> Outcome {
    let inbox = visible(ctx, ctx.id(0))?;
    Ok(Reply::Json(json!({"payload": agents(ctx, &inbox.members)})))
}

pub(super) fn change_members(ctx: &mut Ctx<'_>) -> Outcome {
    let id = of_account(ctx, ctx.call.params.id("inbox_id").unwrap_or(0))?.id;
    ctx.admin()?;
    let asked = ctx.call.params.ids("user_ids").ok_or(Refusal::BROKEN)?;
    let known: Vec<Id> = asked.into_iter().filter(|u| ctx.state.role(*u, ctx.account).is_some()).collect();
    let method = ctx.call.method.as_str().to_owned();
    let now = ctx.state.now();
    if let Some(inbox) = ctx.state.inboxes.get_mut(&id) {
        match method.as_str() {
            "DELETE" => inbox.members.retain(|m| !known.contains(m)),
            "POST" => inbox.members.extend(known.iter().filter(|u| !inbox.members.contains(u)).copied().collect::<Vec<_>>()),
            _ => inbox.members = known,
        }
    }
    if let Some(account) = ctx.state.accounts.get_mut(&ctx.account) {
        account.cache.inbox = Some(now);
    }
    ctx.state.emit(Event::CacheInvalidated(ctx.account));
    if method == "DELETE" {
        return Ok(Reply::Empty);
    }
    let members = of_account(ctx, id)?.members.clone();
    Ok(Reply::Json(json!({"payload": agents(ctx, &members)})))
}

/// Members of all the named inboxes, then every administrator.
pub(super) fn assignable(ctx: &mut Ctx<'_>) -> Outcome {
    let ids = ctx.call.params.ids("inbox_ids").filter(|i| !i.is_empty()).ok_or(Refusal::Missing)?;
    let mut common: Option<Vec<Id>> = None;
    for id in ids {
        let members = &visible(ctx, id)?.members;
        common = Some(match common {
            Some(before) => before.into_iter().filter(|m| members.contains(m)).collect(),
            None => members.clone(),
        });
    }
    let mut all = common.unwrap_or_default();
    let admin = |u: &&User| u.account_id == Some(ctx.account) && u.role == Role::Administrator;
    for user in ctx.state.users.values().filter(admin) {
        if !all.contains(&user.id) {
            all.push(user.id);
        }
    }
    Ok(Reply::Json(json!({"payload": agents(ctx, &all)})))
}
