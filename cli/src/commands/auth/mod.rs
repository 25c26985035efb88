//! `afenda auth`: who one is, at which daemon, and the caller's own token at Chatwoot.

mod profiles;

use std::io::{IsTerminal, Read};

use api::Token;
use api::tenant::MeView;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column};

/// A token of Chatwoot has 24 characters, one of afenda's some more; what is much longer is a mistaken file.
const TOKEN_BYTES_MAX: u64 = 4 * 1024;

/// Who you are, at which daemon, and your own token at Chatwoot
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Auth {
    Login(profiles::Login),
    /// Forget the profile, which -P names, and its token
    Logout,
    /// Show all profiles: which daemon, as whom, whether it answers; 4 where the active one's token is rejected, 9 where nobody answers
    Status,
    /// Show who you are
    Whoami,
    Token(profiles::PrintToken),
    Switch(profiles::Switch),
    /// Write as yourself: takes your Chatwoot access token from standard input
    LinkChatwoot,
    /// Forget your Chatwoot access token: what you write goes out as the service user again
    UnlinkChatwoot,
}

const COLUMNS: &[Column<MeView>] = &[
    column("USER", |row, _| row.user.clone()),
    column("AGENT", |row, _| row.agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default()),
    column("OWN TOKEN", |row, _| row.agent.as_ref().is_some_and(|agent| agent.own_token).to_string()),
];

impl Auth {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let me = match self {
            Self::Login(login) => return login.run(ctx).await,
            Self::Logout => return profiles::logout(ctx).await,
            Self::Status => return profiles::status(ctx).await,
            Self::Token(token) => return token.run(ctx).await,
            Self::Switch(switch) => return switch.run(ctx),
            Self::Whoami => {
                let me = ctx.session().await?.call(async |client| client.me().await).await?;
                let sentence = format!("{} ({}), {} of {}", me.name, me.user, me.role, me.tenant.name);
                return ctx.out.row(&me, COLUMNS, &crate::text::line(&sentence));
            }
            Self::LinkChatwoot => {
                let session = ctx.session().await?;
                let how = "afenda auth link-chatwoot < FILE, or from a password manager through a pipe; it stands on your profile page in Chatwoot";
                let token = read_token(how)?;
                session.call(async |client| client.link_chatwoot(&token).await).await?
            }
            Self::UnlinkChatwoot => ctx.session().await?.call(async |client| client.unlink_chatwoot().await).await?,
        };
        let sentence = match &me.agent {
            Some(agent) if agent.own_token => format!("what you write goes out as {}", agent.name),
            _ => "what you write goes out as the service user".to_owned(),
        };
        ctx.out.row(&me, COLUMNS, &crate::text::line(&sentence))
    }
}

/// The token, which never stands on the command line or on the screen.
fn read_token(how: &str) -> Result<Token, CliError> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        return Err(CliError::usage("the token comes from standard input, so that it is not shown here").hint(how));
    }
    let mut text = String::new();
    let read = input.by_ref().take(TOKEN_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|err| CliError::usage("cannot read standard input").because(err))?;
    let token = Token::new(text.trim());
    if token.expose().is_empty() { Err(CliError::usage("standard input is empty").hint(how)) } else { Ok(token) }
}
