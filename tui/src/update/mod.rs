//! The only place that changes [`State`]: an event in, effects out. Never waits, never draws.

mod acts;
mod approvals;
mod attach;
mod attributes;
mod begin;
mod bulk;
pub(crate) mod buttons;
mod clip;
mod command;
mod complete;
mod compose;
mod contact_edit;
mod contacts;
mod erase;
mod feed;
mod filter;
mod find;
mod follow;
mod help;
mod keys;
mod line;
mod list;
mod live;
mod logout;
mod mail;
mod menus;
mod messages;
mod mouse;
mod movement;
mod news;
mod palette;
mod pasted;
mod pick;
pub(crate) mod pictures;
mod recall;
mod returned;
mod run;
pub(crate) mod save;
mod search;
mod seen;
pub(crate) mod shelf;
pub(crate) mod spoken;
mod template;
mod thread;
mod undo;
mod view;
mod vim;
pub(crate) mod waiting;
mod window;

use api::id::ConversationId;
pub(crate) use approvals::{hindrance_words, money};
pub(crate) use begin::refusal as begin_refusal;
#[cfg(test)]
pub(crate) use command::understands;
pub(crate) use contact_edit::{echo as contact_echo, patch as contact_patch, refusal as contact_edit_refusal};
pub(crate) use contacts::conversations_of;
pub(crate) use erase::{HOLD_S, refusal as erase_refusal, under_way as erasing, words as erase_words};
pub(crate) use filter::sort_word;
use jiff::SignedDuration;
pub(crate) use line::echo;
pub(crate) use mail::{recipients as mail_recipients, refusal as no_mail, signature as mail_signature, words as mail_words};
pub(crate) use recall::owner;
pub(crate) use template::known as has_templates;

use crate::event::{Answer, Effect, Event, Failure};
use crate::seen::Seen;
use crate::state::{Daemon, Focus, Read, Screen, State, Toast, Tone};

pub(crate) use thread::PAGE as MESSAGES_PAGE;

/// What `update` asks for, in order.
type Out = Vec<Effect>;

/// How long a toast stands.
const TOAST: SignedDuration = SignedDuration::from_secs(6);
/// How long one with bad news stands.
const TOAST_BAD: SignedDuration = SignedDuration::from_secs(15);
/// More at once nobody reads.
const TOASTS_MAX: usize = 3;

/// What has to be asked before anything can be shown.
pub(crate) fn start(state: &mut State, seen: Option<Seen>) -> Vec<Effect> {
    let mut out = Vec::new();
    if let Some(seen) = seen {
        recall::recall(state, &mut out, seen);
    }
    view::opening(state);
    live::connect(state, &mut out);
    read(state, &mut out, Read::Me);
    read(state, &mut out, Read::Status);
    out
}

/// What has to be written before the inbox ends.
pub(crate) fn finish(state: &mut State) -> Vec<Effect> {
    compose::keep(state);
    let mut out: Out = recall::keep(state).into_iter().collect();
    if state.drafts_dirty && state.keeps_drafts() {
        state.drafts_dirty = false;
        out.push(compose::save(state));
    }
    out
}

/// Carries one event into the state.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    crate::glyphs::set(state.settings.look());
    let mut out = Vec::new();
    let before = place(state);
    if matches!(event, Event::Key(_) | Event::Paste(_) | Event::Pointer(..) | Event::Focus(true)) {
        state.touched_at = state.now;
    }
    if matches!(event, Event::Key(_) | Event::Paste(_)) {
        state.toasts.retain(|toast| !toast.of_prompt);
    }
    let said = state.toasts.len();
    match event {
        Event::Tick(now) => live::tick(state, &mut out, now),
        Event::Key(key) => keys::key(state, &mut out, key),
        Event::Paste(text) => keys::paste(state, &text),
        Event::Focus(focused) => state.seen.focused = focused,
        Event::Resize(width, height) => {
            state.size = (width, height);
            list::keep_visible(state);
            approvals::keep_visible(state);
            feed::keep_visible(state);
            search::keep_visible(state);
            contacts::keep_visible(state);
            shelf::keep_visible(state);
        }
        Event::Pointer(pointer, x, y) => mouse::pointed(state, &mut out, pointer, x, y),
        Event::Stream(generation, said) => live::stream(state, &mut out, generation, said),
        Event::Answer(answer) => answered(state, &mut out, *answer),
    }
    live::pump(state, &mut out);
    pictures::want(state, &mut out);
    approvals::look(state);
    if place(state) != before {
        leave_behind(state, said);
    }
    out
}

