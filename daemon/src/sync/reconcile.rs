//! What the live paths missed: after every (re)connect, on a timer and on request. Shallow rounds; the deep ones are `deep`'s.
//!
//! A round walks conversations by last activity until known ground, asks once for what changed without activity (`updated_within`, while that
//! stays small), and reads the newest messages of a few recent conversations again: edits, deletions and deliveries of messages move no clock
//! of the conversation since 4.12 (section 13). Deletions and some changes of labels, agents and teams make no event at all (12.3); they show
//! as rows that are no longer in the list, as totals that differ, or as lists that shrank, and then every conversation is walked once.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use chatwoot::error::{Error, ErrorKind};
use chatwoot::model::Conversation;
use chatwoot::rest::{ListQuery, MessagesQuery};
use futures_util::{StreamExt, stream};

use super::apply::{How, Incoming, Outcome};
use super::link::{Base, Failure};
use super::pull::{SWEEP_DUE, apply_messages, cutoff, directory, profile};
use super::{ASSIGNED, Core, deep, lock, since};
use crate::clock::{Micros, SECOND, timestamp};
use crate::domain::rate::{Class, Kind};
use crate::store::{Asked, Reread, RereadKind, Scope, StoreError};

/// Cursor: Chatwoot's newest activity up to which everything was compared.
const RECONCILED: &str = "reconciled";
/// Cursor: Chatwoot's clock when the last complete round began.
const COMPARED: &str = "compared";
/// Activity is in whole seconds and events take their time: so much is compared again.
pub(super) const OVERLAP: Micros = 15 * SECOND;
/// A page of messages going back holds this many (section 5.1).
const BACK_PAGE: usize = 20;
/// Rounds that wait at most for one that was asked for, while it keeps being asked for.
const ROUND_GAP: Duration = Duration::from_millis(500);
/// The lists are read again every so many rounds: agents, canned responses and label colours change without an event.
const DIRECTORY_EVERY: u32 = 15;
/// Chatwoot takes what is gone off its conversations in a job of its own (since 4.14, without an event): so long after it was missed, all of them
/// are walked a second time.
const STRIP_TIME: Micros = 60 * SECOND;
/// `updated_within` is asked for while so many conversations at most moved in that time: it costs the server 15 ms a row and has no paging
/// (section 12.7).
const WINDOW_ROWS_MAX: usize = 300;
/// And for an absence of this length at most: what changed without activity in a longer one, the deep round finds.
const WINDOW_MAX: Micros = 24 * 3600 * SECOND;
/// Conversations in which the newest messages are read again in one round, and in one that follows a gap of the websocket.
const MESSAGES_ROUND: u32 = 10;
const MESSAGES_GAP: u32 = 200;
/// Messages read this long ago are fresh enough, while the websocket stands.
const MESSAGES_AGE: Micros = 15 * 60 * SECOND;

/// Rounds for good; ends with what failed.
pub(super) async fn run(core: &Core) -> Result<Infallible, Failure> {
    tokio::try_join!(shallow(core), deep::run(core), since::run(core)).map(|(never, ..)| never)
}

async fn shallow(core: &Core) -> Result<Infallible, Failure> {
    let mut rounds: u32 = 0;
    // Totals of Chatwoot and ours that differed in the round before, and those that a walk through everything did not even out.
    let mut differed = None;
    let mut settled = None;
    // What was missed from the lists and has been walked for once.
    let mut swept = None;
    loop {
        let began = core.now();
        let running = core.round_begins(|rounds| &mut rounds.shallow);
        if rounds > 0 {
            check_user(core).await?;
            core.learn().await?;
        }
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(DIRECTORY_EVERY) {
            super::lists::read(core).await?;
        }
        if lists_changed(core).await? || rounds.is_multiple_of(DIRECTORY_EVERY) {
            directory(core).await?;
        }
        let due: Option<Micros> = core.read(|scope| scope.cursor(SWEEP_DUE)).await?;
        let stripped_at = due.map(|due| due + core.paced_us(STRIP_TIME));
        let stripped = stripped_at.is_some_and(|at| at <= core.now());
        let totals = round(core).await?;
        core.set_base(Base::Up).await;
        let now_differs = (totals.0 != totals.1 && settled != Some(totals)).then_some(totals);
        if stripped || due != swept || (now_differs.is_some() && now_differs == differed) {
            tracing::info!(tenant = %core.cx.slug, chatwoot = totals.0, here = totals.1, "walking all conversations: something is gone");
            deep::sweep(core).await?;
            settled = Some(totals);
            swept = due.filter(|_| !stripped);
            if stripped {
                core.write(move |scope| match scope.cursor(SWEEP_DUE)? == due {
                    true => scope.drop_cursor(SWEEP_DUE),
                    false => Ok(()), // Something else is missed meanwhile.
                })
                .await?;
            }
        }
        differed = now_differs;
        recent_messages(core).await?;
        own_conversations(core).await?;
        core.round_done(|rounds| &mut rounds.shallow, began);
        drop(running);
        let interval = if differed.is_some() { core.paced(ROUND_GAP * 4) } else { Duration::from_secs(core.cx.sync.reconcile_interval_s) };
        let interval = stripped_at.filter(|_| swept.is_some()).map_or(interval, |at| interval.min(core.wait_for(at)));
        tokio::time::sleep(core.paced(ROUND_GAP)).await;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = core.wake.reconcile.notified() => {}
        }
    }
}

