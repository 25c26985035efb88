//! The approvals screen: its lists, the opened card, and decisions that name the revision on the card.

use api::Code;
use api::approval::{ApprovalQuery, ApprovalStatus, ApprovalView, Hindrance, Money};
use api::id::ApprovalId;
use api::page::Page;
use jiff::SignedDuration;

use super::{Out, ended, live, moved, new_key, news, read, thread, toast, waiting};
use crate::event::{Effect, Failure, Outcome, Purpose};
use crate::keymap::Context;
use crate::layout;
use crate::settings::News;
use crate::state::{ApprovalTab, Card, Focus, Overlay, Read, Screen, State, Tone};
use crate::text;

/// Rows of a page.
const PAGE: u32 = 100;
/// What a card says that was not read to the end of its ask.
const READ_ON: &str = "Read on";
/// Columns from which it says so in full.
const READ_ON_WIDE: u16 = 56;
/// Enter does nothing on a sheet that is younger than this: it may still be the key that opened what lies below.
const DEAF: SignedDuration = SignedDuration::from_millis(400);

/// The tab's filter as a query.
pub(super) fn query(state: &State, page: u32) -> ApprovalQuery {
    let (status, mine) = match state.approvals.tab {
        ApprovalTab::Waiting => ("submitted", Some(false)),
        ApprovalTab::Asked => ("all", Some(true)),
        ApprovalTab::Decided => ("decided", None),
    };
    ApprovalQuery { status: Some(status.into()), mine, page: Some(page), limit: Some(PAGE), ..ApprovalQuery::default() }
}

/// Reads the tab from its beginning.
pub(super) fn reload(state: &mut State, out: &mut Out) {
    state.approvals.generation += 1;
    state.approvals.loading = true;
    state.approvals.due = false;
    out.push(Effect::Approvals { generation: state.approvals.generation, query: query(state, 1), more: false });
}

/// Reads the tab and the card again.
pub(super) fn refetch(state: &mut State, out: &mut Out) {
    if state.me.is_some() {
        reload(state, out);
    }
    if let Some(card) = &state.approvals.card {
        let id = card.shown.id;
        read(state, out, Read::Approval(id));
    }
}

/// The tab to the right or left.
pub(super) fn tab(state: &mut State, out: &mut Out, by: isize) {
    let at = ApprovalTab::ALL.iter().position(|t| *t == state.approvals.tab).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(3) as usize;
    state.approvals.tab = ApprovalTab::ALL.get(next).copied().unwrap_or(ApprovalTab::Waiting);
    state.approvals.rows.clear();
    state.approvals.cursor = None;
    state.approvals.loaded = false;
    reload(state, out);
}

/// A page came.
pub(super) fn page(state: &mut State, out: &mut Out, generation: u64, more: bool, result: Outcome<Page<ApprovalView>>) {
    if generation != state.approvals.generation {
        return;
    }
    state.approvals.loading = false;
    let page = match result {
        Ok(page) => page,
        Err(failure) => {
            live::failed(state, &failure);
            if !failure.lost {
                state.approvals.error = Some(failure.message);
            }
            return;
        }
    };
    let at = position(state).unwrap_or(0);
    let approvals = &mut state.approvals;
    approvals.error = None;
    approvals.loaded = true;
    approvals.total = page.meta.total;
    if !more {
        approvals.rows.clear();
    }
    let known: std::collections::BTreeSet<_> = approvals.rows.iter().map(|a| a.id).collect();
    approvals.rows.extend(page.data.into_iter().filter(|a| !known.contains(&a.id)));
    if position(state).is_none() {
        let at = at.min(state.approvals.rows.len().saturating_sub(1));
        state.approvals.cursor = state.approvals.rows.get(at).map(|a| a.id);
    }
    keep_visible(state);
    ahead(state, out);
}

fn ahead(state: &mut State, out: &mut Out) {
    let approvals = &mut state.approvals;
    let have = approvals.rows.len();
    let at = approvals.rows.iter().position(|a| Some(a.id) == approvals.cursor).unwrap_or(0);
    if !approvals.loading && (have as u64) < approvals.total && at + 40 >= have && have.is_multiple_of(PAGE as usize) {
        approvals.loading = true;
        let next = u32::try_from(have).unwrap_or(0) / PAGE + 1;
        out.push(Effect::Approvals { generation: state.approvals.generation, query: query(state, next), more: true });
    }
}

