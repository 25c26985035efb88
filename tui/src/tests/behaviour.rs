//! What keys do, and what must never happen.

use api::Code;
use api::event::{Activity, ActivityType, StreamEvent, SubjectType};
use api::id::{ActivityId, ConversationId};
use api::inbox::{DeliveryState, MessageType, OutboxState, OutboxView};
use api::page::{Page, PageMeta};

use super::world::{Screen, Talk, ago, approval_id, approvals, failure, lost, message, now, outbox_id, page, talks, thread};
use crate::drafts::Draft;
use crate::event::{Answer, Effect, Event, Failure, Purpose, Submitted};
use crate::keymap::{self, Context};
use crate::state::{Attached, Daemon, Overlay, State};

const DEE: ConversationId = ConversationId(1042);

fn submit(effects: &[Effect]) -> (Purpose, String, String) {
    effects
        .iter()
        .find_map(|e| match e {
            Effect::Submit { purpose, text, key, .. } => Some((*purpose, text.clone(), key.clone())),
            _ => None,
        })
        .unwrap_or_else(|| panic!("nothing was submitted: {effects:?}"))
}

/// A change of status that waits in the outbox.
pub(super) fn held(n: u32, conversation: i64) -> OutboxView {
    OutboxView {
        id: outbox_id(n),
        conversation_id: Some(ConversationId(conversation)),
        contact_id: None,
        inbox_id: None,
        kind: "status".into(),
        state: OutboxState::Queued,
        user: "jo".into(),
        content: None,
        template: None,
        change: None,
        attempts: 0,
        error: None,
        sends_at: now() + jiff::SignedDuration::from_secs(5),
        created_at: now(),
    }
}

/// The daemon's answer to an approval of AP-42 at its revision.
pub(super) fn approved(result: Result<api::approval::ApprovalView, Failure>) -> Answer {
    Answer::Approved { id: approval_id(42), revision: 2, key: "k".into(), result }
}

pub(super) fn toasts(state: &State) -> String {
    state.toasts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("\n")
}

pub(super) fn activity(seq: i64, kind: ActivityType, conversation: i64) -> Event {
    Event::Stream(
        1,
        Ok(StreamEvent::Activity(Activity {
            seq,
            id: ActivityId(uuid::Uuid::nil()),
            kind,
            actor: None,
            subject_type: SubjectType::Conversation,
            subject_id: conversation.to_string(),
            conversation_id: Some(conversation),
            at: now(),
            data: serde_json::Value::Null,
        })),
    )
}

#[test]
fn a_list_that_reorders_while_composing_keeps_the_target() {
    for width in [80, 200] {
        let mut screen = Screen::new(width, 24);
        screen.press("r");
        screen.type_text("for Dee");
        let mut rows = talks();
        rows.reverse();
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(page(rows)) });
        let mut urgent = Talk { waits: Some(500), ..Talk::new(7, "First now", "me!", 1) }.view();
        urgent.unread_count = 1;
        screen.answer(Answer::Conversation(urgent.id, Ok(urgent)));
        assert_eq!(screen.state.list.rows.first(), Some(&ConversationId(7)));
        assert_eq!(screen.state.list.cursor, Some(DEE));
        let (purpose, text, _) = submit(&screen.press("Ctrl+S"));
        assert_eq!((purpose, text.as_str()), (Purpose::Reply(DEE), "for Dee"));
    }
}

