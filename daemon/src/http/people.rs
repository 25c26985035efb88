//! Who takes part in a conversation, whether the caller takes work and how they sign: Chatwoot alone knows, so it is asked each time. Who
//! takes part is answered as it was read last while Chatwoot is away.

use api::UNCHANGED;
use api::error::{Code, ErrorBody};
use api::inbox::Named;
use api::page::{Data, Page, PageMeta, Source};
use api::people::{AvailabilityView, SignatureView};
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::IntoResponse;

use super::conversations::parse;
use super::directory::whole;
use super::request::read_body;
use crate::app::Caller;
use crate::clock::timestamp;
use crate::fault::Fault;
use crate::sync::SyncHandle;
use crate::sync::people::Unasked;

/// Agents who take part in a conversation, by name: as Chatwoot has them now, else as they were read last (`meta.as_of`). What waits in the
/// outbox counts as done.
#[utoipa::path(get, path = "/conversations/{id}/participants", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id")), security(("bearer" = [])),
    responses((status = 200, body = Page<Named>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn participants(caller: Caller, Path(id): Path<String>) -> Result<Json<Page<Named>>, Fault> {
    let id = parse(&id)?;
    if !caller.read(move |scope, _| Ok(scope.has_conversation(id)?)).await? {
        return Err(Fault::not_found("conversation"));
    }
    let away = match sync(&caller) {
        Ok(sync) => match sync.read_participants(id).await {
            Ok(()) => None,
            Err(unasked @ Unasked::Unavailable(_)) => Some(fault(unasked)),
            Err(unasked) => return Err(fault(unasked)),
        },
        Err(fault) => Some(fault),
    };
    let source = if away.is_none() { Source::Chatwoot } else { Source::Store };
    let Some((at, mut agents)) = caller.read(move |scope, _| Ok(scope.participants(id)?)).await? else {
        return Err(away.unwrap_or_else(|| Fault::not_found("conversation")));
    };
    agents.sort_by_cached_key(|agent| (agent.name.to_lowercase(), agent.id));
    Ok(whole(PageMeta { as_of: Some(timestamp(at)), source: Some(source), ..PageMeta::default() }, agents))
}

/// Whether the caller takes work: read with the caller's own Chatwoot token.
#[utoipa::path(get, path = "/me/availability", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Data<AvailabilityView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn availability(caller: Caller) -> Result<Json<Data<AvailabilityView>>, Fault> {
    let agent = own(&caller).await?;
    let availability = sync(&caller)?.availability(&caller.user.name, agent).await.map_err(fault)?;
    Ok(Json(Data { data: AvailabilityView { availability } }))
}

/// The caller's signature for e-mails: read with the caller's own Chatwoot token.
#[utoipa::path(get, path = "/me/signature", tag = "personal", security(("bearer" = [])),
    responses((status = 200, body = Data<SignatureView>), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn signature(caller: Caller) -> Result<Json<Data<SignatureView>>, Fault> {
    let agent = own(&caller).await?;
    let signature = sync(&caller)?.signature(&caller.user.name, agent).await.map_err(fault)?;
    Ok(Json(Data { data: SignatureView { signature } }))
}

/// Sets whether the caller takes work, at once and with the caller's own Chatwoot token. Nothing waits: later it would be untrue.
#[utoipa::path(put, path = "/me/availability", tag = "personal", request_body = AvailabilityView, security(("bearer" = [])),
    responses((status = 200, body = Data<AvailabilityView>), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn set_availability(caller: Caller, body: Bytes) -> Result<impl IntoResponse, Fault> {
    let AvailabilityView { availability } = read_body(&body)?;
    let agent = own(&caller).await?;
    let (availability, so_already) = sync(&caller)?.set_availability(&caller.user.name, agent, availability).await.map_err(fault)?;
    Ok((so_already.then_some([(UNCHANGED, "true")]), Json(Data { data: AvailabilityView { availability } })))
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
    caller.sync().ok_or_else(none)
}

pub(super) fn fault(unasked: Unasked) -> Fault {
    match unasked {
        Unasked::NotTheirs(why) => Fault::new(Code::Forbidden, why),
        Unasked::Gone => Fault::new(Code::NotFound, "it is gone from Chatwoot"),
        Unasked::Store(err) => err.into(),
        Unasked::Unavailable(why) => {
            Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this, and does not answer: {why}"))
        }
    }
}
