//! Files of messages: from what was looked at before, else from Chatwoot, handed on as they come.

use api::error::{Code, ErrorBody};
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use chatwoot::error::ErrorKind;
use chatwoot::rest::{Download, is_stored};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::conversations::parse;
use crate::app::Caller;
use crate::fault::Fault;
use crate::files::{safe_name, safe_type};
use crate::keep::{Keeping, Kept};

/// The largest file that is handed on, in bytes: WhatsApp's documents, the largest that any channel takes, are 100 MB.
const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// What the document says of the bytes of a file.
pub(crate) enum FileBytes {}

impl PartialSchema for FileBytes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for FileBytes {}

/// A file of a message, as its bytes.
#[utoipa::path(get, path = "/conversations/{id}/messages/{message}/attachments/{attachment}", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id"), ("message" = i64, Path, description = "Chatwoot's id"),
        ("attachment" = i64, Path, description = "Chatwoot's id")),
    security(("bearer" = [])),
    responses((status = 200, content_type = "application/octet-stream", body = FileBytes), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 502, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn read(caller: Caller, Path((id, message, attachment)): Path<(String, String, String)>) -> Result<Response, Fault> {
    let missing = || Fault::not_found("file");
    let id = parse(&id)?;
    let message: i64 = message.parse().map_err(|_| Fault::not_found("message"))?;
    let attachment: i64 = attachment.parse().map_err(|_| missing())?;
    let found = caller.read(move |scope, _| Ok(scope.attachment(id, message, attachment)?)).await?;
    let keep = caller.tenant().keep.clone();
    let Some(file) = found else {
        keep.remove(attachment).await;
        return Err(missing());
    };
    let name = safe_name(&file.name);
    if let Some(kept) = keep.open(attachment).await {
        return Ok(answer(&kept.content_type.clone(), Some(kept.length), &name, from_disk(kept)));
    }
    let Some(url) = file.url.filter(|url| is_stored(url)) else {
        return Err(Fault::new(Code::NotFound, "Chatwoot does not keep this file itself; open its link instead"));
    };
    if file.file_size.is_some_and(|size| size.unsigned_abs() > FILE_BYTES_MAX) {
        return Err(too_large());
    }
    let unavailable = |why: String| Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this file: {why}"));
    let Some(sync) = caller.sync() else { return Err(unavailable("no Chatwoot account is configured".to_owned())) };
    if !sync.may_ask() {
        return Err(unavailable("only what is kept was asked for".to_owned()));
    }
    let turn = keep.turn().await;
    let begun = sync.ask(|client| {
        let url = url.clone();
        async move { client.download(&url, FILE_BYTES_MAX).await }
    });
    let download = begun.await.map_err(|err| match &err.kind {
        ErrorKind::NotFound { .. } => Fault::new(Code::NotFound, "Chatwoot no longer has this file"),
        ErrorKind::TooLarge { .. } => too_large(),
        ErrorKind::NotChatwoot { message, .. } => {
            Fault::new(Code::ChatwootRefused, format!("{message}; open its link in a browser instead"))
        }
        _ => unavailable(sync.explain(&err).1),
    })?;
    let content_type = safe_type(download.content_type.as_deref());
    let keeping = keep.begin(attachment, &content_type, download.length).await;
    let length = download.length;
    Ok(answer(&content_type, length, &name, from_chatwoot(Coming { download, left: length, keeping, _turn: turn })))
}

fn too_large() -> Fault {
    let limit = FILE_BYTES_MAX / 1024 / 1024;
    Fault::new(Code::PayloadTooLarge, format!("the file is larger than {limit} MB; open its link in a browser instead"))
}

/// A file on its way.
struct Coming {
    download: Download,
    /// Bytes still to come, where that is known.
    left: Option<u64>,
    keeping: Option<Keeping>,
    _turn: Option<OwnedSemaphorePermit>,
}

/// The bytes as they come, kept on the way. What breaks off ends the connection: nobody takes a half for a whole.
fn from_chatwoot(coming: Coming) -> Body {
    let next = |coming: Option<Coming>| async move {
        let mut coming = coming?;
        match coming.download.chunk().await {
            Ok(Some(bytes)) => {
                if let Some(keeping) = &mut coming.keeping
                    && !keeping.add(&bytes).await
                {
                    coming.keeping = None;
                }
                // Once all is there nobody asks for more.
                coming.left = coming.left.map(|left| left.saturating_sub(bytes.len() as u64));
                if coming.left == Some(0)
                    && let Some(keeping) = coming.keeping.take()
                {
                    keeping.end().await;
                }
                Some((Ok(bytes), Some(coming)))
            }
            Ok(None) => {
                if let Some(keeping) = coming.keeping.take() {
                    keeping.end().await;
                }
                None
            }
            Err(err) => {
                tracing::warn!(error = &err as &dyn std::error::Error, "a file did not come whole");
                Some((Err(err), None))
            }
        }
    };
    Body::from_stream(stream::unfold(Some(coming), next))
}

fn from_disk(kept: Kept) -> Body {
    let next = |kept: Option<Kept>| async move {
        let mut kept = kept?;
        match kept.chunk().await {
            Ok(bytes) => Some((Ok(bytes?), Some(kept))),
            Err(err) => Some((Err(err), None)),
        }
    };
    Body::from_stream(stream::unfold(Some(kept), next))
}

/// What keeps a browser from doing anything with the file but saving it.
fn answer(content_type: &str, length: Option<u64>, name: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, content_type);
    set(header::CONTENT_DISPOSITION, &disposition(name));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    set(header::CACHE_CONTROL, "private, no-store");
    if let Some(length) = length {
        set(header::CONTENT_LENGTH, &length.to_string());
    }
    response
}

/// The name twice (RFC 6266): in ASCII for old clients, and whole.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' }).collect();
    let whole: String = name
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_that_it_is_bytes() {
        let document = crate::openapi();
        let path = "/api/v1/conversations/{id}/messages/{message}/attachments/{attachment}";
        let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/octet-stream"]["schema"];
        let named = schema["$ref"].as_str().and_then(|at| document.pointer(at.trim_start_matches('#'))).unwrap_or(schema);
        assert_eq!((&named["type"], &named["format"]), (&"string".into(), &"binary".into()), "{schema}");
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        for (name, want) in [
            ("bill.pdf", "attachment; filename=\"bill.pdf\"; filename*=UTF-8''bill.pdf"),
            ("a b ü.png", "attachment; filename=\"a b _.png\"; filename*=UTF-8''a%20b%20%C3%BC.png"),
            ("a\"; x=\r\n", "attachment; filename=\"a_; x=__\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A"),
        ] {
            assert_eq!(disposition(name), want);
        }
    }
}
