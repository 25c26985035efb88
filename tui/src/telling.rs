//! News for a person who looks elsewhere: what a terminal shows as a notification, as the bytes that ask for it. Pure.

use crate::around::Around;
use crate::settings::Way;
use crate::text;

/// Characters of a title and of a text at most: desktops cut what is longer.
const TITLE_MAX: usize = 80;
const BODY_MAX: usize = 200;

/// One piece of news, cleaned and short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How it is told.
    pub ways: Vec<Way>,
    /// What it is.
    pub title: String,
    /// More of it.
    pub body: String,
}

impl Notice {
    /// News from outside: whatever it holds, it is one short line without commands.
    pub(crate) fn new(ways: Vec<Way>, title: &str, body: &str) -> Self {
        let short = |text: &str, max: usize| -> String {
            let line = text::line(text);
            let cut: String = line.chars().take(max).collect();
            if cut.len() < line.len() { format!("{cut}…") } else { cut }
        };
        Self { ways, title: short(title, TITLE_MAX), body: short(body, BODY_MAX) }
    }

    /// What is written to the terminal.
    pub(crate) fn bytes(&self, around: Around) -> String {
        self.ways.iter().filter_map(|way| self.way(*way, around)).collect()
    }

    fn way(&self, way: Way, around: Around) -> Option<String> {
        let Self { title, body, .. } = self;
        let both = if body.is_empty() { title.clone() } else { format!("{title}: {body}") };
        match way {
            Way::Toast | Way::Desktop => None,
            Way::Bell => Some("\x07".into()),
            // A digit and a semicolon would be another command of ConEmu: the name stands before.
            Way::Osc9 => around.wrapped(&format!("\x1b]9;afenda: {both}\x07")),
            // A semicolon ends the title.
            Way::Osc777 => around.wrapped(&format!("\x1b]777;notify;{};{body}\x07", title.replace(';', ","))),
            Way::Osc99 => {
                let part = |done: u8, name: &str, text: &str| format!("\x1b]99;i=afenda:d={done}:p={name};{text}\x1b\\");
                around.wrapped(&format!("{}{}", part(0, "title", title), part(1, "body", body)))
            }
        }
    }

    /// The program of this desktop and its arguments; no shell reads them, and what begins with a dash is no option.
    pub(crate) fn command(&self) -> [String; 5] {
        ["notify-send".into(), "--app-name=afenda".into(), "--".into(), self.title.clone(), self.body.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::TerminalSection;

    fn plain() -> Around {
        Around::default()
    }

    fn bytes(way: Way, title: &str, body: &str) -> String {
        Notice::new(vec![way], title, body).bytes(plain())
    }

    #[test]
    fn each_way_is_its_own_command() {
        let check = |way, expected: &str| assert_eq!(bytes(way, "Dee writes", "Any news?"), expected);
        check(Way::Bell, "\x07");
        check(Way::Osc9, "\x1b]9;afenda: Dee writes: Any news?\x07");
        check(Way::Osc777, "\x1b]777;notify;Dee writes;Any news?\x07");
        check(Way::Osc99, "\x1b]99;i=afenda:d=0:p=title;Dee writes\x1b\\\x1b]99;i=afenda:d=1:p=body;Any news?\x1b\\");
        check(Way::Toast, "");
        check(Way::Desktop, "");
    }

    #[test]
    fn what_a_customer_writes_is_text() {
        let hostile = "a\x1b]52;c;ZXZpbA==\x07b\x1b\\c\u{9c}d\ne\u{202e}f;g";
        for way in [Way::Osc9, Way::Osc777, Way::Osc99] {
            let said = bytes(way, hostile, hostile);
            let inside = said.replace("\x1b]99;i=afenda:", "").replace("\x1b]777;notify;", "").replace("\x1b]9;afenda: ", "");
            let inside = inside.trim_end_matches('\x07').replace("\x1b\\", "");
            assert!(!inside.chars().any(char::is_control) && !inside.contains('\u{202e}'), "{said:?}");
        }
        assert_eq!(bytes(Way::Osc777, "a;b", "c;d"), "\x1b]777;notify;a,b;c;d\x07");
    }

    #[test]
    fn what_is_long_is_cut() {
        let said = bytes(Way::Osc9, &"t".repeat(1_000), &"b".repeat(100_000));
        assert!(said.chars().count() < TITLE_MAX + BODY_MAX + 30 && said.ends_with("b…\x07"), "{said:?}");
    }

    #[test]
    fn tmux_gets_only_what_it_passes_on() {
        let set = |passthrough| TerminalSection { passthrough, ..TerminalSection::default() };
        let tmux = |set: TerminalSection| Around::from_environment(&set, |name| (name == "TMUX").then(|| "/tmp/x".to_owned()));
        let notice = Notice::new(vec![Way::Osc9, Way::Bell], "Dee", "");
        assert_eq!(notice.bytes(tmux(set(false))), "\x07");
        assert_eq!(notice.bytes(tmux(set(true))), "\x1bPtmux;\x1b\x1b]9;afenda: Dee\x07\x1b\\\x07");
    }

    #[test]
    fn the_desktop_gets_words_not_options() {
        let command = Notice::new(vec![Way::Desktop], "--help", "$(reboot)").command();
        assert_eq!(command, ["notify-send", "--app-name=afenda", "--", "--help", "$(reboot)"]);
    }
}
