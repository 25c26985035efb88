//! The inbox as plain data. `update` changes it, `view` reads it; neither waits for anything.

pub(crate) mod acts;
mod contacts;
mod deciding;
mod feed;
mod help;
mod list;
mod log;
mod news;
mod now;
mod overlay;
pub(crate) mod palette;
mod pick;
mod pictures;
mod places;
mod reading;
mod search;
mod settings;
mod shelf;
mod thread;
mod typing;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use api::id::{ApprovalId, ConversationId, OutboxId};
use api::inbox::{ConversationView, OutboxView};
use api::lists::CustomFilterView;
use api::status::StatusView;
use api::tenant::MeView;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::around::Around;
use crate::drafts::Draft;
use crate::event::Directory;
use crate::keymap::{Command, Context, Keys};
use crate::settings::Settings;

pub use acts::{Acts, Asks, AvailabilityUndo, ContactUndo, Line, Owner, Waits};
pub(crate) use contacts::NOTES_MAX;
pub use contacts::{ContactCard, ContactChange, ContactField, ContactLine, Contacts, Item as ContactItem};
pub use deciding::{ApprovalTab, Approvals, Card};
pub use help::{Help, HelpLine};
pub use palette::{Choice, Palette, Row};

pub use feed::{Feed, Kinds};
pub use log::{Log, Noted};

pub use list::{List, ListFilter, Opening, STATUSES, Tab};
pub use news::{Heard, News, Shown};
pub use overlay::{
    Action, Bulk, Button, FilterMenu, LabelPicker, Menu, MenuItem, Overlay, Question, TemplateStep, Toast, Tone, Undo, ViewMenu,
};
pub use pick::{Link, Pick, PickLine, Picked, Saving, StoredFile};
pub use pictures::Pictures;
pub use reading::{Find, Seen};
pub use search::{Hit, Search};
pub use settings::{Setting, Source};
pub(crate) use shelf::SECOND;
pub use shelf::{DraftOf, Shelf, Shelves, draft_of};
pub use thread::{Anchor, Thread};
pub use typing::Writers;
pub use writing::{
    AddressLine, Attached, Candidate, Chosen, Completing, Completion, Composer, Followup, MailField, Mentioned, Offer, Prompt, Then, With,
};

/// Which of the numbered screens is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Conversations.
    Inbox,
    /// Approvals.
    Approvals,
    /// Search over everything.
    Search,
    /// Contacts.
    Contacts,
    /// What happened.
    Activity,
    /// What the inbox itself holds.
    Own(Shelf),
}

/// Which pane has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list at the left.
    List,
    /// What was opened from it.
    Open,
}

/// The link to the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum Daemon {
    /// Not heard yet.
    Connecting,
    /// The stream stands.
    Live,
    /// Not there; tried again at a time.
    Lost {
        /// When the next try is.
        retry_at: Timestamp,
        /// Tries without success so far.
        tries: u32,
        /// Why.
        message: String,
        /// Whether the daemon answers but refuses.
        refused: bool,
    },
}

/// What is read at most once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the effect of the same name")]
pub enum Read {
    Me,
    Status,
    Directory,
    Outbox,
    Counts,
    OwnCounts,
    Views,
    Conversation(ConversationId),
    Messages(ConversationId),
    Around(ConversationId),
    Contact(i64),
    ConversationsOf(i64),
    Approvals,
    Approval(ApprovalId),
}

