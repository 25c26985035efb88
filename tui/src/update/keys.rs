//! Keys: the table says what one means, this says what that does here.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    Out, attach, begin, buttons, complete, compose, contact_edit, contacts, find, help, is_barred, line, mail, menus, palette, pasted,
    pick, search, template, thread, vim,
};
use crate::event::Purpose;
use crate::keymap::{self, Command, Context, Found};
use crate::state::{Overlay, State};

/// Characters of the list's filter at most.
const FILTER_MAX: usize = 200;

/// A key was pressed.
pub(super) fn key(state: &mut State, out: &mut Out, key: KeyEvent) {
    if key.kind == KeyEventKind::Release {
        return;
    }
    // Whoever types on waits for no menu any more.
    state.acts.waits = None;
    let mut context = state.context();
    let name = keymap::name(key);
    if name != "Ctrl+C" && help::hears(state, out, &name) {
        return;
    }
    let pair = state.prefix.take().map(|first| format!("{first} {name}"));
    if name != "Ctrl+C" {
        state.quitting = None;
    }
    let keys = pair.as_deref().unwrap_or(&name);
    let mut found = state.keys.find(context, keys);
    // A completion list has a few keys of its own; with all others the text is written on.
    if context == Context::Completion && found == Found::Nothing {
        context = Context::Composer;
        found = state.keys.find(context, keys);
        if found == Found::Prefix {
            complete::close(state);
        }
    }
    if let Some(button) = state.marked_button() {
        match name.as_str() {
            "Enter" => return buttons::press(state, out, context, button),
            // From button to button also where Tab completes.
            "Tab" => return buttons::next(state, context),
            "←" | "→" | "↑" | "↓" if buttons::arrow(state, context, &name) => return,
            _ if found != Found::Command(Command::Buttons) => state.button = None,
            _ => {}
        }
    }
    match found {
        Found::Command(command) => palette::pressed(state, out, context, command, &name),
        Found::Prefix => {
            state.prefix = Some(name);
            state.prefix_at = state.now;
        }
        Found::Nothing if context == Context::Help => help::look_up(state, pair.unwrap_or(name)),
        // The second key of a pair that means nothing does nothing.
        Found::Nothing if pair.is_some() => {}
        Found::Nothing => typed(state, out, context, key),
    }
}

/// A letter that is text here.
fn typed(state: &mut State, out: &mut Out, context: Context, key: KeyEvent) {
    let KeyCode::Char(c) = key.code else {
        if context == Context::Menu && matches!(&state.overlay, Some(Overlay::Menu(m)) if m.search.is_none()) {
            state.overlay = None;
        }
        if context == Context::Pick {
            state.overlay = None;
        }
        return;
    };
    // AltGr arrives as Ctrl+Alt on some systems and makes letters.
    let chord = key.modifiers.intersection(KeyModifiers::CONTROL | KeyModifiers::ALT);
    if !chord.is_empty() && chord != KeyModifiers::CONTROL | KeyModifiers::ALT {
        return;
    }
    match context {
        Context::Composer => {
            insert(state, c.encode_utf8(&mut [0; 4]));
            if c == ':' {
                complete::colon(state);
            }
        }
        Context::Filter => {
            if let Some(editor) = state.list.typing.as_mut().filter(|e| e.text().chars().count() < FILTER_MAX) {
                editor.insert(c.encode_utf8(&mut [0; 4]));
                filtered(state);
            }
        }
        Context::Find => find::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::Path => attach::letter(state, c),
        Context::Palette | Context::Words => palette::type_text(state, c.encode_utf8(&mut [0; 4])),
        Context::Search => search::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::ContactFilter => contacts::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::Line => line::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::ContactField => contact_edit::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::Address => mail::insert(state, c.encode_utf8(&mut [0; 4])),
        Context::Menu => menus::letter(state, out, c),
        Context::Pick => pick::letter(state, out, c),
        Context::Labels => {
            if let Some(Overlay::Labels(picker)) = &mut state.overlay
                && picker.search.chars().count() < 64
                && c != '/'
            {
                picker.search.push(c);
                picker.cursor = 0;
            }
        }
        _ => {}
    }
}

/// Text goes into the composer.
pub(super) fn insert(state: &mut State, text: &str) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    let fits = composer.editor.insert(text);
    compose::changed(state);
    if !fits {
        left_out(state);
    }
}

/// Not all of a text went into the composer.
pub(super) fn left_out(state: &mut State) {
    if let Some(composer) = &mut state.composer {
        composer.error = Some(format!("A message has {} characters at most; the rest was left out", crate::editor::CHARS_MAX));
    }
}

/// Text was pasted: it is text, whatever it holds.
pub(super) fn paste(state: &mut State, text: &str) {
    (state.prefix, state.button) = (None, None);
    match state.context() {
        Context::Composer | Context::Completion => {
            insert(state, text);
            complete::close(state);
        }
        Context::Normal => {
            vim::before_paste(state);
            insert(state, text);
        }
        Context::Path => attach::typed(state, text),
        Context::Find => find::insert(state, &crate::text::line(text)),
        Context::Line => line::insert(state, text),
        Context::Filter => {
            let line: String = crate::text::line(text).chars().take(FILTER_MAX).collect();
            if let Some(editor) = &mut state.list.typing {
                editor.insert(&line);
                filtered(state);
            }
        }
        Context::Search => search::insert(state, &crate::text::line(text)),
        Context::ContactFilter => contacts::insert(state, &crate::text::line(text)),
        Context::ContactField => contact_edit::insert(state, &crate::text::line(text)),
        Context::Address => mail::insert(state, &crate::text::line(text)),
        Context::Palette | Context::Words => palette::type_text(state, &crate::text::line(text)),
        context => pasted::offer(state, context, text),
    }
}

/// The filter line changed: the list follows with the next tick.
pub(super) fn filtered(state: &mut State) {
    let text = state.list.typing.as_ref().map(|e| e.text().to_owned()).unwrap_or_default();
    if state.list.query != text {
        state.list.query = text;
        state.list.due = true;
    }
}

/// Opens a composer, for whoever may write.
pub(super) fn write(state: &mut State, out: &mut Out, purpose: Purpose) {
    if is_barred(state) {
        return;
    }
    if let Purpose::Template(id) = purpose {
        return template::begin(state, out, id);
    }
    if let Some(id) = purpose.conversation() {
        thread::open(state, out, id);
    }
    if purpose.contact().is_some() {
        return begin::write(state, out, purpose);
    }
    compose::open(state, out, purpose);
}
