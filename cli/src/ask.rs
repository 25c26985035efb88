//! Questions to whoever sits at the terminal; whether somebody does is [`Context::can_ask`](crate::context::Context::can_ask)'s to say.

use std::io::{BufRead, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::error::CliError;

/// When a question ends unanswered, and how long it will have stood then: what `--timeout` says.
static END: OnceLock<(Instant, Duration)> = OnceLock::new();

/// From now on a question ends with the command's time. The first limit stays.
pub(crate) fn within(limit: Duration) {
    if let Some(end) = Instant::now().checked_add(limit) {
        let _ = END.set((end, limit));
    }
}

/// Asks a question that only y answers with yes.
///
/// # Errors
/// An answer that cannot be read, or none within `--timeout`.
pub(crate) fn yes(question: &str) -> Result<bool, CliError> {
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush())?;
    answered()?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|err| CliError::failed("cannot read the answer").because(err))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Waits until there is something to read on stdin, for as long as `--timeout` lets it: reading itself cannot be broken off.
///
/// # Errors
/// Nothing came in time.
pub(crate) fn answered() -> Result<(), CliError> {
    let Some((end, limit)) = END.get() else { return Ok(()) };
    let stdin = std::io::stdin();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&left)) {
            Ok(0) => {
                // The question's line is left, also where the terminal takes a line feed for no more than that.
                crate::output::talk("\r\n");
                return Err(CliError::timed_out(*limit));
            }
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(err) => return Err(CliError::failed("cannot wait for the answer").because(std::io::Error::from(err))),
        }
    }
}
