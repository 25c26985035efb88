//! Drafts on disk: one private file per profile, tenant and user, so that no keystroke older than a second is lost.
//!
//! The file is versioned, bounded, readable by its owner alone, and replaced as a whole: a crash leaves the old one or the new
//! one, never half of either. A file that cannot be read is set aside, never an error that keeps the inbox shut.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::{SECOND, With};

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

/// Reads the drafts. A missing file is no drafts; an unreadable one is said, and set aside with `sets_aside`.
pub(crate) fn load(path: &Path, sets_aside: bool) -> (Vec<(String, Draft)>, Option<String>) {
    match read(path) {
        Ok(drafts) => (drafts, None),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => (Vec::new(), None),
        Err(err) if !sets_aside => (Vec::new(), Some(format!("the drafts file cannot be read ({err})"))),
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

/// Writes what changed in this inbox since its last save, together with what another inbox of the same user wrote meanwhile, and returns
/// what is in the file then. The newest of two texts for one purpose has its name, the other stays beside it as a second draft.
///
/// `saved` is what this inbox had when it read or wrote the file last; it is brought up to date.
///
/// # Errors
/// When the disk does not take it; the old file stands.
pub(crate) fn merge(path: &Path, saved: &mut Vec<(String, Draft)>, ours: Vec<(String, Draft)>) -> std::io::Result<Vec<(String, Draft)>> {
    // Held until the file is replaced: another inbox waits for so long.
    let _lock = lock(path)?;
    let all = match read(path) {
        Ok(there) => joined(saved, &ours, there),
        Err(_) => ours.clone(),
    };
    save(path, &all)?;
    *saved = ours;
    Ok(all)
}

/// The drafts of one person at one daemon, for a program that is not the inbox. An open inbox may write meanwhile: each change is made to
/// what the file holds by then, and nothing else in it changes.
#[derive(Debug)]
pub struct DraftFile {
    path: PathBuf,
    drafts: Vec<(String, Draft)>,
}

impl DraftFile {
    /// Reads the drafts that the inbox under `profile` keeps in `data_dir` for this person and tenant. A missing file is no drafts.
    ///
    /// # Errors
    /// When there is a file that cannot be read; it stays as it is.
    pub fn open(data_dir: &Path, profile: &str, me: &api::tenant::MeView) -> std::io::Result<Self> {
        let path = path(data_dir, profile, &crate::update::owner(me));
        let drafts = there(&path)?;
        Ok(Self { path, drafts })
    }

    /// The drafts with their names, which [`draft_of`](crate::state::draft_of) reads, the newest first.
    pub fn drafts(&self) -> &[(String, Draft)] {
        &self.drafts
    }

    /// Replaces or removes a draft as it was read. `false`: it was written on meanwhile, and stays as it is now.
    ///
    /// # Errors
    /// When the file cannot be read or the disk does not take it; the old file stands.
    pub fn change(&mut self, name: &str, to: Option<Draft>) -> std::io::Result<bool> {
        self.write(name, to, false)
    }

    /// Keeps a draft. `false`: it was written on meanwhile; then both texts are kept, unless one has all of the other.
    ///
    /// # Errors
    /// When the file cannot be read or the disk does not take it; the old file stands.
    pub fn keep(&mut self, name: &str, draft: Draft) -> std::io::Result<bool> {
        self.write(name, Some(draft), true)
    }

    fn write(&mut self, name: &str, to: Option<Draft>, in_any_case: bool) -> std::io::Result<bool> {
        let _lock = lock(&self.path)?;
        let mut now = there(&self.path)?;
        let untouched = find(&now, name) == find(&self.drafts, name);
        if untouched || in_any_case {
            let mut ours = self.drafts.clone();
            ours.retain(|(known, _)| known != name);
            ours.extend(to.map(|draft| (name.to_owned(), draft)));
            now = joined(&self.drafts, &ours, now);
            save(&self.path, &now)?;
        }
        self.drafts = now;
        Ok(untouched)
    }
}

/// What the file holds; nothing where there is none.
fn there(path: &Path) -> std::io::Result<Vec<(String, Draft)>> {
    match read(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn find<'a>(list: &'a [(String, Draft)], name: &str) -> Option<&'a Draft> {
    list.iter().find(|(n, _)| n == name).map(|(_, draft)| draft)
}

/// Whether two lists hold the same, in whatever order.
pub(crate) fn same(a: &[(String, Draft)], b: &[(String, Draft)]) -> bool {
    a.len() == b.len() && a.iter().all(|(name, draft)| find(b, name) == Some(draft))
}

/// What both inboxes have.
fn joined(saved: &[(String, Draft)], ours: &[(String, Draft)], there: Vec<(String, Draft)>) -> Vec<(String, Draft)> {
    let mut all = Vec::new();
    let mut seconds = Vec::new();
    for (name, theirs) in there {
        let (base, own) = (find(saved, &name), find(ours, &name));
        match own {
            // Changed there alone, or in both to the same.
            _ if own == base || own == Some(&theirs) => all.push((name, theirs)),
            // Changed here alone: written on, sent or thrown away.
            Some(own) if base == Some(&theirs) => all.push((name, own.clone())),
            None if base == Some(&theirs) => {}
            // What was sent or thrown away here was written on there: that is not what was meant.
            None => all.push((name, theirs)),
            Some(own) => {
                let (first, second) = if own.at >= theirs.at { (own.clone(), theirs) } else { (theirs, own.clone()) };
                seconds.push((name.clone(), first.text.clone(), second));
                all.push((name, first));
            }
        }
    }
    let new = ours.iter().filter(|(name, own)| find(&all, name).is_none() && find(saved, name) != Some(own));
    let new: Vec<_> = new.cloned().collect();
    all.extend(new);
    for (name, first, second) in seconds {
        beside(&mut all, &name, &first, second);
    }
    all
}

/// Keeps a text that lost its name beside the one that has it, unless nothing of it would be lost. Decisions have no second: the newest counts.
fn beside(all: &mut Vec<(String, Draft)>, name: &str, first: &str, second: Draft) {
    let goes_on = |text: &str| first.contains(text.trim()) || second.text.contains(text.trim());
    // Earlier losers that were only written on.
    all.retain(|(known, draft)| {
        let is_second = known.strip_prefix(name).is_some_and(|rest| rest.starts_with(SECOND));
        !(is_second && draft.with.files.is_empty() && goes_on(&draft.text))
    });
    if second.decides.is_some() || (second.with.files.is_empty() && first.contains(second.text.trim())) {
        return;
    }
    let free = (2..=DRAFTS_MAX + 2).map(|n| format!("{name}{SECOND}{n}")).find(|name| find(all, name).is_none());
    if let Some(free) = free {
        // Its key was for the same purpose under the first name; handed in, it is a text of its own.
        all.push((free, Draft { key: None, ..second }));
    }
}

/// A lock that two inboxes of one user share; it goes with the process. Where the disk knows no locks, the last one wins.
fn lock(path: &Path) -> std::io::Result<Option<std::fs::File>> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path.with_extension("lock"))?;
    match file.lock() {
        Ok(()) => Ok(Some(file)),
        Err(err) if err.kind() == std::io::ErrorKind::Unsupported => Ok(None),
        Err(err) => Err(err),
    }
}

