//! The conversation list: what belongs in it, where its rows stand, and pages as the cursor nears the end.
//!
//! Rows keep their place while the cursor is on the list: what changes is changed in place, what is new is counted in the head
//! until it is asked for (`Ctrl+R`, or `g g` at the top). Elsewhere the list sorts itself and the cursor stays on its conversation.

use std::collections::HashSet;

use api::Code;
use api::id::ConversationId;
use api::inbox::{ConversationQuery, ConversationStatus, ConversationView, Priority, Sort};
use api::page::Page;
use jiff::Timestamp;

use super::{Out, ended, live, moved, read, thread};
use crate::event::{Effect, Failure, Outcome};
use crate::layout;
use crate::state::{Focus, Read, STATUSES, Screen, State, Tab};

/// Rows of a page.
const PAGE: u32 = 60;
/// Rows read at once when a longer list is read again; the API's own limit.
const PAGE_MAX: usize = 200;
/// So many rows before the end the next page is asked for.
const AHEAD: usize = 25;

/// The list's filter as a query.
pub(super) fn query(state: &State, limit: u32, cursor: Option<String>) -> ConversationQuery {
    let list = &state.list;
    ConversationQuery {
        status: Some(list.status.to_owned()),
        assignee: match list.tab {
            Tab::Mine => Some("me".into()),
            Tab::Unassigned => Some("unassigned".into()),
            Tab::All | Tab::Mentions | Tab::Unattended => Some("all".into()),
        },
        conversation_type: match list.tab {
            Tab::Mentions => Some("mention".into()),
            Tab::Unattended => Some("unattended".into()),
            Tab::Mine | Tab::Unassigned | Tab::All => None,
        },
        inbox: list.filter.inbox.as_ref().map(|(id, _)| *id),
        team: list.filter.team.as_ref().map(|(id, _)| *id),
        labels: list.filter.label.clone(),
        priority: list.filter.priority.map(str::to_owned),
        unread: list.filter.unread,
        view: list.filter.view.as_ref().map(|(id, _)| *id),
        q: (!list.query.trim().is_empty()).then(|| list.query.trim().to_owned()),
        sort: Some(list.filter.sort),
        limit: Some(limit),
        cursor,
        ..ConversationQuery::default()
    }
}

/// Reads the list from its beginning, page by page as far as the cursor; the rows beyond stay as they are until it comes near them.
pub(super) fn reload(state: &mut State, out: &mut Out) {
    let list = &mut state.list;
    list.generation += 1;
    list.loading = true;
    list.due = false;
    list.behind = false;
    list.read_at = state.now;
    list.fresh.clear();
    let rows = list.rows.len();
    let query = query(state, limit(rows), None);
    out.push(Effect::List { generation: state.list.generation, query, more: false });
    // The filter's numbers are not the tabs' own.
    if (state.list.is_cut() || state.list.tab.is_asked()) && state.list.tab_counts().is_none() {
        read(state, out, Read::OwnCounts);
    }
}

/// The status alone as a query, for the tabs' own numbers.
pub(super) fn own(state: &State) -> ConversationQuery {
    ConversationQuery { status: Some(state.list.status.to_owned()), limit: Some(1), ..ConversationQuery::default() }
}

/// Rows to ask for at once where so many are to be read again.
fn limit(rows: usize) -> u32 {
    u32::try_from(rows.min(PAGE_MAX)).unwrap_or(PAGE).max(PAGE)
}

/// Reads another list: the filter changed.
pub(super) fn refilter(state: &mut State, out: &mut Out) {
    state.list.rows.clear();
    state.list.read = 0;
    state.list.unsorted = false;
    state.list.marked.clear();
    state.list.leaving = None;
    // Until its rows are there nothing is chosen, so that no key means what is not shown.
    state.list.wanted = state.list.cursor.take().or(state.list.wanted);
    state.list.top = 0;
    state.list.next_cursor = None;
    state.list.loaded = false;
    reload(state, out);
}

/// Another tab.
pub(super) fn go(state: &mut State, out: &mut Out, tab: Tab) {
    if state.list.tab != tab {
        state.list.tab = tab;
        refilter(state, out);
    }
}

/// The tab to the right or left.
pub(super) fn tab(state: &mut State, out: &mut Out, by: isize) {
    let at = Tab::ALL.iter().position(|t| *t == state.list.tab).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(Tab::ALL.len() as isize) as usize;
    state.list.tab = Tab::ALL.get(next).copied().unwrap_or(Tab::All);
    refilter(state, out);
}

