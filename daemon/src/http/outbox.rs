//! `/outbox`: what has not reached Chatwoot yet, taken back or tried again.

use api::error::{Code, ErrorBody};
use api::inbox::{FlushView, OutboxQuery, OutboxState, OutboxView};
use api::page::{Data, LIMIT_MAX, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::request::{self, Change, Query};
use crate::app::{Caller, Person};
use crate::fault::Fault;
use crate::store::{OutboxRow, Scope, StoreError};

/// Entries that one call moves: each is told to the clients, and the write in which that happens keeps the others waiting.
const FLUSH_MAX: u32 = 1_000;

/// Entries that are not over, oldest first.
#[utoipa::path(get, path = "/outbox", tag = "outbox", params(OutboxQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<OutboxView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, Query(query): Query<OutboxQuery>) -> Result<Json<Page<OutboxView>>, Fault> {
    let limit = request::limit(query.limit.or(Some(LIMIT_MAX)))?;
    let after: i64 = query.cursor.as_deref().map(request::place).transpose()?.unwrap_or_default();
    let read = move |scope: &Scope<'_>, _: &Person| {
        let mut rows = scope.open_outbox(after, limit + 1)?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).and_then(|last| request::cursor(&last.position));
        let counts = scope.outbox_counts()?;
        let total = counts.queued + counts.failed + counts.held;
        Ok(Page { data: rows.iter().map(OutboxRow::view).collect(), meta: PageMeta { total, limit, next_cursor, ..PageMeta::default() } })
    };
    Ok(Json(caller.read(read).await?))
}

/// Takes an entry back before it leaves, or discards a failed one; one that was taken back already stays so.
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
        if !done && !retry && row.state == OutboxState::Cancelled {
            return Ok(row.view());
        }
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
