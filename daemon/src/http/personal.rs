//! What the caller's own agent alone may see in Chatwoot. Nobody else gets it: no owner, no admin, no colleague.

use std::cmp::Reverse;

use api::error::{Code, ErrorBody};
use api::inbox::MacroView;
use api::lists::{CustomFilterView, MentionView, NotificationView};
use api::page::{Page, PageMeta};
use axum::Json;
use serde::de::DeserializeOwned;

use super::directory::whole;
use crate::app::Caller;
use crate::clock::timestamp;
use crate::fault::Fault;
use crate::store::{Personal, StoreError};
use crate::sync::personal::Unseen;

/// The caller's notifications, latest activity first: read with the caller's own Chatwoot token, none without one.
#[utoipa::path(get, path = "/notifications", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Page<NotificationView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn notifications(caller: Caller) -> Result<Json<Page<NotificationView>>, Fault> {
    own(&caller, Personal::Notification, |row: &NotificationView| Reverse((row.last_activity_at, row.id))).await
}

/// Conversations where the caller was mentioned, latest activity first: read with the caller's own Chatwoot token, none without one.
#[utoipa::path(get, path = "/mentions", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Page<MentionView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn mentions(caller: Caller) -> Result<Json<Page<MentionView>>, Fault> {
    own(&caller, Personal::Mention, |row: &MentionView| Reverse((row.last_activity_at, row.conversation_id.0))).await
}

/// Filters that the caller saved, by name: read with the caller's own Chatwoot token, none without one.
#[utoipa::path(get, path = "/custom-filters", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Page<CustomFilterView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn custom_filters(caller: Caller) -> Result<Json<Page<CustomFilterView>>, Fault> {
    own(&caller, Personal::CustomFilter, |row: &CustomFilterView| (row.name.to_lowercase(), row.id)).await
}

/// The macros that the caller may run, by name: read with the caller's own Chatwoot token, none without one.
#[utoipa::path(get, path = "/macros", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Page<MacroView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn macros(caller: Caller) -> Result<Json<Page<MacroView>>, Fault> {
    own(&caller, Personal::Macro, |row: &MacroView| (row.name.to_lowercase(), row.id)).await
}

/// Why nothing can be shown or done, for the caller.
pub(super) fn fault(unseen: Unseen) -> Fault {
    match unseen {
        Unseen::Refused(why) => Fault::new(Code::Forbidden, format!("{why}: link it anew with `afenda auth link-chatwoot`")),
        Unseen::Unavailable(why) => {
            Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this, and does not answer: {why}"))
        }
        Unseen::Store(err) => err.into(),
    }
}

/// One kind in the order of `by`; nothing for whoever is linked to no agent or has no own token.
async fn own<T, K>(caller: &Caller, kind: Personal, by: impl Fn(&T) -> K) -> Result<Json<Page<T>>, Fault>
where
    T: DeserializeOwned,
    K: Ord,
{
    let agent = caller.read(|_, who| Ok(who.agent.as_ref().filter(|agent| agent.own_token).map(|agent| agent.id))).await?;
    let (Some(agent), Some(sync)) = (agent, caller.sync()) else { return Ok(whole(PageMeta::default(), Vec::new())) };
    let read = sync.personal(&caller.user.name, agent, kind).await.map_err(fault)?;
    let corrupt = |err: serde_json::Error| StoreError::Corrupt { table: "personal", message: err.to_string() };
    let mut rows: Vec<T> = read.rows.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(corrupt)?;
    rows.sort_by_cached_key(by);
    Ok(whole(PageMeta { as_of: Some(timestamp(read.at)), source: Some(read.source), ..PageMeta::default() }, rows))
}
