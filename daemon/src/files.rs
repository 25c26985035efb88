//! Files on their way to Chatwoot: each in a file of its own below the data directory, readable by its owner alone, until its entry is over.
//!
//! Files, not rows: 40 MB through the one writer would hold up every other write, and the database file never gets smaller again. The outbox
//! entry names them; whatever no open entry names, and nobody is writing just now, is removed (`sweep`). Never here: names that people gave
//! as paths.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::domain::outbox::FileRef;

/// Files with one message: Chatwoot's own page takes no more (section 5.3).
pub const FILES_MAX: usize = 15;
/// Size of one file, in bytes: Chatwoot's default limit, which it checks for web widgets only.
pub const FILE_BYTES_MAX: u64 = 40 * 1024 * 1024;
/// All waiting files of a tenant together, in bytes: more means that Chatwoot has been away for long, and the disk is not ours alone.
const WAITING_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// A name's length, in bytes: what every file system takes.
const NAME_BYTES_MAX: usize = 200;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is too large.
    #[error("a file is larger than {} MB, more than Chatwoot takes", FILE_BYTES_MAX / 1024 / 1024)]
    TooLarge,
    /// Too much waits already.
    #[error("files of {} MB wait for Chatwoot already; when they have left, or were cancelled, there is room again", WAITING_BYTES_MAX / 1024 / 1024)]
    Full,
    /// It did not arrive whole.
    #[error("the file did not arrive whole")]
    Broken,
    /// The disk refused it.
    #[error("the file cannot be kept")]
    Disk(#[from] std::io::Error),
}

/// A tenant's waiting files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    folder: Arc<PathBuf>,
    writing: Arc<Mutex<HashSet<Uuid>>>,
}

/// A file that was taken and is named by no entry yet. While this lives, it is not removed.
#[derive(Debug)]
pub struct Taken {
    /// What the entry will say.
    pub file: FileRef,
    /// SHA-256 of its bytes, hex: what makes two uploads the same.
    pub digest: String,
    writing: Arc<Mutex<HashSet<Uuid>>>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.writing).remove(&self.file.id);
    }
}

fn lock(ids: &Mutex<HashSet<Uuid>>) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
    // A set of ids is whole whatever panicked beside it.
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Files {
    /// The files of the tenant with this id, below the data directory.
    pub fn new(data_dir: &Path, tenant: Uuid) -> Self {
        Self { folder: Arc::new(data_dir.join("outbox").join(tenant.to_string())), writing: Arc::default() }
    }

    /// Where a file lies.
    pub fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Takes a file in as it comes; on the disk for good before this returns.
    ///
    /// # Errors
    /// Too large, too much waiting, cut off, or refused by the disk. Nothing is left then but for the next sweep.
    pub async fn take<E>(
        &self,
        name: &str,
        content_type: Option<&str>,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Taken, Refused> {
        let id = Uuid::now_v7();
        lock(&self.writing).insert(id);
        let file = FileRef { id, name: safe_name(name), content_type: safe_type(content_type), size: 0 };
        let mut taken = Taken { file, digest: String::new(), writing: Arc::clone(&self.writing) };
        let mut room = WAITING_BYTES_MAX.saturating_sub(self.waiting().await?);
        tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(self.folder.as_path()).await?;
        let path = self.path(id);
        let mut kept = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        let (mut hash, mut bytes) = (Sha256::new(), std::pin::pin!(bytes));
        let written = async {
            while let Some(chunk) = bytes.next().await {
                let chunk = chunk.map_err(|_| Refused::Broken)?;
                taken.file.size += chunk.len() as u64;
                if taken.file.size > FILE_BYTES_MAX {
                    return Err(Refused::TooLarge);
                }
                room = room.checked_sub(chunk.len() as u64).ok_or(Refused::Full)?;
                hash.update(&chunk);
                kept.write_all(&chunk).await?;
            }
            kept.flush().await?;
            kept.sync_all().await?;
            // The name is as durable as the bytes only after this.
            Ok(tokio::fs::File::open(self.folder.as_path()).await?.sync_all().await?)
        };
        if let Err(err) = written.await {
            let _ = tokio::fs::remove_file(&path).await; // Else the sweep does it.
            return Err(err);
        }
        taken.digest = hex::encode(hash.finalize());
        Ok(taken)
    }

    /// Bytes that lie here.
    async fn waiting(&self) -> std::io::Result<u64> {
        let mut sum = 0;
        for id in self.all().await? {
            sum += tokio::fs::metadata(self.path(id)).await.map_or(0, |meta| meta.len());
        }
        Ok(sum)
    }

    /// Ids of all files that lie here.
    pub async fn all(&self) -> std::io::Result<HashSet<Uuid>> {
        let mut ids = HashSet::new();
        let mut entries = match tokio::fs::read_dir(self.folder.as_path()).await {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(ids),
            Err(err) => return Err(err),
        };
        while let Some(entry) = entries.next_entry().await? {
            ids.extend(entry.file_name().to_str().and_then(|name| name.parse::<Uuid>().ok()));
        }
        Ok(ids)
    }

    /// Of `found` (from [`Files::all`]), those that nobody is writing. Ask for what the entries name only after this: a file written
    /// meanwhile is then named by its entry.
    pub fn settled(&self, mut found: HashSet<Uuid>) -> HashSet<Uuid> {
        let writing = lock(&self.writing);
        found.retain(|id| !writing.contains(id));
        found
    }

    /// Removes files that no entry needs any more.
    pub async fn remove(&self, ids: Vec<Uuid>) {
        for id in ids {
            if let Err(err) = tokio::fs::remove_file(self.path(id)).await
                && err.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%err, file = %id, "a file that is no longer needed cannot be removed yet");
            }
        }
    }
}

