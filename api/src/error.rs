//! What the API answers when it cannot: `{"error": {"code", "message", "details"}}`.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// Every code the API answers with. A code never changes its meaning; clients branch on it, people read the message.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code that this build does not know yet.
            Other(String),
        }

        impl Code {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$name => $text,)* Self::Other(text) => text }
            }

            /// The HTTP status it is answered with.
            pub fn status(&self) -> u16 {
                match self { $(Self::$name => $status,)* Self::Other(_) => 500 }
            }

            /// All known codes, for documents and tests.
            pub const ALL: &'static [Code] = &[$(Self::$name,)*];
        }

        impl From<&str> for Code {
            fn from(text: &str) -> Self {
                match text { $($text => Self::$name,)* other => Self::Other(other.to_owned()) }
            }
        }
    };
}

codes! {
    /// A body, header or query that cannot be read.
    BadRequest = "BAD_REQUEST", 400;
    /// A query parameter that the endpoint does not have.
    UnknownParameter = "UNKNOWN_PARAMETER", 400;
    /// No token, or one that is not known.
    Unauthenticated = "UNAUTHENTICATED", 401;
    /// A webhook whose signature, time or receiver id does not fit.
    SignatureInvalid = "SIGNATURE_INVALID", 401;
    /// The caller's role does not allow it.
    Forbidden = "FORBIDDEN", 403;
    /// A requester never decides their own approval, an editor never what they changed.
    OwnRequest = "OWN_REQUEST", 403;
    /// There is no such thing in this tenant.
    NotFound = "NOT_FOUND", 404;
    /// The path exists, this method on it does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The approval was decided otherwise, or by somebody else.
    AlreadyDecided = "ALREADY_DECIDED", 409;
    /// The approval changed since the revision that was read.
    StaleRevision = "STALE_REVISION", 409;
    /// The approval's state has no such transition.
    InvalidTransition = "INVALID_TRANSITION", 409;
    /// The conversation already has an open approval.
    ApprovalOpen = "APPROVAL_OPEN", 409;
    /// The first call with this idempotency key still runs.
    IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS", 409;
    /// The outbox entry is past the state in which this can be done.
    OutboxState = "OUTBOX_STATE", 409;
    /// The webhook is past the state in which this can be done.
    WebhookState = "WEBHOOK_STATE", 409;
    /// Chatwoot refuses what was asked of it; the message says why.
    ChatwootRefused = "CHATWOOT_REFUSED", 502;
    /// The body is larger than this endpoint takes.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// A field is missing, of the wrong kind, or out of range; `details.fields` names it.
    ValidationFailed = "VALIDATION_FAILED", 422;
    /// A rejection needs a comment.
    CommentRequired = "COMMENT_REQUIRED", 422;
    /// Whether the call would succeed cannot be told without making it.
    DryRunUnsupported = "DRY_RUN_UNSUPPORTED", 422;
    /// The key was used before with another request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 422;
    /// A decision must name the revision that was read.
    RevisionRequired = "REVISION_REQUIRED", 428;
    /// As many event streams as the daemon allows are open.
    TooManyStreams = "TOO_MANY_STREAMS", 429;
    /// Something went wrong on our side; the log has the cause under the request id.
    Internal = "INTERNAL", 500;
    /// The store cannot take the write now: disk full, or shutting down.
    StoreUnavailable = "STORE_UNAVAILABLE", 503;
    /// Chatwoot cannot be reached now, or has not been checked yet.
    ChatwootUnavailable = "CHATWOOT_UNAVAILABLE", 503;
}

impl PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::ALL.iter().map(Code::as_str))).into()
    }
}

impl ToSchema for Code {}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(d)?.as_str()))
    }
}

/// The body of every answer that is not 2xx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// For programs.
    pub code: Code,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// Facts that belong to the code, and always `request_id`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_wire_and_is_upper_snake() {
        for code in Code::ALL {
            let text = serde_json::to_string(code).unwrap();
            assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), *code);
            assert!(code.as_str().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code}");
            assert!((400..=599).contains(&code.status()), "{code}");
        }
        assert_eq!(serde_json::from_str::<Code>("\"LATER\"").unwrap(), Code::Other("LATER".into()));
    }
}
