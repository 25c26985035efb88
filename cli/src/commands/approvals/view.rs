//! `afenda approvals view`.

use crate::context::Context;
use crate::error::CliError;
use crate::selector::ApprovalRef;

/// Show an approval as the approver sees it: revision, digest, conversation
#[derive(Debug, clap::Args)]
pub(crate) struct View {
    /// The approval: AP-42
    id: ApprovalRef,
}

impl View {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let id = &self.id.id;
        let approval = session.call(async |client| client.approval(id).await).await.map_err(|err| err.about(id))?;
        ctx.out.thing(&approval, |shown| super::card(&approval, shown))?;
        if !ctx.out.is_structured() && self.id.revision.is_some_and(|read| read != approval.revision) {
            ctx.out.note(&format!("{id} is at revision {} now", approval.revision));
        }
        Ok(())
    }
}
