//! Marked rows, and a change of many conversations: one by one, with progress and what became of each.

use std::collections::BTreeSet;

use api::id::{ConversationId, OutboxId};
use api::inbox::{ConversationPatch, ConversationView, OutboxState, RunMacro};
use jiff::Timestamp;

use super::{Out, acts, list, live, menus, new_key, toast, undo};
use crate::event::{Effect, Outcome};
use crate::state::{Bulk, State, Tone, Undo};

/// Changes under way at once: the daemon only writes them down.
const AT_ONCE: usize = 4;
/// Marked at most: what is changed together should still be looked through.
const MARKED_MAX: usize = 500;
/// Refusals that are said by name; of more, the number.
const SAID_MAX: usize = 3;

/// Marks the row under the cursor, or takes the mark off.
pub(super) fn toggle(state: &mut State) {
    let Some(id) = state.list.cursor else { return };
    if !state.list.marked.remove(&id) {
        mark(state, [id]);
    }
}

/// Marks these rows and no others.
pub(super) fn only(state: &mut State, ids: Vec<ConversationId>) {
    state.list.marked.clear();
    mark(state, ids);
}

/// Marks from the nearest marked row above, else below, to the cursor.
pub(super) fn range(state: &mut State) {
    let Some(at) = list::position(state) else { return };
    let marked: Vec<usize> =
        state.list.rows.iter().enumerate().filter(|(_, id)| state.list.marked.contains(id)).map(|(index, _)| index).collect();
    let from = marked.iter().rev().find(|index| **index <= at).or_else(|| marked.first()).copied().unwrap_or(at);
    let rows = state.list.rows.get(from.min(at)..=from.max(at)).unwrap_or_default().to_vec();
    mark(state, rows);
}

/// Marks every row that was read, or takes all marks off where all are marked.
pub(super) fn all(state: &mut State) {
    let rows = state.list.rows.clone();
    if !rows.is_empty() && rows.iter().all(|id| state.list.marked.contains(id)) {
        state.list.marked.clear();
        return;
    }
    mark(state, rows);
    let (marked, total) = (state.list.marked.len(), state.list.total);
    if (marked as u64) < total {
        toast(state, Tone::Plain, format!("{marked} of {total} marked: those that have been read so far"));
    }
}

fn mark(state: &mut State, ids: impl IntoIterator<Item = ConversationId>) {
    state.list.marked.extend(ids);
    while state.list.marked.len() > MARKED_MAX {
        state.list.marked.pop_last();
        toast(state, Tone::Plain, format!("At most {MARKED_MAX} can be marked at once"));
    }
}

/// Begins to change them all.
pub(super) fn begin(state: &mut State, out: &mut Out, ids: Vec<ConversationId>, patch: ConversationPatch, label: String) {
    begin_with(state, out, ids, patch, None, label);
}

/// Begins to change them all, or to run a macro on each.
pub(super) fn begin_with(
    state: &mut State,
    out: &mut Out,
    ids: Vec<ConversationId>,
    mut patch: ConversationPatch,
    run: Option<RunMacro>,
    label: String,
) {
    if ids.is_empty() {
        return;
    }
    if state.bulk.is_some() {
        toast(state, Tone::Plain, "Another change of many still runs");
        return;
    }
    patch.hold_seconds = Some(menus::hold(state));
    state.list.marked.clear();
    let mut left = ids;
    left.reverse();
    state.bulk = Some(Bulk { label, patch, run, left, under_way: BTreeSet::new(), done: Vec::new(), failed: Vec::new(), at: state.now });
    go_on(state, out);
}

/// Asks for no more of them; what was asked for is still answered.
pub(super) fn stop(state: &mut State, out: &mut Out) {
    if let Some(bulk) = &mut state.bulk {
        let left = std::mem::take(&mut bulk.left);
        bulk.failed.extend(left.into_iter().rev().map(|id| (id, "not tried: stopped".to_owned())));
    }
    go_on(state, out);
}