/// A name that is no path, says nothing to a terminal, and is not too long; its ending stays.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless = |c: char| {
        !c.is_control() && !matches!(c, '"' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let name: String = last.chars().filter(|c| harmless(*c)).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() {
        return "file".to_owned();
    }
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 16);
    let room = NAME_BYTES_MAX - ending.map_or(0, |ending| ending.len() + 1);
    let cut = (0..=room).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
    match ending {
        Some(ending) => format!("{}.{ending}", &name[..cut]),
        None => name[..cut].to_owned(),
    }
}

/// A MIME type, or the one that says nothing.
pub(crate) fn safe_type(content_type: Option<&str>) -> String {
    let token = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let bare = content_type.and_then(|text| text.split(';').next()).map(|text| text.trim().to_ascii_lowercase()).unwrap_or_default();
    let good = bare.len() <= 127 && bare.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    if good { bare } else { "application/octet-stream".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn names_are_made_safe() {
        for (name, want) in [
            ("bill.pdf", "bill.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a b.png", "a b.png"),
            ("a\n\u{1b}[31m\u{202e}gnp.exe", "a[31mgnp.exe"),
            ("..", "file"),
            ("", "file"),
            (".hidden", "hidden"),
            ("q\"uote.txt", "quote.txt"),
        ] {
            assert_eq!(safe_name(name), want, "{name:?}");
        }
        let long = safe_name(&format!("{}.pdf", "ä".repeat(300)));
        assert!(long.len() <= NAME_BYTES_MAX && long.ends_with("ä.pdf"), "{long}");
        for (given, want) in
            [(Some("Image/PNG; x=1"), "image/png"), (Some("a b/c"), "application/octet-stream"), (None, "application/octet-stream")]
        {
            assert_eq!(safe_type(given), want);
        }
    }

    fn bytes(pieces: &[&'static str]) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
        stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn a_file_is_private_and_stays_while_somebody_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), Uuid::now_v7());
        let taken = files.take("a.txt", Some("text/plain"), bytes(&["ab", "c"])).await.unwrap();
        let id = taken.file.id;
        assert_eq!((taken.file.size, taken.digest.as_str()), (3, hex::encode(Sha256::digest("abc")).as_str()));
        assert_eq!(std::fs::metadata(files.path(id)).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(files.settled(files.all().await.unwrap()).is_empty(), "its entry is not written yet");
        drop(taken);
        let settled = files.settled(files.all().await.unwrap());
        assert_eq!(settled.iter().collect::<Vec<_>>(), [&id]);
        files.remove(settled.into_iter().collect()).await;
        assert!(files.all().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_too_large_or_cut_off_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), Uuid::now_v7());
        let mega = Bytes::from(vec![0; 1024 * 1024]);
        let large = stream::iter((0..41).map(move |_| Ok::<_, std::io::Error>(mega.clone())));
        assert!(matches!(files.take("a", None, large).await, Err(Refused::TooLarge)));
        let broken = stream::iter([Ok(Bytes::from_static(b"x")), Err(std::io::Error::other("cut"))]);
        assert!(matches!(files.take("a", None, broken).await, Err(Refused::Broken)));
        assert!(files.all().await.unwrap().is_empty());
    }
}
