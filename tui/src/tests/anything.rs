//! Whatever happens, in whatever order: nothing panics on the way into the state or onto the screen, and a text is handed in only for the
//! conversation that the screen named when it was begun.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use api::approval::{Actor, ApprovalStatus};
use api::event::{Activity, ActivityType, StreamEvent, SubjectType};
use api::id::{ActivityId, ConversationId};
use api::inbox::{DeliveryState, MessageType, OutboxState, OutboxView};
use api::lists::CustomFilterView;
use api::status::LinkState;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use uuid::Uuid;

use super::world::{Screen, approval_id, approvals, failure, lost, me, message, now, outbox_id, page, status, talks, thread};
use super::{contacting, searching};
use crate::event::{Answer, Directory, Effect, Event, Failure, Purpose, Submitted};
use crate::keymap::{self, TABLE};
use crate::state::Attached;
use crate::theme::{Background, Depth, Theme};
use crate::view;

/// Every key of the table, once.
static KEYS: LazyLock<Vec<KeyEvent>> = LazyLock::new(|| {
    let names: BTreeSet<&str> = TABLE.iter().flat_map(|b| b.keys).flat_map(|keys| keys.split(' ')).collect();
    names.into_iter().filter_map(keymap::parse).collect()
});

/// On a screen at least this large the head of what is written to names its conversation.
const NAMES_FROM: (u16, u16) = (44, 12);

#[derive(Debug, Clone)]
enum Step {
    /// One of the table.
    Key(prop::sample::Index),
    /// Any character, with any of the modifiers.
    Char(char, u8),
    /// Keys that begin, fill and send a text.
    Write(&'static str),
    Paste(String),
    Resize(u16, u16),
    /// Drawn before the inbox has heard of the new size.
    DrawnAt(u16, u16),
    Focus(bool),
    Tick(i64),
    /// One of what is asked for is answered: well, or not.
    Answer(prop::sample::Index, u8),
    /// The stream says something of a type about a conversation, or something about itself.
    Stream(prop::sample::Index, i64, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        12 => index().prop_map(Step::Key),
        4 => (any::<char>(), 0_u8..8).prop_map(|(c, m)| Step::Char(c, if m < 4 { 0 } else { m })),
        4 => prop::sample::select(vec!["r", "p", "H", "Enter", "Esc", "j", "J", "x", "Ctrl+S", "Ctrl+G n", "1", "2", "3", "4", "5"]).prop_map(Step::Write),
        1 => "\\PC{0,40}|[\\PC\\n\u{1b}\u{202e}\u{301}]{0,20}".prop_map(Step::Paste),
        1 => (1_u16..=30, 1_u16..=12).prop_map(|(w, h)| Step::Resize(w, h)),
        2 => (1_u16..=210, 1_u16..=55).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => (1_u16..=120, 1_u16..=40).prop_map(|(w, h)| Step::DrawnAt(w, h)),
        1 => any::<bool>().prop_map(Step::Focus),
        3 => prop::sample::select(vec![0, 1, 250, 300, 2_500, 20_000, 86_400_000]).prop_map(Step::Tick),
        6 => (index(), 0_u8..6).prop_map(|(at, how)| Step::Answer(at, how)),
        3 => (index(), 1_020_i64..1_045, any::<u8>()).prop_map(|(kind, id, how)| Step::Stream(kind, id, how)),
    ]
}

/// Draws at a size; the screen's words.
fn drawn(screen: &Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let theme = Theme::new(Depth::Mono, Background::Dark);
    terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
    terminal.backend().buffer().content.iter().map(|cell| cell.symbol()).collect()
}

pub(super) struct Run {
    pub(super) screen: Screen,
    pub(super) waiting: Vec<Effect>,
    /// What the screen named when the text that is open was begun.
    begun: Option<ConversationId>,
    count: u32,
}

impl Run {
    pub(super) fn new(vim: bool) -> Self {
        let mut screen = Screen::new(110, 30);
        screen.state.settings.editor.mode = vim.then_some(crate::settings::EditorMode::Vim);
        Self { screen, waiting: Vec::new(), begun: None, count: 0 }
    }

    fn purpose(&self) -> Option<Purpose> {
        self.screen.state.composer.as_ref().map(|composer| composer.purpose)
    }

    fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let before = self.purpose().and_then(Purpose::conversation);
        let (width, height) = self.screen.state.size;
        match step {
            Step::Key(at) => self.screen.send(Event::Key(*at.get(&KEYS))),
            Step::Char(c, m) => {
                let modifiers = KeyModifiers::from_bits_truncate(*m);
                self.screen.send(Event::Key(KeyEvent::new(KeyCode::Char(*c), modifiers)));
            }
            Step::Write(keys) => {
                for key in keys.split(' ').filter_map(keymap::parse) {
                    self.screen.send(Event::Key(key));
                }
            }
            Step::Paste(text) => self.screen.send(Event::Paste(text.clone())),
            Step::Resize(width, height) => self.screen.send(Event::Resize(*width, *height)),
            Step::DrawnAt(width, height) => {
                drawn(&self.screen, *width, *height);
            }
            Step::Focus(on) => self.screen.send(Event::Focus(*on)),
            Step::Tick(millis) => self.screen.tick(*millis),
            Step::Answer(at, how) => self.answer(at, *how),
            Step::Stream(kind, id, how) => self.stream(kind, *id, *how),
        }
        for effect in std::mem::take(&mut self.screen.effects) {
            if let Effect::Submit { purpose, .. } = &effect
                && let Some(id) = purpose.conversation()
            {
                prop_assert_eq!(before, Some(id), "handed in by {:?} for what is not written to", step);
                prop_assert_eq!(self.begun, Some(id), "handed in by {:?} for another than the screen named", step);
            }
            self.waiting.push(effect);
        }
        let after = self.purpose().and_then(Purpose::conversation);
        if after != before {
            self.begun = after;
            // On too small a screen nothing names it yet: it is looked for once there is room.
            let (w, h) = (width.max(NAMES_FROM.0), height.max(NAMES_FROM.1));
            if let Some(id) = after {
                let size = self.screen.state.size;
                self.screen.state.size = (w, h);
                let shown = if self.screen.state.overlay.is_none() { drawn(&self.screen, w, h) } else { format!("#{id}") };
                self.screen.state.size = size;
                prop_assert!(
                    shown.contains(&format!("#{id}")),
                    "{:?} began a text to #{} that the screen does not name: {}",
                    step,
                    id,
                    shown
                );
            }
        }
        Ok(())
    }

    pub(super) fn stream(&mut self, kind: &prop::sample::Index, id: i64, how: u8) {
        let generation = self.screen.state.stream.generation;
        let seq = self.screen.state.stream.seq.unwrap_or(0) + i64::from(how % 3);
        let said = match how {
            0..8 => Err(lost()),
            8..16 => Ok(StreamEvent::Ready { seq }),
            16..20 => Ok(StreamEvent::Reset { oldest_seq: seq }),
            20..24 => Ok(StreamEvent::Bye { reason: "moved\u{1b}[2J".into() }),
            _ => {
                let kinds: Vec<ActivityType> = ActivityType::ALL.to_vec();
                let kind = *kind.get(&kinds);
                let approval = kind.as_str().starts_with("approval");
                Ok(StreamEvent::Activity(Activity {
                    seq,
                    id: ActivityId(Uuid::from_u128(u128::from(how))),
                    kind,
                    actor: how.is_multiple_of(2).then(|| Actor { user: None, name: "Ada".into() }),
                    subject_type: if approval { SubjectType::Approval } else { SubjectType::Conversation },
                    subject_id: if approval { approval_id(42).to_string() } else { id.to_string() },
                    conversation_id: Some(id),
                    at: now(),
                    data: json!({ "state": "live", "message_type": "incoming", "private": false, "revision": 3 }),
                }))
            }
        };
        self.screen.send(Event::Stream(generation, said));
    }

