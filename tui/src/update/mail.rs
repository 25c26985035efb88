//! What an e-mail has besides its text: whom it goes to, and the signature.
//!
//! Whom it goes to is settled once, when the conversation's newest message is known, as Chatwoot's own page does it; what arrives later
//! changes nothing under the person's hands. The signature stands under the text, not in it: so it is no draft, goes into no note and is
//! never there twice.

use api::inbox::{ConversationView, MessageType};
use api::mail::{MailView, Recipients, addresses, check, reply_to};

use super::{compose, toast};
use crate::editor::{Edit, Editor};
use crate::event::{Outcome, Purpose};
use crate::message::{self, DELIMITER};
use crate::state::{AddressLine, Composer, MailField, Overlay, State, Tone, With};
use crate::text;

/// Characters of a line of addresses: 50 of ordinary length.
const LINE_MAX: usize = 4_000;

/// The conversation, where the composer writes an e-mail to the customer.
fn mail(state: &State, purpose: Purpose) -> Option<&ConversationView> {
    let Purpose::Reply(id) = purpose else { return None };
    state.conversation(id).filter(|view| view.inbox.channel == "Email")
}

/// Why there is nothing of an e-mail here; `None` when there is.
pub(crate) fn refusal(state: &State) -> Option<&'static str> {
    let is = state.composer.as_ref().is_some_and(|composer| mail(state, composer.purpose).is_some());
    (!is).then_some("only a reply by e-mail has that")
}

/// Whom the reply goes to; `None` where it is no e-mail.
pub(crate) fn recipients(state: &State, composer: &Composer) -> Option<Recipients> {
    let view = mail(state, composer.purpose)?;
    Some(composer.with.mail.clone().unwrap_or_else(|| usual(state, view)))
}

/// Whom it goes to unless somebody says otherwise.
fn usual(state: &State, view: &ConversationView) -> Recipients {
    let thread = state.threads.get(&view.id).filter(|thread| thread.around.is_none());
    let answered = |kind: MessageType| matches!(kind, MessageType::Incoming | MessageType::Outgoing);
    let last = thread.and_then(|thread| thread.messages.iter().rfind(|m| answered(m.message_type) && !m.private && !m.deleted));
    let nothing = MailView::default();
    let last = last.map(|m| (m.message_type, m.mail.as_ref().unwrap_or(&nothing)));
    reply_to(last, view.contact.email.as_deref(), view.inbox.email.as_deref())
}

/// Settles whom the reply goes to, as soon as the newest message is known. One that came back goes where it went.
pub(super) fn settle(state: &mut State) {
    let Some(composer) = state.composer.as_ref().filter(|composer| composer.with.mail.is_none()) else { return };
    let Some(view) = mail(state, composer.purpose) else { return };
    let Some(thread) = state.threads.get(&view.id).filter(|thread| thread.loaded && thread.around.is_none()) else { return };
    let back = composer.replaces.and_then(|id| thread.messages.iter().find(|m| m.outbox_id == Some(id)));
    let back = back.and_then(|m| m.mail.clone()).map(|MailView { to, cc, bcc, .. }| Recipients { to, cc, bcc });
    let whom = back.unwrap_or_else(|| usual(state, view));
    if let Some(composer) = &mut state.composer {
        composer.with.mail = Some(whom);
    }
}

/// Why it cannot be sent to them.
pub(super) fn unsendable(whom: &Recipients) -> Option<String> {
    if whom.to.is_empty() {
        return Some("To is empty: Ctrl+G o writes an address there".into());
    }
    let bad = whom.to.iter().chain(&whom.cc).chain(&whom.bcc).find_map(|address| check(address).err())?;
    Some(format!("{}: Ctrl+G o, c, b change To, Cc, Bcc", text::line(&bad)))
}

/// Who reads it, on one line: `a@b, cc c@d`.
pub(crate) fn words(whom: &Recipients) -> String {
    let list = |all: &[String]| all.iter().map(|address| text::line(address)).collect::<Vec<_>>().join(", ");
    let mut out = if whom.to.is_empty() { "nobody yet".to_owned() } else { list(&whom.to) };
    for (name, all) in [("cc", &whom.cc), ("bcc", &whom.bcc)] {
        if !all.is_empty() {
            out.push_str(&format!(", {name} {}", list(all)));
        }
    }
    out
}

/// Opens the line of a field, with what stands there.
pub(super) fn ask(state: &mut State, field: MailField) {
    let Some(composer) = state.composer.as_ref().filter(|composer| !composer.sending) else { return };
    let Some(whom) = recipients(state, composer) else {
        let why = refusal(state).unwrap_or_default();
        return toast(state, Tone::Plain, format!("{}: {why}", field.title()));
    };
    let line = field.of(&whom).iter().map(|address| text::line(address)).collect::<Vec<_>>().join(", ");
    state.overlay = Some(Overlay::Address(AddressLine { field, line: Editor::new(line), error: None }));
}

