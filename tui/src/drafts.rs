//! Drafts on disk: one private file per profile, tenant and user, so that no keystroke older than a second is lost.
//!
//! The file is versioned, bounded, readable by its owner alone, and replaced as a whole: a crash leaves the old one or the new
//! one, never half of either. A file that cannot be read is set aside, never an error that keeps the inbox shut.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::With;

/// Form of the file.
const VERSION: u32 = 1;
/// Drafts kept at most; the oldest go first. Nobody works on more at once.
pub(crate) const DRAFTS_MAX: usize = 200;
/// A larger file is not ours: 200 drafts of ordinary length are a few hundred KB.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A text that was not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// The idempotency key under which this very text was handed in, when its fate is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The failed outbox entry that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<api::id::OutboxId>,
    /// What goes with it.
    #[serde(default, skip_serializing_if = "With::is_empty")]
    pub with: With,
    /// A decision at this revision, which waits for the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<u32>,
    /// When it was written last.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    drafts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    #[serde(flatten)]
    draft: Draft,
}

/// Where the drafts of `owner` (tenant and user) under `profile` are.
pub(crate) fn path(data_dir: &Path, profile: &str, owner: &str) -> PathBuf {
    data_dir.join(format!("drafts_{}_{}.json", safe(profile), safe(owner)))
}

/// A name as part of a file's name: other characters are written as their bytes.
pub(crate) fn safe(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b == b'-' || b == b'.' { char::from(b).to_string() } else { format!("%{b:02x}") })
        .collect()
}

/// Reads the drafts. A missing file is no drafts; an unreadable one is set aside and said.
pub(crate) fn load(path: &Path) -> (Vec<(String, Draft)>, Option<String>) {
    match read(path) {
        Ok(drafts) => (drafts, None),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => (Vec::new(), None),
        Err(err) => {
            let aside = path.with_extension("unreadable");
            let kept = match std::fs::rename(path, &aside) {
                Ok(()) => format!("; it is kept as {}", aside.display()),
                Err(_) => String::new(),
            };
            (Vec::new(), Some(format!("the drafts file cannot be read ({err}){kept}")))
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<(String, Draft)>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    let file: File = serde_json::from_slice(&bytes).map_err(std::io::Error::other)?;
    if file.version != VERSION {
        return Err(std::io::Error::other(format!("its version is {}, this build reads {VERSION}", file.version)));
    }
    Ok(file.drafts.into_iter().take(DRAFTS_MAX).map(|entry| (entry.name, entry.draft)).collect())
}

/// Writes what changed in this inbox since its last save, leaving alone what another inbox of the same user wrote meanwhile.
///
/// `saved` is what this inbox had when it read or wrote the file last; it is brought up to date.
///
/// # Errors
/// When the disk does not take it; the old file stands.
pub(crate) fn merge(path: &Path, saved: &mut Vec<(String, Draft)>, ours: Vec<(String, Draft)>) -> std::io::Result<()> {
    fn find<'a>(list: &'a [(String, Draft)], name: &str) -> Option<&'a Draft> {
        list.iter().find(|(n, _)| n == name).map(|(_, draft)| draft)
    }
    let all = match read(path) {
        Ok(there) => {
            let changed = |name: &str| find(&ours, name) != find(saved, name);
            // What was sent or thrown away here goes only if it is still what it was: another inbox may have written on.
            let theirs =
                there.iter().filter(|(name, draft)| !changed(name) || (find(&ours, name).is_none() && find(saved, name) != Some(draft)));
            ours.iter().filter(|(name, _)| changed(name)).chain(theirs).cloned().collect()
        }
        Err(_) => ours.clone(),
    };
    save(path, &all)?;
    *saved = ours;
    Ok(())
}

/// Replaces the file: written beside it, flushed to disk, then moved over it.
///
/// # Errors
/// When the disk does not take it; the old file stands.
pub(crate) fn save(path: &Path, drafts: &[(String, Draft)]) -> std::io::Result<()> {
    let mut entries: Vec<Entry> = drafts.iter().map(|(name, draft)| Entry { name: name.clone(), draft: draft.clone() }).collect();
    entries.sort_by_key(|e| std::cmp::Reverse(e.draft.at));
    entries.truncate(DRAFTS_MAX);
    replace(path, &serde_json::to_vec(&File { version: VERSION, drafts: entries })?)
}

/// Replaces a private file: a crash leaves the old one or the new one.
///
/// # Errors
/// When the disk does not take it; the old file stands.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let beside = path.with_extension(format!("tmp{}", std::process::id()));
    let written = write_private(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str, at: i64) -> Draft {
        Draft {
            text: text.into(),
            key: Some("k".into()),
            replaces: None,
            with: With::default(),
            decides: None,
            at: Timestamp::from_second(at).unwrap(),
        }
    }

    #[test]
    fn drafts_come_back_and_nobody_else_can_read_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(&dir.path().join("deep"), "work", "acme/jo");
        assert_eq!(load(&path), (vec![], None));
        let drafts = vec![("reply/12".to_owned(), draft("Hi\nDee 李", 2)), ("note/12".to_owned(), draft("n", 1))];
        save(&path, &drafts).unwrap();
        save(&path, &drafts).unwrap();
        assert_eq!(load(&path), (drafts, None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn two_inboxes_of_one_user_keep_each_others_drafts() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        let one = |name: &str, text: &str| (name.to_owned(), draft(text, 1));
        save(&path, &[one("note/1", "old")]).unwrap();
        let (mut known_a, mut known_b) = (load(&path).0, load(&path).0);
        merge(&path, &mut known_a, vec![one("note/1", "old"), one("note/2", "a")]).unwrap();
        merge(&path, &mut known_b, vec![one("note/1", "old, by b")]).unwrap();
        merge(&path, &mut known_a, vec![one("note/1", "old"), one("note/2", "a, more")]).unwrap();
        let mut all: Vec<_> = load(&path).0.into_iter().map(|(name, d)| (name, d.text)).collect();
        all.sort();
        assert_eq!(all, [("note/1".to_owned(), "old, by b".to_owned()), ("note/2".into(), "a, more".into())]);
        // Sent by a: gone, and b does not bring it back.
        merge(&path, &mut known_a, vec![]).unwrap();
        merge(&path, &mut known_b, vec![one("note/1", "old, by b")]).unwrap();
        assert_eq!(load(&path).0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["note/1"]);
    }

    #[test]
    fn a_broken_file_is_set_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        for bytes in [&b"{\"version\":1,\"dra"[..], b"", b"\xff\xfe", b"{\"version\":9,\"drafts\":[]}"] {
            let path = path(dir.path(), "p", "o");
            std::fs::write(&path, bytes).unwrap();
            let (drafts, said) = load(&path);
            assert!(drafts.is_empty() && said.is_some_and(|s| s.contains("kept as")));
            assert_eq!(std::fs::read(path.with_extension("unreadable")).unwrap(), bytes);
            save(&path, &[("note/1".into(), draft("again", 1))]).unwrap();
            assert_eq!(load(&path).0.len(), 1);
        }
    }

    #[test]
    fn only_so_many_are_kept_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        let many: Vec<_> = (0..300).map(|i| (format!("note/{i}"), draft("x", i))).collect();
        save(&path, &many).unwrap();
        let (kept, _) = load(&path);
        assert_eq!((kept.len(), kept[0].0.as_str()), (DRAFTS_MAX, "note/299"));
    }
}
