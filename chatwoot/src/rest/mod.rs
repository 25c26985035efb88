//! REST calls: base URL, TLS, header, limits; one typed method per call in `calls.rs`.
//!
//! Every call has a time limit and a size limit, follows no redirect (but for files, `download.rs`) and is sent once: trying again is the caller's decision, made
//! from [`Error::retry`]. How many run at a time is the caller's matter too: the server is the bottleneck at one already (section 12.7).

mod base;
mod calls;
mod download;
mod params;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;

pub use base::BaseUrl;
pub use download::{Download, is_stored};
pub use params::{
    AssigneeFilter, ContactsQuery, ListQuery, ListSort, MessagesQuery, NewConversation, NewLabel, NewMessage, NewWebhook, ProcessedParams,
    Source, TemplateParams, Upload,
};

use crate::error::{Answer, Call, Error, ErrorKind};
use crate::secret::Secret;
use crate::tls::{self, Roots};

/// How the token's header is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TokenHeader {
    /// `api-access-token`: survives proxies, which drop names with underscores by default (section 1.1).
    #[default]
    Dash,
    /// `api_access_token`, as Chatwoot documents it.
    Underscore,
}

/// What a [`Client`] needs to know.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Address of the server.
    pub base: BaseUrl,
    /// The account all calls are about.
    pub account_id: i64,
    /// Access token of the calling user.
    pub token: Secret,
    /// Certificates trusted besides the system's.
    pub roots: Roots,
    /// Limit for making a connection. Default 10 s.
    pub connect_timeout: Duration,
    /// Limit for a whole call. Default 30 s: the server gives up after 15 s itself, a proxy may queue.
    pub request_timeout: Duration,
    /// Limit of an answer, in bytes. Default 32 MiB: a 1,000-message answer with 8 KiB each is 8 MiB, and an `updated_within` list of
    /// the 1,000 rows a server can manage is 3 MiB.
    pub answer_bytes_max: u64,
    /// Spelling of the token's header.
    pub header: TokenHeader,
    /// `User-Agent`.
    pub user_agent: String,
}

impl ClientConfig {
    /// Settings with their defaults.
    pub fn new(base: BaseUrl, account_id: i64, token: Secret) -> Self {
        Self {
            base,
            account_id,
            token,
            roots: Roots::default(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            answer_bytes_max: 32 * 1024 * 1024,
            header: TokenHeader::default(),
            user_agent: concat!("afenda-chatwoot/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Calls one account of one Chatwoot as one user. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    tls: Arc<rustls::ClientConfig>,
    config: Arc<ClientConfig>,
    token: Secret,
}

impl Client {
    /// Prepares calls; sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for certificates that cannot be read and a token that fits in no header.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        token_value(&config.token)?;
        let tls = tls::client_config(&config.roots, &[b"h2", b"http/1.1"])?;
        let mut builder = reqwest::Client::builder()
            .use_preconfigured_tls(tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            // Chatwoot's Puma hangs up after 20 s; a request sent into that moment would have an unknown outcome.
            .pool_idle_timeout(Duration::from_secs(15))
            .user_agent(&config.user_agent);
        if config.base.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|err| {
            Error::new(ErrorKind::Config { message: "the HTTP client cannot be set up".to_owned() }).because(err.without_url())
        })?;
        let token = config.token.clone();
        Ok(Self { http, tls: Arc::new(tls), config: Arc::new(config), token })
    }

    /// The same client with another user's token: what it changes is shown as done by that user. Shares connections.
    #[must_use]
    pub fn as_user(&self, token: Secret) -> Self {
        Self { http: self.http.clone(), tls: Arc::clone(&self.tls), config: Arc::clone(&self.config), token }
    }

    /// The same client for another account of the server.
    #[must_use]
    pub fn for_account(&self, account_id: i64) -> Self {
        let config = ClientConfig { account_id, ..ClientConfig::clone(&self.config) };
        Self { http: self.http.clone(), tls: Arc::clone(&self.tls), config: Arc::new(config), token: self.token.clone() }
    }

    /// The account all calls are about.
    pub fn account_id(&self) -> i64 {
        self.config.account_id
    }

    /// Address of the server.
    pub fn base(&self) -> &BaseUrl {
        &self.config.base
    }

    /// A request below the account.
    fn in_account(&self, method: Method, path: &str) -> Request<'_> {
        self.request(method, format!("/api/v1/accounts/{}{path}", self.config.account_id))
    }

    /// A request anywhere.
    fn request(&self, method: Method, path: String) -> Request<'_> {
        let writes = method != Method::GET;
        let name = match method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PATCH => "PATCH",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "OTHER",
        };
        let url = self.config.base.join(&path);
        Request { client: self, builder: self.http.request(method, url), call: Call { method: name, path, writes }, with_token: true }
    }
}

