//! What is copied besides conversations: contacts, ratings, and again what could not be read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chatwoot::model;
use chatwoot::rest::ContactsQuery;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::super::Core;
use super::super::link::Failure;
use super::super::lists::{given, rating};
use super::super::normalise;
use super::progress::CONTACTS_PAGE;
use super::walk::{Unread, again};
use super::{FIRST_COPY, FirstCopy, UNREAD};
use crate::domain::rate::{Class, Kind};
use crate::store::Asked;

/// A conversation that cannot be read is tried this often before the copy is complete without it: about a minute.
const TRIES_MAX: u32 = 6;
/// Pages of contacts between the reads and the writes: enough that a read rarely waits for a commit.
const PAGES_MAX: usize = 16;
/// A clock that is set forward is noticed after this long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// And from then on this often, for whoever may have mended it meanwhile.
const LEFTOVERS_EVERY: Duration = Duration::from_secs(600);

/// Contacts with an e-mail address, a phone number or an identifier, from the last page to the first.
pub(super) async fn contacts(core: &Core, copy: &mut FirstCopy) -> Result<(), Failure> {
    if copy.page == 0 {
        let (first, _) = page(core, 1).await?;
        let total = first.meta.count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
        copy.contacts_total = Some(total);
        copy.page = u32::try_from(total.div_ceil(CONTACTS_PAGE)).unwrap_or(u32::MAX).max(1);
        while !page(core, copy.page + 1).await?.0.payload.is_empty() {
            copy.page += 1;
        }
    }
    let (pages, kept) = mpsc::channel(PAGES_MAX);
    let from = copy.page;
    let read = async move {
        let ahead = stream::iter((1..=from).rev()).map(|number| async move { (number, page(core, number).await) });
        let mut ahead = std::pin::pin!(ahead.buffered(core.cx.sync.requests_max.max(1)));
        let mut count = None;
        while let Some((number, read)) = ahead.next().await {
            let (mut read, mut asked) = read?;
            // Read before a deletion that the page before it already shows: its last rows moved here since.
            if count.is_some_and(|count| read.meta.count > count) {
                (read, asked) = page(core, number).await?;
            }
            count = Some(read.meta.count);
            let counted = read.payload.len() as u64;
            if pages.send(Page { contacts: read.payload, asked, counted, next: number - 1 }).await.is_err() {
                break; // The writing side says why.
            }
        }
        Ok(())
    };
    let (kept, read) = tokio::join!(keep(core, copy, kept), read);
    kept.and(read)
}

/// A page of contacts that was read.
struct Page {
    contacts: Vec<model::Contact>,
    asked: Asked,
    /// Of them, those that the list counts.
    counted: u64,
    /// The page to go on with.
    next: u32,
}

async fn page(core: &Core, page: u32) -> Result<(model::ContactPage, Asked), Failure> {
    let asked = core.asked();
    let query = ContactsQuery { page: Some(page), sort: Some("created_at".to_owned()) };
    let page = core
        .call(|client| {
            let query = query.clone();
            async move { client.contacts(&query).await }
        })
        .await;
    page.map(|page| (page, asked)).map_err(|err| core.failure(&err))
}

/// The writing side: all pages that came while the last commit was on its way to the disk, in one.
async fn keep(core: &Core, copy: &mut FirstCopy, mut pages: mpsc::Receiver<Page>) -> Result<(), Failure> {
    let mut batch = Vec::with_capacity(PAGES_MAX);
    while pages.recv_many(&mut batch, PAGES_MAX).await > 0 {
        for page in &batch {
            copy.page = page.next;
            copy.contacts += page.counted;
        }
        let (kept, telling, batch) = (copy.clone(), core.telling(copy, false), std::mem::take(&mut batch));
        core.write(move |scope| {
            for page in &batch {
                for contact in &page.contacts {
                    scope.quietly(true, || scope.apply_contact(&normalise::contact(contact), page.asked))?;
                }
            }
            scope.set_cursor(FIRST_COPY, &kept)?;
            telling.record(scope)
        })
        .await?;
        core.show_progress(copy);
    }
    Ok(())
}

/// Contacts that the list leaves out: a search for anything finds them, since 4.11 (section 12.1). Those of conversations are here already.
pub(super) async fn anonymous(core: &Core, copy: &mut FirstCopy) -> Result<(), Failure> {
    if !core.server().searches_all {
        return Ok(());
    }
    copy.page = copy.page.max(1);
    let (pages, kept) = mpsc::channel(PAGES_MAX);
    let from = copy.page;
    let read = async move {
        let ahead = stream::iter(from..).map(|number| async move {
            let asked = core.asked();
            let page = core.call_as(Class::Copy, Kind::Search, |client| async move { client.contact_search("%", number).await }).await;
            (number, asked, page)
        });
        let mut ahead = std::pin::pin!(ahead.buffered(core.cx.sync.requests_max.max(1)));
        while let Some((number, asked, page)) = ahead.next().await {
            let Some(page) = given(core, page)? else { break };
            let more = page.meta.has_more.unwrap_or(!page.payload.is_empty());
            let sent = pages.send(Page { contacts: page.payload, asked, counted: 0, next: number + 1 }).await;
            if sent.is_err() || !more {
                break; // Where the writing side has failed, it says why.
            }
        }
        Ok(())
    };
    let (kept, read) = tokio::join!(keep(core, copy, kept), read);
    kept.and(read)
}

/// Ratings, page by page until an empty one.
pub(super) async fn ratings(core: &Core, copy: &mut FirstCopy) -> Result<(), Failure> {
    copy.page = copy.page.max(1);
    loop {
        let number = copy.page;
        let page = given(core, core.call(|client| async move { client.csat_responses(number).await }).await)?.unwrap_or_default();
        if page.is_empty() {
            return Ok(());
        }
        copy.page += 1;
        let (kept, telling) = (copy.clone(), core.telling(copy, false));
        core.write(move |scope| {
            for rating in page.iter().filter_map(rating) {
                scope.apply_rating(&rating)?;
            }
            scope.set_cursor(FIRST_COPY, &kept)?;
            telling.record(scope)
        })
        .await?;
    }
}

/// Again what could not be read, each time later; what still cannot be read then stays noted.
pub(super) async fn unread(core: &Arc<Core>, copy: &mut FirstCopy) -> Result<(), Failure> {
    loop {
        let waiting = waiting(core).await?;
        let next = waiting.iter().filter(|(_, unread)| unread.attempts < TRIES_MAX).min_by_key(|(_, unread)| unread.not_before);
        let Some((id, unread)) = next else { return Ok(()) };
        let wait = core.wait_for(unread.not_before);
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(LOOK_EVERY)).await;
            continue;
        }
        again(core, copy, *id).await?;
    }
}

async fn waiting(core: &Core) -> Result<Vec<(i64, Unread)>, Failure> {
    let noted = core.read(|scope| scope.cursors::<Unread>(UNREAD)).await?;
    Ok(noted.into_iter().filter_map(|(name, unread)| Some((name.strip_prefix(UNREAD)?.parse().ok()?, unread))).collect())
}

/// Tries what stayed noted now and then, for good; ends with what failed.
pub(in crate::sync) async fn leftovers(core: &Arc<Core>) -> Result<Infallible, Failure> {
    loop {
        tokio::time::sleep(LEFTOVERS_EVERY).await;
        let Some(mut copy) = core.read(|scope| scope.cursor::<FirstCopy>(FIRST_COPY)).await? else { continue };
        for (id, _) in waiting(core).await? {
            again(core, &mut copy, id).await?;
            copy.forget();
        }
    }
}