#[test]
fn a_failed_send_keeps_the_text_and_the_composer() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("Hello");
    let (purpose, _, key) = submit(&screen.press("Ctrl+S"));
    assert!(screen.state.composer.as_ref().unwrap().sending);
    screen.answer(Answer::Submitted { purpose, key: key.clone(), result: Err(failure(Code::StoreUnavailable, "the disk is full")) });
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.editor.text(), composer.sending), ("Hello", false));
    assert!(screen.draw().contains("Not sent: the disk is full"));
    // Not known whether it arrived: the same text goes under the same key.
    let (_, _, second) = submit(&screen.press("Ctrl+S"));
    let unknown = Failure { code: None, message: "lost".into(), lost: true, unknown: true };
    screen.answer(Answer::Submitted { purpose, key: second.clone(), result: Err(unknown) });
    let (_, _, third) = submit(&screen.press("Ctrl+S"));
    assert_eq!(second, third);
    // Acknowledged: only now it closes.
    let mut taken = message(0, MessageType::Outgoing, "Jo Agent", "Hello", 0);
    (taken.id, taken.outbox_id, taken.state) = (None, Some(outbox_id(1)), DeliveryState::Queued);
    screen.answer(Answer::Submitted { purpose, key: third, result: Ok(Submitted::Message(Box::new(taken))) });
    assert_eq!((screen.state.composer.as_ref(), screen.state.drafts.len()), (None, 0));
    assert_eq!(screen.press("u"), [Effect::Recall(outbox_id(1), "tui-s-9".into())].map(|e| retag(e, &screen)));
}

/// Keys are counted; the test does not care how far.
fn retag(effect: Effect, screen: &Screen) -> Effect {
    match effect {
        Effect::Recall(id, _) => Effect::Recall(id, format!("tui-s-{}", screen.state.counter)),
        other => other,
    }
}

#[test]
fn text_survives_escape_and_a_crash() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("half a sen");
    screen.press("Esc");
    assert!(screen.state.composer.is_none());
    screen.press("r");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "half a sen");
    screen.effects.clear();
    screen.tick(250);
    let saved = screen.effects.iter().find_map(|e| match e {
        Effect::SaveDrafts(drafts) => Some(drafts.clone()),
        _ => None,
    });
    let saved = saved.expect("within a second of typing");
    // The process dies here; another one starts.
    let mut screen = Screen::new(80, 24);
    screen.answer(Answer::Drafts(saved, None));
    screen.press("r");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "half a sen");
    assert!(screen.draw().contains("draft from before"));
}

#[test]
fn a_message_that_fails_later_is_said_and_its_text_comes_back() {
    let mut screen = Screen::new(80, 24);
    let entry = OutboxView {
        id: outbox_id(3),
        conversation_id: Some(DEE),
        contact_id: None,
        inbox_id: None,
        kind: "reply".into(),
        state: OutboxState::Failed,
        user: "jo".into(),
        content: Some("lost words".into()),
        template: None,
        change: None,
        attempts: 1,
        error: Some("the inbox is closed".into()),
        sends_at: now(),
        created_at: now(),
    };
    screen.answer(Answer::Outbox(Ok(vec![entry.clone()])));
    assert!(toasts(&screen.state).contains("reply not sent, the inbox is closed"));
    screen.state.toasts.clear();
    screen.answer(Answer::Outbox(Ok(vec![entry])));
    assert_eq!(toasts(&screen.state), "");
    screen.press("r");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "lost words");
    let (purpose, _, key) = submit(&screen.press("Ctrl+S"));
    let taken = message(900, MessageType::Outgoing, "Jo Agent", "lost words", 0);
    screen.effects.clear();
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Message(Box::new(taken))) });
    assert!(screen.effects.iter().any(|e| matches!(e, Effect::Discard(id, _) if *id == outbox_id(3))));
}

#[test]
fn a_note_becomes_a_reply_only_after_a_question() {
    let mut screen = Screen::new(80, 24);
    screen.press("p");
    screen.type_text("between us");
    screen.press("Alt+L");
    assert!(matches!(screen.state.overlay, Some(Overlay::Question(_))));
    screen.press("Enter");
    assert_eq!(screen.state.composer.as_ref().unwrap().purpose, Purpose::Note(DEE));
    screen.press("Alt+L y");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Reply(DEE), "between us"));
    assert_eq!(screen.state.drafts.keys().collect::<Vec<_>>(), ["reply/1042"]);
}

