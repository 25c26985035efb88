//! The composer with vim's keys.

use api::inbox::{OutboxState, OutboxView};

use super::world::{Screen, entry, outbox_id};
use crate::event::{Answer, Effect, Purpose};
use crate::keymap::Context;
use crate::state::Overlay;

fn screen(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.settings.editor.mode = Some(crate::settings::EditorMode::Vim);
    screen
}

fn text(screen: &Screen) -> &str {
    screen.state.composer.as_ref().map_or("", |composer| composer.editor.text())
}

#[test]
fn what_letters_are_is_said_in_words() {
    for (width, height) in [(80, 24), (60, 20), (40, 15)] {
        let mut screen = screen(width, height);
        screen.press("r");
        screen.type_text("We are looking into it.");
        assert!(screen.draw().contains("insert mode"), "{}", screen.draw());
        screen.press("Esc");
        insta::assert_snapshot!(format!("vim_{width}x{height}"), screen.draw());
        screen.press("d");
        assert!(screen.draw().contains("normal mode, d …"), "{}", screen.draw());
    }
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    assert!(!screen.draw().contains("insert mode"));
}

#[test]
fn writing_ends_before_the_text_is_left() {
    let mut screen = screen(80, 24);
    screen.press("r");
    assert_eq!(screen.state.context(), Context::Composer);
    screen.type_text("one two");
    screen.press("Esc");
    assert_eq!(screen.state.context(), Context::Normal);
    screen.type_text("dw");
    assert_eq!(text(&screen), "one tw");
    screen.press("d Esc w");
    assert_eq!(text(&screen), "one tw", "the begun command was dropped");
    screen.press("Esc");
    assert!(screen.state.composer.is_none());
    assert_eq!(screen.state.drafts["reply/1042"].text, "one tw");
}

#[test]
fn commands_type_nothing_and_are_taken_back() {
    let mut screen = screen(80, 24);
    screen.press("p");
    screen.type_text("one\ntwo");
    screen.press("Esc");
    screen.type_text("zqZ#3");
    assert_eq!(text(&screen), "one\ntwo");
    screen.type_text("ddp");
    screen.press("u u");
    assert_eq!(text(&screen), "one\ntwo");
    screen.press("Ctrl+R Ctrl+R");
    assert_eq!(text(&screen), "one\ntwo");
    screen.send(crate::event::Event::Paste("pasted".into()));
    assert_eq!(text(&screen), "one\npastedtwo");
    screen.press("u");
    assert_eq!(text(&screen), "one\ntwo");
    screen.press("u u u u u");
    assert_eq!(screen.state.toasts.last().map(|t| t.text.as_str()), Some("Nothing of this text to take back"));
}

#[test]
fn it_is_sent_and_turned_from_the_commands_too() {
    let mut screen = screen(80, 24);
    screen.press("p");
    screen.type_text("/gr");
    screen.press("Esc Esc");
    screen.type_text("x");
    assert_eq!(screen.state.context(), Context::Normal, "no list opens under commands");
    screen.press("Alt+L y");
    let composer = screen.state.composer.as_ref().unwrap();
    assert!(matches!(composer.purpose, Purpose::Reply(_)) && composer.takes_commands());
    let effects = screen.press("Ctrl+S");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Submit { text, .. } if text == "/g")), "{effects:?}");
    // What is on its way is changed no more.
    screen.type_text("dd");
    assert_eq!(text(&screen), "/g");
}

#[test]
fn without_vims_keys_nothing_speaks_of_them() {
    for vim in [false, true] {
        let mut screen = Screen::new(200, 50);
        screen.state.settings.editor.mode = vim.then_some(crate::settings::EditorMode::Vim);
        screen.press("?");
        let Some(Overlay::Help(help)) = &screen.state.overlay else { panic!("no help") };
        assert_eq!(help.rows(&screen.state).iter().any(|(place, _)| *place == Context::Normal), vim);
        screen.press("Esc Ctrl+K");
        screen.type_text("vim");
        let Some(Overlay::Palette(palette)) = &screen.state.overlay else { panic!("no palette") };
        assert_eq!(palette.rows(&screen.state).iter().any(|row| row.title == "To the next word"), vim);
    }
}

#[test]
fn what_came_back_from_the_outbox_is_not_taken_away_with_what_was_typed() {
    let mut screen = screen(80, 24);
    screen.press("r");
    screen.type_text("typed");
    let entry = OutboxView { state: OutboxState::Cancelled, content: Some("sent before".into()), ..entry(1, "reply") };
    screen.answer(Answer::Recalled(outbox_id(1), Ok(entry)));
    screen.press("Esc u u");
    assert_eq!(text(&screen), "sent before\n\ntyped");
    screen.press("d d u");
    assert_eq!(text(&screen), "sent before\n\ntyped");
}

#[test]
fn a_cut_over_a_mention_takes_all_of_it() {
    for (keys, left) in [
        ("0 x", ", look"),
        ("0 w x", ", look"),
        ("0 w d w", ", look"),
        ("0 w d 0", ", look"),
        ("0 w D", ""),
        ("0 w d l u", "@Ada Admin, look"),
        ("0 d w", ", look"),
        // Copied, it is only text.
        ("0 w y w", "@Ada Admin, look"),
        ("$ x", "@Ada Admin, loo"),
    ] {
        let mut screen = screen(80, 24);
        screen.press("p");
        screen.type_text("@ada");
        screen.press("Enter Backspace");
        screen.type_text(", look");
        assert_eq!(text(&screen), "@Ada Admin, look");
        screen.press("Esc");
        screen.press(keys);
        assert_eq!(text(&screen), left, "{keys}");
    }
    // In a reply a name is only text.
    let mut screen = screen(80, 24);
    screen.press("r");
    screen.type_text("@Ada Admin");
    screen.press("Esc 0 x");
    assert_eq!(text(&screen), "Ada Admin");
}

#[test]
fn what_was_typed_can_be_taken_back_after_note_and_reply_are_exchanged() {
    let mut screen = screen(80, 24);
    screen.press("r");
    screen.type_text("a reply that waits");
    screen.press("Esc Esc p");
    screen.type_text("one two");
    screen.press("Esc b D");
    assert_eq!(text(&screen), "one ");
    screen.press("Alt+L y");
    assert_eq!(text(&screen), "one \n\na reply that waits");
    screen.press("u");
    assert_eq!(text(&screen), "one two\n\na reply that waits", "what waited there is not taken away");
    screen.press("Ctrl+R");
    assert_eq!(text(&screen), "one \n\na reply that waits");
    screen.press("Alt+P");
    assert!(matches!(screen.state.composer.as_ref().unwrap().purpose, Purpose::Note(_)));
    screen.press("u");
    assert_eq!(text(&screen), "one two\n\na reply that waits");
}
