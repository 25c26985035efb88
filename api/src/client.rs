//! One typed method per endpoint.

mod attachment;
mod inbox;
mod office;
mod upkeep;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use attachment::AttachmentBody;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::error::{Code, ErrorBody};
use crate::event::{Activity, ActivityQuery};
use crate::page::{Data, Freshness, Page};
use crate::people::{Availability, AvailabilityView, SignatureView};
use crate::sse::EventStream;
use crate::tenant::{MeView, TenantView};
use crate::token::Token;

/// An answer at most this large is read: a page of 200 messages of 150,000 characters would not fit, but no page of the product comes near.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long one call may take. The daemon answers from its own disk; longer than this it is stuck.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection may take: the daemon is near, and people wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The slowest line to the daemon that files are given time for.
const FILE_BYTES_PER_S: u64 = 125_000;

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToSend {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name for the customer.
    pub name: String,
    /// MIME type.
    pub content_type: String,
}

const NO_QUERY: [(&str, &str); 0] = [];

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The daemon answered with an error.
    #[error("{message}")]
    Api {
        /// HTTP status.
        status: u16,
        /// For programs.
        code: Code,
        /// For people.
        message: String,
        /// Facts that belong to the code.
        details: serde_json::Value,
    },
    /// Nobody answers at the address.
    #[error("no daemon answers at {url}")]
    Unreachable {
        /// The address tried.
        url: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke after the request may have been carried out.
    #[error("the daemon was lost while it worked; whether the request was carried out is not known")]
    Lost(#[source] reqwest::Error),
    /// The request cannot be made: a header would have a character that none may have, such as a line break in a key.
    #[error("a header of the request cannot be made of what was given")]
    Unsendable(#[source] reqwest::Error),
    /// A file to send cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than the caller takes.
    #[error("the file is larger than {} MB", bytes_max / 1024 / 1024)]
    TooLarge {
        /// What the caller takes.
        bytes_max: u64,
    },
    /// A file stopped coming.
    #[error("nothing of the file came for too long")]
    Slow,
    /// The stream came to its end.
    #[error("the event stream ended")]
    StreamEnded,
    /// The answer is not afenda's: another program at this address, or another version.
    #[error("the answer is not afenda's: {0}")]
    Protocol(String),
}

impl ClientError {
    /// The API's code, where the daemon answered with one.
    pub fn code(&self) -> Option<&Code> {
        match self {
            Self::Api { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the daemon itself could not be reached or was lost.
    pub fn is_daemon_lost(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Lost(_) | Self::StreamEnded)
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(source: reqwest::Error) -> Self {
        if source.is_builder() {
            Self::Unsendable(source.without_url())
        } else if source.is_connect() {
            let url = source.url().map_or_else(|| "its address".to_owned(), |url| url.origin().ascii_serialization());
            Self::Unreachable { url, source: source.without_url() }
        } else {
            // A body that breaks off too: bodies are read as bytes here, so nothing else can go wrong with them.
            Self::Lost(source.without_url())
        }
    }
}

/// The typed client. Cheap to clone; all clones share one connection pool.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Token,
    tenant: Option<String>,
    dry_run: bool,
    freshness: Freshness,
    /// What Chatwoot was asked about.
    asked: Arc<Mutex<BTreeSet<Option<String>>>>,
    changes: Arc<Changes>,
}

/// The conversation that a path is about; `None`: all of them.
fn about(path: &str) -> Option<String> {
    path.strip_prefix("/conversations/").and_then(|rest| rest.split('/').next()).map(str::to_owned)
}

/// A panic while it was held cannot have left half a set.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What changes came to.
#[derive(Debug, Default)]
pub struct Changes {
    made: AtomicU32,
    unchanged: AtomicU32,
}

impl Changes {
    /// Whether there were calls, and none of them changed anything.
    pub fn is_nothing(&self) -> bool {
        let made = self.made.load(Ordering::Relaxed);
        made > 0 && self.unchanged.load(Ordering::Relaxed) == made
    }

    /// Counts a change: a call, or what a program changes itself.
    pub fn count(&self, unchanged: bool) {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.unchanged.fetch_add(u32::from(unchanged), Ordering::Relaxed);
    }
}

impl Client {
    /// A client for the daemon at `base`, such as `http://127.0.0.1:8000`.
    ///
    /// # Errors
    /// When `base` is not an http or https address, or the TLS set-up fails.
    pub fn new(base: &str, token: Token) -> Result<Self, ClientError> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(ClientError::Protocol(format!("`{base}` is not an http or https address")));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("afenda/", env!("CARGO_PKG_VERSION")))
            // The machine's certificates are a few hundred to read, at each start; where nothing is encrypted they say nothing.
            .tls_built_in_root_certs(base.starts_with("https://"))
            .build()
            .map_err(|err| ClientError::Protocol(err.to_string()))?;
        Ok(Self {
            http,
            base,
            token,
            tenant: None,
            dry_run: false,
            freshness: Freshness::Usual,
            asked: Arc::default(),
            changes: Arc::default(),
        })
    }

    /// The same client speaking for another tenant: a slug or an id.
    #[must_use]
    pub fn with_tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant = tenant;
        self
    }

    /// The same client, whose changing calls are only checked where `dry_run`: answered as if they had been carried out.
    #[must_use]
    pub fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// The same client, which reads what is as fresh as that.
    #[must_use]
    pub fn with_freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// The same client, whose changing calls are counted there.
    #[must_use]
    pub fn with_changes(mut self, changes: Arc<Changes>) -> Self {
        self.changes = changes;
        self
    }

    /// The daemon's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(self.token.expose());
        if let Some(tenant) = &self.tenant {
            request = request.header("x-afenda-tenant", tenant);
        }
        request
    }

    /// The answer to a changing call.
    async fn change(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, ClientError> {
        let request = if self.dry_run { request.header(crate::DRY_RUN, "true") } else { request };
        let response = sent(request).await?;
        if !response.status().is_success() {
            return Err(read_error(response).await);
        }
        if self.dry_run && !response.headers().contains_key(crate::DRY_RUN) {
            return Err(ClientError::Protocol("the daemon knows no dry runs, and has carried it out".to_owned()));
        }
        self.changes.count(response.headers().contains_key(crate::UNCHANGED));
        Ok(response)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &(impl Serialize + Sync)) -> Result<T, ClientError> {
        let request = self.request(reqwest::Method::GET, path).query(query).timeout(CALL_TIMEOUT);
        let (wanted, about) = (self.freshness.header(), about(path));
        // Chatwoot is asked once about each: what follows reads what that brought.
        let asks = matches!(self.freshness, Freshness::Fresh | Freshness::NoOlderThan(_));
        let Some(wanted) = wanted.filter(|_| !asks || !lock(&self.asked).contains(&about)) else { return answer(request).await };
        let answer = answer(request.header("cache-control", wanted)).await?;
        lock(&self.asked).insert(about);
        Ok(answer)
    }

    /// A changing call. `key` makes a repeat harmless: the same key with the same body is answered with the first result.
    async fn send<T: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &(impl Serialize + Sync),
        key: &str,
    ) -> Result<T, ClientError> {
        let request = self.request(method, path).json(body).header("idempotency-key", key).timeout(CALL_TIMEOUT);
        read(self.change(request).await?).await
    }

    /// Any call, for what has no method here: a path below `/api/v1`, its parameters, a body and the key of a changing call. An answer
    /// without a body is `null`.
    ///
    /// # Errors
    /// As every call; `Protocol` for a method that is none.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: Option<&serde_json::Value>,
        key: &str,
    ) -> Result<serde_json::Value, ClientError> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|err| ClientError::Protocol(err.to_string()))?;
        let changes = method != reqwest::Method::GET;
        let mut request = self.request(method, path).query(query).timeout(CALL_TIMEOUT);
        if changes {
            request = request.header("idempotency-key", key);
        } else if let Some(wanted) = self.freshness.header() {
            request = request.header("cache-control", wanted);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = if changes { self.change(request).await? } else { success(request).await? };
        let bytes = self::body(response).await?;
        if bytes.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|err| ClientError::Protocol(err.to_string()))
    }

    /// The caller, in the tenant of this client.
    ///
    /// # Errors
    /// As every call: refused, unreachable, or not afenda.
    pub async fn me(&self) -> Result<MeView, ClientError> {
        Ok(self.get::<Data<MeView>>("/me", &NO_QUERY).await?.data)
    }

    /// The caller's tenants.
    ///
    /// # Errors
    /// As every call.
    pub async fn tenants(&self) -> Result<Vec<TenantView>, ClientError> {
        Ok(self.get::<Page<TenantView>>("/tenants", &NO_QUERY).await?.data)
    }

    /// The caller's availability in Chatwoot.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` without an own Chatwoot token, `CHATWOOT_UNAVAILABLE`.
    pub async fn availability(&self) -> Result<AvailabilityView, ClientError> {
        Ok(self.get::<Data<AvailabilityView>>("/me/availability", &NO_QUERY).await?.data)
    }

    /// The caller's signature for e-mails in Chatwoot.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` without an own Chatwoot token, `CHATWOOT_UNAVAILABLE`.
    pub async fn signature(&self) -> Result<SignatureView, ClientError> {
        Ok(self.get::<Data<SignatureView>>("/me/signature", &NO_QUERY).await?.data)
    }

    /// Sets the caller's availability in Chatwoot, at once.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` without an own Chatwoot token, `CHATWOOT_UNAVAILABLE`.
    pub async fn set_availability(&self, availability: Availability) -> Result<AvailabilityView, ClientError> {
        let body = AvailabilityView { availability };
        Ok(self.send::<Data<AvailabilityView>>(reqwest::Method::PUT, "/me/availability", &body, &new_key()).await?.data)
    }

    /// Links the caller's own Chatwoot token: what they write shows them as its author.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED` for a token that is another's, `CHATWOOT_UNAVAILABLE`.
    pub async fn link_chatwoot(&self, token: &Token) -> Result<MeView, ClientError> {
        let body = serde_json::json!({ "token": token.expose() });
        Ok(self.send::<Data<MeView>>(reqwest::Method::POST, "/me/chatwoot-token", &body, &new_key()).await?.data)
    }

    /// Forgets the caller's own Chatwoot token.
    ///
    /// # Errors
    /// As every call.
    pub async fn unlink_chatwoot(&self) -> Result<MeView, ClientError> {
        let body = serde_json::json!({});
        Ok(self.send::<Data<MeView>>(reqwest::Method::DELETE, "/me/chatwoot-token", &body, &new_key()).await?.data)
    }

    /// A page of the activity feed.
    ///
    /// # Errors
    /// As every call.
    pub async fn activity(&self, query: &ActivityQuery) -> Result<Page<Activity>, ClientError> {
        self.get("/activity", query).await
    }

    /// The activity stream: from now on, or after `last_seq` without loss and without repeat.
    ///
    /// # Errors
    /// When the request cannot be made; what the daemon says comes from [`EventStream::next`].
    pub fn events(&self, last_seq: Option<i64>) -> Result<EventStream, ClientError> {
        self.stream(last_seq, "/activity")
    }

    /// The same for an open inbox: while it is read, the user's linked agent counts as present in Chatwoot.
    ///
    /// # Errors
    /// As [`Client::events`].
    pub fn inbox_events(&self, last_seq: Option<i64>) -> Result<EventStream, ClientError> {
        self.stream(last_seq, "/activity?presence=true")
    }

    fn stream(&self, last_seq: Option<i64>, path: &str) -> Result<EventStream, ClientError> {
        let mut request = self.request(reqwest::Method::GET, path).header("accept", "text/event-stream");
        if let Some(seq) = last_seq {
            request = request.header("last-event-id", seq);
        }
        EventStream::open(request, last_seq)
    }
}

