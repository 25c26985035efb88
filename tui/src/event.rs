//! Everything that can happen, and everything that can be asked of the outside: one enum each.

use api::approval::ApprovalView;
use api::contact::{ContactDetail, ContactQuery};
use api::event::{Activity, ActivityQuery, StreamEvent};
use api::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use api::inbox::{
    ContactPatch, ContactView, ConversationPatch, ConversationQuery, ConversationView, InboxView, LabelView, MacroView, MessageView, Named,
    OutboxView, RunMacro,
};
use api::lists::{CannedResponseView, CustomAttributeView, CustomFilterView, NewCustomFilter};
use api::page::Page;
use api::people::{Availability, AvailabilityView};
use api::search::{SearchPage, SearchQuery};
use api::status::StatusView;
use api::tenant::MeView;
use api::{ClientError, Code};
use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::drafts::Draft;
use crate::seen::Seen;
use crate::state::{Attached, ContactChange, With};
use crate::telling::Notice;

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
    /// Read a contact.
    Contact(i64),
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
    /// Whether it is carried through even when the inbox ends meanwhile.
    pub fn writes(&self) -> bool {
        matches!(self, Self::Macro { .. } | Self::ChangeContact { .. } | Self::Availability(Some(_)))
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    /// The macros.
    Macros(Outcome<Vec<MacroView>>),
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
    Participants(ConversationId, Outcome<Vec<Named>>),
    /// My availability, and what was to be set.
    Availability(Option<Availability>, Outcome<AvailabilityView>),
    /// A contact.
    Contact(i64, Outcome<ContactDetail>),
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
    /// The numbers behind the tabs of a status, without any filter.
    OwnCounts {
        /// Of which status.
        status: &'static str,
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
    /// A page of the activity feed.
    Activity {
        /// Which reading it belongs to.
        generation: u64,
        /// What was asked.
        query: ActivityQuery,
        /// Newest first, or after a seq and oldest first, as asked.
        result: Outcome<Page<Activity>>,
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
    Approved {
        /// Which.
        id: ApprovalId,
        /// What was read.
        revision: u32,
        /// The idempotency key.
        key: String,
        /// As it is now.
        result: Outcome<ApprovalView>,
    },
    /// What was asked besides came.
    Acted(Box<Acted>),
    /// An outbox entry was taken back.
    Recalled(OutboxId, Outcome<OutboxView>),
    /// A conversation was marked read (true) or unread, or was not.
    MarkedRead(ConversationId, bool, Outcome<ConversationView>),
    /// A contact's field was changed, or was not.
    ContactEdited {
        /// What was asked.
        change: ContactChange,
        /// The contact as it is now.
        result: Outcome<ContactView>,
    },
    /// A message will be deleted, or will not.
    Erased {
        /// Of which conversation.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// The entry that does it.
        result: Outcome<OutboxView>,
    },
    /// A failed entry is tried again, or is not.
    Retried(Outcome<OutboxView>),
    /// A key stands in the file of keys, or does not.
    KeySaved(Result<(), String>),
    /// The browser could not be started.
    NotBrowsed(String),
    /// A failed entry that was sent anew is discarded.
    Discarded(Outcome<OutboxView>),
    /// The drafts of last time; the text says what was wrong with the file.
    Drafts(Vec<(String, Draft)>, Option<String>),
    /// A file was looked at.
    Looked {
        /// For which text.
        purpose: Purpose,
        /// Its path as it was asked for.
        path: String,
        /// The file, or what is wrong with it.
        result: Result<Attached, String>,
    },
    /// How a begun path can go on.
    Paths {
        /// As it was begun.
        typed: String,
        /// Whole paths.
        found: Vec<String>,
    },
    /// A text came back from the person's own editor.
    Edited {
        /// What it is for.
        purpose: Purpose,
        /// The text, or why it is as it was.
        result: Result<String, String>,
    },
    /// The caller's saved views.
    Views(Outcome<Vec<CustomFilterView>>),
    /// A saved view was saved, renamed or deleted: in a word.
    ViewChanged(&'static str, Outcome<CustomFilterView>),
    /// Drafts are on disk, or the reason why not.
    DraftsSaved(Result<(), String>),
    /// Another inbox of the same user has drafts too: what this one had when it wrote, and what is in the file now.
    DraftsMerged {
        /// What was written.
        ours: Vec<(String, Draft)>,
        /// What is there.
        all: Vec<(String, Draft)>,
    },
    /// The inbox's own files are gone, or the reason why not.
    Forgot(Result<(), String>),
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
    /// Read the numbers behind the tabs of a status, without any filter.
    OwnCounts {
        /// Of which status.
        status: &'static str,
        /// The status alone.
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
    /// Read a page of the activity feed.
    Activity {
        /// Which reading it belongs to.
        generation: u64,
        /// Place in it.
        query: ActivityQuery,
    },
    /// Read one approval.
    Approval(ApprovalId),
    /// Hand a text in.
    Submit {
        /// What it is for.
        purpose: Purpose,
        /// The text.
        text: String,
        /// What goes with it.
        with: With,
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
    /// Do something besides.
    Act(Box<Act>),
    /// Take an outbox entry back.
    Recall(OutboxId, String),
    /// Mark a conversation read or unread.
    MarkRead {
        /// Which.
        id: ConversationId,
        /// Read, or unread.
        read: bool,
        /// Its idempotency key.
        key: String,
    },
    /// Change a field of a contact.
    EditContact {
        /// Whose, which, and to what.
        change: ContactChange,
        /// Its idempotency key.
        key: String,
    },
    /// Delete a message, after the hold.
    Erase {
        /// Of which conversation.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// Its idempotency key.
        key: String,
    },
    /// Try a failed outbox entry again.
    Retry(OutboxId, String),
    /// Open an address in the browser of this machine.
    Browse(String),
    /// Discard a failed outbox entry, silently.
    Discard(OutboxId, String),
    /// Read the drafts of this tenant and user.
    LoadDrafts {
        /// Tenant and user, as one name.
        owner: String,
    },
    /// Write all drafts.
    SaveDrafts(Vec<(String, Draft)>),
    /// These drafts are known here now.
    DraftsKnown(Vec<(String, Draft)>),
    /// Remove the inbox's own files: drafts and what was seen last. Nothing is written after that.
    Forget,
    /// Write what is on the screen, for the next start.
    SaveSeen(Box<Seen>),
    /// Open the activity stream; one of an older generation ends.
    Stream {
        /// Which one.
        generation: u64,
        /// After this seq, without loss; from now on when absent.
        after: Option<i64>,
    },
    /// Look at a file that is to go with a text.
    Look {
        /// Which text.
        purpose: Purpose,
        /// As typed.
        path: String,
    },
    /// Find how a begun path can go on.
    Paths(String),
    /// Give a text to the person's own editor, which has the terminal meanwhile.
    Edit {
        /// What it is for.
        purpose: Purpose,
        /// The text.
        text: String,
    },
    /// Read the caller's saved views.
    Views,
    /// Save a view in Chatwoot.
    SaveView(Box<NewCustomFilter>),
    /// Give a view another name.
    RenameView(i64, String),
    /// Delete a view.
    DeleteView(i64),
    /// Put a text in the terminal's clipboard (OSC 52).
    Copy(String),
    /// Write a key into the file of keys.
    SaveKey {
        /// The place, as the file names it.
        place: &'static str,
        /// The key.
        key: String,
        /// The action.
        id: &'static str,
    },
    /// Tell news to a person who looks elsewhere.
    Notify(Notice),
    /// Turn the mouse on or off.
    Mouse(bool),
    /// Give the terminal back to the shell and stop, until it lets the inbox go on.
    Suspend,
    /// End the inbox.
    Quit,
}

impl Effect {
    /// Whether it changes something outside for somebody who asked for that, by any of the two ways to use the inbox.
    pub(crate) fn is_change(&self) -> bool {
        matches!(
            self,
            Self::Submit { .. }
                | Self::Patch { .. }
                | Self::MarkRead { .. }
                | Self::Retry(..)
                | Self::Approve { .. }
                | Self::Recall(..)
                | Self::Discard(..)
        )
    }

    /// Whether it is carried through even when the inbox ends meanwhile: a change, or what only the screen offers.
    pub(crate) fn lasts(&self) -> bool {
        self.is_change()
            || match self {
                Self::Act(act) => act.writes(),
                Self::Erase { .. } | Self::EditContact { .. } => true,
                Self::SaveView(..) | Self::RenameView(..) | Self::DeleteView(..) => true,
                _ => false,
            }
    }
}

impl Answer {
    /// Whether it answers such a change.
    pub(crate) fn is_of_a_change(&self) -> bool {
        matches!(
            self,
            Self::Submitted { .. }
                | Self::Patched { .. }
                | Self::MarkedRead(..)
                | Self::Retried(..)
                | Self::Approved { .. }
                | Self::Recalled(..)
                | Self::Discarded(..)
        )
    }
}