/// The activity stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stream {
    /// Which connection; words of an older one are dropped.
    pub generation: u64,
    /// Newest seq seen.
    pub seq: Option<i64>,
    /// A status named a newer seq than the stream brought: noticed once.
    pub behind: bool,
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Now.
    pub now: Timestamp,
    /// When a person last did something here.
    pub touched_at: Timestamp,
    /// For times of day.
    pub tz: TimeZone,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Which screen.
    pub screen: Screen,
    /// Which pane of it.
    pub focus: Focus,
    /// The contact panel: shown, hidden, or where there is room.
    pub info: Option<bool>,
    /// Whose it is, and how many of its lines are above the screen.
    pub info_scroll: Option<(ConversationId, usize)>,
    /// The link to the daemon.
    pub daemon: Daemon,
    /// The stream.
    pub stream: Stream,
    /// The caller.
    pub me: Option<MeView>,
    /// The daemon has said who that is; else it is known from the last time.
    pub known: bool,
    /// When what is shown was seen, while it is from the last time.
    pub seen_at: Option<Timestamp>,
    /// When it was kept for the next time.
    pub kept_at: Timestamp,
    /// The daemon's state.
    pub status: Option<StatusView>,
    /// When it was asked last.
    pub status_at: Timestamp,
    /// When it answered last.
    pub heard_at: Timestamp,
    /// Something happened that moves its numbers.
    pub status_due: bool,
    /// Something happened that moves the tabs' numbers.
    pub counts_due: bool,
    /// When they were asked last.
    pub counts_at: Timestamp,
    /// Agents, teams, labels.
    pub directory: Directory,
    /// Entries not done.
    pub outbox: Vec<OutboxView>,
    /// Failed entries that were said already.
    pub failed_said: BTreeSet<OutboxId>,
    /// All conversations read so far that are still of use.
    pub conversations: BTreeMap<ConversationId, ConversationView>,
    /// The list.
    pub list: List,
    /// The conversation on the screen.
    pub open: Option<ConversationId>,
    /// Threads read so far.
    pub threads: BTreeMap<ConversationId, Thread>,
    /// The approvals screen.
    pub approvals: Approvals,
    /// The activity screen.
    pub feed: Feed,
    /// The search inside the opened conversation.
    pub find: Option<Find>,
    /// What was seen of it.
    pub seen: Seen,
    /// What is to be told.
    pub news: News,
    /// What the terminal around the inbox passes on.
    pub around: Around,
    /// Whether the terminal is at the other end of a line: nothing is opened there.
    pub remote: bool,
    /// The search screen.
    pub search: Search,
    /// The contacts screen.
    pub contacts: Contacts,
    /// The screens of what the inbox itself holds.
    pub shelves: Shelves,
    /// What it noted.
    pub log: Log,
    /// The caller's saved views, by name.
    pub views: Vec<CustomFilterView>,
    /// They were read.
    pub views_read: bool,
    /// Nothing is sent, changed, decided or written from here.
    pub read_only: bool,
    /// What the list shows first, if not what it showed last or what is the caller's.
    pub opening: Option<Opening>,
    /// What it was started with.
    pub set_by: Vec<Setting>,
    /// Where Esc goes from the opened conversation, if not to the list.
    pub back_to: Option<Screen>,
    /// The text being written.
    pub composer: Option<Composer>,
    /// Who else writes where.
    pub writers: Writers,
    /// Texts not sent, by purpose.
    pub drafts: BTreeMap<String, Draft>,
    /// They are read from disk.
    pub drafts_loaded: bool,
    /// They changed since they were written.
    pub drafts_dirty: bool,
    /// They are being written.
    pub drafts_saving: bool,
    /// Until then the file is read again and again: somebody else may be sending one.
    pub drafts_watched: Option<Timestamp>,
    /// The inbox's own files are removed, or about to be: nothing is written any more.
    pub forgotten: bool,
    /// They could not be written.
    pub drafts_error: Option<String>,
    /// What is done besides writing.
    pub acts: Acts,
    /// What stands over the panes.
    pub overlay: Option<Overlay>,
    /// Short messages, oldest first.
    pub toasts: Vec<Toast>,
    /// What the person signs e-mails with in Chatwoot, as far as it is known.
    pub signature: Option<String>,
    /// What `u` takes back, newest last.
    pub undo: Vec<Undo>,
    /// What `u` meant last stays as it is: the next one first says what is older.
    pub undo_names: bool,
    /// Changes of conversations that are being taken back.
    pub undoing: Vec<Undo>,
    /// A change of many conversations that is under way.
    pub bulk: Option<Bulk>,
    /// Pictures of threads.
    pub pictures: Pictures,
    /// A file that is being saved.
    pub saving: Option<Saving>,
    /// What followed a message, oldest first.
    pub followups: Vec<Followup>,
    /// What went with messages that can still come back, oldest first.
    pub handed: Vec<(OutboxId, With)>,
    /// The hint of the first screen.
    pub banner: Option<String>,
    /// The first key of a pair.
    pub prefix: Option<String>,
    /// When it was pressed: what can follow is listed a moment later.
    pub prefix_at: Timestamp,
    /// The marked button of a sheet, and of which: none while its text or its lines have the keys.
    pub button: Option<(Context, Button)>,
    /// What was pasted outside a field, while it is asked what to do with it.
    pub pasted: Option<String>,
    /// Which key does what.
    pub keys: Keys,
    /// What the person set.
    pub settings: Settings,
    /// Commands used last, newest first.
    pub recent: Vec<Command>,
    /// When Ctrl+C was pressed once.
    pub quitting: Option<Timestamp>,
    /// Reads under way; true: read again when it comes.
    pub reads: BTreeMap<Read, bool>,
    /// Conversations to read as soon as there is room.
    pub stale: BTreeSet<ConversationId>,
    /// Whether rows keep their place while the cursor is on the list; a measurer turns it off.
    pub calm: bool,
    /// Unique to this run, for idempotency keys.
    pub session: String,
    /// Counts what must differ within it.
    pub counter: u64,
}

