//! What is told by itself, what is copied, and what the mouse does.

use api::approval::ApprovalStatus;
use api::event::ActivityType;
use api::id::ConversationId;
use api::inbox::{MessageType, Named, Snippet};
use serde_json::json;

use super::behaviour::toasts;
use super::world::{Screen, approvals, talks};
use crate::event::{Answer, Effect, Event, Pointer};
use crate::settings::{News, Rule, Way};
use crate::state::{Overlay, Tab};
use crate::telling::Notice;

const MARTA: ConversationId = ConversationId(1041);

/// An activity about Marta's conversation.
fn happened(screen: &mut Screen, kind: ActivityType, data: serde_json::Value) {
    let Event::Stream(generation, Ok(api::event::StreamEvent::Activity(mut activity))) = super::behaviour::activity(140, kind, MARTA.0)
    else {
        panic!("no activity")
    };
    activity.data = data;
    screen.send(Event::Stream(generation, Ok(api::event::StreamEvent::Activity(activity))));
}

/// Marta writes, and the conversation is read again.
fn marta_writes(screen: &mut Screen, text: &str) {
    happened(screen, ActivityType::MessageCreated, json!({ "message_type": "incoming", "private": false, "state": "sent" }));
    let mut view = talks().remove(1);
    view.snippet = Some(Snippet { text: text.into(), message_type: MessageType::Incoming, private: false });
    screen.answer(Answer::Conversation(MARTA, Ok(view)));
}

fn told(screen: &mut Screen) -> Vec<Notice> {
    let effects = std::mem::take(&mut screen.effects);
    effects.into_iter().filter_map(|effect| if let Effect::Notify(notice) = effect { Some(notice) } else { None }).collect()
}

#[test]
fn a_customer_of_mine_is_told_of_as_set() {
    let mut screen = Screen::new(80, 24);
    marta_writes(&mut screen, "Hello?");
    assert_eq!((toasts(&screen.state).as_str(), told(&mut screen)), ("Marta Keller writes, #1041: Hello?", Vec::new()));
    let mut screen = Screen::new(80, 24);
    screen.state.settings.notifications.ways = vec![Way::Bell, Way::Osc9];
    marta_writes(&mut screen, "Hello?\x1b[2J");
    let notices = told(&mut screen);
    assert_eq!((notices.len(), toasts(&screen.state).as_str()), (1, ""));
    assert_eq!(notices[0].bytes(crate::Around::default()), "\x07\x1b]9;afenda: Marta Keller writes, #1041: Hello?␛[2J\x07");
    // A burst is one ring.
    marta_writes(&mut screen, "Hello??");
    assert_eq!(told(&mut screen), []);
    screen.tick(3_000);
    marta_writes(&mut screen, "Hello???");
    assert_eq!(told(&mut screen).len(), 1);
}

#[test]
fn nothing_is_told_of_what_is_on_the_screen() {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.notifications.ways = vec![Way::Toast, Way::Bell];
    screen.press("j Enter");
    assert_eq!(screen.state.shown(), Some(MARTA));
    marta_writes(&mut screen, "Hello?");
    assert_eq!((toasts(&screen.state).as_str(), told(&mut screen).len()), ("", 0));
    // Looked away from, it is.
    screen.send(Event::Focus(false));
    marta_writes(&mut screen, "Hello?");
    assert_eq!(told(&mut screen).len(), 1);
}

#[test]
fn a_rule_silences_an_inbox_and_an_event() {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.notifications.rules = vec![Rule { inbox: "Shop API".into(), ways: None, events: Some(vec![News::Mention]) }];
    marta_writes(&mut screen, "Hello?");
    assert_eq!(toasts(&screen.state), "");
}

#[test]
fn what_becomes_mine_and_who_names_me_is_told() {
    let mut screen = Screen::new(80, 24);
    let mut view = talks().remove(1);
    view.assignee = Some(Named { id: 2, name: "Ada Admin".into() });
    screen.answer(Answer::Conversation(MARTA, Ok(view)));
    assert_eq!(toasts(&screen.state), "");
    screen.answer(Answer::Conversation(MARTA, Ok(talks().remove(1))));
    assert!(toasts(&screen.state).starts_with("#1041 Marta Keller is yours now"), "{}", toasts(&screen.state));
    // Read again, it is no news.
    screen.state.toasts.clear();
    screen.answer(Answer::Conversation(MARTA, Ok(talks().remove(1))));
    assert_eq!(toasts(&screen.state), "");
    for (id, is) in [(1, true), (2, false)] {
        let mut screen = Screen::new(80, 24);
        happened(&mut screen, ActivityType::MessageCreated, json!({ "message_type": "outgoing", "private": true, "state": "sent" }));
        let mut view = talks().remove(1);
        let text = format!("[@Jo](mention://user/{id}/Jo%20Agent) please look");
        view.snippet = Some(Snippet { text, message_type: MessageType::Outgoing, private: true });
        screen.answer(Answer::Conversation(MARTA, Ok(view)));
        assert_eq!(toasts(&screen.state).contains("A note names you, #1041 Marta Keller: @Jo"), is, "{}", toasts(&screen.state));
    }
}

