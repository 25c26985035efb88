//! `afenda canned`: the account's prepared answers.

use api::lists::CannedResponseView;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible};

/// Prepared answers
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Canned {
    /// List canned responses by code
    List {
        /// Only those with these words in code or text
        #[arg(short = 'S', long, value_name = "WORDS")]
        search: Option<String>,
    },
}

const COLUMNS: &[Column<CannedResponseView>] =
    &[column("CODE", |row, _| row.short_code.clone()), flexible("TEXT", |row, _| row.content.clone())];

impl Canned {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let Self::List { search } = self;
        let session = ctx.session().await?;
        let mut rows = session.call(async |client| client.canned_responses().await).await?;
        if let Some(words) = search.map(|words| words.to_lowercase()) {
            rows.retain(|row| row.short_code.to_lowercase().contains(&words) || row.content.to_lowercase().contains(&words));
        }
        ctx.out.list(&rows, COLUMNS, "no canned response")
    }
}
