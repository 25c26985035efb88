//! `afenda daemon`: the daemon in the foreground, and tokens for its users.

use std::net::SocketAddr;
use std::path::PathBuf;

use ::daemon::{Clock, Config, Overrides, StartError};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Stop;

/// Run the daemon here until it is told to stop, or make a token
#[derive(Debug, clap::Args)]
pub(crate) struct Daemon {
    #[command(subcommand)]
    command: Option<Verb>,
    #[command(flatten)]
    start: Start,
    /// The settings file [default: ~/.config/afenda/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "AFENDA_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Where everything is kept [default: ~/.local/share/afenda]
    #[arg(long, global = true, value_name = "DIR", env = "AFENDA_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Run the daemon here until it is told to stop; the same as without a verb
    Start(Start),
    /// Print a new token for a user; only its hash is kept
    Token {
        /// The user's name in the settings, or owner
        user: String,
    },
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Start {
    /// Where to listen [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

impl Daemon {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let mut overrides = Overrides { config: self.config, listen: self.start.listen, data_dir: self.data_dir };
        match self.command {
            Some(Verb::Token { user }) => token(ctx, &overrides, &user).await,
            Some(Verb::Start(start)) => {
                overrides.listen = start.listen.or(overrides.listen);
                serve(ctx, &overrides).await
            }
            None => serve(ctx, &overrides).await,
        }
    }
}

fn load(overrides: &Overrides) -> Result<Config, CliError> {
    Config::load(overrides, &|key| std::env::var(key).ok()).map_err(|err| {
        CliError::new(Exit::Usage, "CONFIG", "the settings are wrong").because(err).hint("config.example.toml shows every setting")
    })
}

async fn serve(ctx: &mut Context, overrides: &Overrides) -> Result<(), CliError> {
    let config = load(overrides)?;
    crate::log::to_stderr();
    let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    let running = tokio::select! {
        running = ::daemon::start(config, Clock::system()) => running.map_err(not_started)?,
        () = stop.token.cancelled() => return Ok(()),
    };
    ctx.out.note(&format!("afenda listens at {}", running.base_url()));
    stop.token.cancelled().await;
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
