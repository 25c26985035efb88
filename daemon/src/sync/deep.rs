//! Deep rounds: the whole stable walk again. Every conversation, every message inside the configured age, contacts and lists; what Chatwoot no
//! longer has answers 404 and is deleted here.
//!
//! Once a day, on request, and where a shallow round cannot tell. Resumable: rows carry when they were last read, so a walk goes on at its page
//! after a restart, and what was not read since it began is what is missing.

use std::convert::Infallible;

use chatwoot::model;
use chatwoot::rest::{ContactsQuery, ListQuery};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::link::Failure;
use super::pull::{copy_messages, cutoff, directory};
use super::reconcile::{apply_page, read_changed, tolerate};
use super::{Core, lists, lock, normalise, reread};
use crate::clock::{Micros, SECOND, timestamp};
use crate::domain::rate::{Class, Kind};
use crate::store::Asked;

/// Cursor of the deep round.
const DEEP: &str = "deep";
/// A walk whose rows are fewer than Chatwoot counts is walked again this often: rows move to earlier pages when others are deleted.
const WALKS_MAX: u32 = 3;
/// Rows that were not seen are read one by one, so many ids at a time.
const MISSING_PAGE: u32 = 200;
/// A deep round that nobody asked for waits this long after the start: the live paths come first.
const FIRST_AFTER: Micros = 60 * SECOND;

/// How the deep round stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Deep {
    /// Our clock when the running one began; none runs at 0.
    began: Micros,
    /// The next page of conversations.
    page: u32,
    /// Our clock when the last complete one ended.
    finished: Micros,
}

/// Deep rounds for good; ends with what failed.
pub(super) async fn run(core: &Core) -> Result<Infallible, Failure> {
    let every = Micros::try_from(core.cx.sync.deep_interval_s).unwrap_or(Micros::MAX).saturating_mul(SECOND);
    loop {
        let mut deep: Deep = core.read(|scope| scope.cursor(DEEP)).await?.unwrap_or_default();
        if deep.finished == 0 && deep.began == 0 {
            // The first copy, which has just ended, is as good as a deep round. Remembered, so that restarts do not put the next one off.
            deep.finished = core.now();
            let copied = deep.clone();
            core.write(move |scope| scope.set_cursor(DEEP, &copied)).await?;
        }
        lock(&core.rounds).deep.finished_at.get_or_insert(timestamp(deep.finished));
        if deep.began == 0 {
            let due = deep.finished.saturating_add(every).max(core.started_at + FIRST_AFTER);
            tokio::select! {
                () = core.wake.deep.notified() => {}
                () = tokio::time::sleep(core.wait_for(due)) => {}
            }
            deep = Deep { began: core.now(), page: 1, ..deep };
            // On disk before its first request: a round that was asked for is not forgotten when that fails.
            let begun = deep.clone();
            core.write(move |scope| scope.set_cursor(DEEP, &begun)).await?;
        }
        let running = core.round_begins(|rounds| &mut rounds.deep);
        let began = deep.began;
        round(core, deep).await?;
        drop(running);
        core.round_done(|rounds| &mut rounds.deep, began);
    }
}

async fn round(core: &Core, mut deep: Deep) -> Result<(), Failure> {
    directory(core).await?;
    lists::read(core).await?;
    lists::ratings(core).await?;
    conversations(core, &mut deep).await?;
    missing_conversations(core, deep.began).await?;
    contacts(core, deep.began).await?;
    let finished = Deep { began: 0, page: 1, finished: core.now() };
    core.write(move |scope| scope.set_cursor(DEEP, &finished)).await?;
    Ok(())
}

