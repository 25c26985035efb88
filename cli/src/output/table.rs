//! A list as a table that fits the terminal.

use super::{Column, Output, cells};
use crate::text;

/// Gap between two columns of a table.
const GAP: usize = 2;
/// No column is squeezed below the first, unless the table would not fit: then below the second, which is three letters and what stands for the rest.
const COLUMN_MIN: [usize; 2] = [8, 4];

impl Output {
    /// Rows with a head over them, unless there is to be none.
    pub(super) fn table_of<T>(&self, rows: &[T], columns: &[Column<T>]) -> String {
        let columns: Vec<&Column<T>> = columns.iter().filter(|c| !c.hidden).collect();
        self.table(&columns, &cells(rows, &columns, &self.shown()), self.form.headers)
    }

    pub(super) fn table<T>(&self, columns: &[&Column<T>], cells: &[Vec<String>], headed: bool) -> String {
        let cells: Vec<Vec<String>> = cells.iter().map(|row| row.iter().map(|cell| text::line(cell)).collect()).collect();
        let mut widths: Vec<usize> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let longest = cells.iter().filter_map(|row| row.get(at)).map(|cell| text::width(cell)).max().unwrap_or(0);
                longest.max(text::width(column.head))
            })
            .collect();
        // The widest flexible column gives way until the table fits or nothing can give any more.
        for least in COLUMN_MIN {
            while widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1) > self.width {
                let give = (0..columns.len()).filter(|at| columns[*at].flexible && widths[*at] > least).max_by_key(|at| widths[*at]);
                let Some(at) = give else { break };
                widths[at] -= 1;
            }
        }
        let render = |row: &[String]| -> String {
            let line: String = row
                .iter()
                .zip(&widths)
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
}
