//! The link to the daemon: the stream, what its events make stale, the watchdog and the way back after a loss.

use api::event::{Activity, ActivityType, StreamEvent};
use api::id::{ApprovalId, ConversationId};
use api::status::{LinkState, Progress, StatusView};
use api::tenant::MeView;
use jiff::{SignedDuration, Timestamp};

use super::{Out, approvals, begin, contacts, feed, list, read, search, seen, thread, toast, waiting, window};
use crate::event::{Act, Effect, Failure};
use crate::layout;
use crate::state::{Daemon, Focus, Read, Screen, State, Tab, Tone};

/// How often the daemon's state is asked when nothing happens: what shows a dead stream.
const WATCHDOG: SignedDuration = SignedDuration::from_secs(15);
/// How long one try to open the stream may take before the next.
const TRY: SignedDuration = SignedDuration::from_secs(20);
/// Conversations read at once.
const READS_MAX: usize = 4;
/// With more stale conversations than this the list is read again instead.
const STALE_MAX: usize = 60;
/// What costs the daemon a look at the whole list is asked this far apart, however much happens.
const APART: SignedDuration = SignedDuration::from_millis(900);
/// Ctrl+C counts as pressed twice within this.
const TWICE: SignedDuration = SignedDuration::from_secs(2);
/// By then a command that sent a draft has taken it out of the file: an answer of the daemon's takes 20 s at most.
const DRAFT_SETTLES: SignedDuration = SignedDuration::from_secs(25);

/// Opens the stream from where it broke.
pub(super) fn connect(state: &mut State, out: &mut Out) {
    state.stream.generation += 1;
    state.stream.behind = false;
    out.push(Effect::Stream { generation: state.stream.generation, after: state.stream.seq });
}

/// Time passes.
pub(super) fn tick(state: &mut State, out: &mut Out, now: Timestamp) {
    state.now = now;
    state.toasts.retain(|t| t.until > now);
    state.writers.expire(now);
    // What is being sent elsewhere has a key until it is known to have arrived, which is after the outbox tells of it.
    state.drafts_watched = state.drafts_watched.filter(|until| *until > now);
    state.drafts_dirty |= state.drafts_watched.is_some() && state.drafts.values().any(|draft| draft.key.is_some());
    if state.quitting.is_some_and(|at| now.duration_since(at) > TWICE) {
        state.quitting = None;
    }
    if let Daemon::Lost { retry_at, .. } = &mut state.daemon
        && *retry_at <= now
    {
        *retry_at = now + TRY;
        connect(state, out);
        if !state.known {
            read(state, out, Read::Me);
        }
    }
    let live = state.daemon == Daemon::Live;
    if live && (state.status_due || now.duration_since(state.status_at) >= WATCHDOG) {
        state.status_due = false;
        read(state, out, Read::Status);
    }
    if live && !state.known {
        read(state, out, Read::Me);
    }
    if live && state.counts_due && state.list.loaded && now.duration_since(state.counts_at) >= APART {
        state.counts_due = false;
        state.counts_at = now;
        read(state, out, Read::Counts);
        if state.list.is_cut() || state.list.tab.is_asked() {
            read(state, out, Read::OwnCounts);
        }
    }
    let typed = state.list.typing.is_some() || !state.list.loaded;
    if live && state.list.due && !state.list.loading && (typed || now.duration_since(state.list.read_at) >= APART) {
        list::reload(state, out);
    }
    if live && state.list.behind && !state.list.loading && now.duration_since(state.list.read_at) >= super::view::AGAIN {
        list::reload(state, out);
    }
    if live && state.approvals.due && !state.approvals.loading {
        approvals::reload(state, out);
    }
    if live {
        feed::tick(state, out);
    }
    // A conversation under the resting cursor shows beside the list.
    if live
        && state.screen == Screen::Inbox
        && layout::panes(state).open.is_some()
        && let Some(id) = state.shown()
    {
        if state.focus == Focus::List {
            window::to_newest(state, out, id);
        }
        thread::ensure(state, out, id);
    }
    if live {
        seen::tick(state, out);
        search::tick(state, out);
        contacts::tick(state, out);
    }
    // One after the other: what the first learns from the file the second must not write over.
    if state.drafts_dirty && state.keeps_drafts() && !state.drafts_saving {
        (state.drafts_dirty, state.drafts_saving) = (false, true);
        out.push(super::compose::save(state));
    }
    if live && now.duration_since(state.kept_at) >= super::recall::EVERY {
        out.extend(super::recall::keep(state));
    }
}

/// A call failed: was it the daemon that is gone?
pub(super) fn failed(state: &mut State, failure: &Failure) {
    if failure.lost {
        lost(state, failure, false);
    } else if failure.code == Some(api::Code::Unauthenticated) {
        lost(state, failure, true);
    }
}

