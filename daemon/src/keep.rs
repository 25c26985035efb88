//! Files of messages that somebody has looked at, kept for the next time: 0600 files below the data directory.
//!
//! It is a cache: bounded, the longest unused out first, nothing lost with it. What a message no longer has is not served from it, since
//! whoever asks is first shown that the message has it; at the latest after a week it is gone from the disk too.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::clock::Clock;

/// A tenant's kept files together, in bytes: some hundred pictures, and no burden to the disk.
const KEPT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The largest that is kept: one film must not drive out everything else.
const ONE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// So long an unused one stays: Chatwoot is never away for longer, and customers' files are to lie about nowhere for good.
const AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Files read from Chatwoot at once: pictures come in rows, and Chatwoot has other callers.
const READS_MAX: usize = 4;
/// Bytes handed on at once from the disk.
const CHUNK_BYTES: usize = 64 * 1024;
/// A MIME type is the first line of a kept file; longer ones are not written.
const TYPE_BYTES_MAX: usize = 200;

/// The kept files of one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keep {
    folder: Arc<PathBuf>,
    reads: Arc<Semaphore>,
    clock: Clock,
}

/// A kept file, opened.
#[derive(Debug)]
pub struct Kept {
    /// MIME type.
    pub content_type: String,
    /// Bytes.
    pub length: u64,
    file: BufReader<File>,
}

impl Kept {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// The disk's.
    pub async fn chunk(&mut self) -> std::io::Result<Option<Bytes>> {
        let mut bytes = bytes::BytesMut::with_capacity(CHUNK_BYTES);
        Ok((self.file.read_buf(&mut bytes).await? > 0).then(|| bytes.freeze()))
    }
}

/// A file that is being kept; dropped before its end it leaves nothing.
#[derive(Debug)]
pub struct Keeping {
    file: File,
    written: u64,
    from: PathBuf,
    to: PathBuf,
    folder: Arc<PathBuf>,
    clock: Clock,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        // Renamed at its end: then there is nothing here any more.
        let _ = std::fs::remove_file(&self.from);
    }
}

impl Keep {
    /// The files of the tenant with this id, below the data directory.
    pub fn new(data_dir: &Path, tenant: Uuid, clock: Clock) -> Self {
        let folder = data_dir.join("attachments").join(tenant.to_string());
        Self { folder: Arc::new(folder), reads: Arc::new(Semaphore::new(READS_MAX)), clock }
    }

