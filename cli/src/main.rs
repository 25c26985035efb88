//! `afenda`: the inbox, the approvals, the daemon and the demo in one program.
//!
//! This crate reads the command line, makes one client, prints, and maps every outcome to an exit code. It holds no rules of the product
//! and never opens the database: everything it shows or changes goes through the daemon's API. `daemon` and `sandbox` are used only to
//! start them.

mod aliases;
mod ask;
mod body;
mod commands;
mod context;
mod error;
mod exit;
mod keychain;
mod log;
mod money;
mod offer;
mod output;
mod profile;
mod program;
mod rows;
mod selector;
mod settings;
mod settle;
mod shape;
mod stop;
mod text;
mod time;
mod watch;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::context::{Context, Globals};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Color;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "afenda",
    version,
    about = "The Chatwoot inbox and its approvals in the terminal; without a command it opens the inbox",
    after_help = exit::HELP,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<commands::Command>,
    #[command(flatten)]
    globals: Globals,
}

/// What can be told to end has done so this long after its time.
const GRACE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    // Fails only when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A shell that completes asks in a variable, and is answered here.
    match commands::completion::answer() {
        Ok(false) => {}
        Ok(true) => return Exit::Done.into(),
        Err(err) => return refuse(err, Vec::new()).into(),
    }
    let command = Cli::command();
    let args = match aliases::expand(&command, std::env::args_os().collect()) {
        Ok(args) => args,
        Err(err) => {
            context::report(&err, wants_json(std::env::args_os()));
            return err.exit.into();
        }
    };
    let read = command.try_get_matches_from(&args).and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, path(&matches))));
    let (cli, path) = match read {
        Ok(read) => read,
        Err(err) => return refuse(err, args).into(),
    };
    let json = cli.globals.printing.errors_in_json();
    // A call needs one thread; what serves others has all of them.
    let mut builder = match cli.command {
        Some(ref command) if !command.serves() => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(err) => {
            context::report(&CliError::failed("cannot start").because(err), json);
            return Exit::Failed.into();
        }
    };
    let mut ctx = match Context::new(cli.globals) {
        Ok(ctx) => ctx,
        Err(err) => {
            context::report(&err, json);
            return err.exit.into();
        }
    };
    if commands::only_shows(&path) && !ctx.globals.no_pager {
        ctx.out.hold();
    }
    let prints = cli.command.as_ref().map_or(path.as_str(), |command| command.prints(&path));
    let done = match fields(prints, &mut ctx) {
        Ok(true) => Ok(()),
        Ok(false) => runtime.block_on(carry_out(cli.command, &mut ctx)),
        Err(err) => Err(err),
    };
    // What was printed before something failed is shown too.
    let printed = ctx.out.finish();
    match done.and(printed) {
        Ok(()) => Exit::Done.into(),
        Err(err) => {
            ctx.keep_written();
            let err = runtime.block_on(offer::to_start(&ctx, &path, err));
            ctx.report(&err);
            err.exit.into()
        }
    }
}

/// Runs the command; with `--wait`, until Chatwoot has what it changed.
async fn carry_out(command: Option<commands::Command>, ctx: &mut Context) -> Result<(), CliError> {
    if ctx.globals.dry_run && !command.as_ref().is_some_and(commands::Command::asks_the_daemon) {
        return Err(context::no_dry_run());
    }
    let (limit, begun) = (ctx.globals.timeout, Instant::now());
    if let Some(before) = in_time(limit, ctx, command).await? {
        before.settle(ctx, limit.map(|limit| limit.saturating_sub(begun.elapsed()))).await?;
    }
    ended(ctx)
}

/// What is to be said of a command that succeeded, besides what it came to.
fn ended(ctx: &Context) -> Result<(), CliError> {
    if ctx.globals.error_unchanged && ctx.changes.is_nothing() {
        return Err(CliError::new(Exit::Empty, "UNCHANGED", "nothing was changed: everything was so already"));
    }
    if ctx.globals.dry_run {
        ctx.out.note("a dry run: nothing was changed");
    }
    Ok(())
}

/// Runs a command; with `--wait` comes back with what was on its way before.
async fn run(ctx: &mut Context, command: Option<commands::Command>) -> Result<Option<settle::Before>, CliError> {
    let before = if ctx.globals.wait { Some(settle::Before::look(ctx).await?) } else { None };
    commands::run(command, ctx).await?;
    Ok(before)
}

/// Runs a command, for so long at most.
async fn in_time(
    limit: Option<Duration>,
    ctx: &mut Context,
    command: Option<commands::Command>,
) -> Result<Option<settle::Before>, CliError> {
    let Some(limit) = limit else { return run(ctx, command).await };
    ask::within(limit);
    let (asked, json) = (ctx.asked.clone(), ctx.globals.printing.errors_in_json());
    let late = move || {
        let err = CliError::timed_out(limit);
        match asked.unanswered() {
            Some((key, find_out)) => err.outcome_unknown(&key, &find_out),
            None => err,
        }
    };
    let _watched = watch(limit, late.clone(), json);
    let mut run = std::pin::pin!(run(ctx, command));
    loop {
        match tokio::time::timeout(limit, &mut run).await {
            Ok(done) => return done,
            Err(_) if stop::is_at_editor() => {}
            Err(_) => return Err(late()),
        }
    }
}

