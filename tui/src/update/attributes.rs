//! Custom attributes of a conversation and of its contact: shown by their definitions, changed by the rules of their types.

use api::attribute;
use api::contact::ContactDetail;
use api::id::ConversationId;
use api::inbox::{AttributeChange, ContactPatch, ContactView, ConversationPatch};
use api::lists::CustomAttributeView;
use serde_json::{Map, Value};

use super::{Out, line, live, menus, new_key, toast, undo};
use crate::editor::Editor;
use crate::event::{Act, Effect, Outcome};
use crate::state::{Action, Asks, ContactUndo, Line, Menu, MenuItem, Overlay, Owner, State, Tone, Undo, Waits};
use crate::text;

/// Attributes in a menu: an account has tens.
const ROWS_MAX: usize = 200;

/// The attributes of a conversation.
pub(super) fn of_conversation(state: &mut State, id: ConversationId) {
    let Some(view) = state.conversation(id) else { return };
    let (title, values) = (format!("Attributes of #{id} {}", text::line(&view.contact.name)), view.custom_attributes.clone());
    show(state, title, "conversation_attribute", &values, &|_| Owner::Conversation(id));
}

/// Asks for the contact: the list does not have its attributes.
pub(super) fn ask_contact(state: &mut State, out: &mut Out, id: i64) {
    state.acts.waits = Some(Waits::Contact(id));
    out.push(Effect::Act(Box::new(Act::Contact(id))));
}

/// The contact was read: for the menu, or to take something back.
pub(super) fn contact(state: &mut State, out: &mut Out, id: i64, result: Outcome<ContactDetail>) {
    let detail = match result {
        Ok(detail) => detail,
        Err(failure) => {
            live::failed(state, &failure);
            let waited = state.acts.waits.take_if(|waits| *waits == Waits::Contact(id)).is_some();
            let kept = state.acts.taking_back.take_if(|undo| matches!(undo, Undo::Contact(undo) if undo.contact == id));
            let text = format!("Contact {id} was not read: {}", failure.message);
            return match kept {
                Some(undo) => undo::failed(state, undo, &failure, text),
                None if waited => toast(state, Tone::Bad, text),
                None => {}
            };
        }
    };
    if let Some(Undo::Contact(undo)) = state.acts.taking_back.take_if(|undo| matches!(undo, Undo::Contact(undo) if undo.contact == id)) {
        if detail.custom_attributes.get(&undo.key).filter(|value| !value.is_null()) == undo.made.as_ref() {
            let (back, label) = (undo.back.clone(), undo::back(&undo.label));
            state.acts.taking_back = Some(Undo::Contact(undo)); // Until that is answered.
            change(state, out, id, back, label);
        } else {
            undo::stays(state, Tone::Plain, format!("It was changed since by somebody else: \"{}\" stays", undo.label));
        }
    }
    if state.acts.waits.take_if(|waits| *waits == Waits::Contact(id)).is_some() && state.overlay.is_none() {
        let values = detail.custom_attributes.clone();
        let title = format!("Attributes of {}", text::line(&detail.contact.name));
        show(state, title, "contact_attribute", &values, &|key| Owner::Contact(id, values.get(key).cloned()));
    }
}

fn show(state: &mut State, title: String, model: &str, values: &Map<String, Value>, owner: &dyn Fn(&str) -> Owner) {
    let of_model = state.directory.attributes.iter().filter(|definition| definition.model == model).take(ROWS_MAX);
    let items: Vec<MenuItem> = of_model
        .map(|definition| {
            let value = values.get(&definition.key).map(|value| attribute::show(definition, value)).unwrap_or_default();
            let shown = if value.trim().is_empty() { "—".to_owned() } else { text::truncate(&text::line(&value), 60) };
            MenuItem {
                letter: None,
                label: format!("{}: {shown}", text::line(&definition.display_name)),
                disabled: None,
                action: Action::Attribute(owner(&definition.key), Box::new(definition.clone())),
                done: value,
            }
        })
        .collect();
    if items.is_empty() {
        toast(state, Tone::Plain, "The account has no such attributes; they are defined in Chatwoot");
        return;
    }
    state.overlay = Some(Overlay::Menu(Menu { title, targets: Vec::new(), items, cursor: 0, search: Some(String::new()) }));
}

