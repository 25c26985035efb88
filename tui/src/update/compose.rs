//! Writing: the composer, its drafts, and what becomes of a text that was handed in.
//!
//! A composer is bound to its purpose's ids. Its text is a draft from the first keystroke on, and goes only when the daemon has it
//! durably, or when the person says so twice.

use api::Code;
use api::inbox::{ConversationView, OutboxState, OutboxView};

use super::returned::{come_back, gone_again, handed, joined, written};
use super::{
    Out, approvals, attach, begin, complete, follow, live, mail, new_key, read, seen, shelf, template, thread, toast, undo, waiting,
};
use crate::drafts::{DRAFTS_MAX, Draft};
use crate::editor::{Editor, Modal};
use crate::event::{Effect, Outcome, Purpose, Submitted};
use crate::state::{Completing, Composer, Daemon, Overlay, Question, Read, State, Then, Tone, Undo, With};
use crate::view::ui::seconds_until;

/// So many messages are remembered with what went with them: as many as `u` remembers.
const HANDED_MAX: usize = 20;

/// Opens the composer, with the draft that was left or the text that came back.
pub(super) fn open(state: &mut State, out: &mut Out, purpose: Purpose) {
    let name = purpose.draft_name();
    let draft = state.drafts.get(&name).cloned();
    let (mut text, mut key, mut replaces, mut with) = draft.map(|d| (d.text, d.key, d.replaces, d.with)).unwrap_or_default();
    if let Some(failed) = returned(state, purpose) {
        let (content, mentions) = written(purpose, failed.content.as_deref().unwrap_or_default());
        let mut came = With { mentions, ..With::default() };
        let content = mail::unsigned(state, purpose, content, &mut came);
        if replaces.is_none() && !text.contains(&content) {
            text = if text.is_empty() { content } else { format!("{content}\n\n{text}") };
            key = None;
            replaces = Some(failed.id);
            with.join(came);
            with.join(handed(state, failed));
        }
    }
    let restored = !text.is_empty() || !with.files.is_empty();
    state.composer = Some(Composer {
        purpose,
        editor: Editor::new(text),
        key,
        replaces,
        sending: false,
        error: None,
        news: false,
        answered: None,
        restored,
        with,
        completing: Completing::default(),
        prompt: None,
        then: None,
        came_back: None,
        lent: None,
        modal: state.has_modes().then(Modal::default),
    });
    mail::settle(state);
    keep(state);
    attach::again(state, out);
}

/// The newest failed text of the caller's for a purpose.
fn returned(state: &State, purpose: Purpose) -> Option<&OutboxView> {
    state.outbox.iter().rev().find(|entry| {
        entry.state == OutboxState::Failed && entry.content.is_some() && is_mine(state, entry) && purpose_of(state, entry) == Some(purpose)
    })
}

fn is_mine(state: &State, entry: &OutboxView) -> bool {
    state.me.as_ref().is_some_and(|me| me.user == entry.user)
}

pub(super) fn purpose_of(state: &State, entry: &OutboxView) -> Option<Purpose> {
    match entry.kind.as_str() {
        "reply" if handed(state, entry).template.is_some() => entry.conversation_id.map(Purpose::Template),
        "reply" => entry.conversation_id.map(Purpose::Reply),
        "note" => entry.conversation_id.map(Purpose::Note),
        "contact_note" => entry.contact_id.map(Purpose::ContactNote),
        "conversation" => entry.contact_id.zip(entry.inbox_id).map(|(contact, inbox)| Purpose::Begin(contact, inbox)),
        _ => None,
    }
}

/// Writes the composer's text into the drafts.
pub(super) fn keep(state: &mut State) {
    let Some(composer) = &state.composer else { return };
    let name = composer.purpose.draft_name();
    if composer.is_blank() && composer.came_back.is_none() {
        state.drafts_dirty |= state.drafts.remove(&name).is_some();
        return;
    }
    let (back, mut with) = composer.came_back.clone().unwrap_or_default();
    with.join(composer.with.clone());
    let text = joined(back, composer.editor.text());
    let draft = Draft { text, key: composer.key.clone(), replaces: composer.replaces, with, decides: None, at: state.now };
    state.drafts_dirty = true;
    state.drafts.insert(name, draft);
    if state.drafts.len() > DRAFTS_MAX
        && let Some(oldest) = state.drafts.iter().min_by_key(|(_, d)| d.at).map(|(name, _)| name.clone())
    {
        state.drafts.remove(&oldest);
    }
}

