//! What a command prints: data on stdout, talk on stderr.
//!
//! On a terminal a list is a table with a head and ages; in a pipe the same columns are tab-separated, without a head, with full times.
//! With `--json` a list is a bare array and a thing an object: indented on a terminal, in one line in a pipe. The other forms are in
//! [`form`].

mod color;
mod filter;
mod form;
pub(crate) mod pager;
pub(crate) mod progress;
mod screen;
mod table;
mod template;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::text;

pub(crate) use color::Color;
use form::Kind;
pub(crate) use form::{FIELDS_HELP, Form, Printing, wants_json};

/// Width of a table where the terminal does not say its own.
const WIDTH_DEFAULT: usize = 80;
/// Height of a screen that does not say its own.
const HEIGHT_DEFAULT: usize = 24;

/// Where and how to print.
pub(crate) struct Output {
    out: Box<dyn Write>,
    form: Form,
    /// The line of names was printed, where there is one.
    headed: bool,
    /// Stdout is a terminal.
    pub(crate) terminal: bool,
    /// Say only what was asked for.
    pub(crate) quiet: bool,
    /// Colour is wanted and shown.
    pub(crate) color: bool,
    width: usize,
    /// The moment from which ages are counted.
    pub(crate) now: Timestamp,
    /// What waits for the end, where it may go through a pager.
    held: Option<Held>,
}

/// What a command printed, and what it said meanwhile.
#[derive(Default)]
struct Held {
    text: String,
    notes: RefCell<Vec<String>>,
}

/// One column of a list.
pub(crate) struct Column<T> {
    head: &'static str,
    cell: fn(&T, &Shown) -> String,
    /// May be cut to make the table fit.
    flexible: bool,
    /// Left out, the last first, before cells are cut so short that they say nothing.
    spare: bool,
    /// Only for `-o ids`: what names the row in other commands, where that is not the first column.
    hidden: bool,
}

/// A column that a narrow terminal does without.
pub(crate) const fn spare<T>(column: Column<T>) -> Column<T> {
    Column { spare: true, ..column }
}

/// A column as wide as its longest value.
pub(crate) const fn column<T>(head: &'static str, cell: fn(&T, &Shown) -> String) -> Column<T> {
    Column { head, cell, flexible: false, spare: false, hidden: false }
}

/// What names a row in other commands, where that is not what its first column shows.
pub(crate) const fn naming<T>(cell: fn(&T, &Shown) -> String) -> Column<T> {
    Column { head: "", cell, flexible: false, spare: false, hidden: true }
}

/// A column that is cut where the terminal is narrow.
pub(crate) const fn flexible<T>(head: &'static str, cell: fn(&T, &Shown) -> String) -> Column<T> {
    Column { head, cell, flexible: true, spare: false, hidden: false }
}

/// How values are shown: ages on a terminal, full times in a pipe.
pub(crate) struct Shown {
    terminal: bool,
    now: Timestamp,
}

