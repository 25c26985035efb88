//! The same screens on terminals that draw other characters, or some of them wider.

use ratatui::Terminal;

use super::world::{Screen, Talk, page};
use crate::event::Answer;
use crate::settings::Glyphs;
use crate::theme::{Background, Depth, Theme};
use crate::{Sparing, text, view};

/// Screens in which most of what we draw ourselves stands.
const SCREENS: [&str; 7] = ["", "Enter", "r", "2 Enter", "?", "Ctrl+K", "5"];

fn set(screen: &mut Screen, glyphs: Glyphs, width: u8) {
    (screen.state.settings.ui.glyphs, screen.state.settings.ui.ambiguous_width) = (glyphs, width);
}

/// Customers who write with letters of ambiguous width.
fn greek(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    let rows = vec![
        Talk {
            waits: Some(41), unread: 2, ..Talk::new(1042, "Ελένη ±Ω", "①②③ Το δέμα μου άργησε, 15° έξω × 2 → ναι…", 8)
        }
        .view(),
        Talk { waits: Some(4), ..Talk::new(1039, "李小龙", "请问什么时候发货？“明天” 5℃", 4) }.view(),
        Talk::new(1011, "Carla Reyes", "plain", 1_500).view(),
    ];
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(rows)) });
    screen
}

#[test]
fn ascii_draws_nothing_of_ours_that_a_typewriter_has_not() {
    for (width, height) in [(80, 24), (200, 50)] {
        for keys in SCREENS {
            let mut screen = Screen::new(width, height);
            set(&mut screen, Glyphs::Ascii, 1);
            screen.press(keys);
            let drawn = screen.draw().replace('▮', " ");
            // What is left is the customers' own: their names, words and currency.
            let ours: String = drawn.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic() && !"€？".contains(*c)).collect();
            assert_eq!(ours, "", "{keys} at {width}x{height}\n{drawn}");
        }
    }
    let mut screen = Screen::new(80, 24);
    set(&mut screen, Glyphs::Ascii, 1);
    insta::assert_snapshot!("ascii_list_80x24", screen.draw());
    screen.press("Enter");
    insta::assert_snapshot!("ascii_thread_80x24", screen.draw());
    let mut screen = Screen::new(200, 50);
    set(&mut screen, Glyphs::Ascii, 1);
    screen.press("Enter ?");
    assert!(screen.draw().contains("Ctrl+Up"), "{}", screen.draw());
}

#[test]
fn a_row_is_as_long_as_the_screen_whatever_is_drawn_wide() {
    for (width, height) in [(80, 24), (60, 20)] {
        for keys in ["", "Enter", "/", "?"] {
            let mut screen = greek(width, height);
            set(&mut screen, Glyphs::Unicode, 2);
            screen.press(keys);
            let drawn = screen.draw().replace('▮', " ");
            for row in drawn.lines() {
                // As such a terminal measures it.
                assert!(text::width(row) <= usize::from(width), "{keys}: {row:?} takes {}", text::width(row));
            }
        }
    }
    let mut screen = greek(80, 24);
    set(&mut screen, Glyphs::Unicode, 2);
    insta::assert_snapshot!("ambiguous_list_80x24", screen.draw());
}

/// Ages stand in the same column whatever the name before them, as such a terminal counts columns.
#[test]
fn ages_keep_their_column_after_wide_letters() {
    let mut screen = greek(80, 24);
    set(&mut screen, Glyphs::Unicode, 2);
    let ends: Vec<usize> = screen.draw().lines().filter(|row| row.ends_with("41m^^") || row.ends_with(" 4m")).map(text::width).collect();
    assert_eq!(ends.len(), 2, "{}", screen.draw());
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

/// What is written after a letter of uncertain width is placed by its address.
#[test]
fn what_follows_a_wide_letter_is_placed_by_address() {
    let mut screen = greek(80, 24);
    set(&mut screen, Glyphs::Unicode, 2);
    let mut bytes = Vec::new();
    {
        let backend = Sparing::new(ratatui::backend::CrosstermBackend::new(&mut bytes));
        let viewport = ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 80, 24));
        let mut terminal = Terminal::with_options(backend, ratatui::TerminalOptions { viewport }).unwrap();
        let theme = Theme::new(Depth::Mono, Background::Dark);
        terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
    }
    let written = String::from_utf8(bytes).unwrap();
    let after = written.split('Ω').nth(1).unwrap();
    assert!(after.starts_with("\x1b["), "{:?}", after.get(..20));
}

#[test]
fn the_usual_look_comes_back() {
    let mut screen = greek(80, 24);
    let before = screen.draw();
    set(&mut screen, Glyphs::Ascii, 2);
    assert_ne!(screen.draw(), before);
    set(&mut screen, Glyphs::Unicode, 1);
    assert_eq!(screen.draw(), before);
    assert_eq!(text::width("Ω─"), 2);
}

#[test]
fn without_motion_nothing_counts_down() {
    let mut screen = Screen::new(80, 24);
    screen.press("Enter");
    let mut queued = super::world::message(900, api::inbox::MessageType::Outgoing, "Jo Agent", "On its way", 0);
    (queued.id, queued.outbox_id, queued.state) = (None, Some(super::world::outbox_id(1)), api::inbox::DeliveryState::Queued);
    queued.sends_at = Some(super::world::now() + jiff::SignedDuration::from_secs(5));
    screen.messages(vec![queued]);
    assert!(screen.draw().contains("leaves in 5 s"), "{}", screen.draw());
    screen.state.settings.ui.motion = false;
    let still = screen.draw();
    screen.tick(1_000);
    assert!(still.contains("u takes it back"), "{still}");
    assert_eq!(screen.draw(), still);
}

