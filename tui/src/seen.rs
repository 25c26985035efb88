//! What was on the screen last, on disk: the first thing the next inbox paints, before anything was asked, and all it has without a daemon.
//!
//! One private file per profile. It names the tenant and user it was seen by: for another one it counts as absent.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use api::id::ConversationId;
use api::inbox::{ConversationView, MessageView};
use api::status::StatusView;
use api::tenant::MeView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drafts;

/// Form of the file.
pub(crate) const VERSION: u32 = 1;
/// Rows of the list that are kept: some screens full.
pub(crate) const ROWS_MAX: usize = 100;
/// Messages of the open thread that are kept.
pub(crate) const MESSAGES_MAX: usize = 50;
/// A larger file is not ours: 100 rows and 50 messages at their longest stay below.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Form of the file.
    pub(crate) version: u32,
    /// By whom.
    pub me: MeView,
    /// When.
    pub at: Timestamp,
    /// How everything stood.
    pub status: Option<StatusView>,
    /// The list's tab, as its title.
    pub tab: String,
    /// The list's status filter.
    pub filter: String,
    /// The first rows of the list.
    pub rows: Vec<ConversationView>,
    /// Rows in the whole list.
    pub total: u64,
    /// The conversation under the cursor.
    pub cursor: Option<ConversationId>,
    /// The messages that were on the screen.
    pub thread: Option<(ConversationId, Vec<MessageView>)>,
}

/// Where it is.
pub(crate) fn path(data_dir: &Path, profile: &str) -> PathBuf {
    data_dir.join(format!("seen_{}.json", drafts::safe(profile)))
}

/// Whether there is something to open without a daemon.
pub fn is_there(data_dir: &Path, profile: &str) -> bool {
    load(&path(data_dir, profile)).is_some()
}

/// Reads it. Nothing of it is the only copy: what cannot be read counts as absent.
pub(crate) fn load(path: &Path) -> Option<Seen> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let mut seen: Seen = serde_json::from_slice(&bytes).ok().filter(|seen: &Seen| seen.version == VERSION)?;
    seen.rows.truncate(ROWS_MAX);
    if let Some((_, messages)) = &mut seen.thread {
        messages.truncate(MESSAGES_MAX);
    }
    Some(seen)
}

/// Replaces it.
///
/// # Errors
/// When the disk does not take it; the old file stands.
pub(crate) fn save(path: &Path, seen: &Seen) -> std::io::Result<()> {
    drafts::replace(path, &serde_json::to_vec(seen)?)
}