#[test]
fn an_approval_is_told_of_unless_its_card_is_read() {
    let submitted = |screen: &mut Screen| {
        let view = approvals().remove(0);
        screen.state.approvals.announce.insert(view.id);
        screen.answer(Answer::Approval(view.id, Ok(view)));
    };
    let mut screen = Screen::new(80, 24);
    screen.state.settings.notifications.ways = vec![Way::Osc777];
    submitted(&mut screen);
    let notices = told(&mut screen);
    assert_eq!(notices[0].title, "AP-42 waits for you");
    screen.tick(5_000);
    screen.press("2 Enter");
    submitted(&mut screen);
    assert_eq!(told(&mut screen), []);
    // Decided by somebody else.
    screen.press("Esc 1");
    let mut view = approvals().remove(0);
    (view.status, view.requester.user) = (ApprovalStatus::Approved, Some("jo".into()));
    screen.state.approvals.announce.insert(view.id);
    screen.answer(Answer::Approval(view.id, Ok(view)));
    assert_eq!(told(&mut screen).first().map(|notice| notice.title.clone()).as_deref(), Some("AP-42 approved"));
}

#[test]
fn a_copy_that_may_not_arrive_is_shown() {
    let set = crate::settings::TerminalSection::default();
    let tmux = crate::Around::from_environment(&set, |name| (name == "TMUX").then(|| "x".to_owned()));
    let mut screen = Screen::new(80, 24);
    screen.press("o");
    assert!(toasts(&screen.state).starts_with("Copied: https://"));
    let mut screen = Screen::new(80, 24);
    screen.state.around = tmux;
    let effects = screen.press("o");
    assert!(matches!(effects.as_slice(), [Effect::Copy(_)]), "{effects:?}");
    assert_eq!(toasts(&screen.state), "");
    // From edge to edge: taken with the mouse it is whole.
    let drawn = screen.draw();
    assert!(drawn.lines().any(|line| line == "https://chat.example.com/app/accounts/1/conversations/1042"), "{drawn}");
    insta::assert_snapshot!("shown_80x24", drawn);
    screen.press("Esc");
    assert!(screen.state.overlay.is_none());
}

#[test]
fn the_mouse_chooses_and_moves_and_changes_nothing() {
    let mut screen = Screen::new(80, 24);
    screen.send(Event::Pointer(Pointer::Click, 5, 7));
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1042)), "it is off");
    screen.press(":");
    screen.type_text("mouse");
    assert_eq!(screen.press("Enter"), [Effect::Mouse(true)]);
    // The second row, then the wheel, then a tab, then a screen.
    screen.send(Event::Pointer(Pointer::Click, 5, 7));
    assert_eq!(screen.state.list.cursor, Some(MARTA), "{}", screen.draw());
    screen.send(Event::Pointer(Pointer::Down, 5, 7));
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1040)));
    screen.send(Event::Pointer(Pointer::Up, 5, 7));
    assert_eq!(screen.state.list.cursor, Some(MARTA));
    let x = |words: &str, screen: &Screen, y: usize| {
        let drawn = screen.draw();
        let line = drawn.lines().nth(y).unwrap();
        u16::try_from(line.get(..line.find(words).unwrap()).unwrap().chars().count()).unwrap()
    };
    let at = x("All 31", &screen, 2);
    screen.send(Event::Pointer(Pointer::Click, at + 1, 2));
    assert_eq!(screen.state.list.tab, Tab::All);
    let at = x("Approvals", &screen, 0);
    screen.effects.clear();
    screen.send(Event::Pointer(Pointer::Click, at + 3, 0));
    assert_eq!(screen.state.screen, crate::state::Screen::Approvals);
    let changes = |effects: &[Effect]| {
        effects.iter().any(|e| matches!(e, Effect::Patch { .. } | Effect::Submit { .. } | Effect::Approve { .. } | Effect::MarkRead { .. }))
    };
    for y in 0..24 {
        for x in (0..80).step_by(3) {
            for pointer in [Pointer::Click, Pointer::Up, Pointer::Down] {
                screen.send(Event::Pointer(pointer, x, y));
            }
        }
    }
    assert!(!changes(&screen.effects), "{:?}", screen.effects);
    let mut screen = Screen::new(80, 24);
    screen.state.settings.ui.mouse = true;
    screen.press(":");
    screen.type_text("mouse");
    assert_eq!(screen.press("Enter"), [Effect::Mouse(false)]);
}

