//! What reading a conversation keeps: the chosen message, what was unread, what is searched for, what was seen.

use api::id::ConversationId;
use jiff::Timestamp;

use crate::editor::Editor;

/// A search inside a conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Find {
    /// The words.
    pub words: String,
    /// The line while it is typed.
    pub typing: Option<Editor>,
    /// Messages that hold them, as far as they are loaded.
    pub found: usize,
    /// Which of them is chosen, from the newest.
    pub at: Option<usize>,
    /// Older messages are being read for the next match.
    pub further: bool,
    /// There is none further up.
    pub ended: bool,
}

/// What was seen of the conversation on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Whether the terminal has the person's attention, as far as it says so.
    pub focused: bool,
    /// Which newest message is on the screen, and since when.
    pub since: Option<(ConversationId, Option<i64>, Timestamp)>,
    /// The newest message that was marked, or that is to stay unread: not marked again.
    pub settled: Option<(ConversationId, Option<i64>)>,
}

impl Default for Seen {
    fn default() -> Self {
        // Terminals that say nothing about focus count as focused.
        Self { focused: true, since: None, settled: None }
    }
}