    /// At the start: parts that a crash left go, and what is too old.
    pub fn sweep(&self) {
        let parts = || {
            for entry in std::fs::read_dir(self.folder.as_path())? {
                let path = entry?.path();
                if path.extension().is_some_and(|ending| ending == "part") {
                    std::fs::remove_file(path)?;
                }
            }
            make_room(&self.folder, now(&self.clock), KEPT_BYTES_MAX)
        };
        if let Err(err) = parts()
            && err.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%err, "kept files cannot be removed");
        }
    }

    /// A place among those who read from Chatwoot now; hold it until the file is there.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.reads.clone().acquire_owned().await.ok() // Never closed.
    }

    /// A kept file; none where there is none that can be read. It counts as used now.
    pub async fn open(&self, id: i64) -> Option<Kept> {
        let file = File::open(self.folder.join(id.to_string())).await.ok()?.into_std().await;
        let _ = file.set_modified(now(&self.clock)); // Else it goes a little sooner.
        let mut file = BufReader::new(File::from_std(file));
        let whole = file.get_ref().metadata().await.ok()?.len();
        let mut line = Vec::new();
        (&mut file).take(TYPE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line).await.ok()?;
        let content_type = String::from_utf8(line.strip_suffix(b"\n")?.to_vec()).ok()?;
        Some(Kept { content_type, length: whole.checked_sub(line.len() as u64)?, file })
    }

    /// Begins to keep a file; none where it is not worth it, or the disk refuses: it is shown all the same.
    pub async fn begin(&self, id: i64, content_type: &str, length: Option<u64>) -> Option<Keeping> {
        if length.is_some_and(|length| length > ONE_BYTES_MAX) || content_type.len() > TYPE_BYTES_MAX || content_type.contains('\n') {
            return None;
        }
        let begun = async {
            tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(self.folder.as_path()).await?;
            let from = self.folder.join(format!("{}.part", Uuid::now_v7()));
            let file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&from).await?;
            let to = self.folder.join(id.to_string());
            let mut keeping = Keeping { file, written: 0, from, to, folder: Arc::clone(&self.folder), clock: self.clock.clone() };
            keeping.file.write_all(format!("{content_type}\n").as_bytes()).await?;
            Ok::<_, std::io::Error>(keeping)
        };
        begun.await.inspect_err(|err| tracing::debug!(%err, "a file is not kept")).ok()
    }

    /// How many files are kept, and their bytes.
    ///
    /// # Errors
    /// The disk's.
    pub fn size(&self) -> std::io::Result<(u64, u64)> {
        let all = used(&self.folder, now(&self.clock))?;
        Ok((all.len() as u64, all.iter().map(|(_, length, _)| length).sum()))
    }

    /// Removes the files that were not used for so long, and tells how many went and their bytes.
    ///
    /// # Errors
    /// The disk's.
    pub fn clear(&self, unused: Duration) -> std::io::Result<(u64, u64)> {
        let mut gone = (0, 0);
        for (age, length, path) in used(&self.folder, now(&self.clock))? {
            // What is just being kept has no number for a name.
            let whole = path.extension().is_none();
            if whole && age >= unused {
                remove(&path)?;
                gone = (gone.0 + 1, gone.1 + length);
            }
        }
        Ok(gone)
    }

    /// Removes a file that its message no longer has.
    pub async fn remove(&self, id: i64) {
        let _ = tokio::fs::remove_file(self.folder.join(id.to_string())).await; // There may be none.
    }
}

impl Keeping {
    /// Adds bytes; `false` where it is given up.
    pub async fn add(&mut self, bytes: &[u8]) -> bool {
        self.written += bytes.len() as u64;
        self.written <= ONE_BYTES_MAX && self.file.write_all(bytes).await.is_ok()
    }

    /// It is whole: from now on it is found, and others make room for it.
    pub async fn end(mut self) {
        // On the disk before it has its name: after a power cut a file that is found is whole.
        let ended = async {
            self.file.flush().await?;
            let file = self.file.try_clone().await?.into_std().await;
            file.set_modified(now(&self.clock))?;
            self.file.sync_all().await?;
            tokio::fs::rename(&self.from, &self.to).await
        };
        if let Err(err) = ended.await {
            tracing::debug!(%err, "a file is not kept");
            return;
        }
        let (folder, now) = (Arc::clone(&self.folder), now(&self.clock));
        if let Ok(Err(err)) = tokio::task::spawn_blocking(move || make_room(&folder, now, KEPT_BYTES_MAX)).await {
            tracing::warn!(%err, "kept files cannot be removed");
        }
    }
}

/// Now, as files are dated.
fn now(clock: &Clock) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(clock.now().unsigned_abs())
}

/// The files of a folder: how long each was not used, its bytes, where it lies. None where there is no folder yet.
fn used(folder: &Path, now: SystemTime) -> std::io::Result<Vec<(Duration, u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        // Another task may have removed it meanwhile.
        let Ok(meta) = entry.metadata() else { continue };
        let used = meta.modified()?;
        let age = now.duration_since(used).unwrap_or_default();
        files.push((age, meta.len(), entry.path()));
    }
    Ok(files)
}

