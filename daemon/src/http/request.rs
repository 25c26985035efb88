//! What handlers ask for: who calls, the query, and a change that is carried out once.

use api::error::Code;
use api::page::{Data, Freshness, LIMIT_DEFAULT, LIMIT_MAX};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::app::{App, Caller, Person, User};
use crate::fault::Fault;
use crate::store::{Remembered, Scope, StoreError};

const TENANT: HeaderName = HeaderName::from_static("x-afenda-tenant");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const DRY_RUN: HeaderName = HeaderName::from_static(api::DRY_RUN);
const UNCHANGED: HeaderName = HeaderName::from_static(api::UNCHANGED);

impl FromRequestParts<App> for User {
    type Rejection = Fault;

    /// Whoever asks for more than a reading is taken at their word: what is not a [`Change`] does not come here as a dry run.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        if !parts.method.is_safe() && is_dry(&parts.headers)? {
            return Err(no_dry_run());
        }
        Self::of(parts, app).await
    }
}

impl User {
    async fn of(parts: &Parts, app: &App) -> Result<Self, Fault> {
        let missing = || Fault::new(Code::Unauthenticated, "send a token: `Authorization: Bearer …`; `afenda daemon token USER` makes one");
        let value = parts.headers.get(header::AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(|_| missing())?;
        let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        app.user(token.trim()).await
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let caller = Self::of(User::from_request_parts(parts, app).await?, parts, app)?;
        if parts.method != Method::GET {
            return Ok(caller);
        }
        caller.wanting(freshness(&parts.headers)?, conversation(parts.uri.path())).await
    }
}

/// What `Cache-Control` asks for.
fn freshness(headers: &HeaderMap) -> Result<Freshness, Fault> {
    let Some(value) = headers.get(header::CACHE_CONTROL) else { return Ok(Freshness::Usual) };
    let wanted = value.to_str().ok().and_then(|value| Freshness::of_header(value).ok());
    wanted.ok_or_else(|| Fault::invalid("Cache-Control", "no-cache, only-if-cached or max-age=SECONDS"))
}

/// The conversation that a path names.
fn conversation(path: &str) -> Option<i64> {
    let (_, rest) = path.split_once("/conversations/")?;
    rest.split('/').next()?.parse().ok()
}

impl Caller {
    fn of(user: User, parts: &Parts, app: &App) -> Result<Self, Fault> {
        let named = match parts.headers.get(TENANT) {
            Some(value) => Some(value.to_str().map_err(|_| Fault::not_found("tenant"))?),
            None => None,
        };
        app.caller(user, named)
    }
}

fn no_dry_run() -> Fault {
    Fault::new(Code::DryRunUnsupported, "whether this would succeed cannot be told without doing it; nothing was done")
}

/// Whether the call is to be checked only.
fn is_dry(headers: &HeaderMap) -> Result<bool, Fault> {
    match headers.get(DRY_RUN).map(|value| value.as_bytes()) {
        None | Some(b"false") => Ok(false),
        Some(b"true") => Ok(true),
        Some(_) => Err(Fault::invalid("Afenda-Dry-Run", "true or false")),
    }
}

/// The query, with a parameter that the endpoint does not have, or that cannot be read, refused by name.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let text = parts.uri.query().unwrap_or_default();
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(query).map(Self).map_err(|err| {
            let (field, message) = (err.path().to_string(), err.inner().to_string());
            let code = if message.starts_with("unknown field") { Code::UnknownParameter } else { Code::ValidationFailed };
            // `.` is the whole of it.
            if field == "." || code == Code::UnknownParameter {
                Fault::new(code, format!("the query cannot be read: {message}"))
            } else {
                Fault::invalid(&field, &message)
            }
        })
    }
}

/// Rows on a page, as asked or as usual.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, Fault> {
    match asked.unwrap_or(LIMIT_DEFAULT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Fault::invalid("limit", &format!("1 to {LIMIT_MAX}"))),
    }
}

/// Where a page begins, from the cursor that the page before gave.
pub(crate) fn place<T: DeserializeOwned>(cursor: &str) -> Result<T, Fault> {
    let wrong = || Fault::invalid("cursor", "is not one that a page gave");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}

