//! A message in a request: as JSON, or as a form with files. Files go to the disk as they come, never into memory whole.

use api::error::Code;
use api::inbox::NewMessage;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::request::{Change, read_body};
use crate::app::App;
use crate::domain::outbox::FileRef;
use crate::fault::Fault;
use crate::files::{FILE_BYTES_MAX, FILES_MAX, Refused, Taken};

/// The largest form: every file at its limit, and the message.
pub(super) const FORM_BYTES_MAX: usize = FILES_MAX * FILE_BYTES_MAX as usize + super::BODY_BYTES_MAX;

/// A message to write, with its files on our disk.
pub(crate) struct Posted {
    /// The call.
    pub(crate) change: Change<NewMessage>,
    /// Its files, in order.
    pub(crate) files: Vec<Taken>,
}

impl FromRequest<App> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fault> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            // The route takes more than other calls; a message without files does not.
            let mut request = request;
            DefaultBodyLimit::max(super::BODY_BYTES_MAX).apply(&mut request);
            return Ok(Self { change: Change::from_request(request, app).await?, files: Vec::new() });
        }
        let (parts, body) = request.into_parts();
        let head = Change::head(&parts, app).await?;
        head.caller.must_work()?;
        let form = Multipart::from_request(Request::from_parts(parts, body), app).await;
        let form = form.map_err(|err| Fault::new(Code::BadRequest, format!("the form cannot be read: {err}")))?;
        let files = head.caller.tenant().files.clone();
        let mut taken = Vec::new();
        match read(form, &files, &mut taken).await {
            Ok((message, bytes)) => {
                let digest = digest(&bytes, &taken);
                Ok(Self { change: head.with(message, &digest), files: taken })
            }
            Err(err) => {
                files.remove(Self::ids(&taken)).await;
                Err(err)
            }
        }
    }
}

/// A boundary is new on every try: what makes two forms the same is what is in them.
fn digest(message: &[u8], files: &[Taken]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in std::iter::once(message).chain(files.iter().flat_map(|taken| [taken.file.name.as_bytes(), taken.digest.as_bytes()])) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

async fn read(mut form: Multipart, files: &crate::files::Files, taken: &mut Vec<Taken>) -> Result<(NewMessage, Vec<u8>), Fault> {
    let broken = |_| Fault::new(Code::BadRequest, "the form did not arrive whole");
    let mut message = None;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "message" if message.is_none() => {
                let mut bytes = Vec::new();
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    if bytes.len() + chunk.len() > super::BODY_BYTES_MAX {
                        return Err(Fault::new(
                            Code::PayloadTooLarge,
                            format!("the message is larger than {} bytes", super::BODY_BYTES_MAX),
                        ));
                    }
                    bytes.extend_from_slice(&chunk);
                }
                message = Some((read_body(&bytes)?, bytes));
            }
            "attachments" | "attachments[]" => {
                if taken.len() == FILES_MAX {
                    return Err(Fault::invalid("attachments", &format!("at most {FILES_MAX} files")));
                }
                let name = field.file_name().unwrap_or_default().to_owned();
                let kind = field.content_type().map(str::to_owned);
                taken.push(files.take(&name, kind.as_deref(), field).await.map_err(refused)?);
            }
            other => {
                return Err(Fault::invalid(
                    "form",
                    &format!("`{other}` is no part of it: `message` (JSON) once, `attachments` for each file"),
                ));
            }
        }
    }
    message.ok_or_else(|| Fault::invalid("message", "is missing; it is the JSON of a message without files"))
}

fn refused(err: Refused) -> Fault {
    match err {
        Refused::TooLarge => Fault::new(Code::PayloadTooLarge, err.to_string()),
        Refused::Full => Fault::new(Code::StoreUnavailable, err.to_string()),
        Refused::Broken => Fault::new(Code::BadRequest, err.to_string()),
        Refused::Disk(ref cause) => {
            tracing::error!(%cause, "a file cannot be kept");
            Fault::new(Code::StoreUnavailable, "the file cannot be kept: the disk is full or refuses it; nothing was changed")
        }
    }
}

impl Posted {
    /// Carries the call out; its files stay only if an entry names them now.
    pub(crate) async fn finish(files: Vec<Taken>, all: &crate::files::Files, answer: Result<Response, Fault>) -> Result<Response, Fault> {
        let kept_nothing =
            |response: &Response| ["idempotency-replayed", api::DRY_RUN].iter().any(|name| response.headers().contains_key(*name));
        if answer.as_ref().map_or(true, kept_nothing) {
            all.remove(Self::ids(&files)).await;
        }
        answer
    }

    fn ids(files: &[Taken]) -> Vec<uuid::Uuid> {
        files.iter().map(|taken| taken.file.id).collect()
    }

    /// What the entry says of the files.
    pub(crate) fn refs(files: &[Taken]) -> Vec<FileRef> {
        files.iter().map(|taken| taken.file.clone()).collect()
    }
}
