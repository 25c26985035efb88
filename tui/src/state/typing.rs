//! Who else writes in a conversation, as Chatwoot tells it: shown while it lasts, and no longer than a moment after the last word of it.

use std::collections::BTreeMap;

use api::event::TypingHeard;
use api::id::ConversationId;
use jiff::{SignedDuration, Timestamp};

use super::State;
use crate::text;

/// Chatwoot's own page takes a sign of typing back after 30 s without another.
const LASTS: SignedDuration = SignedDuration::from_secs(30);
/// Conversations and people at most: of more nobody is shown.
const CONVERSATIONS_MAX: usize = 200;
const PEOPLE_MAX: usize = 8;

/// Somebody who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Writer {
    name: String,
    private: bool,
    until: Timestamp,
}

/// Who writes where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writers(BTreeMap<ConversationId, Vec<Writer>>);

impl Writers {
    /// Somebody began, goes on or stopped.
    pub(crate) fn heard(&mut self, typing: &TypingHeard, now: Timestamp) {
        self.expire(now);
        let name = text::truncate(&text::line(&typing.name), 40);
        let room = self.0.len() < CONVERSATIONS_MAX || self.0.contains_key(&typing.conversation_id);
        if let Some(writers) = self.0.get_mut(&typing.conversation_id) {
            writers.retain(|writer| writer.name != name);
        }
        if typing.on && room && !name.is_empty() {
            let writers = self.0.entry(typing.conversation_id).or_default();
            if writers.len() < PEOPLE_MAX {
                writers.push(Writer { name, private: typing.private, until: now + LASTS });
            }
        }
        self.0.retain(|_, writers| !writers.is_empty());
    }

    /// Time passes.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.0.retain(|_, writers| {
            writers.retain(|writer| writer.until > now);
            !writers.is_empty()
        });
    }

    /// Nothing is heard any more.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl State {
    /// Who else writes in a conversation, in a sentence.
    pub(crate) fn writing(&self, id: ConversationId) -> Option<String> {
        let writers = self.writers.0.get(&id)?;
        let one = |writer: &Writer| if writer.private { format!("{} (a note)", writer.name) } else { writer.name.clone() };
        Some(match writers.as_slice() {
            [] => return None,
            [only] => format!("{} is writing", one(only)),
            [first, second] => format!("{} and {} are writing", one(first), one(second)),
            [first, rest @ ..] => format!("{} and {} others are writing", one(first), rest.len()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_come_go_and_expire() {
        let now: Timestamp = "2026-11-20T10:41:00Z".parse().unwrap();
        let mut state = State::new(now, jiff::tz::TimeZone::UTC, (80, 24), "s");
        let id = ConversationId(7);
        let hear = |state: &mut State, name: &str, on, private, at| {
            state.writers.heard(&TypingHeard { conversation_id: id, name: name.into(), agent_id: None, on, private }, at);
        };
        hear(&mut state, "Dee\x1b[2J", true, false, now);
        assert_eq!(state.writing(id).as_deref(), Some("Dee␛[2J is writing"));
        hear(&mut state, "Ada", true, true, now + SignedDuration::from_secs(10));
        assert_eq!(state.writing(id).as_deref(), Some("Dee␛[2J and Ada (a note) are writing"));
        hear(&mut state, "Kim", true, false, now + SignedDuration::from_secs(10));
        assert_eq!(state.writing(id).as_deref(), Some("Dee␛[2J and 2 others are writing"));
        hear(&mut state, "Kim", false, false, now + SignedDuration::from_secs(11));
        state.writers.expire(now + SignedDuration::from_secs(31));
        assert_eq!(state.writing(id).as_deref(), Some("Ada (a note) is writing"));
        state.writers.expire(now + SignedDuration::from_secs(41));
        assert_eq!(state.writing(id), None);
        for n in 0..1_000 {
            state.writers.heard(
                &TypingHeard { conversation_id: ConversationId(n), name: "x".into(), agent_id: None, on: true, private: false },
                now,
            );
        }
        assert_eq!(state.writers.0.len(), CONVERSATIONS_MAX);
    }
}