/// The text changed: what was handed in before was another one.
pub(super) fn changed(state: &mut State) {
    if let Some(composer) = &mut state.composer {
        composer.key = None;
        composer.error = None;
        composer.restored = false;
    }
    keep(state);
    complete::follow(state, true);
}

/// All drafts, for the disk.
pub(super) fn save(state: &State) -> Effect {
    Effect::SaveDrafts(state.drafts.iter().map(|(name, draft)| (name.clone(), draft.clone())).collect())
}

/// The drafts of last time came; what was typed meanwhile is newer.
pub(super) fn drafts_loaded(state: &mut State, out: &mut Out, drafts: Vec<(String, Draft)>, problem: Option<String>) {
    for (name, draft) in drafts {
        state.drafts.entry(name).or_insert(draft);
    }
    state.drafts_loaded = true;
    shelf::keep_visible(state);
    if state.daemon == Daemon::Live {
        waiting::hand_in(state, out);
    }
    if let Some(problem) = problem {
        toast(state, Tone::Bad, problem);
    }
}

/// Leaves the composer; the draft stays.
pub(super) fn leave(state: &mut State) {
    // What came back while this was handed in must not go with it.
    if let Some(composer) = state.composer.as_mut().filter(|c| c.came_back.is_some()) {
        composer.key = None;
    }
    keep(state);
    let kept = state.composer.take().is_some_and(|c| !c.is_blank());
    if kept {
        toast(state, Tone::Plain, "Draft kept");
    }
}

/// Throws the text away.
pub(super) fn discard(state: &mut State, out: &mut Out) {
    if let Some(composer) = state.composer.take() {
        state.drafts.remove(&composer.purpose.draft_name());
        state.drafts_dirty = true;
        if let Some(id) = composer.replaces {
            let key = new_key(state);
            out.push(Effect::Discard(id, key));
        }
        toast(state, Tone::Plain, "Discarded");
    }
}

/// Hands the text in, and has something follow once the daemon has it.
pub(super) fn send_then(state: &mut State, out: &mut Out, then: Then) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    if !matches!(composer.purpose, Purpose::Reply(_) | Purpose::Note(_)) {
        composer.error = Some("Only a reply or a note is sent so; Ctrl+S hands this in".into());
        return;
    }
    send(state, out);
    if let Some(composer) = state.composer.as_mut().filter(|c| c.sending) {
        composer.then = Some(then);
    }
}

/// Why no reply can go out now. An API inbox has a window too, but whether a reply gets through is its own matter: there it is only said.
fn window_closed(view: &ConversationView) -> Option<&'static str> {
    (!view.can_reply && view.inbox.channel != "Api").then_some("The reply window is closed; Ctrl+G t makes this a note for the team")
}

/// Hands the text in. The composer stays until the daemon has it.
pub(super) fn send(state: &mut State, out: &mut Out) {
    let fresh = new_key(state);
    let closed = state.target().and_then(|id| state.conversations.get(&id)).and_then(window_closed);
    let whom = state.composer.as_ref().and_then(|composer| mail::recipients(state, composer));
    let text = state.composer.as_ref().map(|composer| mail::signed(state, composer)).unwrap_or_default();
    let Some(composer) = &mut state.composer else { return };
    if composer.sending {
        return;
    }
    if composer.is_blank() {
        composer.error = Some(match composer.purpose {
            Purpose::Reject(..) => "A rejection needs a reason".into(),
            Purpose::Escalate(_) => "Say what has to be decided".into(),
            _ => "There is nothing to send yet".into(),
        });
        return;
    }
    if let (Purpose::Reply(_), Some(why)) = (composer.purpose, closed) {
        composer.error = Some(why.into());
        return;
    }
    if composer.with.mail.is_none() {
        composer.with.mail = whom.clone();
    }
    if let Some(why) = whom.as_ref().and_then(mail::unsendable) {
        composer.error = Some(why);
        return;
    }
    let key = composer.key.get_or_insert(fresh).clone();
    composer.sending = true;
    composer.error = None;
    composer.completing.list = None;
    composer.then = None;
    let (purpose, with) = (composer.purpose, composer.with.clone());
    keep(state);
    if state.drafts_loaded {
        state.drafts_dirty = false;
        out.push(save(state));
    }
    out.push(Effect::Submit { purpose, text, with, key });
}

