//! The Activity screen: what it says, what it follows, what it reads and forgets.

use api::approval::Actor;
use api::event::{Activity, ActivityQuery, ActivityType, StreamEvent, SubjectType};
use api::id::{ActivityId, ConversationId};
use api::inbox::ConversationStatus;
use api::page::Page;
use serde_json::json;
use uuid::Uuid;

use super::world::{Screen, Talk, ago, approval_id, failure, page, talks};
use crate::event::{Answer, Effect, Event};
use crate::state::{self, Focus, Kinds, Tone};

fn row(seq: i64, kind: ActivityType, subject: (SubjectType, &str), data: serde_json::Value, minutes: i64) -> Activity {
    Activity {
        seq,
        id: ActivityId(Uuid::from_u128(seq.unsigned_abs().into())),
        kind,
        actor: None,
        subject_type: subject.0,
        subject_id: subject.1.into(),
        conversation_id: Some(1042),
        at: ago(minutes),
        data,
    }
}

fn changed(seq: i64) -> Activity {
    row(seq, ActivityType::ConversationUpdated, (SubjectType::Conversation, "1042"), json!({ "status": "open" }), 101 - seq)
}

/// A morning at the shop, newest first, up to seq 100.
fn morning() -> Vec<Activity> {
    use ActivityType as T;
    let approval = approval_id(42).to_string();
    let ap = |seq, kind, revision: u32, who: &str, minutes| Activity {
        actor: Some(Actor { user: Some(who.to_lowercase()), name: format!("{who} Agent") }),
        ..row(seq, kind, (SubjectType::Approval, approval.as_str()), json!({ "reference": "AP-42", "revision": revision }), minutes)
    };
    let message = |seq, id, kind: &str, private: bool, minutes| {
        row(
            seq,
            T::MessageCreated,
            (SubjectType::Message, id),
            json!({ "message_type": kind, "private": private, "state": "sent" }),
            minutes,
        )
    };
    let link = |seq, state: &str, message: Option<&str>, minutes| Activity {
        conversation_id: None,
        ..row(seq, T::SyncState, (SubjectType::Sync, "link"), json!({ "state": state, "message": message }), minutes)
    };
    let write = |seq, state: &str, error: Option<&str>, minutes| {
        let data = json!({ "state": state, "kind": "reply", "user": "jo", "error": error, "attempts": 1 });
        row(seq, T::OutboxUpdated, (SubjectType::Outbox, "0190a5f0-0000-7000-8000-000000000001"), data, minutes)
    };
    vec![
        ap(100, T::ApprovalApproved, 2, "Ada", 0),
        ap(99, T::ApprovalUpdated, 2, "Kim", 2),
        ap(98, T::ApprovalSubmitted, 1, "Kim", 6),
        message(97, "505", "incoming", false, 8),
        message(96, "504", "outgoing", true, 10),
        link(95, "live", None, 11),
        link(94, "offline", Some("Chatwoot closed the connection"), 12),
        message(93, "503", "activity", false, 30),
        row(
            92,
            T::MessageUpdated,
            (SubjectType::Message, "502"),
            json!({ "message_type": "outgoing", "private": false, "state": "delivered" }),
            31,
        ),
        write(91, "done", None, 32),
        write(90, "failed", Some("The number is not on WhatsApp"), 33),
        Activity {
            conversation_id: Some(77),
            ..row(89, T::ConversationCreated, (SubjectType::Conversation, "77"), json!({ "status": "open" }), 700)
        },
        Activity { conversation_id: None, ..row(88, T::ContactUpdated, (SubjectType::Contact, "1040"), json!({}), 710) },
        row(87, T::ConversationUpdated, (SubjectType::Conversation, "1042"), json!({ "status": "snoozed" }), 3_000),
    ]
}

/// The screen as it is once its first page has come.
pub(super) fn opened(screen: &mut Screen, keys: &str) -> Vec<Effect> {
    screen.press("5");
    let generation = screen.state.feed.generation;
    let query = ActivityQuery { limit: Some(200), ..ActivityQuery::default() };
    screen.answer(Answer::Activity { generation, query, result: Ok(page(morning())) });
    screen.press(keys)
}

fn asked(effects: &[Effect]) -> Vec<ActivityQuery> {
    let query = |effect: &Effect| if let Effect::Activity { query, .. } = effect { Some(query.clone()) } else { None };
    effects.iter().filter_map(query).collect()
}

/// Answers like the daemon: rows 1 to `newest` exist, from `oldest` on they are kept.
fn serve(screen: &mut Screen, effects: &[Effect], oldest: i64, newest: i64) {
    let mut queries = asked(effects);
    while let Some(query) = queries.pop() {
        let limit = i64::from(query.limit.unwrap());
        let data: Vec<Activity> = match query.after {
            None => (oldest.max(newest - limit + 1)..=newest).rev().map(changed).collect(),
            Some(after) => (oldest.max(after + 1)..=newest).take(usize::try_from(limit).unwrap()).map(changed).collect(),
        };
        screen.effects.clear();
        let generation = screen.state.feed.generation;
        let result = Ok(Page { data, meta: api::page::PageMeta::default() });
        screen.answer(Answer::Activity { generation, query, result });
        queries.extend(asked(&screen.effects));
    }
}

