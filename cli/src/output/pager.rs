//! What is longer than the screen goes through a pager: that of AFENDA_PAGER, of `ui.pager`, of PAGER, else `less`.
//!
//! The text is there as a whole before anything is decided, so that what fits the screen costs no process and not even a look at the
//! settings. Nobody calls this but for people at a terminal.

use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::{HEIGHT_DEFAULT, WIDTH_DEFAULT, talk};
use crate::error::CliError;
use crate::settings::{is_accessible, var};
use crate::stop::Interrupts;
use crate::text;

/// What `less` is told where LESS says nothing: end where all fits, keep colours, leave the text on the screen.
const LESS: &str = "FRX";
/// Variables that a pager is given where nobody else says something in them. The text is always UTF-8, whatever the locale.
const GIVEN: [(&str, &str); 2] = [("LESS", LESS), ("LESSCHARSET", "utf-8")];
/// What a shell answers for a program that is not there, or is none.
const NOT_STARTED: [i32; 2] = [126, 127];
/// Signals with which a program fails by itself; any other is somebody's who ends it.
const FAILS: [i32; 6] = [
    signal_hook::consts::SIGSEGV,
    signal_hook::consts::SIGABRT,
    signal_hook::consts::SIGBUS,
    signal_hook::consts::SIGFPE,
    signal_hook::consts::SIGILL,
    signal_hook::consts::SIGSYS,
];

/// How a pager ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It was left, or had shown all.
    Shown,
    /// The shell could not start it.
    NotStarted,
    /// It failed by itself, whatever it had shown by then.
    Failed(ExitStatus),
}

/// Which pager counts unless something asks for one by its name: the command line, empty for none, and the variable that says so.
pub(crate) fn usual() -> (String, Option<&'static str>) {
    if var("AFENDA_ACCESSIBLE").is_some() && is_accessible() {
        return (String::new(), Some("AFENDA_ACCESSIBLE"));
    }
    if crate::commands::is_dumb() {
        return (String::new(), Some("TERM"));
    }
    var("PAGER").map_or_else(|| ("less".to_owned(), None), |pager| (pager, Some("PAGER")))
}

/// The command line of the pager; none where none is wanted.
fn wanted() -> Option<String> {
    let asked = var("AFENDA_PAGER").or_else(crate::settings::pager);
    let usual = || if is_accessible() { String::new() } else { usual().0 };
    Some(asked.unwrap_or_else(usual)).filter(|pager| !["", "cat"].contains(&pager.trim()))
}

/// Shows a text in the pager until that is left, which may be before the end of the text. `false` where it is still to be printed: it fits the
/// screen, no pager is wanted, it could not be started, or it failed by itself: rather twice than not at all.
///
/// # Errors
/// A text that the pager does not take, other than by ending.
pub(crate) fn show(text: &str) -> Result<bool, CliError> {
    let size = crossterm::terminal::size().map_or((WIDTH_DEFAULT, HEIGHT_DEFAULT), |(width, height)| (width.into(), height.into()));
    if fits(text, size) {
        return Ok(false);
    }
    let Some(pager) = wanted() else { return Ok(false) };
    let failed = |err: io::Error| CliError::failed(format!("cannot show this in `{pager}`")).because(err);
    // Before it starts: from then on they are the pager's.
    let interrupts = Interrupts::listen().map_err(failed)?;
    interrupts.leave();
    let ended = start(&pager, Stdio::inherit()).map_or(Ok(Ended::NotStarted), |(child, by_shell)| feed(child, by_shell, text));
    interrupts.take_back();
    let ended = match ended.map_err(failed)? {
        // Some end with an error when they are interrupted, as `less -K`.
        Ended::Failed(_) if interrupts.came() => Ended::Shown,
        ended => ended,
    };
    match ended {
        Ended::Shown => return Ok(true),
        // Nobody asked for it by its name.
        Ended::NotStarted if pager == "less" => {}
        Ended::NotStarted => talk(&text::clean(&format!("the pager `{pager}` could not be started\n"))),
        Ended::Failed(status) => talk(&text::clean(&format!("the pager `{pager}` failed ({status}); this is the text\n"))),
    }
    Ok(false)
}

