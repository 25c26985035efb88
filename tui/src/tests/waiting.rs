//! Decisions made while the daemon is away.

use api::Code;
use api::approval::ApprovalStatus;
use api::event::StreamEvent;

use super::behaviour::{approved, toasts};
use super::world::{Screen, approval_id, approvals, failure, lost};
use crate::event::{Answer, Effect, Event, Purpose};

fn handed_in(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Approve { id, revision, key } if *id == approval_id(42) => Some(format!("approve {revision} {key}")),
        Effect::Submit { purpose: Purpose::Reject(id, revision), text, key, .. } if *id == approval_id(42) => {
            Some(format!("reject {revision} {key} {text}"))
        }
        _ => None,
    };
    effects.iter().filter_map(word).collect()
}

/// Decided while nobody answers; the key it was made with.
fn away(keys: &str, reason: &str) -> (Screen, String) {
    let mut screen = Screen::new(80, 24);
    screen.press("2 Enter");
    screen.send(Event::Stream(1, Err(lost())));
    let mut effects = screen.press(keys);
    if !reason.is_empty() {
        screen.type_text(reason);
        effects = screen.press("Ctrl+S");
    }
    let asked = effects.into_iter().find(|e| matches!(e, Effect::Approve { .. } | Effect::Submit { .. })).unwrap();
    let key = match asked {
        Effect::Approve { id, revision, key } => {
            screen.answer(Answer::Approved { id, revision, key: key.clone(), result: Err(lost()) });
            key
        }
        Effect::Submit { purpose, key, .. } => {
            screen.answer(Answer::Submitted { purpose, key: key.clone(), result: Err(lost()) });
            key
        }
        other => panic!("{other:?}"),
    };
    (screen, key)
}

/// The daemon is back; what is handed in.
fn back(screen: &mut Screen) -> Vec<String> {
    screen.effects.clear();
    let generation = screen.state.stream.generation;
    screen.send(Event::Stream(generation, Ok(StreamEvent::Ready { seq: 100 })));
    handed_in(&std::mem::take(&mut screen.effects))
}

#[test]
fn an_approval_waits_and_is_handed_in_under_its_key() {
    let (mut screen, key) = away("a y", "");
    insta::assert_snapshot!("waiting_80x24", screen.draw());
    assert!(screen.draw().contains("waits for the daemon") && screen.draw().contains("1 decision waiting"));
    screen.press("a");
    assert_eq!(screen.state.overlay, None, "it is decided already");
    assert_eq!(back(&mut screen), [format!("approve 2 {key}")]);
    let mut done = approvals().remove(0);
    done.status = ApprovalStatus::Approved;
    screen.answer(approved(Ok(done)));
    assert!(screen.state.drafts.is_empty() && toasts(&screen.state).contains("approved"));
    assert!(back(&mut screen).is_empty(), "once");
}

#[test]
fn a_rejection_waits_with_its_reason() {
    let (mut screen, key) = away("x", "resend it");
    assert!(screen.state.composer.is_none() && screen.draw().contains("waits for the daemon"));
    // Over a restart as well: it stands in the drafts file.
    let drafts: Vec<_> = screen.state.drafts.clone().into_iter().collect();
    let mut next = Screen::blank(80, 24);
    next.send(Event::Stream(1, Ok(StreamEvent::Ready { seq: 100 })));
    next.answer(Answer::Me(Ok(super::world::me(Some(true)))));
    next.effects.clear();
    next.answer(Answer::Drafts(drafts, None));
    assert_eq!(handed_in(&next.effects), [format!("reject 2 {key} resend it")]);
    assert_eq!(back(&mut screen), [format!("reject 2 {key} resend it")]);
    let refused = Err(failure(Code::StaleRevision, "it is revision 3 now"));
    screen.answer(Answer::Submitted { purpose: Purpose::Reject(approval_id(42), 2), key, result: refused });
    assert!(toasts(&screen.state).contains("AP-42 is not decided: it is revision 3 now"), "{}", toasts(&screen.state));
    let draft = screen.state.drafts.values().next().unwrap();
    assert_eq!((draft.text.as_str(), draft.decides), ("resend it", None), "the words are kept, the decision is not");
}

#[test]
fn what_changed_meanwhile_is_not_decided() {
    let (mut screen, _) = away("a y", "");
    assert_eq!(back(&mut screen).len(), 1);
    screen.answer(approved(Err(failure(Code::StaleRevision, "it is revision 3 now"))));
    assert!(screen.state.drafts.is_empty() && toasts(&screen.state).contains("AP-42 is not decided"));
}

#[test]
fn it_can_be_taken_back_while_it_waits() {
    let (mut screen, _) = away("a y", "");
    screen.press("u");
    assert!(toasts(&screen.state).contains("Taken back; nobody was told"));
    assert!(back(&mut screen).is_empty() && screen.state.drafts.is_empty());
}