/// The status filter to the right or left.
pub(super) fn status(state: &mut State, out: &mut Out, by: isize) {
    let at = STATUSES.iter().position(|s| *s == state.list.status).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(STATUSES.len() as isize) as usize;
    state.list.status = STATUSES.get(next).copied().unwrap_or("open");
    refilter(state, out);
}

/// A page came.
pub(super) fn page(state: &mut State, out: &mut Out, generation: u64, more: bool, result: Outcome<Page<ConversationView>>) {
    if generation != state.list.generation {
        return;
    }
    state.list.loading = false;
    let page = match result {
        Ok(page) => page,
        Err(failure) => return refused(state, &failure),
    };
    state.list.error = None;
    let place = cursor_place(state);
    if !more {
        state.list.read = 0;
        state.list.fresh.clear();
    }
    let news: HashSet<ConversationId> = page.data.iter().map(|view| view.id).collect();
    let mut old = state.list.rows.split_off(state.list.read.min(state.list.rows.len()));
    // A row that moved down while the pages were read is in one that came before.
    state.list.rows.retain(|id| !news.contains(id));
    state.list.rows.extend(page.data.iter().map(|view| view.id));
    state.list.read = state.list.rows.len();
    // A view's row that a key of ours sent elsewhere stays under the cursor until that moves, as in every list.
    let stays =
        state.list.leaving.filter(|id| state.list.filter.view.is_some() && !more && state.list.cursor == Some(*id) && !news.contains(id));
    if let Some(id) = stays {
        let at = place.0.min(state.list.rows.len());
        state.list.rows.insert(at, id);
        state.list.read += 1;
        old.retain(|row| *row != id);
    }
    old.retain(|id| !news.contains(id) && page.meta.next_cursor.is_some());
    state.list.rows.append(&mut old);
    for view in page.data {
        state.list.fresh.remove(&view.id);
        state.conversations.insert(view.id, view);
    }
    state.list.loaded = true;
    state.seen_at = None;
    state.list.next_cursor = page.meta.next_cursor;
    state.list.total = page.meta.total;
    state.list.counted(page.meta.counts);
    // Of what holds no row at all nothing else can be chosen.
    let first = !more && !state.list.rows.is_empty();
    if let Some(id) = state.list.wanted.take_if(|_| first).filter(|id| state.list.cursor.is_none() && state.list.rows.contains(id)) {
        state.list.cursor = Some(id);
    }
    settle(state, place);
    forget(state);
    ahead(state, out);
}

fn refused(state: &mut State, failure: &Failure) {
    live::failed(state, failure);
    if !failure.lost {
        state.list.error = Some(failure.message.clone());
    }
}

/// One conversation came.
pub(super) fn conversation(state: &mut State, out: &mut Out, id: ConversationId, result: Outcome<ConversationView>) {
    ended(state, out, Read::Conversation(id));
    match result {
        Ok(view) => upsert(state, view),
        Err(failure) if failure.code == Some(Code::NotFound) => {
            state.conversations.remove(&id);
            state.list.fresh.remove(&id);
            if free(state) {
                sort(state);
            }
        }
        Err(failure) => live::failed(state, &failure),
    }
    ahead(state, out);
}

/// Takes a conversation's new state in.
pub(super) fn upsert(state: &mut State, view: ConversationView) {
    let id = view.id;
    state.conversations.insert(id, view);
    if !state.list.rows.contains(&id) {
        let reaches = state.list.next_cursor.is_none() || !is_last(state, id);
        let told = !state.list.tab.is_asked() && state.list.query.is_empty() && state.list.filter.view.is_none();
        if state.list.loaded && belongs(state, id) && reaches && told {
            state.list.fresh.insert(id);
        } else {
            state.list.fresh.remove(&id);
        }
    }
    if free(state) {
        put(state, id);
    } else {
        state.list.unsorted = true;
    }
}

/// Whether rows may move: nobody is looking for one of them.
fn free(state: &State) -> bool {
    !state.calm || state.screen != Screen::Inbox || state.focus != Focus::List || state.list.rows.is_empty() || state.copying()
}

/// Whether a conversation fits the filter, as far as that can be said from here.
pub(super) fn belongs(state: &State, id: ConversationId) -> bool {
    let Some(view) = state.conversations.get(&id) else { return false };
    let assignee = view.assignee.as_ref().map(|a| a.id);
    let tab = match state.list.tab {
        Tab::Mine => assignee.is_some() && assignee == state.agent(),
        Tab::Unassigned => assignee.is_none(),
        // Only the daemon can say it: what is shown stays, what is new comes with the next reading.
        Tab::All | Tab::Mentions | Tab::Unattended => true,
    };
    let filter = &state.list.filter;
    let cut = filter.inbox.as_ref().is_none_or(|(id, _)| view.inbox.id == *id)
        && filter.team.as_ref().is_none_or(|(id, _)| view.team.as_ref().is_some_and(|team| team.id == *id))
        && filter.label.as_ref().is_none_or(|label| view.labels.contains(label))
        && filter.priority.is_none_or(|word| view.priority.map_or("none", Priority::as_str) == word)
        && (!filter.unread || view.unread_count > 0 || state.list.rows.contains(&id));
    tab && cut && (state.list.status == "all" || view.status.as_str() == state.list.status)
}

