//! Everything that can happen, and everything that can be asked of the outside: one enum each.

use api::approval::ApprovalView;
use api::contact::{ContactDetail, ContactQuery};
use api::event::StreamEvent;
use api::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use api::inbox::{ConversationPatch, ConversationQuery, ConversationView, LabelView, MessageView, Named, OutboxView};
use api::page::Page;
use api::search::{SearchPage, SearchQuery};
use api::status::StatusView;
use api::tenant::MeView;
use api::{ClientError, Code};
use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::drafts::Draft;

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
    /// The requester reads it: why not. Names the revision that was read.
    Reject(ApprovalId, u32),
}

impl Purpose {
    /// The conversation it belongs to.
    pub fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Reply(id) | Self::Note(id) | Self::Escalate(id) => Some(id),
            Self::Reject(..) => None,
        }
    }

    /// The name its draft is kept under.
    pub fn draft_name(self) -> String {
        match self {
            Self::Reply(id) => format!("reply/{id}"),
            Self::Note(id) => format!("note/{id}"),
            Self::Escalate(id) => format!("escalate/{id}"),
            Self::Reject(id, _) => format!("reject/{id}"),
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
}

/// What the outside answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The caller.
    Me(Outcome<MeView>),
    /// The daemon's state.
    Status(Outcome<StatusView>),
    /// Agents, teams, labels.
    Directory(Outcome<Directory>),
    /// Entries not done.
    Outbox(Outcome<Vec<OutboxView>>),
    /// A page of the list; of another generation it is too late and dropped.
    List {
        /// Which filter it belongs to.
        generation: u64,
        /// Whether it continues the list.
        more: bool,
        /// The page.
        result: Outcome<Page<ConversationView>>,
    },
    /// The numbers behind the tabs.
    Counts {
        /// Which filter they belong to.
        generation: u64,
        /// A page of one row.
        result: Outcome<Page<ConversationView>>,
    },
    /// One conversation.
    Conversation(ConversationId, Outcome<ConversationView>),
    /// Messages of one conversation.
    Messages {
        /// Whose.
        id: ConversationId,
        /// Whether they are older than what was known.
        older: bool,
        /// Ascending.
        result: Outcome<Page<MessageView>>,
    },
    /// Messages around one: up to it, and after it.
    Around {
        /// Whose.
        id: ConversationId,
        /// The one in the middle.
        message: MessageId,
        /// Both ascending.
        result: Outcome<(Page<MessageView>, Page<MessageView>)>,
    },
    /// Messages newer than one.
    Newer {
        /// Whose.
        id: ConversationId,
        /// Newer than this.
        after: i64,
        /// Ascending.
        result: Outcome<Page<MessageView>>,
    },
    /// A page of search; of another generation it is too late and dropped.
    Search {
        /// Which line it belongs to.
        generation: u64,
        /// Whether it continues the results.
        more: bool,
        /// What was found.
        result: Outcome<SearchPage>,
    },
    /// A page of contacts; of another generation it is too late and dropped.
    Contacts {
        /// Which filter it belongs to.
        generation: u64,
        /// Whether it continues the list.
        more: bool,
        /// The page.
        result: Outcome<Page<ContactDetail>>,
    },
    /// One contact.
    Contact(i64, Outcome<ContactDetail>),
    /// A contact's conversations.
    ConversationsOf(i64, Outcome<Page<ConversationView>>),
    /// A page of approvals.
    Approvals {
        /// Which tab it belongs to.
        generation: u64,
        /// Whether it continues the list.
        more: bool,
        /// The page.
        result: Outcome<Page<ApprovalView>>,
    },
    /// One approval.
    Approval(ApprovalId, Outcome<ApprovalView>),
    /// A text of ours was taken or refused.
    Submitted {
        /// What it was for.
        purpose: Purpose,
        /// Its idempotency key.
        key: String,
        /// What came of it.
        result: Outcome<Submitted>,
    },
    /// A conversation was changed.
    Patched {
        /// Which.
        id: ConversationId,
        /// What was done, for people.
        label: String,
        /// Its new state.
        result: Outcome<ConversationView>,
    },
    /// An approval was approved.
    Approved(ApprovalId, Outcome<ApprovalView>),
    /// An outbox entry was taken back.
    Recalled(OutboxId, Outcome<OutboxView>),
    /// A failed entry that was sent anew is discarded.
    Discarded(Outcome<OutboxView>),
    /// The drafts of last time; the text says what was wrong with the file.
    Drafts(Vec<(String, Draft)>, Option<String>),
    /// Drafts are on disk, or the reason why not.
    DraftsSaved(Result<(), String>),
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
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The activity stream of this generation says something, or broke.
    Stream(u64, Result<StreamEvent, Failure>),
    /// An answer came.
    Answer(Box<Answer>),
}

