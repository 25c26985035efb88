//! The help as something to work with: found by words or by a key, run with Enter.

use super::{Out, moved, not_taken, palette, toast};
use crate::event::Effect;
use crate::keymap::{Command, Context, registry};
use crate::state::{Help, HelpLine, Overlay, State, Tone};

fn help(state: &mut State) -> Option<&mut Help> {
    match &mut state.overlay {
        Some(Overlay::Help(help)) => Some(help),
        _ => None,
    }
}

/// Words are typed from now on.
pub(super) fn words(state: &mut State) {
    if let Some(help) = help(state) {
        (help.typing, help.key) = (true, None);
        (help.cursor, help.scroll) = (0, 0);
    }
}

/// The words stay, and keys mean something to the rows again.
pub(super) fn rows(state: &mut State) {
    if let Some(help) = help(state) {
        help.typing = false;
    }
}

/// The next key is looked up.
pub(super) fn listen(state: &mut State) {
    if let Some(help) = help(state) {
        help.listening = true;
    }
}

/// The next key is given to the marked row.
pub(super) fn change(state: &mut State) {
    let Some(Overlay::Help(help)) = &state.overlay else { return };
    let marked = help.rows(state).get(help.cursor).map(|(place, row)| (*place, row.command));
    match (marked, self::help(state)) {
        (Some(marked), Some(help)) => help.changing = Some(marked),
        _ => toast(state, Tone::Plain, "No row is marked"),
    }
}

/// Gives a key to a command, says what that takes away, and has it written down; or says why it cannot be.
fn give(state: &mut State, out: &mut Out, (place, command): (Context, Command), name: &str) {
    let action = registry::action(command);
    let (keys, problems) = state.keys.with_key(place, name, action.id);
    if let Some(problem) = problems.iter().find(|problem| !problem.used) {
        not_taken(state, problem.text.replace("; left out", "; nothing was changed"));
        return;
    }
    state.keys = keys;
    let said = problems.first().map_or_else(String::new, |problem| format!("; {}", problem.text));
    toast(state, Tone::Good, format!("{name} in [{}] is “{}” now{said}", place.name(), action.title));
    out.push(Effect::SaveKey { place: place.name(), key: name.to_owned(), id: action.id });
}

/// It is written down, or not.
pub(super) fn saved(state: &mut State, result: Result<(), String>) {
    if let Err(why) = result {
        toast(state, Tone::Bad, format!("The key holds until the inbox ends; it is not in keys.toml: {why}"));
    }
}

/// Takes a key that is to be looked up or given; the first key of a pair finds all of its pairs.
pub(super) fn hears(state: &mut State, out: &mut Out, name: &str) -> bool {
    if let Some(changing) = help(state).and_then(|help| help.changing.take()) {
        if name != "Esc" {
            give(state, out, changing, name);
        }
        return true;
    }
    let hears = help(state).is_some_and(|help| help.listening);
    if hears {
        look_up(state, name.to_owned());
    }
    hears
}

/// Shows the rows of a key.
pub(super) fn look_up(state: &mut State, name: String) {
    if let Some(help) = help(state) {
        *help = Help { key: Some(name), ..Help::new(help.context) };
    }
}

/// Marks another row and scrolls as little as needed to show it.
pub(super) fn move_by(state: &mut State, by: isize) {
    let Some(Overlay::Help(help)) = &state.overlay else { return };
    let lines = help.lines(state);
    let rows: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| matches!(line, HelpLine::Row(..))).map(|(index, _)| index).collect();
    let (columns, height) = Help::page(state.size);
    let Some(help) = self::help(state) else { return };
    help.cursor = moved(help.cursor, by, rows.len());
    // With the first row its heading is shown too.
    let at = if help.cursor == 0 { 0 } else { rows.get(help.cursor).copied().unwrap_or(0) };
    let page = columns * height;
    help.scroll = help.scroll.min(at).max((at + 1).saturating_sub(page)).min(lines.len().saturating_sub(page));
}

/// One step back: out of the words, out of the filter, out of the help.
pub(super) fn back(state: &mut State, name: &str) {
    let Some(help) = help(state) else { return };
    if name == "Esc" && (help.typing || help.is_filtered()) {
        *help = Help::new(help.context);
    } else {
        state.overlay = None;
    }
}

/// Runs the marked row where the help was opened.
pub(super) fn choose(state: &mut State, out: &mut Out) {
    let Some(Overlay::Help(help)) = &state.overlay else { return };
    let context = help.context;
    let Some((_, row)) = help.rows(state).get(help.cursor).copied() else {
        toast(state, Tone::Plain, "No row is marked");
        return;
    };
    if let Err(why) = palette::act(state, out, context, row.command) {
        toast(state, Tone::Plain, why);
    }
}
