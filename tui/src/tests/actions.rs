//! Actions by name, by key and by command line; the documents made from the table.

use std::collections::BTreeSet;

use api::id::ConversationId;
use api::inbox::ConversationStatus;

use super::world::{Screen, now, talks};
use crate::event::{Answer, Effect, Event, Purpose};
use crate::keymap::registry::{self, Subject};
use crate::keymap::{self, Binding, Command, Context, Keys};
use crate::state::{Focus, HelpLine, Overlay, Palette};

const DEE: ConversationId = ConversationId(1042);

fn check(name: &str, screen: &Screen) {
    let (width, height) = screen.state.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
}

const SIZES: [(u16, u16); 3] = [(200, 50), (80, 24), (60, 20)];

fn titles(screen: &Screen) -> Vec<String> {
    let Some(Overlay::Palette(palette)) = &screen.state.overlay else { panic!("the palette is not open") };
    palette.rows(&screen.state).into_iter().map(|row| row.title).collect()
}

fn error(screen: &Screen) -> String {
    match &screen.state.overlay {
        Some(Overlay::Palette(palette)) => palette.error.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

fn said(screen: &Screen) -> String {
    screen.state.toasts.last().map(|toast| toast.text.clone()).unwrap_or_default()
}

fn line(screen: &mut Screen, text: &str) -> Vec<Effect> {
    screen.press(":");
    screen.type_text(text);
    screen.press("Enter")
}

#[test]
fn the_palette() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("Ctrl+K");
        check("palette", &screen);
        screen.type_text("reso");
        check("palette_words", &screen);
        screen.press("Ctrl+U :");
        screen.type_text("conv status 1042 clsoed");
        screen.press("Enter");
        check("command_line", &screen);
    }
}

#[test]
fn the_next_keys() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("g");
        assert!(screen.draw().lines().last().unwrap().contains("g …"), "echoed at once");
        assert!(!screen.draw().contains("─ g … ─"));
        screen.tick(299);
        assert!(!screen.state.lists_next_keys());
        screen.tick(1);
        check("which_key", &screen);
    }
}

#[test]
fn the_next_keys_close_without_effect() {
    for key in ["Esc", "Backspace", "x", "Ctrl+S"] {
        let mut screen = Screen::new(80, 24);
        screen.press("g");
        screen.tick(400);
        let mut before = screen.state.clone();
        (before.prefix, before.touched_at) = (None, before.now);
        assert_eq!(screen.press(key), [], "{key}");
        assert_eq!(screen.state, before, "{key}");
    }
}

#[test]
fn the_help_is_found_by_words_and_by_key() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("? /");
        screen.type_text("snooze");
        check("help_words", &screen);
        screen.press("Esc");
        assert!(matches!(screen.state.overlay, Some(Overlay::Help(_))), "the words go first");
        screen.press("Ctrl+S");
        check("help_key", &screen);
    }
    let rows = |screen: &Screen| match &screen.state.overlay {
        Some(Overlay::Help(help)) => help.rows(&screen.state).into_iter().map(|(_, row)| row.command).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mut screen = Screen::new(80, 24);
    // A key that moves in the help is looked up after Tab.
    screen.press("? Tab j");
    assert_eq!(rows(&screen).first(), Some(&Command::Down));
    screen.press("Esc Tab g");
    assert_eq!(
        rows(&screen),
        [
            Command::Top,
            Command::Inbox,
            Command::Approvals,
            Command::Search,
            Command::Activity,
            Command::Drafts,
            Command::Outbox,
            Command::Mentions,
            Command::Views,
            Command::View,
            Command::Log,
            Command::Settings,
            Command::Logout
        ]
    );
    screen.press("Esc Esc");
    assert_eq!(screen.state.overlay, None);
}

#[test]
fn the_help_runs_a_row_where_it_was_opened() {
    let mut screen = Screen::new(80, 24);
    screen.press("? /");
    screen.type_text("private note");
    screen.press("Enter");
    assert_eq!(screen.state.composer.as_ref().map(|c| c.purpose), Some(Purpose::Note(DEE)));
    let mut screen = Screen::new(80, 24);
    screen.press("? Ctrl+S Enter");
    assert!(matches!(screen.state.overlay, Some(Overlay::Help(_))));
    assert_eq!(said(&screen), "Send: only while writing");
}

