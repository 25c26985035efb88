//! A decision: what was read before it, and what is marked in it.

use api::approval::ExcerptLine;
use api::id::MessageId;
use api::inbox::MessageType;

use super::gallery::{asked, long};
use super::world::{Screen, ago, approval_id, approvals};
use crate::event::{Answer, Event};
use crate::state::Overlay;

fn is_asked(screen: &Screen) -> bool {
    matches!(screen.state.overlay, Some(Overlay::Approve { .. }))
}

/// The number of lines that a refused card tells.
fn told(screen: &Screen) -> usize {
    let error = screen.state.approvals.card.as_ref().and_then(|card| card.error.clone()).unwrap_or_default();
    let rest = error.strip_prefix("Read on to the end of the ask: ").or_else(|| error.strip_prefix("Read on: "));
    let (number, rest) = rest.and_then(|rest| rest.split_once(' ')).unwrap_or_else(|| panic!("{error:?}"));
    assert!(matches!(rest, "more lines, Space" | "more line, Space" | "lines, Space" | "line, Space"), "{error}");
    assert!(screen.draw().contains(&error), "not cut: {}", screen.draw());
    number.parse().unwrap()
}

#[test]
fn approving_waits_for_the_end_of_the_ask() {
    for (width, height) in [(80, 24), (40, 15), (80, 8), (30, 10)] {
        let mut screen = asked(width, height, long());
        assert!(!screen.draw().contains("END."), "{}", screen.draw());
        screen.press("a");
        assert!(!is_asked(&screen), "{}", screen.draw());
        insta::assert_snapshot!(format!("deciding_refused_{width}x{height}"), screen.draw());
        // Line by line: as many as it says, and not one less.
        let lines = told(&screen);
        for left in (1..lines).rev() {
            screen.press("j");
            assert_eq!(told(&screen), left, "{}", screen.draw());
            screen.press("a");
            assert!(!is_asked(&screen) && !screen.draw().contains("END."), "{}", screen.draw());
        }
        screen.press("j");
        assert!(screen.draw().contains("END."), "{}", screen.draw());
        assert_eq!(screen.state.approvals.card.as_ref().unwrap().error, None);
        // What was read stays read.
        screen.press("g g a");
        assert!(is_asked(&screen), "{}", screen.draw());
    }
}

#[test]
fn space_reads_on() {
    let mut screen = asked(80, 24, long());
    assert!(screen.draw().contains("Space read on    x reject"), "{}", screen.draw());
    for _ in 0..40 {
        if screen.state.approvals.card.as_ref().unwrap().read {
            break;
        }
        screen.press("a Space");
        assert!(!is_asked(&screen));
    }
    assert!(screen.draw().contains("a approve    x reject"), "{}", screen.draw());
    screen.press("a");
    assert!(is_asked(&screen));
}

#[test]
fn a_new_revision_is_read_anew_and_a_larger_screen_shows_the_end() {
    let mut screen = asked(80, 24, long());
    screen.press("G a");
    assert!(is_asked(&screen));
    let mut newer = long();
    newer.revision = 3;
    screen.answer(Answer::Approval(approval_id(42), Ok(newer)));
    assert!(!is_asked(&screen));
    screen.press("a");
    assert!(!is_asked(&screen));
    assert!(told(&screen) > 0);
    screen.send(Event::Resize(200, 50));
    screen.press("a");
    assert!(is_asked(&screen), "{}", screen.draw());
}

#[test]
fn what_is_hidden_under_a_sheet_was_not_read() {
    let mut screen = asked(80, 24, long());
    screen.press("?");
    screen.send(Event::Resize(200, 50));
    screen.send(Event::Resize(80, 24));
    screen.press("Esc a");
    assert!(!is_asked(&screen), "{}", screen.draw());
}

#[test]
fn a_rejection_needs_no_end() {
    let mut screen = asked(80, 24, long());
    screen.press("x");
    assert!(screen.state.composer.is_some());
}

#[test]
fn what_could_deceive_is_marked_in_text() {
    let mut view = approvals().remove(0);
    view.requester.name = "Kіm\u{200b} Agent".into();
    view.contact = Some("Dее \u{202e}reppohS".into());
    view.title = "Refund \u{2066}240\u{2069} € to раypal".into();
    view.description = format!("{}\nPay \u{202e}042\u{202c} to Аpple, not to pay\u{200b}pal.", view.title);
    view.excerpt = vec![ExcerptLine {
        message_id: MessageId(501),
        at: ago(9),
        from: "D\u{200d}ee".into(),
        message_type: MessageType::Incoming,
        private: false,
        text: "My \u{202e}lecrap\u{202c} from Αmazon".into(),
    }];
    for (width, height) in [(80, 24), (200, 50), (40, 15)] {
        let screen = asked(width, height, view.clone());
        let drawn = screen.draw();
        assert!(drawn.contains("⟨U+202E⟩") && drawn.contains("mixed scripts: "), "{drawn}");
        assert!(drawn.chars().all(|c| c == '\n' || crate::text::is_safe(c)), "{drawn}");
        insta::assert_snapshot!(format!("deciding_marked_{width}x{height}"), drawn);
    }
    let drawn = asked(200, 50, view).draw();
    for mark in ["⟨U+200B⟩", "⟨U+202E⟩", "⟨U+2066⟩", "⟨U+200D⟩", "Cyrillic with Latin", "Greek with Latin"] {
        assert!(drawn.contains(mark), "{mark}\n{drawn}");
    }
    // The title stands once, though the ask begins with it.
    assert_eq!(drawn.matches("240⟨U+2069⟩ € t").count(), 2, "in the queue's place and on the card\n{drawn}");
}
