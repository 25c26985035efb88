//! The activity feed: its pages, what is heard live, and what a row opens.
//!
//! The daemon numbers a tenant's activities without holes, so the page before a row is found by its number.

use api::event::{Activity, ActivityQuery, SubjectType};
use api::id::{ApprovalId, ConversationId};
use api::page::Page;

use super::{Out, approvals, live, moved, pick, read, thread, toast};
use crate::event::{Effect, Outcome};
use crate::state::{Feed, Kinds, Pick, PickLine, Picked, Read, Screen, State, Tone};
use crate::view::feed as view;

/// Rows of a page: the API's own limit.
const PAGE: u32 = 200;
/// Rows kept. Whoever scrolls further down lets the newest go; they are read again on the way back.
const ROWS_MAX: usize = 2_000;
/// So many rows before the end the next page is asked for.
const AHEAD: usize = 50;
/// Pages read on without a row for the chosen type, until a key asks for more: 20 are 4,000 activities.
const VAIN_MAX: u32 = 20;
/// Customers' names asked for at once.
const NAMES_AT_ONCE: usize = 4;

/// Shows the screen.
pub(super) fn show(state: &mut State, out: &mut Out) {
    if !state.feed.loaded && !state.feed.loading {
        reload(state, out);
    }
    settle(state, out);
}

/// Reads the feed from its newest row on.
pub(super) fn reload(state: &mut State, out: &mut Out) {
    let feed = &mut state.feed;
    feed.generation += 1;
    feed.loading = true;
    feed.due = false;
    feed.vain = 0;
    feed.asked.clear();
    let query = ActivityQuery { limit: Some(PAGE), ..ActivityQuery::default() };
    out.push(Effect::Activity { generation: feed.generation, query });
}

/// Time passes: what was missed is read when it is looked at.
pub(super) fn tick(state: &mut State, out: &mut Out) {
    if state.screen == Screen::Activity && !state.feed.loading && (state.feed.due || !state.feed.loaded && state.feed.error.is_none()) {
        reload(state, out);
    }
}

/// The stream may have lost something.
pub(super) fn missed(state: &mut State) {
    state.feed.due |= state.feed.loaded;
}

/// A page came.
pub(super) fn page(state: &mut State, out: &mut Out, generation: u64, query: &ActivityQuery, result: Outcome<Page<Activity>>) {
    if generation != state.feed.generation {
        return;
    }
    state.feed.loading = false;
    let mut page = match result {
        Ok(page) => page.data,
        Err(failure) => {
            live::failed(state, &failure);
            if !failure.lost {
                state.feed.error = Some(failure.message);
            }
            return;
        }
    };
    let user = state.me.as_ref().map(|me| me.user.clone());
    let heard = state.stream.seq.unwrap_or(0);
    let feed = &mut state.feed;
    feed.error = None;
    let holds = |kinds: Kinds, row: &Activity| kinds.holds(row, user.as_deref());
    match query.after {
        None => {
            feed.newest = page.first().map_or(0, |row| row.seq);
            feed.oldest = page.last().map_or(1, |row| row.seq);
            feed.ended = page.len() < PAGE as usize;
            feed.cut = false;
            feed.loaded = true;
            // What was told while the page was on its way is not in it.
            feed.due = heard > feed.newest;
            page.retain(|row| holds(feed.kinds, row));
            let place = feed.position().map_or(0, |at| at.saturating_sub(feed.top));
            feed.rows = page.into();
            if feed.follow || feed.position().is_none() {
                to_newest(feed);
            } else {
                feed.top = feed.position().unwrap_or(0).saturating_sub(place);
            }
        }
        Some(after) => {
            // What is older than the oldest kept is gone; the answer then begins later than asked.
            feed.ended = after == 0 || page.first().is_none_or(|row| row.seq > after + 1);
            page.retain(|row| row.seq < feed.oldest);
            feed.oldest = page.first().map_or(feed.oldest, |row| row.seq);
            page.retain(|row| holds(feed.kinds, row));
            feed.vain = if page.is_empty() { feed.vain + 1 } else { 0 };
            feed.rows.extend(page.into_iter().rev());
            while feed.rows.len() > ROWS_MAX && feed.top > 0 {
                feed.rows.pop_front();
                feed.top -= 1;
                feed.cut = true;
            }
        }
    }
    settle(state, out);
}

