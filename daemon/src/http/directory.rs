//! The account's lists: agents, teams, inboxes, labels.

use api::error::ErrorBody;
use api::inbox::{InboxView, LabelView, Named};
use api::page::{Page, PageMeta};
use api::template::TemplateView;
use axum::Json;
use axum::extract::Path;

use crate::app::Caller;
use crate::fault::Fault;

pub(super) fn whole<T>(freshness: PageMeta, data: Vec<T>) -> Json<Page<T>> {
    let total = data.len() as u64;
    Json(Page { meta: PageMeta { total, limit: u32::try_from(data.len()).unwrap_or(u32::MAX), ..freshness }, data })
}

/// Agents by name.
#[utoipa::path(get, path = "/agents", tag = "directory", security(("bearer" = [])), responses((status = 200, body = Page<Named>)))]
pub(crate) async fn agents(caller: Caller) -> Result<Json<Page<Named>>, Fault> {
    let read = caller.read(|scope, _| Ok(scope.agents()?.into_iter().map(|a| Named { id: a.id, name: a.name }).collect()));
    Ok(whole(caller.freshness(), read.await?))
}

/// Teams by name.
#[utoipa::path(get, path = "/teams", tag = "directory", security(("bearer" = [])), responses((status = 200, body = Page<Named>)))]
pub(crate) async fn teams(caller: Caller) -> Result<Json<Page<Named>>, Fault> {
    Ok(whole(caller.freshness(), caller.read(|scope, _| Ok(scope.teams()?)).await?))
}

/// Inboxes by name.
#[utoipa::path(get, path = "/inboxes", tag = "directory", security(("bearer" = [])), responses((status = 200, body = Page<InboxView>)))]
pub(crate) async fn inboxes(caller: Caller) -> Result<Json<Page<InboxView>>, Fault> {
    Ok(whole(caller.freshness(), caller.read(|scope, _| Ok(scope.inboxes()?)).await?))
}

/// Message templates of a WhatsApp inbox by name: those that can be sent, and the rest with the reason why not.
#[utoipa::path(get, path = "/inboxes/{id}/templates", tag = "directory", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Chatwoot's id of the inbox")),
    responses((status = 200, body = Page<TemplateView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn templates(caller: Caller, Path(id): Path<String>) -> Result<Json<Page<TemplateView>>, Fault> {
    let id: i64 = id.parse().map_err(|_| Fault::not_found("inbox"))?;
    let found = caller.read(move |scope, _| {
        if !scope.has_inbox(id)? {
            return Err(Fault::not_found("inbox"));
        }
        Ok(scope.templates(id)?.into_iter().map(|row| row.view).collect())
    });
    Ok(whole(caller.freshness(), found.await?))
}

/// Labels by title.
#[utoipa::path(get, path = "/labels", tag = "directory", security(("bearer" = [])), responses((status = 200, body = Page<LabelView>)))]
pub(crate) async fn labels(caller: Caller) -> Result<Json<Page<LabelView>>, Fault> {
    Ok(whole(caller.freshness(), caller.read(|scope, _| Ok(scope.labels()?)).await?))
}
