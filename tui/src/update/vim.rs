//! The composer with vim's keys: Esc ends writing, letters are then commands.

use super::{complete, compose, toast};
use crate::editor::{CHARS_MAX, Modal, Vim};
use crate::state::{Composer, State, Tone};

/// The composer's keys, where it has modes and its text can be changed.
fn modal(state: &mut State) -> Option<(&mut Composer, Modal)> {
    let composer = state.composer.as_mut().filter(|c| !c.sending)?;
    let modal = composer.modal?;
    Some((composer, modal))
}

/// Esc: drops a begun command, or ends writing. False: it leaves.
pub(super) fn escape(state: &mut State) -> bool {
    let Some((composer, mut modal)) = modal(state) else { return false };
    if modal.commands && modal.begun.is_none() {
        return false;
    }
    if modal.commands {
        modal.begun = None;
    } else {
        modal.end_writing(&mut composer.editor);
    }
    composer.modal = Some(modal);
    complete::close(state);
    true
}

/// Carries one command out.
pub(super) fn run(state: &mut State, command: Vim) {
    let Some((composer, mut modal)) = modal(state) else { return };
    let before = composer.editor.text().to_owned();
    let mentions = complete::mentions(composer);
    let fits = modal.run(&mut composer.editor, command, &mentions);
    composer.modal = Some(modal);
    if composer.editor.text() != before {
        compose::changed(state);
    }
    if !fits {
        toast(state, Tone::Bad, format!("A message has {CHARS_MAX} characters at most; this does not fit"));
    }
}

/// Text is pasted while letters are commands: it goes in before the cursor, and can be taken back.
pub(super) fn before_paste(state: &mut State) {
    if let Some((composer, _)) = modal(state) {
        composer.editor.checkpoint();
    }
}
