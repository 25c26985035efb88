//! The one door into the store for everything that Chatwoot says: frames, webhooks, first copy, reconcile and reads.
//!
//! What has a clock is applied, newer wins; what has none only marks its object to be read again. Applying twice, late or in another order
//! ends in the same rows once the marked objects were read. Also here, in the same write: what on Chatwoot's own page asks for a decision.
//! Never here: the network.

use std::sync::Arc;

use api::inbox::{MessageType, SenderKind};
use chatwoot::cable::CableEvent;
use chatwoot::model;
use chatwoot::webhook::WebhookEvent;
use serde::{Deserialize, Serialize};

pub(super) use super::first::{FIRST_COPY, FirstCopy};
use super::normalise;
use crate::clock::Micros;
use crate::domain::approval::{ESCALATE_LABEL, escalate_command};
use crate::store::{Applied, Asked, MessageRow, Reread, RereadKind, Scope, StoreError};

/// Somebody asked for a decision on Chatwoot's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// The conversation.
    pub conversation_id: i64,
    /// Who asked, by Chatwoot user id and name; `None` where nobody is named.
    pub agent: Option<(i64, String)>,
    /// What is asked.
    pub reason: String,
    /// `label` or `note`.
    pub via: &'static str,
}

/// Makes the approval, inside the write that applied the cause. Must do nothing while one is open for the conversation.
pub type EscalateFn = Arc<dyn for<'a, 'b> Fn(&'a Scope<'b>, Escalation) -> Result<(), StoreError> + Send + Sync>;

/// Something Chatwoot said.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// A conversation, with its clock.
    Conversation(Box<model::Conversation>),
    /// A message: with a clock in frames, without one in webhooks.
    Message(Box<model::Message>),
    /// A contact changed; its payload has no clock.
    Contact(i64),
    /// A contact is gone.
    ContactGone(i64),
    /// Labels, inboxes, teams or memberships changed.
    Directory,
    /// Something happened that could not be read: look for what is different.
    Unreadable,
    /// Nothing that is kept here.
    Nothing,
}

impl Incoming {
    /// What a frame says.
    pub fn from_cable(event: CableEvent) -> Self {
        match event {
            CableEvent::MessageCreated(message) | CableEvent::MessageUpdated(message) | CableEvent::FirstReplyCreated(message) => {
                Self::Message(message)
            }
            CableEvent::ConversationCreated(at)
            | CableEvent::ConversationUpdated(at)
            | CableEvent::ConversationStatusChanged(at)
            | CableEvent::ConversationRead(at)
            | CableEvent::ConversationContactChanged(at)
            | CableEvent::Mentioned(at)
            | CableEvent::AssigneeChanged(at)
            | CableEvent::TeamChanged(at) => Self::Conversation(at),
            CableEvent::ContactCreated(contact) | CableEvent::ContactUpdated(contact) | CableEvent::ContactMerged(contact) => {
                Self::Contact(contact.id)
            }
            CableEvent::ContactDeleted(contact) => Self::ContactGone(contact.id),
            CableEvent::CacheInvalidated(_) => Self::Directory,
            CableEvent::Unreadable { .. } => Self::Unreadable,
            CableEvent::Typing(_)
            | CableEvent::UnreadCountChanged
            | CableEvent::Notification(_)
            | CableEvent::Presence(_)
            | CableEvent::Other { .. } => Self::Nothing,
        }
    }

    /// What a webhook says.
    pub fn from_webhook(event: WebhookEvent) -> Self {
        match event {
            WebhookEvent::ConversationCreated(at)
            | WebhookEvent::ConversationUpdated { conversation: at, .. }
            | WebhookEvent::ConversationStatusChanged(at)
            | WebhookEvent::ConversationOpened(at)
            | WebhookEvent::ConversationResolved(at) => Self::Conversation(at),
            WebhookEvent::MessageCreated(message) | WebhookEvent::MessageUpdated(message) => Self::Message(message),
            WebhookEvent::ContactCreated(contact) | WebhookEvent::ContactUpdated { contact, .. } => Self::Contact(contact.id),
            WebhookEvent::Typing(_) | WebhookEvent::WebwidgetTriggered(_) | WebhookEvent::Other { .. } => Self::Nothing,
        }
    }
}

/// How it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By frame or webhook: perhaps late, twice or out of order.
    Live,
    /// As the answer to a read.
    Read(Asked),
}

impl How {
    /// When it was asked for.
    fn asked(self) -> Option<Asked> {
        match self {
            Self::Live => None,
            Self::Read(asked) => Some(asked),
        }
    }
}

/// What applying led to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Clients see a difference.
    pub news: bool,
    /// Something was marked to be read again.
    pub marked: bool,
    /// A label asks for a decision, or what tells who asked has arrived.
    pub escalation: bool,
    /// Something was missed: reconcile.
    pub missed: bool,
    /// A message's conversation is not here yet.
    pub orphan: bool,
    /// What is here of the conversation is newer.
    pub older: bool,
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            news: self.news | other.news,
            marked: self.marked | other.marked,
            escalation: self.escalation | other.escalation,
            missed: self.missed | other.missed,
            orphan: self.orphan | other.orphan,
            older: self.older | other.older,
        }
    }
}

