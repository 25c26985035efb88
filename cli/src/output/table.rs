//! A list as a table that fits the terminal.

use super::{Column, Output, cells};
use crate::text;

/// Gap between two columns of a table.
const GAP: usize = 2;
/// No column is squeezed below the first, unless the table would not fit without those that can be spared: then below the second, which is
/// three letters and what stands for the rest.
const COLUMN_MIN: [usize; 2] = [8, 4];

impl Output {
    /// Rows with a head over them, unless there is to be none.
    pub(super) fn table_of<T>(&self, rows: &[T], columns: &[Column<T>]) -> String {
        let columns: Vec<&Column<T>> = columns.iter().filter(|c| !c.hidden).collect();
        self.table(&columns, &cells(rows, &columns, &self.shown()), self.form.headers)
    }

    pub(super) fn table<T>(&self, columns: &[&Column<T>], cells: &[Vec<String>], headed: bool) -> String {
        let cells: Vec<Vec<String>> = cells.iter().map(|row| row.iter().map(|cell| text::line(cell)).collect()).collect();
        let longest = |at: usize| cells.iter().filter_map(|row| row.get(at)).map(|cell| text::width(cell)).max().unwrap_or(0);
        let widths = columns.iter().enumerate().map(|(at, column)| longest(at).max(text::width(column.head)));
        let mut kept: Vec<(usize, usize)> = widths.enumerate().collect();
        let shown = loop {
            let mut shown = kept.clone();
            if self.squeeze(columns, &mut shown, COLUMN_MIN[0]) {
                break shown;
            }
            let Some(last) = kept.iter().rposition(|(at, _)| columns[*at].spare) else {
                self.squeeze(columns, &mut shown, COLUMN_MIN[1]);
                break shown;
            };
            kept.remove(last);
        };
        let render = |row: &[String]| -> String {
            let line: String = shown
                .iter()
                .filter_map(|(at, width)| Some((row.get(*at)?, width)))
                .map(|(cell, width)| {
                    let cell = text::truncate(cell, *width);
                    let pad = width.saturating_sub(text::width(&cell)) + GAP;
                    format!("{cell}{}", " ".repeat(pad))
                })
                .collect();
            line.trim_end().to_owned()
        };
        let heads: Vec<String> = columns.iter().map(|column| column.head.to_owned()).collect();
        let head = render(&heads);
        let mut lines = match (headed, self.color) {
            (false, _) => String::new(),
            (true, true) => format!("\u{1b}[1m{head}\u{1b}[0m\n"),
            (true, false) => format!("{head}\n"),
        };
        for row in &cells {
            lines.push_str(&render(row));
            lines.push('\n');
        }
        lines
    }

    /// Whether these columns, each with its width, fit once the widest flexible one has given way for as long as it has more than `least`.
    fn squeeze<T>(&self, columns: &[&Column<T>], shown: &mut [(usize, usize)], least: usize) -> bool {
        while shown.iter().map(|(_, width)| width).sum::<usize>() + GAP * shown.len().saturating_sub(1) > self.width {
            let gives = shown.iter_mut().filter(|(at, width)| columns[*at].flexible && *width > least);
            let Some((_, width)) = gives.max_by_key(|(_, width)| *width) else { return false };
            *width -= 1;
        }
        true
    }
}
