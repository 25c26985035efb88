//! The search screen: the line, what it found, and where the cursor stands.

use api::id::{ConversationId, MessageId};
use api::inbox::ContactView;
use api::lists::CannedResponseView;
use api::search::FoundMessage;
use jiff::Timestamp;

use crate::editor::Editor;

/// Contacts shown above the messages: a way there, not a list.
const CONTACTS_SHOWN: usize = 3;
/// Canned responses shown above the messages.
const CANNED_SHOWN: usize = 2;

/// The search screen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Search {
    /// The line.
    pub line: Editor,
    /// Whether it has the keys; else the results do.
    pub typing: bool,
    /// Messages found, newest first.
    pub messages: Vec<FoundMessage>,
    /// Contacts that the same words name.
    pub contacts: Vec<ContactView>,
    /// Canned responses that hold the same words.
    pub canned: Vec<CannedResponseView>,
    /// The chosen row.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// Messages that fit, counted to 1,000.
    pub total: u64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// Rises with every change of the line: answers to an older one are dropped.
    pub generation: u64,
    /// When the line changed last; none: what is shown is what it says.
    pub typed_at: Option<Timestamp>,
    /// When the cursor moved last: rows that are only passed over are not read.
    pub moved_at: Option<Timestamp>,
    /// An answer is on its way.
    pub loading: bool,
    /// An answer to this line has come.
    pub loaded: bool,
    /// Why there is none.
    pub error: Option<String>,
}

/// One row of the results.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hit<'a> {
    /// A contact.
    Contact(&'a ContactView),
    /// A canned response.
    Canned(&'a CannedResponseView),
    /// A message.
    Message(&'a FoundMessage),
}

impl Search {
    /// Rows, in order.
    pub fn len(&self) -> usize {
        self.contacts.len().min(CONTACTS_SHOWN) + self.canned.len().min(CANNED_SHOWN) + self.messages.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row.
    pub fn hit(&self, index: usize) -> Option<Hit<'_>> {
        let contacts = self.contacts.iter().take(CONTACTS_SHOWN).map(Hit::Contact);
        let canned = self.canned.iter().take(CANNED_SHOWN).map(Hit::Canned);
        let before = self.len() - self.messages.len();
        match index.checked_sub(before) {
            Some(at) => self.messages.get(at).map(Hit::Message),
            None => contacts.chain(canned).nth(index),
        }
    }

    /// The chosen message and its conversation.
    pub fn chosen(&self) -> Option<(ConversationId, MessageId)> {
        match self.hit(self.cursor) {
            Some(Hit::Message(message)) => Some((message.conversation_id, message.id)),
            _ => None,
        }
    }

    /// The line is empty.
    pub fn is_blank(&self) -> bool {
        self.line.is_blank()
    }
}
