//! What holds now: which keys count, what an action would concern, whether what is shown is fresh.

use api::approval::ApprovalView;
use api::id::ConversationId;
use api::inbox::ConversationView;
use api::status::LinkState;
use jiff::{SignedDuration, Timestamp};

use super::{Button, Daemon, Focus, Overlay, Screen, Shelf, State};
use crate::keymap::Context;
use crate::keymap::registry::READ_ONLY;
use crate::settings::EditorMode;

/// Without a key for so long nobody counts minutes here.
const UNTOUCHED: SignedDuration = SignedDuration::from_mins(2);
/// How often ages change then, in seconds.
const AGES_STEP_S: i64 = 180;

impl State {
    /// Whether texts are written with vim's keys.
    pub fn has_modes(&self) -> bool {
        self.settings.editor_mode() == EditorMode::Vim
    }

    /// The moment that ages are told of: the last full minute, and while nobody has done anything for two, every third. All ages on the
    /// screen change together then, and a screen full of them that nobody touches stays cheap on a slow line.
    pub fn ages_at(&self) -> Timestamp {
        let floor = |at: Timestamp, step: i64| at.as_second().div_euclid(step) * step;
        let untouched = self.touched_at.saturating_add(UNTOUCHED).unwrap_or(self.now);
        if self.now < untouched {
            return self.now;
        }
        // Never younger than what was shown when it began.
        let second = floor(self.now, AGES_STEP_S).max(floor(untouched, 60));
        Timestamp::from_second(second).unwrap_or(self.now)
    }

    /// The place whose keys hold now.
    pub fn context(&self) -> Context {
        match (&self.overlay, &self.composer) {
            (Some(Overlay::Menu(_)), _) => Context::Menu,
            (Some(Overlay::Pick(_)), _) => Context::Pick,
            (Some(Overlay::Labels(_)), _) => Context::Labels,
            (Some(Overlay::Line(_)), _) => Context::Line,
            (Some(Overlay::Contact(_)), _) => Context::ContactField,
            (Some(Overlay::Address(_)), _) => Context::Address,
            (Some(Overlay::Approve { .. }), _) => Context::Sheet,
            (Some(Overlay::Question(_)), _) => Context::Question,
            (Some(Overlay::Help(help)), _) if help.typing => Context::Words,
            (Some(Overlay::Help(_)), _) => Context::Help,
            (Some(Overlay::Palette(_)), _) => Context::Palette,
            (Some(Overlay::Shown(_)), _) => Context::Shown,
            (None, Some(composer)) if composer.prompt.is_some() => Context::Path,
            (None, Some(composer)) if composer.takes_commands() => Context::Normal,
            (None, Some(composer)) if composer.completing.list.is_some() => Context::Completion,
            (None, Some(_)) => Context::Composer,
            (None, None) if self.list.typing.is_some() => Context::Filter,
            (None, None) if self.screen == Screen::Search && self.focus == Focus::List && self.search.typing => Context::Search,
            (None, None) if self.screen == Screen::Contacts && self.contacts.typing.is_some() => Context::ContactFilter,
            (None, None) if self.pane() == Context::Thread && self.find.as_ref().is_some_and(|f| f.typing.is_some()) => Context::Find,
            (None, None) => self.pane(),
        }
    }

    /// The marked button of the sheet that has the keys.
    pub fn marked_button(&self) -> Option<Button> {
        self.button.filter(|(context, _)| *context == self.context()).map(|(_, button)| button)
    }

    /// Whether the keys that can follow are listed now.
    pub fn lists_next_keys(&self) -> bool {
        self.prefix.is_some() && self.now >= self.next_keys_at()
    }

    /// When they are: who knows the second key never sees the list.
    fn next_keys_at(&self) -> Timestamp {
        self.prefix_at + SignedDuration::from_millis(self.settings.ui.which_key_delay_ms.into())
    }

    /// How long until the screen changes by time alone, sooner than the next tick.
    pub(crate) fn due_in(&self) -> Option<std::time::Duration> {
        let waits = self.prefix.is_some() && !self.lists_next_keys();
        waits.then(|| std::time::Duration::try_from(self.next_keys_at().duration_since(self.now)).unwrap_or_default())
    }

    /// Whether a line of one of the lists is being typed.
    pub fn typing(&self) -> bool {
        self.overlay.is_none() && matches!(self.context(), Context::Filter | Context::Search | Context::ContactFilter | Context::Find)
    }

