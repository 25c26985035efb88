//! One's own profile.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Availability, Blob, User, weaknesses},
    wire,
};

const KEYS: [&str; 10] = [
    "name",
    "email",
    "display_name",
    "avatar",
    "message_signature",
    "ui_settings",
    "phone_number",
    "password",
    "current_password",
    "account_id",
];

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let user = ctx.user()?;
    Ok(Reply::Json(wire::profile(ctx.state, user)))
}

/// The profile's parameters, wrapped or flat.
fn wrapped(ctx: &Ctx<'_>) -> Result<Params, Refusal> {
    let files = ctx.call.files.iter().any(|f| f.field.starts_with("profile["));
    match ctx.call.params.wrapped("profile", &KEYS) {
        Some(params) => Ok(params),
        None if files => Ok(Params::default()),
        None => Err(Refusal::param("profile")),
    }
}

fn change(ctx: &mut Ctx<'_>, change: impl FnOnce(&mut User)) -> Outcome {
    if let Some(user) = ctx.user_id().and_then(|id| ctx.state.users.get_mut(&id)) {
        change(user);
    }
    show(ctx)
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let params = wrapped(ctx)?;
    let me = ctx.user()?.id;
    let password = params.present("password");
    if password.is_some() && params.text("current_password") != ctx.user()?.password {
        return Err(Refusal::unprocessable("Invalid current password"));
    }
    if let Some(password) = &password {
        let weak = weaknesses(password);
        if !weak.is_empty() {
            return Err(Refusal::invalid(&weak));
        }
    }
    if params.has("name") && params.present("name").is_none() && ctx.state.version.wants_a_profile_name() {
        return Err(Refusal::invalid(&[("name", "Name can't be blank")]));
    }
    let email = params.present("email").map(|e| e.to_lowercase());
    if email.as_ref().is_some_and(|e| ctx.state.users.values().any(|u| u.id != me && u.email == *e)) {
        return Err(Refusal::invalid(&[("email", "Email has already been taken")]));
    }
    let avatar = ctx.call.files.iter().find(|f| f.field == "profile[avatar]").cloned();
    let avatar = avatar.map(|f| ctx.state.store_blob(Blob { name: f.name, content_type: f.content_type, bytes: f.bytes }));
    if let Some(password) = password {
        ctx.state.set_password(me, password);
    }
    change(ctx, |u| {
        if let Some(name) = params.text("name") {
            u.name = name;
        }
        if let Some(email) = email {
            u.email = email;
        }
        if params.has("display_name") {
            u.display_name = params.text("display_name");
        }
        if params.has("message_signature") {
            u.message_signature = params.text("message_signature");
        }
        if let Some(settings @ Value::Object(_)) = params.get("ui_settings") {
            u.ui_settings = settings.clone();
        }
        if let Some(phone) = params.get("phone_number") {
            u.custom_attributes.insert("phone_number".into(), phone.clone());
        }
        u.avatar = avatar.or(u.avatar.take());
    })
}

pub(super) fn delete_avatar(ctx: &mut Ctx<'_>) -> Outcome {
    change(ctx, |u| u.avatar = None)
}

/// Refuses an account that is not the caller's.
fn own_account(ctx: &Ctx<'_>, params: &Params, refusal: Refusal) -> Result<(), Refusal> {
    if params.id("account_id").is_some() && params.id("account_id") == ctx.user()?.account_id { Ok(()) } else { Err(refusal) }
}

pub(super) fn availability(ctx: &mut Ctx<'_>) -> Outcome {
    let params = wrapped(ctx)?;
    own_account(ctx, &params, Refusal::Missing)?;
    let chosen = params.text("availability").and_then(|w| Availability::parse(&w)).ok_or(Refusal::BROKEN)?;
    change(ctx, |u| u.availability = chosen)
}

pub(super) fn auto_offline(ctx: &mut Ctx<'_>) -> Outcome {
    let params = wrapped(ctx)?;
    own_account(ctx, &params, Refusal::Missing)?;
    let chosen = params.flag("auto_offline").unwrap_or(false);
    change(ctx, |u| u.auto_offline = chosen)
}

pub(super) fn set_active_account(ctx: &mut Ctx<'_>) -> Outcome {
    let params = wrapped(ctx)?;
    own_account(ctx, &params, Refusal::BROKEN)?;
    let now = ctx.state.now();
    change(ctx, |u| u.active_at = Some(now))?;
    Ok(Reply::Empty)
}

/// The devices signed in on. Only the empty list was ever recorded, so that is all there is to show.
pub(super) fn sessions(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.user()?;
    Ok(Reply::Json(json!([])))
}

pub(super) fn reset_access_token(ctx: &mut Ctx<'_>) -> Outcome {
    let token = ctx.state.mint.token();
    change(ctx, |u| u.access_token = token).map(|reply| match reply {
        Reply::Json(value) => Reply::Json(value),
        _ => Reply::Json(json!({})),
    })
}
