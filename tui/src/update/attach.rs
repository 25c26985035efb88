//! Files with a message: the line that asks for a path, what the effects found there, and what goes with the text.

use super::{compose, toast};
use crate::editor::Editor;
use crate::event::{Effect, Purpose};
use crate::keymap::Context;
use crate::state::{Attached, Prompt, State, Tone, With};
use crate::text;

use super::Out;

/// Files with one message: the daemon takes no more.
const FILES_MAX: usize = 15;
/// Characters of a path at most: what file systems take.
const PATH_MAX: usize = 4_096;

/// Asks for a path.
pub(super) fn ask(state: &mut State) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    if !matches!(composer.purpose, Purpose::Reply(_) | Purpose::Note(_)) {
        composer.error = Some("Files go with replies and notes only".into());
    } else if composer.with.files.len() >= FILES_MAX {
        composer.error = Some(format!("{FILES_MAX} files at most go with a message"));
    } else {
        composer.completing.list = None;
        composer.prompt = Some(Prompt::default());
    }
}

/// Something was typed or pasted into the path.
pub(super) fn typed(state: &mut State, text: &str) {
    if let Some(prompt) = state.composer.as_mut().and_then(|c| c.prompt.as_mut()).filter(|p| !p.looking) {
        if prompt.path.text().chars().count() + text.chars().count() <= PATH_MAX {
            prompt.path.insert(&text::line(text).replace('\n', " "));
        }
        changed(prompt);
    }
}

/// A space is kept where it is typed: names have them.
pub(super) fn letter(state: &mut State, c: char) {
    if let Some(prompt) = state.composer.as_mut().and_then(|c| c.prompt.as_mut()).filter(|p| !p.looking) {
        if prompt.path.text().chars().count() < PATH_MAX {
            prompt.path.insert(c.encode_utf8(&mut [0; 4]));
        }
        changed(prompt);
    }
}

/// The path is another one.
pub(super) fn changed(prompt: &mut Prompt) {
    prompt.found.clear();
    prompt.error = None;
}

/// Asks how the path can go on; where that was said already, the buttons are next.
pub(super) fn complete(state: &mut State, out: &mut Out) {
    let said = |prompt: &Prompt| prompt.error.is_some() || !prompt.found.is_empty();
    if state.composer.as_ref().and_then(|c| c.prompt.as_ref()).is_some_and(said) {
        return super::buttons::next(state, Context::Path);
    }
    if let Some(prompt) = state.composer.as_ref().and_then(|c| c.prompt.as_ref()).filter(|p| !p.looking) {
        out.push(Effect::Paths(prompt.path.text().to_owned()));
    }
}

/// How a path can go on: as far as all names agree; else they are shown.
pub(super) fn found(state: &mut State, typed: &str, paths: Vec<String>) {
    let Some(prompt) = state.composer.as_mut().and_then(|c| c.prompt.as_mut()).filter(|p| p.path.text() == typed) else { return };
    let Some(first) = paths.first() else {
        prompt.error = Some("Nothing there begins so".into());
        return;
    };
    let common = paths.iter().fold(first.as_str(), |common, path| {
        let same = common.char_indices().zip(path.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        common.get(..same.unwrap_or(common.len().min(path.len()))).unwrap_or_default()
    });
    let whole = common.len() <= typed.len() && paths.len() == 1;
    if common.len() > typed.len() {
        prompt.path = Editor::new(common);
    }
    prompt.error = None;
    prompt.found = if paths.len() > 1 { paths } else { Vec::new() };
    if whole {
        super::buttons::next(state, Context::Path);
    }
}

/// Has the file at the path looked at.
pub(super) fn accept(state: &mut State, out: &mut Out) {
    let Some(composer) = &mut state.composer else { return };
    let Some(prompt) = composer.prompt.as_mut().filter(|p| !p.looking) else { return };
    if prompt.path.is_blank() {
        composer.prompt = None;
        return;
    }
    prompt.looking = true;
    prompt.found.clear();
    out.push(Effect::Look { purpose: composer.purpose, path: prompt.path.text().to_owned() });
}

/// Leaves the line; nothing is attached.
pub(super) fn cancel(state: &mut State) {
    if let Some(composer) = &mut state.composer {
        composer.prompt = None;
    }
}

/// Has the files of a draft looked at again: they may be gone, or be others.
pub(super) fn again(state: &State, out: &mut Out) {
    if let Some(composer) = &state.composer {
        let look = |file: &Attached| Effect::Look { purpose: composer.purpose, path: file.path.clone() };
        out.extend(composer.with.files.iter().take(FILES_MAX).map(look));
    }
}

/// A file was looked at.
pub(super) fn looked(state: &mut State, purpose: Purpose, path: &str, result: Result<Attached, String>) {
    let Some(composer) = state.composer.as_mut().filter(|c| c.purpose == purpose && !c.sending) else { return };
    let asked = composer.prompt.as_mut().filter(|p| p.looking && p.path.text() == path);
    let known = composer.with.files.iter().position(|file| result.as_ref().map_or(path, |found| &found.path) == file.path);
    match (result, asked) {
        (Ok(file), asked) => {
            let asked = asked.is_some();
            match known.and_then(|at| composer.with.files.get_mut(at)) {
                Some(same) => *same = file,
                None if asked => composer.with.join(With { files: vec![file], ..With::default() }),
                None => return,
            }
            if asked {
                composer.prompt = None;
                compose::changed(state);
            } else {
                compose::keep(state);
            }
        }
        (Err(why), Some(prompt)) => {
            prompt.looking = false;
            prompt.error = Some(why);
        }
        (Err(why), None) => {
            if let Some(file) = known.and_then(|at| composer.with.files.get(at)) {
                composer.error = Some(format!("{} cannot go: {why}; Ctrl+X f takes it off", text::line(&file.name)));
            }
        }
    }
}

/// Takes the last file off.
pub(super) fn detach(state: &mut State) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    match composer.with.files.pop() {
        Some(file) => {
            compose::changed(state);
            toast(state, Tone::Plain, format!("{} taken off", text::line(&file.name)));
        }
        None => toast(state, Tone::Plain, "No file is attached"),
    }
}