fn hear(screen: &mut Screen, activity: Activity) {
    let generation = screen.state.stream.generation;
    screen.send(Event::Stream(generation, Ok(StreamEvent::Activity(activity))));
}

#[test]
fn the_feed_narrow_and_wide() {
    for (width, height) in [(200, 50), (120, 30), (80, 24), (60, 20)] {
        let mut screen = Screen::new(width, height);
        opened(&mut screen, "");
        insta::assert_snapshot!(format!("activity_{width}x{height}"), screen.draw());
    }
    let mut screen = Screen::new(80, 24);
    opened(&mut screen, "t");
    insta::assert_snapshot!("activity_types_80x24", screen.draw());
}

#[test]
fn five_and_g_y_show_the_feed_from_every_pane() {
    for pane in ["", "Enter", "2", "2 Enter"] {
        for keys in ["5", "g y", "Alt+R"] {
            let mut screen = Screen::new(120, 30);
            screen.press(pane);
            assert_eq!(asked(&screen.press(keys)).len(), 1, "{pane} {keys}");
            assert_eq!(screen.state.screen, state::Screen::Activity);
            assert!(screen.press("5").is_empty(), "one reading is enough");
            screen.press("Esc");
            assert_eq!(screen.state.screen, state::Screen::Inbox);
        }
    }
}

#[test]
fn what_happens_comes_to_the_top_while_the_feed_follows() {
    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "");
    hear(&mut screen, changed(101));
    assert_eq!((screen.state.feed.cursor, screen.state.feed.rows.len()), (Some(101), 15));
    screen.press("j j");
    let before = screen.draw();
    assert!(before.contains("paused"), "{before}");
    hear(&mut screen, changed(102));
    hear(&mut screen, changed(103));
    let after = screen.draw();
    assert!(after.contains("paused · 2 new · F"), "{after}");
    assert_eq!(before.lines().skip(3).collect::<Vec<_>>(), after.lines().skip(3).collect::<Vec<_>>(), "rows keep their place");
    screen.press("F");
    assert_eq!((screen.state.feed.cursor, screen.state.feed.fresh, screen.state.feed.top), (Some(103), 0, 0));
    assert!(screen.draw().contains("following"));
    screen.press("F");
    hear(&mut screen, changed(104));
    assert_eq!(screen.state.feed.cursor, Some(103), "F again stops it");
}

#[test]
fn a_repeated_event_is_one_row_and_a_hole_is_read_again() {
    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "");
    hear(&mut screen, changed(101));
    hear(&mut screen, changed(101));
    assert_eq!(screen.state.feed.rows.len(), 15);
    screen.effects.clear();
    hear(&mut screen, changed(105));
    screen.tick(250);
    let effects = std::mem::take(&mut screen.effects);
    assert_eq!(asked(&effects).len(), 1);
    serve(&mut screen, &effects, 1, 105);
    assert_eq!(screen.state.feed.rows.iter().map(|row| row.seq).take(6).collect::<Vec<_>>(), [105, 104, 103, 102, 101, 100]);
}

#[test]
fn older_rows_are_read_as_the_cursor_nears_the_end_and_memory_is_bounded() {
    let mut screen = Screen::new(120, 30);
    let effects = screen.press("5");
    serve(&mut screen, &effects, 5_000, 10_000);
    assert_eq!(screen.state.feed.rows.len(), 200);
    for _ in 0..700 {
        let effects = screen.press("Ctrl+F");
        serve(&mut screen, &effects, 5_000, 10_000);
        assert!(screen.state.feed.rows.len() <= 2_000 + 200);
        let rows = &screen.state.feed.rows;
        assert!(rows.iter().zip(rows.iter().skip(1)).all(|(a, b)| a.seq == b.seq + 1), "nothing is missing and nothing twice");
    }
    assert_eq!(screen.state.feed.cursor, Some(5_000), "the oldest that is kept is the end");
    assert!(screen.state.feed.cut);
    assert!(screen.press("Ctrl+F").is_empty());
    hear(&mut screen, changed(10_001));
    let effects = screen.press("F");
    serve(&mut screen, &effects, 5_000, 10_001);
    assert_eq!((screen.state.feed.cursor, screen.state.feed.cut), (Some(10_001), false));
}

#[test]
fn types_are_chosen_and_what_is_rare_is_looked_for_further_back() {
    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "t a");
    assert_eq!(screen.state.feed.kinds, Kinds::Approvals);
    assert_eq!(screen.state.feed.rows.len(), 3, "what is here shows at once");
    let effects = screen.press("Tab");
    assert_eq!(screen.state.feed.kinds, Kinds::Mine);
    // 20,000 activities, none of them Jo's: it stops by itself and goes on with a key.
    serve(&mut screen, &effects, 1, 20_000);
    let looked = 20_000 - screen.state.feed.oldest;
    assert!((4_000..5_000).contains(&looked), "{looked}");
    assert!(screen.draw().contains("None in the last"), "{}", screen.draw());
    let effects = screen.press("j");
    assert_eq!(asked(&effects).len(), 1);
    hear(&mut screen, Activity { actor: Some(Actor { user: Some("jo".into()), name: "Jo".into() }), ..changed(20_001) });
    assert_eq!(screen.state.feed.rows.len(), 1);
}

