//! Where Chatwoot's webhooks arrive: verify on the raw bytes, keep the redacted body, answer, and let the sync work it off.
//!
//! An opaque id chooses the tenant and its secrets. An unknown id, a missing secret and a bad signature are answered alike, so that
//! nobody learns which ids exist.

use std::time::Duration;

use api::error::{Code, ErrorBody};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chatwoot::redact;
use chatwoot::webhook::{DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookEvent};

use crate::app::{App, Tenant};
use crate::fault::Fault;
use crate::store::{Kept, NewWebhook};
use crate::webhooks::Proof;

/// Chatwoot's largest body in the recordings is some 60 KB; ten times that is still far from this.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Chatwoot waits 5 s for the connection and 5 s for the answer; a body that takes longer has nobody waiting behind it.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// A delivery id is a UUID; what is longer is not one.
const DELIVERY_CHARS_MAX: usize = 100;
/// The longest event name in the recordings has 27 characters.
const EVENT_CHARS_MAX: usize = 100;

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
    let bytes = tokio::time::timeout(READ_LIMIT, to_bytes(body, BODY_BYTES_MAX))
        .await
        .map_err(|_| Fault::new(Code::BadRequest, "the webhook did not arrive whole in time"))?
        .map_err(|_| Fault::new(Code::PayloadTooLarge, format!("a webhook is at most {BODY_BYTES_MAX} bytes")))?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let proof = Proof { timestamp: header(TIMESTAMP_HEADER), signature: header(SIGNATURE_HEADER), body: &bytes };
    let (now, tolerance_s) = (app.clock.now(), app.config.sync.webhook_tolerance_s);
    let account = tenant.and_then(|tenant| Some((tenant, tenant.chatwoot.as_ref()?, tenant.hooks.as_ref()?, tenant.sync.as_ref()?)));
    let Some((tenant, chatwoot, hooks, sync)) = account else {
        proof.disbelieve(now, tolerance_s);
        return Err(refused());
    };
    if let Err(why) = hooks.judge(&proof, sync.version(), now, tolerance_s) {
        if hooks.tell(now) {
            tracing::warn!(tenant = tenant.row.slug, %why, "webhooks are refused");
        }
        return Err(refused());
    }
    let mut value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|_| Fault::new(Code::BadRequest, "the webhook is not JSON"))?;
    // A receiver writes its own account's rows, whatever the body says.
    let account = WebhookEvent::from_value(value.clone()).ok().and_then(|event| event.account_id());
    if account.is_some_and(|account| account != chatwoot.account_id) {
        tracing::warn!(tenant = tenant.row.slug, account, "a webhook of another account was refused");
        return Err(refused());
    }
    redact(&mut value);
    let event: String = value.get("event").and_then(serde_json::Value::as_str).unwrap_or("unknown").chars().take(EVENT_CHARS_MAX).collect();
    let delivery_id = header(DELIVERY_HEADER).filter(|id| (1..=DELIVERY_CHARS_MAX).contains(&id.len())).map(str::to_owned);
    let new = NewWebhook { event, delivery_id, digest: proof.digest(), body: value.to_string() };
    let kept = app.store.write(tenant.row.key, move |scope| scope.keep_webhook(&new).map_err(Fault::from)).await?;
    if kept == Kept::Bare && hooks.tell(now) {
        tracing::warn!(tenant = tenant.row.slug, "too many webhooks wait: their bodies are no longer kept, the sync will compare instead");
    }
    if kept != Kept::Known {
        sync.wake_webhooks();
    }
    Ok(StatusCode::OK)
}
