//! A conversation is begun: with whom, where, what; and notes about a contact.

use api::Code;
use api::contact::{ContactInboxView, ContactNoteView};
use api::event::{Activity, ActivityType, StreamEvent, SubjectType};
use api::id::{ActivityId, ConversationId};
use api::inbox::{Named, OutboxState, OutboxView};
use api::page::{Page, PageMeta, Source};
use api::tenant::Role;

use super::behaviour::toasts;
use super::contacting::{found, opened};
use super::world::{Screen, ago, entry, failure, now, outbox_id};
use crate::event::{Act, Acted, Answer, Effect, Event, Purpose, Submitted};
use crate::keymap::Context;
use crate::state::Screen as Which;

const SIZES: [(u16, u16); 4] = [(200, 50), (80, 24), (60, 20), (40, 15)];
const TEXT: &str = "Hello Dee, your parcel is back in our shop. Where may we send it?";

pub(super) fn inboxes() -> Vec<ContactInboxView> {
    let inbox = |id, name: &str, channel: &str, refusal: Option<&str>| ContactInboxView {
        id,
        name: name.into(),
        channel: channel.into(),
        refusal: refusal.map(str::to_owned),
    };
    vec![
        inbox(2, "Shop mail", "Email", None),
        inbox(1, "Shop API", "Api", None),
        inbox(
            6,
            "WhatsApp \u{1b}[31mred",
            "Whatsapp",
            Some("WhatsApp lets a business begin only with an approved template: begin it in Chatwoot"),
        ),
    ]
}

pub(super) fn notes() -> Page<ContactNoteView> {
    let note = |id, who: &str, content: &str, minutes| ContactNoteView {
        id: Some(id),
        outbox_id: None,
        state: None,
        content: content.into(),
        author: Some(Named { id, name: who.into() }),
        own: id == 7,
        created_at: ago(minutes),
    };
    let data = vec![
        note(7, "Jo Agent", "Prefers mail,\nnot the phone \u{1b}[2Jgone", 30),
        note(9, "Kim Other", "Returned two parcels in May", 9_000),
    ];
    let meta = PageMeta { total: 2, source: Some(Source::Chatwoot), as_of: Some(now()), ..PageMeta::default() };
    Page { data, meta }
}

fn acts(effects: &[Effect]) -> Vec<Act> {
    effects.iter().filter_map(|e| if let Effect::Act(act) = e { Some((**act).clone()) } else { None }).collect()
}

fn submitted(effects: &[Effect]) -> Option<(Purpose, String, String)> {
    effects.iter().find_map(|e| match e {
        Effect::Submit { purpose, text, key, .. } => Some((*purpose, text.clone(), key.clone())),
        _ => None,
    })
}

pub(super) fn offer(screen: &mut Screen) {
    screen.answer(Answer::Acted(Box::new(Acted::ContactInboxes(32, Ok(inboxes())))));
}

fn queued(kind: &str) -> OutboxView {
    let (conversation_id, contact_id) = (None, Some(32));
    let inbox_id = (kind == "conversation").then_some(2);
    OutboxView { conversation_id, contact_id, inbox_id, content: Some(TEXT.into()), sends_at: now(), ..entry(5, kind) }
}

fn happened(state: &str, conversation: Option<i64>) -> Event {
    Event::Stream(
        1,
        Ok(StreamEvent::Activity(Activity {
            seq: 900,
            id: ActivityId(uuid::Uuid::nil()),
            kind: ActivityType::OutboxUpdated,
            actor: None,
            subject_type: SubjectType::Outbox,
            subject_id: outbox_id(5).to_string(),
            conversation_id: conversation,
            at: now(),
            data: serde_json::json!({ "state": state, "kind": "conversation", "contact_id": 32 }),
        })),
    )
}

/// Dee's card with the composer of a new conversation.
fn writing(width: u16, height: u16) -> Screen {
    let mut screen = opened(width, height);
    assert_eq!(acts(&screen.press("C")), [Act::ContactInboxes(32)]);
    offer(&mut screen);
    screen.press("a");
    screen
}

#[test]
fn screens() {
    for (width, height) in SIZES {
        let mut screen = opened(width, height);
        screen.press("C");
        offer(&mut screen);
        insta::assert_snapshot!(format!("begin_where_{width}x{height}"), screen.draw());
        screen.press("a");
        screen.type_text(TEXT);
        screen.tick(300);
        insta::assert_snapshot!(format!("begin_{width}x{height}"), screen.draw());
        let mut screen = opened(width, height);
        screen.press("n");
        screen.type_text("Wants a call before noon");
        screen.tick(300);
        insta::assert_snapshot!(format!("contact_note_{width}x{height}"), screen.draw());
    }
}

#[test]
fn from_the_list_one_is_chosen_by_name_and_the_conversation_opens_when_it_is_there() {
    let mut screen = Screen::new(80, 24);
    screen.press("C");
    assert_eq!(screen.state.context(), Context::ContactFilter);
    screen.type_text("dee");
    screen.tick(300);
    found(&mut screen);
    screen.press("Enter");
    assert!(screen.draw().contains("with whom?"), "{}", screen.draw());
    assert_eq!(acts(&screen.press("Enter")), [Act::ContactInboxes(32)]);
    offer(&mut screen);
    let drawn = screen.draw();
    assert!(drawn.contains("New conversation with Dee Shopper") && drawn.contains("only with an approved"), "{drawn}");
    assert!(!drawn.contains('\u{1b}'));
    screen.press("a");
    assert_eq!(screen.state.composer.as_ref().map(|c| c.purpose), Some(Purpose::Begin(32, 2)));
    screen.type_text(TEXT);
    assert!(screen.draw().contains("CUSTOMER"), "{}", screen.draw());
    let (purpose, text, key) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!((purpose, text.as_str()), (Purpose::Begin(32, 2), TEXT));
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Contact(Box::new(queued("conversation")))) });
    assert_eq!((screen.state.composer.as_ref(), screen.state.drafts.len()), (None, 0));
    // On its way: nothing opens yet. There: it opens, and Esc leads back.
    screen.send(happened("sending", None));
    assert_eq!(screen.state.screen, Which::Contacts);
    screen.send(happened("done", Some(1042)));
    assert_eq!((screen.state.screen, screen.state.shown()), (Which::Inbox, Some(ConversationId(1042))));
    assert!(toasts(&screen.state).contains("#1042 with Dee Shopper is begun"), "{}", toasts(&screen.state));
}