#[test]
fn approving_names_the_revision_and_is_asked_with_another_key() {
    let mut screen = Screen::new(80, 24);
    assert_eq!(screen.press("2").iter().filter(|e| matches!(e, Effect::Approve { .. })).count(), 0);
    screen.press("a");
    assert_eq!(screen.state.overlay, None, "a card must be opened before it is decided");
    screen.press("Enter a");
    screen.press("Enter");
    assert!(screen.state.overlay.is_some(), "Enter is deaf at first");
    screen.tick(500);
    screen.press("Enter");
    assert_eq!(screen.state.overlay, None, "then it says not yet");
    screen.press("a");
    let effects = screen.press("y");
    assert!(matches!(effects.as_slice(), [Effect::Approve { id, revision: 2, .. }] if *id == approval_id(42)), "{effects:?}");
    // It had changed: the card is read again, says what is different, and nothing was decided.
    screen.effects.clear();
    screen.state.reads.clear();
    screen.answer(approved(Err(failure(Code::StaleRevision, "stale"))));
    assert!(screen.effects.contains(&Effect::Approval(approval_id(42))));
    let mut newer = approvals().remove(0);
    newer.revision = 3;
    newer.amount.as_mut().unwrap().minor_units = 28_000;
    screen.answer(Answer::Approval(approval_id(42), Ok(newer)));
    let drawn = screen.draw();
    assert!(drawn.contains("revision 2 → 3") && drawn.contains("amount 240.00 EUR → 280.00 EUR"), "{drawn}");
    screen.press("a");
    assert!(matches!(screen.press("y").as_slice(), [Effect::Approve { revision: 3, .. }]));
}

#[test]
fn a_rejection_needs_a_reason_and_keeps_it_when_refused() {
    let mut screen = Screen::new(80, 24);
    screen.press("2 Enter x");
    assert_eq!(screen.press("Ctrl+S"), []);
    assert!(screen.draw().contains("A rejection needs a reason"));
    screen.type_text("resend it");
    let (purpose, text, key) = submit(&screen.press("Ctrl+S"));
    assert_eq!((purpose, text.as_str()), (Purpose::Reject(approval_id(42), 2), "resend it"));
    screen.answer(Answer::Submitted { purpose, key, result: Err(failure(Code::OwnRequest, "own")) });
    assert!(screen.draw().contains("Not rejected: own"));
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "resend it");
}

#[test]
fn pages_follow_the_cursor() {
    let mut screen = Screen::new(80, 24);
    let rows = |from: i64| {
        (from..from + 60).map(|i| Talk { waits: Some(5_000 - i), ..Talk::new(i, "Somebody", "text", 5_000 - i) }.view()).collect()
    };
    let many = |from, next: Option<&str>| Page {
        data: rows(from),
        meta: PageMeta { total: 180, page: None, limit: 60, next_cursor: next.map(Into::into), counts: None, ..PageMeta::default() },
    };
    screen.press("Tab");
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(many(1, Some("c2"))) });
    let mut asked = 0;
    for _ in 0..200 {
        for effect in screen.press("j") {
            if let Effect::List { query, more: true, .. } = effect {
                asked += 1;
                let next = if query.cursor.as_deref() == Some("c2") { (61, Some("c3")) } else { (121, None) };
                screen.answer(Answer::List { generation, more: true, result: Ok(many(next.0, next.1)) });
            }
        }
    }
    assert_eq!((asked, screen.state.list.rows.len(), screen.state.list.cursor), (2, 180, Some(ConversationId(180))));
    screen.press("g g");
    assert_eq!((screen.state.list.cursor, screen.state.list.top), (Some(ConversationId(1)), 0));
}

