//! vim's commands for the [`Editor`]: letters that move and change, `d`, `c` and `y` with a movement, undo and redo. No counts, no marks, no
//! registers but the one that `Yank` knows too; a text that ends in a line break counts there as whole lines.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

use super::Editor;
use crate::text;

/// States that can be gone back to.
const HISTORY_MAX: usize = 200;
/// Bytes they take at most, together.
const HISTORY_BYTES_MAX: usize = 4 << 20;

/// One of vim's commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vim {
    /// Write before the cursor.
    Insert,
    /// Write after the cursor.
    Append,
    /// Write before the line's first word.
    InsertFirst,
    /// Write at the line's end.
    AppendLast,
    /// Write in a new line below.
    OpenBelow,
    /// Write in a new line above.
    OpenAbove,
    /// Left, in the line.
    Left,
    /// A line down.
    Down,
    /// A line up.
    Up,
    /// Right, in the line.
    Right,
    /// To the next word.
    Word,
    /// To the word's start, or the one before.
    WordBack,
    /// To the word's end, or the next one's.
    WordEnd,
    /// To the line's start.
    Start,
    /// To the line's first word.
    First,
    /// To the line's end.
    Last,
    /// To the first line.
    Top,
    /// To the last line.
    Bottom,
    /// Delete what stands under the cursor.
    Cut,
    /// Delete what a movement passes, or the line.
    Delete,
    /// The same, and write there.
    Change,
    /// Copy what a movement passes, or the line.
    Yank,
    /// Delete to the line's end.
    DeleteRest,
    /// The same, and write there.
    ChangeRest,
    /// Put what was deleted or copied last.
    Put,
    /// Put it before the cursor, or above.
    PutBefore,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
}

/// Whether letters are text or commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modal {
    /// They are commands.
    pub commands: bool,
    /// `d`, `c` or `y`, which a movement completes.
    pub begun: Option<Vim>,
}

/// A state that a text was in: its letters and the cursor.
type Was = (String, usize);

/// What can be taken back and made again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct History {
    /// Newest last.
    past: Vec<Was>,
    /// What was taken back, newest last, and the text that it was made from.
    undone: Vec<(Was, String)>,
}

impl History {
    pub(super) fn clear(&mut self) {
        self.past.clear();
        self.undone.clear();
    }

    /// Forgets the oldest states past the limits.
    fn trim(&mut self) {
        let mut bytes: usize = self.past.iter().map(|(text, _)| text.len()).sum();
        while self.past.len() > 1 && (self.past.len() > HISTORY_MAX || bytes > HISTORY_BYTES_MAX) {
            bytes -= self.past.remove(0).0.len();
        }
    }
}

/// How a cluster counts for words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Letter,
    Sign,
}

fn kind(grapheme: &str) -> Kind {
    match grapheme.chars().next() {
        Some(c) if c.is_whitespace() => Kind::Space,
        Some(c) if c.is_alphanumeric() || c == '_' => Kind::Letter,
        Some(_) => Kind::Sign,
        None => Kind::Space,
    }
}

impl Modal {
    /// Letters are commands from now on; the cursor steps onto the letter before it.
    pub(crate) fn end_writing(&mut self, editor: &mut Editor) {
        *self = Self { commands: true, begun: None };
        if editor.cursor > editor.home() {
            editor.cursor = editor.left();
        }
        editor.settle();
    }

