//! Where Chatwoot's webhooks arrive: verify on the raw bytes, keep the redacted body, answer, and let the sync work it off.
//!
//! An opaque id chooses the tenant and its secrets. An unknown id, a missing secret and a bad signature are answered alike, so that
//! nobody learns which ids exist.

use api::error::{Code, ErrorBody};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chatwoot::webhook::{DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookEvent, verify};
use chatwoot::{Secret, redact};

use crate::app::{App, Tenant};
use crate::clock::SECOND;
use crate::fault::Fault;

/// Chatwoot's largest body in the recordings is some 60 KB; ten times that is still far from this.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// A delivery id is a UUID; what is longer is not one.
const DELIVERY_CHARS_MAX: usize = 100;

/// The receiver's path, to which the account's opaque id is added.
pub(crate) const RECEIVER: &str = "/api/v1/webhooks/chatwoot/";

/// A webhook of the account with this id.
#[utoipa::path(post, path = "/webhooks/chatwoot/{hook}", tag = "webhooks",
    params(("hook" = String, Path, description = "The account's opaque id; `afenda status` shows it")),
    responses((status = 200, description = "Kept"), (status = 401, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub(crate) async fn receive(State(app): State<App>, Path(hook): Path<String>, headers: HeaderMap, body: Body) -> Result<StatusCode, Fault> {
    let tenant = app.tenants.iter().find(|tenant| tenant.row.hook == hook);
    keep(&app, tenant, &headers, body).await
}

/// A webhook while exactly one account is configured.
#[utoipa::path(post, path = "/webhooks/chatwoot", tag = "webhooks",
    responses((status = 200, description = "Kept"), (status = 401, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub(crate) async fn receive_only(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<StatusCode, Fault> {
    let mut configured = app.tenants.iter().filter(|tenant| tenant.chatwoot.is_some());
    let only = match (configured.next(), configured.next()) {
        (Some(tenant), None) => Some(tenant),
        _ => None,
    };
    keep(&app, only, &headers, body).await
}

async fn keep(app: &App, tenant: Option<&Tenant>, headers: &HeaderMap, body: Body) -> Result<StatusCode, Fault> {
    let refused = || Fault::new(Code::SignatureInvalid, "the webhook is not signed with a secret of this receiver, or its time is off");
    let bytes = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Fault::new(Code::PayloadTooLarge, format!("a webhook is at most {BODY_BYTES_MAX} bytes")))?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (tenant, chatwoot) = tenant.and_then(|t| Some((t, t.chatwoot.as_ref()?))).ok_or_else(refused)?;
    let secrets: Vec<Secret> = chatwoot.webhook_secrets.iter().map(|secret| Secret::new(secret.expose())).collect();
    let (now_s, tolerance_s) = (app.clock.now() / SECOND, app.config.sync.webhook_tolerance_s);
    if let Err(why) = verify(&secrets, header(TIMESTAMP_HEADER), header(SIGNATURE_HEADER), &bytes, now_s, tolerance_s) {
        tracing::warn!(tenant = tenant.row.slug, %why, "a webhook was refused");
        return Err(refused());
    }
    let mut value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|err| Fault::new(Code::BadRequest, format!("the webhook is not JSON: {err}")))?;
    // A receiver writes its own account's rows, whatever the body says.
    let account = WebhookEvent::from_value(value.clone()).ok().and_then(|event| event.account_id());
    if account.is_some_and(|account| account != chatwoot.account_id) {
        tracing::warn!(tenant = tenant.row.slug, account, "a webhook of another account was refused");
        return Err(refused());
    }
    redact(&mut value);
    let delivery = header(DELIVERY_HEADER).map(|id| id.chars().take(DELIVERY_CHARS_MAX).collect::<String>());
    let text = value.to_string();
    app.store.write(tenant.row.key, move |scope| scope.keep_webhook(delivery.as_deref(), &text).map_err(Fault::from)).await?;
    if let Some(sync) = &tenant.sync {
        sync.wake_webhooks();
    }
    Ok(StatusCode::OK)
}
