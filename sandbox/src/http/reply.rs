//! Answers, and the shapes of error A to I (contract, section 2).

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::wire::rails_json;

/// What a handler gives back.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// 200 with JSON.
    Json(Value),
    /// 200 without a body (`head :ok`).
    Empty,
    /// Another status without a body.
    Head(u16),
    /// Elsewhere.
    Redirect(String),
    /// A file.
    File { content_type: String, name: String, bytes: Bytes },
}

/// An error answer.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// Shape B: no credentials.
    SignIn,
    /// Shape A with a status.
    Error(u16, String),
    /// Shape A, the 404 of a row that is not there.
    Missing,
    /// Shape C: failed validations.
    Invalid { message: String, attributes: Vec<String> },
    /// Shape E: an exception page, or the 404 of a path that is not there.
    Page(u16),
    /// Shape F.
    Message(u16, String),
    /// Any other shape.
    Json(u16, Value),
}

impl Refusal {
    pub(crate) const BROKEN: Refusal = Refusal::Page(500);

    pub(crate) fn unprocessable(text: impl Into<String>) -> Self {
        Refusal::Error(422, text.into())
    }

    pub(crate) fn denied(text: &str) -> Self {
        Refusal::Error(401, text.to_owned())
    }

    /// The policy's 401.
    pub(crate) fn policy() -> Self {
        Self::denied("You are not authorized to do this action")
    }

    /// A required key is missing.
    pub(crate) fn param(name: &str) -> Self {
        Self::unprocessable(format!("param is missing or the value is empty: {name}"))
    }

    /// Failed validations: attribute and full message.
    pub(crate) fn invalid(bad: &[(&str, &str)]) -> Self {
        let message = bad.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(", ");
        let mut attributes: Vec<String> = bad.iter().map(|(name, _)| (*name).to_owned()).collect();
        attributes.dedup();
        Refusal::Invalid { message, attributes }
    }
}

fn page(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        404 => "Not Found",
        406 => "Not Acceptable",
        501 => "Not Implemented",
        _ => "Internal Server Error",
    }
}

fn build(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

const JSON: &str = "application/json; charset=utf-8";

/// JSON with a weak ETag where Rack gives one; a GET that has it already is answered 304.
fn tagged(value: &Value, if_none_match: Option<&str>) -> Response<Body> {
    let text = rails_json(value);
    let tag = format!("W/\"{}\"", &hex::encode(Sha256::digest(&text))[..32]);
    let mut response = if if_none_match == Some(tag.as_str()) { build(304, JSON, Body::empty()) } else { build(200, JSON, text) };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Turns an outcome into a response. `wants_json` decides the form of exception pages.
pub(crate) fn respond(outcome: Outcome, wants_json: bool, if_none_match: Option<&str>) -> Response<Body> {
    match outcome {
        Ok(Reply::Json(value)) => tagged(&value, if_none_match),
        Ok(Reply::Empty) => build(200, "application/json", Body::empty()),
        Ok(Reply::Head(204)) => {
            let mut response = build(204, JSON, Body::empty());
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Ok(Reply::Head(status)) => build(status, "application/json", Body::empty()),
        Ok(Reply::File { content_type, name, bytes }) => {
            let mut response = build(200, "application/octet-stream", bytes);
            if let Ok(value) = HeaderValue::from_str(&content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            if let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{}\"", name.replace(['"', '\\'], "_"))) {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Ok(Reply::Redirect(to)) => {
            let mut response = build(302, "text/html; charset=utf-8", Body::empty());
            if let Ok(value) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(header::LOCATION, value);
            }
            response
        }
        Err(Refusal::SignIn) => build(401, JSON, json!({"errors": ["You need to sign in or sign up before continuing."]}).to_string()),
        Err(Refusal::Error(status, text)) => build(status, JSON, json!({"error": text}).to_string()),
        Err(Refusal::Missing) => build(404, JSON, json!({"error": "Resource could not be found"}).to_string()),
        Err(Refusal::Invalid { message, attributes }) => {
            build(422, JSON, json!({"message": message, "attributes": attributes}).to_string())
        }
        Err(Refusal::Json(status, body)) => build(status, JSON, body.to_string()),
        Err(Refusal::Message(status, text)) => build(status, JSON, json!({"message": text}).to_string()),
        Err(Refusal::Page(status)) if wants_json => {
            build(status, "application/json; charset=UTF-8", json!({"status": status, "error": page(status)}).to_string())
        }
        Err(Refusal::Page(status)) => build(
            status,
            "text/html; charset=UTF-8",
            format!("<!DOCTYPE html>\n<title>{}</title>\n<h1>{}</h1>\n", page(status), page(status)),
        ),
    }
}