    /// Carries one command out; returns whether what had to go in went in. What is deleted of a `whole` takes all of it along.
    pub(crate) fn run(&mut self, editor: &mut Editor, command: Vim, whole: &[Range<usize>]) -> bool {
        match (self.begun.take(), command) {
            (None, Vim::Delete | Vim::Change | Vim::Yank) => self.begun = Some(command),
            (Some(begun), _) => {
                if let Some(passed) = editor.passed(begun, command) {
                    editor.operate(begun, passed, whole);
                    self.commands = begun != Vim::Change;
                }
            }
            (None, Vim::DeleteRest | Vim::ChangeRest) => {
                let begun = if command == Vim::ChangeRest { Vim::Change } else { Vim::Delete };
                editor.operate(begun, Passed { range: editor.cursor..editor.end(), lines: false }, whole);
                self.commands = begun != Vim::Change;
            }
            (None, Vim::Put | Vim::PutBefore) => {
                editor.checkpoint();
                let fits = editor.put(command == Vim::Put);
                editor.settle();
                return fits;
            }
            (None, Vim::Undo) => editor.undo(),
            (None, Vim::Redo) => editor.redo(),
            (None, Vim::Cut) => {
                editor.checkpoint();
                let range = widened(editor.cursor..editor.right().min(editor.end()), whole);
                editor.kill(range.start, range.end);
            }
            (None, Vim::Insert | Vim::Append | Vim::InsertFirst | Vim::AppendLast | Vim::OpenBelow | Vim::OpenAbove) => {
                editor.checkpoint();
                self.commands = false;
                return editor.begin(command);
            }
            (None, movement) => editor.cursor = editor.target(movement),
        }
        if self.commands {
            editor.settle();
        }
        true
    }
}

/// A range with all of what it takes a part of.
fn widened(range: Range<usize>, whole: &[Range<usize>]) -> Range<usize> {
    let touched = whole.iter().filter(|piece| piece.start < range.end && range.start < piece.end);
    touched.fold(range.clone(), |all, piece| all.start.min(piece.start)..all.end.max(piece.end))
}

/// What a movement passes; whole lines without the last one's break.
struct Passed {
    range: Range<usize>,
    lines: bool,
}

impl Editor {
    /// Remembers the text as it is: `Undo` comes back here.
    pub(crate) fn checkpoint(&mut self) {
        let History { past, .. } = &mut self.history;
        if past.last().is_some_and(|(text, _)| *text == self.text) {
            return;
        }
        past.push((self.text.clone(), self.cursor));
        self.history.trim();
    }

    /// Puts a text behind this one, `gap` between them where both say something. What can be taken back stays so: each state before and after
    /// gets the text too, or taking back would lose it.
    pub(crate) fn follow(&mut self, text: &str, gap: &str) {
        let grow = |state: &mut String| {
            if !text.is_empty() {
                state.push_str(if state.is_empty() { "" } else { gap });
                state.push_str(text);
            }
        };
        grow(&mut self.text);
        self.history.past.iter_mut().for_each(|(was, _)| grow(was));
        self.history.undone.iter_mut().for_each(|((was, _), from)| {
            grow(was);
            grow(from);
        });
        self.history.trim();
    }

    /// Whether there is a change to take back.
    pub(crate) fn can_undo(&self) -> bool {
        self.history.past.iter().any(|(text, _)| *text != self.text)
    }

    /// Whether there is one to make again; another change since then has taken its place.
    pub(crate) fn can_redo(&self) -> bool {
        self.history.undone.last().is_some_and(|(_, from)| *from == self.text)
    }

    /// Whether something was deleted or copied.
    pub(crate) fn can_put(&self) -> bool {
        !self.killed.is_empty()
    }

    fn undo(&mut self) {
        while let Some((text, cursor)) = self.history.past.pop() {
            if text != self.text {
                if !self.can_be_made_again() {
                    self.history.undone.clear();
                }
                let now = (std::mem::replace(&mut self.text, text), std::mem::replace(&mut self.cursor, cursor));
                self.history.undone.push((now, self.text.clone()));
                return;
            }
        }
    }

    /// Whether what was taken back before follows on the text as it is.
    fn can_be_made_again(&self) -> bool {
        self.history.undone.is_empty() || self.can_redo()
    }

    fn redo(&mut self) {
        if !self.can_redo() {
            return;
        }
        if let Some(((text, cursor), _)) = self.history.undone.pop() {
            let now = (std::mem::replace(&mut self.text, text), std::mem::replace(&mut self.cursor, cursor));
            self.history.past.push(now);
        }
    }