/// Every conversation with its messages.
async fn conversations(core: &Core, deep: &mut Deep) -> Result<(), Failure> {
    for _ in 0..WALKS_MAX {
        let mut total;
        loop {
            let (asked, number) = (core.asked(), deep.page);
            let page = core.call(|client| async move { client.conversations(&ListQuery::walk(number)).await }).await;
            let page = page.map_err(|err| core.failure(&err))?;
            total = u64::try_from(page.meta.all_count).unwrap_or_default();
            if page.payload.is_empty() {
                break;
            }
            let rows: Vec<_> = page.payload.iter().map(|at| (at.id, at.created_at.micros(), at.last_activity_at.micros())).collect();
            apply_page(core, page.payload, Micros::MAX, asked).await?;
            let cutoff = cutoff(core);
            let mut copies = stream::iter(rows)
                .map(async |(id, created, active)| {
                    let copied = copy_messages(core, id, created.unwrap_or_default(), active.unwrap_or(Micros::MAX), cutoff).await;
                    tolerate(core, id, copied).await
                })
                .buffer_unordered(core.cx.sync.requests_max.max(1));
            while let Some(copied) = copies.next().await {
                copied?;
            }
            deep.page += 1;
            let remembered = deep.clone();
            core.write(move |scope| scope.set_cursor(DEEP, &remembered)).await?;
        }
        let began = deep.began;
        if core.read(move |scope| scope.conversations_heard_since(began)).await? >= total {
            break;
        }
        deep.page = 1;
    }
    Ok(())
}

/// Conversations of ours that the walk did not show.
async fn missing_conversations(core: &Core, began: Micros) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let ids = core.read(move |scope| scope.conversations_not_heard_since(began, after, MISSING_PAGE)).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = *last;
        let mut reads =
            stream::iter(ids).map(|id| reread::conversation(core, Class::Copy, id)).buffer_unordered(core.cx.sync.requests_max.max(1));
        while let Some(read) = reads.next().await {
            read?;
        }
    }
}

async fn keep(core: &Core, contacts: Vec<model::Contact>, asked: Asked) -> Result<(), Failure> {
    core.write(move |scope| contacts.iter().try_for_each(|contact| scope.apply_contact(&normalise::contact(contact), asked).map(|_| ())))
        .await?;
    Ok(())
}

/// Contacts: the pages, which leave out the anonymous ones (section 12.1); the search, which finds those too since 4.11; then what neither they
/// nor the conversations showed.
async fn contacts(core: &Core, began: Micros) -> Result<(), Failure> {
    let mut number = 1;
    loop {
        let asked = core.asked();
        let query = ContactsQuery::walk(number);
        let page = core
            .call(|client| {
                let query = query.clone();
                async move { client.contacts(&query).await }
            })
            .await;
        let page = page.map_err(|err| core.failure(&err))?.payload;
        if page.is_empty() {
            break;
        }
        keep(core, page, asked).await?;
        number += 1;
    }
    number = 1;
    while core.server().searches_all {
        let asked = core.asked();
        let page = core.call_as(Class::Copy, Kind::Search, |client| async move { client.contact_search("%", number).await }).await;
        let Some(page) = lists::given(core, page)? else { break };
        let more = page.meta.has_more.unwrap_or(!page.payload.is_empty());
        keep(core, page.payload, asked).await?;
        number += 1;
        if !more {
            break;
        }
    }
    let mut after = 0;
    loop {
        let ids = core.read(move |scope| scope.contacts_not_heard_since(began, after, MISSING_PAGE)).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = *last;
        let mut reads = stream::iter(ids).map(|id| reread::contact(core, id)).buffer_unordered(core.cx.sync.requests_max.max(1));
        while let Some(read) = reads.next().await {
            read?;
        }
    }
}

/// Every conversation once, without messages that did not change: for when something is gone and the shallow round cannot tell what.
pub(super) async fn sweep(core: &Core) -> Result<(), Failure> {
    let began = core.now();
    let mut number = 1;
    loop {
        let asked = core.asked();
        let page = core.call(|client| async move { client.conversations(&ListQuery::walk(number)).await }).await;
        let page = page.map_err(|err| core.failure(&err))?;
        if page.payload.is_empty() {
            break;
        }
        let found = apply_page(core, page.payload, Micros::MAX, asked).await?;
        read_changed(core, found, Micros::MAX).await?;
        number += 1;
    }
    missing_conversations(core, began).await
}
