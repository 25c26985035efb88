//! The conversation list: which, in what order, and what stands on the screen.

use std::collections::BTreeSet;

use api::id::ConversationId;
use api::inbox::Sort;
use api::page::Counts;
use jiff::Timestamp;

use crate::editor::Editor;

/// Tabs of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Assigned to the caller's agent.
    Mine,
    /// Assigned to nobody.
    Unassigned,
    /// All.
    All,
    /// Where the caller was mentioned.
    Mentions,
    /// Without a first reply, or the customer waits.
    Unattended,
}

impl Tab {
    /// In order.
    pub const ALL: [Self; 5] = [Self::Mine, Self::Unassigned, Self::All, Self::Mentions, Self::Unattended];

    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mine => "Mine",
            Self::Unassigned => "Unassigned",
            Self::All => "All",
            Self::Mentions => "Mentions",
            Self::Unattended => "Unattended",
        }
    }

    /// The tab of a title, whatever the case.
    pub fn named(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.title().eq_ignore_ascii_case(title))
    }

    /// Whether only the daemon can say what belongs in it.
    pub fn is_asked(self) -> bool {
        matches!(self, Self::Mentions | Self::Unattended)
    }
}

/// What the list shows when the inbox opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// A tab.
    Tab(Tab),
    /// A saved view: its id, and its name.
    View(i64, String),
}

/// How the list is cut and ordered, besides tab, status and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFilter {
    /// One inbox: id and name.
    pub inbox: Option<(i64, String)>,
    /// One team: id and name.
    pub team: Option<(i64, String)>,
    /// One label.
    pub label: Option<String>,
    /// One priority, or `none`.
    pub priority: Option<&'static str>,
    /// Only what no agent has seen.
    pub unread: bool,
    /// A saved filter of Chatwoot's: id and name.
    pub view: Option<(i64, String)>,
    /// The order.
    pub sort: Sort,
}

impl Default for ListFilter {
    fn default() -> Self {
        Self { inbox: None, team: None, label: None, priority: None, unread: false, view: None, sort: Sort::Waiting }
    }
}

impl ListFilter {
    /// What it leaves out, in a word or two each; empty where it leaves out nothing.
    pub fn words(&self) -> Vec<String> {
        let named = |what: &Option<(i64, String)>| what.as_ref().map(|(_, name)| crate::text::line(name));
        let label = self.label.as_ref().map(|label| format!("~{}", crate::text::line(label)));
        let priority = self.priority.map(|word| format!("priority {word}"));
        let unread = self.unread.then(|| "unread".to_owned());
        [named(&self.view), named(&self.inbox), named(&self.team), label, priority, unread].into_iter().flatten().collect()
    }

    /// As it is once Esc dropped what cuts the list: the saved view and the order stay.
    pub fn uncut(&self) -> Self {
        Self { view: self.view.clone(), sort: self.sort, ..Self::default() }
    }
}

/// The status filter's words, in the order of `[` and `]`.
pub const STATUSES: [&str; 5] = ["open", "pending", "snoozed", "resolved", "all"];

/// The conversation list. Its cursor stands on a conversation, not on a place.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Whose.
    pub tab: Tab,
    /// One of [`STATUSES`].
    pub status: &'static str,
    /// How it is cut besides.
    pub filter: ListFilter,
    /// Chosen to be changed together.
    pub marked: BTreeSet<ConversationId>,
    /// Words that the rows must hold; empty: no filter.
    pub query: String,
    /// The filter line while it is typed.
    pub typing: Option<Editor>,
    /// Loaded rows, in order.
    pub rows: Vec<ConversationId>,
    /// So many of them, from the first, are as the pages of this generation had them; the rest is of an older one.
    pub read: usize,
    /// A row may stand where it no longer belongs.
    pub unsorted: bool,
    /// The chosen row.
    pub cursor: Option<ConversationId>,
    /// The row that was chosen before another filter; it is chosen again if it is among the new ones.
    pub wanted: Option<ConversationId>,
    /// A row that no longer belongs here and stays until the cursor moves on.
    pub leaving: Option<ConversationId>,
    /// The first row on the screen.
    pub top: usize,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// Rows in the whole list.
    pub total: u64,
    /// Numbers behind the tabs.
    pub counts: Option<Counts>,
    /// Numbers behind the tabs of a status without any filter, as they were read last.
    pub own: Option<(&'static str, Counts)>,
    /// The same of what is open: the inbox's own number.
    pub open: Option<Counts>,
    /// Rises with every change of filter: answers to an older one are dropped.
    pub generation: u64,
    /// A page is on its way.
    pub loading: bool,
    /// The first page has come.
    pub loaded: bool,
    /// Conversations that belong here and are not shown yet: rows keep their place under the cursor.
    pub fresh: BTreeSet<ConversationId>,
    /// Read it anew with the next tick.
    pub due: bool,
    /// Something changed since, and only the daemon can say whether it belongs here.
    pub behind: bool,
    /// When it was read last.
    pub read_at: Timestamp,
    /// Why it could not be read.
    pub error: Option<String>,
}

impl List {
    /// Whether something besides tab and status leaves rows out.
    pub fn is_cut(&self) -> bool {
        !self.query.trim().is_empty() || !self.filter.words().is_empty()
    }

    /// Takes numbers in: those of the filter, and, where there is none, the tabs' own.
    pub(crate) fn counted(&mut self, counts: Option<Counts>) {
        self.counts = counts.or(self.counts);
        if let Some(counts) = counts.filter(|_| !self.is_cut() && !self.tab.is_asked()) {
            self.counted_own(self.status, counts);
        }
    }

    /// Takes the tabs' own numbers in.
    pub(crate) fn counted_own(&mut self, status: &'static str, counts: Counts) {
        self.own = Some((status, counts));
        if status == STATUSES[0] {
            self.open = Some(counts);
        }
    }

    /// The tabs' own numbers, where they are known for this status.
    pub fn tab_counts(&self) -> Option<Counts> {
        self.own.filter(|(status, _)| *status == self.status).map(|(_, counts)| counts)
    }
}