/// Where the person is: the screen, and what is open on it.
fn place(state: &State) -> (Screen, Option<ConversationId>) {
    (state.screen, state.open.filter(|_| state.focus == Focus::Open))
}

/// What was said elsewhere ends there; bad news is kept until its time is over.
fn leave_behind(state: &mut State, said: usize) {
    let mut index = 0;
    state.toasts.retain(|toast| {
        index += 1;
        index > said || toast.tone == Tone::Bad
    });
}

fn answered(state: &mut State, out: &mut Out, answer: Answer) {
    match answer {
        Answer::Me(result) => {
            let first = !state.known;
            if let Some(me) = took(state, out, Read::Me, result) {
                live::me(state, out, me, first);
            }
        }
        Answer::Status(result) => {
            if let Some(status) = took(state, out, Read::Status, result) {
                live::status(state, out, status);
            }
        }
        Answer::Directory(result) => {
            if let Some(directory) = took(state, out, Read::Directory, result) {
                state.directory = directory;
            }
        }
        Answer::Outbox(result) => {
            if let Some(outbox) = took(state, out, Read::Outbox, result) {
                state.shelves.outbox_read = true;
                compose::outbox(state, out, outbox);
                shelf::keep_visible(state);
            }
        }
        Answer::Counts { generation, result } => {
            if let Some(page) = took(state, out, Read::Counts, result)
                && generation == state.list.generation
            {
                state.list.counted(page.meta.counts);
                state.list.total = page.meta.total;
            }
        }
        Answer::OwnCounts { status, result } => {
            if let Some(counts) = took(state, out, Read::OwnCounts, result).and_then(|page| page.meta.counts) {
                state.list.counted_own(status, counts);
            }
        }
        Answer::List { generation, more, result } => list::page(state, out, generation, more, result),
        Answer::Conversation(id, result) => {
            if let Ok(view) = &result {
                news::conversation(state, out, view);
            }
            list::conversation(state, out, id, result);
            feed::named(state, out, id);
        }
        Answer::Messages { id, older, result } => {
            thread::messages(state, out, id, older, result);
            find::arrived(state, out, id);
        }
        Answer::Around { id, message, result } => window::around(state, out, id, message, result),
        Answer::Newer { id, after, result } => window::newer(state, id, after, result),
        Answer::Contacts { generation, more, result } => contacts::page(state, out, generation, more, result),
        Answer::Contact(id, result) => contacts::one(state, out, id, result),
        Answer::ConversationsOf(id, result) => contacts::conversations(state, out, id, result),
        Answer::Search { generation, more, result } => search::page(state, out, generation, more, result),
        Answer::Approvals { generation, more, result } => approvals::page(state, out, generation, more, result),
        Answer::Activity { generation, query, result } => feed::page(state, out, generation, &query, result),
        Answer::Approval(id, result) => {
            let view = result.as_ref().ok().cloned();
            approvals::one(state, out, id, result);
            feed::approval(state, out, id, view);
        }
        Answer::Submitted { purpose, key, result } => compose::submitted(state, out, purpose, &key, result),
        Answer::Patched { id, label, result } => menus::patched(state, out, id, &label, result),
        Answer::Approved { id, revision, key, result } => approvals::approved(state, out, (id, revision), key, result),
        Answer::Acted(acted) => acts::acted(state, out, *acted),
        Answer::Recalled(id, result) => undo::recalled(state, out, id, result),
        Answer::MarkedRead(id, was_read, result) => seen::marked(state, out, id, was_read, result),
        Answer::ContactEdited { change, result } => contact_edit::edited(state, change, result),
        Answer::Erased { conversation, message, result } => erase::erased(state, out, conversation, message, result),
        Answer::Retried(result) => messages::retried(state, out, result),
        Answer::NotBrowsed(why) => toast(state, Tone::Bad, format!("Not opened: {why}")),
        Answer::Picture(id, result) => pictures::came(state, out, id, *result),
        Answer::Saving { number, done, total } => save::came(state, number, done, total),
        Answer::FileSaved(number, result) => save::saved(state, number, result),
        Answer::KeySaved(result) => help::saved(state, result),
        Answer::Discarded(result) => shelf::dropped(state, out, result),
        Answer::Looked { purpose, path, result } => attach::looked(state, purpose, &path, result),
        Answer::Paths { typed, found } => attach::found(state, &typed, found),
        Answer::Edited { purpose, result } => returned::edited(state, purpose, result),
        Answer::Views(result) => match result {
            Ok(views) => {
                ended(state, out, Read::Views);
                view::came(state, views);
            }
            // Without Chatwoot and without a copy there are none to choose; the menu says how it stands.
            Err(failure) => {
                ended(state, out, Read::Views);
                live::failed(state, &failure);
                state.log.note(state.now, Tone::Bad, &format!("The saved views were not read: {}", failure.message));
            }
        },
        Answer::ViewChanged(verb, result) => view::changed(state, out, verb, result),
        Answer::Drafts(drafts, problem) => compose::drafts_loaded(state, out, drafts, problem),
        Answer::DraftsMerged { ours, all } => logout::merged(state, out, &ours, all),
        Answer::Forgot(result) => logout::done(state, out, result),
        Answer::DraftsSaved(result) => {
            state.drafts_saving = false;
            match result {
                Ok(()) => state.drafts_error = None,
                Err(problem) => {
                    if state.drafts_error.is_none() {
                        toast(state, Tone::Bad, format!("Drafts are not on disk: {problem}"));
                    }
                    state.drafts_error = Some(problem);
                    state.drafts_dirty = true;
                }
            }
        }
    }
}

