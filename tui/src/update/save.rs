//! Saving a file of a message on this machine: one at a time, said while it lasts, and stopped by Esc.

use std::path::Path;

use super::{Out, toast};
use crate::event::Effect;
use crate::state::{Saving, State, StoredFile, Tone};
use crate::text;

/// Begins to save.
pub(super) fn begin(state: &mut State, out: &mut Out, file: StoredFile) {
    if let Some(saving) = &state.saving {
        let name = text::truncate(&saving.name, 40);
        return toast(state, Tone::Plain, format!("{name} is still being saved; Esc stops it"));
    }
    state.counter += 1;
    let total = file.bytes.and_then(|bytes| u64::try_from(bytes).ok());
    state.saving = Some(Saving { number: state.counter, name: text::line(&file.name), done: 0, total });
    out.push(Effect::SaveFile { number: state.counter, file, into: state.settings.ui.downloads.clone() });
}

/// So much of it has come.
pub(super) fn came(state: &mut State, number: u64, done: u64, total: Option<u64>) {
    if let Some(saving) = state.saving.as_mut().filter(|saving| saving.number == number) {
        saving.done = done;
        saving.total = total.or(saving.total);
    }
}

/// It is saved, or not.
pub(super) fn saved(state: &mut State, number: u64, result: Result<String, String>) {
    let Some(saving) = state.saving.take_if(|saving| saving.number == number) else { return };
    match result {
        Ok(path) => {
            let there = if state.remote { " (on the machine the inbox runs on)" } else { "" };
            let name = Path::new(&path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let known = if *name == *saving.name { String::new() } else { format!(" as {}", text::line(name)) };
            toast(state, Tone::Good, format!("Saved{known}: {}{there}", text::line(&path)));
        }
        Err(why) => toast(state, Tone::Bad, format!("{} is not saved: {}", text::truncate(&saving.name, 40), text::line(&why))),
    }
}

/// Stops it; what has come of it goes.
pub(super) fn stop(state: &mut State, out: &mut Out) {
    if let Some(saving) = state.saving.take() {
        out.push(Effect::StopSaving);
        toast(state, Tone::Plain, format!("Stopped: {} is not saved", text::truncate(&saving.name, 40)));
    }
}

/// How far it is, in words for the foot; none for what is done in a moment.
pub(crate) fn words(state: &State) -> Option<String> {
    let saving = state.saving.as_ref().filter(|saving| saving.done > 0)?;
    let far = match saving.total.filter(|total| *total > 0) {
        Some(total) => format!("{}%", (saving.done.min(total) * 100) / total),
        None => text::size(crate::files::size(saving.done)),
    };
    Some(format!("saving {far}, Esc stops"))
}