impl Shown {
    /// Whether people read it, for whom a short name says more than a whole one.
    pub(crate) fn is_for_people(&self) -> bool {
        self.terminal
    }

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
    pub(crate) fn new(form: Form, quiet: bool, color: Color) -> Self {
        let terminal = io::stdout().is_terminal();
        let color = color.wanted(terminal, |key| std::env::var_os(key).map(|value| value.to_string_lossy().into_owned()));
        // Asked only of a terminal: elsewhere the question would start other programs.
        let size = if terminal { crossterm::terminal::size().ok() } else { None };
        let width = size.map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width));
        let out = Box::new(io::BufWriter::new(io::stdout()));
        Self { out, form, headed: false, terminal, quiet, color, width, now: Timestamp::now(), held: None }
    }

    /// Printing to anything, for tests.
    #[cfg(test)]
    pub(crate) fn to(out: Box<dyn Write>, form: Form, terminal: bool, width: usize, now: Timestamp) -> Self {
        Self { out, form, headed: false, terminal, quiet: false, color: false, width, now, held: None }
    }

    /// Prints elsewhere from now on; there is no terminal.
    pub(crate) fn print_to(&mut self, out: Box<dyn Write>) {
        (self.out, self.terminal, self.color) = (out, false, false);
    }

    /// Whether the whole of a value is printed as data, not words or columns of it.
    pub(crate) fn is_structured(&self) -> bool {
        self.form.is_structured()
    }

    /// Whether only what names a thing in other commands is asked for.
    pub(crate) fn wants_ids(&self) -> bool {
        matches!(self.form.kind, Kind::Ids)
    }

    /// Cells in a row of the terminal.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Whether words for people go to stdout: a terminal, and no other form was asked for.
    pub(crate) fn is_for_people(&self) -> bool {
        self.terminal && matches!(self.form.kind, Kind::Usual)
    }

    /// How values are shown here.
    pub(crate) fn shown(&self) -> Shown {
        Shown { terminal: self.is_for_people() || matches!(self.form.kind, Kind::Table), now: self.now }
    }

    /// A thing as data, in the form that was asked for.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let value = self.form.select(to_value(value)?);
        self.emit(&value)
    }

    /// One value of a stream: a line of JSON, unless another form of data was asked for.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let value = self.form.select(to_value(value)?);
        self.value_line(&value)
    }

    fn value_line(&mut self, value: &Value) -> Result<(), CliError> {
        match self.form.kind {
            Kind::Yaml | Kind::Jq(_) | Kind::Template(_) => self.emit(value),
            _ => self.json_text(&value.to_string()),
        }
    }

    fn emit(&mut self, value: &Value) -> Result<(), CliError> {
        let text = match &self.form.kind {
            Kind::Jq(filter) => {
                let mut lines = String::new();
                let done = filter.run(&value.to_string(), &mut lines);
                self.raw(&lines)?;
                return done;
            }
            Kind::Template(template) => text::raw(&template.run(value)?),
            Kind::Yaml => {
                let text =
                    serde_saphyr::to_string(value).map_err(|err| CliError::failed("cannot write the answer as YAML").because(err))?;
                format!("---\n{}", text::clean(&text))
            }
            Kind::Json if self.terminal => return self.json_text(&format!("{value:#}")),
            _ => return self.json_text(&value.to_string()),
        };
        self.raw(&text)
    }

    fn json_text(&mut self, text: &str) -> Result<(), CliError> {
        self.raw(&format!("{}\n", text::json(text)))
    }

    /// A list that is there as a whole.
    pub(crate) fn list<T: Serialize>(&mut self, rows: &[T], columns: &[Column<T>], empty: &str) -> Result<(), CliError> {
        self.part(rows, rows.len() as u64, columns, empty)
    }

    /// The first rows of a list of `total`: a bare array, a table, or fields.
    ///
    /// # Errors
    /// With `--exit-empty`, that there is nothing.
    pub(crate) fn part<T: Serialize>(&mut self, rows: &[T], total: u64, columns: &[Column<T>], empty: &str) -> Result<(), CliError> {
        self.print_part(rows, total, columns, empty)?;
        if rows.is_empty() && self.form.exit_empty { Err(CliError::told(Exit::Empty)) } else { Ok(()) }
    }

    fn print_part<T: Serialize>(&mut self, rows: &[T], total: u64, columns: &[Column<T>], empty: &str) -> Result<(), CliError> {
        match self.form.kind {
            Kind::Jsonl => rows.iter().try_for_each(|row| self.json_line(row)),
            _ if self.is_structured() => {
                let data = self.form.select(to_value(&rows)?);
                let whole = json!({"data": data, "meta": {"total": total, "truncated": (rows.len() as u64) < total}});
                self.emit(if self.form.envelope { &whole } else { &whole["data"] })
            }
            _ if rows.is_empty() && self.is_for_people() => {
                self.note(empty);
                Ok(())
            }
            // Of nothing too it is told what its columns are.
            Kind::Csv => self.rows(rows, columns),
            _ if rows.is_empty() => Ok(()),
            _ => self.rows(rows, columns),
        }
    }

    /// One row of a list on its own: an object, or the row's fields; on a terminal `sentence`.
    pub(crate) fn row<T: Serialize>(&mut self, row: &T, columns: &[Column<T>], sentence: &str) -> Result<(), CliError> {
        if self.is_structured() {
            self.json(row)
        } else if self.is_for_people() {
            self.line(sentence)
        } else {
            self.rows(std::slice::from_ref(row), columns)
        }
    }

    /// A thing: as data, or as words for people or for pipes. It has no columns.
    pub(crate) fn thing<T: Serialize>(&mut self, value: &T, words: impl FnOnce(&Shown) -> String) -> Result<(), CliError> {
        if self.is_structured() {
            return self.json(value);
        }
        self.is_no_list("one thing")?;
        let words = words(&self.shown());
        self.raw(&words)
    }

    /// What is printed has no rows with columns; `what` names it.
    ///
    /// # Errors
    /// They are asked for.
    pub(crate) fn is_no_list(&self, what: &str) -> Result<(), CliError> {
        match self.form.kind {
            Kind::Csv | Kind::Ids => Err(CliError::usage(format!("this is {what}, not a list of rows")).hint("use --json")),
            _ => Ok(()),
        }
    }

    fn rows<T>(&mut self, rows: &[T], columns: &[Column<T>]) -> Result<(), CliError> {
        let shown = self.shown();
        if matches!(self.form.kind, Kind::Ids) {
            let id = columns.iter().find(|c| c.hidden).or(columns.first());
            let mut named = BTreeSet::new();
            let ids = rows.iter().filter_map(|row| id.map(|c| text::field(&(c.cell)(row, &shown)) + "\n"));
            let ids: String = ids.filter(|id| named.insert(id.clone())).collect();
            return self.raw(&ids);
        }
        let columns: Vec<&Column<T>> = columns.iter().filter(|c| !c.hidden).collect();
        let cells = cells(rows, &columns, &shown);
        let heads = columns.iter().map(|c| c.head.to_owned()).collect::<Vec<_>>();
        // A command that prints row by row names its columns once.
        let headed = std::mem::replace(&mut self.headed, true) || !self.form.headers;
        match self.form.kind {
            Kind::Csv => self.csv(if headed { None } else { Some(&heads) }, &cells),
            Kind::Table => self.raw(&self.table(&columns, &cells, !headed)),
            Kind::Usual if self.terminal => self.raw(&self.table(&columns, &cells, !headed)),
            _ => self.fields(&cells),
        }
    }

    fn csv(&mut self, heads: Option<&Vec<String>>, cells: &[Vec<String>]) -> Result<(), CliError> {
        let raw = self.form.csv_raw;
        let cell = |text: &String| text::cell(text, raw);
        let mut out = csv::Writer::from_writer(Vec::new());
        let bad = |err: csv::Error| CliError::failed("cannot write the answer as CSV").because(err);
        for row in heads.into_iter().chain(cells) {
            out.write_record(row.iter().map(cell)).map_err(bad)?;
        }
        let bytes = out.into_inner().map_err(|err| CliError::failed("cannot write the answer as CSV").because(err.into_error()))?;
        self.raw(&String::from_utf8_lossy(&bytes))
    }

    fn fields(&mut self, rows: &[Vec<String>]) -> Result<(), CliError> {
        let lines: String = rows.iter().map(|row| row.iter().map(|cell| text::field(cell)).collect::<Vec<_>>().join("\t") + "\n").collect();
        self.raw(&lines)
    }

    /// One line of text for people.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), CliError> {
        self.raw(&format!("{}\n", text::clean(line)))
    }

    /// From now on what is printed waits for [`finish`](Self::finish), if it is for people at a terminal.
    pub(crate) fn hold(&mut self) {
        if self.terminal && !self.is_structured() {
            self.held = Some(Held::default());
        }
    }

    /// Prints what waits, and from now on everything at once.
    pub(crate) fn release(&mut self) -> Result<(), CliError> {
        self.end(|_| Ok(false))
    }

    /// Prints what waits, in the pager where it is longer than the screen, and says then what was to be said.
    pub(crate) fn finish(&mut self) -> Result<(), CliError> {
        self.end(pager::show)
    }

    fn end(&mut self, show: impl FnOnce(&str) -> Result<bool, CliError>) -> Result<(), CliError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if !show(&held.text)? {
            self.raw(&held.text)?;
        }
        held.notes.into_inner().iter().for_each(|note| self.note(note));
        Ok(())
    }

    /// Text that is harmless already.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), CliError> {
        if let Some(held) = &mut self.held {
            held.text.push_str(text);
            return Ok(());
        }
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Talk: on stderr, and not with `--quiet`.
    pub(crate) fn note(&self, note: &str) {
        if let Some(held) = &self.held {
            held.notes.borrow_mut().push(note.to_owned());
        } else if !self.quiet {
            talk(&format!("{}\n", text::clean(note)));
        }
    }
}