fn position(state: &State) -> Option<usize> {
    state.approvals.rows.iter().position(|a| Some(a.id) == state.approvals.cursor)
}

/// Scrolls as little as needed for the cursor to be on the screen.
pub(super) fn keep_visible(state: &mut State) {
    let Some(page) = layout::rows_page(state) else { return };
    let index = position(state).unwrap_or(0);
    let approvals = &mut state.approvals;
    approvals.top = approvals.top.min(index).max((index + 1).saturating_sub(page)).min(approvals.rows.len().saturating_sub(page));
}

/// Moves the cursor by rows.
pub(super) fn move_by(state: &mut State, out: &mut Out, by: isize) {
    let index = moved(position(state).unwrap_or(0), by, state.approvals.rows.len());
    state.approvals.cursor = state.approvals.rows.get(index).map(|a| a.id);
    keep_visible(state);
    ahead(state, out);
}

/// Opens the chosen row's card; what it shows is what a decision will name.
pub(super) fn open(state: &mut State, out: &mut Out) {
    if let Some(shown) = state.approval().cloned() {
        open_card(state, out, shown);
    }
}

/// Opens an approval's card.
pub(super) fn open_card(state: &mut State, out: &mut Out, shown: ApprovalView) {
    let id = shown.id;
    if let Some(conversation) = shown.conversation_id.filter(|id| !state.conversations.contains_key(id)) {
        read(state, out, Read::Conversation(conversation));
    }
    let from = Some(state.screen).filter(|screen| matches!(screen, Screen::Activity | Screen::Own(_)));
    state.approvals.card = Some(Card { shown, from, read: false, scroll: 0, changed: Vec::new(), deciding: false, error: None });
    state.screen = Screen::Approvals;
    state.focus = Focus::Open;
    read(state, out, Read::Approval(id));
}

/// Closes the card.
pub(super) fn close(state: &mut State) {
    state.approvals.card = None;
    state.focus = Focus::List;
    keep_visible(state);
}

/// One approval came.
pub(super) fn one(state: &mut State, out: &mut Out, id: ApprovalId, result: Outcome<ApprovalView>) {
    ended(state, out, Read::Approval(id));
    match result {
        Ok(view) => {
            announce(state, out, &view);
            take(state, view);
        }
        Err(failure) => {
            state.approvals.announce.remove(&id);
            live::failed(state, &failure);
        }
    }
}

/// Says what happened to an approval that concerns the caller.
fn announce(state: &mut State, out: &mut Out, view: &ApprovalView) {
    if !state.approvals.announce.remove(&view.id) {
        return;
    }
    let me = state.me.as_ref().map(|me| me.user.clone());
    let (reference, title) = (view.reference, text::line(&view.title));
    let by = view.decided_by.as_ref();
    let mine = view.requester.user.is_some() && view.requester.user == me;
    let by_me = by.is_some_and(|by| by.user.is_some() && by.user == me);
    let who = by.map_or_else(String::new, |by| format!(" by {}", text::line(&by.name)));
    let (event, tone, said, more) = match view.status {
        ApprovalStatus::Submitted if view.hindrance.is_none() => {
            (News::Approval, Tone::Plain, format!("{reference} waits for you"), format!("{title} · 2 shows it"))
        }
        ApprovalStatus::Approved if mine && !by_me => (News::Decision, Tone::Good, format!("{reference} approved{who}"), title),
        ApprovalStatus::Rejected if mine && !by_me => {
            let why = view.comment.as_deref().map_or_else(String::new, |c| format!(" ({})", text::line(c)));
            (News::Decision, Tone::Bad, format!("{reference} rejected{who}"), format!("{title}{why}"))
        }
        ApprovalStatus::Expired if mine => (News::Decision, Tone::Bad, format!("{reference} expired undecided"), title),
        _ => return,
    };
    let on_screen = state.screen == Screen::Approvals && state.approvals.card.as_ref().is_some_and(|card| card.shown.id == view.id);
    news::approval(state, out, event, on_screen, tone, (&said, &more));
}

