//! Keys as a person pressed them, from keys as they arrive.
//!
//! Over a slow line an escape sequence comes in pieces, and a terminal's late answer to a question looks like letters. Both would act as
//! keys. An Esc is therefore held for a moment: what follows at once belongs to it, and what makes no key is swallowed. Pure: whoever
//! reads the terminal says when the moment is over.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::event::{Event, Pointer};

/// The longest answer of a terminal that is swallowed as one; what is longer is typed by somebody.
const ANSWER_MAX: usize = 4_096;
/// The longest escape sequence of a key.
const SEQUENCE_MAX: usize = 32;

/// How a paste ends.
const PASTE_END: &str = "\x1b[201~";

/// What has begun and may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Begun {
    /// Esc.
    Escape,
    /// Esc and `[` or `O`, and what came since.
    Sequence(String),
    /// What may begin a terminal's answer; with nothing behind it, it is a key.
    Answer(KeyEvent, usize),
    /// A paste whose beginning came in pieces.
    Paste(String),
}

/// What the mouse did, as far as it means something.
pub(crate) fn pointed(mouse: MouseEvent) -> Option<Event> {
    let pointer = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Pointer::Click,
        MouseEventKind::ScrollUp => Pointer::Up,
        MouseEventKind::ScrollDown => Pointer::Down,
        _ => return None,
    };
    Some(Event::Pointer(pointer, mouse.column, mouse.row))
}

/// Puts together what belongs together.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    begun: Option<Begun>,
}

impl Joiner {
    /// Whether the moment has to be told.
    pub(crate) fn waits(&self) -> bool {
        self.begun.is_some()
    }

    /// A key arrived.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Vec<Event> {
        if key.kind == KeyEventKind::Release {
            return vec![Event::Key(key)];
        }
        match self.begun.take() {
            None => self.first(key),
            Some(Begun::Escape) => self.after_escape(key),
            Some(Begun::Sequence(text)) => self.sequence(text, key),
            Some(Begun::Answer(_, length)) if ends_answer(key) || length >= ANSWER_MAX => Vec::new(),
            Some(Begun::Answer(first, length)) => {
                self.begun = Some(Begun::Answer(first, length + 1));
                Vec::new()
            }
            Some(Begun::Paste(mut text)) => {
                text.extend(typed(key));
                if let Some(whole) = text.strip_suffix(PASTE_END) {
                    return vec![Event::Paste(whole.to_owned())];
                }
                self.begun = Some(Begun::Paste(text));
                Vec::new()
            }
        }
    }

    /// Nothing came for a moment.
    pub(crate) fn moment_over(&mut self) -> Vec<Event> {
        match self.begun.take() {
            Some(Begun::Escape) => vec![Event::Key(KeyEvent::from(KeyCode::Esc))],
            Some(Begun::Answer(first, 0)) => vec![Event::Key(first)],
            Some(Begun::Paste(text)) => vec![Event::Paste(text.replace('\x1b', ""))],
            // The rest of a sequence or of an answer never came: it was no key.
            Some(Begun::Sequence(_) | Begun::Answer(..)) | None => Vec::new(),
        }
    }

    fn first(&mut self, key: KeyEvent) -> Vec<Event> {
        if key.code == KeyCode::Esc && key.modifiers.is_empty() {
            self.begun = Some(Begun::Escape);
        } else if opens_answer(key.code) && key.modifiers.contains(KeyModifiers::ALT) && !key.modifiers.contains(KeyModifiers::CONTROL) {
            self.begun = Some(Begun::Answer(key, 0));
        } else {
            return vec![Event::Key(key)];
        }
        Vec::new()
    }

    fn after_escape(&mut self, key: KeyEvent) -> Vec<Event> {
        let chord = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(c @ ('[' | 'O')) if !chord => {
                self.begun = Some(Begun::Sequence(c.to_string()));
                Vec::new()
            }
            code @ KeyCode::Char(_) if !chord && opens_answer(code) => {
                self.begun = Some(Begun::Answer(with_alt(key), 0));
                Vec::new()
            }
            KeyCode::Esc => {
                self.begun = Some(Begun::Escape);
                vec![Event::Key(KeyEvent::from(KeyCode::Esc))]
            }
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace | KeyCode::Tab => vec![Event::Key(with_alt(key))],
            _ => vec![Event::Key(KeyEvent::from(KeyCode::Esc)), Event::Key(key)],
        }
    }

    fn sequence(&mut self, mut text: String, key: KeyEvent) -> Vec<Event> {
        let KeyCode::Char(c) = key.code else {
            // Another key: what came before it was cut off.
            return self.first(key);
        };
        text.push(c);
        // The Linux console's function keys have a second bracket.
        let ends = (text.starts_with('O') || matches!(c, '@'..='~')) && text != "[[";
        if text == "[200~" {
            self.begun = Some(Begun::Paste(String::new()));
        } else if ends {
            return meaning(&text).map(Event::Key).into_iter().collect();
        } else if text.len() < SEQUENCE_MAX {
            self.begun = Some(Begun::Sequence(text));
        }
        Vec::new()
    }
}

