//! How much of the opened conversation was told, and what of it comes next.

use std::collections::{BTreeMap, BTreeSet};

use api::id::{ConversationId, MessageId};

use super::say;
use crate::state::State;
use crate::update::spoken::Deed;
use crate::view::message::{Item, items};

/// Messages told at once.
const PAGE: usize = 10;
/// Messages told before the one that was looked for.
const BEFORE: usize = 3;

/// What was told of one conversation.
#[derive(Debug, Default)]
pub(super) struct Told {
    id: Option<ConversationId>,
    mark: Option<MessageId>,
    /// The names of what was told. Some of it can go: a message that was taken back.
    told: BTreeSet<String>,
    /// How far the messages of ours had come.
    delivery: BTreeMap<String, Option<String>>,
    /// What was asked for and is still being read: older, or newer ones.
    wanted: Option<bool>,
}

/// A name that stays with a message of ours on its way out.
fn key(item: &Item<'_>) -> String {
    match item {
        Item::Message(m) => m.outbox_id.map_or_else(|| item.name(), |id| format!("o{id}")),
        Item::Approval(_) => item.name(),
    }
}

impl Told {
    /// Whether this conversation, at this message, is the one that is told.
    pub(super) fn is(&self, state: &State, id: ConversationId) -> bool {
        self.id == Some(id) && self.mark == mark(state, id)
    }

    /// Tells a conversation from the start: what is known of it, and its newest messages or those around the one that was looked for.
    pub(super) fn whole(&mut self, state: &State, id: ConversationId) -> Vec<String> {
        let mark = mark(state, id);
        *self = Self { id: Some(id), mark, ..Self::default() };
        let mut out = vec![say::heading(state, id)];
        let all = items(state, id);
        if let Some(error) = state.threads.get(&id).and_then(|thread| thread.error.as_ref()) {
            out.push(format!("It could not be read: {}.", crate::text::line(error)));
        }
        if all.is_empty() {
            out.push("There are no messages.".into());
            return out;
        }
        let is_mark = |item: &Item<'_>| matches!(item, Item::Message(m) if m.id.is_some() && m.id == mark);
        let (from, to) = match mark.and_then(|_| all.iter().position(is_mark)) {
            Some(at) => (at.saturating_sub(BEFORE), (at + PAGE - BEFORE).min(all.len())),
            None => (all.len().saturating_sub(PAGE), all.len()),
        };
        self.range(state, id, &all, from..to, &mut out);
        out.push(self.above(state, id, &all));
        out.extend(self.below(state, id, &all));
        out
    }

