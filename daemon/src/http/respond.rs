//! From [`Fault`] to HTTP: status, body, request id, log line.

use std::any::Any;
use std::sync::Arc;

use api::error::{Code, ErrorBody, ErrorDetail};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fault::Fault;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl IntoResponse for Fault {
    /// Leaves itself in the response; [`finish`] writes the body, which needs the request's id.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if matches!(self.code, Code::TooManyStreams) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Gives every request an id, writes error bodies, and logs what went wrong.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let Some(fault) = response.extensions_mut().remove::<Arc<Fault>>() else { return response };
    if fault.code.status() >= 500 {
        let cause = fault.cause.as_ref().map(|cause| format!("{cause:?}"));
        tracing::error!(%method, path, request_id = id, code = %fault.code, cause, "{}", fault.message);
    } else {
        tracing::debug!(%method, path, request_id = id, code = %fault.code, "{}", fault.message);
    }
    let mut details = Value::clone(&fault.details);
    if let Value::Object(map) = &mut details {
        map.insert("request_id".to_owned(), json!(id));
    }
    let body = ErrorBody { error: ErrorDetail { code: fault.code.clone(), message: fault.message.clone(), details } };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let text = serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned());
    Response::from_parts(parts, text.into())
}

pub(crate) async fn no_such_path() -> Fault {
    Fault::new(Code::NotFound, "there is no such path; /api/v1/openapi.json lists them")
}

pub(crate) async fn no_such_method() -> Fault {
    Fault::new(Code::MethodNotAllowed, "this path does not take that method; /api/v1/openapi.json lists what it takes")
}

/// A handler that panicked is a fault of ours; the daemon goes on.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text, "a handler panicked");
    Fault::new(Code::Internal, "something went wrong on our side; the daemon's log has the cause under the request id").into_response()
}
