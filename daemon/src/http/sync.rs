//! `/sync`: how the copy of Chatwoot stands, and comparing on request.

use api::error::{Code, ErrorBody};
use api::page::Data;
use api::status::{NewRound, SyncView};
use axum::Json;
use axum::http::StatusCode;

use super::request::Change;
use crate::app::Caller;
use crate::fault::Fault;
use crate::sync::SyncHandle;

/// How the copy of the tenant's Chatwoot stands.
#[utoipa::path(get, path = "/sync", tag = "sync", security(("bearer" = [])), responses((status = 200, body = Data<SyncView>)))]
pub(crate) async fn view(caller: Caller) -> Result<Json<Data<SyncView>>, Fault> {
    let (outbox, rereads, webhooks) =
        caller.read(|scope, _| Ok((scope.outbox_counts()?, scope.rereads_waiting()?, scope.webhooks_waiting()?))).await?;
    let (chatwoot, first_copy) = super::tenants::link(caller.tenant());
    let (shallow, deep, lag_s) = caller.tenant().sync.as_ref().map(SyncHandle::rounds).unwrap_or_default();
    let since = caller.tenant().sync.as_ref().map(SyncHandle::since).unwrap_or_default();
    let rate = caller.tenant().sync.as_ref().map(SyncHandle::rate).unwrap_or_default();
    let data = SyncView { chatwoot, first_copy, shallow, deep, since, lag_s, rereads, webhooks, outbox, rate };
    Ok(Json(Data { data }))
}

/// Compares with Chatwoot now. The answer does not wait for it: `GET /sync` counts the rounds.
#[utoipa::path(post, path = "/sync/reconcile", tag = "sync", request_body = NewRound, security(("bearer" = [])),
    responses((status = 202, description = "It begins"), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn reconcile(change: Change<NewRound>) -> Result<StatusCode, Fault> {
    change.caller.must_work()?;
    change.must_be_meant()?;
    let since = change.body.since.map(|since| since.as_microsecond());
    if since.is_some() && change.body.deep {
        return Err(Fault::invalid("since", "everything is asked for: leave `deep` or `since` out"));
    }
    if since.is_some_and(|since| since > change.caller.app.clock.now()) {
        return Err(Fault::invalid("since", "has not come yet"));
    }
    let missing = || Fault::new(Code::NotFound, "this tenant has no Chatwoot account; set one in [chatwoot]");
    let sync = change.caller.tenant().sync.as_ref().ok_or_else(missing)?;
    match since {
        Some(since) => sync.refresh_since(since),
        None if change.body.deep => sync.refresh_deep(),
        None => sync.refresh(),
    }
    Ok(StatusCode::ACCEPTED)
}