/// Takes an approval's new state in, in its row and on its card.
fn take(state: &mut State, view: ApprovalView) {
    if let Some(row) = state.approvals.rows.iter_mut().find(|a| a.id == view.id) {
        *row = view.clone();
    }
    let Some(card) = state.approvals.card.as_mut().filter(|c| c.shown.id == view.id) else { return };
    let news = changes(&card.shown, &view);
    let moved_on = card.shown.status != view.status || card.shown.revision != view.revision;
    if card.shown.revision != view.revision {
        // The excerpt and the rest are read anew from the top.
        (card.scroll, card.read) = (0, false);
        card.changed.extend(news);
    }
    let revision = view.revision;
    card.shown = view;
    let id = card.shown.id;
    if moved_on && matches!(state.overlay, Some(Overlay::Approve { id: open, .. }) if open == id) {
        state.overlay = None;
        if let Some(card) = &mut state.approvals.card {
            card.error = Some("It changed while you were asked: read it again".into());
        }
    }
    if let Some(composer) = &mut state.composer
        && let Purpose::Reject(rejecting, read) = composer.purpose
        && rejecting == id
        && read != revision
        && !composer.sending
    {
        composer.purpose = Purpose::Reject(id, revision);
        composer.key = None;
        composer.error.get_or_insert_with(|| "It changed since you read it: look above, then Ctrl+S".into());
    }
}

/// What is different for a reader.
fn changes(old: &ApprovalView, new: &ApprovalView) -> Vec<String> {
    let mut out = Vec::new();
    if old.revision != new.revision {
        out.push(format!("revision {} → {}", old.revision, new.revision));
    }
    if old.amount != new.amount {
        let word = |m: &Option<Money>| m.as_ref().map_or_else(|| "none".into(), money);
        out.push(format!("amount {} → {}", word(&old.amount), word(&new.amount)));
    }
    if old.title != new.title {
        out.push(format!("title, was “{}”", crate::marks::line(&old.title)));
    }
    if old.description != new.description {
        out.push("description".into());
    }
    if old.excerpt != new.excerpt {
        out.push("conversation excerpt".into());
    }
    if old.expires_at != new.expires_at {
        out.push("expiry".into());
    }
    out
}

/// An amount for people: `240.00 EUR`.
pub(crate) fn money(money: &Money) -> String {
    let digits = match money.currency.as_str() {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" | "XPF" | "RWF" | "GNF" | "KMF" | "DJF" | "BIF" | "VUV" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let sign = if money.minor_units < 0 { "-" } else { "" };
    let units = money.minor_units.unsigned_abs();
    let scale = 10_u64.pow(digits);
    let whole = if digits == 0 { units.to_string() } else { format!("{}.{:0w$}", units / scale, units % scale, w = digits as usize) };
    format!("{sign}{whole} {}", text::line(&money.currency))
}

/// Why the caller may not decide, for people.
pub(crate) fn hindrance_words(hindrance: Hindrance) -> &'static str {
    match hindrance {
        Hindrance::OwnRequest => "You asked for this yourself: somebody else decides.",
        Hindrance::OwnRevision => "You changed this last: somebody else decides.",
        Hindrance::NotAnApprover => "Your role does not decide this type.",
        Hindrance::MaybeOwnRequest => "Nobody knows who asked and you work on the conversation: somebody else decides.",
        Hindrance::NotWaiting => "It does not wait for a decision any more.",
    }
}

fn decidable(state: &mut State) -> Option<(ApprovalId, u32)> {
    let card = state.approvals.card.as_mut()?;
    if card.deciding {
        return None;
    }
    let id = card.shown.id;
    let waits = waiting::on(state, id).is_some();
    let card = state.approvals.card.as_mut()?;
    if waits {
        card.error = Some("Your decision waits for the daemon; u takes it back".into());
        return None;
    }
    if card.shown.status != ApprovalStatus::Submitted {
        card.error = Some(hindrance_words(Hindrance::NotWaiting).into());
        return None;
    }
    if let Some(hindrance) = card.shown.hindrance {
        card.error = Some(hindrance_words(hindrance).into());
        return None;
    }
    card.error = None;
    Some((card.shown.id, card.shown.revision))
}

/// Takes in how much of the ask has been on the screen.
pub(super) fn look(state: &mut State) {
    let covered = state.overlay.is_some() || state.composer.is_some() || state.pane() != Context::Card;
    if covered || state.approvals.card.as_ref().is_none_or(|card| card.read) {
        return;
    }
    let (width, left) = (state.size.0, crate::view::ask_left(state));
    let Some(card) = &mut state.approvals.card else { return };
    card.read = left == 0;
    if card.error.as_ref().is_some_and(|error| error.starts_with(READ_ON)) {
        card.error = (left > 0).then(|| read_on(width, left));
    }
}

