//! Texts that come back: from the outbox, from the person's own editor. They go before what is written for the same purpose, and are
//! never put over it.

use api::inbox::OutboxView;
use api::template::{TemplateView, UseTemplate};

use super::compose::{changed, keep, purpose_of};
use super::{Out, mail, toast};
use crate::drafts::Draft;
use crate::event::{Effect, Purpose};
use crate::mention;
use crate::state::{Chosen, Mentioned, State, Tone, With};

/// What went with a message that comes back.
pub(super) fn handed(state: &State, entry: &OutboxView) -> With {
    if let Some((_, with)) = state.handed.iter().find(|(known, _)| *known == entry.id) {
        return with.clone();
    }
    let template = entry.template.as_ref().map(|used| Box::new(as_sent(used, entry.content.as_deref().unwrap_or_default())));
    With { template, ..With::default() }
}

/// A template of which only what was sent is known: its text with the values in it.
fn as_sent(used: &UseTemplate, text: &str) -> Chosen {
    let (name, language) = (used.name.clone(), used.language.clone().unwrap_or_default());
    Chosen { template: TemplateView { name, language, body: text.to_owned(), ..TemplateView::default() }, vars: used.vars.clone() }
}

/// Gives the text to the person's own editor.
pub(super) fn edit(state: &mut State, out: &mut Out) {
    keep(state);
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    composer.completing.list = None;
    let text = composer.editor.text().to_owned();
    composer.lent = Some(text.clone());
    out.push(Effect::Edit { purpose: composer.purpose, text });
}

/// A text came back from there. It goes where it was taken from, whatever stands on the screen now.
pub(super) fn edited(state: &mut State, purpose: Purpose, result: Result<String, String>) {
    let text = match result {
        Ok(text) => text,
        Err(why) => {
            if let Some(composer) = &mut state.composer {
                composer.lent = None;
            }
            toast(state, Tone::Bad, format!("The text is as it was: {why}"));
            return;
        }
    };
    match state.composer.as_mut().filter(|c| c.purpose == purpose && !c.sending) {
        Some(composer) => {
            let lent = composer.lent.take().unwrap_or_default();
            let here = composer.editor.text();
            if here == text {
                return;
            }
            // What came back from the outbox meanwhile stands before it and stays.
            let fits = match here.strip_suffix(lent.as_str()).map(str::to_owned) {
                Some(before) => composer.editor.exchange(&format!("{before}{text}")),
                None => {
                    composer.editor.precede(&text);
                    true
                }
            };
            changed(state);
            if !fits {
                super::keys::left_out(state);
            }
        }
        None if !text.trim().is_empty() => {
            come_back(state, purpose, text, With::default());
            toast(state, Tone::Plain, "What came back from the editor is kept as a draft");
        }
        None => {}
    }
}

/// Puts a text before what is written for the same purpose: in the composer, beside what is being handed in, or in the draft.
pub(super) fn come_back(state: &mut State, purpose: Purpose, text: String, with: With) {
    match state.composer.as_mut().filter(|c| c.purpose == purpose) {
        Some(composer) if composer.sending => {
            let (there, mut all) = composer.came_back.take().unwrap_or_default();
            all.join(with);
            composer.came_back = Some((joined(text, &there), all));
            keep(state);
        }
        Some(composer) => {
            composer.editor.precede(&text);
            composer.with.join(with);
            changed(state);
        }
        None => {
            let draft = state.drafts.remove(&purpose.draft_name());
            let (there, mut all) = draft.map(|draft| (draft.text, draft.with)).unwrap_or_default();
            all.join(with);
            let draft = Draft { text: joined(text, &there), key: None, replaces: None, with: all, decides: None, at: state.now };
            state.drafts.insert(purpose.draft_name(), draft);
            state.drafts_dirty = true;
        }
    }
}

/// Puts a failed entry's text into its draft, which then takes the entry's place.
pub(super) fn take_up(state: &mut State, purpose: Purpose, entry: &OutboxView) {
    let (id, content) = (entry.id, entry.content.as_deref().unwrap_or_default());
    let name = purpose.draft_name();
    if state.drafts.get(&name).is_some_and(|draft| draft.replaces == Some(id)) {
        return;
    }
    let (text, mentions) = written(purpose, content);
    let before = state.drafts.get(&name).and_then(|draft| draft.replaces);
    let mut with = With { mentions, ..With::default() };
    let text = mail::unsigned(state, purpose, text, &mut with);
    with.join(handed(state, entry));
    come_back(state, purpose, text, with);
    if let Some(draft) = state.drafts.get_mut(&name) {
        draft.replaces = before.or(Some(id));
    }
}

/// An entry whose text came back is on its way again: its text is no draft any more, or it would be sent twice. What was written after it stays; a
/// text that was changed, and one that is being written, stay as they are and stand for nothing else.
pub(super) fn gone_again(state: &mut State, entry: &OutboxView) {
    let id = Some(entry.id);
    let writing = state.composer.as_mut().filter(|composer| composer.replaces == id);
    let sending = writing.as_ref().is_some_and(|composer| composer.sending);
    let writes = writing.map(|composer| composer.replaces = None).is_some();
    let Some((name, mut draft)) =
        state.drafts.iter().find(|(_, draft)| draft.replaces == id).map(|(name, draft)| (name.clone(), draft.clone()))
    else {
        return;
    };
    draft.replaces = None;
    // The answer to what is being handed in finds its draft by the key.
    draft.key.take_if(|_| !sending);
    let came = purpose_of(state, entry).zip(entry.content.as_deref()).map(|(purpose, content)| {
        let text = written(purpose, content).0;
        mail::unsigned(state, purpose, text, &mut With::default())
    });
    let rest = came.as_deref().and_then(|came| draft.text.strip_prefix(came)).filter(|rest| rest.is_empty() || rest.starts_with('\n'));
    let rest = rest.map(|rest| rest.trim_start_matches('\n').to_owned());
    if let Some(rest) = rest.filter(|_| !writes) {
        let sent = handed(state, entry).files;
        draft.with.files.retain(|file| !sent.contains(file));
        draft.text = rest;
    }
    if draft.text.is_empty() && draft.with.files.is_empty() {
        state.drafts.remove(&name);
    } else {
        state.drafts.insert(name, draft);
    }
    state.drafts_dirty = true;
}

/// Two texts as one, a line between them.
pub(super) fn joined(first: String, second: &str) -> String {
    if first.is_empty() || second.is_empty() { first + second } else { format!("{first}\n\n{second}") }
}

/// A text that came back from the outbox, as it was written, and whom it mentions.
pub(super) fn written(purpose: Purpose, content: &str) -> (String, Vec<Mentioned>) {
    match purpose {
        Purpose::Note(_) => mention::written(content),
        _ => (content.to_owned(), Vec::new()),
    }
}
