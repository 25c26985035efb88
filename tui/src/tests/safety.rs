//! Text from outside changes nothing but its own text.

use proptest::prelude::*;

use super::world::{Screen, message, page, talks};
use crate::event::Answer;
use crate::text;
use api::inbox::MessageType;

const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{1b}[2Jc\u{202e}d\u{2066}e\u{200f}f\u{9b}31mg\rh\u{8}i\u{0}j\u{feff}k\u{1b}Pq\u{1b}\\l";

#[test]
fn hostile_text_is_only_text() {
    let mut screen = Screen::new(80, 24);
    let mut views = talks();
    views[0].contact.name = format!("Dee {HOSTILE}");
    views[0].snippet.as_mut().unwrap().text = HOSTILE.into();
    views[0].labels = vec![HOSTILE.into()];
    views[0].inbox.name = HOSTILE.into();
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(views)) });
    insta::assert_snapshot!("hostile_list", screen.draw());
    let mut bad = message(501, MessageType::Incoming, HOSTILE, HOSTILE, 5);
    bad.content = Some(format!("{HOSTILE}\nsecond line\u{2028}third"));
    screen.messages(vec![bad]);
    screen.press("Enter");
    insta::assert_snapshot!("hostile_thread", screen.draw());
    for cell in &screen.terminal().backend().buffer().content {
        assert!(cell.symbol().chars().all(text::is_safe), "{:?}", cell.symbol());
    }
}

#[test]
fn the_last_door_lets_nothing_through() {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
    buf[(1, 0)].set_symbol("\u{1b}[2J");
    buf[(2, 0)].set_symbol("a\u{202e}");
    crate::view::ui::guard(&mut buf);
    assert_eq!([buf[(0, 0)].symbol(), buf[(1, 0)].symbol(), buf[(2, 0)].symbol()], [" ", "�", "�"]);
}

#[test]
fn text_is_cleaned_as_people_would_expect() {
    for (input, expected) in [
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\there", "tab    here"),
        ("\u{1b}]0;x\u{7}", "␛]0;x␇"),
        ("e\u{301}", "e\u{301}"),
        ("\u{301}x", "x"),
        ("👩\u{200d}💻", "👩💻"),
        ("❤\u{fe0f}", "❤"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("a\u{200d}b", "ab"),
        ("\u{202e}abc\u{202c}", "abc"),
        ("x\u{e0041}y", "xy"),
    ] {
        assert_eq!(text::clean(input), expected, "{input:?}");
    }
    assert_eq!(text::clean(&format!("a{}", "\u{301}".repeat(50))).chars().count(), 7);
    assert_eq!(text::line(" a \n\n b\tc "), "a b c");
}

#[test]
fn wide_characters_are_measured_and_never_split() {
    for (input, max, expected) in
        [("李小龙", 6, "李小龙"), ("李小龙", 5, "李小…"), ("李小龙", 4, "李…"), ("李小龙", 1, "…"), ("abc", 0, ""), ("ab cd", 4, "ab…")]
    {
        assert_eq!(text::truncate(input, max), expected);
    }
    assert_eq!(text::wrap("请问什么时候发货", 5), ["请问", "什么", "时候", "发货"]);
    assert_eq!(text::wrap("one two  three", 7), ["one two", "three"]);
    assert_eq!(text::wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(text::wrap("a\n\nb", 9), ["a", "", "b"]);
}

proptest! {
    #[test]
    fn cleaned_text_never_acts_and_cleaning_twice_changes_nothing(input in any::<String>()) {
        let clean = text::clean(&input);
        prop_assert!(clean.chars().all(|c| c == '\n' || text::is_safe(c)), "{clean:?}");
        prop_assert_eq!(text::clean(&clean), clean);
        prop_assert!(!text::line(&input).contains('\n'));
    }

    #[test]
    fn nothing_grows_past_its_width(input in "[\\PC\n李é👩\u{301}\u{ff9e} ]{0,60}", max in 0_usize..40) {
        let clean = text::clean(&input);
        prop_assert!(text::width(&text::truncate(&text::line(&input), max)) <= max);
        for row in text::wrap(&clean, max) {
            // A single character that is wider than the row stands alone in it.
            let alone = unicode_segmentation::UnicodeSegmentation::graphemes(row.as_str(), true).count() == 1;
            prop_assert!(text::width(&row) <= max.max(1) || alone, "{row:?} in {max}");
        }
        let joined: String = text::rows(&clean, max).into_iter().map(|r| clean[r].to_owned()).collect();
        prop_assert_eq!(joined, clean.replace('\n', ""));
    }

    #[test]
    fn any_text_on_any_screen_is_drawn(input in any::<String>(), width in 1_u16..220, height in 1_u16..60, keys in proptest::collection::vec(0_usize..12, 0..8)) {
        let mut screen = Screen::new(width, height);
        let mut views = talks();
        views[0].contact.name = input.clone();
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(page(views)) });
        screen.messages(vec![message(501, MessageType::Incoming, &input, &input, 5)]);
        for key in keys {
            screen.press(["Enter", "r", "Esc", "2", "a", "i", "L", "j", "k", "?", "H", "x"][key]);
            screen.send(crate::event::Event::Paste(input.clone()));
        }
        screen.draw();
    }
}