#[test]
fn whoever_does_something_else_meanwhile_is_only_told() {
    let mut screen = writing(80, 24);
    screen.type_text(TEXT);
    let (purpose, _, key) = submitted(&screen.press("Ctrl+S")).unwrap();
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Contact(Box::new(queued("conversation")))) });
    screen.press("n");
    screen.type_text("a note");
    screen.send(happened("done", Some(1042)));
    assert_eq!(screen.state.composer.as_ref().map(|c| c.purpose), Some(Purpose::ContactNote(32)));
    assert!(toasts(&screen.state).contains("#1042 with Dee Shopper is begun"));
}

#[test]
fn an_inbox_that_takes_none_cannot_be_chosen_and_a_late_answer_opens_nothing() {
    let mut screen = opened(80, 24);
    screen.press("C");
    offer(&mut screen);
    screen.press("↓ ↓ Enter");
    assert_eq!((screen.state.composer.as_ref(), screen.state.context()), (None, Context::Pick));
    screen.press("Esc C j");
    offer(&mut screen);
    assert_eq!(screen.state.overlay, None, "somebody who typed on waits no more");
    screen.press("C");
    let away = Err(failure(Code::ChatwootUnavailable, "Chatwoot must be asked for this"));
    screen.answer(Answer::Acted(Box::new(Acted::ContactInboxes(32, away))));
    assert!(toasts(&screen.state).contains("Dee Shopper can be written to is not known"), "{}", toasts(&screen.state));
    screen.state.me.as_mut().unwrap().role = Role::Viewer;
    assert_eq!(acts(&screen.press("C")), []);
    assert!(toasts(&screen.state).contains("New conversation: your role reads only"), "{}", toasts(&screen.state));
}

#[test]
fn the_text_is_a_draft_comes_back_when_recalled_and_is_found_among_the_drafts() {
    let mut screen = writing(80, 24);
    screen.type_text(TEXT);
    assert_eq!(screen.state.drafts["begin/32-2"].text, TEXT);
    let (purpose, _, key) = submitted(&screen.press("Ctrl+S")).unwrap();
    screen.answer(Answer::Submitted { purpose, key: key.clone(), result: Err(failure(Code::StoreUnavailable, "the disk is full")) });
    assert!(screen.draw().contains("Not begun: the disk is full"), "{}", screen.draw());
    let (purpose, _, key) = submitted(&screen.press("Ctrl+S")).unwrap();
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Contact(Box::new(queued("conversation")))) });
    let recall = screen.press("u");
    assert!(matches!(recall.as_slice(), [Effect::Recall(id, _)] if *id == outbox_id(5)), "{recall:?}");
    let back = OutboxView { state: OutboxState::Cancelled, ..queued("conversation") };
    screen.answer(Answer::Recalled(outbox_id(5), Ok(back)));
    assert_eq!(screen.state.drafts["begin/32-2"].text, TEXT);
    // From the drafts, wherever one is.
    screen.press("1 d");
    let drawn = screen.draw();
    assert!(drawn.contains("CUSTOMER") && drawn.contains("Dee Shopper"), "{drawn}");
    screen.press("Enter");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Begin(32, 2), TEXT));
    assert_eq!(screen.state.contacts.card.as_ref().map(|card| card.id), Some(32));
}

#[test]
fn notes_stand_on_the_card_are_read_whole_and_written_for_the_team_only() {
    let mut screen = opened(80, 24);
    let drawn = screen.draw();
    assert!(drawn.contains("Notes, TEAM ONLY") && drawn.contains("Prefers mail") && !drawn.contains('\u{1b}'), "{drawn}");
    let at = screen.state.contacts.card.as_ref().unwrap().items().len();
    let mut note = None;
    for _ in 0..at {
        screen.press("k");
    }
    for _ in 0..at {
        if screen.press("Enter").is_empty() && screen.state.context() == Context::Shown {
            note = Some(screen.draw());
            break;
        }
        screen.state.overlay = None;
        screen.state.screen = Which::Contacts;
        screen.state.focus = crate::state::Focus::Open;
        screen.press("j");
    }
    assert!(note.unwrap().contains("not the phone"), "a note is read whole");
    screen.press("Esc n");
    assert!(screen.draw().contains("TEAM ONLY"));
    screen.type_text("Wants a call");
    let (purpose, text, key) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!((purpose, text.as_str()), (Purpose::ContactNote(32), "Wants a call"));
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Contact(Box::new(queued("contact_note")))) });
    screen.tick(300);
    assert!(acts(&screen.effects).contains(&Act::ContactNotes(32)), "they are read again");
    // Chatwoot away: what is kept, and how old it is.
    let mut kept = notes();
    kept.meta = PageMeta { source: Some(Source::Store), as_of: Some(ago(120)), ..kept.meta };
    screen.answer(Answer::Acted(Box::new(Acted::ContactNotes(32, Ok(kept)))));
    assert!(screen.draw().contains("as of 2h ago"), "{}", screen.draw());
}
