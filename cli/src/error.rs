//! What a command says when it cannot: message, causes, hint and exit code; as text or, with `--json`, as one JSON object.

use std::error::Error;
use std::io;

use api::{ClientError, Code};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::text;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a command ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// For the shell.
    pub(crate) exit: Exit,
    /// For programs: the API's own code, or one of ours in the same form.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// The way out.
    pub(crate) hint: Option<String>,
    /// Facts that belong to the code.
    pub(crate) details: Option<Box<Value>>,
    /// Which of several things it was about.
    pub(crate) target: Option<Box<str>>,
    /// Already told, or nobody is left to tell.
    pub(crate) silent: bool,
    #[source]
    source: Option<Cause>,
}

impl CliError {
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), message: message.into(), hint: None, details: None, target: None, silent: false, source: None }
    }

    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", message)
    }

    /// It took longer than `--timeout` lets it.
    pub(crate) fn timed_out(limit: std::time::Duration) -> Self {
        Self::new(Exit::TimedOut, "TIMED_OUT", format!("not done within {}", crate::time::short(limit.try_into().unwrap_or_default())))
    }

    /// Something failed here, not in the daemon.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "FAILED", message)
    }

    /// Nothing more to say: everything was told already.
    pub(crate) fn told(exit: Exit) -> Self {
        Self { silent: true, ..Self::new(exit, "TOLD", "") }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Cause>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into().into_boxed_str());
        self
    }

    /// Nobody here knows whether the change was carried out: its key and `find_out` tell.
    #[must_use]
    pub(crate) fn outcome_unknown(mut self, key: &str, find_out: &str) -> Self {
        self.details = Some(Box::new(json!({"outcome": "unknown", "idempotency_key": key, "find_out": find_out})));
        self.hint(format!(
            "once the daemon answers, `{find_out}` tells; repeated with `--idempotency-key {key}` it is carried out once at most"
        ))
    }

    /// Whether asking for the next thing makes sense after this one failed.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self.exit, Exit::Forbidden | Exit::NotFound | Exit::Conflict | Exit::Failed)
    }

    /// The error as text for people, ending in a newline. Nothing in it can steer the terminal.
    pub(crate) fn text(&self) -> String {
        let target = self.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
        let mut out = text::clean(&format!("error: {target}{}\n", self.message));
        let mut cause = self.source();
        while let Some(err) = cause {
            out.push_str(&text::clean(&format!("  because: {err}\n")));
            cause = err.source();
        }
        if let Some(hint) = &self.hint {
            out.push_str(&text::clean(&format!("hint: {hint}\n")));
        }
        out
    }

    /// What happened with its causes, in one line.
    pub(crate) fn sentence(&self) -> String {
        let mut message = self.message.clone();
        let mut cause = self.source();
        while let Some(err) = cause {
            message.push_str(&format!(": {err}"));
            cause = err.source();
        }
        message
    }

    /// The error as one JSON object.
    pub(crate) fn json(&self) -> Value {
        let message = self.sentence();
        let mut error = json!({
            "code": self.code,
            "exit_code": self.exit.number(),
            "message": message,
            "hint": self.hint,
            "details": self.details,
            "request_id": self.details.as_ref().and_then(|details| details.get("request_id")),
        });
        if let Some(error) = error.as_object_mut() {
            let outcome = self.details.as_ref().and_then(|details| details.get("outcome")).cloned();
            let more = [("target", self.target.as_ref().map(|target| json!(target))), ("outcome", outcome)];
            error.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        json!({ "error": error })
    }
}

impl From<ClientError> for CliError {
    fn from(err: ClientError) -> Self {
        match err {
            ClientError::Api { status, code, message, details } => {
                let hint = hint_for(&code, &details);
                Self { hint, details: Some(Box::new(details)), ..Self::new(Exit::of_status(status), code.as_str(), message) }
            }
            ClientError::Unreachable { url, source } => unreachable_at(&url).because(source),
            ClientError::Lost(source) => Self::new(
                Exit::Unreachable,
                "DAEMON_LOST",
                "the daemon was lost while it worked; whether the request was carried out is not known",
            )
            .because(source)
            .hint("repeat it with the same --idempotency-key once the daemon runs again: it is carried out once at most"),
            err @ ClientError::Unsendable(_) => Self::usage("the request cannot be made")
                .because(err)
                .hint("AFENDA_TOKEN, --tenant and --idempotency-key are of visible ASCII characters"),
            ClientError::File { path, source } => Self::usage(format!("cannot read {}", path.display())).because(source),
            err @ (ClientError::TooLarge { .. } | ClientError::Slow) => Self::failed(err.to_string()),
            ClientError::StreamEnded => Self::new(Exit::Unreachable, "DAEMON_LOST", "the event stream ended"),
            ClientError::Protocol(message) => Self::new(
                Exit::Unreachable,
                "WRONG_PROTOCOL",
                format!("the answer is not afenda's: {message}"),
            )
            .hint(
                "another program listens at this address, or the daemon has another version: look at `afenda status` and the profile's URL",
            ),
        }
    }
}