    pub(super) fn answer(&mut self, at: &prop::sample::Index, how: u8) {
        if self.waiting.is_empty() {
            return;
        }
        let at = at.index(self.waiting.len());
        let effect = self.waiting.swap_remove(at);
        let bad = || match how {
            0 => failure(api::Code::StoreUnavailable, "the disk is full"),
            1 => lost(),
            _ => Failure { code: None, message: "lost".into(), lost: true, unknown: true },
        };
        let well = how > 2;
        fn ok<T>(well: bool, value: T, bad: impl FnOnce() -> Failure) -> Result<T, Failure> {
            if well { Ok(value) } else { Err(bad()) }
        }
        self.count += 1;
        let rows = || {
            let mut rows = talks();
            rows.rotate_left((usize::from(how) + self.count as usize) % 8);
            rows.truncate(if how == 5 { 3 } else { 8 });
            rows
        };
        let one = |id: ConversationId| talks().into_iter().find(|view| view.id == id);
        let messages = |id: ConversationId| {
            let mut messages = thread();
            for message in &mut messages {
                message.conversation_id = id;
            }
            page(messages)
        };
        let mut approval = approvals().remove(0);
        if how == 5 {
            (approval.revision, approval.status) = (3, ApprovalStatus::Approved);
        }
        let entry = |id: ConversationId, text: &str, state| OutboxView {
            id: outbox_id(self.count),
            conversation_id: Some(id),
            contact_id: None,
            inbox_id: None,
            kind: "reply".into(),
            state,
            user: "jo".into(),
            content: Some(text.into()),
            template: None,
            change: None,
            attempts: 1,
            error: None,
            sends_at: now(),
            created_at: now(),
        };
        let dee = ConversationId(1042);
        let answer = match effect {
            Effect::Me => Answer::Me(ok(well, me(Some(how == 3)), bad)),
            Effect::Status => Answer::Status(ok(well, status(if how == 5 { LinkState::Offline } else { LinkState::Live }), bad)),
            Effect::Directory => {
                let directory = Directory { attributes: super::acts::definitions(), ..Directory::default() };
                Answer::Directory(ok(well, directory, bad))
            }
            Effect::Outbox => Answer::Outbox(ok(well, vec![entry(dee, "failed", OutboxState::Failed)], bad)),
            Effect::List { generation, more, .. } => Answer::List { generation, more, result: ok(well, page(rows()), bad) },
            Effect::OwnCounts { status, .. } => Answer::OwnCounts { status, result: ok(well, page(rows()), bad) },
            Effect::Counts { generation, .. } => Answer::Counts { generation, result: ok(well, page(rows()), bad) },
            Effect::Conversation(id) => match one(id).filter(|_| well) {
                Some(view) => Answer::Conversation(id, Ok(view)),
                None => Answer::Conversation(id, Err(failure(api::Code::NotFound, "gone"))),
            },
            Effect::Messages { id, before } => Answer::Messages { id, older: before.is_some(), result: ok(well, messages(id), bad) },
            Effect::Around { id, message } => Answer::Around { id, message, result: ok(well, (messages(id), page(Vec::new())), bad) },
            Effect::Newer { id, after } => Answer::Newer { id, after, result: ok(well, messages(id), bad) },
            Effect::Search { generation, .. } => Answer::Search { generation, more: false, result: ok(well, searching::results(), bad) },
            Effect::Contacts { generation, .. } => {
                Answer::Contacts { generation, more: false, result: ok(well, contacting::page(contacting::all(), 6), bad) }
            }
            Effect::Contact(id) => {
                let contact = contacting::all().into_iter().find(|contact| contact.contact.id == id);
                Answer::Contact(id, contact.filter(|_| well).ok_or_else(bad))
            }
            Effect::ConversationsOf(id) => Answer::ConversationsOf(id, ok(well, page(rows()), bad)),
            Effect::Approvals { generation, more, .. } => Answer::Approvals { generation, more, result: ok(well, page(approvals()), bad) },
            Effect::Activity { generation, query } => Answer::Activity { generation, query, result: ok(well, page(Vec::new()), bad) },
            Effect::Approval(id) => Answer::Approval(id, ok(well, approval, bad)),
            Effect::Submit { purpose, text, key, .. } => {
                let result = match purpose {
                    Purpose::Reply(id) | Purpose::Note(id) | Purpose::Template(id) => {
                        let mut taken = message(0, MessageType::Outgoing, "Jo Agent", &text, 0);
                        (taken.id, taken.outbox_id, taken.state) = (None, Some(outbox_id(self.count)), DeliveryState::Queued);
                        (taken.conversation_id, taken.private) = (id, matches!(purpose, Purpose::Note(_)));
                        ok(well, Submitted::Message(Box::new(taken)), bad)
                    }
                    Purpose::ContactNote(_) | Purpose::Begin(..) => {
                        let taken =
                            OutboxView { conversation_id: None, contact_id: purpose.contact(), ..entry(dee, &text, OutboxState::Queued) };
                        ok(well, Submitted::Contact(Box::new(taken)), bad)
                    }
                    _ => ok(well, Submitted::Approval(Box::new(approval)), bad),
                };
                Answer::Submitted { purpose, key, result }
            }
            Effect::Patch { id, label, .. } => Answer::Patched { id, label, result: one(id).filter(|_| well).ok_or_else(bad) },
            Effect::Approve { id, revision, key } => Answer::Approved { id, revision, key, result: ok(well, approval, bad) },
            Effect::Act(act) => Answer::Acted(Box::new(super::acts::answer(*act, well))),
            Effect::Recall(id, _) => Answer::Recalled(id, ok(well, entry(dee, "came back", OutboxState::Cancelled), bad)),
            Effect::MarkRead { id, read, .. } => Answer::MarkedRead(id, read, one(id).filter(|_| well).ok_or_else(bad)),
            Effect::EditContact { change, .. } => {
                let view = one(dee).map(|view| view.contact);
                Answer::ContactEdited { change, result: view.filter(|_| well).ok_or_else(bad) }
            }
            Effect::Erase { conversation, message, .. } => {
                let mut waits = entry(conversation, "", OutboxState::Queued);
                (waits.kind, waits.content) = ("delete".into(), None);
                Answer::Erased { conversation, message, result: ok(well, waits, bad) }
            }
            Effect::Retry(..) => Answer::Retried(ok(well, entry(dee, "again", OutboxState::Queued), bad)),
            Effect::Picture(wanted) => Answer::Picture(wanted.file.id, Box::new(Err("none".into()))),
            Effect::SaveFile { number, .. } => Answer::FileSaved(number, if well { Ok("/d/a.jpg".into()) } else { Err("full".into()) }),
            Effect::Browse(_) => Answer::NotBrowsed("no browser".into()),
            Effect::Discard(..) => Answer::Discarded(ok(well, entry(dee, "gone", OutboxState::Cancelled), bad)),
            Effect::LoadDrafts { .. } => Answer::Drafts(Vec::new(), None),
            Effect::SaveDrafts(_) => Answer::DraftsSaved(if well { Ok(()) } else { Err("full".into()) }),
            Effect::Look { purpose, path } => {
                let file = Attached { path: format!("/{path}"), name: path.clone(), bytes: 1, kind: "text/plain".into() };
                Answer::Looked { purpose, path, result: if well { Ok(file) } else { Err("no".into()) } }
            }
            Effect::Paths(typed) => Answer::Paths { found: vec![format!("{typed}a"), format!("{typed}b")], typed },
            Effect::Edit { purpose, text } => {
                Answer::Edited { purpose, result: if well { Ok(format!("{text}\nmore")) } else { Err("no".into()) } }
            }
            Effect::Stream { generation, .. } => {
                let said = if well { Ok(StreamEvent::Ready { seq: 100 }) } else { Err(bad()) };
                return self.screen.send(Event::Stream(generation, said));
            }
            Effect::Views | Effect::SaveView(_) | Effect::RenameView(..) | Effect::DeleteView(_) => {
                let query = serde_json::Map::new();
                let view = CustomFilterView { id: 3, name: "Late".into(), filter_type: "conversation".into(), query };
                match effect {
                    Effect::Views => Answer::Views(ok(well, vec![view], bad)),
                    _ => Answer::ViewChanged("deleted", ok(well, view, bad)),
                }
            }
            Effect::SaveSeen(_)
            | Effect::SaveKey { .. }
            | Effect::DraftsKnown(_)
            | Effect::Copy(_)
            | Effect::Notify(_)
            | Effect::Mouse(_)
            | Effect::StopSaving
            | Effect::Transmit(_)
            | Effect::ForgetPicture(_)
            | Effect::Suspend
            | Effect::Quit => return,
            Effect::Forget => Answer::Forgot(if well { Ok(()) } else { Err("busy".into()) }),
        };
        self.screen.answer(answer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn nothing_panics_and_no_text_goes_to_another_conversation(vim: bool, steps in prop::collection::vec(step(), 1..100)) {
        let mut run = Run::new(vim);
        for (n, step) in steps.iter().enumerate() {
            run.go(step)?;
            // Frames are dear without optimisation: every fourth step, and the last, is seen.
            if n % 4 == 0 || n + 1 == steps.len() {
                let (width, height) = run.screen.state.size;
                drawn(&run.screen, width, height);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn a_read_only_inbox_asks_for_no_change(vim: bool, steps in prop::collection::vec(step(), 1..100)) {
        let mut run = Run::new(vim);
        run.screen.state.read_only = true;
        for step in &steps {
            run.go(step)?;
            let traces: Vec<_> = run.waiting.iter().filter(|effect| !effect.leaves_no_trace()).collect();
            prop_assert!(traces.is_empty() && run.screen.state.composer.is_none(), "{:?}: {:?}", step, traces);
        }
    }
}
