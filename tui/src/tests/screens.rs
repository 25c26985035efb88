//! Screens, narrow and wide.

use api::status::{LinkState, Progress};

use super::world::{Screen, lost, me, now, page, status, talks, thread};
use crate::event::{Answer, Event};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

fn check(name: &str, screen: &Screen) {
    let (width, height) = screen.state.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
}

#[test]
fn the_list() {
    for (width, height) in SIZES {
        check("list", &Screen::new(width, height));
    }
}

#[test]
fn the_list_on_a_short_terminal_has_one_line_a_row() {
    check("list", &Screen::new(60, 20));
    check("list", &Screen::new(120, 14));
}

#[test]
fn a_conversation() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("Enter");
        check("thread", &screen);
    }
}

#[test]
fn a_reply_and_a_note_being_written() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("r");
        screen.type_text("Hi Dee, good news: we are sending a new parcel by express today and it arrives on Friday. ");
        screen.tick(300);
        check("reply", &screen);
        screen.press("Alt+P");
        check("note", &screen);
    }
}

#[test]
fn a_reply_that_goes_out_under_another_name() {
    let mut screen = Screen::new(80, 24);
    screen.answer(Answer::Me(Ok(me(Some(false)))));
    screen.press("r");
    check("reply_as_service_user", &screen);
}

#[test]
fn approvals_and_the_card_and_the_sheet() {
    for (width, height) in [(80, 24), (200, 50), (120, 36), (40, 15)] {
        let mut screen = Screen::new(width, height);
        screen.press("2");
        check("queue", &screen);
        screen.press("Enter");
        check("card", &screen);
        screen.press("G g g a");
        check("approve", &screen);
        screen.press("Esc x");
        screen.type_text("Resend it, please");
        check("reject", &screen);
    }
}

#[test]
fn the_help() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("?");
        check("help", &screen);
    }
}

#[test]
fn menus() {
    for (name, key) in [("assign", "a"), ("snooze", "z"), ("labels", "L"), ("status", "s")] {
        let mut screen = Screen::new(80, 24);
        screen.press(key);
        check(name, &screen);
    }
}

#[test]
fn a_lost_daemon_and_the_way_back() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.send(Event::Stream(1, Err(lost())));
        check("lost", &screen);
    }
    let mut screen = Screen::blank(80, 24);
    screen.send(Event::Stream(1, Err(lost())));
    check("never_there", &screen);
    screen.tick(600);
    screen.send(Event::Stream(2, Ok(api::event::StreamEvent::Ready { seq: 1 })));
    check("back", &screen);
}

#[test]
fn the_first_copy_shows_how_far_it_is() {
    let mut screen = Screen::new(80, 24);
    let mut copying = status(LinkState::Live);
    copying.first_copy =
        Progress { conversations: 120, conversations_total: Some(400), messages: 900, seconds_left: Some(75), ..Progress::default() };
    screen.answer(Answer::Status(Ok(copying)));
    check("copying", &screen);
}

#[test]
fn the_first_screen_has_a_hint() {
    let mut screen = Screen::new(80, 24);
    screen.state.banner = Some("Approve from another shell: afenda approvals list, then afenda approvals approve AP-1 --rev 1".into());
    check("banner", &screen);
    screen.press("Esc");
    assert_eq!(screen.state.banner, None);
}

#[test]
fn every_kind_of_message_has_a_look() {
    use api::inbox::{DeliveryState, MessageType};
    let mut messages = thread();
    messages.truncate(1);
    let mut mail =
        super::world::message(510, MessageType::Incoming, "Dee Shopper", "Fine.\n\nOn Fri, Jo wrote:\n> one\n> two\n> three\n> four", 7);
    mail.content_type = "incoming_email".into();
    let mut empty = super::world::message(511, MessageType::Incoming, "Dee Shopper", "", 6);
    empty.content = None;
    let mut gone = super::world::message(512, MessageType::Incoming, "Dee Shopper", "x", 5);
    gone.deleted = true;
    let mut failed = super::world::message(513, MessageType::Outgoing, "Jo Agent", "Hello", 4);
    (failed.state, failed.error) = (DeliveryState::Failed, Some("The number is not on WhatsApp".into()));
    let mut queued = super::world::message(514, MessageType::Outgoing, "Jo Agent", "On its way", 0);
    (queued.state, queued.sends_at, queued.id) = (DeliveryState::Queued, Some(now() + jiff::SignedDuration::from_secs(4)), None);
    queued.outbox_id = Some(super::world::outbox_id(1));
    messages.extend([mail, empty, gone, failed, queued]);
    let mut screen = Screen::new(80, 40);
    screen.press("Enter");
    screen.messages(messages);
    check("kinds", &screen);
    screen.press("Enter");
    assert!(screen.draw().contains("> three"));
}

#[test]
fn an_empty_list_says_so() {
    let mut screen = Screen::new(80, 24);
    screen.press("Tab");
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(Vec::new())) });
    check("empty", &screen);
}

#[test]
fn new_conversations_are_counted_in_the_head_and_nothing_jumps() {
    let mut screen = Screen::new(80, 24);
    let before = screen.draw();
    let mut new = talks().remove(1);
    new.id = api::id::ConversationId(2000);
    new.waiting_since = Some(super::world::ago(60));
    screen.answer(Answer::Conversation(new.id, Ok(new)));
    let after = screen.draw();
    assert!(after.contains("1 new · Ctrl+R"), "{after}");
    assert_eq!(before.lines().skip(1).collect::<Vec<_>>(), after.lines().skip(1).collect::<Vec<_>>());
}
