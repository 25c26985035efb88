//! `/approvals`: list, ask, change, decide.

use api::approval::{
    ApprovalChanges, ApprovalPatch, ApprovalQuery, ApprovalSort, ApprovalStatus, ApprovalView, ChangesQuery, Decision, NewApproval,
};
use api::error::ErrorBody;
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::request::{Change, Query, if_match, limit, page};
use crate::app::{Caller, Person};
use crate::approvals as service;
use crate::domain::approval::{Refusal, Verdict, named_revision};
use crate::fault::Fault;
use crate::store::{ApprovalFilter, ApprovalRow, Scope};

/// Approvals, newest first unless asked otherwise.
#[utoipa::path(get, path = "/approvals", tag = "approvals", params(ApprovalQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<ApprovalView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, Query(query): Query<ApprovalQuery>) -> Result<Json<Page<ApprovalView>>, Fault> {
    let limit = limit(query.limit)?;
    let (page, offset) = page(query.page, limit)?;
    let statuses = statuses(query.status.as_deref())?;
    let rules = caller.tenant().rules.clone();
    let read = move |scope: &Scope<'_>, who: &Person| {
        let mine = query.mine.map(|mine| (who.user.clone(), who.agent_id(), mine));
        let asked_before = query.asked_before.map(|at| at.as_microsecond());
        let filter = ApprovalFilter { statuses, kind: query.kind, mine, asked_before, oldest: query.sort == Some(ApprovalSort::Oldest) };
        let (rows, total) = scope.approvals(&filter, limit, offset)?;
        let views = rows.iter().map(|row| service::view(scope, &rules, row, who)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { data: views, meta: PageMeta { total, page: Some(page), limit, ..PageMeta::default() } })
    };
    Ok(Json(caller.read(read).await?))
}

fn statuses(text: Option<&str>) -> Result<Vec<ApprovalStatus>, Fault> {
    match text {
        None | Some("all") => Ok(Vec::new()),
        Some("decided") => Ok(vec![ApprovalStatus::Approved, ApprovalStatus::Rejected, ApprovalStatus::Withdrawn, ApprovalStatus::Expired]),
        Some(text) => {
            text.split(',').map(|word| ApprovalStatus::parse_alias(word.trim()).map_err(|err| Fault::invalid("status", &err))).collect()
        }
    }
}

/// One approval, by id or reference (`AP-42`). Its `ETag` is the revision.
#[utoipa::path(get, path = "/approvals/{id}", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    security(("bearer" = [])), responses((status = 200, body = Data<ApprovalView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn view(caller: Caller, Path(id): Path<String>) -> Result<Response, Fault> {
    let rules = caller.tenant().rules.clone();
    let data = caller.read(move |scope, who| service::view(scope, &rules, &service::find(scope, &id)?, who)).await?;
    let tag = format!("\"{}\"", data.revision);
    Ok(([(header::ETAG, tag)], Json(Data { data })).into_response())
}

/// What an approval shows otherwise than it did at an earlier revision; 404 for a revision that never was.
#[utoipa::path(get, path = "/approvals/{id}/changes", tag = "approvals",
    params(("id" = String, Path, description = "UUID or AP-42"), ChangesQuery), security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalChanges>), (status = 404, body = ErrorBody)))]
