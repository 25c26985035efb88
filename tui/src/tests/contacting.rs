//! Contacts: the list as it is filtered, one contact, and the way to a conversation and back.

use api::Code;
use api::contact::ContactDetail;
use api::event::StreamEvent;
use api::id::ConversationId;
use api::inbox::ContactView;
use api::page::{Page, PageMeta};
use serde_json::json;

use super::world::{Screen, Talk, ago, failure, lost, talks};
use crate::event::{Acted, Answer, Effect, Event};
use crate::keymap::Context;
use crate::text;

const SIZES: [(u16, u16); 3] = [(200, 50), (80, 24), (60, 20)];

fn contact(id: i64, name: &str) -> ContactDetail {
    let view = ContactView {
        id,
        name: name.into(),
        email: Some(format!("c{id}@example.com")),
        phone_number: (id % 2 == 0).then(|| "+1 555 010 0042".into()),
        identifier: None,
        blocked: id == 34,
    };
    ContactDetail {
        contact: view,
        additional_attributes: serde_json::Map::new(),
        custom_attributes: serde_json::Map::new(),
        last_activity_at: Some(ago(id)),
        created_at: None,
    }
}

fn dee() -> ContactDetail {
    let mut dee = contact(32, "Dee Shopper");
    dee.contact.identifier = Some("shop-2291".into());
    dee.custom_attributes = json!({"tier": "gold", "newsletter": true, "nothing": null}).as_object().unwrap().clone();
    dee.additional_attributes = json!({"city": "Aachen", "social_profiles": {}}).as_object().unwrap().clone();
    dee
}

pub(super) fn all() -> Vec<ContactDetail> {
    let mut nobody = contact(36, "");
    (nobody.contact.email, nobody.contact.phone_number) = (None, None);
    vec![contact(30, "Ann Buyer"), contact(31, "Bob Walker"), dee(), contact(34, "Spam Ltd"), contact(35, "李小龙"), nobody]
}

pub(super) fn page<T>(data: Vec<T>, total: u64) -> Page<T> {
    Page { data, meta: PageMeta { total, limit: 100, ..PageMeta::default() } }
}

fn list(screen: &mut Screen, rows: Vec<ContactDetail>) {
    let (generation, total) = (screen.state.contacts.generation, rows.len() as u64);
    screen.answer(Answer::Contacts { generation, more: false, result: Ok(page(rows, total)) });
}

/// The list, with all rows.
pub(super) fn listed(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press("4");
    screen.tick(300);
    assert!(screen.effects.iter().any(|e| matches!(e, Effect::Contacts { .. })), "{:?}", screen.effects);
    list(&mut screen, all());
    screen.effects.clear();
    screen
}

/// Many rows.
pub(super) fn fill(screen: &mut Screen, count: i64) {
    list(screen, (1..=count).map(|id| contact(id, "Somebody")).collect());
}

/// Many conversations of the opened contact.
pub(super) fn fill_card(screen: &mut Screen, count: i64) {
    let id = screen.state.contacts.card.as_ref().unwrap().id;
    let talks = (1..=count).map(|id| Talk::new(id, "Somebody", "text", id).view()).collect();
    screen.answer(Answer::ConversationsOf(id, Ok(page(talks, 60))));
}

/// The filter's answer.
pub(super) fn found(screen: &mut Screen) {
    list(screen, vec![dee()]);
}

/// Dee, opened, with two conversations.
pub(super) fn opened(width: u16, height: u16) -> Screen {
    let mut screen = listed(width, height);
    screen.press("j j Enter");
    screen.tick(300);
    let mut old = Talk { labels: &["refund"], ..Talk::new(988, "Dee Shopper", "Thanks, the size fits now.", 4_000) }.view();
    old.status = api::inbox::ConversationStatus::Resolved;
    screen.answer(Answer::Contact(32, Ok(dee())));
    screen.answer(Answer::ConversationsOf(32, Ok(page(vec![talks().remove(0), old], 2))));
    screen.answer(Answer::Acted(Box::new(Acted::ContactNotes(32, Ok(super::beginning::notes())))));
    screen
}

fn toasts(screen: &Screen) -> String {
    screen.state.toasts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn screens() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("contacts_{width}x{height}"), listed(width, height).draw());
        insta::assert_snapshot!(format!("contact_{width}x{height}"), opened(width, height).draw());
    }
}

#[test]
fn the_filter_asks_when_it_rests_and_drops_what_is_too_late() {
    let mut screen = listed(80, 24);
    screen.press("/");
    screen.type_text("de");
    screen.tick(50);
    assert_eq!(screen.effects, []);
    screen.tick(200);
    let asked = |screen: &Screen| {
        let queries = screen.effects.iter().filter_map(|e| if let Effect::Contacts { query, .. } = e { query.q.clone() } else { None });
        queries.collect::<Vec<_>>()
    };
    assert_eq!(asked(&screen), ["de"]);
    let old = screen.state.contacts.generation;
    screen.type_text("e");
    screen.answer(Answer::Contacts { generation: old, more: false, result: Ok(page(vec![contact(1, "Too Late")], 1)) });
    assert_eq!(screen.state.contacts.rows.len(), 6);
    screen.tick(300);
    assert_eq!(asked(&screen), ["de", "dee"]);
    list(&mut screen, vec![dee()]);
    screen.press("Enter");
    assert!(screen.draw().contains("/dee"), "{}", screen.draw());
    screen.press("Esc");
    screen.tick(10);
    assert!(screen.state.contacts.query.is_empty() && screen.state.contacts.loading);
}

