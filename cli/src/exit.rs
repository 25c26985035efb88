//! The exit codes, each with one meaning that never changes; scripts branch on them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or already so.
    Done = 0,
    /// Any failure that has no code of its own.
    Failed = 1,
    /// Wrong usage, or a name that fits several things.
    Usage = 2,
    /// Nothing there, where `--exit-empty` asks for it.
    Empty = 3,
    /// No token, or one that the daemon does not know.
    Unauthenticated = 4,
    /// Not allowed.
    Forbidden = 5,
    /// No such thing.
    NotFound = 6,
    /// Changed since it was read, already decided, or otherwise in the way.
    Conflict = 7,
    /// `approvals view --exit-code`: not decided yet; `status --exit-code`: approvals wait.
    Pending = 8,
    /// The daemon does not answer, or something else does.
    Unreachable = 9,
    /// With `--wait`: kept and queued, and Chatwoot could not be reached in time.
    NotYet = 10,
    /// As many as allowed already, or Chatwoot or the store is away that it needs; later again. `status --exit-code`: Chatwoot cannot be reached.
    Busy = 11,
    /// `approvals wait`: rejected.
    Rejected = 12,
    /// `approvals wait`: expired or withdrawn.
    Lapsed = 13,
    /// Not done by `--timeout`.
    TimedOut = 124,
    /// The terminal went away.
    HungUp = 129,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
    /// Whoever read our output has closed it.
    OutputClosed = 141,
    /// Asked to end.
    Terminated = 143,
}

impl Exit {
    /// The number.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The exit code for an answer of the API. The status decides, so that a code from a newer daemon has its place too.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 | 503 => Self::Busy,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// The table of `--help`.
pub(crate) const HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 empty, where asked for · 4 token rejected · 5 not allowed · 6 not found · 7 changed or decided meanwhile · \
8 not decided yet · 9 no daemon · 10 not sent yet, with --wait · 11 busy · 12 rejected · 13 expired or withdrawn · 124 timed out";

#[cfg(test)]
mod tests {
    use super::*;
    use api::Code;

    #[test]
    fn every_code_of_the_api_has_the_exit_code_of_its_kind() {
        for code in Code::ALL {
            let want = match code {
                Code::Unauthenticated | Code::SignatureInvalid => 4,
                Code::Forbidden | Code::OwnRequest => 5,
                Code::NotFound => 6,
                Code::StaleRevision
                | Code::AlreadyDecided
                | Code::InvalidTransition
                | Code::ApprovalOpen
                | Code::IdempotencyInProgress
                | Code::OutboxState
                | Code::WebhookState => 7,
                Code::TooManyStreams | Code::ChatwootUnavailable | Code::StoreUnavailable => 11,
                _ => 1,
            };
            assert_eq!(Exit::of_status(code.status()).number(), want, "{code}");
        }
    }
}
