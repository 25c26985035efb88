//! A backend that writes only what changes something: a frame that is as the last one costs no byte.
//!
//! ratatui ends every frame with codes that reset colours and hide or place the cursor; four frames a second over a slow line are
//! a hundred bytes a second for nothing.

use std::borrow::Cow;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;

use crate::links;

/// Stands before another backend.
#[derive(Debug)]
pub struct Sparing<B> {
    inner: B,
    /// Whether the cursor is shown; none: not known.
    shown: Option<bool>,
    /// Where the cursor is; none: not known.
    at: Option<Position>,
    /// Something was written since the last flush.
    wrote: bool,
    /// The terminal shows what stands between two commands at once.
    synchronized: bool,
}

/// Begins and ends what is to be shown at once (mode 2026).
const AT_ONCE: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");
/// Cells from which that is worth its bytes: fewer are written at once anyway.
const MANY: usize = 80;

impl<B> Sparing<B> {
    /// Before a terminal of which nothing is known yet.
    pub fn new(inner: B) -> Self {
        Self { inner, shown: None, at: None, wrote: false, synchronized: false }
    }

    /// Whether the terminal knows frames that are shown at once.
    #[must_use]
    pub fn synchronized(self, on: bool) -> Self {
        Self { synchronized: on, ..self }
    }

    /// Somebody else may have had the terminal.
    fn forget(&mut self) {
        (self.shown, self.at, self.wrote) = (None, None, true);
    }
}

/// Puts the commands around a frame: they stand with its first and its last cell, since a backend takes cells alone.
fn at_once(cells: &mut [(u16, u16, Cow<'_, Cell>)]) {
    if let Some((_, _, first)) = cells.first_mut() {
        let symbol = format!("{}{}", AT_ONCE.0, first.symbol());
        first.to_mut().set_symbol(&symbol);
    }
    if let Some((_, _, last)) = cells.last_mut() {
        let symbol = format!("{}{}", last.symbol(), AT_ONCE.1);
        last.to_mut().set_symbol(&symbol);
    }
}

/// Makes of the cells that are marked as a link the commands that begin and end it: a link goes from cell to cell as long as its mark does.
fn linked(mut cells: Vec<(u16, u16, Cow<'_, Cell>)>) -> Vec<(u16, u16, Cow<'_, Cell>)> {
    let marks: Vec<Color> = cells.iter().map(|(_, _, cell)| cell.underline_color).collect();
    if marks.iter().all(|mark| *mark == Color::Reset) {
        return cells;
    }
    for (i, mark) in marks.iter().enumerate().filter(|(_, mark)| **mark != Color::Reset) {
        let Some((_, _, cell)) = cells.get_mut(i) else { continue };
        let cell = cell.to_mut();
        cell.underline_color = Color::Reset;
        let Some(address) = links::address(*mark) else { continue };
        let begins = i.checked_sub(1).and_then(|before| marks.get(before)) != Some(mark);
        let ends = marks.get(i + 1) != Some(mark);
        let begin = if begins { links::begin(*mark, &address) } else { String::new() };
        let symbol = format!("{begin}{}{}", cell.symbol(), if ends { links::END } else { "" });
        cell.set_symbol(&symbol);
    }
    cells
}

impl<B: Backend> Backend for Sparing<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), B::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // A space has no colour of its own but that of its ground: the one before it stays.
        let mut fg = Color::Reset;
        let cells: Vec<(u16, u16, Cow<'a, Cell>)> = content
            .map(|(x, y, cell)| {
                if cell.symbol() == " " && cell.modifier.is_empty() && cell.fg != fg {
                    let mut blank = cell.clone();
                    blank.fg = fg;
                    return (x, y, Cow::Owned(blank));
                }
                fg = cell.fg;
                (x, y, Cow::Borrowed(cell))
            })
            .collect();
        if cells.is_empty() {
            return Ok(());
        }
        (self.at, self.wrote) = (None, true);
        let mut cells = linked(cells);
        if self.synchronized && cells.len() >= MANY {
            at_once(&mut cells);
        }
        self.inner.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell.as_ref())))
    }

    fn append_lines(&mut self, n: u16) -> Result<(), B::Error> {
        self.forget();
        self.inner.append_lines(n)
    }

    fn hide_cursor(&mut self) -> Result<(), B::Error> {
        if self.shown == Some(false) {
            return Ok(());
        }
        (self.shown, self.wrote) = (Some(false), true);
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), B::Error> {
        if self.shown == Some(true) {
            return Ok(());
        }
        (self.shown, self.wrote) = (Some(true), true);
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, B::Error> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), B::Error> {
        let position = position.into();
        if self.at == Some(position) {
            return Ok(());
        }
        (self.at, self.wrote) = (Some(position), true);
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), B::Error> {
        self.forget();
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), B::Error> {
        self.forget();
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, B::Error> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, B::Error> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), B::Error> {
        if std::mem::take(&mut self.wrote) { self.inner.flush() } else { Ok(()) }
    }
}
