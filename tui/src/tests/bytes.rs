//! What the inbox costs the line to the terminal: bytes that its backend writes, counted.

use std::cell::Cell;
use std::rc::Rc;

use api::id::ConversationId;
use api::inbox::MessageType;
use api::status::LinkState;
use jiff::SignedDuration;
use ratatui::backend::CrosstermBackend;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::world::{Screen, Talk, message, now, page, status};
use crate::event::{Answer, Effect, Event};
use crate::theme::{Background, Depth, Theme};
use crate::{Sparing, view};

/// Seconds from one tick to the next.
const STEP_S: i64 = 2;

/// A terminal that counts.
struct Counter(Rc<Cell<usize>>);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A screen on a terminal with 24-bit colours, whose codes are the longest.
struct Line {
    screen: Screen,
    terminal: Terminal<Sparing<CrosstermBackend<Counter>>>,
    bytes: Rc<Cell<usize>>,
}

impl Line {
    fn new(screen: Screen) -> Self {
        let (width, height) = screen.state.size;
        let bytes = Rc::new(Cell::new(0));
        let viewport = Viewport::Fixed(ratatui::layout::Rect::new(0, 0, width, height));
        let backend = Sparing::new(CrosstermBackend::new(Counter(Rc::clone(&bytes))));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        let mut line = Self { screen, terminal, bytes };
        assert!(line.frame() > 1_000, "nothing is counted");
        line
    }

    /// Draws; returns the bytes of the frame.
    fn frame(&mut self) -> usize {
        let theme = Theme::new(Depth::True, Background::Dark);
        let Self { screen, terminal, bytes } = self;
        bytes.set(0);
        terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
        bytes.get()
    }

    fn key(&mut self, key: &str) -> usize {
        self.screen.press(key);
        self.frame()
    }

    /// Time passes and nothing happens but that the daemon, asked how it is, answers; returns the bytes of all frames.
    fn idle(&mut self, minutes: i64) -> usize {
        let mut sum = 0;
        // The inbox ticks four times a second; a frame as the last one costs nothing, so fewer ticks count the same.
        for _ in 0..minutes * 60 / STEP_S {
            self.screen.effects.clear();
            self.screen.tick(STEP_S * 1_000);
            if self.screen.effects.contains(&Effect::Status) {
                self.screen.answer(Answer::Status(Ok(status(LinkState::Live))));
            }
            sum += self.frame();
        }
        sum
    }
}

/// A list in which every customer waits, for different times, and long words stand in every row.
fn full(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    let rows = (0..60_u8).map(|n| {
        let talk = Talk::new(
            2_000 - i64::from(n),
            if n % 2 == 0 { "Dee Shopper-Featherstonehaugh" } else { "李小龙" },
            "My parcel is late and the tracking page says it was delivered on Friday. 请问什么时候发货？",
            i64::from(n),
        );
        let mut view = Talk { waits: Some(0), unread: u32::from(n % 3), labels: &["vip", "refund"], ..talk }.view();
        view.waiting_since = Some(now() - SignedDuration::from_secs(i64::from(n) * 67 + 7));
        view
    });
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(rows.collect())) });
    screen.effects.clear();
    screen
}

/// A thread of long messages, read to its end.
fn long_thread(screen: &mut Screen) {
    let id = screen.state.open.unwrap_or(ConversationId(1042));
    let text = "The quick brown fox jumps over the lazy dog, **twice**, because the first time nobody looked: https://example.com/a. ";
    let messages = (0..50).map(|n| {
        let kind = if n % 2 == 0 { MessageType::Incoming } else { MessageType::Outgoing };
        let mut message = message(600 + n, kind, "Dee Shopper", &text.repeat(4), 100 - n);
        (message.conversation_id, message.private) = (id, n % 5 == 0);
        message
    });
    let messages = messages.collect();
    screen.answer(Answer::Messages { id, older: false, result: Ok(page(messages)) });
}

