//! `/audit`: the audit log, and rows that others append to it.

use api::audit::{AuditQuery, AuditView, Ledger, LedgerQuery, LedgerRow, LedgerView, NewAudit};
use api::error::ErrorBody;
use api::page::{Data, LIMIT_MAX, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::request::{Change, Query, limit, page};
use crate::app::Caller;
use crate::approvals::check_text;
use crate::fault::Fault;
use crate::store::{AuditEntry, AuditFilter, StoreError};

/// The log, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery), security(("bearer" = [])), responses((status = 200, body = Page<AuditView>)))]
pub(crate) async fn list(caller: Caller, Query(query): Query<AuditQuery>) -> Result<Json<Page<AuditView>>, Fault> {
    let limit = limit(query.limit)?;
    let (page, offset) = page(query.page, limit)?;
    if query.resource_id.is_some() && query.resource_type.is_none() {
        return Err(Fault::invalid("resource_id", "only together with resource_type"));
    }
    let filter = AuditFilter {
        actor: query.actor,
        resource_type: query.resource_type,
        resource_id: query.resource_id,
        since: query.since.map(|at| at.as_microsecond()),
    };
    let (data, total) = caller.read(move |scope, _| Ok(scope.audit_page(&filter, limit, offset)?)).await?;
    Ok(Json(Page { data, meta: PageMeta { total, page: Some(page), limit, ..PageMeta::default() } }))
}

/// Rows about one thing of this tenant, newest first; 404 when there is none.
#[utoipa::path(get, path = "/audit/resource/{type}/{id}", tag = "audit",
    params(("type" = String, Path, description = "approval, conversation, …"), ("id" = String, Path, description = "Its id")),
    security(("bearer" = [])), responses((status = 200, body = Page<AuditView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_resource(caller: Caller, Path((kind, id)): Path<(String, String)>) -> Result<Json<Page<AuditView>>, Fault> {
    let data = caller.read(move |scope, _| Ok(scope.audit_of(&kind, &id, LIMIT_MAX)?)).await?;
    if data.is_empty() {
        return Err(Fault::not_found("audit row"));
    }
    let total = data.len() as u64;
    Ok(Json(Page { data, meta: PageMeta { total, limit: LIMIT_MAX, ..PageMeta::default() } }))
}

/// Rows as they are chained, oldest first, for whoever checks them by themselves.
#[utoipa::path(get, path = "/audit/ledger", tag = "audit", params(LedgerQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<LedgerRow>), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn ledger(caller: Caller, Query(query): Query<LedgerQuery>) -> Result<Json<Page<LedgerRow>>, Fault> {
    caller.must_administer()?;
    let limit = limit(query.limit)?;
    let (ledger, after) = (query.ledger.unwrap_or(Ledger::Audit), query.after.unwrap_or_default());
    let (data, total) = caller.read(move |scope, _| Ok(scope.ledger_rows(ledger, after, limit)?)).await?;
    Ok(Json(Page { data, meta: PageMeta { total, limit, ..PageMeta::default() } }))
}

/// Whether each ledger is what was appended. Reads all of them.
#[utoipa::path(get, path = "/audit/verify", tag = "audit", security(("bearer" = [])),
    responses((status = 200, body = Page<LedgerView>), (status = 403, body = ErrorBody)))]
pub(crate) async fn verify(caller: Caller) -> Result<Json<Page<LedgerView>>, Fault> {
    caller.must_administer()?;
    let data = caller.read(|scope, _| {
        let views = [Ledger::Audit, Ledger::Approvals].map(|ledger| {
            let (chain, broken) = scope.verify(ledger)?;
            Ok(LedgerView::new(ledger, chain, broken))
        });
        Ok(views.into_iter().collect::<Result<Vec<_>, StoreError>>()?)
    });
    Ok(Json(Page { data: data.await?, meta: PageMeta::default() }))
}

/// Appends a row marked `external`, with the caller as its actor.
#[utoipa::path(post, path = "/audit", tag = "audit", request_body = NewAudit, security(("bearer" = [])),
    responses((status = 201, body = Data<AuditView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn append(change: Change<NewAudit>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    change
        .carry_out(StatusCode::CREATED, |scope, who, new: NewAudit| {
            check_text("action", &new.action, 1, 100)?;
            check_text("resource_type", &new.resource_type, 1, 100)?;
            check_text("resource_id", &new.resource_id, 1, 200)?;
            check_text("note", new.note.as_deref().unwrap_or_default(), 0, 4_000)?;
            let (kind, id) = (new.resource_type.clone(), new.resource_id.clone());
            let entry = AuditEntry {
                actor: who.actor(),
                via: "api",
                action: new.action,
                resource_type: new.resource_type,
                resource_id: new.resource_id,
                external: true,
                note: new.note,
                data: json!({}),
            };
            let position = scope.append(Ledger::Audit, &entry)?;
            let rows = scope.audit_of(&kind, &id, 1)?;
            rows.into_iter().find(|row| row.position == position).ok_or_else(|| Fault::not_found("audit row"))
        })
        .await
}
