//! `afenda completion`: what a shell needs to complete commands and flags.

mod live;

use clap::CommandFactory;
use clap_complete::env::Shells;

use crate::context::Context;
use crate::error::CliError;

/// The variable by which the shell asks the program for what may come next.
const ASKED_BY: &str = "AFENDA_COMPLETE";

/// Answers a shell that asks what may come next; `false` where none asks.
///
/// # Errors
/// A shell that is not known, or an answer that could not be written.
pub(crate) fn answer() -> clap::error::Result<bool> {
    let line =
        clap_complete::CompleteEnv::with_factory(|| crate::aliases::with_aliases(live::with_values(crate::Cli::command()))).var(ASKED_BY);
    line.try_complete(live::question(std::env::args_os()), std::env::current_dir().ok().as_deref())
}

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "bash: afenda completion bash > ~/.local/share/bash-completion/completions/afenda
zsh:  afenda completion zsh > a folder of $fpath, as _afenda
fish: afenda completion fish > ~/.config/fish/completions/afenda.fish")]
pub(crate) struct Completion {
    /// bash, zsh or fish
    #[arg(value_name = "SHELL", value_parser = ["bash", "zsh", "fish"])]
    shell: String,
}

impl Completion {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let failed = |err: std::io::Error| CliError::failed("cannot write the completion script").because(err);
        let mut script = Vec::new();
        if let Some(shell) = Shells::builtins().completer(&self.shell) {
            shell.write_registration(ASKED_BY, "afenda", "afenda", "afenda", &mut script).map_err(failed)?;
        }
        ctx.out.raw(&String::from_utf8_lossy(&script))
    }
}