#[test]
fn many_events_about_one_conversation_are_one_read_and_one_more() {
    let mut screen = Screen::new(80, 24);
    for seq in 101..=150 {
        screen.send(activity(seq, ActivityType::MessageCreated, 1042));
    }
    let reads = screen.effects.iter().filter(|e| **e == Effect::Conversation(DEE)).count();
    assert_eq!(reads, 1);
    screen.effects.clear();
    let dee = talks().remove(0);
    screen.answer(Answer::Conversation(DEE, Ok(dee.clone())));
    assert_eq!(screen.effects.iter().filter(|e| **e == Effect::Conversation(DEE)).count(), 1);
    screen.effects.clear();
    screen.answer(Answer::Conversation(DEE, Ok(dee)));
    assert_eq!(screen.effects, []);
    assert_eq!(screen.state.stream.seq, Some(150));
}

#[test]
fn a_flood_of_conversations_is_one_list() {
    let mut screen = Screen::new(80, 24);
    for i in 0..500 {
        screen.send(activity(101 + i, ActivityType::ConversationUpdated, 5_000 + i));
    }
    assert!(screen.effects.len() < 20, "{}", screen.effects.len());
    screen.effects.clear();
    for _ in 0..8 {
        screen.tick(250);
    }
    assert_eq!(screen.effects.iter().filter(|e| matches!(e, Effect::List { more: false, .. })).count(), 1);
}

#[test]
fn a_lost_stream_is_opened_again_from_where_it_broke() {
    let mut screen = Screen::new(80, 24);
    screen.send(activity(140, ActivityType::ConversationUpdated, 1042));
    screen.send(Event::Stream(1, Err(lost())));
    assert!(matches!(screen.state.daemon, Daemon::Lost { tries: 0, .. }));
    screen.effects.clear();
    screen.tick(100);
    assert_eq!(screen.effects, []);
    screen.tick(500);
    assert_eq!(screen.effects, [Effect::Stream { generation: 2, after: Some(140) }]);
    screen.send(Event::Stream(2, Err(lost())));
    assert!(matches!(screen.state.daemon, Daemon::Lost { tries: 1, .. }));
    screen.tick(1_100);
    // Words of the old connection come too late.
    screen.send(Event::Stream(2, Ok(StreamEvent::Ready { seq: 1 })));
    assert!(matches!(screen.state.daemon, Daemon::Lost { .. }));
    screen.effects.clear();
    screen.send(Event::Stream(3, Ok(StreamEvent::Ready { seq: 150 })));
    assert_eq!(screen.state.daemon, Daemon::Live);
    assert!(screen.effects.iter().any(|e| matches!(e, Effect::List { .. })));
}

#[test]
fn a_silent_stream_is_noticed() {
    let mut screen = Screen::new(80, 24);
    let mut ahead = super::world::status(api::status::LinkState::Live);
    ahead.seq = 120;
    for _ in 0..2 {
        screen.tick(16_000);
        screen.answer(Answer::Status(Ok(ahead.clone())));
    }
    assert!(screen.effects.iter().any(|e| matches!(e, Effect::Stream { after: Some(100), .. })));
}

#[test]
fn what_is_resolved_leaves_and_can_be_taken_back() {
    let mut screen = Screen::new(80, 24);
    let effects = screen.press("e");
    let Some(Effect::Patch { id, label, patch, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    assert_eq!((id, patch.status), (DEE, Some(api::inbox::ConversationStatus::Resolved)));
    let mut done = talks().remove(0);
    done.status = api::inbox::ConversationStatus::Resolved;
    screen.answer(Answer::Patched { id, label, result: Ok(done) });
    assert!(!screen.state.list.rows.contains(&DEE));
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1041)));
    // It waits in the outbox, and is recalled there, not reversed.
    assert_eq!(patch.hold_seconds, Some(5));
    screen.answer(Answer::Outbox(Ok(vec![held(1, 1042)])));
    assert_eq!(screen.press("u").first(), Some(&Effect::Recall(outbox_id(1), "tui-s-2".into())));
    let mut screen = Screen::new(80, 24);
    screen.press("e");
    assert!(screen.press("u").is_empty() && toasts(&screen.state).contains("Too late"), "it has left");
}

