//! What the inbox asks of the outside.

use super::{Act, Purpose};
use api::contact::ContactQuery;
use api::event::ActivityQuery;
use api::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use api::inbox::{ConversationPatch, ConversationQuery};
use api::lists::NewCustomFilter;
use api::search::SearchQuery;

use crate::drafts::Draft;
use crate::picture::{Transmit, Wanted};
use crate::seen::Seen;
use crate::state::{ContactChange, StoredFile, With};
use crate::telling::Notice;

/// Everything that can be asked of the outside. Each becomes one [`Answer`](super::Answer), but for the last ones.
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
    /// Save a file of a message on this machine.
    SaveFile {
        /// Which of those of this run.
        number: u64,
        /// The file.
        file: StoredFile,
        /// The folder, if it is set.
        into: Option<String>,
    },
    /// Read a file and make a picture of it.
    Picture(Box<Wanted>),
    /// Give the terminal a picture that cells will show.
    Transmit(Box<Transmit>),
    /// Let the terminal forget a picture.
    ForgetPicture(u32),
    /// Stop saving; what has come of the file goes.
    StopSaving,
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

/// What an effect leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    /// Nothing: it reads, shows, or ends.
    None,
    /// A change in Chatwoot or at the daemon.
    Change,
    /// A file of the inbox's own on this machine.
    File,
}

impl Effect {
    /// Whether it changes something outside. It is carried through even when the inbox ends meanwhile, and line by line its outcome is told
    /// before anything else is asked.
    pub(crate) fn is_change(&self) -> bool {
        self.trace() == Trace::Change
    }

    /// Whether a read-only inbox carries it out: what a person saves or copies is theirs, all else is only read.
    pub(crate) fn leaves_no_trace(&self) -> bool {
        self.trace() == Trace::None
    }

    /// Exhaustive: a new effect has to say.
    fn trace(&self) -> Trace {
        match self {
            Self::Act(act) => match act.writes() {
                true => Trace::Change,
                false => Trace::None,
            },
            Self::Submit { .. } | Self::Patch { .. } | Self::MarkRead { .. } | Self::Approve { .. } => Trace::Change,
            Self::Retry(..) | Self::Recall(..) | Self::Discard(..) => Trace::Change,
            Self::Erase { .. } | Self::EditContact { .. } => Trace::Change,
            Self::SaveView(..) | Self::RenameView(..) | Self::DeleteView(..) => Trace::Change,
            Self::SaveDrafts(_) | Self::SaveSeen(_) | Self::SaveKey { .. } | Self::Forget => Trace::File,
            Self::Me | Self::Status | Self::Directory | Self::Outbox | Self::Views | Self::Stream { .. } => Trace::None,
            Self::List { .. } | Self::Counts { .. } | Self::OwnCounts { .. } | Self::Conversation(_) => Trace::None,
            Self::Messages { .. } | Self::Around { .. } | Self::Newer { .. } | Self::Search { .. } => Trace::None,
            Self::Contacts { .. } | Self::Contact(_) | Self::ConversationsOf(_) => Trace::None,
            Self::Approvals { .. } | Self::Approval(_) | Self::Activity { .. } => Trace::None,
            Self::LoadDrafts { .. } | Self::DraftsKnown(_) | Self::Look { .. } | Self::Paths(_) | Self::Edit { .. } => Trace::None,
            Self::SaveFile { .. } | Self::StopSaving | Self::Copy(_) | Self::Browse(_) | Self::Notify(_) | Self::Mouse(_) => Trace::None,
            Self::Picture(_) | Self::Transmit(_) | Self::ForgetPicture(_) | Self::Suspend | Self::Quit => Trace::None,
        }
    }
}