#[test]
fn waits_are_as_set() {
    let mut screen = Screen::new(80, 24);
    screen.state.settings.ui.which_key_delay_ms = 0;
    screen.press("g");
    assert!(screen.state.lists_next_keys());
    let mut screen = Screen::new(80, 24);
    screen.state.settings.ui.read_after_ms = 10_000;
    screen.press("Enter");
    screen.messages(super::world::thread());
    screen.tick(100);
    screen.tick(5_000);
    let marks = |screen: &Screen| screen.effects.iter().filter(|e| matches!(e, crate::event::Effect::MarkRead { .. })).count();
    assert_eq!(marks(&screen), 0);
    screen.tick(6_000);
    assert_eq!(marks(&screen), 1);
}

/// A large frame is asked to be shown at once, where the terminal knows how; a small one, and every other terminal, gets no such command.
#[test]
fn a_large_frame_is_shown_at_once_where_that_is_known() {
    let write = |on: bool| {
        let mut screen = Screen::new(80, 24);
        let mut bytes = Vec::new();
        let backend = Sparing::new(ratatui::backend::CrosstermBackend::new(&mut bytes)).synchronized(on);
        let viewport = ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 80, 24));
        let mut terminal = Terminal::with_options(backend, ratatui::TerminalOptions { viewport }).unwrap();
        let theme = Theme::new(Depth::Mono, Background::Dark);
        terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
        screen.press("r x y");
        terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
        screen.press("z");
        terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
        drop(terminal);
        String::from_utf8(bytes).unwrap()
    };
    let on = write(true);
    let commands: Vec<&str> = on.match_indices("\x1b[?2026").map(|(at, _)| &on[at..at + 8]).collect();
    assert_eq!(commands, ["\x1b[?2026h", "\x1b[?2026l", "\x1b[?2026h", "\x1b[?2026l"]);
    assert!(on.rsplit("\x1b[?2026l").next().unwrap().contains('z'), "a letter more is no large frame");
    assert!(!write(false).contains("2026"));
}

/// How old what is shown may be is said in steps.
#[test]
fn the_foot_ages_in_steps() {
    let mut screen = Screen::new(80, 24);
    let mut polling = super::world::status(api::status::LinkState::Polling);
    polling.lag_s = Some(0);
    screen.answer(Answer::Status(Ok(polling)));
    let mut seen = Vec::new();
    for _ in 0..130 {
        let foot = screen.draw().lines().last().unwrap().split("? help").last().unwrap().trim().to_owned();
        if seen.last() != Some(&foot) {
            seen.push(foot);
        }
        // The daemon does not answer any more.
        screen.tick(1_000);
    }
    assert_eq!(seen, ["polling", "polling · 5 s old", "polling · 30 s old", "polling · 1m old", "polling · 2m old"]);
    // Live is live.
    let mut screen = Screen::new(80, 24);
    screen.tick(10_000);
    assert!(screen.draw().trim_end().ends_with("live"));
}

/// The words on the screen, whatever rows they stand in.
fn words(screen: &Screen) -> String {
    let drawn = screen.draw().replace(['\u{2500}', '\u{258e}'], " ");
    drawn.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_lines_of_menus_are_whole_on_a_phone_too() {
    let at = |keys: &str| {
        let mut screen = Screen::new(40, 15);
        screen.press(keys);
        screen
    };
    let mut templates = super::templates::whatsapp(40, 15, false);
    templates.press("r");
    super::templates::listed(&mut templates);
    for (screen, whole) in [
        (at("j z"), "c until another time: 2h, tomorrow 9:00, mon 8"),
        (at("Enter O"), "1 [1] photo-of-door.jpg \u{2192} chat.example.com"),
        (at("Enter y"), "nts/1/conversations/1042"),
        (super::every::with_views(40, 15), "delete this view \u{2026} no saved view is shown"),
        (templates, "invoice en: not offered, its header is no text (document)"),
    ] {
        let mut screen = screen;
        if screen.state.overlay.is_none() {
            screen.press("g v");
        }
        assert!(words(&screen).contains(whole), "{whole}\n{}", screen.draw());
        // Going down, the marked line is whole on the screen and the title stays.
        let title = screen.draw().lines().position(|line| line.starts_with("\u{2500}\u{2500} "));
        for _ in 0..9 {
            screen.press("\u{2193}");
            assert!(title.is_some() && screen.draw().contains('\u{258e}'), "{}", screen.draw());
        }
    }
    // A title too.
    let mut screen = super::templates::whatsapp(40, 15, false);
    screen.press("r");
    super::templates::listed(&mut screen);
    assert!(words(&screen).contains("the reply window is closed \u{b7} #1042 via Shop WhatsApp"), "{}", screen.draw());
    // More than three rows of one line are more than its name.
    screen.answer(crate::event::Answer::Views(Ok(Vec::new())));
    for (width, height) in [(20, 6), (24, 8), (30, 10)] {
        let mut screen = super::every::with_views(width, height);
        screen.press("g v \u{2193} \u{2193}");
        assert!(screen.draw().contains('\u{258e}'), "{width}x{height}\n{}", screen.draw());
    }
}