#[test]
fn u_after_a_refusal_names_what_is_older_before_it_takes_it_back() {
    let taken = |screen: &mut Screen| {
        screen.press("r");
        screen.type_text("Hello");
        let (_, _, key) = submit(&screen.press("Ctrl+S"));
        let mut message = message(0, MessageType::Outgoing, "Jo Agent", "Hello", 0);
        (message.id, message.outbox_id) = (None, Some(outbox_id(1)));
        screen.answer(Answer::Submitted { purpose: Purpose::Reply(DEE), key, result: Ok(Submitted::Message(Box::new(message))) });
    };
    let mut screen = Screen::new(80, 24);
    screen.press("Enter ! l");
    taken(&mut screen);
    assert!(matches!(screen.press("u").as_slice(), [Effect::Recall(..)]));
    screen.answer(Answer::Recalled(outbox_id(1), Err(failure(api::Code::OutboxState, "it has left already"))));
    assert!(screen.press("u").is_empty(), "the priority was not meant");
    assert!(toasts(&screen.state).contains("u again takes back: #1042 Dee Shopper: priority low"), "{}", toasts(&screen.state));
    let changed = |view: &mut api::inbox::ConversationView| view.priority = Some(api::inbox::Priority::Low);
    screen.state.conversations.get_mut(&DEE).map(changed).unwrap();
    assert!(matches!(screen.press("u").as_slice(), [Effect::Patch { .. }]));
    // Nobody was there to do it: the next `u` means the same.
    for again in [true, true, false] {
        let answer = if again { lost() } else { failure(api::Code::Forbidden, "no") };
        screen.answer(Answer::Patched { id: DEE, label: "priority low, taken back".into(), result: Err(answer) });
        assert!(toasts(&screen.state).contains("#1042 not taken back"), "{}", toasts(&screen.state));
        let patched = matches!(screen.press("u").as_slice(), [Effect::Patch { .. }]);
        assert_eq!(patched, again, "{}", toasts(&screen.state));
    }
    // What was done since is meant by `u` at once.
    let mut screen = Screen::new(80, 24);
    screen.press("Enter e u");
    taken(&mut screen);
    assert!(matches!(screen.press("u").as_slice(), [Effect::Recall(..)]));
}