fn token_value(token: &Secret) -> Result<HeaderValue, Error> {
    let refused = |message: &str| Error::new(ErrorKind::Config { message: message.to_owned() });
    if token.expose().trim().is_empty() {
        return Err(refused("the access token is empty; copy it from the profile page of Chatwoot"));
    }
    let mut value = HeaderValue::from_str(token.expose().trim()).map_err(|_| refused("the access token holds characters no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An answer that is all there and not read as `T` yet: the next request need not wait for that.
pub struct Undecoded<T> {
    call: Call,
    status: u16,
    content_type: Option<String>,
    bytes: Vec<u8>,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Undecoded<T> {
    /// Reads it. Fails where it is not what Chatwoot answers to the call.
    pub fn decode(self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes).map_err(|err| {
            let body = crate::error::ErrorBody::parse(self.content_type.as_deref(), &self.bytes);
            let kind = if body.shape == crate::error::Shape::Html {
                ErrorKind::NotChatwoot { status: self.status, message: format!("{} came instead of JSON; check the address", body.message) }
            } else {
                ErrorKind::Decode { message: without_values(&err.to_string()) }
            };
            // Without the cause: its text quotes values.
            Error::new(kind).during(self.call)
        })
    }
}

/// One request on its way.
struct Request<'a> {
    client: &'a Client,
    builder: reqwest::RequestBuilder,
    call: Call,
    with_token: bool,
}

impl Request<'_> {
    /// Adds parameters to the query.
    fn query(mut self, pairs: &[(&str, String)]) -> Self {
        if !pairs.is_empty() {
            self.builder = self.builder.query(pairs);
        }
        self
    }

    /// Sets a JSON body.
    fn json(mut self, body: &impl serde::Serialize) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Sets a form body with files.
    fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        self.builder = self.builder.multipart(form);
        self
    }

    /// Gives the call more time than others have.
    fn longer(mut self, more: Duration) -> Self {
        self.builder = self.builder.timeout(self.client.config.request_timeout + more);
        self
    }

    /// Sends no token.
    fn anonymous(mut self) -> Self {
        self.with_token = false;
        self
    }

    /// Says that a request which is no GET changes nothing.
    fn reads_only(mut self) -> Self {
        self.call.writes = false;
        self
    }

    /// Sends it and reads the answer as `T`.
    async fn answer<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.undecoded().await?.decode()
    }

    /// Sends it; the answer is all there, and not read yet.
    async fn undecoded<T>(self) -> Result<Undecoded<T>, Error> {
        let (call, status, content_type, bytes) = self.send().await?;
        Ok(Undecoded { call, status, content_type, bytes, kind: PhantomData })
    }

    /// Sends it and drops the answer's body.
    async fn done(self) -> Result<(), Error> {
        self.send().await.map(|_| ())
    }

    async fn send(self) -> Result<(Call, u16, Option<String>, Vec<u8>), Error> {
        let Self { client, builder, call, with_token } = self;
        let mut builder = builder.header(http::header::ACCEPT, "application/json");
        if with_token {
            let name = match client.config.header {
                TokenHeader::Dash => HeaderName::from_static("api-access-token"),
                TokenHeader::Underscore => HeaderName::from_static("api_access_token"),
            };
            builder = builder.header(name, token_value(&client.token)?);
        }
        let mut response = builder.send().await.map_err(|err| transport(err).during(call.clone()))?;
        let status = response.status().as_u16();
        let limit = client.config.answer_bytes_max;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|err| transport(err).during(call.clone()))? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(Error::new(ErrorKind::TooLarge { limit_bytes: limit }).during(call));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = text(http::header::CONTENT_TYPE);
        tracing::debug!(method = call.method, path = %call.path, status, bytes = bytes.len(), "chatwoot answered");
        if (200..300).contains(&status) {
            return Ok((call, status, content_type.map(str::to_owned), bytes));
        }
        let answer = Answer {
            status,
            content_type,
            retry_after: text(http::header::RETRY_AFTER),
            location: text(http::header::LOCATION),
            body: &bytes,
        };
        Err(Error::from_answer(call, &answer))
    }
}

/// An error text of serde without the value it quotes: values are customers' data, and a chain of causes ends in a log.
fn without_values(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &text[..first], &text[last + 1..]),
        _ => text.to_owned(),
    }
}

/// What a failure below HTTP means. The URL is dropped: its query may hold customers' words.
fn transport(err: reqwest::Error) -> Error {
    let err = err.without_url();
    let kind = if err.is_connect() || err.is_builder() {
        tls_failure(&err).map_or(ErrorKind::Connect, |message| ErrorKind::Tls { message })
    } else if err.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Interrupted
    };
    Error::new(kind).because(err)
}

/// The TLS error in a chain of causes, if there is one.
pub(crate) fn tls_failure(err: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(err);
    while let Some(at) = next {
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        // An I/O error passes over what it wraps: its source is the source of that.
        let wrapped = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => at.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests;