impl State {
    /// An empty inbox.
    pub fn new(now: Timestamp, tz: TimeZone, size: (u16, u16), session: impl Into<String>) -> Self {
        Self {
            now,
            touched_at: now,
            tz,
            size,
            screen: Screen::Inbox,
            focus: Focus::List,
            info: None,
            info_scroll: None,
            daemon: Daemon::Connecting,
            stream: Stream::default(),
            acts: Acts::default(),
            me: None,
            known: false,
            seen_at: None,
            kept_at: now,
            status: None,
            status_at: now,
            heard_at: now,
            status_due: false,
            counts_due: false,
            counts_at: now,
            directory: Directory::default(),
            outbox: Vec::new(),
            failed_said: BTreeSet::new(),
            conversations: BTreeMap::new(),
            list: List {
                tab: Tab::Mine,
                status: STATUSES[0],
                filter: ListFilter::default(),
                marked: BTreeSet::new(),
                query: String::new(),
                typing: None,
                rows: Vec::new(),
                read: 0,
                unsorted: false,
                cursor: None,
                wanted: None,
                leaving: None,
                top: 0,
                next_cursor: None,
                total: 0,
                counts: None,
                own: None,
                open: None,
                generation: 0,
                loading: false,
                loaded: false,
                fresh: BTreeSet::new(),
                due: false,
                behind: false,
                read_at: now,
                error: None,
            },
            open: None,
            threads: BTreeMap::new(),
            approvals: Approvals {
                tab: ApprovalTab::Waiting,
                rows: Vec::new(),
                cursor: None,
                top: 0,
                total: 0,
                generation: 0,
                loading: false,
                loaded: false,
                due: false,
                announce: BTreeSet::new(),
                card: None,
                error: None,
            },
            feed: Feed::default(),
            find: None,
            seen: Seen::default(),
            news: News::default(),
            around: Around::default(),
            remote: false,
            search: Search::default(),
            contacts: Contacts::default(),
            shelves: Shelves::default(),
            log: Log::default(),
            views: Vec::new(),
            views_read: false,
            read_only: false,
            opening: None,
            set_by: Vec::new(),
            back_to: None,
            composer: None,
            writers: Writers::default(),
            drafts: BTreeMap::new(),
            drafts_loaded: false,
            drafts_dirty: false,
            drafts_saving: false,
            drafts_watched: None,
            forgotten: false,
            drafts_error: None,
            overlay: None,
            toasts: Vec::new(),
            signature: None,
            undo: Vec::new(),
            undo_names: false,
            undoing: Vec::new(),
            bulk: None,
            pictures: Pictures::default(),
            saving: None,
            followups: Vec::new(),
            handed: Vec::new(),
            banner: None,
            prefix: None,
            prefix_at: now,
            button: None,
            pasted: None,
            keys: Keys::default(),
            settings: Settings::default(),
            recent: Vec::new(),
            quitting: None,
            reads: BTreeMap::new(),
            stale: BTreeSet::new(),
            calm: true,
            session: session.into(),
            counter: 0,
        }
    }

    /// How many lines of a conversation's contact panel are above the screen.
    pub fn info_top(&self, id: ConversationId) -> usize {
        self.info_scroll.filter(|(of, _)| *of == id).map_or(0, |(_, top)| top)
    }
}