fn with_alt(key: KeyEvent) -> KeyEvent {
    KeyEvent::new(key.code, key.modifiers | KeyModifiers::ALT)
}

/// Esc and one of these begins a text that a terminal sends: its colours, its name, what its clipboard holds.
fn opens_answer(code: KeyCode) -> bool {
    matches!(code, KeyCode::Char(']' | 'P' | '_' | '^' | 'X'))
}

/// Bell, or Esc and a backslash.
fn ends_answer(key: KeyEvent) -> bool {
    let bell = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
    bell || (key.code == KeyCode::Char('\\'))
}

/// What a key of a paste stands for.
fn typed(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char('j') if key.modifiers.contains(KeyModifiers::CONTROL) => Some('\n'),
        KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        KeyCode::Esc => Some('\x1b'),
        _ => None,
    }
}

/// The key of a sequence, without its Esc; answers and what is not known are none.
fn meaning(text: &str) -> Option<KeyEvent> {
    let last = text.chars().last()?;
    if let Some(c @ 'A'..='E') = text.strip_prefix("[[").and_then(|rest| rest.chars().next()) {
        return Some(KeyEvent::from(KeyCode::F(u8::try_from(u32::from(c) - u32::from('A')).ok()? + 1)));
    }
    let inner = text.get(1..text.len().saturating_sub(1))?;
    let mut numbers = inner.split(';').map(|part| part.parse::<u8>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    let code = match (last, first) {
        ('A', _) => KeyCode::Up,
        ('B', _) => KeyCode::Down,
        ('C', _) => KeyCode::Right,
        ('D', _) => KeyCode::Left,
        ('H', _) | ('~', Some(1 | 7)) => KeyCode::Home,
        ('F', _) | ('~', Some(4 | 8)) => KeyCode::End,
        ('Z', _) => return Some(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
        ('~', Some(3)) => KeyCode::Delete,
        ('~', Some(5)) => KeyCode::PageUp,
        ('~', Some(6)) => KeyCode::PageDown,
        ('~', Some(n @ 11..=15)) => KeyCode::F(n - 10),
        ('~', Some(n @ 17..=21)) => KeyCode::F(n - 11),
        ('~', Some(n @ 23..=24)) => KeyCode::F(n - 12),
        (c @ 'P'..='S', _) if text.starts_with('O') => KeyCode::F(u8::try_from(u32::from(c) - u32::from('P')).ok()? + 1),
        ('u', Some(27)) => KeyCode::Esc,
        ('u', Some(13)) => KeyCode::Enter,
        ('u', Some(9)) => KeyCode::Tab,
        ('u', Some(127)) => KeyCode::Backspace,
        ('u', Some(n)) => KeyCode::Char(char::from(n)),
        _ => return None,
    };
    // One more than a set of bits: shift, alt, control.
    let bits = second.unwrap_or(1).saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(KeyEvent::new(code, modifiers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keymap;

    /// Keys as bytes would arrive one by one: `moment` is one in which nothing comes. What comes out, by its names.
    fn check(arrives: &[&str], expected: &[&str]) {
        let mut joiner = Joiner::default();
        let mut out = Vec::new();
        for part in arrives {
            if *part == "moment" {
                out.extend(joiner.moment_over());
            } else {
                out.extend(joiner.key(keymap::parse(part).unwrap_or_else(|| panic!("no key is named {part}"))));
            }
        }
        out.extend(joiner.moment_over());
        let names: Vec<String> = out
            .into_iter()
            .map(|event| match event {
                Event::Key(key) => keymap::name(key),
                Event::Paste(text) => format!("paste {text}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, expected, "{arrives:?}");
    }

    #[test]
    fn a_key_in_pieces_is_the_same_key() {
        check(&["Esc"], &["Esc"]);
        check(&["Esc", "moment", "j"], &["Esc", "j"]);
        check(&["Esc", "Esc", "moment", "j"], &["Esc", "Esc", "j"]);
        check(&["Esc", "l"], &["Alt+L"]);
        check(&["Esc", "Enter"], &["Alt+Enter"]);
        check(&["Esc", "[", "A"], &["↑"]);
        check(&["Esc", "O", "B"], &["↓"]);
        check(&["Esc", "[", "1", ";", "5", "C"], &["Ctrl+→"]);
        check(&["Esc", "[", "5", "~", "j"], &["PgUp", "j"]);
        check(&["Esc", "[", "Z"], &["Shift+Tab"]);
        check(&["Esc", "[", "1", "5", "~"], &["F5"]);
        check(&["Esc", "O", "P"], &["F1"]);
        check(&["Esc", "[", "[", "E"], &["F5"]);
        check(&["Esc", "[", "2", "7", "u"], &["Esc"]);
        check(&["a", "e", "Enter"], &["a", "e", "Enter"]);
    }

    #[test]
    fn what_is_no_key_is_swallowed() {
        // Cut off.
        check(&["Esc", "[", "moment", "j"], &["j"]);
        check(&["Esc", "[", "1", ";", "moment"], &[]);
        check(&["Esc", "[", "1", "Enter"], &["Enter"]);
        // Where the cursor is, what the terminal is, that the window has the focus.
        check(&["Esc", "[", "2", "4", ";", "8", "0", "R"], &[]);
        check(&["Esc", "[", "?", "1", ";", "2", "c"], &[]);
        check(&["Esc", "[", "I"], &[]);
        // Its background, ended by bell or by backslash.
        check(&["Alt+]", "1", "1", ";", "r", "g", "b", ":", "e", "e", "Ctrl+G", "j"], &["j"]);
        check(&["Esc", "]", "1", "1", ";", "e", "Esc", "\\", "j"], &["j"]);
        check(&["Alt+]", "1", "e", "moment", "j"], &["j"]);
    }

    #[test]
    fn alt_and_a_letter_that_could_begin_an_answer_is_a_key_by_itself() {
        check(&["Alt+]"], &["Alt+]"]);
        check(&["Alt+P", "moment", "j"], &["Alt+P", "j"]);
        check(&["Esc", "]", "moment", "j"], &["Alt+]", "j"]);
    }

    /// What a terminal sends for one thing: its bytes, and what crossterm makes of them when they come at once; none: it swallows them.
    /// A sequence that nobody finishes is followed by a moment.
    fn sent() -> impl Strategy<Value = (String, Option<Event>, bool)> {
        let key = |bytes: &str, name: &str| (bytes.to_owned(), Some(Event::Key(keymap::parse(name).unwrap())), false);
        let keys = [
            key("j", "j"),
            key("\x1b[A", "↑"),
            key("\x1b[B", "↓"),
            key("\x1b[1;5C", "Ctrl+→"),
            key("\x1b[3~", "Delete"),
            key("\x1b[5~", "PgUp"),
            key("\x1b[Z", "Shift+Tab"),
            key("\x1bOP", "F1"),
            key("\x1b[15~", "F5"),
            key("\x1bl", "Alt+L"),
            key("\x1bt", "Alt+T"),
            key("\x1b\r", "Alt+Enter"),
        ];
        // Where the cursor is, what the terminal is, which mode it has, its keyboard's flags.
        let answers = ["\x1b[24;80R", "\x1b[?1;2c", "\x1b[?2026;2$y", "\x1b[?1u"].map(|bytes| (bytes.to_owned(), None, false));
        let cut = ["\x1b[", "\x1b[1;", "\x1b[?20"].map(|bytes| (bytes.to_owned(), None, true));
        prop_oneof![
            6 => prop::sample::select(keys.to_vec()),
            2 => prop::sample::select(answers.to_vec()),
            1 => prop::sample::select(cut.to_vec()),
            2 => "[a-z{}\\[ é]{0,12}".prop_map(|text| (format!("\x1b[200~{text}{PASTE_END}"), Some(Event::Paste(text)), false)),
        ]
    }

    /// Bytes as crossterm 0.29 tells of them when they come one by one: only an Esc that nothing has followed yet is let out too early.
    fn one_by_one(joiner: &mut Joiner, bytes: &str) -> Vec<Event> {
        let key = |c| match c {
            '\x1b' => KeyEvent::from(KeyCode::Esc),
            '\r' => KeyEvent::from(KeyCode::Enter),
            c => KeyEvent::from(KeyCode::Char(c)),
        };
        bytes.chars().flat_map(|c| joiner.key(key(c))).collect()
    }

    proptest! {
        #[test]
        fn one_by_one_means_the_same_as_at_once(all in prop::collection::vec((sent(), any::<bool>()), 1..24)) {
            let (mut joiner, mut got, mut wanted) = (Joiner::default(), Vec::new(), Vec::new());
            for ((bytes, whole, cut), in_pieces) in &all {
                wanted.extend(whole.clone());
                if *in_pieces || *cut {
                    got.extend(one_by_one(&mut joiner, bytes));
                } else if let Some(whole) = whole {
                    got.extend(match whole {
                        Event::Key(key) => joiner.key(*key),
                        other => vec![other.clone()],
                    });
                }
                if *cut {
                    got.extend(joiner.moment_over());
                }
            }
            got.extend(joiner.moment_over());
            prop_assert_eq!(got, wanted);
        }
    }

    #[test]
    fn a_paste_in_pieces_is_a_paste() {
        check(&["Esc", "[", "2", "0", "0", "~", "e", "Esc", "[", "2", "0", "1", "~", "y"], &["paste e", "y"]);
        check(&["Esc", "[", "2", "0", "0", "~", "e", "Enter", "y"], &["paste e\ny"]);
    }
}
