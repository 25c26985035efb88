//! Beginning a conversation with a contact: where it can be, and doing it through the outbox.

use api::contact::{ContactInboxView, NewConversation};
use api::error::ErrorBody;
use api::inbox::{ConversationStatus, NewMessage, OutboxView};
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::contacts::{audit, one, parse};
use super::conversations::assignee_payload;
use super::directory::whole;
use super::people::{fault, sync};
use super::request::Change;
use crate::app::{Caller, Person};
use crate::approvals::check_text;
use crate::clock::SECOND;
use crate::config::HOLD_SECONDS_MAX;
use crate::domain::begin::never;
use crate::fault::Fault;
use crate::store::{NewOutbox, OutboxKind, Scope};

/// Characters of a subject at most: Chatwoot takes 1,500 in an attribute, and no mail program shows as many.
const SUBJECT_CHARS_MAX: usize = 255;

/// The inboxes, each with whether the caller can begin a conversation with the contact there, as Chatwoot has it now.
#[utoipa::path(get, path = "/contacts/{id}/inboxes", tag = "contacts", params(("id" = i64, Path, description = "Chatwoot's id")),
    security(("bearer" = [])),
    responses((status = 200, body = Page<ContactInboxView>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn inboxes(caller: Caller, Path(id): Path<String>) -> Result<Json<Page<ContactInboxView>>, Fault> {
    let id = parse(&id)?;
    let (contact, known) = caller.read(move |scope, _| Ok((one(scope, id)?, scope.inboxes()?))).await?;
    let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let reach = (has(&contact.email), has(&contact.phone_number));
    let mut inboxes = sync(&caller)?.contact_inboxes(&caller.user.name, id, known, reach).await.map_err(fault)?;
    inboxes.sort_by_cached_key(|inbox| (inbox.refusal.is_some(), inbox.name.to_lowercase(), inbox.id));
    Ok(whole(PageMeta::default(), inboxes))
}

/// Begins a conversation, through the outbox: exactly one, whatever becomes of an answer. Once it is there, the entry names it.
#[utoipa::path(post, path = "/conversations", tag = "conversations", request_body = NewConversation, security(("bearer" = [])),
    responses((status = 202, body = Data<OutboxView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn create(change: Change<NewConversation>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let configured = change.caller.app.config.hold_seconds;
    let work = move |scope: &Scope<'_>, who: &Person, body: NewConversation| {
        let hold = body.hold_seconds.unwrap_or(configured);
        if hold > HOLD_SECONDS_MAX {
            return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
        }
        let payload = payload(scope, who, &body)?;
        let row = scope.enqueue(&NewOutbox {
            conversation_id: 0,
            kind: OutboxKind::Conversation,
            payload,
            user: Some(who.user.clone()),
            approval_id: None,
            not_before: scope.now() + i64::from(hold) * SECOND,
        })?;
        audit(scope, who, "conversation.create", body.contact_id, json!({ "inbox_id": body.inbox_id, "outbox_id": row.id }))?;
        Ok(row.view())
    };
    change.carry_out(StatusCode::ACCEPTED, work).await
}

fn payload(scope: &Scope<'_>, who: &Person, body: &NewConversation) -> Result<serde_json::Value, Fault> {
    let contact = scope.contact(body.contact_id)?;
    let contact = contact.ok_or_else(|| Fault::invalid("contact_id", &format!("there is no contact {}", body.contact_id)))?;
    let inbox = scope.inboxes()?.into_iter().find(|inbox| inbox.id == body.inbox_id);
    let inbox =
        inbox.ok_or_else(|| Fault::invalid("inbox_id", &format!("there is no inbox {}; GET /inboxes lists them", body.inbox_id)))?;
    if let Some(why) = never(&inbox.channel) {
        return Err(Fault::invalid("inbox_id", why));
    }
    if inbox.channel == "Email" && contact.email.is_none_or(|email| email.is_empty()) {
        return Err(Fault::invalid("inbox_id", "the contact has no e-mail address"));
    }
    let mut payload = json!({ "contact_id": body.contact_id, "inbox_id": body.inbox_id });
    if let Some(text) = &body.message {
        let message = super::messages::payload(scope, &NewMessage::text(text.clone(), false), None, &[]);
        payload["content"] = message.map_err(|fault| fault.renamed("content", "message"))?["content"].clone();
    }
    if let Some(subject) = &body.subject {
        check_text("subject", subject, 1, SUBJECT_CHARS_MAX)?;
        if inbox.channel != "Email" {
            return Err(Fault::invalid("subject", "only in an e-mail inbox"));
        }
        payload["subject"] = json!(subject);
    }
    if let Some(status) = body.status {
        if status == ConversationStatus::Snoozed {
            return Err(Fault::invalid("status", "open, pending or resolved"));
        }
        payload["status"] = json!(status);
    }
    if let Some(assignee) = &body.assignee {
        payload["assignee"] = assignee_payload(scope, who, assignee)?["id"].clone();
    }
    if let Some(team) = body.team {
        if !scope.teams()?.iter().any(|known| known.id == team) {
            return Err(Fault::invalid("team", &format!("there is no team {team}; GET /teams lists them")));
        }
        payload["team"] = json!(team);
    }
    Ok(payload)
}
