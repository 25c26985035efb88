//! The conversation list: its filters, counts, orders (contract 4.1).

use std::cmp::{Ordering, Reverse};

use super::{Conversation, Id, MessageType, State, Status};
use crate::world::Role;

/// The list's parameters, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConversationQuery {
    pub(crate) account: Id,
    pub(crate) user: Id,
    pub(crate) status: StatusFilter,
    pub(crate) assignee: Option<String>,
    pub(crate) inbox: Option<Id>,
    pub(crate) team: Option<Id>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) kind: Option<String>,
    pub(crate) words: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) updated_within: Option<i64>,
}

/// Which statuses are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    #[default]
    Any,
    Only(Status),
    /// An unknown word.
    Nothing,
}

/// Counts beside a list; they do not know the assignee filter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) mine: usize,
    pub(crate) assigned: usize,
    pub(crate) unassigned: usize,
    pub(crate) all: usize,
}

impl Counts {
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a Conversation>, user: Id) -> Self {
        let mut n = Counts::default();
        for c in rows {
            n.all += 1;
            match c.assignee_id {
                Some(a) => {
                    n.assigned += 1;
                    n.mine += usize::from(a == user);
                }
                None if c.assignee_bot_id.is_some() => n.assigned += 1,
                None => n.unassigned += 1,
            }
        }
        n
    }
}

impl ConversationQuery {
    /// Everything but the assignee.
    fn matches(&self, s: &State, c: &Conversation) -> bool {
        c.account_id == self.account
            && (s.role(self.user, self.account) == Some(Role::Administrator) || s.is_member(self.user, c.inbox_id))
            && match self.status {
                StatusFilter::Any => true,
                StatusFilter::Only(status) => c.status == status,
                StatusFilter::Nothing => false,
            }
            && self.inbox.is_none_or(|i| c.inbox_id == i)
            && self.team.is_none_or(|t| c.team_id == Some(t))
            && self.labels.as_ref().is_none_or(|wanted| c.labels.iter().any(|l| wanted.iter().any(|w| w.eq_ignore_ascii_case(l))))
            && match self.kind.as_deref() {
                Some("mention") => c.mentioned.contains(&self.user),
                Some("participating") => c.participants.contains(&self.user),
                Some("unattended") => c.first_reply_created_at.is_none() || c.waiting_since.is_some(),
                _ => true,
            }
            && self.words.as_ref().is_none_or(|words| s.thread(c.id).any(|m| says(m.content.as_deref(), m.message_type, words)))
            && self
                .source
                .as_ref()
                .is_none_or(|source| s.contact_inboxes.get(&c.contact_inbox_id).is_some_and(|ci| ci.source_id == *source))
    }

    /// The matching rows before the assignee filter, for the counts.
    pub(crate) fn rows<'s>(&'s self, s: &'s State) -> impl Iterator<Item = &'s Conversation> {
        s.conversations.values().filter(|c| self.matches(s, c))
    }

    /// Whether the assignee and `updated_within` filters let it through.
    pub(crate) fn listed(&self, s: &State, c: &Conversation) -> bool {
        (match self.assignee.as_deref() {
            Some("me") => c.assignee_id == Some(self.user),
            Some("unassigned") => c.assignee_id.is_none() && c.assignee_bot_id.is_none(),
            Some("assigned") => c.assignee_id.is_some() || c.assignee_bot_id.is_some(),
            _ => true,
        }) && self.updated_within.is_none_or(|seconds| c.updated_at > s.now().plus_seconds(-seconds))
    }
}

/// `ILIKE '%words%'` over what people wrote; `%` stands for anything.
pub(crate) fn says(content: Option<&str>, kind: MessageType, words: &str) -> bool {
    matches!(kind, MessageType::Incoming | MessageType::Outgoing) && content.is_some_and(|text| like(text, words))
}

/// Substring match without case, `%` as wildcard.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let mut rest = text.as_str();
    pattern.split('%').all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// Compares with nothing at the end in both directions.
fn nulls_last<T: Ord>(a: Option<T>, b: Option<T>, desc: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if desc => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Orders rows as `sort_by` asks; an unknown word means the latest activity first.
pub(crate) fn sorted<'a>(s: &State, mut rows: Vec<&'a Conversation>, by: &str) -> Vec<&'a Conversation> {
    match by {
        "last_activity_at_asc" => rows.sort_by_key(|c| c.last_activity_at),
        "created_at_asc" | "sort_on_created_at" => rows.sort_by_key(|c| c.created_at),
        "created_at_desc" => rows.sort_by_key(|c| Reverse(c.created_at)),
        "priority_asc" => {
            rows.sort_by_key(|c| Reverse(c.last_activity_at));
            rows.sort_by(|a, b| nulls_last(a.priority, b.priority, false));
        }
        "priority_desc" | "sort_on_priority" => {
            rows.sort_by_key(|c| Reverse(c.last_activity_at));
            rows.sort_by(|a, b| nulls_last(a.priority, b.priority, true));
        }
        "priority_desc_created_at_asc" if s.version.sorts_by_priority_and_age() => {
            rows.sort_by_key(|c| c.created_at);
            rows.sort_by(|a, b| nulls_last(a.priority, b.priority, true));
        }
        "waiting_since_asc" | "sort_on_waiting_since" => {
            rows.sort_by_key(|c| c.created_at);
            rows.sort_by(|a, b| nulls_last(a.waiting_since, b.waiting_since, false));
        }
        "waiting_since_desc" => {
            rows.sort_by_key(|c| c.created_at);
            rows.sort_by(|a, b| nulls_last(a.waiting_since, b.waiting_since, true));
        }
        "unread" if s.version.sorts_by_unread() => {
            rows.sort_by_key(|c| Reverse(c.last_activity_at));
            rows.sort_by_key(|c| Reverse(s.unread_count(c)));
        }
        _ => rows.sort_by_key(|c| Reverse(c.last_activity_at)),
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn the_percent_sign_stands_for_anything() {
        for (text, pattern, expected) in [("Where is it?", "IS", true), ("abc", "a%c", true), ("abc", "c%a", false), ("x", "%", true)] {
            assert_eq!(like(text, pattern), expected, "{pattern}");
        }
    }
}
