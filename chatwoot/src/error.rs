//! What failed, whether to try again, and when.
//!
//! Chatwoot answers a refusal by role with 401, a validation with 422 or 500, a throttle with plain text and no `Retry-After`
//! (sections 1.4, 2, 3); this module is the one place that knows.

mod body;

use std::error::Error as StdError;
use std::time::Duration;

pub use body::{ErrorBody, Shape};

/// A call that did not bring what was asked for.
///
/// `Display` says what happened in one sentence for people and never holds a token, header or query; the cause is in `source()`.
#[derive(Debug, thiserror::Error)]
#[error("{kind}{}", self.at())]
pub struct Error {
    /// What happened.
    pub kind: ErrorKind,
    /// The call it happened to; none before there was one.
    pub call: Option<Call>,
    /// The cause below, for logs.
    #[source]
    pub cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// Which call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Such as "POST".
    pub method: &'static str,
    /// Path without query.
    pub path: String,
    /// Whether it may have changed something on the server.
    pub writes: bool,
}

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// 401 that puts the token itself in doubt. Ask [`Client::token_alive`](crate::Client::token_alive) before believing it.
    #[error("Chatwoot did not accept the access token: {message}")]
    Unauthorized {
        /// How sure that is.
        doubt: TokenDoubt,
        /// Chatwoot's text.
        message: String,
    },
    /// The token works, but not for this: 401 with a refusal text, 403, or 402.
    #[error("Chatwoot refused this to the token's user: {message}")]
    Forbidden {
        /// Why.
        refusal: Refusal,
        /// Chatwoot's text.
        message: String,
    },
    /// 404 in JSON.
    #[error("Chatwoot has no such thing: {message}")]
    NotFound {
        /// True where Chatwoot looked for a record and had none (also: no such account); false where the path itself is unknown.
        record: bool,
        /// Chatwoot's text.
        message: String,
    },
    /// 400, 406, 422 and other refusals of what was sent.
    #[error("Chatwoot refused the request ({status}): {message}")]
    Invalid {
        /// HTTP status.
        status: u16,
        /// Chatwoot's text.
        message: String,
        /// Fields at fault, if named.
        attributes: Vec<String>,
    },
    /// 429, or "Too many messages" in one conversation.
    #[error("Chatwoot asks to slow down")]
    RateLimited {
        /// Seconds a proxy asked for. Chatwoot itself never says.
        retry_after_s: Option<u64>,
        /// Length of the counting window, aligned to the epoch, in seconds.
        window_s: u64,
    },
    /// 5xx. Chatwoot answers 500 to many mistakes in a request too (section 2).
    #[error("Chatwoot failed ({status}): {message}")]
    Server {
        /// HTTP status.
        status: u16,
        /// Chatwoot's text, or the proxy's.
        message: String,
    },
    /// Something answered, but not Chatwoot's API: HTML, a redirect, a login page.
    #[error("this is not a Chatwoot API: {message}")]
    NotChatwoot {
        /// HTTP status.
        status: u16,
        /// What came instead, and the way out.
        message: String,
    },
    /// A good answer that could not be read.
    #[error("an answer of Chatwoot could not be read: {message}")]
    Decode {
        /// What was wrong with it. Holds no values.
        message: String,
    },
    /// An answer larger than the limit.
    #[error("an answer of Chatwoot is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// Sent, but no answer in time.
    #[error("Chatwoot did not answer in time")]
    Timeout,
    /// The connection broke after the request was sent, or while it was.
    #[error("the connection to Chatwoot broke")]
    Interrupted,
    /// No connection: nothing was sent.
    #[error("Chatwoot cannot be reached")]
    Connect,
    /// No trusted connection: nothing was sent.
    #[error("Chatwoot's certificate is not trusted: {message}")]
    Tls {
        /// What TLS says.
        message: String,
    },
    /// Settings that cannot work: address, certificates, token. Nothing was sent.
    #[error("{message}")]
    Config {
        /// What is wrong, and the way out.
        message: String,
    },
}

/// How sure it is that the token is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDoubt {
    /// "Invalid Access Token": revoked, or its user is gone. Certain if the profile says so too.
    Unknown,
    /// No token arrived: a proxy may drop the header, see [`TokenHeader`](crate::rest::TokenHeader).
    NotReceived,
    /// Some other 401.
    Unclear,
}