#[test]
fn older_messages_are_read_when_the_beginning_nears_and_nothing_jumps() {
    let mut screen = Screen::new(80, 24);
    screen.press("Enter");
    let some = |from: i64| {
        (from..from + 50).map(|i| message(i, MessageType::Incoming, "Dee", &format!("line {i}"), 10_000 - i)).collect::<Vec<_>>()
    };
    let with_more = |data: Vec<_>| {
        let mut page = page(data);
        page.meta.next_cursor = Some("1000".into());
        page
    };
    screen.answer(Answer::Messages { id: DEE, older: false, result: Ok(with_more(some(1_000))) });
    let effects = screen.press("g g");
    assert!(effects.contains(&Effect::Messages { id: DEE, before: Some(1_000) }), "{effects:?}");
    let before = screen.draw();
    assert!(before.contains("line 1000"));
    screen.answer(Answer::Messages { id: DEE, older: true, result: Ok(page(some(950))) });
    let after = screen.draw();
    // Below the day line of the message that was first, all is where it was.
    let from = |drawn: &str| drawn.lines().skip_while(|l| !l.contains("line 1001")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(from(&before), from(&after));
    screen.press("G");
    assert!(screen.draw().contains("line 1049"));
}

#[test]
fn the_list_is_where_it_was_after_a_conversation() {
    let mut screen = Screen::new(80, 24);
    screen.press("j j");
    let before = (screen.state.list.top, screen.state.list.cursor);
    screen.press("Enter");
    screen.answer(Answer::Conversation(ConversationId(1041), Ok(talks().remove(1))));
    screen.press("J K Esc");
    assert_eq!((screen.state.list.top, screen.state.list.cursor), before);
}

#[test]
fn a_late_answer_for_another_filter_is_dropped() {
    let mut screen = Screen::new(80, 24);
    screen.press("Tab");
    let old = screen.state.list.generation;
    screen.press("Tab");
    screen.answer(Answer::List { generation: old, more: false, result: Ok(page(talks())) });
    assert!(screen.state.list.rows.is_empty() && !screen.state.list.loaded);
}

#[test]
fn hints_and_help_come_from_the_table() {
    let mut screen = Screen::new(200, 50);
    screen.press("r");
    let foot = screen.draw().lines().last().unwrap().to_owned();
    assert!(foot.contains("Ctrl+S send") && foot.contains("Alt+P note") && !foot.contains("Alt+L reply"), "{foot}");
    assert!(!foot.contains(" j "), "{foot}");
}

/// A screen in which every key of a context has something to do.
fn stage(context: Context) -> Screen {
    let mut screen = Screen::new(80, 24);
    let mut rows = talks();
    rows.extend((1..200).map(|i| Talk { unread: 1, ..Talk::new(i, "Somebody", "text", 2_000 + i) }.view()));
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(rows)) });
    let long: Vec<_> = thread().into_iter().chain((600..700).map(|i| message(i, MessageType::Incoming, "Dee", "text", 5))).collect();
    screen.messages(long);
    let mut waiting = approvals();
    waiting[0].description = "a long story\n".repeat(60);
    for n in 100..150 {
        let mut one = waiting[1].clone();
        one.id = approval_id(n);
        waiting.push(one);
    }
    let generation = screen.state.approvals.generation;
    screen.answer(Answer::Approvals { generation, more: false, result: Ok(page(waiting)) });
    screen.state.undo.push(crate::state::Undo::Message(outbox_id(1)));
    screen.state.banner = Some("a hint".into());
    match context {
        Context::List => screen.press("j j Ctrl+D"),
        Context::Thread => screen.press("j Enter Ctrl+B"),
        Context::Queue => screen.press("2 j j Ctrl+D"),
        Context::Card => screen.press("2 Enter j j Ctrl+D"),
        Context::Composer => screen.press("p"),
        Context::Normal => {
            screen.state.settings.editor.mode = Some(crate::settings::EditorMode::Vim);
            screen.press("p")
        }
        Context::Completion => screen.press("c ↓"),
        Context::Path => screen.press("p Alt+A"),
        Context::Address => {
            super::mailing::by_mail(&mut screen);
            screen.press("r Ctrl+G o Ctrl+U")
        }
        Context::Filter => screen.press("/"),
        Context::Find => screen.press("Enter \\"),
        Context::Menu => screen.press("a"),
        Context::Labels => screen.press("L"),
        Context::Line => screen.press("z c"),
        Context::Sheet => screen.press("2 Enter G a"),
        Context::Question => screen.press("p x Ctrl+X d"),
        Context::Help => screen.press("? j j"),
        Context::Activity => super::activity::opened(&mut screen, "j j Ctrl+D"),
        Context::Pick => super::activity::opened(&mut screen, "t ↓"),
        Context::Words => screen.press("? /"),
        Context::Palette => screen.press("Ctrl+K"),
        Context::Search | Context::Found => screen.press("3"),
        Context::Contacts | Context::Contact | Context::ContactFilter | Context::ContactField => screen.press("4"),
        Context::Shown => {
            let text = "a line\n".repeat(200);
            screen.state.overlay = Some(crate::state::Overlay::Shown(crate::state::Shown { title: "x".into(), text, scroll: 40 }));
            Vec::new()
        }
        Context::Drafts | Context::Outbox | Context::Log | Context::Settings => super::shelf::stage(&mut screen, context),
    };
    if context == Context::Thread {
        // The scrolled conversation is the one with messages.
        screen.press("q k k k Enter Ctrl+B Ctrl+B");
        assert_eq!(screen.state.open, Some(DEE));
    }
    if context == Context::Menu {
        screen.press("↓ ↓");
    }
    if context == Context::Labels {
        screen.press("↓");
    }
    if context == Context::Path {
        screen.type_text("one two three");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("x y");
        screen.press("Ctrl+B");
    }
    if context == Context::Composer {
        let file = Attached { path: "/x".into(), name: "x".into(), bytes: 1, kind: "text/plain".into() };
        screen.state.composer.as_mut().unwrap().with.files.push(file);
        screen.type_text("one two three\nfour five six\nseven");
        screen.press("Ctrl+W Ctrl+P Ctrl+E Alt+B Ctrl+B");
    }
    if context == Context::Normal {
        let file = Attached { path: "/x".into(), name: "x".into(), bytes: 1, kind: "text/plain".into() };
        screen.state.composer.as_mut().unwrap().with.files.push(file);
        screen.type_text("one two three\n four five six\nseven");
        // Something to put, to take back and to make again; the cursor inside of a word.
        screen.press("Esc k x x u ^ w l");
    }
    if matches!(context, Context::Words | Context::Palette) {
        // Words that rows hold, something deleted to put back, the cursor in the middle, not the first row marked.
        screen.type_text("e e e");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("a e");
        screen.press("Ctrl+B ↓");
    }
    if matches!(context, Context::Filter | Context::Find | Context::Line | Context::Address) {
        screen.type_text("one two three");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("x y");
        screen.press("Ctrl+B");
    }
    if matches!(context, Context::Search | Context::Found) {
        screen.type_text("one two three");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("x y");
        screen.press("Ctrl+B");
        super::searching::fill(&mut screen, 120);
    }
    if matches!(context, Context::Contacts | Context::Contact | Context::ContactFilter | Context::ContactField) {
        screen.tick(300);
        super::contacting::fill(&mut screen, 120);
        screen.press("j j Ctrl+D");
    }
    if matches!(context, Context::Contact | Context::ContactField) {
        screen.press("Enter");
        super::contacting::fill_card(&mut screen, 60);
        screen.press("j j");
    }
    if context == Context::ContactField {
        screen.press("e n");
        screen.type_text("one two three");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("x y");
        screen.press("Ctrl+B");
    }
    if context == Context::ContactFilter {
        screen.press("/");
        screen.type_text("one two three");
        screen.press("Ctrl+W Ctrl+A Alt+F Alt+D");
        screen.type_text("x y");
        screen.press("Ctrl+B");
    }
    if context == Context::Found {
        screen.press("Enter j j Ctrl+D");
    }
    screen.tick(500);
    assert_eq!(screen.state.context(), context);
    screen.effects.clear();
    screen
}