#[test]
fn the_palette_finds_by_title_synonym_and_key() {
    for (typed, first) in [
        ("resolve", "Resolve"),
        ("close done", "Resolve"),
        ("private", "Private note"),
        ("e", "Resolve"),
        ("E", "Resolve and go to the next"),
        ("ctrl+z", "Take the last message or change back"),
        ("Ctrl+S", "Send"),
        ("approv go", "Go to the approvals"),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.press("r x Esc Ctrl+P");
        screen.type_text(typed);
        assert_eq!(titles(&screen).first().map(String::as_str), Some(first), "{typed}");
    }
    let mut screen = Screen::new(80, 24);
    screen.press("Ctrl+K");
    screen.type_text("zebra");
    assert_eq!(titles(&screen), [""; 0]);
    screen.press("Enter");
    assert_eq!(error(&screen), "Nothing matches what was typed");
}

#[test]
fn the_palette_shows_the_thing_in_focus_first_and_what_was_used_last() {
    let mut screen = Screen::new(80, 24);
    screen.press("Ctrl+K");
    assert_eq!(titles(&screen).first().map(String::as_str), Some("Reply to the customer"));
    screen.press("Esc ! Esc z Esc Ctrl+K");
    assert_eq!(titles(&screen).get(..2), Some(["Snooze".to_owned(), "Set the priority".into()].as_slice()));
    screen.press("Esc 2 Enter Ctrl+K");
    assert_eq!(titles(&screen).first().map(String::as_str), Some("Approve"));
}

#[test]
fn the_palette_runs_a_row_and_says_why_not() {
    let mut screen = Screen::new(80, 24);
    screen.press("Ctrl+K");
    screen.type_text("resolve");
    let effects = screen.press("Enter");
    assert!(matches!(effects.as_slice(), [Effect::Patch { id: DEE, .. }]), "{effects:?}");
    assert_eq!(screen.state.overlay, None);
    let mut dee = talks().remove(0);
    dee.status = ConversationStatus::Resolved;
    screen.answer(Answer::Conversation(DEE, Ok(dee)));
    screen.press("Enter Ctrl+K");
    screen.type_text("conversation.resolve");
    assert!(screen.draw().contains("already resolved"), "{}", screen.draw());
    assert_eq!(screen.press("Enter"), []);
    assert_eq!(error(&screen), "Resolve: already resolved");
    screen.press("Esc");
    assert_eq!(screen.press("e"), []);
    assert_eq!(said(&screen), "Resolve: already resolved");
}

#[test]
fn the_palette_works_with_nothing_selected_and_while_writing() {
    let mut screen = Screen::blank(80, 24);
    screen.press("Ctrl+K");
    assert!(screen.draw().contains("nothing is marked"));
    screen.type_text("go approvals");
    screen.press("Enter");
    assert_eq!(screen.state.context(), Context::Queue);
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("hello");
    screen.press("Ctrl+K");
    assert_eq!(titles(&screen).first().map(String::as_str), Some("Send"));
    screen.type_text("make it a private");
    screen.press("Enter");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Note(DEE), "hello"));
}

#[test]
fn a_number_opens_that_conversation() {
    let mut screen = Screen::new(80, 24);
    screen.press("Ctrl+K");
    screen.type_text("#1041");
    screen.press("Enter");
    assert_eq!((screen.state.open, screen.state.focus), (Some(ConversationId(1041)), Focus::Open));
    let effects = line(&mut screen, "#77");
    assert!(effects.contains(&Effect::Conversation(ConversationId(77))), "{effects:?}");
    screen.press("Ctrl+K");
    screen.type_text("#marta");
    screen.press("Enter");
    assert_eq!(screen.state.open, Some(ConversationId(1041)));
}

#[test]
fn the_command_line_takes_ids_titles_and_the_shells_grammar() {
    let mut screen = Screen::new(80, 24);
    assert!(matches!(line(&mut screen, "conversation.resolve").as_slice(), [Effect::Patch { id: DEE, .. }]));
    assert!(matches!(line(&mut screen, "Resolve").as_slice(), [Effect::Patch { id: DEE, .. }]));
    let effects = line(&mut screen, "afenda conv status 1041 pending");
    assert!(
        matches!(effects.as_slice(), [Effect::Patch { id: ConversationId(1041), patch, .. }] if patch.status == Some(ConversationStatus::Pending)),
        "{effects:?}"
    );
    let effects = line(&mut screen, "conv label 1041 --add vip,\"late parcel\" --remove refund");
    assert!(matches!(effects.as_slice(), [Effect::Patch { label, .. }] if label == "labels +vip +late parcel −refund"), "{effects:?}");
    // A text is written, not sent.
    let effects = line(&mut screen, "conv reply 1041 --body 'on its way'");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Submit { .. })), "{effects:?}");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Reply(ConversationId(1041)), "on its way"));
}

