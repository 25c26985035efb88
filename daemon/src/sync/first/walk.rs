//! Conversations with their messages: a few reads at a time on one side, one write after another on the other.
//!
//! Reads hand over what came piece by piece; the writing side takes all pieces that gathered while its last commit was on its way to the
//! disk, or a page of conversations with what is in them, keeps them together and writes in the same commit how far that is. What is
//! between the two is bounded, so that the memory does not grow with the account.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api::event::{ActivityType, SubjectType};
use chatwoot::error::{Error, ErrorKind};
use chatwoot::model;
use chatwoot::rest::{ListQuery, MessagesQuery, Undecoded};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::super::apply::{How, Incoming, Outcome};
use super::super::link::Failure;
use super::super::pull::cutoff;
use super::super::{Core, Door};
use super::{FIRST_COPY, FirstCopy, UNREAD};
use crate::clock::Micros;
use crate::domain::outbox::backoff;
use crate::store::{Asked, NewActivity, Reread, RereadKind, Scope, StoreError};

/// Rows on a page of conversations (section 12.1).
pub(super) const PAGE: u64 = 25;
/// A page of messages going forward, and going back, holds this many (section 5.1).
const FORWARD_PAGE: usize = 100;
const BACK_PAGE: usize = 20;
/// Rows between the reads and the writes, those of the commit that is on its way included: enough that a read rarely waits for a commit,
/// and some MiB of usual messages. A longer page counts as all of it.
const ROWS_MAX: u32 = 2_000;
/// Pieces between them at most: each conversation is two besides its messages' pages.
const PIECES_MAX: usize = 512;
/// Rows that make a commit of its own: a page of conversations with twenty messages each. Small commits write the same pages of the file
/// again and again.
const COMMIT_ROWS: u32 = 500;
/// And so long the first piece of a commit waits for company.
const COMMIT_AFTER: Duration = Duration::from_millis(250);
/// So many conversations that cannot be read one after another are no matter of the conversations: the server fails.
const STREAK_MAX: u32 = 5;
/// And so many in all: the copy begins its next session rather than note the whole account.
const UNREAD_MAX: u64 = 500;

/// A conversation whose messages could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unread {
    /// Tries so far.
    pub attempts: u32,
    /// Our clock before which it is not tried again.
    pub not_before: Micros,
    /// What Chatwoot said.
    pub why: String,
}

/// A conversation to read.
struct Job {
    id: i64,
    created: Micros,
    active: Micros,
}

/// Something that was read.
enum Piece {
    /// A page of conversations, and which of them are read next.
    List { page: u32, total: Option<u64>, rows: Vec<model::Conversation>, jobs: Vec<i64>, asked: Asked },
    /// Messages of a conversation.
    Messages(Vec<model::Message>, Asked),
    /// All of a conversation was read, beginning at that time of ours.
    Read(i64, Micros),
    /// A conversation could not be read.
    Unread(i64, String),
    /// A conversation is no longer there, it seems: it is read again by itself.
    Gone(i64),
}

impl Piece {
    /// How many rows it is, for the bounds.
    fn weight(&self) -> u32 {
        let rows = match self {
            Self::List { rows, .. } => rows.len(),
            Self::Messages(rows, _) => rows.len(),
            Self::Read(..) | Self::Unread(..) | Self::Gone(_) => 0,
        };
        u32::try_from(rows).unwrap_or(ROWS_MAX).min(ROWS_MAX)
    }
}

/// Where the reads hand over what they brought.
#[derive(Clone)]
struct Pieces {
    queue: mpsc::Sender<(Piece, Option<OwnedSemaphorePermit>)>,
    room: Arc<Semaphore>,
}

/// What the conversations of the newest pages say; clients that show them hear of it.
pub(super) async fn shown(core: &Arc<Core>, copy: &mut FirstCopy) -> Result<(), Failure> {
    let ids: Vec<i64> = copy.shown.iter().filter(|id| !copy.copied.contains(id)).copied().collect();
    let jobs = these(core, ids).await?;
    run(core, copy, true, move |_| stream::iter(jobs.into_iter().map(Ok))).await
}

/// One conversation again.
pub(super) async fn again(core: &Arc<Core>, copy: &mut FirstCopy, id: i64) -> Result<(), Failure> {
    let jobs = these(core, vec![id]).await?;
    if jobs.is_empty() {
        // Deleted from the copy since it was noted: there is nothing to read, now or later.
        copy.incomplete = copy.incomplete.saturating_sub(1);
        let (kept, telling) = (copy.clone(), core.telling(copy, false));
        core.write(move |scope| {
            scope.drop_cursor(&format!("{UNREAD}{id}"))?;
            scope.set_cursor(FIRST_COPY, &kept)?;
            telling.record(scope)
        })
        .await?;
        core.show_progress(copy);
        return Ok(());
    }
    run(core, copy, false, move |_| stream::iter(jobs.into_iter().map(Ok))).await
}

