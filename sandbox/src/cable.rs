//! `/cable`: Action Cable as far as Chatwoot uses it (contract 11.1 to 11.3).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, lock},
    events::{self, Batch, Frame},
    params::to_i,
    state::{Id, State},
    wire::rails_json,
};

/// Action Cable's heartbeat.
const PING_EVERY: Duration = Duration::from_secs(3);
/// Frames that wait for a slow client before it is cut off.
const QUEUE_MAX: usize = 1024;

/// All open sockets.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    sockets: Mutex<(u64, BTreeMap<u64, Socket>)>,
}

#[derive(Debug)]
struct Socket {
    queue: mpsc::Sender<String>,
    /// Streams of each subscription, by its identifier as sent.
    subscriptions: BTreeMap<String, BTreeSet<String>>,
    cut: CancellationToken,
}

impl Hub {
    fn add(&self, queue: mpsc::Sender<String>, cut: CancellationToken) -> u64 {
        let mut sockets = lock(&self.sockets);
        sockets.0 += 1;
        let id = sockets.0;
        sockets.1.insert(id, Socket { queue, subscriptions: BTreeMap::new(), cut });
        id
    }

    fn remove(&self, id: u64) {
        lock(&self.sockets).1.remove(&id);
    }

    fn subscribe(&self, id: u64, identifier: &str, streams: BTreeSet<String>) {
        if let Some(socket) = lock(&self.sockets).1.get_mut(&id) {
            socket.subscriptions.insert(identifier.to_owned(), streams);
        }
    }

    fn unsubscribe(&self, id: u64, identifier: &str) {
        if let Some(socket) = lock(&self.sockets).1.get_mut(&id) {
            socket.subscriptions.remove(identifier);
        }
    }

    fn subscribed(&self, id: u64, identifier: &str) -> bool {
        lock(&self.sockets).1.get(&id).is_some_and(|s| s.subscriptions.contains_key(identifier))
    }

    /// Open sockets.
    pub(crate) fn count(&self) -> usize {
        lock(&self.sockets).1.len()
    }

    /// Sends a frame to every subscription of its streams. Who cannot keep up is cut off.
    pub(crate) fn broadcast(&self, frame: &Frame) {
        for socket in lock(&self.sockets).1.values() {
            for (identifier, streams) in &socket.subscriptions {
                if streams.is_disjoint(&frame.streams) {
                    continue;
                }
                let text = rails_json(&json!({"identifier": identifier, "message": {"event": frame.event, "data": frame.data}}));
                if socket.queue.try_send(text).is_err() {
                    tracing::warn!("a websocket client does not keep up and is cut off");
                    socket.cut.cancel();
                }
            }
        }
    }

    /// Ends all sockets, abruptly or with a disconnect frame first.
    pub(crate) fn drop_all(&self, reason: Option<&str>) -> usize {
        let sockets = std::mem::take(&mut lock(&self.sockets).1);
        for socket in sockets.values() {
            match reason {
                // The queue ends with it, and with the queue the connection.
                Some(reason) => {
                    let _ = socket.queue.try_send(json!({"type": "disconnect", "reason": reason, "reconnect": true}).to_string());
                }
                None => socket.cut.cancel(),
            }
        }
        sockets.len()
    }
}

/// Serves one socket until either side ends it.
pub(crate) async fn serve(app: Arc<App>, socket: WebSocket, cut: CancellationToken) {
    let (queue, mut waiting) = mpsc::channel::<String>(QUEUE_MAX);
    let id = app.hub.add(queue, cut.clone());
    let (mut out, mut incoming) = socket.split();
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.tick().await;
    let mut replies = vec![json!({"type": "welcome"})];
    loop {
        for reply in replies.drain(..) {
            if out.send(Message::text(rails_json(&reply))).await.is_err() {
                app.hub.remove(id);
                return;
            }
        }
        tokio::select! {
            () = cut.cancelled() => break,
            _ = ping.tick() => replies.push(json!({"type": "ping", "message": app.clock.now().unix()})),
            text = waiting.recv() => match text {
                Some(text) => {
                    if out.send(Message::text(text)).await.is_err() {
                        break;
                    }
                }
                None => {
                    cut.cancel();
                    break;
                }
            },
            message = incoming.next() => match message {
                Some(Ok(Message::Text(text))) => replies.extend(command(&app, id, &text)),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    app.hub.remove(id);
}

/// Obeys one command; what cannot be understood is passed over in silence.
fn command(app: &App, socket: u64, text: &str) -> Option<Value> {
    let command: Value = serde_json::from_str(text).ok()?;
    let identifier = command.get("identifier")?.as_str()?;
    match command.get("command")?.as_str()? {
        "subscribe" => {
            if app.hub.subscribed(socket, identifier) {
                return None;
            }
            let who = app.read(|s| recognise(s, identifier))?;
            app.hub.subscribe(socket, identifier, who.streams());
            present(app, &who);
            Some(json!({"identifier": identifier, "type": "confirm_subscription"}))
        }
        "unsubscribe" => {
            app.hub.unsubscribe(socket, identifier);
            None
        }
        "message" if app.hub.subscribed(socket, identifier) => {
            let data: Value = serde_json::from_str(command.get("data")?.as_str()?).ok()?;
            if data.get("action")?.as_str()? == "update_presence" {
                let who = app.read(|s| recognise(s, identifier))?;
                present(app, &who);
            }
            None
        }
        _ => None,
    }
}

/// Whose identifier it is.
enum Subscriber {
    User { id: Id, account: Id, token: String },
    Contact { id: Id, account: Id, token: String },
}

impl Subscriber {
    fn streams(&self) -> BTreeSet<String> {
        match self {
            Self::User { account, token, .. } => [token.clone(), events::account_stream(*account)].into(),
            Self::Contact { token, .. } => [token.clone()].into(),
        }
    }
}

/// Checks an identifier; anything wrong is met with silence by the caller.
fn recognise(s: &State, identifier: &str) -> Option<Subscriber> {
    let wanted: Value = serde_json::from_str(identifier).ok()?;
    if wanted.get("channel")?.as_str()? != "RoomChannel" {
        return None;
    }
    let token = wanted.get("pubsub_token")?.as_str()?;
    match wanted.get("user_id").filter(|v| !v.is_null()) {
        Some(user) => {
            let account = to_i(wanted.get("account_id")?);
            let user = s.users.get(&to_i(user)).filter(|u| u.pubsub_token == token && u.account_id == Some(account))?;
            Some(Subscriber::User { id: user.id, account, token: token.to_owned() })
        }
        None => {
            let address = s.contact_inboxes.values().find(|ci| ci.pubsub_token == token)?;
            let account = s.contacts.get(&address.contact_id)?.account_id;
            Some(Subscriber::Contact { id: address.contact_id, account, token: token.to_owned() })
        }
    }
}

/// Notes that someone is there and tells that one's own sockets who else is.
fn present(app: &App, who: &Subscriber) {
    let (token, data) = app.write(|s| match who {
        Subscriber::User { id, account, token } => {
            s.user_present(*id);
            (token.clone(), s.presence_data(*account, false))
        }
        Subscriber::Contact { id, account, token } => {
            s.contact_present(*id);
            (token.clone(), s.presence_data(*account, true))
        }
    });
    app.send(Batch { frames: vec![Frame { streams: [token].into(), event: "presence.update", data }], hooks: Vec::new() });
}
