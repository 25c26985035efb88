//! What stands over the panes or goes by itself: menus, pickers, questions, toasts, and what `u` takes back.

use std::collections::BTreeSet;

use api::id::{ApprovalId, ConversationId, MessageId, OutboxId};
use api::inbox::{ConversationPatch, RunMacro};
use api::lists::CustomAttributeView;
use api::people::Availability;
use api::template::TemplateView;
use jiff::Timestamp;

use super::ListFilter;
use super::Pick;
use super::help::Help;
use super::news::Shown;
use super::palette::Palette;
use super::{ContactChange, ContactLine};

/// What a menu line does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Change the conversation.
    Patch(Box<ConversationPatch>),
    /// Open the teams.
    Teams,
    /// Open the snooze menu.
    Snooze,
    /// Ask until when, in words.
    SnoozeLine,
    /// Say what a macro does.
    Macro(i64),
    /// Run a macro, by its name for people.
    RunMacro(i64, String),
    /// Change an attribute.
    Attribute(super::Owner, Box<CustomAttributeView>),
    /// Give an attribute a value, or none.
    SetAttribute(super::Owner, Box<CustomAttributeView>, Option<serde_json::Value>),
    /// Be available, or not; what it was before comes first.
    Availability(Availability, Availability),
    /// Nothing: the line only says something.
    Nothing,
    /// Open a menu of the list's filter.
    Filters(FilterMenu),
    /// Cut the list another way.
    Filter(Box<ListFilter>),
    /// Something about saved views.
    View(ViewMenu),
    /// A step towards a WhatsApp template that is sent.
    Template(TemplateStep),
}

/// What the menus of WhatsApp templates offer.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateStep {
    /// This one.
    Choose(Box<TemplateView>),
    /// Its values anew.
    Values,
    /// Another one.
    Another,
    /// A private note instead.
    Note,
    /// Discard it.
    Drop,
    /// Send it.
    Send,
}

/// What the menu of saved views offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewMenu {
    /// Show one.
    Open(i64),
    /// Show none.
    Leave,
    /// Save how the list is cut now.
    Save,
    /// Another name for the one that is shown.
    Rename,
    /// Delete the one that is shown.
    Delete,
}

/// The menus of the list's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterMenu {
    /// By inbox.
    Inbox,
    /// By team.
    Team,
    /// By label.
    Label,
    /// By priority.
    Priority,
    /// The order.
    Sort,
}

/// One line of a menu.
#[derive(Debug, Clone, PartialEq)]
pub struct MenuItem {
    /// The letter that chooses it; names have none.
    pub letter: Option<char>,
    /// What it is.
    pub label: String,
    /// Why it cannot be chosen now.
    pub disabled: Option<&'static str>,
    /// What it does.
    pub action: Action,
    /// What it is once done, for people.
    pub done: String,
}

/// A menu at the foot of the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    /// What it is about.
    pub title: String,
    /// The conversations it acts on; none: the list.
    pub targets: Vec<ConversationId>,
    /// Its lines.
    pub items: Vec<MenuItem>,
    /// The chosen line among those that match.
    pub cursor: usize,
    /// Typed to find a name; menus of letters alone have none.
    pub search: Option<String>,
}

impl Menu {
    /// The lines that match what was typed; what does nothing is no match.
    pub fn shown(&self) -> Vec<&MenuItem> {
        let search = self.search.as_deref().unwrap_or_default().to_lowercase();
        let named = |i: &&MenuItem| i.letter.is_none() && i.action != Action::Nothing && i.label.to_lowercase().contains(&search);
        self.items.iter().filter(|i| search.is_empty() || named(i)).collect()
    }
}

/// The label picker.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPicker {
    /// The conversations it acts on.
    pub targets: Vec<ConversationId>,
    /// Labels, and whether each is on; none: on some of several.
    pub items: Vec<(String, Option<bool>)>,
    /// The chosen line among those that match.
    pub cursor: usize,
    /// Typed to find one.
    pub search: String,
}

