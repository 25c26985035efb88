//! Drafts, outbox, log and settings.

use api::id::ConversationId;
use api::inbox::{MessageType, OutboxState, OutboxView};
use jiff::SignedDuration;

use super::behaviour::toasts;
use super::world::{Screen, ago, approval_id, entry, failure, lost, message, now, outbox_id, page, status, talks};
use crate::drafts::Draft;
use crate::event::{Answer, Effect, Event, Purpose, Submitted};
use crate::keymap::Context;
use crate::state::{Setting, Shelf, Source, Tone, With};

const DEE: ConversationId = ConversationId(1042);

fn draft(text: &str, minutes: i64) -> Draft {
    Draft { text: text.into(), key: None, replaces: None, with: With::default(), decides: None, at: ago(minutes) }
}

fn put(n: u32, kind: &str, state: OutboxState) -> OutboxView {
    OutboxView { state, created_at: ago(1), ..entry(n, kind) }
}

fn said(n: u32, kind: &str, state: OutboxState, text: &str) -> OutboxView {
    OutboxView { content: Some(text.into()), ..put(n, kind, state) }
}

fn changed(n: u32, kind: &str, state: OutboxState, change: &str) -> OutboxView {
    OutboxView { change: Some(change.into()), ..put(n, kind, state) }
}

fn with_drafts(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    let mut decision = draft("", 2);
    (decision.decides, decision.key) = (Some(2), Some("k".into()));
    screen.answer(Answer::Drafts(
        vec![
            ("reply/1042".into(), draft("\n  Hi Dee, the parcel\x1b[31m is on its way.\nBest, Jo", 8)),
            ("note/1040".into(), draft("ask the courier", 70)),
            ("reply/1040~2".into(), draft("another one", 90)),
            ("escalate/1041".into(), draft("Refund 12 €?", 1_500)),
            (format!("approve/{}", approval_id(42)), decision),
        ],
        None,
    ));
    screen
}

pub(super) fn drafts(width: u16, height: u16) -> Screen {
    let mut screen = with_drafts(width, height);
    screen.press("g d");
    screen
}

fn entries() -> Vec<OutboxView> {
    let mut again = said(3, "note", OutboxState::Queued, "courier was asked");
    (again.attempts, again.error, again.sends_at) =
        (2, Some("Chatwoot does not answer (503)".into()), now() + SignedDuration::from_secs(95));
    let mut late = said(2, "reply", OutboxState::Queued, "We send a new parcel today.");
    late.sends_at = now() + SignedDuration::from_secs(4);
    let mut refused = said(7, "reply", OutboxState::Failed, "lost words");
    (refused.attempts, refused.error) = (1, Some("the inbox is closed".into()));
    let mut gave_way = changed(8, "priority", OutboxState::Failed, "urgent");
    gave_way.error = Some("gave way: Kim Agent set it to `low` meanwhile".into());
    let mut unclear = said(9, "reply", OutboxState::Held, "Did it arrive?");
    unclear.attempts = 2;
    vec![
        late,
        again,
        changed(4, "assignee", OutboxState::Sending, "2"),
        changed(5, "labels", OutboxState::Queued, "+vip -refund"),
        put(6, "read", OutboxState::Queued),
        refused,
        gave_way,
        unclear,
        OutboxView { user: "kim".into(), ..changed(10, "status", OutboxState::Queued, "resolved") },
    ]
}

pub(super) fn outbox(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press("g o");
    screen.answer(Answer::Outbox(Ok(entries())));
    screen.state.toasts.clear();
    screen
}

pub(super) fn log(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.send(Event::Stream(1, Err(lost())));
    screen.tick(600);
    screen.send(Event::Stream(2, Ok(api::event::StreamEvent::Ready { seq: 100 })));
    let refused = Err(failure(api::Code::Forbidden, "your role may not do that"));
    screen.answer(Answer::Patched { id: DEE, label: "resolved".into(), result: refused });
    let mut offline = status(api::status::LinkState::Offline);
    offline.chatwoot.message = Some("no route to chat.example.com".into());
    screen.answer(Answer::Status(Ok(offline)));
    screen.tick(20_000);
    screen.press("g l");
    screen
}

pub(super) fn settings(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.set_by = vec![
        Setting::new("profile", "work", Source::Flag("--profile"), "--profile or AFENDA_PROFILE"),
        Setting::new("keys", "2 changed", Source::File("~/.config/afenda/keys.toml".into()), "~/.config/afenda/keys.toml"),
        Setting::new("colours", "none", Source::Environment("NO_COLOR"), "--color or NO_COLOR"),
    ];
    screen.press("g s");
    screen
}

