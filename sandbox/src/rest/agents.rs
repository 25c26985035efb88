//! The people of an account, and its bots.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Availability, Bot, Id, User, email_like},
    wire,
    world::Role,
};

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let mut rows: Vec<&User> = ctx.state.users.values().filter(|u| u.account_id == Some(ctx.account)).collect();
    rows.sort_by_key(|u| u.name.to_lowercase());
    Ok(Reply::Json(rows.into_iter().map(|u| wire::agent(ctx.state, u)).collect()))
}

/// The words that may be changed; an unknown one breaks the real server.
struct Wanted {
    role: Option<Role>,
    availability: Option<Availability>,
    auto_offline: Option<bool>,
}

fn read(p: &Params) -> Result<Wanted, Refusal> {
    let role = p.present("role").map(|w| Role::parse(&w).ok_or(Refusal::BROKEN)).transpose()?;
    let availability = p.present("availability").map(|w| Availability::parse(&w).ok_or(Refusal::BROKEN)).transpose()?;
    Ok(Wanted { role, availability, auto_offline: p.flag("auto_offline") })
}

fn shown(ctx: &Ctx<'_>, id: Id) -> Outcome {
    let user = ctx.state.users.get(&id).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::agent(ctx.state, user)))
}

/// Links the user of that address, or invites a new one.
fn invite(ctx: &mut Ctx<'_>, name: Option<String>, email: &str, role: Role) -> Result<Id, Refusal> {
    let email = email.trim().to_lowercase();
    let known = ctx.state.users.values().find(|u| u.email == email).map(|u| (u.id, u.account_id));
    let id = match known {
        Some((_, Some(_))) => return Err(Refusal::invalid(&[("user_id", "User has already been taken")])),
        Some((id, None)) => id,
        None if email.is_empty() => return Err(Refusal::invalid(&[("email", "Email can't be blank")])),
        None if !email_like(&email) => {
            return Err(Refusal::invalid(&[("email", "Email is invalid"), ("email", "Email is not an email")]));
        }
        None => {
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            ctx.state.new_user(&name, &email, None, false)
        }
    };
    ctx.state.join(id, ctx.account, role);
    Ok(id)
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let p = ctx.call.params.clone();
    let wanted = read(&p)?;
    let id = invite(ctx, p.present("name"), &p.text("email").unwrap_or_default(), wanted.role.unwrap_or(Role::Agent))?;
    apply(ctx, id, &wanted);
    shown(ctx, id)
}

/// Invites several; who cannot be invited is passed over.
pub(super) fn create_several(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    for email in ctx.call.params.words("emails").unwrap_or_default() {
        let _ = invite(ctx, None, &email, Role::Agent);
    }
    Ok(Reply::Empty)
}

fn apply(ctx: &mut Ctx<'_>, id: Id, wanted: &Wanted) {
    if let Some(user) = ctx.state.users.get_mut(&id) {
        user.role = wanted.role.unwrap_or(user.role);
        user.availability = wanted.availability.unwrap_or(user.availability);
        user.auto_offline = wanted.auto_offline.unwrap_or(user.auto_offline);
    }
}

/// The agent of the path.
fn own(ctx: &Ctx<'_>) -> Result<Id, Refusal> {
    let id = ctx.id(0);
    ctx.state.role(id, ctx.account).ok_or(Refusal::Missing)?;
    ctx.admin()?;
    Ok(id)
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    let wanted = read(&ctx.call.params)?;
    let name = ctx.call.params.present("name");
    apply(ctx, id, &wanted);
    if let (Some(name), Some(user)) = (name, ctx.state.users.get_mut(&id)) {
        user.name = name;
    }
    shown(ctx, id)
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?;
    ctx.state.remove_agent(id, ctx.account);
    Ok(Reply::Empty)
}

fn visible(ctx: &Ctx<'_>, b: &Bot) -> bool {
    b.account_id.is_none_or(|a| a == ctx.account)
}

pub(super) fn bots(ctx: &mut Ctx<'_>) -> Outcome {
    let admin = ctx.is_admin();
    Ok(Reply::Json(ctx.state.bots.values().filter(|b| visible(ctx, b)).map(|b| wire::bot(b, admin, ctx.state.version)).collect()))
}

pub(super) fn bot(ctx: &mut Ctx<'_>) -> Outcome {
    let bot = ctx.state.bots.get(&ctx.id(0)).filter(|b| visible(ctx, b)).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(wire::bot(bot, ctx.is_admin(), ctx.state.version)))
}

/// Takes over what a request says of a bot; the only kind there is is `webhook`.
pub(super) fn fill_bot(p: &Params, bot: &mut Bot) -> Result<(), Refusal> {
    if p.present("bot_type").is_some_and(|t| t != "webhook") {
        return Err(Refusal::BROKEN);
    }
    bot.name = p.text("name").or(bot.name.take());
    bot.description = p.text("description").or(bot.description.take());
    bot.outgoing_url = p.text("outgoing_url").or(bot.outgoing_url.take());
    if let Some(config @ Value::Object(_)) = p.get("bot_config") {
        bot.config = config.clone();
    }
    Ok(())
}

pub(super) fn create_bot(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let mut row = ctx.state.blank_bot(Some(ctx.account));
    fill_bot(&ctx.call.params, &mut row)?;
    let answer = wire::bot(&row, true, ctx.state.version);
    ctx.state.bots.insert(row.id, row);
    Ok(Reply::Json(answer))
}

fn own_bot(ctx: &Ctx<'_>) -> Result<Bot, Refusal> {
    let bot = ctx.state.bots.get(&ctx.id(0)).filter(|b| b.account_id == Some(ctx.account)).cloned().ok_or(Refusal::Missing)?;
    ctx.admin()?;
    Ok(bot)
}

fn save_bot(ctx: &mut Ctx<'_>, row: Bot) -> Outcome {
    let answer = wire::bot(&row, true, ctx.state.version);
    ctx.state.bots.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn update_bot(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_bot(ctx)?;
    fill_bot(&ctx.call.params, &mut row)?;
    save_bot(ctx, row)
}

pub(super) fn reset_bot_token(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_bot(ctx)?;
    row.access_token = ctx.state.mint.token();
    save_bot(ctx, row)
}

pub(super) fn reset_bot_secret(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_bot(ctx)?;
    row.secret = ctx.state.mint.token();
    save_bot(ctx, row)
}

pub(super) fn delete_bot(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_bot(ctx)?.id;
    ctx.state.remove_bot(id);
    Ok(Reply::Empty)
}

pub(super) fn bot_as_the_platform_sees_it(b: &Bot) -> Value {
    json!({"id": b.id, "name": b.name, "description": b.description, "outgoing_url": b.outgoing_url, "account_id": b.account_id,
           "access_token": b.access_token})
}
