//! Running actions by name: the palette, its command line, and the reason where a key cannot do what it says.

use super::{Out, command, moved, run, thread, toast};
use crate::editor::Edit;
use crate::keymap::registry;
use crate::keymap::{Command, Context};
use crate::state::palette::LINE_MAX;
use crate::state::{Choice, Focus, Help, Overlay, Palette, Screen, State, Tab, Tone};

/// A key was pressed that means something: does it, or says why not.
pub(super) fn pressed(state: &mut State, out: &mut Out, context: Context, command: Command, name: &str) {
    // A card says on itself why it cannot be decided.
    let on_the_card = matches!(command, Command::Approve | Command::Reject) && !state.read_only;
    match registry::refusal(state, context, command).filter(|_| !on_the_card) {
        Some(why) => toast(state, Tone::Plain, refused(command, why)),
        None => {
            state.used(command);
            run::run(state, out, context, command, name);
        }
    }
}

/// Why not, in one sentence.
pub(super) fn refused(command: Command, why: &str) -> String {
    let action = registry::action(command);
    if action.is_deed() {
        return format!("{}: {why}", action.title);
    }
    sentence(why)
}

/// With a capital letter.
pub(super) fn sentence(why: &str) -> String {
    let mut chars = why.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Closes what stands over the panes and does what a key of that place would do there; `Err` says why not, and nothing is closed.
pub(super) fn act(state: &mut State, out: &mut Out, context: Context, command: Command) -> Result<(), String> {
    if let Some(why) = registry::refusal(state, context, command) {
        return Err(refused(command, why));
    }
    state.overlay = None;
    if command == Command::QuitTwice {
        // Who chose it by name has said it: it is not asked for a second time.
        state.quitting = Some(state.now);
    }
    state.used(command);
    run::run(state, out, context, command, "");
    Ok(())
}

/// Opens the palette over a place.
pub(super) fn open(state: &mut State, context: Context, text: &str) {
    state.overlay = Some(Overlay::Palette(Palette::new(context, text)));
}

fn palette(state: &mut State) -> Option<&mut Palette> {
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => Some(palette),
        _ => None,
    }
}

/// Text goes into the line of the palette, or into the words that filter the help.
pub(super) fn type_text(state: &mut State, text: &str) {
    let room = |editor: &crate::editor::Editor| LINE_MAX.saturating_sub(editor.text().chars().count());
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => {
            let text: String = text.chars().take(room(&palette.editor)).collect();
            palette.editor.insert(&text);
            (palette.cursor, palette.marked, palette.error) = (0, false, None);
        }
        Some(Overlay::Help(help)) => {
            let text: String = text.chars().take(room(&help.words)).collect();
            help.words.insert(&text);
            (help.cursor, help.scroll) = (0, 0);
        }
        _ => {}
    }
}

/// An edit of that line. Backspace in an empty one closes it.
pub(super) fn edit(state: &mut State, edit: Edit) {
    let back = matches!(edit, Edit::Backspace);
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) if back && palette.editor.text().is_empty() => state.overlay = None,
        Some(Overlay::Palette(palette)) => {
            palette.editor.apply(edit, usize::MAX / 2);
            (palette.cursor, palette.marked, palette.error) = (0, false, None);
        }
        Some(Overlay::Help(help)) if back && help.words.text().is_empty() => help.typing = false,
        Some(Overlay::Help(help)) => {
            help.words.apply(edit, usize::MAX / 2);
            (help.cursor, help.scroll) = (0, 0);
        }
        _ => {}
    }
}

/// Marks another row.
pub(super) fn move_by(state: &mut State, by: isize) {
    let Some(Overlay::Palette(palette)) = &state.overlay else { return };
    let rows = palette.rows(state).len();
    if let Some(palette) = self::palette(state) {
        palette.cursor = moved(palette.cursor, by, rows);
        palette.marked = true;
    }
}

/// Completes the line from the marked row; where that changes nothing, the buttons are next.
pub(super) fn complete(state: &mut State) {
    let line = |state: &State| match &state.overlay {
        Some(Overlay::Palette(palette)) => palette.editor.text().to_owned(),
        _ => String::new(),
    };
    let before = line(state);
    complete_row(state);
    if line(state) == before {
        super::buttons::next(state, Context::Palette);
    }
}

