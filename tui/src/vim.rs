//! The composer with modes, as in vim: letters are text only while inserting. Pure; works on the editor's text by clusters.
//!
//! A small part of vim: motions `h j k l w b e 0 ^ $ gg G`, `x`, the operators `d c y` with a motion or doubled, `D C p P`, `i I a A o O`,
//! `u` and Ctrl+R. What was typed between entering and leaving the insert mode is one step for `u`.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::editor::{Edit, Editor};
use crate::event::Purpose;

/// Steps that can be undone at most, and the bytes of their texts.
const STEPS_MAX: usize = 200;
const STEP_BYTES_MAX: usize = 2 << 20;

/// What letters mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Text.
    #[default]
    Insert,
    /// Commands.
    Normal,
}

/// A text and where the cursor stood in it.
type Step = (String, usize);

/// The modes of one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vim {
    /// The text they belong to.
    pub(crate) purpose: Option<Purpose>,
    /// What letters mean now.
    pub mode: Mode,
    /// An operator that waits for its motion, or `g` for the second.
    pending: Option<char>,
    /// What was deleted or yanked last, and whether it was whole lines.
    kept: (String, bool),
    undo: Vec<Step>,
    redo: Vec<Step>,
    /// How it was when inserting began.
    before: Option<Step>,
    /// How it was left: what came in since, such as a paste, is a step of its own.
    left: Option<Step>,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Did {
    /// It is none of vim's here.
    Passed,
    /// The cursor or the mode may be another.
    Moved,
    /// The text is another.
    Changed,
}

/// A key that vim knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// A letter.
    Letter(char),
    /// Esc.
    Escape,
    /// Ctrl+R.
    Redo,
    /// Enter.
    Enter,
    /// Backspace.
    Back,
}

impl Vim {
    /// The modes of a text that is opened: it can be typed at once.
    pub(crate) fn of(purpose: Purpose, editor: &Editor) -> Self {
        Self { purpose: Some(purpose), before: Some(step(editor)), ..Self::default() }
    }

