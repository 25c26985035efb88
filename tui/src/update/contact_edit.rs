//! A contact's own fields, changed one at a time: chosen from a list, typed on a line, said before it is done again or taken back.

use api::contact::ContactDetail;
use api::inbox::{ContactPatch, ContactView};
use serde_json::json;

use super::{Out, command, live, new_key, pick, toast, undo};
use crate::editor::{Edit, Editor};
use crate::event::{Effect, Outcome};
use crate::state::{ContactChange, ContactField, ContactLine, Overlay, Pick, PickLine, Picked, State, Tone, Undo};
use crate::text;

/// Chatwoot's limit of its short text columns, in characters.
const CHARS_MAX: usize = 255;
/// Cells of a value in the list and in a toast.
const SHOWN: usize = 60;

/// Why nothing can be edited here; `None` when it can.
pub(crate) fn refusal(state: &State) -> Option<&'static str> {
    if let Some(why) = state.barred() {
        return Some(why);
    }
    let read = state.contacts.card.as_ref().is_some_and(|card| card.detail.is_some());
    (!read).then_some("it is still being read")
}

/// Asks which field.
pub(super) fn ask(state: &mut State) {
    let Some(detail) = state.contacts.card.as_ref().and_then(|card| card.detail.as_ref()) else { return };
    let id = detail.contact.id;
    let lines = ContactField::ALL.into_iter().map(|field| {
        let now = text::line(&field.value(detail));
        PickLine {
            letter: Some(field.letter()),
            label: field.title().to_owned(),
            note: if now.is_empty() { "none".to_owned() } else { text::truncate(&now, SHOWN) },
            disabled: None,
            choice: Picked::Contact(id, field),
        }
    });
    let title = format!("Change what of {}", name(&detail.contact));
    let lines = lines.collect();
    pick::show(state, Pick { title, lines, cursor: 0 });
}

fn name(contact: &ContactView) -> String {
    let name = text::line(&contact.name);
    if name.trim().is_empty() { format!("contact {}", contact.id) } else { text::truncate(&name, SHOWN) }
}

/// What is known of a contact on this screen.
fn known(state: &State, id: i64) -> Option<&ContactDetail> {
    let card = state.contacts.card.as_ref().filter(|card| card.id == id).and_then(|card| card.detail.as_ref());
    card.or_else(|| state.contacts.rows.iter().find(|row| row.contact.id == id))
}

/// Opens the line of a field, with what stands there.
pub(super) fn begin(state: &mut State, id: i64, field: ContactField) {
    let Some(detail) = known(state, id) else { return };
    let from = field.value(detail);
    // One line: what a value hides is not edited unseen.
    let line = Editor::new(text::line(&from));
    state.overlay = Some(Overlay::Contact(ContactLine { id, field, whose: name(&detail.contact), from, line, error: None }));
}

/// Begins a change from the command line: the field's line opens with the new value, and Enter there hands it in.
pub(super) fn from_line(state: &mut State, id: i64, change: Option<(ContactField, String)>) -> Result<(), String> {
    if known(state, id).is_none() {
        return Err(format!("contact {id} is not among the contacts that were read; 4 shows them"));
    }
    let Some((field, value)) = change else {
        let shown = state.contacts.card.as_ref().is_some_and(|card| card.id == id && card.detail.is_some());
        if !shown {
            return Err("say what: --name NAME, --email ADDRESS, --phone NUMBER, --identifier ID or --field company_name=NAME".to_owned());
        }
        command::close(state);
        ask(state);
        return Ok(());
    };
    command::close(state);
    begin(state, id, field);
    if let Some(Overlay::Contact(edit)) = &mut state.overlay {
        edit.line = Editor::new(text::line(&value).chars().take(CHARS_MAX).collect::<String>());
    }
    Ok(())
}

/// Text for the line.
pub(super) fn insert(state: &mut State, typed: &str) {
    let Some(Overlay::Contact(edit)) = &mut state.overlay else { return };
    let room = CHARS_MAX.saturating_sub(edit.line.text().chars().count());
    let typed: String = typed.chars().take(room).collect();
    edit.line.insert(&typed);
    edit.error = None;
}

/// A key that edits the line.
pub(super) fn edit(state: &mut State, key: Edit) {
    if let Some(Overlay::Contact(edit)) = &mut state.overlay {
        edit.line.apply(key, usize::MAX / 2);
        edit.error = None;
    }
}

/// Enter: the value is checked and handed in.
pub(super) fn accept(state: &mut State, out: &mut Out) {
    let Some(Overlay::Contact(edit)) = &mut state.overlay else { return };
    let to = match checked(edit.field, edit.line.text()) {
        Ok(to) => to,
        Err(why) => {
            edit.error = Some(why.to_owned());
            return;
        }
    };
    let change = ContactChange { id: edit.id, field: edit.field, whose: edit.whose.clone(), from: edit.from.clone(), to, back: false };
    state.overlay = None;
    if change.from == change.to {
        return toast(state, Tone::Plain, "It stands there already");
    }
    hand_in(state, out, change);
}