async fn these(core: &Core, ids: Vec<i64>) -> Result<Vec<Job>, Failure> {
    let jobs = core.read(move |scope| {
        let known = ids.into_iter().map(|id| {
            let view = scope.conversation(id, "")?;
            let times = view.map(|view| (view.created_at.as_microsecond(), view.last_activity_at.as_microsecond()));
            Ok(times.map(|(created, active)| Job { id, created, active }))
        });
        known.collect::<Result<Vec<_>, StoreError>>()
    });
    Ok(jobs.await?.into_iter().flatten().collect())
}

/// Every conversation, from the last page to the first.
pub(super) async fn conversations(core: &Arc<Core>, copy: &mut FirstCopy) -> Result<(), Failure> {
    if copy.page == 0 {
        let first = list(core, 1).await?;
        let total = u64::try_from(first.meta.all_count).unwrap_or_default();
        copy.total = Some(total);
        copy.page = u32::try_from(total.div_ceil(PAGE)).unwrap_or(u32::MAX).max(1);
        // What came meanwhile stands at the end.
        while !list(core, copy.page + 1).await?.payload.is_empty() {
            copy.page += 1;
        }
    }
    let (from, known) = (copy.page, copy.shown.iter().chain(&copy.copied).copied().collect());
    run(core, copy, false, move |pieces| pages(core, from, known, pieces)).await
}

async fn list(core: &Core, page: u32) -> Result<model::ConversationList, Failure> {
    let page = core.call(|client| async move { client.conversations(&ListQuery::walk(page)).await }).await;
    page.map_err(|err| core.failure(&err))
}

/// The conversations of all pages from `from` down, without those that are copied already.
fn pages<'a>(core: &'a Core, from: u32, known: HashSet<i64>, pieces: Pieces) -> impl Stream<Item = Result<Job, Failure>> + 'a {
    struct Walk {
        next: u32,
        known: HashSet<i64>,
        before: Vec<i64>,
        pieces: Pieces,
    }
    let walk = Walk { next: from, known, before: Vec::new(), pieces };
    let pages = stream::try_unfold(walk, move |mut walk| async move {
        if walk.next == 0 {
            return Ok(None);
        }
        let asked = core.asked();
        let page = list(core, walk.next).await?;
        // A deletion moves rows of the page before to this one.
        let fresh = |row: &&model::Conversation| !walk.known.contains(&row.id) && !walk.before.contains(&row.id);
        let jobs: Vec<Job> = page.payload.iter().filter(fresh).map(job).collect();
        walk.before = page.payload.iter().map(|row| row.id).collect();
        let total = u64::try_from(page.meta.all_count).ok();
        let ids = jobs.iter().map(|job| job.id).collect();
        hand_over(&walk.pieces, Piece::List { page: walk.next, total, rows: page.payload, jobs: ids, asked }).await?;
        walk.next -= 1;
        Ok::<_, Failure>(Some((stream::iter(jobs.into_iter().map(Ok)), walk)))
    });
    futures_util::TryStreamExt::try_flatten(pages)
}

fn job(row: &model::Conversation) -> Job {
    Job { id: row.id, created: row.created_at.micros().unwrap_or_default(), active: row.last_activity_at.micros().unwrap_or(Micros::MAX) }
}

/// Waits for room. Fails only when the writing side has failed, which then says why.
async fn hand_over(pieces: &Pieces, piece: Piece) -> Result<(), Failure> {
    let failed = || Failure::Later("what was read could not be kept".to_owned(), None);
    let room = tokio::select! {
        room = pieces.room.clone().acquire_many_owned(piece.weight()) => room.ok(),
        () = pieces.queue.closed() => return Err(failed()),
    };
    pieces.queue.send((piece, room)).await.map_err(|_| failed())
}

/// Reads all jobs and keeps what they bring.
async fn run<S>(core: &Arc<Core>, copy: &mut FirstCopy, tell: bool, jobs: impl FnOnce(Pieces) -> S) -> Result<(), Failure>
where
    S: Stream<Item = Result<Job, Failure>>,
{
    let (queue, kept) = mpsc::channel(PIECES_MAX);
    let pieces = Pieces { queue, room: Arc::new(Semaphore::new(ROWS_MAX as usize)) };
    let jobs = jobs(pieces.clone());
    let (read, kept) = tokio::join!(read(core, jobs, pieces), keep(core, copy, tell, kept));
    kept.and(read)
}