/// Text for the line.
pub(super) fn insert(state: &mut State, typed: &str) {
    let Some(Overlay::Address(asked)) = &mut state.overlay else { return };
    let room = LINE_MAX.saturating_sub(asked.line.text().chars().count());
    asked.line.insert(&typed.chars().take(room).collect::<String>());
    said(asked);
}

/// A key that edits the line.
pub(super) fn edit(state: &mut State, key: Edit) {
    if let Some(Overlay::Address(asked)) = &mut state.overlay {
        asked.line.apply(key, usize::MAX / 2);
        said(asked);
    }
}

/// What is wrong is said as soon as an address is ended; the last one may still be begun.
fn said(asked: &mut AddressLine) {
    let ended = asked.line.text().rfind([',', ';']).and_then(|at| asked.line.text().get(..at)).unwrap_or_default();
    asked.error = addresses(ended).err();
}

/// Enter: the addresses are checked and taken.
pub(super) fn accept(state: &mut State) {
    let Some(Overlay::Address(asked)) = &mut state.overlay else { return };
    let list = match addresses(asked.line.text()) {
        Ok(list) if list.is_empty() && asked.field == MailField::To => {
            asked.error = Some("a reply goes to somebody".into());
            return;
        }
        Ok(list) => list,
        Err(why) => {
            asked.error = Some(why);
            return;
        }
    };
    let field = asked.field;
    state.overlay = None;
    let Some(composer) = &state.composer else { return };
    let Some(mut whom) = recipients(state, composer).filter(|_| !composer.sending) else { return };
    if *field.of(&whom) == list && composer.with.mail.is_some() {
        return;
    }
    *field.of_mut(&mut whom) = list;
    if let Some(composer) = &mut state.composer {
        composer.with.mail = Some(whom);
    }
    compose::changed(state);
}

/// The signature that goes under the text; `None` where there is none.
pub(crate) fn signature<'a>(state: &'a State, composer: &Composer) -> Option<&'a str> {
    mail(state, composer.purpose)?;
    let signature = state.signature.as_deref().filter(|_| state.settings.composer.signature && !composer.with.unsigned)?;
    (!composer.editor.text().trim_end().ends_with(signature)).then_some(signature)
}

/// The text as it is handed in.
pub(super) fn signed(state: &State, composer: &Composer) -> String {
    message::signed(composer.editor.text(), signature(state, composer))
}

/// A reply that comes back, without the signature that was put under it; with another end it has none to come.
pub(super) fn unsigned(state: &State, purpose: Purpose, content: String, with: &mut With) -> String {
    if mail(state, purpose).is_none() || !state.settings.composer.signature {
        return content;
    }
    let signature = state.signature.as_deref();
    match signature.and_then(|signature| content.strip_suffix(signature)?.strip_suffix(DELIMITER)) {
        Some(text) => text.to_owned(),
        None => {
            with.unsigned = true;
            content
        }
    }
}

/// Puts the signature into the text, where it can be changed or taken away; a second time it goes back under it.
pub(super) fn into_text(state: &mut State) {
    let Some(composer) = state.composer.as_ref().filter(|composer| !composer.sending) else { return };
    if let Some(why) = refusal(state) {
        return toast(state, Tone::Plain, format!("A signature: {why}"));
    }
    if composer.editor.is_blank() {
        return toast(state, Tone::Plain, "The text first: a signature alone is no reply");
    }
    let under = signature(state, composer).map(str::to_owned);
    let end = state.signature.as_ref().map(|signature| format!("{DELIMITER}{signature}"));
    let Some(composer) = &mut state.composer else { return };
    let said = match (under, end) {
        (Some(_), Some(end)) => {
            let at = composer.editor.text().trim_end().len();
            composer.editor.replace(at..composer.editor.text().len(), &end);
            composer.with.unsigned = true;
            "The signature is text now: change it, or take it away"
        }
        (None, Some(end)) => {
            let text = composer.editor.text().trim_end();
            if let Some(at) = text.strip_suffix(end.as_str()).map(str::len) {
                composer.editor.replace(at..composer.editor.text().len(), "");
            }
            composer.with.unsigned = false;
            "The signature stands under the text"
        }
        _ => return toast(state, Tone::Plain, "Chatwoot has no signature of yours, or your own token is not linked"),
    };
    compose::changed(state);
    toast(state, Tone::Plain, said);
}

/// The caller's signature came. Without one, or where it cannot be asked, nothing is put under a mail.
pub(super) fn signature_came(state: &mut State, result: Outcome<Option<String>>) {
    if let Ok(signature) = result {
        state.signature = signature.as_deref().and_then(message::signature);
    }
}