#[test]
fn every_key_of_the_table_does_something() {
    for binding in keymap::TABLE {
        for context in binding.contexts {
            for keys in binding.keys {
                let mut screen = stage(*context);
                if binding.command == keymap::Command::ToReply && matches!(*context, Context::Composer | Context::Normal) {
                    assert!(matches!(screen.state.composer.as_ref().unwrap().purpose, Purpose::Note(_)));
                }
                if binding.command == keymap::Command::ToNote && matches!(*context, Context::Composer | Context::Normal) {
                    screen.press("Alt+L y");
                }
                if binding.command == keymap::Command::Accept && *context == Context::Labels {
                    screen.press("Space");
                }
                if matches!(binding.command, keymap::Command::Inbox) && screen.state.screen == crate::state::Screen::Inbox {
                    screen.press("2");
                    if *context == Context::Thread {
                        continue;
                    }
                }
                if binding.command == keymap::Command::PaneLeft && *context == Context::List {
                    screen.state.banner = Some("x".into());
                }
                if binding.command == keymap::Command::PaneRight && matches!(*context, Context::Thread | Context::Card | Context::Contact) {
                    continue;
                }
                if binding.command == keymap::Command::Contacts && *context == Context::Contacts {
                    continue;
                }
                if binding.command == keymap::Command::Up && matches!(*context, Context::Thread) {
                    assert!(screen.state.threads[&DEE].anchor.is_some());
                }
                if matches!(binding.command, keymap::Command::Drop | keymap::Command::Retry) && *context == Context::Outbox {
                    screen.press("G");
                }
                if binding.command == keymap::Command::Template {
                    for view in screen.state.conversations.values_mut() {
                        view.inbox.channel = "Whatsapp".into();
                    }
                    assert!(matches!(screen.press(keys).as_slice(), [.., Effect::Act(_)]), "`{keys}` in {context:?} asks for no templates");
                    continue;
                }
                let before = screen.state.clone();
                let effects = screen.press(keys);
                assert!(!effects.is_empty() || screen.state != before, "`{keys}` in {context:?} does nothing");
            }
        }
    }
}

