//! A decision with all it is about at every size, and what is said without colours.

use api::approval::ApprovalView;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::world::{Screen, approvals, page};
use crate::event::Answer;
use crate::theme::{Background, Depth, Theme};
use crate::{text, view};

fn inbox(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press(keys);
    screen
}

fn writing(width: u16, height: u16, key: &str) -> Screen {
    let mut screen = inbox(width, height, key);
    screen.type_text("Hi Dee, a new parcel leaves today by express and arrives on Friday.");
    screen.tick(300);
    screen
}

/// A decision whose ask has 2,000 characters.
pub(super) fn long() -> ApprovalView {
    let mut long = approvals().remove(0);
    let words = "The courier has no signature and this is the second parcel lost this month. ";
    long.description = words.chars().cycle().take(1_996).collect::<String>() + "END.";
    long
}

pub(super) fn asked(width: u16, height: u16, approval: ApprovalView) -> Screen {
    let mut screen = Screen::new(width, height);
    let generation = screen.state.approvals.generation;
    screen.answer(Answer::Approvals { generation, more: false, result: Ok(page(vec![approval])) });
    screen.press("2 Enter");
    screen
}

/// The screen's words without the line breaks that a narrow one makes.
fn words(screen: &Screen) -> String {
    screen.draw().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_decision_is_about_is_never_cut_or_scrolled_away() {
    for (width, height) in [(200, 50), (80, 24), (60, 20), (40, 15), (80, 8), (30, 10)] {
        let mut screen = asked(width, height, long());
        insta::assert_snapshot!(format!("long_card_{width}x{height}"), screen.draw());
        let mut end = false;
        for _ in 0..120 {
            let shown = words(&screen);
            for fact in ["240.00 EUR", "Kim Agent", "Dee Shopper", "AP-42", "2"] {
                assert!(shown.contains(fact), "{fact} at {width}x{height}:\n{}", screen.draw());
            }
            assert!(shown.contains("rev 2") || shown.contains("revision 2"), "{}", screen.draw());
            end |= shown.contains("END.");
            screen.press("j");
        }
        assert!(end, "the end of the ask at {width}x{height}");
        screen.press("a");
        let shown = words(&screen);
        for fact in ["Approve AP-42 revision 2?", "240.00 EUR", "Kim Agent", "Dee Shopper"] {
            assert!(shown.contains(fact), "{fact} at {width}x{height}:\n{}", screen.draw());
        }
        insta::assert_snapshot!(format!("long_approve_{width}x{height}"), screen.draw());
    }
}

#[test]
fn long_names_on_a_card_are_whole() {
    let mut approval = long();
    let name = "Maximiliane-Theodora of Hohenzollern-Sigmaringen and Featherstonehaugh";
    approval.requester.name = format!("Kim {name}");
    approval.contact = Some(format!("Dee {name}"));
    for (width, height) in [(200, 50), (80, 24), (60, 20), (40, 15)] {
        let shown = words(&asked(width, height, approval.clone()));
        let shown = shown.replace("- ", "-");
        for part in ["Kim Maximiliane", "Dee Maximiliane", "240.00 EUR"] {
            assert!(shown.contains(part), "{part} at {width}x{height}: {shown}");
        }
        assert!(shown.matches("Featherstonehaugh").count() >= 2, "{width}x{height}: {shown}");
    }
}

/// The screen as a terminal without colours has it.
pub(super) fn mono(screen: &Screen) -> Buffer {
    let (width, height) = screen.state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let theme = Theme::new(Depth::Mono, Background::Dark);
    terminal.draw(|frame| view(&screen.state, &theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Each line, and under it what its cells are: bold, reversed, underlined, italic.
pub(super) fn attributes(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut marks) = (String::new(), String::new());
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = text::width(cell.symbol()).max(1);
            }
            skip -= 1;
            let modifier = cell.modifier;
            marks.push(match () {
                () if modifier.contains(Modifier::REVERSED) => 'r',
                () if modifier.contains(Modifier::UNDERLINED) => 'u',
                () if cell.symbol() == " " => ' ',
                () if modifier.contains(Modifier::ITALIC) => 'i',
                () if modifier.contains(Modifier::BOLD) => 'b',
                () => ' ',
            });
        }
        out.push_str(line.trim_end());
        out.push('\n');
        if !marks.trim().is_empty() {
            out.push_str(marks.trim_end());
            out.push('\n');
        }
    }
    out
}

