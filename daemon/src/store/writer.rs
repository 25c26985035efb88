//! The one writer: takes what is queued, gives each piece its own savepoint, commits once, then answers them all.
//!
//! It never waits to fill a batch: while one commit is on its way to the disk, the next batch gathers by itself. A piece that fails rolls
//! back alone; what takes seconds and can be broken off is a batch by itself, since SQLite rolls back all of what is broken off. A panic inside a piece ends the process: half a thought must not be committed by the next batch.

use std::cell::RefCell;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Committed, Global, Scope, StoreError, TenantKey};
use crate::clock::{Clock, Micros};

/// Pieces in one commit at most: more would make the first caller wait for the last one's work.
const BATCH_MAX: usize = 64;
/// Pieces waiting at most; further callers wait at the door, which slows them down instead of filling the memory.
const QUEUE_MAX: usize = 256;

/// Instructions of SQLite's machine between two looks whether a piece is to be broken off: some tens of microseconds.
const STEPS: std::ffi::c_int = 1_000;

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

    fn piece(conn: &'_ Connection, now: Micros) -> Batch<'_> {
        Batch { conn, now, feed: RefCell::default() }
    }
}

/// Answers one caller once it is known whether the batch is on disk.
type Answer = Box<dyn FnOnce(&Result<(), String>) + Send>;
/// Does the work; says whether to keep it, and how to answer.
type Work = Box<dyn FnOnce(&Batch<'_>) -> (bool, Answer) + Send>;

enum Job {
    Work(Work),
    /// Work that is a batch by itself and is broken off once this is cancelled.
    Alone(Work, CancellationToken),
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
        self.hand_in(work, Job::Work).await
    }

    /// As [`Writer::run`], by itself, and broken off when the caller goes away.
    pub(super) async fn run_alone<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Batch<'_>) -> Result<T, E> + Send + 'static,
    {
        let gone = CancellationToken::new();
        let _guard = gone.clone().drop_guard();
        self.hand_in(work, |work| Job::Alone(work, gone)).await
    }

    async fn hand_in<T, E, W>(&self, work: W, job: impl FnOnce(Work) -> Job) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Batch<'_>) -> Result<T, E> + Send + 'static,
    {
        let (tx, rx) = oneshot::channel();
        let work: Work = Box::new(move |batch| {
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
        if self.queue.send(job(work)).await.is_err() {
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
    let (mut closing, mut alone) = (None, None);
    while closing.is_none() {
        let Some(first) = jobs.blocking_recv() else { break };
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Work(work) => batch.push(work),
                Job::Alone(work, gone) => alone = Some((work, gone)),
                Job::Close(done) => closing = Some(done),
            }
            let gathers = batch.len() < BATCH_MAX && closing.is_none() && alone.is_none();
            next = if gathers { jobs.try_recv().ok() } else { None };
        }
        if !batch.is_empty() {
            let mut done = Done::with_capacity(batch.len());
            let committed = commit(&mut conn, batch.drain(..), clock.now(), &mut done);
            done.told(committed, feed);
        }
        if let Some((work, gone)) = alone.take() {
            let mut done = Done::default();
            let committed = commit_alone(&mut conn, work, gone, clock.now(), &mut done);
            done.told(committed, feed);
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

/// What was carried out, to be told once it is known whether it is on disk.
#[derive(Default)]
struct Done {
    answers: Vec<Answer>,
    activities: Vec<Committed>,
}

impl Done {
    fn with_capacity(pieces: usize) -> Self {
        Self { answers: Vec::with_capacity(pieces), ..Self::default() }
    }

    fn told(self, committed: rusqlite::Result<()>, feed: &broadcast::Sender<Arc<Committed>>) {
        let committed = committed.map_err(|err| err.to_string());
        if let Err(why) = &committed {
            tracing::error!(%why, "a batch was not committed");
        } else {
            for activity in self.activities {
                // Nobody listening is fine: the table has it.
                let _ = feed.send(Arc::new(activity));
            }
        }
        for answer in self.answers {
            answer(&committed);
        }
    }
}

fn commit(conn: &mut Connection, batch: impl Iterator<Item = Work>, now: Micros, done: &mut Done) -> rusqlite::Result<()> {
    let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for work in batch {
        let step = tx.savepoint()?;
        let view = Batch::piece(&step, now);
        let (keep, answer) = work(&view);
        done.answers.push(answer);
        let activities = view.feed.into_inner();
        if step.is_autocommit() {
            // A full disk can end the whole transaction inside one piece: what follows must not commit by itself.
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
            return Err(rusqlite::Error::SqliteFailure(code, Some("the disk is full: the batch was rolled back".to_owned())));
        }
        if keep {
            step.commit()?;
            done.activities.extend(activities);
        } else {
            drop(step); // Dropping a savepoint rolls it back.
        }
    }
    tx.commit()
}

fn commit_alone(conn: &mut Connection, work: Work, gone: CancellationToken, now: Micros, done: &mut Done) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.progress_handler(STEPS, Some(move || gone.is_cancelled()))?;
    let view = Batch::piece(&tx, now);
    let (keep, answer) = work(&view);
    done.answers.push(answer);
    let activities = view.feed.into_inner();
    tx.progress_handler(0, None::<fn() -> bool>)?;
    if !keep {
        return Ok(()); // Dropping a transaction rolls it back, unless what was broken off has done so.
    }
    done.activities.extend(activities);
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
        let mut done = Done::default();
        commit(&mut conn, jobs.into_iter(), 0, &mut done).unwrap();
        let kept: Vec<i64> =
            conn.prepare("select a from t order by a").unwrap().query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!((kept, done.answers.len()), (vec![1, 3], 3));
    }

    #[tokio::test]
    async fn what_stands_alone_is_broken_off_when_its_caller_goes_away_and_leaves_nothing() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("create table t (a integer primary key)").unwrap();
        let writer = Writer::start(conn, Clock::system(), broadcast::channel(8).0).unwrap();
        let (begins, begun) = oneshot::channel();
        let endless =
            "with recursive n (i) as (select 10 union all select i + 1 from n) insert into t select i from n where i = 10 or i < 0";
        let caller = tokio::spawn({
            let writer = writer.clone();
            async move {
                let work = |batch: &Batch<'_>| {
                    batch.conn.execute_batch("insert into t values (1)")?;
                    let _ = begins.send(());
                    Ok::<_, StoreError>(batch.conn.execute_batch(endless)?)
                };
                writer.run_alone(work).await
            }
        });
        begun.await.unwrap();
        caller.abort();
        let sum = |batch: &Batch<'_>| {
            batch.conn.execute_batch("insert into t values (2)")?;
            Ok::<i64, StoreError>(batch.conn.query_row("select sum(a) from t", [], |row| row.get(0))?)
        };
        let after = tokio::time::timeout(std::time::Duration::from_secs(60), writer.run(sum)).await.unwrap();
        assert_eq!(after.unwrap(), 2);
        let alone = writer.run_alone(|batch| Ok::<_, StoreError>(batch.conn.execute_batch("insert into t values (3)")?)).await;
        assert!(alone.is_ok());
        assert_eq!(
            writer.run(|batch| Ok::<i64, StoreError>(batch.conn.query_row("select sum(a) from t", [], |row| row.get(0))?)).await.unwrap(),
            5
        );
    }
}