/// One of the four with rows enough for every key, the cursor in the middle.
pub(super) fn stage(screen: &mut Screen, context: Context) -> Vec<Effect> {
    for n in 0..60 {
        screen.state.drafts.insert(format!("reply/{n}"), draft("text", n));
        screen.state.log.note(now(), Tone::Plain, &format!("note {n}"));
        screen.state.set_by.push(Setting::new(format!("setting {n}"), "on", Source::Default, ""));
    }
    let mut entries: Vec<_> = (100..160).map(|n| said(n, "reply", OutboxState::Queued, "text")).collect();
    entries.push(said(160, "reply", OutboxState::Failed, "text"));
    screen.answer(Answer::Outbox(Ok(entries)));
    screen.press(match context {
        Context::Drafts => "g d j j Ctrl+D",
        Context::Outbox => "g o j j Ctrl+D",
        Context::Log => "g l j j Ctrl+D",
        _ => "g s j j Ctrl+D",
    })
}

#[test]
fn a_draft_is_marked_in_the_list_and_opens_with_its_text() {
    let mut screen = with_drafts(80, 24);
    let drawn = screen.draw();
    let row = |name: &str| {
        let at = drawn.lines().position(|line| line.contains(name)).unwrap();
        drawn.lines().skip(at).take(2).collect::<String>()
    };
    assert!(
        row("Dee Shopper").contains("draft") && row("Bob Walker").contains("draft") && row("Marta Keller").contains("draft"),
        "{drawn}"
    );
    assert!(!row("Ann Buyer").contains("draft"));
    assert!(drawn.lines().last().unwrap().contains("4 drafts"), "{drawn}");
    screen.press("d");
    assert_eq!(screen.state.shelf(), Some(Shelf::Drafts));
    let drawn = screen.draw();
    for words in ["APPROVAL", "waits for the daemon", "CUSTOMER", "Hi Dee, the parcel␛[31m", "TEAM ONLY", "APPROVERS", "1d"] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    screen.press("j Enter");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!(composer.purpose, Purpose::Reply(DEE));
    assert!(composer.editor.text().contains("Best, Jo"));
    screen.press("Esc Esc");
    assert_eq!(screen.state.shelf(), Some(Shelf::Drafts), "Esc leads back");
}

#[test]
fn a_draft_is_discarded_only_after_a_question_that_names_it() {
    let mut screen = drafts(80, 24);
    screen.press("j x");
    assert!(screen.draw().contains("Throw this draft away? #1042 Dee Shopper · Hi Dee"), "{}", screen.draw());
    screen.press("n");
    assert_eq!(screen.state.drafts.len(), 5);
    screen.press("x");
    // It was sent from elsewhere meanwhile: the one that took its place is not meant.
    screen.state.drafts.remove("reply/1042");
    screen.press("y");
    assert_eq!(screen.state.drafts.len(), 4);
    screen.press("x y");
    assert_eq!((screen.state.drafts.len(), screen.state.drafts_dirty), (3, true));
    // A decision is taken back, nobody hears of it.
    screen.press("g g x");
    assert!(screen.draw().contains("Take this decision back?"));
    let effects = screen.press("y");
    assert_eq!((effects, screen.state.drafts.values().filter(|d| d.decides.is_some()).count()), (vec![], 0));
}

#[test]
fn a_second_draft_comes_before_the_first_in_the_composer() {
    let mut screen = drafts(80, 24);
    screen.state.drafts.insert("reply/1040".into(), draft("the newer one", 3));
    screen.press("G k Enter");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Reply(ConversationId(1040)), "another one\n\nthe newer one"));
    assert!(!screen.state.drafts.contains_key("reply/1040~2"));
}

#[test]
fn the_outbox_says_what_each_entry_would_do_and_counts_only_deeds() {
    let mut screen = outbox(200, 50);
    let drawn = screen.draw();
    for words in [
        "leaves in 5 s",
        "reply to the CUSTOMER",
        "again in 120 s",
        "assign to Ada Admin",
        "labels +vip -refund",
        "not done",
        "the inbox is closed",
        "gave way: Kim Agent set it to `low` meanwhile",
        "not known",
        "yours; 1 of others",
    ] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert!(drawn.lines().last().unwrap().contains("outbox 4 · 3 not sent"), "{drawn}");
    assert!(!drawn.contains("read"), "nobody did that: {drawn}");
    // What stood in the daemon's counts before was another number.
    screen.answer(Answer::Outbox(Ok(vec![put(6, "read", OutboxState::Queued)])));
    assert!(!screen.draw().contains("outbox 1") && screen.draw().contains("Nothing of yours waits"));
}

