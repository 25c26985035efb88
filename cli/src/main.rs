//! `afenda`: the inbox, the approvals, the daemon and the demo in one program.
//!
//! This crate reads the command line, makes one client, prints, and maps every outcome to an exit code. It holds no rules of the product
//! and never opens the database: everything it shows or changes goes through the daemon's API. `daemon` and `sandbox` are used only to
//! start them.

mod body;
mod commands;
mod context;
mod error;
mod exit;
mod log;
mod money;
mod output;
mod profile;
mod program;
mod selector;
mod settings;
mod stop;
mod text;
mod time;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::context::{Context, Globals};
use crate::error::CliError;
use crate::exit::Exit;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "afenda",
    version,
    about = "The Chatwoot inbox and its approvals in the terminal; without a command it opens the inbox",
    after_help = exit::HELP,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<commands::Command>,
    #[command(flatten)]
    globals: Globals,
}

fn main() -> ExitCode {
    // Fails only when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => return refuse(&err).into(),
    };
    let json = cli.globals.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(err) => {
            context::report(&CliError::failed("cannot start").because(err), json);
            return Exit::Failed.into();
        }
    };
    let mut ctx = Context::new(cli.globals);
    match runtime.block_on(commands::run(cli.command, &mut ctx)) {
        Ok(()) => Exit::Done.into(),
        Err(err) => {
            ctx.report(&err);
            err.exit.into()
        }
    }
}

/// Help and version are answers; everything else is wrong usage.
fn refuse(err: &clap::Error) -> Exit {
    if !err.use_stderr() {
        return if err.print().is_ok() { Exit::Done } else { Exit::OutputClosed };
    }
    // The command line could not be read, so `--json` is looked for by hand.
    if std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json") {
        let text = err.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        context::report(&CliError::usage(message).hint("see --help"), true);
    } else {
        let _ = err.print();
    }
    Exit::Usage
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
}
