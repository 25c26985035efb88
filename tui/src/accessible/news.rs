//! What happened since the last prompt, a sentence each.

use std::collections::BTreeMap;

use api::id::ConversationId;
use api::inbox::MessageType;
use api::status::LinkState;
use jiff::Timestamp;

use super::say;
use crate::state::{Daemon, State, Tone};
use crate::text;

/// Sentences kept until the next prompt; of more, the number.
const KEPT_MAX: usize = 40;
/// Conversations with something new that are named.
const NAMED_MAX: usize = 5;

/// What was heard, and what was known when the last prompt stood.
#[derive(Debug, Default)]
pub(super) struct News {
    heard: Vec<String>,
    left_out: usize,
    unread: Option<BTreeMap<ConversationId, u32>>,
    /// When that was: what is read for the first time and is newer is news.
    since: Option<Timestamp>,
    away: bool,
    chatwoot: Option<LinkState>,
}

impl News {
    /// Takes short messages over before they go by themselves.
    pub(super) fn hear(&mut self, state: &mut State) {
        for toast in std::mem::take(&mut state.toasts) {
            let bad = if toast.tone == Tone::Bad { "Attention: " } else { "" };
            self.push(format!("{bad}{}", say::toast(&toast.text)));
        }
    }

    fn push(&mut self, words: String) {
        if self.heard.len() < KEPT_MAX {
            self.heard.push(words);
        } else {
            self.left_out += 1;
        }
    }

    /// All that is new, for the prompt that follows. What is written in the opened conversation is told there.
    pub(super) fn tell(&mut self, state: &State, open: Option<ConversationId>) -> Vec<String> {
        let away = match &state.daemon {
            Daemon::Lost { message, .. } => Some(text::line(message)),
            _ => None,
        };
        if let Some(why) = away.as_ref().filter(|_| !self.away) {
            self.push(format!("The daemon is away ({why}); it is tried again by itself, and what you write is kept."));
        }
        self.away = away.is_some();
        let chatwoot = state.status.as_ref().map(|status| status.chatwoot.state);
        if let (Some(before), Some(now)) = (self.chatwoot, chatwoot) {
            let (was, is) = (works(before), works(now));
            if was && !is {
                self.push("Chatwoot does not answer; what you send waits for it.".into());
            } else if is && !was {
                self.push("Chatwoot is back.".into());
            }
        }
        self.chatwoot = chatwoot.or(self.chatwoot);
        self.written(state, open);
        let mut out = std::mem::take(&mut self.heard);
        if self.left_out > 0 {
            out.push(format!("And {} more.", say::count(self.left_out, "event")));
            self.left_out = 0;
        }
        out
    }

    /// Which customers wrote.
    fn written(&mut self, state: &State, open: Option<ConversationId>) {
        if !state.list.loaded {
            return;
        }
        let now: BTreeMap<ConversationId, u32> = state.conversations.values().map(|view| (view.id, view.unread_count)).collect();
        let Some(before) = self.unread.take() else {
            (self.unread, self.since) = (Some(now), Some(state.now));
            return;
        };
        let mut more = 0;
        let mut named = Vec::new();
        let since = self.since.replace(state.now);
        let is_new = |id: &ConversationId, unread: u32| match before.get(id) {
            Some(old) => *old < unread,
            None => unread > 0 && state.conversation(*id).map(|view| view.last_activity_at) > since,
        };
        for (id, unread) in now.iter().filter(|(id, unread)| is_new(id, **unread) && Some(**id) != open) {
            if named.len() == NAMED_MAX {
                more += 1;
                continue;
            }
            let snippet = state.conversation(*id).and_then(|view| view.snippet.as_ref());
            let said = snippet.filter(|said| said.message_type == MessageType::Incoming && !said.private);
            let said = said.map(|said| format!(": {}", text::truncate(&text::line(&said.text), 80))).unwrap_or_default();
            named.push(format!("{} wrote, {unread} unread{said}", say::named(state, *id)));
        }
        for words in named {
            self.push(words);
        }
        if more > 0 {
            self.push(format!("{} have news as well.", say::count(more, "other conversation")));
        }
        // What was forgotten and is read again is no news.
        let mut known = before;
        known.extend(now);
        known.retain(|id, _| state.conversations.contains_key(id) || Some(*id) == open);
        self.unread = Some(known);
    }
}

fn works(state: LinkState) -> bool {
    matches!(state, LinkState::Live | LinkState::Polling)
}
