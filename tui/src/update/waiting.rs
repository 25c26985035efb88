//! Decisions made while the daemon is away: kept with the drafts, shown, handed in when it is back under the key they were made with, and
//! checked by it against the revision that was read.

use api::id::ApprovalId;

use super::{Out, compose, toast, undo};
use crate::drafts::Draft;
use crate::event::{Effect, Failure, Purpose};
use crate::state::{State, Tone, Undo, With};

const APPROVE: &str = "approve/";
const REJECT: &str = "reject/";

/// The decision on an approval that waits: its name among the drafts, and the draft.
pub(crate) fn on(state: &State, id: ApprovalId) -> Option<(String, &Draft)> {
    [APPROVE, REJECT].into_iter().find_map(|verb| {
        let name = format!("{verb}{id}");
        state.drafts.get(&name).filter(|draft| draft.decides.is_some()).map(|draft| (name, draft))
    })
}

/// How many decisions wait.
pub(crate) fn count(state: &State) -> usize {
    state.drafts.values().filter(|draft| draft.decides.is_some()).count()
}

/// An approval that could not be handed in waits.
pub(super) fn approval(state: &mut State, id: ApprovalId, revision: u32, key: String) {
    let draft =
        Draft { text: String::new(), key: Some(key), replaces: None, with: With::default(), decides: Some(revision), at: state.now };
    keep(state, format!("{APPROVE}{id}"), draft);
}

/// A rejection that could not be handed in waits; its composer has done its part.
pub(super) fn rejection(state: &mut State, id: ApprovalId, revision: u32) {
    let name = format!("{REJECT}{id}");
    compose::keep(state);
    if let Some(draft) = state.drafts.get(&name).cloned().filter(|draft| draft.key.is_some()) {
        state.composer.take_if(|composer| matches!(composer.purpose, Purpose::Reject(of, _) if of == id));
        keep(state, name, Draft { decides: Some(revision), ..draft });
    }
}

fn keep(state: &mut State, name: String, draft: Draft) {
    state.drafts.insert(name.clone(), draft);
    state.drafts_dirty = true;
    if !state.undo.contains(&Undo::Waiting(name.clone())) {
        undo::push(state, Undo::Waiting(name));
    }
    toast(state, Tone::Plain, "The daemon is away: the decision waits for it, and counts only if nothing has changed · u takes it back");
}

/// The daemon is there: every waiting decision is handed in.
pub(super) fn hand_in(state: &mut State, out: &mut Out) {
    if state.read_only {
        return;
    }
    for (name, draft) in &state.drafts {
        let (Some(revision), Some(key)) = (draft.decides, draft.key.clone()) else { continue };
        if let Some(id) = name.strip_prefix(APPROVE).and_then(|id| id.parse().ok()) {
            out.push(Effect::Approve { id, revision, key });
        } else if let Some(id) = name.strip_prefix(REJECT).and_then(|id| id.parse().ok()) {
            let (text, with) = (draft.text.trim_end().to_owned(), draft.with.clone());
            out.push(Effect::Submit { purpose: Purpose::Reject(id, revision), text, with, key });
        }
    }
}

/// A decision counts, or is refused for good: it waits no longer. A refused rejection stays as the draft it was.
pub(super) fn answered(state: &mut State, id: ApprovalId, failure: Option<&Failure>) {
    let Some((name, reference)) = on(state, id).map(|(name, _)| {
        let shown = state.approvals.rows.iter().find(|approval| approval.id == id);
        (name, shown.map_or_else(|| "The approval".to_owned(), |approval| approval.reference.to_string()))
    }) else {
        return;
    };
    state.undo.retain(|undo| *undo != Undo::Waiting(name.clone()));
    state.drafts_dirty = true;
    if name.starts_with(APPROVE) || failure.is_none() {
        state.drafts.remove(&name);
    } else if let Some(draft) = state.drafts.get_mut(&name) {
        (draft.decides, draft.key) = (None, None);
    }
    if let Some(failure) = failure {
        toast(state, Tone::Bad, format!("{reference} is not decided: {}", failure.message));
    }
}

/// Takes a waiting decision back; a rejection's text stays as a draft.
pub(super) fn take_back(state: &mut State, name: &str) {
    let taken = if name.starts_with(APPROVE) {
        state.drafts.remove(name).is_some()
    } else {
        state.drafts.get_mut(name).is_some_and(|draft| draft.decides.take().is_some())
    };
    state.drafts_dirty = true;
    if taken {
        toast(state, Tone::Good, "Taken back; nobody was told");
    } else {
        undo::stays(state, Tone::Bad, "Too late: the decision was handed in");
    }
}
