//! `afenda approvals view`.

use api::approval::{ApprovalChanges, ApprovalView};
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::selector::ApprovalRef;

use super::diff::diff;
use super::wait::outcome;
use crate::commands::conv::browse;

/// An approval, and where it is asked for what changed.
#[derive(Debug, Serialize)]
struct Seen<'a> {
    #[serde(flatten)]
    approval: &'a ApprovalView,
    changes: Option<ApprovalChanges>,
}

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
    /// What it shows otherwise than at the revision before, or at the one that is named: AP-42@1
    #[arg(long, conflicts_with_all = ["web", "url_only"])]
    diff: bool,
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
        let changes = match self.diff {
            true => {
                let since = self.id.revision;
                let about = since.map_or_else(|| id.clone(), |since| format!("{id}@{since}"));
                Some(session.call(async |client| client.approval_changes(id, since).await).await.map_err(|err| err.about(&about))?)
            }
            false => None,
        };
        let view = Seen { approval: &approval, changes };
        let color = ctx.out.color;
        ctx.out.thing(&view, |shown| match &view.changes {
            Some(changes) => diff(&approval, changes, color),
            None => super::card(&approval, shown),
        })?;
        if !self.diff && self.id.revision.is_some_and(|read| read != approval.revision) {
            ctx.out.note(&format!("{id} is at revision {} now", approval.revision));
        }
        match outcome(&approval).unwrap_or(Exit::Pending) {
            Exit::Done => Ok(()),
            exit if self.exit_code => Err(CliError::told(exit)),
            _ => Ok(()),
        }
    }
}
