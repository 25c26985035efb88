//! Pictures in a thread: read when they are on the screen, drawn in cells, and never a command of a customer's.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::world::{Screen, thread};
use crate::around::Around;
use crate::event::{Answer, Effect};
use crate::picture::tests::picture;
use crate::picture::{Drawing, Look, Transmit, Wanted};
use crate::settings::TerminalSection;
use crate::theme::{Background, Depth, Theme};
use crate::view;

fn around(vars: &'static [(&'static str, &'static str)]) -> Around {
    Around::from_environment(&TerminalSection::default(), |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
}

const BLOCKS: &[(&str, &str)] = &[("TERM", "xterm-256color")];
const KITTY: &[(&str, &str)] = &[("TERM", "xterm-kitty")];

/// The opened conversation in such a terminal, and what was asked of pictures.
fn opened(vars: &'static [(&'static str, &'static str)], size: (u16, u16)) -> (Screen, Vec<Wanted>) {
    let mut screen = Screen::new(size.0, size.1);
    screen.state.around = around(vars);
    let wanted = wanted(&screen.press("Enter"));
    (screen, wanted)
}

fn wanted(effects: &[Effect]) -> Vec<Wanted> {
    effects.iter().filter_map(|effect| if let Effect::Picture(wanted) = effect { Some(Wanted::clone(wanted)) } else { None }).collect()
}

fn drawn(screen: &Screen, depth: Depth) -> ratatui::buffer::Buffer {
    let mut terminal = Terminal::new(TestBackend::new(screen.state.size.0, screen.state.size.1)).unwrap();
    terminal.draw(|frame| view(&screen.state, &Theme::new(depth, Background::Dark), frame)).unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn a_picture_on_the_screen_is_read_once_and_drawn_as_half_blocks() {
    let (mut screen, asked) = opened(BLOCKS, (80, 24));
    let [Wanted { file, drawing: Drawing::Blocks, columns: 60, rows: 8, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((file.id, file.message.0), (9, 501));
    screen.effects.clear();
    screen.tick(1_000);
    assert!(wanted(&screen.effects).is_empty(), "it is on its way");
    assert!(screen.draw().contains("photo-of-door.jpg"));
    let before = screen.draw().lines().count();
    screen.answer(Answer::Picture(9, Box::new(Ok((picture(Drawing::Blocks), None)))));
    screen.press("k k k k");
    let text = screen.draw();
    assert!(text.contains("photo-of-door.jpg") && text.lines().count() == before, "{text}");
    for depth in [Depth::True, Depth::Indexed] {
        let buffer = drawn(&screen, depth);
        let (red, blue) = match depth {
            Depth::True => (Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)),
            _ => (Color::Indexed(196), Color::Indexed(21)),
        };
        let of = |colour| buffer.content.iter().filter(|cell| cell.bg == colour).count();
        assert_eq!((of(red), of(blue)), (40, 40), "20 columns, two rows each");
    }
    // Scrolled, chosen, made narrower: nothing of it stands outside its pane, and its rows keep their colours.
    screen.press("(");
    assert!(drawn(&screen, Depth::True).content.iter().any(|cell| cell.bg == Color::Rgb(255, 0, 0)));
}

#[test]
fn where_it_cannot_be_shown_its_name_stands_and_nothing_is_read() {
    for vars in [&[("TERM", "linux")][..], &[], &[("TERM", "xterm-256color"), ("SSH_TTY", "x")]] {
        let (screen, asked) = opened(vars, (80, 24));
        assert!(asked.is_empty(), "{vars:?}");
        assert!(screen.draw().contains("photo-of-door.jpg"));
    }
    let (mut screen, asked) = opened(BLOCKS, (80, 24));
    assert_eq!(asked.len(), 1);
    screen.effects.clear();
    screen.answer(Answer::Picture(9, Box::new(Err("\u{1b}[2J".into()))));
    screen.tick(60_000);
    assert!(wanted(&screen.effects).is_empty(), "a while later, not at once");
    screen.tick(61_000);
    assert_eq!(wanted(&screen.effects).len(), 1);
    // 16 colours cannot tell it, whoever asked.
    screen.answer(Answer::Picture(9, Box::new(Ok((picture(Drawing::Blocks), None)))));
    assert!(drawn(&screen, Depth::Mono).content.iter().all(|cell| cell.bg == Color::Reset));
}

#[test]
fn only_pictures_that_chatwoot_keeps_and_that_are_not_too_large_are_read() {
    for (kind, url, size) in [
        ("file", "https://chat.example.com/rails/active_storage/blobs/a.png", 10),
        ("image", "https://tracker.example/pixel.png", 10),
        ("image", "https://chat.example.com/rails/active_storage/blobs/a.png", 13 * 1024 * 1024),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.state.around = around(BLOCKS);
        let mut messages = thread();
        let file = &mut messages[0].attachments[0];
        (file.file_type, file.url, file.file_size) = (kind.into(), Some(url.into()), Some(size));
        screen.press("Enter");
        screen.effects.clear();
        screen.state.pictures = crate::state::Pictures::default();
        screen.messages(messages);
        assert!(wanted(&screen.effects).is_empty(), "{kind} {url} {size}");
    }
}

#[test]
fn a_terminal_that_draws_itself_gets_the_picture_once_and_cells_with_marks() {
    let (mut screen, asked) = opened(KITTY, (80, 24));
    let [Wanted { drawing: Drawing::Kitty, id, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let transmit = Transmit { id: *id, columns: 20, rows: 4, png: vec![1] };
    let mut picture = picture(Drawing::Kitty);
    picture.look = Look::Kitty(*id);
    screen.effects.clear();
    screen.answer(Answer::Picture(9, Box::new(Ok((picture, Some(transmit.clone()))))));
    assert!(screen.effects.contains(&Effect::Transmit(Box::new(transmit))));
    screen.press("k k k k");
    let buffer = drawn(&screen, Depth::True);
    let cells: Vec<_> = buffer.content.iter().filter(|cell| cell.symbol().starts_with('\u{10eeee}')).collect();
    assert_eq!(cells.len(), 80);
    let [_, r, g, b] = id.to_be_bytes();
    assert!(cells.iter().all(|cell| cell.fg == Color::Rgb(r, g, b) && !cell.symbol().contains('\u{1b}')));
    assert_eq!(cells[0].symbol(), "\u{10eeee}\u{305}\u{305}");
    assert_eq!(cells[21].symbol(), "\u{10eeee}\u{30d}\u{30d}");
    // After another program had the terminal it has to be told anew.
    screen.effects.clear();
    screen.state.pictures.lost();
    screen.tick(1_000);
    assert_eq!(wanted(&screen.effects).len(), 1);
}
