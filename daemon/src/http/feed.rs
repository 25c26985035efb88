//! `/activity`: the feed as a page, or as a stream with `Accept: text/event-stream`.

use api::error::ErrorBody;
use api::event::{Activity, ActivityQuery, ActivityType};
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::request::{Query, limit};
use super::stream;
use crate::app::Caller;
use crate::fault::Fault;

/// The feed: a page of it, or with `Accept: text/event-stream` the stream. On the stream `id` is the seq, `event` the type, `data` the
/// activity; without `Last-Event-ID` it begins now and opens with `event: ready`, with it nothing is lost and nothing repeated.
#[utoipa::path(get, path = "/activity", tag = "activity", security(("bearer" = [])),
    params(ActivityQuery, ("Last-Event-ID" = Option<i64>, Header, description = "Where the stream resumes")),
    responses((status = 200, body = Page<Activity>), (status = 429, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, headers: HeaderMap, Query(query): Query<ActivityQuery>) -> Result<Response, Fault> {
    let types = types(query.types.as_deref())?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/event-stream") {
        let from = match headers.get("last-event-id") {
            Some(value) => {
                let text = value.to_str().unwrap_or_default().trim();
                Some(text.parse().map_err(|_| Fault::invalid("Last-Event-ID", "must be a seq, as the stream gave it"))?)
            }
            None => query.last_event_id,
        };
        return stream::open(caller, from, types, query.presence).await;
    }
    let limit = limit(query.limit)?;
    let page: Page<Activity> = caller
        .read(move |scope, _| {
            let mut data = match query.after {
                Some(seq) => scope.activities_after(seq, limit)?,
                None => scope.newest_activities(limit)?,
            };
            let next = data.last().filter(|_| query.after.is_some() && data.len() == limit as usize).map(|a| a.seq.to_string());
            data.retain(|activity| types.is_empty() || types.contains(&activity.kind));
            let total = scope.newest_seq()?.unsigned_abs();
            Ok(Page { data, meta: PageMeta { total, limit, next_cursor: next, ..PageMeta::default() } })
        })
        .await?;
    Ok(Json(page).into_response())
}

fn types(text: Option<&str>) -> Result<Vec<ActivityType>, Fault> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|err: String| Fault::invalid("types", &err))).collect()
}

/// One activity.
#[utoipa::path(get, path = "/activity/{id}", tag = "activity", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<Activity>), (status = 404, body = ErrorBody)))]
pub(crate) async fn view(caller: Caller, Path(id): Path<String>) -> Result<Json<Data<Activity>>, Fault> {
    let id: Uuid = id.parse().map_err(|_| Fault::not_found("activity"))?;
    let data = caller.read(move |scope, _| scope.activity(id)?.ok_or_else(|| Fault::not_found("activity"))).await?;
    Ok(Json(Data { data }))
}