fn complete_row(state: &mut State) {
    let Some(Overlay::Palette(palette)) = &state.overlay else { return };
    let Some(row) = palette.rows(state).into_iter().nth(palette.cursor) else { return };
    let typed = palette.line().unwrap_or_default();
    let shell = command::is_shell(typed);
    let text = match (row.choice, palette.line()) {
        (Choice::Conversation(id), _) => format!("#{id}"),
        (Choice::Run(_), Some(_)) if shell && row.cli.is_some() => {
            format!(":{}", row.cli.as_deref().and_then(|cli| cli.strip_prefix("afenda ")).unwrap_or_default())
        }
        (Choice::Run(command), Some(_)) => format!(":{}", registry::action(command).id),
        (Choice::Contact(_), _) => format!("@{}", row.title.split("  ").next().unwrap_or_default()),
        (Choice::Label(index), _) => {
            format!("~{}", state.directory.labels.get(index).map(|label| label.title.as_str()).unwrap_or_default())
        }
        (Choice::Tab(_), _) => format!(">{}", row.title),
        (Choice::Help, _) => return,
        (Choice::Run(_), None) => row.title,
    };
    if let Some(palette) = self::palette(state) {
        *palette = Palette::new(palette.context, &text);
    }
}

/// Enter: runs the line or the marked row.
pub(super) fn choose(state: &mut State, out: &mut Out) {
    let Some(Overlay::Palette(palette)) = &state.overlay else { return };
    let context = palette.context;
    let line = palette.line().filter(|_| !palette.marked).map(str::to_owned);
    let keyed = line.as_deref().and_then(|line| keyed(state, palette, line));
    let result = if let Some(command) = keyed {
        act(state, out, context, command)
    } else if let Some(line) = line {
        command::run(state, out, context, &line)
    } else {
        match palette.rows(state).get(palette.cursor).map(|row| row.choice) {
            Some(Choice::Run(command)) => act(state, out, context, command),
            Some(Choice::Conversation(id)) => {
                state.overlay = None;
                thread::open(state, out, id);
                Ok(())
            }
            Some(choice) => {
                let words = palette.editor.text().get(1..).unwrap_or_default().trim().to_owned();
                place(state, out, context, choice, &words);
                Ok(())
            }
            None => Err("Nothing matches what was typed".into()),
        }
    };
    if let Err(why) = result
        && let Some(palette) = self::palette(state)
    {
        palette.error = Some(why);
    }
}

/// The marked row's command, where the line is nothing but its key.
fn keyed(state: &State, palette: &Palette, line: &str) -> Option<Command> {
    match palette.rows(state).first()?.choice {
        Choice::Run(command) if state.keys.of_action(palette.context, command).contains(&line) && command::parse(line).is_err() => {
            Some(command)
        }
        _ => None,
    }
}

/// Goes to what a sign found.
fn place(state: &mut State, out: &mut Out, context: Context, choice: Choice, words: &str) {
    state.overlay = None;
    match choice {
        Choice::Contact(id) => super::contacts::open_id(state, id),
        Choice::Label(index) => {
            let Some(label) = state.directory.labels.get(index).map(|label| label.title.clone()) else { return };
            run::show(state, Screen::Inbox);
            state.focus = Focus::List;
            state.list.filter.label = Some(label);
            super::list::refilter(state, out);
        }
        Choice::Tab(tab) => {
            run::show(state, Screen::Inbox);
            state.focus = Focus::List;
            let place = |tab: Tab| Tab::ALL.iter().position(|other| *other == tab).and_then(|at| isize::try_from(at).ok()).unwrap_or(0);
            super::list::tab(state, out, place(tab) - place(state.list.tab));
        }
        Choice::Help => {
            let mut help = Help::new(context);
            help.words.insert(words);
            state.overlay = Some(Overlay::Help(help));
        }
        Choice::Run(_) | Choice::Conversation(_) => {}
    }
}
