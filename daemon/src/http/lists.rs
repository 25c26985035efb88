//! The account's small lists besides the directory: canned responses, custom attributes, ratings.

use api::lists::{CannedResponseView, CustomAttributeView, RatingQuery, RatingView};
use api::page::{Page, PageMeta};
use axum::Json;

use super::request::{Query, limit, page};
use crate::app::Caller;
use crate::fault::Fault;

/// Canned responses by short code.
#[utoipa::path(get, path = "/canned-responses", tag = "directory", security(("bearer" = [])),
    responses((status = 200, body = Page<CannedResponseView>)))]
pub(crate) async fn canned_responses(caller: Caller) -> Result<Json<Page<CannedResponseView>>, Fault> {
    Ok(super::directory::whole(caller.freshness(), caller.read(|scope, _| Ok(scope.canned_responses()?)).await?))
}

/// Custom attribute definitions by key.
#[utoipa::path(get, path = "/custom-attribute-definitions", tag = "directory", security(("bearer" = [])),
    responses((status = 200, body = Page<CustomAttributeView>)))]
pub(crate) async fn custom_attribute_definitions(caller: Caller) -> Result<Json<Page<CustomAttributeView>>, Fault> {
    Ok(super::directory::whole(caller.freshness(), caller.read(|scope, _| Ok(scope.custom_attribute_definitions()?)).await?))
}

/// Ratings by customers, newest first.
#[utoipa::path(get, path = "/csat-responses", tag = "directory", params(RatingQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<RatingView>)))]
pub(crate) async fn csat_responses(caller: Caller, Query(query): Query<RatingQuery>) -> Result<Json<Page<RatingView>>, Fault> {
    let limit = limit(query.limit)?;
    let (number, offset) = page(query.page, limit)?;
    let (data, total) = caller.read(move |scope, _| Ok(scope.ratings(query.conversation_id, offset, limit)?)).await?;
    Ok(Json(Page { data, meta: PageMeta { total, page: Some(number), limit, ..caller.freshness() } }))
}