#[test]
fn a_question_is_not_answered_with_the_mouse() {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.ui.mouse = true;
    screen.press("2 Enter G a");
    let overlay = screen.state.overlay.clone();
    for y in 0..24 {
        screen.send(Event::Pointer(Pointer::Click, 10, y));
    }
    assert_eq!(screen.state.overlay, overlay);
    assert!(matches!(overlay, Some(Overlay::Approve { .. })), "{overlay:?}");
}

#[test]
fn suspending_is_asked_by_name() {
    let mut screen = Screen::new(80, 24);
    screen.press(":");
    screen.type_text("suspend");
    assert_eq!(screen.press("Enter"), [Effect::Suspend]);
}

/// A toast stands where nothing else does, and ends where it was said.
#[test]
fn a_toast_covers_no_words_and_stays_behind() {
    for (width, height) in [(80, 24), (60, 20), (40, 15)] {
        let mut screen = Screen::new(width, height);
        screen.press("Enter");
        let before = screen.draw();
        crate::update::toast(
            &mut screen.state,
            crate::state::Tone::Good,
            "Something happened that takes more than one line to be told, but is told",
        );
        let after = screen.draw();
        assert!(after.contains("Something happened"), "{after}");
        let above = |drawn: &str| drawn.lines().take(usize::from(height) - 2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(above(&before), above(&after));
        screen.press("Esc");
        assert_eq!(toasts(&screen.state), "");
    }
    let mut screen = Screen::new(80, 24);
    crate::update::toast(&mut screen.state, crate::state::Tone::Bad, "Not sent");
    crate::update::toast(&mut screen.state, crate::state::Tone::Plain, "Copied");
    screen.press("j");
    assert_eq!(toasts(&screen.state), "Not sent\nCopied", "the cursor moves within the list");
    screen.press("Enter");
    assert_eq!(toasts(&screen.state), "Not sent", "bad news waits to be read");
}

/// The bytes of a link: one command before it, one behind, the address as the parser wrote it.
#[test]
fn a_link_is_one_for_the_terminal_too() {
    let write = |hyperlinks: crate::settings::Hyperlinks| {
        let mut screen = Screen::new(80, 24);
        let set = crate::settings::TerminalSection { hyperlinks, ..Default::default() };
        screen.state.around = crate::Around::from_environment(&set, |name| (name == "TERM").then(|| "xterm".to_owned()));
        screen.press("Enter");
        let text = "See [the docs](https://docs.example.com/a?b=c) or https://x.example/y, not file:///etc/passwd.";
        screen.messages(vec![super::world::message(700, MessageType::Incoming, "Dee Shopper", text, 3)]);
        let mut bytes = Vec::new();
        let backend = crate::Sparing::new(ratatui::backend::CrosstermBackend::new(&mut bytes));
        let viewport = ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 80, 24));
        let mut terminal = ratatui::Terminal::with_options(backend, ratatui::TerminalOptions { viewport }).unwrap();
        let theme = crate::Theme::new(crate::Depth::True, crate::Background::Dark);
        terminal.draw(|frame| crate::view(&screen.state, &theme, frame)).unwrap();
        drop(terminal);
        String::from_utf8(bytes).unwrap()
    };
    let on = write(crate::settings::Hyperlinks::On);
    let (first, rest) = on.split_once("\x1b]8;id=afenda0;https://docs.example.com/a?b=c\x1b\\").unwrap();
    let (link, rest) = rest.split_once("\x1b]8;;\x1b\\").unwrap();
    assert_eq!(link, "the docs");
    assert!(!first.contains("\x1b]8;"));
    let (_, rest) = rest.split_once(";https://x.example/y\x1b\\").unwrap();
    assert!(rest.starts_with("https://x.example/y\x1b]8;;\x1b\\"), "{rest:?}");
    assert!(!on.contains("8;id=afenda1;file") && !on.contains("\x1b[58"), "only four schemes, and no underline colour");
    assert!(!write(crate::settings::Hyperlinks::Off).contains("\x1b]8;"));
}