fn lost(state: &mut State, failure: &Failure, refused: bool) {
    let tries = match &state.daemon {
        // One loss is noticed by every call under way: it counts once.
        Daemon::Lost { retry_at, tries, .. } if *retry_at > state.now && *retry_at < state.now + TRY - SignedDuration::from_secs(1) => {
            let _ = tries;
            return;
        }
        Daemon::Lost { tries, .. } => tries + 1,
        _ => 0,
    };
    let wait = [500, 1_000, 2_000, 4_000, 8_000, 15_000].get(tries as usize).copied().unwrap_or(15_000);
    if tries == 0 {
        let what = if refused { "The daemon refuses us" } else { "The daemon is lost" };
        state.log.note(state.now, Tone::Bad, &format!("{what}: {}", failure.message));
    }
    state.daemon =
        Daemon::Lost { retry_at: state.now + SignedDuration::from_millis(wait), tries, message: failure.message.clone(), refused };
    state.writers.clear();
    // What is under way is answered with errors; what was to follow is read when the daemon is back.
    state.reads.values_mut().for_each(|again| *again = false);
}

/// The stream says something.
pub(super) fn stream(state: &mut State, out: &mut Out, generation: u64, said: Result<StreamEvent, Failure>) {
    if generation != state.stream.generation {
        return;
    }
    match said {
        Ok(StreamEvent::Ready { seq }) => {
            let back = matches!(state.daemon, Daemon::Lost { .. });
            state.daemon = Daemon::Live;
            if state.stream.seq.is_none() {
                state.stream.seq = Some(seq);
            }
            if back {
                toast(state, Tone::Good, "The daemon is back");
                // Another inbox of the same user may have written meanwhile.
                state.drafts_dirty |= state.drafts_loaded;
            }
            load(state, out);
            if state.drafts_loaded {
                waiting::hand_in(state, out);
            }
        }
        Ok(StreamEvent::Activity(activity)) => {
            happened(state, out, &activity);
            super::news::heard(state, &activity);
            feed::heard(state, out, &activity);
        }
        Ok(StreamEvent::Typing(typing)) => {
            if typing.agent_id.is_none() || typing.agent_id != state.agent() {
                state.writers.heard(&typing, state.now);
            }
        }
        Ok(StreamEvent::Reset { oldest_seq }) => {
            state.stream.seq = Some(state.stream.seq.unwrap_or(0).max(oldest_seq.saturating_sub(1)));
            feed::missed(state);
            load(state, out);
        }
        Ok(StreamEvent::Bye { reason }) => {
            let message = format!("the daemon closed the stream: {reason}");
            lost(state, &Failure { code: None, message, lost: true, unknown: false }, false);
        }
        Err(failure) => lost(state, &failure, !failure.lost),
    }
}

/// Reads everything that is on the screen.
fn load(state: &mut State, out: &mut Out) {
    if !state.known {
        read(state, out, Read::Me);
    } else {
        list::refetch(state, out);
    }
    read(state, out, Read::Status);
    read(state, out, Read::Directory);
    read(state, out, Read::Outbox);
    read(state, out, Read::Views);
    for thread in state.threads.values_mut() {
        thread.loaded = false;
    }
    approvals::refetch(state, out);
    search::refetch(state);
    contacts::refetch(state);
}

/// The caller is known.
pub(super) fn me(state: &mut State, out: &mut Out, me: MeView, first: bool) {
    if first {
        let same = state.me.as_ref().is_some_and(|before| super::recall::owner(before) == super::recall::owner(&me));
        if !same {
            super::recall::forget(state);
            out.push(Effect::LoadDrafts { owner: super::recall::owner(&me) });
            state.list.tab = if me.agent.is_some() { Tab::Mine } else { Tab::All };
            super::view::opening(state);
        }
        if me.agent.as_ref().is_some_and(|agent| agent.own_token) {
            out.push(Effect::Act(Box::new(Act::Signature)));
        }
    }
    state.me = Some(me);
    state.known = true;
    if first {
        list::reload(state, out);
        approvals::reload(state, out);
    }
}

/// The daemon's state came; a stream that lags behind it twice is opened anew.
pub(super) fn status(state: &mut State, out: &mut Out, status: StatusView) {
    let behind = state.daemon == Daemon::Live && state.stream.seq.is_some_and(|seq| status.seq > seq);
    if behind && state.stream.behind {
        connect(state, out);
    } else {
        state.stream.behind = behind;
    }
    if status.protocol != api::PROTOCOL && state.status.is_none() {
        let text = format!("The daemon speaks protocol {}, this inbox {}: update the older one", status.protocol, api::PROTOCOL);
        toast(state, Tone::Bad, text);
    }
    let copied = state.copying() && status.first_copy.done;
    noted(state, status.chatwoot.state, status.chatwoot.message.as_deref());
    state.status = Some(status);
    state.heard_at = state.now;
    if copied {
        state.list.due = true;
    }
}