/// Whether a text fits a screen of this width and height, with a line left for what is typed next.
fn fits(text: &str, (width, height): (usize, usize)) -> bool {
    let rows = |line: &str| text::width(&without_colour(line)).div_ceil(width.max(1)).max(1);
    let mut left = height.saturating_sub(1);
    text.lines().all(|line| {
        let (rest, full) = left.overflowing_sub(rows(line));
        left = rest;
        !full
    })
}

/// The line without what only colours it.
fn without_colour(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| shown + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// Gives it the text and waits for its end.
fn feed(mut child: Child, by_shell: bool, text: &str) -> io::Result<Ended> {
    let mut written = Ok(());
    if let Some(mut input) = child.stdin.take() {
        // Whoever leaves it early has seen enough.
        written = input.write_all(text.as_bytes()).or_else(|err| if err.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(err) });
    }
    let status = child.wait()?;
    written?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) if by_shell && NOT_STARTED.contains(&code) => Ended::NotStarted,
        (Some(0), _) => Ended::Shown,
        (None, Some(signal)) if !FAILS.contains(&signal) => Ended::Shown,
        _ => Ended::Failed(status),
    })
}

/// Starts it: by itself where its words are plain, so that a program that is not there is seen at once; else by the shell, as `true`.
fn start(pager: &str, out: Stdio) -> io::Result<(Child, bool)> {
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "/._-+,:@%".contains(c);
    let by_shell = !pager.chars().all(plain);
    let mut command = if by_shell {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(pager);
        shell
    } else {
        let mut words = pager.split_whitespace();
        let mut program = Command::new(words.next().unwrap_or_default());
        program.args(words);
        program
    };
    command.envs(GIVEN.iter().filter(|(name, _)| std::env::var_os(name).is_none()).copied());
    Ok((command.stdin(Stdio::piped()).stdout(out).spawn()?, by_shell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_fits_that_leaves_a_line_free() {
        for (text, size, want) in [
            ("", (10, 3), true),
            ("a\nb\n", (10, 3), true),
            ("a\nb\nc\n", (10, 3), false),
            ("\n\n\n", (10, 3), false),
            ("0123456789\nb\n", (10, 3), true),
            ("0123456789x\nb\n", (10, 3), false),
            ("李李李李李\nb\n", (10, 3), true),
            ("\x1b[1;31m0123456789\x1b[0m\nb\n", (10, 3), true),
            ("a\n", (0, 0), false),
        ] {
            assert_eq!(fits(text, size), want, "{text:?} on {size:?}");
        }
    }

    #[test]
    fn a_pager_that_is_left_early_has_shown_it_and_one_that_is_not_there_or_fails_has_not() {
        let long = "a line that is longer than nothing\n".repeat(100_000);
        // All of a short text is in the pipe before anybody reads it.
        for text in [&long, "a line\n"] {
            for (pager, want) in [
                ("true", "shown"),
                ("head -n 1", "shown"),
                ("cat | head -n 1", "shown"),
                ("kill -TERM $$", "shown"),
                ("false", "failed"),
                ("head --no-such-flag", "failed"),
                ("cat > /dev/null; exit 3", "failed"),
                ("kill -SEGV $$", "failed"),
                ("no-such-pager-here", "not started"),
                ("no-such-pager-here --flag", "not started"),
                ("no-such-pager-here | cat; exit 127", "not started"),
                ("/dev/null", "not started"),
                (" ", "not started"),
            ] {
                let ended = start(pager, Stdio::null()).map_or(Ended::NotStarted, |(child, by_shell)| feed(child, by_shell, text).unwrap());
                let ended = match ended {
                    Ended::Shown => "shown",
                    Ended::NotStarted => "not started",
                    Ended::Failed(_) => "failed",
                };
                assert_eq!(ended, want, "{pager}");
            }
        }
    }
}
