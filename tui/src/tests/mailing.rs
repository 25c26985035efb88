//! Replies by e-mail: whom they go to, the line that changes that, and the signature.

use api::id::ConversationId;
use api::inbox::{InboxView, MessageType, OutboxState};
use api::mail::{MailView, Recipients};

use super::world::{Screen, entry, failure, message, outbox_id, talks, thread};
use crate::event::{Act, Acted, Answer, Effect, Purpose};
use crate::keymap::Context;
use crate::state::With;

const DEE: ConversationId = ConversationId(1042);

fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Makes Dee's conversation one by e-mail, whose last mail had copies; and gives the person a signature.
pub(super) fn by_mail(screen: &mut Screen) {
    let mut view = talks().remove(0);
    view.inbox = InboxView { id: 2, name: "Support mail".into(), channel: "Email".into(), email: Some("help@shop.example".into()) };
    view.additional_attributes.insert("mail_subject".into(), "Where is my parcel?".into());
    screen.answer(Answer::Conversation(DEE, Ok(view)));
    let mut messages = thread();
    let mut mail = message(509, MessageType::Incoming, "Dee Shopper", "And now by mail", 1);
    mail.mail = Some(MailView {
        from: list("c1042@example.com"),
        to: list("help@shop.example"),
        cc: list("boss@example.com"),
        ..MailView::default()
    });
    messages.push(mail);
    screen.messages(messages);
    let signature = Some("Jo Agent\nAcme Shop".to_owned());
    screen.answer(Answer::Acted(Box::new(Acted::Signature(Ok(signature)))));
}

pub(super) fn mailer(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    by_mail(&mut screen);
    screen
}

fn submitted(effects: &[Effect]) -> Option<(String, With)> {
    effects.iter().find_map(|e| if let Effect::Submit { text, with, .. } = e { Some((text.clone(), with.clone())) } else { None })
}

fn whom(screen: &Screen) -> Recipients {
    screen.state.composer.as_ref().unwrap().with.mail.clone().unwrap()
}

#[test]
fn a_reply_goes_to_all_who_had_the_last_mail_and_says_so() {
    let mut screen = mailer(80, 24);
    screen.press("r");
    assert_eq!(whom(&screen), Recipients { to: list("c1042@example.com"), cc: list("boss@example.com"), bcc: vec![] });
    let drawn = screen.draw();
    assert!(drawn.contains("Reply to the CUSTOMER via Support mail: c1042@example.com, cc boss@"), "{drawn}");
    assert!(drawn.contains("Cc boss@example.com\n") || drawn.contains("│ Cc boss@example.com"), "over the mail itself: {drawn}");
    for line in ["To c1042@example.com", "Cc boss@example.com", "Subject Where is my parcel?", "Jo Agent", "Acme Shop"] {
        assert!(drawn.contains(line), "{line}: {drawn}");
    }
    screen.type_text("On its way.");
    let (text, with) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!(text, "On its way.\n\n--\n\nJo Agent\nAcme Shop");
    assert_eq!(with.mail.unwrap().cc, list("boss@example.com"));
}