/// The reading side. Its end, with the jobs, ends the writing side.
async fn read(core: &Core, jobs: impl Stream<Item = Result<Job, Failure>>, pieces: Pieces) -> Result<(), Failure> {
    let (cutoff, streak, pieces) = (cutoff(core), &AtomicU32::new(0), &pieces);
    let reads = jobs.map(|job| async move { one(core, &job?, cutoff, pieces, streak).await });
    // Twice as many as may be asked for at once: each of them has the next one waiting behind it.
    let mut reads = std::pin::pin!(reads.buffer_unordered(2 * core.cx.sync.requests_max.max(1)));
    while let Some(read) = reads.next().await {
        read?;
    }
    Ok(())
}

/// One conversation. What is wrong with it alone is noted; what is wrong with the server ends the walk.
async fn one(core: &Core, job: &Job, cutoff: Micros, pieces: &Pieces, streak: &AtomicU32) -> Result<(), Failure> {
    let began = core.now();
    let Err(err) = messages(core, job, cutoff, pieces).await? else {
        streak.store(0, Ordering::Relaxed);
        return hand_over(pieces, Piece::Read(job.id, began)).await;
    };
    match err.kind {
        ErrorKind::NotFound { record: true, .. } => hand_over(pieces, Piece::Gone(job.id)).await,
        ErrorKind::Server { .. }
        | ErrorKind::NotChatwoot { .. }
        | ErrorKind::Decode { .. }
        | ErrorKind::TooLarge { .. }
        | ErrorKind::Timeout
        | ErrorKind::Interrupted
            if streak.fetch_add(1, Ordering::Relaxed) + 1 < STREAK_MAX =>
        {
            tracing::warn!(
                conversation = job.id,
                error = &err as &dyn std::error::Error,
                "a conversation cannot be read; it is tried again"
            );
            hand_over(pieces, Piece::Unread(job.id, err.to_string())).await
        }
        _ => Err(core.failure(&err)),
    }
}

/// The messages of one conversation: forward where all of it is young enough, else back from the newest.
async fn messages(core: &Core, job: &Job, cutoff: Micros, pieces: &Pieces) -> Result<Result<(), Error>, Failure> {
    if job.active < cutoff {
        return Ok(Ok(()));
    }
    let (id, forward) = (job.id, job.created >= cutoff);
    let mut query = if forward { MessagesQuery::after(0) } else { MessagesQuery::NEWEST };
    loop {
        let asked = core.asked();
        let page = core.call(|client| async move { client.messages_undecoded(id, query).await }).await;
        // Whoever waits for the line sends first.
        tokio::task::yield_now().await;
        let page = match page.and_then(Undecoded::decode) {
            Ok(page) => page.payload,
            Err(err) => return Ok(Err(err)),
        };
        let ids = page.iter().map(|message| message.id);
        let old = page.iter().any(|message| message.created_at.micros().is_some_and(|at| at < cutoff));
        let (next, more) = match forward {
            true => (ids.max().map(MessagesQuery::after), page.len() >= FORWARD_PAGE),
            false => (ids.min().map(MessagesQuery::before), page.len() >= BACK_PAGE && !old),
        };
        if !page.is_empty() {
            hand_over(pieces, Piece::Messages(page, asked)).await?;
        }
        match next.filter(|next| more && *next != query) {
            Some(next) => query = next,
            None => return Ok(Ok(())),
        }
    }
}

/// Pages that are not copied whole, in the order they were listed: the cursor stands at the first of them.
#[derive(Default)]
struct Open(VecDeque<OpenPage>);

struct OpenPage {
    page: u32,
    rows: HashSet<i64>,
    left: HashSet<i64>,
}

impl Open {
    fn follow(&mut self, pieces: &[Piece], copy: &mut FirstCopy) {
        for piece in pieces {
            match piece {
                Piece::List { page, total, rows, jobs, .. } => {
                    copy.total = total.or(copy.total);
                    let rows = rows.iter().map(|row| row.id).collect();
                    self.0.push_back(OpenPage { page: *page, rows, left: jobs.iter().copied().collect() });
                }
                Piece::Messages(..) => {}
                Piece::Read(id, _) | Piece::Unread(id, _) | Piece::Gone(id) => {
                    copy.conversations += u64::from(matches!(piece, Piece::Read(..)));
                    copy.copied.push(*id);
                    self.0.iter_mut().for_each(|open| {
                        open.left.remove(id);
                    });
                }
            }
        }
        while let Some(done) = self.0.pop_front_if(|open| open.left.is_empty()) {
            copy.page = done.page - 1;
            copy.copied.retain(|id| !done.rows.contains(id));
        }
    }
}

