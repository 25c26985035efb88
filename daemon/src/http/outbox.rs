//! `/outbox`: what has not reached Chatwoot yet, taken back or tried again.

use api::error::{Code, ErrorBody};
use api::inbox::{FlushView, OutboxView};
use api::page::{Data, LIMIT_MAX, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::request::Change;
use crate::app::{Caller, Person};
use crate::fault::Fault;
use crate::store::{Scope, StoreError};

/// Entries that one call moves: each is told to the clients, and the write in which that happens keeps the others waiting.
const FLUSH_MAX: u32 = 1_000;

/// Entries that are not over, oldest first.
#[utoipa::path(get, path = "/outbox", tag = "outbox", security(("bearer" = [])), responses((status = 200, body = Page<OutboxView>)))]
pub(crate) async fn list(caller: Caller) -> Result<Json<Page<OutboxView>>, Fault> {
    let data: Vec<OutboxView> = caller.read(|scope, _| Ok(scope.open_outbox(LIMIT_MAX)?.iter().map(|row| row.view()).collect())).await?;
    let total = data.len() as u64;
    Ok(Json(Page { data, meta: PageMeta { total, limit: LIMIT_MAX, ..PageMeta::default() } }))
}

/// Takes an entry back before it leaves, or discards a failed one.
#[utoipa::path(post, path = "/outbox/{id}/cancel", tag = "outbox", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<OutboxView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn cancel(Path(id): Path<String>, change: Change<serde::de::IgnoredAny>) -> Result<Response, Fault> {
    act(id, change, false, "it has left already", |scope, id| scope.cancel_outbox(id)).await
}

/// Tries a failed or held entry again.
#[utoipa::path(post, path = "/outbox/{id}/retry", tag = "outbox", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<OutboxView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn retry(Path(id): Path<String>, change: Change<serde::de::IgnoredAny>) -> Result<Response, Fault> {
    act(id, change, true, "only what failed or is held is tried again", |scope, id| scope.retry_outbox(id)).await
}

/// Tries now what waits for its next try, oldest first and at most 1,000 entries. What is still within its hold stays there, and what is held
/// or failed waits for a person. A pause that Chatwoot asked of everybody is kept.
#[utoipa::path(post, path = "/outbox/flush", tag = "outbox", security(("bearer" = [])), responses((status = 200, body = Data<FlushView>)))]
pub(crate) async fn flush(change: Change<serde::de::IgnoredAny>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    change.carry_out(StatusCode::OK, |scope, _, _| Ok(FlushView { flushed: scope.flush_outbox(FLUSH_MAX)? })).await
}

async fn act(
    id: String,
    change: Change<serde::de::IgnoredAny>,
    retry: bool,
    otherwise: &'static str,
    act: fn(&Scope<'_>, Uuid) -> Result<bool, StoreError>,
) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let work = move |scope: &Scope<'_>, _: &Person, _| {
        let no_such = || Fault::not_found("outbox entry");
        let id: Uuid = id.parse().map_err(|_| no_such())?;
        let known = scope.outbox_entry(id)?.ok_or_else(no_such)?;
        if known.approval_id.is_some() && !retry {
            return Err(Fault::new(Code::Forbidden, "this writes back a decision, which is final; it can be tried again, not taken back"));
        }
        let done = act(scope, id)?;
        let row = scope.outbox_entry(id)?.ok_or_else(no_such)?;
        if !done {
            return Err(
                Fault::new(Code::OutboxState, format!("the entry is {}: {otherwise}", row.state)).with(json!({ "state": row.state }))
            );
        }
        // What it showed in advance is replaced by what Chatwoot has.
        scope.mark(row.reread())?;
        Ok(row.view())
    };
    change.carry_out(StatusCode::OK, work).await
}
