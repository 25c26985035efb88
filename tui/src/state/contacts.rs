//! The contacts screen: the list, and one contact with what is known of it.

use api::contact::{ContactDetail, ContactNoteView};
use api::id::OutboxId;
use api::inbox::ConversationView;
use api::page::PageMeta;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::editor::Editor;

/// Attributes shown of one contact at most: more is data for a program, not for a person.
const ATTRIBUTES_MAX: usize = 60;

/// Notes shown of one contact; the older ones are in Chatwoot.
pub(crate) const NOTES_MAX: usize = 50;

/// The contacts screen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contacts {
    /// Words that the rows must hold; empty: no filter.
    pub query: String,
    /// The filter line while it is typed.
    pub typing: Option<Editor>,
    /// Rows, by name.
    pub rows: Vec<ContactDetail>,
    /// The chosen row.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// Contacts that fit.
    pub total: u64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// Rises with every change of the filter: answers to an older one are dropped.
    pub generation: u64,
    /// When the filter changed last, or something else made the list old; none: it is as asked.
    pub due_at: Option<Timestamp>,
    /// When the cursor moved last: rows that are only passed over are not read.
    pub moved_at: Option<Timestamp>,
    /// An answer is on its way.
    pub loading: bool,
    /// The first page has come.
    pub loaded: bool,
    /// Why it could not be read.
    pub error: Option<String>,
    /// The contact that is shown.
    pub card: Option<ContactCard>,
    /// Whoever is chosen is to be written to: a conversation is begun.
    pub beginning: bool,
    /// Conversations that were begun here and are not there yet: their entries, and with whom.
    pub begun: Vec<(OutboxId, String)>,
}

/// One contact as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactCard {
    /// Chatwoot's id.
    pub id: i64,
    /// What is known; none: not read yet.
    pub detail: Option<ContactDetail>,
    /// The conversations, newest activity first.
    pub conversations: Vec<ConversationView>,
    /// How many there are.
    pub total: u64,
    /// The conversations have come.
    pub loaded: bool,
    /// What the team noted, newest first.
    pub notes: Vec<ContactNoteView>,
    /// How fresh the notes are; none: not read yet.
    pub notes_meta: Option<PageMeta>,
    /// Why they could not be read.
    pub notes_error: Option<String>,
    /// Something changed: read again with the next tick.
    pub due: bool,
    /// The chosen item.
    pub cursor: usize,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// What the cursor can stand on.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    /// An address or an attribute: its name and its value.
    Field(String, String),
    /// A conversation.
    Conversation(&'a ConversationView),
    /// A note of the team's.
    Note(&'a ContactNoteView),
}

impl ContactCard {
    /// A contact of which no more is known than this.
    pub fn new(id: i64, detail: Option<ContactDetail>) -> Self {
        Self {
            id,
            detail,
            conversations: Vec::new(),
            total: 0,
            loaded: false,
            notes: Vec::new(),
            notes_meta: None,
            notes_error: None,
            due: true,
            cursor: 0,
            error: None,
        }
    }

    /// Name and addresses that there are.
    pub fn fields(&self) -> Vec<Item<'_>> {
        let Some(detail) = &self.detail else { return Vec::new() };
        let contact = &detail.contact;
        let fields = [("E-mail", &contact.email), ("Phone", &contact.phone_number), ("Identifier", &contact.identifier)];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        fields.filter(|(_, value)| !value.trim().is_empty()).map(|(name, value)| Item::Field(name.to_owned(), value.to_owned())).collect()
    }

    /// The attributes that have a value: the account's first.
    pub fn attributes(&self) -> Vec<Item<'_>> {
        let Some(detail) = &self.detail else { return Vec::new() };
        let both: [&Map<String, Value>; 2] = [&detail.custom_attributes, &detail.additional_attributes];
        let flat = both.into_iter().flatten().filter_map(|(key, value)| Some(Item::Field(key.clone(), flat(value)?)));
        flat.take(ATTRIBUTES_MAX).collect()
    }

    /// Everything the cursor can stand on, in order.
    pub fn items(&self) -> Vec<Item<'_>> {
        let conversations = self.conversations.iter().map(Item::Conversation);
        let notes = self.notes.iter().take(NOTES_MAX).map(Item::Note);
        self.fields().into_iter().chain(conversations).chain(notes).chain(self.attributes()).collect()
    }
}

/// A value on one line; none for what is empty.
fn flat(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Object(map) if map.is_empty() => return None,
        Value::Array(list) if list.is_empty() => return None,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// A field of a contact that is edited here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactField {
    /// The name.
    Name,
    /// The e-mail address.
    Email,
    /// The phone number, in E.164 form.
    Phone,
    /// The company, one of Chatwoot's own keys.
    Company,
    /// The shop's own id of the customer.
    Identifier,
}

impl ContactField {
    /// All of them, in the order of the list.
    pub const ALL: [Self; 5] = [Self::Name, Self::Email, Self::Phone, Self::Company, Self::Identifier];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Company => "Company",
            Self::Identifier => "Identifier",
        }
    }

    /// The letter that chooses it.
    pub fn letter(self) -> char {
        match self {
            Self::Name => 'n',
            Self::Email => 'e',
            Self::Phone => 'p',
            Self::Company => 'c',
            Self::Identifier => 'i',
        }
    }

    /// What stands there; "" for nothing.
    pub fn value(self, detail: &ContactDetail) -> String {
        let contact = &detail.contact;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match self {
            Self::Name => contact.name.clone(),
            Self::Email => text(&contact.email),
            Self::Phone => text(&contact.phone_number),
            Self::Company => detail.additional_attributes.get("company_name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            Self::Identifier => text(&contact.identifier),
        }
    }
}

/// A field of a contact while it is typed.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactLine {
    /// Whose.
    pub id: i64,
    /// Which.
    pub field: ContactField,
    /// The contact's name; made safe.
    pub whose: String,
    /// What stood there.
    pub from: String,
    /// What is to stand there.
    pub line: Editor,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// A change of one field of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactChange {
    /// Whose.
    pub id: i64,
    /// Which field.
    pub field: ContactField,
    /// The contact's name; made safe.
    pub whose: String,
    /// What stood there.
    pub from: String,
    /// What stands there then; "" for nothing.
    pub to: String,
    /// It takes an earlier one back.
    pub back: bool,
}
