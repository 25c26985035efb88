//! `/cache`: how much of Chatwoot is kept here, whether it is whole, and making it whole again.

use std::time::Duration;

use api::cache::{CacheView, ClearView, NewClear};
use api::doctor::Check;
use api::error::{Code, ErrorBody};
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;

use super::request::read_body;
use crate::app::Caller;
use crate::domain::doctor;
use crate::fault::Fault;
use crate::store::StoreError;
use crate::sync::SyncHandle;

/// The look through the store: ten times what `GET /doctor` gives it, since whoever asks for nothing else has the time.
const LIMIT: Duration = Duration::from_secs(30);

/// How much is kept.
#[utoipa::path(get, path = "/cache", tag = "sync", security(("bearer" = [])), responses((status = 200, body = Data<CacheView>)))]
pub(crate) async fn view(caller: Caller) -> Result<Json<Data<CacheView>>, Fault> {
    let counts = caller.read(|scope, _| Ok(scope.cached()?)).await?;
    let (files, file_bytes) = on_disk(&caller, |keep| keep.size()).await?;
    let store_bytes = caller.app.store.bytes();
    let data = CacheView {
        conversations: counts.conversations,
        messages: counts.messages,
        contacts: counts.contacts,
        store_bytes,
        files,
        file_bytes,
        as_of: caller.freshness().as_of,
    };
    Ok(Json(Data { data }))
}

/// Whether the store and its search index are whole. Reads all of the store.
#[utoipa::path(get, path = "/cache/check", tag = "sync", security(("bearer" = [])),
    responses((status = 200, body = Page<Check>), (status = 403, body = ErrorBody)))]
pub(crate) async fn check(caller: Caller) -> Result<Json<Page<Check>>, Fault> {
    caller.must_administer()?;
    let store = &caller.app.store;
    let (found, bytes) = store.integrity(LIMIT).await;
    let found = found.map_err(|err| err.to_string());
    let index = store.check_index().await.map_err(|err| err.to_string());
    let data = vec![doctor::store(found.as_ref().map_err(String::as_str), bytes), doctor::index(index.as_ref().map_err(String::as_str))];
    Ok(Json(Page { data, meta: PageMeta::default() }))
}

/// Removes kept files; they are read from Chatwoot again when somebody looks at them.
#[utoipa::path(post, path = "/cache/clear", tag = "sync", request_body = NewClear, security(("bearer" = [])),
    responses((status = 200, body = Data<ClearView>), (status = 403, body = ErrorBody)))]
pub(crate) async fn clear(caller: Caller, body: Bytes) -> Result<Json<Data<ClearView>>, Fault> {
    caller.must_administer()?;
    let NewClear { unused_s } = read_body(&body)?;
    let unused = Duration::from_secs(unused_s.unwrap_or_default());
    let (files, file_bytes) = on_disk(&caller, move |keep| keep.clear(unused)).await?;
    Ok(Json(Data { data: ClearView { files, file_bytes } }))
}

/// Makes the search index anew from the messages, and begins to compare everything with Chatwoot: `GET /sync` counts the rounds. Writes wait
/// for the index, some seconds for each million messages; it is broken off, and stays as it was, when the caller goes away.
#[utoipa::path(post, path = "/cache/rebuild", tag = "sync", security(("bearer" = [])),
    responses((status = 202, description = "The index is new, the comparison begins"), (status = 403, body = ErrorBody)))]
pub(crate) async fn rebuild(caller: Caller) -> Result<StatusCode, Fault> {
    caller.must_administer()?;
    caller.app.store.rebuild_index().await?;
    tracing::info!(user = caller.user.name, "the search index was made anew");
    caller.tenant().sync.iter().for_each(SyncHandle::refresh_deep);
    Ok(StatusCode::ACCEPTED)
}

/// Asks the disk about kept files.
async fn on_disk<T: Send + 'static>(
    caller: &Caller,
    work: impl FnOnce(&crate::keep::Keep) -> std::io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let keep = caller.tenant().keep.clone();
    let done = tokio::task::spawn_blocking(move || work(&keep)).await.map_err(|_| StoreError::Closed)?;
    done.map_err(|err| {
        tracing::error!(%err, "the kept files cannot be looked after");
        Fault::new(Code::StoreUnavailable, "the daemon's disk refuses it")
    })
}
