//! The one writer: takes what is queued, gives each piece its own savepoint, commits once, then answers them all.
//!
//! It never waits to fill a batch: while one commit is on its way to the disk, the next batch gathers by itself. A piece that fails rolls
//! back alone. A panic inside a piece ends the process: half a thought must not be committed by the next batch.

use std::cell::RefCell;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Committed, Global, Scope, StoreError, TenantKey};
use crate::clock::{Clock, Micros};

/// Pieces in one commit at most: more would make the first caller wait for the last one's work.
const BATCH_MAX: usize = 64;
/// Pieces waiting at most; further callers wait at the door, which slows them down instead of filling the memory.
const QUEUE_MAX: usize = 256;

/// What a piece of work sees: the savepoint, the time, and where its activities go.
pub(super) struct Batch<'c> {
    conn: &'c Connection,
    now: Micros,
    feed: RefCell<Vec<Committed>>,
}

impl Batch<'_> {
    pub(super) fn scope(&self, tenant: TenantKey) -> Scope<'_> {
        Scope::writing(self.conn, tenant, self.now, &self.feed)
    }

    pub(super) fn global(&self) -> Global<'_> {
        Global::new(self.conn, self.now)
    }
}

/// Answers one caller once it is known whether the batch is on disk.
type Answer = Box<dyn FnOnce(&Result<(), String>) + Send>;
/// Does the work; says whether to keep it, and how to answer.
type Work = Box<dyn FnOnce(&Batch<'_>) -> (bool, Answer) + Send>;

enum Job {
    Work(Work),
    Close(oneshot::Sender<()>),
}

#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) fn start(conn: Connection, clock: Clock, feed: broadcast::Sender<Arc<Committed>>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let _guard = EndProcessOnPanic;
            run(conn, jobs, &clock, &feed);
        })?;
        Ok(Self { queue })
    }

    pub(super) async fn run<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Batch<'_>) -> Result<T, E> + Send + 'static,
    {
        let (tx, rx) = oneshot::channel();
        let job: Work = Box::new(move |batch| {
            let result = work(batch);
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let result = match (committed, keep) {
                    (Err(why), true) => Err(E::from(StoreError::NotCommitted(why.clone()))),
                    _ => result,
                };
                // A caller that went away does not want its answer.
                let _ = tx.send(result);
            });
            (keep, answer)
        });
        if self.queue.send(Job::Work(job)).await.is_err() {
            return Err(E::from(StoreError::Closed));
        }
        rx.await.unwrap_or_else(|_| {
            let broken = || StoreError::NotCommitted("the batch broke off before its turn".to_owned());
            Err(E::from(if self.queue.is_closed() { StoreError::Closed } else { broken() }))
        })
    }

    pub(super) async fn close(&self) {
        let (tx, rx) = oneshot::channel();
        if self.queue.send(Job::Close(tx)).await.is_ok() {
            let _ = rx.await;
        }
    }
}

struct EndProcessOnPanic;

impl Drop for EndProcessOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the store's writer panicked; ending the process, the last commit stands");
            std::process::abort();
        }
    }
}

fn run(mut conn: Connection, mut jobs: mpsc::Receiver<Job>, clock: &Clock, feed: &broadcast::Sender<Arc<Committed>>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = jobs.blocking_recv() else { break };
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Work(work) => batch.push(work),
                Job::Close(done) => closing = Some(done),
            }
            next = if batch.len() < BATCH_MAX && closing.is_none() { jobs.try_recv().ok() } else { None };
        }
        let mut answers = Vec::with_capacity(batch.len());
        let mut published = Vec::new();
        let committed = commit(&mut conn, batch.drain(..), clock.now(), &mut answers, &mut published).map_err(|err| err.to_string());
        if let Err(why) = &committed {
            tracing::error!(%why, "a batch was not committed");
        } else {
            for activity in published {
                // Nobody listening is fine: the table has it.
                let _ = feed.send(Arc::new(activity));
            }
        }
        for answer in answers {
            answer(&committed);
        }
    }
    jobs.close();
    if let Err((_, err)) = conn.close() {
        tracing::warn!(%err, "the store did not close cleanly; the journal will be replayed at the next start");
    }
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

fn commit(
    conn: &mut Connection,
    batch: impl Iterator<Item = Work>,
    now: Micros,
    answers: &mut Vec<Answer>,
    published: &mut Vec<Committed>,
) -> rusqlite::Result<()> {
    let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for work in batch {
        let step = tx.savepoint()?;
        let view = Batch { conn: &step, now, feed: RefCell::default() };
        let (keep, answer) = work(&view);
        answers.push(answer);
        let activities = view.feed.into_inner();
        if step.is_autocommit() {
            // A full disk can end the whole transaction inside one piece: what follows must not commit by itself.
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
            return Err(rusqlite::Error::SqliteFailure(code, Some("the disk is full: the batch was rolled back".to_owned())));
        }
        if keep {
            step.commit()?;
            published.extend(activities);
        } else {
            drop(step); // Dropping a savepoint rolls it back.
        }
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(sql: &'static str, keep: bool) -> Work {
        Box::new(move |batch| {
            let ok = batch.conn.execute_batch(sql).is_ok();
            (ok && keep, Box::new(|_| ()))
        })
    }

    #[test]
    fn a_refused_piece_leaves_nothing_and_its_neighbours_stay() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("create table t (a integer primary key)").unwrap();
        let jobs =
            vec![job("insert into t values (1)", true), job("insert into t values (2)", false), job("insert into t values (3)", true)];
        let mut answers = Vec::new();
        commit(&mut conn, jobs.into_iter(), 0, &mut answers, &mut Vec::new()).unwrap();
        let kept: Vec<i64> =
            conn.prepare("select a from t order by a").unwrap().query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!((kept, answers.len()), (vec![1, 3], 3));
    }
}