/// The cursor of a place.
pub(crate) fn cursor(place: &impl Serialize) -> Option<String> {
    serde_json::to_vec(place).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// The page, from 1, and how many rows stand before it.
pub(crate) fn page(asked: Option<u32>, limit: u32) -> Result<(u32, u64), Fault> {
    match asked.unwrap_or(1) {
        0 => Err(Fault::invalid("page", "pages count from 1")),
        page => Ok((page, u64::from(page - 1) * u64::from(limit))),
    }
}

/// The revision in `If-Match`, if there is one.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Fault> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    text.parse().map(Some).map_err(|_| Fault::invalid("If-Match", "must be a revision in quotes, such as \"2\""))
}

/// A changing call: its body, and what makes a repeat harmless.
pub(crate) struct Change<T> {
    pub(crate) caller: Caller,
    pub(crate) body: T,
    pub(crate) headers: HeaderMap,
    dry: bool,
    key: Option<String>,
    method: String,
    path: String,
    fingerprint: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Change<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let head = Change::head(&parts, app).await?;
        let bytes = Bytes::from_request(Request::from_parts(parts, body), app).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Fault::new(Code::PayloadTooLarge, format!("the body is larger than {} bytes", super::BODY_BYTES_MAX))
            } else {
                Fault::new(Code::BadRequest, "the body did not arrive whole")
            }
        })?;
        let body = read_body(&bytes)?;
        Ok(head.with(body, &bytes))
    }
}

/// A changing call whose body is still to be read.
pub(super) struct Head {
    pub(super) caller: Caller,
    headers: HeaderMap,
    dry: bool,
    key: Option<String>,
    method: String,
    path: String,
    query: String,
}

impl Head {
    /// The call with its body, and with what makes two bodies the same.
    pub(super) fn with<T>(self, body: T, digest: &[u8]) -> Change<T> {
        let Self { caller, headers, dry, key, method, path, query } = self;
        // The revision that was read is part of what is asked, wherever it is named.
        let read = headers.get(header::IF_MATCH).map(header::HeaderValue::as_bytes);
        let parts = [method.as_bytes(), path.as_bytes(), query.as_bytes(), digest].into_iter().chain(read);
        let fingerprint = fingerprint(parts);
        Change { caller, body, headers, dry, key, method, path, fingerprint }
    }
}

fn fingerprint<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

impl Change<()> {
    /// The call without its body.
    pub(super) async fn head(parts: &Parts, app: &App) -> Result<Head, Fault> {
        let caller = Caller::of(User::of(parts, app).await?, parts, app)?;
        let dry = is_dry(&parts.headers)?;
        let key = key(&parts.headers)?;
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Head { caller, headers: parts.headers.clone(), dry, key, method, path, query })
    }
}

/// Reads a JSON body; none at all counts as `{}`, so that a call without arguments needs none.
pub(super) fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let text = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    serde_json::from_slice(text).map_err(|err| {
        let message = err.to_string();
        match err.classify() {
            serde_json::error::Category::Data => {
                // serde's own words: missing field `title` at line 1 column 2
                let field = message.split('`').nth(1).unwrap_or_default().to_owned();
                let fields = serde_json::json!({ "fields": [{ "field": field, "message": message }] });
                Fault::new(Code::ValidationFailed, format!("the body cannot be accepted: {message}")).with(fields)
            }
            _ => Fault::new(Code::BadRequest, format!("the body is not JSON: {message}")),
        }
    })
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if text.is_empty() || text.len() > 255 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Fault::invalid("Idempotency-Key", "1 to 255 visible ASCII characters"));
    }
    Ok(Some(text.to_owned()))
}

/// Why a write is rolled back.
enum Undone {
    /// It failed.
    Failed(Fault),
    /// It was only to be checked, and would be answered so, whether or not anything would be another.
    Dry(Remembered, bool),
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<StoreError> for Undone {
    fn from(err: StoreError) -> Self {
        Self::Failed(err.into())
    }
}

impl<B> Change<B> {
    /// Refuses a dry run of what cannot be taken back.
    ///
    /// # Errors
    /// It is one.
    pub(crate) fn must_be_meant(&self) -> Result<(), Fault> {
        if self.dry { Err(no_dry_run()) } else { Ok(()) }
    }