/// Asks for something to be read, at most once at a time: asked again meanwhile, it is read once more when the answer is in.
fn read(state: &mut State, out: &mut Out, what: Read) {
    if let Some(again) = state.reads.get_mut(&what) {
        *again = true;
        return;
    }
    state.reads.insert(what, false);
    out.push(match what {
        Read::Me => Effect::Me,
        Read::Status => {
            state.status_at = state.now;
            Effect::Status
        }
        Read::Directory => Effect::Directory,
        Read::Outbox => Effect::Outbox,
        Read::OwnCounts => Effect::OwnCounts { status: state.list.status, query: list::own(state) },
        Read::Views => Effect::Views,
        Read::Counts => Effect::Counts { generation: state.list.generation, query: list::query(state, 1, None) },
        Read::Conversation(id) => Effect::Conversation(id),
        Read::Messages(id) => Effect::Messages { id, before: None },
        Read::Around(id) => match state.threads.get(&id).and_then(|thread| thread.around) {
            Some(message) => Effect::Around { id, message },
            None => {
                state.reads.remove(&what);
                return;
            }
        },
        Read::Contact(id) => Effect::Contact(id),
        Read::ConversationsOf(id) => Effect::ConversationsOf(id),
        Read::Approvals => Effect::Approvals { generation: state.approvals.generation, query: approvals::query(state, 1), more: false },
        Read::Approval(id) => Effect::Approval(id),
    });
}

/// Ends a read; what was asked for meanwhile is read again.
fn ended(state: &mut State, out: &mut Out, what: Read) {
    if state.reads.remove(&what) == Some(true) && state.daemon == Daemon::Live {
        read(state, out, what);
    }
}

/// Ends a read and takes its result, or notes that the daemon is lost.
fn took<T>(state: &mut State, out: &mut Out, what: Read, result: Result<T, Failure>) -> Option<T> {
    ended(state, out, what);
    match result {
        Ok(value) => Some(value),
        Err(failure) => {
            live::failed(state, &failure);
            None
        }
    }
}

/// Says something for a while.
pub(crate) fn toast(state: &mut State, tone: Tone, text: impl Into<String>) {
    let text = text.into();
    state.log.note(state.now, tone, &text);
    state.toasts.retain(|t| t.text != text);
    let until = state.now + if tone == Tone::Bad { TOAST_BAD } else { TOAST };
    state.toasts.push(Toast { text, tone, until, of_prompt: false });
    let extra = state.toasts.len().saturating_sub(TOASTS_MAX);
    state.toasts.drain(..extra);
}

/// Says why what was typed is not taken, until something else is typed.
fn not_taken(state: &mut State, text: impl Into<String>) {
    toast(state, Tone::Bad, text);
    if let Some(said) = state.toasts.last_mut() {
        said.of_prompt = true;
    }
}

/// Says why nothing is changed from here, where that is so.
fn is_barred(state: &mut State) -> bool {
    let why = state.barred().map(palette::sentence);
    why.map(|why| toast(state, Tone::Plain, why)).is_some()
}

/// An idempotency key: unique to this run and to what is asked.
fn new_key(state: &mut State) -> String {
    state.counter += 1;
    format!("tui-{}-{}", state.session, state.counter)
}

/// Moves an index by `by` within `len` rows.
fn moved(index: usize, by: isize, len: usize) -> usize {
    index.saturating_add_signed(by).min(len.saturating_sub(1))
}
