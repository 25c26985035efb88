//! The inbox line by line: for screen readers, for terminals that can only print, for a pipe. The state, its changes and the calls are those
//! of the inbox with a screen; what differs is that it is told in sentences and asked for in answers.
//!
//! Nothing is ever drawn over: lines are only appended, no byte of an escape sequence is written, and what happens meanwhile is told with the
//! next prompt, never between. `dialog` holds what was told, `telling` says, `answering`
//! understands, `place` knows which prompt stands, `offer` what can be answered there, this file waits.

mod answering;
mod choice;
pub(crate) mod dialog;
mod input;
mod news;
mod offer;
mod place;
mod say;
mod telling;
mod thread;
mod writing;

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::around::Around;
use crate::effects::{Core, Outward, now};
use crate::event::Event;
use crate::keymap::{Command, registry};
use crate::settings::EditorMode;
use crate::state::State;
use crate::text;
use crate::update::spoken::Deed;
use crate::{Exit, Options, TuiError};

use dialog::Dialog;
use input::Line;
use place::Ask;

/// What the state takes the screen for: one pane at a time, as here.
const SIZE: (u16, u16) = (80, 24);
/// So long an answer of the daemon's is waited for before the next prompt; it is still told later.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a choice does.
#[derive(Debug, Clone, PartialEq)]
enum Does {
    /// Something in the inbox.
    Deed(Deed),
    /// What a key does in this place.
    Key(Command),
    /// Asks something first.
    Ask(Ask),
    /// Tells the next rows.
    More,
    /// Tells the place again.
    Again,
    /// Tells what can be answered.
    Help,
    /// Older messages.
    Older,
    /// Newer messages.
    Newer,
    /// Writes on.
    WriteOn,
    /// Writes from nothing.
    Anew,
    /// Takes the marks off.
    Unmark,
    /// Opens the customer of the conversation.
    Customer,
    /// Leaves what was asked besides.
    Leave,
    /// Asks for a view's name: of a new one, or another one for the one that is shown.
    ViewName(Ask),
}

impl Does {
    /// Whether it changes something, or begins what does: not done in a read-only inbox.
    fn changes(&self, state: &State) -> bool {
        match self {
            Self::Key(command) => registry::changes(state.pane(), *command),
            Self::Ask(Ask::Mark | Ask::Resolve(_) | Ask::SaveView | Ask::RenameView) => true,
            Self::Ask(Ask::Words | Ask::Tab | Ask::Status | Ask::Decisions | Ask::Search | Ask::Message(_)) => false,
            Self::Ask(Ask::Contacts | Ask::Entry(..)) => false,
            Self::WriteOn | Self::Anew | Self::Unmark | Self::ViewName(_) => true,
            // Rows, and lines of menus, which offer nothing else where nothing is changed.
            Self::Deed(_) => false,
            Self::More | Self::Again | Self::Help | Self::Older | Self::Newer | Self::Customer | Self::Leave => false,
        }
    }
}

/// Runs the inbox on standard input and output, terminals or not.
///
/// # Errors
/// When standard input cannot be read or output is not taken.
pub async fn run(options: Options) -> Result<Exit, TuiError> {
    let echoes = std::io::stdin().is_terminal();
    let lines = input::lines(std::io::stdin()).map_err(TuiError::Terminal)?;
    Box::pin(run_on(options, lines, &mut std::io::stdout(), echoes)).await
}

/// Runs it on any lines and output. `echoes`: whoever types sees their own line end.
async fn run_on(options: Options, mut lines: mpsc::Receiver<Line>, out: &mut impl Write, echoes: bool) -> Result<Exit, TuiError> {
    let stop = options.stop.clone();
    let mut core = Core::start(options.client, options.data_dir, &options.profile, SIZE, |state| {
        state.calm = false;
        (state.read_only, state.opening) = (options.read_only, options.opening);
        (state.settings, state.set_by) = (options.settings, options.set_by);
        // A text is typed line by line: there are no modes.
        if state.has_modes() {
            state.settings.editor.mode = Some(EditorMode::Readline);
        }
        state.around = Around::lines_only();
    });
    let mut dialog = Dialog::default();
    if options.read_only {
        dialog.say("This inbox is read-only: nothing is sent, changed or decided from here.".into());
    }
    for words in [options.banner, options.notice].into_iter().flatten() {
        dialog.say(text::line(&words));
    }
    let mut open = true;
    let exit = 'inbox: loop {
        // What was asked for is waited for, then told with the prompt.
        let patience = Instant::now() + PATIENCE;
        while !(core.is_answered() && dialog.is_ready(&core.state)) {
            tokio::select! {
                wishes = core.step() => if wishes.contains(&Outward::Quit) { break 'inbox Exit::Quit },
                () = tokio::time::sleep_until(patience) => {
                    dialog.say("The daemon has not answered yet; its answer is told when it comes.".into());
                    break;
                }
                () = stop.cancelled() => break 'inbox Exit::Stopped,
            }
            dialog.hear(&mut core.state);
        }
        dialog.hear(&mut core.state);
        let question = dialog.prompt(&mut core.state);
        if tell(out, &dialog.take(), Some(&question)).is_err() {
            break Exit::Stopped;
        }
        let line = loop {
            tokio::select! {
                line = lines.recv(), if open => match line {
                    Some(line) => break line,
                    None => open = false,
                },
                wishes = core.step() => {
                    dialog.hear(&mut core.state);
                    if wishes.contains(&Outward::Quit) {
                        break 'inbox Exit::Quit;
                    }
                }
                () = stop.cancelled() => break 'inbox Exit::Stopped,
            }
            if !open {
                let _ = writeln!(out);
                break 'inbox Exit::Quit;
            }
        };
        if !echoes && writeln!(out).is_err() {
            break Exit::Stopped;
        }
        // Ages are those of the moment they are told: whoever answers is there, and a machine that slept did not tick meanwhile.
        core.apply(Event::Tick(now()));
        let effects = match line {
            Line::Text(line) => dialog.answer(&mut core.state, &line),
            Line::TooLong => {
                dialog.say(format!("That line was longer than {} KB and is left out.", input::LINE_MAX / 1_000));
                Vec::new()
            }
        };
        if core.carry(effects).contains(&Outward::Quit) {
            break Exit::Quit;
        }
    };
    core.finish().await;
    Ok(exit)
}

/// Appends lines, and the question without an end.
fn tell(out: &mut impl Write, lines: &[String], question: Option<&str>) -> std::io::Result<()> {
    for line in lines {
        writeln!(out, "{}", safe(line))?;
    }
    if let Some(question) = question {
        write!(out, "{} ", safe(question))?;
    }
    out.flush()
}

/// The last door before the terminal: one line, and nothing in it that steers.
pub(crate) fn safe(line: &str) -> String {
    line.chars().map(|c| if text::is_safe(c) { c } else { '�' }).collect()
}
