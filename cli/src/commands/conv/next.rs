//! `afenda conv next`: who waits longest.

use api::inbox::{ConversationPatch, ConversationQuery, ConversationView, Sort};

use super::list::COLUMNS;
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;

/// Show whose answer has been waited for longest, among yours and nobody's
#[derive(Debug, clap::Args)]
pub(crate) struct Next {
    /// Take it: only one that is nobody's, which is assigned to you
    #[arg(long)]
    claim: bool,
}

impl Next {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let mut found = longest(&session, "unassigned").await?;
        if !self.claim {
            let mine = longest(&session, "me").await?;
            found = [found, mine].into_iter().flatten().min_by_key(|row| row.waiting_since);
        }
        let Some(row) = found else {
            ctx.out.note("nobody waits for an answer");
            return if ctx.out.is_structured() { ctx.out.json(&None::<ConversationView>) } else { Ok(()) };
        };
        let row = if self.claim { claim(ctx, &session, &row).await? } else { row };
        let said = row.snippet.as_ref().map(|snippet| snippet.text.clone()).unwrap_or_default();
        let waits = row.waiting_since.map(|at| ctx.out.shown().age(at)).unwrap_or_default();
        let sentence = crate::text::line(&format!("#{} {} waits {waits}: {said}", row.id, row.contact.name));
        ctx.out.row(&row, COLUMNS, &sentence)
    }
}

/// The open one that waits longest.
async fn longest(session: &Session, assignee: &str) -> Result<Option<ConversationView>, CliError> {
    let query = ConversationQuery {
        status: Some("open".to_owned()),
        assignee: Some(assignee.to_owned()),
        sort: Some(Sort::Waiting),
        limit: Some(1),
        ..ConversationQuery::default()
    };
    let page = session.call(async |client| client.conversations(&query).await).await?;
    Ok(page.data.into_iter().find(|row| row.waiting_since.is_some()))
}

/// Assigns it to the caller, if it still is nobody's. Chatwoot itself has no claim: of two at the same instant, the later one has it.
async fn claim(ctx: &Context, session: &Session, row: &ConversationView) -> Result<ConversationView, CliError> {
    let me = session.call(async |client| client.me().await).await?;
    let agent = me.agent.ok_or_else(|| {
        CliError::new(Exit::Forbidden, "NO_AGENT", "you are linked to no agent of Chatwoot, so nothing can be yours")
            .hint("the daemon's settings link users to agents: chatwoot_email")
    })?;
    let now = session.call(async |client| client.conversation(row.id).await).await?;
    if let Some(other) = now.assignee {
        return Err(CliError::new(Exit::Conflict, "TAKEN", format!("#{} was taken by {} meanwhile", row.id, other.name))
            .hint("ask for the next one again"));
    }
    let patch = ConversationPatch { assignee: Some(agent.id.to_string()), ..ConversationPatch::default() };
    let (id, key) = (row.id, ctx.key(&row.id.to_string(), false));
    session.change(&format!("afenda conv view {id}"), async |client| client.update_conversation(id, &patch, &key).await).await
}
