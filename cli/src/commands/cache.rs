//! `afenda cache`: what the daemon keeps of Chatwoot, and looking after it.

use std::time::Duration;

use api::cache::{CacheView, ClearView, NewClear};
use api::doctor::CheckState;

use super::doctor;
use super::sync::{Round, compare};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column};
use crate::text::size;

/// What the daemon keeps of Chatwoot
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Cache {
    /// Show how much is kept
    Stats,
    /// Look whether the store and its search index are whole; 1 where they are not (owners and admins)
    Verify,
    /// Make the search index anew and compare everything with Chatwoot (owners and admins)
    Rebuild,
    /// Remove the files of messages that are kept for the next look (owners and admins)
    Clear(Clear),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Clear {
    /// Only files that nobody has looked at for so long, such as 12h or 3d
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse_duration)]
    older_than: Option<Duration>,
}

fn bytes(bytes: u64) -> String {
    size(bytes.try_into().unwrap_or(i64::MAX))
}

const COLUMNS: &[Column<CacheView>] = &[
    column("CONVERSATIONS", |row, _| row.conversations.to_string()),
    column("MESSAGES", |row, _| row.messages.to_string()),
    column("CONTACTS", |row, _| row.contacts.to_string()),
    column("STORE", |row, _| bytes(row.store_bytes)),
    column("FILES", |row, _| row.files.to_string()),
    column("FILE SIZE", |row, _| bytes(row.file_bytes)),
    column("AS OF", |row, shown| row.as_of.map(|at| shown.age(at)).unwrap_or_default()),
];

const CLEARED: &[Column<ClearView>] =
    &[column("FILES", |row, _| row.files.to_string()), column("FILE SIZE", |row, _| bytes(row.file_bytes))];

impl Cache {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        match self {
            Self::Stats => {
                let view = session.call(async |client| client.cache().await).await?;
                if ctx.out.is_structured() { ctx.out.json(&view) } else { ctx.out.list(&[view], COLUMNS, "") }
            }
            Self::Verify => {
                let checks = session.call(async |client| client.check_cache().await).await?;
                doctor::show(ctx, &checks)?;
                if checks.iter().any(|check| check.state == CheckState::Fail) { Err(CliError::told(Exit::Failed)) } else { Ok(()) }
            }
            Self::Rebuild => {
                let before = session.call(async |client| client.sync().await).await?;
                session.call(async |client| client.rebuild_cache().await).await?;
                ctx.out.note("the search index is new; comparing everything with Chatwoot");
                compare(ctx, &session, &before, Round::Deep).await
            }
            Self::Clear(clear) => {
                let clear = NewClear { unused_s: clear.older_than.map(|unused| unused.as_secs()) };
                let gone = session.call(async |client| client.clear_cache(clear).await).await?;
                ctx.out.row(&gone, CLEARED, &format!("{} files removed, {}", gone.files, bytes(gone.file_bytes)))
            }
        }
    }
}
