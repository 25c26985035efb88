//! What a command prints: data on stdout, talk on stderr.
//!
//! On a terminal a list is a table with a head and ages; in a pipe the same columns are tab-separated, without a head, with full times.
//! With `--json` a list is a bare array and a thing an object: indented on a terminal, in one line in a pipe.

use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::error::CliError;
use crate::text;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    // Plain comments: clap would print doc comments as a paragraph each, in every help text.
    // On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// Gap between two columns of a table.
const GAP: usize = 2;
/// Width of a table where the terminal does not say its own.
const WIDTH_DEFAULT: usize = 80;
/// No column is squeezed below this.
const COLUMN_MIN: usize = 8;

/// Where and how to print.
pub(crate) struct Output {
    out: Box<dyn Write>,
    /// Machine-readable.
    pub(crate) json: bool,
    /// Stdout is a terminal.
    pub(crate) terminal: bool,
    /// Say only what was asked for.
    pub(crate) quiet: bool,
    /// Colour is wanted and shown.
    pub(crate) color: bool,
    width: usize,
    /// The moment from which ages are counted.
    pub(crate) now: Timestamp,
}

/// One column of a list.
pub(crate) struct Column<T> {
    head: &'static str,
    cell: fn(&T, &Shown) -> String,
    /// May be cut to make the table fit.
    flexible: bool,
}

/// A column as wide as its longest value.
pub(crate) const fn column<T>(head: &'static str, cell: fn(&T, &Shown) -> String) -> Column<T> {
    Column { head, cell, flexible: false }
}

/// A column that is cut where the terminal is narrow.
pub(crate) const fn flexible<T>(head: &'static str, cell: fn(&T, &Shown) -> String) -> Column<T> {
    Column { head, cell, flexible: true }
}

/// How values are shown: ages on a terminal, full times in a pipe.
pub(crate) struct Shown {
    terminal: bool,
    now: Timestamp,
}

impl Shown {
    /// An age such as `41m`, or the time itself in a pipe.
    pub(crate) fn age(&self, at: Timestamp) -> String {
        if self.terminal { crate::time::short(self.now.duration_since(at)) } else { at.to_string() }
    }

    /// How long ago something was, such as `41m ago`; the time itself in a pipe.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        if self.terminal { format!("{} ago", self.age(at)) } else { format!("at {at}") }
    }

    /// An age where there is one.
    pub(crate) fn age_of(&self, at: Option<Timestamp>) -> String {
        at.map(|at| self.age(at)).unwrap_or_default()
    }

    /// The time until something, such as `3h`; `now` when it has come.
    pub(crate) fn until(&self, at: Timestamp) -> String {
        if !self.terminal {
            return at.to_string();
        }
        if at <= self.now { "now".to_owned() } else { crate::time::short(at.duration_since(self.now)) }
    }

    /// The time of day here, with the date where it is not today; the full time in a pipe.
    pub(crate) fn clock(&self, at: Timestamp) -> String {
        if self.terminal { crate::time::clock(at, self.now) } else { at.to_string() }
    }
}

