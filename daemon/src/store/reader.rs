//! Read-only connections. A read runs on one snapshot, off the async threads, and never waits for the writer.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::Semaphore;

use super::{StoreError, reader_connection};
use crate::clock::{Clock, Micros};

/// Connections: more than the machine has cores only adds contention, and a light daemon shares the machine.
const READERS: usize = 4;

#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    clock: Clock,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("free", &self.free.available_permits()).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn open(path: &Path, clock: &Clock) -> rusqlite::Result<Self> {
        let pool = (0..READERS).map(|_| reader_connection(path)).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self { pool: Arc::new(Mutex::new(pool)), free: Arc::new(Semaphore::new(READERS)), clock: clock.clone() })
    }

    pub(super) async fn run<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Connection, Micros) -> Result<T, E> + Send + 'static,
    {
        let Ok(permit) = self.free.clone().acquire_owned().await else { return Err(E::from(StoreError::Closed)) };
        let (pool, now) = (self.pool.clone(), self.clock.now());
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let conn = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut lent = Lent { pool, conn };
            let Some(conn) = &mut lent.conn else { return Err(E::from(StoreError::Closed)) };
            match conn.transaction_with_behavior(TransactionBehavior::Deferred) {
                Ok(snapshot) => work(&snapshot, now),
                Err(err) => Err(E::from(StoreError::Sqlite(err))),
            }
        });
        done.await.unwrap_or_else(|_| Err(E::from(StoreError::Closed)))
    }
}

/// A connection that goes back to the pool, also when the read panics.
struct Lent {
    pool: Arc<Mutex<Vec<Connection>>>,
    conn: Option<Connection>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).extend(self.conn.take());
    }
}