/// Cursor of a conversation whose label asks for a decision, until it is known who set it.
pub(super) const ESCALATE_CURSOR: &str = "escalate:";

/// A label that asks for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingEscalation {
    /// The conversation.
    pub conversation_id: i64,
    /// Our clock when it was seen.
    pub seen: Micros,
    /// Looks for the activity message so far.
    pub attempts: u32,
    /// When to look next.
    pub not_before: Micros,
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    escalate: EscalateFn,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Door")
    }
}

impl Door {
    /// A door that makes approvals with `escalate`.
    pub fn new(escalate: EscalateFn) -> Self {
        Self { escalate }
    }

    /// Applies one thing.
    ///
    /// # Errors
    /// When the store refuses; the caller's write then leaves nothing.
    pub fn apply(&self, scope: &Scope<'_>, incoming: &Incoming, how: How) -> Result<Outcome, StoreError> {
        match incoming {
            Incoming::Conversation(conversation) => self.conversation(scope, conversation, how),
            Incoming::Message(message) => self.message(scope, message, how),
            Incoming::Contact(id) => mark(scope, RereadKind::Contact, *id, 0),
            Incoming::ContactGone(id) => {
                let gone = scope.delete_contact(*id)?;
                Ok(Outcome { news: gone.is_news(), ..Outcome::default() })
            }
            Incoming::Directory => mark(scope, RereadKind::Directory, 0, 0),
            Incoming::Unreadable => Ok(Outcome { missed: true, ..Outcome::default() }),
            Incoming::Nothing => Ok(Outcome::default()),
        }
    }

    fn conversation(&self, scope: &Scope<'_>, from: &model::Conversation, how: How) -> Result<Outcome, StoreError> {
        let Some(row) = normalise::conversation(from) else {
            // A read that lacks what a row needs would lack it the next time too.
            return if how == How::Live { mark(scope, RereadKind::Conversation, from.id, 0) } else { Ok(Outcome::default()) };
        };
        let mut outcome = Outcome::default();
        if let Some(contact) = normalise::contact_of(from) {
            let id = contact.view.id;
            if let Some(asked) = how.asked() {
                outcome.news |= scope.apply_contact(&contact, asked)?.is_news();
            } else {
                match scope.contact(id)? {
                    // Nothing it says has a clock; a read of its own decides.
                    Some(known) if known == contact.view => {}
                    Some(_) => outcome = outcome.and(mark(scope, RereadKind::Contact, id, 0)?),
                    None => {
                        outcome.news |= scope.apply_contact(&contact, Asked { ours: 0, theirs: 0 })?.is_news();
                        outcome = outcome.and(mark(scope, RereadKind::Contact, id, 0)?);
                    }
                }
            }
        }
        let known = scope.has_conversation(row.id)?;
        let labels = if known { scope.conversation_labels(row.id)? } else { Vec::new() };
        let applied = scope.apply_conversation(&row, how.asked())?;
        outcome.news |= applied.is_news();
        outcome.older = applied == Applied::Older;
        if applied == Applied::Created && how == How::Live {
            outcome = outcome.and(mark(scope, RereadKind::Conversation, row.id, 0)?); // Its earlier messages are not here.
        }
        // What is seen for the first time had its labels before; unless all of it began after us.
        let counts = applied.is_news() && (known || began_after_us(scope, row.created_at)?);
        if counts && !has_escalate(&labels) && has_escalate(&scope.conversation_labels(row.id)?) {
            let pending = PendingEscalation { conversation_id: row.id, seen: scope.now(), attempts: 0, not_before: scope.now() };
            scope.set_cursor(&format!("{ESCALATE_CURSOR}{}", row.id), &pending)?;
            outcome.escalation = true;
        }
        Ok(outcome)
    }

    fn message(&self, scope: &Scope<'_>, from: &model::Message, how: How) -> Result<Outcome, StoreError> {
        let Some(row) = normalise::message(from, scope.now()) else {
            return match from.conversation_id {
                Some(conversation) if how == How::Live => mark(scope, RereadKind::Message, from.id, conversation),
                _ => Ok(Outcome::default()),
            };
        };
        let mut outcome = Outcome::default();
        let whole = from.whole_conversation().filter(|_| how == How::Live);
        if let Some(whole) = whole {
            outcome = self.conversation(scope, whole, how)?;
        }
        let has_clock = row.updated_at.is_some() || how != How::Live;
        if !has_clock {
            outcome = outcome.and(mark(scope, RereadKind::Message, row.id, row.conversation_id)?);
            if scope.message_type(row.id)?.is_some() {
                return Ok(outcome);
            }
            // A message nobody has seen yet cannot be older than what is here: it is shown at once, and read again all the same.
        }
        let applied = scope.apply_message(&row, how.asked())?;
        if applied == Applied::Created && how == How::Live && whole.is_none() {
            outcome = outcome.and(moved(scope, from, &row)?);
        }
        Ok(outcome.and(self.applied(scope, &row, how, applied)?))
    }