pub(crate) async fn changes(
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Data<ApprovalChanges>>, Fault> {
    let data = caller.read(move |scope, _| service::changes_since(scope, &id, query.since)).await?;
    Ok(Json(Data { data }))
}

/// Asks for a decision, or writes a draft.
#[utoipa::path(post, path = "/approvals", tag = "approvals", request_body = NewApproval, security(("bearer" = [])),
    responses((status = 201, body = Data<ApprovalView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn create(change: Change<NewApproval>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    answer(change, StatusCode::CREATED, service::create).await
}

/// The same as `POST /approvals`.
#[utoipa::path(post, path = "/approvals/requests", tag = "approvals", request_body = NewApproval, security(("bearer" = [])),
    responses((status = 201, body = Data<ApprovalView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn request(change: Change<NewApproval>) -> Result<Response, Fault> {
    create(change).await
}

/// Changes what an undecided approval shows. The revision that was read goes in the body or in `If-Match`.
#[utoipa::path(patch, path = "/approvals/{id}", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    request_body = ApprovalPatch, security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn update(Path(id): Path<String>, change: Change<ApprovalPatch>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let read = revision(change.body.revision, &change.headers)?;
    answer(change, StatusCode::OK, move |scope, rules, who, body| service::edit(scope, rules, who, &id, read, body)).await
}

/// Puts a draft before the approvers; where a revision is named, in the body or in `If-Match`, only at that one.
#[utoipa::path(post, path = "/approvals/{id}/submit", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    request_body = Decision, security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn submit(Path(id): Path<String>, change: Change<Decision>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let read = if_named(&change)?;
    answer(change, StatusCode::OK, move |scope, rules, who, _| service::submit(scope, rules, who, &id, read)).await
}

/// Approves the revision that was read: `revision` in the body or `If-Match`.
#[utoipa::path(post, path = "/approvals/{id}/approve", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    request_body = Decision, security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 428, body = ErrorBody)))]
pub(crate) async fn approve(Path(id): Path<String>, change: Change<Decision>) -> Result<Response, Fault> {
    decide(id, change, Verdict::Approve).await
}

/// Rejects the revision that was read; needs a comment.
#[utoipa::path(post, path = "/approvals/{id}/reject", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    request_body = Decision, security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody), (status = 428, body = ErrorBody)))]
pub(crate) async fn reject(Path(id): Path<String>, change: Change<Decision>) -> Result<Response, Fault> {
    decide(id, change, Verdict::Reject).await
}

/// Takes back what is not decided; where a revision is named, in the body or in `If-Match`, only at that one.
#[utoipa::path(post, path = "/approvals/{id}/withdraw", tag = "approvals", params(("id" = String, Path, description = "UUID or AP-42")),
    request_body = Decision, security(("bearer" = [])),
    responses((status = 200, body = Data<ApprovalView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn withdraw(Path(id): Path<String>, change: Change<Decision>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let read = if_named(&change)?;
    let work = move |scope: &Scope<'_>, rules: &service::Rules, who: &Person, body: Decision| {
        service::withdraw(scope, rules, who, &id, read, body.comment.as_deref())
    };
    answer(change, StatusCode::OK, work).await
}

async fn decide(id: String, change: Change<Decision>, verdict: Verdict) -> Result<Response, Fault> {
    let read = revision(change.body.revision, &change.headers)?;
    let work = move |scope: &Scope<'_>, rules: &service::Rules, who: &Person, body: Decision| {
        service::decide(scope, rules, who, &id, verdict, read, body.comment.as_deref())
    };
    answer(change, StatusCode::OK, work).await
}

/// The revision that was read; a missing one is refused only after the caller's right to know of the approval was checked.
fn revision(body: Option<u32>, headers: &HeaderMap) -> Result<Result<u32, Refusal>, Fault> {
    Ok(named_revision(body, if_match(headers)?))
}

/// The revision that was read, of a call that need not name one.
fn if_named(change: &Change<Decision>) -> Result<Option<u32>, Fault> {
    match revision(change.body.revision, &change.headers)? {
        Ok(read) => Ok(Some(read)),
        Err(Refusal::RevisionRequired) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

async fn answer<B, W>(change: Change<B>, status: StatusCode, work: W) -> Result<Response, Fault>
where
    B: Send + 'static,
    W: FnOnce(&Scope<'_>, &service::Rules, &Person, B) -> Result<ApprovalRow, Fault> + Send + 'static,
{
    let rules = change.caller.tenant().rules.clone();
    change
        .carry_out(status, move |scope, who, body| {
            let row = work(scope, &rules, who, body)?;
            service::view(scope, &rules, &row, who)
        })
        .await
}