/// Everything that can be asked of the outside. Each becomes one [`Answer`], but for the last ones.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read the caller.
    Me,
    /// Read the daemon's state.
    Status,
    /// Read agents, teams, labels.
    Directory,
    /// Read the outbox.
    Outbox,
    /// Read a page of the list.
    List {
        /// Which filter it belongs to.
        generation: u64,
        /// Filter and place.
        query: ConversationQuery,
        /// Whether it continues the list.
        more: bool,
    },
    /// Read the numbers behind the tabs.
    Counts {
        /// Which filter they belong to.
        generation: u64,
        /// Filter.
        query: ConversationQuery,
    },
    /// Read one conversation.
    Conversation(ConversationId),
    /// Read messages: the newest, or older than an id.
    Messages {
        /// Whose.
        id: ConversationId,
        /// Older than this.
        before: Option<i64>,
    },
    /// Read messages around one of them.
    Around {
        /// Whose.
        id: ConversationId,
        /// The one in the middle.
        message: MessageId,
    },
    /// Read messages newer than an id.
    Newer {
        /// Whose.
        id: ConversationId,
        /// Newer than this.
        after: i64,
    },
    /// Search.
    Search {
        /// Which line it belongs to.
        generation: u64,
        /// The line and the place.
        query: SearchQuery,
    },
    /// Read a page of contacts.
    Contacts {
        /// Which filter it belongs to.
        generation: u64,
        /// Filter and place.
        query: ContactQuery,
    },
    /// Read one contact.
    Contact(i64),
    /// Read a contact's conversations.
    ConversationsOf(i64),
    /// Read a page of approvals.
    Approvals {
        /// Which tab it belongs to.
        generation: u64,
        /// Filter and place.
        query: api::approval::ApprovalQuery,
        /// Whether it continues the list.
        more: bool,
    },
    /// Read one approval.
    Approval(ApprovalId),
    /// Hand a text in.
    Submit {
        /// What it is for.
        purpose: Purpose,
        /// The text.
        text: String,
        /// Its idempotency key.
        key: String,
    },
    /// Change a conversation.
    Patch {
        /// Which.
        id: ConversationId,
        /// What to change.
        patch: ConversationPatch,
        /// What it is, for people.
        label: String,
        /// Its idempotency key.
        key: String,
    },
    /// Approve, at the revision that was read.
    Approve {
        /// Which.
        id: ApprovalId,
        /// What was read.
        revision: u32,
        /// Its idempotency key.
        key: String,
    },
    /// Take an outbox entry back.
    Recall(OutboxId, String),
    /// Discard a failed outbox entry, silently.
    Discard(OutboxId, String),
    /// Read the drafts of this tenant and user.
    LoadDrafts {
        /// Tenant and user, as one name.
        owner: String,
    },
    /// Write all drafts.
    SaveDrafts(Vec<(String, Draft)>),
    /// Open the activity stream; one of an older generation ends.
    Stream {
        /// Which one.
        generation: u64,
        /// After this seq, without loss; from now on when absent.
        after: Option<i64>,
    },
    /// Put a text in the terminal's clipboard (OSC 52).
    Copy(String),
    /// End the inbox.
    Quit,
}
