//! What is kept of the screen for the next start, and how it comes back.

use jiff::SignedDuration;

use super::{Out, list};
use crate::event::Effect;
use crate::seen::{MESSAGES_MAX, ROWS_MAX, Seen, VERSION};
use crate::state::{STATUSES, State, Tab, Thread};
use api::tenant::MeView;

/// It is kept this often: after a crash the next start shows what stood a moment before.
pub(super) const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Tenant and user, as one name.
pub(crate) fn owner(me: &MeView) -> String {
    format!("{} {}", me.tenant.id, me.user)
}

/// What is kept now; nothing before the daemon has said anything.
pub(super) fn keep(state: &mut State) -> Option<Effect> {
    let list = &state.list;
    let me = state.me.clone().filter(|_| {
        !state.forgotten && !state.read_only && state.known && list.loaded && list.query.is_empty() && list.filter.words().is_empty()
    })?;
    state.kept_at = state.now;
    let rows = list.rows.iter().take(ROWS_MAX).filter_map(|id| state.conversations.get(id)).cloned().collect();
    let thread = state.shown().and_then(|id| {
        let messages = &state.threads.get(&id).filter(|thread| !thread.messages.is_empty())?.messages;
        Some((id, messages.get(messages.len().saturating_sub(MESSAGES_MAX)..)?.to_vec()))
    });
    let list = &state.list;
    Some(Effect::SaveSeen(Box::new(Seen {
        version: VERSION,
        me,
        at: state.now,
        status: state.status.clone(),
        tab: list.tab.title().to_owned(),
        filter: list.status.to_owned(),
        rows,
        total: list.total,
        cursor: list.cursor,
        thread,
    })))
}

/// Shows what was seen last, until the daemon says more.
pub(super) fn recall(state: &mut State, out: &mut Out, seen: Seen) {
    out.push(Effect::LoadDrafts { owner: owner(&seen.me) });
    state.me = Some(seen.me);
    state.seen_at = Some(seen.at);
    state.list.tab = Tab::named(&seen.tab).unwrap_or(Tab::All);
    state.list.status = STATUSES.into_iter().find(|status| *status == seen.filter).unwrap_or(STATUSES[0]);
    state.list.rows = seen.rows.iter().map(|view| view.id).collect();
    state.list.total = seen.total;
    state.list.cursor = seen.cursor.filter(|id| state.list.rows.contains(id)).or(state.list.rows.first().copied());
    state.conversations.extend(seen.rows.into_iter().map(|view| (view.id, view)));
    if let Some((id, messages)) = seen.thread {
        // Not loaded: it is read as soon as the daemon is there.
        state.threads.insert(id, Thread { messages, older: true, ..Thread::default() });
    }
    list::keep_visible(state);
}

/// Somebody else sits here now: nothing that was seen before is theirs.
pub(super) fn forget(state: &mut State) {
    state.seen_at = None;
    state.list.rows.clear();
    state.list.read = 0;
    state.list.cursor = None;
    state.list.top = 0;
    state.list.loaded = false;
    state.conversations.clear();
    state.threads.clear();
    state.signature = None;
    state.drafts.clear();
    state.drafts_loaded = false;
}
