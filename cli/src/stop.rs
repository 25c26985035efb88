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

/// Whose an interrupt from the keyboard is: ours, or that of a program which has the terminal meanwhile and gets it too.
pub(crate) struct Interrupts {
    ours: Arc<AtomicBool>,
    came: Arc<AtomicBool>,
}

impl Interrupts {
    /// Ours they stay, until they are left.
    ///
    /// # Errors
    /// When the system does not let us listen.
    pub(crate) fn listen() -> io::Result<Self> {
        let (ours, came) = (Arc::new(AtomicBool::new(true)), Arc::default());
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&ours))?;
            signal_hook::flag::register(signal, Arc::clone(&came))?;
        }
        Ok(Self { ours, came })
    }

    /// Whether there was one that did not end this process.
    pub(crate) fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// From now on they do not end this process.
    pub(crate) fn leave(&self) {
        self.ours.store(false, Ordering::SeqCst);
    }

    /// From now on they do again.
    pub(crate) fn take_back(&self) {
        self.ours.store(true, Ordering::SeqCst);
    }

    /// They are an editor's while what this returns lives, and `--timeout` waits for it: the text in it is worth more.
    pub(crate) fn are_an_editors(&self) -> AtEditor<'_> {
        self.leave();
        EDITING.store(true, Ordering::SeqCst);
        AtEditor(self)
    }
}

/// An editor has the terminal.
static EDITING: AtomicBool = AtomicBool::new(false);

/// Whether an editor has the terminal.
pub(crate) fn is_at_editor() -> bool {
    EDITING.load(Ordering::SeqCst)
}

/// While it lives an editor has the terminal.
pub(crate) struct AtEditor<'a>(&'a Interrupts);

impl Drop for AtEditor<'_> {
    fn drop(&mut self) {
        EDITING.store(false, Ordering::SeqCst);
        self.0.take_back();
    }
}