#[test]
fn enter_opens_what_a_row_is_about() {
    let mut screen = Screen::new(120, 30);
    let effects = opened(&mut screen, "Enter");
    assert!(effects.contains(&Effect::Approval(approval_id(42))), "{effects:?}");
    let view = super::world::approvals().remove(0);
    screen.answer(Answer::Approval(approval_id(42), Ok(view)));
    assert_eq!((screen.state.screen, screen.state.focus), (state::Screen::Approvals, Focus::Open));
    assert_eq!(screen.state.approvals.card.as_ref().map(|card| card.shown.id), Some(approval_id(42)));

    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "j j j Enter");
    assert_eq!((screen.state.screen, screen.state.open), (state::Screen::Inbox, Some(ConversationId(1042))));

    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "j j j j j Enter");
    assert_eq!(screen.state.screen, state::Screen::Activity);
    assert!(screen.state.toasts.iter().any(|toast| toast.text.contains("no conversation")));

    let mut screen = Screen::new(120, 30);
    opened(&mut screen, "Enter");
    screen.answer(Answer::Approval(approval_id(42), Err(failure(api::Code::NotFound, "there is no such approval"))));
    assert!(screen.state.toasts.iter().any(|toast| toast.tone == Tone::Bad));
}

#[test]
fn esc_leads_back_to_where_a_conversation_or_a_card_was_opened() {
    for (width, height) in [(40, 15), (120, 30)] {
        let mut screen = Screen::new(width, height);
        let place = |screen: &Screen| (screen.state.screen, screen.state.focus);
        opened(&mut screen, "j j j Enter");
        assert_eq!(place(&screen), (state::Screen::Inbox, Focus::Open));
        screen.press("Esc");
        assert_eq!(place(&screen), (state::Screen::Activity, Focus::List));
        // A card, and the conversation that was opened from it.
        screen.press("g g Enter");
        screen.answer(Answer::Approval(approval_id(42), Ok(super::world::approvals().remove(0))));
        screen.press("Enter");
        assert_eq!(place(&screen), (state::Screen::Inbox, Focus::Open));
        screen.press("r Esc Esc");
        assert_eq!(place(&screen), (state::Screen::Approvals, Focus::Open));
        assert!(screen.state.approvals.card.is_some());
        screen.press("Esc");
        assert_eq!(place(&screen), (state::Screen::Activity, Focus::List));
        // Another screen that was asked for meanwhile is where Esc leads from then on.
        screen.press("Enter");
        screen.answer(Answer::Approval(approval_id(42), Ok(super::world::approvals().remove(0))));
        screen.press("Enter 1 2 Esc");
        assert_eq!(place(&screen), (state::Screen::Approvals, Focus::List));
    }
}

#[test]
fn names_are_asked_for_once() {
    let mut screen = Screen::new(120, 50);
    screen.press("5");
    let generation = screen.state.feed.generation;
    let query = ActivityQuery { limit: Some(200), ..ActivityQuery::default() };
    screen.effects.clear();
    screen.answer(Answer::Activity { generation, query, result: Ok(page(morning())) });
    assert!(screen.effects.contains(&Effect::Conversation(ConversationId(77))));
    let view = Talk { active: 700, ..Talk::new(77, "New Person", "hello", 700) }.view();
    screen.answer(Answer::Conversation(
        ConversationId(77),
        Ok(api::inbox::ConversationView { status: ConversationStatus::Resolved, ..view }),
    ));
    assert!(screen.draw().contains("New Person"), "{}", screen.draw());
    screen.press("j k j k");
    assert!(!screen.press("j").contains(&Effect::Conversation(ConversationId(77))));
}

#[test]
fn hostile_facts_are_only_text() {
    let mut screen = Screen::new(80, 24);
    let bad = "a\u{1b}]0;x\u{7}b\u{202e}c\u{9b}31m\n2";
    let mut rows = morning();
    for row in &mut rows {
        row.actor = Some(Actor { user: None, name: bad.into() });
        row.subject_id = bad.into();
        row.data = json!({ "reference": bad, "state": bad, "kind": bad, "error": bad, "status": bad, "user": bad, "message": bad, "message_type": bad });
    }
    screen.press("5");
    let generation = screen.state.feed.generation;
    screen.answer(Answer::Activity { generation, query: ActivityQuery::default(), result: Ok(page(rows)) });
    let mut views = talks();
    views[0].contact.name = bad.into();
    screen.answer(Answer::Conversation(ConversationId(1042), Ok(views.remove(0))));
    for cell in &screen.terminal().backend().buffer().content {
        assert!(cell.symbol().chars().all(crate::text::is_safe), "{:?}", cell.symbol());
    }
    screen.press("Enter");
    assert_eq!(screen.state.open, Some(ConversationId(1042)), "an id that is none is no approval");
}