#[test]
fn opening_a_conversation_costs_under_8_kib() {
    for full in [Screen::new(80, 24), full(80, 24)] {
        let mut line = Line::new(full);
        let mut opened = line.key("Enter");
        long_thread(&mut line.screen);
        opened += line.frame();
        assert!(line.screen.draw().contains("quick brown fox"));
        assert!((2_000..8 << 10).contains(&opened), "{opened} bytes");
    }
}

#[test]
fn cursor_down_in_the_list_costs_under_512_bytes() {
    for (width, height) in [(80, 24), (60, 20), (40, 15)] {
        for mut line in [Line::new(Screen::new(width, height)), Line::new(full(width, height))] {
            // Within the page: a row's ground goes from one to the next.
            for key in ["j", "j", "k", "j"] {
                let bytes = line.key(key);
                assert!((1..512).contains(&bytes), "{key} at {width}x{height}: {bytes} bytes");
            }
        }
    }
}

#[test]
fn ten_idle_minutes_cost_under_2_kib() {
    // In the last one sixteen customers wait at once, each for another time.
    for screen in [Screen::new(80, 24), full(80, 24), Screen::new(200, 50), full(200, 50)] {
        let size = screen.state.size;
        let bytes = Line::new(screen).idle(10);
        assert!((100..2 << 10).contains(&bytes), "{bytes} bytes at {size:?}");
    }
    let mut line = Line::new(Screen::new(80, 24));
    line.key("Enter");
    let bytes = line.idle(10);
    assert!(bytes < 2 << 10, "{bytes} bytes in a conversation");
}

/// The age of the second row, as the list shows it.
fn shown_age(screen: &Screen) -> String {
    let drawn = screen.draw();
    let row = drawn.lines().filter(|line| line.contains("Marta Keller")).collect::<String>();
    row.split_whitespace().rfind(|word| word.contains('m')).unwrap_or_default().to_owned()
}

#[test]
fn ages_that_nobody_looks_at_change_in_steps_and_never_go_back() {
    let mut screen = Screen::new(80, 24);
    let mut told = vec![shown_age(&screen)];
    for _ in 0..12 {
        screen.tick(60_000);
        told.push(shown_age(&screen));
    }
    let minutes: Vec<u32> = told.iter().map(|age| age.trim_end_matches(['m', '^']).parse().unwrap()).collect();
    assert!(minutes.windows(2).all(|two| two[0] <= two[1] && two[1] - two[0] <= 3), "{told:?}");
    assert_eq!((minutes[1] - minutes[0], minutes[2] - minutes[0]), (1, 2), "{told:?}");
    let changes = minutes.windows(2).filter(|two| two[0] != two[1]).count();
    assert!((4..=6).contains(&changes), "{told:?}");
    // A key, and they are told to the minute.
    screen.press("j");
    assert_eq!(shown_age(&screen), format!("{}m^^", minutes[0] + 12), "{told:?}");
}

#[test]
fn ten_minutes_without_a_daemon_cost_under_2_kib() {
    let mut line = Line::new(Screen::new(80, 24));
    line.screen.send(Event::Stream(1, Err(super::world::lost())));
    line.frame();
    let (mut bytes, mut tries) = (0, 0);
    for _ in 0..600 / STEP_S {
        line.screen.effects.clear();
        line.screen.tick(STEP_S * 1_000);
        let again = line.screen.effects.iter().find_map(|e| match e {
            Effect::Stream { generation, .. } => Some(*generation),
            _ => None,
        });
        if let Some(generation) = again {
            tries += 1;
            line.screen.send(Event::Stream(generation, Err(super::world::lost())));
        }
        bytes += line.frame();
    }
    assert!(tries > 30, "{tries} tries");
    assert!(bytes < 2 << 10, "{bytes} bytes");
}

#[test]
fn a_frame_as_the_last_one_costs_nothing() {
    let mut line = Line::new(Screen::new(80, 24));
    assert_eq!(line.frame(), 0);
    // The cursor is shown and placed once, and after each change.
    line.key("r");
    assert_eq!(line.frame(), 0);
    let typed = line.key("x");
    assert!((1..200).contains(&typed), "{typed} bytes");
}