    /// Where writing begins.
    fn begin(&mut self, command: Vim) -> bool {
        match command {
            Vim::Append => self.cursor = self.right().min(self.end()),
            Vim::InsertFirst => self.cursor = self.first(self.home()),
            Vim::AppendLast => self.cursor = self.end(),
            Vim::OpenBelow => {
                self.cursor = self.end();
                return self.insert("\n");
            }
            Vim::OpenAbove => {
                self.cursor = self.home();
                let fits = self.insert("\n");
                self.cursor = self.left();
                return fits;
            }
            _ => {}
        }
        true
    }

    /// Where a movement leads.
    fn target(&self, movement: Vim) -> usize {
        match movement {
            Vim::Left => self.left().max(self.home()),
            Vim::Right => self.right().min(self.end()),
            Vim::Down => self.line_below().map_or(self.cursor, |line| self.same_column(line)),
            Vim::Up => self.line_above().map_or(self.cursor, |line| self.same_column(line)),
            Vim::Word => self.next_word(),
            Vim::WordBack => self.word_start(),
            Vim::WordEnd => self.word_end(),
            Vim::Start => self.home(),
            Vim::First => self.first(self.home()),
            Vim::Last => self.end(),
            Vim::Top => self.first(0),
            Vim::Bottom => self.first(self.text.rfind('\n').map_or(0, |at| at + 1)),
            _ => self.cursor,
        }
    }

    /// What a begun command is done to; none: the command after it is no movement, or leads nowhere.
    fn passed(&self, begun: Vim, movement: Vim) -> Option<Passed> {
        let line = self.home()..self.end();
        let lines = |range| Some(Passed { range, lines: true });
        let range = match movement {
            _ if begun == movement => return lines(line),
            Vim::Down => return lines(line.start..self.line_below()?.end),
            Vim::Up => return lines(self.line_above()?.start..line.end),
            Vim::Top => return lines(0..line.end),
            Vim::Bottom => return lines(line.start..self.text.len()),
            // A word is changed without the space after it.
            Vim::Word if begun == Vim::Change && !self.after().starts_with(char::is_whitespace) => self.cursor..self.run_end(),
            // The last word of a line is deleted without the break after it.
            Vim::Word => self.cursor..self.next_word().min(line.end),
            Vim::WordEnd => {
                let last = self.word_end();
                let end = self.text.get(last..)?.graphemes(true).next().map_or(last, |g| last + g.len());
                self.cursor..end
            }
            Vim::Left | Vim::Right | Vim::WordBack | Vim::Start | Vim::First | Vim::Last => {
                let to = self.target(movement);
                self.cursor.min(to)..self.cursor.max(to)
            }
            _ => return None,
        };
        Some(Passed { range, lines: false })
    }

    fn operate(&mut self, begun: Vim, passed: Passed, whole: &[Range<usize>]) {
        let Passed { range, lines } = passed;
        let range = if begun == Vim::Yank { range } else { widened(range, whole) };
        let part = self.text.get(range.clone()).unwrap_or_default().to_owned();
        if lines {
            self.killed = part + "\n";
        } else if !part.is_empty() {
            self.killed = part;
        }
        match begun {
            Vim::Yank => self.cursor = if lines { self.cursor.min(range.end).max(range.start) } else { range.start },
            Vim::Delete if lines => {
                self.checkpoint();
                // One break goes with the lines: the one after them, else the one before.
                let (from, to) =
                    if range.end < self.text.len() { (range.start, range.end + 1) } else { (range.start.saturating_sub(1), range.end) };
                self.remove(from, to);
                self.cursor = self.first(if range.end < to { from } else { self.home() });
            }
            _ => {
                self.checkpoint();
                self.remove(range.start, range.end);
                self.cursor = range.start;
            }
        }
    }

