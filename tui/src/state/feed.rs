//! The activity feed as the Activity screen keeps it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use api::event::{Activity, ActivityType};
use api::id::{ApprovalId, ConversationId};

/// Which activities are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// All.
    Everything,
    /// Asked, decided, lapsed.
    Approvals,
    /// Done by the caller, or a write of the caller's.
    Mine,
    /// The link to Chatwoot and what was copied over it.
    Sync,
    /// New and changed messages.
    Messages,
    /// New, changed and deleted conversations.
    Conversations,
    /// Changed and deleted contacts.
    Contacts,
    /// Writes on their way to Chatwoot.
    Writes,
}

impl Kinds {
    /// In the order of the menu, each with its letter.
    pub const ALL: [(char, Self); 8] = [
        ('e', Self::Everything),
        ('a', Self::Approvals),
        ('m', Self::Mine),
        ('s', Self::Sync),
        ('t', Self::Messages),
        ('c', Self::Conversations),
        ('p', Self::Contacts),
        ('w', Self::Writes),
    ];
    /// Those that always stand above the rows.
    pub const TABS: [Self; 4] = [Self::Everything, Self::Approvals, Self::Mine, Self::Sync];

    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everything => "Everything",
            Self::Approvals => "Approvals",
            Self::Mine => "Mine",
            Self::Sync => "Sync",
            Self::Messages => "Messages",
            Self::Conversations => "Conversations",
            Self::Contacts => "Contacts",
            Self::Writes => "Writes",
        }
    }

    /// Whether an activity is shown to a user.
    pub fn holds(self, activity: &Activity, user: Option<&str>) -> bool {
        use ActivityType as T;
        match self {
            Self::Everything => true,
            Self::Mine => {
                let actor = activity.actor.as_ref().and_then(|actor| actor.user.as_deref());
                let writer = activity.data.get("user").and_then(|user| user.as_str());
                user.is_some() && (actor == user || writer == user)
            }
            Self::Approvals => matches!(
                activity.kind,
                T::ApprovalDrafted
                    | T::ApprovalSubmitted
                    | T::ApprovalUpdated
                    | T::ApprovalApproved
                    | T::ApprovalRejected
                    | T::ApprovalWithdrawn
                    | T::ApprovalExpired
            ),
            Self::Sync => matches!(activity.kind, T::SyncProgress | T::SyncState | T::DirectoryUpdated),
            Self::Messages => matches!(activity.kind, T::MessageCreated | T::MessageUpdated),
            Self::Conversations => matches!(activity.kind, T::ConversationCreated | T::ConversationUpdated | T::ConversationDeleted),
            Self::Contacts => matches!(activity.kind, T::ContactUpdated | T::ContactDeleted),
            Self::Writes => activity.kind == T::OutboxUpdated,
        }
    }
}

/// The Activity screen. Nothing is kept before it is opened for the first time.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Which activities.
    pub kinds: Kinds,
    /// Those that are shown, newest first.
    pub rows: VecDeque<Activity>,
    /// The chosen row's seq.
    pub cursor: Option<i64>,
    /// The first row on the screen.
    pub top: usize,
    /// The cursor stays on the newest row.
    pub follow: bool,
    /// Rows that came since it does not.
    pub fresh: usize,
    /// Newest seq read or heard, shown or not.
    pub newest: i64,
    /// Oldest seq read, shown or not.
    pub oldest: i64,
    /// The newest rows gave way to older ones: they are read again on the way back.
    pub cut: bool,
    /// There is nothing older.
    pub ended: bool,
    /// Pages that brought no row since the last key.
    pub vain: u32,
    /// Rises with every reading from the newest on.
    pub generation: u64,
    /// A page is on its way.
    pub loading: bool,
    /// The first page has come.
    pub loaded: bool,
    /// Something was missed: read it anew with the next tick.
    pub due: bool,
    /// Customers' names, by conversation.
    pub names: BTreeMap<ConversationId, String>,
    /// Conversations asked for their name.
    pub asked: BTreeSet<ConversationId>,
    /// An approval that opens as soon as it has come.
    pub opening: Option<ApprovalId>,
    /// Why it could not be read.
    pub error: Option<String>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            kinds: Kinds::Everything,
            rows: VecDeque::new(),
            cursor: None,
            top: 0,
            follow: true,
            fresh: 0,
            newest: 0,
            oldest: 0,
            cut: false,
            ended: false,
            vain: 0,
            generation: 0,
            loading: false,
            loaded: false,
            due: false,
            names: BTreeMap::new(),
            asked: BTreeSet::new(),
            opening: None,
            error: None,
        }
    }
}

impl Feed {
    /// The chosen row's index.
    pub fn position(&self) -> Option<usize> {
        self.cursor.and_then(|seq| self.rows.iter().position(|row| row.seq == seq))
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<&Activity> {
        self.position().and_then(|at| self.rows.get(at))
    }
}