/// The first line of the screen that holds the words: its text, and what the cells of the words are.
fn look(screen: &Screen, words: &str) -> (String, Modifier) {
    let buffer = mono(screen);
    for y in 0..buffer.area.height {
        let (mut line, mut places, mut x) = (String::new(), Vec::new(), 0);
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            places.push((line.len(), x));
            line.push_str(symbol);
            x += u16::try_from(text::width(symbol).max(1)).unwrap();
        }
        if let Some(at) = line.find(words) {
            let x = places.into_iter().find(|(byte, _)| *byte == at).unwrap().1;
            return (line.trim_end().to_owned(), buffer[(x, y)].modifier);
        }
    }
    panic!("{words} is not on the screen");
}

#[test]
fn nothing_is_said_by_colour_alone() {
    let screen = inbox(80, 24, "j j");
    for cell in &mono(&screen).content {
        assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset), "{cell:?}");
    }
    // Unread: a dot and bold. Bob is read and chosen, Ann neither.
    let ((unread, bold), (read, plain)) = (look(&screen, "Marta Keller"), look(&screen, "Ann Buyer"));
    assert!(unread.contains('●') && bold.contains(Modifier::BOLD), "{unread}");
    assert!(!read.contains('●') && !plain.contains(Modifier::BOLD), "{read}");
    // Late, ageing, neither: words, and late stands out.
    assert!(look(&screen, "41m^^").1.contains(Modifier::REVERSED));
    assert!(!look(&screen, "18m^").1.contains(Modifier::REVERSED) && !look(&screen, "18m^").0.contains("^^"));
    assert!(!look(&screen, "4m").0.contains('^'));
    // Chosen: a bar and reversed.
    let (chosen, reversed) = look(&screen, "Bob Walker");
    assert!(chosen.contains('▎') && reversed.contains(Modifier::REVERSED), "{chosen}");
    assert!(!unread.contains('▎') && !bold.contains(Modifier::REVERSED));
    // Private, and to the customer: words, in the list, in the thread, and over the text that is written.
    assert!(look(&screen, "waiting for Ada").0.contains("Note: "));
    assert!(look(&screen, "Thanks, that solved it").0.contains("Reply: "));
    let thread = inbox(80, 24, "Enter");
    assert!(look(&thread, "TEAM ONLY").0.contains("Jo Agent"));
    assert!(!look(&thread, "Any news?").0.contains("TEAM ONLY"));
    let (note, reply) = (writing(80, 24, "p").draw(), writing(80, 24, "r").draw());
    assert!(reply.contains("CUSTOMER") && !reply.contains("TEAM ONLY ─"), "{reply}");
    assert!(note.contains("TEAM ONLY ─") && !note.contains("CUSTOMER"), "{note}");
    // A selected message looks other than the others.
    let selected = inbox(80, 24, "Enter v");
    let (before, after) = (attributes(&mono(&thread)), attributes(&mono(&selected)));
    assert!(selected.state.threads.values().any(|thread| thread.selected.is_some()));
    let body = |screen: &str| screen.lines().filter(|line| line.contains("Any news?")).collect::<Vec<_>>().join("\n");
    assert_ne!((body(&before), before.matches('r').count()), (body(&after), after.matches('r').count()), "{after}");
    // The chosen tab is underlined.
    assert!(look(&screen, "Mine").1.contains(Modifier::UNDERLINED) && !look(&screen, "Unassigned").1.contains(Modifier::UNDERLINED));
}
