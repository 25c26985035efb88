//! `afenda approvals view`.

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::selector::ApprovalRef;

use super::wait::outcome;
use crate::commands::conv::browse;

/// Show an approval as the approver sees it: revision, digest, conversation
#[derive(Debug, clap::Args)]
pub(crate) struct View {
    /// The approval: AP-42
    id: ApprovalRef,
    /// Open the conversation's page in Chatwoot in the browser instead
    #[arg(short, long, conflicts_with = "url_only")]
    web: bool,
    /// Print the address of the conversation's page in Chatwoot instead
    #[arg(long = "page", id = "url_only")]
    page: bool,
    /// End with 0 only when it is approved: 8 while it waits, 12 rejected, 13 expired or withdrawn
    #[arg(long)]
    exit_code: bool,
}

impl View {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let id = &self.id.id;
        let approval = session.call(async |client| client.approval(id).await).await.map_err(|err| err.about(id))?;
        if self.web || self.page {
            let none = || CliError::new(Exit::NotFound, "NOT_FOUND", "it is about no conversation").about(id);
            let conversation = approval.conversation_id.ok_or_else(none)?;
            let url = session.call(async |client| client.conversation(conversation).await).await?.url;
            return if self.page { ctx.out.line(&crate::text::line(&url)) } else { browse(ctx, &url).await };
        }
        ctx.out.thing(&approval, |shown| super::card(&approval, shown))?;
        if !ctx.out.is_structured() && self.id.revision.is_some_and(|read| read != approval.revision) {
            ctx.out.note(&format!("{id} is at revision {} now", approval.revision));
        }
        match outcome(&approval).unwrap_or(Exit::Pending) {
            Exit::Done => Ok(()),
            exit if self.exit_code => Err(CliError::told(exit)),
            _ => Ok(()),
        }
    }
}