    /// The mode in words.
    pub fn words(&self) -> &'static str {
        match (self.mode, self.pending) {
            (Mode::Insert, _) => "insert mode",
            (Mode::Normal, None) => "normal mode",
            (Mode::Normal, Some('d')) => "normal mode, d …",
            (Mode::Normal, Some('c')) => "normal mode, c …",
            (Mode::Normal, Some('y')) => "normal mode, y …",
            (Mode::Normal, Some(_)) => "normal mode, g …",
        }
    }

    /// A key was pressed; `width` is the cells of a row.
    pub(crate) fn press(&mut self, editor: &mut Editor, press: Press, width: usize) -> Did {
        if let Some(left) = self.left.take().filter(|(text, _)| self.mode == Mode::Normal && text != editor.text()) {
            self.keep(left);
        }
        let did = self.pressed(editor, press, width);
        if self.mode == Mode::Normal {
            self.left = Some(step(editor));
        }
        did
    }

    fn pressed(&mut self, editor: &mut Editor, press: Press, width: usize) -> Did {
        match (self.mode, press) {
            (Mode::Insert, Press::Escape) => {
                self.mode = Mode::Normal;
                if let Some(before) = self.before.take().filter(|(text, _)| text != editor.text()) {
                    self.keep(before);
                }
                if editor.cursor() > home(editor) {
                    editor.go(left(editor));
                }
                Did::Moved
            }
            (Mode::Insert, _) => Did::Passed,
            (Mode::Normal, Press::Escape) => {
                // Without an operator to take back, Esc means what it means elsewhere.
                if self.pending.take().is_some() { Did::Moved } else { Did::Passed }
            }
            (Mode::Normal, Press::Redo) => self.travel(editor, false),
            (Mode::Normal, Press::Enter) => self.letter(editor, 'j', width),
            (Mode::Normal, Press::Back) => self.letter(editor, 'h', width),
            (Mode::Normal, Press::Letter(c)) => self.letter(editor, c, width),
        }
    }

    fn letter(&mut self, editor: &mut Editor, c: char, width: usize) -> Did {
        let before = step(editor);
        match self.pending.take() {
            Some('g') => {
                if c == 'g' {
                    editor.go(0);
                }
            }
            Some(operator) => self.operate(editor, operator, c, width),
            None => match c {
                'd' | 'c' | 'y' | 'g' => self.pending = Some(c),
                'u' => return self.travel(editor, true),
                'i' => self.insert(editor),
                'I' => {
                    editor.go(first(editor));
                    self.insert(editor);
                }
                'a' => {
                    editor.go(right(editor).min(end(editor)));
                    self.insert(editor);
                }
                'A' => {
                    editor.go(end(editor));
                    self.insert(editor);
                }
                'o' => {
                    self.insert(editor);
                    editor.go(end(editor));
                    editor.insert("\n");
                }
                'O' => {
                    self.insert(editor);
                    let at = home(editor);
                    editor.go(at);
                    editor.insert("\n");
                    editor.go(at);
                }
                'x' => self.cut(editor, 'd', editor.cursor(), right(editor).min(end(editor))),
                'D' => self.cut(editor, 'd', editor.cursor(), end(editor)),
                'C' => self.cut(editor, 'c', editor.cursor(), end(editor)),
                'p' | 'P' => self.put(editor, c == 'p'),
                _ => {
                    if let Some((to, _)) = motion(editor, c, width) {
                        editor.go(to);
                    }
                }
            },
        }
        if self.mode == Mode::Normal {
            clamp(editor);
        }
        if before.0 == editor.text() {
            return Did::Moved;
        }
        // What begins the insert mode is undone together with what is typed then.
        if self.mode == Mode::Normal {
            self.keep(before);
        } else {
            self.before.get_or_insert(before);
        }
        Did::Changed
    }

    fn insert(&mut self, editor: &Editor) {
        self.mode = Mode::Insert;
        self.before = Some(step(editor));
    }

    fn operate(&mut self, editor: &mut Editor, operator: char, c: char, width: usize) {
        let at = editor.cursor();
        if c == operator {
            return self.lines(editor, operator, at, at);
        }
        // As vim has it: changing a word leaves the space behind it.
        let c = if operator == 'c' && c == 'w' && class_at(editor.text(), at) != Class::Space { 'e' } else { c };
        let Some((to, inclusive)) = motion(editor, c, width) else { return };
        if matches!(c, 'j' | 'k' | 'G') {
            return self.lines(editor, operator, at.min(to), at.max(to));
        }
        let (from, to) = (at.min(to), at.max(to));
        let to = if inclusive { after(editor.text(), to) } else { to };
        self.cut(editor, operator, from, to);
    }

    /// Deletes, changes or yanks a stretch.
    fn cut(&mut self, editor: &mut Editor, operator: char, from: usize, to: usize) {
        let Some(part) = editor.text().get(from..to) else { return };
        if !part.is_empty() {
            self.kept = (part.to_owned(), false);
        }
        if operator == 'c' {
            self.insert(editor);
        }
        if operator == 'y' {
            editor.go(from);
        } else {
            editor.cut(from..to);
        }
    }

    /// The same with whole lines.
    fn lines(&mut self, editor: &mut Editor, operator: char, from: usize, to: usize) {
        let text = editor.text();
        let start = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let stop = text.get(to..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| to + at);
        self.kept = (text.get(start..stop).unwrap_or_default().to_owned(), true);
        match operator {
            'y' => editor.go(start),
            'c' => {
                self.insert(editor);
                editor.cut(start..stop);
            }
            // With its break, or the last line with the one before it.
            _ if stop < text.len() => editor.cut(start..stop + 1),
            _ => {
                editor.cut(start.saturating_sub(1)..stop);
                editor.go(home(editor));
            }
        }
    }

    fn put(&self, editor: &mut Editor, behind: bool) {
        let (text, lines) = self.kept.clone();
        if text.is_empty() && !lines {
            return;
        }
        if lines {
            if behind {
                editor.go(end(editor));
                let at = editor.cursor() + 1;
                editor.insert(&format!("\n{text}"));
                editor.go(at.min(editor.text().len()));
            } else {
                let at = home(editor);
                editor.go(at);
                editor.insert(&format!("{text}\n"));
                editor.go(at);
            }
            return;
        }
        if behind {
            editor.go(right(editor).min(end(editor)));
        }
        editor.insert(&text);
        editor.go(left(editor));
    }

    fn keep(&mut self, before: Step) {
        self.redo.clear();
        self.undo.push(before);
        let mut bytes: usize = self.undo.iter().map(|(text, _)| text.len()).sum();
        while self.undo.len() > STEPS_MAX || (bytes > STEP_BYTES_MAX && self.undo.len() > 1) {
            bytes -= self.undo.remove(0).0.len();
        }
    }

    /// One step back, or forth again.
    fn travel(&mut self, editor: &mut Editor, back: bool) -> Did {
        self.pending = None;
        let (from, to) = if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        let Some((text, cursor)) = from.pop() else { return Did::Moved };
        to.push(step(editor));
        editor.put_back(text, cursor);
        clamp(editor);
        Did::Changed
    }
}

fn step(editor: &Editor) -> Step {
    (editor.text().to_owned(), editor.cursor())
}

/// What kind of letter it is, for words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Word,
    Sign,
}

