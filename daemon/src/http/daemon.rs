//! `/daemon`: the process itself, for whoever owns the machine it runs on.

use api::error::{Code, ErrorBody};
use api::page::Data;
use api::status::StopView;
use axum::Json;
use axum::http::StatusCode;

use crate::app::Caller;
use crate::config::OWNER;
use crate::fault::Fault;

/// Stops the daemon in order: this is answered, then open requests are, then it ends. Only its owner may, since it serves all tenants.
#[utoipa::path(post, path = "/daemon/stop", tag = "tenants", security(("bearer" = [])),
    responses((status = 202, body = Data<StopView>), (status = 403, body = ErrorBody)))]
pub(crate) async fn stop(caller: Caller) -> Result<(StatusCode, Json<Data<StopView>>), Fault> {
    if caller.user.name != OWNER {
        return Err(Fault::new(Code::Forbidden, "only the owner of the daemon's machine may stop it"));
    }
    tracing::info!("its owner asked the daemon to stop");
    caller.app.asked_to_stop.cancel();
    Ok((StatusCode::ACCEPTED, Json(Data { data: StopView { stopping: true } })))
}