    /// Puts what was deleted or copied: after the cursor or before it, or as lines below or above.
    fn put(&mut self, after: bool) -> bool {
        let killed = self.killed.clone();
        if let Some(lines) = killed.strip_suffix('\n') {
            let (at, text) = if after { (self.end(), format!("\n{lines}")) } else { (self.home(), format!("{lines}\n")) };
            let fits = self.replace(at..at, &text);
            if fits {
                self.cursor = self.first(at + usize::from(after));
            }
            return fits;
        }
        let at = if after { self.right().min(self.end()) } else { self.cursor };
        let fits = self.replace(at..at, &killed);
        if fits {
            self.cursor = self.left().max(at);
        }
        fits
    }

    /// On a letter of its line, if it has one, and never inside of one.
    fn settle(&mut self) {
        let mut place = GraphemeCursor::new(self.cursor.min(self.text.len()), self.text.len(), true);
        if !place.is_boundary(&self.text, 0).unwrap_or(true) {
            self.cursor = place.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0);
        }
        if self.cursor == self.end() && self.cursor > self.home() {
            self.cursor = self.left();
        }
    }

    /// The first thing in the line that begins at `home`, or its end.
    fn first(&self, home: usize) -> usize {
        let line = self.text.get(home..).unwrap_or_default().split('\n').next().unwrap_or_default();
        home + line.len() - line.trim_start().len()
    }

    fn line_below(&self) -> Option<Range<usize>> {
        let start = self.end() + 1;
        let rest = self.text.get(start..)?;
        Some(start..start + rest.find('\n').unwrap_or(rest.len()))
    }

    fn line_above(&self) -> Option<Range<usize>> {
        let end = self.home().checked_sub(1)?;
        Some(self.text.get(..end)?.rfind('\n').map_or(0, |at| at + 1)..end)
    }

    /// The place in another line under or over the cursor.
    fn same_column(&self, line: Range<usize>) -> usize {
        let column = text::width(self.text.get(self.home()..self.cursor).unwrap_or_default());
        let mut used = 0;
        for (at, grapheme) in self.text.get(line.clone()).unwrap_or_default().grapheme_indices(true) {
            used += text::cell(grapheme);
            if used > column {
                return line.start + at;
            }
        }
        line.end
    }

    /// The next word's start; an empty line is one too.
    fn next_word(&self) -> usize {
        let mut on = None;
        for (i, grapheme) in self.after().grapheme_indices(true) {
            let (at, here) = (self.cursor + i, kind(grapheme));
            let empty = i > 0 && grapheme == "\n" && self.text.get(..at).is_some_and(|before| before.ends_with('\n'));
            if empty || (here != Kind::Space && on.is_some_and(|on| on != here)) {
                return at;
            }
            if on.is_none() || here == Kind::Space {
                on = Some(here);
            }
        }
        self.text.len()
    }

    /// The start of the word that ends before the cursor.
    fn word_start(&self) -> usize {
        let mut at = self.cursor;
        let mut of = Kind::Space;
        for (i, grapheme) in self.before().grapheme_indices(true).rev() {
            let here = kind(grapheme);
            if of == Kind::Space {
                let empty = grapheme == "\n" && (i == 0 || self.text.get(..i).is_some_and(|before| before.ends_with('\n')));
                if empty {
                    return i;
                }
                of = here;
            } else if here != of {
                return at;
            }
            at = i;
        }
        at
    }

    /// The last letter of the word after the cursor.
    fn word_end(&self) -> usize {
        let mut at = self.cursor;
        let mut of = Kind::Space;
        for (i, grapheme) in self.after().grapheme_indices(true).skip(1) {
            let here = kind(grapheme);
            if of == Kind::Space {
                of = here;
            } else if here != of {
                break;
            }
            if here != Kind::Space {
                at = self.cursor + i;
            }
        }
        at
    }

    /// Behind the word that the cursor is on.
    fn run_end(&self) -> usize {
        let mut graphemes = self.after().grapheme_indices(true);
        let Some((_, first)) = graphemes.next() else { return self.cursor };
        graphemes.find(|(_, grapheme)| kind(grapheme) != kind(first)).map_or(self.text.len(), |(i, _)| self.cursor + i)
    }
}

#[cfg(test)]
mod tests;