/// Pieces for one commit: all that are there, and where they are few, those that come soon. `false` at the end.
async fn gather(pieces: &mut mpsc::Receiver<(Piece, Option<OwnedSemaphorePermit>)>, soon: bool, batch: &mut Batch) -> bool {
    if let Some(first) = pieces.recv().await {
        batch.push(first);
    }
    let company = async {
        while batch.pieces.len() < PIECES_MAX {
            let next = if soon || batch.rows >= COMMIT_ROWS { pieces.try_recv().ok() } else { pieces.recv().await };
            let Some(next) = next else { return };
            batch.push(next);
        }
    };
    // The time over means that they are few.
    let _ = tokio::time::timeout(COMMIT_AFTER, company).await;
    !batch.pieces.is_empty()
}

/// What goes into one commit, and the room it takes until then.
#[derive(Default)]
struct Batch {
    pieces: Vec<Piece>,
    room: Vec<OwnedSemaphorePermit>,
    rows: u32,
}

impl Batch {
    fn push(&mut self, (piece, room): (Piece, Option<OwnedSemaphorePermit>)) {
        self.rows += piece.weight();
        self.pieces.push(piece);
        self.room.extend(room);
    }
}

/// The writing side: keeps all pieces that have gathered in one commit, with the place of the copy.
async fn keep(
    core: &Core,
    copy: &mut FirstCopy,
    tell: bool,
    mut pieces: mpsc::Receiver<(Piece, Option<OwnedSemaphorePermit>)>,
) -> Result<(), Failure> {
    let (mut open, mut batch) = (Open::default(), Batch::default());
    // Clients wait for what they are shown.
    while gather(&mut pieces, tell, &mut batch).await {
        let Batch { pieces: batch, room, .. } = std::mem::take(&mut batch);
        open.follow(&batch, copy);
        if copy.incomplete >= UNREAD_MAX {
            return Err(Failure::Later(format!("{UNREAD_MAX} conversations cannot be read; afenda keeps trying"), None));
        }
        let (door, kept) = (core.door.clone(), copy.clone());
        let mut telling = core.telling(copy, false);
        let (outcome, now) = core
            .write(move |scope| {
                let (mut copy, mut outcome) = (kept, Outcome::default());
                scope.indexing_together(|| {
                    for piece in batch {
                        outcome = outcome.and(apply(scope, &door, piece, &mut copy, tell)?);
                    }
                    Ok(())
                })?;
                scope.set_cursor(FIRST_COPY, &copy)?;
                telling.count(&copy);
                telling.record(scope)?;
                Ok((outcome, copy))
            })
            .await?;
        drop(room);
        *copy = now;
        core.follow(outcome);
        core.show_progress(copy);
    }
    Ok(())
}

fn apply(scope: &Scope<'_>, door: &Door, piece: Piece, copy: &mut FirstCopy, tell: bool) -> Result<Outcome, StoreError> {
    // What was there before us is no news to anybody; clients hear of the progress.
    let quiet = |at: Option<Micros>| at.is_none_or(|at| at < copy.began);
    let mut outcome = Outcome::default();
    match piece {
        Piece::List { rows, asked, .. } => {
            for row in rows {
                let known = quiet(row.created_at.micros());
                let row = Incoming::Conversation(Box::new(row));
                outcome = outcome.and(scope.quietly(known, || door.apply(scope, &row, How::Read(asked)))?);
            }
        }
        Piece::Messages(rows, asked) => {
            let (applied, news) = door.messages(scope, &rows, asked, |row| quiet(row.created_at.micros()))?;
            copy.messages += news;
            outcome = applied;
        }
        Piece::Read(id, began) => {
            scope.messages_read(id, began)?;
            if copy.incomplete > 0 && scope.cursor::<Unread>(&format!("{UNREAD}{id}"))?.is_some() {
                scope.drop_cursor(&format!("{UNREAD}{id}"))?;
                copy.incomplete -= 1;
            }
            let newest = if tell { scope.newest_message(id)? } else { 0 };
            if newest > 0 {
                let heard = NewActivity::by_chatwoot(ActivityType::MessageCreated, SubjectType::Message, newest.to_string());
                scope.record_activity(heard.in_conversation(id, serde_json::json!({})))?;
            }
        }
        Piece::Unread(id, why) => {
            let name = format!("{UNREAD}{id}");
            let known = scope.cursor::<Unread>(&name)?;
            copy.incomplete += u64::from(known.is_none());
            let attempts = known.unwrap_or_default().attempts + 1;
            scope.set_cursor(&name, &Unread { attempts, not_before: scope.now() + backoff(attempts, 0.0), why })?;
        }
        Piece::Gone(id) => {
            scope.mark(Reread { kind: RereadKind::Conversation, id, conversation_id: 0 })?;
            if scope.cursor::<Unread>(&format!("{UNREAD}{id}"))?.is_some() {
                scope.drop_cursor(&format!("{UNREAD}{id}"))?;
                copy.incomplete = copy.incomplete.saturating_sub(1);
            }
            outcome.marked = true;
        }
    }
    Ok(outcome)
}
