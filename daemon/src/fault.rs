//! What the API answers when it cannot, before it becomes HTTP: a code for programs, a text for people, the cause for the log.

use api::error::Code;
use serde_json::{Value, json};

use crate::domain::approval::Refusal;
use crate::store::StoreError;

/// A call that was not carried out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    /// For programs.
    pub(crate) code: Code,
    /// For people: what is wrong and what to do.
    pub(crate) message: String,
    /// Facts that belong to the code.
    pub(crate) details: Box<Value>,
    /// For the log alone.
    #[source]
    pub(crate) cause: Option<Box<StoreError>>,
}

impl Fault {
    /// A fault with nothing more to say.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Box::new(json!({})), cause: None }
    }

    /// The same with facts.
    #[must_use]
    pub(crate) fn with(mut self, details: Value) -> Self {
        self.details = Box::new(details);
        self
    }

    /// The same about a field of another name: what one check says of several bodies.
    #[must_use]
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        self.message = self.message.replace(&format!("{from}: "), &format!("{to}: "));
        if let Some(field) = self.details.pointer_mut("/fields/0/field").filter(|field| **field == from) {
            *field = to.into();
        }
        self
    }

    /// There is no such thing in this tenant.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}")).with(json!({ "what": what }))
    }

    /// A field that cannot be accepted.
    pub(crate) fn invalid(field: &str, message: &str) -> Self {
        Self::new(Code::ValidationFailed, format!("{field}: {message}")).with(json!({ "fields": [{ "field": field, "message": message }] }))
    }
}

impl From<StoreError> for Fault {
    fn from(err: StoreError) -> Self {
        let (code, message) = match &err {
            StoreError::NotCommitted(why) if why.contains("full") => {
                (Code::StoreUnavailable, "the disk is full: nothing was changed; free some space and try again")
            }
            StoreError::NotCommitted(_) => {
                (Code::StoreUnavailable, "the store could not commit: nothing was changed; see the daemon's log")
            }
            StoreError::Closed => (Code::StoreUnavailable, "the daemon is stopping: nothing was changed; try again"),
            StoreError::Sqlite(rusqlite::Error::SqliteFailure(cause, _)) if cause.code == rusqlite::ErrorCode::DiskFull => {
                (Code::StoreUnavailable, "the disk is full: nothing was changed; free some space and try again")
            }
            StoreError::Sqlite(_) | StoreError::Corrupt { .. } => {
                (Code::Internal, "something went wrong on our side; the daemon's log has the cause under the request id")
            }
        };
        Self { code, message: message.to_owned(), details: Box::new(json!({})), cause: Some(Box::new(err)) }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::NotAnApprover | Refusal::NotTheRequester => Code::Forbidden,
            Refusal::OwnRequest | Refusal::OwnRevision | Refusal::MaybeOwnRequest => Code::OwnRequest,
            Refusal::RevisionRequired => Code::RevisionRequired,
            Refusal::RevisionsDiffer => Code::ValidationFailed,
            Refusal::Stale { .. } => Code::StaleRevision,
            Refusal::CommentRequired => Code::CommentRequired,
            Refusal::AlreadyDecided => Code::AlreadyDecided,
            Refusal::InvalidTransition(_) => Code::InvalidTransition,
            Refusal::Open(_) => Code::ApprovalOpen,
        };
        Self::new(code, refusal.to_string())
    }
}