    /// Applies a page of messages that was read, as each by itself, with one look for the conversation of them. `quiet` says of which the
    /// clients do not hear (see [`Scope::quietly`]). Returns besides how many were news.
    pub(super) fn messages(
        &self,
        scope: &Scope<'_>,
        page: &[model::Message],
        asked: Asked,
        quiet: impl Fn(&model::Message) -> bool,
    ) -> Result<(Outcome, u64), StoreError> {
        let (mut outcome, mut news, mut looked) = (Outcome::default(), 0, None);
        for from in page {
            let Some(row) = normalise::message(from, scope.now()) else { continue };
            let refusal = match looked {
                Some((id, refusal)) if id == row.conversation_id => refusal,
                _ => scope.refusal(row.conversation_id)?,
            };
            looked = Some((row.conversation_id, refusal));
            let one = scope.quietly(quiet(from), || {
                let applied = refusal.map_or_else(|| scope.apply_message_here(&row, Some(asked)), Ok)?;
                self.applied(scope, &row, How::Read(asked), applied)
            })?;
            news += u64::from(one.news);
            outcome = outcome.and(one);
        }
        Ok((outcome, news))
    }

    /// What follows from a message that was applied.
    fn applied(&self, scope: &Scope<'_>, row: &MessageRow, how: How, applied: Applied) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome { news: applied.is_news(), ..Outcome::default() };
        match applied {
            Applied::Orphan => {
                outcome = outcome.and(mark(scope, RereadKind::Conversation, row.conversation_id, 0)?);
                if how == How::Live {
                    outcome = outcome.and(mark(scope, RereadKind::Message, row.id, row.conversation_id)?);
                }
                outcome.orphan = true;
            }
            Applied::Created => {
                self.note(scope, row)?;
                outcome.escalation |= row.message_type == MessageType::Activity
                    && scope.cursor::<PendingEscalation>(&format!("{ESCALATE_CURSOR}{}", row.conversation_id))?.is_some();
            }
            Applied::Unclear => outcome.marked = true,
            Applied::Changed | Applied::Same | Applied::Older | Applied::Gone => {}
        }
        Ok(outcome)
    }

    /// A new private note that begins with `/escalate`.
    fn note(&self, scope: &Scope<'_>, row: &MessageRow) -> Result<(), StoreError> {
        let by_agent = row.sender.as_ref().filter(|sender| sender.kind == SenderKind::User);
        let (Some(agent), true, None) = (by_agent, row.private && !row.deleted, &row.afenda_id) else { return Ok(()) };
        let Some(reason) = row.content.as_deref().and_then(escalate_command) else { return Ok(()) };
        if !began_after_us(scope, row.created_at)? {
            return Ok(());
        }
        let agent = agent.id.map(|id| (id, agent.name.clone()));
        (self.escalate)(scope, Escalation { conversation_id: row.conversation_id, agent, reason: reason.to_owned(), via: "note" })
    }

    /// The label's approval, once it is known who set it.
    pub(super) fn label(&self, scope: &Scope<'_>, conversation_id: i64, agent: Option<(i64, String)>) -> Result<(), StoreError> {
        let reason = "Escalated in Chatwoot with the label `escalate`".to_owned();
        (self.escalate)(scope, Escalation { conversation_id, agent, reason, via: "label" })
    }
}

fn has_escalate(labels: &[String]) -> bool {
    labels.iter().any(|label| label == ESCALATE_LABEL)
}

/// Whether something was made after our first copy began. Both are Chatwoot's clock; creation times are whole seconds.
fn began_after_us(scope: &Scope<'_>, created_at: Micros) -> Result<bool, StoreError> {
    Ok(scope.cursor::<FirstCopy>(FIRST_COPY)?.is_some_and(|copy| created_at >= copy.began))
}

/// A new message moves its conversation; a frame says a little of how, the read that follows the rest.
fn moved(scope: &Scope<'_>, from: &model::Message, row: &MessageRow) -> Result<Outcome, StoreError> {
    let slim = match &from.conversation {
        Some(model::Nested::Slim(slim)) => slim.clone(),
        _ => model::SlimConversation::default(),
    };
    let activity = slim.last_activity_at.micros().unwrap_or(row.created_at);
    scope.touch_conversation(row.conversation_id, activity, slim.unread_count.map(|count| count.max(0)))?;
    mark(scope, RereadKind::Conversation, row.conversation_id, 0)
}

fn mark(scope: &Scope<'_>, kind: RereadKind, id: i64, conversation_id: i64) -> Result<Outcome, StoreError> {
    scope.mark(Reread { kind, id, conversation_id })?;
    Ok(Outcome { marked: true, ..Outcome::default() })
}
