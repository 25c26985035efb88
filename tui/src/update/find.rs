//! Search inside the opened conversation: from the newest match upwards, reading older messages on when nothing is left.

use api::id::ConversationId;

use super::{Out, messages, thread, toast};
use crate::editor::{Edit, Editor};
use crate::state::{Find, State, Tone};
use crate::view::message::{self, Item};
use crate::view::rich;

/// Characters of the words at most.
const WORDS_MAX: usize = 200;

/// Opens the line.
pub(super) fn open(state: &mut State) {
    let words = state.find.take().map(|find| find.words).unwrap_or_default();
    state.find = Some(Find { typing: Some(Editor::new(words.clone())), words, ..Find::default() });
}

/// Text goes into the line; it has no line breaks.
pub(super) fn insert(state: &mut State, text: &str) {
    let Some(editor) = typing(state) else { return };
    let room = WORDS_MAX.saturating_sub(editor.text().chars().count());
    let text: String = text.chars().take(room).collect();
    editor.insert(&text);
    typed(state);
}

/// The line is edited.
pub(super) fn edit(state: &mut State, edit: Edit) {
    if let Some(editor) = typing(state) {
        editor.apply(edit, usize::MAX / 2);
        typed(state);
    }
}

fn typing(state: &mut State) -> Option<&mut Editor> {
    state.find.as_mut().and_then(|find| find.typing.as_mut())
}

fn typed(state: &mut State) {
    if let Some(find) = &mut state.find
        && let Some(editor) = &find.typing
    {
        find.words = editor.text().trim().to_owned();
        find.ended = false;
    }
    count(state);
}

/// The words are as they should be: to the newest match.
pub(super) fn accept(state: &mut State, out: &mut Out) {
    let Some(find) = &mut state.find else { return };
    find.typing = None;
    if find.words.is_empty() {
        state.find = None;
        return;
    }
    messages::clear(state);
    step(state, out, -1);
}

/// Ends it; false where there was none.
pub(super) fn end(state: &mut State) -> bool {
    state.find.take().is_some()
}

/// Messages that hold the words.
fn matches(state: &State, id: ConversationId, words: &str) -> Vec<usize> {
    let holds = |item: &Item<'_>| match item {
        Item::Message(m) if !m.deleted => !rich::found(&message::content(m), words).is_empty(),
        _ => false,
    };
    message::items(state, id).iter().enumerate().filter(|(_, item)| holds(item)).map(|(i, _)| i).collect()
}

/// Counts the matches, once a change: drawing only reads the numbers.
fn count(state: &mut State) {
    let (Some(id), Some(words)) = (state.open, state.find.as_ref().map(|find| find.words.clone())) else { return };
    let found = matches(state, id, &words);
    let at = chosen(state, id).and_then(|at| found.iter().rev().position(|i| *i == at)).map(|place| place + 1);
    if let Some(find) = &mut state.find {
        (find.at, find.found) = (at, found.len());
    }
}

fn chosen(state: &State, id: ConversationId) -> Option<usize> {
    let name = state.threads.get(&id)?.selected.as_deref()?;
    message::items(state, id).iter().rposition(|item| item.name() == name)
}

/// The next match further up (negative) or down; above the first loaded one older messages are read.
pub(super) fn step(state: &mut State, out: &mut Out, by: isize) {
    let (Some(id), Some(words)) = (state.open, state.find.as_ref().map(|find| find.words.clone())) else { return };
    let found = matches(state, id, &words);
    let at = chosen(state, id);
    let to = match at {
        Some(at) if by < 0 => found.iter().rev().find(|i| **i < at),
        Some(at) => found.iter().find(|i| **i > at),
        None => found.last(),
    };
    if let Some(to) = to.copied() {
        messages::choose(state, to);
        thread::reveal_found(state, to);
        return count(state);
    }
    count(state);
    if by > 0 {
        return toast(state, Tone::Plain, "No match further down");
    }
    let more = thread::read_older(state, out, id);
    if let Some(find) = &mut state.find {
        find.further = more;
        find.ended = !more;
    }
    if !more {
        toast(state, Tone::Plain, if found.is_empty() { "No match in this conversation" } else { "No match further up" });
    }
}

/// Older messages came: the search goes on where it stood.
pub(super) fn arrived(state: &mut State, out: &mut Out, id: ConversationId) {
    let waits = state.find.as_ref().is_some_and(|find| find.further) && state.open == Some(id);
    if !waits || state.threads.get(&id).is_none_or(|thread| thread.loading_older) {
        return;
    }
    if let Some(find) = &mut state.find {
        find.further = false;
    }
    if state.threads.get(&id).is_some_and(|thread| thread.error.is_some()) {
        return toast(state, Tone::Bad, "Older messages could not be read");
    }
    step(state, out, -1);
}