/// Removes a private file and what was set aside of it; what is not there is removed already.
///
/// # Errors
/// When the disk keeps one.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    for path in [path.to_owned(), path.with_extension("unreadable"), path.with_extension("lock")] {
        match std::fs::remove_file(path) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(err),
            _ => {}
        }
    }
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
        assert_eq!(load(&path, true), (vec![], None));
        let drafts = vec![("reply/12".to_owned(), draft("Hi\nDee 李", 2)), ("note/12".to_owned(), draft("n", 1))];
        save(&path, &drafts).unwrap();
        save(&path, &drafts).unwrap();
        assert_eq!(load(&path, true), (drafts.clone(), None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        merge(&path, &mut drafts.clone(), drafts).unwrap();
        remove(&path).unwrap();
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        remove(&path).unwrap();
    }

    #[test]
    fn two_inboxes_of_one_user_keep_each_others_drafts() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        let one = |name: &str, text: &str| (name.to_owned(), draft(text, 1));
        save(&path, &[one("note/1", "old")]).unwrap();
        let (mut known_a, mut known_b) = (load(&path, true).0, load(&path, true).0);
        merge(&path, &mut known_a, vec![one("note/1", "old"), one("note/2", "a")]).unwrap();
        merge(&path, &mut known_b, vec![one("note/1", "old, by b")]).unwrap();
        merge(&path, &mut known_a, vec![one("note/1", "old"), one("note/2", "a, more")]).unwrap();
        let mut all: Vec<_> = load(&path, true).0.into_iter().map(|(name, d)| (name, d.text)).collect();
        all.sort();
        assert_eq!(all, [("note/1".to_owned(), "old, by b".to_owned()), ("note/2".into(), "a, more".into())]);
        // Sent by a: gone, and b does not bring it back.
        merge(&path, &mut known_a, vec![]).unwrap();
        merge(&path, &mut known_b, vec![one("note/1", "old, by b")]).unwrap();
        assert_eq!(load(&path, true).0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["note/1"]);
    }

    #[test]
    fn two_texts_for_one_purpose_are_both_kept_and_the_newest_has_the_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        let one = |name: &str, text: &str, at: i64| (name.to_owned(), draft(text, at));
        save(&path, &[one("reply/1", "Hi", 1)]).unwrap();
        let (mut known_a, mut known_b) = (load(&path, true).0, load(&path, true).0);
        let texts = || {
            let mut all: Vec<_> = load(&path, true).0.into_iter().map(|(name, d)| (name, d.text, d.key)).collect();
            all.sort();
            all
        };
        let k = Some("k".to_owned());
        merge(&path, &mut known_a, vec![one("reply/1", "Hi Dee, it is late", 5)]).unwrap();
        // Older than what is there: it keeps its words under another name, and no key of the first.
        merge(&path, &mut known_b, vec![one("reply/1", "Hello Dee", 4)]).unwrap();
        let want = [("reply/1".to_owned(), "Hi Dee, it is late".to_owned(), k.clone()), ("reply/1~2".into(), "Hello Dee".into(), None)];
        assert_eq!(texts(), want);
        // Written on there, it is the newest; its own beginning is not kept twice.
        merge(&path, &mut known_b, vec![one("reply/1", "Hello Dee, we are on it", 6)]).unwrap();
        let want = [
            ("reply/1".to_owned(), "Hello Dee, we are on it".to_owned(), k.clone()),
            ("reply/1~2".into(), "Hi Dee, it is late".into(), None),
        ];
        assert_eq!(texts(), want);
        // The same words, or a part of them, are no second draft; nor is a decision.
        let mut decision = draft("", 7);
        decision.decides = Some(2);
        merge(&path, &mut known_a, vec![one("reply/1", "Hello Dee, we are on it. Best, Jo", 8), ("approve/1".into(), decision.clone())])
            .unwrap();
        decision.at = Timestamp::from_second(9).unwrap();
        merge(&path, &mut known_b, vec![one("reply/1", "Hello Dee, we are on it", 6), ("approve/1".into(), decision)]).unwrap();
        let names: Vec<String> = texts().into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["approve/1", "reply/1", "reply/1~2"]);
    }

    #[test]
    fn inboxes_that_write_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        std::thread::scope(|threads| {
            for inbox in 0..4 {
                let path = &path;
                threads.spawn(move || {
                    let mut known = Vec::new();
                    let mut ours = Vec::new();
                    for n in 0..20 {
                        ours.push((format!("note/{inbox}-{n}"), draft("x", n)));
                        merge(path, &mut known, ours.clone()).unwrap();
                    }
                });
            }
        });
        assert_eq!(load(&path, true).0.len(), 80);
    }

    #[test]
    fn a_broken_file_is_set_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        for bytes in [&b"{\"version\":1,\"dra"[..], b"", b"\xff\xfe", b"{\"version\":9,\"drafts\":[]}"] {
            let path = path(dir.path(), "p", "o");
            std::fs::write(&path, bytes).unwrap();
            let (drafts, said) = load(&path, true);
            assert!(drafts.is_empty() && said.is_some_and(|s| s.contains("kept as")));
            assert_eq!(std::fs::read(path.with_extension("unreadable")).unwrap(), bytes);
            save(&path, &[("note/1".into(), draft("again", 1))]).unwrap();
            assert_eq!(load(&path, true).0.len(), 1);
        }
    }

    #[test]
    fn only_so_many_are_kept_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), "p", "o");
        let many: Vec<_> = (0..300).map(|i| (format!("note/{i}"), draft("x", i))).collect();
        save(&path, &many).unwrap();
        let (kept, _) = load(&path, true);
        assert_eq!((kept.len(), kept[0].0.as_str()), (DRAFTS_MAX, "note/299"));
    }
}