#[test]
fn a_key_on_the_command_line_does_what_its_row_says() {
    let mut screen = Screen::new(80, 24);
    assert!(line(&mut screen, "q").contains(&Effect::Quit));
    let mut screen = Screen::new(80, 24);
    screen.press("Enter");
    line(&mut screen, "q");
    assert_eq!(screen.state.focus, crate::state::Focus::List, "as the key does there");
    line(&mut screen, "qq");
    assert!(error(&screen).contains("neither an action nor a command"));
}

#[test]
fn what_the_command_line_does_not_understand_is_said() {
    for (typed, why) in [
        ("frobnicate", "“frobnicate” is neither an action nor a command"),
        ("conv frobnicate 1", "“conv frobnicate 1” is not done from here"),
        ("conv view x", "“x” is not a conversation's number"),
        ("conv status 1042 closed", "“closed” is no status"),
        ("conv reply 1042 --body", "--body needs a text"),
        ("conv reply 1042 --body two words", "is not understood here"),
        ("conv note 1042 --body 'open", "a quote is not closed"),
        ("approvals view AP-999", "AP-999 is not among the approvals"),
        ("contact view 12345", "contact 12345 is in none of the conversations"),
        ("outbox cancel 7", "“7” is no entry of the outbox"),
        ("composer.send", "Send: only while writing"),
    ] {
        let mut screen = Screen::new(80, 24);
        assert_eq!(line(&mut screen, typed), [], "{typed}");
        assert!(error(&screen).contains(why), "{typed}: {}", error(&screen));
    }
}

/// What the palette prints as a command line, its own command line takes.
#[test]
fn every_printed_command_line_is_understood_here_too() {
    for action in registry::actions() {
        for place in Context::ALL {
            let Some(cli) = registry::cli(action.command, *place, &Subject::example()) else { continue };
            assert!(crate::update::understands(&cli), "{cli}");
        }
    }
}

#[test]
fn ids_are_unique_and_well_formed() {
    let ids: Vec<&str> = registry::actions().map(|action| action.id).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for id in ids {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '-'), "{id}");
    }
    let titles: BTreeSet<String> = registry::actions().map(|action| action.title.to_lowercase()).collect();
    assert_eq!(titles.len(), unique.len(), "a title names one action on the command line");
}

/// Every action is in the help, in the palette and in `docs/keys.md`.
#[test]
fn every_action_is_shown_everywhere() {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.editor.mode = Some(crate::settings::EditorMode::Vim);
    let document = keymap::markdown();
    for context in [Context::List, Context::Thread, Context::Queue, Context::Card, Context::Composer] {
        let rows = Palette::new(context, "").rows(&screen.state);
        let help = crate::state::Help::new(context);
        let lines = help.lines(&screen.state);
        for row in keymap::TABLE {
            let once = lines.iter().filter(|line| matches!(line, HelpLine::Row(_, other) if std::ptr::eq(*other, row))).count();
            assert_eq!(once, 1, "{} in the help of {context:?}", row.help);
            let title = registry::action(row.command).title;
            assert!(rows.iter().any(|found| found.title == title), "{title} in the palette over {context:?}");
        }
    }
    for row in keymap::TABLE {
        let id = format!("`{}`", registry::action(row.command).id);
        assert!(document.contains(&id), "{id}");
        for key in row.keys {
            assert!(document.contains(&format!("`{key}`")), "{key}");
        }
    }
}

#[test]
fn the_document_of_the_keys_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md");
    let made = keymap::markdown();
    if std::env::var_os("AFENDA_UPDATE_DOCS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/keys.md is out of date; make it anew and commit it:\n    AFENDA_UPDATE_DOCS=1 cargo test -p afenda-tui the_document_of_the_keys"
    );
}

#[test]
fn changed_keys_count_and_are_shown() {
    let file = [("list".to_owned(), [("x".to_owned(), "conversation.resolve".to_owned())].into())].into();
    let mut screen = Screen::new(200, 50);
    screen.state.keys = Keys::load(&file).0;
    assert!(screen.draw().lines().last().unwrap().contains("x resolve"));
    assert!(matches!(screen.press("x").as_slice(), [Effect::Patch { id: DEE, .. }]));
    screen.press("Ctrl+K");
    screen.type_text("resolve");
    assert!(screen.draw().lines().any(|line| line.contains("Resolve ") && line.contains(" x ")), "{}", screen.draw());
}