    /// The answer that was kept under this call's key, for work that cannot be done inside a write.
    ///
    /// # Errors
    /// When the key was used for another request; for a dry run: what is done outside a write cannot be taken back.
    pub(crate) async fn remembered(&self) -> Result<Option<Response>, Fault> {
        self.must_be_meant()?;
        let Some(key) = self.key.clone() else { return Ok(None) };
        let (user, method, path, fingerprint) =
            (self.caller.user.name.clone(), self.method.clone(), self.path.clone(), self.fingerprint.clone());
        let read = move |scope: &Scope<'_>| known(scope, &user, &key, &method, &path, &fingerprint);
        Ok(self.caller.app.store.read(self.caller.key(), read).await?.map(|answer| with_header(respond(answer), REPLAYED)))
    }

    /// Carries the change out and keeps its answer in the same commit; the same key again is answered with what was kept. A dry run is
    /// carried out just so, answered, and rolled back.
    ///
    /// # Errors
    /// What `work` returns; nothing is kept then, and a repeat tries anew.
    pub(crate) async fn carry_out<T, W>(self, status: StatusCode, work: W) -> Result<Response, Fault>
    where
        T: Serialize,
        B: Send + 'static,
        W: FnOnce(&Scope<'_>, &Person, B) -> Result<T, Fault> + Send + 'static,
    {
        self.carry_out_telling(status, |scope, who, body| Ok((work(scope, who, body)?, false))).await
    }

    /// As [`Change::carry_out`], of work that also tells whether everything was so already, as far as the copy knows: what it writes then
    /// only makes sure. Where it writes nothing that is known without being told.
    ///
    /// # Errors
    /// As [`Change::carry_out`].
    pub(crate) async fn carry_out_telling<T, W>(self, status: StatusCode, work: W) -> Result<Response, Fault>
    where
        T: Serialize,
        B: Send + 'static,
        W: FnOnce(&Scope<'_>, &Person, B) -> Result<(T, bool), Fault> + Send + 'static,
    {
        let Self { caller, body, dry, key, method, path, fingerprint, .. } = self;
        let (app, tenant, user) = (caller.app.clone(), caller.key(), caller.user.name.clone());
        let who = caller.clone();
        let write = move |scope: &Scope<'_>| -> Result<(Remembered, bool, bool), Undone> {
            if let Some(key) = &key
                && let Some(known) = known(scope, &user, key, &method, &path, &fingerprint)?
            {
                return Ok((known, true, false));
            }
            let before = scope.changes();
            let (data, so_already) = work(scope, &who.person(scope)?, body)?;
            let unchanged = so_already || scope.changes() == before;
            let body = serde_json::to_string(&Data { data })
                .map_err(|err| StoreError::Corrupt { table: "idempotency", message: err.to_string() })?;
            let answer = Remembered { fingerprint, status: status.as_u16(), body };
            if dry {
                return Err(Undone::Dry(answer, unchanged));
            }
            if let Some(key) = &key {
                scope.remember(&user, key, &method, &path, &answer)?;
            }
            Ok((answer, false, unchanged))
        };
        let (answer, replayed, unchanged) = match app.store.write(tenant, write).await {
            Ok(done) => done,
            Err(Undone::Failed(fault)) => return Err(fault),
            Err(Undone::Dry(answer, unchanged)) => (answer, false, unchanged),
        };
        if !dry {
            app.wake_outbox(caller.tenant());
        }
        let told = [(dry, DRY_RUN), (replayed, REPLAYED), (unchanged, UNCHANGED)].into_iter().filter(|(told, _)| *told);
        Ok(told.fold(respond(answer), |response, (_, name)| with_header(response, name)))
    }
}

fn known(scope: &Scope<'_>, user: &str, key: &str, method: &str, path: &str, fingerprint: &str) -> Result<Option<Remembered>, Fault> {
    let Some(known) = scope.remembered(user, key, method, path)? else { return Ok(None) };
    if known.fingerprint != fingerprint {
        let message = "this key was used before with another request; take a new one for a new request";
        return Err(Fault::new(Code::IdempotencyKeyReused, message));
    }
    Ok(Some(known))
}

fn respond(answer: Remembered) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response()
}

fn with_header(mut response: Response, name: HeaderName) -> Response {
    response.headers_mut().insert(name, header::HeaderValue::from_static("true"));
    response
}
