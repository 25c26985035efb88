//! For the machines that look after the daemon: alive, ready, and numbers. No token, and nothing of any tenant.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use api::status::LinkState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::app::App;
use crate::store::StoreError;

/// The process runs.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store is open and its writer alive. Chatwoot's state is a field, not a condition: the store serves without it.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let store = app.store.is_alive().await;
    let chatwoot: Vec<&str> = app.tenants.iter().filter_map(|t| t.sync.as_ref()).map(|sync| sync.link().state.as_str()).collect();
    let status = if store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": store, "store": if store { "ok" } else { "failing" }, "chatwoot": chatwoot })))
}

/// Prometheus' text format, summed over all tenants.
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let (mut queued, mut failed, mut held, mut activities, mut live) = (0, 0, 0, 0, 0);
    for tenant in &app.tenants {
        let read = app.store.read(tenant.row.key, |scope| Ok::<_, StoreError>((scope.outbox_counts()?, scope.newest_seq()?)));
        if let Ok((counts, seq)) = read.await {
            (queued, failed, held) = (queued + counts.queued, failed + counts.failed, held + counts.held);
            activities += seq;
        }
        live += u64::from(tenant.sync.as_ref().is_some_and(|sync| sync.link().state == LinkState::Live));
    }
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, rows: &[(&str, u64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let states = [("{state=\"queued\"}", queued), ("{state=\"failed\"}", failed), ("{state=\"held\"}", held)];
    gauge("afenda_outbox_entries", "Writes that Chatwoot does not have yet.", &states);
    gauge("afenda_streams_open", "Event streams.", &[("", app.streams_open.load(Ordering::Relaxed) as u64)]);
    gauge("afenda_chatwoot_live", "Tenants with a confirmed websocket.", &[("", live)]);
    gauge("afenda_activities", "Rows of the activity feeds.", &[("", activities.unsigned_abs())]);
    let uptime = (app.clock.now() - app.started_at) / crate::clock::SECOND;
    gauge("afenda_uptime_seconds", "Since the start.", &[("", uptime.unsigned_abs())]);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