fn rows() -> impl Iterator<Item = (Context, &'static Binding)> {
    keymap::TABLE.iter().flat_map(|row| row.contexts.iter().map(move |context| (*context, row)))
}

/// A terminal or a multiplexer may keep these for itself, so nothing is reached by them alone.
#[test]
fn nothing_needs_a_key_that_may_not_arrive() {
    let keys = |context: Context, command: Command| {
        keymap::bindings(context).filter(move |row| row.command == command).flat_map(|row| row.keys).copied().collect::<Vec<_>>()
    };
    for (context, row) in rows() {
        let all = keys(context, row.command);
        // The composer's twins of Alt stand under Ctrl+G: they belong to the composer's own tests.
        if !matches!(context, Context::Composer | Context::Normal) && row.keys.iter().any(|key| key.contains("Alt+")) {
            assert!(all.iter().any(|key| !key.contains("Alt+")), "{} in {context:?} needs Alt", row.help);
        }
        let taken = |key: &&str| key.split(' ').any(|part| part == "Ctrl+A" || part == "Ctrl+B");
        if row.keys.iter().any(taken) {
            assert!(!all.iter().all(taken), "{} in {context:?} needs Ctrl+A or Ctrl+B", row.help);
        }
    }
}

#[test]
fn altgr_types_letters_in_every_field() {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let altgr = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL | KeyModifiers::ALT));
    for (keys, context) in [("r", Context::Composer), ("/", Context::Filter), ("Ctrl+K", Context::Palette), ("? /", Context::Words)] {
        let mut screen = Screen::new(80, 24);
        screen.press(keys);
        assert_eq!(screen.state.context(), context);
        for c in ['@', '€', 'e', '{'] {
            screen.send(altgr(c));
        }
        let text = match (&screen.state.overlay, &screen.state.composer, &screen.state.list.typing) {
            (Some(Overlay::Palette(palette)), ..) => palette.editor.text(),
            (Some(Overlay::Help(help)), ..) => help.words.text(),
            (_, Some(composer), _) => composer.editor.text(),
            (.., Some(editor)) => editor.text(),
            _ => "",
        };
        assert_eq!(text, "@€e{", "{context:?}");
    }
}

#[test]
fn pasted_text_outside_a_field_is_offered_as_a_note_and_never_acts() {
    let mut screen = Screen::new(80, 24);
    screen.send(Event::Paste("e\ny\nq two lines".into()));
    assert_eq!(screen.effects, []);
    assert!(screen.draw().contains("Keep it as a note for"), "{}", screen.draw());
    // A second paste answers nothing.
    screen.send(Event::Paste("y".into()));
    assert_eq!((screen.effects.as_slice(), screen.state.composer.is_some()), ([].as_slice(), false));
    screen.press("y");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!((composer.purpose, composer.editor.text()), (Purpose::Note(DEE), "e\ny\nq two lines"));
    let mut screen = Screen::new(80, 24);
    screen.send(Event::Paste("e".into()));
    screen.press("Enter");
    assert_eq!((screen.state.overlay.is_none(), screen.state.drafts.len(), screen.state.pasted.as_deref()), (true, 0, None));
    // In places without a field or a conversation it is only said.
    for keys in ["2 Enter a", "?", "p x Ctrl+X d"] {
        let mut screen = Screen::new(80, 24);
        screen.press(keys);
        let overlay = screen.state.overlay.clone();
        screen.effects.clear();
        screen.send(Event::Paste("yyy".into()));
        assert_eq!((screen.effects.as_slice(), &screen.state.overlay), ([].as_slice(), &overlay), "{keys}");
        assert!(said(&screen).contains("pasted"), "{keys}");
    }
    let mut screen = Screen::blank(80, 24);
    screen.send(Event::Paste("x".into()));
    assert!(said(&screen).contains("Nothing was done with the pasted text"));
}

#[test]
fn a_paste_between_the_keys_of_a_pair_ends_it() {
    let mut screen = Screen::new(80, 24);
    screen.press("g");
    screen.send(Event::Paste("a".into()));
    assert_eq!(screen.state.prefix, None);
    assert_eq!(screen.state.now, now());
}