/// A round that runs until this is dropped, however it ends: done, failed, or let go in the middle because the link is lost.
pub(super) struct Running<'a> {
    core: &'a Core,
    which: Which,
}

/// The rounds of one kind.
type Which = fn(&mut super::RoundsState) -> &mut api::status::Rounds;

impl Drop for Running<'_> {
    fn drop(&mut self) {
        (self.which)(&mut lock(&self.core.rounds)).running = false;
    }
}

impl Core {
    /// A round begins.
    pub(super) fn round_begins(&self, which: Which) -> Running<'_> {
        which(&mut lock(&self.rounds)).running = true;
        Running { core: self, which }
    }

    /// A round that began then is complete.
    pub(super) fn round_done(&self, which: Which, began: Micros) {
        let now = self.now();
        {
            let mut rounds = lock(&self.rounds);
            let rounds = which(&mut rounds);
            (rounds.running, rounds.count, rounds.finished_at) = (false, rounds.count + 1, Some(timestamp(now)));
        }
        self.compared.send_modify(|at| *at = (*at).max(Some(began)));
    }
}

/// Whether labels, inboxes or teams changed since the last look (section 7.7). A detector that fails is none: the lists are read now and
/// then anyway.
async fn lists_changed(core: &Core) -> Result<bool, Failure> {
    let keys = match core.call(|client| async move { client.cache_keys().await }).await {
        Ok(keys) => keys,
        Err(err) if matches!(err.kind, ErrorKind::NotFound { .. } | ErrorKind::Server { .. } | ErrorKind::Decode { .. }) => {
            return Ok(false);
        }
        Err(err) => return Err(core.failure(&err)),
    };
    let before = lock(&core.cache_keys).replace(keys.clone());
    Ok(before.is_some_and(|before| before != keys))
}

/// Whether the token still is what the check found. Its websocket token goes stale with a password, without a word (section 11.3).
async fn check_user(core: &Core) -> Result<(), Failure> {
    let token = profile(core).await?.pubsub_token;
    let changed = {
        let mut server = lock(&core.server);
        let changed = server.pubsub_token != token;
        server.pubsub_token = token;
        changed
    };
    if changed {
        core.wake.cable.notify_one();
    }
    Ok(())
}

/// Warns when the sync user was assigned conversations: its websocket makes it count as online (section 11.4).
async fn own_conversations(core: &Core) -> Result<(), Failure> {
    let user = core.server().user_id;
    let mine = core.read(move |scope| scope.open_conversations_of(user)).await?;
    let text = format!(
        "Chatwoot has given {mine} open conversations to the user afenda syncs with: take an administrator who is a member of no inbox, or switch off automatic assignment in the inboxes"
    );
    core.warn(ASSIGNED, (mine > 0).then_some(text));
    Ok(())
}

/// What a page's row needs.
pub(super) struct Found {
    pub id: i64,
    /// Its messages are to be looked at.
    pub changed: bool,
}

