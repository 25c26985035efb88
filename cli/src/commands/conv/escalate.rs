//! `afenda conv escalate`.

use std::path::PathBuf;

use crate::commands::approvals::COLUMNS;
use crate::context::Context;
use crate::error::CliError;

use super::One;

/// Ask an approver for a decision
#[derive(Debug, clap::Args)]
pub(crate) struct Escalate {
    #[command(flatten)]
    conversation: One,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Reason {
    /// What is asked; the first line becomes the title
    #[arg(short = 'm', long, visible_short_alias = 'b', value_name = "TEXT")]
    reason: Option<String>,
    /// A file with the reason; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    reason_file: Option<PathBuf>,
}

impl Escalate {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let reason = crate::body::read(self.reason.reason, self.reason.reason_file)?
            .ok_or_else(|| CliError::usage("the reason is empty").hint("say what the approver is asked with -m TEXT"))?;
        let session = ctx.session().await?;
        let id = self.conversation.id;
        let key = ctx.key(&id.to_string(), false);
        let asked = session
            .change(&key, "afenda approvals list --mine", async |client| client.escalate(id, &reason, &key).await)
            .await
            .map_err(|err| err.about(super::name(&id)))?;
        let sentence = format!(
            "#{id}: {} asked (revision {}); follow it with `afenda approvals wait {}`",
            asked.reference, asked.revision, asked.reference
        );
        ctx.out.row(&asked, COLUMNS, &sentence)
    }
}
