//! What comes back.

use super::{Acted, Directory, Outcome, Purpose, Submitted};
use api::approval::ApprovalView;
use api::contact::ContactDetail;
use api::event::{Activity, ActivityQuery};
use api::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use api::inbox::{ContactView, ConversationView, MessageView, OutboxView};
use api::lists::CustomFilterView;
use api::page::Page;
use api::search::SearchPage;
use api::status::StatusView;
use api::tenant::MeView;

use crate::drafts::Draft;
use crate::picture::{Picture, Transmit};
use crate::state::{Attached, ContactChange};

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
    /// So much has come of a file that is being saved.
    Saving {
        /// Which of those of this run.
        number: u64,
        /// Bytes that have come.
        done: u64,
        /// Of how many.
        total: Option<u64>,
    },
    /// A file is saved under this path, or why it is not.
    FileSaved(u64, Result<String, String>),
    /// A picture of the file with this id, and what the terminal has to know first; or why there is none.
    Picture(i64, Box<Result<(Picture, Option<Transmit>), String>>),
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

impl Answer {
    /// Whether it answers a change.
    pub(crate) fn is_of_a_change(&self) -> bool {
        match self {
            Self::Acted(acted) => acted.is_of_a_write(),
            Self::Submitted { .. } | Self::Patched { .. } | Self::MarkedRead(..) | Self::Approved { .. } => true,
            Self::Retried(..) | Self::Recalled(..) | Self::Discarded(..) => true,
            Self::Erased { .. } | Self::ContactEdited { .. } | Self::ViewChanged(..) => true,
            _ => false,
        }
    }
}
