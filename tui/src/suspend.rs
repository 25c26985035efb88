//! Stopping and going on: the terminal is given back before the inbox stops, and taken again when it goes on.

use rustix::process::{Signal, getpid, getppid, getsid, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::terminal::Guard;

/// The signals of job control.
pub(crate) struct Signals {
    stop: tokio::signal::unix::Signal,
    go_on: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn new() -> std::io::Result<Self> {
        let stop = SignalKind::from_raw(Signal::TSTP.as_raw());
        Ok(Self { stop: signal(stop)?, go_on: signal(SignalKind::from_raw(Signal::CONT.as_raw()))? })
    }

    /// Waits until the inbox was stopped and goes on, whoever stopped it: SIGTSTP leaves time to restore the terminal, SIGSTOP none.
    pub(crate) async fn resumed(&mut self, guard: &Guard) {
        tokio::select! {
            _ = self.stop.recv() => {
                if let Err(why) = now(guard) {
                    tracing::debug!(why, "not stopped");
                }
            }
            _ = self.go_on.recv() => taken(guard),
        }
    }
}

impl Signals {
    /// Waits until the program that has the terminal meanwhile stops itself, and stops with it: an editor's Ctrl+Z goes to both, and the
    /// shell waits for the inbox. Returns when both go on.
    pub(crate) async fn stopped_along(&mut self) {
        if self.stop.recv().await.is_some() && !alone() {
            // Nothing after this line runs until SIGCONT.
            if let Err(err) = kill_process(getpid(), Signal::STOP) {
                tracing::debug!(%err, "not stopped");
            }
        }
    }
}

/// Whether no shell could let this process go on.
fn alone() -> bool {
    getsid(None).is_ok_and(|leader| leader == getpid()) || getppid().is_none_or(|parent| parent.is_init())
}

fn taken(guard: &Guard) {
    guard.leave();
    if let Err(err) = guard.take() {
        tracing::warn!(%err, "the terminal could not be taken again");
    }
}

/// Restores the terminal and stops this process; returns when it goes on, with the terminal taken.
///
/// # Errors
/// Where no shell could let it go on: it would stand still for ever.
pub(crate) fn now(guard: &Guard) -> Result<(), String> {
    if alone() {
        return Err("There is no shell to go back to".into());
    }
    guard.leave();
    // Nothing after this line runs until SIGCONT.
    let stopped = kill_process(getpid(), Signal::STOP).map_err(|err| format!("Not suspended: {err}"));
    if let Err(err) = guard.take() {
        tracing::warn!(%err, "the terminal could not be taken again");
    }
    stopped
}