/// An attribute was chosen: its choices, or a line for its value as it stands.
pub(super) fn chosen(state: &mut State, owner: Owner, definition: CustomAttributeView, value: &str) {
    let name = text::line(&definition.display_name);
    let choices: Vec<(String, Option<Value>)> = match definition.display_type.as_str() {
        "checkbox" => vec![("yes".into(), Some(true.into())), ("no".into(), Some(false.into()))],
        "list" => definition.choices.iter().take(ROWS_MAX).map(|choice| (text::line(choice), Some(choice.as_str().into()))).collect(),
        _ => {
            let title = format!("{name}, {}", attribute::hint(&definition));
            let asks = Asks::Attribute(owner, Box::new(definition));
            line::open(state, Line { title, editor: Editor::new(text::line(value)), asks });
            return;
        }
    };
    let mut items: Vec<MenuItem> = choices
        .into_iter()
        .map(|(label, to)| MenuItem {
            letter: None,
            disabled: (label == text::line(value)).then_some("already so"),
            label,
            action: Action::SetAttribute(owner.clone(), Box::new(definition.clone()), to),
            done: String::new(),
        })
        .collect();
    items.push(MenuItem {
        letter: None,
        label: "no value".into(),
        disabled: value.is_empty().then_some("already so"),
        action: Action::SetAttribute(owner, Box::new(definition), None),
        done: String::new(),
    });
    let cursor = items.iter().position(|item| item.disabled.is_some()).unwrap_or(0);
    state.overlay = Some(Overlay::Menu(Menu { title: name, targets: Vec::new(), items, cursor, search: Some(String::new()) }));
}

/// Sets a value, or takes it away.
pub(super) fn set(state: &mut State, out: &mut Out, owner: Owner, definition: &CustomAttributeView, value: Option<Value>) {
    let name = text::line(&definition.display_name);
    let label = match &value {
        Some(value) => format!("{name} {}", text::truncate(&text::line(&attribute::show(definition, value)), 40)),
        None => format!("{name} without a value"),
    };
    let change_to = |value: Option<Value>| match value {
        Some(value) => AttributeChange { set: Map::from_iter([(definition.key.clone(), value)]), unset: Vec::new() },
        None => AttributeChange { set: Map::new(), unset: vec![definition.key.clone()] },
    };
    match owner {
        Owner::Conversation(id) => {
            let patch = ConversationPatch { custom_attributes: Some(change_to(value)), ..ConversationPatch::default() };
            menus::patch(state, out, id, patch, label, true);
        }
        Owner::Contact(contact, was) => {
            let undo =
                ContactUndo { contact, key: definition.key.clone(), made: value.clone(), back: change_to(was), label: label.clone() };
            undo::push(state, Undo::Contact(Box::new(undo)));
            change(state, out, contact, change_to(value), label);
        }
    }
}

fn change(state: &mut State, out: &mut Out, id: i64, made: AttributeChange, label: String) {
    let patch = Box::new(ContactPatch { custom_attributes: Some(made), ..ContactPatch::default() });
    let key = new_key(state);
    out.push(Effect::Act(Box::new(Act::ChangeContact { id, patch, label, key })));
}

/// The contact was changed, or not.
pub(super) fn changed(state: &mut State, id: i64, label: &str, result: Outcome<ContactView>) {
    let this = |undo: &mut Undo| matches!(undo, Undo::Contact(undo) if undo.contact == id && undo::back(&undo.label) == label);
    let taken_back = state.acts.taking_back.take_if(this);
    match result {
        Ok(view) => {
            let name = text::line(&view.name);
            if let Some(card) = state.contacts.card.as_mut().filter(|card| card.id == id) {
                card.due = true;
            }
            let more = if taken_back.is_some() { "" } else { " · u takes it back" };
            toast(state, Tone::Good, format!("{name}: {label}{more}"));
        }
        Err(failure) => {
            live::failed(state, &failure);
            if let Some(undo) = taken_back {
                return undo::failed(state, undo, &failure, format!("Not taken back: {}", failure.message));
            }
            if !failure.unknown {
                state.undo.retain(|undo| !matches!(undo, Undo::Contact(undo) if undo.contact == id && undo.label == label));
            }
            toast(state, Tone::Bad, format!("Contact {id} not changed: {}", failure.message));
        }
    }
}

/// The change that takes another back, as a conversation stands before it.
pub(super) fn opposite(values: &Map<String, Value>, change: &AttributeChange) -> AttributeChange {
    let keys = change.set.keys().chain(&change.unset);
    let (had, had_not): (Vec<&String>, Vec<&String>) = keys.partition(|key| values.contains_key(*key));
    let set = had.into_iter().filter_map(|key| Some((key.clone(), values.get(key)?.clone()))).collect();
    AttributeChange { set, unset: had_not.into_iter().cloned().collect() }
}

/// Whether the values are as a change made them.
pub(super) fn is_so(values: &Map<String, Value>, made: &AttributeChange) -> bool {
    made.set.iter().all(|(key, value)| values.get(key) == Some(value)) && made.unset.iter().all(|key| !values.contains_key(key))
}
