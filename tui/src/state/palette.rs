//! The palette: what was typed, and the rows that match it.

use std::cmp::Reverse;

use api::id::ConversationId;

use super::{State, Tab, places};
use crate::editor::Editor;
use crate::keymap::registry::{self, Action, Subject};
use crate::keymap::{self, Command, Context};
use crate::text;

/// Characters of the palette's line at most: a command line with a sentence in it fits.
pub(crate) const LINE_MAX: usize = 400;
/// Conversations listed under `#` at most: more nobody reads in a palette.
const CONVERSATIONS_MAX: usize = 50;
/// Rows of the list that are looked through for a name: more would take longer than a frame.
const SCANNED_MAX: usize = 5_000;
/// Commands remembered as used last.
const RECENT_MAX: usize = 20;

/// The palette while it is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// Where it was opened: what is run is run there.
    pub context: Context,
    /// What was typed. `:` in front makes it a command line, `#` names a conversation.
    pub editor: Editor,
    /// The marked row.
    pub cursor: usize,
    /// Whether a row was marked by hand: Enter on a command line then runs it.
    pub marked: bool,
    /// Why the last line was not run.
    pub error: Option<String>,
}

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Runs a command.
    Run(Command),
    /// Opens a conversation.
    Conversation(ConversationId),
    /// Opens a contact.
    Contact(i64),
    /// Cuts the list to a label of the directory.
    Label(usize),
    /// Shows a tab of the list.
    Tab(Tab),
    /// Opens the help at what was typed.
    Help,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it does.
    pub choice: Choice,
    /// What it is.
    pub title: String,
    /// Its id where ids are typed.
    pub id: Option<&'static str>,
    /// The key that does the same.
    pub key: String,
    /// The command line that does the same.
    pub cli: Option<String>,
    /// Why it cannot be run now.
    pub refusal: Option<&'static str>,
}

impl Palette {
    /// A palette over a place, with a text in its line.
    pub fn new(context: Context, text: &str) -> Self {
        Self { context, editor: Editor::new(text), cursor: 0, marked: false, error: None }
    }

    /// What stands after the colon, on a command line.
    pub fn line(&self) -> Option<&str> {
        self.editor.text().strip_prefix(':').map(str::trim)
    }

    /// The rows that match, best first.
    pub fn rows(&self, state: &State) -> Vec<Row> {
        let subject = Subject::of(state);
        if let Some(search) = self.editor.text().strip_prefix('#') {
            return conversations(state, search.trim());
        }
        let mut signs = self.editor.text().chars();
        let (sign, search) = (signs.next(), signs.as_str().trim());
        match sign {
            Some('@') => return places::people(state, search),
            Some('~') => return places::labels(state, search),
            Some('>') => return places::views(state, search),
            Some('?') => return vec![places::help(search)],
            _ => {}
        }
        let line = self.line();
        let typed = line.unwrap_or_else(|| self.editor.text().trim()).to_owned();
        let mut found: Vec<_> = registry::actions()
            .filter(|action| state.has_modes() || !matches!(action.command, Command::Vim(_)))
            .filter(|action| registry::is_offered(state, self.context, action.command))
            .filter_map(|action| {
                // In the order of the foot of this place; what belongs elsewhere keeps the table's.
                let order = keymap::bindings(self.context).position(|row| row.command == action.command);
                let order = order.unwrap_or(keymap::TABLE.len());
                let row = self.row(state, &subject, action, line.is_some());
                let fit = fit(state, self.context, &action, row.cli.as_deref().filter(|_| line.is_some()), &typed)?;
                let used = state.recent.iter().position(|command| *command == action.command).unwrap_or(RECENT_MAX);
                Some(((Reverse(fit), place(&row, &action, self.context), used, order), row))
            })
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, row)| row).collect()
    }

    fn row(&self, state: &State, subject: &Subject, action: Action, ids: bool) -> Row {
        Row {
            choice: Choice::Run(action.command),
            title: match super::acts::undo_words(state).filter(|_| action.command == Command::Undo) {
                Some(what) => format!("Take back {what}"),
                None => action.title.to_owned(),
            },
            id: ids.then_some(action.id),
            key: state.keys.of_action(self.context, action.command).first().map(|key| (*key).to_owned()).unwrap_or_default(),
            cli: registry::cli(action.command, self.context, subject),
            refusal: registry::refusal(state, self.context, action.command),
        }
    }
}

/// What is done to the thing in focus first, then going about and editing, then what belongs elsewhere; what cannot be done now after
/// what can.
fn place(row: &Row, action: &Action, context: Context) -> (u8, bool) {
    let here = keymap::bindings(context).any(|binding| binding.command == action.command);
    let group = match (here, action.is_deed()) {
        (true, true) => 0,
        (true, false) => 1,
        (false, _) => 2,
    };
    (group, row.refusal.is_some())
}

/// How well an action fits what was typed: every word must be found. A key that is named exactly fits best.
fn fit(state: &State, context: Context, action: &Action, cli: Option<&str>, typed: &str) -> Option<u8> {
    if typed.is_empty() {
        return Some(0);
    }
    let keys = state.keys.of_action(context, action.command);
    if keys.iter().any(|key| *key == typed || (typed.chars().count() > 1 && key.eq_ignore_ascii_case(typed))) {
        return Some(4);
    }
    if action.id == typed || action.title.eq_ignore_ascii_case(typed) {
        return Some(5);
    }
    let typed = typed.to_lowercase();
    if cli.is_some_and(|cli| cli.strip_prefix("afenda ").unwrap_or(cli).starts_with(typed.strip_prefix("afenda ").unwrap_or(&typed))) {
        return Some(3);
    }
    let title = action.title.to_lowercase();
    let mut best = 3;
    for word in typed.split_whitespace() {
        let starts = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word));
        let fits = if starts(&title) {
            3
        } else if starts(action.synonyms) || action.id.contains(word) {
            2
        } else if title.contains(word) || keys.iter().any(|key| word.len() > 2 && key.to_lowercase().contains(word)) {
            1
        } else {
            return None;
        };
        best = best.min(fits);
    }
    Some(best)
}

/// The conversation with the number that was typed, then those that are known and fit.
fn conversations(state: &State, search: &str) -> Vec<Row> {
    let lower = search.to_lowercase();
    let row = |id: ConversationId, title: String| Row {
        choice: Choice::Conversation(id),
        title,
        id: None,
        key: String::new(),
        cli: Some(format!("afenda conv view {id}")),
        refusal: None,
    };
    let exact = search.parse::<i64>().ok().filter(|id| *id > 0).map(ConversationId);
    let name = |id: ConversationId| state.conversation(id).map(|view| text::line(&view.contact.name)).unwrap_or_default();
    let mut out: Vec<Row> = exact.into_iter().map(|id| row(id, format!("#{id} {}", name(id)).trim_end().to_owned())).collect();
    let known = state.list.rows.iter().copied().take(SCANNED_MAX).filter(|id| Some(*id) != exact).map(|id| (id, name(id)));
    out.extend(
        known
            .filter(|(id, name)| id.to_string().starts_with(search) || name.to_lowercase().contains(&lower))
            .take(CONVERSATIONS_MAX)
            .map(|(id, name)| row(id, format!("#{id} {name}"))),
    );
    out
}

impl State {
    /// Remembers a command as used last.
    pub(crate) fn used(&mut self, command: Command) {
        if registry::action(command).is_deed() {
            self.recent.retain(|other| *other != command);
            self.recent.insert(0, command);
            self.recent.truncate(RECENT_MAX);
        }
    }
}
