//! Leaving for good: what the inbox keeps on this machine is removed. And drafts that another inbox of the same user wrote.

use std::collections::BTreeMap;

use super::{Out, toast};
use crate::drafts::{self, Draft};
use crate::event::Effect;
use crate::state::{Overlay, Question, State, Tone};

/// Asks first: unsent texts go with it.
pub(super) fn ask(state: &mut State) {
    state.overlay = Some(Overlay::Question(Question::Logout));
}

/// Removes it.
pub(super) fn go(state: &mut State, out: &mut Out) {
    state.forgotten = true;
    state.composer = None;
    out.push(Effect::Forget);
}

/// It is gone, or is not.
pub(super) fn done(state: &mut State, out: &mut Out, result: Result<(), String>) {
    match result {
        Ok(()) => out.push(Effect::Quit),
        Err(problem) => {
            state.forgotten = false;
            state.drafts_dirty = true;
            toast(state, Tone::Bad, format!("Not logged out, the disk keeps the inbox's file: {problem}"));
        }
    }
}

/// Takes in what another inbox wrote, where nothing changed here since. What is being written stays what it is.
pub(super) fn merged(state: &mut State, out: &mut Out, ours: &[(String, Draft)], all: Vec<(String, Draft)>) {
    let here: Vec<_> = state.drafts.iter().map(|(name, draft)| (name.clone(), draft.clone())).collect();
    if state.forgotten || !drafts::same(&here, ours) {
        return;
    }
    let writing = state.composer.as_ref().map(|composer| composer.purpose.draft_name());
    let mut taken: BTreeMap<String, Draft> = all.into_iter().collect();
    if let Some(name) = writing {
        match state.drafts.get(&name) {
            Some(draft) => taken.insert(name, draft.clone()),
            None => taken.remove(&name),
        };
    }
    state.drafts = taken;
    out.push(Effect::DraftsKnown(state.drafts.iter().map(|(name, draft)| (name.clone(), draft.clone())).collect()));
}