/// What is busy or reads cannot be told to end: where it goes on beyond its time, the process ends. The watch ends with what it returns.
fn watch(limit: Duration, late: impl Fn() -> CliError + Send + 'static, json: bool) -> std::sync::mpsc::Sender<()> {
    let (watched, ended) = std::sync::mpsc::channel();
    let longest = limit.saturating_add(GRACE);
    std::thread::spawn(move || {
        while ended.recv_timeout(longest) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            if !stop::is_at_editor() {
                context::report(&late(), json);
                std::process::exit(i32::from(Exit::TimedOut.number()));
            }
        }
    });
    watched
}

/// The command's words, without aliases.
fn path(matches: &clap::ArgMatches) -> String {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((word, below)) = at.subcommand() {
        words.push(word);
        at = below;
    }
    words.join(" ")
}

/// Checks the fields that `--json` names; `true` where it only asks for their list, which is printed.
fn fields(prints: &str, ctx: &mut Context) -> Result<bool, CliError> {
    let names: Vec<String> = ctx.globals.printing.fields().map(str::to_owned).collect();
    if names.is_empty() {
        return Ok(false);
    }
    let none = || CliError::usage(format!("nothing is known of the fields that `{prints}` prints")).hint("--jq chooses from any JSON");
    let shape = shape::of(prints).ok_or_else(none)?;
    if names == [output::FIELDS_HELP] {
        for field in shape.fields(&shape::schemas()) {
            ctx.out.raw(&format!("{}\t{}\n", field.name, field.kind))?;
        }
        return Ok(true);
    }
    shape.check(names.iter().map(String::as_str))?;
    Ok(false)
}

/// Whether a command line that nobody could read asks for errors as JSON.
fn wants_json(args: impl IntoIterator<Item = OsString>) -> bool {
    output::wants_json(args.into_iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()))
}

/// Help and version are answers; everything else is wrong usage.
fn refuse(mut err: clap::Error, args: Vec<OsString>) -> Exit {
    if !err.use_stderr() {
        return answer(&err, &args);
    }
    let hash = misses_an_id(&err).then_some("in a shell # begins a comment: write '#123' with its quotes, or 123");
    if wants_json(args) {
        let text = err.render().to_string();
        let message = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
        context::report(&CliError::usage(message.trim_start_matches("error: ")).hint(hash.unwrap_or("see --help")), true);
    } else {
        if let Some(hash) = hash {
            err.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hash.into()]));
        }
        let _ = err.print();
    }
    Exit::Usage
}

/// Help or the version, through the pager where it is longer than the screen.
fn answer(err: &clap::Error, args: &[OsString]) -> Exit {
    let plain = args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--no-pager");
    if !plain && std::io::stdout().is_terminal() {
        let text = err.render();
        let color = Color::Auto.wanted(true, |key| std::env::var(key).ok());
        match output::pager::show(&if color { text.ansi().to_string() } else { text.to_string() }) {
            Ok(false) => {}
            Ok(true) => return Exit::Done,
            Err(err) => {
                context::report(&err, false);
                return err.exit;
            }
        }
    }
    match err.print().map_err(CliError::from) {
        Ok(()) => Exit::Done,
        Err(err) => {
            context::report(&err, false);
            err.exit
        }
    }
}

/// Whether an id is missing, which is what `#123` without quotes comes to.
fn misses_an_id(err: &clap::Error) -> bool {
    let missing = match err.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) if err.kind() == ErrorKind::MissingRequiredArgument => names.as_slice(),
        _ => return false,
    };
    missing.iter().any(|name| name.starts_with("<ID") || name.starts_with("<CONVERSATION"))
}

/// The help of the whole program, as `--help` prints it.
pub(crate) fn help() -> String {
    Cli::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// Every command with its help; what a command hands down to those below it stands there once.
    fn book(command: &clap::Command, path: &str, handed_down: &[clap::Id], out: &mut String) {
        let shown = |arg: clap::Arg| if handed_down.contains(arg.get_id()) { arg.hide(true) } else { arg };
        let mut own = command.clone().term_width(100).mut_args(shown);
        let name = format!("afenda {path}");
        let help = own.render_help().to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
        out.push_str(&format!("\n## {}\n\n```\n{}\n```\n", name.trim_end(), help.trim_end()));
        let own = command.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().clone());
        let handed_down: Vec<clap::Id> = handed_down.iter().cloned().chain(own).collect();
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help" || path.is_empty()) {
            book(sub, format!("{path} {}", sub.get_name()).trim_start(), &handed_down, out);
        }
    }

    /// All `--help` texts, so that a changed flag shows in review.
    #[test]
    fn the_book_of_commands_is_up_to_date() {
        let mut command = Cli::command();
        command.build();
        let mut now = "# Commands\n\nMade of the program's own help; `afenda help` prints the same.\n".to_owned();
        book(&command, "", &[], &mut now);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        if std::env::var_os("AFENDA_UPDATE_DOCS").is_some() {
            std::fs::write(path, &now).unwrap();
        } else {
            let known = std::fs::read_to_string(path).unwrap_or_default();
            assert_eq!(known, now, "run this test with AFENDA_UPDATE_DOCS=1 and look at the difference");
        }
    }
}
