//! Names and words of any script: what stands at the right of a row keeps its cells.

use api::inbox::ConversationView;
use ratatui::buffer::Buffer;

use super::world::{Screen, Talk, page};
use crate::event::Answer;
use crate::text;

/// What people write, and what has undone other terminal programs.
const TEXTS: [(&str, &str); 12] = [
    ("Chinese", "李小龙 请问什么时候发货？"),
    ("Japanese, half and full width", "ｶﾞｷﾞｸﾞ ガギグ東京都"),
    ("Korean, composed and in parts", "한국어 \u{1112}\u{1161}\u{11ab}"),
    ("Arabic", "محمد عبد الله أين طردي؟"),
    ("Hebrew with digits", "שלום 12345 הזמנה A-2291 של 240 ₪"),
    ("Thai", "สมชาย ที่อยู่จัดส่งผิด น้ำ"),
    ("Devanagari", "क्षत्रिय नमस्ते हिन्दी ज़्यादा"),
    ("a family", "👨\u{200d}👩\u{200d}👧\u{200d}👦 family 👩🏽\u{200d}🚀"),
    ("flags", "🇩🇪🇫🇷🇯🇵🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} flags 🇩"),
    ("pictures by a selector", "❤\u{fe0f} ☎\u{fe0f} 1\u{fe0f}\u{20e3} ©\u{fe0f} ✌\u{fe0e}"),
    ("many marks", "Z\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}\u{30b}\u{30c}algo"),
    ("characters without width", "a\u{200b}b\u{2060}c\u{ad}d\u{202e}e\u{2066}f\u{115f}g\u{3164}h"),
];

/// Each text as a name, as a snippet and as both; and fifty marks on one letter.
fn talks() -> Vec<ConversationView> {
    let marks = format!("e{} with fifty marks", "\u{301}".repeat(50));
    let texts = TEXTS.iter().map(|(_, text)| (*text).to_owned()).chain([marks]);
    let mut out = Vec::new();
    for text in texts {
        for (name, words) in [(text.as_str(), "plain"), ("Plain Name", text.as_str()), (text.as_str(), text.as_str())] {
            let n = i64::try_from(out.len()).unwrap();
            let mut view = Talk { waits: Some(n + 1), unread: 1, labels: &["vip"], ..Talk::new(2_000 - n, "", "", n) }.view();
            view.contact.name = name.repeat(3);
            view.snippet.as_mut().unwrap().text = words.repeat(9);
            out.push(view);
        }
    }
    out
}

fn at(buffer: &Buffer, y: u16, cells: std::ops::Range<u16>) -> String {
    cells.map(|x| buffer[(x, y)].symbol()).collect()
}

/// Every row of the list, page by page: its name's line, and how it should end.
fn rows_of(width: u16, height: u16, mut see: impl FnMut(&Buffer, u16, &str, u16)) {
    let mut screen = Screen::new(width, height);
    let generation = screen.state.list.generation;
    let talks = talks();
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks.clone())) });
    let panes = crate::layout::panes(&screen.state);
    let pane = panes.list.unwrap();
    let area = crate::layout::rows_area(pane);
    let step = crate::layout::row_step(area);
    let mut seen = 0;
    for n in 0..talks.len() {
        if n > 0 {
            screen.press("j");
        }
        let terminal = screen.terminal();
        let buffer = terminal.backend().buffer();
        let index = u16::try_from(n - screen.state.list.top).unwrap();
        let minutes = n + 1;
        let age = match minutes {
            ..15 => format!("{minutes}m"),
            15..30 => format!("{minutes}m^"),
            _ => format!("{minutes}m^^"),
        };
        see(buffer, area.y + index * step, &age, pane.right());
        seen += 1;
    }
    assert_eq!(seen, talks.len());
}

#[test]
fn ages_keep_their_cells_whatever_stands_before_them() {
    for (width, height) in [(200, 50), (80, 24), (60, 20), (40, 15)] {
        rows_of(width, height, |buffer, y, age, right| {
            let length = u16::try_from(age.len()).unwrap();
            // One cell of margin at the right, two of space before.
            let end = right - 1;
            assert_eq!(at(buffer, y, end - length..end), age, "{width}x{height}: {}", at(buffer, y, 0..right));
            assert_eq!(at(buffer, y, end..right), " ");
            let before = at(buffer, y, end - length - 1..end - length);
            assert_eq!(before, " ", "{width}x{height}: {}", at(buffer, y, 0..right));
        });
    }
}

#[test]
fn every_cell_holds_one_cluster_of_its_width() {
    for (width, height) in [(200, 50), (80, 24), (40, 15)] {
        rows_of(width, height, |buffer, y, _, right| {
            for y in [y, (y + 1).min(height - 3)] {
                let mut x = 0;
                while x < right {
                    let symbol = buffer[(x, y)].symbol();
                    let cells = text::width(symbol);
                    // A conjunct of Devanagari with its vowel takes three.
                    assert!((1..=4).contains(&cells), "{symbol:?} takes {cells} cells at {x},{y}");
                    assert!(symbol.chars().all(text::is_safe), "{symbol:?}");
                    assert!(symbol.chars().count() <= 8, "{symbol:?} climbs over its row");
                    // Behind a wide one stands nothing of its own: the next is placed by its address.
                    let next = x + u16::try_from(cells).unwrap();
                    for behind in x + 1..next {
                        assert_eq!(buffer[(behind, y)].symbol(), " ", "behind {symbol:?}");
                    }
                    x = next;
                }
                assert_eq!(x, right, "a cluster reaches over the edge");
            }
        });
    }
}

#[test]
fn other_lists_keep_their_ages_too() {
    for (width, height) in [(80, 24), (40, 15)] {
        for (_, text) in TEXTS {
            let mut screen = Screen::new(width, height);
            let mut approvals = super::world::approvals();
            for approval in &mut approvals {
                (approval.title, approval.requester.name) = (text.repeat(9), text.repeat(9));
            }
            let generation = screen.state.approvals.generation;
            screen.answer(Answer::Approvals { generation, more: false, result: Ok(page(approvals)) });
            screen.press("2");
            let terminal = screen.terminal();
            let buffer = terminal.backend().buffer();
            let lines: Vec<String> = (0..height).map(|y| at(buffer, y, width - 6..width)).collect();
            for age in [" 8m ", " 1h^ ", " 5h^^ "] {
                assert!(lines.iter().any(|line| line.ends_with(age)), "{age} behind {text}: {lines:#?}");
            }
        }
    }
}
