//! `/auth/`: signing in and out with a password (contract 1.3).

use serde_json::{Value, json};

use crate::{
    http::{Call, Outcome, Refusal, Reply},
    state::{Id, State},
    wire,
};

fn refused(status: u16, text: &str) -> Refusal {
    Refusal::Json(status, json!({"success": false, "errors": [text]}))
}

fn profile(state: &State, user: Id) -> Value {
    state.users.get(&user).map_or(Value::Null, |u| wire::profile(state, u))
}

/// Answers one call below `/auth`.
pub(super) fn dispatch(state: &mut State, call: &Call, method: &str, path: &[&str]) -> Outcome {
    match (method, path) {
        ("POST", ["sign_in"]) => {
            let text = |key: &str| call.params.text(key).unwrap_or_default();
            let user = state.sign_in(&text("email"), &text("password"));
            let user = user.ok_or_else(|| refused(401, "Invalid login credentials. Please try again."))?;
            Ok(Reply::Json(json!({"data": profile(state, user)})))
        }
        ("GET", ["sign_in"]) => Ok(Reply::Redirect(format!("{}/app/login?error=access-denied", state.base))),
        ("GET", ["validate_token"]) => {
            let user = state.resume(call.session.as_ref()).ok_or_else(|| refused(401, "Invalid login credentials"))?;
            let born = state.users.get(&user).map(|u| u.created_at.iso());
            let data = wire::with(profile(state, user), "created_at", json!(born));
            Ok(Reply::Json(json!({"payload": {"success": true, "data": data}})))
        }
        ("DELETE", ["sign_out"]) => {
            if !state.sign_out(call.session.as_ref()) {
                return Err(refused(404, "User was not found or was not logged in."));
            }
            Ok(Reply::Json(json!({"success": true})))
        }
        _ => Err(Refusal::Page(404)),
    }
}
