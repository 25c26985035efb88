//! `afenda config edit`: the settings file in the person's editor. It counts only once the programs take it.

use std::path::Path;
use std::process::Command;

use super::draft::Draft;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Interrupts;

/// Opens the editor, and again for as long as the text is wrong and somebody wants to put that right.
pub(super) fn run(ctx: &mut Context, path: &Path) -> Result<(), CliError> {
    let editor = tui::editor_command(|name| std::env::var(name).ok())
        .ok_or_else(|| CliError::usage("no editor is set").hint(format!("set AFENDA_EDITOR, or open {} yourself", path.display())))?;
    let before = super::text(path)?;
    let faults = super::fault::all(path);
    let mut draft = Draft::write(path, &before)?;
    let interrupts = Interrupts::listen().map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    let (err, kept) = loop {
        let at_editor = interrupts.are_an_editors();
        // As git does: the shell takes the variable apart, the path stays one word.
        let ended = Command::new("sh").arg("-c").arg(format!("{editor} \"$@\"")).arg("afenda").arg(draft.path()).status();
        drop(at_editor);
        let failed = match ended {
            Ok(status) if status.success() => None,
            Ok(status) => Some(format!("the editor ended with {status}")),
            Err(err) => Some(format!("the editor could not be started: {err}")),
        };
        // What is no text is changed, and wrong.
        let same = std::fs::read(draft.path()).map(|now| now == before.as_bytes());
        match (failed, same) {
            (why, Err(err)) => return Err(CliError::failed(why.unwrap_or_else(|| "the editor took the file away".into())).because(err)),
            (Some(why), Ok(true)) => return Err(CliError::failed(why)),
            (Some(why), Ok(false)) => break (CliError::failed(why), draft.keep(path)?),
            (None, Ok(true)) => {
                ctx.out.note("nothing was changed");
                return Ok(());
            }
            (None, Ok(false)) => {}
        }
        let Some(why) = draft.fault(&faults) else {
            if super::text(path).ok().as_ref() != Some(&before) {
                let kept = draft.keep(path)?;
                return Err(CliError::new(Exit::Conflict, "CHANGED", format!("{} was changed by somebody else meanwhile", path.display()))
                    .hint(format!("what you wrote is kept in {}", kept.display())));
            }
            if let Err(err) = draft.put(path) {
                break (err, draft.keep(path)?);
            }
            ctx.out.note(&format!("{} is changed; a running daemon reads it when it starts again", path.display()));
            return Ok(());
        };
        // Under the name that it keeps, whatever ends the question.
        let kept = draft.keep(path)?;
        if !(ctx.can_ask() && crate::ask::yes(&crate::text::clean(&format!("{why}\nOpen the editor again? [y/N] ")))?) {
            break (CliError::usage(why), kept);
        }
        draft = Draft::take_up(path, &kept)?;
    };
    Err(err.hint(format!("{} is as it was; what you wrote is kept in {}", path.display(), kept.display())))
}