/// Why a card is not decided yet.
fn read_on(width: u16, left: usize) -> String {
    let lines = if left == 1 { "line" } else { "lines" };
    if width < READ_ON_WIDE {
        return format!("{READ_ON}: {left} {lines}, Space");
    }
    format!("{READ_ON} to the end of the ask: {left} more {lines}, Space")
}

/// Opens the approve sheet, once the ask was read to its end.
pub(super) fn ask_approve(state: &mut State) {
    if let Some((id, revision)) = decidable(state) {
        let (width, left) = (state.size.0, crate::view::ask_left(state));
        if let Some(card) = state.approvals.card.as_mut().filter(|card| !card.read) {
            card.error = Some(read_on(width, left));
            return;
        }
        state.overlay = Some(Overlay::Approve { id, revision, opened_at: state.now });
    }
}

/// Opens the reject sheet: a reason, handed in with another key.
pub(super) fn ask_reject(state: &mut State, out: &mut Out) {
    if let Some((id, revision)) = decidable(state) {
        super::compose::open(state, out, Purpose::Reject(id, revision));
    }
}

/// `y` on the sheet.
pub(super) fn approve(state: &mut State, out: &mut Out) {
    let Some(Overlay::Approve { id, revision, .. }) = state.overlay.take() else { return };
    if let Some(card) = state.approvals.card.as_mut() {
        card.deciding = true;
    }
    let key = new_key(state);
    out.push(Effect::Approve { id, revision, key });
}

/// Any other answer on the sheet; `Enter` is deaf at first.
pub(super) fn cancel_sheet(state: &mut State, by_enter: bool) {
    if let Some(Overlay::Approve { opened_at, .. }) = state.overlay
        && !(by_enter && state.now.duration_since(opened_at) < DEAF)
    {
        state.overlay = None;
    }
}

/// The approval was taken or refused.
pub(super) fn approved(state: &mut State, out: &mut Out, (id, revision): (ApprovalId, u32), key: String, result: Outcome<ApprovalView>) {
    match result {
        Ok(view) => decided(state, out, id, view),
        Err(failure) => {
            live::failed(state, &failure);
            refused(state, out, id, &failure);
            // Whether it counted or not: under the same key it counts once.
            if failure.lost {
                waiting::approval(state, id, revision, key);
            } else {
                waiting::answered(state, id, Some(&failure));
            }
        }
    }
}

/// A decision was taken: says so and goes back to the queue.
pub(super) fn decided(state: &mut State, out: &mut Out, id: ApprovalId, view: ApprovalView) {
    waiting::answered(state, id, None);
    let word = if view.status == ApprovalStatus::Approved { "approved" } else { view.status.as_str() };
    toast(state, Tone::Good, format!("{} {word}: {}", view.reference, text::line(&view.title)));
    state.stale.extend(view.conversation_id);
    state.approvals.announce.remove(&id);
    if let Some(conversation) = view.conversation_id {
        thread::refresh(state, out, conversation);
    }
    let open = state.approvals.card.as_ref().is_some_and(|c| c.shown.id == id);
    take(state, view);
    if open {
        if let Some(card) = &mut state.approvals.card {
            card.deciding = false;
        }
        if state.screen == Screen::Approvals {
            close(state);
        } else {
            state.approvals.card = None;
        }
    }
    state.approvals.due = true;
    state.status_due = true;
}

/// A decision was refused: the card says why and is read again.
pub(super) fn refused(state: &mut State, out: &mut Out, id: ApprovalId, failure: &Failure) {
    let text = match failure.code {
        Some(Code::StaleRevision) => "It changed since you read it: this is the newest, decide again".to_owned(),
        _ if failure.unknown => format!("Not known whether it counted: {}", failure.message),
        _ => failure.message.clone(),
    };
    match state.approvals.card.as_mut().filter(|c| c.shown.id == id) {
        Some(card) => {
            card.deciding = false;
            card.error = Some(text);
        }
        None => toast(state, Tone::Bad, text),
    }
    if !failure.lost {
        read(state, out, Read::Approval(id));
    }
    state.approvals.due = true;
}
