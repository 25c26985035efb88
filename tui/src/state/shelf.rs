//! The screens that list what the inbox itself holds: unsent texts, the way to Chatwoot, what it noted, its settings.
//!
//! A cursor stands on a row's name, not on its place: rows come and go by themselves, and a key never means the one that took its place.

use std::collections::{BTreeMap, BTreeSet};

use api::id::{ApprovalId, ConversationId, OutboxId};
use api::inbox::{OutboxState, OutboxView};

use super::{Screen, Setting, State};
use crate::event::Purpose;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Texts that were not sent.
    Drafts,
    /// What is on its way to Chatwoot.
    Outbox,
    /// What the inbox noted.
    Log,
    /// How it is set.
    Settings,
}

impl Shelf {
    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::Drafts => "Drafts",
            Self::Outbox => "Outbox",
            Self::Log => "Log",
            Self::Settings => "Settings",
        }
    }
}

/// Where the cursors stand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelves {
    /// The chosen row's name and place; none: the first row.
    pub(crate) cursor: BTreeMap<Shelf, (String, usize)>,
    /// The first row on the screen.
    pub(crate) top: BTreeMap<Shelf, usize>,
    /// The row that a question is about.
    pub(crate) asked: Option<String>,
    /// The outbox was read: what stands in it is known.
    pub(crate) outbox_read: bool,
    /// Conversations that were asked for since the screen was opened, for their names.
    pub(crate) looked_up: BTreeSet<ConversationId>,
}

/// What a draft's name says it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftOf {
    /// A text on a conversation.
    Text(Purpose),
    /// A decision on an approval: approve or reject.
    Decision(ApprovalId, bool),
    /// Something this build does not know.
    Other,
}

/// Separates a second draft's number from the name of the first.
pub(crate) const SECOND: char = '~';

/// Reads a draft's name.
pub fn draft_of(name: &str) -> DraftOf {
    let first = name.split(SECOND).next().unwrap_or(name);
    let Some((kind, id)) = first.split_once('/') else { return DraftOf::Other };
    let conversation = || id.parse().ok().map(ConversationId);
    let approval = || id.parse().ok();
    let found = match kind {
        "reply" => conversation().map(|id| DraftOf::Text(Purpose::Reply(id))),
        "note" => conversation().map(|id| DraftOf::Text(Purpose::Note(id))),
        "escalate" => conversation().map(|id| DraftOf::Text(Purpose::Escalate(id))),
        "contact-note" => id.parse().ok().map(|id| DraftOf::Text(Purpose::ContactNote(id))),
        "begin" => {
            id.split_once('-').and_then(|(contact, inbox)| Some(DraftOf::Text(Purpose::Begin(contact.parse().ok()?, inbox.parse().ok()?))))
        }
        "template" => conversation().map(|id| DraftOf::Text(Purpose::Template(id))),
        "approve" => approval().map(|id| DraftOf::Decision(id, true)),
        "reject" => approval().map(|id| DraftOf::Decision(id, false)),
        _ => None,
    };
    found.unwrap_or(DraftOf::Other)
}

impl State {
    /// Which of them is on the screen.
    pub fn shelf(&self) -> Option<Shelf> {
        match self.screen {
            Screen::Own(shelf) => Some(shelf),
            _ => None,
        }
    }

    /// The names of its rows, in order.
    pub fn shelf_rows(&self, shelf: Shelf) -> Vec<String> {
        match shelf {
            Shelf::Drafts => {
                let mut drafts: Vec<_> = self.drafts.iter().collect();
                drafts.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.at));
                drafts.into_iter().map(|(name, _)| name.clone()).collect()
            }
            Shelf::Outbox => self.own_outbox().map(|entry| entry.id.to_string()).collect(),
            Shelf::Log => self.log.rows().map(|row| row.number.to_string()).collect(),
            Shelf::Settings => Setting::all(self).into_iter().map(|setting| setting.name).collect(),
        }
    }

    /// The chosen row: its place and its name.
    pub fn shelf_chosen(&self, shelf: Shelf) -> Option<(usize, String)> {
        let rows = self.shelf_rows(shelf);
        let place = match self.shelves.cursor.get(&shelf) {
            Some((name, at)) => rows.iter().position(|row| row == name).unwrap_or(*at).min(rows.len().saturating_sub(1)),
            None => 0,
        };
        rows.into_iter().nth(place).map(|name| (place, name))
    }

    /// What the caller wrote or did and Chatwoot does not have yet. A read mark is nobody's deed.
    pub fn own_outbox(&self) -> impl Iterator<Item = &OutboxView> {
        let user = self.me.as_ref().map(|me| me.user.as_str());
        self.outbox.iter().filter(move |entry| Some(entry.user.as_str()) == user && entry.kind != "read")
    }

    /// How many of those wait, and how many came to nothing.
    pub fn unsent(&self) -> (usize, usize) {
        if !self.shelves.outbox_read {
            // From the last time, or from the daemon's first word.
            let counts = self.status.as_ref().map(|status| status.outbox).unwrap_or_default();
            let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
            return (number(counts.queued), number(counts.failed.saturating_add(counts.held)));
        }
        let waits = |entry: &&OutboxView| matches!(entry.state, OutboxState::Queued | OutboxState::Sending);
        let waiting = self.own_outbox().filter(waits).count();
        (waiting, self.own_outbox().count() - waiting)
    }

    /// An entry of the outbox by its row's name.
    pub fn outbox_entry(&self, name: &str) -> Option<&OutboxView> {
        let id: OutboxId = name.parse().ok()?;
        self.outbox.iter().find(|entry| entry.id == id)
    }

    /// Texts that were not sent, without decisions that wait by themselves.
    pub fn unsent_drafts(&self) -> usize {
        self.drafts.values().filter(|draft| draft.decides.is_none()).count()
    }

    /// Whether a conversation has an unsent text that is not being written just now.
    pub fn has_draft(&self, id: ConversationId) -> bool {
        if self.drafts.is_empty() || self.composer.as_ref().is_some_and(|composer| composer.purpose.conversation() == Some(id)) {
            return false;
        }
        [Purpose::Reply(id), Purpose::Note(id), Purpose::Escalate(id), Purpose::Template(id)].into_iter().any(|purpose| {
            let name = purpose.draft_name();
            let mut rests = self.drafts.range(name.clone()..).map_while(|(found, _)| found.strip_prefix(name.as_str()));
            rests.any(|rest| rest.is_empty() || rest.starts_with(SECOND))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drafts_name_says_what_it_is_for() {
        let id = ConversationId(12);
        for purpose in [
            Purpose::Reply(id),
            Purpose::Note(id),
            Purpose::Escalate(id),
            Purpose::Template(id),
            Purpose::ContactNote(31),
            Purpose::Begin(31, 4),
        ] {
            assert_eq!(draft_of(&purpose.draft_name()), DraftOf::Text(purpose));
            assert_eq!(draft_of(&format!("{}~2", purpose.draft_name())), DraftOf::Text(purpose));
        }
        let approval = ApprovalId(uuid::Uuid::from_u128(7));
        assert_eq!(draft_of(&Purpose::Reject(approval, 3).draft_name()), DraftOf::Decision(approval, false));
        for odd in ["reply/x", "reply", "", "new/1", "reply/1/2"] {
            assert_eq!(draft_of(odd), DraftOf::Other, "{odd}");
        }
    }
}
