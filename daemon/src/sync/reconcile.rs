//! What the live paths missed: after every (re)connect, on a timer and on request.
//!
//! Walks conversations by last activity until known ground: rows older than the last complete round, all of them as Chatwoot has them.
//! Deletions and some changes of labels, agents and teams make no event at all (section 12.3); they show as rows that are no longer in the
//! list, as totals that differ, or as lists that shrank, and then everything is walked once.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use chatwoot::model::Conversation;
use chatwoot::rest::{ListQuery, MessagesQuery};
use futures_util::{StreamExt, stream};

use super::apply::{How, Incoming, Outcome};
use super::link::{Base, Failure};
use super::pull::{apply_messages, cutoff, directory, of_one, profile};
use super::{Core, lock};
use crate::clock::{Micros, SECOND};
use crate::store::{Reread, RereadKind, Scope, StoreError};

/// Cursor: Chatwoot's clock up to which everything was compared.
const RECONCILED: &str = "reconciled";
/// Activity is in whole seconds and events take their time: so much is compared again.
const OVERLAP: Micros = 15 * SECOND;
/// A page of messages going back holds this many (section 5.1).
const BACK_PAGE: usize = 20;
/// Rounds that wait at most for one that was asked for, while it keeps being asked for.
const ROUND_GAP: Duration = Duration::from_millis(500);
/// The lists are read again every so many rounds: agents and label colours change without an event.
const DIRECTORY_EVERY: u32 = 15;

/// Rounds for good; ends with what failed.
pub(super) async fn run(core: &Core) -> Result<Infallible, Failure> {
    let mut rounds: u32 = 0;
    // Totals of Chatwoot and ours that differed in the round before, and those that a walk through everything did not even out.
    let mut differed = None;
    let mut settled = None;
    loop {
        if rounds > 0 {
            check_user(core).await?;
        }
        rounds = rounds.wrapping_add(1);
        let shrunk = rounds.is_multiple_of(DIRECTORY_EVERY) && directory(core).await?;
        let shrunk = shrunk | std::mem::take(&mut *lock(&core.lists_shrank));
        let totals = round(core).await?;
        core.set_base(Base::Up).await;
        let now_differs = (totals.0 != totals.1 && settled != Some(totals)).then_some(totals);
        if shrunk || (now_differs.is_some() && now_differs == differed) {
            tracing::info!(tenant = %core.cx.slug, chatwoot = totals.0, here = totals.1, "walking all conversations: something is gone");
            sweep(core).await?;
            settled = Some(totals);
        }
        differed = now_differs;
        let interval = if differed.is_some() { ROUND_GAP * 4 } else { Duration::from_secs(core.cx.sync.reconcile_interval_s) };
        tokio::time::sleep(ROUND_GAP).await;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = core.wake.reconcile.notified() => {}
        }
    }
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

/// What a page's row needs.
struct Found {
    id: i64,
    /// Its messages are to be looked at.
    changed: bool,
}

/// One round. Returns the conversations there are, in Chatwoot and here.
async fn round(core: &Core) -> Result<(u64, u64), Failure> {
    let verified: Micros = core.read(|scope| scope.cursor(RECONCILED)).await?.unwrap_or(0);
    let ground = match verified {
        0 => core.read(|scope| Ok(scope.cursor::<super::apply::FirstCopy>(super::apply::FIRST_COPY)?.map_or(0, |copy| copy.began))).await?,
        at => at,
    } - OVERLAP;
    let (mut seen, mut newest, mut oldest, mut page_number) = (HashSet::new(), verified, Micros::MAX, 1);
    let total = loop {
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
        let found = apply_page(core, page.payload, ground).await?;
        let known = found.iter().all(|found| !found.changed);
        let ids: Vec<i64> = found.into_iter().filter(|found| found.changed).map(|found| found.id).collect();
        let cutoff = cutoff(core);
        let mut reads =
            stream::iter(ids).map(|id| messages_back(core, id, ground, cutoff)).buffer_unordered(core.cx.sync.requests_max.max(1));
        while let Some(read) = reads.next().await {
            read?;
        }
        if empty || seen.len() as u64 >= total {
            oldest = 0; // All of them were walked: what is not among them is gone.
            break total;
        }
        if known && oldest < ground {
            break total;
        }
        page_number += 1;
    };
    let (here, missing) = core
        .write(move |scope| {
            // What should have been in the part that was walked, and was not.
            let missing = mark_missing(scope, &seen, oldest)?;
            scope.set_cursor(RECONCILED, &newest)?;
            Ok((scope.counts()?.0, missing))
        })
        .await?;
    if missing {
        core.wake.rereads.notify_one();
    }
    Ok((total, here))
}