/// Something happened.
pub(super) fn heard(state: &mut State, out: &mut Out, activity: &Activity) {
    let user = state.me.as_ref().map(|me| me.user.as_str());
    let feed = &mut state.feed;
    if !feed.loaded || activity.seq <= feed.newest {
        return;
    }
    feed.due |= activity.seq > feed.newest + 1;
    feed.newest = activity.seq;
    if !feed.kinds.holds(activity, user) {
        return;
    }
    if !feed.follow {
        feed.fresh += 1;
    }
    if feed.cut {
        return;
    }
    feed.rows.push_front(activity.clone());
    if feed.follow {
        to_newest(feed);
    } else {
        feed.top += 1;
    }
    while feed.rows.len() > ROWS_MAX
        && let Some(last) = feed.rows.pop_back()
    {
        feed.oldest = feed.oldest.max(last.seq + 1);
        feed.ended = false;
    }
    if state.screen == Screen::Activity {
        settle(state, out);
    }
}

fn to_newest(feed: &mut Feed) {
    feed.cursor = feed.rows.front().map(|row| row.seq);
    feed.top = 0;
    feed.fresh = 0;
}

/// The cursor on the screen, older rows on their way, names asked for.
fn settle(state: &mut State, out: &mut Out) {
    keep_visible(state);
    ahead(state, out);
    names(state, out);
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(area) = view::area(state) else { return };
    let Some(at) = state.feed.position() else { return };
    if at < state.feed.top {
        state.feed.top = at;
    }
    // A page holds no more rows than it has lines.
    state.feed.top = state.feed.top.max((at + 1).saturating_sub(usize::from(area.height)));
    while state.feed.top < at && at >= state.feed.top + view::fitting(state, area) {
        state.feed.top += 1;
    }
}

/// Moves the cursor by rows; away from the newest it no longer follows.
pub(super) fn move_by(state: &mut State, out: &mut Out, by: isize) {
    state.feed.vain = 0;
    let feed = &mut state.feed;
    let at = feed.position().unwrap_or(0);
    let to = moved(at, by, feed.rows.len());
    feed.cursor = feed.rows.get(to).map(|row| row.seq);
    if to > 0 && feed.follow {
        feed.follow = false;
        feed.fresh = 0;
    }
    if to == 0 && by < 0 && feed.cut {
        return resume(state, out);
    }
    settle(state, out);
}

/// Rows on the screen.
pub(super) fn rows_page(state: &State) -> usize {
    view::area(state).map_or(1, |area| view::fitting(state, area).max(1))
}

/// Follows the newest row, or no longer.
pub(super) fn follow(state: &mut State, out: &mut Out) {
    if !state.feed.follow {
        return resume(state, out);
    }
    state.feed.follow = false;
    state.feed.fresh = 0;
}

/// Goes to the newest row and stays there.
pub(super) fn resume(state: &mut State, out: &mut Out) {
    state.feed.follow = true;
    to_newest(&mut state.feed);
    if state.feed.cut {
        reload(state, out);
    }
    settle(state, out);
}

/// The tab to the right or left.
pub(super) fn tab(state: &mut State, out: &mut Out, by: isize) {
    let at = Kinds::TABS.iter().position(|kinds| *kinds == state.feed.kinds);
    let len = Kinds::TABS.len() as isize;
    let to = at.map_or(if by > 0 { 0 } else { len - 1 }, |at| (at as isize + by).rem_euclid(len)) as usize;
    choose(state, out, Kinds::TABS.get(to).copied().unwrap_or(Kinds::Everything));
}

/// Shows other activities.
pub(super) fn choose(state: &mut State, out: &mut Out, kinds: Kinds) {
    let user = state.me.as_ref().map(|me| me.user.clone());
    let feed = &mut state.feed;
    feed.kinds = kinds;
    // What is here already shows at once; the rest is read.
    feed.rows.retain(|row| kinds.holds(row, user.as_deref()));
    feed.follow = true;
    to_newest(feed);
    reload(state, out);
}

