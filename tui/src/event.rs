//! Everything that can happen, and everything that can be asked of the outside: one enum each.

mod answer;
mod effect;

pub use answer::Answer;
pub use effect::Effect;

use api::approval::ApprovalView;
use api::contact::{ContactDetail, ContactInboxView, ContactNoteView};
use api::event::StreamEvent;
use api::id::{ApprovalId, ConversationId};
use api::inbox::{ContactPatch, ContactView, InboxView, LabelView, MacroView, MessageView, Named, OutboxView, RunMacro};
use api::lists::{CannedResponseView, CustomAttributeView};
use api::page::Page;
use api::people::{Availability, AvailabilityView};
use api::template::TemplateView;
use api::{ClientError, Code};
use crossterm::event::KeyEvent;
use jiff::Timestamp;

/// Why a call failed, as far as the screen cares.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The API's code, where it gave one.
    pub code: Option<Code>,
    /// For people.
    pub message: String,
    /// Whether the daemon itself could not be reached or was lost.
    pub lost: bool,
    /// Whether the call may have been carried out nevertheless.
    pub unknown: bool,
}

impl From<ClientError> for Failure {
    fn from(err: ClientError) -> Self {
        Self {
            code: err.code().cloned(),
            message: err.to_string(),
            lost: err.is_daemon_lost(),
            unknown: matches!(err, ClientError::Lost(_)),
        }
    }
}

/// The answer to a call.
pub type Outcome<T> = Result<T, Failure>;

/// What the picker menus choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// By name.
    pub agents: Vec<Named>,
    /// By name.
    pub teams: Vec<Named>,
    /// By title.
    pub labels: Vec<LabelView>,
    /// By name.
    pub inboxes: Vec<InboxView>,
    /// By short code.
    pub canned: Vec<CannedResponseView>,
    /// Custom attributes, by key.
    pub attributes: Vec<CustomAttributeView>,
}

/// What is asked of the outside besides reading lists and writing texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Read the macros.
    Macros,
    /// Run a macro.
    Macro {
        /// On which conversation.
        id: ConversationId,
        /// Which, and how long it waits.
        run: RunMacro,
        /// What it is, for people.
        label: String,
        /// Its idempotency key.
        key: String,
    },
    /// Read who takes part.
    Participants(ConversationId),
    /// Read my availability, or set it.
    Availability(Option<Availability>),
    /// Read my signature.
    Signature,
    /// Read a contact.
    Contact(i64),
    /// Read the notes about a contact.
    ContactNotes(i64),
    /// Read where a conversation with a contact can be begun.
    ContactInboxes(i64),
    /// Read the templates for a conversation, of its inbox.
    Templates(ConversationId, i64),
    /// Change a contact.
    ChangeContact {
        /// Whom.
        id: i64,
        /// What to change.
        patch: Box<ContactPatch>,
        /// What it is, for people.
        label: String,
        /// Its idempotency key.
        key: String,
    },
}

impl Act {
    /// Whether it is carried through even when the inbox ends meanwhile. Exhaustive: a new one has to say.
    pub fn writes(&self) -> bool {
        match self {
            Self::Macro { .. } | Self::ChangeContact { .. } | Self::Availability(Some(_)) => true,
            Self::Macros | Self::Participants(_) | Self::Availability(None) | Self::Signature | Self::Contact(_) => false,
            Self::ContactNotes(_) | Self::ContactInboxes(_) | Self::Templates(..) => false,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    /// The macros.
    Macros(Outcome<Vec<MacroView>>),
    /// The templates for a conversation.
    Templates(ConversationId, Outcome<Vec<TemplateView>>),
    /// A macro waits to be run, or not.
    Macro {
        /// On which conversation.
        id: ConversationId,
        /// What it is, for people.
        label: String,
        /// The entry.
        result: Outcome<OutboxView>,
    },
    /// Who takes part.
    Participants(ConversationId, Outcome<Page<Named>>),
    /// My availability, and what was to be set.
    Availability(Option<Availability>, Outcome<AvailabilityView>),
    /// My signature.
    Signature(Outcome<Option<String>>),
    /// A contact.
    Contact(i64, Outcome<ContactDetail>),
    /// Notes about a contact.
    ContactNotes(i64, Outcome<Page<ContactNoteView>>),
    /// Inboxes, and whether a conversation with a contact can be begun in each.
    ContactInboxes(i64, Outcome<Vec<ContactInboxView>>),
    /// A contact was changed, or not.
    ContactChanged {
        /// Whom.
        id: i64,
        /// What it is, for people.
        label: String,
        /// As it is now.
        result: Outcome<ContactView>,
    },
}

impl Acted {
    /// Whether it answers an act that writes.
    pub(crate) fn is_of_a_write(&self) -> bool {
        matches!(self, Self::Macro { .. } | Self::Availability(Some(_), _) | Self::ContactChanged { .. })
    }
}

/// What a text is for, and so who will read it. Bound to ids: it never changes when a list does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The customer reads it.
    Reply(ConversationId),
    /// Only the team reads it.
    Note(ConversationId),
    /// The approvers read it: why a decision is needed.
    Escalate(ConversationId),
    /// The customer reads it: a WhatsApp template, which is chosen and not written. It stands in what goes with the text.
    Template(ConversationId),
    /// The requester reads it: why not. Names the revision that was read.
    Reject(ApprovalId, u32),
    /// Only the team reads it: a note about a contact.
    ContactNote(i64),
    /// The customer reads it, once a conversation with that contact is begun in that inbox.
    Begin(i64, i64),
}

impl Purpose {
    /// The conversation it belongs to.
    pub fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Reply(id) | Self::Note(id) | Self::Escalate(id) | Self::Template(id) => Some(id),
            Self::Reject(..) | Self::ContactNote(_) | Self::Begin(..) => None,
        }
    }

    /// The contact it belongs to, where it belongs to no conversation.
    pub fn contact(self) -> Option<i64> {
        match self {
            Self::ContactNote(id) | Self::Begin(id, _) => Some(id),
            _ => None,
        }
    }

    /// The name its draft is kept under.
    pub fn draft_name(self) -> String {
        match self {
            Self::Reply(id) => format!("reply/{id}"),
            Self::Note(id) => format!("note/{id}"),
            Self::Escalate(id) => format!("escalate/{id}"),
            Self::Template(id) => format!("template/{id}"),
            Self::Reject(id, _) => format!("reject/{id}"),
            Self::ContactNote(id) => format!("contact-note/{id}"),
            Self::Begin(id, inbox) => format!("begin/{id}-{inbox}"),
        }
    }
}

/// What came of a submitted text.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It is in the outbox.
    Message(Box<MessageView>),
    /// An approval was asked or decided.
    Approval(Box<ApprovalView>),
    /// It is in the outbox, and about a contact.
    Contact(Box<OutboxView>),
}

/// What a mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// Its left button.
    Click,
    /// Its wheel, upwards.
    Up,
    /// Its wheel, downwards.
    Down,
}

/// Everything that can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Time passes.
    Tick(Timestamp),
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted as one.
    Paste(String),
    /// The terminal gained (true) or lost the person's attention.
    Focus(bool),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The mouse did something at a column and row.
    Pointer(Pointer, u16, u16),
    /// The activity stream of this generation says something, or broke.
    Stream(u64, Result<StreamEvent, Failure>),
    /// An answer came.
    Answer(Box<Answer>),
}
