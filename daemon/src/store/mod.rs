//! Everything that is kept, in one SQLite file.
//!
//! [`Store`] is the only door: writes go through one writer thread with group commit, reads through a small pool of read-only
//! connections, and both hand their work a [`Scope`], which is one tenant's view and nothing more. Who calls: `sync` and `http`.
//! Never here: the network, decisions about approvals (those are `domain`'s), and SQL outside this folder.

mod activities;
mod apply;
mod approvals;
mod audit;
mod contact_notes;
mod contacts;
mod conversations;
mod directory;
mod idempotency;
mod integrity;
mod lists;
mod messages;
mod migrate;
mod outbox;
mod overlay;
mod participants;
mod people;
mod reader;
mod scope;
mod search;
mod sync;
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

pub use activities::NewActivity;
pub use apply::{Applied, Asked, ContactRow};
pub use approvals::{ApprovalFilter, ApprovalRow};
pub use audit::{AuditEntry, AuditFilter};
pub use contact_notes::{ContactNoteRow, NOTES_MAX};
pub use contacts::ContactPlace;
pub use conversations::{Assignee, ConversationFilter, ConversationRow, ConversationType, Place};
pub use directory::{AgentRow, Directory, TemplateRow};
pub use idempotency::Remembered;
pub use lists::Personal;
pub use messages::{MessageRow, Written};
pub use outbox::{NewOutbox, OutboxKind, OutboxRow};
pub(crate) use overlay::{merge_attributes, merge_labels, words};
pub use people::TenantRow;
pub use scope::{Global, Scope, Sql, TenantKey};
pub use sync::{Clocks, Reread, RereadKind};
pub use webhooks::{Kept, NewWebhook, WebhookCounts, WebhookRow};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::domain::doctor::Integrity;
use reader::Readers;
use writer::Writer;

/// Committed activities wait here for slow streams; one that falls further behind reads the table instead.
const FEED_CAPACITY: usize = 1024;
/// Pages the writer keeps in memory, in KiB: what the first copy touches again and again stays there, and the daemon below its 80 MiB.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// The journal is copied into the file when it has so many pages (16 MiB): a page that changes often is then copied once.
const CHECKPOINT_PAGES: i64 = 4_000;
/// Another process (`afenda daemon token`) may hold the file for the length of one small write.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// What the store says when it cannot.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused the statement.
    #[error("the database refused the statement")]
    Sqlite(#[from] rusqlite::Error),
    /// The batch was not committed; nothing of it is kept.
    #[error("the write was not committed: {0}")]
    NotCommitted(String),
    /// The store is closing.
    #[error("the store is closed")]
    Closed,
    /// A row contradicts what the program wrote.
    #[error("table {table} holds a row that cannot be read: {message}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or prepared.
    #[error("cannot open the store {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The file cannot be made or written.
    #[error("cannot write the store {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// There is no room for it.
    #[error("the disk is full: the store {} cannot be opened; free some space, or give another data directory", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer afenda.
    #[error("the store {} is of version {found}, this afenda knows up to {known}: install the newer afenda again, or give another data directory", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// The file is no database, or not ours.
    #[error("{} is not a store of afenda: {message}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A thread could not be started.
    #[error("cannot start the store's threads")]
    Threads(#[source] std::io::Error),
}

/// One committed activity, for whoever streams it.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Whose it is.
    pub tenant: TenantKey,
    /// The row.
    pub activity: api::event::Activity,
}

/// The open store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Writer,
    readers: Readers,
    examiner: integrity::Examiner,
    feed: broadcast::Sender<Arc<Committed>>,
}

impl OpenError {
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Sqlite { path, source },
        }
    }
}

impl Store {
    /// Opens or creates the file, brings it to the current schema, and starts the threads.
    ///
    /// # Errors
    /// When the file cannot be opened, is not ours, or comes from a newer afenda.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, OpenError> {
        let fail = |source| OpenError::sqlite(path, source);
        private(path)?;
        let mut conn = Connection::open(path).map_err(fail)?;
        writer_pragmas(&conn).map_err(fail)?;
        migrate::migrate(path, &mut conn)?;
        let (feed, _) = broadcast::channel(FEED_CAPACITY);
        let readers = Readers::open(path, &clock).map_err(fail)?;
        let writer = Writer::start(conn, clock, feed.clone()).map_err(OpenError::Threads)?;
        Ok(Self { writer, readers, examiner: integrity::Examiner::new(path), feed })
    }

    /// Runs `work` for one tenant in the next commit. Returns after it is on disk, or says that it did not happen.
    ///
    /// # Errors
    /// What `work` returns, or that the commit failed.
    pub async fn write<T, E, W>(&self, tenant: TenantKey, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Scope<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.run(move |batch| work(&batch.scope(tenant))).await
    }

    /// As [`Store::write`], for what belongs to no tenant.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_global<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Global<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.run(move |batch| work(&batch.global())).await
    }

    /// Runs `work` on one snapshot.
    ///
    /// # Errors
    /// What `work` returns, or that the store is closed.
    pub async fn read<T, E, W>(&self, tenant: TenantKey, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Scope<'_>) -> Result<T, E> + Send + 'static,
    {
        self.readers.run(move |conn, now| work(&Scope::reading(conn, tenant, now))).await
    }

    /// As [`Store::read`], for what belongs to no tenant.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_global<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Global<'_>) -> Result<T, E> + Send + 'static,
    {
        self.readers.run(move |conn, now| work(&Global::new(conn, now))).await
    }

    /// Activities as they are committed, in order, of all tenants: filter by [`Committed::tenant`].
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.feed.subscribe()
    }

    /// Whether a write would be carried out now: the writer is alive and can commit.
    pub async fn is_alive(&self) -> bool {
        self.writer.run(|_| Ok::<(), StoreError>(())).await.is_ok()
    }

    /// Bytes that it has on the disk, its journal included.
    pub(crate) fn bytes(&self) -> u64 {
        self.examiner.bytes()
    }

    /// Whether the search index says what the messages do. Writes wait for it; it is broken off when the caller goes away.
    ///
    /// # Errors
    /// That it does not, or cannot be read.
    pub(crate) async fn check_index(&self) -> Result<(), StoreError> {
        self.on_the_index("insert into messages_fts (messages_fts, rank) values ('integrity-check', 1)").await
    }

    /// Makes the search index anew from the messages. Writes wait for it; it is broken off when the caller goes away, and the index stays as it was.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) async fn rebuild_index(&self) -> Result<(), StoreError> {
        self.on_the_index("insert into messages_fts (messages_fts) values ('rebuild')").await
    }

    async fn on_the_index(&self, command: &'static str) -> Result<(), StoreError> {
        self.writer.run_alone(move |batch| batch.global().run(command, &[]).map(drop)).await
    }

    /// Whether the file is whole, looked at for `limit` at most, and its size in bytes. Waits for another look to end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn integrity(&self, limit: std::time::Duration) -> (Result<Integrity, StoreError>, u64) {
        (self.examiner.integrity(limit).await, self.examiner.bytes())
    }

    /// Carries out what is queued and closes; later writes are refused.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

/// Customers' words are for the daemon's user alone; SQLite gives its journal files the mode of the database.
fn private(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let make = || -> std::io::Result<()> {
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
    };
    make().map_err(|source| OpenError::File { path: path.to_owned(), source })
}

fn writer_pragmas(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // What a savepoint keeps to roll back: a batch of one writer, a few MiB at most.
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(())
}

fn reader_connection(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}
