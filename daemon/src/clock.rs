//! The one place that asks the machine for the time. Everything else is handed a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Unix microseconds, UTC. The resolution of Chatwoot's own clocks, so that comparing with them loses nothing.
pub type Micros = i64;

/// A second, in [`Micros`].
pub const SECOND: Micros = 1_000_000;

/// A source of time: the machine's, or in tests one that is moved by hand.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
    Ahead(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `at` until it is moved.
    pub fn manual(at: Micros) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at))))
    }

    /// A clock that runs with the machine's, ahead of it by what it was moved.
    pub fn running_ahead() -> Self {
        Self(Source::Ahead(Arc::default()))
    }

    /// Now.
    pub fn now(&self) -> Micros {
        match &self.0 {
            Source::System => Timestamp::now().as_microsecond(),
            Source::Manual(at) => at.load(Ordering::SeqCst),
            Source::Ahead(by) => Timestamp::now().as_microsecond() + by.load(Ordering::SeqCst),
        }
    }

    /// Moves a test's clock forward; the machine's clock does not move for anyone.
    pub fn advance(&self, by: Micros) {
        if let Source::Manual(at) | Source::Ahead(at) = &self.0 {
            at.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// The wire's form of a stored time. Times outside jiff's range, which no real clock gives, become the epoch.
pub fn timestamp(at: Micros) -> Timestamp {
    Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}