/// Asks for as many as may be under way.
fn go_on(state: &mut State, out: &mut Out) {
    while let Some(bulk) = &mut state.bulk {
        if bulk.under_way.len() >= AT_ONCE {
            return;
        }
        let Some(id) = bulk.left.pop() else { break };
        bulk.under_way.insert(id);
        let bulk = bulk.clone();
        let key = new_key(state);
        out.push(acts::effect(&bulk, id, key));
    }
    if state.bulk.as_ref().is_some_and(|bulk| bulk.left.is_empty() && bulk.under_way.is_empty())
        && let Some(bulk) = state.bulk.take()
    {
        ended(state, bulk);
    }
}

/// Whether a conversation is being changed with others.
pub(super) fn is_of(state: &State, id: ConversationId) -> bool {
    state.bulk.as_ref().is_some_and(|bulk| bulk.under_way.contains(&id))
}

/// One of them was taken or refused.
pub(super) fn answered(state: &mut State, out: &mut Out, id: ConversationId, result: Outcome<Option<Box<ConversationView>>>) {
    let failure = match result {
        Ok(view) => {
            if let Some(view) = view {
                list::upsert(state, *view);
                list::drop_row(state, id);
            }
            None
        }
        Err(failure) => {
            live::failed(state, &failure);
            state.stale.insert(id);
            Some(failure)
        }
    };
    let Some(bulk) = &mut state.bulk else { return };
    bulk.under_way.remove(&id);
    match failure {
        None => bulk.done.push(id),
        Some(failure) => {
            bulk.failed.push((id, failure.message));
            if failure.lost {
                // Nobody is there: the others would only wait for the same.
                let left = std::mem::take(&mut bulk.left);
                bulk.failed.extend(left.into_iter().rev().map(|id| (id, "not tried: the daemon is away".to_owned())));
            }
        }
    }
    go_on(state, out);
}

/// All were answered: says what became of them; those that were refused are marked again.
fn ended(state: &mut State, bulk: Bulk) {
    state.counts_due = true;
    state.status_due = true;
    let (done, failed) = (bulk.done.len(), bulk.failed.len());
    if done > 0 {
        toast(state, Tone::Good, format!("{done} of {}: {} · u takes it back", done + failed, bulk.label));
        undo::push(state, Undo::Held { ids: bulk.done, label: bulk.label, at: bulk.at });
    }
    if failed > 0 {
        let said: Vec<String> = bulk.failed.iter().take(SAID_MAX).map(|(id, why)| format!("#{id}: {why}")).collect();
        let more = if failed > SAID_MAX { format!(", and {} more", failed - SAID_MAX) } else { String::new() };
        toast(state, Tone::Bad, format!("{failed} not changed, marked again: {}{more}", said.join("; ")));
        mark(state, bulk.failed.into_iter().map(|(id, _)| id));
    }
}

/// Takes held changes back where they still wait.
pub(super) fn recall(state: &mut State, out: &mut Out, ids: &[ConversationId], label: &str, at: Timestamp) {
    let user = state.me.as_ref().map(|me| me.user.clone()).unwrap_or_default();
    let mine = |entry: &&api::inbox::OutboxView| {
        entry.user == user
            && entry.state == OutboxState::Queued
            && entry.sends_at > entry.created_at
            && entry.created_at + SLACK >= at
            && !matches!(entry.kind.as_str(), "reply" | "note")
            && entry.conversation_id.is_some_and(|id| ids.contains(&id))
    };
    let entries: Vec<OutboxId> = state.outbox.iter().filter(mine).map(|entry| entry.id).collect();
    if entries.is_empty() {
        undo::stays(state, Tone::Bad, format!("Too late to take back \"{label}\": it has left the outbox"));
        return;
    }
    let late = ids.len().saturating_sub(entries.len());
    if late > 0 {
        toast(state, Tone::Bad, format!("{late} of {} have left already; the others are taken back", ids.len()));
    }
    for entry in entries {
        let key = new_key(state);
        out.push(Effect::Recall(entry, key));
    }
}

/// The daemon's clock may be behind ours by this much and its entry is still known as the change's own.
const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