/// Notes that the daemon's link to Chatwoot changed.
fn noted(state: &mut State, link: LinkState, why: Option<&str>) {
    if state.status.as_ref().is_none_or(|before| before.chatwoot.state == link) {
        return;
    }
    let tone = if matches!(link, LinkState::Live | LinkState::Polling) { Tone::Good } else { Tone::Bad };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    state.log.note(state.now, tone, &format!("Chatwoot is {}{why}", link.to_string().replace('_', " ")));
}

/// Marks what an event made stale. Events carry ids only; what they are about is read again, once.
fn happened(state: &mut State, out: &mut Out, activity: &Activity) {
    use ActivityType as T;
    state.stream.seq = Some(activity.seq);
    state.stream.behind = false;
    let conversation = activity.conversation_id.map(ConversationId);
    match activity.kind {
        T::ConversationCreated | T::ConversationUpdated | T::ConversationDeleted => {
            state.counts_due = true;
            state.list.behind |= state.list.filter.view.is_some();
            touch(state, conversation);
        }
        T::MessageCreated | T::MessageUpdated => {
            touch(state, conversation);
            if let Some(id) = conversation {
                thread::refresh(state, out, id);
            }
        }
        T::ContactUpdated | T::ContactDeleted => {
            let contact: Option<i64> = activity.subject_id.parse().ok();
            let theirs: Vec<_> = state.conversations.values().filter(|c| Some(c.contact.id) == contact).map(|c| c.id).collect();
            state.stale.extend(theirs);
            if let Some(id) = contact {
                contacts::changed(state, id);
            }
            touch(state, conversation);
        }
        T::OutboxUpdated => {
            state.status_due = true;
            // What was done from here shows at once, not only when the view is read again for what others do.
            let marks_read = matches!(activity.data.get("kind").and_then(|kind| kind.as_str()), Some("read" | "unread"));
            state.list.due |= state.list.filter.view.is_some() && !marks_read;
            read(state, out, Read::Outbox);
            touch(state, conversation);
            if let Some(id) = conversation {
                thread::refresh(state, out, id);
                // It may have been a draft that another inbox or a command sent: then it is none here either.
                if state.drafts_loaded && state.has_draft(id) {
                    state.drafts_dirty = true;
                    state.drafts_watched = Some(state.now + DRAFT_SETTLES);
                }
            }
            begin::heard(state, out, activity);
        }
        T::ApprovalDrafted
        | T::ApprovalSubmitted
        | T::ApprovalUpdated
        | T::ApprovalApproved
        | T::ApprovalRejected
        | T::ApprovalWithdrawn
        | T::ApprovalExpired => {
            state.status_due = true;
            state.approvals.due = true;
            touch(state, conversation);
            if let Ok(id) = activity.subject_id.parse::<ApprovalId>() {
                if activity.kind != T::ApprovalDrafted && activity.kind != T::ApprovalUpdated {
                    state.approvals.announce.insert(id);
                }
                read(state, out, Read::Approval(id));
            }
        }
        T::DirectoryUpdated => read(state, out, Read::Directory),
        T::SyncProgress => match (&mut state.status, serde_json::from_value::<Progress>(activity.data.clone())) {
            (Some(status), Ok(progress)) if !progress.done => status.first_copy = progress,
            _ => state.status_due = true,
        },
        T::SyncState => {
            let word = activity.data.get("state").and_then(|v| v.as_str()).and_then(|v| v.parse::<LinkState>().ok());
            if let Some(word) = word {
                noted(state, word, None);
            }
            if let (Some(status), Some(word)) = (&mut state.status, word) {
                status.chatwoot.state = word;
            }
            state.status_due = true;
        }
    }
}

fn touch(state: &mut State, conversation: Option<ConversationId>) {
    state.stale.extend(conversation);
}

/// Reads stale conversations, a few at a time; with very many the list is read again instead.
pub(super) fn pump(state: &mut State, out: &mut Out) {
    if state.stale.is_empty() || matches!(state.daemon, Daemon::Lost { .. }) {
        return;
    }
    if state.stale.len() > STALE_MAX {
        let shown = state.shown().filter(|id| state.stale.contains(id) && state.focus == Focus::Open);
        state.stale.clear();
        state.stale.extend(shown);
        state.list.due = true;
        state.counts_due = true;
    }
    let mut running = state.reads.keys().filter(|r| matches!(r, Read::Conversation(_))).count();
    // One that is being read already only has to be read once more: that takes no room.
    let known: Vec<_> = state.stale.iter().copied().filter(|id| state.reads.contains_key(&Read::Conversation(*id))).collect();
    for id in known {
        state.stale.remove(&id);
        read(state, out, Read::Conversation(id));
    }
    while running < READS_MAX
        && let Some(id) = state.stale.pop_first()
    {
        running += 1;
        read(state, out, Read::Conversation(id));
    }
}