/// Marks conversations of ours that a list from the newest activity down to `oldest` does not have.
fn mark_missing(scope: &Scope<'_>, seen: &HashSet<i64>, oldest: Micros) -> Result<bool, StoreError> {
    let mut missing = false;
    for id in scope.conversations_active_after(oldest)? {
        if !seen.contains(&id) {
            scope.mark(Reread { kind: RereadKind::Conversation, id, conversation_id: 0 })?;
            missing = true;
        }
    }
    Ok(missing)
}

/// Applies a page that was read just now; says which rows are not known ground.
async fn apply_page(core: &Core, page: Vec<Conversation>, ground: Micros) -> Result<Vec<Found>, Failure> {
    let door = core.door.clone();
    let (found, outcome) = core
        .write(move |scope| {
            let (mut found, mut outcome) = (Vec::with_capacity(page.len()), Outcome::default());
            for conversation in page {
                let (id, clock) = (conversation.id, conversation.updated_at.micros());
                let known = scope.conversation_clocks(id)?;
                let newest = conversation.messages.iter().map(|message| message.id).max().unwrap_or_default();
                let recent = conversation.last_activity_at.micros().is_none_or(|at| at >= ground);
                let changed = recent || known.map(|(updated, _)| updated) != clock || newest > scope.newest_message(id)?;
                found.push(Found { id, changed });
                outcome = outcome.and(door.apply(scope, &Incoming::Conversation(Box::new(conversation)), How::Read)?);
            }
            Ok((found, outcome))
        })
        .await?;
    core.follow(outcome);
    Ok(found)
}

/// Messages of a conversation from the newest back, until a page holds nothing new and is older than `ground`, or is older than `cutoff`.
pub(super) async fn messages_back(core: &Core, id: i64, ground: Micros, cutoff: Micros) -> Result<(), Failure> {
    let mut query = MessagesQuery::NEWEST;
    loop {
        let page = match core.call(|client| async move { client.messages(id, query).await }).await {
            Ok(page) => page.payload,
            Err(err) => return of_one(core, id, &err).await,
        };
        let full = page.len() >= BACK_PAGE;
        let Some((oldest, written)) = page.iter().map(|m| (m.id, m.created_at.micros().unwrap_or_default())).min() else { return Ok(()) };
        let news = apply_messages(core, page).await?;
        if !full || written < cutoff || (!news && written < ground) {
            return Ok(());
        }
        query = MessagesQuery::before(oldest);
    }
}

/// Every conversation once: rows are replaced by what Chatwoot has now, and what it no longer has is marked.
async fn sweep(core: &Core) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    // Rows that come in while this runs are at the end, and are not missing.
    let before = core.read(|scope| scope.conversations_active_after(0)).await?;
    let mut page_number = 1;
    loop {
        let page = core.call(|client| async move { client.conversations(&ListQuery::walk(page_number)).await }).await;
        let page = page.map_err(|err| core.failure(&err))?;
        if page.payload.is_empty() {
            break;
        }
        seen.extend(page.payload.iter().map(|at| at.id));
        let found = apply_page(core, page.payload, Micros::MAX).await?;
        for found in found.into_iter().filter(|found| found.changed) {
            messages_back(core, found.id, Micros::MAX, cutoff(core)).await?;
        }
        page_number += 1;
    }
    let gone: Vec<i64> = before.into_iter().filter(|id| !seen.contains(id)).collect();
    core.write(move |scope| {
        gone.iter().try_for_each(|id| scope.mark(Reread { kind: RereadKind::Conversation, id: *id, conversation_id: 0 }))
    })
    .await?;
    core.wake.rereads.notify_one();
    Ok(())
}
