//! News that is told: what was heard and waits to be read, and what was told a moment ago.

use std::collections::BTreeMap;

use api::id::ConversationId;
use jiff::Timestamp;

/// What was heard of a conversation that is being read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// It is new.
    pub created: bool,
    /// A customer wrote.
    pub customer: bool,
    /// Somebody wrote a note.
    pub note: bool,
}

/// News.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// By conversation.
    pub heard: BTreeMap<ConversationId, Heard>,
    /// When somebody who looks elsewhere was told last.
    pub told_at: Option<Timestamp>,
}

/// A text that could not be relied on to be in the clipboard: shown, to be taken with the mouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What it is.
    pub title: String,
    /// The text, made safe.
    pub text: String,
    /// First row on the screen.
    pub scroll: usize,
}
