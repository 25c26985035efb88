//! A message of one's own is deleted: asked by its name, held, kept by `u`; nobody else's.

use api::Code;
use api::id::MessageId;
use api::inbox::{MessageType, MessageView, OutboxState, OutboxView};
use api::tenant::LinkedAgent;

use super::behaviour::{held, toasts};
use super::world::{Screen, failure, message, outbox_id, thread};
use crate::event::{Answer, Effect};
use crate::state::{Overlay, Question};

/// A conversation whose newest message is this one, chosen.
fn chosen(newest: MessageView) -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.press("Enter");
    screen.state.me.as_mut().unwrap().agent = Some(LinkedAgent { id: 1, name: "Jo Agent".into(), own_token: true });
    let mut messages = thread();
    messages.push(newest);
    screen.messages(messages);
    screen.press("v");
    screen
}

fn mine() -> MessageView {
    message(700, MessageType::Outgoing, "Jo Agent", "The wrong number: 555", 0)
}

fn entry(state: OutboxState) -> OutboxView {
    OutboxView { kind: "delete".into(), state, ..held(9, 1042) }
}

#[test]
fn the_question_names_the_message_and_y_alone_deletes_it() {
    let mut screen = chosen(mine());
    assert!(screen.press("D").is_empty(), "nothing before the answer");
    let drawn = screen.draw();
    assert!(drawn.contains("Delete your reply “The wrong number: 555”"), "{drawn}");
    assert!(screen.press("Enter").is_empty(), "Enter is no");
    assert_eq!(screen.state.overlay, None);
    screen.press("D");
    let effects = screen.press("y");
    assert!(matches!(effects.as_slice(), [Effect::Erase { message: MessageId(700), conversation, .. }] if conversation.0 == 1042));
}

#[test]
fn what_is_held_says_so_and_u_keeps_the_message() {
    let mut screen = chosen(mine());
    let conversation = mine().conversation_id;
    screen.press("D y");
    screen.answer(Answer::Erased { conversation, message: MessageId(700), result: Ok(entry(OutboxState::Queued)) });
    let drawn = screen.draw();
    assert!(drawn.contains("deleting · u keeps it") && toasts(&screen.state).contains("deleted in 5 s"), "{drawn}");
    screen.press("v D");
    assert!(toasts(&screen.state).contains("It is being deleted"), "{}", toasts(&screen.state));
    assert!(matches!(screen.press("u").as_slice(), [Effect::Recall(id, _)] if *id == outbox_id(9)));
    screen.answer(Answer::Recalled(outbox_id(9), Ok(entry(OutboxState::Cancelled))));
    let drawn = screen.draw();
    assert!(!drawn.contains("deleting ·") && drawn.contains("The wrong number: 555"), "{drawn}");
    assert!(toasts(&screen.state).contains("Chatwoot was not told"));
}

#[test]
fn a_note_and_hostile_text_are_named_on_one_line() {
    let mut note = MessageView { private: true, content: Some("a\u{202e}b\nc\u{1b}[31m".into()), ..mine() };
    note.id = Some(MessageId(701));
    let mut screen = chosen(note);
    screen.press("D");
    let drawn = screen.draw();
    assert!(drawn.contains("Delete your note") && drawn.contains("Colleagues may have read it"), "{drawn}");
    assert!(!drawn.contains('\u{202e}') && !drawn.contains('\u{1b}'), "{drawn}");
}

#[test]
fn what_is_not_ones_own_is_not_asked_about() {
    // The daemon says whose it is: without an own token the service user is Chatwoot's author of everybody's.
    let other = MessageView { own: false, ..mine() };
    let cases = [
        (message(700, MessageType::Incoming, "Dee", "hi", 0), "nly what you wrote"),
        (other, "nly what you wrote"),
        (MessageView { deleted: true, ..mine() }, "t is deleted already"),
        (MessageView { id: None, outbox_id: Some(outbox_id(1)), ..mine() }, "has not left yet"),
    ];
    for (newest, why) in cases {
        let mut screen = chosen(newest);
        assert!(screen.press("D").is_empty());
        assert_eq!(screen.state.overlay, None, "{why}");
        assert!(toasts(&screen.state).contains(why), "{why}: {}", toasts(&screen.state));
    }
    let mut by_service = mine();
    by_service.sender.as_mut().unwrap().id = Some(9);
    let mut screen = chosen(by_service);
    screen.state.me.as_mut().unwrap().agent.as_mut().unwrap().own_token = false;
    screen.press("D");
    assert!(matches!(screen.state.overlay, Some(Overlay::Question(Question::Erase(_, MessageId(700))))));
    screen.press("y");
    let result = Err(failure(Code::Forbidden, "it is not yours"));
    screen.answer(Answer::Erased { conversation: mine().conversation_id, message: MessageId(700), result });
    assert!(toasts(&screen.state).contains("Not deleted: it is not yours"), "{}", toasts(&screen.state));
}