/// Why a working token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The role, or the inboxes of the user, do not allow it.
    NotAllowed,
    /// The user is not (or no longer) in this account.
    NotMember,
    /// The account is suspended.
    Suspended,
    /// Bots and platform apps may not call this.
    Bot,
    /// 403: a feature is off, or it does not apply to this inbox.
    Feature,
    /// 402: not in the plan.
    Plan,
}

/// Whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request will fail again.
    Never,
    /// Yes; when is up to the caller's back-off.
    Backoff,
    /// Yes, after this long.
    After(Duration),
    /// Yes, when the next window begins: windows are multiples of this length since the epoch (see [`until_next_window`]).
    AfterWindow(Duration),
    /// The request may have been carried out: look before sending it again.
    LookFirst,
}

impl Error {
    /// An error outside any call.
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind, call: None, cause: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds the call.
    #[must_use]
    pub fn during(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    /// Reads an answer that is no success (status outside 200–299).
    pub fn from_answer(call: Call, answer: &Answer<'_>) -> Self {
        Self::new(body::classify(&call, answer)).during(call)
    }

    fn at(&self) -> String {
        self.call.as_ref().map(|call| format!(" ({} {})", call.method, call.path)).unwrap_or_default()
    }

    /// Whether the request may have been carried out although it failed: no answer, a broken connection, an answer that could not be
    /// read, or a 5xx (Chatwoot can fail after the commit, while it renders the answer) of a call that writes.
    pub fn outcome_unknown(&self) -> bool {
        let writes = self.call.as_ref().is_some_and(|call| call.writes);
        let after_sending = match &self.kind {
            ErrorKind::Timeout
            | ErrorKind::Interrupted
            | ErrorKind::Decode { .. }
            | ErrorKind::TooLarge { .. }
            | ErrorKind::Server { .. } => true,
            // A proxy's page with 200 says nothing of what happened behind it.
            ErrorKind::NotChatwoot { status, .. } => (200..300).contains(status),
            ErrorKind::Unauthorized { .. }
            | ErrorKind::Forbidden { .. }
            | ErrorKind::NotFound { .. }
            | ErrorKind::Invalid { .. }
            | ErrorKind::RateLimited { .. }
            | ErrorKind::Connect
            | ErrorKind::Tls { .. }
            | ErrorKind::Config { .. } => false,
        };
        writes && after_sending
    }

    /// Whether to try again, and when.
    pub fn retry(&self) -> Retry {
        if self.outcome_unknown() {
            return Retry::LookFirst;
        }
        match &self.kind {
            ErrorKind::RateLimited { retry_after_s: Some(wait), .. } => Retry::After(Duration::from_secs(*wait)),
            ErrorKind::RateLimited { window_s, .. } => Retry::AfterWindow(Duration::from_secs(*window_s)),
            ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Connect | ErrorKind::Tls { .. } | ErrorKind::Server { .. } => {
                Retry::Backoff
            }
            // Maintenance pages come and go; that an address is wrong for good shows at the first `api_info`.
            ErrorKind::NotChatwoot { .. } => Retry::Backoff,
            ErrorKind::Unauthorized { .. }
            | ErrorKind::Forbidden { .. }
            | ErrorKind::NotFound { .. }
            | ErrorKind::Invalid { .. }
            | ErrorKind::Decode { .. }
            | ErrorKind::TooLarge { .. }
            | ErrorKind::Config { .. } => Retry::Never,
        }
    }

    /// Whether Chatwoot itself said that the record is not there. It says the same of an account that does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self.kind, ErrorKind::NotFound { record: true, .. })
    }

    /// Whether the token may be dead.
    pub fn doubts_token(&self) -> bool {
        matches!(self.kind, ErrorKind::Unauthorized { .. })
    }
}

/// An HTTP answer, as far as errors care.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// `content-type` header.
    pub content_type: Option<&'a str>,
    /// `retry-after` header.
    pub retry_after: Option<&'a str>,
    /// `location` header.
    pub location: Option<&'a str>,
    /// Body.
    pub body: &'a [u8],
}

/// How long to wait at `now_s` (unix seconds) until the next window of `window` begins, one second added for clocks that differ.
pub fn until_next_window(window: Duration, now_s: i64) -> Duration {
    let window_s = i64::try_from(window.as_secs()).unwrap_or(i64::MAX).max(1);
    let left = window_s - now_s.rem_euclid(window_s);
    Duration::from_secs(u64::try_from(left).unwrap_or(1) + 1)
}

#[cfg(test)]
mod tests;
