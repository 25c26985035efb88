//! Signing in with a password: the sessions that stand in for a token (contract 1.3).

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Id, State};
use crate::clock::Stamp;

/// `token_lifespan` as shipped: two months.
const LIFESPAN_S: i64 = 60 * 86_400;
/// `max_number_of_devices` as shipped; the oldest goes.
const PER_USER_MAX: usize = 25;

/// A user's session on one device.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user: Id,
    client: String,
    token: String,
    uid: String,
    expiry: Stamp,
}

/// What a request says of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) token: String,
    pub(crate) client: String,
    pub(crate) uid: String,
}

impl Session {
    /// The headers that repeat the session in an answer.
    pub(crate) fn headers(&self) -> [(&'static str, String); 6] {
        let expiry = self.expiry.unix().to_string();
        let whole = json!({"access-token": self.token, "token-type": "Bearer", "client": self.client, "expiry": expiry, "uid": self.uid});
        let whole = base64::engine::general_purpose::STANDARD.encode(whole.to_string());
        [
            ("access-token", self.token.clone()),
            ("token-type", "Bearer".to_owned()),
            ("client", self.client.clone()),
            ("expiry", expiry),
            ("uid", self.uid.clone()),
            ("authorization", format!("Bearer {whole}")),
        ]
    }

    fn is(&self, c: &Credentials) -> bool {
        self.client == c.client && self.token == c.token && self.uid == c.uid
    }
}

impl Credentials {
    /// Reads `Bearer` and the base64 of a JSON object with all of them.
    pub(crate) fn from_bearer(header: &str) -> Option<Self> {
        let raw = base64::engine::general_purpose::STANDARD.decode(header.strip_prefix("Bearer ")?).ok()?;
        let whole: Value = serde_json::from_slice(&raw).ok()?;
        let part = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Credentials { token: part("access-token")?, client: part("client")?, uid: part("uid")? })
    }
}

impl State {
    /// Opens a session, when address and password are right.
    pub(crate) fn sign_in(&mut self, email: &str, password: &str) -> Option<Id> {
        let email = email.trim().to_lowercase();
        let known = |u: &&super::User| u.email == email && u.confirmed && u.password.as_deref() == Some(password);
        let (user, uid) = self.users.values().find(known).map(|u| (u.id, u.email.clone()))?;
        if self.sessions.iter().filter(|s| s.user == user).count() >= PER_USER_MAX
            && let Some(oldest) = self.sessions.iter().position(|s| s.user == user)
        {
            self.sessions.remove(oldest);
        }
        let expiry = self.now().plus_seconds(LIFESPAN_S);
        let session = Session { user, client: self.mint.token(), token: self.mint.token(), uid, expiry };
        self.sessions.push(session.clone());
        self.session = Some(session);
        Some(user)
    }

    /// The user whose session that is; it becomes the session of the call.
    pub(crate) fn resume(&mut self, credentials: Option<&Credentials>) -> Option<Id> {
        let now = self.now();
        let session = self.sessions.iter().find(|s| credentials.is_some_and(|c| s.is(c)) && s.expiry > now)?.clone();
        if !self.users.contains_key(&session.user) {
            return None;
        }
        let user = session.user;
        self.session = Some(session);
        Some(user)
    }

    /// Ends a session. False when there was none.
    pub(crate) fn sign_out(&mut self, credentials: Option<&Credentials>) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|s| !credentials.is_some_and(|c| s.is(c)));
        self.sessions.len() < before
    }
}