/// With nothing loaded a key still does something or says why not.
#[test]
fn every_key_of_the_lists_does_something_or_says_why_not() {
    for (context, way) in [(Context::List, ""), (Context::Queue, "2")] {
        for binding in keymap::bindings(context) {
            for keys in binding.keys {
                let mut screen = Screen::blank(80, 24);
                screen.press(way);
                assert_eq!(screen.state.context(), context);
                let before = screen.state.clone();
                let effects = screen.press(keys);
                assert!(!effects.is_empty() || screen.state != before, "`{keys}` in an empty {context:?} is silent");
            }
        }
    }
}

#[test]
fn a_setting_says_where_it_is_changed() {
    let mut screen = super::shelf::settings(80, 24);
    assert_eq!(screen.press("Enter"), []);
    assert_eq!(toasts(&screen.state), "profile is changed by --profile or AFENDA_PROFILE");
    screen.press("G Enter");
    assert!(screen.draw().contains("is changed by `") && screen.draw().contains("in config.toml"), "{}", screen.draw());
}

#[test]
fn ctrl_c_twice_leaves_and_writes_the_drafts() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("x");
    assert!(!screen.press("Ctrl+C").contains(&Effect::Quit));
    assert!(screen.draw().contains("Ctrl+C again quits"));
    let effects = screen.press("Ctrl+C");
    assert!(matches!(effects.as_slice(), [Effect::SaveDrafts(drafts), Effect::Quit] if drafts.len() == 1), "{effects:?}");
}

#[test]
fn q_asks_only_when_something_is_unsent() {
    let mut screen = Screen::new(80, 24);
    assert!(screen.press("q").contains(&Effect::Quit));
    let mut screen = Screen::new(80, 24);
    screen.state.drafts.insert(
        "note/1".into(),
        Draft { text: "x".into(), key: None, replaces: None, with: Default::default(), decides: None, at: ago(1) },
    );
    assert!(!screen.press("q").contains(&Effect::Quit));
    assert!(screen.press("y").contains(&Effect::Quit));
}

#[test]
fn what_opening_takes_from_a_colleague_is_said_before_the_key() {
    let mut screen = Screen::new(80, 24);
    screen.press("s");
    assert!(!screen.draw().contains("takes it from"), "it is one's own already");
    screen.press("Esc");
    let mut view = talks().into_iter().find(|view| view.id == DEE).unwrap();
    view.assignee = Some(api::inbox::Named { id: 9, name: "Kim Other".into() });
    view.status = api::inbox::ConversationStatus::Pending;
    screen.answer(Answer::Conversation(DEE, Ok(view)));
    screen.press("s");
    assert!(screen.draw().contains("open · an agent who opens it takes it from Kim Other"), "{}", screen.draw());
}
