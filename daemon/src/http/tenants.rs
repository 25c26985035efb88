//! `/tenants`, `/me` and `/status`: who the caller is and how things stand.

use api::error::ErrorBody;
use api::page::{Data, Page, PageMeta};
use api::status::{LinkState, LinkView, Progress, StatusView};
use api::tenant::{MeView, TenantView};
use axum::Json;
use axum::extract::{Path, State};

use crate::app::{App, Caller, Tenant, User};
use crate::clock::timestamp;
use crate::fault::Fault;
use crate::store::ApprovalFilter;
use crate::sync::SyncHandle;
use crate::webhooks::RECEIVER;

/// The caller's tenants, by slug.
#[utoipa::path(get, path = "/tenants", tag = "tenants", security(("bearer" = [])), responses((status = 200, body = Page<TenantView>)))]
pub(crate) async fn list(State(app): State<App>, user: User) -> Json<Page<TenantView>> {
    let data: Vec<TenantView> = user.roles.iter().map(|&(at, role)| app.tenant_view(&user, at, role)).collect();
    let total = data.len() as u64;
    Json(Page { data, meta: PageMeta { total, limit: u32::try_from(total).unwrap_or(u32::MAX), ..PageMeta::default() } })
}

/// One of the caller's tenants, by id or slug.
#[utoipa::path(get, path = "/tenants/{id}", tag = "tenants", params(("id" = String, Path, description = "UUID or slug")), security(("bearer" = [])),
    responses((status = 200, body = Data<TenantView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn view(State(app): State<App>, user: User, Path(id): Path<String>) -> Result<Json<Data<TenantView>>, Fault> {
    Ok(Json(Data { data: app.caller(user, Some(&id)).map_err(|_| Fault::not_found("tenant"))?.tenant_view() }))
}

/// Makes a tenant the caller's default, used where a request names none.
#[utoipa::path(post, path = "/tenants/{id}/switch", tag = "tenants", params(("id" = String, Path, description = "UUID or slug")), security(("bearer" = [])),
    responses((status = 200, body = Data<TenantView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn switch(State(app): State<App>, user: User, Path(id): Path<String>) -> Result<Json<Data<TenantView>>, Fault> {
    let caller = app.caller(user, Some(&id)).map_err(|_| Fault::not_found("tenant"))?;
    let (name, slug) = (caller.user.name.clone(), caller.tenant().row.slug.clone());
    app.store.write_global(move |global| global.set_default_tenant(&name, &slug).map_err(Fault::from)).await?;
    Ok(Json(Data { data: TenantView { default: true, ..caller.tenant_view() } }))
}

/// The caller, in the tenant of this request.
#[utoipa::path(get, path = "/me", tag = "tenants", security(("bearer" = [])), responses((status = 200, body = Data<MeView>)))]
pub(crate) async fn me(caller: Caller) -> Result<Json<Data<MeView>>, Fault> {
    Ok(Json(Data { data: me_view(&caller).await? }))
}

/// The caller as the API shows them.
pub(super) async fn me_view(caller: &Caller) -> Result<MeView, Fault> {
    let (tenant, hold_seconds) = (caller.tenant_view(), caller.app.config.hold_seconds);
    let read = caller.read(move |_, who| {
        let (user, name, role, agent) = (who.user.clone(), who.name.clone(), who.role, who.agent.clone());
        Ok(MeView { user, name, role, tenant, agent, hold_seconds })
    });
    read.await
}

/// How the tenant's link to Chatwoot and its first copy stand.
pub(crate) fn link(tenant: &Tenant) -> (LinkView, Progress) {
    if let Some(sync) = &tenant.sync {
        return (sync.link(), sync.progress());
    }
    let message = "no Chatwoot account is configured for this tenant; see config.example.toml".to_owned();
    let nothing = Progress::default();
    let (version, url, account_id, heard_at) = (None, None, None, None);
    (LinkView { state: LinkState::NotConfigured, message: Some(message), version, url, account_id, heard_at }, nothing)
}

/// The daemon and the link to Chatwoot, from the caller's tenant.
#[utoipa::path(get, path = "/status", tag = "tenants", security(("bearer" = [])), responses((status = 200, body = Data<StatusView>)))]
pub(crate) async fn status(caller: Caller) -> Result<Json<Data<StatusView>>, Fault> {
    let app = caller.app.clone();
    let tenant = caller.tenant();
    let (chatwoot, first_copy) = link(tenant);
    let (_, _, lag_s) = tenant.sync.as_ref().map(SyncHandle::rounds).unwrap_or_default();
    let mut warnings: Vec<String> =
        app.config.warnings.iter().cloned().chain(tenant.sync.iter().flat_map(|sync| sync.warnings())).collect();
    let rules = tenant.rules.clone();
    let read = caller.read(move |scope, who| {
        let statuses = vec![api::approval::ApprovalStatus::Submitted];
        let filter =
            ApprovalFilter { statuses, kind: None, mine: Some((who.user.clone(), who.agent_id(), false)), ..ApprovalFilter::default() };
        let (rows, _) = scope.approvals(&filter, api::page::LIMIT_MAX, 0)?;
        let mut approvals_waiting = 0;
        for row in &rows {
            approvals_waiting += u64::from(crate::approvals::view(scope, &rules, row, who)?.hindrance.is_none());
        }
        Ok((approvals_waiting, scope.outbox_counts()?, scope.newest_seq()?, scope.webhook_counts()?))
    });
    let (approvals_waiting, outbox, seq, counts) = read.await?;
    let webhooks = tenant.hooks.as_ref().zip(tenant.sync.as_ref()).filter(|_| caller.role.may_administer()).map(|(hooks, sync)| {
        warnings.extend(hooks.warnings(sync.version(), &counts, app.config.sync.webhook_tolerance_s));
        hooks.view(format!("{}{}", RECEIVER, tenant.row.hook), &counts)
    });
    let data = StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: api::PROTOCOL,
        started_at: timestamp(app.started_at),
        now: Some(timestamp(app.clock.now())),
        auth_mode: "local".to_owned(),
        chatwoot,
        first_copy,
        lag_s,
        outbox,
        approvals_waiting,
        seq,
        store_bytes: Some(app.store.bytes()),
        pid: Some(std::process::id()),
        webhooks,
        warnings,
    };
    Ok(Json(Data { data }))
}
