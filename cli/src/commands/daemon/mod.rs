//! `afenda daemon`: the daemon in the foreground or the background, and tokens for its users.

mod background;
mod install;
mod logs;

use std::net::SocketAddr;
use std::path::PathBuf;

use ::daemon::{Clock, Config, Overrides, StartError};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Stop;

/// Run the daemon here until it is told to stop, or look after one in the background
#[derive(Debug, clap::Args)]
pub(crate) struct Daemon {
    #[command(subcommand)]
    command: Option<Verb>,
    /// Where to listen [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The settings file [default: ~/.config/afenda/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "AFENDA_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Where everything is kept [default: ~/.local/share/afenda]
    #[arg(long, global = true, value_name = "DIR", env = "AFENDA_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Start it in the background, and wait until it answers
    Start(Start),
    /// Stop it in order; only its owner may
    Stop,
    /// Stop it and start it again, at the same address
    Restart {
        /// End it also where it does not answer or does not stop in time; nothing that it took on is lost
        #[arg(long)]
        force: bool,
    },
    /// Show how it stands; 9 where nobody answers
    Status,
    Logs(logs::Logs),
    Install(install::Install),
    /// Print a new token for a user; only its hash is kept
    Token {
        /// The user's name in the settings, or owner
        user: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    /// Run here until it is told to stop; `afenda daemon` alone does the same
    #[arg(long)]
    foreground: bool,
    /// In a session of its own: keys pressed in the terminal that started it, and its end, are not for it
    #[arg(long, hide = true, requires = "foreground")]
    detached: bool,
    /// Where to listen [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

impl Daemon {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let mut overrides = Overrides { config: self.config, listen: self.listen, data_dir: self.data_dir };
        match self.command {
            None => serve(ctx, &overrides, false).await,
            Some(Verb::Start(start)) => {
                overrides.listen = start.listen.or(overrides.listen);
                if start.detached {
                    rustix::process::setsid().map_err(|err| CliError::failed("cannot leave the terminal").because(err))?;
                }
                if start.foreground { serve(ctx, &overrides, start.detached).await } else { in_background(ctx, &overrides).await }
            }
            Some(Verb::Stop) => which(&load(&overrides)?, &overrides)?.stop(ctx).await,
            Some(Verb::Restart { force }) => {
                let config = load(&overrides)?;
                let running = which(&config, &overrides)?.end_to_begin_again(ctx, force).await?;
                overrides.listen = overrides.listen.or(running);
                in_background(ctx, &overrides).await
            }
            Some(Verb::Status) => which(&load(&overrides)?, &overrides)?.status(ctx).await,
            Some(Verb::Logs(logs)) => logs.run(ctx, &load(&overrides)?.data_dir).await,
            Some(Verb::Install(install)) => install.run(ctx, &flags(&overrides)?),
            Some(Verb::Token { user }) => token(ctx, &overrides, &user).await,
        }
    }

    /// Whether it serves here: all else are calls.
    pub(crate) fn serves(&self) -> bool {
        match &self.command {
            None => true,
            Some(Verb::Start(start)) => start.foreground,
            _ => false,
        }
    }
}

async fn in_background(ctx: &Context, overrides: &Overrides) -> Result<(), CliError> {
    which(&load(overrides)?, overrides)?.start(ctx).await
}

fn which<'a>(config: &'a Config, overrides: &Overrides) -> Result<background::Which<'a>, CliError> {
    Ok(background::Which { config, flags: flags(overrides)? })
}

/// The flags that say the same to another process, wherever it runs.
fn flags(overrides: &Overrides) -> Result<Vec<String>, CliError> {
    let here = |path: &PathBuf| {
        let whole = std::path::absolute(path).map_err(|err| CliError::usage(format!("{}: no such place", path.display())).because(err))?;
        whole.into_os_string().into_string().map_err(|path| CliError::usage(format!("{} is not UTF-8", path.display())))
    };
    let mut flags = Vec::new();
    for (name, path) in [("--config", &overrides.config), ("--data-dir", &overrides.data_dir)] {
        if let Some(path) = path {
            flags.extend([name.to_owned(), here(path)?]);
        }
    }
    flags.extend(overrides.listen.iter().flat_map(|listen| ["--listen".to_owned(), listen.to_string()]));
    Ok(flags)
}

/// Starts one in the background, as `afenda daemon start` does.
pub(crate) async fn start_default(ctx: &Context) -> Result<(), CliError> {
    in_background(ctx, &Overrides { data_dir: Some(Context::data_dir()?), ..Overrides::default() }).await
}

fn load(overrides: &Overrides) -> Result<Config, CliError> {
    Config::load(overrides, &|key| std::env::var(key).ok()).map_err(|err| {
        CliError::new(Exit::Usage, "CONFIG", "the settings are wrong").because(err).hint("config.example.toml shows every setting")
    })
}

async fn serve(ctx: &mut Context, overrides: &Overrides, detached: bool) -> Result<(), CliError> {
    let config = load(overrides)?;
    if detached {
        crate::log::to_file(logs::File::of(&config.data_dir))
    } else {
        crate::log::to_stderr()
    }
    let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    let running = tokio::select! {
        running = ::daemon::start(config, Clock::system()) => running.map_err(not_started)?,
        () = stop.token.cancelled() => return Ok(()),
    };
    ctx.out.note(&format!("afenda listens at {}", running.base_url()));
    tokio::select! {
        () = stop.token.cancelled() => {}
        () = running.asked_to_stop() => {}
    }
    running.stop().await;
    Ok(())
}

fn not_started(err: StartError) -> CliError {
    CliError::failed("the daemon did not start").because(err)
}

async fn token(ctx: &mut Context, overrides: &Overrides, user: &str) -> Result<(), CliError> {
    let config = load(overrides)?;
    let made = ::daemon::mint_token(&config, user, &Clock::system()).await;
    let token = made.map_err(|err| CliError::failed(format!("no token was made for `{user}`")).because(err))?;
    if ctx.out.is_structured() {
        return ctx.out.json(&json!({"user": user, "token": token.expose()}));
    }
    ctx.out.line(token.expose())
}
