//! When to stop: the signals that ask for it, as one token, remembering which it was.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Cancelled by SIGTERM, SIGINT or SIGHUP.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    /// Cancelled by the first signal.
    pub(crate) token: CancellationToken,
    by: Arc<AtomicU8>,
}

impl Stop {
    /// Listens from now on. A second signal, for somebody who does not want to wait for an orderly end, calls `hurry` and ends the
    /// process at once.
    ///
    /// # Errors
    /// When the system does not let us listen.
    pub(crate) fn listen(hurry: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (mut term, mut int, mut hup) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
        let stop = Self { token: CancellationToken::new(), by: Arc::default() };
        let told = stop.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    _ = term.recv() => Exit::Terminated,
                    _ = int.recv() => Exit::Interrupted,
                    _ = hup.recv() => Exit::HungUp,
                };
                if told.token.is_cancelled() && told.by.load(Ordering::SeqCst) != 0 {
                    hurry();
                    std::process::exit(i32::from(exit.number()));
                }
                told.by.store(exit.number(), Ordering::SeqCst);
                told.token.cancel();
            }
        });
        Ok(stop)
    }

    /// Which signal it was.
    pub(crate) fn by(&self) -> Option<Exit> {
        [Exit::Terminated, Exit::Interrupted, Exit::HungUp].into_iter().find(|exit| exit.number() == self.by.load(Ordering::SeqCst))
    }
}

/// From now on an interrupt does not end this process: a program that has the terminal is meant, and gets it too.
///
/// # Errors
/// When the system does not let us listen.
pub(crate) fn leave_interrupts() -> io::Result<()> {
    let seen = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&seen))?;
    signal_hook::flag::register(signal_hook::consts::SIGQUIT, seen).map(drop)
}
