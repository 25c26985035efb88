//! How far the first copy is: what `status` and the feed say, and how long it will still take.

use std::time::Duration;

use api::event::{ActivityType, SubjectType};
use api::status::{CopyPhase, Progress};
use tokio::time::Instant;

use super::super::{Core, lock};
use super::walk::PAGE;
use super::{FIRST_COPY, FirstCopy, Stage};
use crate::clock::Micros;
use crate::domain::pace::Pace;
use crate::store::{NewActivity, Scope, StoreError};

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Rows on a page of contacts (section 12.1).
pub(super) const CONTACTS_PAGE: u64 = 15;

/// What is remembered of the progress.
#[derive(Debug, Default)]
pub(in crate::sync) struct Telling {
    told: Option<Instant>,
    pace: Pace,
}

/// What the next commit says of the progress, if anything.
pub(super) struct Told {
    progress: Progress,
    due: bool,
}

impl Told {
    /// What the commit brought is counted.
    pub(super) fn count(&mut self, copy: &FirstCopy) {
        self.progress.messages = copy.messages;
        self.progress.incomplete = copy.incomplete;
    }

    /// Tells the clients, if it is time.
    pub(super) fn record(self, scope: &Scope<'_>) -> Result<(), StoreError> {
        if self.due {
            let mut activity = NewActivity::by_chatwoot(ActivityType::SyncProgress, SubjectType::Sync, "first_copy".to_owned());
            activity.data = serde_json::to_value(&self.progress).unwrap_or_default();
            scope.record_activity(activity)?;
        }
        Ok(())
    }
}

/// Requests that are done and that are left, of those that take the time.
fn work(copy: &FirstCopy) -> (u64, u64) {
    let conversations = copy.total.unwrap_or_default();
    let total = conversations.div_ceil(PAGE) + conversations + copy.contacts_total.unwrap_or_default().div_ceil(CONTACTS_PAGE);
    let page = u64::from(copy.page);
    let pages_done = match copy.stage {
        Stage::Views | Stage::Shown => 0,
        Stage::Conversations => conversations.div_ceil(PAGE).saturating_sub(page),
        _ => conversations.div_ceil(PAGE),
    };
    let done = match copy.stage {
        Stage::Views | Stage::Shown | Stage::Conversations => copy.conversations.min(conversations) + pages_done,
        Stage::Contacts => (total - copy.contacts_total.unwrap_or_default().div_ceil(CONTACTS_PAGE)) + copy.contacts / CONTACTS_PAGE,
        Stage::Ratings | Stage::Anonymous | Stage::Unread | Stage::Done => total,
    };
    (done, total.saturating_sub(done))
}

fn progress(copy: &FirstCopy, pace: &mut Pace, now: Micros) -> Progress {
    let (done, left) = work(copy);
    pace.note(now, done);
    let phase = match copy.stage {
        Stage::Views | Stage::Shown => CopyPhase::Newest,
        Stage::Conversations => CopyPhase::Conversations,
        Stage::Contacts | Stage::Anonymous => CopyPhase::Contacts,
        Stage::Ratings => CopyPhase::Ratings,
        Stage::Unread => CopyPhase::Unread,
        Stage::Done => CopyPhase::Done,
    };
    Progress {
        done: copy.done,
        phase,
        conversations: copy.conversations,
        conversations_total: copy.total,
        messages: copy.messages,
        contacts: copy.contacts,
        contacts_total: copy.contacts_total,
        incomplete: copy.incomplete,
        seconds_left: if copy.done { None } else { pace.seconds_left(left).filter(|_| left > 0) },
    }
}

/// Shows what the last run copied.
pub(in crate::sync) async fn load(core: &Core) -> Result<(), StoreError> {
    if let Some(copy) = core.read(|scope| scope.cursor::<FirstCopy>(FIRST_COPY)).await? {
        core.show_progress(&copy);
    }
    Ok(())
}

impl Core {
    /// What the commit that keeps `copy` says; at least now and then.
    pub(super) fn telling(&self, copy: &FirstCopy, always: bool) -> Told {
        let mut telling = lock(&self.telling);
        let due = always || telling.told.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
        if due {
            telling.told = Some(Instant::now());
        }
        Told { progress: progress(copy, &mut telling.pace, self.now()), due }
    }

    /// What `status` says from now on.
    pub(super) fn show_progress(&self, copy: &FirstCopy) {
        let progress = progress(copy, &mut lock(&self.telling).pace, self.now());
        *lock(&self.progress) = progress;
    }
}