impl Output {
    /// Printing to the real stdout.
    pub(crate) fn new(json: bool, quiet: bool, color: Color) -> Self {
        let terminal = io::stdout().is_terminal();
        let set = |key: &str| std::env::var_os(key).is_some_and(|value| !value.is_empty());
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !set("NO_COLOR") && (terminal || std::env::var("CLICOLOR_FORCE").is_ok_and(|v| v != "0" && !v.is_empty())),
        };
        let width = crossterm::terminal::size().map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width));
        Self { out: Box::new(io::BufWriter::new(io::stdout())), json, terminal, quiet, color, width, now: Timestamp::now() }
    }

    /// Printing to anything, for tests.
    #[cfg(test)]
    pub(crate) fn to(out: Box<dyn Write>, json: bool, terminal: bool, width: usize, now: Timestamp) -> Self {
        Self { out, json, terminal, quiet: false, color: false, width, now }
    }

    /// How values are shown here.
    pub(crate) fn shown(&self) -> Shown {
        Shown { terminal: self.terminal, now: self.now }
    }

    /// One JSON value.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = if self.terminal { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        self.json_text(text)
    }

    /// One JSON value in one line, whatever stdout is: for streams.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        self.json_text(serde_json::to_string(value))
    }

    fn json_text(&mut self, text: serde_json::Result<String>) -> Result<(), CliError> {
        let text = text.map_err(|err| CliError::failed("cannot write the answer as JSON").because(err))?;
        self.raw(&format!("{}\n", text::json(&text)))
    }

    /// A list: a bare array, a table, or tab-separated fields.
    pub(crate) fn list<T: Serialize>(&mut self, rows: &[T], columns: &[Column<T>], empty: &str) -> Result<(), CliError> {
        if self.json {
            return self.json(&rows);
        }
        if rows.is_empty() {
            if self.terminal {
                self.note(empty);
            }
            return Ok(());
        }
        let shown = self.shown();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|c| (c.cell)(row, &shown)).collect()).collect();
        if self.terminal { self.table(columns, &cells) } else { self.fields(&cells) }
    }

    /// One row of a list on its own: an object, or the row's fields; on a terminal `sentence`.
    pub(crate) fn row<T: Serialize>(&mut self, row: &T, columns: &[Column<T>], sentence: &str) -> Result<(), CliError> {
        if self.json {
            return self.json(row);
        }
        if self.terminal {
            return self.line(sentence);
        }
        let shown = self.shown();
        self.fields(&[columns.iter().map(|c| (c.cell)(row, &shown)).collect()])
    }

    fn fields(&mut self, rows: &[Vec<String>]) -> Result<(), CliError> {
        let lines: String = rows.iter().map(|row| row.iter().map(|cell| text::field(cell)).collect::<Vec<_>>().join("\t") + "\n").collect();
        self.raw(&lines)
    }

    fn table<T>(&mut self, columns: &[Column<T>], cells: &[Vec<String>]) -> Result<(), CliError> {
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
        while widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1) > self.width {
            let give = (0..columns.len()).filter(|at| columns[*at].flexible && widths[*at] > COLUMN_MIN).max_by_key(|at| widths[*at]);
            let Some(at) = give else { break };
            widths[at] -= 1;
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
        let mut lines = if self.color { format!("\u{1b}[1m{head}\u{1b}[0m\n") } else { format!("{head}\n") };
        for row in &cells {
            lines.push_str(&render(row));
            lines.push('\n');
        }
        self.raw(&lines)
    }

    /// One line of text for people.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), CliError> {
        self.raw(&format!("{}\n", text::clean(line)))
    }

    /// Text that is harmless already.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), CliError> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Talk: on stderr, and not with `--quiet`.
    pub(crate) fn note(&self, note: &str) {
        if !self.quiet {
            talk(&format!("{}\n", text::clean(note)));
        }
    }
}

/// Writes to stderr. That it cannot be written is nothing that could be told anybody.
pub(crate) fn talk(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(buf);
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Serialize)]
    struct Row {
        id: u32,
        text: &'static str,
        at: Timestamp,
    }

    fn printed(json: bool, terminal: bool, width: usize) -> String {
        let columns: &[Column<Row>] = &[
            column("ID", |row: &Row, _| row.id.to_string()),
            flexible("TEXT", |row: &Row, _| row.text.to_owned()),
            column("AGE", |row: &Row, shown| shown.age(row.at)),
        ];
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let at = "2026-11-21T09:19:00Z".parse().unwrap();
        let rows = [Row { id: 1, text: "a\tb\u{1b}[2J", at }, Row { id: 22, text: "a longer text than fits", at }];
        let sink = Sink::default();
        Output::to(Box::new(sink.clone()), json, terminal, width, now).list(&rows, columns, "none").unwrap();
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_terminal_gets_a_table_that_fits() {
        assert_eq!(printed(false, true, 24), "ID  TEXT             AGE\n1   a b␛[2J          41m\n22  a longer text…   41m\n");
        assert!(printed(false, true, 24).lines().all(|line| text::width(line) <= 24));
    }

    #[test]
    fn a_pipe_gets_fields_without_a_head() {
        assert_eq!(
            printed(false, false, 10),
            "1\ta\\tb\\u{1b}[2J\t2026-11-21T09:19:00Z\n22\ta longer text than fits\t2026-11-21T09:19:00Z\n"
        );
    }

    #[test]
    fn json_is_a_bare_array_in_one_line_in_a_pipe() {
        let compact = printed(true, false, 10);
        assert_eq!(compact.lines().count(), 1);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&compact).unwrap();
        assert_eq!(rows[0]["text"], "a\tb\u{1b}[2J");
        assert!(printed(true, true, 10).lines().count() > 5);
    }
}