fn class(cluster: &str) -> Class {
    match cluster.chars().next() {
        None => Class::Space,
        Some(c) if c.is_whitespace() => Class::Space,
        Some(c) if c.is_alphanumeric() || c == '_' => Class::Word,
        Some(_) => Class::Sign,
    }
}

fn class_at(text: &str, at: usize) -> Class {
    class(text.get(at..).and_then(|rest| rest.graphemes(true).next()).unwrap_or_default())
}

/// The end of the cluster that begins there.
fn after(text: &str, at: usize) -> usize {
    at + text.get(at..).and_then(|rest| rest.graphemes(true).next()).map_or(0, str::len)
}

fn before(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|part| part.grapheme_indices(true).next_back()).map_or(0, |(i, _)| i)
}

fn left(editor: &Editor) -> usize {
    before(editor.text(), editor.cursor())
}

fn right(editor: &Editor) -> usize {
    after(editor.text(), editor.cursor())
}

fn home(editor: &Editor) -> usize {
    editor.text().get(..editor.cursor()).and_then(|part| part.rfind('\n')).map_or(0, |at| at + 1)
}

fn end(editor: &Editor) -> usize {
    let rest = editor.text().get(editor.cursor()..).unwrap_or_default();
    editor.cursor() + rest.find('\n').unwrap_or(rest.len())
}

/// The line's first letter that is no space.
fn first(editor: &Editor) -> usize {
    let line = editor.text().get(home(editor)..end(editor)).unwrap_or_default();
    home(editor) + (line.len() - line.trim_start().len())
}

/// Outside the insert mode the cursor stands on a letter.
fn clamp(editor: &mut Editor) {
    if editor.cursor() == end(editor) && editor.cursor() > home(editor) {
        editor.go(left(editor));
    }
}