/// Where a row belongs: the API's own order.
fn order(sort: Sort, view: &ConversationView) -> (i64, i64, i64) {
    let activity = view.last_activity_at.as_microsecond();
    match sort {
        Sort::Waiting => (view.waiting_since.map_or(i64::MAX, Timestamp::as_microsecond), -activity, view.id.0),
        Sort::Activity => (-activity, 0, -view.id.0),
        Sort::Created => (-view.created_at.as_microsecond(), 0, -view.id.0),
        Sort::Priority => {
            let rank = match view.priority {
                Some(Priority::Urgent) => 0,
                Some(Priority::High) => 1,
                Some(Priority::Medium) => 2,
                Some(Priority::Low) => 3,
                None => 4,
            };
            (rank, -activity, view.id.0)
        }
    }
}

/// Where a known row belongs; one that is gone comes first, it goes with the next sort.
fn place_of(state: &State, id: ConversationId) -> Option<(i64, i64, i64)> {
    state.conversations.get(&id).map(|view| order(state.list.filter.sort, view))
}

fn is_last(state: &State, id: ConversationId) -> bool {
    state.list.rows.last().is_some_and(|last| place_of(state, id) > place_of(state, *last))
}

/// Puts one row where it belongs: as [`sort`] would, at the cost of one row.
fn put(state: &mut State, id: ConversationId) {
    if state.list.unsorted || state.list.fresh.len() > 1 {
        return sort(state);
    }
    let place = cursor_place(state);
    let mut rows = std::mem::take(&mut state.list.rows);
    if let Some(at) = rows.iter().position(|row| *row == id) {
        rows.remove(at);
        state.list.read -= usize::from(at < state.list.read);
    } else if !state.list.fresh.contains(&id) {
        state.list.rows = rows;
        return;
    }
    state.list.fresh.remove(&id);
    if belongs(state, id) {
        let here = place_of(state, id);
        let at = rows.partition_point(|row| place_of(state, *row) < here);
        rows.insert(at, id);
        state.list.read += usize::from(at <= state.list.read);
    }
    state.list.rows = rows;
    settle(state, place);
}

/// Puts every row where it belongs and takes the new ones in.
pub(super) fn sort(state: &mut State) {
    let place = cursor_place(state);
    let mut rows = std::mem::take(&mut state.list.rows);
    let before = rows.len();
    rows.extend(std::mem::take(&mut state.list.fresh));
    rows.retain(|id| belongs(state, *id));
    rows.sort_by_cached_key(|id| place_of(state, *id));
    rows.dedup();
    // What was read reaches as far as before, as closely as can be said.
    state.list.read = (state.list.read + rows.len()).saturating_sub(before).min(rows.len());
    state.list.unsorted = false;
    state.list.rows = rows;
    settle(state, place);
}

/// Takes a row out that a key of ours sent elsewhere; the cursor goes to the next one. One that still has the list's status stays under the
/// cursor until that moves: whoever assigns and then labels means one conversation.
pub(super) fn drop_row(state: &mut State, id: ConversationId) {
    let done = |view: &ConversationView| match state.list.filter.view {
        Some(_) => matches!(view.status, ConversationStatus::Resolved | ConversationStatus::Snoozed),
        None => state.list.status != "all" && view.status.as_str() != state.list.status,
    };
    if state.list.cursor == Some(id) && state.screen == Screen::Inbox && !state.conversations.get(&id).is_none_or(done) {
        state.list.leaving = Some(id);
    } else {
        take_out(state, id);
    }
}

/// The cursor has moved: what only waited for that goes.
fn leave(state: &mut State) {
    if let Some(id) = state.list.leaving.filter(|id| state.list.cursor != Some(*id)) {
        state.list.leaving = None;
        state.list.due |= state.list.filter.view.is_some(); // Only the daemon can say whether it is in the view still.
        take_out(state, id);
    }
}

