//! `/doctor`: what is well and what needs a hand.

use api::doctor::Check;
use api::error::{Code, ErrorBody};
use api::page::{Page, PageMeta};
use axum::Json;

use crate::app::Caller;
use crate::fault::Fault;

/// Checks of the daemon and of the caller's tenant, for owners and admins. Takes up to ten seconds while Chatwoot does not answer.
#[utoipa::path(get, path = "/doctor", tag = "tenants", security(("bearer" = [])),
    responses((status = 200, body = Page<Check>), (status = 403, body = ErrorBody)))]
pub(crate) async fn view(caller: Caller) -> Result<Json<Page<Check>>, Fault> {
    if !caller.role.may_administer() {
        return Err(Fault::new(Code::Forbidden, "only an owner or an admin may run the daemon's checks"));
    }
    let data = crate::doctor::checks(&caller).await?;
    let total = data.len() as u64;
    Ok(Json(Page { data, meta: PageMeta { total, limit: u32::try_from(total).unwrap_or(u32::MAX), ..PageMeta::default() } }))
}