/// What the line would change as it stands, or what is wrong with it.
pub(crate) fn echo(edit: &ContactLine) -> Result<String, String> {
    let to = checked(edit.field, edit.line.text())?;
    let shown = |value: &str| {
        let value = text::line(value);
        if value.is_empty() { "none".to_owned() } else { value }
    };
    Ok(format!("{} of {}: {} instead of {}", edit.field.title(), edit.whose, shown(&to), shown(&edit.from)))
}

fn hand_in(state: &mut State, out: &mut Out, change: ContactChange) {
    let key = new_key(state);
    out.push(Effect::EditContact { change, key });
}

/// The value as Chatwoot keeps it, or why it takes none such. Nothing clears the field.
fn checked(field: ContactField, typed: &str) -> Result<String, &'static str> {
    let text = typed.trim();
    match field {
        ContactField::Name if text.is_empty() => Err("a name is not empty"),
        ContactField::Email if !text.is_empty() => {
            let address = text.to_lowercase();
            let parts = address.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
            let good = parts.is_some() && !address.contains(char::is_whitespace);
            if good { Ok(address) } else { Err("this is no e-mail address: name@example.com") }
        }
        ContactField::Phone if !text.is_empty() => {
            let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '/' | '.')).collect();
            let digits = number.strip_prefix('+').unwrap_or_default();
            let good = (2..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
            if good { Ok(number) } else { Err("with the country's number: +49 30 123456") }
        }
        _ => Ok(text.to_owned()),
    }
}

/// The call's body.
pub(crate) fn patch(change: &ContactChange) -> ContactPatch {
    let mut patch = ContactPatch::default();
    let given = Some(change.to.clone()).filter(|text| !text.is_empty());
    match change.field {
        ContactField::Name => patch.name = given,
        ContactField::Email => patch.email = Some(given),
        ContactField::Phone => patch.phone_number = Some(given),
        ContactField::Identifier => patch.identifier = Some(given),
        ContactField::Company => {
            patch.additional_attributes.insert("company_name".into(), json!(change.to));
        }
    }
    patch
}

/// The change was taken, or the line comes back with what is wrong.
pub(super) fn edited(state: &mut State, change: ContactChange, result: Outcome<ContactView>) {
    let what = change.field.title();
    match result {
        Ok(view) => {
            let card = state.contacts.card.as_mut().filter(|card| card.id == change.id);
            let shown = card.and_then(|card| {
                card.due = true;
                card.detail.as_mut()
            });
            let rows = state.contacts.rows.iter_mut().filter(|row| row.contact.id == change.id);
            for detail in rows.chain(shown) {
                detail.contact = view.clone();
                if change.field == ContactField::Company {
                    detail.additional_attributes.insert("company_name".into(), json!(change.to));
                }
            }
            let to = text::truncate(&text::line(&change.to), SHOWN);
            let now = if to.is_empty() { "none".to_owned() } else { to };
            let end = if change.back { ", taken back" } else { " · u takes it back" };
            toast(state, Tone::Good, format!("{what} of {}: {now}{end}", change.whose));
            if !change.back {
                undo::push(state, Undo::Field(change));
            }
        }
        Err(failure) => {
            live::failed(state, &failure);
            let why = failure.message.clone();
            if change.back {
                let text = format!("{what} of {} is not taken back: {why}", change.whose);
                let ContactChange { id, field, whose, from, to, .. } = change;
                let undo = Undo::Field(ContactChange { id, field, whose, from: to, to: from, back: false });
                return undo::failed(state, undo, &failure, text);
            }
            if state.overlay.is_none() && state.composer.is_none() {
                let ContactChange { id, field, whose, from, to, .. } = change;
                state.overlay = Some(Overlay::Contact(ContactLine { id, field, whose, from, line: Editor::new(to), error: Some(why) }));
            } else {
                toast(state, Tone::Bad, format!("{what} of {} is not changed: {why}", change.whose));
            }
        }
    }
}

/// Takes a change back, if the value is still ours.
pub(super) fn take_back(state: &mut State, out: &mut Out, change: ContactChange) {
    let now = known(state, change.id).map(|detail| change.field.value(detail));
    match now {
        Some(now) if now == change.to => {
            let ContactChange { id, field, whose, from, to, .. } = change;
            hand_in(state, out, ContactChange { id, field, whose, from: to, to: from, back: true });
        }
        Some(_) => undo::stays(state, Tone::Plain, format!("{} of {} was changed since: it stays", change.field.title(), change.whose)),
        None => undo::stays(
            state,
            Tone::Plain,
            format!("{} of {} stays: the contact is not shown here any more", change.field.title(), change.whose),
        ),
    }
}
