//! The platform API: accounts, their members, users and bots, for the owner of the installation (contract 8).
//!
//! The sandbox's one application may use every account and user, as in the recorded world, and the bots it made.

use rand::RngExt as _;
use serde_json::{Value, json};

use super::agents::{bot_as_the_platform_sees_it as bot_shape, fill_bot};
use crate::{
    http::{Call, Outcome, Refusal, Reply},
    params::{self, Params},
    state::{Account, Id, State, User, weaknesses},
    wire,
    world::Role,
};

const GONE: Refusal = Refusal::Page(404);

/// Answers one call below `/platform/api/v1`. What is not there is an exception page.
pub(super) fn dispatch(state: &mut State, call: &Call, method: &str, path: &[&str]) -> Outcome {
    let p = &call.params;
    match (method, path) {
        ("GET", ["accounts"]) => Ok(Reply::Json(state.accounts.values().map(|a| wire::platform_account(a, state.version)).collect())),
        ("POST", ["accounts"]) => {
            let name = p.present("name").ok_or_else(|| Refusal::invalid(&[("name", "Name can't be blank")]))?;
            check_account(p)?;
            let now = state.now();
            let id = state.new_account("", &name, now);
            change_account(state, p, id)
        }
        (_, ["accounts", id, rest @ ..]) => {
            let id = params::int(id);
            account(state, id)?;
            of_account(state, call, method, id, rest)
        }
        ("POST", ["users"]) => create_user(state, p),
        (_, ["users", id, rest @ ..]) => {
            let id = user(state, params::int(id))?.id;
            of_user(state, p, method, id, rest)
        }
        ("GET", ["agent_bots"]) => Ok(Reply::Json(state.bots.values().filter(|b| b.of_platform).map(bot_shape).collect())),
        ("POST", ["agent_bots"]) => {
            let account = p.id("account_id");
            let mut bot = state.blank_bot(account);
            fill_bot(p, &mut bot)?;
            bot.of_platform = true;
            let answer = bot_shape(&bot);
            state.bots.insert(bot.id, bot);
            Ok(Reply::Json(answer))
        }
        (_, ["agent_bots", id]) => of_bot(state, p, method, params::int(id)),
        _ => Err(GONE),
    }
}

fn account(s: &State, id: Id) -> Result<&Account, Refusal> {
    s.accounts.get(&id).ok_or(GONE)
}

fn user(s: &State, id: Id) -> Result<&User, Refusal> {
    s.users.get(&id).ok_or(GONE)
}

/// Words that are no member of their enum break the real server.
fn check_account(p: &Params) -> Result<(), Refusal> {
    let known = |key: &str, words: &[&str]| p.present(key).is_none_or(|w| words.contains(&w.as_str()));
    if known("status", &["active", "suspended"]) && p.present("locale").is_none_or(|l| super::account::LOCALES.contains(&l.as_str())) {
        Ok(())
    } else {
        Err(Refusal::BROKEN)
    }
}

fn change_account(s: &mut State, p: &Params, id: Id) -> Outcome {
    check_account(p)?;
    let version = s.version;
    let a = s.accounts.get_mut(&id).ok_or(GONE)?;
    a.name = p.present("name").unwrap_or_else(|| a.name.clone());
    a.locale = p.present("locale").unwrap_or_else(|| a.locale.clone());
    a.domain = p.text("domain").or(a.domain.take());
    a.support_email = p.text("support_email").or(a.support_email.take());
    a.suspended = p.present("status").map_or(a.suspended, |s| s == "suspended");
    let given = |key: &str| p.get(key).and_then(Value::as_object);
    a.custom_attributes.extend(given("custom_attributes").cloned().unwrap_or_default());
    if let Some(limits) = given("limits") {
        a.limits = limits.clone();
    }
    for (feature, on) in given("features").into_iter().flatten() {
        a.features.insert(feature.clone(), params::truth(on).unwrap_or(false));
    }
    Ok(Reply::Json(wire::platform_account(a, version)))
}

