//! `/sandbox/`: how tests and the demo steer the sandbox. The shapes are in the crate's documentation.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::{App, lock},
    clock::Stamp,
    faults::{EventFaults, RULES_MAX, RateLimit, Rule},
    hooks, script,
    state::{Conversation, Message, State as Rows},
    wire,
    world::CustomerSeed,
};

/// Most customers one request starts.
const CUSTOMERS_MAX: usize = 1000;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/faults", post(add_faults).get(show_faults).delete(clear_faults))
        .route("/sandbox/cable/drop", post(drop_cables))
        .route("/sandbox/rate_limit", post(rate_limit))
        .route("/sandbox/customers", post(customers).delete(stop_customers))
        .route("/sandbox/clock", post(set_clock))
        .route("/sandbox/log", get(log))
        .route("/sandbox/requests", get(log))
        .route("/sandbox/state", get(state))
        .route("/sandbox/hooks/target", post(target))
}

fn refused(text: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": text}))).into_response()
}

async fn reset(State(app): State<Arc<App>>) -> Json<Value> {
    app.reset();
    Json(json!({"reset": true}))
}

/// One rule, several, or rules and event faults together.
#[derive(Deserialize)]
#[serde(untagged)]
enum FaultBody {
    One(Rule),
    Many(Vec<Rule>),
    Set {
        #[serde(default)]
        rules: Vec<Rule>,
        #[serde(default)]
        events: Option<EventFaults>,
    },
}

async fn add_faults(State(app): State<Arc<App>>, Json(body): Json<FaultBody>) -> Response {
    let (rules, events) = match body {
        FaultBody::One(rule) => (vec![rule], None),
        FaultBody::Many(rules) => (rules, None),
        FaultBody::Set { rules, events } => (rules, events),
    };
    let mut faults = lock(&app.faults);
    faults.rules.retain(|r| r.times != Some(0));
    if faults.rules.len() + rules.len() > RULES_MAX {
        return refused(format!("more than {RULES_MAX} rules"));
    }
    faults.rules.extend(rules);
    if let Some(events) = events {
        faults.events = events;
    }
    Json(json!({"rules": faults.rules, "events": faults.events})).into_response()
}

async fn show_faults(State(app): State<Arc<App>>) -> Json<Value> {
    let faults = lock(&app.faults);
    Json(json!({"rules": faults.rules, "events": faults.events}))
}

async fn clear_faults(State(app): State<Arc<App>>) -> Json<Value> {
    let mut faults = lock(&app.faults);
    faults.rules.clear();
    faults.events = EventFaults::default();
    Json(json!({"rules": faults.rules, "events": faults.events}))
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Drop {
    /// Reason of the disconnect frame; without one the sockets end abruptly.
    reason: Option<String>,
}

async fn drop_cables(State(app): State<Arc<App>>, body: Option<Json<Drop>>) -> Json<Value> {
    let reason = body.and_then(|Json(b)| b.reason);
    Json(json!({"dropped": app.hub.drop_all(reason.as_deref())}))
}

async fn rate_limit(State(app): State<Arc<App>>, Json(rate): Json<RateLimit>) -> Json<Value> {
    lock(&app.faults).limit(rate);
    Json(json!(rate))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Customers {
    Many(Vec<CustomerSeed>),
    One(Box<CustomerSeed>),
}

async fn customers(State(app): State<Arc<App>>, Json(body): Json<Customers>) -> Response {
    let seeds = match body {
        Customers::Many(seeds) => seeds,
        Customers::One(seed) => vec![*seed],
    };
    if seeds.len() > CUSTOMERS_MAX {
        return refused(format!("more than {CUSTOMERS_MAX} customers"));
    }
    if let Some(seed) = seeds.iter().find(|c| app.read(|s| script::inbox(s, &c.inbox)).is_none()) {
        return refused(format!("there is no inbox {:?}", seed.inbox));
    }
    let started = seeds.len();
    for seed in seeds {
        script::start(&app, seed, app.customers());
    }
    Json(json!({"started": started})).into_response()
}

async fn stop_customers(State(app): State<Arc<App>>) -> Json<Value> {
    app.stop_customers();
    Json(json!({"stopped": true}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offset {
    offset_s: i64,
}

async fn set_clock(State(app): State<Arc<App>>, Json(body): Json<Offset>) -> Json<Value> {
    app.clock.set_offset_s(body.offset_s);
    Json(json!({"now": app.clock.now().iso()}))
}

async fn log(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!(app.log()))
}

async fn state(State(app): State<Arc<App>>) -> Json<Value> {
    let sockets = app.hub.count();
    Json(app.read(|s| {
        let conversations: Vec<Value> = s.conversations.values().map(|c| conversation(s, c)).collect();
        let contacts: Vec<Value> = s.contacts.values().map(|c| json!({"id": c.id, "name": c.name, "key": c.key})).collect();
        let accounts: Vec<Value> = s.accounts.values().map(|a| json!({"id": a.id, "key": a.key, "name": a.name})).collect();
        let users: Vec<Value> =
            s.users.values().map(|u| json!({"id": u.id, "key": u.key, "name": u.name, "availability": s.availability_of(u.id)})).collect();
        let inboxes: Vec<Value> = s
            .inboxes
            .values()
            .map(|i| json!({"id": i.id, "key": i.key, "name": i.name, "identifier": i.identifier, "secret": i.secret}))
            .collect();
        let teams: Vec<Value> = s.teams.values().map(|t| json!({"id": t.id, "key": t.key, "name": t.name})).collect();
        let webhooks: Vec<Value> = s.webhooks.values().map(|w| wire::webhook(w, s.version)).collect();
        json!({"now": s.now().iso(), "sockets": sockets, "accounts": accounts, "users": users, "inboxes": inboxes, "teams": teams,
               "webhooks": webhooks, "contacts": contacts, "conversations": conversations})
    }))
}

fn conversation(s: &Rows, c: &Conversation) -> Value {
    json!({
        "account_id": c.account_id, "id": c.display_id, "inbox_id": c.inbox_id, "contact_id": c.contact_id, "status": c.status.as_str(),
        "assignee_id": c.assignee_id, "team_id": c.team_id, "priority": c.priority.map(|p| p.as_str()), "labels": c.labels,
        "custom_attributes": c.custom_attributes, "snoozed_until": c.snoozed_until.map(Stamp::iso),
        "waiting_since": c.waiting_since.map(Stamp::iso), "unread_count": s.unread_count(c),
        "messages": s.thread(c.id).map(message).collect::<Vec<_>>(),
    })
}

fn message(m: &Message) -> Value {
    json!({
        "id": m.id, "type": m.message_type.as_str(), "private": m.private, "content": m.content, "status": m.status,
        "content_attributes": m.content_attributes, "source_id": m.source_id, "sender": m.sender_pair(),
        "attachments": m.attachments.len(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: String,
    #[serde(default)]
    secret: Option<String>,
}

async fn target(State(app): State<Arc<App>>, Json(body): Json<Target>) -> Response {
    if hooks::loopback(&body.url).is_none() {
        return refused("only http URLs of this machine are called".into());
    }
    let secret = app.set_target(body.url.clone(), body.secret);
    Json(json!({"url": body.url, "secret": secret})).into_response()
}
