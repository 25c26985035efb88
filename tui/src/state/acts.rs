//! What is done to a conversation, a contact or oneself besides writing: what is asked first, the line that is typed, and what `u` would do.

use api::id::ConversationId;
use api::inbox::{AttributeChange, MacroView};
use api::lists::CustomAttributeView;
use api::people::Availability;

use super::{State, Undo};
use crate::editor::Editor;
use crate::text;

/// What an answer opens. Any key meanwhile means that nobody waits any more: no menu opens under a key that was typed for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// The menu of macros, for these.
    Macros(Vec<ConversationId>),
    /// The menu of participants.
    Participants(ConversationId),
    /// The menu of the contact's attributes.
    Contact(i64),
    /// The menu of availability.
    Availability,
    /// The choice of inboxes in which a conversation with a contact can be begun.
    Inboxes(i64),
    /// The menu of templates.
    Templates(ConversationId),
}

/// What is under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acts {
    /// What is waited for.
    pub waits: Option<Waits>,
    /// The macros that may be run, as read last.
    pub macros: Vec<MacroView>,
    /// What is taken back once it is known that the value is still ours.
    pub taking_back: Option<Undo>,
}

/// What a line is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// Until when these sleep.
    Snooze(Vec<ConversationId>),
    /// The value of an attribute.
    Attribute(Owner, Box<CustomAttributeView>),
    /// The value of a template's variable, by its place.
    Template(ConversationId, Box<super::Chosen>, usize),
}

/// Whose attribute it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Owner {
    /// A conversation's.
    Conversation(ConversationId),
    /// A contact's, and what it had under the key.
    Contact(i64, Option<serde_json::Value>),
}

/// A line that is typed at the foot of the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is about.
    pub title: String,
    /// What is typed.
    pub editor: Editor,
    /// What it is for.
    pub asks: Asks,
}

/// A change of a contact's attribute, with its way back.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactUndo {
    /// Whose.
    pub contact: i64,
    /// The key.
    pub key: String,
    /// What was set: taken back only while it is so.
    pub made: Option<serde_json::Value>,
    /// The opposite change.
    pub back: AttributeChange,
    /// What it is, for people.
    pub label: String,
}

/// A change of the own availability, with its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvailabilityUndo {
    /// What it was.
    pub back: Availability,
    /// What was set: taken back only while it is so.
    pub made: Availability,
}

/// What `u` takes back, in words; `None` where there is nothing.
pub(crate) fn undo_words(state: &State) -> Option<String> {
    let of = |id: &ConversationId| match state.conversation(*id).map(|view| text::line(&view.contact.name)) {
        Some(name) if !name.is_empty() => format!("#{id} {name}"),
        _ => format!("#{id}"),
    };
    Some(match state.undo.last()? {
        Undo::Message(id) => match state.outbox.iter().find(|entry| entry.id == *id) {
            Some(entry) => match &entry.conversation_id {
                Some(conversation) => format!("{} to {}", entry.kind, of(conversation)).replacen("note to", "note on", 1),
                None => entry.kind.clone(),
            },
            None => "the last message".into(),
        },
        Undo::Patch { id, label, .. } | Undo::Entry { id, label, .. } => format!("{}: {label}", of(id)),
        Undo::Held { ids, label, .. } => match ids.as_slice() {
            [id] => format!("{}: {label}", of(id)),
            many => format!("{} conversations: {label}", many.len()),
        },
        Undo::Waiting(_) => "the decision that waits".into(),
        Undo::Contact(undo) => undo.label.clone(),
        Undo::Field(change) => format!("{} of {}", change.field.title(), text::line(&change.whose)),
        Undo::Availability(undo) => format!("you are {}", undo.made),
    })
}
