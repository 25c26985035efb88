//! `afenda auth`: the caller's own token at Chatwoot.

use std::io::{IsTerminal, Read};

use api::Token;
use api::tenant::MeView;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column};

/// A token of Chatwoot has 24 characters; what is much longer is a mistaken file.
const TOKEN_BYTES_MAX: u64 = 4 * 1024;

/// Your own token at Chatwoot
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Auth {
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
        let session = ctx.session().await?;
        let me = match self {
            Self::LinkChatwoot => {
                let token = read_token()?;
                session.call(async |client| client.link_chatwoot(&token).await).await?
            }
            Self::UnlinkChatwoot => session.call(async |client| client.unlink_chatwoot().await).await?,
        };
        let sentence = match &me.agent {
            Some(agent) if agent.own_token => format!("what you write goes out as {}", agent.name),
            _ => "what you write goes out as the service user".to_owned(),
        };
        ctx.out.row(&me, COLUMNS, &crate::text::line(&sentence))
    }
}

/// The token, which never stands on the command line or on the screen.
fn read_token() -> Result<Token, CliError> {
    let how = "afenda auth link-chatwoot < FILE, or from a password manager through a pipe; it stands on your profile page in Chatwoot";
    let mut input = std::io::stdin();
    if input.is_terminal() {
        return Err(CliError::usage("the token comes from standard input, so that it is not shown here").hint(how));
    }
    let mut text = String::new();
    let read = input.by_ref().take(TOKEN_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|err| CliError::usage("cannot read standard input").because(err))?;
    let token = Token::new(text);
    if token.expose().is_empty() { Err(CliError::usage("standard input is empty").hint(how)) } else { Ok(token) }
}