/// A new idempotency key: one per thing a person asks for, kept over its retries.
pub fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// A path segment: what is not plainly harmless is percent-encoded, so an id cannot leave its place.
fn segment(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b == b'-' || b == b'_' { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, ClientError> {
    read(success(request).await?).await
}

/// The answer to a request; that it was made is told to whoever listens at debug level, without what was in it.
async fn sent(request: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
    let (http, request) = request.build_split();
    let request = request?;
    let (method, url, begun) = (request.method().clone(), request.url().clone(), Instant::now());
    let answer = http.execute(request).await;
    let ms = begun.elapsed().as_millis();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    match &answer {
        Ok(response) => tracing::debug!("{method} {}{query} {} in {ms} ms", url.path(), response.status().as_u16()),
        Err(err) => tracing::debug!("{method} {}{query} failed in {ms} ms: {err}", url.path()),
    }
    answer
}

async fn success(request: reqwest::RequestBuilder) -> Result<reqwest::Response, ClientError> {
    let response = sent(request).await?;
    if response.status().is_success() { Ok(response) } else { Err(read_error(response).await) }
}

async fn read<T: DeserializeOwned>(response: reqwest::Response) -> Result<T, ClientError> {
    let bytes = body(response).await?;
    serde_json::from_slice(&bytes).map_err(|err| ClientError::Protocol(err.to_string()))
}

/// Reads an answer that is not 2xx.
pub(crate) async fn read_error(response: reqwest::Response) -> ClientError {
    let status = response.status().as_u16();
    let bytes = match body(response).await {
        Ok(bytes) => bytes,
        Err(err) => return err,
    };
    match serde_json::from_slice::<ErrorBody>(&bytes) {
        Ok(ErrorBody { error }) => ClientError::Api { status, code: error.code, message: error.message, details: error.details },
        Err(_) => ClientError::Protocol(format!("status {status} without afenda's error body")),
    }
}

async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ClientError::Protocol(format!("the answer is larger than {ANSWER_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_path_segment() {
        for (text, want) in [("AP-42", "AP-42"), ("../me", "%2E%2E%2Fme"), ("a b?c", "a%20b%3Fc"), ("é", "%C3%A9")] {
            assert_eq!(segment(text), want);
        }
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        drop(listener);
        let client = Client::new(&format!("http://{addr}/"), Token::new("t")).unwrap();
        let err = client.me().await.unwrap_err();
        assert!(matches!(&err, ClientError::Unreachable { url, .. } if *url == format!("http://{addr}")), "{err:?}");
    }

    /// Answers one request with `answer` and hangs up.
    async fn once(answer: &'static [u8]) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await.unwrap();
            socket.write_all(answer).await.unwrap();
        });
        format!("http://{addr}")
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_a_lost_daemon_and_not_another_program() {
        let base = once(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"data\":").await;
        let err = Client::new(&base, Token::new("t")).unwrap().me().await.unwrap_err();
        assert!(matches!(err, ClientError::Lost(_)) && err.is_daemon_lost(), "{err:?}");
        let html = once(b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>").await;
        let err = Client::new(&html, Token::new("t")).unwrap().me().await.unwrap_err();
        assert!(matches!(err, ClientError::Protocol(_)), "{err:?}");
    }

    #[tokio::test]
    async fn a_resumed_stream_says_that_it_stands_and_a_cut_one_is_lost() {
        let base = once(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let mut stream = Client::new(&base, Token::new("t")).unwrap().events(Some(7)).unwrap();
        assert!(matches!(stream.next().await, Ok(crate::event::StreamEvent::Ready { seq: 7 })));
        let err = stream.next().await.unwrap_err();
        assert!(err.is_daemon_lost(), "{err:?}");
    }
}