/// The daemon took a text, or did not.
pub(super) fn submitted(state: &mut State, out: &mut Out, purpose: Purpose, key: &str, result: Outcome<Submitted>) {
    let name = purpose.draft_name();
    let open = state.composer.as_ref().is_some_and(|c| c.key.as_deref() == Some(key));
    match result {
        Ok(taken) => {
            let draft = state.drafts.get(&name).filter(|d| d.key.as_deref() == Some(key));
            let replaced = draft.map(|d| d.replaces);
            let sent = draft.filter(|d| d.with.template.is_some()).map(|d| d.with.clone());
            if let Some(replaces) = replaced {
                state.drafts.remove(&name);
                state.drafts_dirty = true;
                if let Some(id) = replaces {
                    state.outbox.retain(|entry| entry.id != id);
                    let key = new_key(state);
                    out.push(Effect::Discard(id, key));
                }
            }
            let (mut then, mut with) = (None, sent.unwrap_or_default());
            if let Some(composer) = state.composer.take_if(|_| open) {
                (then, with) = (composer.then, composer.with);
                if let Some((text, with)) = composer.came_back {
                    come_back(state, purpose, text, with);
                }
            }
            let message = match &taken {
                Submitted::Message(message) => message.outbox_id.map(|id| (id, message.conversation_id)),
                Submitted::Approval(_) | Submitted::Contact(_) => None,
            };
            if let Some((id, _)) = message.filter(|_| !with.is_empty()) {
                state.handed.push((id, with));
                let extra = state.handed.len().saturating_sub(HANDED_MAX);
                state.handed.drain(..extra);
            }
            accepted(state, out, purpose, taken);
            if let (Some(then), Some(id)) = (then, purpose.conversation()) {
                follow::start(state, out, id, message.map(|(id, _)| id), then);
            }
        }
        Err(failure) => {
            if let Purpose::Template(id) = purpose {
                return template::refused(state, id, key, &failure);
            }
            live::failed(state, &failure);
            let what = match purpose {
                Purpose::Reply(_) | Purpose::Template(_) => "Not sent",
                Purpose::Note(_) | Purpose::ContactNote(_) => "Note not saved",
                Purpose::Begin(..) => "Not begun",
                Purpose::Escalate(_) => "Not asked",
                Purpose::Reject(..) => "Not rejected",
            };
            let hint = if failure.unknown { "; Ctrl+S again is safe, it is never sent twice" } else { "" };
            let text = format!("{what}: {}{hint}", failure.message);
            if let Purpose::Reject(id, revision) = purpose {
                approvals::refused(state, out, id, &failure);
                if failure.lost {
                    return waiting::rejection(state, id, revision);
                }
                if !open {
                    return waiting::answered(state, id, Some(&failure));
                }
            }
            match state.composer.as_mut().filter(|_| open) {
                Some(composer) => {
                    composer.sending = false;
                    composer.then = None;
                    if let Some((text, with)) = composer.came_back.take() {
                        composer.editor.precede(&text);
                        composer.with.join(with);
                        composer.key = None;
                    }
                    if !failure.unknown && !failure.lost {
                        composer.key = None;
                    }
                    if failure.code == Some(Code::StaleRevision) {
                        composer.error = Some("It changed since you read it: look above, then Ctrl+S again".into());
                    } else {
                        composer.error = Some(text);
                    }
                    keep(state);
                }
                None => toast(state, Tone::Bad, format!("{text} (the draft is kept)")),
            }
        }
    }
}

fn accepted(state: &mut State, out: &mut Out, purpose: Purpose, taken: Submitted) {
    match taken {
        Submitted::Message(message) => {
            let seconds = message.sends_at.map_or(0, |at| seconds_until(state.now, at));
            let text = match (purpose, seconds) {
                (Purpose::Note(_), _) => "Note saved; it is on its way to Chatwoot".to_owned(),
                (_, 1..) => format!("Queued; leaves in {seconds} s, u takes it back"),
                _ => "Queued; it is on its way to Chatwoot".to_owned(),
            };
            if let Some(id) = message.outbox_id {
                undo::push(state, Undo::Message(id));
            }
            let conversation = message.conversation_id;
            if !message.private {
                seen::replied(state, out, conversation);
            }
            if let Some(thread) = state.threads.get_mut(&conversation) {
                thread.anchor = None;
                let known = thread
                    .messages
                    .iter()
                    .any(|m| (m.outbox_id.is_some() && m.outbox_id == message.outbox_id) || (m.id.is_some() && m.id == message.id));
                if !known {
                    thread.messages.push(*message);
                }
            }
            thread::refresh(state, out, conversation);
            read(state, out, Read::Outbox);
            state.status_due = true;
            // In its own thread the message says so itself.
            if state.shown() != Some(conversation) {
                toast(state, Tone::Good, text);
            }
        }
        Submitted::Contact(entry) => begin::accepted(state, out, purpose, *entry),
        Submitted::Approval(approval) => match purpose {
            Purpose::Reject(id, _) => approvals::decided(state, out, id, *approval),
            _ => {
                toast(state, Tone::Good, format!("{} asked: {}", approval.reference, approval.title));
                state.stale.extend(approval.conversation_id);
                state.approvals.due = true;
                state.status_due = true;
            }
        },
    }
}

