//! The inbox without a terminal: the same state, effects and stream, for measuring how fast something reaches it.

use std::time::{Duration, Instant};

use crate::effects::Core;
use crate::event::Event;
use crate::state::State;
use crate::{Options, TuiError, keymap};

/// How long the first list may take.
const CONNECT: Duration = Duration::from_secs(20);

/// A running inbox that nobody looks at. It takes events in only while one of its methods is awaited.
pub struct Headless {
    core: Core,
}

impl std::fmt::Debug for Headless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Headless").finish_non_exhaustive()
    }
}

impl Headless {
    /// Starts an inbox and waits until its first list is in and its stream stands. Rows are taken in as they come, not announced.
    ///
    /// # Errors
    /// `TimedOut` when the daemon does not answer in 20 s.
    pub async fn connect(options: Options) -> Result<Self, TuiError> {
        let core = Core::start(options.client, options.data_dir, &options.profile, (200, 50), |state| {
            state.calm = false;
            (state.read_only, state.opening) = (options.read_only, options.opening);
        });
        let mut headless = Self { core };
        headless
            .wait_until(|state| state.list.loaded && state.status.is_some() && state.daemon == crate::state::Daemon::Live, CONNECT)
            .await?;
        Ok(headless)
    }

    /// What the inbox knows.
    pub fn state(&self) -> &State {
        &self.core.state
    }

    /// Runs until the state is as asked; returns how long it took.
    ///
    /// # Errors
    /// `TimedOut` after `limit`.
    pub async fn wait_until(&mut self, mut is: impl FnMut(&State) -> bool, limit: Duration) -> Result<Duration, TuiError> {
        let began = Instant::now();
        let reached = tokio::time::timeout(limit, async {
            while !is(&self.core.state) {
                self.core.step().await;
            }
        })
        .await;
        match reached {
            Ok(()) => Ok(began.elapsed()),
            Err(_) => Err(TuiError::TimedOut { seconds: limit.as_secs(), state: self.summary() }),
        }
    }

    /// Types keys by their names in the table, separated by spaces: `j`, `Ctrl+S`, `Enter`.
    pub fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace().filter_map(keymap::parse) {
            self.core.apply(Event::Key(key));
        }
    }

    /// Types text.
    pub fn paste(&mut self, text: &str) {
        self.core.apply(Event::Paste(text.to_owned()));
    }

    /// Ends it in order.
    pub async fn finish(self) {
        self.core.finish().await;
    }

    fn summary(&self) -> String {
        let state = &self.core.state;
        format!("daemon {:?}, {} rows of {}, stream at {:?}", state.daemon, state.list.rows.len(), state.list.total, state.stream.seq)
    }
}
