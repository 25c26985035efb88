//! Canned responses made, changed and deleted in Chatwoot, as the caller: they are the account's, and whoever may work may do it, as on
//! Chatwoot's own page.

use api::audit::Ledger;
use api::error::{Code, ErrorBody};
use api::lists::{CannedResponsePatch, CannedResponseView, NewCannedResponse};
use api::page::Data;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::filters::own_agent;
use super::request::Change;
use crate::app::Caller;
use crate::fault::Fault;
use crate::store::AuditEntry;
use crate::sync::canned::{CannedChange, Unchanged};

/// Characters of a code: Chatwoot's column holds no more.
const CODE_CHARS_MAX: usize = 255;
/// Characters of a text: a message holds no more.
const CONTENT_CHARS_MAX: usize = 150_000;

/// Makes a canned response in Chatwoot, with the caller's own token. The same one again is the same one.
#[utoipa::path(post, path = "/canned-responses", tag = "directory", request_body = NewCannedResponse, security(("bearer" = [])),
    responses((status = 200, body = Data<CannedResponseView>), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn create(change: Change<NewCannedResponse>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let code = change.body.short_code.trim().to_owned();
    if code.is_empty() || code.chars().count() > CODE_CHARS_MAX || code.chars().any(char::is_control) {
        return Err(Fault::invalid("short_code", &format!("1 to {CODE_CHARS_MAX} characters on one line")));
    }
    let wanted = CannedChange::Create(code, content(&change.body.content)?);
    carry_out(change, wanted, "canned_response.create").await
}

/// Gives a canned response another text in Chatwoot, with the caller's own token.
#[utoipa::path(patch, path = "/canned-responses/{id}", tag = "directory", params(("id" = i64, Path)), request_body = CannedResponsePatch,
    security(("bearer" = [])), responses((status = 200, body = Data<CannedResponseView>), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn update(Path(id): Path<String>, change: Change<CannedResponsePatch>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    if let Some(answer) = change.remembered().await? {
        return Ok(answer);
    }
    let was = one(&change.caller, &id).await?;
    let wanted = CannedChange::Edit(was.id, content(&change.body.content)?);
    carry_out(change, wanted, "canned_response.update").await
}

/// Deletes a canned response in Chatwoot, with the caller's own token; what it was.
#[utoipa::path(delete, path = "/canned-responses/{id}", tag = "directory", params(("id" = i64, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<CannedResponseView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn delete(Path(id): Path<String>, change: Change<serde::de::IgnoredAny>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    if let Some(answer) = change.remembered().await? {
        return Ok(answer);
    }
    let was = one(&change.caller, &id).await?;
    carry_out(change, CannedChange::Delete(was), "canned_response.delete").await
}

fn content(text: &str) -> Result<String, Fault> {
    if text.trim().is_empty() || text.chars().count() > CONTENT_CHARS_MAX {
        return Err(Fault::invalid("content", &format!("1 to {CONTENT_CHARS_MAX} characters")));
    }
    Ok(text.to_owned())
}

fn no_such() -> Fault {
    Fault::not_found("canned response")
}

async fn one(caller: &Caller, id: &str) -> Result<CannedResponseView, Fault> {
    let id: i64 = id.parse().map_err(|_| no_such())?;
    let found = caller.read(move |scope, _| Ok(scope.canned_responses()?.into_iter().find(|row| row.id == id))).await?;
    found.ok_or_else(no_such)
}

/// Has it done in Chatwoot, then keeps and records what it is there. A repeat under the same key is answered with what was kept.
async fn carry_out<B: serde::de::DeserializeOwned + Send + 'static>(
    change: Change<B>,
    wanted: CannedChange,
    action: &'static str,
) -> Result<Response, Fault> {
    if let Some(answer) = change.remembered().await? {
        return Ok(answer);
    }
    let caller = &change.caller;
    let agent = caller.read(|_, who| Ok(own_agent(who))).await?;
    let (Some(agent), Some(sync)) = (agent, &caller.tenant().sync) else {
        let why = "a canned response is written as you: link your own Chatwoot token with `afenda auth link-chatwoot`";
        return Err(Fault::new(Code::Forbidden, why));
    };
    let is_there = !matches!(wanted, CannedChange::Delete(_));
    let view = sync.change_canned(&caller.user.name, agent, wanted).await.map_err(fault)?;
    let write = move |scope: &crate::store::Scope<'_>, who: &crate::app::Person, _| {
        let so_already = is_there && scope.canned_responses()?.contains(&view);
        scope.put_canned_response(&view, is_there)?;
        let entry = AuditEntry {
            actor: who.actor(),
            via: "api",
            action: action.to_owned(),
            resource_type: "canned_response".to_owned(),
            resource_id: view.id.to_string(),
            external: false,
            note: None,
            data: json!({ "short_code": view.short_code }),
        };
        scope.append(Ledger::Audit, &entry)?;
        Ok((view, so_already))
    };
    change.carry_out_telling(StatusCode::OK, write).await
}

fn fault(unchanged: Unchanged) -> Fault {
    match unchanged {
        Unchanged::NotTheirs(why) => Fault::new(Code::Forbidden, format!("{why}: link it anew with `afenda auth link-chatwoot`")),
        Unchanged::Invalid(why) => Fault::new(Code::ValidationFailed, format!("Chatwoot refuses it: {why}")),
        Unchanged::Gone => no_such(),
        Unchanged::Unavailable(why) => {
            Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this, and does not answer: {why}"))
        }
    }
}