#[test]
fn an_entry_is_recalled_tried_again_or_discarded_by_name() {
    let mut screen = outbox(80, 24);
    assert!(matches!(screen.press("u").as_slice(), [Effect::Recall(id, _)] if *id == outbox_id(2)));
    // The first has left; the key means the same entry, and says why not.
    screen.press("j j");
    screen.press("u");
    assert!(toasts(&screen.state).contains("it is on its way"), "{}", toasts(&screen.state));
    assert!(screen.press("x").is_empty() && screen.state.overlay.is_none());
    screen.press("j j");
    assert!(matches!(screen.press("r").as_slice(), [Effect::Retry(id, _)] if *id == outbox_id(7)));
    screen.press("x");
    assert!(screen.draw().contains("Throw this away? reply to the CUSTOMER · #1042"), "{}", screen.draw());
    let effects = screen.press("y");
    let Some(Effect::Discard(id, _)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(*id, outbox_id(7));
    screen.answer(Answer::Discarded(Err(failure(api::Code::OutboxState, "it is queued"))));
    assert!(toasts(&screen.state).contains("Not discarded: it is queued"));
}

#[test]
fn a_failed_send_opens_as_the_draft_it_was() {
    let mut screen = outbox(80, 24);
    let mut list = entries();
    list.push(said(11, "reply", OutboxState::Failed, "a newer one that failed"));
    screen.answer(Answer::Outbox(Ok(list)));
    screen.press("j j j j Enter");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.editor.text(), composer.replaces), ("lost words", Some(outbox_id(7))));
    // What waits is only shown: its conversation opens, nothing is written.
    let mut screen = outbox(80, 24);
    screen.press("Enter");
    assert_eq!((screen.state.open, screen.state.composer.is_some()), (Some(DEE), false));
    screen.press("Esc");
    assert_eq!(screen.state.shelf(), Some(Shelf::Outbox));
}

#[test]
fn the_log_keeps_what_has_gone_from_the_screen() {
    let mut screen = log(80, 24);
    assert!(screen.state.toasts.is_empty());
    let drawn = screen.draw();
    for words in
        ["The daemon is lost: no daemon answers", "The daemon is back", "your role may not do that", "Chatwoot is offline: no route"]
    {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    let place = drawn.lines().position(|line| line.contains("is lost")).unwrap();
    assert!(place > drawn.lines().position(|line| line.contains("is back")).unwrap(), "newest first");
    let effects = screen.press("G y");
    assert!(
        matches!(effects.as_slice(), [Effect::Copy(text)] if text.starts_with("2026-11-20T10:41:") && text.contains("The daemon is lost")),
        "{effects:?}"
    );
    let before = screen.state.log.rows().count();
    screen.press("y");
    assert_eq!(screen.state.log.rows().count(), before, "copying is no event");
}

#[test]
fn the_settings_say_where_each_value_comes_from() {
    let mut screen = settings(80, 24);
    let drawn = screen.draw();
    for words in [
        "flag --profile",
        "environment NO_COLOR",
        "file ~/.config",
        "daemon's version",
        "0.1.0, protocol",
        "hold of a reply",
        "change it: --profile",
    ] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    let names: Vec<String> = Setting::all(&screen.state).into_iter().map(|setting| setting.name).collect();
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "a name is a row's name");
    screen.press("q");
    assert_eq!(screen.state.screen, crate::state::Screen::Inbox);
}

#[test]
fn what_a_variable_outweighs_is_said_once_with_its_name() {
    let mut screen = settings(100, 40);
    screen.state.settings.ui.motion = false;
    let moves =
        |screen: &Screen| -> Vec<_> { Setting::all(&screen.state).into_iter().filter(|setting| setting.name == "ui.motion").collect() };
    assert!(matches!(moves(&screen).as_slice(), [only] if only.source == Source::File("config.toml".into())));
    screen.state.set_by.push(Setting::new("ui.motion", "off", Source::Environment("AFENDA_NO_MOTION"), "AFENDA_NO_MOTION"));
    assert!(matches!(moves(&screen).as_slice(), [only] if only.source == Source::Environment("AFENDA_NO_MOTION")));
}

