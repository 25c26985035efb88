//! What is under the hands: keys given from the help, the palette's signs, a composer with modes; and who else writes.

use api::event::{StreamEvent, TypingHeard};
use api::id::ConversationId;

use super::behaviour::toasts;
use super::world::Screen;
use crate::event::{Answer, Effect, Event};
use crate::keymap::{Command, Context, Found};
use crate::settings::EditorMode;
use crate::state::{Overlay, Screen as At, Tab};

const DEE: ConversationId = ConversationId(1042);

/// The help with the row of “Resolve” marked.
fn at_resolve() -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.press("? /");
    screen.type_text("conversation.resolve");
    screen.press("Tab");
    assert_eq!(screen.state.context(), Context::Help);
    screen
}

#[test]
fn a_key_is_given_from_the_help_and_written_down() {
    let mut screen = at_resolve();
    assert_eq!(screen.press("e"), []);
    assert!(screen.draw().contains("press the key for “Resolve” in [list]"), "{}", screen.draw());
    let effects = screen.press("x");
    assert_eq!(effects, [Effect::SaveKey { place: "list", key: "x".into(), id: "conversation.resolve" }]);
    assert_eq!(screen.state.keys.find(Context::List, "x"), Found::Command(Command::Resolve));
    assert!(toasts(&screen.state).contains("x in [list] is “Resolve” now"), "{}", toasts(&screen.state));
    screen.answer(Answer::KeySaved(Err("read-only".into())));
    assert!(toasts(&screen.state).contains("not in keys.toml: read-only"));
    // It works at once.
    screen.press("Esc Esc");
    assert!(screen.press("x").iter().any(|e| matches!(e, Effect::Patch { .. })));
}

#[test]
fn what_a_given_key_takes_away_is_said_and_what_cannot_be_is_not_written() {
    let mut screen = at_resolve();
    screen.press("e");
    assert_eq!(screen.press("a").len(), 1);
    assert!(toasts(&screen.state).contains("collides with “Assign”"), "{}", toasts(&screen.state));
    for key in ["g", "Ctrl+C"] {
        let mut screen = at_resolve();
        screen.press("e");
        assert_eq!(screen.press(key), [], "{key}");
        assert_ne!(screen.state.keys.find(Context::List, key), Found::Command(Command::Resolve));
    }
    let mut screen = at_resolve();
    screen.press("e");
    assert_eq!((screen.press("Esc"), toasts(&screen.state).as_str()), (Vec::new(), ""));
    assert!(matches!(screen.state.overlay, Some(Overlay::Help(_))));
}

#[test]
fn the_file_of_keys_is_changed_where_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("afenda").join("keys.toml");
    crate::files::change_key(&path, "list", "x", "undo").unwrap();
    crate::files::change_key(&path, "list", "x", "open").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[list]\n\"x\" = \"open\"\n");
    assert!(crate::files::change_key(folder.path(), "list", "x", "undo").is_err());
}

fn found(keys: &str) -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.press("Ctrl+K");
    screen.type_text(keys);
    screen
}

#[test]
fn signs_in_the_palette_find_people_labels_views_and_help() {
    let mut screen = found("@marta");
    assert!(screen.draw().contains("Marta Keller") && !screen.draw().contains("Bob Walker"), "{}", screen.draw());
    screen.press("Enter");
    assert_eq!((screen.state.screen, screen.state.context()), (At::Contacts, Context::Contact));
    let mut screen = found("~ref");
    let effects = screen.press("Enter");
    assert!(effects.iter().any(|e| matches!(e, Effect::List { query, .. } if query.labels.as_deref() == Some("refund"))), "{effects:?}");
    let mut screen = found(">unas");
    screen.press("Enter");
    assert_eq!((screen.state.screen, screen.state.list.tab), (At::Inbox, Tab::Unassigned));
    let mut screen = found(">appr");
    screen.press("Enter");
    assert_eq!(screen.state.screen, At::Approvals);
    let mut screen = found("?snooze");
    screen.press("Enter");
    assert!(screen.draw().contains("snooze menu") && !screen.draw().contains("labels"), "{}", screen.draw());
    let mut screen = found("@nobody at all");
    assert!(screen.draw().contains("nobody known here has this name"), "{}", screen.draw());
    screen.press("Enter");
    assert!(matches!(screen.state.overlay, Some(Overlay::Palette(_))));
    insta::assert_snapshot!("palette_people_80x24", found("@").draw());
}

fn with_vim() -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.editor.mode = Some(EditorMode::Vim);
    screen
}

#[test]
fn the_composer_has_modes_where_they_are_set() {
    let mut screen = with_vim();
    screen.press("r");
    screen.type_text("hello there");
    assert!(screen.draw().contains("insert mode"), "{}", screen.draw());
    screen.press("Esc");
    assert!(screen.draw().contains("normal mode"), "{}", screen.draw());
    screen.press("0 d w");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "there");
    assert!(screen.state.drafts.values().any(|draft| draft.text == "there"), "drafts follow");
    screen.press("u");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "hello there");
    screen.press("d Ctrl+S");
    assert!(screen.state.composer.as_ref().unwrap().sending, "Ctrl keys are the table's");
    let mut screen = with_vim();
    screen.press("p Esc");
    assert!(screen.state.composer.is_some());
    screen.press("Esc");
    assert!(screen.state.composer.is_none(), "Esc in normal mode leaves");
    // The keys of the panes are as they were.
    screen.press("Esc");
    screen.press("j");
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1041)));
    // A text that is opened again begins to be typed.
    screen.press("p");
    screen.type_text("x");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "x");
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("hello");
    screen.press("Esc");
    assert!(screen.state.composer.is_none(), "readline has no modes");
}

fn types(screen: &mut Screen, name: &str, agent_id: Option<i64>, on: bool) {
    let typing = TypingHeard { conversation_id: DEE, name: name.into(), agent_id, on, private: agent_id.is_some() };
    screen.send(Event::Stream(1, Ok(StreamEvent::Typing(typing))));
}

#[test]
fn who_else_writes_is_shown_while_it_lasts() {
    for (width, height) in [(80, 24), (60, 20), (40, 15)] {
        let mut screen = Screen::new(width, height);
        screen.press("Enter");
        types(&mut screen, "Dee Shopper", None, true);
        assert!(screen.draw().contains("Dee Shopper is writing"), "{}", screen.draw());
        types(&mut screen, "Jo Agent", Some(1), true);
        assert!(!screen.draw().contains("Jo Agent (a note)"), "that is this inbox");
        types(&mut screen, "Dee Shopper", None, false);
        assert!(!screen.draw().contains("writing"), "{}", screen.draw());
        types(&mut screen, "Ada Admin", Some(2), true);
        screen.press("r");
        assert!(screen.draw().contains("Ada Admin (a note) is writing"), "{}", screen.draw());
        screen.tick(29_000);
        assert!(screen.draw().contains("is writing"));
        screen.tick(2_000);
        assert!(!screen.draw().contains("is writing"), "{}", screen.draw());
    }
}