/// Removes a file; one that is gone already is as good.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes what is too old, and then the longest unused until the rest is at most so large.
fn make_room(folder: &Path, now: SystemTime, bytes_max: u64) -> std::io::Result<()> {
    let mut files = used(folder, now)?;
    files.sort();
    let mut sum = 0;
    for (age, length, path) in files {
        sum += length;
        if sum > bytes_max || age > AGE_MAX {
            remove(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    async fn keep(keep: &Keep, id: i64, bytes: &[u8]) {
        let mut keeping = keep.begin(id, "image/png", Some(bytes.len() as u64)).await.unwrap();
        assert!(keeping.add(bytes).await);
        keeping.end().await;
    }

    async fn read(keep: &Keep, id: i64) -> Option<(String, u64, Vec<u8>)> {
        let mut kept = keep.open(id).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = kept.chunk().await.unwrap() {
            bytes.extend_from_slice(&chunk);
        }
        Some((kept.content_type, kept.length, bytes))
    }

    #[tokio::test]
    async fn a_kept_file_is_private_and_comes_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Keep::new(folder.path(), Uuid::now_v7(), Clock::system());
        let bytes: Vec<u8> = b"a\nb\0".repeat(50_000);
        keep(&kept, 7, &bytes).await;
        assert_eq!(read(&kept, 7).await, Some(("image/png".to_owned(), 200_000, bytes)));
        assert_eq!(std::fs::metadata(kept.folder.join("7")).unwrap().permissions().mode() & 0o777, 0o600);
        kept.remove(7).await;
        assert!(read(&kept, 7).await.is_none());
    }

    #[tokio::test]
    async fn what_is_not_brought_to_its_end_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Keep::new(folder.path(), Uuid::now_v7(), Clock::system());
        let mut keeping = kept.begin(7, "image/png", None).await.unwrap();
        assert!(keeping.add(b"half").await);
        drop(keeping);
        std::fs::write(kept.folder.join("of-a-crash.part"), b"half").unwrap();
        kept.sweep();
        assert_eq!(std::fs::read_dir(kept.folder.as_path()).unwrap().count(), 0);
        assert!(read(&kept, 7).await.is_none());
        assert!(kept.begin(7, "a\nb", None).await.is_none() && kept.begin(7, "a/b", Some(ONE_BYTES_MAX + 1)).await.is_none());
    }

    #[tokio::test]
    async fn what_was_not_used_for_so_long_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(1_000_000_000);
        let kept = Keep::new(folder.path(), Uuid::now_v7(), clock.clone());
        assert_eq!((kept.size().unwrap(), kept.clear(Duration::ZERO).unwrap()), ((0, 0), (0, 0)), "nothing was ever kept");
        keep(&kept, 1, &[0; 90]).await;
        clock.advance(60 * crate::clock::SECOND);
        keep(&kept, 2, &[0; 190]).await;
        let being_kept = kept.begin(3, "image/png", None).await.unwrap();
        let line = "image/png\n".len() as u64;
        assert_eq!(kept.clear(Duration::from_secs(30)).unwrap(), (1, 90 + line));
        assert!(read(&kept, 1).await.is_none() && read(&kept, 2).await.is_some());
        assert_eq!(kept.clear(Duration::ZERO).unwrap(), (1, 190 + line));
        being_kept.end().await;
        assert!(read(&kept, 3).await.is_some());
    }

    #[tokio::test]
    async fn the_longest_unused_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Keep::new(folder.path(), Uuid::now_v7(), Clock::system());
        for id in 1..=4 {
            keep(&kept, id, &[0; 90]).await;
        }
        for id in 1..=4_i64 {
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(id.unsigned_abs());
            File::open(kept.folder.join(id.to_string())).await.unwrap().into_std().await.set_modified(used).unwrap();
        }
        make_room(&kept.folder, SystemTime::UNIX_EPOCH + Duration::from_secs(10), 250).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(kept.folder.as_path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["3", "4"]);
        make_room(&kept.folder, SystemTime::UNIX_EPOCH + AGE_MAX + Duration::from_secs(4), 250).unwrap();
        assert!(kept.open(3).await.is_none() && kept.open(4).await.is_some());
    }
}
