//! A choice that is about no conversation as a whole: types of the feed, links of a thread, ways to copy a message.

use api::id::{ConversationId, MessageId};

use super::{ContactField, Kinds};

/// A link or a file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its words; the address where it has none.
    pub words: String,
    /// Its address, as it is opened; only http, https, mailto and tel.
    pub address: String,
    /// Where it really leads: the host, or the number or mailbox.
    pub host: String,
    /// The file, where it is one that Chatwoot has.
    pub file: Option<StoredFile>,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Of which message.
    pub message: MessageId,
    /// Chatwoot's id.
    pub id: i64,
    /// Its name, as the customer chose it.
    pub name: String,
    /// Its size in bytes, where it is known.
    pub bytes: Option<i64>,
}

/// A file that is being saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// Which of those of this run.
    pub number: u64,
    /// Its name; made safe.
    pub name: String,
    /// Bytes that have come, as far as it was said.
    pub done: u64,
    /// Of how many.
    pub total: Option<u64>,
}

/// What a chosen line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// Show these activities.
    Kinds(Kinds),
    /// Ask what to do with a link.
    Link(Link),
    /// Copy a text; the first word says what it is.
    Copy(&'static str, String),
    /// Type a field of a contact.
    Contact(i64, ContactField),
    /// Begin a conversation with a contact, in an inbox.
    Begin(i64, i64),
    /// Open an address in the browser.
    Browse(String),
    /// Save a file on this machine.
    Save(StoredFile),
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickLine {
    /// The key that chooses it; lines past the last letter have none.
    pub letter: Option<char>,
    /// What it is; made safe.
    pub label: String,
    /// More of it, quieter; made safe.
    pub note: String,
    /// Why it cannot be chosen now.
    pub disabled: Option<&'static str>,
    /// What it does.
    pub choice: Picked,
}

/// A list of lines at the foot of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// What it is about.
    pub title: String,
    /// Its lines.
    pub lines: Vec<PickLine>,
    /// The chosen one.
    pub cursor: usize,
}
