//! What was active since a moment, read again on request, whether it is known ground or not: for whoever doubts the copy of the last hours and
//! does not want to wait for everything (`deep`).
//!
//! Conversations by last activity, newest first (the list's own order, section 4.1; recorded in `conv-sort`), down to the moment, each with its
//! messages since. What changed without activity is not found here: the shallow rounds ask for that, and the deep one reads it. A read that the
//! loss of the link ends begins anew when that is back; the end of the daemon ends it for good.

use std::collections::HashSet;
use std::convert::Infallible;

use api::status::SinceRounds;
use chatwoot::rest::ListQuery;

use super::link::Failure;
use super::reconcile::{OVERLAP, apply_page, mark_missing, read_changed};
use super::{Core, lock};
use crate::clock::{Micros, timestamp};

/// Pages of one read at most, of 25 conversations: with a message page each that is 10,400 requests, hours at Chatwoot's usual limit. Whoever
/// wants more wants everything.
const PAGES_MAX: u32 = 400;

/// How it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// Asked for and not begun: the earliest moment.
    wanted: Option<Micros>,
    /// What is told of it.
    pub(super) view: SinceRounds,
}

/// A read that has begun. Dropped before it is done, it is asked for again.
struct Begun<'a> {
    core: &'a Core,
    since: Micros,
    done: bool,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut rounds = lock(&self.core.rounds);
        rounds.since.view.running = false;
        if !self.done {
            rounds.since.want(self.since);
        }
    }
}

impl State {
    fn want(&mut self, since: Micros) {
        self.wanted = Some(self.wanted.map_or(since, |wanted| wanted.min(since)));
    }
}

impl Core {
    /// Asks for a read of what was active since then, by our clock.
    pub(super) fn want_since(&self, since: Micros) {
        lock(&self.rounds).since.want(since);
        self.wake.since.notify_one();
    }

    /// The next read, where one is asked for.
    fn begin_since(&self) -> Option<Begun<'_>> {
        let mut rounds = lock(&self.rounds);
        let since = rounds.since.wanted.take()?;
        let before = std::mem::take(&mut rounds.since.view);
        rounds.since.view = SinceRounds {
            count: before.count,
            finished_at: before.finished_at,
            running: true,
            since: Some(timestamp(since)),
            ..SinceRounds::default()
        };
        Some(Begun { core: self, since, done: false })
    }
}

/// Reads for good, one at a time; ends with what failed.
pub(super) async fn run(core: &Core) -> Result<Infallible, Failure> {
    loop {
        let Some(mut begun) = core.begin_since() else {
            core.wake.since.notified().await;
            continue;
        };
        let truncated = read(core, begun.since, PAGES_MAX).await?;
        begun.done = true;
        let mut rounds = lock(&core.rounds);
        let view = &mut rounds.since.view;
        (view.count, view.finished_at, view.truncated) = (view.count + 1, Some(timestamp(core.now())), truncated);
        drop(rounds);
    }
}

/// One read; whether it ended before its moment.
pub(super) async fn read(core: &Core, since: Micros, pages_max: u32) -> Result<bool, Failure> {
    let ground = since.saturating_add(core.server().skew) - OVERLAP;
    let (mut seen, mut oldest, mut read) = (HashSet::new(), Micros::MAX, HashSet::new());
    let mut truncated = true;
    for number in 1..=pages_max {
        let asked = core.asked();
        let page = core.call(|client| async move { client.conversations(&ListQuery::latest(number)).await }).await;
        let page = page.map_err(|err| core.failure(&err))?;
        let total = u64::try_from(page.meta.all_count).unwrap_or_default();
        let empty = page.payload.is_empty();
        for conversation in &page.payload {
            let active = conversation.last_activity_at.micros().unwrap_or_default();
            oldest = oldest.min(active);
            seen.insert(conversation.id);
            if active >= ground {
                read.insert(conversation.id);
            }
        }
        let found = apply_page(core, page.payload, ground, asked).await?;
        read_changed(core, found, ground).await?;
        {
            let mut rounds = lock(&core.rounds);
            let view = &mut rounds.since.view;
            view.conversations = read.len() as u64;
            view.back_to = (oldest < Micros::MAX).then(|| timestamp(oldest.max(ground)));
        }
        if empty || seen.len() as u64 >= total {
            oldest = oldest.min(ground);
        }
        if oldest <= ground {
            truncated = false;
            break;
        }
    }
    // What should have been among them and was not: deleted, or moved to a page that was read already.
    let walked = oldest.max(ground);
    if core.write(move |scope| mark_missing(scope, &seen, walked)).await? {
        core.wake.rereads.notify_one();
    }
    Ok(truncated)
}