/// Asks which activities.
pub(super) fn ask_kinds(state: &mut State) {
    let lines = Kinds::ALL.map(|(letter, kinds)| PickLine {
        letter: Some(letter),
        label: kinds.title().to_owned(),
        note: String::new(),
        disabled: (kinds == state.feed.kinds).then_some("shown already"),
        choice: Picked::Kinds(kinds),
    });
    pick::show(state, Pick { title: "Activities".into(), lines: lines.into(), cursor: 0 });
}

/// Asks for older rows when the cursor nears the end.
fn ahead(state: &mut State, out: &mut Out) {
    let near = state.feed.position().unwrap_or(0) + AHEAD >= state.feed.rows.len();
    let feed = &mut state.feed;
    if near && feed.loaded && !feed.loading && !feed.ended && feed.vain < VAIN_MAX {
        feed.loading = true;
        let after = (feed.oldest - 1 - i64::from(PAGE)).max(0);
        let limit = u32::try_from(feed.oldest - 1 - after).unwrap_or(PAGE).clamp(1, PAGE);
        let query = ActivityQuery { after: Some(after), limit: Some(limit), ..ActivityQuery::default() };
        out.push(Effect::Activity { generation: feed.generation, query });
    }
}

/// A conversation came: its customer's name is kept, and the next ones are asked for.
pub(super) fn named(state: &mut State, out: &mut Out, id: ConversationId) {
    if state.screen == Screen::Activity && state.feed.asked.contains(&id) {
        names(state, out);
    }
}

/// Learns the customers' names of the rows on the screen.
fn names(state: &mut State, out: &mut Out) {
    let Some(area) = view::area(state) else { return };
    let shown = view::fitting(state, area);
    let wanted: Vec<_> =
        state.feed.rows.iter().skip(state.feed.top).take(shown).filter_map(|row| row.conversation_id.map(ConversationId)).collect();
    if state.feed.names.len() > ROWS_MAX {
        state.feed.names.clear();
    }
    let mut running = state.feed.asked.iter().filter(|id| state.reads.contains_key(&Read::Conversation(**id))).count();
    for id in wanted {
        if let Some(view) = state.conversations.get(&id) {
            state.feed.names.insert(id, crate::text::line(&view.contact.name));
        } else if !state.feed.names.contains_key(&id) && running < NAMES_AT_ONCE && state.feed.asked.insert(id) {
            running += 1;
            read(state, out, Read::Conversation(id));
        }
    }
}

/// Opens what the chosen row is about.
pub(super) fn open(state: &mut State, out: &mut Out) {
    let Some(row) = state.feed.chosen() else { return };
    let conversation = row.conversation_id.map(ConversationId);
    let approval = (row.subject_type == SubjectType::Approval).then(|| row.subject_id.parse::<ApprovalId>().ok()).flatten();
    match (approval, conversation) {
        (Some(id), _) => {
            state.feed.opening = Some(id);
            read(state, out, Read::Approval(id));
        }
        (None, Some(id)) => {
            thread::open(state, out, id);
            state.back_to = Some(Screen::Activity);
        }
        (None, None) => toast(state, Tone::Plain, "It is about no conversation and no approval"),
    }
}

/// An approval came: it opens if that is what was asked.
pub(super) fn approval(state: &mut State, out: &mut Out, id: ApprovalId, view: Option<api::approval::ApprovalView>) {
    if state.feed.opening != Some(id) {
        return;
    }
    state.feed.opening = None;
    if state.screen != Screen::Activity && !super::shelf::awaits_approval(state) {
        return;
    }
    match view {
        Some(view) => approvals::open_card(state, out, view),
        None => toast(state, Tone::Bad, "This approval could not be read"),
    }
}

/// Copies the chosen row as JSON.
pub(super) fn copy(state: &mut State, out: &mut Out) {
    let Some(json) = state.feed.chosen().and_then(|row| serde_json::to_string(row).ok()) else { return };
    super::clip::copy(state, out, "Copied as JSON".into(), json);
}
