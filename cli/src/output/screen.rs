//! A watched list, drawn over itself on a terminal.

use super::{Column, HEIGHT_DEFAULT, Kind, Output, WIDTH_DEFAULT};
use crate::error::CliError;
use crate::text;

/// The terminal shows what comes between these at once, so that nothing flickers.
const FRAME: (&str, &str) = ("\x1b[?2026h\x1b[H", "\x1b[J\x1b[?2026l");

impl Output {
    /// Whether a table can be drawn over itself.
    pub(crate) fn can_draw(&self) -> bool {
        self.terminal && matches!(self.form.kind, Kind::Usual | Kind::Table)
    }

    /// No form was asked for.
    pub(crate) fn is_usual(&self) -> bool {
        matches!(self.form.kind, Kind::Usual)
    }

    /// Draws the rows that fit the terminal as it is now, and a last line with what is not seen.
    pub(crate) fn draw<T>(
        &mut self,
        rows: &[T],
        total: u64,
        columns: &[Column<T>],
        empty: &str,
        trouble: Option<&str>,
    ) -> Result<(), CliError> {
        let (width, height) = crossterm::terminal::size().map_or((WIDTH_DEFAULT, HEIGHT_DEFAULT), |(w, h)| (w.into(), h.into()));
        self.now = jiff::Timestamp::now();
        self.width = width;
        let frame = self.frame(rows, total, columns, empty, trouble, height);
        self.raw(&frame)
    }

    fn frame<T>(&self, rows: &[T], total: u64, columns: &[Column<T>], empty: &str, trouble: Option<&str>, height: usize) -> String {
        // The head and the last line.
        let fit = &rows[..rows.len().min(height.saturating_sub(2))];
        let page = if rows.is_empty() { format!("{empty}\n") } else { self.table_of(fit, columns) };
        let count = if (fit.len() as u64) < total { format!("{} of {total}", fit.len()) } else { total.to_string() };
        let last = match trouble {
            Some(trouble) => format!("{count} · {trouble} · q leaves"),
            None => format!("{count} · q leaves"),
        };
        let lines: String = page.lines().map(|line| format!("{line}\x1b[K\r\n")).collect();
        format!("{}{lines}{}\x1b[K{}", FRAME.0, text::truncate(&text::line(&last), self.width), FRAME.1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, column, flexible};
    use super::*;

    const COLUMNS: &[Column<u32>] = &[column("ID", |row: &u32, _| row.to_string()), flexible("TEXT", |_: &u32, _| "\x1b[2Jabc".to_owned())];

    #[test]
    fn a_frame_fits_the_screen_and_says_what_it_does_not_show() {
        let out = Output::to(Box::new(std::io::sink()), Form::of(&[]), true, 20, jiff::Timestamp::UNIX_EPOCH);
        let rows: Vec<u32> = (1..=9).collect();
        let frame = out.frame(&rows, 30, COLUMNS, "none", None, 5);
        assert_eq!(
            frame,
            "\x1b[?2026h\x1b[HID  TEXT\x1b[K\r\n1   ␛[2Jabc\x1b[K\r\n2   ␛[2Jabc\x1b[K\r\n3   ␛[2Jabc\x1b[K\r\n3 of 30 · q leaves\x1b[K\x1b[J\x1b[?2026l"
        );
        let empty = out.frame(&[], 0, COLUMNS, "none", Some("the daemon was lost; waiting for it"), 5);
        assert!(empty.contains("none\x1b[K") && empty.contains("0 · the daemon was…"), "{empty:?}");
        out.frame(&rows, 9, COLUMNS, "none", None, 0);
    }
}
