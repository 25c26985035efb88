//! Who takes part in a conversation, and whether the caller takes work: Chatwoot alone knows, so it is asked each time.

use api::error::{Code, ErrorBody};
use api::inbox::Named;
use api::page::{Data, Page, PageMeta};
use api::people::AvailabilityView;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;

use super::conversations::parse;
use super::directory::whole;
use super::request::read_body;
use crate::app::Caller;
use crate::fault::Fault;
use crate::sync::SyncHandle;
use crate::sync::people::Unasked;

/// Agents who take part in a conversation, by name, as Chatwoot has them now.
#[utoipa::path(get, path = "/conversations/{id}/participants", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id")), security(("bearer" = [])),
    responses((status = 200, body = Page<Named>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn participants(caller: Caller, Path(id): Path<String>) -> Result<Json<Page<Named>>, Fault> {
    let id = parse(&id)?;
    if !caller.read(move |scope, _| Ok(scope.has_conversation(id)?)).await? {
        return Err(Fault::not_found("conversation"));
    }
    let mut agents = sync(&caller)?.participants(id).await.map_err(fault)?;
    agents.sort_by_cached_key(|agent| (agent.name.to_lowercase(), agent.id));
    Ok(whole(PageMeta::default(), agents))
}

/// Whether the caller takes work: read with the caller's own Chatwoot token.
#[utoipa::path(get, path = "/me/availability", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Data<AvailabilityView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn availability(caller: Caller) -> Result<Json<Data<AvailabilityView>>, Fault> {
    let agent = own(&caller).await?;
    let availability = sync(&caller)?.availability(&caller.user.name, agent).await.map_err(fault)?;
    Ok(Json(Data { data: AvailabilityView { availability } }))
}

/// Sets whether the caller takes work, at once and with the caller's own Chatwoot token. Nothing waits: later it would be untrue.
#[utoipa::path(put, path = "/me/availability", tag = "personal", request_body = AvailabilityView, security(("bearer" = [])),
    responses((status = 200, body = Data<AvailabilityView>), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn set_availability(caller: Caller, body: Bytes) -> Result<Json<Data<AvailabilityView>>, Fault> {
    let AvailabilityView { availability } = read_body(&body)?;
    let agent = own(&caller).await?;
    let availability = sync(&caller)?.set_availability(&caller.user.name, agent, availability).await.map_err(fault)?;
    Ok(Json(Data { data: AvailabilityView { availability } }))
}

/// The caller's agent, where it has an own token.
async fn own(caller: &Caller) -> Result<i64, Fault> {
    let agent = caller.read(|_, who| Ok(who.agent.as_ref().filter(|agent| agent.own_token).map(|agent| agent.id))).await?;
    agent.ok_or_else(|| {
        Fault::new(Code::Forbidden, "it is your own in Chatwoot: link your own Chatwoot token with `afenda auth link-chatwoot`")
    })
}

pub(super) fn sync(caller: &Caller) -> Result<&SyncHandle, Fault> {
    let none = || Fault::new(Code::ChatwootUnavailable, "no Chatwoot account is configured");
    caller.tenant().sync.as_ref().ok_or_else(none)
}

pub(super) fn fault(unasked: Unasked) -> Fault {
    match unasked {
        Unasked::NotTheirs(why) => Fault::new(Code::Forbidden, why),
        Unasked::Gone => Fault::new(Code::NotFound, "it is gone from Chatwoot"),
        Unasked::Unavailable(why) => {
            Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this, and does not answer: {why}"))
        }
    }
}
