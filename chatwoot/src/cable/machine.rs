//! The protocol as a state machine: frames and time in, actions out (section 11.1). No IO, no clock.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::event::CableEvent;
use crate::Secret;

/// Whose events to ask for.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// `pubsub_token` of the user's profile. Opens the events of **all** the user's accounts.
    pub pubsub_token: Secret,
    /// The account whose events are passed on; others are dropped.
    pub account_id: i64,
    /// The user.
    pub user_id: i64,
}

impl Subscription {
    /// The identifier: JSON as a text, repeated byte for byte in every frame of the subscription.
    fn identifier(&self) -> String {
        json!({
            "channel": "RoomChannel",
            "pubsub_token": self.pubsub_token.expose(),
            "account_id": self.account_id,
            "user_id": self.user_id,
        })
        .to_string()
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the connection to the confirmation. A wrong token is answered with **silence**, so this is what finds it. Default 10 s.
    pub confirm: Duration,
    /// Without any frame, the peer is dead: pings come every 3 s. Official clients take 6 s; default 9 s, for a loaded server.
    pub silence: Duration,
    /// How often to say that the user is there, which keeps `presence.update` coming and the user **online** (section 11.4): none by
    /// default, right for a service user; the dashboard does it every 20 s.
    pub presence: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { confirm: Duration::from_secs(10), silence: Duration::from_secs(9), presence: None }
    }
}

/// What the driver is to do, in this order.
#[derive(Debug)]
pub enum Action {
    /// Send this text.
    Send(Secret),
    /// Say that events flow from here on.
    Confirmed,
    /// Pass this on.
    Event(Box<CableEvent>),
    /// Close the connection; nothing more will come.
    Close(Closed),
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// No confirmation in time: wrong token, user or account, or a server that hangs.
    #[error("Chatwoot did not confirm the subscription; the token may have changed")]
    NotConfirmed,
    /// Nothing came for too long.
    #[error("the connection went silent")]
    Silent,
    /// The server asked to go.
    #[error("Chatwoot ended the connection ({reason})")]
    Disconnected {
        /// "server_restart", "remote", "invalid_request" or "unauthorized".
        reason: String,
        /// Whether the server would have us again.
        reconnect: bool,
    },
    /// The server refused the subscription. Chatwoot stays silent instead, as far as is known.
    #[error("Chatwoot refused the subscription")]
    Rejected,
    /// The stream ended, with or without a goodbye.
    #[error("the connection ended")]
    Ended,
    /// The stream broke, or held a frame larger than the limit.
    #[error("the connection broke: {0}")]
    Broken(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Subscribing,
    Live,
    Over,
}

/// One connection. Times are durations since any one moment, of a clock that never goes back.
#[derive(Debug)]
pub struct Machine {
    subscription: Subscription,
    identifier: Secret,
    limits: Limits,
    state: State,
    opened: Duration,
    heard: Duration,
    presence_due: Option<Duration>,
    foreign: u64,
}

/// A frame of the protocol. `message` is the payload of an event, or the time of a ping.
#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: Option<String>,
    identifier: Option<String>,
    message: Option<Value>,
    reason: Option<String>,
    reconnect: Option<bool>,
}

impl Machine {
    /// A connection that was opened at `now`.
    pub fn new(subscription: Subscription, limits: Limits, now: Duration) -> Self {
        let identifier = Secret::new(subscription.identifier());
        Self { subscription, identifier, limits, state: State::Greeting, opened: now, heard: now, presence_due: None, foreign: 0 }
    }

    /// Takes a text frame. Text that is no frame of the protocol counts as a sign of life only.
    pub fn text(&mut self, text: &str, now: Duration) -> Vec<Action> {
        if self.state == State::Over {
            return Vec::new();
        }
        self.heard = now;
        let Ok(frame) = serde_json::from_str::<Frame>(text) else { return Vec::new() };
        let ours = frame.identifier.as_deref() == Some(self.identifier.expose());
        match frame.kind.as_deref() {
            Some("welcome") if self.state == State::Greeting => {
                self.state = State::Subscribing;
                vec![self.command("subscribe", None)]
            }
            Some("confirm_subscription") if ours && self.state == State::Subscribing => {
                self.state = State::Live;
                self.presence_due = self.limits.presence.map(|every| now + every);
                vec![Action::Confirmed]
            }
            Some("reject_subscription") if ours => self.close(Closed::Rejected),
            Some("disconnect") => self.close(Closed::Disconnected {
                reason: frame.reason.unwrap_or_else(|| "no reason".to_owned()),
                reconnect: frame.reconnect.unwrap_or(true),
            }),
            // Frames may overtake the confirmation: the server's threads do not keep order. The caller reads again on `Confirmed`, but
            // what came before is still news.
            None if ours => frame.message.and_then(|message| self.event(message)).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Says that time passed: call when [`Machine::deadline`] is reached.
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        match self.state {
            State::Over => return Vec::new(),
            State::Greeting | State::Subscribing if now >= self.opened + self.limits.confirm => return self.close(Closed::NotConfirmed),
            _ => {}
        }
        if now >= self.heard + self.limits.silence {
            return self.close(Closed::Silent);
        }
        match (self.presence_due, self.limits.presence) {
            (Some(due), Some(every)) if now >= due => {
                self.presence_due = Some(now + every);
                vec![self.command("message", Some(r#"{"action":"update_presence"}"#))]
            }
            _ => Vec::new(),
        }
    }

    /// Says that the stream ended or broke.
    pub fn ended(&mut self, why: Closed) -> Vec<Action> {
        if self.state == State::Over { Vec::new() } else { self.close(why) }
    }

    /// When to call [`Machine::tick`] next; none when it is over.
    pub fn deadline(&self) -> Option<Duration> {
        let silent = self.heard + self.limits.silence;
        match self.state {
            State::Over => None,
            State::Greeting | State::Subscribing => Some(silent.min(self.opened + self.limits.confirm)),
            State::Live => Some(self.presence_due.map_or(silent, |due| due.min(silent))),
        }
    }

    /// How many events of other accounts were dropped.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    fn event(&mut self, mut message: Value) -> Option<Action> {
        let data = message.get_mut("data").map(Value::take)?;
        let event = message.get("event")?.as_str()?;
        // Every event names its account (section 11.2); one that does not is nobody's.
        if data.get("account_id").and_then(Value::as_i64) != Some(self.subscription.account_id) {
            self.foreign += 1;
            return None;
        }
        Some(Action::Event(Box::new(CableEvent::read(event, data))))
    }

    fn command(&self, command: &str, data: Option<&str>) -> Action {
        let mut body = json!({ "command": command, "identifier": self.identifier.expose() });
        if let Some(data) = data {
            body["data"] = data.into();
        }
        Action::Send(Secret::new(body.to_string()))
    }

    fn close(&mut self, why: Closed) -> Vec<Action> {
        self.state = State::Over;
        vec![Action::Close(why)]
    }
}

#[cfg(test)]
mod tests;