fn cells<T>(rows: &[T], columns: &[&Column<T>], shown: &Shown) -> Vec<Vec<String>> {
    rows.iter().map(|row| columns.iter().map(|c| (c.cell)(row, shown)).collect()).collect()
}

fn to_value(value: &impl Serialize) -> Result<Value, CliError> {
    serde_json::to_value(value).map_err(|err| CliError::failed("cannot write the answer as JSON").because(err))
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

    const COLUMNS: &[Column<Row>] = &[
        column("ID", |row: &Row, _| row.id.to_string()),
        flexible("TEXT", |row: &Row, _| row.text.to_owned()),
        spare(column("AGE", |row: &Row, shown| shown.age(row.at))),
        naming(|row: &Row, _| format!("{}@1", row.id)),
    ];

    fn rows() -> [Row; 2] {
        let at = "2026-11-21T09:19:00Z".parse().unwrap();
        [Row { id: 1, text: "a\tb\u{1b}[2J", at }, Row { id: 22, text: "=a longer text than fits", at }]
    }

    fn on(flags: &[&str], terminal: bool, width: usize, print: impl FnOnce(&mut Output)) -> String {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let sink = Sink::default();
        print(&mut Output::to(Box::new(sink.clone()), Form::of(flags), terminal, width, now));
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn printed(flags: &[&str], terminal: bool, width: usize) -> String {
        on(flags, terminal, width, |out| out.part(&rows(), 5, COLUMNS, "none").unwrap())
    }

    #[test]
    fn a_terminal_gets_a_table_that_fits() {
        let table = printed(&[], true, 24);
        assert_eq!(table, "ID  TEXT             AGE\n1   a b␛[2J          41m\n22  =a longer text…  41m\n");
        assert!(table.lines().all(|line| text::width(line) <= 24));
        assert!(!printed(&["--no-headers"], true, 24).contains("TEXT"));
        assert_eq!(printed(&["-o", "table"], false, 24), table);
        assert_eq!(printed(&[], true, 16), "ID  TEXT\n1   a b␛[2J\n22  =a longer t…\n", "what can be spared goes before cells say nothing");
        assert_eq!(printed(&[], true, 5), "ID  TEXT\n1   a b…\n22  =a…\n");
    }

    #[test]
    fn of_nothing_csv_has_its_columns_and_ids_are_told_once() {
        let none: [Row; 0] = [];
        let empty = |flags: &[&str]| on(flags, false, 80, |out| out.part(&none, 0, COLUMNS, "none").unwrap());
        assert_eq!((empty(&["-o", "csv"]).as_str(), empty(&["-o", "csv", "--no-headers"]).as_str()), ("ID,TEXT,AGE\n", ""));
        assert_eq!(empty(&["-o", "tsv"]), "");
        let twice: Vec<Row> = rows().into_iter().chain(rows()).collect();
        assert_eq!(on(&["-o", "ids"], false, 80, |out| out.part(&twice, 4, COLUMNS, "none").unwrap()), "1@1\n22@1\n");
    }

    #[test]
    fn a_pipe_gets_fields_without_a_head() {
        let fields = printed(&[], false, 10);
        assert_eq!(fields, "1\ta\\tb\\u{1b}[2J\t2026-11-21T09:19:00Z\n22\t=a longer text than fits\t2026-11-21T09:19:00Z\n");
        assert_eq!(printed(&["-o", "tsv"], true, 10), fields, "on a terminal too, where it is asked for");
    }

    #[test]
    fn json_is_a_bare_array_in_one_line_in_a_pipe() {
        let compact = printed(&["--json"], false, 10);
        assert_eq!(compact.lines().count(), 1);
        let rows: Vec<Value> = serde_json::from_str(&compact).unwrap();
        assert_eq!(rows[0]["text"], "a\tb\u{1b}[2J");
        assert_eq!(printed(&["-o", "json"], false, 10), compact);
        assert!(printed(&["--json"], true, 10).lines().count() > 5);
    }

    #[test]
    fn every_form_of_a_list() {
        for (flags, want) in [
            (&["--json=id"][..], "[{\"id\":1},{\"id\":22}]\n"),
            (&["--json=id,id"], "[{\"id\":1},{\"id\":22}]\n"),
            (&["--json=id,at"], "[{\"id\":1,\"at\":\"2026-11-21T09:19:00Z\"},{\"id\":22,\"at\":\"2026-11-21T09:19:00Z\"}]\n"),
            (&["--json=id", "--json-envelope"], "{\"data\":[{\"id\":1},{\"id\":22}],\"meta\":{\"total\":5,\"truncated\":true}}\n"),
            (&["--jq", ".[].text"], "a\tb\\u{1b}[2J\n=a longer text than fits\n"),
            (&["--json=id", "--jq", ".[0]"], "{\"id\":1}\n"),
            (&["--template", "{% for row in data %}{{ row.id }};{% endfor %}"], "1;22;"),
            (&["-o", "ids"], "1@1\n22@1\n"),
            (
                &["--csv-raw", "-o", "csv", "--no-headers"],
                "1,a\tb\\u{1b}[2J,2026-11-21T09:19:00Z\n22,=a longer text than fits,2026-11-21T09:19:00Z\n",
            ),
            (&["-o", "csv"], "ID,TEXT,AGE\n1,a\tb\\u{1b}[2J,2026-11-21T09:19:00Z\n22,'=a longer text than fits,2026-11-21T09:19:00Z\n"),
            (
                &["-o", "jsonl", "--json-envelope"],
                "{\"id\":1,\"text\":\"a\\tb\\u001b[2J\",\"at\":\"2026-11-21T09:19:00Z\"}\n{\"id\":22,\"text\":\"=a longer text than fits\",\"at\":\"2026-11-21T09:19:00Z\"}\n",
            ),
        ] {
            assert_eq!(printed(flags, false, 80), want, "{flags:?}");
        }
        let yaml = printed(&["-o", "yaml"], false, 80);
        assert!(yaml.starts_with("---\n- id: 1\n") && yaml.contains("- id: 22\n"), "{yaml}");
        assert!(!yaml.contains('\u{1b}'), "{yaml}");
    }

    #[test]
    fn rows_one_by_one_name_their_columns_once() {
        let both = |flags: &[&str]| on(flags, false, 80, |out| rows().iter().for_each(|row| out.row(row, COLUMNS, "said").unwrap()));
        assert_eq!(both(&["-o", "csv"]).matches("TEXT").count(), 1);
        assert_eq!(both(&["-o", "ids"]), "1@1\n22@1\n");
        assert_eq!(both(&["--json=id"]), "{\"id\":1}\n{\"id\":22}\n");
        assert_eq!(on(&[], true, 80, |out| out.row(&rows()[0], COLUMNS, "said").unwrap()), "said\n");
    }

    #[test]
    fn one_thing_is_words_or_data_and_never_rows() {
        let thing = |flags: &[&str]| on(flags, false, 80, |out| out.thing(&rows()[0], |_| "words\n".to_owned()).unwrap());
        assert_eq!(thing(&[]), "words\n");
        assert_eq!(thing(&["--jq", ".id"]), "1\n");
        on(&["-o", "csv"], false, 80, |out| {
            assert_eq!(out.thing(&rows()[0], |_| String::new()).unwrap_err().exit, Exit::Usage);
        });
    }
}
