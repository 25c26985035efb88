//! Which prompt stands: read from the state, so that it can be told whether it still does when the answer comes.

use api::approval::ApprovalStatus;
use api::id::{ApprovalId, ConversationId};

use super::say;
use crate::event::Purpose;
use crate::keymap::Context;
use crate::state::{Offer, Overlay, Question, Shelf, State};

/// Something that is asked besides what the state asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ask {
    /// Which rows to mark.
    Mark,
    /// Words to cut the list by.
    Words,
    /// Which tab of the list.
    Tab,
    /// Which status of the list.
    Status,
    /// Which tab of the approvals.
    Decisions,
    /// What to search.
    Search,
    /// Whether these are to be resolved.
    Resolve(Vec<ConversationId>),
    /// Which message of this conversation.
    Message(ConversationId),
    /// Words to cut the contacts by.
    Contacts,
    /// The name of a view to save.
    SaveView,
    /// Another name for the view that is shown.
    RenameView,
    /// What becomes of this row of the drafts, the outbox, the log or the settings.
    Entry(Shelf, String),
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Ask(Ask),
    List,
    Thread(ConversationId),
    Queue,
    /// A card at a revision, with how it stands.
    Card(ApprovalId, u32, ApprovalStatus),
    Found,
    Contacts,
    /// A contact.
    Contact(i64),
    Activity,
    /// Drafts, outbox, log or settings.
    Shelf(Shelf),
    /// A message of a conversation that was chosen, by its name.
    Message(ConversationId, String),
    /// A menu or a choice of lines, by its title and its lines.
    Menu(String, Vec<String>),
    /// A line that is asked for, by what it is about.
    Line(String),
    /// A line as it was understood: is it to be done?
    Understood(String, String),
    /// The label picker, for these.
    Labels(Vec<ConversationId>),
    /// Approve?
    Sheet(ApprovalId, u32),
    Question(Question),
    /// What a word in a text means: of these.
    Which(Purpose, Offer, Vec<String>),
    /// A text is being written.
    Text(Purpose),
    /// A text is written, as it was read out: what becomes of it?
    Review(Purpose, String),
}

impl Place {
    /// Whether it stays while something is asked over it.
    pub(super) fn is_main(&self) -> bool {
        match self {
            Self::List | Self::Thread(_) | Self::Queue | Self::Card(..) | Self::Found => true,
            Self::Contacts | Self::Contact(_) | Self::Activity | Self::Shelf(_) => true,
            Self::Ask(_) | Self::Message(..) | Self::Menu(..) | Self::Line(_) | Self::Understood(..) | Self::Labels(_) => false,
            Self::Sheet(..) | Self::Question(_) | Self::Which(..) | Self::Text(_) | Self::Review(..) => false,
        }
    }
}

/// The prompt that the state asks for, besides `ask`; `typing`: a text is written on; `typed`: the line that is asked for was given.
pub(super) fn place(state: &State, ask: Option<&Ask>, typing: bool, typed: bool) -> Place {
    match &state.overlay {
        Some(Overlay::Menu(menu)) => {
            return Place::Menu(menu.title.clone(), menu.items.iter().map(|item| item.label.clone()).collect());
        }
        Some(Overlay::Pick(pick)) => {
            return Place::Menu(pick.title.clone(), pick.lines.iter().map(|line| line.label.clone()).collect());
        }
        Some(Overlay::Line(_) | Overlay::Contact(_) | Overlay::Address(_)) => {
            let about = say::line_about(state);
            return match say::understood(state).filter(|_| typed) {
                Some(Ok(words)) => Place::Understood(about, words),
                _ => Place::Line(about),
            };
        }
        Some(Overlay::Labels(picker)) => return Place::Labels(picker.targets.clone()),
        Some(Overlay::Approve { id, revision, .. }) => return Place::Sheet(*id, *revision),
        Some(Overlay::Question(question)) => return Place::Question(*question),
        _ => {}
    }
    if let Some(composer) = &state.composer {
        if let Some(list) = &composer.completing.list {
            return Place::Which(composer.purpose, list.offer, list.choices.iter().map(|choice| choice.label.clone()).collect());
        }
        return match typing {
            true => Place::Text(composer.purpose),
            false => Place::Review(composer.purpose, composer.editor.text().to_owned()),
        };
    }
    if let Some(ask) = ask {
        return Place::Ask(ask.clone());
    }
    match state.pane() {
        Context::Thread => match state.open {
            None => Place::List,
            Some(id) => match state.threads.get(&id).and_then(|thread| thread.selected.clone()) {
                Some(name) => Place::Message(id, name),
                None => Place::Thread(id),
            },
        },
        Context::Card | Context::Queue => match &state.approvals.card {
            Some(card) => Place::Card(card.shown.id, card.shown.revision, card.shown.status),
            None => Place::Queue,
        },
        Context::Found => Place::Found,
        Context::Contacts => Place::Contacts,
        Context::Contact => state.contacts.card.as_ref().map_or(Place::Contacts, |card| Place::Contact(card.id)),
        Context::Activity => Place::Activity,
        Context::Drafts => Place::Shelf(Shelf::Drafts),
        Context::Outbox => Place::Shelf(Shelf::Outbox),
        Context::Log => Place::Shelf(Shelf::Log),
        Context::Settings => Place::Shelf(Shelf::Settings),
        _ => Place::List,
    }
}
