//! Deleting a message of one's own, through the outbox. Chatwoot keeps the row and marks it; it would let any agent delete any message, the
//! customer's too (section 5.4): here everybody deletes what they wrote.

use api::error::{Code, ErrorBody};
use api::inbox::{DeleteMessage, OutboxView};
use api::page::Data;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::conversations::{audit, new, parse};
use super::request::Change;
use crate::clock::SECOND;
use crate::config::HOLD_SECONDS_MAX;
use crate::fault::Fault;
use crate::store::{OutboxKind, Scope};

/// Deletes a reply or a note that the caller wrote, for everybody in Chatwoot.
#[utoipa::path(delete, path = "/conversations/{id}/messages/{message}", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id"), ("message" = i64, Path, description = "Chatwoot's id")),
    request_body = DeleteMessage, security(("bearer" = [])),
    responses((status = 202, body = Data<OutboxView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn delete(Path((id, message)): Path<(String, String)>, change: Change<DeleteMessage>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let id = parse(&id)?;
    let message: i64 = message.parse().map_err(|_| Fault::not_found("message"))?;
    change
        .carry_out(StatusCode::ACCEPTED, move |scope: &Scope<'_>, who, body: DeleteMessage| {
            if !scope.has_conversation(id)? {
                return Err(Fault::not_found("conversation"));
            }
            let written = scope.written(id, message)?.ok_or_else(|| Fault::not_found("message"))?;
            if !written.is_by(&who.user, who.agent_id()) {
                return Err(Fault::new(Code::Forbidden, "it is not yours: only what you wrote yourself is deleted from here"));
            }
            if written.deleted {
                return Err(Fault::invalid("message", "it is deleted already"));
            }
            let hold = body.hold_seconds.unwrap_or_default();
            if hold > HOLD_SECONDS_MAX {
                return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
            }
            let not_before = scope.now() + i64::from(hold) * SECOND;
            let row = scope.enqueue(&new(id, OutboxKind::Delete, json!({ "message_id": message }), who, not_before))?;
            let told = json!({ "message_id": message, "private": written.private, "outbox_id": row.id });
            audit(scope, who, "message.delete", id, told)?;
            Ok(row.view())
        })
        .await
}