    /// Tells items, and takes in that they were told.
    fn range(&mut self, state: &State, id: ConversationId, all: &[Item<'_>], range: std::ops::Range<usize>, out: &mut Vec<String>) {
        let unread = state.threads.get(&id).and_then(|thread| thread.unread);
        let told = all.get(range).unwrap_or_default();
        for item in told {
            if let Item::Message(m) = item {
                if m.id.is_some() && m.id == unread {
                    out.push("Unread from here:".into());
                }
                if m.id.is_some() && m.id == self.mark {
                    out.push("Found:".into());
                }
                self.delivery.insert(key(item), say::delivery(state, m).map(settled));
            }
            out.extend(say::item(state, item));
        }
        self.told.extend(told.iter().map(key));
    }

    /// The first and the last of what was told and is still there.
    fn ends(&self, all: &[Item<'_>]) -> Option<(usize, usize)> {
        let is_told = |item: &Item<'_>| self.told.contains(&key(item));
        Some((all.iter().position(is_told)?, all.iter().rposition(is_told)?))
    }

    /// What is above, and how it is reached.
    fn above(&self, state: &State, id: ConversationId, all: &[Item<'_>]) -> String {
        let left = self.ends(all).map_or(0, |(first, _)| first);
        let more = state.threads.get(&id).is_some_and(|thread| thread.older);
        match (left, more) {
            (0, false) => "Nothing is older.".into(),
            (_, false) => format!("{} above; older tells them.", say::count(left, "more message")),
            (_, true) => "More messages are above; older tells them.".into(),
        }
    }

    /// What is below, where the end was not told.
    fn below(&self, state: &State, id: ConversationId, all: &[Item<'_>]) -> Option<String> {
        let left = all.len() - self.ends(all).map_or(all.len(), |(_, last)| last + 1);
        let more = state.threads.get(&id).is_some_and(|thread| thread.around.is_some());
        match (left, more) {
            (0, false) => None,
            (_, false) => Some(format!("{} below; newer tells them.", say::count(left, "more message"))),
            (_, true) => Some("More messages are below; newer tells them.".into()),
        }
    }

    /// Older messages, or what is to be read for them.
    pub(super) fn older(&mut self, state: &State, id: ConversationId) -> (Vec<String>, Option<Deed>) {
        let all = items(state, id);
        let first = self.ends(&all).map_or(0, |(first, _)| first);
        if first == 0 {
            if state.threads.get(&id).is_some_and(|thread| thread.older) && self.wanted.is_none() {
                self.wanted = Some(true);
                return (Vec::new(), Some(Deed::Older(id)));
            }
            return (vec!["Nothing is older.".into()], None);
        }
        let mut out = Vec::new();
        self.range(state, id, &all, first.saturating_sub(PAGE)..first, &mut out);
        out.push(self.above(state, id, &all));
        (out, None)
    }

    /// Newer messages, or what is to be read for them.
    pub(super) fn newer(&mut self, state: &State, id: ConversationId) -> (Vec<String>, Option<Deed>) {
        let all = items(state, id);
        let next = self.ends(&all).map_or(0, |(_, last)| last + 1);
        if next >= all.len() {
            if state.threads.get(&id).is_some_and(|thread| thread.around.is_some()) && self.wanted.is_none() {
                self.wanted = Some(false);
                return (Vec::new(), Some(Deed::Newer(id)));
            }
            return (vec!["Nothing is newer.".into()], None);
        }
        let mut out = Vec::new();
        self.range(state, id, &all, next..(next + PAGE).min(all.len()), &mut out);
        out.extend(self.below(state, id, &all));
        (out, None)
    }

    /// What is new in the conversation that is told: what was asked for, what was written since, how far ours have come.
    pub(super) fn news(&mut self, state: &State, id: ConversationId) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(older) = self.wanted {
            // Still wanted: it is not asked for twice.
            let (told, _) = if older { self.older(state, id) } else { self.newer(state, id) };
            self.wanted = None;
            out.extend(told);
        }
        let all = items(state, id);
        for item in &all {
            let Item::Message(m) = item else { continue };
            let Some(before) = self.delivery.get_mut(&key(item)) else { continue };
            let now = say::delivery(state, m).map(settled);
            if *before != now {
                let what = if m.private { "note" } else { "message to the CUSTOMER" };
                let how = now.clone().unwrap_or_else(|| "saved in Chatwoot".into());
                out.push(format!("Your {what} of {}: {how}.", crate::view::ui::clock(state, m.created_at)));
                out.extend(m.error.as_ref().map(|error| format!("  (error: {})", crate::text::line(error))));
                *before = now;
            }
        }
        let around = state.threads.get(&id).is_some_and(|thread| thread.around.is_some());
        let next = self.ends(&all).map_or(0, |(_, last)| last + 1);
        if self.mark.is_none() && !around && next < all.len() {
            self.range(state, id, &all, next..(next + PAGE).min(all.len()), &mut out);
            out.extend(self.below(state, id, &all));
        }
        out
    }
}

/// How far a message has come, without the seconds that only pass.
fn settled(how: String) -> String {
    if how.starts_with("leaves in") || how == "queued" || how == "being sent" { "on its way".into() } else { how }
}

fn mark(state: &State, id: ConversationId) -> Option<MessageId> {
    state.threads.get(&id).and_then(|thread| thread.mark)
}
