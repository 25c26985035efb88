//! Whether the store's file is whole, and how large it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::{StoreError, reader_connection};
use crate::domain::doctor::Integrity;

/// Instructions of SQLite's machine between two looks at the time: some tens of microseconds.
const STEPS: std::ffi::c_int = 1_000;
/// Findings told; one is enough to act.
const FINDINGS_MAX: u32 = 3;

/// Looks through the file on a connection of its own, so that readers are not kept waiting; one look at a time, for each reads all of it.
#[derive(Debug, Clone)]
pub(super) struct Examiner {
    path: PathBuf,
    one: Arc<Semaphore>,
}

impl Examiner {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), one: Arc::new(Semaphore::new(1)) }
    }

    /// Looks through the file for `limit` at most, once it is its turn.
    pub(super) async fn integrity(&self, limit: Duration) -> Result<Integrity, StoreError> {
        let permit = Arc::clone(&self.one).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let path = self.path.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            look(&path, limit)
        });
        looked.await.map_err(|_| StoreError::Closed)?
    }

    /// Bytes of the file and its journal.
    pub(super) fn bytes(&self) -> u64 {
        let wal = PathBuf::from(format!("{}-wal", self.path.display()));
        [&self.path, &wal].into_iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum()
    }
}

fn look(path: &Path, limit: Duration) -> Result<Integrity, StoreError> {
    let conn = reader_connection(path)?;
    let until = Instant::now() + limit;
    conn.progress_handler(STEPS, Some(move || Instant::now() >= until))?;
    let mut found: Vec<String> = Vec::new();
    let ended = conn.pragma(None, "quick_check", FINDINGS_MAX, |row| {
        found.push(row.get(0)?);
        Ok(())
    });
    found.retain(|line| line != "ok");
    match ended {
        _ if !found.is_empty() => Ok(Integrity::Damaged(found.join("; "))),
        Ok(()) => Ok(Integrity::Whole),
        Err(err) => match err.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Ok(Integrity::SoFar { seconds: limit.as_secs() }),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Ok(Integrity::Damaged(err.to_string())),
            _ => Err(err.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;
    use std::io::{Seek, SeekFrom, Write};

    /// A file of some 2 MB.
    fn file(folder: &Path) -> PathBuf {
        let path = folder.join("afenda.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("create table t (a integer primary key, b text); create index i on t (b)").unwrap();
        for n in 0..2_000 {
            conn.execute("insert into t (b) values (?1)", [format!("{n:0>500}")]).unwrap();
        }
        path
    }

    #[tokio::test]
    async fn a_whole_file_is_whole_and_a_damaged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let examiner = Examiner::new(&path);
        assert_eq!(examiner.integrity(Duration::from_secs(60)).await.unwrap(), Integrity::Whole);
        assert!(examiner.bytes() > 1_000_000);
        assert_eq!(examiner.integrity(Duration::ZERO).await.unwrap(), Integrity::SoFar { seconds: 0 });
        let mut damaged = std::fs::File::options().write(true).open(&path).unwrap();
        damaged.seek(SeekFrom::Start(40 * 4096)).unwrap();
        damaged.write_all(&[0xff; 4096 * 3]).unwrap();
        assert!(matches!(examiner.integrity(Duration::from_secs(60)).await.unwrap(), Integrity::Damaged(_)));
        std::fs::write(&path, "no database at all, but long enough to be one").unwrap();
        assert!(matches!(examiner.integrity(Duration::from_secs(60)).await.unwrap(), Integrity::Damaged(_)));
    }
}
