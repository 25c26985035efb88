//! `afenda approvals request`.

use std::path::PathBuf;

use api::approval::{Money, NewApproval};
use api::id::ConversationId;

use crate::context::Context;
use crate::error::CliError;

use super::COLUMNS;

/// Ask for a decision
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// What is asked, in a line
    #[arg(short, long, value_name = "TEXT")]
    title: String,
    /// What is asked, in full
    #[arg(short, long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// A file with it; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// ceo_approval, escalation, consultation_room, or one from the settings
    #[arg(long = "type", value_name = "TYPE", default_value = "ceo_approval")]
    kind: String,
    /// The conversation it is about
    #[arg(short, long, value_name = "ID", value_parser = crate::selector::conversation)]
    conversation: Option<ConversationId>,
    /// What it costs, such as "240.00 EUR"
    #[arg(long, value_name = "AMOUNT", value_parser = crate::money::parse)]
    amount: Option<Money>,
    /// When it lapses: 4h, tomorrow, or a time
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

impl Request {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let expires_at = self.expires.map(|when| crate::time::parse_moment(&when, ctx.out.now)).transpose().map_err(CliError::usage)?;
        let new = NewApproval {
            kind: Some(self.kind),
            title: self.title,
            description: crate::body::read(self.body, self.body_file)?.unwrap_or_default(),
            conversation_id: self.conversation,
            amount: self.amount,
            expires_at,
            draft: false,
        };
        let session = ctx.session().await?;
        let key = ctx.key("request", false);
        let asked = session.change("afenda approvals list --mine", async |client| client.create_approval(&new, &key).await).await?;
        let sentence =
            format!("{} asked (revision {}); follow it with `afenda approvals wait {}`", asked.reference, asked.revision, asked.reference);
        ctx.out.row(&asked, COLUMNS, &sentence)
    }
}
