//! The account's lists: agents, teams, inboxes, labels.

use api::inbox::{InboxView, LabelView, Named};
use api::page::{Page, PageMeta};
use axum::Json;

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

/// Labels by title.
#[utoipa::path(get, path = "/labels", tag = "directory", security(("bearer" = [])), responses((status = 200, body = Page<LabelView>)))]
pub(crate) async fn labels(caller: Caller) -> Result<Json<Page<LabelView>>, Fault> {
    Ok(whole(caller.freshness(), caller.read(|scope, _| Ok(scope.labels()?)).await?))
}