impl LabelPicker {
    /// Indices of the labels that match what was typed.
    pub fn shown(&self) -> Vec<usize> {
        let search = self.search.to_lowercase();
        (0..self.items.len()).filter(|&i| self.items.get(i).is_some_and(|(l, _)| l.to_lowercase().contains(&search))).collect()
    }
}

/// What a question's `y` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Throw the text away.
    Discard,
    /// The note's text becomes a reply to the customer.
    NoteToReply,
    /// Leave although something is unsent.
    Quit,
    /// Keep what was pasted as a note on this conversation.
    Pasted(ConversationId),
    /// Throw a listed draft away.
    DropDraft,
    /// Throw an entry of the outbox away.
    DropEntry,
    /// Delete the saved view that is shown.
    DropView,
    /// Remove what the inbox keeps on this machine, and leave.
    Logout,
    /// Delete this message.
    Erase(ConversationId, MessageId),
}

/// What stands over the panes and has the keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// A menu.
    Menu(Menu),
    /// The label picker.
    Labels(LabelPicker),
    /// A choice of lines.
    Pick(Pick),
    /// A text to be taken with the mouse.
    Shown(Shown),
    /// A line that is typed.
    Line(super::Line),
    /// A field of a contact is typed.
    Contact(ContactLine),
    /// Addresses of an e-mail are typed.
    Address(super::AddressLine),
    /// Approve?
    Approve {
        /// Which.
        id: ApprovalId,
        /// What was read.
        revision: u32,
        /// When it was opened: Enter does nothing at first.
        opened_at: Timestamp,
    },
    /// Sure?
    Question(Question),
    /// Keys.
    Help(Help),
    /// Any action by its name.
    Palette(Palette),
}

/// What Enter presses at the foot of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// Sends, saves, chooses.
    Does,
    /// Leaves it, nothing done.
    Leaves,
}

/// How much a toast matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done.
    Good,
    /// Good to know.
    Plain,
    /// Somebody should look.
    Bad,
}

/// A short message that goes by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
    /// When it goes.
    pub until: Timestamp,
    /// It says why what is typed was not taken: it goes with the next key.
    pub of_prompt: bool,
}

/// What `u` takes back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// A message that waits in the outbox.
    Message(OutboxId),
    /// A change, by the opposite change.
    Patch {
        /// Of which conversation.
        id: ConversationId,
        /// The opposite change.
        back: Box<ConversationPatch>,
        /// What was changed: taken back only while it is so.
        made: Box<ConversationPatch>,
        /// What it is, for people.
        label: String,
    },
    /// A write of ours that waits in the outbox.
    Entry {
        /// Of which conversation.
        id: ConversationId,
        /// The entry.
        entry: OutboxId,
        /// What it is, for people.
        label: String,
    },
    /// A contact's attribute, by the opposite change.
    Contact(Box<super::ContactUndo>),
    /// The own availability, as it was.
    Availability(super::AvailabilityUndo),
    /// A change of a contact's field, by the opposite change while it is still ours.
    Field(ContactChange),
    /// A decision that waits for the daemon, by its name among the drafts.
    Waiting(String),
    /// Changes that wait in the outbox, and are recalled there.
    Held {
        /// Of which conversations.
        ids: Vec<ConversationId>,
        /// What they are, for people.
        label: String,
        /// When they were made: older entries are not theirs.
        at: Timestamp,
    },
}

/// A change of many conversations, one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulk {
    /// What it is, for people.
    pub label: String,
    /// The change.
    pub patch: ConversationPatch,
    /// A macro that is run instead.
    pub run: Option<RunMacro>,
    /// Not asked for yet.
    pub left: Vec<ConversationId>,
    /// Asked for, not answered.
    pub under_way: BTreeSet<ConversationId>,
    /// Taken.
    pub done: Vec<ConversationId>,
    /// Refused, and why.
    pub failed: Vec<(ConversationId, String)>,
    /// When it began.
    pub at: Timestamp,
}

impl Bulk {
    /// Conversations in all.
    pub fn total(&self) -> usize {
        self.left.len() + self.under_way.len() + self.done.len() + self.failed.len()
    }
}
