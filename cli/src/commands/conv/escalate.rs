//! `afenda conv escalate`.

use std::path::PathBuf;

use crate::commands::approvals::COLUMNS;
use crate::context::Context;
use crate::error::CliError;
use crate::selector;

use super::One;

/// Ask an approver for a decision
#[derive(Debug, clap::Args)]
pub(crate) struct Escalate {
    #[command(flatten)]
    conversation: One,
    #[command(flatten)]
    reason: Reason,
    /// Hand it to this agent meanwhile: a name or number, or me
    #[arg(long, value_name = "WHO")]
    to: Option<String>,
    /// Hand it to this team meanwhile: a name or number
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Give it this priority: urgent, high, medium, low or none
    #[arg(long, value_name = "LEVEL", value_parser = super::list::parse_priority)]
    priority: Option<String>,
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
        let assignee = match &self.to {
            None => None,
            Some(who) => Some(selector::assignee(&session, who).await?),
        };
        let team = match &self.team {
            None => None,
            Some(name) => Some(selector::team(&session, name).await?),
        };
        let ask = ::api::inbox::Escalate { reason, assignee, team, priority: self.priority };
        let key = ctx.key(&id.to_string(), false);
        let asked = session
            .change("afenda approvals list --mine", async |client| client.escalate(id, ask.clone(), &key).await)
            .await
            .map_err(|err| err.about(super::name(&id)))?;
        let sentence = format!(
            "#{id}: {} asked (revision {}); follow it with `afenda approvals wait {}`",
            asked.reference, asked.revision, asked.reference
        );
        ctx.out.row(&asked, COLUMNS, &sentence)
    }
}
