//! A request, read as Rails reads it: path pieces, parameters of query and body together, files, token.

use axum::{body::Body, extract::FromRequest, extract::Multipart};
use http::{HeaderMap, Method, Request, header};
use serde_json::{Map, Value};

use super::Refusal;
use crate::{
    params::{self, Params},
    state::{Credentials, Upload},
};

/// Largest body taken: Chatwoot's 40 MB for files plus the words around them.
const BODY_BYTES_MAX: usize = 48 << 20;
/// Longest path, query and single header Puma takes.
const PATH_BYTES_MAX: usize = 8 << 10;
const QUERY_BYTES_MAX: usize = 10 << 10;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) files: Vec<Upload>,
    /// The api_access_token, trimmed; absent when blank.
    pub(crate) token: Option<String>,
    /// The session, from three headers, one header or the query.
    pub(crate) session: Option<Credentials>,
    /// The client's address as a proxy tells it; none for who comes directly.
    pub(crate) forwarded: Option<String>,
    pub(crate) wants_json: bool,
    pub(crate) if_none_match: Option<String>,
    /// The raw body, for the request log.
    pub(crate) logged: Value,
}

impl Call {
    /// Reads a request, its body up to [`BODY_BYTES_MAX`].
    ///
    /// # Errors
    /// 400 for what Rails cannot read, before any authentication.
    pub(crate) async fn read(request: Request<Body>) -> Result<Call, Refusal> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        if parts.uri.path().len() > PATH_BYTES_MAX || query.len() > QUERY_BYTES_MAX {
            return Err(Refusal::Page(400));
        }
        let mut params = Map::new();
        read_pairs(&query, &mut params)?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let mut call = Call {
            method: parts.method.clone(),
            path: decode(parts.uri.path(), false)?,
            params: Params::default(),
            files: Vec::new(),
            token: token(&parts.headers),
            session: session(&parts.headers, &params),
            forwarded: forwarded(&parts.headers),
            wants_json: wants_json(&parts.headers),
            if_none_match: parts.headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).map(str::to_owned),
            logged: Value::Null,
        };
        if kind.starts_with("multipart/form-data") {
            let form = Request::from_parts(parts, body);
            call.read_form(form, &mut params).await?;
            call.logged = Value::Object(params.clone());
        } else {
            let raw = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Refusal::Page(400))?;
            if kind.starts_with("application/json") && !raw.is_empty() {
                let mut value: Value = serde_json::from_slice(&raw).map_err(|_| Refusal::Page(400))?;
                call.logged = value.clone();
                params::munge(&mut value);
                match value {
                    Value::Object(map) => params.extend(map),
                    other => {
                        params.insert("_json".into(), other);
                    }
                }
            } else if kind.starts_with("application/x-www-form-urlencoded") {
                let text = std::str::from_utf8(&raw).map_err(|_| Refusal::Page(400))?;
                read_pairs(text, &mut params)?;
                call.logged = Value::String(text.to_owned());
            } else if !raw.is_empty() {
                call.logged = Value::String(String::from_utf8_lossy(&raw).into_owned());
            }
        }
        call.params = Params(params);
        Ok(call)
    }

    async fn read_form(&mut self, request: Request<Body>, params: &mut Map<String, Value>) -> Result<(), Refusal> {
        let mut form = Multipart::from_request(request, &()).await.map_err(|_| Refusal::Page(400))?;
        while let Some(field) = form.next_field().await.map_err(|_| Refusal::Page(400))? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let content_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = field.bytes().await.map_err(|_| Refusal::Page(400))?;
            match file {
                Some(file) => self.files.push(Upload { field: name, name: file, content_type, bytes }),
                None => {
                    let text = String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::Page(400))?;
                    if !params::insert(params, &name, Value::String(text)) {
                        return Err(Refusal::Page(400));
                    }
                }
            }
        }
        Ok(())
    }

    /// The path's pieces, a trailing `.json` taken off.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        self.path.strip_suffix(".json").unwrap_or(&self.path).split('/').filter(|p| !p.is_empty()).collect()
    }

    /// Whether it may change something.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// `api_access_token` and `api-access-token` are one name to Rack; blank counts as none.
fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("api_access_token").or_else(|| headers.get("api-access-token"))?;
    value.to_str().ok().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

/// Header or query parameter each; else one `Authorization` header with all of them.
fn session(headers: &HeaderMap, query: &Map<String, Value>) -> Option<Credentials> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).filter(|t| !t.is_empty()).map(str::to_owned);
    let part = |name: &str| header(name).or_else(|| query.get(name).and_then(params::text));
    match (part("access-token"), part("client"), part("uid")) {
        (Some(token), Some(client), Some(uid)) => Some(Credentials { token, client, uid }),
        _ => Credentials::from_bearer(&header("authorization")?),
    }
}

/// The first address of `X-Forwarded-For` that is not this machine's own.
fn forwarded(headers: &HeaderMap) -> Option<String> {
    let given = headers.get("x-forwarded-for")?.to_str().ok()?;
    given.split(',').map(str::trim).find(|a| !a.is_empty() && !matches!(*a, "127.0.0.1" | "::1")).map(str::to_owned)
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|a| a.contains("application/json"))
}

fn read_pairs(text: &str, params: &mut Map<String, Value>) -> Result<(), Refusal> {
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !params::insert(params, &decode(name, true)?, Value::String(decode(value, true)?)) {
            return Err(Refusal::Page(400));
        }
    }
    Ok(())
}

/// Percent decoding; a bad escape or bad UTF-8 is a 400.
fn decode(text: &str, plus: bool) -> Result<String, Refusal> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'+' if plus => out.push(b' '),
            b'%' => {
                let pair = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
                let mut byte = [0];
                hex::decode_to_slice(pair, &mut byte).map_err(|_| Refusal::Page(400))?;
                out.push(byte[0]);
            }
            b => out.push(b),
        }
    }
    String::from_utf8(out).map_err(|_| Refusal::Page(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn query_and_body_come_together_and_the_token_is_trimmed() {
        let request = Request::post("/a/b%20c.json?labels[]=x&labels[]=y&q=a+b")
            .header("api_access_token", "tok ")
            .header("content-type", "application/json")
            .body(Body::from(r#"{"q":1,"l":[null]}"#))
            .unwrap();
        let call = Call::read(request).await.unwrap();
        assert_eq!(call.pieces(), ["a", "b c"]);
        assert_eq!(call.token.as_deref(), Some("tok"));
        assert_eq!(Value::Object(call.params.0), serde_json::json!({"labels": ["x", "y"], "q": 1, "l": []}));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_a_400() {
        for (path, body) in [("/x?a=%zz", "{}"), ("/x", "{"), ("/x?a[]=1&a[b]=2", "{}")] {
            let request = Request::post(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
            assert!(matches!(Call::read(request).await, Err(Refusal::Page(400))), "{path} {body}");
        }
    }
}