    /// The pane that has the keys, whatever stands over it.
    pub fn pane(&self) -> Context {
        match (self.screen, self.focus) {
            (Screen::Inbox, Focus::List) => Context::List,
            (Screen::Inbox, Focus::Open) => Context::Thread,
            (Screen::Approvals, Focus::List) => Context::Queue,
            (Screen::Approvals, Focus::Open) => Context::Card,
            (Screen::Search, Focus::List) => Context::Found,
            (Screen::Search, Focus::Open) => Context::Thread,
            (Screen::Contacts, Focus::List) => Context::Contacts,
            (Screen::Contacts, Focus::Open) => Context::Contact,
            (Screen::Activity, _) => Context::Activity,
            (Screen::Own(Shelf::Drafts), _) => Context::Drafts,
            (Screen::Own(Shelf::Outbox), _) => Context::Outbox,
            (Screen::Own(Shelf::Log), _) => Context::Log,
            (Screen::Own(Shelf::Settings), _) => Context::Settings,
        }
    }

    /// The conversation that a key means: the text's, then the opened one's, then the list's.
    pub fn target(&self) -> Option<ConversationId> {
        if let Some(composer) = &self.composer {
            return composer.purpose.conversation();
        }
        match (self.screen, self.focus) {
            (Screen::Inbox, Focus::List) => self.list.cursor,
            (Screen::Inbox | Screen::Search, Focus::Open) => self.open,
            (Screen::Search, Focus::List) => self.search.chosen().map(|(id, _)| id),
            (Screen::Contacts, _) => None,
            (Screen::Approvals, _) => self.approval().and_then(|a| a.conversation_id),
            (Screen::Activity, _) => self.feed.chosen().and_then(|a| a.conversation_id).map(ConversationId),
            (Screen::Own(_), _) => crate::update::shelf::conversation(self),
        }
    }

    /// The contact that the keys mean: the one of the card, or the conversation's.
    pub fn contact_meant(&self) -> Option<i64> {
        if self.screen == Screen::Contacts {
            return self.contacts.card.as_ref().map(|card| card.id);
        }
        self.target().and_then(|id| self.conversation(id)).map(|view| view.contact.id)
    }

    /// The conversations that a key means: those marked while the list has the keys, else the one.
    pub fn targets(&self) -> Vec<ConversationId> {
        if self.pane() == Context::List && self.composer.is_none() && !self.list.marked.is_empty() {
            return self.list.marked.iter().copied().collect();
        }
        self.target().into_iter().collect()
    }

    /// The conversation that is on the screen: the text's, the opened one, or the one under the cursor.
    pub fn shown(&self) -> Option<ConversationId> {
        let composing = self.composer.as_ref().and_then(|c| c.purpose.conversation());
        composing.or(match (self.screen, self.focus) {
            (Screen::Activity | Screen::Own(_), _) => None,
            (Screen::Contacts, _) => None,
            (_, Focus::Open) => self.open,
            (Screen::Search, Focus::List) => self.search.chosen().map(|(id, _)| id),
            (_, Focus::List) => self.list.cursor,
        })
    }

    /// A conversation, as far as it was read.
    pub fn conversation(&self, id: ConversationId) -> Option<&ConversationView> {
        self.conversations.get(&id)
    }

    /// The approval that is shown at the right: the opened card, else the chosen row.
    pub fn approval(&self) -> Option<&ApprovalView> {
        match &self.approvals.card {
            Some(card) => Some(&card.shown),
            None => self.approvals.rows.iter().find(|a| Some(a.id) == self.approvals.cursor),
        }
    }

    /// The caller's Chatwoot agent.
    pub fn agent(&self) -> Option<i64> {
        self.me.as_ref().and_then(|me| me.agent.as_ref()).map(|a| a.id)
    }

    /// Whether replies go out under the caller's own name.
    pub fn speaks_for_itself(&self) -> bool {
        self.me.as_ref().is_none_or(|me| me.agent.as_ref().is_some_and(|a| a.own_token))
    }

    /// Why nothing is changed from here, whatever it is.
    pub fn barred(&self) -> Option<&'static str> {
        let reads_only = self.me.as_ref().is_some_and(|me| !me.role.may_work());
        if self.read_only { Some(READ_ONLY) } else { reads_only.then_some("your role reads only") }
    }

    /// Whether texts and decisions are kept in the file of drafts: they are read, nobody has them removed, and this inbox writes.
    pub(crate) fn keeps_drafts(&self) -> bool {
        self.drafts_loaded && !self.forgotten && !self.read_only
    }

    /// Whether the first copy still runs.
    pub fn copying(&self) -> bool {
        self.status.as_ref().is_some_and(|s| !s.first_copy.done && s.chatwoot.state != LinkState::NotConfigured)
    }

    /// Whether what is on the screen is known to be fresh.
    pub fn is_live(&self) -> bool {
        self.daemon == Daemon::Live && self.status.as_ref().is_none_or(|s| matches!(s.chatwoot.state, LinkState::Live | LinkState::Polling))
    }
}
