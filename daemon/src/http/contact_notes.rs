//! `/contacts/{id}/notes`: read through to Chatwoot where it answers, else the copy; written and deleted through the outbox. Chatwoot lets any
//! agent delete any note (recording `contact-labels-notes`): here everybody deletes what they wrote.

use api::contact::{ContactNoteView, NewContactNote};
use api::error::{Code, ErrorBody};
use api::inbox::{DeleteMessage, OutboxView};
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::contacts::{audit, one, parse};
use super::directory::whole;
use super::people::{fault, sync};
use super::request::Change;
use crate::app::{Caller, Person};
use crate::approvals::check_text;
use crate::clock::{SECOND, timestamp};
use crate::config::HOLD_SECONDS_MAX;
use crate::fault::Fault;
use crate::store::{NewOutbox, OutboxKind, OutboxRow, Scope};
use crate::sync::contact::NoNotes;

/// Chatwoot's limit of its long text columns, in characters.
const CONTENT_CHARS_MAX: usize = 20_000;

/// Notes about a contact, newest first, those on their way at the top. `meta.source` says whether Chatwoot answered, `meta.as_of` when it did.
#[utoipa::path(get, path = "/contacts/{id}/notes", tag = "contacts", params(("id" = i64, Path, description = "Chatwoot's id")),
    security(("bearer" = [])),
    responses((status = 200, body = Page<ContactNoteView>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, Path(id): Path<String>) -> Result<Json<Page<ContactNoteView>>, Fault> {
    let id = parse(&id)?;
    caller.read(move |scope, _| one(scope, id).map(drop)).await?;
    let (at, source) = sync(&caller)?.contact_notes(id).await.map_err(|none| match none {
        NoNotes::Unasked(unasked) => fault(unasked),
        NoNotes::Store(err) => err.into(),
    })?;
    let users: Vec<(String, String)> = caller.app.config.users.iter().map(|user| (user.name.clone(), user.display_name.clone())).collect();
    let read = move |scope: &Scope<'_>, who: &Person| {
        let name = |user: &str| users.iter().find(|(known, _)| known == user).map_or_else(|| user.to_owned(), |(_, shown)| shown.clone());
        Ok(scope.contact_notes(id, who.agent_id(), &who.user, &name)?)
    };
    let notes = caller.read(read).await?;
    Ok(whole(PageMeta { as_of: Some(timestamp(at)), source: Some(source), ..PageMeta::default() }, notes))
}

/// Writes a note about a contact, through the outbox: as the caller's own agent where there is a token of theirs.
#[utoipa::path(post, path = "/contacts/{id}/notes", tag = "contacts", params(("id" = i64, Path, description = "Chatwoot's id")),
    request_body = NewContactNote, security(("bearer" = [])),
    responses((status = 202, body = Data<OutboxView>), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn add(Path(id): Path<String>, change: Change<NewContactNote>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let id = parse(&id)?;
    let work = move |scope: &Scope<'_>, who: &Person, body: NewContactNote| {
        one(scope, id)?;
        check_text("content", &body.content, 1, CONTENT_CHARS_MAX)?;
        if body.content.contains('\0') {
            return Err(Fault::invalid("content", "holds a NUL, which Chatwoot does not take"));
        }
        let payload = json!({ "contact_id": id, "content": body.content });
        let row = enqueue(scope, who, OutboxKind::ContactNote, payload, body.hold_seconds)?;
        audit(scope, who, "contact.note", id, json!({ "outbox_id": row.id }))?;
        Ok(row.view())
    };
    change.carry_out(StatusCode::ACCEPTED, work).await
}

/// Deletes a note that the caller wrote.
#[utoipa::path(delete, path = "/contacts/{id}/notes/{note}", tag = "contacts",
    params(("id" = i64, Path, description = "Chatwoot's id"), ("note" = i64, Path, description = "Chatwoot's id")),
    request_body = DeleteMessage, security(("bearer" = [])),
    responses((status = 202, body = Data<OutboxView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn delete(Path((id, note)): Path<(String, String)>, change: Change<DeleteMessage>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let id = parse(&id)?;
    let note: i64 = note.parse().map_err(|_| Fault::not_found("note"))?;
    let work = move |scope: &Scope<'_>, who: &Person, body: DeleteMessage| {
        one(scope, id)?;
        let known = scope.contact_note(id, note)?.ok_or_else(|| Fault::not_found("note"))?;
        let own = known.author.is_some_and(|(author, _)| Some(author) == who.agent_id());
        if !own {
            return Err(Fault::new(Code::Forbidden, "it is not yours: only what you wrote yourself is deleted from here"));
        }
        let row = enqueue(scope, who, OutboxKind::Delete, json!({ "contact_id": id, "note_id": note }), body.hold_seconds)?;
        audit(scope, who, "contact.note_delete", id, json!({ "note_id": note, "outbox_id": row.id }))?;
        Ok(row.view())
    };
    change.carry_out(StatusCode::ACCEPTED, work).await
}

fn enqueue(scope: &Scope<'_>, who: &Person, kind: OutboxKind, payload: Value, hold: Option<u32>) -> Result<OutboxRow, Fault> {
    let hold = hold.unwrap_or_default();
    if hold > HOLD_SECONDS_MAX {
        return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
    }
    let not_before = scope.now() + i64::from(hold) * SECOND;
    let (conversation_id, user, approval_id) = (0, Some(who.user.clone()), None);
    Ok(scope.enqueue(&NewOutbox { conversation_id, kind, payload, user, approval_id, not_before })?)
}
