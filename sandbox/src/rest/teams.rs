//! Teams and who is in them.

use serde_json::Value;

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Event, Id, Team},
    wire,
};

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let rows = ctx.state.teams.values().filter(|t| t.account_id == ctx.account);
    Ok(Reply::Json(rows.map(|t| wire::team(t, ctx.user_id())).collect()))
}

fn own<'c>(ctx: &'c Ctx<'_>) -> Result<&'c Team, Refusal> {
    ctx.state.teams.get(&ctx.id(0)).filter(|t| t.account_id == ctx.account).ok_or(Refusal::Missing)
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::team(own(ctx)?, ctx.user_id())))
}

fn read(ctx: &Ctx<'_>) -> Result<Params, Refusal> {
    ctx.call.params.wrapped("team", &["name", "description", "allow_auto_assign"]).ok_or_else(|| Refusal::param("team"))
}

/// Names are kept in lower case and are given once.
fn check_name(ctx: &Ctx<'_>, name: &str, except: Id) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::invalid(&[("name", "Name must not be blank")]));
    }
    if ctx.state.teams.values().any(|t| t.account_id == ctx.account && t.id != except && t.name == name) {
        return Err(Refusal::invalid(&[("name", "Name has already been taken")]));
    }
    Ok(())
}

fn changed(ctx: &mut Ctx<'_>) {
    let now = ctx.state.now();
    if let Some(account) = ctx.state.accounts.get_mut(&ctx.account) {
        account.cache.team = Some(now);
    }
    ctx.state.emit(Event::CacheInvalidated(ctx.account));
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let params = read(ctx)?;
    let name = params.text("name").unwrap_or_default().trim().to_lowercase();
    check_name(ctx, &name, 0)?;
    let now = ctx.state.now();
    let row = Team {
        id: ctx.state.next_team_id(),
        key: String::new(),
        account_id: ctx.account,
        name,
        description: params.text("description"),
        allow_auto_assign: params.flag("allow_auto_assign").unwrap_or(true),
        members: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    let answer = wire::team(&row, ctx.user_id());
    ctx.state.teams.insert(row.id, row);
    changed(ctx);
    Ok(Reply::Json(answer))
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own(ctx)?.clone();
    ctx.admin()?;
    let params = read(ctx)?;
    if let Some(name) = params.text("name") {
        row.name = name.trim().to_lowercase();
        check_name(ctx, &row.name, row.id)?;
    }
    row.description = params.text("description").or(row.description);
    row.allow_auto_assign = params.flag("allow_auto_assign").unwrap_or(row.allow_auto_assign);
    row.updated_at = ctx.state.now();
    let answer = wire::team(&row, ctx.user_id());
    ctx.state.teams.insert(row.id, row);
    changed(ctx);
    Ok(Reply::Json(answer))
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?.id;
    ctx.admin()?;
    ctx.state.remove_team(id);
    changed(ctx);
    Ok(Reply::Empty)
}

/// Agent partials, in the order of their ids.
fn people(ctx: &Ctx<'_>, mut ids: Vec<Id>) -> Value {
    ids.sort_unstable();
    ids.into_iter().filter_map(|m| ctx.state.users.get(&m)).map(|u| wire::agent(ctx.state, u)).collect()
}

pub(super) fn members(ctx: &mut Ctx<'_>) -> Outcome {
    let members = own(ctx)?.members.clone();
    Ok(Reply::Json(people(ctx, members)))
}

/// Adds, replaces or removes members; adding and removing are told each.
pub(super) fn change_members(ctx: &mut Ctx<'_>) -> Outcome {
    let team = own(ctx)?.clone();
    ctx.admin()?;
    let asked = ctx.call.params.ids("user_ids").ok_or(Refusal::BROKEN)?;
    if asked.iter().any(|u| ctx.state.role(*u, ctx.account).is_none()) {
        return Err(Refusal::denied("Invalid User IDs"));
    }
    let mut new: Vec<Id> = asked.iter().copied().filter(|u| !team.members.contains(u)).collect();
    new.sort_unstable();
    new.dedup();
    let (added, gone): (Vec<Id>, Vec<Id>) = match ctx.call.method.as_str() {
        "POST" => (new, Vec::new()),
        "DELETE" => (Vec::new(), team.members.iter().copied().filter(|m| asked.contains(m)).collect()),
        _ => (new, team.members.iter().copied().filter(|m| !asked.contains(m)).collect()),
    };
    if let Some(row) = ctx.state.teams.get_mut(&team.id) {
        row.members.retain(|m| !gone.contains(m));
        row.members.extend(&added);
    }
    for _ in [!added.is_empty(), !gone.is_empty()].into_iter().filter(|told| *told) {
        changed(ctx);
    }
    match ctx.call.method.as_str() {
        "DELETE" => Ok(Reply::Empty),
        "POST" => Ok(Reply::Json(people(ctx, added))),
        _ => members(ctx),
    }
}
