//! `/webhooks`: what arrived from Chatwoot, tried again or dropped, and the account webhook that sends it. For owners and admins alone: bodies
//! hold customers' words.

use api::audit::Ledger;
use api::error::{Code, ErrorBody};
use api::page::{Data, LIMIT_MAX, Page, PageMeta};
use api::webhook::{InstallView, NewInstall, NewPurge, PurgeView, WebhookQuery, WebhookState, WebhookView};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::request::{Change, Query, limit, page};
use crate::app::{Caller, Person};
use crate::clock::Micros;
use crate::fault::Fault;
use crate::store::{AuditEntry, Scope, StoreError};
use crate::webhooks;

/// Webhooks, newest first, without their bodies.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(WebhookQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<WebhookView>), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, Query(query): Query<WebhookQuery>) -> Result<Json<Page<WebhookView>>, Fault> {
    caller.must_administer()?;
    let limit = limit(query.limit)?;
    let (page, offset) = page(query.page, limit)?;
    let (data, total) = caller.read(move |scope, _| Ok(scope.webhook_page(query.state, limit, offset)?)).await?;
    Ok(Json(Page { data, meta: PageMeta { total, page: Some(page), limit, ..PageMeta::default() } }))
}

/// One webhook, with its body (without secrets) until it is done.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<WebhookView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn view(caller: Caller, Path(id): Path<String>) -> Result<Json<Data<WebhookView>>, Fault> {
    caller.must_administer()?;
    let id = parse(&id)?;
    let data = caller.read(move |scope, _| known(scope, id)).await?;
    Ok(Json(Data { data }))
}

/// Works a dead letter off again, or at once one that waits for its next try.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<WebhookView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn replay(Path(id): Path<String>, change: Change<serde::de::IgnoredAny>) -> Result<Response, Fault> {
    change.caller.must_administer()?;
    let caller = change.caller.clone();
    let work = move |scope: &Scope<'_>, who: &Person, _| {
        let id = parse(&id)?;
        let before = known(scope, id)?;
        if !scope.replay_webhook(id)? {
            return Err(past(&before, "its body was dropped when it was done, what it said is in the store"));
        }
        audit(scope, who, "webhook.replay", &id.to_string(), json!({ "event": before.event }))?;
        Ok(WebhookView { body: None, ..known(scope, id)? })
    };
    let answer = change.carry_out(StatusCode::OK, work).await?;
    if let Some(sync) = &caller.tenant().sync {
        sync.wake_webhooks();
    }
    Ok(answer)
}

/// Drops dead letters: those named, or all that arrived before a time, or all.
#[utoipa::path(post, path = "/webhooks/purge", tag = "webhooks", request_body = NewPurge, security(("bearer" = [])),
    responses((status = 200, body = Data<PurgeView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn purge(change: Change<NewPurge>) -> Result<Response, Fault> {
    change.caller.must_administer()?;
    change
        .carry_out(StatusCode::OK, |scope, who, purge: NewPurge| {
            if purge.ids.len() > LIMIT_MAX as usize {
                return Err(Fault::invalid("ids", &format!("at most {LIMIT_MAX}")));
            }
            if !purge.ids.is_empty() && purge.before.is_some() {
                return Err(Fault::invalid("before", "either ids or a time"));
            }
            for id in &purge.ids {
                let before = known(scope, id.0)?;
                if !scope.purge_webhook(id.0)? {
                    return Err(past(&before, "only dead letters are purged, the others go by themselves"));
                }
                audit(scope, who, "webhook.purge", &id.to_string(), json!({ "event": before.event }))?;
            }
            if !purge.ids.is_empty() {
                return Ok(PurgeView { purged: purge.ids.len() as u64 });
            }
            let before = purge.before.map_or(Micros::MAX, |at| at.as_microsecond());
            let purged = scope.purge_webhooks(before)?;
            audit(scope, who, "webhook.purge", "dead", json!({ "purged": purged }))?;
            Ok(PurgeView { purged })
        })
        .await
}

/// Makes the account webhook in Chatwoot, or puts its address, subscriptions and kept secret right; the same call again changes nothing.
#[utoipa::path(post, path = "/webhooks/install", tag = "webhooks", request_body = NewInstall, security(("bearer" = [])),
    responses((status = 200, body = Data<InstallView>), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn install(change: Change<NewInstall>) -> Result<Response, Fault> {
    change.caller.must_administer()?;
    let caller = change.caller.clone();
    let tenant = caller.tenant();
    let missing = || Fault::new(Code::ChatwootUnavailable, "no Chatwoot account is configured for this tenant; see config.example.toml");
    let (hooks, sync) = tenant.hooks.as_ref().zip(tenant.sync.as_ref()).ok_or_else(missing)?;
    // One after the other, and a repeat only after the first is remembered.
    let _one = hooks.installing.lock().await;
    if let Some(answer) = change.remembered().await? {
        return Ok(answer);
    }
    let view = webhooks::install(hooks, sync, &tenant.row.hook, &caller.app.clock, &change.body).await?;
    change
        .carry_out(StatusCode::OK, move |scope, who, _| {
            audit(scope, who, "webhook.install", &view.webhook_id.to_string(), json!({ "outcome": view.outcome }))?;
            Ok(view)
        })
        .await
}

fn parse(id: &str) -> Result<Uuid, Fault> {
    id.parse().map_err(|_| Fault::not_found("webhook"))
}

fn known(scope: &Scope<'_>, id: Uuid) -> Result<WebhookView, Fault> {
    scope.webhook(id)?.ok_or_else(|| Fault::not_found("webhook"))
}

fn past(webhook: &WebhookView, why: &str) -> Fault {
    let state: WebhookState = webhook.state;
    Fault::new(Code::WebhookState, format!("the webhook is {state}: {why}")).with(json!({ "state": state }))
}

fn audit(scope: &Scope<'_>, who: &Person, action: &str, id: &str, data: Value) -> Result<(), StoreError> {
    let entry = AuditEntry {
        actor: who.actor(),
        via: "api",
        action: action.to_owned(),
        resource_type: "webhook".to_owned(),
        resource_id: id.to_owned(),
        external: false,
        note: None,
        data,
    };
    scope.append(Ledger::Audit, &entry)?;
    Ok(())
}
