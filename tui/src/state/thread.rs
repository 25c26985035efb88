//! One opened conversation's messages, and the place on the screen.

use api::id::{MessageId, OutboxId};
use api::inbox::MessageView;

/// One opened conversation's messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thread {
    /// Ascending, what is still in the outbox last.
    pub messages: Vec<MessageView>,
    /// Whether there are older ones to read.
    pub older: bool,
    /// Older ones are on their way.
    pub loading_older: bool,
    /// The newest have come.
    pub loaded: bool,
    /// Lines hidden below the last one on the screen, counted from the message with this name; none: at the end.
    pub anchor: Option<Anchor>,
    /// Read around this message and not yet joined to the newest; none: the last message is the newest.
    pub around: Option<MessageId>,
    /// The message that was looked for. As long as there is one, being on the screen marks nothing read.
    pub mark: Option<MessageId>,
    /// Newer ones are on their way.
    pub loading_newer: bool,
    /// Answers with older messages that are still to come and belong to another part of the conversation.
    pub late: u8,
    /// Quoted e-mail is shown in full.
    pub quotes: bool,
    /// The chosen message's name.
    pub selected: Option<String>,
    /// How many were unread when it was opened, until the first of them is known.
    pub unread_due: u32,
    /// The first message that was unread when it was opened.
    pub unread: Option<MessageId>,
    /// When it was looked at last, for forgetting.
    pub used: u64,
    /// Messages that are being deleted, by the outbox entry that does it.
    pub erasing: Vec<(OutboxId, MessageId)>,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// A place in a thread: the item whose lines stand lowest on the screen, and how many of them are below the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The item's name.
    pub item: String,
    /// Its lines below the edge.
    pub hidden: usize,
}
