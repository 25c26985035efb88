//! Which prompt stands: read from the state, so that it can be told whether it still does when the answer comes.

use api::approval::ApprovalStatus;
use api::id::{ApprovalId, ConversationId};

use crate::event::Purpose;
use crate::keymap::Context;
use crate::state::{Offer, Overlay, Question, State};

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
    /// A menu, by its title and its lines.
    Menu(String, Vec<String>),
    /// A line that a menu asks for, by its title.
    Line(String),
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
        matches!(self, Self::List | Self::Thread(_) | Self::Queue | Self::Card(..) | Self::Found)
    }
}

/// The prompt that the state asks for, besides `ask`; `typing`: a text is written on.
pub(super) fn place(state: &State, ask: Option<&Ask>, typing: bool) -> Place {
    match &state.overlay {
        Some(Overlay::Menu(menu)) => {
            return Place::Menu(menu.title.clone(), menu.items.iter().map(|item| item.label.clone()).collect());
        }
        Some(Overlay::Line(line)) => return Place::Line(line.title.clone()),
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
        Context::Thread => state.open.map_or(Place::List, Place::Thread),
        Context::Card | Context::Queue => match &state.approvals.card {
            Some(card) => Place::Card(card.shown.id, card.shown.revision, card.shown.status),
            None => Place::Queue,
        },
        Context::Found => Place::Found,
        _ => Place::List,
    }
}