/// One round. Returns the conversations there are, in Chatwoot and here.
async fn round(core: &Core) -> Result<(u64, u64), Failure> {
    let (verified, compared): (Micros, Micros) =
        core.read(|scope| Ok((scope.cursor(RECONCILED)?.unwrap_or(0), scope.cursor(COMPARED)?.unwrap_or(0)))).await?;
    let ground = match verified {
        0 => core.read(|scope| Ok(scope.cursor::<super::apply::FirstCopy>(super::apply::FIRST_COPY)?.map_or(0, |copy| copy.began))).await?,
        at => at,
    } - OVERLAP;
    let began = core.asked().theirs;
    let (mut seen, mut newest, mut oldest, mut page_number, mut moved) = (HashSet::new(), verified, Micros::MAX, 1, 0);
    let total = loop {
        let asked = core.asked();
        let page = core.call(|client| async move { client.conversations(&ListQuery::latest(page_number)).await }).await;
        let page = page.map_err(|err| core.failure(&err))?;
        let total = u64::try_from(page.meta.all_count).unwrap_or_default();
        let empty = page.payload.is_empty();
        for conversation in &page.payload {
            let active = conversation.last_activity_at.micros().unwrap_or_default();
            newest = newest.max(active);
            oldest = oldest.min(active);
            seen.insert(conversation.id);
        }
        let found = apply_page(core, page.payload, ground, asked).await?;
        let known = found.iter().all(|found| !found.changed);
        moved += found.iter().filter(|found| found.changed).count();
        read_changed(core, found, ground).await?;
        if empty || seen.len() as u64 >= total {
            oldest = 0; // All of them were walked: what is not among them is gone.
            break total;
        }
        if known && oldest < ground {
            break total;
        }
        page_number += 1;
    };
    if oldest > 0 {
        window(core, compared, began, moved, ground).await?;
    }
    let (here, missing) = core
        .write(move |scope| {
            // What should have been in the part that was walked, and was not.
            let missing = mark_missing(scope, &seen, oldest)?;
            scope.set_cursor(RECONCILED, &newest)?;
            scope.set_cursor(COMPARED, &began)?;
            Ok((scope.counts()?.0, missing))
        })
        .await?;
    if missing {
        core.wake.rereads.notify_one();
    }
    Ok((total, here))
}

/// What changed without activity since `compared`: attributes, snoozes, contacts. Where that cannot be asked for, a deep round finds it.
async fn window(core: &Core, compared: Micros, now: Micros, moved: usize, ground: Micros) -> Result<(), Failure> {
    let length = now - compared + OVERLAP;
    if compared == 0 || moved > WINDOW_ROWS_MAX || length > WINDOW_MAX {
        if compared > 0 {
            core.wake.deep.notify_one();
        }
        return Ok(());
    }
    let seconds = u32::try_from(length / SECOND + 1).unwrap_or(u32::MAX);
    let asked = core.asked();
    match core.call(|client| async move { client.conversations(&ListQuery::updated_within(seconds)).await }).await {
        Ok(page) => {
            let found = apply_page(core, page.payload, Micros::MAX, asked).await?;
            read_changed(core, found, ground).await
        }
        Err(err) if matches!(err.kind, ErrorKind::Server { .. } | ErrorKind::Timeout | ErrorKind::TooLarge { .. }) => {
            tracing::warn!(tenant = %core.cx.slug, seconds, error = &err as &dyn std::error::Error, "too much has changed to ask for at once");
            core.wake.deep.notify_one();
            Ok(())
        }
        Err(err) => Err(core.failure(&err)),
    }
}

/// Reads the messages of what changed.
pub(super) async fn read_changed(core: &Core, found: Vec<Found>, ground: Micros) -> Result<(), Failure> {
    let cutoff = cutoff(core);
    let ids: Vec<i64> = found.into_iter().filter(|found| found.changed).map(|found| found.id).collect();
    let mut reads = stream::iter(ids)
        .map(async |id| tolerate(core, id, messages_back(core, Class::Copy, id, ground, cutoff).await).await)
        .buffer_unordered(core.cx.sync.requests_max.max(1));
    while let Some(read) = reads.next().await {
        read?;
    }
    Ok(())
}

/// Marks conversations of ours that a list from the newest activity down to `oldest` does not have.
pub(super) fn mark_missing(scope: &Scope<'_>, seen: &HashSet<i64>, oldest: Micros) -> Result<bool, StoreError> {
    let mut missing = false;
    for id in scope.conversations_active_after(oldest)? {
        if !seen.contains(&id) {
            scope.mark(Reread { kind: RereadKind::Conversation, id, conversation_id: 0 })?;
            missing = true;
        }
    }
    Ok(missing)
}