/// Where a motion leads, and whether an operator takes the letter there too.
fn motion(editor: &Editor, c: char, width: usize) -> Option<(usize, bool)> {
    let (text, at) = (editor.text(), editor.cursor());
    let vertical = |edit| {
        let mut moved = editor.clone();
        moved.apply(edit, width);
        moved.cursor()
    };
    Some(match c {
        'h' => (left(editor).max(home(editor)), false),
        'l' => (right(editor).min(end(editor)), false),
        'j' => (vertical(Edit::Down), false),
        'k' => (vertical(Edit::Up), false),
        '0' => (home(editor), false),
        '^' => (first(editor), false),
        '$' => (end(editor), false),
        'G' => (text.len(), false),
        'w' => {
            let mut to = at;
            let here = class_at(text, at);
            while to < text.len() && here != Class::Space && class_at(text, to) == here {
                to = after(text, to);
            }
            while to < text.len() && class_at(text, to) == Class::Space {
                to = after(text, to);
            }
            (to, false)
        }
        'b' => {
            let mut to = before(text, at);
            while to > 0 && class_at(text, to) == Class::Space {
                to = before(text, to);
            }
            let here = class_at(text, to);
            while to > 0 && class_at(text, before(text, to)) == here {
                to = before(text, to);
            }
            (to, false)
        }
        'e' => {
            let mut to = after(text, at).min(text.len());
            while to < text.len() && class_at(text, to) == Class::Space {
                to = after(text, to);
            }
            if to >= text.len() {
                return Some((before(text, text.len()).max(at), true));
            }
            let here = class_at(text, to);
            while after(text, to) < text.len() && class_at(text, after(text, to)) == here {
                to = after(text, to);
            }
            (to, true)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn type_keys(vim: &mut Vim, editor: &mut Editor, keys: &str) {
        for c in keys.chars() {
            let press = match c {
                '␛' => Press::Escape,
                '®' => Press::Redo,
                '⏎' => Press::Enter,
                c => Press::Letter(c),
            };
            if vim.press(editor, press, 20) == Did::Passed && press != Press::Escape {
                editor.insert(&if c == '⏎' { "\n".to_owned() } else { c.to_string() });
            }
        }
    }

    /// From normal mode, `|` before the letter that the cursor stands on.
    fn check(start: &str, keys: &str, expected: &str) {
        let at = start.find('|').unwrap();
        let mut editor = Editor::default();
        editor.put_back(start.replace('|', ""), at);
        let mut vim = Vim { mode: Mode::Normal, ..Vim::default() };
        type_keys(&mut vim, &mut editor, keys);
        let mut shown = editor.text().to_owned();
        shown.insert(editor.cursor(), '|');
        assert_eq!(shown, expected, "{start} {keys}");
    }

    #[test]
    fn keys_do_what_they_do_in_vim() {
        check("one |two three", "w", "one two |three");
        check("one |two three", "b", "|one two three");
        check("|one, two", "e", "on|e, two");
        check("|one, two", "ww", "one, |two");
        check("  one |two", "0", "|  one two");
        check("  one |two", "^", "  |one two");
        check("|one two", "$", "one tw|o");
        check("|one two", "x", "|ne two");
        check("a|李b", "x", "a|b");
        check("one |two three", "dw", "one |three");
        check("one |two three", "de", "one | three");
        check("one |two three", "cwx␛", "one |x three");
        check("one |two three", "d$", "one| ");
        check("one |two three", "D", "one| ");
        check("a\nb|c\nd", "dd", "a\n|d");
        check("a\nb|c", "dd", "|a");
        check("a\nb|c\nd", "ccx␛", "a\n|x\nd");
        check("a|b\nc", "yyp", "ab\n|ab\nc");
        check("a|b\nc", "yyP", "|ab\nab\nc");
        check("|ab", "xp", "b|a");
        check("a|b", "ix␛", "a|xb");
        check("a|b", "ax␛", "ab|x");
        check(" a|b", "Ix␛", " |xab");
        check("|ab", "Ax␛", "ab|x");
        check("a|b\nc", "ox␛", "ab\n|x\nc");
        check("a\n|b", "Ox␛", "a\n|x\nb");
        check("o|ne two", "xu", "o|ne two");
        check("o|ne two", "xu®", "o|e two");
        check("|one", "ihello ␛u", "|one");
        check("a|b\ncd", "j", "ab\nc|d");
        check("a\nb\n|c", "gg", "|a\nb\nc");
        check("a|b", "d␛", "a|b");
        check("a|b\ncd\ne", "dj", "|e");
        check("|👩‍👩‍👧b", "x", "|b");
    }

    #[test]
    fn a_text_that_is_opened_can_be_typed_at_once() {
        let mut editor = Editor::default();
        let mut vim = Vim::of(Purpose::Reply(api::id::ConversationId(1)), &editor);
        type_keys(&mut vim, &mut editor, "hi dd␛");
        assert_eq!((editor.text(), vim.words()), ("hi dd", "normal mode"));
        type_keys(&mut vim, &mut editor, "d");
        assert_eq!(vim.words(), "normal mode, d …");
        type_keys(&mut vim, &mut editor, "du");
        assert_eq!(editor.text(), "hi dd");
        type_keys(&mut vim, &mut editor, "u");
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn what_was_pasted_meanwhile_is_not_undone_with_what_came_before() {
        let mut editor = Editor::new("one two");
        let mut vim = Vim { mode: Mode::Normal, ..Vim::default() };
        type_keys(&mut vim, &mut editor, "0x");
        editor.insert("pasted ");
        type_keys(&mut vim, &mut editor, "xu");
        assert_eq!(editor.text(), "pasted ne two");
        type_keys(&mut vim, &mut editor, "u");
        assert_eq!(editor.text(), "ne two");
        type_keys(&mut vim, &mut editor, "u®®");
        assert_eq!(editor.text(), "pasted ne two");
    }

    /// Whether all of `part` stands in `whole`, in its order.
    fn holds(whole: &str, part: &str) -> bool {
        let mut rest = whole.chars();
        part.chars().all(|c| rest.any(|other| other == c))
    }

    proptest! {
        #[test]
        fn nothing_goes_but_by_a_command_that_deletes(start in "[a-z 李é,\n]{0,30}", keys in "[iIaAoOhjklwbe0^$yPpGg␛⏎ÄQz]{0,40}") {
            let mut editor = Editor::new(start.clone());
            let mut vim = Vim { mode: Mode::Normal, ..Vim::default() };
            type_keys(&mut vim, &mut editor, &keys);
            prop_assert!(holds(editor.text(), &start), "{start:?} became {:?}", editor.text());
        }

        #[test]
        fn what_was_done_is_undone(start in "[a-z 李é👍,\n]{0,30}", keys in "[iIaAoOhjklwbe0^$ydcxDCpPGgu®␛⏎Äz]{0,60}") {
            let mut editor = Editor::new(start.clone());
            let mut vim = Vim { mode: Mode::Normal, ..Vim::default() };
            type_keys(&mut vim, &mut editor, &keys);
            let starts: Vec<usize> = editor.text().grapheme_indices(true).map(|(i, _)| i).chain([editor.text().len()]).collect();
            prop_assert!(starts.contains(&editor.cursor()), "the cursor stands inside a letter");
            type_keys(&mut vim, &mut editor, "␛");
            let last = editor.text().to_owned();
            let steps = vim.undo.len();
            for _ in 0..steps {
                type_keys(&mut vim, &mut editor, "u");
            }
            prop_assert_eq!(editor.text(), start.as_str());
            for _ in 0..steps {
                type_keys(&mut vim, &mut editor, "®");
            }
            prop_assert_eq!(editor.text(), last.as_str());
        }
    }
}
