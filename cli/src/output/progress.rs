//! What is told of something that takes its time: a bar on a terminal, a line now and then elsewhere, on stderr; nothing with `--quiet`.
//! It begins after a second: what ends sooner needs none.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::talk;
use crate::text;

/// What takes longer than this is told about.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two lines where there is no terminal: a log is not filled by waiting.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two steps of a bar that cannot know its end.
const STEP: Duration = Duration::from_millis(120);

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// A bar that is drawn over itself.
    Bar,
    /// Lines.
    Lines,
    /// Not at all.
    Nothing,
}

impl Telling {
    /// As stderr, `--quiet` and the environment want it.
    pub(crate) fn usual(quiet: bool) -> Self {
        let still = || crate::settings::var("AFENDA_NO_MOTION").is_some() || crate::settings::is_accessible();
        match std::io::stderr().is_terminal() {
            _ if quiet => Self::Nothing,
            true if !still() => Self::Bar,
            _ => Self::Lines,
        }
    }
}

/// Something that takes its time.
#[derive(Debug)]
pub(crate) struct Progress {
    telling: Telling,
    what: String,
    begun: Instant,
    bar: Option<ProgressBar>,
    line_due: Duration,
}

impl Progress {
    /// It begins now; `what` says what is done.
    pub(crate) fn begin(telling: Telling, what: &str) -> Self {
        Self { telling, what: text::line(what), begun: Instant::now(), bar: None, line_due: PATIENCE }
    }

    /// So much of `total` is done; without a total so much so far, and of nothing only that it goes on.
    pub(crate) fn tell(&mut self, done: u64, total: Option<u64>) {
        let so_far = self.begun.elapsed();
        let counted = (total.is_none() && done > 0).then(|| format!("{done} so far"));
        match self.telling {
            Telling::Bar if so_far >= PATIENCE => {
                let bar = self.bar.get_or_insert_with(|| drawn(&self.what, total));
                if let Some(total) = total {
                    bar.set_length(total);
                }
                if let Some(counted) = &counted {
                    bar.set_message(format!("{}, {counted}", self.what));
                }
                bar.set_position(done);
            }
            Telling::Lines if so_far >= self.line_due => {
                self.line_due = so_far + LINE_EVERY;
                let of = total.map(|total| format!("{done} of {total}")).or(counted).map(|of| format!(", {of}")).unwrap_or_default();
                talk(&format!("{} ({} s{of})\n", self.what, so_far.as_secs()));
            }
            _ => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn drawn(what: &str, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let words = if total.is_some() { "{msg} [{bar:30}] {percent:>3}% {pos}/{len}" } else { "{spinner} {msg} {elapsed}" };
    // Both are well formed; should one not be, the bar looks as the library has it.
    if let Ok(style) = ProgressStyle::with_template(words) {
        bar.set_style(style.progress_chars("#>-").tick_chars("|/-\\ "));
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(STEP);
    bar
}

/// Waits for something of which nothing is known but that it goes on.
pub(crate) async fn waiting<T>(telling: Telling, what: &str, work: impl Future<Output = T>) -> T {
    if telling == Telling::Nothing {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let mut progress = Progress::begin(telling, what);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PATIENCE) => progress.tell(0, None),
        }
    }
}