/// What an entry changes, in a word.
fn about(entry: &OutboxView) -> String {
    match (entry.conversation_id, entry.contact_id) {
        (Some(id), _) => format!("#{id}"),
        (None, Some(id)) => format!("contact {id}"),
        (None, None) => "outbox".to_owned(),
    }
}

/// The outbox came: what failed since is said, once.
pub(super) fn outbox(state: &mut State, out: &mut Out, outbox: Vec<OutboxView>) {
    let before = std::mem::replace(&mut state.outbox, outbox);
    let failed = before.iter().filter(|entry| entry.state == OutboxState::Failed);
    let again: Vec<_> =
        failed.filter(|entry| state.outbox.iter().any(|now| now.id == entry.id && now.state != OutboxState::Failed)).collect();
    again.into_iter().for_each(|entry| gone_again(state, entry));
    let news: Vec<_> = state
        .outbox
        .iter()
        .filter(|e| matches!(e.state, OutboxState::Failed | OutboxState::Held) && is_mine(state, e) && !state.failed_said.contains(&e.id))
        .map(|e| (e.id, about(e), e.kind.clone(), e.state, e.error.clone()))
        .collect();
    for (id, about, kind, how, error) in news {
        state.failed_said.insert(id);
        let why = error.unwrap_or_else(|| "no reason given".into());
        let followed = follow::after(state, id).map_or_else(String::new, |what| format!(" · the conversation is {what} all the same"));
        let back = |key: &str| if state.read_only { String::new() } else { format!(" · {key} brings its text back") };
        let text = match (how, kind.as_str()) {
            (OutboxState::Held, _) => format!("{about}: it is not known whether the {kind} arrived; look in Chatwoot"),
            (_, "reply") => format!("{about}: reply not sent, {why}{}{followed}", back("r")),
            (_, "contact_note") => format!("{about}: note not saved, {why}{}", back("n there")),
            (_, "conversation") => format!("{about}: no conversation begun, {why}{}", back("C there")),
            (_, "note") => format!("{about}: note not saved, {why}{}{followed}", back("p")),
            _ => format!("{about}: {kind} not changed, {why}"),
        };
        toast(state, Tone::Bad, text);
    }
    let known: std::collections::BTreeSet<_> = state.outbox.iter().map(|e| e.id).collect();
    state.failed_said.retain(|id| known.contains(id));
    follow::listed(state, out);
}

/// Makes the text a note: harmless, nobody asks.
pub(super) fn to_note(state: &mut State, out: &mut Out) {
    if let Some(Composer { purpose: Purpose::Reply(id), sending: false, .. }) = state.composer {
        turn(state, out, Purpose::Note(id));
    }
}

/// Makes the text a reply: with text in it, asks.
pub(super) fn to_reply(state: &mut State, out: &mut Out) {
    if let Some(composer @ Composer { purpose: Purpose::Note(id), sending: false, .. }) = &state.composer {
        if composer.is_blank() {
            let id = *id;
            turn(state, out, Purpose::Reply(id));
        } else {
            state.overlay = Some(Overlay::Question(Question::NoteToReply));
        }
    }
}

/// Carries the text over to another reader; a draft that waited there comes after it.
pub(super) fn turn(state: &mut State, out: &mut Out, purpose: Purpose) {
    let Some(old) = state.composer.take() else { return };
    state.drafts.remove(&old.purpose.draft_name());
    state.drafts_dirty = true;
    open(state, out, purpose);
    if let Some(composer) = &mut state.composer {
        composer.modal = old.modal;
    }
    if let Some(composer) = state.composer.as_mut().filter(|_| !old.is_blank()) {
        let mut editor = old.editor;
        editor.follow(composer.editor.text(), "\n\n");
        composer.editor = editor;
        composer.replaces = composer.replaces.or(old.replaces);
        composer.news = old.news;
        composer.answered = old.answered;
        if old.with.mail.is_some() {
            composer.with.mail.clone_from(&old.with.mail); // As it was before it became a note.
        }
        composer.with.join(old.with);
    }
    changed(state);
}
