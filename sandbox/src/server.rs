//! The routes: Chatwoot's own through [`crate::rest`], `/cable`, and the sandbox's under `/sandbox/`.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
    routing::any,
};
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    app::{App, lock},
    cable,
    clock::Stamp,
    conn::Scissors,
    control,
    faults::Fault,
    hooks,
    http::{Call, Refusal, respond},
    rest,
    state::Session,
};

/// Longer bodies are not kept in the request log.
const LOGGED_BYTES_MAX: usize = 256 << 10;

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().merge(control::router()).route("/cable", any(cable)).fallback(chatwoot).with_state(app)
}

/// Text answers of our own making.
fn plain(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// What a fault leaves to do.
enum Course {
    /// Answer with this.
    Answer(Response),
    /// Handle after a pause, then do what is left.
    Handle(Then, Duration),
}

/// What follows the handling.
enum Then {
    /// The answer goes out.
    Answer,
    /// The connection is cut instead.
    Cut,
    /// The answer goes out so much later.
    Wait(Duration),
    /// Another answer goes out.
    Say(Response),
}

/// Counts the request against the rate limit and applies its fault.
async fn spoil(app: &App, cut: &Scissors, method: &Method, path: &str, user_agent: &str) -> Course {
    if path != "/health" && lock(&app.faults).throttled(app.clock.now().unix()) {
        return Course::Answer(plain(429, "text/plain", "Retry later\n"));
    }
    let fault = lock(&app.faults).take(method, path, user_agent);
    match fault {
        None => Course::Handle(Then::Answer, Duration::ZERO),
        Some(Fault::LoseAnswer) => Course::Handle(Then::Cut, Duration::ZERO),
        Some(Fault::Latency { ms, handled: true }) => Course::Handle(Then::Wait(Duration::from_millis(ms)), Duration::ZERO),
        Some(Fault::Latency { ms, handled: false }) => Course::Handle(Then::Answer, Duration::from_millis(ms)),
        Some(Fault::Drop) => {
            cut.0.cancel();
            Course::Answer(plain(500, "text/plain", ""))
        }
        Some(Fault::Html { body }) => Course::Answer(plain(
            200,
            "text/html; charset=utf-8",
            body.unwrap_or_else(|| "<!DOCTYPE html>\n<title>Just a moment...</title>\n".into()),
        )),
        Some(Fault::Status { status, body, content_type, headers, handled }) => {
            let (kind, text) = match body {
                Some(Value::String(text)) => ("text/plain", text),
                Some(value) => ("application/json; charset=utf-8", value.to_string()),
                None if status == 429 => ("text/plain", "Retry later\n".into()),
                None => ("application/json; charset=UTF-8", json!({"status": status, "error": "Internal Server Error"}).to_string()),
            };
            let mut response = plain(status, content_type.as_deref().unwrap_or(kind), text);
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), HeaderValue::from_str(&value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            if handled { Course::Handle(Then::Say(response), Duration::ZERO) } else { Course::Answer(response) }
        }
    }
}

/// Everything that is Chatwoot's.
async fn chatwoot(State(app): State<Arc<App>>, ConnectInfo(cut): ConnectInfo<Scissors>, request: Request<Body>) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let writes = !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let at = app.clock.now();
    let agent = user_agent(&request);
    let (then, after) = match spoil(&app, &cut, &method, &path, &agent).await {
        Course::Handle(then, after) => (then, after),
        Course::Answer(response) => {
            if writes {
                let status = Some(response.status().as_u16()).filter(|_| !cut.0.is_cancelled());
                app.remember(
                    json!({"method": method.as_str(), "path": path, "body": null, "at": at.iso(), "status": status, "handled": false}),
                );
            }
            return finish(&app, response);
        }
    };
    let wants = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|a| a.contains("application/json"));
    let call = match Call::read(request).await {
        Ok(call) => call,
        Err(refusal) => return finish(&app, respond(Err(refusal), wants, None)),
    };
    if lock(&app.limits).refuse(at.unix(), &call, app.version) {
        if writes {
            app.remember(json!({"method": method.as_str(), "path": path, "body": null, "at": at.iso(), "status": 429, "handled": false}));
        }
        return finish(&app, plain(429, "text/plain", "Retry later\n"));
    }
    if !after.is_zero() {
        // Its own task: hyper drops this one when the caller hangs up, Chatwoot's server carries out what it has read.
        let late = handle(Arc::clone(&app), call, cut, then, at, after);
        return tokio::spawn(late).await.unwrap_or_else(|_| plain(500, "text/plain", ""));
    }
    handle(app, call, cut, then, at, after).await
}

fn user_agent(request: &Request<Body>) -> String {
    request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// Carries a request out and answers it.
async fn handle(app: Arc<App>, call: Call, cut: Scissors, then: Then, at: Stamp, after: Duration) -> Response {
    tokio::time::sleep(after).await;
    let known = call.path.starts_with("/api/v1/") || call.path.starts_with("/public/api/");
    let (outcome, session) = app.write(|s| {
        let outcome = rest::dispatch(s, &call);
        (outcome, s.session.take())
    });
    let routed = !matches!(outcome, Err(Refusal::Page(404)));
    let mut response =
        respond(outcome, call.wants_json || (known && routed) || call.path.starts_with("/public/"), call.if_none_match.as_deref());
    for (name, value) in session.iter().flat_map(Session::headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if call.writes() {
        let size = call.logged.to_string().len();
        let body = if size > LOGGED_BYTES_MAX { json!({"too_long_bytes": size}) } else { call.logged };
        let status = match &then {
            Then::Cut => None,
            Then::Say(other) => Some(other.status().as_u16()),
            Then::Answer | Then::Wait(_) => Some(response.status().as_u16()),
        };
        let (method, path) = (call.method.as_str(), call.path);
        app.remember(json!({"method": method, "path": path, "body": body, "at": at.iso(), "status": status, "handled": true}));
    }
    match then {
        Then::Answer => {}
        Then::Cut => cut.0.cancel(),
        Then::Wait(pause) => tokio::time::sleep(pause).await,
        Then::Say(other) => response = other,
    }
    finish(&app, response)
}

/// Headers every answer carries: the server's time, as a proxy would say it, and a request id.
fn finish(app: &App, mut response: Response) -> Response {
    if let Ok(date) = HeaderValue::from_str(&app.clock.now().http_date()) {
        response.headers_mut().insert(header::DATE, date);
    }
    if let Ok(id) = HeaderValue::from_str(&hooks::delivery_id()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// The websocket; without an upgrade there is nothing here.
async fn cable(
    State(app): State<Arc<App>>,
    ConnectInfo(cut): ConnectInfo<Scissors>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match spoil(&app, &cut, &Method::GET, "/cable", "").await {
        Course::Answer(response) => return finish(&app, response),
        Course::Handle(Then::Cut, _) => {
            cut.0.cancel();
            return finish(&app, plain(500, "text/plain", ""));
        }
        Course::Handle(Then::Say(response), _) => return finish(&app, response),
        Course::Handle(Then::Wait(pause), _) => tokio::time::sleep(pause).await,
        Course::Handle(Then::Answer, after) => tokio::time::sleep(after).await,
    }
    match upgrade {
        Ok(upgrade) => {
            upgrade.protocols(["actioncable-v1-json", "actioncable-unsupported"]).on_upgrade(move |s| cable::serve(app, s, cut.0))
        }
        Err(_) => finish(&app, respond(Err(Refusal::Page(404)), false, None)),
    }
}