fn of_account(s: &mut State, call: &Call, method: &str, id: Id, path: &[&str]) -> Outcome {
    match (method, path) {
        ("GET", []) => Ok(Reply::Json(wire::platform_account(account(s, id)?, s.version))),
        ("PUT" | "PATCH", []) => change_account(s, &call.params, id),
        ("DELETE", []) => {
            s.remove_account(id);
            Ok(Reply::Empty)
        }
        ("GET", ["account_users"]) => {
            let a = account(s, id)?;
            Ok(Reply::Json(s.users.values().filter(|u| u.account_id == Some(id)).map(|u| wire::account_user(u, a)).collect()))
        }
        ("POST", ["account_users"]) => {
            let who = call.params.id("user_id").unwrap_or(0);
            let role = call.params.present("role").map(|w| Role::parse(&w).ok_or(Refusal::BROKEN)).transpose()?;
            if !s.users.contains_key(&who) {
                return Err(Refusal::invalid(&[("user", "User must exist")]));
            }
            s.join(who, id, role.unwrap_or(Role::Agent));
            Ok(Reply::Json(wire::account_user(user(s, who)?, account(s, id)?)))
        }
        ("DELETE", ["account_users"]) => {
            s.leave(call.params.id("user_id").unwrap_or(0), id);
            Ok(Reply::Empty)
        }
        ("POST", ["email_channel_migrations"]) => Err(Refusal::Error(403, "Email channel migration is not enabled".into())),
        _ => Err(GONE),
    }
}

/// Makes a user, or answers the one that has the address, unchanged.
fn create_user(s: &mut State, p: &Params) -> Outcome {
    let email = p.present("email").map(|e| e.trim().to_lowercase());
    let known = s.users.values().find(|u| Some(&u.email) == email.as_ref());
    if let Some(known) = known {
        return Ok(Reply::Json(wire::platform_user(s, known)));
    }
    let password = p.text("password").unwrap_or_default();
    let mut bad = weaknesses(&password);
    if email.is_none() {
        bad.insert(0, ("email", "Email can't be blank"));
    }
    let Some(email) = email.filter(|_| bad.is_empty()) else { return Err(Refusal::invalid(&bad)) };
    let name = p.present("name").unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let id = s.new_user(&name, &email, Some(password), true);
    fill_user(s, p, id);
    Ok(Reply::Json(wire::platform_user(s, user(s, id)?)))
}

fn fill_user(s: &mut State, p: &Params, id: Id) {
    let Some(u) = s.users.get_mut(&id) else { return };
    u.name = p.present("name").unwrap_or_else(|| u.name.clone());
    u.display_name = p.text("display_name").or(u.display_name.take());
    u.email = p.present("email").map_or_else(|| u.email.clone(), |e| e.to_lowercase());
    u.custom_attributes.extend(p.get("custom_attributes").and_then(Value::as_object).cloned().unwrap_or_default());
}

fn of_user(s: &mut State, p: &Params, method: &str, id: Id, path: &[&str]) -> Outcome {
    match (method, path) {
        ("GET", []) => {}
        ("PUT" | "PATCH", []) => {
            if let Some(password) = p.present("password") {
                let weak = weaknesses(&password);
                if !weak.is_empty() {
                    return Err(Refusal::invalid(&weak));
                }
                s.set_password(id, password);
            }
            fill_user(s, p, id);
        }
        ("DELETE", []) => {
            match user(s, id)?.account_id {
                Some(account) => s.remove_agent(id, account),
                None => {
                    s.users.remove(&id);
                }
            }
            return Ok(Reply::Empty);
        }
        ("GET", ["login"]) => {
            let secret = hex::encode(rand::rng().random::<[u8; 32]>());
            let email = user(s, id)?.email.replace('+', "%2B").replace('@', "%40");
            return Ok(Reply::Json(json!({"url": format!("{}/app/login?email={email}&sso_auth_token={secret}", s.base)})));
        }
        ("POST", ["token"]) => {
            let u = user(s, id)?;
            let shown =
                json!({"id": u.id, "name": u.name, "display_name": u.display_name, "email": u.email, "pubsub_token": u.pubsub_token});
            return Ok(Reply::Json(json!({"access_token": u.access_token, "expiry": null, "user": shown})));
        }
        _ => return Err(GONE),
    }
    Ok(Reply::Json(wire::platform_user(s, user(s, id)?)))
}

fn of_bot(s: &mut State, p: &Params, method: &str, id: Id) -> Outcome {
    let mut bot = s.bots.get(&id).cloned().ok_or(GONE)?;
    if !bot.of_platform {
        return Err(Refusal::denied("Non permissible resource"));
    }
    match method {
        "GET" => {}
        "PUT" | "PATCH" => {
            fill_bot(p, &mut bot)?;
            s.bots.insert(id, bot.clone());
        }
        "DELETE" => {
            s.remove_bot(id);
            return Ok(Reply::Empty);
        }
        _ => return Err(GONE),
    }
    Ok(Reply::Json(bot_shape(&bot)))
}
