//! The help: its rows, made from the table, and what they are filtered by.

use super::State;
use crate::editor::Editor;
use crate::keymap::registry;
use crate::keymap::{self, Binding, Command, Context};

/// The help while it is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Help {
    /// The place it was opened over: its rows come first, and what is run is run there.
    pub context: Context,
    /// The marked row, counted among the rows alone.
    pub cursor: usize,
    /// First line on the screen.
    pub scroll: usize,
    /// Words that the rows must hold.
    pub words: Editor,
    /// Whether words are being typed.
    pub typing: bool,
    /// Only the rows of this key.
    pub key: Option<String>,
    /// Whether the next key is looked up, whatever it means.
    pub listening: bool,
    /// The place and the command that the next key is given to.
    pub changing: Option<(Context, Command)>,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub enum HelpLine {
    /// The name of a place.
    Heading(&'static str),
    /// A row of the table, in one of its places.
    Row(Context, &'static Binding),
    /// Space.
    Blank,
}

impl Help {
    /// The help over a place.
    pub fn new(context: Context) -> Self {
        Self { context, cursor: 0, scroll: 0, words: Editor::default(), typing: false, key: None, listening: false, changing: None }
    }

    /// Whether rows are left out.
    pub fn is_filtered(&self) -> bool {
        self.key.is_some() || !self.words.is_blank()
    }

    /// The lines: this place first, then what holds in all panes, then the other places. Each row of the table stands once.
    pub fn lines(&self, state: &State) -> Vec<HelpLine> {
        let everywhere = |row: &Binding| Context::PANES.iter().all(|pane| row.contexts.contains(pane));
        let mut shown: Vec<&'static Binding> = Vec::new();
        let mut out = Vec::new();
        let mut section = |title: &'static str, place: Context, takes: &dyn Fn(&Binding) -> bool| {
            let rows: Vec<&'static Binding> = keymap::bindings(place)
                .filter(|row| {
                    takes(row)
                        && registry::is_offered(state, place, row.command)
                        && !shown.iter().any(|other| std::ptr::eq(*other, *row))
                        && self.fits(state, place, row)
                })
                .collect();
            if !rows.is_empty() {
                out.push(HelpLine::Heading(title));
                out.extend(rows.iter().map(|row| HelpLine::Row(place, row)));
                out.push(HelpLine::Blank);
                shown.extend(rows);
            }
        };
        let pane = Context::PANES.contains(&self.context);
        section(self.context.title(), self.context, &|row| !pane || !everywhere(row));
        if pane {
            section("Everywhere", self.context, &everywhere);
        }
        for place in Context::ALL.iter().filter(|place| state.has_modes() || **place != Context::Normal) {
            section(place.title(), *place, &|_| true);
        }
        out
    }

    fn fits(&self, state: &State, place: Context, row: &'static Binding) -> bool {
        let keys = state.keys.of(place, row);
        if let Some(wanted) = &self.key
            && !keys.iter().any(|key| key == wanted || key.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with(' ')))
        {
            return false;
        }
        if self.words.is_blank() {
            return true;
        }
        let action = registry::action(row.command);
        let text = format!("{} {} {} {} {}", registry::help(state, place, row), action.title, action.synonyms, action.id, keys.join(" "))
            .to_lowercase();
        self.words.text().to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The rows alone.
    pub fn rows(&self, state: &State) -> Vec<(Context, &'static Binding)> {
        let row = |line| match line {
            HelpLine::Row(place, row) => Some((place, row)),
            _ => None,
        };
        self.lines(state).into_iter().filter_map(row).collect()
    }

    /// Columns and lines on a screen of this size.
    pub(crate) fn page(size: (u16, u16)) -> (usize, usize) {
        (if size.0 >= 130 { 2 } else { 1 }, usize::from(size.1.saturating_sub(4)).max(1))
    }
}
