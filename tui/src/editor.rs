//! A small text editor: a string, a cursor, and the movements that readline users expect. Pure; knows nothing of keys or screens.

mod vim;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text;

pub use vim::{Modal, Vim};

/// Chatwoot's own limit of a message, in characters.
pub(crate) const CHARS_MAX: usize = 150_000;

/// One thing that can be done to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A line break.
    Newline,
    /// One cluster to the left goes.
    Backspace,
    /// One cluster to the right goes.
    Delete,
    /// The word to the left goes.
    WordBackspace,
    /// The word to the right goes.
    WordDelete,
    /// Everything to the line's start goes, to be put back with `Yank`.
    KillToStart,
    /// Everything to the line's end goes, to be put back with `Yank`.
    KillToEnd,
    /// What was killed last comes back.
    Yank,
    /// Left.
    Left,
    /// Right.
    Right,
    /// One row up on the screen.
    Up,
    /// One row down on the screen.
    Down,
    /// A word to the left.
    WordLeft,
    /// A word to the right.
    WordRight,
    /// The line's start.
    Home,
    /// The line's end.
    End,
}

/// The text and where its cursor stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
    killed: String,
    history: vim::History,
}

impl Editor {
    /// Starts with a text, the cursor at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, ..Self::default() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor as a byte offset.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Puts typed or pasted text in, without control characters; what goes past the limit is left out. Returns whether all of it went in.
    pub fn insert(&mut self, text: &str) -> bool {
        let safe = text::typed(text);
        let room = CHARS_MAX.saturating_sub(self.text.chars().count());
        let fits = safe.char_indices().nth(room).map_or(safe.len(), |(i, _)| i);
        let part = safe.get(..fits).unwrap_or_default();
        self.text.insert_str(self.cursor, part);
        self.cursor += part.len();
        fits == safe.len()
    }

    /// Puts typed text in the place of a range, the cursor behind it. Past the limit nothing changes; returns whether it went in.
    pub fn replace(&mut self, range: std::ops::Range<usize>, text: &str) -> bool {
        let safe = text::typed(text);
        let Some(old) = self.text.get(range.clone()) else { return false };
        if self.text.chars().count() - old.chars().count() + safe.chars().count() > CHARS_MAX {
            return false;
        }
        self.cursor = range.start + safe.len();
        self.text.replace_range(range, &safe);
        true
    }

    /// Puts a text before this one, a line between them; the cursor stays on its letter. Nothing is cut: a text that was sent fits.
    pub fn precede(&mut self, text: &str) {
        // What comes from elsewhere is not taken back with what was typed.
        self.history.clear();
        let gap = if self.text.is_empty() || text.is_empty() { "" } else { "\n\n" };
        self.text = format!("{text}{gap}{}", self.text);
        self.cursor += text.len() + gap.len();
    }

    /// Takes another text in its place, the cursor at its end; what stood there can be put back with `Yank`. What goes past the limit is
    /// left out: `false`.
    pub fn exchange(&mut self, text: &str) -> bool {
        self.checkpoint();
        self.killed = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.insert(text)
    }

    /// Carries out one edit; `width` is the cells of a row, for up and down.
    pub fn apply(&mut self, edit: Edit, width: usize) {
        match edit {
            Edit::Newline => {
                self.insert("\n");
            }
            Edit::Backspace => self.remove(self.left(), self.cursor),
            Edit::Delete => self.remove(self.cursor, self.right()),
            Edit::WordBackspace => self.kill(self.word_left(), self.cursor),
            Edit::WordDelete => self.kill(self.cursor, self.word_right()),
            Edit::KillToStart => self.kill(self.home(), self.cursor),
            Edit::KillToEnd => self.kill(self.cursor, self.end().max(self.right().min(self.end() + 1))),
            Edit::Yank => {
                let killed = self.killed.clone();
                self.insert(&killed);
            }
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::Up => self.vertical(width, -1),
            Edit::Down => self.vertical(width, 1),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Home => self.cursor = self.home(),
            Edit::End => self.cursor = self.end(),
        }
    }

    /// The rows on the screen and the cursor's place in them (row, column in cells).
    pub fn layout(&self, width: usize) -> (Vec<std::ops::Range<usize>>, (usize, usize)) {
        let rows = text::rows(&self.text, width);
        let row = rows.iter().rposition(|r| r.start <= self.cursor).unwrap_or(0);
        let column = rows.get(row).and_then(|r| self.text.get(r.start..self.cursor)).map_or(0, text::width);
        (rows, (row, column.min(width.saturating_sub(1))))
    }