#[test]
fn addresses_are_changed_on_a_line_and_a_wrong_one_is_named_at_once() {
    let mut screen = mailer(100, 30);
    screen.press("r");
    screen.type_text("Hello");
    screen.press("Ctrl+G c");
    assert_eq!(screen.state.context(), Context::Address);
    screen.type_text(", nobody,");
    assert!(screen.draw().contains("`nobody` is no e-mail address"), "{}", screen.draw());
    screen.press("Enter");
    assert_eq!((screen.state.context(), whom(&screen).cc), (Context::Address, list("boss@example.com")));
    screen.press("Ctrl+U");
    screen.type_text("Ann <ann@example.com>; bob@example.com");
    screen.press("Enter");
    assert_eq!((screen.state.context(), whom(&screen).cc), (Context::Composer, list("ann@example.com bob@example.com")));
    screen.press("Ctrl+G b");
    screen.type_text("log@shop.example");
    screen.press("Enter Ctrl+G o Ctrl+U Enter");
    assert!(screen.draw().contains("a reply goes to somebody"), "{}", screen.draw());
    screen.type_text("dee@home.example");
    screen.press("Enter");
    let want = Recipients { to: list("dee@home.example"), cc: list("ann@example.com bob@example.com"), bcc: list("log@shop.example") };
    assert_eq!(whom(&screen), want);
    // A new mail changes nothing under the person's hands; leaving and coming back neither.
    by_mail(&mut screen);
    screen.press("Esc r");
    assert_eq!(whom(&screen), want);
    // Nor does a look at it as a note; and a note goes to nobody.
    screen.press("Ctrl+G t");
    assert!(!screen.draw().contains("dee@home.example"), "{}", screen.draw());
    screen.press("Ctrl+G t y");
    assert_eq!(whom(&screen), want);
    assert_eq!(submitted(&screen.press("Ctrl+S")).unwrap().1.mail, Some(want));
}

#[test]
fn what_is_no_mail_has_no_addresses_and_no_signature() {
    let mut screen = mailer(100, 30);
    screen.press("p");
    screen.type_text("for us");
    let (text, with) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!((text.as_str(), with.mail), ("for us", None));
    let mut screen = Screen::new(100, 30);
    screen.answer(Answer::Acted(Box::new(Acted::Signature(Ok(Some("Jo".into()))))));
    screen.press("r");
    screen.type_text("by chat");
    screen.press("Ctrl+G c");
    assert!(screen.draw().contains("only a reply by e-mail has that"), "{}", screen.draw());
    let (text, with) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!((text.as_str(), with.mail), ("by chat", None));
}

#[test]
fn a_signature_alone_is_neither_a_draft_nor_a_reply_and_is_never_there_twice() {
    let mut screen = mailer(100, 30);
    screen.press("r");
    assert_eq!((screen.state.drafts.len(), submitted(&screen.press("Ctrl+S"))), (0, None));
    assert!(screen.draw().contains("There is nothing to send yet"));
    screen.type_text("Hi");
    // Into the text, to change it; from then on it is text of one's own.
    screen.press("Ctrl+G s");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "Hi\n\n--\n\nJo Agent\nAcme Shop");
    screen.press("Esc r Ctrl+E");
    screen.type_text(", Berlin");
    let (text, with) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!((text.as_str(), with.unsigned), ("Hi\n\n--\n\nJo Agent\nAcme Shop, Berlin", true));
    // Back under it.
    let mut screen = mailer(100, 30);
    screen.press("r");
    screen.type_text("Hi");
    screen.press("Ctrl+G s Ctrl+G s");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "Hi");
    // Off by the settings.
    screen.state.settings.composer.signature = false;
    assert_eq!(submitted(&screen.press("Ctrl+S")).unwrap().0, "Hi");
}

#[test]
fn a_reply_that_failed_comes_back_with_its_readers_and_one_signature() {
    let mut screen = mailer(100, 30);
    let mut mine = message(0, MessageType::Outgoing, "Jo Agent", "Hi\n\n--\n\nJo Agent\nAcme Shop", 0);
    let to = MailView { to: list("dee@home.example"), bcc: list("log@shop.example"), ..MailView::default() };
    (mine.id, mine.outbox_id, mine.mail) = (None, Some(outbox_id(1)), Some(to));
    screen.state.threads.get_mut(&DEE).unwrap().messages.push(mine);
    let failed =
        api::inbox::OutboxView { state: OutboxState::Failed, content: Some("Hi\n\n--\n\nJo Agent\nAcme Shop".into()), ..entry(1, "reply") };
    screen.answer(Answer::Outbox(Ok(vec![failed])));
    screen.press("r");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.editor.text(), composer.with.unsigned, composer.replaces), ("Hi", false, Some(outbox_id(1))));
    assert_eq!((whom(&screen).to, whom(&screen).bcc), (list("dee@home.example"), list("log@shop.example")));
    let (text, _) = submitted(&screen.press("Ctrl+S")).unwrap();
    assert_eq!(text, "Hi\n\n--\n\nJo Agent\nAcme Shop");
    // What the daemon refuses keeps text and readers.
    let key = screen.state.composer.as_ref().unwrap().key.clone().unwrap();
    screen.answer(Answer::Submitted { purpose: Purpose::Reply(DEE), key, result: Err(failure(api::Code::ValidationFailed, "cc: no")) });
    assert_eq!((screen.state.composer.as_ref().unwrap().editor.text(), whom(&screen).bcc), ("Hi", list("log@shop.example")));
}