fn take_out(state: &mut State, id: ConversationId) {
    if state.list.rows.contains(&id) && !belongs(state, id) {
        let place = cursor_place(state);
        if let Some(at) = state.list.rows.iter().position(|row| *row == id) {
            state.list.rows.remove(at);
            state.list.read -= usize::from(at < state.list.read);
        }
        settle(state, place);
    }
}

/// Where the cursor stands: its index, and its line on the screen.
fn cursor_place(state: &State) -> (usize, usize) {
    let index = position(state).unwrap_or(0);
    (index, index.saturating_sub(state.list.top))
}

pub(super) fn position(state: &State) -> Option<usize> {
    state.list.rows.iter().position(|id| Some(*id) == state.list.cursor)
}

/// Finds the cursor again after rows moved: on its conversation, at the same line; if that is gone, on what took its place.
fn settle(state: &mut State, (index, line): (usize, usize)) {
    let index = position(state).unwrap_or(index.min(state.list.rows.len().saturating_sub(1)));
    state.list.cursor = state.list.rows.get(index).copied();
    state.list.top = index.saturating_sub(line);
    keep_visible(state);
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(page) = layout::rows_page(state) else { return };
    let index = position(state).unwrap_or(0);
    let list = &mut state.list;
    list.top = list.top.min(index).max((index + 1).saturating_sub(page)).min(list.rows.len().saturating_sub(page));
}

/// Moves the cursor by rows.
pub(super) fn move_by(state: &mut State, out: &mut Out, by: isize) {
    if by < 0 && position(state) == Some(0) && !state.list.fresh.is_empty() {
        state.list.cursor = None;
        sort(state);
        return;
    }
    let index = moved(position(state).unwrap_or(0), by, state.list.rows.len());
    state.list.cursor = state.list.rows.get(index).copied();
    leave(state);
    keep_visible(state);
    ahead(state, out);
}

/// Asks for the next page when the cursor nears the end.
fn ahead(state: &mut State, out: &mut Out) {
    let near = position(state).unwrap_or(0) + AHEAD + layout::rows_page(state).unwrap_or(1) >= state.list.read;
    if near
        && !state.list.loading
        && let Some(cursor) = state.list.next_cursor.clone()
    {
        state.list.loading = true;
        let query = query(state, limit(state.list.rows.len() - state.list.read), Some(cursor));
        out.push(Effect::List { generation: state.list.generation, query, more: true });
    }
}

/// The next row (or the one before) that is unread, from the one that is shown.
pub(super) fn unread(state: &mut State, out: &mut Out, by: isize) {
    let from = state.shown().and_then(|id| state.list.rows.iter().position(|row| *row == id)).unwrap_or(0);
    let len = state.list.rows.len();
    let found = (1..len).map(|step| (from as isize + by * step as isize).rem_euclid(len as isize) as usize).find(|i| {
        let id = state.list.rows.get(*i);
        id.and_then(|id| state.conversations.get(id)).is_some_and(|view| view.unread_count > 0)
    });
    match found.and_then(|i| state.list.rows.get(i).copied()) {
        Some(id) => go_to(state, out, id),
        None => super::toast(state, crate::state::Tone::Plain, "Nothing else is unread here"),
    }
}

/// The next row or the one before, from the one that is shown.
pub(super) fn neighbour(state: &mut State, out: &mut Out, by: isize) {
    let from = state.shown().and_then(|id| state.list.rows.iter().position(|row| *row == id));
    let to = from.map_or(0, |from| moved(from, by, state.list.rows.len()));
    if let Some(id) = state.list.rows.get(to).copied() {
        go_to(state, out, id);
    }
}

/// Puts the cursor on a conversation; a conversation that was open gives way to it.
fn go_to(state: &mut State, out: &mut Out, id: ConversationId) {
    state.list.cursor = Some(id);
    leave(state);
    keep_visible(state);
    if state.focus == Focus::Open {
        thread::open(state, out, id);
    }
    ahead(state, out);
}

/// Forgets conversations that nothing on the screen needs.
fn forget(state: &mut State) {
    let open = state.open;
    let mut keep: std::collections::BTreeSet<ConversationId> = state.list.rows.iter().copied().collect();
    keep.extend(state.list.fresh.iter());
    keep.extend(open);
    keep.extend(state.composer.as_ref().and_then(|c| c.purpose.conversation()));
    keep.extend(state.threads.keys());
    keep.extend(&state.shelves.looked_up);
    state.conversations.retain(|id, _| keep.contains(id));
}

/// Reads again what the inbox shows.
pub(super) fn refetch(state: &mut State, out: &mut Out) {
    reload(state, out);
    if let Some(id) = state.shown() {
        read(state, out, Read::Conversation(id));
        thread::refresh(state, out, id);
    }
}