    fn vertical(&mut self, width: usize, by: isize) {
        let (rows, (row, column)) = self.layout(width);
        let Some(target) = row.checked_add_signed(by).and_then(|r| rows.get(r)) else {
            self.cursor = if by < 0 { 0 } else { self.text.len() };
            return;
        };
        let part = self.text.get(target.clone()).unwrap_or_default();
        let mut used = 0;
        self.cursor = target.end;
        for (i, g) in part.grapheme_indices(true) {
            if used >= column {
                self.cursor = target.start + i;
                return;
            }
            used += text::cell(g);
        }
        // The end of a row that goes on below is the start of the next row; step back to stay on it.
        if rows.iter().any(|r| r.start == self.cursor && r != target) && !part.is_empty() {
            self.cursor = self.left();
        }
    }

    fn remove(&mut self, from: usize, to: usize) {
        if from < to {
            self.text.replace_range(from..to, "");
            self.cursor = from;
        }
    }

    fn kill(&mut self, from: usize, to: usize) {
        if let Some(part) = self.text.get(from..to).filter(|part| !part.is_empty()) {
            self.killed = part.to_owned();
            self.remove(from, to);
        }
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(i, _)| i)
    }

    fn right(&self) -> usize {
        self.cursor + self.after().graphemes(true).next().map_or(0, str::len)
    }

    fn home(&self) -> usize {
        self.before().rfind('\n').map_or(0, |i| i + 1)
    }

    fn end(&self) -> usize {
        self.cursor + self.after().find('\n').unwrap_or(self.after().len())
    }

    fn word_left(&self) -> usize {
        let before = self.before().trim_end_matches(|c: char| !c.is_alphanumeric());
        before.trim_end_matches(char::is_alphanumeric).len()
    }

    fn word_right(&self) -> usize {
        let after = self.after();
        let rest = after.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_start_matches(char::is_alphanumeric);
        self.cursor + after.len() - rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, edits: &[Edit], expected: &str) {
        let at = start.find('|').unwrap();
        let mut editor = Editor { text: start.replace('|', ""), cursor: at, ..Editor::default() };
        for &edit in edits {
            editor.apply(edit, 10);
        }
        let mut shown = editor.text.clone();
        shown.insert(editor.cursor, '|');
        assert_eq!(shown, expected, "{start} {edits:?}");
    }

    #[test]
    fn edits_do_what_readline_does() {
        check("one two|", &[Edit::WordBackspace], "one |");
        check("one |two", &[Edit::KillToEnd, Edit::Home, Edit::Yank], "two|one ");
        check("a李|b", &[Edit::Backspace], "a|b");
        check("a\nb|c", &[Edit::KillToStart], "a\n|c");
        check("a\n|bc", &[Edit::Backspace], "a|bc");
        check("|one two", &[Edit::WordRight, Edit::WordRight], "one two|");
        check("one two|", &[Edit::WordLeft, Edit::Newline], "one \n|two");
        check("ab|cd\nefgh", &[Edit::Down], "abcd\nef|gh");
        check("abcd\nef|gh", &[Edit::Up, Edit::End, Edit::Delete], "abcd|efgh");
        check("one two three| four", &[Edit::Up], "one t|wo three four");
        check("|x", &[Edit::Backspace, Edit::Left, Edit::Up], "|x");
    }

    #[test]
    fn pasted_controls_do_not_get_in() {
        let mut editor = Editor::default();
        assert!(editor.insert("a\u{1b}[2Jb\u{202e}\r\nc"));
        assert_eq!(editor.text(), "a[2Jb\nc");
    }

    #[test]
    fn what_is_typed_is_kept_letter_by_letter() {
        for text in ["ที่ นมัสการ", "e\u{301}", "👍🏽 ❤️ 👨‍👩‍👧 1️⃣", "می‌خواهم"] {
            let mut editor = Editor::default();
            for c in text.chars() {
                assert!(editor.insert(&c.to_string()));
            }
            assert_eq!(editor.text(), text);
            for row in editor.layout(10).0 {
                let drawn = text::drawn(editor.text().get(row).unwrap());
                assert!(text::width(&drawn) <= 10, "{drawn}");
                assert!(drawn.chars().all(text::is_safe), "{drawn}");
            }
        }
    }
}