#[test]
fn a_conversation_opens_from_its_contact_and_esc_goes_back_there() {
    for width in [80, 200] {
        let mut screen = opened(width, 30);
        assert!(screen.effects.contains(&Effect::ConversationsOf(32)) && screen.effects.contains(&Effect::Contact(32)));
        assert_eq!(screen.state.context(), Context::Contact);
        screen.press("Enter");
        assert_eq!((screen.state.context(), screen.state.open), (Context::Thread, Some(ConversationId(1042))));
        screen.press("Esc");
        assert_eq!(screen.state.context(), Context::Contact);
        screen.press("Esc");
        assert_eq!((screen.state.context(), screen.state.contacts.cursor), (Context::Contacts, 2));
        screen.press("Esc");
        assert_eq!(screen.state.context(), Context::List);
    }
}

#[test]
fn a_value_is_copied_as_it_is() {
    let mut screen = opened(80, 24);
    assert_eq!(screen.press("g g Enter"), [Effect::Copy("c32@example.com".into())]);
    let effects = screen.press("G Enter");
    assert_eq!(effects, [Effect::Copy("Aachen".into())]);
    assert!(toasts(&screen).contains("Copied: city"));
}

#[test]
fn rows_that_are_passed_over_are_not_read() {
    let mut screen = listed(200, 50);
    screen.tick(300);
    screen.answer(Answer::Contact(30, Ok(contact(30, "Ann Buyer"))));
    screen.effects.clear();
    for _ in 0..3 {
        screen.send(Event::Key(crate::keymap::parse("j").unwrap()));
        screen.tick(20);
    }
    assert_eq!(screen.effects, []);
    screen.tick(300);
    assert!(screen.effects.contains(&Effect::ConversationsOf(34)), "{:?}", screen.effects);
}

#[test]
fn a_contact_that_is_gone_is_said() {
    let mut screen = opened(80, 24);
    screen.answer(Answer::Contact(32, Err(failure(Code::NotFound, "there is no such contact"))));
    assert!(toasts(&screen).contains("gone from Chatwoot"));
    assert_eq!(screen.state.context(), Context::Contacts);
    screen.effects.clear();
    screen.tick(10);
    assert!(screen.effects.iter().any(|e| matches!(e, Effect::Contacts { .. })));
}

#[test]
fn a_daemon_that_is_lost_meanwhile_is_asked_again() {
    let mut screen = Screen::new(80, 24);
    screen.press("4");
    screen.tick(10);
    let generation = screen.state.contacts.generation;
    screen.answer(Answer::Contacts { generation, more: false, result: Err(lost()) });
    assert!(screen.draw().contains("The list is read when it is back"), "{}", screen.draw());
    screen.tick(1_000);
    screen.effects.clear();
    let stream = screen.state.stream.generation;
    screen.send(Event::Stream(stream, Ok(StreamEvent::Ready { seq: 101 })));
    screen.tick(10);
    assert_eq!(screen.effects.iter().filter(|e| matches!(e, Effect::Contacts { .. })).count(), 1, "{:?}", screen.effects);
}

#[test]
fn hostile_text_of_a_contact_is_only_text() {
    const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{1b}[2Jc\u{202e}d\n\re\u{301}\u{301}\u{9b}31m李";
    for (width, height) in SIZES {
        let mut screen = listed(width, height);
        let mut bad = dee();
        bad.contact.name = HOSTILE.into();
        bad.contact.email = Some(HOSTILE.repeat(30));
        bad.custom_attributes = json!({HOSTILE: HOSTILE, "list": [HOSTILE]}).as_object().unwrap().clone();
        list(&mut screen, vec![bad.clone()]);
        screen.press("Enter");
        screen.answer(Answer::Contact(32, Ok(bad)));
        let mut talk = talks().remove(0);
        talk.snippet.as_mut().unwrap().text = HOSTILE.into();
        talk.inbox.name = HOSTILE.into();
        screen.answer(Answer::ConversationsOf(32, Ok(page(vec![talk], 70))));
        for cell in &screen.terminal().backend().buffer().content {
            assert!(cell.symbol().chars().all(text::is_safe), "{:?}", cell.symbol());
        }
    }
}

#[test]
fn a_contact_found_by_search_opens_and_esc_goes_back_to_the_results() {
    let mut screen = super::searching::searched(80, 24);
    screen.press("Enter Enter");
    screen.tick(10);
    assert!(screen.effects.contains(&Effect::Contact(1042)), "{:?}", screen.effects);
    assert_eq!(screen.state.context(), Context::Contact);
    screen.press("Esc");
    assert_eq!((screen.state.context(), screen.state.search.cursor), (Context::Found, 0));
}