/// Applies a page that was read just now, with the lines it shows; says which rows are not known ground: younger than `ground`, or changed.
pub(super) async fn apply_page(core: &Core, page: Vec<Conversation>, ground: Micros, asked: Asked) -> Result<Vec<Found>, Failure> {
    let door = core.door.clone();
    let (found, outcome) = core
        .write(move |scope| {
            let (mut found, mut outcome) = (Vec::with_capacity(page.len()), Outcome::default());
            for conversation in page {
                let (id, clock) = (conversation.id, conversation.updated_at.micros());
                let known = scope.conversation_clocks(id)?;
                let lines: Vec<_> =
                    conversation.messages.iter().chain(conversation.last_non_activity_message.as_deref()).cloned().collect();
                let newest = lines.iter().map(|message| message.id).max().unwrap_or_default();
                let recent = ground < Micros::MAX && conversation.last_activity_at.micros().is_none_or(|at| at >= ground);
                let changed = recent || known.map(|known| known.updated) != clock || newest > scope.newest_message(id)?;
                found.push(Found { id, changed });
                outcome = outcome.and(door.apply(scope, &Incoming::Conversation(Box::new(conversation)), How::Read(asked))?);
                // Where messages are missing between these and ours, they are read anyway; these alone would hide that.
                for line in if changed { Vec::new() } else { lines } {
                    outcome = outcome.and(door.apply(scope, &Incoming::Message(Box::new(line)), How::Read(asked))?);
                }
            }
            Ok((found, outcome))
        })
        .await?;
    core.follow(outcome);
    Ok(found)
}

/// Why messages could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Chatwoot did not give them.
    Call(Error),
    /// They could not be kept.
    Other(Failure),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// Messages of a conversation from the newest back, until a page holds nothing new and is older than `ground`, or is older than `cutoff`.
pub(super) async fn messages_back(core: &Core, class: Class, id: i64, ground: Micros, cutoff: Micros) -> Result<(), Unread> {
    let began = core.now();
    let mut query = MessagesQuery::NEWEST;
    loop {
        let asked = core.asked();
        let page = core.call_as(class, Kind::Plain, |client| async move { client.messages(id, query).await });
        let page = page.await.map_err(Unread::Call)?.payload;
        let full = page.len() >= BACK_PAGE;
        let Some((oldest, written)) = page.iter().map(|m| (m.id, m.created_at.micros().unwrap_or_default())).min() else { break };
        let news = apply_messages(core, page, asked).await?;
        if !full || written < cutoff || (!news && written < ground) {
            break;
        }
        query = MessagesQuery::before(oldest);
    }
    core.write(move |scope| scope.messages_read(id, began)).await.map_err(Failure::from)?;
    Ok(())
}

/// A failure that is one conversation's does not stop a walk: the conversation is read again later. One of the link does.
pub(super) async fn tolerate(core: &Core, id: i64, read: Result<(), Unread>) -> Result<(), Failure> {
    let err = match read {
        Ok(()) => return Ok(()),
        Err(Unread::Other(failure)) => return Err(failure),
        Err(Unread::Call(err)) => err,
    };
    let own = matches!(
        err.kind,
        ErrorKind::NotFound { record: true, .. } | ErrorKind::Server { .. } | ErrorKind::Decode { .. } | ErrorKind::TooLarge { .. }
    );
    if !own {
        return Err(core.failure(&err));
    }
    tracing::warn!(conversation = id, error = &err as &dyn std::error::Error, "a conversation could not be read; it is tried again later");
    let reread = Reread { kind: RereadKind::Conversation, id, conversation_id: 0 };
    core.write(move |scope| scope.mark_at(reread, scope.now())).await?;
    core.wake.rereads.notify_one();
    Ok(())
}

/// Reads the newest messages of recent conversations again, those first that were read longest ago: all of them after a gap of the websocket,
/// over as many rounds as that takes, and a few a round while it stands.
async fn recent_messages(core: &Core) -> Result<(), Failure> {
    let gap = lock(&core.rounds).gap;
    let (before, limit) = match gap {
        Some(at) => (at, MESSAGES_GAP),
        None => (core.now() - MESSAGES_AGE, MESSAGES_ROUND),
    };
    let since = core.asked().theirs - Micros::from(core.cx.sync.message_window_hours) * 3600 * SECOND;
    let ids = core.read(move |scope| scope.messages_to_read_again(since, before, limit)).await?;
    let found = ids.into_iter().map(|id| Found { id, changed: true }).collect();
    read_changed(core, found, Micros::MAX).await?;
    if core.read(move |scope| scope.messages_to_read_again(since, before, 1)).await?.is_empty() {
        let mut rounds = lock(&core.rounds);
        rounds.gap = rounds.gap.filter(|at| Some(*at) != gap); // A gap that came meanwhile is another one.
    }
    Ok(())
}