#[test]
fn without_an_address_nothing_is_sent_and_hostile_ones_stay_harmless() {
    let mut screen = Screen::new(100, 30);
    by_mail(&mut screen);
    let mut view = screen.state.conversations[&DEE].clone();
    view.contact.email = Some("x\u{1b}[2J\u{202e}@evil.example".into());
    screen.answer(Answer::Conversation(DEE, Ok(view)));
    screen.messages(thread());
    screen.press("r");
    screen.type_text("Hello");
    assert_eq!(submitted(&screen.press("Ctrl+S")), None);
    let drawn = screen.draw();
    assert!(drawn.contains("To is empty") && !drawn.contains('\u{1b}') && !drawn.contains('\u{202e}'), "{drawn}");
}

#[test]
fn the_signature_is_asked_for_with_an_own_token_only() {
    for (own, asked) in [(None, false), (Some(false), false), (Some(true), true)] {
        let mut screen = Screen::blank(80, 24);
        screen.effects.clear();
        screen.answer(Answer::Me(Ok(super::world::me(own))));
        let asks = screen.effects.iter().any(|e| matches!(e, Effect::Act(act) if **act == Act::Signature));
        assert_eq!(asks, asked, "{own:?}");
    }
}

#[test]
fn an_old_draft_still_reads() {
    let old = r#"{"text":"Hi","with":{"files":[]},"at":"2026-01-01T00:00:00Z"}"#;
    let draft: crate::drafts::Draft = serde_json::from_str(old).unwrap();
    assert_eq!((draft.with.mail.clone(), draft.with.unsigned), (None, false));
    let mail = Recipients { to: list("a@b.c"), ..Recipients::default() };
    let new = crate::drafts::Draft { with: With { mail: Some(mail.clone()), unsigned: true, ..With::default() }, ..draft };
    let read: crate::drafts::Draft = serde_json::from_str(&serde_json::to_string(&new).unwrap()).unwrap();
    assert_eq!((read.with.mail, read.with.unsigned), (Some(mail), true));
}

#[test]
fn a_mail_on_all_sizes() {
    for (width, height) in [(200, 50), (80, 24), (60, 20), (40, 15)] {
        let mut screen = mailer(width, height);
        screen.press("r");
        screen.type_text("Hello Dee, it is on its way.");
        screen.tick(300);
        insta::assert_snapshot!(format!("by_mail_{width}x{height}"), screen.draw());
        screen.press("Ctrl+G c");
        screen.type_text(", nobody,");
        insta::assert_snapshot!(format!("addresses_{width}x{height}"), screen.draw());
    }
}

#[test]
fn on_a_small_screen_the_heads_of_a_mail_leave_lines_for_its_text() {
    let mut screen = mailer(40, 15);
    screen.press("r");
    screen.type_text("one\ntwo\nthree\nfour");
    let drawn = screen.draw();
    for line in ["‹ Dee Shopper", "And now by mail", "To c1042@example.com", "one", "two", "three", "four▮", "draft"] {
        assert!(drawn.contains(line), "{line}: {drawn}");
    }
}