impl From<io::Error> for CliError {
    /// Only output ends here; what reads files says what it read.
    fn from(err: io::Error) -> Self {
        if err.kind() == io::ErrorKind::BrokenPipe {
            return Self::told(Exit::OutputClosed);
        }
        Self::failed("cannot write the output").because(err)
    }
}

/// Nobody answers at the address that the profile names.
pub(crate) fn unreachable_at(url: &str) -> CliError {
    CliError::new(Exit::Unreachable, "DAEMON_UNREACHABLE", format!("no daemon answers at {url}")).hint(START_HINT)
}

/// The daemon was lost while it changed something, and is not back.
pub(crate) fn daemon_lost() -> CliError {
    CliError::new(Exit::Unreachable, "DAEMON_LOST", "the daemon was lost while it worked; whether it was carried out is not known")
}

/// How to get a daemon.
pub(crate) const START_HINT: &str = "start one with `afenda daemon start`, or see everything at work with `afenda demo`";

fn hint_for(code: &Code, details: &Value) -> Option<String> {
    let hint = match code {
        Code::Unauthenticated => {
            "the token is not known to this daemon: make a new one with `afenda daemon token USER` and set AFENDA_TOKEN, or choose another profile with -P"
        }
        Code::Forbidden => {
            "`afenda status` shows who you are, with which role and whether with a Chatwoot token of your own; another profile or AFENDA_TOKEN makes you \
             somebody else"
        }
        Code::OwnRequest => "who asked for it or changed it last does not decide it: somebody else must",
        Code::NotFound => {
            let look = list_of(details.get("what").and_then(Value::as_str)?)
                .map(|list| format!("look for it with `{list}`; "))
                .unwrap_or_default();
            return Some(format!("{look}another tenant's things are not found either (--tenant)"));
        }
        Code::StaleRevision => "read it again with `afenda approvals view`, then decide on the revision shown there",
        Code::AlreadyDecided => "see the result with `afenda approvals view`",
        Code::ApprovalOpen => "see it with `afenda approvals list`",
        Code::IdempotencyInProgress => "the first call still runs: repeat it in a moment with the same key",
        Code::IdempotencyKeyReused => "use another key, or --idempotency-key auto",
        Code::TooManyStreams => "close another event stream, or raise sse.max_connections",
        Code::ChatwootUnavailable => "see `afenda status` for how Chatwoot stands, and try again",
        Code::StoreUnavailable => "look at the daemon's log: the disk is full, or it is shutting down",
        Code::Internal if details.get("request_id").is_some() => "the daemon's log has the cause under the request id (--json shows it)",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The command that lists such things, as the API names them.
fn list_of(what: &str) -> Option<&'static str> {
    Some(match what {
        "conversation" => "afenda conv list -s all",
        "approval" | "revision" => "afenda approvals list -s all",
        "contact" => "afenda contact list --all",
        "inbox" => "afenda inbox list",
        "canned response" => "afenda canned list",
        "outbox entry" => "afenda outbox list",
        "webhook" => "afenda webhooks list",
        "audit row" => "afenda audit list",
        "saved filter of yours" => "afenda view list",
        "tenant" => "afenda tenant list",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_api_keeps_its_code_and_request_id() {
        let err = CliError::from(ClientError::Api {
            status: 409,
            code: Code::StaleRevision,
            message: "AP-1 is at revision 2".to_owned(),
            details: json!({"request_id": "r1", "revision": 2}),
        });
        let shown = err.about("AP-1").json();
        assert_eq!(shown["error"]["code"], "STALE_REVISION");
        assert_eq!(shown["error"]["exit_code"], 7);
        assert_eq!(shown["error"]["request_id"], "r1");
        assert_eq!(shown["error"]["target"], "AP-1");
        assert_eq!(shown["error"]["details"]["revision"], 2);
    }

    #[test]
    fn an_outcome_that_nobody_knows_is_named_with_its_key_and_the_way_to_find_out() {
        let err = daemon_lost().outcome_unknown("k-1", "afenda approvals view AP-1");
        let shown = err.json();
        assert_eq!((&shown["error"]["outcome"], &shown["error"]["exit_code"]), (&json!("unknown"), &json!(9)));
        assert_eq!(shown["error"]["details"]["idempotency_key"], "k-1");
        assert!(err.text().contains("`afenda approvals view AP-1`") && err.text().contains("--idempotency-key k-1"), "{}", err.text());
    }

    #[test]
    fn a_closed_pipe_is_silent() {
        let err = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(err.silent);
        assert_eq!(err.exit, Exit::OutputClosed);
    }

    #[test]
    fn text_shows_causes_and_hint_and_cannot_steer_the_terminal() {
        let err = CliError::failed("no \u{1b}[2J").because(io::Error::other("disk")).hint("buy one");
        assert_eq!(err.text(), "error: no ␛[2J\n  because: disk\nhint: buy one\n");
    }
}