#[test]
fn what_is_tried_again_is_no_draft_any_more() {
    let name = "reply/1042";
    let tried = |typed: &str| {
        let mut screen = Screen::new(80, 24);
        screen.answer(Answer::Outbox(Ok(vec![said(1, "reply", OutboxState::Failed, "Hello")])));
        screen.press("Enter r");
        screen.send(Event::Paste(typed.into()));
        screen.press("Esc");
        assert_eq!(screen.state.drafts[name].replaces, Some(outbox_id(1)));
        screen
    };
    let again = || said(1, "reply", OutboxState::Queued, "Hello");
    let mut screen = tried("");
    screen.answer(Answer::Retried(Ok(again())));
    assert!(!screen.state.drafts.contains_key(name), "it would be sent twice");
    // Somebody else tried it again.
    let mut screen = tried("");
    screen.answer(Answer::Outbox(Ok(vec![again()])));
    assert!(!screen.state.drafts.contains_key(name));
    for (typed, rest) in [("\n\nAnd this", "And this"), (" and more", "Hello and more")] {
        let mut screen = tried(typed);
        screen.answer(Answer::Retried(Ok(again())));
        let draft = &screen.state.drafts[name];
        assert_eq!((draft.text.as_str(), draft.replaces), (rest, None));
    }
}

#[test]
fn what_is_tried_again_while_its_text_is_handed_in_stays_a_text_of_its_own() {
    let name = "reply/1042";
    for taken in [true, false] {
        let mut screen = Screen::new(80, 24);
        screen.answer(Answer::Outbox(Ok(vec![said(1, "reply", OutboxState::Failed, "Hello")])));
        let sent = screen.press("Enter r Ctrl+S");
        let key = sent.iter().find_map(|effect| match effect {
            Effect::Submit { key, .. } => Some(key.clone()),
            _ => None,
        });
        screen.answer(Answer::Retried(Ok(said(1, "reply", OutboxState::Queued, "Hello"))));
        assert_eq!(screen.state.drafts[name].text, "Hello", "until it is known to be taken");
        let result = if taken {
            let mut message = message(0, MessageType::Outgoing, "Jo Agent", "Hello", 0);
            (message.id, message.outbox_id) = (None, Some(outbox_id(2)));
            Ok(Submitted::Message(Box::new(message)))
        } else {
            Err(failure(api::Code::StoreUnavailable, "the disk is full"))
        };
        screen.effects.clear();
        screen.answer(Answer::Submitted { purpose: Purpose::Reply(ConversationId(1042)), key: key.unwrap(), result });
        assert_eq!(screen.state.drafts.contains_key(name), !taken);
        assert!(!screen.effects.iter().any(|effect| matches!(effect, Effect::Discard(..))), "it is on its way");
        assert!(!screen.draw().contains("came back unsent"), "{}", screen.draw());
    }
}

#[test]
fn a_draft_outside_the_list_is_named_once_its_conversation_is_read() {
    let far = ConversationId(77);
    let asks = |effects: &[Effect]| effects.iter().filter(|effect| **effect == Effect::Conversation(far)).count();
    let mut screen = Screen::new(80, 24);
    screen.state.drafts.insert("note/77".into(), draft("Ask the courier", 3));
    assert_eq!(asks(&screen.press("g d")), 1);
    assert!(screen.draw().contains("#77"));
    let mut view = talks().remove(0);
    (view.id, view.contact.name) = (far, "Far Away".into());
    screen.answer(Answer::Conversation(far, Ok(view)));
    assert!(screen.draw().contains("#77 Far Away"), "{}", screen.draw());
    // The list is read again meanwhile; the name stays.
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    assert!(screen.draw().contains("#77 Far Away"), "{}", screen.draw());
    // One that is gone is asked for once.
    let mut screen = Screen::new(80, 24);
    screen.state.drafts.insert("note/77".into(), draft("Ask the courier", 3));
    screen.press("g d");
    screen.answer(Answer::Conversation(far, Err(failure(api::Code::NotFound, "no such conversation"))));
    assert_eq!(asks(&screen.press("j k")), 0);
}

#[test]
fn a_draft_is_shown_as_far_as_half_of_the_screen_goes() {
    let mut screen = Screen::new(80, 24);
    let lines: Vec<String> = (1..=20).map(|n| format!("line {n:02}")).collect();
    screen.state.drafts.insert("reply/1042".into(), draft(&lines.join("\n"), 3));
    screen.press("g d");
    let drawn = screen.draw();
    assert!(drawn.contains("line 06") && drawn.contains(" …"), "{drawn}");
    screen.state.drafts.insert("reply/1042".into(), draft(&lines[..6].join("\n"), 3));
    assert!(screen.draw().contains("line 06") && !screen.draw().contains('…'), "{}", screen.draw());
}
